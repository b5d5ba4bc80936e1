/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

/* What messages can be sorted by. Those from SORT_FIRST_TEXT on are texts of the header. */
typedef enum {
	SORT_ARRIVAL,
	SORT_DATE,
	SORT_SIZE,
	SORT_SUBJECT,
	SORT_FROM,
	SORT_TO,
	SORT_CC,
	SORT_DISPLAYFROM,
	SORT_DISPLAYTO,
	SORT_N_KEYS,
	SORT_CONTRIBUTED = SORT_N_KEYS, /* a number that another module tells */
} SortKey;

/* other modules' keys in a command */
#define SORT_MAX_CONTRIBUTED 4
#define SORT_MAX_CRITERIA (SORT_N_KEYS + SORT_MAX_CONTRIBUTED)

#define SORT_FIRST_TEXT SORT_SUBJECT

static inline gboolean
sort_key_is_text(SortKey key)
{
	return key >= SORT_FIRST_TEXT && key < SORT_N_KEYS;
}

typedef struct {
	SortKey key;
	gboolean reverse;
	const FerryContribution *contribution; /* of SORT_CONTRIBUTED */
} SortCriterion;

/* The criteria of a command, without those that cannot decide any more. */
typedef struct {
	SortCriterion list[SORT_MAX_CRITERIA];
	guint n;
} SortCriteria;

/* sort-criteria.c */
gboolean sort_criteria_parse(SortCriteria *criteria, FerryRegistry *registry, FerryImapValue *list,
			     GError **error);
gboolean sort_criteria_prepare(const SortCriteria *criteria, FerryImapSearch *search,
			       GError **error);
FerryNeeds sort_criteria_get_needs(const SortCriteria *criteria);
const char *sort_key_get_name(SortKey key);

/* sort-key.c: what a message is sorted by */
gint64 sort_key_get_number(SortKey key, const FerryMessageRow *row);
char *sort_key_make_text(SortKey key, const char *envelope, gsize length);

/* sort-table.c: the keys of many messages, and their order */
typedef struct _SortTable SortTable;
SortTable *sort_table_new(const SortCriteria *criteria, gsize n_messages);
void sort_table_free(SortTable *self);
guint32 sort_table_add_row(SortTable *self);
void sort_table_clear_row(SortTable *self, gsize index);
int sort_table_compare(const SortTable *self, guint32 left, guint32 right);
void sort_table_set_number(SortTable *self, guint column, gsize index, gint64 number);
void sort_table_set_text(SortTable *self, guint column, gsize index, GRefString *text);
void sort_table_sort(SortTable *self, guint32 *order, gsize n_messages);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SortTable, sort_table_free)

/* sort-ranks.c: results that messages join and leave */
typedef struct _SortRanks SortRanks;
SortRanks *sort_ranks_new(const SortCriteria *criteria, SortTable *table, GArray *uids);
void sort_ranks_free(SortRanks *self);
void sort_ranks_learn(FerryImapSearch *search, FerryImapMessage *message, gpointer user_data);
int sort_ranks_compare(FerryImapSearch *search, guint32 left, guint32 right, gpointer user_data);
void sort_ranks_forget(FerryImapSearch *search, guint32 uid, gpointer user_data);

/* sort-command.c */
void sort_handle(FerryImapCommand *command, gpointer user_data);
