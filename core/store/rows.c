/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many pairs (mailbox, Email) in little memory
 *
 * Implementation: 64 bytes a pair, one arena for the ids (offsets, since it moves while it grows),
 *   and each distinct set of keywords once: a million messages have a few hundred of them.
 */
#include "store/rows.h"

#include <string.h>

#include "base/error.h"

struct _FerryStoreRows {
	GArray *rows;
	GByteArray *arena;
	GPtrArray *keyword_sets;
	GHashTable *set_numbers; /* only while building */
};

G_STATIC_ASSERT(sizeof(FerryStoreRow) == 64);

G_DEFINE_BOXED_TYPE(FerryStoreRows, ferry_store_rows, ferry_store_rows_ref, ferry_store_rows_unref)

/**
 * ferry_store_rows_new:
 * @expected: how many rows will be added, or 0
 *
 * For stores.
 *
 * Returns: (transfer full): rows to add to
 */
FerryStoreRows *
ferry_store_rows_new(guint expected)
{
	FerryStoreRows *self = g_atomic_rc_box_new0(FerryStoreRows);
	const guint8 nothing = 0;

	self->rows = g_array_sized_new(FALSE, FALSE, sizeof(FerryStoreRow), expected);
	self->arena = g_byte_array_new();
	self->keyword_sets = g_ptr_array_new_with_free_func(g_free);
	self->set_numbers = g_hash_table_new(g_str_hash, g_str_equal);
	/* offset 0 means "not carried" */
	g_byte_array_append(self->arena, &nothing, 1);
	return self;
}

/**
 * ferry_store_rows_ref:
 * @self: rows
 *
 * Returns: (transfer full): @self
 */
FerryStoreRows *
ferry_store_rows_ref(FerryStoreRows *self)
{
	return g_atomic_rc_box_acquire(self);
}

static void
rows_clear(gpointer data)
{
	FerryStoreRows *self = data;

	g_array_unref(self->rows);
	g_byte_array_unref(self->arena);
	g_clear_pointer(&self->set_numbers, g_hash_table_unref);
	g_ptr_array_unref(self->keyword_sets);
}

/**
 * ferry_store_rows_unref:
 * @self: (transfer full): rows
 *
 * Drops a reference; the last one frees it.
 */
void
ferry_store_rows_unref(FerryStoreRows *self)
{
	g_atomic_rc_box_release_full(self, rows_clear);
}

static gboolean
add_string(FerryStoreRows *self, const char *string, guint32 *offset, GError **error)
{
	gsize length;

	*offset = 0;
	if (string == NULL)
		return TRUE;
	length = strlen(string) + 1;
	if (length > G_MAXUINT32 / 2 || self->arena->len > G_MAXUINT32 / 2 - length) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_LIMIT,
				    "ids fill two gigabytes");
		return FALSE;
	}
	*offset = self->arena->len;
	g_byte_array_append(self->arena, (const guint8 *)string, length);
	return TRUE;
}

static guint32
keyword_set_number(FerryStoreRows *self, const char *keywords)
{
	gpointer number;
	char *copy;

	if (g_hash_table_lookup_extended(self->set_numbers, keywords, NULL, &number))
		return GPOINTER_TO_UINT(number);
	copy = g_strdup(keywords);
	g_ptr_array_add(self->keyword_sets, copy);
	g_hash_table_insert(self->set_numbers, copy, GUINT_TO_POINTER(self->keyword_sets->len - 1));
	return self->keyword_sets->len - 1;
}

/**
 * ferry_store_rows_add:
 * @self: rows
 * @row: the fixed fields; string offsets and keyword number are set here
 * @email_id: Email id
 * @blob_id: (nullable): blob id
 * @thread_id: (nullable): thread id
 * @keywords: keywords as the store keeps them
 * @error: return location
 *
 * For stores: adds a row behind those with a lower UID.
 *
 * Returns: %FALSE with %FERRY_ERROR_LIMIT when the arena is full
 */
gboolean
ferry_store_rows_add(FerryStoreRows *self, const FerryStoreRow *row, const char *email_id,
		     const char *blob_id, const char *thread_id, const char *keywords,
		     GError **error)
{
	FerryStoreRow copy = *row;

	if (!add_string(self, email_id, &copy.email_id, error) ||
	    !add_string(self, blob_id, &copy.blob_id, error) ||
	    !add_string(self, thread_id, &copy.thread_id, error))
		return FALSE;
	copy.keywords = keyword_set_number(self, keywords != NULL ? keywords : "");
	g_array_append_val(self->rows, copy);
	return TRUE;
}

/**
 * ferry_store_rows_seal:
 * @self: rows
 *
 * For stores: frees what was needed for building only.
 */
void
ferry_store_rows_seal(FerryStoreRows *self)
{
	guint length = self->arena->len;

	g_clear_pointer(&self->set_numbers, g_hash_table_unref);
	if (length > 1024 * 1024) {
		/* the array doubles when it grows: give the rest back */
		guint8 *data = g_byte_array_free(self->arena, FALSE);

		self->arena = g_byte_array_new_take(g_realloc(data, length), length);
	}
}

/**
 * ferry_store_rows_get_length:
 * @self: rows
 *
 * Returns: how many
 */
guint
ferry_store_rows_get_length(const FerryStoreRows *self)
{
	return self->rows->len;
}

/**
 * ferry_store_rows_get:
 * @self: rows
 * @index: below the length
 *
 * Returns: (transfer none): the row
 */
const FerryStoreRow *
ferry_store_rows_get(const FerryStoreRows *self, guint index)
{
	return &g_array_index(self->rows, FerryStoreRow, index);
}

/**
 * ferry_store_rows_get_uid:
 * @self: rows
 * @index: below the length
 *
 * Returns: the UID; 0 where rows are Emails
 */
guint32
ferry_store_rows_get_uid(const FerryStoreRows *self, guint index)
{
	return ferry_store_rows_get(self, index)->uid;
}

/**
 * ferry_store_rows_get_email_key:
 * @self: rows
 * @index: below the length
 *
 * Returns: number of the Email in the store
 */
gint64
ferry_store_rows_get_email_key(const FerryStoreRows *self, guint index)
{
	return ferry_store_rows_get(self, index)->email_key;
}

static const char *
arena_string(const FerryStoreRows *self, guint32 offset)
{
	return offset > 0 ? (const char *)self->arena->data + offset : NULL;
}

/**
 * ferry_store_rows_get_email_id:
 * @self: rows
 * @index: below the length
 *
 * Returns: (transfer none) (nullable): JMAP Email id; %NULL for an Email asked for that is gone
 */
const char *
ferry_store_rows_get_email_id(const FerryStoreRows *self, guint index)
{
	return arena_string(self, ferry_store_rows_get(self, index)->email_id);
}

/**
 * ferry_store_rows_get_blob_id:
 * @self: rows
 * @index: below the length
 *
 * Returns: (transfer none) (nullable): blob id, if carried
 */
const char *
ferry_store_rows_get_blob_id(const FerryStoreRows *self, guint index)
{
	return arena_string(self, ferry_store_rows_get(self, index)->blob_id);
}

/**
 * ferry_store_rows_get_thread_id:
 * @self: rows
 * @index: below the length
 *
 * Returns: (transfer none) (nullable): thread id, if carried
 */
const char *
ferry_store_rows_get_thread_id(const FerryStoreRows *self, guint index)
{
	return arena_string(self, ferry_store_rows_get(self, index)->thread_id);
}

/**
 * ferry_store_rows_get_keywords:
 * @self: rows
 * @index: below the length
 *
 * Returns: (transfer none): keywords in lower case, sorted, one space between them
 */
const char *
ferry_store_rows_get_keywords(const FerryStoreRows *self, guint index)
{
	return ferry_store_rows_get_keyword_set(self, ferry_store_rows_get(self, index)->keywords);
}

/**
 * ferry_store_rows_get_n_keyword_sets:
 * @self: rows
 *
 * Returns: how many different sets of keywords the rows have
 */
guint
ferry_store_rows_get_n_keyword_sets(const FerryStoreRows *self)
{
	return self->keyword_sets->len;
}

/**
 * ferry_store_rows_get_keyword_set:
 * @self: rows
 * @number: below the count
 *
 * Returns: (transfer none): the set, as in ferry_store_rows_get_keywords()
 */
const char *
ferry_store_rows_get_keyword_set(const FerryStoreRows *self, guint number)
{
	return g_ptr_array_index(self->keyword_sets, number);
}

/**
 * ferry_store_rows_find_uid:
 * @self: rows in UID order
 * @uid: a UID
 * @index: (out) (optional): where it is, or where it would be
 *
 * Returns: whether it is there
 */
gboolean
ferry_store_rows_find_uid(const FerryStoreRows *self, guint32 uid, guint *index)
{
	guint low = 0, high = self->rows->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (ferry_store_rows_get(self, middle)->uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	if (index != NULL)
		*index = low;
	return low < self->rows->len && ferry_store_rows_get(self, low)->uid == uid;
}
