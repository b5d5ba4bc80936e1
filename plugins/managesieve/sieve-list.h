/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sieve-account.h"

G_BEGIN_DECLS

/* All scripts of an account at one moment. */
typedef struct {
	GPtrArray *scripts; /* SieveScript, by name */
	char *state;
} SieveList;

void sieve_list_free(SieveList *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SieveList, sieve_list_free)

const SieveScript *sieve_list_find(const SieveList *self, const char *name);
const SieveScript *sieve_list_find_id(const SieveList *self, const char *id);
const SieveScript *sieve_list_require(const SieveList *self, const char *name, GError **error);

SieveScript *sieve_script_copy(const SieveScript *self);
void sieve_script_free(SieveScript *self);

void sieve_account_list_async(SieveAccount *self, GCancellable *cancellable,
			      GAsyncReadyCallback callback, gpointer user_data);
SieveList *sieve_account_list_finish(SieveAccount *self, GAsyncResult *result, GError **error);

G_END_DECLS
