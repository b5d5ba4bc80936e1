/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#include "jmap/http-private.h"

G_BEGIN_DECLS

/* An exchange under way, for the files that it is made of. */
typedef struct {
	FerryJmapBackend *backend;
	FerryJmapHttpRequest *request;
	GMainContext *context;
	gint64 give_up_at; /* monotonic µs */
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
	gsize n_read;        /* octets of answers, of all attempts */
	guint64 n_sent;      /* octets of this attempt's body */
	gboolean connecting; /* a connection is being made, and is not yet */
	gboolean started;    /* the backend may have seen some of it */
	gboolean timed_out;
	GTlsCertificateFlags certificate; /* what is wrong with it */
} FerryJmapHttpExchange;

/* http-attempt.c: makes the message of an attempt, whose signals go to @self */
gboolean ferry_jmap_http_exchange_prepare(FerryJmapHttpExchange *self, GError **error);

G_END_DECLS
