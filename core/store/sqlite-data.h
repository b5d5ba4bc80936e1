/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "store/sqlite-lane.h"
#include "store/sqlite-mark.h"
#include "store/store.h"

G_BEGIN_DECLS

/* What jobs on intents and modules' data are asked; not every field is used by each. */
typedef struct {
	gint64 account_key;
	gint64 mailbox_key;
	gint64 intent;
	guint64 generation;
	guint64 owner; /* start number of this store object */
	FerrySqliteMark *mark;
	char *module;
	char *key;
	GBytes *value;
	char *backend;
	char *username;
} FerrySqliteDataQuestion;

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
