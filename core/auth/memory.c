/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Credentials that were good a moment ago
 *
 * Specification: none
 * Implementation: HMAC-SHA-256 under a random key of the process, over everything that makes a
 *   credential; entries end after a time, and the least used ones when there are too many
 */
#include "auth/memory.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "auth/lru-private.h"

#define KEY_SIZE 32
#define DIGEST_SIZE 32

typedef struct {
	gint64 expires; /* monotonic µs */
	GObject *identity;
} FerryCredentialEntry;

struct _FerryCredentialMemory {
	GObject parent_instance;

	guint8 key[KEY_SIZE];
	guint seconds;
	GMutex mutex; /* for entries */
	FerryLru *entries;
};

G_DEFINE_TYPE(FerryCredentialMemory, ferry_credential_memory, G_TYPE_OBJECT)

static void
ferry_credential_entry_free(gpointer data)
{
	FerryCredentialEntry *entry = data;

	g_clear_object(&entry->identity);
	g_free(entry);
}

/* With its length in front, so that no two lists of fields give the same octets. */
static void
ferry_credential_memory_hash_field(gnutls_hmac_hd_t hmac, const char *field)
{
	guint64 length = field != NULL ? strlen(field) : G_MAXUINT64;

	gnutls_hmac(hmac, &length, sizeof length);
	if (field != NULL)
		gnutls_hmac(hmac, field, (gsize)length);
}

/**
 * ferry_credential_memory_dup_key:
 * @self: the memory
 * @scope: (nullable): for which backend
 * @credential: a credential
 *
 * Names a credential without telling it, for tables of what is under way for it.
 *
 * Returns: (transfer full): the same text for the same credential, as long as @self lives
 */
char *
ferry_credential_memory_dup_key(FerryCredentialMemory *self, const char *scope,
				FerryCredential *credential)
{
	guint32 kind = ferry_credential_get_kind(credential);
	guint8 digest[DIGEST_SIZE];
	GString *text = g_string_sized_new(2 * DIGEST_SIZE);
	gnutls_hmac_hd_t hmac;

	if (gnutls_hmac_init(&hmac, GNUTLS_MAC_SHA256, self->key, KEY_SIZE) < 0)
		g_error("GnuTLS has no SHA-256");
	gnutls_hmac(hmac, &kind, sizeof kind);
	ferry_credential_memory_hash_field(hmac, scope);
	ferry_credential_memory_hash_field(hmac, ferry_credential_get_authcid(credential));
	ferry_credential_memory_hash_field(hmac, ferry_credential_get_authzid(credential));
	ferry_credential_memory_hash_field(hmac, ferry_credential_get_secret(credential));
	gnutls_hmac_deinit(hmac, digest);
	for (guint i = 0; i < DIGEST_SIZE; i++)
		g_string_append_printf(text, "%02x", digest[i]);
	return g_string_free(text, FALSE);
}

/**
 * ferry_credential_memory_remember:
 * @self: the memory
 * @scope: (nullable): for which backend it is good
 * @credential: a credential that was just verified
 * @identity: (nullable): what to give back with it
 *
 * Remembers that a credential is good. The time is not lengthened by using it.
 */
void
ferry_credential_memory_remember(FerryCredentialMemory *self, const char *scope,
				 FerryCredential *credential, GObject *identity)
{
	g_autofree char *key = NULL;
	g_autoptr(GMutexLocker) locker = NULL;
	FerryCredentialEntry *entry;

	g_return_if_fail(FERRY_IS_CREDENTIAL_MEMORY(self));
	key = ferry_credential_memory_dup_key(self, scope, credential);
	entry = g_new0(FerryCredentialEntry, 1);
	entry->expires = g_get_monotonic_time() + self->seconds * G_USEC_PER_SEC;
	g_set_object(&entry->identity, identity);
	locker = g_mutex_locker_new(&self->mutex);
	ferry_lru_insert(self->entries, key, entry);
}

/**
 * ferry_credential_memory_lookup:
 * @self: the memory
 * @scope: (nullable): for which backend
 * @credential: a credential
 * @identity: (out) (optional) (nullable) (transfer full): what was remembered with it
 *
 * Asks whether a credential was good a short time ago.
 *
 * Returns: TRUE where it was; FALSE says nothing
 */
gboolean
ferry_credential_memory_lookup(FerryCredentialMemory *self, const char *scope,
			       FerryCredential *credential, GObject **identity)
{
	g_autofree char *key = NULL;
	g_autoptr(GMutexLocker) locker = NULL;
	FerryCredentialEntry *entry;

	g_return_val_if_fail(FERRY_IS_CREDENTIAL_MEMORY(self), FALSE);
	if (identity != NULL)
		*identity = NULL;
	key = ferry_credential_memory_dup_key(self, scope, credential);
	locker = g_mutex_locker_new(&self->mutex);
	entry = ferry_lru_lookup(self->entries, key);
	if (entry == NULL)
		return FALSE;
	if (entry->expires <= g_get_monotonic_time()) {
		ferry_lru_remove(self->entries, key);
		return FALSE;
	}
	if (identity != NULL && entry->identity != NULL)
		*identity = g_object_ref(entry->identity);
	return TRUE;
}

/**
 * ferry_credential_memory_forget:
 * @self: the memory
 * @scope: (nullable): for which backend
 * @credential: a credential that the backend has refused
 *
 * Forgets a credential.
 */
void
ferry_credential_memory_forget(FerryCredentialMemory *self, const char *scope,
			       FerryCredential *credential)
{
	g_autofree char *key = NULL;
	g_autoptr(GMutexLocker) locker = NULL;

	g_return_if_fail(FERRY_IS_CREDENTIAL_MEMORY(self));
	key = ferry_credential_memory_dup_key(self, scope, credential);
	locker = g_mutex_locker_new(&self->mutex);
	ferry_lru_remove(self->entries, key);
}

/**
 * ferry_credential_memory_forget_all:
 * @self: the memory
 *
 * Forgets everything, for instance when the configuration changes.
 */
void
ferry_credential_memory_forget_all(FerryCredentialMemory *self)
{
	g_autoptr(GMutexLocker) locker = NULL;

	g_return_if_fail(FERRY_IS_CREDENTIAL_MEMORY(self));
	locker = g_mutex_locker_new(&self->mutex);
	ferry_lru_remove_all(self->entries);
}

/**
 * ferry_credential_memory_get_size:
 * @self: the memory
 *
 * Returns: how many credentials it holds, those whose time is over included
 */
guint
ferry_credential_memory_get_size(FerryCredentialMemory *self)
{
	g_autoptr(GMutexLocker) locker = NULL;

	g_return_val_if_fail(FERRY_IS_CREDENTIAL_MEMORY(self), 0);
	locker = g_mutex_locker_new(&self->mutex);
	return ferry_lru_get_size(self->entries);
}

static void
ferry_credential_memory_finalize(GObject *object)
{
	FerryCredentialMemory *self = FERRY_CREDENTIAL_MEMORY(object);

	explicit_bzero(self->key, KEY_SIZE);
	g_clear_pointer(&self->entries, ferry_lru_free);
	g_mutex_clear(&self->mutex);
	G_OBJECT_CLASS(ferry_credential_memory_parent_class)->finalize(object);
}

static void
ferry_credential_memory_class_init(FerryCredentialMemoryClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = ferry_credential_memory_finalize;
}

static void
ferry_credential_memory_init(FerryCredentialMemory *self)
{
	g_mutex_init(&self->mutex);
	if (gnutls_rnd(GNUTLS_RND_KEY, self->key, KEY_SIZE) < 0)
		g_error("GnuTLS has no random numbers");
}

/**
 * ferry_credential_memory_new:
 * @seconds: how long a credential is remembered
 * @max_entries: how many at most, at least 1
 *
 * Makes an empty memory.
 *
 * Returns: (transfer full): the memory
 */
FerryCredentialMemory *
ferry_credential_memory_new(guint seconds, guint max_entries)
{
	FerryCredentialMemory *self = g_object_new(FERRY_TYPE_CREDENTIAL_MEMORY, NULL);

	self->seconds = seconds;
	self->entries = ferry_lru_new(MAX(max_entries, 1), ferry_credential_entry_free);
	return self;
}
