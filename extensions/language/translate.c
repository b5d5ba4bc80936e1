/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One text in another language
 *
 * Implementation: what the catalogue has as it is, `%s completed` with the name of a command, and
 *   such texts behind `NAME: `. All else stays English.
 */
#include <stdlib.h>
#include <string.h>

#include "language.h"

#define COMPLETED " completed"
#define COMPLETED_ENTRY "%s completed"

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

static char *
translate_completed(const LanguageEntry *entries, gsize n_entries, const char *text)
{
	const char *pattern = find(entries, n_entries, COMPLETED_ENTRY);
	gsize length = strlen(text) - strlen(COMPLETED);
	const char *place = pattern != NULL ? strstr(pattern, "%s") : NULL;

	if (place == NULL || !is_name(text, length))
		return NULL;
	return g_strdup_printf("%.*s%.*s%s", (int)(place - pattern), pattern, (int)length, text,
			       place + strlen("%s"));
}

char *
language_translate(const LanguageEntry *entries, gsize n_entries, const char *text)
{
	const char *whole = find(entries, n_entries, text);
	const char *rest = strstr(text, ": ");

	if (whole != NULL)
		return g_strdup(whole);
	if (g_str_has_suffix(text, COMPLETED))
		return translate_completed(entries, n_entries, text);
	if (rest == NULL || !is_name(text, (gsize)(rest - text)))
		return NULL;
	whole = find(entries, n_entries, rest + strlen(": "));
	return whole != NULL ? g_strdup_printf("%.*s: %s", (int)(rest - text), text, whole) : NULL;
}
