/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How well a message fits what was searched for
 *
 * Specification: RFC 6203 §4: scores from 1 to 100 that use the whole range
 * Implementation: by where the words stand, as README.md says; the texts are compared by
 *   i;unicode-casemap. The message is known to match.
 */
#include "fuzzy.h"

#include <string.h>

/* of 1,000: the whole text in the subject, all its words there, the same in an address, and what
 * was found in the body or by the index alone */
#define WHOLE_SUBJECT 1000
#define WORDS_SUBJECT 700
#define WHOLE_ADDRESS 800
#define WORDS_ADDRESS 500
#define ELSEWHERE 200

/* words of a text that are looked at */
#define MAX_WORDS 16

FuzzyNeedle *
fuzzy_needle_new(FuzzyPlaces places, const char *text)
{
	FuzzyNeedle *self = g_new0(FuzzyNeedle, 1);

	self->places = places;
	self->text = ferry_message_casemap(text, -1);
	return self;
}

void
fuzzy_needle_free(FuzzyNeedle *self)
{
	g_free(self->text);
	g_free(self);
}

static guint
weigh_words(const char *text, const char *header, guint most)
{
	g_auto(GStrv) words = g_strsplit_set(text, " \t\r\n", MAX_WORDS + 1);
	guint n_words = 0, n_found = 0;

	for (guint i = 0; words[i] != NULL && i < MAX_WORDS; i++) {
		if (*words[i] == '\0')
			continue;
		n_words++;
		n_found += strstr(header, words[i]) != NULL;
	}
	return n_words > 0 ? most * n_found / n_words : 0;
}

/* How well a message with these headers fits, from 200 to 1,000. */
guint
fuzzy_needle_weigh(const FuzzyNeedle *self, const char *const headers[FUZZY_N_HEADERS])
{
	guint weight = ELSEWHERE;

	for (guint i = 0; i < FUZZY_N_HEADERS; i++) {
		FuzzyPlaces place = 1U << i;
		guint whole = place == FUZZY_IN_SUBJECT ? WHOLE_SUBJECT : WHOLE_ADDRESS;
		guint words = place == FUZZY_IN_SUBJECT ? WORDS_SUBJECT : WORDS_ADDRESS;

		if (!(self->places & place) || headers[i] == NULL)
			continue;
		if (strstr(headers[i], self->text) != NULL)
			weight = MAX(weight, whole);
		else
			weight = MAX(weight, weigh_words(self->text, headers[i], words));
	}
	return weight;
}

static char *
read_address(const char *envelope, gsize length, FerryMessageEnvelopeField field)
{
	g_autofree char *name = NULL;
	g_autofree char *mailbox = NULL;
	g_autofree char *host = NULL;
	g_autofree char *decoded = NULL;
	g_autofree char *text = NULL;

	if (!ferry_message_envelope_get_first_address(envelope, length, field, &name, &mailbox,
						      &host))
		return NULL;
	decoded =
		name != NULL ? ferry_message_header_decode_utf8(name, strlen(name)) : g_strdup("");
	text = g_strconcat(decoded, " ", mailbox != NULL ? mailbox : "", "@",
			   host != NULL ? host : "", NULL);
	return ferry_message_casemap(text, -1);
}

static char *
read_subject(const char *envelope, gsize length)
{
	g_autofree char *raw =
		ferry_message_envelope_dup_text(envelope, length, FERRY_MESSAGE_ENVELOPE_SUBJECT);
	g_autofree char *decoded = NULL;

	if (raw == NULL)
		return NULL;
	decoded = ferry_message_header_decode_utf8(raw, strlen(raw));
	return ferry_message_casemap(decoded, -1);
}

/* The texts that scores lean on, out of an ENVELOPE; NULL for what is not there. */
void
fuzzy_read_headers(const char *envelope, gsize length, char *headers[FUZZY_N_HEADERS])
{
	headers[0] = read_subject(envelope, length);
	headers[1] = read_address(envelope, length, FERRY_MESSAGE_ENVELOPE_FROM);
	headers[2] = read_address(envelope, length, FERRY_MESSAGE_ENVELOPE_TO);
	headers[3] = read_address(envelope, length, FERRY_MESSAGE_ENVELOPE_CC);
}

/* The score of a message beside the best of all. */
guint
fuzzy_get_score(guint weight, guint best)
{
	return best > 0 ? CLAMP(weight * 100 / best, 1, 100) : 100;
}
