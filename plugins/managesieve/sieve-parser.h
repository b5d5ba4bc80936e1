/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum {
	SIEVE_TOKEN_ATOM,
	SIEVE_TOKEN_STRING,
	SIEVE_TOKEN_NUMBER,
} SieveTokenType;

/* One word of a command. An atom's octets are in capitals; those of a string are without quotes and
 * backslashes. A NUL follows the octets, which is not counted. */
typedef struct {
	SieveTokenType type;
	GBytes *bytes;
	guint32 number;
} SieveToken;

typedef enum {
	SIEVE_PARSE_MORE,  /* the command is not complete */
	SIEVE_PARSE_DONE,  /* sieve_parser_take() has it */
	SIEVE_PARSE_FATAL, /* where the next command begins cannot be known */
} SieveParseResult;

typedef struct _SieveParser SieveParser;

SieveParser *sieve_parser_new(gsize line_limit, gsize literal_limit);
void sieve_parser_free(SieveParser *self);
void sieve_parser_set_literal_limit(SieveParser *self, gsize octets);
gsize sieve_parser_feed(SieveParser *self, const guint8 *data, gsize length,
			SieveParseResult *result);
GPtrArray *sieve_parser_take(SieveParser *self, GError **error);

const char *sieve_token_get_text(const SieveToken *self);

G_END_DECLS
