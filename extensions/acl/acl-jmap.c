/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who shares a mailbox, and whom an identifier names
 *
 * Specification: RFC 9670 §2.4 (Principal/query), §4 (shareWith); in Cyrus's form the keys of
 *   shareWith are user names
 */
#include "acl.h"

typedef struct {
	const AclPlace *place; /* the command's, which waits for us */
	char *identifier;
	char *get, *query, *principals;
	char **names; /* the calls that ask what all are called */
	AclShares *shares;
} Ask;

void
acl_shares_free(AclShares *self)
{
	g_free(self->state);
	g_clear_pointer(&self->share_with, ferry_jmap_value_unref);
	g_clear_pointer(&self->identifiers, g_hash_table_unref);
	g_free(self->id);
	g_free(self);
}

static void
ask_free(gpointer data)
{
	Ask *ask = data;

	g_free(ask->identifier);
	g_free(ask->get);
	g_free(ask->query);
	g_free(ask->principals);
	g_strfreev(ask->names);
	g_clear_pointer(&ask->shares, acl_shares_free);
	g_free(ask);
}

FerryJmapRequest *
acl_request_new(const AclPlace *place)
{
	FerryJmapRequest *request = ferry_jmap_request_new();

	ferry_jmap_request_use(request, FERRY_JMAP_CAPABILITY_MAIL);
	ferry_jmap_request_use(request, place->form == ACL_FORM_CYRUS
						? ACL_CYRUS_MAIL
						: FERRY_JMAP_CAPABILITY_MAIL_SHARE);
	ferry_jmap_request_set_repeatable(request, TRUE);
	return request;
}

const char *
acl_add_get(FerryJmapRequest *request, const AclPlace *place)
{
	static const char *const properties[] = {"shareWith"};
	const char *id = ferry_mailbox_info_get_id(place->info);
	g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", place->account_id);
	ferry_jmap_builder_set_strings(args, "ids", &id, 1);
	ferry_jmap_builder_set_strings(args, "properties", properties, 1);
	ferry_jmap_builder_end_object(args);
	return ferry_jmap_request_add_call(request, "Mailbox/get", args);
}

/* @share_with is NULL where nobody shares the mailbox. */
gboolean
acl_parse_get(FerryJmapReply *reply, const char *call_id, char **state, FerryJmapValue **share_with,
	      GError **error)
{
	g_autoptr(FerryJmapValue) value = ferry_jmap_reply_get_result(reply, call_id, error);
	g_autoptr(FerryJmapValue) found = NULL;

	if (value == NULL)
		return FALSE;
	if (ferry_jmap_value_get_size(value, "list") == 0) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
				    "the mailbox does not exist");
		return FALSE;
	}
	found = ferry_jmap_value_get(value, "list/0/shareWith");
	if (found == NULL || ferry_jmap_value_get_string(value, "state") == NULL) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_BACKEND,
				    "the answer to Mailbox/get has no state or no shareWith");
		return FALSE;
	}
	*state = g_strdup(ferry_jmap_value_get_string(value, "state"));
	*share_with = ferry_jmap_value_get_value_type(found) == FERRY_JMAP_TYPE_OBJECT
			      ? g_steal_pointer(&found)
			      : NULL;
	return TRUE;
}

static void
add_principal_calls(FerryJmapRequest *request, Ask *ask)
{
	static const char *const properties[] = {"name", "email"};
	g_autoptr(FerryJmapBuilder) query = ferry_jmap_builder_new();
	g_autoptr(FerryJmapBuilder) get = ferry_jmap_builder_new();

	ferry_jmap_builder_begin_object(query);
	ferry_jmap_builder_set_string(query, "accountId", ask->place->principals_id);
	ferry_jmap_builder_name(query, "filter");
	ferry_jmap_builder_begin_object(query);
	ferry_jmap_builder_set_string(query, "text", ask->identifier);
	ferry_jmap_builder_end_object(query);
	ferry_jmap_builder_set_uint(query, "limit", ACL_MAX_PRINCIPALS);
	ferry_jmap_builder_end_object(query);
	ask->query = g_strdup(ferry_jmap_request_add_call(request, "Principal/query", query));
	ferry_jmap_builder_begin_object(get);
	ferry_jmap_builder_set_string(get, "accountId", ask->place->principals_id);
	ferry_jmap_builder_set_reference(get, "ids", ask->query, "Principal/query", "/ids");
	ferry_jmap_builder_set_strings(get, "properties", properties, G_N_ELEMENTS(properties));
	ferry_jmap_builder_end_object(get);
	ask->principals = g_strdup(ferry_jmap_request_add_call(request, "Principal/get", get));
}

static FerryJmapValue *
get_entry(AclShares *shares, const char *id)
{
	return shares->share_with != NULL ? ferry_jmap_value_get_member(shares->share_with, id)
					  : NULL;
}

/* Finds the key of the identifier. One that nobody has any more still names its own entry. */
static gboolean
resolve(FerryJmapReply *reply, Ask *ask, GError **error)
{
	g_autoptr(FerryJmapValue) query = ferry_jmap_reply_get_result(reply, ask->query, error);
	g_autoptr(FerryJmapValue) principals = NULL;
	g_autoptr(FerryJmapValue) entry = NULL;

	if (query == NULL)
		return FALSE;
	principals = ferry_jmap_reply_get_result(reply, ask->principals, error);
	if (principals == NULL ||
	    !acl_principals_find(query, principals, ask->identifier, &ask->shares->id, error))
		return FALSE;
	entry = get_entry(ask->shares, ask->identifier);
	if (ask->shares->id == NULL && entry != NULL)
		ask->shares->id = g_strdup(ask->identifier);
	if (ask->shares->id != NULL)
		return TRUE;
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT, "there is no such user");
	return FALSE;
}

static void
named_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	Ask *ask = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; reply != NULL && ask->names[i] != NULL; i++) {
		g_autoptr(FerryJmapValue) value =
			ferry_jmap_reply_get_result(reply, ask->names[i], &error);

		if (value == NULL)
			break;
		acl_principals_name(value, ask->shares->identifiers, taken);
	}
	if (error != NULL) {
		g_task_return_error(task, error);
		return;
	}
	g_task_return_pointer(task, g_steal_pointer(&ask->shares),
			      (GDestroyNotify)(void (*)(void))acl_shares_free);
}

static void
ask_names(GTask *task, char **ids)
{
	static const char *const properties[] = {"name", "email", NULL};
	FerryAccountSession *session = g_task_get_source_object(task);
	Ask *ask = g_task_get_task_data(task);
	g_autoptr(FerryJmapRequest) request = ferry_jmap_request_new();
	FerryJmapSession *jmap = ferry_account_session_get_jmap(session);

	ask->names = ferry_jmap_request_add_get(
		request, "Principal/get", ask->place->principals_id, (const char *const *)ids, -1,
		properties, ferry_jmap_session_get_limit(jmap, FERRY_JMAP_LIMIT_OBJECTS_IN_GET));
	ferry_jmap_request_set_repeatable(request, TRUE);
	ferry_jmap_session_send_async(jmap, request, FERRY_JMAP_SEND_NONE,
				      g_task_get_cancellable(task), named_cb, g_object_ref(task));
}

static void
answered_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	Ask *ask = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_auto(GStrv) ids = NULL;

	if (reply == NULL ||
	    !acl_parse_get(reply, ask->get, &ask->shares->state, &ask->shares->share_with,
			   &error) ||
	    (ask->query != NULL && !resolve(reply, ask, &error))) {
		g_task_return_error(task, error);
		return;
	}
	if (ask->shares->id == NULL && ask->identifier != NULL)
		ask->shares->id = g_strdup(ask->identifier);
	if (ask->identifier == NULL && ask->place->form == ACL_FORM_STANDARD &&
	    ask->shares->share_with != NULL) {
		ids = ferry_jmap_value_dup_member_names(ask->shares->share_with, NULL);
		ask_names(task, ids);
		return;
	}
	g_task_return_pointer(task, g_steal_pointer(&ask->shares),
			      (GDestroyNotify)(void (*)(void))acl_shares_free);
}

/* Reads who shares @place, which has to stay; with @identifier whom that names, else what all are
 * called. */
void
acl_ask_async(FerryAccountSession *session, const AclPlace *place, const char *identifier,
	      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = g_task_new(session, cancellable, callback, user_data);
	g_autoptr(FerryJmapRequest) request = acl_request_new(place);
	Ask *ask = g_new0(Ask, 1);

	g_task_set_source_tag(task, acl_ask_async);
	g_task_set_task_data(task, ask, ask_free);
	ask->place = place;
	ask->identifier = g_strdup(identifier);
	ask->shares = g_new0(AclShares, 1);
	ask->shares->identifiers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	if (identifier != NULL && place->form == ACL_FORM_STANDARD)
		add_principal_calls(request, ask);
	ask->get = g_strdup(acl_add_get(request, place));
	ferry_jmap_session_send_async(ferry_account_session_get_jmap(session), request,
				      FERRY_JMAP_SEND_NONE, cancellable, answered_cb, task);
}

AclShares *
acl_ask_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
