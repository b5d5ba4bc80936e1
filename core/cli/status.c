/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ferry status: what the running daemon does */
#include <gio/gio.h>
#include <glib/gi18n.h>

#include "base/error.h"
#include "cli/commands.h"
#include "daemon/config.h"
#include "daemon/control.h"

/* milliseconds; the daemon answers at once or not at all */
#define TIMEOUT 5000

static void
print_listeners(GVariant *status)
{
	g_autoptr(GVariant) list = g_variant_lookup_value(status, "listeners", NULL);

	for (gsize i = 0; list != NULL && i < g_variant_n_children(list); i++) {
		g_autoptr(GVariant) entry = g_variant_get_child_value(list, i);
		const char *name = "";
		const char *protocol = "";
		guint32 port = 0;
		guint32 sessions = 0;

		g_variant_lookup(entry, "name", "&s", &name);
		g_variant_lookup(entry, "protocol", "&s", &protocol);
		g_variant_lookup(entry, "port", "u", &port);
		g_variant_lookup(entry, "sessions", "u", &sessions);
		g_print(_("listener %s: %s on port %u, %u sessions\n"), name, protocol, port,
			sessions);
	}
}

static void
print_account(GVariant *entry)
{
	const char *backend = "";
	const char *username = "";
	guint32 sessions = 0;
	gboolean push = FALSE;
	gboolean listing = FALSE;
	guint64 listed = 0;
	guint64 total = 0;
	guint64 requests = 0;
	g_autofree char *n_requests = NULL;
	g_autofree char *progress = NULL;

	g_variant_lookup(entry, "backend", "&s", &backend);
	g_variant_lookup(entry, "username", "&s", &username);
	g_variant_lookup(entry, "sessions", "u", &sessions);
	g_variant_lookup(entry, "push", "b", &push);
	g_variant_lookup(entry, "listing", "b", &listing);
	g_variant_lookup(entry, "listed", "t", &listed);
	g_variant_lookup(entry, "total", "t", &total);
	g_variant_lookup(entry, "requests", "t", &requests);
	/* a macro inside a text would keep it from being translated */
	n_requests = g_strdup_printf("%" G_GUINT64_FORMAT, requests);
	g_print(_("account %s at %s: %u sessions, %s, %s requests\n"), username, backend, sessions,
		push ? _("push is live") : _("polling"), n_requests);
	if (!listing)
		return;
	progress = g_strdup_printf("%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT, listed, total);
	g_print(_("  first sync: %s messages\n"), progress);
}

static void
print_status(GVariant *status)
{
	g_autoptr(GVariant) accounts = g_variant_lookup_value(status, "accounts", NULL);
	const char *version = "";
	gint32 pid = 0;
	guint32 connections = 0;

	g_variant_lookup(status, "version", "&s", &version);
	g_variant_lookup(status, "pid", "i", &pid);
	g_variant_lookup(status, "connections", "u", &connections);
	g_print(_("ferryd %s, pid %d, %u connections\n"), version, pid, connections);
	print_listeners(status);
	for (gsize i = 0; accounts != NULL && i < g_variant_n_children(accounts); i++) {
		g_autoptr(GVariant) entry = g_variant_get_child_value(accounts, i);

		print_account(entry);
	}
}

static void
append_json_string(GString *text, const char *string)
{
	g_string_append_c(text, '"');
	for (const char *c = string; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			g_string_append_printf(text, "\\%c", *c);
		else if ((guchar)*c < 0x20)
			g_string_append_printf(text, "\\u%04x", (guchar)*c);
		else
			g_string_append_c(text, *c);
	}
	g_string_append_c(text, '"');
}

/* GVariant's own text form is not JSON; the status holds only these types. */
static void
append_json(GString *text, GVariant *value)
{
	if (g_variant_is_of_type(value, G_VARIANT_TYPE_VARIANT)) {
		g_autoptr(GVariant) inner = g_variant_get_variant(value);

		append_json(text, inner);
	} else if (g_variant_is_of_type(value, G_VARIANT_TYPE_STRING)) {
		append_json_string(text, g_variant_get_string(value, NULL));
	} else if (g_variant_is_of_type(value, G_VARIANT_TYPE_VARDICT)) {
		g_string_append_c(text, '{');
		for (gsize i = 0; i < g_variant_n_children(value); i++) {
			g_autoptr(GVariant) entry = g_variant_get_child_value(value, i);
			g_autoptr(GVariant) key = g_variant_get_child_value(entry, 0);
			g_autoptr(GVariant) member = g_variant_get_child_value(entry, 1);

			g_string_append(text, i > 0 ? "," : "");
			append_json(text, key);
			g_string_append_c(text, ':');
			append_json(text, member);
		}
		g_string_append_c(text, '}');
	} else if (g_variant_is_of_type(value, G_VARIANT_TYPE_ARRAY)) {
		g_string_append_c(text, '[');
		for (gsize i = 0; i < g_variant_n_children(value); i++) {
			g_autoptr(GVariant) member = g_variant_get_child_value(value, i);

			g_string_append(text, i > 0 ? "," : "");
			append_json(text, member);
		}
		g_string_append_c(text, ']');
	} else {
		g_autofree char *plain = g_variant_print(value, FALSE);

		g_string_append(text, plain);
	}
}

int
ferry_cli_status(FerryCli *cli)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(FerrySettings) settings = ferry_cli_load_settings(cli, &error);
	g_autoptr(GDBusConnection) connection = NULL;
	g_autoptr(GVariant) reply = NULL;
	g_autoptr(GVariant) status = NULL;
	g_autofree char *path = NULL;

	if (settings == NULL)
		return ferry_cli_fail(error);
	path = ferry_config_dup_control_path(settings);
	connection = ferry_control_connect(path, &error);
	if (connection != NULL)
		reply = g_dbus_connection_call_sync(connection, NULL, FERRY_CONTROL_OBJECT,
						    FERRY_CONTROL_INTERFACE, "GetStatus", NULL,
						    G_VARIANT_TYPE("(a{sv})"),
						    G_DBUS_CALL_FLAGS_NONE, TIMEOUT, NULL, &error);
	if (reply == NULL) {
		g_prefix_error(&error, _("no ferryd answers on %s: "), path);
		return ferry_cli_fail(error);
	}
	status = g_variant_get_child_value(reply, 0);
	if (cli->json) {
		g_autoptr(GString) text = g_string_new(NULL);

		append_json(text, status);
		g_print("%s\n", text->str);
	} else {
		print_status(status);
	}
	return 0;
}
