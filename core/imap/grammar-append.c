/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages as arguments
 *
 * Specification: RFC 9051 §6.3.12, RFC 4466 §2.2 (append-data-ext), RFC 3502, RFC 6855 §4
 * Implementation: `[flags] [date-time] data`; the data is a literal, or an element that a module
 *   contributed, which may have literals in it. What a literal is must be known when it is
 *   announced: whether it is message data is told by how many arguments come before it, and inside
 *   of an element by the word before it
 */
#include <string.h>

#include "imap/grammar-private.h"

/* `UTF8 (literal8)` of a client that enabled UTF8=ACCEPT (RFC 6855 §4; the newer RFC 9755 wants no
 * word for it). */
static FerryImapValue *
take_utf8(FerryImapGrammar *self)
{
	g_autoptr(FerryImapValue) data = NULL;

	if (!ferry_imap_input_take(self->input, ' ') || !ferry_imap_input_take(self->input, '(')) {
		ferry_imap_grammar_fail(self, "a message in parentheses");
		return NULL;
	}
	data = ferry_imap_grammar_take_from_input(self, ferry_imap_input_take_data);
	if (data == NULL)
		return NULL;
	if (!ferry_imap_input_take(self->input, ')')) {
		ferry_imap_grammar_fail(self, "the end of a message");
		return NULL;
	}
	return g_steal_pointer(&data);
}

static FerryImapValue *
take_data(FerryImapGrammar *self)
{
	const FerryContribution *contribution = NULL;
	gsize start = self->input->position;
	const char *name;
	gsize length;

	if (ferry_imap_input_take_word(self->input, "UTF8", 4))
		return take_utf8(self);
	length = ferry_imap_input_run(self->input, FERRY_IMAP_CHARS_ITEM, &name);
	if (length > 0)
		contribution = ferry_registry_lookup_n(
			self->context->registry, FERRY_CONTRIBUTION_APPEND_DATA, name, length);
	if (contribution != NULL)
		return ferry_imap_grammar_take_item_arguments(self, contribution);
	self->input->position = start;
	return ferry_imap_grammar_take_from_input(self, ferry_imap_input_take_data);
}

/* `[flag-list SP] [date-time SP] data`: LIST of three */
FerryImapValue *
ferry_imap_grammar_take_append_message(FerryImapGrammar *self)
{
	g_autoptr(FerryImapValue) message = ferry_imap_value_new_list();
	FerryImapValue *part = NULL;

	if (ferry_imap_input_peek(self->input) == '(') {
		part = ferry_imap_grammar_take_flag_list(self);
		if (part == NULL)
			return NULL;
		ferry_imap_input_take(self->input, ' ');
	}
	ferry_imap_value_add_child(message, part);
	part = NULL;
	if (ferry_imap_input_peek(self->input) == '"') {
		part = ferry_imap_grammar_take_from_input(self, ferry_imap_input_take_date_time);
		if (part == NULL)
			return NULL;
		ferry_imap_input_take(self->input, ' ');
	}
	ferry_imap_value_add_child(message, part);
	part = take_data(self);
	if (part == NULL)
		return NULL;
	ferry_imap_value_add_child(message, part);
	return g_steal_pointer(&message);
}

/* As often as it comes: LIST of these */
FerryImapValue *
ferry_imap_grammar_take_append_messages(FerryImapGrammar *self)
{
	g_autoptr(FerryImapValue) messages = ferry_imap_value_new_list();

	do {
		FerryImapValue *message = ferry_imap_grammar_take_append_message(self);

		if (message == NULL)
			return NULL;
		ferry_imap_value_add_child(messages, message);
	} while (ferry_imap_input_take(self->input, ' '));
	return g_steal_pointer(&messages);
}

/**
 * ferry_imap_grammar_count_before_data: (skip)
 * @grammar: (nullable): of a command
 *
 * Returns: how many arguments come before message data at least; %G_MAXUINT where it takes none
 */
guint
ferry_imap_grammar_count_before_data(const char *grammar)
{
	g_auto(GStrv) terms = g_strsplit_set(grammar != NULL ? grammar : "", " ()[]{}*", -1);
	guint n = 0;

	for (guint i = 0; terms[i] != NULL; i++) {
		if (strcmp(terms[i], "literal") == 0 ||
		    g_str_has_prefix(terms[i], "append-message"))
			return n;
		n += *terms[i] != '\0';
	}
	return G_MAXUINT;
}

/**
 * ferry_imap_grammar_word_takes_data: (skip)
 * @registry: where append data elements are looked up
 * @word: the word before a literal
 *
 * Returns: whether that literal is message data for an append data element
 */
gboolean
ferry_imap_grammar_word_takes_data(FerryRegistry *registry, const char *word)
{
	GPtrArray *elements = ferry_registry_list(registry, FERRY_CONTRIBUTION_APPEND_DATA);
	g_autofree char *upper = g_ascii_strup(word, -1);
	g_autofree char *term = g_strdup_printf("\"%s\" literal", upper);

	for (guint i = 0; i < elements->len; i++) {
		const FerryContribution *element = elements->pdata[i];

		if (element->grammar == NULL)
			continue;
		if (strstr(element->grammar, term) != NULL ||
		    (strcmp(element->name, upper) == 0 &&
		     g_str_has_prefix(element->grammar, "literal")))
			return TRUE;
	}
	return FALSE;
}
