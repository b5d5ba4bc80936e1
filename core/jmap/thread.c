/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Threads
 *
 * Specification: RFC 8621 §3
 * Implementation: reading Thread/get; the calls are made with ferry_jmap_request_add_get()
 */
#include "jmap/error.h"
#include "jmap/thread.h"

G_DEFINE_BOXED_TYPE(FerryJmapThread, ferry_jmap_thread, ferry_jmap_thread_copy,
		    ferry_jmap_thread_free)

/**
 * ferry_jmap_thread_copy:
 * @self: a Thread
 *
 * Returns: (transfer full): a copy
 */
FerryJmapThread *
ferry_jmap_thread_copy(const FerryJmapThread *self)
{
	FerryJmapThread *copy = g_new(FerryJmapThread, 1);

	copy->id = g_strdup(self->id);
	copy->email_ids = g_strdupv(self->email_ids);
	return copy;
}

/**
 * ferry_jmap_thread_free:
 * @self: (transfer full): a Thread
 *
 * Frees it.
 */
void
ferry_jmap_thread_free(FerryJmapThread *self)
{
	g_free(self->id);
	g_strfreev(self->email_ids);
	g_free(self);
}

/**
 * ferry_jmap_reply_parse_threads:
 * @reply: a reply
 * @call_id: the id of a Thread/get call
 * @state: (out) (optional) (nullable): the Thread state
 * @error: return location for an error
 *
 * Returns: (transfer container) (element-type FerryJmapThread) (nullable): the Threads, or %NULL
 *   with the method's error
 */
GPtrArray *
ferry_jmap_reply_parse_threads(FerryJmapReply *reply, const char *call_id, char **state,
			       GError **error)
{
	g_autoptr(FerryJmapValue) value = ferry_jmap_reply_get_result(reply, call_id, error);
	GPtrArray *threads = NULL;
	FerryJmapValueIter iter;
	FerryJmapValue *item = NULL;

	if (value == NULL)
		return NULL;
	threads = g_ptr_array_new_with_free_func((GDestroyNotify)ferry_jmap_thread_free);
	ferry_jmap_value_iter_init(&iter, value, "list");
	while (ferry_jmap_value_iter_next(&iter, NULL, &item)) {
		FerryJmapThread *thread = g_new0(FerryJmapThread, 1);

		thread->id = g_strdup(ferry_jmap_value_get_string(item, "id"));
		thread->email_ids = ferry_jmap_value_dup_strings(item, "emailIds");
		ferry_jmap_value_unref(item);
		if (thread->id != NULL)
			g_ptr_array_add(threads, thread);
		else
			ferry_jmap_thread_free(thread);
	}
	if (state != NULL)
		*state = g_strdup(ferry_jmap_value_get_string(value, "state"));
	return threads;
}
