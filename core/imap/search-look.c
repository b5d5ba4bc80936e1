/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A search from its program to its matches, with what options want to know of those
 *
 * Implementation: reads the program, lets options look whether it fits them, finds the matches, and
 *   shows each once to all who asked, with what they need of it.
 */
#include "imap/search-private.h"

typedef struct {
	FerryNeeds needs;
	FerryImapSearchCheckFunc check;
	FerryImapSearchMessageFunc func;
	gpointer user_data;
} Look;

static GArray *
peek_looks(FerryImapSearch *self)
{
	return g_object_get_data(G_OBJECT(self), "looks");
}

/**
 * ferry_imap_search_add_look:
 * @self: a search that was not run yet
 * @needs: what @func wants to have of each match
 * @check: (nullable) (scope forever): called when the program was read
 * @func: (scope forever): called for each match, ascending
 * @user_data: for both; lives as long as @self
 *
 * For return options and sort keys that tell something of each match: they see the matches once
 * they are found, in few requests, and before the answer is written.
 */
void
ferry_imap_search_add_look(FerryImapSearch *self, FerryNeeds needs, FerryImapSearchCheckFunc check,
			   FerryImapSearchMessageFunc func, gpointer user_data)
{
	Look look = {needs, check, func, user_data};
	GArray *looks = peek_looks(self);

	if (looks == NULL) {
		looks = g_array_new(FALSE, FALSE, sizeof(Look));
		g_object_set_data_full(G_OBJECT(self), "looks", looks,
				       (GDestroyNotify)g_array_unref);
	}
	g_array_append_val(looks, look);
}

static gboolean
check_looks(FerryImapSearch *self, GError **error)
{
	GArray *looks = peek_looks(self);

	for (guint i = 0; looks != NULL && i < looks->len; i++) {
		const Look *look = &g_array_index(looks, Look, i);

		if (look->check != NULL && !look->check(self, look->user_data, error))
			return FALSE;
	}
	return TRUE;
}

static void
look_at(FerryImapSearch *self, FerryImapMessage *message, gpointer user_data)
{
	GArray *looks = user_data;

	for (guint i = 0; i < looks->len; i++) {
		const Look *look = &g_array_index(looks, Look, i);

		look->func(self, message, look->user_data);
	}
}

static void
looked_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	GError *error = NULL;

	if (ferry_imap_search_read_finish(FERRY_IMAP_SEARCH(source), result, &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

static void
found_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapSearch *self = FERRY_IMAP_SEARCH(source);
	g_autoptr(GTask) task = user_data;
	GArray *looks = peek_looks(self);
	FerryNeeds needs = FERRY_NEEDS_METADATA;
	GError *error = NULL;
	gsize n_uids;
	const guint32 *uids;

	if (!ferry_imap_search_find_finish(self, result, &error)) {
		g_task_return_error(task, error);
		return;
	}
	if (looks == NULL) {
		g_task_return_boolean(task, TRUE);
		return;
	}
	for (guint i = 0; i < looks->len; i++)
		needs |= g_array_index(looks, Look, i).needs;
	uids = ferry_imap_search_get_uids(self, &n_uids);
	ferry_imap_search_read_async(self, uids, n_uids, needs, look_at, g_array_ref(looks),
				     (GDestroyNotify)g_array_unref, g_task_get_cancellable(task),
				     looked_cb, g_object_ref(task));
}

/**
 * ferry_imap_search_run_async:
 * @charset: (nullable): the charset of the program's strings; UTF-8 without one
 * @program: the search-program argument
 *
 * Finds the messages of the selected mailbox that match. BODY and TEXT are answered by the
 * backend's index where that is allowed and many messages would have to be read, never under NOT.
 */
void
ferry_imap_search_run_async(FerryImapSearch *self, FerryImapValue *charset, FerryImapValue *program,
			    GCancellable *cancellable, GAsyncReadyCallback callback,
			    gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);
	GError *error = NULL;

	g_task_set_source_tag(task, ferry_imap_search_run_async);
	if (!ferry_imap_search_plan(self, charset, program, &error) || !check_looks(self, &error)) {
		g_task_return_error(task, error);
		return;
	}
	ferry_imap_search_find_async(self, cancellable, found_cb, g_steal_pointer(&task));
}

/**
 * ferry_imap_search_run_finish:
 *
 * Returns: %FALSE with @error set where the search could not be answered exactly
 */
gboolean
ferry_imap_search_run_finish(FerryImapSearch *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}
