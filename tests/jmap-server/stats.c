/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happened: counters and the last API requests, for tests */
#include "json.h"
#include "stats.h"

#define JS_LOG_REQUESTS 200
#define JS_LOG_BYTES 65536

struct _JsStats {
	GHashTable *counters; /* name → guint64 */
	GHashTable *methods;
	GHashTable *users; /* name → counters */
	GQueue log;
	GQuark connection_quark;
};

JsStats *
js_stats_new(void)
{
	JsStats *self = g_new0(JsStats, 1);

	self->counters = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	self->methods = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	self->users = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					    (GDestroyNotify)g_hash_table_unref);
	g_queue_init(&self->log);
	self->connection_quark = g_quark_from_static_string("js-counted");
	js_stats_reset(self);
	return self;
}

void
js_stats_free(JsStats *self)
{
	g_hash_table_unref(self->counters);
	g_hash_table_unref(self->methods);
	g_hash_table_unref(self->users);
	g_queue_clear_full(&self->log, g_free);
	g_free(self);
}

static void
js_stats_add(GHashTable *table, const char *name, guint64 amount)
{
	guint64 *value = g_hash_table_lookup(table, name);

	if (value == NULL) {
		value = g_new0(guint64, 1);
		g_hash_table_insert(table, g_strdup(name), value);
	}
	*value += amount;
}

void
js_stats_reset(JsStats *self)
{
	static const char *const names[] = {"requests",     "uploads",     "downloads",
					    "eventSources", "connections", "sessions"};

	g_hash_table_remove_all(self->counters);
	g_hash_table_remove_all(self->methods);
	g_hash_table_remove_all(self->users);
	g_queue_clear_full(&self->log, g_free);
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		js_stats_add(self->counters, names[i], 0);
}

void
js_stats_count(JsStats *self, const char *what)
{
	js_stats_add(self->counters, what, 1);
}

/* @user: one that exists, so this cannot grow without end */
void
js_stats_count_for(JsStats *self, const char *what, const char *user)
{
	GHashTable *counters = g_hash_table_lookup(self->users, user);

	if (counters == NULL) {
		counters = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
		g_hash_table_insert(self->users, g_strdup(user), counters);
	}
	js_stats_add(counters, what, 1);
	js_stats_count(self, what);
}

void
js_stats_count_bytes(JsStats *self, const char *what, gsize bytes)
{
	js_stats_add(self->counters, what, bytes);
}

void
js_stats_count_method(JsStats *self, const char *method)
{
	/* only names of methods that exist come here, so this cannot grow without end */
	js_stats_add(self->methods, method, 1);
}

void
js_stats_count_connection(JsStats *self, GSocket *socket)
{
	if (socket == NULL || g_object_get_qdata(G_OBJECT(socket), self->connection_quark) != NULL)
		return;
	g_object_set_qdata(G_OBJECT(socket), self->connection_quark, self);
	js_stats_count(self, "connections");
}

void
js_stats_log_request(JsStats *self, const char *body, gsize len)
{
	g_queue_push_tail(&self->log, g_strndup(body, MIN(len, JS_LOG_BYTES)));
	if (self->log.length > JS_LOG_REQUESTS)
		g_free(g_queue_pop_head(&self->log));
}

static void
js_stats_write_table(GHashTable *table, GString *out)
{
	GHashTableIter iter;
	gpointer key, value;

	g_hash_table_iter_init(&iter, table);
	while (g_hash_table_iter_next(&iter, &key, &value))
		js_json_kv_int(out, key, (gint64) * (guint64 *)value);
}

static void
js_stats_write_users(JsStats *self, GString *out)
{
	GHashTableIter iter;
	gpointer name, counters;

	js_json_key(out, "users");
	js_json_open(out, '{');
	g_hash_table_iter_init(&iter, self->users);
	while (g_hash_table_iter_next(&iter, &name, &counters)) {
		js_json_key(out, name);
		js_json_open(out, '{');
		js_stats_write_table(counters, out);
		js_json_close(out, '}');
	}
	js_json_close(out, '}');
}

void
js_stats_write(JsStats *self, GString *out)
{
	js_json_open(out, '{');
	js_stats_write_table(self->counters, out);
	js_json_key(out, "methods");
	js_json_open(out, '{');
	js_stats_write_table(self->methods, out);
	js_json_close(out, '}');
	js_stats_write_users(self, out);
	js_json_close(out, '}');
}

void
js_stats_write_log(JsStats *self, GString *out)
{
	js_json_open(out, '[');
	for (GList *l = self->log.head; l != NULL; l = l->next)
		js_json_string(out, l->data);
	js_json_close(out, ']');
}
