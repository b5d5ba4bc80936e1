/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A parsed JSON document and the values in it
 *
 * Specification: RFC 8259 (JSON), RFC 6901 (JSON Pointer, without its leading slash)
 * Implementation: documents are written once, by reply.c, and then only read. A document is two
 *   blocks of memory, so that pages of thousands of objects are neither many allocations nor much
 *   work to drop; equal names are stored once
 */
#include <string.h>

#include "jmap/builder.h"
#include "jmap/value-private.h"

struct _FerryJmapValue {
	gatomicrefcount refs;
	FerryJmapDoc *doc;
	guint32 index;
};

G_DEFINE_BOXED_TYPE(FerryJmapValue, ferry_jmap_value, ferry_jmap_value_ref, ferry_jmap_value_unref)

static void
ferry_jmap_doc_unref(FerryJmapDoc *doc)
{
	if (!g_atomic_ref_count_dec(&doc->refs))
		return;
	g_free(doc->nodes);
	g_free(doc->text);
	g_free(doc);
}

static FerryJmapValue *
ferry_jmap_value_new_take(FerryJmapDoc *doc, guint32 index)
{
	FerryJmapValue *self = g_new(FerryJmapValue, 1);

	g_atomic_ref_count_init(&self->refs);
	self->doc = doc;
	self->index = index;
	return self;
}

/* private: the root of @doc, which it owns */
FerryJmapValue *
ferry_jmap_value_new_root(FerryJmapDoc *doc)
{
	return ferry_jmap_value_new_take(doc, 0);
}

/* private: a value of the same document */
FerryJmapValue *
ferry_jmap_value_new_at(FerryJmapValue *self, guint32 index)
{
	g_atomic_ref_count_inc(&self->doc->refs);
	return ferry_jmap_value_new_take(self->doc, index);
}

/**
 * ferry_jmap_value_ref:
 * @self: a value
 *
 * Takes a reference; from any thread.
 *
 * Returns: (transfer full): @self
 */
FerryJmapValue *
ferry_jmap_value_ref(FerryJmapValue *self)
{
	g_atomic_ref_count_inc(&self->refs);
	return self;
}

/**
 * ferry_jmap_value_unref:
 * @self: (transfer full): a value
 *
 * Drops a reference; the document goes with its last value.
 */
void
ferry_jmap_value_unref(FerryJmapValue *self)
{
	if (!g_atomic_ref_count_dec(&self->refs))
		return;
	ferry_jmap_doc_unref(self->doc);
	g_free(self);
}

/* private: where the value is, for loops that must not allocate */
const FerryJmapDoc *
ferry_jmap_value_peek(FerryJmapValue *self, guint32 *index)
{
	*index = self->index;
	return self->doc;
}

/* compares a member's name with one escaped step of a path */
static gboolean
step_equals(const char *name, const char *step, gsize length)
{
	const char *end = step + length;

	for (; step < end; step++, name++) {
		char c = *step;

		if (c == '~' && step + 1 < end)
			c = *++step == '1' ? '/' : '~';
		if (*name != c)
			return FALSE;
	}
	return *name == '\0';
}

static gboolean
find_in_object(const FerryJmapDoc *doc, guint32 *index, const char *step, gsize length)
{
	const FerryJmapNode *nodes = doc->nodes;
	guint32 end = nodes[*index].next;

	for (guint32 i = *index + 1; i < end; i = nodes[i + 1].next) {
		if (step_equals(ferry_jmap_doc_text(doc, i), step, length)) {
			*index = i + 1;
			return TRUE;
		}
	}
	return FALSE;
}

static gboolean
find_nth(const FerryJmapDoc *doc, guint32 *index, guint64 nth)
{
	const FerryJmapNode *nodes = doc->nodes;
	guint32 i = *index + 1;

	if (nth >= nodes[*index].u.count)
		return FALSE;
	for (; nth > 0; nth--)
		i = nodes[i].next;
	*index = i;
	return TRUE;
}

static gboolean
find_in_array(const FerryJmapDoc *doc, guint32 *index, const char *step, gsize length)
{
	guint64 nth = 0;

	if (length == 0 || length > 9)
		return FALSE;
	for (gsize i = 0; i < length; i++) {
		if (!g_ascii_isdigit(step[i]))
			return FALSE;
		nth = nth * 10 + (guint64)(step[i] - '0');
	}
	return find_nth(doc, index, nth);
}

/* private: follows a path */
gboolean
ferry_jmap_value_find(FerryJmapValue *self, const char *path, guint32 *index)
{
	guint32 at = self->index;

	while (path != NULL && *path != '\0') {
		gsize length = strcspn(path, "/");
		guint32 type = self->doc->nodes[at].type;

		if (type == FERRY_JMAP_TYPE_OBJECT) {
			if (!find_in_object(self->doc, &at, path, length))
				return FALSE;
		} else if (type != FERRY_JMAP_TYPE_ARRAY ||
			   !find_in_array(self->doc, &at, path, length)) {
			return FALSE;
		}
		path += length;
		if (*path == '/')
			path++;
	}
	*index = at;
	return TRUE;
}

static const FerryJmapNode *
find_node(FerryJmapValue *self, const char *path)
{
	guint32 index = 0;

	return ferry_jmap_value_find(self, path, &index) ? &self->doc->nodes[index] : NULL;
}

/**
 * ferry_jmap_value_get_value_type:
 * @self: a value
 *
 * Returns: what it is
 */
FerryJmapType
ferry_jmap_value_get_value_type(FerryJmapValue *self)
{
	return (FerryJmapType)self->doc->nodes[self->index].type;
}

/**
 * ferry_jmap_value_get:
 * @self: a value
 * @path: (nullable): a path
 *
 * Returns: (transfer full) (nullable): the value there, which may be null, or %NULL where there
 *   is none
 */
FerryJmapValue *
ferry_jmap_value_get(FerryJmapValue *self, const char *path)
{
	guint32 index = 0;

	return ferry_jmap_value_find(self, path, &index) ? ferry_jmap_value_new_at(self, index)
							 : NULL;
}

/**
 * ferry_jmap_value_has:
 * @self: a value
 * @path: (nullable): a path
 *
 * Returns: whether there is a value, null included
 */
gboolean
ferry_jmap_value_has(FerryJmapValue *self, const char *path)
{
	return find_node(self, path) != NULL;
}

/**
 * ferry_jmap_value_is_null:
 * @self: a value
 * @path: (nullable): a path
 *
 * Returns: whether the value there is null or there is none
 */
gboolean
ferry_jmap_value_is_null(FerryJmapValue *self, const char *path)
{
	const FerryJmapNode *node = find_node(self, path);

	return node == NULL || node->type == FERRY_JMAP_TYPE_NULL;
}

/**
 * ferry_jmap_value_get_string:
 * @self: a value
 * @path: (nullable): a path
 *
 * Returns: (transfer none) (nullable): the string there, valid as long as @self
 */
const char *
ferry_jmap_value_get_string(FerryJmapValue *self, const char *path)
{
	guint32 index = 0;

	if (!ferry_jmap_value_find(self, path, &index))
		return NULL;
	return ferry_jmap_doc_string(self->doc, index);
}

/**
 * ferry_jmap_value_get_int64:
 * @self: a value
 * @path: (nullable): a path
 * @fallback: what else to return
 *
 * A number with a fraction or an exponent counts where it is whole and exact.
 *
 * Returns: the number there
 */
gint64
ferry_jmap_value_get_int64(FerryJmapValue *self, const char *path, gint64 fallback)
{
	const FerryJmapNode *node = find_node(self, path);

	if (node == NULL)
		return fallback;
	if (node->type == FERRY_JMAP_TYPE_INTEGER)
		return node->u.integer;
	if (node->type == FERRY_JMAP_TYPE_DOUBLE && node->u.number >= -9007199254740992.0 &&
	    node->u.number <= 9007199254740992.0 &&
	    (double)(gint64)node->u.number == node->u.number)
		return (gint64)node->u.number;
	return fallback;
}

/**
 * ferry_jmap_value_get_uint64:
 * @self: a value
 * @path: (nullable): a path
 * @fallback: what else to return, also for negative numbers
 *
 * Returns: the number there
 */
guint64
ferry_jmap_value_get_uint64(FerryJmapValue *self, const char *path, guint64 fallback)
{
	gint64 number = ferry_jmap_value_get_int64(self, path, -1);

	return number >= 0 ? (guint64)number : fallback;
}

/**
 * ferry_jmap_value_get_double:
 * @self: a value
 * @path: (nullable): a path
 * @fallback: what else to return
 *
 * Returns: the number there
 */
double
ferry_jmap_value_get_double(FerryJmapValue *self, const char *path, double fallback)
{
	const FerryJmapNode *node = find_node(self, path);

	if (node == NULL)
		return fallback;
	if (node->type == FERRY_JMAP_TYPE_INTEGER)
		return (double)node->u.integer;
	return node->type == FERRY_JMAP_TYPE_DOUBLE ? node->u.number : fallback;
}

/**
 * ferry_jmap_value_get_boolean:
 * @self: a value
 * @path: (nullable): a path
 * @fallback: what else to return
 *
 * Returns: the truth value there
 */
gboolean
ferry_jmap_value_get_boolean(FerryJmapValue *self, const char *path, gboolean fallback)
{
	const FerryJmapNode *node = find_node(self, path);

	if (node == NULL || node->type != FERRY_JMAP_TYPE_BOOLEAN)
		return fallback;
	return node->u.integer != 0;
}

/**
 * ferry_jmap_value_get_size:
 * @self: a value
 * @path: (nullable): a path
 *
 * Returns: how many items the array or members the object there has, else 0
 */
guint
ferry_jmap_value_get_size(FerryJmapValue *self, const char *path)
{
	const FerryJmapNode *node = find_node(self, path);

	if (node == NULL ||
	    (node->type != FERRY_JMAP_TYPE_ARRAY && node->type != FERRY_JMAP_TYPE_OBJECT))
		return 0;
	return node->u.count;
}

/**
 * ferry_jmap_value_get_member:
 * @self: a value
 * @name: a name as it stands, no path
 *
 * Returns: (transfer full) (nullable): the member of that name
 */
FerryJmapValue *
ferry_jmap_value_get_member(FerryJmapValue *self, const char *name)
{
	const FerryJmapDoc *doc = self->doc;
	guint32 end = doc->nodes[self->index].next;

	if (doc->nodes[self->index].type != FERRY_JMAP_TYPE_OBJECT)
		return NULL;
	for (guint32 i = self->index + 1; i < end; i = doc->nodes[i + 1].next)
		if (strcmp(ferry_jmap_doc_text(doc, i), name) == 0)
			return ferry_jmap_value_new_at(self, i + 1);
	return NULL;
}

/**
 * ferry_jmap_value_get_item:
 * @self: a value
 * @index: which item, from 0
 *
 * To walk over an array use [struct@JmapValueIter]: this one counts from the start.
 *
 * Returns: (transfer full) (nullable): the item
 */
FerryJmapValue *
ferry_jmap_value_get_item(FerryJmapValue *self, guint index)
{
	guint32 at = self->index;

	if (self->doc->nodes[at].type != FERRY_JMAP_TYPE_ARRAY || !find_nth(self->doc, &at, index))
		return NULL;
	return ferry_jmap_value_new_at(self, at);
}

/* private: the strings of an array; the vector is the caller's, the strings the document's */
const char **
ferry_jmap_value_borrow_strings(FerryJmapValue *self, const char *path, guint *length)
{
	const FerryJmapNode *node = find_node(self, path);
	guint32 index = 0;
	guint n = 0;
	const char **strings = NULL;

	if (node == NULL || node->type != FERRY_JMAP_TYPE_ARRAY) {
		if (length != NULL)
			*length = 0;
		return g_new0(const char *, 1);
	}
	index = (guint32)(node - self->doc->nodes);
	strings = g_new(const char *, (gsize)node->u.count + 1);
	for (guint32 i = index + 1; i < node->next; i = self->doc->nodes[i].next) {
		const char *string = ferry_jmap_doc_string(self->doc, i);

		if (string != NULL)
			strings[n++] = string;
	}
	strings[n] = NULL;
	if (length != NULL)
		*length = n;
	return strings;
}

/**
 * ferry_jmap_value_dup_strings:
 * @self: a value
 * @path: (nullable): a path
 *
 * Returns: (transfer full) (array zero-terminated=1): the strings of the array there; what is no
 *   string is left out
 */
char **
ferry_jmap_value_dup_strings(FerryJmapValue *self, const char *path)
{
	g_autofree const char **strings = ferry_jmap_value_borrow_strings(self, path, NULL);

	return g_strdupv((char **)strings);
}

/**
 * ferry_jmap_value_dup_member_names:
 * @self: a value
 * @path: (nullable): a path
 *
 * Returns: (transfer full) (array zero-terminated=1): the names of the object there
 */
char **
ferry_jmap_value_dup_member_names(FerryJmapValue *self, const char *path)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	FerryJmapValueIter iter;
	const char *name = NULL;

	if (ferry_jmap_value_iter_init(&iter, self, path) && iter.is_object)
		while (ferry_jmap_value_iter_next(&iter, &name, NULL))
			g_strv_builder_add(builder, name);
	return g_strv_builder_end(builder);
}

/**
 * ferry_jmap_value_to_json:
 * @self: a value
 *
 * Returns: (transfer full): its JSON text
 */
char *
ferry_jmap_value_to_json(FerryJmapValue *self)
{
	g_autoptr(FerryJmapBuilder) builder = ferry_jmap_builder_new();

	ferry_jmap_builder_value(builder, self);
	return ferry_jmap_builder_to_json(builder);
}

/**
 * ferry_jmap_value_iter_init:
 * @iter: (out caller-allocates): an iterator
 * @value: a value
 * @path: (nullable): where in it to walk
 *
 * Returns: whether there is an array or object; if not, the walk ends at once
 */
gboolean
ferry_jmap_value_iter_init(FerryJmapValueIter *iter, FerryJmapValue *value, const char *path)
{
	const FerryJmapNode *node = find_node(value, path);

	memset(iter, 0, sizeof *iter);
	if (node == NULL ||
	    (node->type != FERRY_JMAP_TYPE_ARRAY && node->type != FERRY_JMAP_TYPE_OBJECT))
		return FALSE;
	iter->value = value;
	iter->position = (guint32)(node - value->doc->nodes) + 1;
	iter->end = node->next;
	iter->is_object = node->type == FERRY_JMAP_TYPE_OBJECT;
	return TRUE;
}

static gboolean
iter_step(FerryJmapValueIter *iter, const char **name, guint32 *index)
{
	FerryJmapValue *value = (FerryJmapValue *)iter->value;

	if (iter->position >= iter->end)
		return FALSE;
	if (name != NULL)
		*name = iter->is_object ? ferry_jmap_doc_text(value->doc, iter->position) : NULL;
	*index = iter->position + (iter->is_object ? 1 : 0);
	iter->position = value->doc->nodes[*index].next;
	return TRUE;
}

/**
 * ferry_jmap_value_iter_next:
 * @iter: an iterator
 * @name: (out) (transfer none) (optional) (nullable): the member's name, %NULL in an array
 * @value: (out) (transfer full) (optional): the member or item
 *
 * Returns: whether there was one more
 */
gboolean
ferry_jmap_value_iter_next(FerryJmapValueIter *iter, const char **name, FerryJmapValue **value)
{
	guint32 index = 0;

	if (!iter_step(iter, name, &index))
		return FALSE;
	if (value != NULL)
		*value = ferry_jmap_value_new_at((FerryJmapValue *)iter->value, index);
	return TRUE;
}

/**
 * ferry_jmap_value_iter_next_string:
 * @iter: an iterator
 * @name: (out) (transfer none) (optional) (nullable): the member's name, %NULL in an array
 * @string: (out) (transfer none) (nullable): the member or item, %NULL where it is no string
 *
 * As [method@JmapValueIter.next], without making values.
 *
 * Returns: whether there was one more
 */
gboolean
ferry_jmap_value_iter_next_string(FerryJmapValueIter *iter, const char **name, const char **string)
{
	guint32 index = 0;

	if (!iter_step(iter, name, &index))
		return FALSE;
	*string = ferry_jmap_doc_string(((FerryJmapValue *)iter->value)->doc, index);
	return TRUE;
}
