/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#include "account.h"
#include "json.h"

typedef struct {
	char *name, *secret;
	char *token;    /* NULL: no Bearer token */
	char *username; /* what the session says; NULL: the name */
	JsAccount *account;
	guint under_way; /* requests */
} JsUser;

/* The limits that a session states (RFC 8620 section 2, RFC 8621 section 1.3.1 and others). */
typedef struct {
	const char *name;
	gint64 value;
} JsLimit;

typedef enum {
	JS_LIMIT_SIZE_UPLOAD,
	JS_LIMIT_CONCURRENT_UPLOAD,
	JS_LIMIT_SIZE_REQUEST,
	JS_LIMIT_CONCURRENT_REQUESTS,
	JS_LIMIT_CALLS,
	JS_LIMIT_GET,
	JS_LIMIT_SET,
	JS_LIMIT_MAILBOXES_PER_EMAIL,
	JS_LIMIT_MAILBOX_DEPTH,
	JS_LIMIT_MAILBOX_NAME,
	JS_LIMIT_BLOB_SET,
	JS_LIMIT_DATA_SOURCES,
	JS_LIMIT_SCRIPT_NAME,
	JS_LIMIT_SCRIPT,
	JS_LIMIT_SCRIPTS,
	JS_LIMIT_QUERY,
	JS_LIMIT_QUOTA_OCTETS,
	JS_LIMIT_QUOTA_COUNT,
	JS_LIMIT_QUOTA_SCRIPT_OCTETS,
	JS_LIMIT_QUOTA_SCRIPT_COUNT,
	JS_N_LIMITS
} JsLimitKind;

typedef struct {
	char **users, **tokens, **mboxes, **maildirs, **generates, **samples, **shares, **limits;
	char *key_file, *address, *public_url, *tls_cert, *tls_key;
	gint port;
	gint change_log;
	gint mailboxes_per_email;
	gboolean print_ready, admin, one_email_per_content, relative_urls, accept_future_states;
	gboolean silent_subscriptions;
	gboolean no_push, no_blob, no_quota, no_sieve, no_sharing;
	gboolean version;
} JsOptions;

typedef struct _JsFaults JsFaults;
typedef struct _JsPush JsPush;
typedef struct _JsStats JsStats;

struct _JsServer {
	JsOptions options;
	JsLimit limits[JS_N_LIMITS];
	SoupServer *soup;
	GMainLoop *loop;
	GPtrArray *users; /* JsUser */
	GHashTable *strings;
	char *load_tag, *run_tag;
	guint session_generation;
	JsFaults *faults;
	JsPush *push;
	JsStats *stats;
	GHashTable *snapshots; /* name → (account id → JsAccount) */
};

extern const JsLimit js_default_limits[JS_N_LIMITS];

gboolean js_server_start(JsServer *self, GError **error);
void js_server_stop(JsServer *self);
JsUser *js_server_find_user(JsServer *self, const char *name);
JsUser *js_server_ensure_user(JsServer *self, const char *name);
JsAccount *js_server_find_account(JsServer *self, const char *id);
/* NULL when the user may not see the account; @slot is the user's bit in it. */
JsAccount *js_server_get_account_for(JsServer *self, JsUser *user, const char *id, guint *slot);
const char *js_server_intern(JsServer *self, const char *text);
void js_server_account_changed(JsServer *self, JsAccount *account);
char *js_server_dup_base_url(JsServer *self, SoupServerMessage *message);
char *js_server_dup_ready_url(JsServer *self);

/* http.c: answers */
void js_http_answer(SoupServerMessage *message, guint status, const char *type, const char *text,
		    gssize len);
void js_http_take_answer(SoupServerMessage *message, guint status, const char *type, GString *text);
void js_http_problem(SoupServerMessage *message, guint status, const char *type, const char *detail,
		     const char *limit);
JsUser *js_http_authenticate(JsServer *self, SoupServerMessage *message);
void js_http_refuse_credentials(SoupServerMessage *message);
void js_http_delay(SoupServerMessage *message, guint milliseconds);
void js_http_cut(SoupServerMessage *message);
void js_http_cut_middle(SoupServerMessage *message, const char *type, const char *data, gsize len);

/* the resources */
void js_session_handle(JsServer *self, SoupServerMessage *message, JsUser *user);
void js_api_handle(JsServer *self, SoupServerMessage *message, JsUser *user);
void js_upload_handle(JsServer *self, SoupServerMessage *message, JsUser *user, const char *path);
void js_download_handle(JsServer *self, SoupServerMessage *message, JsUser *user, const char *path,
			GHashTable *query);
void js_push_handle(JsServer *self, SoupServerMessage *message, JsUser *user, GHashTable *query);
void js_admin_handle(JsServer *self, SoupServerMessage *message, const char *path);

/* push.c */
JsPush *js_push_new(JsServer *server);
void js_push_free(JsPush *self);
void js_push_account_changed(JsPush *self, JsAccount *account);
guint js_push_drop_all(JsPush *self);
guint js_push_mute_all(JsPush *self);
void js_push_say(JsPush *self, const char *name, const char *data);
guint js_push_count(JsPush *self);

/* load.c */
gboolean js_load_all(JsServer *self, GError **error);
gboolean js_parse_user(JsServer *self, const char *text, GError **error);
