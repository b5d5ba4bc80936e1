/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imap/grammar.h"
#include "imap/value-private.h"

G_BEGIN_DECLS

typedef enum {
	FERRY_IMAP_CHARS_ATOM,    /* ATOM-CHAR */
	FERRY_IMAP_CHARS_ASTRING, /* ATOM-CHAR and "]" */
	FERRY_IMAP_CHARS_LIST,    /* ASTRING-CHAR and wildcards */
	FERRY_IMAP_CHARS_ITEM,    /* ATOM-CHAR without "[" and "<" */
	FERRY_IMAP_CHARS_SET,     /* digits and ":*,$" */
	FERRY_IMAP_CHARS_BASE64,
} FerryImapChars;

gboolean ferry_imap_is_char(FerryImapChars class, guint8 c);
gboolean ferry_imap_input_at_end(FerryImapInput *self);
int ferry_imap_input_peek(FerryImapInput *self);
gboolean ferry_imap_input_take(FerryImapInput *self, char c);
gboolean ferry_imap_input_take_word(FerryImapInput *self, const char *word, gsize length);
gsize ferry_imap_input_run(FerryImapInput *self, FerryImapChars class, const char **text);
gboolean ferry_imap_input_take_number(FerryImapInput *self, guint64 max, guint64 *number);
gboolean ferry_imap_input_at_string(FerryImapInput *self);
char *ferry_imap_input_take_string(FerryImapInput *self, GError **error);
FerryImapValue *ferry_imap_input_take_octets(FerryImapInput *self, GError **error);
FerryImapValue *ferry_imap_input_take_data(FerryImapInput *self, GError **error);

FerryImapValue *ferry_imap_input_take_date(FerryImapInput *self, GError **error);
FerryImapValue *ferry_imap_input_take_date_time(FerryImapInput *self, GError **error);
FerryImapValue *ferry_imap_input_take_section(FerryImapInput *self, GError **error);

gboolean ferry_imap_input_fail(GError **error, const char *what);

G_END_DECLS
