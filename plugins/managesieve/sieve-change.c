/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changing scripts
 *
 * Specification: RFC 9661 §2.4 (SieveScript/set), RFC 8620 §5.3 (ifInState)
 * Implementation: one way for all changes: what has to be uploaded is, the scripts are read, one
 *   SieveScript/set with ifInState follows. Where the state has moved on, or the answer was lost,
 *   the scripts are read again: is the wanted change there, all is well; is the script as it was,
 *   the change is tried again (states move with other data too); else another client was faster,
 *   and this one is told.
 */
#include "sieve-change.h"

#include "sieve-error.h"

#define MAX_ATTEMPTS 5
#define CREATION_ID "s"

typedef struct _Change Change;

struct _Change {
	char *name; /* NULL: deactivate */
	char *new_name;
	GBytes *content;
	char *blob_id;
	/* adds what to set; FALSE where that cannot be */
	gboolean (*build)(Change *self, SieveAccount *account, const SieveList *list,
			  FerryJmapBuilder *args, GError **error);
	gboolean (*is_done)(Change *self, const SieveList *list);
	gboolean (*read)(Change *self, FerryJmapSetResult *result, GError **error);
	gboolean may_be_done; /* before anything was asked for: then nothing is */
	SieveScript *subject; /* as it was when first looked at; NULL where it was not there */
	guint attempts;
	const char *call_id; /* the request's */
	FerryJmapRequest *request;
};

static void
change_free(gpointer data)
{
	Change *self = data;

	g_free(self->name);
	g_free(self->new_name);
	g_clear_pointer(&self->content, g_bytes_unref);
	g_free(self->blob_id);
	g_clear_pointer(&self->subject, sieve_script_free);
	g_clear_object(&self->request);
	g_free(self);
}

static void look(GTask *task);

/* Returns whether the script is as it was when the change was decided on. */
static gboolean
is_unchanged(Change *self, const SieveList *list)
{
	const SieveScript *now = self->name != NULL ? sieve_list_find(list, self->name) : NULL;
	const SieveScript *then = self->subject;

	if (self->attempts == 0 && now != NULL)
		self->subject = sieve_script_copy(now);
	if (self->attempts == 0 || (now == NULL && then == NULL))
		return TRUE;
	return now != NULL && then != NULL && g_str_equal(now->id, then->id) &&
	       g_strcmp0(now->blob_id, then->blob_id) == 0 && now->active == then->active;
}

static gboolean
may_try_again(Change *self, const GError *error)
{
	return self->attempts < MAX_ATTEMPTS &&
	       (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_CONFLICT) ||
		g_error_matches(error, FERRY_JMAP_ERROR, FERRY_JMAP_ERROR_LOST_ANSWER));
}

static void
set_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	Change *self = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(FerryJmapSetResult) set = NULL;

	if (reply != NULL)
		set = ferry_jmap_reply_parse_set(reply, self->call_id, &error);
	if (set != NULL && self->read(self, set, &error)) {
		g_task_return_boolean(task, TRUE);
		return;
	}
	if (may_try_again(self, error)) {
		g_error_free(error);
		look(g_object_ref(task));
		return;
	}
	g_task_return_error(task, sieve_error_translate(error));
}

static gboolean
send(GTask *task, const SieveList *list, GError **error)
{
	Change *self = g_task_get_task_data(task);
	SieveAccount *account = g_task_get_source_object(task);
	g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", sieve_account_get_id(account));
	if (list->state != NULL)
		ferry_jmap_builder_set_string(args, "ifInState", list->state);
	if (!self->build(self, account, list, args, error))
		return FALSE;
	ferry_jmap_builder_end_object(args);
	g_clear_object(&self->request);
	self->request = ferry_jmap_request_new();
	sieve_account_use(account, self->request);
	self->call_id = ferry_jmap_request_add_call(self->request, "SieveScript/set", args);
	self->attempts++;
	ferry_jmap_session_send_async(sieve_account_get_jmap(account), self->request,
				      FERRY_JMAP_SEND_ALONE, g_task_get_cancellable(task), set_cb,
				      g_object_ref(task));
	return TRUE;
}

static void
looked_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	Change *self = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(SieveList) list =
		sieve_account_list_finish(SIEVE_ACCOUNT(source), result, &error);

	if (list == NULL)
		g_task_return_error(task, error);
	else if ((self->attempts > 0 || self->may_be_done) && self->is_done(self, list))
		g_task_return_boolean(task, TRUE);
	else if (!is_unchanged(self, list))
		g_task_return_new_error(task, SIEVE_ERROR, SIEVE_ERROR_OVERTAKEN,
					"Another client has changed this script at the same time; "
					"look at it and try again");
	else if (!send(task, list, &error))
		g_task_return_error(task, error);
}

/* Takes the task. */
static void
look(GTask *task)
{
	sieve_account_list_async(g_task_get_source_object(task), g_task_get_cancellable(task),
				 looked_cb, task);
}

static GTask *
change_new(SieveAccount *account, const char *name, GCancellable *cancellable,
	   GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = g_task_new(account, cancellable, callback, user_data);
	Change *self = g_new0(Change, 1);

	self->name = g_strdup(name);
	g_task_set_task_data(task, self, change_free);
	return task;
}

gboolean
sieve_account_change_finish(SieveAccount *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}

/* the changes: put */

/* Whether the backend would take one more script of this size under this name. */
gboolean
sieve_list_check_room(const SieveList *self, SieveAccount *account, const char *name, guint64 size,
		      GError **error)
{
	guint64 max_size = sieve_account_get_max_size(account);
	guint64 max_scripts = sieve_account_get_max_scripts(account);

	if (max_size != 0 && size > max_size) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_TOO_BIG,
			    "A script may have %" G_GUINT64_FORMAT " octets", max_size);
		return FALSE;
	}
	if (max_scripts != 0 && self->scripts->len >= max_scripts &&
	    sieve_list_find(self, name) == NULL) {
		g_set_error(error, SIEVE_ERROR, SIEVE_ERROR_TOO_MANY,
			    "There may be %" G_GUINT64_FORMAT " scripts", max_scripts);
		return FALSE;
	}
	return TRUE;
}

static void
set_blob(Change *self, FerryJmapBuilder *args)
{
	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "blobId", self->blob_id);
}

static gboolean
build_put(Change *self, SieveAccount *account, const SieveList *list, FerryJmapBuilder *args,
	  GError **error)
{
	if (!sieve_list_check_room(list, account, self->name, g_bytes_get_size(self->content),
				   error))
		return FALSE;
	ferry_jmap_builder_name(args, self->subject != NULL ? "update" : "create");
	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_name(args, self->subject != NULL ? self->subject->id : CREATION_ID);
	set_blob(self, args);
	if (self->subject == NULL)
		ferry_jmap_builder_set_string(args, "name", self->name);
	ferry_jmap_builder_end_object(args);
	ferry_jmap_builder_end_object(args);
	return TRUE;
}

static gboolean
is_put(Change *self, const SieveList *list)
{
	const SieveScript *script = sieve_list_find(list, self->name);

	return script != NULL && g_strcmp0(script->blob_id, self->blob_id) == 0;
}

static gboolean
read_put(Change *self, FerryJmapSetResult *result, GError **error)
{
	if (self->subject != NULL)
		return ferry_jmap_set_result_was_updated(result, self->subject->id, error);
	return ferry_jmap_set_result_get_created_id(result, CREATION_ID, error) != NULL;
}

static void
uploaded_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	Change *self = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryJmapBlob) blob =
		ferry_jmap_session_upload_finish(FERRY_JMAP_SESSION(source), result, &error);

	if (blob == NULL) {
		g_task_return_error(task, error);
		return;
	}
	self->blob_id = g_strdup(blob->id);
	look(g_steal_pointer(&task));
}

static void
upload(SieveAccount *account, GBytes *content, GCancellable *cancellable,
       GAsyncReadyCallback callback, gpointer user_data)
{
	g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_bytes(content);

	ferry_jmap_session_upload_async(sieve_account_get_jmap(account),
					sieve_account_get_id(account), stream,
					g_bytes_get_size(content), "application/sieve", 0,
					cancellable, callback, user_data);
}

void
sieve_account_put_async(SieveAccount *self, const char *name, GBytes *content,
			GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = change_new(self, name, cancellable, callback, user_data);
	Change *change = g_task_get_task_data(task);
	guint64 max_size = sieve_account_get_max_size(self);

	g_task_set_source_tag(task, sieve_account_put_async);
	change->content = g_bytes_ref(content);
	change->build = build_put;
	/* many editors store what was not changed; a blobId never stands for other octets */
	change->may_be_done = TRUE;
	change->is_done = is_put;
	change->read = read_put;
	if (max_size != 0 && g_bytes_get_size(content) > max_size) {
		g_task_return_new_error(task, FERRY_ERROR, FERRY_ERROR_TOO_BIG,
					"A script may have %" G_GUINT64_FORMAT " octets", max_size);
		g_object_unref(task);
		return;
	}
	upload(self, content, cancellable, uploaded_cb, task);
}

/* activate */

static gboolean
build_activate(Change *self, SieveAccount *account, const SieveList *list, FerryJmapBuilder *args,
	       GError **error)
{
	const SieveScript *script = NULL;

	if (self->name != NULL) {
		script = sieve_list_require(list, self->name, error);
		if (script == NULL)
			return FALSE;
		ferry_jmap_builder_set_string(args, "onSuccessActivateScript", script->id);
	} else if (sieve_account_speaks_draft(account)) {
		ferry_jmap_builder_set_null(args, "onSuccessActivateScript");
	} else {
		ferry_jmap_builder_set_bool(args, "onSuccessDeactivateScript", TRUE);
	}
	return TRUE;
}

static gboolean
is_activated(Change *self, const SieveList *list)
{
	for (guint i = 0; i < list->scripts->len; i++) {
		const SieveScript *script = list->scripts->pdata[i];

		if (script->active)
			return self->name != NULL && g_str_equal(script->name, self->name);
	}
	return self->name == NULL;
}

static gboolean
read_activate(Change *self, FerryJmapSetResult *result, GError **error)
{
	/* a call that failed has no result */
	return TRUE;
}

void
sieve_account_activate_async(SieveAccount *self, const char *name, GCancellable *cancellable,
			     GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = change_new(self, name, cancellable, callback, user_data);
	Change *change = g_task_get_task_data(task);

	g_task_set_source_tag(task, sieve_account_activate_async);
	change->build = build_activate;
	change->is_done = is_activated;
	change->read = read_activate;
	look(task);
}

/* delete */

static gboolean
build_delete(Change *self, SieveAccount *account, const SieveList *list, FerryJmapBuilder *args,
	     GError **error)
{
	const SieveScript *script = sieve_list_require(list, self->name, error);
	const char *ids[] = {script != NULL ? script->id : NULL, NULL};

	if (script == NULL)
		return FALSE;
	if (script->active) {
		g_set_error_literal(error, SIEVE_ERROR, SIEVE_ERROR_ACTIVE,
				    "The active script cannot be deleted");
		return FALSE;
	}
	ferry_jmap_builder_set_strings(args, "destroy", ids, 1);
	return TRUE;
}

static gboolean
is_deleted(Change *self, const SieveList *list)
{
	return self->subject != NULL && sieve_list_find_id(list, self->subject->id) == NULL;
}

static gboolean
read_delete(Change *self, FerryJmapSetResult *result, GError **error)
{
	return ferry_jmap_set_result_was_destroyed(result, self->subject->id, error);
}

void
sieve_account_delete_async(SieveAccount *self, const char *name, GCancellable *cancellable,
			   GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = change_new(self, name, cancellable, callback, user_data);
	Change *change = g_task_get_task_data(task);

	g_task_set_source_tag(task, sieve_account_delete_async);
	change->build = build_delete;
	change->is_done = is_deleted;
	change->read = read_delete;
	look(task);
}

/* rename */

static gboolean
build_rename(Change *self, SieveAccount *account, const SieveList *list, FerryJmapBuilder *args,
	     GError **error)
{
	const SieveScript *script = sieve_list_require(list, self->name, error);

	if (script == NULL)
		return FALSE;
	if (sieve_list_find(list, self->new_name) != NULL) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_EXISTS,
				    "There is a script of the new name");
		return FALSE;
	}
	ferry_jmap_builder_name(args, "update");
	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_name(args, script->id);
	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "name", self->new_name);
	/* the draft's server says yes to a name alone, and does nothing */
	if (sieve_account_speaks_draft(account) && script->blob_id != NULL)
		ferry_jmap_builder_set_string(args, "blobId", script->blob_id);
	ferry_jmap_builder_end_object(args);
	ferry_jmap_builder_end_object(args);
	return TRUE;
}

static gboolean
is_renamed(Change *self, const SieveList *list)
{
	const SieveScript *script =
		self->subject != NULL ? sieve_list_find_id(list, self->subject->id) : NULL;

	return script != NULL && g_str_equal(script->name, self->new_name);
}

static gboolean
read_rename(Change *self, FerryJmapSetResult *result, GError **error)
{
	return ferry_jmap_set_result_was_updated(result, self->subject->id, error);
}

void
sieve_account_rename_async(SieveAccount *self, const char *name, const char *new_name,
			   GCancellable *cancellable, GAsyncReadyCallback callback,
			   gpointer user_data)
{
	GTask *task = change_new(self, name, cancellable, callback, user_data);
	Change *change = g_task_get_task_data(task);

	g_task_set_source_tag(task, sieve_account_rename_async);
	change->new_name = g_strdup(new_name);
	change->build = build_rename;
	change->is_done = is_renamed;
	change->read = read_rename;
	look(task);
}

/* check */

static void
validated_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	GError *error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(FerryJmapValue) value = NULL;

	if (reply != NULL)
		value = ferry_jmap_reply_get_result(reply, g_task_get_task_data(task), &error);
	if (value != NULL && ferry_jmap_value_has(value, "error/type"))
		error = ferry_jmap_error_new_for_type(
			ferry_jmap_value_get_string(value, "error/type"),
			ferry_jmap_value_get_string(value, "error/description"), NULL);
	if (error != NULL)
		g_task_return_error(task, sieve_error_translate(error));
	else
		g_task_return_boolean(task, TRUE);
}

static void
check_uploaded_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	SieveAccount *account = g_task_get_source_object(task);
	GError *error = NULL;
	g_autoptr(FerryJmapBlob) blob =
		ferry_jmap_session_upload_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(FerryJmapRequest) request = ferry_jmap_request_new();
	g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();

	if (blob == NULL) {
		g_task_return_error(task, error);
		g_object_unref(task);
		return;
	}
	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", sieve_account_get_id(account));
	ferry_jmap_builder_set_string(args, "blobId", blob->id);
	ferry_jmap_builder_end_object(args);
	sieve_account_use(account, request);
	ferry_jmap_request_set_repeatable(request, TRUE);
	g_task_set_task_data(
		task, g_strdup(ferry_jmap_request_add_call(request, "SieveScript/validate", args)),
		g_free);
	ferry_jmap_session_send_async(sieve_account_get_jmap(account), request,
				      FERRY_JMAP_SEND_NONE, g_task_get_cancellable(task),
				      validated_cb, task);
}

void
sieve_account_check_async(SieveAccount *self, GBytes *content, GCancellable *cancellable,
			  GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);

	g_task_set_source_tag(task, sieve_account_check_async);
	upload(self, content, cancellable, check_uploaded_cb, task);
}

gboolean
sieve_account_check_finish(SieveAccount *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}
