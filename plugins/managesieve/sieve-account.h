/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry-protocol.h>

G_BEGIN_DECLS

/* The scripts of one signed-in user, as the backend keeps them. */
#define SIEVE_TYPE_ACCOUNT (sieve_account_get_type())
G_DECLARE_FINAL_TYPE(SieveAccount, sieve_account, SIEVE, ACCOUNT, GObject)

typedef struct {
	char *id;
	char *name; /* as clients see it */
	char *blob_id;
	gboolean active;
} SieveScript;

SieveAccount *sieve_account_new(FerryAccountSession *session, GError **error);
FerryAccountSession *sieve_account_get_session(SieveAccount *self);
FerryJmapSession *sieve_account_get_jmap(SieveAccount *self);
const char *sieve_account_get_id(SieveAccount *self);
gboolean sieve_account_speaks_draft(SieveAccount *self);
void sieve_account_use(SieveAccount *self, FerryJmapRequest *request);

/* what the backend states; 0 or -1 where it does not */
char *sieve_account_dup_extensions(SieveAccount *self);
char *sieve_account_dup_notify_methods(SieveAccount *self);
gint64 sieve_account_get_max_redirects(SieveAccount *self);
guint64 sieve_account_get_max_size(SieveAccount *self);
guint64 sieve_account_get_max_scripts(SieveAccount *self);
guint64 sieve_account_get_max_name(SieveAccount *self);

G_END_DECLS
