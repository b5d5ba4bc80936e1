/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#include "jmap/http-private.h"

G_BEGIN_DECLS

/* A request under way, with the attempt that runs. */
typedef struct {
	FerryJmapBackend *backend;
	FerryJmapHttpRequest *request;
	GMainContext *context;
	gint64 begun;	   /* monotonic µs */
	gint64 give_up_at; /* the same */
	guint n_attempts;
	guint n_redirects;
	guint n_fatal; /* answers 500, which are tried a second time only */
	char *url;

	/* of the attempt that runs */
	SoupMessage *message;
	GCancellable *cancellable;
	gulong outer_handler;
	GSource *timer;
	GInputStream *stream;
	GByteArray *body;
	gsize until_progress;
	gsize n_read; /* octets of answers, of all attempts */
	gboolean started; /* the backend may have seen some of it */
	gboolean timed_out;
	gboolean probing; /* the server was away: one attempt, of little patience */
	GTlsCertificateFlags certificate; /* what is wrong with it */
} FerryJmapHttpExchange;

gboolean
ferry_jmap_http_prepare(FerryJmapHttpExchange *self, GError **error);

G_END_DECLS
