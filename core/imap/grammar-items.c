/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of names that the registry knows
 *
 * Specification: RFC 4466 (modifiers, options), RFC 9051 §9 (fetch-att, status-att)
 * Implementation: each name is parsed on by the grammar that it was registered with
 */
#include "imap/grammar-private.h"

#include <string.h>

#include "base/error.h"

static const struct {
	const char *term;
	FerryContributionKind kind;
	gboolean may_be_empty;
} item_lists[] = {
	{"fetch-modifiers", FERRY_CONTRIBUTION_FETCH_MODIFIER, FALSE},
	{"store-modifiers", FERRY_CONTRIBUTION_STORE_MODIFIER, FALSE},
	{"search-returns", FERRY_CONTRIBUTION_SEARCH_RETURN, TRUE},
	{"select-parameters", FERRY_CONTRIBUTION_SELECT_PARAMETER, FALSE},
	{"status-items", FERRY_CONTRIBUTION_STATUS_ITEM, FALSE},
	{"list-selections", FERRY_CONTRIBUTION_LIST_SELECTION, TRUE},
	{"list-returns", FERRY_CONTRIBUTION_LIST_RETURN, TRUE},
};

gboolean
ferry_imap_grammar_is_item_list(const char *term, FerryContributionKind *kind)
{
	for (guint i = 0; i < G_N_ELEMENTS(item_lists); i++) {
		if (strcmp(item_lists[i].term, term) == 0) {
			*kind = item_lists[i].kind;
			return TRUE;
		}
	}
	return FALSE;
}

static gboolean
may_be_empty(FerryContributionKind kind)
{
	for (guint i = 0; i < G_N_ELEMENTS(item_lists); i++)
		if (item_lists[i].kind == kind)
			return item_lists[i].may_be_empty;
	return FALSE;
}

/* What follows a name that was looked up: an ITEM with its arguments. */
FerryImapValue *
ferry_imap_grammar_take_item_arguments(FerryImapGrammar *self,
				       const FerryContribution *contribution)
{
	g_autoptr(FerryImapValue) item =
		ferry_imap_value_new_item(contribution->name, contribution);
	g_autoptr(GPtrArray) slots = ferry_imap_slots_new();
	const char *grammar = contribution->grammar;

	self->need_space = TRUE;
	if (grammar != NULL &&
	    !ferry_imap_grammar_take_terms(self, grammar, grammar + strlen(grammar), slots))
		return NULL;
	self->need_space = TRUE;
	ferry_imap_value_add_children(item, slots);
	return g_steal_pointer(&item);
}

static FerryImapValue *
take_item(FerryImapGrammar *self, FerryContributionKind kind)
{
	const FerryContribution *contribution = NULL;
	const char *name;
	gsize length = ferry_imap_input_run(self->input, FERRY_IMAP_CHARS_ITEM, &name);

	if (length > 0 && length <= 64)
		contribution = ferry_registry_lookup_n(self->context->registry, kind, name, length);
	if (contribution == NULL) {
		g_autofree char *what =
			g_strdup_printf("a known %s", ferry_contribution_kind_to_string(kind));

		ferry_imap_grammar_fail(self, what);
		return NULL;
	}
	return ferry_imap_grammar_take_item_arguments(self, contribution);
}

/* `name name …)`: the list's opening parenthesis is taken. */
static FerryImapValue *
take_items_to_end(FerryImapGrammar *self, FerryContributionKind kind)
{
	g_autoptr(FerryImapValue) list = ferry_imap_value_new_list();

	if (++self->depth > self->context->nesting)
		return ferry_imap_grammar_too_deep(self);
	do {
		FerryImapValue *item = take_item(self, kind);

		if (item == NULL)
			return NULL;
		ferry_imap_value_add_child(list, item);
	} while (ferry_imap_input_take(self->input, ' '));
	self->depth--;
	if (!ferry_imap_input_take(self->input, ')')) {
		ferry_imap_grammar_fail(self, "the end of a list");
		return NULL;
	}
	return g_steal_pointer(&list);
}

FerryImapValue *
ferry_imap_grammar_take_item_list(FerryImapGrammar *self, FerryContributionKind kind)
{
	if (!ferry_imap_input_take(self->input, '(')) {
		ferry_imap_grammar_fail(self, "a list");
		return NULL;
	}
	if (may_be_empty(kind) && ferry_imap_input_take(self->input, ')'))
		return ferry_imap_value_new_list();
	return take_items_to_end(self, kind);
}

/* ALL, FAST and FULL stand alone (RFC 9051 §6.4.5); the handler knows what they mean. */
static FerryImapValue *
take_macro(FerryImapGrammar *self)
{
	static const char *const macros[] = {"ALL", "FAST", "FULL"};

	for (guint i = 0; i < G_N_ELEMENTS(macros); i++)
		if (ferry_imap_input_take_word(self->input, macros[i], strlen(macros[i])))
			return ferry_imap_value_new_atom(macros[i], strlen(macros[i]));
	return NULL;
}

FerryImapValue *
ferry_imap_grammar_take_fetch_items(FerryImapGrammar *self)
{
	g_autoptr(FerryImapValue) list = NULL;
	FerryImapValue *item;

	if (ferry_imap_input_take(self->input, '('))
		return take_items_to_end(self, FERRY_CONTRIBUTION_FETCH_ITEM);
	list = ferry_imap_value_new_list();
	item = take_macro(self);
	if (item == NULL)
		item = take_item(self, FERRY_CONTRIBUTION_FETCH_ITEM);
	if (item == NULL)
		return NULL;
	ferry_imap_value_add_child(list, item);
	return g_steal_pointer(&list);
}

FerryImapValue *
ferry_imap_grammar_take_fetch_list(FerryImapGrammar *self)
{
	if (ferry_imap_input_take(self->input, '('))
		return take_items_to_end(self, FERRY_CONTRIBUTION_FETCH_ITEM);
	ferry_imap_grammar_fail(self, "a list");
	return NULL;
}
