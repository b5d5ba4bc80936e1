/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing a document, parent before children
 *
 * Implementation: one array of nodes and one block of text, which become the document's; equal
 *   names are stored once
 */
#include <string.h>

#include "jmap/value-private.h"

struct _FerryJmapDocWriter {
	GArray *nodes;
	GString *text;
	GHashTable *names; /* name → offset in text; the keys are ours */
	GStringChunk *chunk;
};

FerryJmapDocWriter *
ferry_jmap_doc_writer_new(gsize size_hint)
{
	FerryJmapDocWriter *self = g_new0(FerryJmapDocWriter, 1);

	self->nodes = g_array_sized_new(FALSE, FALSE, sizeof(FerryJmapNode), size_hint / 16 + 8);
	self->text = g_string_sized_new(size_hint / 2 + 16);
	self->chunk = g_string_chunk_new(1024);
	self->names = g_hash_table_new(g_str_hash, g_str_equal);
	return self;
}

void
ferry_jmap_doc_writer_free(FerryJmapDocWriter *self)
{
	g_array_unref(self->nodes);
	g_string_free(self->text, TRUE);
	g_hash_table_unref(self->names);
	g_string_chunk_free(self->chunk);
	g_free(self);
}

static FerryJmapNode *
writer_add(FerryJmapDocWriter *self, guint32 type)
{
	FerryJmapNode node = {.type = type, .next = self->nodes->len + 1};

	g_array_append_val(self->nodes, node);
	return &g_array_index(self->nodes, FerryJmapNode, self->nodes->len - 1);
}

guint32
ferry_jmap_doc_writer_begin(FerryJmapDocWriter *self, FerryJmapType type)
{
	writer_add(self, type);
	return self->nodes->len - 1;
}

void
ferry_jmap_doc_writer_end(FerryJmapDocWriter *self, guint32 container, guint32 count)
{
	FerryJmapNode *node = &g_array_index(self->nodes, FerryJmapNode, container);

	node->next = self->nodes->len;
	node->u.count = count;
}

static void
writer_add_text(FerryJmapDocWriter *self, FerryJmapNode *node, const char *string)
{
	gsize length = strlen(string);

	node->u.string.offset = self->text->len;
	node->u.string.length = length;
	g_string_append_len(self->text, string, length + 1);
}

void
ferry_jmap_doc_writer_name(FerryJmapDocWriter *self, const char *name)
{
	FerryJmapNode *node = writer_add(self, FERRY_JMAP_NODE_NAME);
	gpointer offset = NULL;

	if (g_hash_table_lookup_extended(self->names, name, NULL, &offset)) {
		node->u.string.offset = GPOINTER_TO_UINT(offset);
		node->u.string.length = strlen(name);
		return;
	}
	writer_add_text(self, node, name);
	/* ids as names are many and seldom repeated: do not remember without end */
	if (g_hash_table_size(self->names) < 1024)
		g_hash_table_insert(self->names, g_string_chunk_insert(self->chunk, name),
				    GUINT_TO_POINTER(node->u.string.offset));
}

void
ferry_jmap_doc_writer_string(FerryJmapDocWriter *self, const char *string)
{
	writer_add_text(self, writer_add(self, FERRY_JMAP_TYPE_STRING), string);
}

void
ferry_jmap_doc_writer_integer(FerryJmapDocWriter *self, gint64 value)
{
	writer_add(self, FERRY_JMAP_TYPE_INTEGER)->u.integer = value;
}

void
ferry_jmap_doc_writer_double(FerryJmapDocWriter *self, double value)
{
	writer_add(self, FERRY_JMAP_TYPE_DOUBLE)->u.number = value;
}

void
ferry_jmap_doc_writer_boolean(FerryJmapDocWriter *self, gboolean value)
{
	writer_add(self, FERRY_JMAP_TYPE_BOOLEAN)->u.integer = value;
}

void
ferry_jmap_doc_writer_null(FerryJmapDocWriter *self)
{
	writer_add(self, FERRY_JMAP_TYPE_NULL);
}

/* private: the root of what was written; the writer is empty afterwards */
FerryJmapValue *
ferry_jmap_doc_writer_finish(FerryJmapDocWriter *self)
{
	FerryJmapDoc *doc = g_new(FerryJmapDoc, 1);
	gsize text_length = 0;

	g_atomic_ref_count_init(&doc->refs);
	doc->n_nodes = self->nodes->len;
	doc->nodes = g_renew(FerryJmapNode, g_array_free(self->nodes, FALSE), doc->n_nodes);
	text_length = self->text->len;
	doc->text = g_realloc(g_string_free(self->text, FALSE), text_length + 1);
	self->nodes = g_array_new(FALSE, FALSE, sizeof(FerryJmapNode));
	self->text = g_string_new(NULL);
	g_hash_table_remove_all(self->names);
	return ferry_jmap_value_new_root(doc);
}
