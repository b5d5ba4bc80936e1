/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One text in another language
 *
 * Implementation: what the catalogue has as it is; what one of its texts with %s is, names and
 *   figures in their places; and such texts behind `NAME: `. All else stays English.
 */
#include <stdlib.h>
#include <string.h>

#include "language.h"

#define PLACE "%s"

static int
compare_entry(const void *text, const void *entry)
{
	return strcmp(text, ((const LanguageEntry *)entry)->text);
}

static const char *
find(const LanguageEntry *entries, gsize n_entries, const char *text)
{
	const LanguageEntry *entry =
		bsearch(text, entries, n_entries, sizeof *entries, compare_entry);

	return entry != NULL ? entry->translation : NULL;
}

/* `NAME` or `NAME NAME`, in capitals */
static gboolean
is_name(const char *text, gsize length)
{
	for (gsize i = 0; i < length; i++)
		if (!g_ascii_isupper(text[i]) && (text[i] != ' ' || i == 0 || i + 1 == length))
			return FALSE;
	return length > 0;
}

/* Where @piece of a pattern stands: the last one at the end. */
static const char *
find_piece(const char *text, const char *piece, gboolean last)
{
	if (!last)
		return strstr(text, piece);
	return g_str_has_suffix(text, piece) ? text + strlen(text) - strlen(piece) : NULL;
}

/* (nullable): the translation of @text by a pattern, with what stands in the pattern's places; only
 * a name may stand at its beginning. */
static char *
fill_in(const LanguageEntry *pattern, const char *text)
{
	g_auto(GStrv) pieces = g_strsplit(pattern->text, PLACE, -1);
	g_auto(GStrv) translated = g_strsplit(pattern->translation, PLACE, -1);
	g_autoptr(GString) result = g_string_new(translated[0]);

	if (!g_str_has_prefix(text, pieces[0]))
		return NULL;
	text += strlen(pieces[0]);
	for (guint i = 1; pieces[i] != NULL; i++) {
		const char *end = find_piece(text, pieces[i], pieces[i + 1] == NULL);

		if (end == NULL || end <= text)
			return NULL;
		if (i == 1 && *pieces[0] == '\0' && !is_name(text, (gsize)(end - text)))
			return NULL;
		g_string_append_len(result, text, end - text);
		g_string_append(result, translated[i]);
		text = end + strlen(pieces[i]);
	}
	return g_string_free(g_steal_pointer(&result), FALSE);
}

/* Of several patterns that fit the one that says most. */
static char *
translate_pattern(const LanguageEntry *entries, gsize n_entries, const char *text)
{
	char *best = NULL;
	gsize best_length = 0;

	for (gsize i = 0; i < n_entries; i++) {
		gsize length = strlen(entries[i].text);
		char *filled = length > best_length && strstr(entries[i].text, PLACE) != NULL
				       ? fill_in(&entries[i], text)
				       : NULL;

		if (filled == NULL)
			continue;
		g_free(best);
		best = filled;
		best_length = length;
	}
	return best;
}

static char *
translate_plain(const LanguageEntry *entries, gsize n_entries, const char *text)
{
	const char *whole = find(entries, n_entries, text);

	return whole != NULL ? g_strdup(whole) : translate_pattern(entries, n_entries, text);
}

char *
language_translate(const LanguageEntry *entries, gsize n_entries, const char *text)
{
	char *whole = translate_plain(entries, n_entries, text);
	const char *rest = strstr(text, ": ");
	g_autofree char *translated = NULL;

	if (whole != NULL || rest == NULL || !is_name(text, (gsize)(rest - text)))
		return whole;
	translated = translate_plain(entries, n_entries, rest + strlen(": "));
	return translated != NULL
		       ? g_strdup_printf("%.*s: %s", (int)(rest - text), text, translated)
		       : NULL;
}
