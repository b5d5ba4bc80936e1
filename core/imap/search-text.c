/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The base SEARCH keys that look for text
 *
 * Specification: RFC 9051 §6.4.4: FROM, TO, CC, BCC, SUBJECT, HEADER, BODY, TEXT
 * Implementation: substrings of decoded text, without regard to case (i;unicode-casemap). BODY and
 *   TEXT also say what Email/query would answer them with.
 */
#include "imap/search-private.h"
#include "jmap/builder.h"
#include "message/header.h"
#include "message/text-search.h"

/* Keeps the needle of a key; an empty one is in everything. */
static gboolean
keep_needle(FerryImapSearch *search, FerryImapValue *arguments, guint index, GError **error)
{
	g_autofree char *text = ferry_imap_search_dup_text(
		search, ferry_imap_value_get_child(arguments, index), error);

	if (text == NULL)
		return FALSE;
	ferry_imap_search_set_key_data(search, arguments, ferry_message_casemap(text, -1), g_free);
	return TRUE;
}

/* A substring is a phrase (RFC 8621 §4.4.1). */
static char *
quote_phrase(const char *text)
{
	GString *phrase = g_string_new("\"");

	for (const char *c = text; *c != '\0'; c++) {
		if (strchr("'\"\\", *c) != NULL)
			g_string_append_c(phrase, '\\');
		g_string_append_c(phrase, *c);
	}
	g_string_append_c(phrase, '"');
	return g_string_free(phrase, FALSE);
}

/* `{"body": "…"}` or `{"text": "…"}`; what the index is to answer as it thinks fit are words. */
static FerryJmapValue *
make_filter(const char *property, const char *text, gboolean fuzzy)
{
	g_autoptr(FerryJmapBuilder) builder = ferry_jmap_builder_new();
	g_autofree char *words = fuzzy ? g_strdup(text) : quote_phrase(text);
	g_autofree char *json = NULL;

	if (fuzzy)
		g_strdelimit(words, "'\"\\", ' ');
	ferry_jmap_builder_begin_object(builder);
	ferry_jmap_builder_set_string(builder, property, words);
	ferry_jmap_builder_end_object(builder);
	json = ferry_jmap_builder_to_json(builder);
	return ferry_jmap_value_new_from_json(json, -1, NULL);
}

/* The fields that Email/query has filters for are left to it where that is wanted. */
static gboolean
prepare_header(FerryImapSearch *search, FerryImapValue *arguments, gpointer user_data,
	       GError **error)
{
	const char *field = user_data;
	g_autoptr(FerryJmapValue) filter = NULL;
	g_autofree char *property = NULL;
	g_autofree char *text = NULL;

	if (!keep_needle(search, arguments, field != NULL ? 0 : 1, error))
		return FALSE;
	if (field == NULL || !ferry_imap_search_is_fuzzy(search))
		return TRUE;
	text = ferry_imap_search_dup_text(search, ferry_imap_value_get_child(arguments, 0), error);
	if (text == NULL || *text == '\0')
		return text != NULL;
	property = g_ascii_strdown(field, -1);
	filter = make_filter(property, text, TRUE);
	ferry_imap_search_set_filter(search, arguments, filter);
	return TRUE;
}

/* user_data: the field's name; NULL for HEADER, whose first argument it is */
static gboolean
match_header(FerryImapSearch *search, FerryImapMessage *message, FerryImapValue *arguments,
	     gpointer user_data)
{
	const char *needle = ferry_imap_search_get_key_data(search, arguments);
	FerryMessageData *data = ferry_imap_message_get_data(message);
	const char *name = user_data;
	FerryMessageHeaderIter iter;
	FerryMessageHeaderField field;
	gsize length = 0;
	const char *block = data != NULL ? ferry_message_data_peek_headers(data, &length) : NULL;

	if (block == NULL)
		return FALSE;
	if (name == NULL)
		name = ferry_imap_value_get_text(ferry_imap_value_get_child(arguments, 0));
	ferry_message_header_iter_init(&iter, block, length);
	while (ferry_message_header_iter_find(&iter, name, &field)) {
		if (*needle == '\0' ||
		    ferry_message_header_matches(field.value, field.value_length, needle))
			return TRUE;
	}
	return FALSE;
}

/* user_data: the property of Email/query's filter */
static gboolean
prepare_text(FerryImapSearch *search, FerryImapValue *arguments, gpointer user_data, GError **error)
{
	g_autofree char *text =
		ferry_imap_search_dup_text(search, ferry_imap_value_get_child(arguments, 0), error);
	g_autoptr(FerryJmapValue) filter = NULL;

	if (text == NULL || !keep_needle(search, arguments, 0, error))
		return FALSE;
	if (*text == '\0')
		return TRUE;
	filter = make_filter(user_data, text, ferry_imap_search_is_fuzzy(search));
	ferry_imap_search_set_filter(search, arguments, filter);
	return TRUE;
}

static gboolean
match_text(FerryImapSearch *search, FerryImapMessage *message, FerryImapValue *arguments,
	   gpointer user_data)
{
	const char *needle = ferry_imap_search_get_key_data(search, arguments);
	FerryMessageTextScope scope =
		g_str_equal(user_data, "body") ? FERRY_MESSAGE_TEXT_BODY : FERRY_MESSAGE_TEXT_ALL;
	GBytes *raw = ferry_imap_message_get_raw(message);
	const char *data;
	gsize length;

	if (raw == NULL)
		return FALSE;
	data = g_bytes_get_data(raw, &length);
	return ferry_message_text_matches(ferry_imap_message_get_structure(message), data, length,
					  needle, scope);
}

static const struct {
	const char *name;
	const char *grammar;
	const char *field;
} header_keys[] = {
	{"BCC", "astring", "Bcc"},         {"CC", "astring", "Cc"},
	{"FROM", "astring", "From"},       {"HEADER", "astring astring", NULL},
	{"SUBJECT", "astring", "Subject"}, {"TO", "astring", "To"},
};

static const struct {
	const char *name;
	const char *property;
} text_keys[] = {
	{"BODY", "body"},
	{"TEXT", "text"},
};

gboolean
ferry_imap_register_search_text(FerryRegistry *registry, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(header_keys); i++) {
		if (!ferry_registry_add_search_key(registry, header_keys[i].name,
						   header_keys[i].grammar, FERRY_NEEDS_HEADERS,
						   prepare_header, match_header,
						   (gpointer)header_keys[i].field, NULL, error))
			return FALSE;
	}
	for (guint i = 0; i < G_N_ELEMENTS(text_keys); i++) {
		if (!ferry_registry_add_search_key(registry, text_keys[i].name, "astring",
						   FERRY_NEEDS_RAW | FERRY_NEEDS_STRUCTURE,
						   prepare_text, match_text,
						   (gpointer)text_keys[i].property, NULL, error))
			return FALSE;
	}
	return TRUE;
}
