/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pass over a reply before a JSON library sees it
 *
 * Specification: RFC 8259 §8.2 (unpaired surrogates), RFC 8620 §1.5 (I-JSON)
 * Implementation: one linear pass, repairs in place where the repair is as long as the damage: an
 *   escaped lone surrogate or NUL becomes \ufffd, an integer beyond 18 digits all nines. Refused
 *   are nesting beyond the limit (libraries recurse), more values than any reply of use has (each
 *   takes a library a hundred octets) and anything outside strings that is no JSON, such as the
 *   comments that some libraries take. It does not check the grammar
 */
#include <string.h>

#include "jmap/guard-private.h"
#include "jmap/error.h"

/* 65,536 Emails of sixty values */
#define MAX_VALUES 4000000

typedef struct {
	guchar *p;
	guchar *end;
	guint depth;
	guint n_values; /* commas and brackets: never fewer than there are values in a container */
} Guard;

static gboolean
read_hex4(const guchar *p, guint *code)
{
	*code = 0;
	for (guint i = 0; i < 4; i++) {
		int digit = g_ascii_xdigit_value((char)p[i]);

		if (digit < 0)
			return FALSE;
		*code = *code << 4 | (guint)digit;
	}
	return TRUE;
}

static gboolean
is_low_surrogate(const Guard *guard, const guchar *p)
{
	guint code = 0;

	return guard->end - p >= 6 && p[0] == '\\' && p[1] == 'u' && read_hex4(p + 2, &code) &&
	       code >= 0xdc00 && code <= 0xdfff;
}

/* guard->p is at the backslash of an escape; leaves it behind what is settled */
static void
pass_escape(Guard *guard)
{
	guchar *p = guard->p;
	guint code = 0;

	if (guard->end - p < 6 || p[1] != 'u' || !read_hex4(p + 2, &code)) {
		/* the parser judges what this is; here only the escaped quote matters */
		guard->p += MIN(2, guard->end - p);
		return;
	}
	guard->p += 6;
	if (code >= 0xd800 && code <= 0xdbff && is_low_surrogate(guard, p + 6))
		guard->p += 6;
	else if (code == 0 || (code >= 0xd800 && code <= 0xdfff))
		memcpy(p, "\\ufffd", 6);
}

/* guard->p is behind the opening quote; leaves it behind the closing one */
static void
pass_string(Guard *guard)
{
	while (guard->p < guard->end) {
		if (*guard->p == '\\') {
			pass_escape(guard);
		} else if (*guard->p++ == '"') {
			return;
		}
	}
}

/* guard->p is at a digit; integers that overflow become the greatest that does not, in place */
static void
pass_number(Guard *guard)
{
	guchar *start = guard->p;

	while (guard->p < guard->end && g_ascii_isdigit(*guard->p))
		guard->p++;
	if (guard->p < guard->end && strchr(".eE", *guard->p) != NULL && *guard->p != '\0') {
		while (guard->p < guard->end &&
		       (g_ascii_isdigit(*guard->p) ||
			(*guard->p != '\0' && strchr(".eE+-", *guard->p) != NULL)))
			guard->p++;
		return;
	}
	if (guard->p - start > 18) {
		memset(start, '9', 18);
		memset(start + 18, ' ', (gsize)(guard->p - start) - 18);
	}
}

/* what may stand outside strings and numbers */
static gboolean
is_structural(guchar c)
{
	return c != '\0' && strchr(",: \t\r\n-truefalsn", c) != NULL;
}

static gboolean
pass_token(Guard *guard, guint max_nesting, GError **error)
{
	guchar c = *guard->p;

	if (g_ascii_isdigit(c)) {
		pass_number(guard);
		return TRUE;
	}
	guard->p++;
	if ((c == ',' || c == '{' || c == '[') && ++guard->n_values > MAX_VALUES) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_BACKEND,
				    "JSON of too many values");
		return FALSE;
	}
	if (c == '"') {
		pass_string(guard);
	} else if (c == '{' || c == '[') {
		if (++guard->depth > max_nesting) {
			g_set_error(error, FERRY_ERROR, FERRY_ERROR_BACKEND,
				    "JSON nested deeper than %u", max_nesting);
			return FALSE;
		}
	} else if (c == '}' || c == ']') {
		guard->depth -= guard->depth > 0 ? 1 : 0;
	} else if (!is_structural(c)) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_BACKEND,
			    "octet 0x%02x in JSON outside of a string", c);
		return FALSE;
	}
	return TRUE;
}

/* the rare reply that is no UTF-8 is copied */
static void
repair_utf8(GByteArray *json)
{
	g_autofree char *valid = NULL;
	gsize length = 0;

	if (g_utf8_validate_len((const char *)json->data, json->len, NULL))
		return;
	valid = g_utf8_make_valid((const char *)json->data, json->len);
	length = strlen(valid);
	g_byte_array_set_size(json, 0);
	g_byte_array_append(json, (const guint8 *)valid, (guint)length);
}

/* Makes @json fit for a JSON library, or refuses it with FERRY_ERROR_BACKEND. */
gboolean
ferry_jmap_guard(GByteArray *json, guint max_nesting, GError **error)
{
	Guard guard = {0};

	if (json->len == 0) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_BACKEND, "empty JSON");
		return FALSE;
	}
	repair_utf8(json);
	guard.p = json->data;
	guard.end = json->data + json->len;
	while (guard.p < guard.end)
		if (!pass_token(&guard, max_nesting, error))
			return FALSE;
	return TRUE;
}
