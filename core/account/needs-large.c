/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Needs: messages that are too large for memory
 *
 * Implementation: each is a download into a file, a few at a time. Where the backend is away the
 *   rest is not tried, but has the same error
 */
#include "account/download-private.h"
#include "account/message-reader-private.h"
#include "account/upload-private.h"

/* as many as the session lets through at least, so that each that begins has its turn soon */
#define AT_A_TIME 4

typedef struct {
	FerryJmapSession *jmap;
	GPtrArray *list; /* FerryMessageData, borrowed */
	gboolean keep;
	guint next;
	guint in_flight;
	GError *away;
} Large;

typedef struct {
	GTask *task;
	FerryMessageData *data;
} Part;

static void pump(GTask *task);

static void
large_free(gpointer data)
{
	Large *self = data;

	g_object_unref(self->jmap);
	g_ptr_array_unref(self->list);
	g_clear_error(&self->away);
	g_free(self);
}

static void
take(FerryMessageData *data, FerryDownloaded *downloaded)
{
	data->raw = g_steal_pointer(&downloaded->raw);
	if (data->structure == NULL)
		data->structure = g_steal_pointer(&downloaded->structure);
	ferry_message_data_scan(data);
}

static void
downloaded_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autofree Part *part = user_data;
	GTask *task = part->task;
	Large *self = g_task_get_task_data(task);
	FerryMailAccount *account = FERRY_MAIL_ACCOUNT(source);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryDownloaded) downloaded = ferry_download_finish(account, result, &error);

	self->in_flight--;
	if (downloaded != NULL)
		take(part->data, downloaded);
	else if (part->data->error == NULL)
		part->data->error = g_error_copy(error);
	/* gone since the last sync, push or not: the next refresh asks */
	if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND))
		account->changed_on_backend = TRUE;
	if (self->away == NULL && ferry_upload_is_away(error))
		self->away = g_steal_pointer(&error);
	pump(task);
}

static void
start(GTask *task, FerryMessageData *data)
{
	Large *self = g_task_get_task_data(task);
	g_autofree char *blob_id = ferry_message_data_dup_blob_id(data);
	Part *part = g_new0(Part, 1);

	part->task = task;
	part->data = data;
	self->in_flight++;
	ferry_download_async(g_task_get_source_object(task), self->jmap,
			     ferry_message_data_get_email_id(data), blob_id, data->size, self->keep,
			     g_task_get_cancellable(task), downloaded_cb, part);
}

static void
pump(GTask *task)
{
	Large *self = g_task_get_task_data(task);

	while (self->in_flight < AT_A_TIME && self->next < self->list->len) {
		FerryMessageData *data = self->list->pdata[self->next++];

		if (self->away == NULL)
			start(task, data);
		else if (data->error == NULL)
			data->error = g_error_copy(self->away);
	}
	if (self->in_flight > 0)
		return;
	g_task_return_boolean(task, TRUE);
	g_object_unref(task);
}

void
ferry_needs_fetch_large_async(FerryMailAccount *account, FerryJmapSession *jmap, GPtrArray *list,
			      gboolean keep, GCancellable *cancellable,
			      GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = g_task_new(account, cancellable, callback, user_data);
	Large *self = g_new0(Large, 1);

	g_task_set_source_tag(task, ferry_needs_fetch_large_async);
	g_task_set_check_cancellable(task, FALSE);
	self->jmap = g_object_ref(jmap);
	self->list = g_ptr_array_ref(list);
	self->keep = keep;
	g_task_set_task_data(task, self, large_free);
	pump(task);
}

void
ferry_needs_fetch_large_finish(FerryMailAccount *account, GAsyncResult *result)
{
	g_task_propagate_boolean(G_TASK(result), NULL);
}
