/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jmap/value.h"

G_BEGIN_DECLS

/* Deeper answers than this are refused before anything recurses over them. */
#define FERRY_JMAP_MAX_NESTING 64

/* In an object each member is a NAME node followed by its value. */
#define FERRY_JMAP_NODE_NAME 7

/* One value of a document. Children follow their parent; next is the index behind the last one. */
typedef struct {
	guint32 type;
	guint32 next;
	union {
		gint64 integer;
		double number;
		struct {
			guint32 offset;
			guint32 length;
		} string;
		guint32 count;
	} u;
} FerryJmapNode;

/* A parsed document: all nodes in one array, all text in one block. Immutable, so any thread. */
typedef struct {
	gatomicrefcount refs;
	FerryJmapNode *nodes;
	guint32 n_nodes;
	char *text;
} FerryJmapDoc;

/* Where a document is written, parent before children. */
typedef struct _FerryJmapDocWriter FerryJmapDocWriter;

FerryJmapDocWriter *ferry_jmap_doc_writer_new(gsize size_hint);
void ferry_jmap_doc_writer_free(FerryJmapDocWriter *self);
guint32 ferry_jmap_doc_writer_begin(FerryJmapDocWriter *self, FerryJmapType type);
void ferry_jmap_doc_writer_end(FerryJmapDocWriter *self, guint32 container, guint32 count);
void ferry_jmap_doc_writer_name(FerryJmapDocWriter *self, const char *name);
void ferry_jmap_doc_writer_string(FerryJmapDocWriter *self, const char *string);
void ferry_jmap_doc_writer_integer(FerryJmapDocWriter *self, gint64 value);
void ferry_jmap_doc_writer_double(FerryJmapDocWriter *self, double value);
void ferry_jmap_doc_writer_boolean(FerryJmapDocWriter *self, gboolean value);
void ferry_jmap_doc_writer_null(FerryJmapDocWriter *self);
FerryJmapValue *ferry_jmap_doc_writer_finish(FerryJmapDocWriter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryJmapDocWriter, ferry_jmap_doc_writer_free)

/* The hot paths work on (document, index) without making values. */
const FerryJmapDoc *ferry_jmap_value_peek(FerryJmapValue *self, guint32 *index);
FerryJmapValue *ferry_jmap_value_new_root(FerryJmapDoc *doc);
FerryJmapValue *ferry_jmap_value_new_at(FerryJmapValue *self, guint32 index);
gboolean ferry_jmap_value_find(FerryJmapValue *self, const char *path, guint32 *index);
const char **ferry_jmap_value_borrow_strings(FerryJmapValue *self, const char *path, guint *length);

static inline const char *
ferry_jmap_doc_text(const FerryJmapDoc *doc, guint32 index)
{
	return doc->text + doc->nodes[index].u.string.offset;
}

static inline const char *
ferry_jmap_doc_string(const FerryJmapDoc *doc, guint32 index)
{
	return doc->nodes[index].type == FERRY_JMAP_TYPE_STRING ? ferry_jmap_doc_text(doc, index)
								: NULL;
}

G_END_DECLS
