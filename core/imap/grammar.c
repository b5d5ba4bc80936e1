/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arguments by declared grammar
 *
 * Specification: RFC 9051 §9, RFC 4466; the grammar's own notation is described in grammar.h
 * Implementation: walks the grammar and the command side by side. Optional groups are tried and
 *   taken back; of all errors the one that got furthest is told.
 */
#include "imap/grammar.h"

#include <string.h>

#include "base/error.h"
#include "imap/grammar-private.h"

/* The error to tell is the one of the furthest position: what an optional group stumbled over says
 * more than that something was left at the end. */
gboolean
ferry_imap_grammar_keep_furthest(FerryImapGrammar *self, GError *error)
{
	if (self->furthest == NULL || self->input->position >= self->furthest_position) {
		g_clear_error(&self->furthest);
		self->furthest = error;
		self->furthest_position = self->input->position;
	} else {
		g_error_free(error);
	}
	return FALSE;
}

gboolean
ferry_imap_grammar_fail(FerryImapGrammar *self, const char *what)
{
	return ferry_imap_grammar_keep_furthest(
		self, g_error_new(FERRY_ERROR, FERRY_ERROR_INVALID, "Expected %s", what));
}

gboolean
ferry_imap_grammar_take_space(FerryImapGrammar *self)
{
	if (!self->need_space)
		return TRUE;
	if (!ferry_imap_input_take(self->input, ' '))
		return ferry_imap_grammar_fail(self, "an argument");
	return TRUE;
}

static FerryImapValue *
take_chars(FerryImapGrammar *self, FerryImapChars class, const char *what)
{
	const char *text;
	gsize length = ferry_imap_input_run(self->input, class, &text);

	if (length == 0) {
		ferry_imap_grammar_fail(self, what);
		return NULL;
	}
	return ferry_imap_value_new_atom(text, length);
}

static FerryImapValue *
take_string(FerryImapGrammar *self)
{
	GError *error = NULL;
	char *text = ferry_imap_input_take_string(self->input, &error);

	if (text == NULL) {
		ferry_imap_grammar_keep_furthest(self, error);
		return NULL;
	}
	return ferry_imap_value_new_string(text);
}

FerryImapValue *
ferry_imap_grammar_take_text(FerryImapGrammar *self, FerryImapChars class, const char *what)
{
	const char *text;
	gsize length;

	if (ferry_imap_input_at_string(self->input))
		return take_string(self);
	length = ferry_imap_input_run(self->input, class, &text);
	if (length == 0) {
		ferry_imap_grammar_fail(self, what);
		return NULL;
	}
	return ferry_imap_value_new_string(g_strndup(text, length));
}

static FerryImapValue *
take_nstring(FerryImapGrammar *self)
{
	if (ferry_imap_input_take_word(self->input, "NIL", 3))
		return ferry_imap_value_new_nil();
	return take_string(self);
}

static FerryImapValue *
take_number(FerryImapGrammar *self, guint64 least, guint64 most)
{
	guint64 number;

	if (!ferry_imap_input_take_number(self->input, most, &number) || number < least) {
		ferry_imap_grammar_fail(self, "a number");
		return NULL;
	}
	return ferry_imap_value_new_number(number);
}

FerryImapValue *
ferry_imap_grammar_take_set(FerryImapGrammar *self)
{
	GError *error = NULL;
	const char *text;
	gsize length = ferry_imap_input_run(self->input, FERRY_IMAP_CHARS_SET, &text);
	FerryImapSet *set = ferry_imap_set_parse(text, length, &error);

	if (set == NULL) {
		ferry_imap_grammar_keep_furthest(self, error);
		return NULL;
	}
	return ferry_imap_value_new_set(set);
}

static FerryImapValue *
take_seq_number(FerryImapGrammar *self)
{
	gsize start = self->input->position;
	const char *text;
	gsize length = ferry_imap_input_run(self->input, FERRY_IMAP_CHARS_SET, &text);
	gboolean single = length == 1 && *text == '*';

	if (!single)
		single = length > 0 && strspn(text, "0123456789") >= length;
	self->input->position = start;
	if (single)
		return ferry_imap_grammar_take_set(self);
	ferry_imap_grammar_fail(self, "one message");
	return NULL;
}

static FerryImapValue *
take_flag(FerryImapGrammar *self)
{
	gsize start = self->input->position;
	const char *text;
	gsize length;

	ferry_imap_input_take(self->input, '\\');
	length = ferry_imap_input_run(self->input, FERRY_IMAP_CHARS_ATOM, &text);
	if (length == 0) {
		ferry_imap_grammar_fail(self, "a flag");
		return NULL;
	}
	return ferry_imap_value_new_atom(self->input->data + start, self->input->position - start);
}

/* With parentheses, where it may be empty, or without. */
FerryImapValue *
ferry_imap_grammar_take_flag_list(FerryImapGrammar *self)
{
	g_autoptr(FerryImapValue) list = ferry_imap_value_new_list();
	gboolean parentheses = ferry_imap_input_take(self->input, '(');

	if (parentheses && ferry_imap_input_take(self->input, ')'))
		return g_steal_pointer(&list);
	do {
		FerryImapValue *flag = take_flag(self);

		if (flag == NULL)
			return NULL;
		ferry_imap_value_add_child(list, flag);
	} while (ferry_imap_input_take(self->input, ' '));
	if (parentheses && !ferry_imap_input_take(self->input, ')')) {
		ferry_imap_grammar_fail(self, "the end of the flags");
		return NULL;
	}
	return g_steal_pointer(&list);
}

/* Any parenthesized list, with a stack of its own. */
static FerryImapValue *
take_list(FerryImapGrammar *self)
{
	g_autoptr(FerryImapValue) outermost = ferry_imap_value_new_list();
	g_autoptr(GPtrArray) open = g_ptr_array_new();
	gboolean first = TRUE;

	if (!ferry_imap_input_take(self->input, '(')) {
		ferry_imap_grammar_fail(self, "a list");
		return NULL;
	}
	g_ptr_array_add(open, outermost);
	while (open->len > 0) {
		FerryImapValue *list = open->pdata[open->len - 1];
		FerryImapValue *child;

		if (ferry_imap_input_take(self->input, ')')) {
			g_ptr_array_set_size(open, (gint)open->len - 1);
			first = FALSE;
			continue;
		}
		if (!first && !ferry_imap_input_take(self->input, ' ')) {
			ferry_imap_grammar_fail(self, "the end of a list");
			return NULL;
		}
		first = ferry_imap_input_take(self->input, '(');
		if (!first)
			child = ferry_imap_input_at_string(self->input)
					? take_string(self)
					: take_chars(self, FERRY_IMAP_CHARS_LIST, "a word");
		else if (self->depth + open->len < self->context->nesting)
			child = ferry_imap_value_new_list();
		else
			child = ferry_imap_grammar_too_deep(self);
		if (child == NULL)
			return NULL;
		ferry_imap_value_add_child(list, child);
		if (first)
			g_ptr_array_add(open, child);
	}
	return g_steal_pointer(&outermost);
}

/* `(astring SP value *(SP astring SP value))`, a value being nstring or literal8 (RFC 5464 §5). */
static FerryImapValue *
take_named_values(FerryImapGrammar *self)
{
	g_autoptr(FerryImapValue) list = ferry_imap_value_new_list();

	if (!ferry_imap_input_take(self->input, '(')) {
		ferry_imap_grammar_fail(self, "a list");
		return NULL;
	}
	do {
		FerryImapValue *name =
			ferry_imap_grammar_take_text(self, FERRY_IMAP_CHARS_ASTRING, "a name");
		FerryImapValue *value;

		if (name == NULL)
			return NULL;
		ferry_imap_value_add_child(list, name);
		if (!ferry_imap_input_take(self->input, ' ')) {
			ferry_imap_grammar_fail(self, "a value");
			return NULL;
		}
		value = ferry_imap_input_take_word(self->input, "NIL", 3)
				? ferry_imap_value_new_nil()
				: ferry_imap_grammar_take_from_input(self,
								     ferry_imap_input_take_octets);
		if (value == NULL)
			return NULL;
		ferry_imap_value_add_child(list, value);
	} while (ferry_imap_input_take(self->input, ' '));
	if (!ferry_imap_input_take(self->input, ')')) {
		ferry_imap_grammar_fail(self, "the end of a list");
		return NULL;
	}
	return g_steal_pointer(&list);
}

static FerryImapValue *
take_any(FerryImapGrammar *self)
{
	if (ferry_imap_input_peek(self->input) == '(')
		return take_list(self);
	return ferry_imap_grammar_take_text(self, FERRY_IMAP_CHARS_LIST, "an argument");
}

/* A function of input.c as a term. */
FerryImapValue *
ferry_imap_grammar_take_from_input(FerryImapGrammar *self,
				   FerryImapValue *(*take)(FerryImapInput *input, GError **error))
{
	GError *error = NULL;
	FerryImapValue *value = take(self->input, &error);

	if (value == NULL)
		ferry_imap_grammar_keep_furthest(self, error);
	return value;
}

FerryImapValue *
ferry_imap_grammar_too_deep(FerryImapGrammar *self)
{
	ferry_imap_grammar_keep_furthest(self,
					 g_error_new(FERRY_ERROR, FERRY_ERROR_INVALID,
						     "Nested deeper than the limit nesting=%u",
						     self->context->nesting));
	return NULL;
}

static FerryImapValue *
take_simple(FerryImapGrammar *self, const char *term)
{
	static const struct {
		const char *term;
		FerryImapValue *(*take)(FerryImapGrammar *self);
		FerryImapValue *(*take_input)(FerryImapInput *input, GError **error);
	} terms[] = {
		{"mailbox", ferry_imap_grammar_take_mailbox, NULL},
		{"sequence-set", ferry_imap_grammar_take_set, NULL},
		{"seq-number", take_seq_number, NULL},
		{"flag", take_flag, NULL},
		{"flag-list", ferry_imap_grammar_take_flag_list, NULL},
		{"string", take_string, NULL},
		{"nstring", take_nstring, NULL},
		{"reference", ferry_imap_grammar_take_reference, NULL},
		{"list-mailbox", ferry_imap_grammar_take_list_mailbox, NULL},
		{"patterns", ferry_imap_grammar_take_patterns, NULL},
		{"mailboxes", ferry_imap_grammar_take_mailboxes, NULL},
		{"mailbox-filters", ferry_imap_grammar_take_mailbox_filters, NULL},
		{"list", take_list, NULL},
		{"named-values", take_named_values, NULL},
		{"any", take_any, NULL},
		{"fetch-items", ferry_imap_grammar_take_fetch_items, NULL},
		{"fetch-list", ferry_imap_grammar_take_fetch_list, NULL},
		{"search-key", ferry_imap_grammar_take_search_key, NULL},
		{"search-program", ferry_imap_grammar_take_search_program, NULL},
		{"append-message", ferry_imap_grammar_take_append_message, NULL},
		{"append-messages", ferry_imap_grammar_take_append_messages, NULL},
		{"date", NULL, ferry_imap_input_take_date},
		{"date-time", NULL, ferry_imap_input_take_date_time},
		{"literal", NULL, ferry_imap_input_take_data},
		{"section", NULL, ferry_imap_input_take_section},
	};

	for (guint i = 0; i < G_N_ELEMENTS(terms); i++) {
		if (strcmp(terms[i].term, term) != 0)
			continue;
		return terms[i].take != NULL
			       ? terms[i].take(self)
			       : ferry_imap_grammar_take_from_input(self, terms[i].take_input);
	}
	return NULL;
}

static FerryImapValue *
take_term(FerryImapGrammar *self, const char *term)
{
	FerryContributionKind kind;

	if (strcmp(term, "atom") == 0)
		return take_chars(self, FERRY_IMAP_CHARS_ATOM, "an atom");
	if (strcmp(term, "base64") == 0)
		return take_chars(self, FERRY_IMAP_CHARS_BASE64, "base64");
	if (strcmp(term, "astring") == 0)
		return ferry_imap_grammar_take_text(self, FERRY_IMAP_CHARS_ASTRING, "a string");
	if (strcmp(term, "number") == 0)
		return take_number(self, 0, G_MAXUINT32);
	if (strcmp(term, "nz-number") == 0)
		return take_number(self, 1, G_MAXUINT32);
	if (strcmp(term, "number64") == 0)
		return take_number(self, 0, G_MAXINT64);
	if (ferry_imap_grammar_is_item_list(term, &kind))
		return ferry_imap_grammar_take_item_list(self, kind);
	return take_simple(self, term);
}

/* The bracket that ends the group beginning at @g. */
static const char *
group_end(const char *g, const char *end)
{
	guint depth = 0;

	for (; g < end; g++) {
		if (strchr("[({", *g) != NULL)
			depth++;
		else if (strchr("])}", *g) != NULL && --depth == 0)
			break;
	}
	return g;
}

static const char *
word_end(const char *g, const char *end)
{
	if (*g == '"') {
		const char *quote = memchr(g + 1, '"', (gsize)(end - g - 1));

		return quote != NULL ? quote + 1 : end;
	}
	while (g < end && *g != ' ' && *g != '*')
		g++;
	return g;
}

/* How many slots the terms from @g to @end take. */
static guint
count_slots(const char *g, const char *end)
{
	guint n = 0;

	while (g < end) {
		if (*g == ' ' || *g == '*') {
			g++;
		} else if (*g == '[') {
			const char *close = group_end(g, end);

			n += count_slots(g + 1, close);
			g = close + 1;
		} else if (*g == '(' || *g == '{') {
			n++;
			g = group_end(g, end) + 1;
		} else {
			n += *g != '"';
			g = word_end(g, end);
		}
	}
	return n;
}

static void
add_slot(GPtrArray *out, FerryImapValue *value)
{
	g_ptr_array_add(out, value);
}

static gboolean
take_keyword(FerryImapGrammar *self, const char *g, const char *end)
{
	if (!ferry_imap_grammar_take_space(self))
		return FALSE;
	if (!ferry_imap_input_take_word(self->input, g + 1, (gsize)(end - g - 2))) {
		g_autofree char *word = g_strndup(g, (gsize)(end - g));

		return ferry_imap_grammar_fail(self, word);
	}
	self->need_space = TRUE;
	return TRUE;
}

static FerryImapValue *
take_repeated(FerryImapGrammar *self, const char *term)
{
	g_autoptr(FerryImapValue) list = ferry_imap_value_new_list();
	FerryImapValue *value = take_term(self, term);
	gsize mark;

	if (value == NULL)
		return NULL;
	do {
		ferry_imap_value_add_child(list, value);
		mark = self->input->position;
		value = ferry_imap_input_take(self->input, ' ') ? take_term(self, term) : NULL;
	} while (value != NULL);
	self->input->position = mark;
	return g_steal_pointer(&list);
}

static gboolean
take_word_term(FerryImapGrammar *self, const char *g, const char *end, GPtrArray *out)
{
	g_autofree char *term = g_strndup(g, (gsize)(end - g));
	FerryImapValue *value;

	/* a section follows its item's name without a space */
	if (strcmp(term, "section") != 0 && !ferry_imap_grammar_take_space(self))
		return FALSE;
	value = *end == '*' ? take_repeated(self, term) : take_term(self, term);
	if (value == NULL)
		return FALSE;
	add_slot(out, value);
	self->need_space = TRUE;
	return TRUE;
}

static gboolean
take_optional(FerryImapGrammar *self, const char *g, const char *end, GPtrArray *out)
{
	FerryImapInput *input = self->input;
	gsize position = input->position;
	guint n_spooled = input->n_spooled, n_out = out->len;
	gboolean need_space = self->need_space;
	guint depth = self->depth;

	if (ferry_imap_grammar_take_terms(self, g, end, out))
		return TRUE;
	input->position = position;
	input->n_spooled = n_spooled;
	self->need_space = need_space;
	self->depth = depth;
	g_ptr_array_set_size(out, (gint)n_out);
	for (guint i = count_slots(g, end); i > 0; i--)
		add_slot(out, NULL);
	return TRUE;
}

static gboolean
take_parenthesized(FerryImapGrammar *self, const char *g, const char *end, GPtrArray *out)
{
	g_autoptr(FerryImapValue) list = ferry_imap_value_new_list();
	g_autoptr(GPtrArray) inner = ferry_imap_slots_new();

	if (!ferry_imap_grammar_take_space(self))
		return FALSE;
	if (!ferry_imap_input_take(self->input, '('))
		return ferry_imap_grammar_fail(self, "a list");
	self->need_space = FALSE;
	if (!ferry_imap_grammar_take_terms(self, g, end, inner))
		return FALSE;
	if (!ferry_imap_input_take(self->input, ')'))
		return ferry_imap_grammar_fail(self, "the end of a list");
	self->need_space = TRUE;
	ferry_imap_value_add_children(list, inner);
	add_slot(out, g_steal_pointer(&list));
	return TRUE;
}

/* One more time; FALSE where it does not fit, or takes nothing. */
static gboolean
take_round(FerryImapGrammar *self, const char *g, const char *end, FerryImapValue *list)
{
	g_autoptr(GPtrArray) inner = ferry_imap_slots_new();
	FerryImapInput *input = self->input;
	gsize position = input->position;
	guint n_spooled = input->n_spooled;
	FerryImapValue *round;

	if (!ferry_imap_grammar_take_terms(self, g, end, inner) || input->position == position) {
		input->position = position;
		input->n_spooled = n_spooled;
		return FALSE;
	}
	round = ferry_imap_value_new_list();
	ferry_imap_value_add_children(round, inner);
	ferry_imap_value_add_child(list, round);
	return TRUE;
}

static gboolean
take_rounds(FerryImapGrammar *self, const char *g, const char *end, GPtrArray *out)
{
	g_autoptr(FerryImapValue) list = ferry_imap_value_new_list();
	guint depth = self->depth;

	if (!take_round(self, g, end, list))
		return ferry_imap_grammar_fail(self, "something that is known here");
	while (take_round(self, g, end, list))
		continue;
	self->depth = depth;
	self->need_space = TRUE;
	add_slot(out, g_steal_pointer(&list));
	return TRUE;
}

static gboolean
take_group(FerryImapGrammar *self, const char *g, const char *end, GPtrArray *out)
{
	switch (*g) {
	case '[':
		return take_optional(self, g + 1, end, out);
	case '(':
		return take_parenthesized(self, g + 1, end, out);
	default:
		return take_rounds(self, g + 1, end, out);
	}
}

gboolean
ferry_imap_grammar_take_terms(FerryImapGrammar *self, const char *g, const char *end,
			      GPtrArray *out)
{
	while (g < end) {
		const char *close;
		gboolean good;

		if (*g == ' ' || *g == '*') {
			g++;
			continue;
		}
		if (strchr("[({", *g) != NULL) {
			close = group_end(g, end);
			good = take_group(self, g, close, out);
			g = close + 1;
		} else {
			close = word_end(g, end);
			good = *g == '"' ? take_keyword(self, g, close)
					 : take_word_term(self, g, close, out);
			g = close;
		}
		if (!good)
			return FALSE;
	}
	return TRUE;
}

static void
unref_slot(gpointer value)
{
	if (value != NULL)
		ferry_imap_value_unref(value);
}

GPtrArray *
ferry_imap_slots_new(void)
{
	return g_ptr_array_new_with_free_func(unref_slot);
}

/**
 * ferry_imap_grammar_parse: (skip)
 * @grammar: (nullable): the grammar; see grammar.h
 * @context: what it leans on
 * @input: the command, its position behind the name
 * @error: return location; %FERRY_ERROR_INVALID, or %FERRY_ERROR_CANNOT for a name that is no name
 *
 * Parses all arguments of a command.
 *
 * Returns: (transfer full) (element-type FerryImapValue): one slot for each term, %NULL in those
 *   of optional terms that were left out
 */
GPtrArray *
ferry_imap_grammar_parse(const char *grammar, const FerryImapGrammarContext *context,
			 FerryImapInput *input, GError **error)
{
	g_autoptr(GPtrArray) slots = ferry_imap_slots_new();
	FerryImapGrammar self = {.context = context, .input = input, .need_space = TRUE};
	gboolean good;

	if (grammar == NULL)
		grammar = "";
	good = ferry_imap_grammar_take_terms(&self, grammar, grammar + strlen(grammar), slots);
	if (good && !ferry_imap_input_at_end(input))
		good = ferry_imap_grammar_fail(&self, "the end of the command");
	if (good) {
		g_clear_error(&self.furthest);
		return g_steal_pointer(&slots);
	}
	g_propagate_error(error, self.furthest);
	return NULL;
}
