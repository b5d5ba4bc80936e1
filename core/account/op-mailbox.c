/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changing mailboxes: CREATE, RENAME, DELETE, SUBSCRIBE
 *
 * Specification: RFC 9051 §6.3.4-§6.3.8; RFC 8621 §2.5 (Mailbox/set)
 * Implementation: one request, with the first calls of the sync that brings list and store along
 *   at its end, under the account's lock. Missing parents are made in the same request. DELETE
 * takes the messages out of the mailbox: one that is in others too stays there
 * (onDestroyRemoveEmails). RENAME of INBOX moves its messages (RFC 9051 §6.3.6).
 */
#include <string.h>

#include "account/account-private.h"
#include "account/all-mail-private.h"
#include "account/mailbox.h"
#include "account/names-private.h"
#include "account/op-private.h"
#include "account/sync-private.h"
#include "jmap/error.h"
#include "jmap/mailbox.h"

typedef struct _Change Change;
/* how often a change whose answer was lost is looked up and made again */
#define MAX_TRIES 3

typedef gboolean (*ChangeFunc)(Change *change, GError **error);

static void run(GTask *task);

/* One change of the tree of mailboxes. */
struct _Change {
	FerryMailAccount *account;
	FerryAccountSession *session; /* owned */
	gint64 begun_at;              /* monotonic */
	char *name;
	char *new_name;
	char *role;
	gboolean subscribes; /* SUBSCRIBE or UNSUBSCRIBE */
	gboolean subscribe;
	ChangeFunc build; /* makes the request from the newest list */
	FerryJmapRequest *request;
	FerrySync *sync;         /* begun in the request */
	const char *create_call; /* the calls' ids belong to the request */
	const char *other_call;
	char *subject_id; /* the Mailbox that is changed */
	guint n_created;
	gboolean destroys;
	guint n_lost; /* answers */
	char *result_id;
	FerryStoreBatch *batch; /* what the backend does not hear of */
};

static void
change_free(gpointer data)
{
	Change *change = data;

	g_clear_object(&change->account);
	g_clear_object(&change->session);
	g_clear_pointer(&change->sync, ferry_sync_free);
	g_clear_object(&change->request);
	g_clear_pointer(&change->batch, ferry_store_batch_unref);
	g_free(change->name);
	g_free(change->new_name);
	g_free(change->role);
	g_free(change->subject_id);
	g_free(change->result_id);
	g_free(change);
}

static void
fail(GTask *task, GError *error)
{
	Change *change = g_task_get_task_data(task);

	ferry_mail_account_unlock(change->account);
	ferry_op_note_error(change->session, error);
	g_task_return_error(task, error);
	g_object_unref(task);
}

static void
succeed(GTask *task)
{
	Change *change = g_task_get_task_data(task);

	ferry_mail_account_unlock(change->account);
	g_task_return_pointer(task, g_strdup(change->result_id != NULL ? change->result_id : ""),
			      g_free);
	g_object_unref(task);
}

static void
applied_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	GError *error = NULL;
	g_autoptr(FerryStoreDelta) delta =
		ferry_mail_account_apply_finish(FERRY_MAIL_ACCOUNT(source), result, &error);

	if (delta == NULL)
		fail(task, error);
	else
		succeed(task);
}

static void
apply(GTask *task)
{
	Change *change = g_task_get_task_data(task);

	ferry_mail_account_apply_async(change->account, change->batch, change->session, applied_cb,
				       task);
}

static void
synced_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Change *change = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryStoreDelta) delta = ferry_sync_run_finish(change->account, result, &error);

	if (delta == NULL)
		fail(task, error);
	else if (change->batch != NULL)
		apply(task);
	else
		succeed(task);
}

static gboolean
check_created(Change *change, FerryJmapReply *reply, GError **error)
{
	g_autoptr(FerryJmapSetResult) set = NULL;

	if (change->create_call == NULL)
		return TRUE;
	set = ferry_jmap_reply_parse_set(reply, change->create_call, error);
	if (set == NULL)
		return FALSE;
	for (guint i = 0; i < change->n_created; i++) {
		g_autofree char *creation = g_strdup_printf("c%u", i);
		const char *id = ferry_jmap_set_result_get_created_id(set, creation, error);

		if (id == NULL)
			return FALSE;
		g_free(change->result_id);
		change->result_id = g_strdup(id);
	}
	return TRUE;
}

static gboolean
check_other(Change *change, FerryJmapReply *reply, GError **error)
{
	g_autoptr(FerryJmapSetResult) set = NULL;

	if (change->other_call == NULL)
		return TRUE;
	set = ferry_jmap_reply_parse_set(reply, change->other_call, error);
	if (set == NULL)
		return FALSE;
	if (!change->destroys)
		return ferry_jmap_set_result_was_updated(set, change->subject_id, error);
	/* it is gone as well where the request was repeated, since its first answer was lost */
	if (ferry_jmap_set_result_was_destroyed(set, change->subject_id, error))
		return TRUE;
	if (error == NULL || !g_error_matches(*error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND))
		return FALSE;
	g_clear_error(error);
	return TRUE;
}

/* Whether the newest list shows that a change whose answer was lost was made. */
static gboolean
was_made(Change *change)
{
	FerryMailboxList *list = ferry_account_session_get_list(change->session);
	const char *name = change->new_name != NULL ? change->new_name : change->name;
	FerryMailboxInfo *info = list != NULL ? ferry_mailbox_list_find(list, name) : NULL;
	const char *id = info != NULL ? ferry_mailbox_info_get_id(info) : NULL;

	if (id == NULL || (change->subject_id != NULL && g_strcmp0(id, change->subject_id) != 0))
		return FALSE;
	g_free(change->result_id);
	change->result_id = g_strdup(id);
	return TRUE;
}

static void
looked_up_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Change *change = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryStoreDelta) delta = ferry_sync_run_finish(change->account, result, &error);

	if (delta == NULL) {
		fail(task, error);
		return;
	}
	if (was_made(change)) {
		succeed(task);
		return;
	}
	g_clear_pointer(&change->sync, ferry_sync_free);
	g_clear_object(&change->request);
	g_clear_pointer(&change->subject_id, g_free);
	g_clear_pointer(&change->batch, ferry_store_batch_unref);
	change->create_call = NULL;
	change->other_call = NULL;
	change->n_created = 0;
	run(task);
}

/* A request that makes mailboxes may have done so although nobody learnt it. */
static gboolean
look_up(GTask *task, const GError *error)
{
	Change *change = g_task_get_task_data(task);
	FerrySync *sync;

	if (!g_error_matches(error, FERRY_JMAP_ERROR, FERRY_JMAP_ERROR_LOST_ANSWER) ||
	    change->n_lost++ >= MAX_TRIES)
		return FALSE;
	sync = ferry_sync_new(change->account, change->session->jmap);
	ferry_sync_run_async(sync, looked_up_cb, task);
	return TRUE;
}

/* Remembers (or forgets) the name itself, beside what JMAP knows of the mailbox. */
static void
subscribe_name(Change *change)
{
	FerryMailboxList *list = ferry_account_session_get_list(change->session);
	const char *account_id;
	const char *rest;

	ferry_mailbox_list_find_namespace(list, change->name, &account_id, &rest);
	change->batch = ferry_store_batch_new();
	ferry_store_batch_set_subscription(change->batch, rest, change->subscribe);
}

static void
sent_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Change *change = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);

	if (reply == NULL || !check_created(change, reply, &error) ||
	    !check_other(change, reply, &error)) {
		if (look_up(task, error)) {
			g_error_free(error);
		} else if (change->subscribes && change->subscribe &&
			   g_error_matches(error, FERRY_ERROR, FERRY_ERROR_NO_PERMISSION)) {
			/* everybody's subscriptions are his own: then the name is kept here */
			g_error_free(error);
			subscribe_name(change);
			apply(task);
		} else {
			fail(task, error);
		}
		return;
	}
	ferry_sync_take_reply(change->sync, reply);
	ferry_sync_run_async(g_steal_pointer(&change->sync), synced_cb, task);
}

static void
send_change(GTask *task)
{
	Change *change = g_task_get_task_data(task);

	change->sync = ferry_sync_new(change->account, change->session->jmap);
	if (change->subscribes)
		ferry_sync_set_all_mailboxes(change->sync);
	ferry_sync_add_calls(change->sync, change->request);
	ferry_mail_account_send_async(change->account, change->session->jmap, change->request,
				      FERRY_JMAP_SEND_NONE, NULL, sent_cb, task);
}

static void
run(GTask *task)
{
	Change *change = g_task_get_task_data(task);
	GError *error = NULL;

	change->request = ferry_jmap_request_new();
	if (!change->build(change, &error)) {
		fail(task, error);
		return;
	}
	if (change->create_call == NULL && change->other_call == NULL)
		apply(task);
	else
		send_change(task);
}

static void
locked_cb(FerryMailAccount *account, gpointer user_data)
{
	GTask *task = user_data;
	Change *change = g_task_get_task_data(task);
	GError *error = NULL;

	if (ferry_mail_account_is_late(account, change->session->jmap, &error))
		fail(task, error);
	else
		run(task);
}

/* Takes the lock of the account that the name lies in. */
static void
listed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Change *change = g_task_get_task_data(task);
	FerryAccountSession *self = FERRY_ACCOUNT_SESSION(source);
	GError *error = NULL;
	const char *account_id = NULL;
	const char *rest;
	g_autoptr(FerryMailboxList) list = ferry_account_session_list_finish(self, result, &error);

	if (list != NULL) {
		ferry_mailbox_list_find_namespace(list, change->name, &account_id, &rest);
		if (account_id != NULL)
			change->account = ferry_account_find(self->account, account_id);
		if (change->account == NULL)
			error = g_error_new_literal(FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
						    "no account has such names");
	}
	if (error != NULL) {
		g_task_return_error(task, error);
		g_object_unref(task);
		return;
	}
	g_object_ref(change->account);
	ferry_mail_account_lock_since(change->account, change->begun_at, locked_cb, task);
}

static void
start(Change *change, FerryAccountSession *session, GTask *task)
{
	change->session = g_object_ref(session);
	change->begun_at = g_get_monotonic_time();
	g_task_set_task_data(task, change, change_free);
	ferry_account_session_list_anew_async(session, g_task_get_cancellable(task), listed_cb,
					      task);
}

/* the tree */

static FerryMailboxInfo *
find(Change *change, const char *name)
{
	FerryMailboxList *list = ferry_account_session_get_list(change->session);
	FerryMailboxInfo *info = ferry_mailbox_list_find(list, name);

	return info != NULL && ferry_mailbox_info_get_id(info) != NULL ? info : NULL;
}

static FerryMailboxInfo *
find_or_fail(Change *change, const char *name, GError **error)
{
	FerryMailboxInfo *info = find(change, name);

	if (info == NULL)
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
				    "the mailbox does not exist");
	return info;
}

/* Of whatever account: its name is fixed. */
static gboolean
is_inbox(Change *change)
{
	FerryMailboxList *list = ferry_account_session_get_list(change->session);
	const char *account_id, *rest;

	ferry_mailbox_list_find_namespace(list, change->name, &account_id, &rest);
	return g_ascii_strcasecmp(rest, "INBOX") == 0;
}

/* The name without "/" at its end, which RFC 9051 §6.3.4 lets clients put there. */
static char *
normalize(const char *name)
{
	gsize length = strlen(name);

	while (length > 1 && name[length - 1] == '/')
		length--;
	return g_strndup(name, length);
}

/* Where the last existing mailbox on the way to @name ends; 0: none does. */
static gsize
find_existing(Change *change, const char *name, const char *rest, char **out_id)
{
	gsize offset = (gsize)(rest - name);

	*out_id = NULL;
	for (gsize end = strlen(name); end > offset;) {
		g_autofree char *prefix = g_strndup(name, end);
		FerryMailboxInfo *info = find(change, prefix);
		const char *slash;

		if (info != NULL) {
			*out_id = g_strdup(ferry_mailbox_info_get_id(info));
			return end;
		}
		slash = strrchr(prefix, '/');
		end = slash != NULL ? (gsize)(slash - prefix) : 0;
	}
	return 0;
}

static gboolean
split_components(const char *text, char ***out, GError **error)
{
	g_auto(GStrv) parts = g_strsplit(text, "/", -1);
	g_autoptr(GStrvBuilder) names = g_strv_builder_new();

	if (g_strv_length(parts) > FERRY_NAMES_MAX_DEPTH || strlen(text) > FERRY_NAMES_MAX_PATH) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_LIMIT, "the name is too long");
		return FALSE;
	}
	for (guint i = 0; parts[i] != NULL; i++) {
		g_autofree char *name = ferry_names_decode(parts[i], error);

		if (name == NULL)
			return FALSE;
		g_strv_builder_add(names, name);
	}
	*out = g_strv_builder_end(names);
	return TRUE;
}

static void
write_creation(Change *change, FerryJmapBuilder *args, const char *name, const char *parent_id,
	       const char *role)
{
	g_autofree char *creation = g_strdup_printf("c%u", change->n_created);
	g_autofree char *parent = change->n_created > 0
					  ? g_strdup_printf("#c%u", change->n_created - 1)
					  : g_strdup(parent_id);

	ferry_jmap_builder_name(args, creation);
	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "name", name);
	if (parent != NULL)
		ferry_jmap_builder_set_string(args, "parentId", parent);
	else
		ferry_jmap_builder_set_null(args, "parentId");
	if (role != NULL)
		ferry_jmap_builder_set_string(args, "role", role);
	ferry_jmap_builder_end_object(args);
	change->n_created++;
}

/* Adds the call that makes mailboxes with these names, each in the one before. */
static void
add_creations(Change *change, const char *const *names, guint n_names, const char *parent_id,
	      const char *role)
{
	g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", change->account->id);
	ferry_jmap_builder_name(args, "create");
	ferry_jmap_builder_begin_object(args);
	for (guint i = 0; i < n_names; i++)
		write_creation(change, args, names[i], parent_id, i + 1 == n_names ? role : NULL);
	ferry_jmap_builder_end_object(args);
	ferry_jmap_builder_end_object(args);
	change->create_call = ferry_jmap_request_add_call(change->request, "Mailbox/set", args);
}

/* What the backend does not have cannot be changed there. */
static gboolean
check_virtual(const char *mailbox_id, GError **error)
{
	if (!ferry_all_mail_is_id(mailbox_id))
		return TRUE;
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
			    "the mailbox of all mail is not one that can be changed");
	return FALSE;
}

/* The way to a new name: what exists of it, and the names behind that. */
static gboolean
plan_path(Change *change, const char *name, char **parent_id, char ***names, GError **error)
{
	FerryMailboxList *list = ferry_account_session_get_list(change->session);
	const char *account_id;
	const char *rest;
	gsize existing;

	if (ferry_mailbox_list_is_reserved(list, name)) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
				    "the name belongs to the mailboxes of other users");
		return FALSE;
	}
	ferry_mailbox_list_find_namespace(list, name, &account_id, &rest);
	if (g_strcmp0(account_id, change->account->id) != 0) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
				    "a mailbox cannot go to another account");
		return FALSE;
	}
	existing = find_existing(change, name, rest, parent_id);
	if (existing < strlen(name) && !check_virtual(*parent_id, error))
		return FALSE;
	if (existing == strlen(name)) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_EXISTS,
				    "a mailbox of that name exists");
		return FALSE;
	}
	return split_components(existing > 0 ? name + existing + 1 : rest, names, error);
}

/* CREATE */

static gboolean
build_create(Change *change, GError **error)
{
	g_autofree char *parent_id = NULL;
	g_auto(GStrv) names = NULL;

	if (!plan_path(change, change->name, &parent_id, &names, error))
		return FALSE;
	if (change->role != NULL && !change->account->own) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
				    "special uses are for one's own mailboxes");
		return FALSE;
	}
	add_creations(change, (const char *const *)names, g_strv_length(names), parent_id,
		      change->role);
	return TRUE;
}

/**
 * ferry_account_session_create_async:
 * @self: a session
 * @name: the new IMAP name, UTF-8
 * @role: (nullable): a JMAP role
 * @cancellable: (nullable): to give up waiting; what was begun is done
 * @callback: called with the new mailbox's id
 * @user_data: for @callback
 *
 * CREATE (RFC 9051 §6.3.4); parents that do not exist are made too.
 */
void
ferry_account_session_create_async(FerryAccountSession *self, const char *name, const char *role,
				   GCancellable *cancellable, GAsyncReadyCallback callback,
				   gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	Change *change = g_new0(Change, 1);

	g_task_set_source_tag(task, ferry_account_session_create_async);
	change->name = normalize(name);
	change->role = g_strdup(role);
	change->build = build_create;
	start(change, self, task);
}

/**
 * ferry_account_session_create_finish:
 * @self: a session
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full): the new mailbox's JMAP id
 */
char *
ferry_account_session_create_finish(FerryAccountSession *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

static gboolean
propagate_success(GAsyncResult *result, GError **error)
{
	g_autofree char *id = g_task_propagate_pointer(G_TASK(result), error);

	return id != NULL;
}

/* RENAME */

static gboolean
check_rename(Change *change, GError **error)
{
	gsize length = strlen(change->name);

	if (strncmp(change->new_name, change->name, length) == 0 &&
	    change->new_name[length] == '/') {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
				    "a mailbox cannot go into itself");
		return FALSE;
	}
	return TRUE;
}

static gboolean
build_rename(Change *change, GError **error)
{
	FerryMailboxInfo *info = find_or_fail(change, change->name, error);
	g_autoptr(FerryJmapBuilder) args = NULL;
	g_autofree char *parent_id = NULL;
	g_auto(GStrv) names = NULL;
	guint n_names;

	if (info != NULL && is_inbox(change)) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
				    "another's INBOX cannot be renamed");
		return FALSE;
	}
	if (info == NULL || !check_virtual(ferry_mailbox_info_get_id(info), error) ||
	    !check_rename(change, error) ||
	    !plan_path(change, change->new_name, &parent_id, &names, error))
		return FALSE;
	n_names = g_strv_length(names);
	if (n_names > 1) {
		add_creations(change, (const char *const *)names, n_names - 1, parent_id, NULL);
		g_free(parent_id);
		parent_id = g_strdup_printf("#c%u", change->n_created - 1);
	}
	change->subject_id = g_strdup(ferry_mailbox_info_get_id(info));
	change->other_call = ferry_jmap_request_add_mailbox_rename(
		change->request, change->account->id, change->subject_id, names[n_names - 1],
		parent_id);
	return TRUE;
}

/* RENAME of INBOX: a new mailbox, and everything in it goes there. */

static void
inbox_moved_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	GError *error = NULL;
	g_autoptr(FerryOutcome) outcome =
		ferry_mailbox_move_finish(FERRY_MAILBOX(source), result, &error);

	if (outcome != NULL && ferry_outcome_get_error(outcome) != NULL)
		error = g_error_copy(ferry_outcome_get_error(outcome));
	if (error != NULL)
		g_task_return_error(task, error);
	else
		g_task_return_pointer(task, g_strdup(""), g_free);
	g_object_unref(task);
}

static void
inbox_opened_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	FerryAccountSession *self = FERRY_ACCOUNT_SESSION(source);
	GError *error = NULL;
	g_autoptr(FerryMailbox) inbox = ferry_account_session_open_finish(self, result, &error);
	g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	FerryView *view;

	if (inbox == NULL) {
		g_task_return_error(task, error);
		g_object_unref(task);
		return;
	}
	view = ferry_mailbox_get_view(inbox);
	for (guint32 i = 0; i < ferry_view_get_count(view); i++) {
		guint32 uid = ferry_view_get_uid(view, i);

		g_array_append_val(uids, uid);
	}
	ferry_mailbox_move_async(inbox, self, (const guint32 *)uids->data, uids->len,
				 g_task_get_task_data(task), g_task_get_cancellable(task),
				 inbox_moved_cb, task);
}

static void
inbox_target_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	FerryAccountSession *self = FERRY_ACCOUNT_SESSION(source);
	GError *error = NULL;
	g_autofree char *id = ferry_account_session_create_finish(self, result, &error);

	if (id == NULL) {
		g_task_return_error(task, error);
		g_object_unref(task);
		return;
	}
	ferry_account_session_open_async(self, "INBOX", NULL, NULL, NULL,
					 g_task_get_cancellable(task), inbox_opened_cb, task);
}

/**
 * ferry_account_session_rename_async:
 * @self: a session
 * @old_name: an IMAP name, UTF-8
 * @new_name: another
 * @cancellable: (nullable): to give up waiting; what was begun is done
 * @callback: called at the end
 * @user_data: for @callback
 *
 * RENAME (RFC 9051 §6.3.6): the mailboxes in it go along, missing parents are made. INBOX stays and
 * its messages go.
 */
void
ferry_account_session_rename_async(FerryAccountSession *self, const char *old_name,
				   const char *new_name, GCancellable *cancellable,
				   GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	Change *change;

	g_task_set_source_tag(task, ferry_account_session_rename_async);
	if (g_ascii_strcasecmp(old_name, "INBOX") == 0) {
		g_task_set_task_data(task, normalize(new_name), g_free);
		ferry_account_session_create_async(self, new_name, NULL, cancellable,
						   inbox_target_cb, task);
		return;
	}
	change = g_new0(Change, 1);
	change->name = normalize(old_name);
	change->new_name = normalize(new_name);
	change->build = build_rename;
	start(change, self, task);
}

/**
 * ferry_account_session_rename_finish:
 * @self: a session
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: whether it was renamed
 */
gboolean
ferry_account_session_rename_finish(FerryAccountSession *self, GAsyncResult *result, GError **error)
{
	return propagate_success(result, error);
}

/* DELETE */

static gboolean
build_delete(Change *change, GError **error)
{
	FerryMailboxInfo *info = find_or_fail(change, change->name, error);

	if (info == NULL || !check_virtual(ferry_mailbox_info_get_id(info), error))
		return FALSE;
	if (is_inbox(change)) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
				    "INBOX cannot be deleted");
		return FALSE;
	}
	change->subject_id = g_strdup(ferry_mailbox_info_get_id(info));
	change->destroys = TRUE;
	change->other_call = ferry_jmap_request_add_mailbox_destroy(
		change->request, change->account->id, change->subject_id, TRUE, NULL);
	return TRUE;
}

/**
 * ferry_account_session_delete_async:
 * @self: a session
 * @name: an IMAP name, UTF-8
 * @cancellable: (nullable): to give up waiting; what was begun is done
 * @callback: called at the end
 * @user_data: for @callback
 *
 * DELETE (RFC 9051 §6.3.5). A message that is in other mailboxes too stays there.
 */
void
ferry_account_session_delete_async(FerryAccountSession *self, const char *name,
				   GCancellable *cancellable, GAsyncReadyCallback callback,
				   gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	Change *change = g_new0(Change, 1);

	g_task_set_source_tag(task, ferry_account_session_delete_async);
	change->name = normalize(name);
	change->build = build_delete;
	start(change, self, task);
}

/**
 * ferry_account_session_delete_finish:
 * @self: a session
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: whether it was deleted
 */
gboolean
ferry_account_session_delete_finish(FerryAccountSession *self, GAsyncResult *result, GError **error)
{
	return propagate_success(result, error);
}

/* SUBSCRIBE */

static gboolean
is_name_kept(Change *change)
{
	FerryMailboxList *list = ferry_account_session_get_list(change->session);
	const char *account_id;
	const char *rest;

	ferry_mailbox_list_find_namespace(list, change->name, &account_id, &rest);
	return change->account->subscriptions != NULL &&
	       g_strv_contains((const char *const *)change->account->subscriptions, rest);
}

/* A name that no mailbox has is remembered here; JMAP has no place for it. */
static gboolean
build_subscribe(Change *change, GError **error)
{
	FerryMailboxInfo *info = find(change, change->name);
	gboolean kept = is_name_kept(change);
	/* whether the backend can be told */
	gboolean there = info != NULL && !change->account->read_only &&
			 !ferry_all_mail_is_id(ferry_mailbox_info_get_id(info));

	if (!change->subscribe && info == NULL && !kept) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
				    "the name is not subscribed");
		return FALSE;
	}
	if (strlen(change->name) > FERRY_NAMES_MAX_PATH) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_LIMIT, "the name is too long");
		return FALSE;
	}
	if (change->subscribe ? !there : kept)
		subscribe_name(change);
	if (there) {
		change->subject_id = g_strdup(ferry_mailbox_info_get_id(info));
		change->other_call = ferry_jmap_request_add_mailbox_subscribe(
			change->request, change->account->id, change->subject_id,
			change->subscribe);
	}
	if (change->batch == NULL && change->other_call == NULL)
		change->batch = ferry_store_batch_new();
	return TRUE;
}

/**
 * ferry_account_session_subscribe_async:
 * @self: a session
 * @name: an IMAP name, UTF-8; need not be a mailbox
 * @subscribe: to subscribe or to unsubscribe
 * @cancellable: (nullable): to give up waiting; what was begun is done
 * @callback: called at the end
 * @user_data: for @callback
 *
 * SUBSCRIBE and UNSUBSCRIBE (RFC 9051 §6.3.7, §6.3.8): isSubscribed of the mailbox, or a name that
 * the store keeps.
 */
void
ferry_account_session_subscribe_async(FerryAccountSession *self, const char *name,
				      gboolean subscribe, GCancellable *cancellable,
				      GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	Change *change = g_new0(Change, 1);

	g_task_set_source_tag(task, ferry_account_session_subscribe_async);
	change->name = normalize(name);
	change->subscribe = subscribe;
	change->subscribes = TRUE;
	change->build = build_subscribe;
	start(change, self, task);
}

/**
 * ferry_account_session_subscribe_finish:
 * @self: a session
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: whether it was done
 */
gboolean
ferry_account_session_subscribe_finish(FerryAccountSession *self, GAsyncResult *result,
				       GError **error)
{
	return propagate_success(result, error);
}
