/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jmap/gate-private.h"
#include "jmap/http-private.h"
#include "jmap/session.h"

G_BEGIN_DECLS

/* The URLs of a session object. */
typedef enum {
	FERRY_JMAP_URL_API,
	FERRY_JMAP_URL_DOWNLOAD,
	FERRY_JMAP_URL_UPLOAD,
	FERRY_JMAP_URL_EVENT_SOURCE,
} FerryJmapUrl;
#define FERRY_JMAP_N_URLS 4

/* Name and value in turns fill the template's {names}; NULL for none. */
char *ferry_jmap_session_make_url(FerryJmapSession *self, FerryJmapUrl url,
				  const char *const *values);
void ferry_jmap_session_exchange_async(FerryJmapSession *self, FerryJmapHttpRequest *http,
				       FerryJmapUrl url, const char *const *values,
				       GCancellable *cancellable, GAsyncReadyCallback callback,
				       gpointer user_data);
FerryJmapHttpResponse *ferry_jmap_session_exchange_finish(GAsyncResult *result, GError **error);
gboolean ferry_jmap_session_can_move(FerryJmapSession *self, const char *url);
void ferry_jmap_session_move_async(FerryJmapSession *self, GCancellable *cancellable,
				   GAsyncReadyCallback callback, gpointer user_data);
gboolean ferry_jmap_session_move_finish(FerryJmapSession *self, GAsyncResult *result,
					GError **error);
FerryJmapGate *ferry_jmap_session_get_upload_gate(FerryJmapSession *self);
FerryJmapGate *ferry_jmap_session_get_download_gate(FerryJmapSession *self);

/* What the scheduler and the transfers learn on the way. */
void ferry_jmap_session_saw_state(FerryJmapSession *self, const char *session_state);
void ferry_jmap_session_saw_outage(FerryJmapSession *self);
GError *ferry_jmap_session_saw_rejection(FerryJmapSession *self);

G_END_DECLS
