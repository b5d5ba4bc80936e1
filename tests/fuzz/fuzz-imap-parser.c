/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a client sends, in pieces: the first octet says how big they are. */
#include "fuzz.h"
#include "imap/parser.h"

static const struct {
	const char *name;
	const char *grammar;
} commands[] = {
	{"LOGIN", "astring astring"},
	{"FETCH", "sequence-set fetch-items [fetch-modifiers]"},
	{"SEARCH", "[\"CHARSET\" astring] search-program"},
	{"LIST", "[list] reference patterns [\"RETURN\" list]"},
	{"STORE", "sequence-set [list] atom flag-list"},
	{"APPEND", "mailbox append-messages"},
	{"ID", "[list] [nstring]"},
	{"CREATE", "mailbox [(\"USE\" (flag*))]"},
	{"ENABLE", "atom*"},
};

static FerryRegistry *
get_registry(void)
{
	static FerryRegistry *registry;
	static const char *const keys[][2] = {{"ALL", NULL},
					      {"FROM", "astring"},
					      {"SINCE", "date"},
					      {"UID", "sequence-set"},
					      {"LARGER", "number64"}};
	GCallback never = (GCallback)get_registry;

	if (registry != NULL)
		return registry;
	registry = ferry_registry_new();
	ferry_registry_add_fetch_item(registry, "FLAGS", NULL, 0, NULL, (FerryFetchWriteFunc)never,
				      NULL, NULL, NULL);
	ferry_registry_add_fetch_item(registry, "BODY", "[section]", 0, NULL,
				      (FerryFetchWriteFunc)never, NULL, NULL, NULL);
	ferry_registry_add_fetch_modifier(registry, "CHANGEDSINCE", "number64",
					  (FerryModifierFunc)never, NULL, NULL, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
		ferry_registry_add_search_key(registry, keys[i][0], keys[i][1], 0, NULL,
					      (FerrySearchMatchFunc)never, NULL, NULL, NULL);
	ferry_registry_seal(registry);
	return registry;
}

static FerryImapLiteralUse
literal_cb(FerryImapParser *parser, guint64 size, gboolean first, gpointer data, GError **error)
{
	if (first || g_strcmp0(ferry_imap_parser_get_name(parser), "APPEND") != 0)
		return FERRY_IMAP_LITERAL_STRING;
	return FERRY_IMAP_LITERAL_DATA;
}

static void
parse_arguments(FerryImapParser *parser, gboolean utf8)
{
	FerryImapGrammarContext context = {.registry = get_registry(), .utf8 = utf8, .nesting = 16};

	for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GPtrArray) slots = NULL;

		if (g_strcmp0(ferry_imap_parser_get_name(parser), commands[i].name) != 0)
			continue;
		slots = ferry_imap_parser_parse_arguments(parser, commands[i].grammar, &context,
							  &error);
		g_assert_true((slots == NULL) == (error != NULL));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FerryLimits limits = FERRY_LIMITS_DEFAULT;
	g_autoptr(FerryImapParser) parser = NULL;
	FerryImapParseResult result = FERRY_IMAP_PARSE_MORE;
	gsize piece, position = 1;

	if (size < 1)
		return 0;
	limits.line = 4096;
	limits.literal = 4096;
	parser = ferry_imap_parser_new(&limits);
	ferry_imap_parser_set_literal_func(parser, literal_cb, NULL);
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
			parse_arguments(parser, data[0] & 64);
	}
	return 0;
}
