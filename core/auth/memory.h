/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "auth/credential.h"

G_BEGIN_DECLS

#define FERRY_TYPE_CREDENTIAL_MEMORY (ferry_credential_memory_get_type())

/**
 * FerryCredentialMemory:
 *
 * Remembers for a short time that a credential was good, so that a hundred connections of one
 * client are one check. It holds no secret, only a keyed hash whose key never leaves the process.
 * Usable from every thread.
 */
G_DECLARE_FINAL_TYPE(FerryCredentialMemory, ferry_credential_memory, FERRY, CREDENTIAL_MEMORY,
		     GObject)

FerryCredentialMemory *ferry_credential_memory_new(guint seconds, guint max_entries);
void ferry_credential_memory_remember(FerryCredentialMemory *self, const char *scope,
				      FerryCredential *credential, GObject *identity);
char *ferry_credential_memory_dup_key(FerryCredentialMemory *self, const char *scope,
				      FerryCredential *credential);
gboolean ferry_credential_memory_lookup(FerryCredentialMemory *self, const char *scope,
					FerryCredential *credential, GObject **identity);
void ferry_credential_memory_forget(FerryCredentialMemory *self, const char *scope,
				    FerryCredential *credential);
void ferry_credential_memory_forget_all(FerryCredentialMemory *self);
guint ferry_credential_memory_get_size(FerryCredentialMemory *self);

G_END_DECLS
