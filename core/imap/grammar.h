/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/limits.h"
#include "imap/value.h"

G_BEGIN_DECLS

/* The argument grammars of commands, items, keys and options.
 *
 * A grammar is a list of terms with single spaces between them, each of which takes one argument:
 *
 *   atom string astring nstring number nz-number number64 mailbox list-mailbox sequence-set
 *   date date-time flag base64 literal   one argument of that production (RFC 9051 §9)
 *   section         `[…]` and a partial, attached to the name before it without a space
 *   flag-list       `(flag flag)`, and, where nothing follows, flags without parentheses
 *   list            any parenthesized list: atoms, strings, lists
 *   any             an astring or a parenthesized list
 *   "WORD"          that word, in any case; takes no argument slot
 *   named-values    `(name value name value)`, values being strings, literals of any octets or NIL:
 *                   LIST of names and values in turn
 *   reference       what stands before patterns: as list-mailbox, without wildcards
 *   mailboxes       one mailbox, or several in parentheses: LIST
 *   patterns        one list-mailbox, or several in parentheses: LIST
 *   fetch-items     FETCH's items, in parentheses or one alone: LIST of ITEM; each parsed by the
 *                   grammar of its contribution; ALL, FAST, FULL are atoms for the handler to
 * expand search-key, search-program    ITEM values; AND, OR (any number of children), NOT and SET
 *                   (a bare sequence-set) have no contribution, all others have
 *   fetch-list      FETCH's items in parentheses, and no others
 *   mailbox-filters one or more choices of mailboxes (RFC 5465 §6, RFC 7377 §2.2): LIST of
 *                   ITEM without contribution; the mailboxes that it names are its children
 *   fetch-modifiers, store-modifiers, search-returns, select-parameters, status-items,
 *   list-selections, list-returns    a parenthesized list of names of that kind: LIST of ITEM
 *   seq-number      one message number or UID, or `*`: a SET
 *   append-message  `[flag-list] [date-time] literal`: LIST of three; in place of the literal may
 *                   stand an append data element: ITEM
 *   append-messages one or more of these: LIST of LIST of three
 *
 * Around terms:  [a b]  may be left out (tried first, taken back where it does not fit);
 *                (a b)  in parentheses: LIST of its terms;  a*  one or more, spaces between: LIST;
 *                {a b}  the group once or more, spaces between: LIST of LIST of its terms; each
 *                       time it has to take something.
 * An optional group takes as many slots as it has terms; left out, they are NULL. */

/**
 * FerryImapGrammarContext: (skip)
 * @registry: where items are looked up
 * @utf8: whether quoted strings and mailbox names are UTF-8 (IMAP4rev2, UTF8=ACCEPT)
 * @nesting: how deep parentheses may go
 *
 * What arguments are parsed with.
 */
typedef struct {
	FerryRegistry *registry;
	gboolean utf8;
	guint nesting;
} FerryImapGrammarContext;

/**
 * FerryImapInput: (skip)
 *
 * A whole command in one piece: literals stand in `data` at `{n}CRLF`, but message data is in
 * `spooled`, in order.
 */
typedef struct {
	const char *data;
	gsize length;
	gsize position;
	GPtrArray *spooled;
	guint n_spooled;
} FerryImapInput;

/* Message data while a command arrives: how many arguments come before the first that may be some,
 * G_MAXUINT: it takes none; whether it follows @word inside of an append data element. */
guint ferry_imap_grammar_count_before_data(const char *grammar);
gboolean ferry_imap_grammar_word_takes_data(FerryRegistry *registry, const char *word);

GPtrArray *ferry_imap_grammar_parse(const char *grammar, const FerryImapGrammarContext *context,
				    FerryImapInput *input, GError **error);

G_END_DECLS
