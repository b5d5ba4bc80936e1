/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing JSON
 *
 * Specification: RFC 8259; result references of RFC 8620 §3.7, patches of §5.3
 * Implementation: straight into text; the caller keeps objects and names in order
 */
#include <string.h>

#include "jmap/builder-private.h"
#include "jmap/value-private.h"

struct _FerryJmapBuilder {
	gatomicrefcount refs;
	GString *text;
	guint depth;
	gboolean need_comma;
	gboolean has_creations;
	gboolean has_references;
};

G_DEFINE_BOXED_TYPE(FerryJmapBuilder, ferry_jmap_builder, ferry_jmap_builder_ref,
		    ferry_jmap_builder_unref)

/**
 * ferry_jmap_builder_new:
 *
 * Returns: (transfer full): a builder that has written nothing
 */
FerryJmapBuilder *
ferry_jmap_builder_new(void)
{
	FerryJmapBuilder *self = g_new0(FerryJmapBuilder, 1);

	g_atomic_ref_count_init(&self->refs);
	self->text = g_string_sized_new(256);
	return self;
}

/**
 * ferry_jmap_builder_ref:
 * @self: a builder
 *
 * Returns: (transfer full): @self
 */
FerryJmapBuilder *
ferry_jmap_builder_ref(FerryJmapBuilder *self)
{
	g_atomic_ref_count_inc(&self->refs);
	return self;
}

/**
 * ferry_jmap_builder_unref:
 * @self: (transfer full): a builder
 *
 * Drops a reference.
 */
void
ferry_jmap_builder_unref(FerryJmapBuilder *self)
{
	if (!g_atomic_ref_count_dec(&self->refs))
		return;
	g_string_free(self->text, TRUE);
	g_free(self);
}

GString *
ferry_jmap_builder_peek(FerryJmapBuilder *self)
{
	return self->text;
}

gboolean
ferry_jmap_builder_has_creations(FerryJmapBuilder *self)
{
	return self->has_creations;
}

gboolean
ferry_jmap_builder_has_references(FerryJmapBuilder *self)
{
	return self->has_references;
}

static void
append_escaped(GString *out, guchar c)
{
	if (c == '"' || c == '\\') {
		g_string_append_c(out, '\\');
		g_string_append_c(out, (char)c);
	} else {
		g_string_append_printf(out, "\\u%04x", c);
	}
}

/* private: a JSON string with its quotes */
void
ferry_jmap_append_string(GString *out, const char *string)
{
	g_autofree char *valid = NULL;
	const char *start = NULL;

	if (!g_utf8_validate(string, -1, NULL))
		string = valid = g_utf8_make_valid(string, -1);
	g_string_append_c(out, '"');
	for (start = string; *string != '\0'; string++) {
		guchar c = (guchar)*string;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		g_string_append_len(out, start, string - start);
		append_escaped(out, c);
		start = string + 1;
	}
	g_string_append_len(out, start, string - start);
	g_string_append_c(out, '"');
}

static void
begin_value(FerryJmapBuilder *self)
{
	if (self->need_comma)
		g_string_append_c(self->text, ',');
	self->need_comma = TRUE;
}

static void
begin_container(FerryJmapBuilder *self, char bracket)
{
	begin_value(self);
	g_string_append_c(self->text, bracket);
	self->need_comma = FALSE;
	self->depth++;
}

static void
end_container(FerryJmapBuilder *self, char bracket)
{
	g_return_if_fail(self->depth > 0);
	g_string_append_c(self->text, bracket);
	self->need_comma = TRUE;
	self->depth--;
}

/**
 * ferry_jmap_builder_begin_object:
 * @self: a builder
 *
 * Opens an object.
 */
void
ferry_jmap_builder_begin_object(FerryJmapBuilder *self)
{
	begin_container(self, '{');
}

/**
 * ferry_jmap_builder_end_object:
 * @self: a builder
 *
 * Closes the innermost object.
 */
void
ferry_jmap_builder_end_object(FerryJmapBuilder *self)
{
	end_container(self, '}');
}

/**
 * ferry_jmap_builder_begin_array:
 * @self: a builder
 *
 * Opens an array.
 */
void
ferry_jmap_builder_begin_array(FerryJmapBuilder *self)
{
	begin_container(self, '[');
}

/**
 * ferry_jmap_builder_end_array:
 * @self: a builder
 *
 * Closes the innermost array.
 */
void
ferry_jmap_builder_end_array(FerryJmapBuilder *self)
{
	end_container(self, ']');
}

/**
 * ferry_jmap_builder_name:
 * @self: a builder inside an object
 * @name: the name of the value written next
 *
 * Writes a member's name.
 */
void
ferry_jmap_builder_name(FerryJmapBuilder *self, const char *name)
{
	begin_value(self);
	ferry_jmap_append_string(self->text, name);
	g_string_append_c(self->text, ':');
	self->need_comma = FALSE;
	/* what request.c goes by when it decides whether a call may be repeated */
	if (self->depth == 1 && g_str_equal(name, "create"))
		self->has_creations = TRUE;
}

/**
 * ferry_jmap_builder_string:
 * @self: a builder
 * @value: (nullable): text, %NULL is written as null
 *
 * Writes a string.
 */
void
ferry_jmap_builder_string(FerryJmapBuilder *self, const char *value)
{
	begin_value(self);
	if (value == NULL)
		g_string_append(self->text, "null");
	else
		ferry_jmap_append_string(self->text, value);
}

/**
 * ferry_jmap_builder_int:
 * @self: a builder
 * @value: a number
 *
 * Writes a number.
 */
void
ferry_jmap_builder_int(FerryJmapBuilder *self, gint64 value)
{
	begin_value(self);
	g_string_append_printf(self->text, "%" G_GINT64_FORMAT, value);
}

/**
 * ferry_jmap_builder_uint:
 * @self: a builder
 * @value: a number
 *
 * Writes a number.
 */
void
ferry_jmap_builder_uint(FerryJmapBuilder *self, guint64 value)
{
	begin_value(self);
	g_string_append_printf(self->text, "%" G_GUINT64_FORMAT, value);
}

/**
 * ferry_jmap_builder_bool:
 * @self: a builder
 * @value: a truth value
 *
 * Writes true or false.
 */
void
ferry_jmap_builder_bool(FerryJmapBuilder *self, gboolean value)
{
	begin_value(self);
	g_string_append(self->text, value ? "true" : "false");
}

/**
 * ferry_jmap_builder_null:
 * @self: a builder
 *
 * Writes null.
 */
void
ferry_jmap_builder_null(FerryJmapBuilder *self)
{
	begin_value(self);
	g_string_append(self->text, "null");
}

static void
write_number(FerryJmapBuilder *self, double number)
{
	char buffer[G_ASCII_DTOSTR_BUF_SIZE];

	begin_value(self);
	/* JSON has neither infinity nor NaN */
	if (number >= -G_MAXDOUBLE && number <= G_MAXDOUBLE)
		g_string_append(self->text, g_ascii_dtostr(buffer, sizeof buffer, number));
	else
		g_string_append(self->text, "null");
}

/* the depth of a document is limited where it is made, so this may recurse */
static void
write_node(FerryJmapBuilder *self, const FerryJmapDoc *doc, guint32 index)
{
	const FerryJmapNode *node = &doc->nodes[index];
	guint32 i = index + 1;

	switch (node->type) {
	case FERRY_JMAP_TYPE_OBJECT:
		ferry_jmap_builder_begin_object(self);
		for (; i < node->next; i = doc->nodes[i + 1].next) {
			ferry_jmap_builder_name(self, ferry_jmap_doc_text(doc, i));
			write_node(self, doc, i + 1);
		}
		ferry_jmap_builder_end_object(self);
		break;
	case FERRY_JMAP_TYPE_ARRAY:
		ferry_jmap_builder_begin_array(self);
		for (; i < node->next; i = doc->nodes[i].next)
			write_node(self, doc, i);
		ferry_jmap_builder_end_array(self);
		break;
	case FERRY_JMAP_TYPE_STRING:
		ferry_jmap_builder_string(self, ferry_jmap_doc_text(doc, index));
		break;
	case FERRY_JMAP_TYPE_INTEGER:
		ferry_jmap_builder_int(self, node->u.integer);
		break;
	case FERRY_JMAP_TYPE_DOUBLE:
		write_number(self, node->u.number);
		break;
	case FERRY_JMAP_TYPE_BOOLEAN:
		ferry_jmap_builder_bool(self, node->u.integer != 0);
		break;
	default:
		ferry_jmap_builder_null(self);
	}
}

/**
 * ferry_jmap_builder_value:
 * @self: a builder
 * @value: a value, written whole
 *
 * Writes a value that came from somewhere else.
 */
void
ferry_jmap_builder_value(FerryJmapBuilder *self, FerryJmapValue *value)
{
	guint32 index = 0;
	const FerryJmapDoc *doc = ferry_jmap_value_peek(value, &index);

	write_node(self, doc, index);
}

/**
 * ferry_jmap_builder_set_string:
 * @self: a builder inside an object
 * @name: a member's name
 * @value: (nullable): text
 *
 * Writes a name and a string.
 */
void
ferry_jmap_builder_set_string(FerryJmapBuilder *self, const char *name, const char *value)
{
	ferry_jmap_builder_name(self, name);
	ferry_jmap_builder_string(self, value);
}

/**
 * ferry_jmap_builder_set_int:
 * @self: a builder inside an object
 * @name: a member's name
 * @value: a number
 *
 * Writes a name and a number.
 */
void
ferry_jmap_builder_set_int(FerryJmapBuilder *self, const char *name, gint64 value)
{
	ferry_jmap_builder_name(self, name);
	ferry_jmap_builder_int(self, value);
}

/**
 * ferry_jmap_builder_set_uint:
 * @self: a builder inside an object
 * @name: a member's name
 * @value: a number
 *
 * Writes a name and a number.
 */
void
ferry_jmap_builder_set_uint(FerryJmapBuilder *self, const char *name, guint64 value)
{
	ferry_jmap_builder_name(self, name);
	ferry_jmap_builder_uint(self, value);
}

/**
 * ferry_jmap_builder_set_bool:
 * @self: a builder inside an object
 * @name: a member's name
 * @value: a truth value
 *
 * Writes a name and a truth value.
 */
void
ferry_jmap_builder_set_bool(FerryJmapBuilder *self, const char *name, gboolean value)
{
	ferry_jmap_builder_name(self, name);
	ferry_jmap_builder_bool(self, value);
}

/**
 * ferry_jmap_builder_set_null:
 * @self: a builder inside an object
 * @name: a member's name
 *
 * Writes a name and null.
 */
void
ferry_jmap_builder_set_null(FerryJmapBuilder *self, const char *name)
{
	ferry_jmap_builder_name(self, name);
	ferry_jmap_builder_null(self);
}

/**
 * ferry_jmap_builder_set_strings:
 * @self: a builder inside an object
 * @name: a member's name
 * @values: (array length=n_values) (nullable): strings; %NULL is written as null
 * @n_values: how many, or -1 where @values ends with %NULL
 *
 * Writes a name and an array of strings.
 */
void
ferry_jmap_builder_set_strings(FerryJmapBuilder *self, const char *name, const char *const *values,
			       gssize n_values)
{
	ferry_jmap_builder_name(self, name);
	if (values == NULL) {
		ferry_jmap_builder_null(self);
		return;
	}
	ferry_jmap_builder_begin_array(self);
	for (gssize i = 0; n_values < 0 ? values[i] != NULL : i < n_values; i++)
		ferry_jmap_builder_string(self, values[i]);
	ferry_jmap_builder_end_array(self);
}

/**
 * ferry_jmap_builder_set_patch:
 * @self: a builder inside a PatchObject
 * @property: the property that is a set, such as `keywords` or `mailboxIds`
 * @key: the member to add or remove
 * @present: whether it shall be in the set
 *
 * Writes one line of a patch: `keywords/$seen: true`, `mailboxIds/M1: null` (RFC 8620 §5.3).
 */
void
ferry_jmap_builder_set_patch(FerryJmapBuilder *self, const char *property, const char *key,
			     gboolean present)
{
	g_autoptr(GString) path = g_string_new(property);

	g_string_append_c(path, '/');
	for (; *key != '\0'; key++) {
		if (*key == '~')
			g_string_append(path, "~0");
		else if (*key == '/')
			g_string_append(path, "~1");
		else
			g_string_append_c(path, *key);
	}
	ferry_jmap_builder_name(self, path->str);
	if (present)
		ferry_jmap_builder_bool(self, TRUE);
	else
		ferry_jmap_builder_null(self);
}

/**
 * ferry_jmap_builder_set_reference:
 * @self: a builder inside the arguments of a call
 * @name: the argument, without `#`
 * @call_id: an earlier call of the same request
 * @method: the method of that call
 * @path: where in its answer the value is, for example `/created`
 *
 * Writes a result reference (RFC 8620 §3.7).
 */
void
ferry_jmap_builder_set_reference(FerryJmapBuilder *self, const char *name, const char *call_id,
				 const char *method, const char *path)
{
	g_autofree char *member = g_strconcat("#", name, NULL);

	ferry_jmap_builder_name(self, member);
	ferry_jmap_builder_begin_object(self);
	ferry_jmap_builder_set_string(self, "resultOf", call_id);
	ferry_jmap_builder_set_string(self, "name", method);
	ferry_jmap_builder_set_string(self, "path", path);
	ferry_jmap_builder_end_object(self);
	self->has_references = TRUE;
}

/**
 * ferry_jmap_builder_set_creation_reference:
 * @self: a builder inside the arguments of a call
 * @name: the property
 * @creation_id: what an earlier call of the same request names an object that it creates
 *
 * Writes the id of an object that there is not yet (RFC 8620 §5.3).
 */
void
ferry_jmap_builder_set_creation_reference(FerryJmapBuilder *self, const char *name,
					  const char *creation_id)
{
	g_autofree char *reference = g_strconcat("#", creation_id, NULL);

	ferry_jmap_builder_set_string(self, name, reference);
	self->has_references = TRUE;
}

/**
 * ferry_jmap_builder_to_json:
 * @self: a builder
 *
 * Returns: (transfer full): what was written
 */
char *
ferry_jmap_builder_to_json(FerryJmapBuilder *self)
{
	return g_strdup(self->text->str);
}
