/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a client sends, in pieces, with the grammars of the base commands: of the first octet, the
 * low bits say how big the pieces are, 64 names in UTF-8, 128 that line ends of messages are
 * mended.
 */
#include <string.h>

#include "fuzz.h"
#include "imap/base-module.h"
#include "imap/parser.h"

static FerryRegistry *
get_registry(void)
{
	static FerryRegistry *registry;
	g_autoptr(GError) error = NULL;

	if (registry != NULL)
		return registry;
	registry = ferry_registry_new();
	ferry_imap_register_base(registry, &error);
	g_assert_no_error(error);
	ferry_registry_add_append_data(registry, "JOIN", "({[\"TEXT\" literal] [\"URL\" astring]})",
				       (FerryAppendDataFunc)(GCallback)get_registry, NULL, NULL,
				       NULL);
	ferry_registry_add_fetch_modifier(registry, "CHANGEDSINCE", "number64",
					  (FerryModifierFunc)(GCallback)get_registry, NULL, NULL,
					  NULL);
	ferry_registry_seal(registry);
	return registry;
}

static FerryImapLiteralUse
literal_cb(FerryImapParser *parser, guint64 size, gpointer data, GError **error)
{
	const char *name = ferry_imap_parser_get_name(parser);
	const FerryContribution *command =
		name != NULL
			? ferry_registry_lookup(get_registry(), FERRY_CONTRIBUTION_COMMAND, name)
			: NULL;

	if (command == NULL ||
	    !ferry_imap_parser_announces_data(parser, get_registry(), command->grammar))
		return FERRY_IMAP_LITERAL_STRING;
	return GPOINTER_TO_INT(data) ? FERRY_IMAP_LITERAL_MENDED : FERRY_IMAP_LITERAL_DATA;
}

/* Message data is as long as it says, and has no bare LF left where that was wanted. */
static void
check_messages(FerryImapValue *messages, gboolean mended)
{
	for (guint i = 0; i < ferry_imap_value_get_n_children(messages); i++) {
		FerryImapValue *message = ferry_imap_value_get_child(messages, i);
		FerryImapValue *data = ferry_imap_value_get_child(message, 2);
		g_autoptr(GBytes) bytes = ferry_imap_value_dup_bytes(data, NULL);
		gsize length;
		const char *octets = g_bytes_get_data(bytes, &length);

		g_assert_cmpuint(length, ==, ferry_imap_value_get_size(data));
		for (gsize k = 0; mended && k < length; k++)
			g_assert_true(octets[k] != '\n' || (k > 0 && octets[k - 1] == '\r'));
	}
}

static void
parse_arguments(FerryImapParser *parser, gboolean utf8, gboolean mended)
{
	FerryImapGrammarContext context = {.registry = get_registry(), .utf8 = utf8, .nesting = 16};
	const char *name = ferry_imap_parser_get_name(parser);
	const FerryContribution *command = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) slots = NULL;

	if (name != NULL && *name != '\0')
		command = ferry_registry_lookup(context.registry, FERRY_CONTRIBUTION_COMMAND, name);
	if (command == NULL)
		return;
	slots = ferry_imap_parser_parse_arguments(parser, command->grammar, &context, &error);
	g_assert_true((slots == NULL) == (error != NULL));
	if (slots != NULL && g_str_equal(name, "APPEND"))
		check_messages(slots->pdata[1], mended);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FerryLimits limits = FERRY_LIMITS_DEFAULT;
	g_autoptr(FerryImapParser) parser = NULL;
	FerryImapParseResult result = FERRY_IMAP_PARSE_MORE;
	gsize piece, position = 1;
	gboolean mends;

	if (size < 1)
		return 0;
	limits.line = 4096;
	limits.literal = 4096;
	parser = ferry_imap_parser_new(&limits);
	mends = (data[0] & 128) != 0;
	ferry_imap_parser_set_literal_func(parser, literal_cb, GINT_TO_POINTER(mends));
	piece = (gsize)data[0] % 64 + 1;
	while (position < size && result != FERRY_IMAP_PARSE_FATAL) {
		g_autoptr(GError) error = NULL;
		gsize length = MIN(piece, size - position);
		/* a copy, so that reads behind the end are seen */
		g_autofree guint8 *bytes = g_memdup2(data + position, length);

		position += ferry_imap_parser_feed(parser, bytes, length, &result, &error);
		g_assert_true((error != NULL) == (result == FERRY_IMAP_PARSE_MALFORMED ||
						  result == FERRY_IMAP_PARSE_FATAL));
		if (result == FERRY_IMAP_PARSE_DONE)
			/* without a literal8, whose octets stay */
			parse_arguments(parser, data[0] & 64,
					mends && memchr(data, '~', size) == NULL);
	}
	return 0;
}
