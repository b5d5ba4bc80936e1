/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Needs: headers, structures and raw octets of many messages
 *
 * Specification: RFC 8621 §4.2 (Email/get), RFC 8620 §6.2, RFC 9404
 * Implementation: first the structure cache, then the cached files, then the backend: header values
 *   in bulk where an ENVELOPE is all that is needed and every value is clean, else the blobs, many
 *   small ones at once, large ones each into a file. What was scanned stays in the structure cache
 */
#include <string.h>

#include "account/download-private.h"
#include "account/message-reader-private.h"
#include "jmap/blob.h"
#include "jmap/method.h"
#include "message/envelope.h"

typedef struct {
	FerryJmapSession *jmap;
	GPtrArray *list;
	FerryNeed needs;
	GPtrArray *wanted; /* of the step under way; borrowed */
	GPtrArray *large;  /* those of them that come in files */
	guint pending;
	GError *error; /* of the backend, for all that have none of their own */
	FerryStoreStructures *found;
	FerryJmapRequest *request;
	char *call_id;
} Fetch;

static void read_files(GTask *task);
static void ask_backend(GTask *task);
static void fetch_blobs(GTask *task);

static void
fetch_free(gpointer data)
{
	Fetch *fetch = data;

	g_clear_object(&fetch->jmap);
	g_clear_object(&fetch->request);
	g_free(fetch->call_id);
	g_ptr_array_unref(fetch->list);
	g_clear_pointer(&fetch->wanted, g_ptr_array_unref);
	g_clear_pointer(&fetch->large, g_ptr_array_unref);
	g_clear_error(&fetch->error);
	g_clear_pointer(&fetch->found, ferry_store_structures_unref);
	g_free(fetch);
}

gboolean
ferry_message_data_is_complete(const FerryMessageData *data, FerryNeed needs)
{
	if (data->error != NULL)
		return TRUE;
	if ((needs & FERRY_NEED_RAW) != 0 && data->raw == NULL)
		return FALSE;
	if ((needs & FERRY_NEED_STRUCTURE) != 0 && data->structure == NULL)
		return FALSE;
	if ((needs & FERRY_NEED_HEADERS) != 0 && data->headers == NULL && data->block == NULL)
		return FALSE;
	return (needs & FERRY_NEED_ENVELOPE) == 0 || data->structure != NULL ||
	       data->envelope != NULL;
}

static GPtrArray *
list_incomplete(Fetch *fetch)
{
	GPtrArray *wanted = g_ptr_array_new();

	for (guint i = 0; i < fetch->list->len; i++) {
		if (!ferry_message_data_is_complete(fetch->list->pdata[i], fetch->needs))
			g_ptr_array_add(wanted, fetch->list->pdata[i]);
	}
	return wanted;
}

/* from the structure cache */

static void
structures_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Fetch *fetch = g_task_get_task_data(task);
	g_autoptr(GError) error = NULL;
	guint n;

	fetch->found = ferry_store_get_structures_finish(FERRY_STORE(source), result, &error);
	/* a cache that fails is a cache that is empty */
	if (fetch->found == NULL)
		g_debug("account: structure cache: %s", error->message);
	n = fetch->found != NULL ? ferry_store_structures_get_length(fetch->found) : 0;
	for (guint i = 0; i < MIN(n, fetch->list->len); i++) {
		FerryMessageData *data = fetch->list->pdata[i];

		if (ferry_store_structures_get_key(fetch->found, i) == data->email_key)
			ferry_message_data_take_cached(data, fetch->found, i);
	}
	read_files(task);
}

/* A structure has the ENVELOPE; where there is none the header may have been kept as one. */
static FerryStoreStructureParts
map_parts(FerryNeed needs)
{
	FerryStoreStructureParts parts = 0;

	if ((needs & (FERRY_NEED_STRUCTURE | FERRY_NEED_ENVELOPE)) != 0)
		parts |= FERRY_STORE_STRUCTURE_SHAPE;
	if ((needs & FERRY_NEED_HEADERS) != 0)
		parts |= FERRY_STORE_STRUCTURE_HEADER;
	else if ((needs & FERRY_NEED_ENVELOPE) != 0)
		parts |= FERRY_STORE_STRUCTURE_ELSE_HEADER;
	return parts;
}

static void
read_structures(GTask *task)
{
	Fetch *fetch = g_task_get_task_data(task);
	FerryMailAccount *account = g_task_get_source_object(task);
	g_autofree gint64 *keys = g_new(gint64, MAX(fetch->list->len, 1));

	for (guint i = 0; i < fetch->list->len; i++)
		keys[i] = ((FerryMessageData *)fetch->list->pdata[i])->email_key;
	ferry_store_get_structures_async(account->account->store, account->key, keys,
					 fetch->list->len, map_parts(fetch->needs), NULL,
					 structures_cb, task);
}

/* cached files */

typedef struct {
	FerryRawCache *cache;
	char *key;
	GPtrArray *list; /* FerryMessageData */
} FileJob;

static void
file_job_free(gpointer data)
{
	FileJob *job = data;

	ferry_raw_cache_unref(job->cache);
	g_ptr_array_unref(job->list);
	g_free(job->key);
	g_free(job);
}

static FileJob *
file_job_new(FerryMailAccount *account, GPtrArray *list)
{
	FileJob *job = g_new0(FileJob, 1);

	job->cache = ferry_raw_cache_ref(account->account->raw_cache);
	job->key = g_strconcat(account->account->key, "/", account->id, NULL);
	job->list = g_ptr_array_new_with_free_func(
		(GDestroyNotify)(void (*)(void))ferry_message_data_unref);
	for (guint i = 0; i < list->len; i++)
		g_ptr_array_add(job->list, ferry_message_data_ref(list->pdata[i]));
	return job;
}

static void
read_files_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
	FileJob *job = task_data;

	for (guint i = 0; i < job->list->len; i++) {
		FerryMessageData *data = job->list->pdata[i];

		data->raw = ferry_raw_cache_get(job->cache, job->key,
						ferry_message_data_get_email_id(data));
		/* a file of another size was cut, or is not what the backend holds now */
		if (data->raw != NULL && data->size != 0 &&
		    g_bytes_get_size(data->raw) != data->size)
			g_clear_pointer(&data->raw, g_bytes_unref);
		data->raw_cached = data->raw != NULL;
	}
	g_task_return_boolean(task, TRUE);
}

static void
files_read_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Fetch *fetch = g_task_get_task_data(task);
	g_autoptr(GPtrArray) scanned = g_ptr_array_new();

	for (guint i = 0; i < fetch->wanted->len; i++) {
		FerryMessageData *data = fetch->wanted->pdata[i];
		gboolean known = data->structure != NULL;

		if (data->raw == NULL ||
		    (fetch->needs & ~(guint)FERRY_NEED_RAW) == FERRY_NEED_NOTHING)
			continue;
		ferry_message_data_scan(data);
		if (!known)
			g_ptr_array_add(scanned, data);
	}
	ferry_needs_keep(g_task_get_source_object(task), scanned);
	ask_backend(task);
}

static void
read_files(GTask *task)
{
	Fetch *fetch = g_task_get_task_data(task);
	FerryMailAccount *account = g_task_get_source_object(task);
	g_autoptr(GTask) thread_task = NULL;

	fetch->wanted = list_incomplete(fetch);
	if (fetch->wanted->len == 0 || account->account == NULL) {
		ask_backend(task);
		return;
	}
	/* an account ends on its own thread: no worker thread may be the last to hold it */
	thread_task = g_task_new(NULL, NULL, files_read_cb, task);
	g_task_set_task_data(thread_task, file_job_new(account, fetch->wanted), file_job_free);
	g_task_run_in_thread(thread_task, read_files_thread);
}

static void
write_files_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
	FileJob *job = task_data;

	for (guint i = 0; i < job->list->len; i++) {
		FerryMessageData *data = job->list->pdata[i];
		g_autoptr(GError) error = NULL;

		if (!ferry_raw_cache_put(job->cache, job->key,
					 ferry_message_data_get_email_id(data), data->raw, &error))
			g_debug("account: raw cache: %s", error->message);
	}
	g_task_return_boolean(task, TRUE);
}

static void
keep_raw(FerryMailAccount *account, GPtrArray *list)
{
	g_autoptr(GTask) task = NULL;

	if (list->len == 0 || account->account == NULL)
		return;
	task = g_task_new(NULL, NULL, NULL, NULL);
	g_task_set_task_data(task, file_job_new(account, list), file_job_free);
	g_task_run_in_thread(task, write_files_thread);
}

/* the backend: header values in bulk */

/* A value that was decoded from something else, or cannot be what the blob holds, is not clean. */
static gboolean
is_clean(const char *value)
{
	return strstr(value, "\xef\xbf\xbd") == NULL;
}

/* One property for each field of an ENVELOPE: every occurrence, because the first one counts, and
 * in the raw form. */
#define ALL_RAW(name) "header:" name ":asRaw:all"
static const struct {
	const char *name;
	const char *property;
} envelope_fields[] = {
	{"Date", ALL_RAW("Date")},
	{"Subject", ALL_RAW("Subject")},
	{"From", ALL_RAW("From")},
	{"Sender", ALL_RAW("Sender")},
	{"Reply-To", ALL_RAW("Reply-To")},
	{"To", ALL_RAW("To")},
	{"Cc", ALL_RAW("Cc")},
	{"Bcc", ALL_RAW("Bcc")},
	{"In-Reply-To", ALL_RAW("In-Reply-To")},
	{"Message-ID", ALL_RAW("Message-ID")},
};
#undef ALL_RAW

/* FALSE: a value is missing or not clean. @keep owns what the envelope borrows. */
static gboolean
add_field(FerryMessageEnvelope *envelope, const char *name, FerryJmapValue *values, GPtrArray *keep)
{
	g_autoptr(FerryJmapValue) first = NULL;
	const char *text;

	if (values == NULL || ferry_jmap_value_get_value_type(values) != FERRY_JMAP_TYPE_ARRAY)
		return FALSE;
	first = ferry_jmap_value_get_item(values, 0);
	if (first == NULL)
		return TRUE;
	text = ferry_jmap_value_get_string(first, NULL);
	if (text == NULL || !is_clean(text))
		return FALSE;
	ferry_message_envelope_add(envelope, name, -1, text, -1);
	g_ptr_array_add(keep, g_steal_pointer(&first));
	return TRUE;
}

static void
take_header_values(FerryMessageData *data, FerryJmapValue *email)
{
	g_autoptr(GPtrArray) keep = g_ptr_array_new_with_free_func(
		(GDestroyNotify)(void (*)(void))ferry_jmap_value_unref);
	FerryMessageEnvelope envelope = {0};
	GString *text;

	for (guint i = 0; i < G_N_ELEMENTS(envelope_fields); i++) {
		g_autoptr(FerryJmapValue) values =
			ferry_jmap_value_get_member(email, envelope_fields[i].property);

		if (!add_field(&envelope, envelope_fields[i].name, values, keep))
			return;
	}
	text = g_string_new(NULL);
	ferry_message_envelope_write(&envelope, text);
	data->envelope_length = text->len;
	data->envelope = data->own_envelope = g_string_free(text, FALSE);
}

static void
take_headers_reply(Fetch *fetch, FerryJmapReply *reply)
{
	g_autoptr(FerryJmapValue) result = ferry_jmap_reply_get_result(reply, fetch->call_id, NULL);
	g_autoptr(GHashTable) by_id = g_hash_table_new(g_str_hash, g_str_equal);
	FerryJmapValueIter iter;
	FerryJmapValue *email;

	if (result == NULL || !ferry_jmap_value_iter_init(&iter, result, "list"))
		return;
	for (guint i = 0; i < fetch->wanted->len; i++) {
		FerryMessageData *data = fetch->wanted->pdata[i];

		g_hash_table_insert(by_id, (char *)ferry_message_data_get_email_id(data), data);
	}
	while (ferry_jmap_value_iter_next(&iter, NULL, &email)) {
		const char *id = ferry_jmap_value_get_string(email, "id");
		FerryMessageData *data = id != NULL ? g_hash_table_lookup(by_id, id) : NULL;

		if (data != NULL && data->envelope == NULL)
			take_header_values(data, email);
		ferry_jmap_value_unref(email);
	}
}

static void
headers_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Fetch *fetch = g_task_get_task_data(task);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);

	if (reply != NULL)
		take_headers_reply(fetch, reply);
	else
		g_debug("account: header values in bulk: %s", error->message);
	ferry_needs_keep(g_task_get_source_object(task), fetch->wanted);
	/* those with a value that is not clean: the blob decides */
	g_ptr_array_unref(fetch->wanted);
	fetch->wanted = list_incomplete(fetch);
	fetch_blobs(task);
}

static void
fetch_header_values(GTask *task)
{
	const char *properties[G_N_ELEMENTS(envelope_fields) + 2] = {"id"};
	Fetch *fetch = g_task_get_task_data(task);
	FerryMailAccount *account = g_task_get_source_object(task);
	g_autofree const char **ids = g_new0(const char *, fetch->wanted->len + 1);
	g_auto(GStrv) calls = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(envelope_fields); i++)
		properties[i + 1] = envelope_fields[i].property;
	for (guint i = 0; i < fetch->wanted->len; i++)
		ids[i] = ferry_message_data_get_email_id(fetch->wanted->pdata[i]);
	fetch->request = ferry_jmap_request_new();
	calls = ferry_jmap_request_add_get(fetch->request, "Email/get", account->id, ids,
					   fetch->wanted->len, properties, fetch->wanted->len);
	fetch->call_id = g_strdup(calls[0]);
	ferry_jmap_session_send_async(fetch->jmap, fetch->request, FERRY_JMAP_SEND_NONE,
				      g_task_get_cancellable(task), headers_cb, task);
}

/* the backend: blobs */

static void
blob_cb(FerryJmapSession *session, guint index, GBytes *bytes, const GError *error,
	gpointer user_data)
{
	Fetch *fetch = g_task_get_task_data(user_data);
	FerryMailAccount *account = g_task_get_source_object(user_data);
	FerryMessageData *data = fetch->wanted->pdata[index];

	if (bytes != NULL)
		data->raw = g_bytes_ref(bytes);
	else if (data->error == NULL && error != NULL)
		data->error = g_error_copy(error);
	/* gone since the last sync, push or not: the next refresh asks */
	if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND))
		account->changed_on_backend = TRUE;
}

static void
finish_fetch(GTask *task, const GError *error)
{
	Fetch *fetch = g_task_get_task_data(task);

	for (guint i = 0; i < fetch->list->len; i++) {
		FerryMessageData *data = fetch->list->pdata[i];

		if (ferry_message_data_is_complete(data, fetch->needs))
			continue;
		data->error = error != NULL
				      ? g_error_copy(error)
				      : g_error_new_literal(FERRY_ERROR, FERRY_ERROR_UNAVAILABLE,
							    "the message was not got");
	}
	g_task_return_boolean(task, TRUE);
	g_object_unref(task);
}

/* Small and large ones are under way at the same time. */
static void
part_done(GTask *task)
{
	Fetch *fetch = g_task_get_task_data(task);

	if (--fetch->pending == 0)
		finish_fetch(task, fetch->error);
}

static void
blobs_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Fetch *fetch = g_task_get_task_data(task);
	FerryMailAccount *account = g_task_get_source_object(task);
	g_autoptr(GPtrArray) got = g_ptr_array_new();

	ferry_jmap_session_fetch_blobs_finish(FERRY_JMAP_SESSION(source), result, &fetch->error);
	for (guint i = 0; i < fetch->wanted->len; i++) {
		FerryMessageData *data = fetch->wanted->pdata[i];

		if (data->raw == NULL)
			continue;
		ferry_message_data_scan(data);
		g_ptr_array_add(got, data);
	}
	ferry_needs_keep(account, got);
	/* who reads one body reads the rest of the message soon */
	if ((fetch->needs & FERRY_NEED_RAW) != 0)
		keep_raw(account, got);
	part_done(task);
}

static void
large_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Fetch *fetch = g_task_get_task_data(task);
	FerryMailAccount *account = FERRY_MAIL_ACCOUNT(source);

	ferry_needs_fetch_large_finish(account, result);
	ferry_needs_keep(account, fetch->large);
	part_done(task);
}

/* Takes those out of what is wanted that are not to be held in memory. */
static GPtrArray *
take_large(Fetch *fetch)
{
	GPtrArray *large = g_ptr_array_new();
	GPtrArray *small = g_ptr_array_new();

	for (guint i = 0; i < fetch->wanted->len; i++) {
		FerryMessageData *data = fetch->wanted->pdata[i];

		g_ptr_array_add(ferry_download_is_for(data->size) ? large : small, data);
	}
	g_ptr_array_unref(fetch->wanted);
	fetch->wanted = small;
	return large;
}

static void
fetch_small(GTask *task)
{
	Fetch *fetch = g_task_get_task_data(task);
	FerryMailAccount *account = g_task_get_source_object(task);
	g_auto(GStrv) ids = g_new0(char *, fetch->wanted->len + 1);
	g_autofree guint64 *sizes = g_new0(guint64, fetch->wanted->len + 1);

	for (guint i = 0; i < fetch->wanted->len; i++) {
		FerryMessageData *data = fetch->wanted->pdata[i];

		ids[i] = ferry_message_data_dup_blob_id(data);
		sizes[i] = data->size;
	}
	ferry_jmap_session_fetch_blobs_async(fetch->jmap, account->id, (const char *const *)ids,
					     sizes, fetch->wanted->len, FERRY_JMAP_SEND_NONE,
					     blob_cb, task, NULL, g_task_get_cancellable(task),
					     blobs_cb, task);
}

static void
fetch_blobs(GTask *task)
{
	Fetch *fetch = g_task_get_task_data(task);

	fetch->large = take_large(fetch);
	fetch->pending = 1;
	if (fetch->wanted->len > 0) {
		fetch->pending++;
		fetch_small(task);
	}
	if (fetch->large->len > 0) {
		fetch->pending++;
		ferry_needs_fetch_large_async(g_task_get_source_object(task), fetch->jmap,
					      fetch->large, (fetch->needs & FERRY_NEED_RAW) != 0,
					      g_task_get_cancellable(task), large_cb, task);
	}
	part_done(task);
}

static void
ask_backend(GTask *task)
{
	Fetch *fetch = g_task_get_task_data(task);
	FerryMailAccount *account = g_task_get_source_object(task);

	g_clear_pointer(&fetch->wanted, g_ptr_array_unref);
	fetch->wanted = list_incomplete(fetch);
	if (fetch->wanted->len == 0 || account->account == NULL)
		finish_fetch(task, NULL);
	else if (fetch->needs == FERRY_NEED_ENVELOPE && fetch->wanted->len > 4)
		fetch_header_values(task);
	else
		fetch_blobs(task);
}

void
ferry_needs_fetch_async(FerryMailAccount *account, FerryJmapSession *jmap, GPtrArray *list,
			FerryNeed needs, GCancellable *cancellable, GAsyncReadyCallback callback,
			gpointer user_data)
{
	GTask *task = g_task_new(account, cancellable, callback, user_data);
	Fetch *fetch = g_new0(Fetch, 1);

	g_task_set_source_tag(task, ferry_needs_fetch_async);
	g_task_set_check_cancellable(task, FALSE);
	g_task_set_task_data(task, fetch, fetch_free);
	fetch->jmap = g_object_ref(jmap);
	fetch->list = g_ptr_array_ref(list);
	fetch->needs = needs;
	if (account->account == NULL || list->len == 0)
		finish_fetch(task, NULL);
	else if (needs == FERRY_NEED_RAW)
		read_files(task);
	else
		read_structures(task);
}

void
ferry_needs_fetch_finish(FerryMailAccount *account, GAsyncResult *result)
{
	g_task_propagate_boolean(G_TASK(result), NULL);
}
