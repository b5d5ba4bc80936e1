/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "log.h"
#include "mime.h"

/* Users that can see one account: a bit each in the change log. */
#define JS_MAX_SLOTS 64
#define JS_DIGEST_SIZE 20

typedef struct _JsServer JsServer;

typedef enum {
	JS_TYPE_MAILBOX,
	JS_TYPE_EMAIL,
	JS_TYPE_THREAD,
	JS_TYPE_EMAIL_DELIVERY,
	JS_TYPE_QUOTA,
	JS_TYPE_SIEVE,
	JS_TYPE_IDENTITY,
	JS_N_TYPES
} JsType;

typedef enum {
	JS_MAY_READ_ITEMS = 1 << 0,
	JS_MAY_ADD_ITEMS = 1 << 1,
	JS_MAY_REMOVE_ITEMS = 1 << 2,
	JS_MAY_SET_SEEN = 1 << 3,
	JS_MAY_SET_KEYWORDS = 1 << 4,
	JS_MAY_CREATE_CHILD = 1 << 5,
	JS_MAY_RENAME = 1 << 6,
	JS_MAY_DELETE = 1 << 7,
	JS_MAY_SUBMIT = 1 << 8,
	JS_MAY_SHARE = 1 << 9,
	JS_MAY_ALL = (1 << 10) - 1,
} JsRights;

/* Octets: kept, or made again when wanted (generated messages). */
typedef struct {
	guint8 digest[JS_DIGEST_SIZE];
	guint32 users;        /* Emails and scripts that use it */
	guint32 seed, number; /* for a generated message */
	gsize size;
	gboolean uploaded; /* still in the queue of uploads */
	GBytes *bytes;     /* NULL: generated */
} JsBlob;

typedef struct {
	guint32 number;
	guint32 thread;
	gint64 received_at; /* Unix time */
	guint64 seen_by;    /* $seen, one bit a user */
	JsBlob *blob;
	guint32 *boxes;        /* sorted mailbox numbers */
	const char **keywords; /* sorted, interned, without $seen */
	guint16 n_boxes, n_keywords;
	gint8 has_attachment; /* -1: not known yet */
} JsEmail;

typedef struct {
	guint32 number;
	guint32 parent; /* 0: none */
	char *name, *role;
	gint64 sort_order;
	guint64 subscribed_by;
	guint16 rights[JS_MAX_SLOTS]; /* slot 0 is the owner */
	gboolean dirty;               /* counts changed since the last commit */
	guint32 total_emails, unread_emails, total_threads, unread_threads;
	guint32 stamp; /* scratch of the count */
} JsMailbox;

typedef struct {
	guint32 number;
	GArray *emails; /* guint32, oldest first */
	gboolean dirty;
	guint64 before; /* who saw it at the last commit */
} JsThread;

typedef struct {
	guint32 number;
	char *name;
	JsBlob *blob;
	gboolean active;
} JsScript;

typedef struct {
	JsServer *server;
	char *id, *owner;
	char *name;         /* what the session calls it; NULL: as its owner */
	gboolean read_only; /* whatever the rights say */
	guint64 modseq, baseline;
	JsLog logs[JS_N_TYPES];
	GPtrArray *mailboxes, *emails, *threads, *scripts; /* by number, with holes; 0 is unused */
	GHashTable *blobs;                                 /* JsBlob by digest */
	GQueue uploads;              /* JsBlobs that were uploaded, oldest first */
	gsize uploaded;              /* octets of those */
	GHashTable *thread_keys;     /* hash of (message id, base subject) → thread */
	GPtrArray *slots;            /* user names by slot */
	GHashTable *keywords;        /* interned */
	guint64 octets, told_octets; /* used now, and at the last commit */
	guint32 n_emails, told_emails;
	guint64 counted_at, counted_slot; /* what the mailboxes' counts were made for */
	GPtrArray *dirty_threads;
} JsAccount;

JsAccount *js_account_new(JsServer *server, const char *owner);
void js_account_free(JsAccount *self);
JsAccount *js_account_copy(JsAccount *self);
void js_account_take_content(JsAccount *self, JsAccount *from);

gint js_account_find_slot(JsAccount *self, const char *user);
gint js_account_ensure_slot(JsAccount *self, const char *user);
gboolean js_account_is_visible(JsAccount *self, guint slot);

char *js_account_format_state(JsAccount *self, guint64 modseq);
char *js_account_dup_state(JsAccount *self, JsType type);
gboolean js_account_parse_state(JsAccount *self, const char *state, guint64 *modseq);
void js_account_log(JsAccount *self, JsType type, guint32 number, guint64 before, guint64 after,
		    gboolean minor);
void js_account_commit(JsAccount *self);
void js_account_end_load(JsAccount *self);

/* mailboxes */
JsMailbox *js_account_get_mailbox(JsAccount *self, guint32 number);
JsMailbox *js_account_add_mailbox(JsAccount *self, const char *name, guint32 parent,
				  const char *role);
JsMailbox *js_account_ensure_path(JsAccount *self, const char *path);
JsMailbox *js_account_find_child(JsAccount *self, guint32 parent, const char *name);
JsMailbox *js_account_find_role(JsAccount *self, const char *role);
gboolean js_account_has_child(JsAccount *self, guint32 number);
void js_account_mailbox_changed(JsAccount *self, JsMailbox *mailbox, guint64 before);
void js_account_remove_mailbox(JsAccount *self, JsMailbox *mailbox);
void js_account_set_rights(JsAccount *self, JsMailbox *mailbox, guint slot, guint16 rights);
guint64 js_mailbox_get_readers(JsMailbox *self);
void js_account_count(JsAccount *self, guint slot);

/* Emails */
JsEmail *js_account_get_email(JsAccount *self, guint32 number);
JsEmail *js_account_find_content(JsAccount *self, JsBlob *blob);
JsEmail *js_account_add_email(JsAccount *self, JsBlob *blob, const guint32 *boxes, guint n_boxes,
			      gint64 received_at);
void js_account_remove_email(JsAccount *self, JsEmail *email);
guint64 js_account_begin_change(JsAccount *self, JsEmail *email);
void js_account_end_change(JsAccount *self, JsEmail *email, guint64 before);
guint64 js_account_get_viewers(JsAccount *self, JsEmail *email);
gboolean js_email_is_in(const JsEmail *self, guint32 mailbox);
void js_email_add_box(JsEmail *self, guint32 mailbox);
void js_email_remove_box(JsEmail *self, guint32 mailbox);
gboolean js_email_has_keyword(const JsEmail *self, const char *keyword, guint slot);
void js_account_set_keyword(JsAccount *self, JsEmail *email, const char *keyword, guint slot,
			    gboolean value);
gboolean js_email_get_has_attachment(JsEmail *self);
JsThread *js_account_get_thread(JsAccount *self, guint32 number);
guint64 js_account_get_thread_viewers(JsAccount *self, JsThread *thread);
guint32 js_account_choose_thread(JsAccount *self, JsMessage *message);
void js_account_join_thread(JsAccount *self, guint32 thread, JsEmail *email);

/* blobs */
GHashTable *js_blob_table_new(void);
JsBlob *js_account_take_blob(JsAccount *self, GBytes *bytes);
JsBlob *js_account_add_generated(JsAccount *self, guint32 seed, guint32 number);
JsBlob *js_account_upload(JsAccount *self, GBytes *bytes);
JsBlob *js_account_find_blob(JsAccount *self, const char *id);
GBytes *js_blob_ref_bytes(JsBlob *self);
void js_blob_format_id(const JsBlob *self, char id[2 * JS_DIGEST_SIZE + 2]);
void js_account_use_blob(JsAccount *self, JsBlob *blob);
void js_account_drop_blob(JsAccount *self, JsBlob *blob);

/* ids: a letter for the type and the number */
gboolean js_id_parse(const char *id, char letter, guint32 *number);
char *js_id_format(char letter, guint32 number, char buffer[16]);
