/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

typedef struct {
	const char *text;
	const char *translation;
} LanguageEntry;

/* Made of a .po file by make-catalogue.py; sorted by text. */
extern const LanguageEntry language_de[];
extern const gsize language_de_size;

/* ranges.c */
gboolean language_is_range(const char *text);
const char *language_find(const char *const *ranges, const char *const *tags);

/* translate.c */
char *language_translate(const LanguageEntry *entries, gsize n_entries, const char *text);

/* language.c */
void language_run(FerryImapCommand *command, gpointer user_data);
char *language_translate_for(FerryImapSession *session, const char *text, gpointer user_data);
