/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which language a client's ranges stand for
 *
 * Specification: RFC 4647 §2.1 (basic ranges), §3.4 (lookup); RFC 5255 §3.2 (`default`)
 * Not done: extended ranges (§2.2), which RFC 5255 §3.5 does not have
 */
#include <string.h>

#include "language.h"

/* RFC 4647 §2.1: octets of a subtag */
#define MAX_SUBTAG 8

/* language-range = (1*8ALPHA *("-" 1*8alphanum)) / "*" */
gboolean
language_is_range(const char *text)
{
	gboolean first = TRUE;
	gsize length = 0;

	if (strcmp(text, "*") == 0)
		return TRUE;
	for (const char *p = text;; p++) {
		if (*p == '-' || *p == '\0') {
			if (length == 0 || length > MAX_SUBTAG)
				return FALSE;
			if (*p == '\0')
				return TRUE;
			first = FALSE;
			length = 0;
		} else if (first ? g_ascii_isalpha(*p) : g_ascii_isalnum(*p)) {
			length++;
		} else {
			return FALSE;
		}
	}
}

static const char *
find_tag(const char *range, const char *const *tags)
{
	for (guint i = 0; tags[i] != NULL; i++)
		if (g_ascii_strcasecmp(tags[i], range) == 0)
			return tags[i];
	return NULL;
}

/* Leaves the last subtag off, and with it one of a single character before it. */
static gboolean
shorten(char *range)
{
	char *dash = strrchr(range, '-');

	if (dash == NULL)
		return FALSE;
	*dash = '\0';
	if (dash - range >= 2 && dash[-2] == '-')
		dash[-2] = '\0';
	return TRUE;
}

static const char *
look_up(const char *range, const char *const *tags)
{
	g_autofree char *rest = g_strdup(range);
	const char *tag = find_tag(rest, tags);

	while (tag == NULL && shorten(rest))
		tag = find_tag(rest, tags);
	return tag;
}

/* The tag that the first range with one stands for, NULL where none does; tags[0] is the default.
 * The length of a range is bounded by that of a command. */
const char *
language_find(const char *const *ranges, const char *const *tags)
{
	for (guint i = 0; ranges[i] != NULL; i++) {
		const char *tag;

		if (g_ascii_strcasecmp(ranges[i], "default") == 0)
			return tags[0];
		/* RFC 4647 §3.4: the default, but only where nothing follows */
		if (strcmp(ranges[i], "*") == 0)
			tag = ranges[i + 1] == NULL ? tags[0] : NULL;
		else
			tag = look_up(ranges[i], tags);
		if (tag != NULL)
			return tag;
	}
	return NULL;
}
