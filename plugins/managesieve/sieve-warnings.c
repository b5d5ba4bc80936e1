/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a valid script may do otherwise than its writer thinks
 *
 * Specification: RFC 5804 §1.3 (WARNINGS), RFC 5228 §2.3, §2.4.2, §8.1 (what is no code)
 * Implementation: more redirects than the backend carries out. JMAP has no warnings of its own.
 */
#include "sieve-warnings.h"

#include <string.h>

typedef struct {
	const char *at;
	const char *end;
	guint line;
} Scan;

static gboolean
looking_at(const Scan *scan, const char *text)
{
	gsize length = strlen(text);

	return (gsize)(scan->end - scan->at) >= length &&
	       g_ascii_strncasecmp(scan->at, text, length) == 0;
}

static void
advance(Scan *scan)
{
	if (*scan->at++ == '\n')
		scan->line++;
}

static void
skip_to(Scan *scan, const char *text)
{
	while (scan->at < scan->end && !looking_at(scan, text))
		advance(scan);
	for (gsize i = 0; i < strlen(text) && scan->at < scan->end; i++)
		advance(scan);
}

static void
skip_quoted(Scan *scan)
{
	for (advance(scan); scan->at < scan->end && *scan->at != '"'; advance(scan))
		if (*scan->at == '\\' && scan->at + 1 < scan->end)
			advance(scan);
	if (scan->at < scan->end)
		advance(scan);
}

/* `text:` up to a line that is a dot */
static void
skip_multiline(Scan *scan)
{
	skip_to(scan, "\n");
	while (scan->at < scan->end && !looking_at(scan, ".\r\n") && !looking_at(scan, ".\n"))
		skip_to(scan, "\n");
	skip_to(scan, "\n");
}

static gboolean
is_word(char c)
{
	return g_ascii_isalnum(c) || c == '_';
}

/* Skips what is no code; returns FALSE where code stands. */
static gboolean
skip_other(Scan *scan)
{
	if (looking_at(scan, "#"))
		skip_to(scan, "\n");
	else if (looking_at(scan, "/*"))
		skip_to(scan, "*/");
	else if (looking_at(scan, "\""))
		skip_quoted(scan);
	else if (looking_at(scan, "text:"))
		skip_multiline(scan);
	else if (!is_word(*scan->at))
		advance(scan);
	else
		return FALSE;
	return TRUE;
}

static gsize
measure_word(const Scan *scan)
{
	gsize n = 0;

	while (scan->at + n < scan->end && is_word(scan->at[n]))
		n++;
	return n;
}

/* What to warn of, or NULL. */
char *
sieve_warnings_find(const char *script, gsize length, guint64 max_redirects)
{
	Scan scan = {script, script + length, 1};
	guint64 n_redirects = 0;

	while (scan.at < scan.end) {
		gsize n;

		if (skip_other(&scan))
			continue;
		n = measure_word(&scan);
		if (n == strlen("redirect") && looking_at(&scan, "redirect") &&
		    ++n_redirects > max_redirects)
			return g_strdup_printf("line %u: %" G_GUINT64_FORMAT
					       " redirects of a message are carried out, "
					       "this one may be one too many",
					       scan.line, max_redirects);
		scan.at += n;
	}
	return NULL;
}
