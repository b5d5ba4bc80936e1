/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#include "jmap/http-private.h"

G_BEGIN_DECLS

/* octets of an answer that show that it goes on */
#define FERRY_JMAP_HTTP_PROGRESS (256 * 1024)

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
	GByteArray *body; /* all of it so far, or what is not in the sink yet */
	guint64 n_stored; /* octets that are in the sink */
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
/* http-body.c: reads the body of an answer, and ends the attempt */
void ferry_jmap_http_exchange_read_body(GTask *task);
/* http.c: how an attempt ends, and the exchange maybe with it; errors are taken */
void ferry_jmap_http_exchange_attempt_answered(GTask *task);
void ferry_jmap_http_exchange_attempt_failed(GTask *task, GError *error);
void ferry_jmap_http_exchange_fail(GTask *task, GError *error);
void ferry_jmap_http_exchange_go_on(FerryJmapHttpExchange *self);
/* Octets of the body as it is read; -1 where they are not known before. */
goffset ferry_jmap_http_get_announced_size(SoupMessage *message);
GError *ferry_jmap_http_make_lost_answer(const char *why);

G_END_DECLS
