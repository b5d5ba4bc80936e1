/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/types.h"

/* Sets of keywords, interned: messages with the same keywords share one number. A table belongs to
 * a mail account and is shared by its views; sets are only ever added. Set 0 is the empty one. */
typedef struct _FerryKeywordTable FerryKeywordTable;

FerryKeywordTable *ferry_keyword_table_new(void);
FerryKeywordTable *ferry_keyword_table_ref(FerryKeywordTable *self);
void ferry_keyword_table_unref(FerryKeywordTable *self);
guint32 ferry_keyword_table_intern(FerryKeywordTable *self, const char *const *keywords,
				   gssize n_keywords);
guint32 ferry_keyword_table_intern_joined(FerryKeywordTable *self, const char *joined);
const char *const *ferry_keyword_table_get(FerryKeywordTable *self, guint32 set);
/* The keywords of a set, joined by one space: the form the store keeps. */
const char *ferry_keyword_table_get_joined(FerryKeywordTable *self, guint32 set);
guint32 ferry_keyword_table_get_size(FerryKeywordTable *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryKeywordTable, ferry_keyword_table_unref)
