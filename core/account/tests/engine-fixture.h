/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/account-private.h"
#include "account/flags.h"
#include "account/mailbox.h"
#include "account/manager.h"
#include "store/sqlite.h"

/* A sample server of its own, a store in a temporary folder, and a manager on both; every call
 * waits on the main loop. */
typedef struct {
	GSubprocess *server;
	gboolean beside; /* the folder is another's */
	char *url;
	char *directory;
	FerryStore *store;
	FerryAccountManager *manager;
	FerryAccountSession *session;
	FerryMailbox *mailbox;
} Engine;

/* With FERRY_TEST_URL in the environment, the server that is there (user alice, password secret).
 * NULL, after g_test_skip(), where there is no server. @options: further arguments of the server.
 */
Engine *engine_new(const char *const *options);
/* Another process on the same store and server, as far as the store can tell. */
Engine *engine_new_beside(Engine *other);
Engine *engine_new_at(const char *url, const char *directory);
void engine_free(Engine *engine);
/* Ends the manager and the store, and makes both again: a restart. */
void engine_restart(Engine *engine);
void engine_sign_in(Engine *engine);
FerryAccountSession *engine_sign_in_with(Engine *engine, const char *password, GError **error);
FerryMailboxList *engine_list(Engine *engine);
FerryMailbox *engine_open(Engine *engine, const char *name, GError **error);
void engine_select(Engine *engine, const char *name);
void engine_refresh(Engine *engine);
GPtrArray *engine_read(Engine *engine, FerryNeed needs);
FerryOutcome *engine_store(Engine *engine, const guint32 *uids, gsize n_uids, FerryFlagsMode mode,
			   const char *flags, gint64 unchanged_since, GError **error);
FerryOutcome *engine_expunge(Engine *engine, GError **error);
FerryOutcome *engine_copy(Engine *engine, const guint32 *uids, gsize n_uids, const char *target,
			  gboolean move, GError **error);
FerryOutcome *engine_append(Engine *engine, const char *name, const char *const *texts,
			    GError **error);
/* POST /admin/@path with @json; the answer. */
char *engine_admin(Engine *engine, const char *path, const char *json);
char *engine_get(Engine *engine, const char *path);
/* Turns the loop until @check says so, at most ten seconds. */
void engine_wait(gboolean (*check)(gpointer data), gpointer data);
GArray *engine_uids(Engine *engine);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Engine, engine_free)
