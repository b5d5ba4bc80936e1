/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

typedef struct _JsFaults JsFaults;

typedef enum {
	JS_FAULT_NONE, /* only a delay */
	JS_FAULT_STATUS,
	JS_FAULT_CUT_BEFORE,
	JS_FAULT_CUT_AFTER,
	JS_FAULT_CUT_MIDDLE,
	JS_FAULT_WRONG_JSON,
	JS_FAULT_TRUNCATED_JSON,
	JS_FAULT_DEEP_JSON,
	JS_FAULT_METHOD_ERROR,
	JS_FAULT_SET_ERROR,
	JS_FAULT_STALE_STATE,
	JS_FAULT_GARBAGE_STATE,
	JS_FAULT_DROP_PUSH,
} JsFaultKind;

typedef struct {
	gint ref_count;
	/* what it waits for */
	char *on;            /* api, method, upload, download, eventsource, session */
	char *method, *user; /* globs; NULL: any */
	char *account;       /* of a method's call; NULL: any */
	guint skip;
	guint times; /* 0: for ever */
	/* what it does */
	JsFaultKind kind;
	guint delay; /* ms */
	guint status;
	guint retry_after;        /* s; 0: no header */
	char *type, *description; /* of a method or set error */
	guint object;             /* set error: which object of the call, from 1; 0: all */
	char *body;               /* of a status; NULL: a problem report */
	char *content_type;
	guint hits;
} JsFault;

JsFaults *js_faults_new(void);
void js_faults_free(JsFaults *self);
gboolean js_faults_set(JsFaults *self, JsonNode *node, GError **error);
void js_faults_write(JsFaults *self, GString *out);
JsFault *js_faults_take(JsFaults *self, const char *on, const char *method, const char *user,
			const char *account);
void js_fault_unref(JsFault *fault);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JsFault, js_fault_unref)
void js_fault_answer_status(JsFault *fault, SoupServerMessage *message);
void js_fault_spoil(JsFault *fault, GString *text);
gboolean js_fault_is_method_level(const JsFault *fault);
