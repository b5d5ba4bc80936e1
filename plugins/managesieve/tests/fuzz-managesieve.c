/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a ManageSieve client sends: every octet is taken once, every command has words or an error,
 * whatever the pieces in which it came. */
#include <string.h>

#include "fuzz.h"
#include "sieve-names.h"
#include "sieve-parser.h"
#include "sieve-warnings.h"

static void
use(GPtrArray *tokens)
{
	for (guint i = 0; i < tokens->len; i++) {
		const SieveToken *token = tokens->pdata[i];
		gsize length;
		const char *octets = g_bytes_get_data(token->bytes, &length);
		g_autofree char *name = NULL, *warning = NULL;

		g_assert_true((sieve_token_get_text(token) == NULL) ==
			      (length > 0 && memchr(octets, '\0', length) != NULL));
		name = sieve_name_check((const guint8 *)octets, length, SIEVE_MAX_NAME, NULL);
		g_assert_true(name == NULL || g_utf8_validate(name, -1, NULL));
		if (length > 0)
			warning = sieve_warnings_find(octets, length, 1);
	}
}

/* Returns how many commands there were. */
static guint
run(const uint8_t *data, size_t size, size_t step)
{
	SieveParser *parser = sieve_parser_new(512, 4096);
	SieveParseResult result = SIEVE_PARSE_MORE;
	guint n = 0;

	for (size_t at = 0; at < size && result != SIEVE_PARSE_FATAL;) {
		at += sieve_parser_feed(parser, data + at, MIN(step, size - at), &result);
		if (result == SIEVE_PARSE_DONE) {
			g_autoptr(GError) error = NULL;
			g_autoptr(GPtrArray) tokens = sieve_parser_take(parser, &error);

			g_assert_true((tokens == NULL) == (error != NULL));
			if (tokens != NULL)
				use(tokens);
			n++;
		}
	}
	sieve_parser_free(parser);
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_assert_cmpuint(run(data, size, size > 0 ? size : 1), ==, run(data, size, 3));
	return 0;
}
