/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "jmap/backend.h"
#include "jmap/credential.h"

G_BEGIN_DECLS

/* One HTTP exchange with all its attempts. Counted, since it may be sent again elsewhere. */
typedef struct {
	const char *method; /* static */
	char *url;
	FerryJmapCredential *credential;
	const char *accept; /* static */
	char *content_type;
	char *last_event_id;
	GBytes *body;
	GInputStream *body_stream; /* instead of body; repeated only where it can seek */
	goffset body_offset;
	guint64 body_size;
	gsize max_reply;
	int sink;              /* a file that the body of a success goes to; -1: memory */
	guint64 expected_size; /* octets of the body of a success; 0: not known */
	gboolean repeatable;   /* executing it twice does no harm */
	gboolean no_retry;     /* one attempt */
	guint patience_ms;     /* for the beginning of an answer; 0: the backend's */
	gboolean stays;        /* waits for this server, whatever others there are */
	gint64 begun_at;       /* monotonic µs; its time runs from then; 0: from the sending */
	gboolean want_stream;  /* hand out the body of a success unread */
	gboolean endless;      /* an event stream, which keeps its connection */
} FerryJmapHttpRequest;

typedef struct {
	guint status;
	char *reason;
	char *content_type;
	char *url; /* after redirects */
	GByteArray *body;
	GInputStream *stream;
	goffset stream_size; /* of what stream will give; -1 where the server does not say */
	guint64 sink_size;   /* octets that went to the sink */
} FerryJmapHttpResponse;

FerryJmapHttpRequest *ferry_jmap_http_request_new(const char *method, const char *url,
						  FerryJmapCredential *credential);
FerryJmapHttpRequest *ferry_jmap_http_request_ref(FerryJmapHttpRequest *self);
void ferry_jmap_http_request_unref(FerryJmapHttpRequest *self);
void ferry_jmap_http_response_free(FerryJmapHttpResponse *self);
GError *ferry_jmap_http_response_to_error(FerryJmapHttpResponse *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryJmapHttpRequest, ferry_jmap_http_request_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryJmapHttpResponse, ferry_jmap_http_response_free)

void ferry_jmap_http_send_async(FerryJmapBackend *backend, FerryJmapHttpRequest *request,
				GCancellable *cancellable, GAsyncReadyCallback callback,
				gpointer user_data);
FerryJmapHttpResponse *ferry_jmap_http_send_finish(GAsyncResult *result, GError **error);

G_END_DECLS
