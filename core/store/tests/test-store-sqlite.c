/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The SQLite store: the suite, and what only a file can suffer */
#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store-suite.h"
#include "store/sqlite-private.h"

static FerryStore *
open_plain(const char *dir)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *state = g_build_filename(dir, "state", NULL);
	g_autofree char *cache = g_build_filename(dir, "cache", NULL);
	FerryStoreSqlite *store = ferry_store_sqlite_new(state, cache, &error);

	g_assert_no_error(error);
	return FERRY_STORE(store);
}

static FerryStore *
open_slow(const char *dir)
{
	FerryStore *store = open_plain(dir);

	ferry_store_sqlite_set_delay(FERRY_STORE_SQLITE(store), 5);
	return store;
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	store_suite_add("sqlite", open_plain);
	store_suite_add("sqlite-slow", open_slow);
	return g_test_run();
}
