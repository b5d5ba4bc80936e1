/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Search programs
 *
 * Specification: RFC 9051 §6.4.4, §9 (search-key, search-program)
 * Implementation: AND, OR, NOT, parentheses and sets here, every other key by its contribution.
 *   Chains of OR become one OR of many, because clients nest hundreds of them to the right.
 */
#include "imap/grammar-private.h"

static FerryImapValue *take_key(FerryImapGrammar *self);

static gboolean
at_set(FerryImapGrammar *self)
{
	int c = ferry_imap_input_peek(self->input);

	return c == '*' || c == '$' || (c >= '0' && c <= '9');
}

/* A bare sequence-set as an item, so that all keys are items. */
static FerryImapValue *
take_set_key(FerryImapGrammar *self)
{
	FerryImapValue *set = ferry_imap_grammar_take_set(self);
	FerryImapValue *item;

	if (set == NULL)
		return NULL;
	item = ferry_imap_value_new_item("SET", NULL);
	ferry_imap_value_add_child(item, set);
	return item;
}

static gboolean
add_spaced_key(FerryImapGrammar *self, FerryImapValue *parent)
{
	FerryImapValue *key;

	if (!ferry_imap_input_take(self->input, ' '))
		return ferry_imap_grammar_fail(self, "a search key");
	key = take_key(self);
	if (key == NULL)
		return FALSE;
	ferry_imap_value_add_child(parent, key);
	return TRUE;
}

/* `OR a OR b c` is one OR of three. */
static FerryImapValue *
take_or(FerryImapGrammar *self)
{
	g_autoptr(FerryImapValue) item = ferry_imap_value_new_item("OR", NULL);
	gsize mark;

	do {
		if (!add_spaced_key(self, item))
			return NULL;
		mark = self->input->position;
	} while (ferry_imap_input_take(self->input, ' ') &&
		 ferry_imap_input_take_word(self->input, "OR", 2));
	self->input->position = mark;
	if (!add_spaced_key(self, item))
		return NULL;
	return g_steal_pointer(&item);
}

static FerryImapValue *
take_not(FerryImapGrammar *self)
{
	g_autoptr(FerryImapValue) item = ferry_imap_value_new_item("NOT", NULL);

	return add_spaced_key(self, item) ? g_steal_pointer(&item) : NULL;
}

/* Keys with spaces between them: AND, or the key itself where it is alone. */
static FerryImapValue *
take_keys(FerryImapGrammar *self)
{
	g_autoptr(FerryImapValue) item = ferry_imap_value_new_item("AND", NULL);

	do {
		FerryImapValue *key = take_key(self);

		if (key == NULL)
			return NULL;
		ferry_imap_value_add_child(item, key);
	} while (ferry_imap_input_take(self->input, ' '));
	if (ferry_imap_value_get_n_children(item) == 1)
		return ferry_imap_value_ref(ferry_imap_value_get_child(item, 0));
	return g_steal_pointer(&item);
}

static FerryImapValue *
take_parenthesized(FerryImapGrammar *self)
{
	g_autoptr(FerryImapValue) keys = take_keys(self);

	if (keys == NULL)
		return NULL;
	if (!ferry_imap_input_take(self->input, ')')) {
		ferry_imap_grammar_fail(self, "the end of a list of keys");
		return NULL;
	}
	return g_steal_pointer(&keys);
}

static FerryImapValue *
take_named_key(FerryImapGrammar *self)
{
	const FerryContribution *contribution = NULL;
	const char *name;
	gsize length;

	if (ferry_imap_input_take_word(self->input, "NOT", 3))
		return take_not(self);
	if (ferry_imap_input_take_word(self->input, "OR", 2))
		return take_or(self);
	length = ferry_imap_input_run(self->input, FERRY_IMAP_CHARS_ATOM, &name);
	if (length > 0)
		contribution = ferry_registry_lookup_n(self->context->registry,
						       FERRY_CONTRIBUTION_SEARCH_KEY, name, length);
	if (contribution == NULL) {
		ferry_imap_grammar_fail(self, "a known search key");
		return NULL;
	}
	return ferry_imap_grammar_take_item_arguments(self, contribution);
}

/* The recursion of keys; never deeper than the limit. */
static FerryImapValue *
take_key(FerryImapGrammar *self)
{
	FerryImapValue *key;

	if (self->depth >= self->context->nesting)
		return ferry_imap_grammar_too_deep(self);
	self->depth++;
	if (at_set(self))
		key = take_set_key(self);
	else if (ferry_imap_input_take(self->input, '('))
		key = take_parenthesized(self);
	else
		key = take_named_key(self);
	self->depth--;
	return key;
}

FerryImapValue *
ferry_imap_grammar_take_search_key(FerryImapGrammar *self)
{
	return take_key(self);
}

FerryImapValue *
ferry_imap_grammar_take_search_program(FerryImapGrammar *self)
{
	return take_keys(self);
}
