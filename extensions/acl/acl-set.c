/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changing who shares a mailbox
 *
 * Specification: RFC 4314 §3.1, §3.2; RFC 9670 §4; RFC 8620 §5.3 (ifInState, patches)
 * Implementation: what was read is changed in the state that it was read in, else all begins anew;
 *   what the backend made of it is read in the same request, and must be what was asked for; else
 *   it gets back what there was.
 */
#include "acl.h"

/* mailbox states move with every message that comes */
#define MAX_TRIES 5

typedef struct {
	const AclPlace *place; /* the command's, as @wish */
	const AclWish *wish;
	AclShares *shares;
	AclDecision decision;
	guint tries;
	char *set, *get;
	char *wrong_state; /* in which the backend had made something else of it */
} Set;

void
acl_wish_free(AclWish *self)
{
	g_free(self->identifier);
	g_free(self);
}

static void
set_free(gpointer data)
{
	Set *self = data;

	g_clear_pointer(&self->shares, acl_shares_free);
	g_free(self->set);
	g_free(self->get);
	g_free(self->wrong_state);
	g_free(self);
}

static FerryJmapValue *
get_entry(FerryJmapValue *share_with, const char *id)
{
	return share_with != NULL ? ferry_jmap_value_get_member(share_with, id) : NULL;
}

static void
write_value(Set *self, FerryJmapBuilder *args, FerryJmapValue *entry)
{
	if (self->wrong_state != NULL && entry != NULL)
		ferry_jmap_builder_value(args, entry);
	else if (self->decision.removes || self->wrong_state != NULL)
		ferry_jmap_builder_null(args);
	else
		acl_form_build(self->place->form, args, entry, &self->wish->change,
			       self->decision.after);
}

/* A patch needs the object that it reaches into (RFC 8620 §5.3). */
static void
write_update(Set *self, FerryJmapBuilder *args, FerryJmapValue *entry)
{
	g_autofree char *path = acl_make_path(self->shares->id);

	ferry_jmap_builder_begin_object(args);
	if (self->shares->share_with != NULL || self->wrong_state != NULL) {
		ferry_jmap_builder_name(args, path);
		write_value(self, args, entry);
	} else {
		ferry_jmap_builder_name(args, "shareWith");
		ferry_jmap_builder_begin_object(args);
		ferry_jmap_builder_name(args, self->shares->id);
		write_value(self, args, entry);
		ferry_jmap_builder_end_object(args);
	}
	ferry_jmap_builder_end_object(args);
}

static FerryJmapRequest *
make_request(Set *self, FerryJmapValue *entry)
{
	FerryJmapRequest *request = acl_request_new(self->place);
	g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", self->place->account_id);
	ferry_jmap_builder_set_string(args, "ifInState",
				      self->wrong_state != NULL ? self->wrong_state
								: self->shares->state);
	ferry_jmap_builder_name(args, "update");
	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_name(args, ferry_mailbox_info_get_id(self->place->info));
	write_update(self, args, entry);
	ferry_jmap_builder_end_object(args);
	ferry_jmap_builder_end_object(args);
	g_free(self->set);
	g_free(self->get);
	self->set = g_strdup(ferry_jmap_request_add_call(request, "Mailbox/set", args));
	self->get = g_strdup(acl_add_get(request, self->place));
	return request;
}

static gboolean
verify(Set *self, FerryJmapReply *reply, GError **error)
{
	g_autoptr(FerryJmapSetResult) set = ferry_jmap_reply_parse_set(reply, self->set, error);
	g_autoptr(FerryJmapValue) share_with = NULL;
	g_autoptr(FerryJmapValue) entry = NULL;
	g_autofree char *state = NULL;

	if (set == NULL ||
	    !ferry_jmap_set_result_was_updated(set, ferry_mailbox_info_get_id(self->place->info),
					       error) ||
	    !acl_parse_get(reply, self->get, &state, &share_with, error))
		return FALSE;
	entry = get_entry(share_with, self->shares->id);
	if (acl_form_is_as_built(self->place->form, entry, self->decision.after))
		return TRUE;
	self->wrong_state = g_steal_pointer(&state);
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT, "other rights were given");
	return FALSE;
}

static void
fail_wrong(GTask *task)
{
	g_task_return_new_error(task, FERRY_ERROR, FERRY_ERROR_CANNOT,
				"the backend gave other rights than those asked for: see GETACL");
}

static void
taken_back_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	Set *self = g_task_get_task_data(task);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryJmapSetResult) set = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);

	if (reply != NULL)
		set = ferry_jmap_reply_parse_set(reply, self->set, &error);
	if (set == NULL || !ferry_jmap_set_result_was_updated(
				   set, ferry_mailbox_info_get_id(self->place->info), &error)) {
		g_autofree char *reason = ferry_log_escape(error->message, -1);

		g_warning("rights that nobody asked for could not be taken back: %s", reason);
	}
	fail_wrong(task);
}

/* What somebody had is written back where all of it is known, else who had nothing gets nothing. */
static void
take_back(GTask *task)
{
	FerryAccountSession *session = g_task_get_source_object(task);
	Set *self = g_task_get_task_data(task);
	g_autoptr(FerryJmapValue) entry = get_entry(self->shares->share_with, self->shares->id);
	g_autoptr(FerryJmapRequest) request = NULL;

	if (entry != NULL && !acl_form_is_exact(self->place->form)) {
		fail_wrong(task);
		return;
	}
	request = make_request(self, entry);
	ferry_jmap_session_send_async(ferry_account_session_get_jmap(session), request,
				      FERRY_JMAP_SEND_ALONE, NULL, taken_back_cb,
				      g_object_ref(task));
}

static void start(GTask *task);

static void
set_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	Set *self = g_task_get_task_data(task);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);

	if (reply != NULL && verify(self, reply, &error))
		g_task_return_boolean(task, TRUE);
	else if (self->wrong_state != NULL)
		take_back(task);
	else if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_CONFLICT) &&
		 self->tries < MAX_TRIES)
		start(task);
	else
		g_task_return_error(task, g_steal_pointer(&error));
}

static void
asked_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	FerryAccountSession *session = FERRY_ACCOUNT_SESSION(source);
	Set *self = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryJmapValue) entry = NULL;
	g_autoptr(FerryJmapRequest) request = NULL;

	g_clear_pointer(&self->shares, acl_shares_free);
	self->shares = acl_ask_finish(result, &error);
	if (self->shares != NULL)
		entry = get_entry(self->shares->share_with, self->shares->id);
	if (self->shares == NULL ||
	    !acl_decide(self->place, self->shares, self->wish, entry, &self->decision, &error)) {
		g_task_return_error(task, error);
		return;
	}
	if (self->decision.nothing) {
		g_task_return_boolean(task, TRUE);
		return;
	}
	request = make_request(self, entry);
	ferry_jmap_session_send_async(ferry_account_session_get_jmap(session), request,
				      FERRY_JMAP_SEND_ALONE, g_task_get_cancellable(task), set_cb,
				      g_object_ref(task));
}

static void
start(GTask *task)
{
	Set *self = g_task_get_task_data(task);

	self->tries++;
	acl_ask_async(g_task_get_source_object(task), self->place, self->wish->identifier,
		      g_task_get_cancellable(task), asked_cb, g_object_ref(task));
}

/* SETACL and DELETEACL; @place and @wish have to stay. */
void
acl_set_async(FerryAccountSession *session, const AclPlace *place, const AclWish *wish,
	      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(session, cancellable, callback, user_data);
	Set *self = g_new0(Set, 1);

	g_task_set_source_tag(task, acl_set_async);
	self->place = place;
	self->wish = wish;
	g_task_set_task_data(task, self, set_free);
	start(task);
}

gboolean
acl_set_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}
