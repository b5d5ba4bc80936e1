/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interned keyword sets
 *
 * Specification: RFC 8621 §4.1.1 (case does not matter: lower case here)
 * Implementation: sorted, without doubles, without the four system keywords
 */
#include "account/keyword-table-private.h"

#include <string.h>

#include "account/flags-private.h"

/* A message with more keywords than this shows the first ones in sorted order. */
#define MAX_KEYWORDS 512

typedef struct {
	char *joined;
	char **keywords;
} KeywordSet;

struct _FerryKeywordTable {
	gatomicrefcount ref_count;
	GPtrArray *sets;        /* KeywordSet */
	GHashTable *by_joined;  /* borrowed joined → index */
	GHashTable *by_keyword; /* owned strings, so that equal keywords are one */
};

static void
keyword_set_free(gpointer data)
{
	KeywordSet *set = data;

	g_free(set->joined);
	g_free(set->keywords);
	g_free(set);
}

static guint32
add_set(FerryKeywordTable *self, char *joined, char **keywords)
{
	KeywordSet *set = g_new0(KeywordSet, 1);

	set->joined = joined;
	set->keywords = keywords;
	g_ptr_array_add(self->sets, set);
	g_hash_table_insert(self->by_joined, joined, GUINT_TO_POINTER(self->sets->len - 1));
	return self->sets->len - 1;
}

FerryKeywordTable *
ferry_keyword_table_new(void)
{
	FerryKeywordTable *self = g_new0(FerryKeywordTable, 1);

	g_atomic_ref_count_init(&self->ref_count);
	self->sets = g_ptr_array_new_with_free_func(keyword_set_free);
	self->by_joined = g_hash_table_new(g_str_hash, g_str_equal);
	self->by_keyword = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	add_set(self, g_strdup(""), g_new0(char *, 1));
	return self;
}

FerryKeywordTable *
ferry_keyword_table_ref(FerryKeywordTable *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

void
ferry_keyword_table_unref(FerryKeywordTable *self)
{
	if (!g_atomic_ref_count_dec(&self->ref_count))
		return;
	g_hash_table_unref(self->by_joined);
	g_ptr_array_unref(self->sets);
	g_hash_table_unref(self->by_keyword);
	g_free(self);
}

/* The one copy of a keyword that every set of the table points to. */
static char *
intern_keyword(FerryKeywordTable *self, const char *keyword)
{
	char *lower = g_ascii_strdown(keyword, -1);
	gpointer known = NULL;

	if (g_hash_table_lookup_extended(self->by_keyword, lower, &known, NULL)) {
		g_free(lower);
		return known;
	}
	g_hash_table_add(self->by_keyword, lower);
	return lower;
}

static int
compare_keywords(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *
join_unique(GPtrArray *keywords)
{
	GString *joined = g_string_new(NULL);
	guint kept = 0;

	g_ptr_array_sort(keywords, compare_keywords);
	for (guint i = 0; i < keywords->len && kept < MAX_KEYWORDS; i++) {
		if (kept > 0 && keywords->pdata[kept - 1] == keywords->pdata[i])
			continue;
		if (kept > 0)
			g_string_append_c(joined, ' ');
		g_string_append(joined, keywords->pdata[i]);
		keywords->pdata[kept++] = keywords->pdata[i];
	}
	g_ptr_array_set_size(keywords, (int)kept);
	return g_string_free(joined, FALSE);
}

/* @n_keywords -1: @keywords ends with NULL. */
guint32
ferry_keyword_table_intern(FerryKeywordTable *self, const char *const *keywords, gssize n_keywords)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new();
	g_autofree char *joined = NULL;
	gpointer index = NULL;

	for (gssize i = 0; keywords != NULL && i != n_keywords && keywords[i] != NULL; i++) {
		if (ferry_flags_from_keyword(keywords[i]) == 0 &&
		    ferry_keyword_is_valid(keywords[i]))
			g_ptr_array_add(list, intern_keyword(self, keywords[i]));
	}
	if (list->len == 0)
		return 0;
	joined = join_unique(list);
	if (g_hash_table_lookup_extended(self->by_joined, joined, NULL, &index))
		return GPOINTER_TO_UINT(index);
	g_ptr_array_add(list, NULL);
	return add_set(self, g_steal_pointer(&joined), (char **)g_ptr_array_steal(list, NULL));
}

guint32
ferry_keyword_table_intern_joined(FerryKeywordTable *self, const char *joined)
{
	g_auto(GStrv) keywords = NULL;
	gpointer index = NULL;

	if (g_hash_table_lookup_extended(self->by_joined, joined, NULL, &index))
		return GPOINTER_TO_UINT(index);
	keywords = g_strsplit(joined, " ", -1);
	return ferry_keyword_table_intern(self, (const char *const *)keywords, -1);
}

const char *const *
ferry_keyword_table_get(FerryKeywordTable *self, guint32 set)
{
	KeywordSet *found = g_ptr_array_index(self->sets, set < self->sets->len ? set : 0);

	return (const char *const *)found->keywords;
}

const char *
ferry_keyword_table_get_joined(FerryKeywordTable *self, guint32 set)
{
	KeywordSet *found = g_ptr_array_index(self->sets, set < self->sets->len ? set : 0);

	return found->joined;
}

guint32
ferry_keyword_table_get_size(FerryKeywordTable *self)
{
	return self->sets->len;
}
