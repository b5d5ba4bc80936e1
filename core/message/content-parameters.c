/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parameters of a MIME field, as BODYSTRUCTURE shows them
 *
 * Specification: RFC 2045 §5.1, RFC 2231 §3 (continuations), RFC 9051 §7.5.2
 * Implementation: `name*0`, `name*1`, … become one `name` where the first stands; with encoded
 *   pieces among them one `name*`
 * Not mapped: character sets, RFC 2231 §4: `name*` keeps its charset'language'value, which is what
 *   clients expect of it
 */
#include <string.h>

#include "message/content-private.h"
#include "message/quote-private.h"

typedef struct {
	GString *name; /* in capitals */
	GString *value;
	gsize base;        /* octets of the name before `*N` */
	gint64 piece;      /* N; -1: the parameter is not continued */
	gboolean extended; /* `*N*`: the value has percent signs */
	gboolean used;
} Parameter;

static void
parameter_free(gpointer data)
{
	Parameter *self = data;

	g_string_free(self->name, TRUE);
	g_string_free(self->value, TRUE);
	g_free(self);
}

/* Reads `*N` or `*N*` at the end of the name. */
static void
parse_name(Parameter *self)
{
	const char *name = self->name->str;
	const char *star = strchr(name, '*');
	const char *digit;
	gint64 piece = 0;

	self->piece = -1;
	if (star == NULL || star == name)
		return;
	for (digit = star + 1; g_ascii_isdigit(*digit) && piece < G_MAXUINT16; digit++)
		piece = piece * 10 + (*digit - '0');
	/* no zeros before a number (RFC 2231 §3) */
	if (digit == star + 1 || (star[1] == '0' && digit > star + 2))
		return;
	self->extended = *digit == '*';
	if (digit[self->extended ? 1 : 0] != '\0')
		return;
	self->base = (gsize)(star - name);
	self->piece = piece;
}

static char *
make_key(const Parameter *self, gint64 piece)
{
	return g_strdup_printf("%.*s*%" G_GINT64_FORMAT, (int)self->base, self->name->str, piece);
}

/* @pieces: `NAME*N` to Parameter, the first of each */
static GPtrArray *
read_all(FerryMimeCursor *cursor, GHashTable *pieces)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(parameter_free);

	for (;;) {
		Parameter *parameter = g_new0(Parameter, 1);
		char *key;

		parameter->name = g_string_new(NULL);
		parameter->value = g_string_new(NULL);
		if (!ferry_mime_cursor_next_parameter(cursor, parameter->name, parameter->value)) {
			parameter_free(parameter);
			return all;
		}
		g_ptr_array_add(all, parameter);
		g_string_ascii_up(parameter->name);
		parse_name(parameter);
		if (parameter->piece < 0)
			continue;
		key = make_key(parameter, parameter->piece);
		if (g_hash_table_contains(pieces, key))
			g_free(key);
		else
			g_hash_table_insert(pieces, key, parameter);
	}
}

static Parameter *
find_piece(GHashTable *pieces, const Parameter *of, gint64 piece)
{
	g_autofree char *key = make_key(of, piece);

	return g_hash_table_lookup(pieces, key);
}

/* Beside encoded pieces a plain one is encoded too, as far as it must be (RFC 2231 §7). */
static void
append_piece(GString *value, const Parameter *piece, gboolean encode)
{
	if (piece->extended || !encode) {
		g_string_append_len(value, piece->value->str, (gssize)piece->value->len);
		return;
	}
	for (gsize i = 0; i < piece->value->len; i++) {
		guchar c = (guchar)piece->value->str[i];

		if (c > ' ' && c < 0x7f && strchr("*'%()<>@,;:\\\"/[]?=", c) == NULL)
			g_string_append_c(value, (char)c);
		else
			g_string_append_printf(value, "%%%02X", c);
	}
}

/* Makes @first, piece 0, the whole parameter. */
static void
join(Parameter *first, GHashTable *pieces)
{
	g_autoptr(GString) value = g_string_new(NULL);
	gboolean extended = FALSE;
	Parameter *piece;

	for (gint64 n = 0; (piece = find_piece(pieces, first, n)) != NULL; n++)
		extended = extended || piece->extended;
	for (gint64 n = 0; (piece = find_piece(pieces, first, n)) != NULL; n++) {
		append_piece(value, piece, extended);
		piece->used = TRUE;
	}
	g_string_truncate(first->name, first->base);
	if (extended)
		g_string_append_c(first->name, '*');
	first->piece = -1;
	g_string_assign(first->value, value->str);
}

/* Reads the parameters from the cursor on and gives each to @func, in order. */
void
ferry_message_parameters_parse(FerryMimeCursor *cursor, FerryMessageParameterFunc func,
			       gpointer user_data)
{
	g_autoptr(GHashTable) pieces = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) all = read_all(cursor, pieces);

	for (guint i = 0; i < all->len; i++) {
		Parameter *parameter = all->pdata[i];

		/* of two that are called so, the first */
		if (parameter->piece == 0 && find_piece(pieces, parameter, 0) == parameter)
			join(parameter, pieces);
	}
	for (guint i = 0; i < all->len; i++) {
		Parameter *parameter = all->pdata[i];

		/* the one that became the whole is used too, and has no piece any more */
		if (!parameter->used || parameter->piece < 0)
			func(parameter->name, parameter->value, user_data);
	}
}
