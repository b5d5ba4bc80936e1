/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <libsoup/soup.h>

/* A JMAP server in the test's own loop, which answers as it is told.
 * Each API request takes the next word of its script; without one it answers "ok":
 *   ok          each call is answered with its own arguments
 *   N           HTTP status N; N/S with Retry-After: S
 *   limit       400 with urn:ietf:params:jmap:error:limit
 *   limit-many  the same where the request has more than one call, else ok
 *   cut         the connection is closed without an answer
 *   hang        no answer
 *   html        200 that is no JSON
 *   foreign     307 to another host
 *   state:X     ok with another sessionState
 *   slow        ok after 50 ms
 *   lie         `lie` as methodResponses, with the id of the first call for each %s in it
 *   drip        an octet each 100 ms, without end
 * Downloads take a word too: ok, N, cut and drip, or
 *   half        the first half of the blob, then the connection ends
 *   half-unsaid the same, without Content-Length
 *   half-chunked the same, a chunk that is followed by nothing
 *   twice       the blob twice, without Content-Length
 */
typedef struct {
	SoupServer *soup;
	guint port;
	char *base;
	GPtrArray *script;
	guint n_api;       /* API requests seen */
	guint n_calls;     /* calls seen */
	guint n_sessions;  /* session objects given */
	guint max_running; /* API requests at a time */
	guint running;
	const char *lie;
	char *core;         /* core capability, JSON */
	char *api_url;      /* in the session object */
	char *account_caps; /* JSON */
	char *password;
	GPtrArray *events; /* bodies of event streams to come; "204", or "text|" to stay open */
	guint n_streams;
	char *last_event_id;
	GBytes *uploaded;
	GHashTable *blobs; /* id → GBytes */
	guint n_downloads;
	GPtrArray *kept; /* messages that hang */
} Server;

Server *server_new(void);
/* without listening yet; server_start() also after server_stop(), at the same port */
Server *server_new_unstarted(void);
void server_start(Server *self, GTlsCertificate *certificate);
void server_stop(Server *self);
void server_free(Server *self);
void server_script(Server *self, const char *words);
