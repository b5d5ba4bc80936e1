/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/manager.h"
#include "auth/verifier.h"
#include "base/limits.h"
#include "net/listener.h"
#include "registry/registry.h"

G_BEGIN_DECLS

/**
 * FerryService:
 *
 * What a protocol needs to serve the connections of one listener on one worker: the registry
 * snapshot, who checks sign-ins, limits, TLS. It is the `context` of a #FerryProtocolFunc.
 *
 * A session announces itself with ferry_service_add_session() and is then counted, shown by
 * `ferry status`, and told to end by the signal `stopping ()`: it finishes the command that runs,
 * says goodbye and closes. The service keeps the session alive until
 * ferry_service_remove_session().
 */
#define FERRY_TYPE_SERVICE (ferry_service_get_type())
G_DECLARE_FINAL_TYPE(FerryService, ferry_service, FERRY, SERVICE, GObject)

FerryService *ferry_service_new(const char *listener_name, const char *protocol,
				FerryRegistry *registry, FerryVerifier *verifier,
				const FerryLimits *limits);
void ferry_service_set_backend(FerryService *self, const char *backend);
void ferry_service_set_tls(FerryService *self, FerryListenerTls mode,
			   FerryTlsCredentials *credentials);
void ferry_service_set_allow_plaintext(FerryService *self, gboolean on_loopback);
void ferry_service_set_spool_dir(FerryService *self, const char *dir);
void ferry_service_set_registry(FerryService *self, FerryRegistry *registry);

const char *ferry_service_get_listener_name(FerryService *self);
const char *ferry_service_get_protocol(FerryService *self);
FerryRegistry *ferry_service_get_registry(FerryService *self);
FerryVerifier *ferry_service_get_verifier(FerryService *self);
const FerryLimits *ferry_service_get_limits(FerryService *self);
const char *ferry_service_get_backend(FerryService *self);
FerryListenerTls ferry_service_get_tls_mode(FerryService *self);
FerryTlsCredentials *ferry_service_get_tls_credentials(FerryService *self);
const char *ferry_service_get_spool_dir(FerryService *self);
FerryOrigin *ferry_service_make_origin(FerryService *self, FerryConnection *connection);
gboolean ferry_service_allows_plaintext(FerryService *self, FerryConnection *connection);

gboolean ferry_service_reserve_spool(FerryService *self, guint64 octets, GError **error);
void ferry_service_release_spool(FerryService *self, guint64 octets);

void ferry_service_add_session(FerryService *self, GObject *session);
void ferry_service_remove_session(FerryService *self, GObject *session);
guint ferry_service_get_n_sessions(FerryService *self);
GPtrArray *ferry_service_list_sessions(FerryService *self);
gboolean ferry_service_is_stopping(FerryService *self);
void ferry_service_stop(FerryService *self);

G_END_DECLS
