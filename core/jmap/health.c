/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which servers take no connections
 *
 * Implementation: only this is remembered. A server that is slow, answers errors or cuts
 *   connections is there, and the next request may fare better. One that takes no connection is
 *   away for everybody: after a pause, which grows from failure to failure, one request may try
 *   again, and any answer ends it
 */
#include "jmap/health-private.h"

#include <libsoup/soup.h>

#define FIRST_PAUSE_MS 500
/* so that work goes on soon after the server is back; and where another one does the work */
#define LONGEST_PAUSE_MS 8000
#define LONGEST_PAUSE_OF_ONE_MS 60000
/* what nobody looked at for so long is not known any more */
#define FORGOTTEN_AFTER (120 * G_USEC_PER_SEC)
/* redirects may lead to any port of a host; who sends us to more is not remembered */
#define MAX_SERVERS 64

typedef struct {
	gint64 since;  /* monotonic µs: the first failure of this outage */
	gint64 failed; /* the same: the last one, or the turn that somebody took */
	guint n_failures;
} Away;

struct _FerryJmapHealth {
	GHashTable *away; /* host:port → Away */
};

FerryJmapHealth *
ferry_jmap_health_new(void)
{
	FerryJmapHealth *self = g_new0(FerryJmapHealth, 1);

	self->away = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return self;
}

void
ferry_jmap_health_free(FerryJmapHealth *self)
{
	g_hash_table_unref(self->away);
	g_free(self);
}

static char *
dup_server(const char *url)
{
	g_autoptr(GUri) uri = g_uri_parse(url, SOUP_HTTP_URI_FLAGS, NULL);
	g_autofree char *host = NULL;

	if (uri == NULL || g_uri_get_host(uri) == NULL)
		return g_strdup("");
	host = g_ascii_strdown(g_uri_get_host(uri), -1);
	return g_strdup_printf("%s:%d", host, g_uri_get_port(uri));
}

gboolean
ferry_jmap_health_is_same_server(const char *a, const char *b)
{
	g_autofree char *server = dup_server(a);
	g_autofree char *other = dup_server(b);

	return g_str_equal(server, other);
}

static Away *
find(FerryJmapHealth *self, const char *url)
{
	g_autofree char *server = NULL;
	Away *away = NULL;

	/* the common case costs nothing */
	if (g_hash_table_size(self->away) == 0)
		return NULL;
	server = dup_server(url);
	away = g_hash_table_lookup(self->away, server);
	if (away == NULL || g_get_monotonic_time() - away->failed < FORGOTTEN_AFTER)
		return away;
	g_hash_table_remove(self->away, server);
	return NULL;
}

static gboolean
is_over(const Away *away, gboolean alone, gint64 now)
{
	gint64 longest = alone ? LONGEST_PAUSE_MS : LONGEST_PAUSE_OF_ONE_MS;
	gint64 pause = (gint64)FIRST_PAUSE_MS << MIN(away->n_failures - 1, 10);

	return now >= away->failed + MIN(pause, longest) * 1000;
}

/* A connection to the server of @url could not be made. */
void
ferry_jmap_health_note_unreachable(FerryJmapHealth *self, const char *url)
{
	gint64 now = g_get_monotonic_time();
	Away *away = find(self, url);

	if (away == NULL) {
		if (g_hash_table_size(self->away) >= MAX_SERVERS)
			g_hash_table_remove_all(self->away);
		away = g_new0(Away, 1);
		away->since = now;
		g_hash_table_insert(self->away, dup_server(url), away);
	} else if (!is_over(away, TRUE, now)) {
		/* who was under way when the pause began tells nothing new */
		return;
	}
	away->n_failures++;
	away->failed = now;
}

/* The server of @url answered, whatever it said. */
void
ferry_jmap_health_note_answer(FerryJmapHealth *self, const char *url)
{
	g_autofree char *server = NULL;

	if (g_hash_table_size(self->away) == 0)
		return;
	server = dup_server(url);
	g_hash_table_remove(self->away, server);
}

/* Monotonic time of the first failure, 0 where the server is not known to be away. */
gint64
ferry_jmap_health_get_away_since(FerryJmapHealth *self, const char *url)
{
	Away *away = find(self, url);

	return away != NULL ? away->since : 0;
}

/* Whether the server is away and the pause is not over. @alone: as below. */
gboolean
ferry_jmap_health_is_resting(FerryJmapHealth *self, const char *url, gboolean alone)
{
	Away *away = find(self, url);

	return away != NULL && !is_over(away, alone, g_get_monotonic_time());
}

/* Whether the server may be asked now: it is not away, or the pause is over. Who is told so of one
 * that is away is the one who finds out; the others' pause begins anew. @alone: there is no other
 * that does the work, so the pauses are short. */
gboolean
ferry_jmap_health_take_turn(FerryJmapHealth *self, const char *url, gboolean alone)
{
	Away *away = find(self, url);
	gint64 now = g_get_monotonic_time();

	if (away == NULL)
		return TRUE;
	if (!is_over(away, alone, now))
		return FALSE;
	away->n_failures++;
	away->failed = now;
	return TRUE;
}
