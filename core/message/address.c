/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Address lists
 *
 * Specification: RFC 5322 §3.4, §4.4 (obsolete syntax: routes, empty entries, white space anywhere)
 * Implementation: one pass, no recursion; every input yields some list. Where the syntax is broken
 *   the entries are those that Cyrus shows: a quoted string or comment that never ends drops the
 *   entry it is in, what follows an angle address is an entry of its own
 * Not mapped: encoded words, which stay as they stand
 */
#include <string.h>

#include "message/address.h"

#define MISSING_DOMAIN "MISSING_DOMAIN"

typedef enum {
	STATE_PHRASE, /* a display name, a local part or the name of a group */
	STATE_DOMAIN, /* after local-part@ */
	STATE_ANGLE,  /* after < */
	STATE_ANGLE_DOMAIN,
} State;

typedef struct {
	const char *p;
	const char *end;
	FerryMessageAddressFunc func;
	gpointer user_data;
	State state;
	gboolean in_group;
	gboolean space;   /* white space or a comment since the last octet of text */
	GString *phrase;  /* words with one space between them */
	GString *compact; /* the same without the spaces beside dots: the local part */
	GString *local;
	GString *domain;
	GString *route;
	GString *comment;
	gboolean has_route;
	gboolean has_comment;
} Parser;

static const char *
text_or_null(GString *text)
{
	return text->len > 0 ? text->str : NULL;
}

static void
reset(Parser *parser)
{
	g_string_truncate(parser->phrase, 0);
	g_string_truncate(parser->compact, 0);
	g_string_truncate(parser->local, 0);
	g_string_truncate(parser->domain, 0);
	g_string_truncate(parser->route, 0);
	g_string_truncate(parser->comment, 0);
	parser->state = STATE_PHRASE;
	parser->space = parser->has_route = parser->has_comment = FALSE;
}

static void
add_char(Parser *parser, char c, gboolean quoted)
{
	GString *compact = parser->compact;

	if (c == '\0')
		return;
	if (parser->space && parser->phrase->len > 0) {
		g_string_append_c(parser->phrase, ' ');
		if (quoted || (c != '.' && compact->str[compact->len - 1] != '.'))
			g_string_append_c(compact, ' ');
	}
	parser->space = FALSE;
	g_string_append_c(parser->phrase, c);
	g_string_append_c(compact, c);
}

static void
emit(Parser *parser, FerryMessageAddressKind kind, const char *name, const char *mailbox)
{
	FerryMessageAddress address = {.kind = kind, .name = name, .mailbox = mailbox};

	if (kind == FERRY_MESSAGE_ADDRESS_MAILBOX) {
		address.route = parser->has_route ? text_or_null(parser->route) : NULL;
		address.host = parser->domain->len > 0 ? parser->domain->str : MISSING_DOMAIN;
	}
	parser->func(&address, parser->user_data);
}

/* Ends the entry that is being read, if there is one. */
static void
end_entry(Parser *parser)
{
	switch (parser->state) {
	case STATE_PHRASE:
		if (parser->phrase->len > 0)
			emit(parser, FERRY_MESSAGE_ADDRESS_MAILBOX, NULL, parser->compact->str);
		break;
	case STATE_DOMAIN:
		emit(parser, FERRY_MESSAGE_ADDRESS_MAILBOX,
		     parser->has_comment ? text_or_null(parser->comment) : NULL,
		     parser->local->str);
		break;
	case STATE_ANGLE:
		/* the display name was put aside in comment */
		emit(parser, FERRY_MESSAGE_ADDRESS_MAILBOX, text_or_null(parser->comment),
		     parser->compact->str);
		break;
	case STATE_ANGLE_DOMAIN:
		emit(parser, FERRY_MESSAGE_ADDRESS_MAILBOX, text_or_null(parser->comment),
		     parser->local->str);
		break;
	}
	reset(parser);
}

/* Reads a quoted string from after its quote; FALSE if it never ends. Folding is not part of it. */
static gboolean
read_quoted(Parser *parser)
{
	for (; parser->p < parser->end; parser->p++) {
		char c = *parser->p;

		if (c == '"') {
			parser->p++;
			return TRUE;
		}
		if (c == '\r' || c == '\n')
			continue;
		if (c == '\\' && parser->p + 1 < parser->end)
			c = *++parser->p;
		add_char(parser, c, TRUE);
	}
	return FALSE;
}

/* Reads a comment from after its parenthesis; FALSE if it never ends. The last one after the
 * address is the name, as people wrote it before display names. */
static gboolean
read_comment(Parser *parser)
{
	gboolean keep = parser->state == STATE_DOMAIN;
	guint depth = 1;

	if (keep)
		g_string_truncate(parser->comment, 0);
	for (; parser->p < parser->end; parser->p++) {
		char c = *parser->p;

		if (c == '(') {
			depth++;
		} else if (c == ')' && --depth == 0) {
			parser->p++;
			parser->has_comment = keep;
			return TRUE;
		} else if (c == '\\' && parser->p + 1 < parser->end) {
			c = *++parser->p;
		}
		if (keep && c != '\r' && c != '\n' && c != '\0')
			g_string_append_c(parser->comment, c);
	}
	return FALSE;
}

/* A source route ends with a colon: <@relay,@relay:local@domain>. */
static void
read_route(Parser *parser)
{
	const char *q = parser->p;

	while (q < parser->end && (*q == ' ' || *q == '\t' || *q == '\r' || *q == '\n'))
		q++;
	if (q == parser->end || *q != '@')
		return;
	for (const char *start = q; q < parser->end && *q != '>' && *q != '<'; q++) {
		if (*q != ':')
			continue;
		for (; start < q; start++) {
			if ((guchar)*start > ' ')
				g_string_append_c(parser->route, *start);
		}
		parser->has_route = TRUE;
		parser->p = q + 1;
		return;
	}
}

static void
begin_angle(Parser *parser)
{
	if (parser->state != STATE_PHRASE)
		end_entry(parser);
	g_string_assign(parser->comment, parser->phrase->str);
	g_string_truncate(parser->phrase, 0);
	g_string_truncate(parser->compact, 0);
	parser->space = FALSE;
	parser->state = STATE_ANGLE;
	read_route(parser);
}

static void
begin_domain(Parser *parser)
{
	g_string_assign(parser->local, parser->compact->str);
	parser->state = parser->state == STATE_ANGLE ? STATE_ANGLE_DOMAIN : STATE_DOMAIN;
}

static void
begin_group(Parser *parser)
{
	emit(parser, FERRY_MESSAGE_ADDRESS_GROUP_START, NULL, parser->phrase->str);
	reset(parser);
	parser->in_group = TRUE;
}

static void
end_group(Parser *parser)
{
	if (parser->in_group)
		emit(parser, FERRY_MESSAGE_ADDRESS_GROUP_END, NULL, NULL);
	parser->in_group = FALSE;
}

static void
take_text(Parser *parser, char c)
{
	if (parser->state == STATE_PHRASE || parser->state == STATE_ANGLE)
		add_char(parser, c, FALSE);
	else if (c != '\0')
		g_string_append_c(parser->domain, c);
}

/* Takes an octet that means something; FALSE at what never ends. */
static gboolean
take_special(Parser *parser, char c)
{
	gboolean in_domain = parser->state == STATE_DOMAIN || parser->state == STATE_ANGLE_DOMAIN;
	gboolean in_angle = parser->state == STATE_ANGLE || parser->state == STATE_ANGLE_DOMAIN;

	switch (c) {
	case '(':
		parser->space = TRUE;
		return read_comment(parser);
	case '"':
		if (!in_domain)
			return read_quoted(parser);
		take_text(parser, c);
		break;
	case '<':
		begin_angle(parser);
		break;
	case '>':
		if (in_angle)
			end_entry(parser);
		break;
	case '@':
		if (in_domain)
			take_text(parser, c);
		else
			begin_domain(parser);
		break;
	case ',':
		end_entry(parser);
		break;
	case ';':
		end_entry(parser);
		end_group(parser);
		break;
	case ':':
		if (parser->state == STATE_PHRASE && !parser->in_group)
			begin_group(parser);
		else
			take_text(parser, c);
		break;
	}
	return TRUE;
}

static gboolean
parse(Parser *parser)
{
	while (parser->p < parser->end) {
		char c = *parser->p++;

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			parser->space = TRUE;
		else if (c != '\0' && strchr("(\"<>@,;:", c) != NULL) {
			if (!take_special(parser, c))
				return FALSE;
		} else {
			take_text(parser, c);
		}
	}
	return TRUE;
}

/**
 * ferry_message_address_foreach:
 * @value: (array length=length): the raw value of an address field
 * @length: its octets
 * @func: (scope call): what to call with each entry, in order
 * @user_data: passed to @func
 *
 * Reads an address list, whatever state it is in. A group is told as its start, its members and
 * its end. Nothing is decoded.
 */
void
ferry_message_address_foreach(const char *value, gsize length, FerryMessageAddressFunc func,
			      gpointer user_data)
{
	g_autoptr(GString) phrase = g_string_new(NULL);
	g_autoptr(GString) compact = g_string_new(NULL);
	g_autoptr(GString) local = g_string_new(NULL);
	g_autoptr(GString) domain = g_string_new(NULL);
	g_autoptr(GString) route = g_string_new(NULL);
	g_autoptr(GString) comment = g_string_new(NULL);
	Parser parser = {.p = value,
			 .end = length > 0 ? value + length : value,
			 .func = func,
			 .user_data = user_data,
			 .phrase = phrase,
			 .compact = compact,
			 .local = local,
			 .domain = domain,
			 .route = route,
			 .comment = comment};

	if (parse(&parser))
		end_entry(&parser);
	end_group(&parser);
}
