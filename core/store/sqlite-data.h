/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "store/sqlite-lane.h"
#include "store/sqlite-mark.h"
#include "store/store.h"

G_BEGIN_DECLS

/* What jobs on intents are asked, and at the end of an account; not every field is used by each. */
typedef struct {
	gint64 account_key;
	gint64 intent;
	guint64 generation;
	guint64 owner; /* start number of this store object */
	FerrySqliteMark *mark;
	GBytes *value;
	char *backend;
	char *username;
} FerrySqliteDataQuestion;

/* What jobs on modules' data are asked. */
typedef struct {
	FerryStoreDataPlace place;
	char *module; /* of the place */
	gboolean shared;
	char *key;
	GPtrArray *data; /* FerryStoreDatum */
	guint max_keys;
	char **prefixes;
} FerrySqliteModuleQuestion;

FerrySqliteModuleQuestion *ferry_sqlite_module_question_new(const FerryStoreDataPlace *place);
void ferry_sqlite_module_question_free(gpointer data);
void ferry_sqlite_data_question_free(gpointer data);

gboolean ferry_sqlite_remove_account(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
				     GError **error);
gboolean ferry_sqlite_get_data(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
			       GError **error);
gboolean ferry_sqlite_put_data(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
			       GError **error);
gboolean ferry_sqlite_list_data(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
				GError **error);

G_END_DECLS
