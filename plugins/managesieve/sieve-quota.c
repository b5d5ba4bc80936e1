/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Room in an account
 *
 * Specification: RFC 9425 §4 (Quota), §5.1 (Quota/get)
 * Implementation: quotas in octets or of a number of objects that count SieveScript. A backend
 *   without quotas has room. How much of its octets a script gives back that is replaced is not
 *   known: then only what could never fit is refused, and PUTSCRIPT tells.
 */
#include "sieve-quota.h"

#include <string.h>

typedef struct {
	guint64 octets;
	gboolean replaces;
	char *call_id;
} Question;

static void
question_free(gpointer data)
{
	Question *self = data;

	g_free(self->call_id);
	g_free(self);
}

static gboolean
counts_scripts(FerryJmapValue *quota)
{
	g_auto(GStrv) types = ferry_jmap_value_dup_strings(quota, "types");

	return types != NULL && g_strv_contains((const char *const *)types, "SieveScript");
}

static gboolean
has_room(FerryJmapValue *quota, const Question *question)
{
	gboolean count =
		g_strcmp0(ferry_jmap_value_get_string(quota, "resourceType"), "count") == 0;
	guint64 used = ferry_jmap_value_get_uint64(quota, "used", 0);
	guint64 limit = ferry_jmap_value_get_uint64(quota, "hardLimit", G_MAXUINT64);
	guint64 wanted = count ? 1 : question->octets;

	if (question->replaces)
		return count || wanted <= limit;
	return used <= limit && limit - used >= wanted;
}

static gboolean
judge(FerryJmapValue *value, const Question *question, GError **error)
{
	FerryJmapValueIter iter;
	FerryJmapValue *item;

	ferry_jmap_value_iter_init(&iter, value, "list");
	while (ferry_jmap_value_iter_next(&iter, NULL, &item)) {
		g_autoptr(FerryJmapValue) quota = item;

		if (!counts_scripts(quota) || has_room(quota, question))
			continue;
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_OVER_QUOTA,
				    "The account's quota has no room for it");
		return FALSE;
	}
	return TRUE;
}

static void
replied_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	Question *self = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(FerryJmapValue) value =
		reply != NULL ? ferry_jmap_reply_get_result(reply, self->call_id, &error) : NULL;

	if (value == NULL || !judge(value, self, &error))
		g_task_return_error(task, error);
	else
		g_task_return_boolean(task, TRUE);
}

static gboolean
has_quotas(SieveAccount *self)
{
	const FerryJmapAccountInfo *info = ferry_jmap_session_find_account(
		sieve_account_get_jmap(self), sieve_account_get_id(self));
	g_autoptr(FerryJmapValue) quota = NULL;

	if (info != NULL && info->capabilities != NULL)
		quota = ferry_jmap_value_get_member(info->capabilities,
						    FERRY_JMAP_CAPABILITY_QUOTA);
	return quota != NULL;
}

void
sieve_account_check_quota_async(SieveAccount *self, guint64 octets, gboolean replaces,
				GCancellable *cancellable, GAsyncReadyCallback callback,
				gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	g_autoptr(FerryJmapRequest) request = ferry_jmap_request_new();
	g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();
	Question *question = g_new0(Question, 1);

	g_task_set_source_tag(task, sieve_account_check_quota_async);
	g_task_set_task_data(task, question, question_free);
	if (!has_quotas(self)) {
		g_task_return_boolean(task, TRUE);
		g_object_unref(task);
		return;
	}
	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", sieve_account_get_id(self));
	ferry_jmap_builder_set_null(args, "ids");
	ferry_jmap_builder_end_object(args);
	question->octets = octets;
	question->replaces = replaces;
	question->call_id = g_strdup(ferry_jmap_request_add_call(request, "Quota/get", args));
	ferry_jmap_request_use(request, FERRY_JMAP_CAPABILITY_QUOTA);
	/* types of capabilities that are not used are not shown (RFC 9425 §4) */
	sieve_account_use(self, request);
	ferry_jmap_request_set_repeatable(request, TRUE);
	ferry_jmap_session_send_async(sieve_account_get_jmap(self), request, FERRY_JMAP_SEND_NONE,
				      cancellable, replied_cb, task);
}

gboolean
sieve_account_check_quota_finish(SieveAccount *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}
