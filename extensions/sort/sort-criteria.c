/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The criteria of a SORT
 *
 * Specification: RFC 5256 §5 (sort-criteria), RFC 5957 §5
 * Implementation: a key that was named before decides nothing where it is named again, so it is
 *   left out. Other modules' keys are numbers, which they say themselves.
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

/* What @word names: a key of this module, or one of another. */
static gboolean
find_key(FerryRegistry *registry, FerryImapValue *word, SortCriterion *found)
{
	if (ferry_imap_value_get_kind(word) != FERRY_IMAP_VALUE_ATOM)
		return FALSE;
	for (found->key = 0; found->key < SORT_N_KEYS; found->key++) {
		if (ferry_imap_value_is(word, names[found->key]))
			return TRUE;
	}
	found->key = SORT_CONTRIBUTED;
	found->contribution = ferry_registry_lookup(registry, FERRY_CONTRIBUTION_SORT_KEY,
						    ferry_imap_value_get_text(word));
	return found->contribution != NULL;
}

static gboolean
add(SortCriteria *criteria, const SortCriterion *added, GError **error)
{
	for (guint i = 0; i < criteria->n; i++) {
		if (criteria->list[i].key == added->key &&
		    criteria->list[i].contribution == added->contribution)
			return TRUE;
	}
	if (criteria->n == SORT_MAX_CRITERIA) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_LIMIT, "SORT: more than %d sort keys",
			    SORT_MAX_CRITERIA);
		return FALSE;
	}
	criteria->list[criteria->n++] = *added;
	return TRUE;
}

static gboolean
is_reverse(FerryImapValue *word)
{
	return ferry_imap_value_get_kind(word) == FERRY_IMAP_VALUE_ATOM &&
	       ferry_imap_value_is(word, "REVERSE");
}

/* Reads the list argument of SORT. */
gboolean
sort_criteria_parse(SortCriteria *criteria, FerryRegistry *registry, FerryImapValue *list,
		    GError **error)
{
	guint n = ferry_imap_value_get_n_children(list);
	gboolean reverse = FALSE;

	criteria->n = 0;
	for (guint i = 0; i < n; i++) {
		FerryImapValue *word = ferry_imap_value_get_child(list, i);
		SortCriterion found = {0};

		if (!reverse && is_reverse(word)) {
			reverse = TRUE;
			continue;
		}
		if (!find_key(registry, word, &found)) {
			g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
					    "SORT: a sort key is not known");
			return FALSE;
		}
		found.reverse = reverse;
		if (!add(criteria, &found, error))
			return FALSE;
		reverse = FALSE;
	}
	if (n > 0 && !reverse)
		return TRUE;
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID, "SORT: a sort key is missing");
	return FALSE;
}

/* Lets the keys of other modules ask for what they need. */
gboolean
sort_criteria_prepare(const SortCriteria *criteria, FerryImapSearch *search, GError **error)
{
	for (guint i = 0; i < criteria->n; i++) {
		const FerryContribution *contribution = criteria->list[i].contribution;
		FerrySearchPrepareFunc prepare;

		if (contribution == NULL || contribution->prepare == NULL)
			continue;
		prepare = (FerrySearchPrepareFunc)contribution->prepare;
		if (!prepare(search, NULL, contribution->user_data, error))
			return FALSE;
	}
	return TRUE;
}

/* What must be at hand of one message to sort it; other modules' keys are not known here. */
FerryNeeds
sort_criteria_get_needs(const SortCriteria *criteria)
{
	for (guint i = 0; i < criteria->n; i++)
		if (sort_key_is_text(criteria->list[i].key))
			return FERRY_NEEDS_METADATA | FERRY_NEEDS_ENVELOPE;
	return FERRY_NEEDS_METADATA;
}
