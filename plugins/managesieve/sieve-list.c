/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The scripts of an account
 *
 * Specification: RFC 9661 §2.2 (SieveScript/get)
 * Implementation: read anew for each command, since there is one request in it either way and
 *   nothing to go stale. Cyrus 3 keeps a name in a mail header and shows it as that header encodes
 *   it (RFC 2047), which is undone.
 */
#include "sieve-list.h"

#include <string.h>

#include "sieve-names.h"

/* what is beyond is not shown; no backend allows nearly as many */
#define MAX_SCRIPTS 4096

SieveScript *
sieve_script_copy(const SieveScript *self)
{
	SieveScript *copy = g_new0(SieveScript, 1);

	copy->id = g_strdup(self->id);
	copy->name = g_strdup(self->name);
	copy->blob_id = g_strdup(self->blob_id);
	copy->active = self->active;
	return copy;
}

void
sieve_script_free(SieveScript *self)
{
	g_free(self->id);
	g_free(self->name);
	g_free(self->blob_id);
	g_free(self);
}

void
sieve_list_free(SieveList *self)
{
	g_ptr_array_unref(self->scripts);
	g_free(self->state);
	g_free(self);
}

const SieveScript *
sieve_list_find(const SieveList *self, const char *name)
{
	for (guint i = 0; i < self->scripts->len; i++) {
		const SieveScript *script = self->scripts->pdata[i];

		if (g_str_equal(script->name, name))
			return script;
	}
	return NULL;
}

const SieveScript *
sieve_list_find_id(const SieveList *self, const char *id)
{
	for (guint i = 0; i < self->scripts->len; i++) {
		const SieveScript *script = self->scripts->pdata[i];

		if (g_str_equal(script->id, id))
			return script;
	}
	return NULL;
}

const SieveScript *
sieve_list_require(const SieveList *self, const char *name, GError **error)
{
	const SieveScript *script = sieve_list_find(self, name);

	if (script == NULL)
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
				    "There is no script of that name");
	return script;
}

static gint
compare_ids(gconstpointer a, gconstpointer b)
{
	const SieveScript *const *x = a;
	const SieveScript *const *y = b;

	return strcmp((*x)->id, (*y)->id);
}

static gint
compare_names(gconstpointer a, gconstpointer b)
{
	const SieveScript *const *x = a;
	const SieveScript *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static char *
dup_name(FerryJmapValue *value, gboolean draft)
{
	const char *name = ferry_jmap_value_get_string(value, "name");

	if (draft && name != NULL && strstr(name, "=?") != NULL)
		return ferry_message_header_decode_utf8(name, strlen(name));
	return g_strdup(name);
}

static SieveScript *
read_script(FerryJmapValue *value, gboolean draft)
{
	const char *id = ferry_jmap_value_get_string(value, "id");
	SieveScript *script;

	if (id == NULL)
		return NULL;
	script = g_new0(SieveScript, 1);
	script->id = g_strdup(id);
	script->name = dup_name(value, draft);
	script->blob_id = g_strdup(ferry_jmap_value_get_string(value, "blobId"));
	script->active = ferry_jmap_value_get_boolean(value, "isActive", FALSE);
	return script;
}

/* The same scripts get the same names each time: of equal ones the lowest id keeps it. */
static void
name_scripts(GPtrArray *scripts)
{
	g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	g_ptr_array_sort(scripts, compare_ids);
	for (guint i = 0; i < scripts->len; i++) {
		SieveScript *script = scripts->pdata[i];
		g_autofree char *own = g_steal_pointer(&script->name);

		script->name = sieve_name_make(own, script->id, taken);
	}
	g_ptr_array_sort(scripts, compare_names);
}

static SieveList *
read_list(FerryJmapValue *value, gboolean draft)
{
	SieveList *list = g_new0(SieveList, 1);
	FerryJmapValueIter iter;

	list->scripts = g_ptr_array_new_with_free_func((GDestroyNotify)sieve_script_free);
	list->state = g_strdup(ferry_jmap_value_get_string(value, "state"));
	ferry_jmap_value_iter_init(&iter, value, "list");
	while (list->scripts->len < MAX_SCRIPTS) {
		g_autoptr(FerryJmapValue) item = NULL;
		SieveScript *script;

		if (!ferry_jmap_value_iter_next(&iter, NULL, &item))
			break;
		script = read_script(item, draft);
		if (script != NULL)
			g_ptr_array_add(list->scripts, script);
	}
	name_scripts(list->scripts);
	return list;
}

static void
replied_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	g_autoptr(FerryJmapReply) reply = NULL;
	g_autoptr(FerryJmapValue) value = NULL;
	SieveAccount *self = g_task_get_source_object(task);
	GError *error = NULL;

	reply = ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	if (reply != NULL)
		value = ferry_jmap_reply_get_result(reply, g_task_get_task_data(task), &error);
	if (value == NULL)
		g_task_return_error(task, error);
	else
		g_task_return_pointer(task, read_list(value, sieve_account_speaks_draft(self)),
				      (GDestroyNotify)sieve_list_free);
}

/* Reads the scripts of the account. */
void
sieve_account_list_async(SieveAccount *self, GCancellable *cancellable,
			 GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	g_autoptr(FerryJmapRequest) request = ferry_jmap_request_new();
	g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();

	g_task_set_source_tag(task, sieve_account_list_async);
	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", sieve_account_get_id(self));
	ferry_jmap_builder_set_null(args, "ids");
	ferry_jmap_builder_end_object(args);
	sieve_account_use(self, request);
	ferry_jmap_request_set_repeatable(request, TRUE);
	g_task_set_task_data(
		task, g_strdup(ferry_jmap_request_add_call(request, "SieveScript/get", args)),
		g_free);
	ferry_jmap_session_send_async(sieve_account_get_jmap(self), request, FERRY_JMAP_SEND_NONE,
				      cancellable, replied_cb, task);
}

SieveList *
sieve_account_list_finish(SieveAccount *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
