/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From bytes to commands
 *
 * Specification: RFC 9051 §2.2, §4.3 (literals), §9 (command, tag); RFC 7888 (LITERAL+, LITERAL-)
 * Implementation: lines and literals are collected until a command is complete; message data goes
 *   to a spool. Whatever would pass a limit is refused before it is kept. A refused literal that
 *   the client sends without waiting is read and dropped, so that the session can go on.
 */
#include "imap/parser.h"

#include <string.h>

#include "base/error.h"
#include "imap/input-private.h"

/* a refused non-synchronizing literal is read to its end up to this; beyond, the session ends */
#define MAX_DISCARD (G_GUINT64_CONSTANT(128) << 20)
/* a buffer that is kept from one command to the next */
#define KEEP_BUFFER 4096

typedef enum {
	STATE_LINE,
	STATE_LITERAL,
	STATE_SPOOL,
	STATE_DISCARD,
} State;

struct _FerryImapParser {
	FerryLimits limits;
	FerryImapLiteralFunc literal_func;
	gpointer literal_data;
	char *spool_dir;
	gboolean line_mode;

	State state;
	GByteArray *buffer;
	gsize line_start;       /* where the line begins that is being read */
	gsize line_octets;      /* of all lines of the command */
	guint64 literal_octets; /* of all literals but message data */
	guint64 remaining;      /* of the literal being read */
	gsize literal_offset;   /* of the one that was announced last */
	gboolean complete;      /* the next feed begins anew */
	GPtrArray *spooled;     /* FerryImapSpool */

	char *tag;
	char *name;
	gsize arguments; /* where they begin, with their space */
	GError *refusal; /* told when what was refused is read to its end */
};

/**
 * ferry_imap_parser_new: (skip)
 * @limits: line, literal and nesting count here
 *
 * Returns: (transfer full): a parser that waits for a command
 */
FerryImapParser *
ferry_imap_parser_new(const FerryLimits *limits)
{
	FerryImapParser *self = g_new0(FerryImapParser, 1);

	self->limits = *limits;
	return self;
}

/* Also wipes what was typed: it may have been a password. */
static void
drop_buffer(FerryImapParser *self)
{
	if (self->buffer == NULL)
		return;
	explicit_bzero(self->buffer->data, self->buffer->len);
	if (self->buffer->len > KEEP_BUFFER)
		g_clear_pointer(&self->buffer, g_byte_array_unref);
	else
		g_byte_array_set_size(self->buffer, 0);
}

/**
 * ferry_imap_parser_reset: (skip)
 *
 * Forgets the command that was parsed, and what was read of the next.
 */
void
ferry_imap_parser_reset(FerryImapParser *self)
{
	drop_buffer(self);
	g_clear_pointer(&self->spooled, g_ptr_array_unref);
	g_clear_pointer(&self->tag, g_free);
	g_clear_pointer(&self->name, g_free);
	g_clear_error(&self->refusal);
	self->state = STATE_LINE;
	self->line_start = self->line_octets = self->arguments = 0;
	self->literal_octets = self->remaining = 0;
	self->complete = FALSE;
}

/**
 * ferry_imap_parser_free: (skip)
 *
 * Frees the parser with what it holds.
 */
void
ferry_imap_parser_free(FerryImapParser *self)
{
	ferry_imap_parser_reset(self);
	g_clear_pointer(&self->buffer, g_byte_array_unref);
	g_free(self->spool_dir);
	g_free(self);
}

/**
 * ferry_imap_parser_set_literal_func: (skip)
 * @func: decides about each literal
 *
 * Without a function every literal is a string.
 */
void
ferry_imap_parser_set_literal_func(FerryImapParser *self, FerryImapLiteralFunc func,
				   gpointer user_data)
{
	self->literal_func = func;
	self->literal_data = user_data;
}

/**
 * ferry_imap_parser_set_literal_limit: (skip)
 * @octets: of all literals of a command, message data not counted
 *
 * Who has not signed in may send less than others.
 */
void
ferry_imap_parser_set_literal_limit(FerryImapParser *self, gsize octets)
{
	self->limits.literal = octets;
}

/**
 * ferry_imap_parser_set_spool_dir: (skip)
 * @dir: (nullable): where message data is put while it arrives
 *
 * Sets the folder of the spool.
 */
void
ferry_imap_parser_set_spool_dir(FerryImapParser *self, const char *dir)
{
	g_free(self->spool_dir);
	self->spool_dir = g_strdup(dir);
}

/**
 * ferry_imap_parser_set_line_mode: (skip)
 * @line_mode: whether plain lines are expected: what AUTHENTICATE and IDLE read
 *
 * Switches between commands and plain lines.
 */
void
ferry_imap_parser_set_line_mode(FerryImapParser *self, gboolean line_mode)
{
	self->line_mode = line_mode;
}

/**
 * ferry_imap_parser_is_idle: (skip)
 *
 * Returns: whether nothing of a command has been read
 */
gboolean
ferry_imap_parser_is_idle(FerryImapParser *self)
{
	return self->complete || (self->state == STATE_LINE && self->line_octets == 0);
}

/**
 * ferry_imap_parser_get_tag: (skip)
 *
 * Returns: (nullable): the command's tag; %NULL where it has none that could be answered
 */
const char *
ferry_imap_parser_get_tag(FerryImapParser *self)
{
	return self->tag;
}

/**
 * ferry_imap_parser_get_name: (skip)
 *
 * Returns: (nullable): the command's name in capitals, `UID` included
 */
const char *
ferry_imap_parser_get_name(FerryImapParser *self)
{
	return self->name;
}

/**
 * ferry_imap_parser_get_line: (skip)
 *
 * Returns: the line that was read in line mode
 */
const char *
ferry_imap_parser_get_line(FerryImapParser *self)
{
	return (const char *)self->buffer->data;
}

static gboolean
is_tag(const char *tag, gsize length)
{
	for (gsize i = 0; i < length; i++)
		if (tag[i] == '+' || !ferry_imap_is_char(FERRY_IMAP_CHARS_ASTRING, (guint8)tag[i]))
			return FALSE;
	return length > 0;
}

/* Reads tag and name of the line that the command begins with; what is missing stays NULL. */
static void
parse_head(FerryImapParser *self, gsize end)
{
	FerryImapInput input = {.data = (const char *)self->buffer->data, .length = end};
	const char *space = memchr(input.data, ' ', end);
	gsize length = space != NULL ? (gsize)(space - input.data) : end;
	const char *word;
	gsize uid_end;

	if (is_tag(input.data, length))
		self->tag = g_strndup(input.data, length);
	self->arguments = length;
	if (self->tag == NULL || space == NULL)
		return;
	input.position = length + 1;
	length = ferry_imap_input_run(&input, FERRY_IMAP_CHARS_ATOM, &word);
	self->name = g_ascii_strup(word, (gssize)length);
	uid_end = input.position;
	if (strcmp(self->name, "UID") == 0 && ferry_imap_input_take(&input, ' ')) {
		const char *second;
		gsize second_length = ferry_imap_input_run(&input, FERRY_IMAP_CHARS_ATOM, &second);

		g_free(self->name);
		self->name = g_ascii_strup(word, (gssize)(second + second_length - word));
		uid_end = input.position;
	}
	self->arguments = uid_end;
}

/* Whether the line ends inside a quoted string: then `{n}` at its end is no literal. */
static gboolean
ends_in_quotes(const char *line, gsize length)
{
	gboolean quoted = FALSE;

	for (gsize i = 0; i < length; i++) {
		if (quoted && line[i] == '\\')
			i++;
		else if (line[i] == '"')
			quoted = !quoted;
	}
	return quoted;
}

typedef struct {
	gsize offset; /* of `{` or `~` in the buffer */
	guint64 size;
	gboolean synchronizing;
	gboolean literal8;
} Announcement;

/* Reads `{n}` or `{n+}` at the end of a line, backwards. */
static gboolean
find_literal(FerryImapParser *self, gsize end, Announcement *literal)
{
	const char *line = (const char *)self->buffer->data;
	FerryImapInput input = {.data = line, .length = end};
	gsize i = end;

	if (i < self->line_start + 3 || line[--i] != '}')
		return FALSE;
	literal->synchronizing = line[i - 1] != '+';
	if (!literal->synchronizing)
		i--;
	while (i > self->line_start && g_ascii_isdigit(line[i - 1]))
		i--;
	if (i <= self->line_start + 1 || line[i - 1] != '{')
		return FALSE;
	input.position = i;
	/* a size that no number holds is refused as too big, not taken for text */
	if (!ferry_imap_input_take_number(&input, G_MAXINT64, &literal->size)) {
		if (!g_ascii_isdigit(line[i]))
			return FALSE;
		literal->size = G_MAXINT64;
	}
	literal->offset = i - 1;
	literal->literal8 = line[i - 2] == '~';
	if (literal->literal8)
		literal->offset--;
	if (literal->offset <= self->line_start ||
	    (line[literal->offset - 1] != ' ' && line[literal->offset - 1] != '('))
		return FALSE;
	return !ends_in_quotes(line + self->line_start, literal->offset - self->line_start);
}

/* Behind the literal at @position. */
static gsize
skip_literal(FerryImapParser *self, gsize position)
{
	FerryImapInput input = {.data = (const char *)self->buffer->data,
				.length = self->literal_offset,
				.position = position + 1};
	guint64 size = 0;

	ferry_imap_input_take_number(&input, G_MAXINT64, &size);
	ferry_imap_input_take(&input, '+');
	ferry_imap_input_take(&input, '}');
	ferry_imap_input_take(&input, '\r');
	ferry_imap_input_take(&input, '\n');
	return input.position + (gsize)MIN(size, (guint64)(input.length - input.position));
}

/* How many arguments are complete before the literal, at most @most. */
static guint
count_before(FerryImapParser *self, guint most)
{
	const char *data = (const char *)self->buffer->data;
	gboolean quoted = FALSE;
	guint n = 0;

	/* the space before an argument ends the one before it */
	for (gsize i = self->arguments + 1; i < self->literal_offset && n < most; i++) {
		if (quoted && data[i] == '\\')
			i++;
		else if (data[i] == '"')
			quoted = !quoted;
		else if (!quoted && data[i] == '{')
			i = skip_literal(self, i) - 1;
		else if (!quoted && data[i] == ' ')
			n++;
	}
	return n;
}

/* The word before the literal; NULL where a parenthesis or a string is before it. */
static char *
dup_word_before(FerryImapParser *self)
{
	const char *data = (const char *)self->buffer->data;
	gsize end = self->literal_offset;
	gsize start;

	if (end == 0 || data[end - 1] != ' ')
		return NULL;
	for (start = --end; start > self->line_start; start--)
		if (!ferry_imap_is_char(FERRY_IMAP_CHARS_ATOM, (guint8)data[start - 1]))
			break;
	return start < end ? g_strndup(data + start, end - start) : NULL;
}

/**
 * ferry_imap_parser_announces_data: (skip)
 * @registry: where append data elements are looked up
 * @grammar: (nullable): of the command
 *
 * For a #FerryImapLiteralFunc.
 *
 * Returns: whether the literal is message data: not an argument before that, a mailbox name for
 *   example, and not something else inside of an append data element
 */
gboolean
ferry_imap_parser_announces_data(FerryImapParser *self, FerryRegistry *registry,
				 const char *grammar)
{
	guint before = ferry_imap_grammar_count_before_data(grammar);
	g_autofree char *word = NULL;
	guint n;

	if (before == G_MAXUINT)
		return FALSE;
	n = count_before(self, before + 1);
	if (n <= before)
		return n == before;
	word = dup_word_before(self);
	return word == NULL || ferry_imap_grammar_word_takes_data(registry, word);
}

static FerryImapLiteralUse
decide(FerryImapParser *self, const Announcement *literal, GError **error)
{
	FerryImapLiteralUse use = FERRY_IMAP_LITERAL_STRING;

	self->literal_offset = literal->offset;
	if (self->literal_func != NULL)
		use = self->literal_func(self, literal->size, self->literal_data, error);
	if (use == FERRY_IMAP_LITERAL_STRING &&
	    (literal->size > self->limits.literal ||
	     self->literal_octets + literal->size > self->limits.literal)) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_TOO_BIG,
			    "Literals exceed the limit literal=%" G_GSIZE_FORMAT,
			    self->limits.literal);
		return FERRY_IMAP_LITERAL_REFUSED;
	}
	return use;
}

/* A refused literal: one that the client waits with never comes; the command ends here. */
static FerryImapParseResult
refuse(FerryImapParser *self, const Announcement *literal, GError *refusal, GError **error)
{
	if (literal->synchronizing || literal->size > MAX_DISCARD) {
		self->complete = TRUE;
		g_propagate_error(error, refusal);
		return literal->synchronizing ? FERRY_IMAP_PARSE_MALFORMED : FERRY_IMAP_PARSE_FATAL;
	}
	self->refusal = refusal;
	self->state = STATE_DISCARD;
	self->remaining = literal->size;
	if (self->remaining == 0) {
		self->state = STATE_LINE;
		self->line_start = self->buffer->len;
	}
	g_clear_pointer(&self->spooled, g_ptr_array_unref);
	return FERRY_IMAP_PARSE_MORE;
}

static FerryImapParseResult
begin_literal(FerryImapParser *self, const Announcement *literal, GError **error)
{
	GError *refusal = NULL;
	FerryImapLiteralUse use = decide(self, literal, &refusal);

	switch (use) {
	case FERRY_IMAP_LITERAL_REFUSED:
		return refuse(self, literal, refusal, error);
	case FERRY_IMAP_LITERAL_DATA:
	case FERRY_IMAP_LITERAL_MENDED:
		if (self->spooled == NULL)
			self->spooled = g_ptr_array_new_with_free_func(
				(GDestroyNotify)ferry_imap_spool_unref);
		g_ptr_array_add(self->spooled,
				ferry_imap_spool_new(literal->offset, literal->size,
						     literal->literal8,
						     use == FERRY_IMAP_LITERAL_MENDED));
		self->state = STATE_SPOOL;
		break;
	case FERRY_IMAP_LITERAL_STRING:
		self->literal_octets += literal->size;
		self->state = STATE_LITERAL;
		break;
	}
	self->remaining = literal->size;
	/* an empty literal is complete at once */
	if (self->remaining == 0) {
		self->state = STATE_LINE;
		self->line_start = self->buffer->len;
	}
	return literal->synchronizing ? FERRY_IMAP_PARSE_CONTINUE : FERRY_IMAP_PARSE_MORE;
}

/* A command whose literal was refused goes on until its last line; other literals are dropped too.
 */
static FerryImapParseResult
end_refused_line(FerryImapParser *self, gsize end, GError **error)
{
	Announcement literal;

	if (find_literal(self, end, &literal) && !literal.synchronizing)
		return refuse(self, &literal, g_steal_pointer(&self->refusal), error);
	self->complete = TRUE;
	g_propagate_error(error, g_steal_pointer(&self->refusal));
	return FERRY_IMAP_PARSE_MALFORMED;
}

/* The command is complete: terminates it, so that it is a string too. */
static FerryImapParseResult
end_command(FerryImapParser *self, gsize end)
{
	self->complete = TRUE;
	g_byte_array_set_size(self->buffer, (guint)end);
	g_byte_array_append(self->buffer, (const guint8 *)"", 1);
	return FERRY_IMAP_PARSE_DONE;
}

static FerryImapParseResult
end_line(FerryImapParser *self, GError **error)
{
	Announcement literal;
	gsize end = self->buffer->len - 1;

	if (end > self->line_start && self->buffer->data[end - 1] == '\r')
		end--;
	if (self->line_mode)
		return end_command(self, end);
	if (self->refusal != NULL)
		return end_refused_line(self, end, error);
	if (end == 0) {
		/* an empty line between commands is nothing */
		ferry_imap_parser_reset(self);
		return FERRY_IMAP_PARSE_MORE;
	}
	if (self->line_start == 0)
		parse_head(self, end);
	if (memchr(self->buffer->data + self->line_start, '\0', end - self->line_start) != NULL) {
		self->complete = TRUE;
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID, "NUL in a command");
		return FERRY_IMAP_PARSE_MALFORMED;
	}
	if (self->name != NULL && find_literal(self, end, &literal))
		return begin_literal(self, &literal, error);
	return end_command(self, end);
}

static FerryImapParseResult
too_long(FerryImapParser *self, GError **error)
{
	self->complete = TRUE;
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_LIMIT,
		    "Line exceeds the limit line=%" G_GSIZE_FORMAT, self->limits.line);
	return FERRY_IMAP_PARSE_FATAL;
}

static gsize
feed_line(FerryImapParser *self, const guint8 *data, gsize length, FerryImapParseResult *result,
	  GError **error)
{
	const guint8 *lf = memchr(data, '\n', length);
	gsize taken = lf != NULL ? (gsize)(lf - data) + 1 : length;

	/* CRLF does not count */
	if (self->line_octets + taken > self->limits.line + 2) {
		*result = too_long(self, error);
		return taken;
	}
	self->line_octets += taken;
	g_byte_array_append(self->buffer, data, (guint)taken);
	if (lf != NULL)
		*result = end_line(self, error);
	return taken;
}

/* What was invited comes to its end all the same, and is dropped. */
static FerryImapParseResult
drop_rest(FerryImapParser *self, GError *refusal, GError **error)
{
	if (self->remaining > MAX_DISCARD) {
		g_propagate_error(error, refusal);
		return FERRY_IMAP_PARSE_FATAL;
	}
	self->refusal = refusal;
	self->state = STATE_DISCARD;
	g_clear_pointer(&self->spooled, g_ptr_array_unref);
	return FERRY_IMAP_PARSE_MORE;
}

static gsize
feed_literal(FerryImapParser *self, const guint8 *data, gsize length, FerryImapParseResult *result,
	     GError **error)
{
	gsize taken = (gsize)MIN(self->remaining, (guint64)length);
	GError *refusal = NULL;
	FerryImapSpool *spool;

	if (self->state == STATE_LITERAL) {
		g_byte_array_append(self->buffer, data, (guint)taken);
	} else if (self->state == STATE_SPOOL) {
		spool = self->spooled->pdata[self->spooled->len - 1];
		if (!ferry_imap_spool_write(spool, self->spool_dir, data, taken, &refusal))
			*result = drop_rest(self, refusal, error);
	}
	self->remaining -= taken;
	if (self->remaining == 0) {
		self->state = STATE_LINE;
		self->line_start = self->buffer->len;
	}
	return taken;
}

/**
 * ferry_imap_parser_feed: (skip)
 * @data: (array length=length): what came from the client
 * @length: how many octets
 * @result: (out): what it came to
 * @error: return location; set with MALFORMED and FATAL
 *
 * Takes input up to the end of a command, never beyond. After DONE and MALFORMED the command can be
 * asked about until the next call or ferry_imap_parser_reset().
 *
 * Returns: how many octets were taken; all of them with MORE
 */
gsize
ferry_imap_parser_feed(FerryImapParser *self, const guint8 *data, gsize length,
		       FerryImapParseResult *result, GError **error)
{
	gsize taken = 0;

	if (self->complete)
		ferry_imap_parser_reset(self);
	*result = FERRY_IMAP_PARSE_MORE;
	while (taken < length && *result == FERRY_IMAP_PARSE_MORE) {
		if (self->buffer == NULL)
			self->buffer = g_byte_array_new();
		if (self->state == STATE_LINE)
			taken += feed_line(self, data + taken, length - taken, result, error);
		else
			taken += feed_literal(self, data + taken, length - taken, result, error);
	}
	return taken;
}

/**
 * ferry_imap_parser_parse_arguments: (skip)
 * @grammar: (nullable): the command's grammar
 * @context: what it leans on
 * @error: return location
 *
 * Parses the arguments of the command that is complete.
 *
 * Returns: (transfer full) (element-type FerryImapValue): see ferry_imap_grammar_parse()
 */
GPtrArray *
ferry_imap_parser_parse_arguments(FerryImapParser *self, const char *grammar,
				  const FerryImapGrammarContext *context, GError **error)
{
	FerryImapInput input = {
		.data = (const char *)self->buffer->data,
		.length = self->buffer->len - 1,
		.position = self->arguments,
		.spooled = self->spooled,
	};

	return ferry_imap_grammar_parse(grammar, context, &input, error);
}
