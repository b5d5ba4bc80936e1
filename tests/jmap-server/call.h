/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "faults.h"
#include "server.h"

/* One request being answered: what its calls share. */
typedef struct {
	JsServer *server;
	JsUser *user;
	GHashTable *using;   /* capability names */
	GHashTable *created; /* creation id → id */
	gboolean return_created;
	GString *responses; /* the methodResponses array, open */
	GPtrArray *results; /* JsResult, for back-references */
} JsRequest;

typedef struct {
	JsRequest *request;
	JsServer *server;
	JsUser *user;
	const char *method;
	const char *id;
	JsonObject *args;
	JsAccount *account;
	guint slot;   /* the user's bit in the account */
	GString *out; /* the arguments of the response */
	char *error, *error_detail;
	JsFault *fault;      /* NULL: behave */
	guint set_objects;   /* objects of this set seen so far, for faults */
	char *follow_method; /* an implicit call that follows, with its arguments */
	JsonObject *follow_args;
} JsCall;

typedef gboolean (*JsMethodFunc)(JsCall *call);

typedef enum {
	JS_METHOD_NO_ACCOUNT = 1 << 0,
	JS_METHOD_OWNER_ONLY = 1 << 1,
} JsMethodFlags;

typedef struct {
	const char *name;
	const char *capability;
	JsMethodFunc run;
	JsMethodFlags flags;
	const char *args; /* allowed arguments besides accountId, separated by spaces */
} JsMethod;

const JsMethod *js_method_find(const char *name);
gboolean js_capability_is_on(JsServer *server, const char *name);

/* Ends the call with a method-level error; always returns FALSE. */
gboolean js_call_fail(JsCall *call, const char *type, const char *format, ...) G_GNUC_PRINTF(3, 4);
gboolean js_call_invalid(JsCall *call, const char *argument);

/* standard.c: what all types have in common */
void js_write_state(JsCall *call, const char *key, JsType type);
gboolean js_call_check_state(JsCall *call, JsType type);
void js_write_account(JsCall *call);
gboolean js_call_get_ids(JsCall *call, const char *key, JsonArray **ids);
gboolean js_call_get_properties(JsCall *call, const char *key, const char *const *known,
				GHashTable **properties);
gboolean js_wants(GHashTable *properties, const char *name);
gboolean js_run_changes(JsCall *call, JsType type, char letter,
			void (*extra)(JsCall *call, const JsChanges *changes));
void js_write_id_array(GString *out, const char *key, GArray *numbers, char letter);
const char *js_call_resolve_id(JsCall *call, const char *id);
gboolean js_call_max_changes(JsCall *call, guint *max);

/* set: the answers of single objects */
typedef struct {
	GString *created, *updated, *destroyed;
	GString *not_created, *not_updated, *not_destroyed;
} JsSetAnswer;
void js_set_answer_init(JsSetAnswer *self);
void js_set_answer_clear(JsSetAnswer *self);
void js_set_answer_write(JsSetAnswer *self, GString *out, const char *created_key);
void js_set_error(GString *out, const char *key, const char *type, const char *format, ...)
	G_GNUC_PRINTF(4, 5);
void js_set_error_properties(GString *out, const char *key, const char *property,
			     const char *detail);
gboolean js_call_fault_object(JsCall *call, GString *out, const char *key);
gboolean js_call_check_set_limit(JsCall *call);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(JsSetAnswer, js_set_answer_clear)

/* query: the window of a result */
typedef struct {
	const char *anchor;
	gint64 position, anchor_offset;
	gint64 limit; /* -1: none */
	gboolean calculate_total, limited;
} JsWindow;
gboolean js_call_get_window(JsCall *call, JsWindow *window);
gboolean js_write_window(JsCall *call, const JsWindow *window, GArray *numbers, char letter,
			 const char *state, gboolean can_calculate);
gboolean js_write_query_changes(JsCall *call, JsType type, char letter, GArray *result,
				GArray *touched, guint64 since);
gboolean js_call_query_since(JsCall *call, JsType type, guint64 *since);
