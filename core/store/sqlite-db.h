/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sqlite3.h>

#include "base/error.h"

G_BEGIN_DECLS

/* One SQLite connection, used by one thread at a time, with its prepared statements. */
typedef struct {
	sqlite3 *handle;
	GHashTable *statements; /* SQL literal, by address */
	char *path;
} FerrySqliteDb;

/* An argument of a statement; see the macros. */
typedef struct {
	char type;
	gint64 number;
	gconstpointer data;
	gsize length;
} FerrySqliteValue;

#define INT(x) ((FerrySqliteValue){.type = 'i', .number = (gint64)(x)})
#define TEXT(x) ((FerrySqliteValue){.type = 't', .data = (x)})
#define BLOB(x, n) ((FerrySqliteValue){.type = 'b', .data = (x), .length = (n)})
#define ARGS(...)                                                                                  \
	((const FerrySqliteValue[]){__VA_ARGS__ __VA_OPT__(, )(FerrySqliteValue){.type = 0}})

FerrySqliteDb *ferry_sqlite_db_open(const char *path, int busy_ms, GError **error);
void ferry_sqlite_db_close(FerrySqliteDb *self);
gboolean ferry_sqlite_db_set_error(FerrySqliteDb *self, GError **error);
/* several statements without arguments */
gboolean ferry_sqlite_db_script(FerrySqliteDb *self, const char *sql, GError **error);
/* sql is a literal: it is remembered by its address */
gboolean ferry_sqlite_db_run(FerrySqliteDb *self, const char *sql, const FerrySqliteValue *args,
			     GError **error);
sqlite3_stmt *ferry_sqlite_db_query(FerrySqliteDb *self, const char *sql,
				    const FerrySqliteValue *args, GError **error);
/* TRUE on a row; at the end and on error the statement is reset */
gboolean ferry_sqlite_db_step(FerrySqliteDb *self, sqlite3_stmt *statement, GError **error);
/* the first column of the first row; *found says whether there is one */
gboolean ferry_sqlite_db_get_int(FerrySqliteDb *self, const char *sql, const FerrySqliteValue *args,
				 gint64 *value, gboolean *found, GError **error);
gboolean ferry_sqlite_db_get_text(FerrySqliteDb *self, const char *sql,
				  const FerrySqliteValue *args, char **value, GError **error);
char *ferry_sqlite_dup_text(sqlite3_stmt *statement, int column);
const char *ferry_sqlite_peek_text(sqlite3_stmt *statement, int column);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerrySqliteDb, ferry_sqlite_db_close)

G_END_DECLS
