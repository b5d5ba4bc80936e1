/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

/* Where a text is looked for. */
typedef enum {
	FUZZY_IN_SUBJECT = 1 << 0,
	FUZZY_IN_FROM = 1 << 1,
	FUZZY_IN_TO = 1 << 2,
	FUZZY_IN_CC = 1 << 3,
	FUZZY_IN_BODY = 1 << 4,
} FuzzyPlaces;

#define FUZZY_N_HEADERS 4

/* A text that was searched for. */
typedef struct {
	FuzzyPlaces places;
	char *text; /* in the form that i;unicode-casemap compares */
} FuzzyNeedle;

/* fuzzy-score.c */
FuzzyNeedle *fuzzy_needle_new(FuzzyPlaces places, const char *text);
void fuzzy_needle_free(FuzzyNeedle *self);
guint fuzzy_needle_weigh(const FuzzyNeedle *self, const char *const headers[FUZZY_N_HEADERS]);
void fuzzy_read_headers(const char *envelope, gsize length, char *headers[FUZZY_N_HEADERS]);
guint fuzzy_get_score(guint weight, guint best);

/* fuzzy.c */
gboolean fuzzy_prepare_key(FerryImapSearch *search, FerryImapValue *arguments, gpointer user_data,
			   GError **error);
gboolean fuzzy_match(FerryImapSearch *search, FerryImapMessage *message, FerryImapValue *arguments,
		     gpointer user_data);
gboolean fuzzy_prepare_relevancy(FerryImapSearch *search, FerryImapValue *arguments,
				 gpointer user_data, GError **error);
void fuzzy_look(FerryImapSearch *search, FerryImapMessage *message, gpointer user_data);
void fuzzy_write_relevancy(FerryImapSearch *search, FerryImapValue *arguments,
			   FerryImapWriter *writer, gpointer user_data);
gint64 fuzzy_sort_key(FerryImapSearch *search, FerryImapMessage *message, gpointer user_data);
