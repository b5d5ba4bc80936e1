/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Responses and challenges as they stand on the wire
 *
 * Specification: RFC 4648 section 4 (base64), RFC 9051 section 6.2.2
 * Implementation: strict base64 with a limit; what was decoded is wiped when it is freed
 */
#include <string.h>

#include "auth/sasl-mechanism-private.h"
#include "base/error.h"

static gboolean
ferry_sasl_is_base64(const char *text, gsize length)
{
	gsize padding = 0;

	if (length % 4 != 0)
		return FALSE;
	for (gsize i = 0; i < length; i++) {
		if (text[i] == '=')
			padding++;
		else if (padding > 0 ||
			 !(g_ascii_isalnum(text[i]) || text[i] == '+' || text[i] == '/'))
			return FALSE;
	}
	return padding <= 2;
}

static void
ferry_sasl_wipe(gpointer data)
{
	GByteArray *array = data;

	explicit_bzero(array->data, array->len);
	g_byte_array_unref(array);
}

/* GLib's own decoder skips what is not base64; the RFC wants it refused. */
GBytes *
ferry_sasl_decode(const char *text, gsize max, GError **error)
{
	gsize length = strlen(text);
	gsize decoded = 0;
	guint8 *data;
	GByteArray *array;

	if (length / 4 * 3 > max) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_TOO_BIG,
				    "the SASL response is too long");
		return NULL;
	}
	if (!ferry_sasl_is_base64(text, length)) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
				    "the SASL response is not base64");
		return NULL;
	}
	if (length == 0)
		return g_bytes_new_static("", 0);
	data = g_base64_decode(text, &decoded);
	array = g_byte_array_new_take(data, decoded);
	return g_bytes_new_with_free_func(array->data, array->len, ferry_sasl_wipe, array);
}

char *
ferry_sasl_encode(GBytes *bytes)
{
	gsize length;
	const guint8 *data = g_bytes_get_data(bytes, &length);

	return length > 0 ? g_base64_encode(data, length) : g_strdup("");
}
