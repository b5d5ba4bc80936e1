/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of a server that is away
 *
 * Implementation: who finds a server away waits as long as attempts may take. Who comes after must
 *   not do the same again: commands that change an account go one after the other, and each has to
 *   be answered within a minute. So for two seconds after a failure nobody asks; then somebody
 *   does, once and with little patience, which doubles from one failure to the next so that a
 *   server that is merely slow is found again. One answer, and all is as before
 */
#include "jmap/health-private.h"

#include <libsoup/soup.h>

#define QUIET_TIME (2 * G_USEC_PER_SEC)
#define FIRST_PATIENCE_MS 4000
#define LONGEST_PATIENCE_MS 30000
/* redirects may lead to any port of a host; who sends us to more is not remembered */
#define MAX_SERVERS 64

typedef struct {
	gint64 failed; /* monotonic µs */
	guint patience_ms;
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

	if (uri == NULL)
		return g_strdup("");
	return g_strdup_printf("%s:%d", g_uri_get_host(uri), g_uri_get_port(uri));
}

/* FALSE where it is not to be asked now; else how long to wait, 0 for as long as usual */
gboolean
ferry_jmap_health_ask(FerryJmapHealth *self, const char *url, guint *patience_ms)
{
	g_autofree char *server = NULL;
	Away *away = NULL;

	*patience_ms = 0;
	if (g_hash_table_size(self->away) == 0)
		return TRUE;
	server = dup_server(url);
	away = g_hash_table_lookup(self->away, server);
	if (away == NULL)
		return TRUE;
	*patience_ms = away->patience_ms;
	return g_get_monotonic_time() >= away->failed + QUIET_TIME;
}

void
ferry_jmap_health_note_failure(FerryJmapHealth *self, const char *url)
{
	char *server = dup_server(url);
	Away *away = g_hash_table_lookup(self->away, server);

	if (away != NULL) {
		g_free(server);
		/* those who were under way when the first one failed tell nothing new */
		if (g_get_monotonic_time() >= away->failed + QUIET_TIME)
			away->patience_ms = MIN(away->patience_ms * 2, LONGEST_PATIENCE_MS);
	} else {
		if (g_hash_table_size(self->away) >= MAX_SERVERS)
			g_hash_table_remove_all(self->away);
		away = g_new0(Away, 1);
		away->patience_ms = FIRST_PATIENCE_MS;
		g_hash_table_insert(self->away, server, away);
	}
	away->failed = g_get_monotonic_time();
}

void
ferry_jmap_health_note_answer(FerryJmapHealth *self, const char *url)
{
	g_autofree char *server = NULL;

	if (g_hash_table_size(self->away) == 0)
		return;
	server = dup_server(url);
	g_hash_table_remove(self->away, server);
}
