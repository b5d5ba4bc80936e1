/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/account-session.h"
#include "account/types.h"

G_BEGIN_DECLS

typedef struct _FerryCredential FerryCredential;
typedef struct _FerryStore FerryStore;

/**
 * FerryAccountSettings:
 * @urls: (array zero-terminated=1): session URLs or hosts, tried in turn
 * @trusted_hosts: (array zero-terminated=1) (nullable): further hosts credentials may go to
 * @ca_file: (nullable): PEM file of the authorities to trust instead of the system's
 * @allow_plaintext: `never`, `loopback` or `always`
 * @text_search: `server` or `exact`
 * @shared_prefix: the other-users namespace, without its final "/"
 * @all_mail: whether a virtual \All mailbox is shown
 * @mend_line_ends: whether bare LF in an appended message becomes CRLF
 * @freshness_ms: a sync that ended less than this ago is fresh enough, milliseconds
 * @poll_s: poll interval while somebody looks and there is no push, seconds
 * @ping_s: how often the backend's push shall give a sign of life, seconds
 * @select_timeout_s: how long SELECT waits for a first listing, seconds
 * @request_timeout_s: per HTTP request, seconds
 * @idle_unload_s: an account without sessions is unloaded after this, seconds
 * @raw_cache_size: size cap of the cache of raw messages, octets
 * @text_scan_limit: as many messages are scanned by SEARCH rather than asked for
 * @domains: (array zero-terminated=1) (nullable): domains of user names that the backend may know
 *   without them
 *
 * What the configuration says about one backend.
 */
typedef struct {
	char **urls;
	char **trusted_hosts;
	char *ca_file;
	char *allow_plaintext;
	char *text_search;
	char *shared_prefix;
	gboolean all_mail;
	gboolean mend_line_ends;
	guint freshness_ms;
	guint poll_s;
	guint ping_s;
	guint select_timeout_s;
	guint request_timeout_s;
	guint idle_unload_s;
	guint64 raw_cache_size;
	guint text_scan_limit;
	char **domains;
} FerryAccountSettings;

#define FERRY_TYPE_ACCOUNT_SETTINGS (ferry_account_settings_get_type())
GType ferry_account_settings_get_type(void);
FerryAccountSettings *ferry_account_settings_new(const char *const *urls);
FerryAccountSettings *ferry_account_settings_copy(const FerryAccountSettings *self);
void ferry_account_settings_free(FerryAccountSettings *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryAccountSettings, ferry_account_settings_free)

/**
 * FerryAccountManager:
 *
 * The accounts of one worker thread: made, used and dropped on that thread. Implements
 * FerryVerifier.
 */
#define FERRY_TYPE_ACCOUNT_MANAGER (ferry_account_manager_get_type())
G_DECLARE_FINAL_TYPE(FerryAccountManager, ferry_account_manager, FERRY, ACCOUNT_MANAGER, GObject)

FerryAccountManager *ferry_account_manager_new(FerryStore *store, const char *cache_dir);
void ferry_account_manager_set_backend(FerryAccountManager *self, const char *backend,
				       const FerryAccountSettings *settings);
void ferry_account_manager_sign_in_async(FerryAccountManager *self, const char *backend,
					 FerryCredential *credential, GCancellable *cancellable,
					 GAsyncReadyCallback callback, gpointer user_data);
FerryAccountSession *ferry_account_manager_sign_in_finish(FerryAccountManager *self,
							  GAsyncResult *result, GError **error);
GPtrArray *ferry_account_manager_list_accounts(FerryAccountManager *self);
void ferry_account_manager_shutdown_async(FerryAccountManager *self, GCancellable *cancellable,
					  GAsyncReadyCallback callback, gpointer user_data);
gboolean ferry_account_manager_shutdown_finish(FerryAccountManager *self, GAsyncResult *result,
					       GError **error);

G_END_DECLS
