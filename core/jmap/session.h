/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "jmap/backend.h"
#include "jmap/credential.h"
#include "jmap/reply.h"
#include "jmap/request.h"

G_BEGIN_DECLS

/**
 * FerryJmapSendFlags:
 * @FERRY_JMAP_SEND_NONE: may share an HTTP request with others of this main-loop turn
 * @FERRY_JMAP_SEND_ALONE: goes in an HTTP request of its own: text searches, sets with `ifInState`
 * @FERRY_JMAP_SEND_BACKGROUND: nobody waits for it; sent after what somebody waits for
 * @FERRY_JMAP_SEND_NO_RETRY: failures are told at once
 *
 * How a request is sent.
 */
typedef enum {
	FERRY_JMAP_SEND_NONE = 0,
	FERRY_JMAP_SEND_ALONE = 1 << 0,
	FERRY_JMAP_SEND_BACKGROUND = 1 << 1,
	FERRY_JMAP_SEND_NO_RETRY = 1 << 2,
} FerryJmapSendFlags;

/**
 * FerryJmapLimit:
 * @FERRY_JMAP_LIMIT_SIZE_UPLOAD: octets of one upload
 * @FERRY_JMAP_LIMIT_CONCURRENT_UPLOAD: uploads at a time
 * @FERRY_JMAP_LIMIT_SIZE_REQUEST: octets of one API request
 * @FERRY_JMAP_LIMIT_CONCURRENT_REQUESTS: API requests at a time
 * @FERRY_JMAP_LIMIT_CALLS_IN_REQUEST: calls in one API request
 * @FERRY_JMAP_LIMIT_OBJECTS_IN_GET: ids in one /get call
 * @FERRY_JMAP_LIMIT_OBJECTS_IN_SET: creations, updates and destroys in one /set call
 *
 * The limits a server states in its core capability (RFC 8620 §2).
 */
typedef enum {
	FERRY_JMAP_LIMIT_SIZE_UPLOAD,
	FERRY_JMAP_LIMIT_CONCURRENT_UPLOAD,
	FERRY_JMAP_LIMIT_SIZE_REQUEST,
	FERRY_JMAP_LIMIT_CONCURRENT_REQUESTS,
	FERRY_JMAP_LIMIT_CALLS_IN_REQUEST,
	FERRY_JMAP_LIMIT_OBJECTS_IN_GET,
	FERRY_JMAP_LIMIT_OBJECTS_IN_SET,
} FerryJmapLimit;
/**
 * FERRY_JMAP_N_LIMITS:
 *
 * How many limits #FerryJmapLimit names.
 */
#define FERRY_JMAP_N_LIMITS 7

/**
 * FerryJmapAccountInfo:
 * @id: the JMAP accountId
 * @name: what people call it
 * @is_personal: whether it belongs to the user of the session
 * @is_read_only: whether the whole account is read-only
 * @capabilities: its accountCapabilities
 *
 * An account as the session object lists it (RFC 8620 §2).
 */
typedef struct {
	char *id;
	char *name;
	gboolean is_personal;
	gboolean is_read_only;
	FerryJmapValue *capabilities;
} FerryJmapAccountInfo;

#define FERRY_TYPE_JMAP_ACCOUNT_INFO (ferry_jmap_account_info_get_type())
GType ferry_jmap_account_info_get_type(void);
FerryJmapAccountInfo *ferry_jmap_account_info_copy(const FerryJmapAccountInfo *self);
void ferry_jmap_account_info_free(FerryJmapAccountInfo *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryJmapAccountInfo, ferry_jmap_account_info_free)

/**
 * FerryJmapSession:
 *
 * A credential's view of a backend: the session object, its limits, and the way to send requests.
 * Share one among all that use the same credential, since the limits hold per user.
 *
 * Requests sent in one turn of the main loop leave as few HTTP requests. Two requests are in no
 * order to each other: calls that need one go into one request, or the second is sent after the
 * first was answered.
 */
#define FERRY_TYPE_JMAP_SESSION (ferry_jmap_session_get_type())
G_DECLARE_FINAL_TYPE(FerryJmapSession, ferry_jmap_session, FERRY, JMAP_SESSION, GObject)

FerryJmapSession *ferry_jmap_session_new(FerryJmapBackend *backend,
					 FerryJmapCredential *credential);
FerryJmapBackend *ferry_jmap_session_get_backend(FerryJmapSession *self);
FerryJmapCredential *ferry_jmap_session_get_credential(FerryJmapSession *self);

void ferry_jmap_session_open_async(FerryJmapSession *self, GCancellable *cancellable,
				   GAsyncReadyCallback callback, gpointer user_data);
gboolean ferry_jmap_session_open_finish(FerryJmapSession *self, GAsyncResult *result,
					GError **error);
gboolean ferry_jmap_session_is_open(FerryJmapSession *self);
void ferry_jmap_session_refresh(FerryJmapSession *self);

const char *ferry_jmap_session_get_url(FerryJmapSession *self);
const char *ferry_jmap_session_get_username(FerryJmapSession *self);
GPtrArray *ferry_jmap_session_get_accounts(FerryJmapSession *self);
const FerryJmapAccountInfo *ferry_jmap_session_find_account(FerryJmapSession *self,
							    const char *account_id);
const char *ferry_jmap_session_get_primary_account(FerryJmapSession *self, const char *capability);
gboolean ferry_jmap_session_has_capability(FerryJmapSession *self, const char *capability);
FerryJmapValue *ferry_jmap_session_get_capability(FerryJmapSession *self, const char *capability);
guint64 ferry_jmap_session_get_limit(FerryJmapSession *self, FerryJmapLimit limit);

void ferry_jmap_session_send_async(FerryJmapSession *self, FerryJmapRequest *request,
				   FerryJmapSendFlags flags, GCancellable *cancellable,
				   GAsyncReadyCallback callback, gpointer user_data);
FerryJmapReply *ferry_jmap_session_send_finish(FerryJmapSession *self, GAsyncResult *result,
					       GError **error);

G_END_DECLS
