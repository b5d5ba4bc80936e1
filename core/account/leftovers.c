/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Left-over intents that are known in this process
 *
 * Implementation: kept beside the store, since an intent stays this process's until it ends: an
 *   account that is unloaded and loaded again must still know what it left. Main thread only
 */
#include "account/leftovers-private.h"

/* Beyond it the oldest is given up: what it left stays, nothing is lost by that. */
#define MAX_LEFTOVERS 256

static void
leftover_free(gpointer data)
{
	FerryLeftover *leftover = data;

	ferry_jmap_value_unref(leftover->value);
	g_free(leftover);
}

static GHashTable *
get_table(FerryStore *store)
{
	static const char name[] = "ferry-leftovers";
	GHashTable *table = g_object_get_data(G_OBJECT(store), name);

	if (table != NULL)
		return table;
	table = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
				      (GDestroyNotify)(void (*)(void))g_ptr_array_unref);
	g_object_set_data_full(G_OBJECT(store), name, table,
			       (GDestroyNotify)(void (*)(void))g_hash_table_unref);
	return table;
}

GPtrArray *
ferry_leftovers_list(FerryStore *store, gint64 account_key)
{
	return g_hash_table_lookup(get_table(store), &account_key);
}

FerryLeftover *
ferry_leftovers_find(FerryStore *store, gint64 account_key, gint64 intent)
{
	GPtrArray *list = ferry_leftovers_list(store, account_key);

	for (guint i = 0; list != NULL && i < list->len; i++) {
		FerryLeftover *leftover = list->pdata[i];

		if (leftover->intent == intent)
			return leftover;
	}
	return NULL;
}

void
ferry_leftovers_forget(FerryStore *store, gint64 account_key, gint64 intent)
{
	FerryLeftover *leftover = ferry_leftovers_find(store, account_key, intent);
	GPtrArray *list = ferry_leftovers_list(store, account_key);

	if (leftover == NULL)
		return;
	g_ptr_array_remove(list, leftover);
	if (list->len == 0)
		g_hash_table_remove(get_table(store), &account_key);
}

static void
give_up(FerryStore *store, gint64 account_key, gint64 intent)
{
	g_warning("account: too many interrupted commands, the oldest is not undone any more");
	ferry_store_remove_intent_async(store, intent, NULL, NULL, NULL);
	ferry_leftovers_forget(store, account_key, intent);
}

void
ferry_leftovers_keep(FerryStore *store, gint64 account_key, gint64 intent, GBytes *data)
{
	gsize length;
	const char *json = g_bytes_get_data(data, &length);
	FerryJmapValue *value = ferry_jmap_value_new_from_json(json, (gssize)length, NULL);
	GPtrArray *list = ferry_leftovers_list(store, account_key);
	FerryLeftover *leftover;

	if (value == NULL) {
		g_warning("account: an intent that cannot be read is kept");
		return;
	}
	if (list != NULL && list->len >= MAX_LEFTOVERS) {
		give_up(store, account_key, ((FerryLeftover *)list->pdata[0])->intent);
		list = ferry_leftovers_list(store, account_key);
	}
	if (list == NULL) {
		list = g_ptr_array_new_with_free_func(leftover_free);
		g_hash_table_insert(get_table(store), g_memdup2(&account_key, sizeof account_key),
				    list);
	}
	leftover = g_new0(FerryLeftover, 1);
	leftover->intent = intent;
	leftover->value = value;
	g_ptr_array_add(list, leftover);
}
