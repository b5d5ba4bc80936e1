/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the backend is asked about the messages of a mailbox: searches, properties
 *
 * Specification: RFC 8621 §4.4 (Email/query), §4.2 (Email/get)
 * Implementation: both in pages within the session's limits, never a request for one message. Email
 *   ids are mapped onto the newest view once the last page is there.
 */
#include "account/all-mail-private.h"
#include "account/mailbox-private.h"
#include "jmap/email.h"
#include "jmap/method.h"
#include "jmap/reply.h"
#include "jmap/request.h"

/* ids of one page; a page is a few hundred KB */
#define QUERY_PAGE 5000
#define MAX_PAGES 10000

static FerryJmapSession *
pick_session(FerryMailbox *self, FerryAccountSession *session, GTask *task)
{
	FerryJmapSession *jmap = NULL;

	if (self->slot != NULL)
		jmap = ferry_mail_account_pick_jmap(self->owner, session);
	if (jmap == NULL)
		g_task_return_new_error(task, FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
					"the mailbox is gone");
	return jmap;
}

/* Email/query */

typedef struct {
	FerryJmapSession *jmap;
	FerryJmapValue *filter;
	GHashTable *ids;
	FerryJmapRequest *request;
	const char *call_id; /* belongs to the request */
	gint64 position;
	guint pages;
	gboolean everywhere; /* not in this mailbox only */
} Query;

static void query_page(GTask *task);

static void
query_free(gpointer data)
{
	Query *query = data;

	g_clear_object(&query->jmap);
	g_clear_object(&query->request);
	ferry_jmap_value_unref(query->filter);
	g_hash_table_unref(query->ids);
	g_free(query);
}

/* The UIDs of what was found; the view is walked once, whatever the number of ids. */
static GArray *
map_ids(FerryMailbox *self, GHashTable *ids)
{
	GArray *uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	guint32 count = ferry_view_get_count(self->view);

	for (guint32 i = 0; i < count; i++) {
		guint32 uid = ferry_view_get_uid(self->view, i);

		if (g_hash_table_contains(ids, ferry_view_get_email_id(self->view, i)))
			g_array_append_val(uids, uid);
	}
	return uids;
}

static void
query_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	FerryMailbox *self = g_task_get_source_object(task);
	Query *query = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(FerryJmapQueryPage) page = NULL;

	if (reply != NULL)
		page = ferry_jmap_reply_parse_query(reply, query->call_id, &error);
	if (page == NULL) {
		g_task_return_error(task, error);
		return;
	}
	for (guint i = 0; i < page->n_ids; i++)
		g_hash_table_add(query->ids, g_strdup(page->ids[i]));
	query->position += page->n_ids;
	/* a server may give fewer than were asked for: the end is an empty page */
	if (page->n_ids > 0 && ++query->pages < MAX_PAGES)
		query_page(g_steal_pointer(&task));
	else if (query->everywhere)
		g_task_return_pointer(task, g_hash_table_ref(query->ids),
				      (GDestroyNotify)g_hash_table_unref);
	else
		g_task_return_pointer(task, map_ids(self, query->ids),
				      (GDestroyNotify)g_array_unref);
}

static void
write_filter(FerryMailbox *self, FerryJmapBuilder *args, Query *query)
{
	FerryJmapValue *filter = query->filter;

	ferry_jmap_builder_name(args, "filter");
	if (query->everywhere || ferry_all_mail_is_id(self->id)) {
		ferry_jmap_builder_value(args, filter);
		return;
	}
	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "operator", "AND");
	ferry_jmap_builder_name(args, "conditions");
	ferry_jmap_builder_begin_array(args);
	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "inMailbox", self->id);
	ferry_jmap_builder_end_object(args);
	ferry_jmap_builder_value(args, filter);
	ferry_jmap_builder_end_array(args);
	ferry_jmap_builder_end_object(args);
}

static void
query_page(GTask *task)
{
	FerryMailbox *self = g_task_get_source_object(task);
	Query *query = g_task_get_task_data(task);
	g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", self->owner->id);
	write_filter(self, args, query);
	ferry_jmap_builder_set_int(args, "position", query->position);
	ferry_jmap_builder_set_int(args, "limit", QUERY_PAGE);
	ferry_jmap_builder_end_object(args);
	g_clear_object(&query->request);
	query->request = ferry_jmap_request_new();
	query->call_id = ferry_jmap_request_add_call(query->request, "Email/query", args);
	/* a search may take its time; nothing else waits behind it */
	ferry_jmap_session_send_async(query->jmap, query->request, FERRY_JMAP_SEND_ALONE,
				      g_task_get_cancellable(task), query_cb, task);
}

static void
query(FerryMailbox *self, FerryAccountSession *session, FerryJmapValue *filter, gboolean everywhere,
      GTask *task)
{
	FerryJmapSession *jmap = pick_session(self, session, task);
	Query *query;

	if (jmap == NULL)
		return;
	query = g_new0(Query, 1);
	query->jmap = g_object_ref(jmap);
	query->filter = ferry_jmap_value_ref(filter);
	query->ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	query->everywhere = everywhere;
	g_task_set_task_data(task, query, query_free);
	query_page(g_object_ref(task));
}

/**
 * ferry_mailbox_query_async:
 * @self: a mailbox
 * @session: who asks
 * @filter: a FilterCondition or FilterOperator (RFC 8621 §4.4.1), without inMailbox
 * @cancellable: (nullable): to give up
 * @callback: called with the UIDs
 * @user_data: for @callback
 *
 * Asks the backend's index which messages of this mailbox match.
 */
void
ferry_mailbox_query_async(FerryMailbox *self, FerryAccountSession *session, FerryJmapValue *filter,
			  GCancellable *cancellable, GAsyncReadyCallback callback,
			  gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);

	g_task_set_source_tag(task, ferry_mailbox_query_async);
	query(self, session, filter, FALSE, task);
}

/**
 * ferry_mailbox_query_account_async:
 * @self: a mailbox of the account
 * @session: who asks
 * @filter: a FilterCondition or FilterOperator (RFC 8621 §4.4.1)
 * @cancellable: (nullable): to give up
 * @callback: called with the Email ids
 * @user_data: for @callback
 *
 * Asks the backend's index once which messages of all mailboxes match;
 * ferry_mailbox_find_emails() tells which of them a mailbox has.
 */
void
ferry_mailbox_query_account_async(FerryMailbox *self, FerryAccountSession *session,
				  FerryJmapValue *filter, GCancellable *cancellable,
				  GAsyncReadyCallback callback, gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);

	g_task_set_source_tag(task, ferry_mailbox_query_account_async);
	query(self, session, filter, TRUE, task);
}

/**
 * ferry_mailbox_query_account_finish:
 * @self: a mailbox of the account
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full) (element-type utf8 utf8): a set of Email ids
 */
GHashTable *
ferry_mailbox_query_account_finish(FerryMailbox *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/**
 * ferry_mailbox_find_emails:
 * @self: a mailbox
 * @ids: (element-type utf8 utf8): a set of Email ids
 *
 * Returns: (transfer full) (element-type guint32): the UIDs that those have here, ascending
 */
GArray *
ferry_mailbox_find_emails(FerryMailbox *self, GHashTable *ids)
{
	return map_ids(self, ids);
}

/**
 * ferry_mailbox_query_finish:
 * @self: a mailbox
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full) (element-type guint32): the UIDs that match, ascending
 */
GArray *
ferry_mailbox_query_finish(FerryMailbox *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/* Email/get */

typedef struct {
	FerryJmapSession *jmap;
	GPtrArray *ids;    /* beside the UIDs; NULL: not in the view */
	GPtrArray *values; /* beside the UIDs */
	GHashTable *index; /* id to its place, plus one */
	char **properties;
	FerryJmapRequest *request;
	char *call_id;
	guint position;
} Get;

static void get_page(GTask *task);

static void
get_free(gpointer data)
{
	Get *get = data;

	g_clear_object(&get->jmap);
	g_clear_object(&get->request);
	g_ptr_array_unref(get->ids);
	g_clear_pointer(&get->values, g_ptr_array_unref);
	g_hash_table_unref(get->index);
	g_strfreev(get->properties);
	g_free(get->call_id);
	g_free(get);
}

static void
value_free(gpointer value)
{
	if (value != NULL)
		ferry_jmap_value_unref(value);
}

static void
take_values(Get *get, FerryJmapValue *result)
{
	FerryJmapValueIter iter;
	FerryJmapValue *email;

	if (!ferry_jmap_value_iter_init(&iter, result, "list"))
		return;
	while (ferry_jmap_value_iter_next(&iter, NULL, &email)) {
		const char *id = ferry_jmap_value_get_string(email, "id");
		guint place =
			id != NULL ? GPOINTER_TO_UINT(g_hash_table_lookup(get->index, id)) : 0;

		if (place == 0) {
			ferry_jmap_value_unref(email);
			continue;
		}
		value_free(get->values->pdata[place - 1]);
		get->values->pdata[place - 1] = email;
	}
}

static void
get_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	Get *get = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(FerryJmapValue) value = NULL;

	if (reply != NULL)
		value = ferry_jmap_reply_get_result(reply, get->call_id, &error);
	if (value == NULL) {
		g_task_return_error(task, error);
		return;
	}
	take_values(get, value);
	get_page(g_steal_pointer(&task));
}

static void
get_page(GTask *task)
{
	FerryMailbox *self = g_task_get_source_object(task);
	Get *get = g_task_get_task_data(task);
	guint64 limit = ferry_jmap_session_get_limit(get->jmap, FERRY_JMAP_LIMIT_OBJECTS_IN_GET);
	g_autoptr(GPtrArray) ids = g_ptr_array_new();
	g_auto(GStrv) calls = NULL;

	for (; get->position < get->ids->len && ids->len < CLAMP(limit, 1, 1000); get->position++) {
		if (get->ids->pdata[get->position] != NULL)
			g_ptr_array_add(ids, get->ids->pdata[get->position]);
	}
	if (ids->len == 0) {
		g_task_return_pointer(task, g_steal_pointer(&get->values),
				      (GDestroyNotify)g_ptr_array_unref);
		g_object_unref(task);
		return;
	}
	g_clear_object(&get->request);
	get->request = ferry_jmap_request_new();
	calls = ferry_jmap_request_add_get(get->request, "Email/get", self->owner->id,
					   (const char *const *)ids->pdata, ids->len,
					   (const char *const *)get->properties, ids->len);
	g_free(get->call_id);
	get->call_id = g_strdup(calls[0]);
	ferry_jmap_session_send_async(get->jmap, get->request, FERRY_JMAP_SEND_NONE,
				      g_task_get_cancellable(task), get_cb, task);
}

static void
collect_ids(FerryMailbox *self, Get *get, const guint32 *uids, gsize n_uids)
{
	for (gsize i = 0; i < n_uids; i++) {
		char *id = NULL;
		guint32 index;

		if (ferry_view_find_uid(self->view, uids[i], &index)) {
			id = g_strdup(ferry_view_get_email_id(self->view, index));
			g_hash_table_insert(get->index, id, GUINT_TO_POINTER(i + 1));
		}
		g_ptr_array_add(get->ids, id);
		g_ptr_array_add(get->values, NULL);
	}
}

/**
 * ferry_mailbox_get_properties_async:
 * @self: a mailbox
 * @session: who asks
 * @uids: (array length=n_uids): messages
 * @n_uids: how many
 * @properties: (array zero-terminated=1): properties of Email (RFC 8621 §4.1); `id` is added
 * @cancellable: (nullable): to give up
 * @callback: called with the objects
 * @user_data: for @callback
 *
 * Gets properties of many messages in few requests.
 */
void
ferry_mailbox_get_properties_async(FerryMailbox *self, FerryAccountSession *session,
				   const guint32 *uids, gsize n_uids, const char *const *properties,
				   GCancellable *cancellable, GAsyncReadyCallback callback,
				   gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);
	FerryJmapSession *jmap = pick_session(self, session, task);
	g_autoptr(GStrvBuilder) all = g_strv_builder_new();
	Get *get;

	g_task_set_source_tag(task, ferry_mailbox_get_properties_async);
	if (jmap == NULL)
		return;
	get = g_new0(Get, 1);
	get->jmap = g_object_ref(jmap);
	get->ids = g_ptr_array_new_with_free_func(g_free);
	get->values = g_ptr_array_new_with_free_func(value_free);
	get->index = g_hash_table_new(g_str_hash, g_str_equal);
	g_strv_builder_add(all, "id");
	g_strv_builder_addv(all, (const char **)properties);
	get->properties = g_strv_builder_end(all);
	g_task_set_task_data(task, get, get_free);
	collect_ids(self, get, uids, n_uids);
	get_page(g_steal_pointer(&task));
}

/**
 * ferry_mailbox_get_properties_finish:
 * @self: a mailbox
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full) (element-type FerryJmapValue): an object for each of the UIDs asked for,
 *   in their order; %NULL where the message is gone
 */
GPtrArray *
ferry_mailbox_get_properties_finish(FerryMailbox *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
