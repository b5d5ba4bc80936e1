/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What became of each object of a /set, /import or /copy call
 *
 * Specification: RFC 8620 §5.3, §5.4; RFC 8621 §4.8
 * Implementation: indexed once, since calls carry thousands of objects. What the server does not
 *   mention counts as failed: nothing is told to have happened that was not acknowledged
 */
#include <string.h>

#include "jmap/error.h"
#include "jmap/method.h"
#include "jmap/value-private.h"

struct _FerryJmapSetResult {
	gatomicrefcount refs;
	FerryJmapValue *value;
	GHashTable *created;   /* creation id → FerryJmapValue */
	GHashTable *updated;   /* id */
	GHashTable *destroyed; /* id */
	GHashTable *failed[3]; /* id → FerryJmapValue: notCreated, notUpdated, notDestroyed */
};

enum {
	NOT_CREATED,
	NOT_UPDATED,
	NOT_DESTROYED,
};

G_DEFINE_BOXED_TYPE(FerryJmapSetResult, ferry_jmap_set_result, ferry_jmap_set_result_ref,
		    ferry_jmap_set_result_unref)

/* keys are borrowed from the document */
static GHashTable *
index_members(FerryJmapValue *value, const char *path)
{
	GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
						  (GDestroyNotify)ferry_jmap_value_unref);
	FerryJmapValueIter iter;
	const char *name = NULL;
	FerryJmapValue *member = NULL;

	ferry_jmap_value_iter_init(&iter, value, path);
	while (iter.is_object && ferry_jmap_value_iter_next(&iter, &name, &member))
		g_hash_table_insert(table, (gpointer)name, member);
	return table;
}

static GHashTable *
index_strings(FerryJmapValue *value, const char *path)
{
	GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);
	FerryJmapValueIter iter;
	const char *name = NULL;
	const char *string = NULL;

	ferry_jmap_value_iter_init(&iter, value, path);
	while (ferry_jmap_value_iter_next_string(&iter, &name, &string)) {
		if (iter.is_object)
			string = name;
		if (string != NULL)
			g_hash_table_add(table, (gpointer)string);
	}
	return table;
}

/**
 * ferry_jmap_reply_parse_set:
 * @reply: a reply
 * @call_id: the id of a /set, /import or /copy call
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): what became of each object, or %NULL with the method's
 *   error, such as %FERRY_ERROR_CONFLICT for a stateMismatch
 */
FerryJmapSetResult *
ferry_jmap_reply_parse_set(FerryJmapReply *reply, const char *call_id, GError **error)
{
	g_autoptr(FerryJmapValue) value = ferry_jmap_reply_get_result(reply, call_id, error);
	FerryJmapSetResult *self = NULL;

	if (value == NULL)
		return NULL;
	self = g_new0(FerryJmapSetResult, 1);
	g_atomic_ref_count_init(&self->refs);
	self->created = index_members(value, "created");
	self->updated = index_strings(value, "updated");
	self->destroyed = index_strings(value, "destroyed");
	self->failed[NOT_CREATED] = index_members(value, "notCreated");
	self->failed[NOT_UPDATED] = index_members(value, "notUpdated");
	self->failed[NOT_DESTROYED] = index_members(value, "notDestroyed");
	self->value = g_steal_pointer(&value);
	return self;
}

/**
 * ferry_jmap_set_result_ref:
 * @self: a result
 *
 * Returns: (transfer full): @self
 */
FerryJmapSetResult *
ferry_jmap_set_result_ref(FerryJmapSetResult *self)
{
	g_atomic_ref_count_inc(&self->refs);
	return self;
}

/**
 * ferry_jmap_set_result_unref:
 * @self: (transfer full): a result
 *
 * Drops a reference.
 */
void
ferry_jmap_set_result_unref(FerryJmapSetResult *self)
{
	if (!g_atomic_ref_count_dec(&self->refs))
		return;
	g_hash_table_unref(self->created);
	g_hash_table_unref(self->updated);
	g_hash_table_unref(self->destroyed);
	for (guint i = 0; i < G_N_ELEMENTS(self->failed); i++)
		g_hash_table_unref(self->failed[i]);
	ferry_jmap_value_unref(self->value);
	g_free(self);
}

/**
 * ferry_jmap_set_result_get_old_state:
 * @self: a result
 *
 * Returns: (nullable): the state before
 */
const char *
ferry_jmap_set_result_get_old_state(FerryJmapSetResult *self)
{
	return ferry_jmap_value_get_string(self->value, "oldState");
}

/**
 * ferry_jmap_set_result_get_new_state:
 * @self: a result
 *
 * Returns: (nullable): the state after
 */
const char *
ferry_jmap_set_result_get_new_state(FerryJmapSetResult *self)
{
	return ferry_jmap_value_get_string(self->value, "newState");
}

static void
set_object_error(FerryJmapSetResult *self, guint kind, const char *id, GError **error)
{
	FerryJmapValue *value = g_hash_table_lookup(self->failed[kind], id);
	g_autofree char *properties = NULL;
	g_auto(GStrv) names = NULL;
	GError *made = NULL;

	if (value == NULL) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_BACKEND,
			    "the backend does not say what became of %s", id);
		return;
	}
	made = ferry_jmap_error_new_for_type(ferry_jmap_value_get_string(value, "type"),
					     ferry_jmap_value_get_string(value, "description"),
					     ferry_jmap_value_get_string(value, "existingId"));
	names = ferry_jmap_value_dup_strings(value, "properties");
	if (names[0] != NULL) {
		properties = g_strjoinv(", ", names);
		g_prefix_error(&made, "(%s) ", properties);
	}
	g_propagate_error(error, made);
}

/**
 * ferry_jmap_set_result_get_created:
 * @self: a result
 * @creation_id: the name of a creation
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): the properties that the server set, or %NULL with the error
 *   of this object
 */
FerryJmapValue *
ferry_jmap_set_result_get_created(FerryJmapSetResult *self, const char *creation_id, GError **error)
{
	FerryJmapValue *value = g_hash_table_lookup(self->created, creation_id);

	if (value != NULL)
		return ferry_jmap_value_ref(value);
	set_object_error(self, NOT_CREATED, creation_id, error);
	return NULL;
}

/**
 * ferry_jmap_set_result_get_created_id:
 * @self: a result
 * @creation_id: the name of a creation
 * @error: return location for an error
 *
 * Returns: (transfer none) (nullable): the id of the new object, or %NULL with the error of this
 *   object
 */
const char *
ferry_jmap_set_result_get_created_id(FerryJmapSetResult *self, const char *creation_id,
				     GError **error)
{
	FerryJmapValue *value = g_hash_table_lookup(self->created, creation_id);
	const char *id = value != NULL ? ferry_jmap_value_get_string(value, "id") : NULL;

	if (id == NULL)
		set_object_error(self, NOT_CREATED, creation_id, error);
	return id;
}

/**
 * ferry_jmap_set_result_lacks_blob:
 * @self: a result of an import
 * @creation_id: the name of a creation
 *
 * Returns: whether it was refused because the server does not know the blob, not for what is in it
 */
gboolean
ferry_jmap_set_result_lacks_blob(FerryJmapSetResult *self, const char *creation_id)
{
	FerryJmapValue *value = g_hash_table_lookup(self->failed[NOT_CREATED], creation_id);
	g_auto(GStrv) names = NULL;

	if (value == NULL)
		return FALSE;
	if (g_strcmp0(ferry_jmap_value_get_string(value, "type"), "blobNotFound") == 0)
		return TRUE;
	names = ferry_jmap_value_dup_strings(value, "properties");
	return g_strv_contains((const char *const *)names, "blobId");
}

/**
 * ferry_jmap_set_result_was_updated:
 * @self: a result
 * @id: an object
 * @error: return location for an error
 *
 * Returns: whether it was, else the error of this object
 */
gboolean
ferry_jmap_set_result_was_updated(FerryJmapSetResult *self, const char *id, GError **error)
{
	if (g_hash_table_contains(self->updated, id))
		return TRUE;
	set_object_error(self, NOT_UPDATED, id, error);
	return FALSE;
}

/**
 * ferry_jmap_set_result_was_destroyed:
 * @self: a result
 * @id: an object
 * @error: return location for an error
 *
 * Returns: whether it was, else the error of this object
 */
gboolean
ferry_jmap_set_result_was_destroyed(FerryJmapSetResult *self, const char *id, GError **error)
{
	if (g_hash_table_contains(self->destroyed, id))
		return TRUE;
	set_object_error(self, NOT_DESTROYED, id, error);
	return FALSE;
}

/**
 * ferry_jmap_set_result_get_n_failed:
 * @self: a result
 *
 * Returns: how many objects the server refused
 */
guint
ferry_jmap_set_result_get_n_failed(FerryJmapSetResult *self)
{
	guint n_failed = 0;

	for (guint i = 0; i < G_N_ELEMENTS(self->failed); i++)
		n_failed += g_hash_table_size(self->failed[i]);
	return n_failed;
}
