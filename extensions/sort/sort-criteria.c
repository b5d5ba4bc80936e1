/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The criteria of a SORT
 *
 * Specification: RFC 5256 §5 (sort-criteria), RFC 5957 §5
 * Implementation: a key that was named before decides nothing where it is named again, so it is
 * left out: no command has more criteria than there are keys
 */
#include "sort.h"

static const char *const names[SORT_N_KEYS] = {
	[SORT_ARRIVAL] = "ARRIVAL",
	[SORT_DATE] = "DATE",
	[SORT_SIZE] = "SIZE",
	[SORT_SUBJECT] = "SUBJECT",
	[SORT_FROM] = "FROM",
	[SORT_TO] = "TO",
	[SORT_CC] = "CC",
	[SORT_DISPLAYFROM] = "DISPLAYFROM",
	[SORT_DISPLAYTO] = "DISPLAYTO",
};

const char *
sort_key_get_name(SortKey key)
{
	return names[key];
}

static gboolean
find_key(FerryImapValue *word, SortKey *key)
{
	if (ferry_imap_value_get_kind(word) != FERRY_IMAP_VALUE_ATOM)
		return FALSE;
	for (*key = 0; *key < SORT_N_KEYS; (*key)++) {
		if (ferry_imap_value_is(word, names[*key]))
			return TRUE;
	}
	return FALSE;
}

static void
add(SortCriteria *criteria, SortKey key, gboolean reverse)
{
	for (guint i = 0; i < criteria->n; i++) {
		if (criteria->list[i].key == key)
			return;
	}
	criteria->list[criteria->n++] = (SortCriterion){key, reverse};
}

static gboolean
is_reverse(FerryImapValue *word)
{
	return ferry_imap_value_get_kind(word) == FERRY_IMAP_VALUE_ATOM &&
	       ferry_imap_value_is(word, "REVERSE");
}

/* Reads the list argument of SORT. */
gboolean
sort_criteria_parse(SortCriteria *criteria, FerryImapValue *list, GError **error)
{
	guint n = ferry_imap_value_get_n_children(list);
	gboolean reverse = FALSE;

	criteria->n = 0;
	for (guint i = 0; i < n; i++) {
		FerryImapValue *word = ferry_imap_value_get_child(list, i);
		SortKey key;

		if (!reverse && is_reverse(word)) {
			reverse = TRUE;
			continue;
		}
		if (!find_key(word, &key)) {
			g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
					    "SORT: a sort key is not known");
			return FALSE;
		}
		add(criteria, key, reverse);
		reverse = FALSE;
	}
	if (n > 0 && !reverse)
		return TRUE;
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID, "SORT: a sort key is missing");
	return FALSE;
}
