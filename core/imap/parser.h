/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imap/grammar.h"

G_BEGIN_DECLS

/**
 * FerryImapParseResult:
 * @FERRY_IMAP_PARSE_MORE: all input was taken, more is needed
 * @FERRY_IMAP_PARSE_CONTINUE: a synchronizing literal was announced and accepted: the client waits
 *   for `+`
 * @FERRY_IMAP_PARSE_DONE: a command (or, in line mode, a line) is complete
 * @FERRY_IMAP_PARSE_MALFORMED: a command is refused, with its tag where it has one; the next can
 *   follow
 * @FERRY_IMAP_PARSE_FATAL: a limit was passed that ends the connection
 *
 * What became of the octets that the parser was given.
 */
typedef enum {
	FERRY_IMAP_PARSE_MORE,
	FERRY_IMAP_PARSE_CONTINUE,
	FERRY_IMAP_PARSE_DONE,
	FERRY_IMAP_PARSE_MALFORMED,
	FERRY_IMAP_PARSE_FATAL,
} FerryImapParseResult;

/**
 * FerryImapLiteralUse:
 * @FERRY_IMAP_LITERAL_STRING: an argument; counts against the limit of literals
 * @FERRY_IMAP_LITERAL_DATA: message data; goes to the spool
 * @FERRY_IMAP_LITERAL_MENDED: message data whose bare LF becomes CRLF, unless it is a literal8
 * @FERRY_IMAP_LITERAL_REFUSED: neither; the command ends with the error that was set
 *
 * What is done with a literal that a client announces.
 */
typedef enum {
	FERRY_IMAP_LITERAL_STRING,
	FERRY_IMAP_LITERAL_DATA,
	FERRY_IMAP_LITERAL_MENDED,
	FERRY_IMAP_LITERAL_REFUSED,
} FerryImapLiteralUse;

typedef struct _FerryImapParser FerryImapParser;

/**
 * FerryImapLiteralFunc: (skip)
 * @size: its octets
 *
 * Decides what becomes of a literal when it is announced, before any octet of it is taken. Tag and
 * name of the command are known by then.
 */
typedef FerryImapLiteralUse (*FerryImapLiteralFunc)(FerryImapParser *self, guint64 size,
						    gpointer user_data, GError **error);

/**
 * FerryImapParser: (skip)
 *
 * Cuts the bytes of a connection into commands, within limits and whatever the sizes of the pieces
 * they come in, and parses each by the grammar of its command.
 */
FerryImapParser *ferry_imap_parser_new(const FerryLimits *limits);
void ferry_imap_parser_free(FerryImapParser *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryImapParser, ferry_imap_parser_free)

void ferry_imap_parser_set_literal_func(FerryImapParser *self, FerryImapLiteralFunc func,
					gpointer user_data);
void ferry_imap_parser_set_literal_limit(FerryImapParser *self, gsize octets);
void ferry_imap_parser_set_spool_dir(FerryImapParser *self, const char *dir);
void ferry_imap_parser_set_line_mode(FerryImapParser *self, gboolean line_mode);

gsize ferry_imap_parser_feed(FerryImapParser *self, const guint8 *data, gsize length,
			     FerryImapParseResult *result, GError **error);
void ferry_imap_parser_reset(FerryImapParser *self);
gboolean ferry_imap_parser_is_idle(FerryImapParser *self);

const char *ferry_imap_parser_get_tag(FerryImapParser *self);
const char *ferry_imap_parser_get_name(FerryImapParser *self);
const char *ferry_imap_parser_get_line(FerryImapParser *self);
gboolean ferry_imap_parser_announces_data(FerryImapParser *self, FerryRegistry *registry,
					  const char *grammar);
GPtrArray *ferry_imap_parser_parse_arguments(FerryImapParser *self, const char *grammar,
					     const FerryImapGrammarContext *context,
					     GError **error);

G_END_DECLS
