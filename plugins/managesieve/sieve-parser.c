/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command of ManageSieve, octet by octet
 *
 * Specification: RFC 5804 §1.2 (syntax), §4 (formal syntax)
 * Implementation: framing first, words after: however wrong a command is, the next one begins where
 *   its line ends, and what a literal holds is never taken for a command. Read more widely than
 *   written: a line may end with LF alone, and `{n}` means what `{n+}` does, since this protocol
 *   never invites a literal. What exceeds a limit is read and thrown away.
 */
#include "sieve-parser.h"

#include <ferry-protocol.h>

#include <string.h>

/* of a command; none needs more than three */
#define MAX_TOKENS 8
/* octets of a literal that is too big and still read to its end; who announces more is sent away */
#define MAX_DISCARD (G_GUINT64_CONSTANT(128) << 20)

/* how far a literal's announcement at the end of a line is */
typedef enum {
	MARK_NONE,
	MARK_OPEN,   /* { */
	MARK_DIGITS, /* {12 */
	MARK_PLUS,   /* {12+ */
	MARK_CLOSED, /* {12+} */
} Mark;

struct _SieveParser {
	GByteArray *frame; /* the command so far, literals in their places */
	gsize line_limit;
	gsize literal_limit;
	gsize line_length;    /* octets that are not of literals */
	gsize literal_length; /* octets of literals */
	guint64 remaining;    /* of the literal that is being read */
	guint64 announced;
	Mark mark;
	gboolean in_quotes, escaped;
	gboolean too_long, too_big, has_nul;
	gboolean complete;
};

/* What is thrown away may have been a password. */
static void
clear_octets(GByteArray *octets)
{
	if (octets->len > 0)
		explicit_bzero(octets->data, octets->len);
}

SieveParser *
sieve_parser_new(gsize line_limit, gsize literal_limit)
{
	SieveParser *self = g_new0(SieveParser, 1);

	self->frame = g_byte_array_new();
	self->line_limit = line_limit;
	self->literal_limit = literal_limit;
	return self;
}

void
sieve_parser_free(SieveParser *self)
{
	clear_octets(self->frame);
	g_byte_array_unref(self->frame);
	g_free(self);
}

void
sieve_parser_set_literal_limit(SieveParser *self, gsize octets)
{
	self->literal_limit = octets;
}

static void
reset(SieveParser *self)
{
	GByteArray *frame = self->frame;
	gsize line_limit = self->line_limit, literal_limit = self->literal_limit;

	clear_octets(frame);
	/* what was large is given back */
	if (frame->len > 4096) {
		g_byte_array_unref(frame);
		frame = g_byte_array_new();
	} else {
		g_byte_array_set_size(frame, 0);
	}
	*self = (SieveParser){.frame = frame,
			      .line_limit = line_limit,
			      .literal_limit = literal_limit};
}

static Mark
next_mark(SieveParser *self, guint8 octet)
{
	if (octet == '{') {
		self->announced = 0;
		return MARK_OPEN;
	}
	if (g_ascii_isdigit(octet) && (self->mark == MARK_OPEN || self->mark == MARK_DIGITS)) {
		if (self->announced <= G_MAXUINT32)
			self->announced = self->announced * 10 + (octet - '0');
		return MARK_DIGITS;
	}
	if (octet == '+' && self->mark == MARK_DIGITS)
		return MARK_PLUS;
	if (octet == '}' && (self->mark == MARK_DIGITS || self->mark == MARK_PLUS))
		return MARK_CLOSED;
	return MARK_NONE;
}

static void
track_quotes(SieveParser *self, guint8 octet)
{
	if (self->escaped)
		self->escaped = FALSE;
	else if (octet == '\\' && self->in_quotes)
		self->escaped = TRUE;
	else if (octet == '"')
		self->in_quotes = !self->in_quotes;
}

static void
take_line_octet(SieveParser *self, guint8 octet)
{
	if (++self->line_length > self->line_limit)
		self->too_long = TRUE;
	else
		g_byte_array_append(self->frame, &octet, 1);
	if (octet == '\0')
		self->has_nul = TRUE;
	/* the CR of a line's end changes nothing */
	if (octet == '\r')
		return;
	track_quotes(self, octet);
	self->mark = self->in_quotes ? MARK_NONE : next_mark(self, octet);
}

/* Returns FALSE where the announced literal is out of all bounds. */
static gboolean
end_line(SieveParser *self)
{
	if (self->mark != MARK_CLOSED) {
		self->complete = TRUE;
		return TRUE;
	}
	if (self->announced > MAX_DISCARD)
		return FALSE;
	self->mark = MARK_NONE;
	self->remaining = self->announced;
	self->literal_length += self->remaining;
	if (self->literal_length > self->literal_limit)
		self->too_big = TRUE;
	take_line_octet(self, '\n');
	return TRUE;
}

static gsize
take_literal(SieveParser *self, const guint8 *data, gsize length)
{
	gsize n = MIN(self->remaining, length);

	if (!self->too_big && !self->too_long)
		g_byte_array_append(self->frame, data, (guint)n);
	self->remaining -= n;
	return n;
}

/* Takes octets up to the end of a command; returns how many. */
gsize
sieve_parser_feed(SieveParser *self, const guint8 *data, gsize length, SieveParseResult *result)
{
	gsize i = 0;

	*result = SIEVE_PARSE_MORE;
	while (i < length && !self->complete) {
		if (self->remaining > 0) {
			i += take_literal(self, data + i, length - i);
		} else if (data[i] != '\n') {
			take_line_octet(self, data[i++]);
		} else if (end_line(self)) {
			i++;
		} else {
			*result = SIEVE_PARSE_FATAL;
			return length;
		}
	}
	if (self->complete)
		*result = SIEVE_PARSE_DONE;
	return i;
}

/* the words */

typedef struct {
	const guint8 *at;
	const guint8 *end;
} Cursor;

static void
token_free(gpointer data)
{
	SieveToken *self = data;

	g_bytes_unref(self->bytes);
	g_free(self);
}

static void
wipe(gpointer data)
{
	GByteArray *octets = data;

	clear_octets(octets);
	g_byte_array_unref(octets);
}

/* Takes the octets. */
static void
add_token(GPtrArray *tokens, SieveTokenType type, GByteArray *octets)
{
	SieveToken *token = g_new0(SieveToken, 1);
	gsize length = octets->len;

	g_byte_array_append(octets, (const guint8 *)"", 1);
	token->type = type;
	token->bytes = g_bytes_new_with_free_func(octets->data, length, wipe, octets);
	g_ptr_array_add(tokens, token);
}

static gboolean
malformed(GError **error, const char *reason)
{
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID, reason);
	return FALSE;
}

static gboolean
parse_quoted(Cursor *cursor, GPtrArray *tokens, GError **error)
{
	g_autoptr(GByteArray) octets = g_byte_array_new();

	for (cursor->at++; cursor->at < cursor->end && *cursor->at != '"'; cursor->at++) {
		if (*cursor->at == '\r' || *cursor->at == '\n')
			return malformed(error, "A line ends inside a quoted string");
		if (*cursor->at == '\\' &&
		    (++cursor->at == cursor->end || (*cursor->at != '"' && *cursor->at != '\\')))
			return malformed(error, "A backslash may only stand before \" and \\");
		g_byte_array_append(octets, cursor->at, 1);
	}
	if (cursor->at == cursor->end)
		return malformed(error, "The closing quote is missing");
	cursor->at++;
	add_token(tokens, SIEVE_TOKEN_STRING, g_steal_pointer(&octets));
	return TRUE;
}

static gboolean
parse_literal(Cursor *cursor, GPtrArray *tokens, GError **error)
{
	g_autoptr(GByteArray) octets = g_byte_array_new();
	guint64 size = 0;

	for (cursor->at++; cursor->at < cursor->end && g_ascii_isdigit(*cursor->at); cursor->at++)
		size = MIN(size * 10 + (*cursor->at - '0'), G_MAXUINT32);
	for (const char *p = "+}\r\n"; *p != '\0'; p++) {
		if (cursor->at < cursor->end && *cursor->at == (guint8)*p)
			cursor->at++;
		else if (*p == '}' || *p == '\n')
			return malformed(error,
					 "A literal begins with {octets+} at the end of a line");
	}
	/* the framing has counted them */
	size = MIN(size, (guint64)(cursor->end - cursor->at));
	g_byte_array_append(octets, cursor->at, (guint)size);
	cursor->at += size;
	add_token(tokens, SIEVE_TOKEN_STRING, g_steal_pointer(&octets));
	return TRUE;
}

static gboolean
is_atom_octet(guint8 octet)
{
	return octet > ' ' && octet < 0x7f && strchr("(){\"\\", octet) == NULL;
}

static gboolean
parse_atom(Cursor *cursor, GPtrArray *tokens, GError **error)
{
	g_autoptr(GByteArray) octets = g_byte_array_new();
	gboolean number = TRUE;
	guint64 value = 0;

	for (; cursor->at < cursor->end && is_atom_octet(*cursor->at); cursor->at++) {
		guint8 capital = (guint8)g_ascii_toupper(*cursor->at);

		number = number && g_ascii_isdigit(capital);
		if (number)
			value = MIN(value * 10 + (capital - '0'), (guint64)G_MAXUINT32 + 1);
		g_byte_array_append(octets, &capital, 1);
	}
	if (octets->len == 0)
		return malformed(error, "Neither a string, nor a number, nor a word");
	if (number && value > G_MAXUINT32)
		return malformed(error, "A number has 32 bits");
	if (number && octets->len > 1 && octets->data[0] == '0')
		return malformed(error, "A number has no leading zeros");
	add_token(tokens, number ? SIEVE_TOKEN_NUMBER : SIEVE_TOKEN_ATOM, g_steal_pointer(&octets));
	((SieveToken *)tokens->pdata[tokens->len - 1])->number = number ? (guint32)value : 0;
	return TRUE;
}

static gboolean
parse_token(Cursor *cursor, GPtrArray *tokens, GError **error)
{
	if (tokens->len == MAX_TOKENS)
		return malformed(error, "Too many arguments");
	switch (*cursor->at) {
	case '"':
		return parse_quoted(cursor, tokens, error);
	case '{':
		return parse_literal(cursor, tokens, error);
	default:
		return parse_atom(cursor, tokens, error);
	}
}

static gboolean
parse_tokens(Cursor *cursor, GPtrArray *tokens, GError **error)
{
	while (cursor->at < cursor->end) {
		if (!parse_token(cursor, tokens, error))
			return FALSE;
		if (cursor->at == cursor->end)
			break;
		if (*cursor->at != ' ')
			return malformed(error, "A space has to stand between arguments");
		if (++cursor->at == cursor->end)
			return malformed(error, "A space stands at the end of the line");
	}
	return TRUE;
}

static gboolean
check_frame(SieveParser *self, GError **error)
{
	if (self->too_big) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_TOO_BIG,
			    "Literals of a command may have %" G_GSIZE_FORMAT " octets here",
			    self->literal_limit);
		return FALSE;
	}
	if (self->too_long)
		return malformed(error, "The line is too long");
	if (self->has_nul)
		return malformed(error, "NUL can only be in a literal");
	return TRUE;
}

/* The words of the complete command, an empty array for an empty line; NULL with @error where it is
 * malformed. The parser is ready for the next one. */
GPtrArray *
sieve_parser_take(SieveParser *self, GError **error)
{
	g_autoptr(GPtrArray) tokens = g_ptr_array_new_with_free_func(token_free);
	guint length = self->frame->len;
	Cursor cursor;
	gboolean good;

	if (length > 0 && self->frame->data[length - 1] == '\r')
		length--;
	cursor = (Cursor){self->frame->data, self->frame->data + length};
	good = check_frame(self, error) && parse_tokens(&cursor, tokens, error);
	reset(self);
	return good ? g_steal_pointer(&tokens) : NULL;
}

/* The octets as a string; NULL where there is a NUL in them. */
const char *
sieve_token_get_text(const SieveToken *self)
{
	gsize length;
	const char *text = g_bytes_get_data(self->bytes, &length);

	if (text == NULL)
		return "";
	return strlen(text) == length ? text : NULL;
}
