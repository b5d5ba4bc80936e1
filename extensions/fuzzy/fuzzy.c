/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SEARCH=FUZZY: the key FUZZY, the return option and the sort key RELEVANCY
 *
 * Specification: RFC 6203
 * Implementation: FUZZY stands for the key that follows it and leaves that to the backend's index.
 *   Scores are made from the ENVELOPEs of the matches, which are read only where they are asked
 *   for.
 * Not mapped: dates, sizes and flags match exactly (§5 leaves that open).
 */
#include "fuzzy.h"

/* texts of a program that scores follow; more make no better score */
#define MAX_NEEDLES 16

/* What belongs to one search. */
typedef struct {
	gboolean used;       /* a FUZZY key was there */
	gboolean looks;      /* RELEVANCY was asked for */
	GPtrArray *needles;  /* (element-type FuzzyNeedle) */
	GHashTable *weights; /* UID to weight */
	guint best;
} Fuzzy;

static void
fuzzy_free(gpointer data)
{
	Fuzzy *self = data;

	g_ptr_array_unref(self->needles);
	g_hash_table_unref(self->weights);
	g_free(self);
}

static Fuzzy *
get_fuzzy(FerryImapSearch *search)
{
	Fuzzy *self = g_object_get_data(G_OBJECT(search), "fuzzy");

	if (self != NULL)
		return self;
	self = g_new0(Fuzzy, 1);
	self->needles = g_ptr_array_new_with_free_func((GDestroyNotify)fuzzy_needle_free);
	self->weights = g_hash_table_new(NULL, NULL);
	g_object_set_data_full(G_OBJECT(search), "fuzzy", self, fuzzy_free);
	return self;
}

static FuzzyPlaces
get_places(FerryImapValue *key)
{
	static const struct {
		const char *name;
		FuzzyPlaces places;
	} keys[] = {
		{"SUBJECT", FUZZY_IN_SUBJECT},
		{"FROM", FUZZY_IN_FROM},
		{"TO", FUZZY_IN_TO},
		{"CC", FUZZY_IN_CC},
		{"BODY", FUZZY_IN_BODY},
		{"TEXT",
		 FUZZY_IN_SUBJECT | FUZZY_IN_FROM | FUZZY_IN_TO | FUZZY_IN_CC | FUZZY_IN_BODY},
	};

	for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
		if (ferry_imap_value_get_kind(key) == FERRY_IMAP_VALUE_ITEM &&
		    ferry_imap_value_is(key, keys[i].name))
			return keys[i].places;
	}
	return 0;
}

/* The texts that are looked for, but for those under NOT and those of a FUZZY in it, which comes by
 * itself. The depth of a program is bounded by the grammar. */
static gboolean
collect(Fuzzy *self, FerryImapSearch *search, FerryImapValue *key, GError **error)
{
	FuzzyPlaces places = get_places(key);
	g_autofree char *text = NULL;

	if (places != 0) {
		text = ferry_imap_search_dup_text(search, ferry_imap_value_get_child(key, 0),
						  error);
		if (text != NULL && *text != '\0' && self->needles->len < MAX_NEEDLES)
			g_ptr_array_add(self->needles, fuzzy_needle_new(places, text));
		return text != NULL;
	}
	if (!ferry_imap_value_is(key, "AND") && !ferry_imap_value_is(key, "OR"))
		return TRUE;
	for (guint i = 0; i < ferry_imap_value_get_n_children(key); i++) {
		if (!collect(self, search, ferry_imap_value_get_child(key, i), error))
			return FALSE;
	}
	return TRUE;
}

gboolean
fuzzy_prepare_key(FerryImapSearch *search, FerryImapValue *arguments, gpointer user_data,
		  GError **error)
{
	FerryImapValue *key = ferry_imap_value_get_child(arguments, 0);
	Fuzzy *self = get_fuzzy(search);

	self->used = TRUE;
	return collect(self, search, key, error) &&
	       ferry_imap_search_stand_for(search, key, TRUE, error);
}

/* Never asked: the key stands for another one. */
gboolean
fuzzy_match(FerryImapSearch *search, FerryImapMessage *message, FerryImapValue *arguments,
	    gpointer user_data)
{
	return FALSE;
}

/* RFC 6203 §4, §6 */
static gboolean
check_used(FerryImapSearch *search, gpointer user_data, GError **error)
{
	if (get_fuzzy(search)->used)
		return TRUE;
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
			    "RELEVANCY needs a FUZZY search key");
	return FALSE;
}

/* Weighs one match. */
void
fuzzy_look(FerryImapSearch *search, FerryImapMessage *message, gpointer user_data)
{
	Fuzzy *self = get_fuzzy(search);
	FerryMessageData *data = ferry_imap_message_get_data(message);
	char *headers[FUZZY_N_HEADERS] = {NULL};
	guint weight = 0;
	gsize length = 0;
	const char *envelope = data != NULL ? ferry_message_data_get_envelope(data, &length) : NULL;

	if (envelope != NULL)
		fuzzy_read_headers(envelope, length, headers);
	for (guint i = 0; i < self->needles->len; i++)
		weight += fuzzy_needle_weigh(self->needles->pdata[i], (const char *const *)headers);
	for (guint i = 0; i < FUZZY_N_HEADERS; i++)
		g_free(headers[i]);
	self->best = MAX(self->best, weight);
	g_hash_table_insert(self->weights, GUINT_TO_POINTER(ferry_imap_message_get_uid(message)),
			    GUINT_TO_POINTER(weight));
}

gboolean
fuzzy_prepare_relevancy(FerryImapSearch *search, FerryImapValue *arguments, gpointer user_data,
			GError **error)
{
	Fuzzy *self = get_fuzzy(search);

	if (!self->looks)
		ferry_imap_search_add_look(search, FERRY_NEEDS_ENVELOPE, check_used, fuzzy_look,
					   NULL);
	self->looks = TRUE;
	return TRUE;
}

static guint
get_weight(Fuzzy *self, guint32 uid)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(self->weights, GUINT_TO_POINTER(uid)));
}

/* In the order of the results; beside a page of them only those of the page. */
void
fuzzy_write_relevancy(FerryImapSearch *search, FerryImapValue *arguments, FerryImapWriter *writer,
		      gpointer user_data)
{
	Fuzzy *self = get_fuzzy(search);
	gsize n_uids, n_results, start = 0;
	const guint32 *uids = ferry_imap_search_get_uids(search, &n_uids);
	const guint32 *results = ferry_imap_search_get_results(search, &n_results);

	if (ferry_imap_search_has_window(search))
		start = (gsize)(ferry_imap_search_get_window(search, &n_results) - results);
	ferry_imap_writer_write_text(writer, " RELEVANCY (");
	for (gsize i = start; i < start + n_results; i++)
		ferry_imap_writer_writef(writer, i > start ? " %u" : "%u",
					 fuzzy_get_score(get_weight(self, uids[i]), self->best));
	ferry_imap_writer_write_text(writer, ")");
}

/* The best comes first. */
gint64
fuzzy_sort_key(FerryImapSearch *search, FerryImapMessage *message, gpointer user_data)
{
	return -(gint64)get_weight(get_fuzzy(search), ferry_imap_message_get_uid(message));
}
