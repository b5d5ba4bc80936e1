/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* COMPARATOR
 *
 * Specification: RFC 5255 §4.7 to §4.9; RFC 4790 §3.1, §3.2 (names and patterns)
 * Implementation: SEARCH, SORT and THREAD compare with i;unicode-casemap, which is the default and
 *   the only comparator; so no choice changes anything, and no list of further ones is told.
 * Not mapped: descending order (`-` before a name), for which SORT has REVERSE
 */
#include "comparator.h"

#include <string.h>

#define NAME "i;unicode-casemap"

/* RFC 4790 §3.1 */
#define MAX_NAME 254

/* Whether it is a collation-order: a name or a pattern, perhaps with a direction. */
gboolean
comparator_is_order(const char *text)
{
	const char *first = text + (*text == '+' || *text == '-');
	gboolean star = FALSE;

	if (!(g_ascii_isalpha(*first) || *first == '*') || strlen(first) > MAX_NAME)
		return FALSE;
	for (const char *p = first; *p != '\0'; p++) {
		if (*p == '*' ? star : !g_ascii_isalnum(*p) && strchr("-;=.", *p) == NULL)
			return FALSE;
		star = *p == '*';
	}
	return TRUE;
}

gboolean
comparator_matches(const char *order)
{
	g_autofree char *pattern = g_ascii_strdown(order + (*order == '+'), -1);

	return strcmp(pattern, "default") == 0 || g_pattern_match_simple(pattern, NAME);
}

void
comparator_handle(FerryImapCommand *command, gpointer user_data)
{
	FerryImapValue *orders = ferry_imap_command_get_argument(command, 0);
	FerryImapWriter *writer = ferry_imap_command_get_writer(command);
	guint n = orders != NULL ? ferry_imap_value_get_n_children(orders) : 0;
	gboolean found = n == 0;

	for (guint i = 0; i < n; i++) {
		const char *order =
			ferry_imap_value_get_text(ferry_imap_value_get_child(orders, i));

		if (!comparator_is_order(order)) {
			ferry_imap_command_fail_new(command, FERRY_ERROR_INVALID,
						    "Not the name of a comparator");
			return;
		}
		found |= comparator_matches(order);
	}
	if (!found) {
		ferry_imap_command_set_response_code(command, "BADCOMPARATOR");
		ferry_imap_command_fail_new(command, FERRY_ERROR_CANNOT,
					    "There is no such comparator");
		return;
	}
	ferry_imap_writer_begin_untagged(writer, "COMPARATOR");
	ferry_imap_writer_write_astring(writer, NAME);
	ferry_imap_writer_end_line(writer);
	ferry_imap_command_finish(command);
}
