/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imap/grammar.h"
#include "imap/input-private.h"

G_BEGIN_DECLS

/* One walk over a grammar and a command. */
typedef struct {
	const FerryImapGrammarContext *context;
	FerryImapInput *input;
	gboolean need_space; /* whether a space stands before the next argument */
	guint depth;         /* of parentheses and nested keys */
	GError *furthest;
	gsize furthest_position;
} FerryImapGrammar;

GPtrArray *ferry_imap_slots_new(void);
gboolean ferry_imap_grammar_fail(FerryImapGrammar *self, const char *what);
FerryImapValue *ferry_imap_grammar_too_deep(FerryImapGrammar *self);
gboolean ferry_imap_grammar_take_space(FerryImapGrammar *self);
gboolean ferry_imap_grammar_take_terms(FerryImapGrammar *self, const char *g, const char *end,
				       GPtrArray *out);
FerryImapValue *ferry_imap_grammar_take_set(FerryImapGrammar *self);

gboolean ferry_imap_grammar_keep_furthest(FerryImapGrammar *self, GError *error);
FerryImapValue *ferry_imap_grammar_take_text(FerryImapGrammar *self, FerryImapChars class,
					     const char *what);

FerryImapValue *ferry_imap_grammar_take_flag_list(FerryImapGrammar *self);
/* A function of input.c as a term. */
FerryImapValue *ferry_imap_grammar_take_from_input(FerryImapGrammar *self,
						   FerryImapValue *(*take)(FerryImapInput *input,
									   GError **error));

/* grammar-append.c */
FerryImapValue *ferry_imap_grammar_take_append_message(FerryImapGrammar *self);
FerryImapValue *ferry_imap_grammar_take_append_messages(FerryImapGrammar *self);

/* grammar-names.c */
FerryImapValue *ferry_imap_grammar_take_mailbox(FerryImapGrammar *self);
FerryImapValue *ferry_imap_grammar_take_reference(FerryImapGrammar *self);
FerryImapValue *ferry_imap_grammar_take_list_mailbox(FerryImapGrammar *self);
FerryImapValue *ferry_imap_grammar_take_patterns(FerryImapGrammar *self);
FerryImapValue *ferry_imap_grammar_take_mailboxes(FerryImapGrammar *self);
FerryImapValue *ferry_imap_grammar_take_mailbox_filters(FerryImapGrammar *self);

/* grammar-items.c: names that the registry knows, with arguments of their own */
gboolean ferry_imap_grammar_is_item_list(const char *term, FerryContributionKind *kind);
FerryImapValue *ferry_imap_grammar_take_item_list(FerryImapGrammar *self,
						  FerryContributionKind kind);
FerryImapValue *ferry_imap_grammar_take_item_arguments(FerryImapGrammar *self,
						       const FerryContribution *contribution);
FerryImapValue *ferry_imap_grammar_take_fetch_items(FerryImapGrammar *self);
FerryImapValue *ferry_imap_grammar_take_fetch_list(FerryImapGrammar *self);

/* grammar-search.c */
FerryImapValue *ferry_imap_grammar_take_search_key(FerryImapGrammar *self);
FerryImapValue *ferry_imap_grammar_take_search_program(FerryImapGrammar *self);

G_END_DECLS
