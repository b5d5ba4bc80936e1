/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "store/sqlite-lane.h"

G_BEGIN_DECLS

/* each is asked a FerrySqliteDataQuestion */
gboolean ferry_sqlite_put_intent(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
				 GError **error);
gboolean ferry_sqlite_claim_intents(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
				    GError **error);
gboolean ferry_sqlite_find_abandoned(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
				     GError **error);
gboolean ferry_sqlite_read_intent(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
				  GError **error);
gboolean ferry_sqlite_remove_intent(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
				    GError **error);

G_END_DECLS
