/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ferry-jmap-server: a JMAP server in memory, for tests, demonstrations and authors of extensions
 */
#include <glib-unix.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "faults.h"
#include "server.h"
#include "stats.h"

static GOptionEntry *
js_make_entries(JsOptions *o)
{
	const GOptionEntry entries[] = {
		{"user", 'u', 0, G_OPTION_ARG_STRING_ARRAY, &o->users,
		 "A user and the password; may be repeated", "NAME:SECRET"},
		{"users", 0, 0, G_OPTION_ARG_FILENAME, &o->key_file,
		 "A key file with NAME=SECRET lines in group [users]", "FILE"},
		{"token", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->tokens,
		 "A Bearer token that signs a user in", "NAME:TOKEN"},
		{"sample", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->samples,
		 "Give a user the small sample mailbox", "NAME"},
		{"generate", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->generates,
		 "Fill a mailbox with generated messages", "NAME:MAILBOX:COUNT[:SEED]"},
		{"mbox", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->mboxes,
		 "Load an mbox file into a mailbox", "NAME:MAILBOX:FILE"},
		{"maildir", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->maildirs,
		 "Load a Maildir with its subfolders", "NAME:DIR"},
		{"share", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->shares,
		 "Share a mailbox (default: read)", "OWNER:MAILBOX:NAME[:read|write|all]"},
		{"address", 0, 0, G_OPTION_ARG_STRING, &o->address,
		 "Address to listen on (default 127.0.0.1)", "ADDRESS"},
		{"port", 'p', 0, G_OPTION_ARG_INT, &o->port,
		 "Port to listen on (default: a free one)", "PORT"},
		{"public-url", 0, 0, G_OPTION_ARG_STRING, &o->public_url,
		 "What the URLs of the session begin with", "URL"},
		{"relative-urls", 0, 0, G_OPTION_ARG_NONE, &o->relative_urls,
		 "Give relative URLs in the session", NULL},
		{"tls-cert", 0, 0, G_OPTION_ARG_FILENAME, &o->tls_cert,
		 "Serve HTTPS with this certificate (PEM)", "FILE"},
		{"tls-key", 0, 0, G_OPTION_ARG_FILENAME, &o->tls_key,
		 "Its private key, if it is in another file", "FILE"},
		{"limit", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->limits,
		 "Set a limit, for example maxObjectsInGet=10; README.md lists them",
		 "NAME=NUMBER"},
		{"max-mailboxes-per-email", 0, 0, G_OPTION_ARG_INT, &o->mailboxes_per_email,
		 "How many mailboxes an Email may be in (default: any number)", "N"},
		{"one-email-per-content", 0, 0, G_OPTION_ARG_NONE, &o->one_email_per_content,
		 "Refuse a second Email of the same octets (alreadyExists)", NULL},
		{"change-log", 0, 0, G_OPTION_ARG_INT, &o->change_log,
		 "Keep only so many changes of a type (default: all)", "N"},
		{"accept-future-states", 0, 0, G_OPTION_ARG_NONE, &o->accept_future_states,
		 "Answer states that were never given as if nothing had changed", NULL},
		{"silent-subscriptions", 0, 0, G_OPTION_ARG_NONE, &o->silent_subscriptions,
		 "The Mailbox state does not tell of isSubscribed", NULL},
		{"no-push", 0, 0, G_OPTION_ARG_NONE, &o->no_push, "No event source", NULL},
		{"no-blob", 0, 0, G_OPTION_ARG_NONE, &o->no_blob, "No RFC 9404", NULL},
		{"no-quota", 0, 0, G_OPTION_ARG_NONE, &o->no_quota, "No RFC 9425", NULL},
		{"no-sieve", 0, 0, G_OPTION_ARG_NONE, &o->no_sieve, "No RFC 9661", NULL},
		{"no-sharing", 0, 0, G_OPTION_ARG_NONE, &o->no_sharing,
		 "No RFC 9670 and no accounts of others", NULL},
		{"admin", 0, 0, G_OPTION_ARG_NONE, &o->admin,
		 "Offer /admin/ to whoever can connect: faults, deliveries, statistics", NULL},
		{"print-ready", 0, 0, G_OPTION_ARG_NONE, &o->print_ready,
		 "Print “ready URL” once the server listens", NULL},
		{"version", 0, 0, G_OPTION_ARG_NONE, &o->version, "Print the version and exit",
		 NULL},
		{NULL},
	};

	return g_memdup2(entries, sizeof entries);
}

static gboolean
js_set_limit(JsServer *self, const char *text, GError **error)
{
	const char *equals = strchr(text, '=');
	guint64 value = 0;

	for (guint i = 0; equals != NULL && i < JS_N_LIMITS; i++) {
		gsize len = strlen(self->limits[i].name);

		if (len != (gsize)(equals - text) || strncmp(self->limits[i].name, text, len) != 0)
			continue;
		if (!g_ascii_string_to_unsigned(equals + 1, 10, 0, G_MAXINT64, &value, error))
			return FALSE;
		self->limits[i].value = (gint64)value;
		return TRUE;
	}
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "no such limit: %s", text);
	return FALSE;
}

static gboolean
js_set_limits(JsServer *self, GError **error)
{
	memcpy(self->limits, js_default_limits, sizeof self->limits);
	for (guint i = 0; self->options.limits != NULL && self->options.limits[i] != NULL; i++)
		if (!js_set_limit(self, self->options.limits[i], error))
			return FALSE;
	if (self->options.mailboxes_per_email > 0)
		self->limits[JS_LIMIT_MAILBOXES_PER_EMAIL].value =
			self->options.mailboxes_per_email;
	if (self->options.port < 0 || self->options.port > 65535 || self->options.change_log < 0) {
		g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
				    "a number is out of its range");
		return FALSE;
	}
	return TRUE;
}

/* The tag of states that were loaded depends on what was asked to be loaded. */
static void
js_make_tags(JsServer *self, int argc, char **argv)
{
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA1);

	for (int i = 1; i < argc; i++) {
		/* where it listens makes no difference to the content */
		if (g_str_has_prefix(argv[i], "--port") || g_str_has_prefix(argv[i], "-p"))
			continue;
		g_checksum_update(checksum, (const guchar *)argv[i], (gssize)strlen(argv[i]) + 1);
	}
	self->load_tag = g_strndup(g_checksum_get_string(checksum), 6);
	self->run_tag = g_strdup_printf("r%06x", g_random_int() & 0xffffff);
}

static void
js_user_free(JsUser *user)
{
	js_account_free(user->account);
	g_free(user->name);
	g_free(user->secret);
	g_free(user->token);
	g_free(user->username);
	g_free(user);
}

static void
js_server_init(JsServer *self)
{
	self->users = g_ptr_array_new_with_free_func((GDestroyNotify)js_user_free);
	self->strings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	self->faults = js_faults_new();
	self->stats = js_stats_new();
	self->snapshots = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
						(GDestroyNotify)g_hash_table_unref);
	self->loop = g_main_loop_new(NULL, FALSE);
}

static void
js_server_clear(JsServer *self)
{
	JsOptions *o = &self->options;
	char **lists[] = {o->users,     o->tokens,  o->mboxes, o->maildirs,
			  o->generates, o->samples, o->shares, o->limits};
	char *strings[] = {o->key_file, o->address,     o->public_url, o->tls_cert,
			   o->tls_key,  self->load_tag, self->run_tag};

	js_server_stop(self);
	g_clear_pointer(&self->snapshots, g_hash_table_unref);
	g_clear_pointer(&self->users, g_ptr_array_unref);
	g_clear_pointer(&self->strings, g_hash_table_unref);
	g_clear_pointer(&self->faults, js_faults_free);
	g_clear_pointer(&self->stats, js_stats_free);
	g_clear_pointer(&self->loop, g_main_loop_unref);
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
		g_strfreev(lists[i]);
	for (guint i = 0; i < G_N_ELEMENTS(strings); i++)
		g_free(strings[i]);
}

static gboolean
js_quit_cb(gpointer data)
{
	g_main_loop_quit(data);
	return G_SOURCE_CONTINUE;
}

static void
js_server_run(JsServer *self)
{
	guint term = g_unix_signal_add(SIGTERM, js_quit_cb, self->loop);
	guint interrupt = g_unix_signal_add(SIGINT, js_quit_cb, self->loop);

	if (self->options.print_ready) {
		g_autofree char *url = js_server_dup_ready_url(self);

		printf("ready %s\n", url);
		fflush(stdout);
	}
	g_main_loop_run(self->loop);
	g_source_remove(term);
	g_source_remove(interrupt);
}

static gboolean
js_parse_arguments(JsServer *self, int *argc, char ***argv, GError **error)
{
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autofree GOptionEntry *entries = js_make_entries(&self->options);

	g_option_context_set_summary(context,
				     "A JMAP server that keeps everything in memory. The same "
				     "arguments give the same\nmail with the same ids.");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, argc, argv, error))
		return FALSE;
	if (*argc > 1) {
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION, "what is “%s”?",
			    (*argv)[1]);
		return FALSE;
	}
	return js_set_limits(self, error);
}

int
main(int argc, char **argv)
{
	JsServer server = {0};
	g_autoptr(GError) error = NULL;
	gboolean done;

	setlocale(LC_ALL, "");
	js_server_init(&server);
	js_make_tags(&server, argc, argv);
	done = js_parse_arguments(&server, &argc, &argv, &error);
	if (done && server.options.version) {
		puts(FERRY_VERSION);
		js_server_clear(&server);
		return 0;
	}
	done = done && js_load_all(&server, &error) && js_server_start(&server, &error);
	if (done)
		js_server_run(&server);
	else
		fprintf(stderr, "ferry-jmap-server: %s\n", error->message);
	js_server_clear(&server);
	return done ? 0 : 1;
}
