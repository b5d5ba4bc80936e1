/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Large messages: from the backend into a file
 *
 * Specification: RFC 8620 §6.2
 * Implementation: the file is that of the raw cache while it has no name yet; it gets its name when
 *   it is complete and has the size of its Email. Where that disk is full, a file elsewhere that
 *   never has a name. Who asks for a message that is under way waits for the same download, which
 *   ends when nobody waits any more. Memory is that of the pieces under way: the file is mapped,
 *   and scanned in a thread
 */
#include "account/download-private.h"

#include "base/error.h"
#include "base/mapped.h"
#include "jmap/blob.h"
#include "message/scanner.h"

/* octets that are too many: of a message of which no size is known, and beside twice a size that
 * is; nobody has larger messages than that */
#define MAX_UNKNOWN (512 * 1024 * 1024)
#define SLACK (1024 * 1024)
#define MAX_SIZE (G_GUINT64_CONSTANT(4) << 30)

typedef struct {
	FerryMailAccount *account;
	FerryRawCache *cache;
	FerryJmapSession *jmap; /* whose download it is */
	char *key;              /* of the account in the cache */
	char *email_id;
	char *blob_id;
	guint64 size;
	gboolean keep;
	gboolean elsewhere; /* the disk of the cache takes no more */
	FerryRawFile *file;
	GPtrArray *waiters; /* Waiter */
	GCancellable *cancellable;
} Download;

typedef struct {
	Download *download;
	FerryJmapSession *jmap;
	GTask *task;
	GSource *cancelled; /* NULL where nobody can cancel */
} Waiter;

static void begin(Download *self);

void
ferry_downloaded_free(FerryDownloaded *self)
{
	g_clear_pointer(&self->raw, g_bytes_unref);
	g_clear_pointer(&self->structure, ferry_message_structure_unref);
	g_free(self);
}

gboolean
ferry_download_is_for(guint64 size)
{
	return size == 0 || size > FERRY_DOWNLOAD_FROM;
}

static void
waiter_free(gpointer data)
{
	Waiter *waiter = data;

	if (waiter->cancelled != NULL) {
		g_source_destroy(waiter->cancelled);
		g_source_unref(waiter->cancelled);
	}
	g_object_unref(waiter->jmap);
	g_object_unref(waiter->task);
	g_free(waiter);
}

static void
download_free(Download *self)
{
	g_clear_pointer(&self->file, ferry_raw_file_free);
	g_ptr_array_unref(self->waiters);
	g_object_unref(self->cancellable);
	g_object_unref(self->jmap);
	ferry_raw_cache_unref(self->cache);
	g_free(self->key);
	g_free(self->email_id);
	g_free(self->blob_id);
	g_object_unref(self->account);
	g_free(self);
}

/* Nobody joins it from now on. */
static void
forget(Download *self)
{
	if (g_hash_table_lookup(self->account->downloads, self->email_id) == self)
		g_hash_table_remove(self->account->downloads, self->email_id);
}

static void
end(Download *self, const FerryDownloaded *result, const GError *error)
{
	forget(self);
	for (guint i = 0; i < self->waiters->len; i++) {
		Waiter *waiter = self->waiters->pdata[i];
		FerryDownloaded *copy;

		if (result == NULL) {
			g_task_return_error(waiter->task, g_error_copy(error));
			continue;
		}
		copy = g_new0(FerryDownloaded, 1);
		copy->raw = g_bytes_ref(result->raw);
		copy->structure = ferry_message_structure_ref(result->structure);
		g_task_return_pointer(waiter->task, copy, (GDestroyNotify)ferry_downloaded_free);
	}
	download_free(self);
}

/* The file is complete: its name, its octets, its structure. In a thread. */

typedef struct {
	FerryRawCache *cache;
	FerryRawFile *file;
	gboolean keep;
} Completion;

static void
completion_free(gpointer data)
{
	Completion *self = data;

	ferry_raw_file_free(self->file);
	ferry_raw_cache_unref(self->cache);
	g_free(self);
}

static void
complete_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
	Completion *self = task_data;
	g_autoptr(FerryDownloaded) result = g_new0(FerryDownloaded, 1);
	g_autoptr(GError) refusal = NULL;
	GError *error = NULL;

	result->raw = ferry_mapped_new(ferry_raw_file_get_fd(self->file), &error);
	if (result->raw == NULL) {
		g_task_return_error(task, error);
		return;
	}
	result->structure = ferry_message_scan_bytes(result->raw);
	if (self->keep && !ferry_raw_cache_keep(self->cache, self->file, &refusal))
		g_debug("account: raw cache: %s", refusal->message);
	g_task_return_pointer(task, g_steal_pointer(&result),
			      (GDestroyNotify)ferry_downloaded_free);
}

static void
completed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryDownloaded) downloaded = g_task_propagate_pointer(G_TASK(result), &error);

	end(user_data, downloaded, error);
}

static void
complete(Download *self, guint64 size)
{
	/* an account ends on its own thread: no worker thread may be the last to hold it */
	g_autoptr(GTask) task = g_task_new(NULL, NULL, completed_cb, self);
	Completion *completion = g_new0(Completion, 1);

	completion->cache = ferry_raw_cache_ref(self->cache);
	completion->file = g_steal_pointer(&self->file);
	/* of another size it would not be taken from the cache */
	completion->keep = self->keep && (self->size == 0 || self->size == size);
	g_task_set_source_tag(task, complete);
	g_task_set_task_data(task, completion, completion_free);
	g_task_run_in_thread(task, complete_thread);
}

/* the download */

static guint64
get_most(guint64 size)
{
	return size == 0 ? MAX_UNKNOWN : MIN(size, (MAX_SIZE - SLACK) / 2) * 2 + SLACK;
}

/* Another session whose credential may still be good. */
static gboolean
go_on_as_another(Download *self, const GError *error)
{
	for (guint i = self->waiters->len; i > 0; i--) {
		Waiter *waiter = self->waiters->pdata[i - 1];

		if (waiter->jmap != self->jmap)
			continue;
		g_task_return_error(waiter->task, g_error_copy(error));
		g_ptr_array_remove_index(self->waiters, i - 1);
	}
	if (self->waiters->len == 0)
		return FALSE;
	g_set_object(&self->jmap, ((Waiter *)self->waiters->pdata[0])->jmap);
	return TRUE;
}

/* What another attempt may mend; else all who wait are told. */
static void
failed(Download *self, GError *failure)
{
	g_autoptr(GError) error = failure;
	gboolean cancelled = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

	g_clear_pointer(&self->file, ferry_raw_file_free);
	if (self->waiters->len > 0 && error->domain == G_IO_ERROR && !cancelled &&
	    !self->elsewhere) {
		g_debug("account: raw cache: %s", error->message);
		self->elsewhere = TRUE;
		begin(self);
	} else if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_EXPIRED) &&
		   go_on_as_another(self, error)) {
		begin(self);
	} else {
		end(self, NULL, error);
	}
}

static void
downloaded_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Download *self = user_data;
	GError *error = NULL;
	guint64 size = 0;

	if (ferry_jmap_session_download_fd_finish(FERRY_JMAP_SESSION(source), result, &size,
						  &error))
		complete(self, size);
	else
		failed(self, error);
}

/* the file */

typedef struct {
	FerryRawCache *cache;
	char *key;
	char *id;
	guint64 size;
	gboolean elsewhere;
} Opening;

static void
opening_free(gpointer data)
{
	Opening *self = data;

	ferry_raw_cache_unref(self->cache);
	g_free(self->key);
	g_free(self->id);
	g_free(self);
}

static void
open_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
	Opening *self = task_data;
	g_autoptr(GError) refusal = NULL;
	GError *error = NULL;
	FerryRawFile *file = ferry_raw_cache_begin(self->cache, self->key, self->id, self->size,
						   self->elsewhere, &refusal);

	if (file == NULL && !self->elsewhere)
		file = ferry_raw_cache_begin(self->cache, self->key, self->id, self->size, TRUE,
					     &error);
	if (file != NULL)
		g_task_return_pointer(task, file, (GDestroyNotify)ferry_raw_file_free);
	else
		g_task_return_error(task, error != NULL ? error : g_steal_pointer(&refusal));
}

static void
opened_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Download *self = user_data;
	GError *error = NULL;

	self->file = g_task_propagate_pointer(G_TASK(result), &error);
	if (self->file == NULL) {
		/* both places were tried */
		self->elsewhere = TRUE;
		failed(self, error);
		return;
	}
	ferry_jmap_session_download_fd_async(
		self->jmap, self->account->id, self->blob_id, ferry_raw_file_get_fd(self->file),
		self->size, get_most(self->size), self->cancellable, downloaded_cb, self);
}

static void
begin(Download *self)
{
	g_autoptr(GTask) task = g_task_new(NULL, NULL, opened_cb, self);
	Opening *opening = g_new0(Opening, 1);

	opening->cache = ferry_raw_cache_ref(self->cache);
	opening->key = g_strdup(self->key);
	opening->id = g_strdup(self->email_id);
	opening->size = self->size;
	opening->elsewhere = self->elsewhere;
	g_task_set_source_tag(task, begin);
	g_task_set_task_data(task, opening, opening_free);
	g_task_run_in_thread(task, open_thread);
}

/* those who wait */

static gboolean
cancelled_cb(GCancellable *cancellable, gpointer user_data)
{
	Waiter *waiter = user_data;
	Download *self = waiter->download;

	g_task_return_new_error(waiter->task, G_IO_ERROR, G_IO_ERROR_CANCELLED,
				"nobody waits for the message");
	g_ptr_array_remove(self->waiters, waiter);
	if (self->waiters->len == 0) {
		forget(self);
		g_cancellable_cancel(self->cancellable);
	}
	return G_SOURCE_REMOVE;
}

static void
wait_for(Download *self, FerryJmapSession *jmap, GTask *task)
{
	Waiter *waiter = g_new0(Waiter, 1);
	GCancellable *cancellable = g_task_get_cancellable(task);

	waiter->download = self;
	waiter->jmap = g_object_ref(jmap);
	waiter->task = task;
	g_ptr_array_add(self->waiters, waiter);
	if (cancellable == NULL)
		return;
	/* its callback may drop what the cancellable is part of: not from within */
	waiter->cancelled = g_cancellable_source_new(cancellable);
	g_source_set_callback(waiter->cancelled, G_SOURCE_FUNC(cancelled_cb), waiter, NULL);
	g_source_attach(waiter->cancelled, g_main_context_get_thread_default());
}

static Download *
download_new(FerryMailAccount *account, FerryJmapSession *jmap, const char *email_id,
	     const char *blob_id, guint64 size)
{
	Download *self = g_new0(Download, 1);

	self->account = g_object_ref(account);
	self->cache = ferry_raw_cache_ref(account->account->raw_cache);
	self->jmap = g_object_ref(jmap);
	self->key = g_strconcat(account->account->key, "/", account->id, NULL);
	self->email_id = g_strdup(email_id);
	self->blob_id = g_strdup(blob_id);
	self->size = size;
	self->waiters = g_ptr_array_new_with_free_func(waiter_free);
	self->cancellable = g_cancellable_new();
	return self;
}

void
ferry_download_async(FerryMailAccount *account, FerryJmapSession *jmap, const char *email_id,
		     const char *blob_id, guint64 size, gboolean keep, GCancellable *cancellable,
		     GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = g_task_new(account, cancellable, callback, user_data);
	Download *self = g_hash_table_lookup(account->downloads, email_id);

	g_task_set_source_tag(task, ferry_download_async);
	/* what came is handed out, whoever cancels then */
	g_task_set_check_cancellable(task, FALSE);
	if (account->account == NULL) {
		g_task_return_new_error(task, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE,
					"the account is closed");
		g_object_unref(task);
		return;
	}
	if (self != NULL && g_strcmp0(self->blob_id, blob_id) == 0) {
		self->keep = self->keep || keep;
		wait_for(self, jmap, task);
		return;
	}
	self = download_new(account, jmap, email_id, blob_id, size);
	self->keep = keep;
	g_hash_table_replace(account->downloads, self->email_id, self);
	wait_for(self, jmap, task);
	begin(self);
}

FerryDownloaded *
ferry_download_finish(FerryMailAccount *account, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
