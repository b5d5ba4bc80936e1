/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mailbox names, references and patterns of a command
 *
 * Specification: RFC 9051 §5.1 and §6.3.9, RFC 3501 §5.1.3 (modified UTF-7), RFC 9755 §3 (UTF-8)
 * Implementation: names are handed on in UTF-8 with INBOX in capitals; what was typed is kept
 */
#include <string.h>

#include "base/error.h"
#include "imap/grammar-private.h"
#include "imap/names.h"
#include "imap/value-private.h"

/* RFC 3501 §5.1.3 has names in ASCII only; what is not ASCII is UTF-8 from any client (RFC 9755
 * §3). */
static char *
decode_name(FerryImapGrammar *self, const char *written, GError **error)
{
	if (!self->context->utf8 && g_str_is_ascii(written))
		return ferry_imap_utf7_decode(written, error);
	if (g_utf8_validate(written, -1, NULL))
		return g_strdup(written);
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT, "Mailbox name is not UTF-8");
	return NULL;
}

FerryImapValue *
ferry_imap_grammar_take_mailbox(FerryImapGrammar *self)
{
	g_autoptr(FerryImapValue) written =
		ferry_imap_grammar_take_text(self, FERRY_IMAP_CHARS_ASTRING, "a mailbox name");
	GError *error = NULL;
	char *name;

	if (written == NULL)
		return NULL;
	name = decode_name(self, ferry_imap_value_get_text(written), &error);
	if (name == NULL) {
		ferry_imap_grammar_keep_furthest(self, error);
		return NULL;
	}
	return ferry_imap_value_new_mailbox(ferry_imap_name_normalize(name), name);
}

/* A reference or a pattern. One that can be no name matches nothing (RFC 9051 §6.3.9). */
static FerryImapValue *
take_pattern(FerryImapGrammar *self, FerryImapChars class)
{
	g_autoptr(FerryImapValue) written =
		ferry_imap_grammar_take_text(self, class, "a mailbox name");
	g_autofree char *name = NULL;

	if (written == NULL)
		return NULL;
	name = decode_name(self, ferry_imap_value_get_text(written), NULL);
	if (name == NULL)
		return ferry_imap_value_new_string(g_strdup("//"));
	return ferry_imap_value_new_string(ferry_imap_name_normalize(name));
}

FerryImapValue *
ferry_imap_grammar_take_reference(FerryImapGrammar *self)
{
	return take_pattern(self, FERRY_IMAP_CHARS_ASTRING);
}

FerryImapValue *
ferry_imap_grammar_take_list_mailbox(FerryImapGrammar *self)
{
	return take_pattern(self, FERRY_IMAP_CHARS_LIST);
}

/* One pattern or, in parentheses, several (RFC 5258 §3): always a LIST. Empty ones in parentheses
 * are ignored (RFC 9051 §6.3.9). */
FerryImapValue *
ferry_imap_grammar_take_patterns(FerryImapGrammar *self)
{
	g_autoptr(FerryImapValue) list = ferry_imap_value_new_list();
	gboolean many = ferry_imap_input_take(self->input, '(');

	do {
		g_autoptr(FerryImapValue) pattern = ferry_imap_grammar_take_list_mailbox(self);

		if (pattern == NULL)
			return NULL;
		if (!many || *ferry_imap_value_get_text(pattern) != '\0')
			ferry_imap_value_add_child(list, g_steal_pointer(&pattern));
	} while (many && ferry_imap_input_take(self->input, ' '));
	if (many && !ferry_imap_input_take(self->input, ')')) {
		ferry_imap_grammar_fail(self, "the end of the patterns");
		return NULL;
	}
	return g_steal_pointer(&list);
}

/* One name or, in parentheses, several (RFC 5465 §8, RFC 7377 §2.2): always a LIST. */
FerryImapValue *
ferry_imap_grammar_take_mailboxes(FerryImapGrammar *self)
{
	g_autoptr(FerryImapValue) list = ferry_imap_value_new_list();
	gboolean many = ferry_imap_input_take(self->input, '(');

	do {
		FerryImapValue *mailbox = ferry_imap_grammar_take_mailbox(self);

		if (mailbox == NULL)
			return NULL;
		ferry_imap_value_add_child(list, mailbox);
	} while (many && ferry_imap_input_take(self->input, ' '));
	if (many && !ferry_imap_input_take(self->input, ')')) {
		ferry_imap_grammar_fail(self, "the end of the mailbox names");
		return NULL;
	}
	return g_steal_pointer(&list);
}

/* The names behind a choice, as children of @item. */
static gboolean
take_names(FerryImapGrammar *self, FerryImapValue *item)
{
	g_autoptr(FerryImapValue) names = NULL;

	if (!ferry_imap_input_take(self->input, ' '))
		return ferry_imap_grammar_fail(self, "a mailbox name");
	names = ferry_imap_grammar_take_mailboxes(self);
	for (guint i = 0; names != NULL && i < ferry_imap_value_get_n_children(names); i++)
		ferry_imap_value_add_child(
			item, ferry_imap_value_ref(ferry_imap_value_get_child(names, i)));
	return names != NULL;
}

static FerryImapValue *
take_mailbox_filter(FerryImapGrammar *self)
{
	static const struct {
		const char *name;
		gboolean takes_names;
	} filters[] = {
		{"SELECTED", FALSE},   {"INBOXES", FALSE}, {"PERSONAL", FALSE},
		{"SUBSCRIBED", FALSE}, {"SUBTREE", TRUE},  {"SUBTREE-ONE", TRUE},
		{"MAILBOXES", TRUE},
	};
	const char *word;
	gsize length = ferry_imap_input_run(self->input, FERRY_IMAP_CHARS_ATOM, &word);

	for (guint i = 0; i < G_N_ELEMENTS(filters); i++) {
		g_autoptr(FerryImapValue) item = NULL;

		if (strlen(filters[i].name) != length ||
		    g_ascii_strncasecmp(filters[i].name, word, length) != 0)
			continue;
		item = ferry_imap_value_new_item(filters[i].name, NULL);
		if (filters[i].takes_names && !take_names(self, item))
			return NULL;
		return g_steal_pointer(&item);
	}
	ferry_imap_grammar_fail(self, "a known choice of mailboxes");
	return NULL;
}

/* RFC 5465 §6, RFC 7377 §2.2: `subtree work mailboxes (a b) selected`: LIST of ITEM. */
FerryImapValue *
ferry_imap_grammar_take_mailbox_filters(FerryImapGrammar *self)
{
	g_autoptr(FerryImapValue) list = ferry_imap_value_new_list();
	gsize mark;

	do {
		FerryImapValue *item = take_mailbox_filter(self);

		if (item == NULL)
			return NULL;
		ferry_imap_value_add_child(list, item);
		mark = self->input->position;
	} while (ferry_imap_input_take(self->input, ' ') &&
		 ferry_imap_input_peek(self->input) != '(');
	self->input->position = mark;
	return g_steal_pointer(&list);
}
