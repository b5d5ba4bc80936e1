/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The configuration of ferryd
 *
 * Implementation: the table of every setting, checks that need more than one of them, and what the
 *   daemon and the command line both derive from them.
 */
#include "daemon/config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/error.h"

/* clang-format off */
static const FerrySetting table[] = {
	{"ferry", "workers", FERRY_SETTING_INTEGER, "1", "1:1", FALSE,
	 N_("Threads that serve clients. One serves thousands; more are not available yet.")},
	{"ferry", "state-dir", FERRY_SETTING_FOLDER, NULL, NULL, FALSE,
	 N_("What must not be lost: UIDs and flags. Default: $STATE_DIRECTORY, else $XDG_STATE_HOME/ferry.")},
	{"ferry", "cache-dir", FERRY_SETTING_FOLDER, NULL, NULL, FALSE,
	 N_("What can be fetched again. Default: $CACHE_DIRECTORY, else $XDG_CACHE_HOME/ferry.")},
	{"ferry", "runtime-dir", FERRY_SETTING_FOLDER, NULL, NULL, FALSE,
	 N_("Where the control socket is. Default: $RUNTIME_DIRECTORY, else $XDG_RUNTIME_DIR/ferry, else the state folder.")},
	{"ferry", "store", FERRY_SETTING_CHOICE, "sqlite", "sqlite", FALSE,
	 N_("Which store keeps UIDs and flags.")},
	{"ferry", "cache-size", FERRY_SETTING_SIZE, "1G", "0:", FALSE,
	 N_("Octets of messages that are kept in the cache folder.")},
	{"ferry", "extensions", FERRY_SETTING_LIST, "*", NULL, FALSE,
	 N_("Which modules are loaded: * for the usual ones, NAME to add one, !NAME to leave one out.")},
	{"ferry", "plugin-dir", FERRY_SETTING_LIST, NULL, NULL, FALSE,
	 N_("Further folders to look for modules in.")},
	{"ferry", "log-level", FERRY_SETTING_CHOICE, "info", "error;warning;info;debug", FALSE,
	 N_("How much is logged.")},
	{"ferry", "log-format", FERRY_SETTING_CHOICE, "text", "text;json", FALSE,
	 N_("Whether the log is for people or for machines.")},
	{"ferry", "user", FERRY_SETTING_STRING, NULL, NULL, FALSE,
	 N_("Whom to become once the ports are bound, when started as root.")},

	{"listener *", "protocol", FERRY_SETTING_STRING, "imap", NULL, FALSE,
	 N_("What is spoken here: imap, or what a module provides.")},
	{"listener *", "address", FERRY_SETTING_LIST, "127.0.0.1;::1", NULL, FALSE,
	 N_("Addresses to listen on, or the path of a Unix socket.")},
	{"listener *", "port", FERRY_SETTING_INTEGER, "1143", "0:65535", FALSE,
	 N_("TCP port; 0 takes a free one.")},
	{"listener *", "tls", FERRY_SETTING_CHOICE, "none", "none;starttls;implicit", FALSE,
	 N_("How TLS starts.")},
	{"listener *", "allow-plaintext", FERRY_SETTING_CHOICE, "loopback", "never;loopback", FALSE,
	 N_("From where passwords and tokens are taken without TLS.")},
	{"listener *", "backend", FERRY_SETTING_STRING, NULL, NULL, FALSE,
	 N_("Where logins go that no domain decides.")},

	{"tls", "certificate", FERRY_SETTING_FILE, NULL, NULL, FALSE,
	 N_("PEM file with the certificate and those it is signed by.")},
	{"tls", "private-key", FERRY_SETTING_FILE, NULL, NULL, FALSE,
	 N_("PEM file with the private key.")},

	{"backend *", "url", FERRY_SETTING_LIST, NULL, NULL, TRUE,
	 N_("JMAP session URL, or a domain or host to discover; of several, one that answers is used.")},
	{"backend *", "domains", FERRY_SETTING_LIST, NULL, NULL, FALSE,
	 N_("Domains of user names that sign in here.")},
	{"backend *", "login", FERRY_SETTING_CHOICE, "passthrough", "passthrough", FALSE,
	 N_("passthrough: the client's name and password, or its token, are the backend's.")},
	{"backend *", "trusted-hosts", FERRY_SETTING_LIST, NULL, NULL, FALSE,
	 N_("Further hosts that credentials may be sent to.")},
	{"backend *", "ca-certificates", FERRY_SETTING_FILE, NULL, NULL, FALSE,
	 N_("PEM file of the authorities that certify this backend, instead of the system's.")},
	{"backend *", "allow-plaintext", FERRY_SETTING_CHOICE, "loopback", "never;loopback;always", FALSE,
	 N_("Where http without TLS is good enough for credentials.")},
	{"backend *", "text-search", FERRY_SETTING_CHOICE, "server", "server;exact", FALSE,
	 N_("Whether SEARCH BODY and TEXT may ask the backend's index, or always read the messages.")},
	{"backend *", "text-scan-limit", FERRY_SETTING_INTEGER, "200", "0:1000000", FALSE,
	 N_("As many messages are read by SEARCH BODY and TEXT rather than asking the index.")},
	{"backend *", "append-bare-lf", FERRY_SETTING_CHOICE, "keep", "keep;mend", FALSE,
	 N_("keep: an appended message stays as it is, and the backend may refuse it; mend: LF without "
	    "CR becomes CRLF.")},
	{"backend *", "all-mail", FERRY_SETTING_BOOLEAN, "no", NULL, FALSE,
	 N_("Whether a virtual mailbox \"All Mail\" shows all mail of the account.")},
	{"backend *", "shared-folders", FERRY_SETTING_STRING, "Shared Folders", NULL, FALSE,
	 N_("What other users' mailboxes are shown under.")},
	{"backend *", "freshness", FERRY_SETTING_INTEGER, "1", "0:60", FALSE,
	 N_("Seconds for which a sync is fresh enough where the backend has no push.")},
	{"backend *", "poll", FERRY_SETTING_INTEGER, "10", "1:60", FALSE,
	 N_("Seconds between questions while somebody waits for mail and the backend has no push.")},
	{"backend *", "ping", FERRY_SETTING_INTEGER, "30", "1:300", FALSE,
	 N_("Seconds between signs of life that the backend's push is asked for; after two it is dead.")},
	{"backend *", "select-timeout", FERRY_SETTING_INTEGER, "300", "1:3600", FALSE,
	 N_("Seconds that SELECT waits for a mailbox that is listed for the first time.")},
	{"backend *", "request-timeout", FERRY_SETTING_INTEGER, "30", "1:300", FALSE,
	 N_("Seconds that one request may take.")},

	{"limits", "connections", FERRY_SETTING_INTEGER, "16384", "1:1000000", FALSE,
	 N_("Clients at once.")},
	{"limits", "connections-per-address", FERRY_SETTING_INTEGER, "256", "1:1000000", FALSE,
	 N_("Clients at once from one address.")},
	{"limits", "connections-per-user", FERRY_SETTING_INTEGER, "64", "1:1000000", FALSE,
	 N_("Clients at once of one user.")},
	{"limits", "unauthenticated", FERRY_SETTING_INTEGER, "1024", "1:1000000", FALSE,
	 N_("Clients at once that have not signed in.")},
	{"limits", "login-timeout", FERRY_SETTING_INTEGER, "60", "1:3600", FALSE,
	 N_("Seconds a client may take to sign in.")},
	{"limits", "idle-timeout", FERRY_SETTING_INTEGER, "1860", "1:86400", FALSE,
	 N_("Seconds a client may say nothing; RFC 9051 wants at least 1800.")},
	{"limits", "failures-per-address", FERRY_SETTING_INTEGER, "10", "1:1000000", FALSE,
	 N_("Failed sign-ins a minute before answers slow down.")},
	{"limits", "line", FERRY_SETTING_SIZE, "65536", "8192:16777216", FALSE,
	 N_("Octets of a command line.")},
	{"limits", "literal", FERRY_SETTING_SIZE, "1048576", "8192:1073741824", FALSE,
	 N_("Octets of all literals of a command, messages not counted.")},
	{"limits", "nesting", FERRY_SETTING_INTEGER, "64", "8:1024", FALSE,
	 N_("Depth of parentheses.")},
	{"limits", "pipeline", FERRY_SETTING_SIZE, "65536", "8192:16777216", FALSE,
	 N_("Octets of commands that wait for an earlier one.")},
	{"limits", "append", FERRY_SETTING_SIZE, "0", "0:", FALSE,
	 N_("Octets of one appended message; 0: what the backend allows.")},
	{"limits", "append-total", FERRY_SETTING_SIZE, "1G", "1:", FALSE,
	 N_("Octets of all messages that are being appended at once.")},
	{"limits", "limit-loopback", FERRY_SETTING_BOOLEAN, "no", NULL, FALSE,
	 N_("Whether the limits per address hold for this machine too.")},
};
/* clang-format on */

/**
 * ferry_config_new:
 *
 * Returns: (transfer full): settings that know every key of the configuration but those of modules,
 *   `[extension NAME]`, which ferry_daemon_make_registry() adds
 */
FerrySettings *
ferry_config_new(void)
{
	FerrySettings *settings = ferry_settings_new();

	ferry_settings_add_table(settings, table, G_N_ELEMENTS(table));
	/* modules declare theirs once the configuration has said which are loaded */
	ferry_settings_defer(settings, "extension");
	return settings;
}

/**
 * ferry_config_find:
 *
 * Returns: (transfer full) (nullable): the configuration file to read where none is named
 */
char *
ferry_config_find(void)
{
	g_autofree char *own =
		g_build_filename(g_get_user_config_dir(), "ferry", "ferry.conf", NULL);

	if (g_file_test(own, G_FILE_TEST_EXISTS))
		return g_steal_pointer(&own);
	if (g_file_test(FERRY_SYSCONFDIR "/ferry/ferry.conf", G_FILE_TEST_EXISTS))
		return g_strdup(FERRY_SYSCONFDIR "/ferry/ferry.conf");
	return NULL;
}

static gboolean
check_tls(FerrySettings *settings, const char *group, GError **error)
{
	static const char *const keys[] = {"certificate", "private-key"};
	const char *mode = ferry_settings_get_string(settings, group, "tls");

	if (g_str_equal(mode, "none"))
		return TRUE;
	for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
		if (ferry_settings_has(settings, "tls", keys[i]))
			continue;
		g_propagate_error(error,
				  ferry_settings_make_error(settings, "tls", keys[i],
							    _("is missing, and [%s] has tls=%s"),
							    group, mode));
		return FALSE;
	}
	return TRUE;
}

static gboolean
check_listener(FerrySettings *settings, const char *name, GError **error)
{
	g_autofree char *group = g_strdup_printf("listener %s", name);
	g_auto(GStrv) names = ferry_settings_list_groups(settings, "backend");
	const char *backend = ferry_settings_get_string(settings, group, "backend");

	if (backend != NULL && !g_strv_contains((const char *const *)names, backend)) {
		g_propagate_error(error, ferry_settings_make_error(
						 settings, group, "backend",
						 _("there is no group [backend %s]"), backend));
		return FALSE;
	}
	return check_tls(settings, group, error);
}

static gboolean
check_backend(FerrySettings *settings, const char *name, GError **error)
{
	g_autofree char *group = g_strdup_printf("backend %s", name);
	const char *path = ferry_settings_get_string(settings, group, "ca-certificates");
	g_autoptr(GError) problem = NULL;
	GList *certificates = NULL;

	if (path == NULL)
		return TRUE;
	certificates = g_tls_certificate_list_new_from_file(path, &problem);
	if (certificates == NULL) {
		g_propagate_error(error,
				  ferry_settings_make_error(
					  settings, group, "ca-certificates", "%s: %s", path,
					  problem != NULL ? problem->message
							  : _("there is no certificate in it")));
		return FALSE;
	}
	g_list_free_full(certificates, g_object_unref);
	return TRUE;
}

/**
 * ferry_config_check:
 * @settings: a loaded configuration
 *
 * Checks what needs more than one setting.
 *
 * Returns: %FALSE with %FERRY_ERROR_CONFIGURATION where the daemon could not start
 */
gboolean
ferry_config_check(FerrySettings *settings, GError **error)
{
	g_auto(GStrv) listeners = ferry_settings_list_groups(settings, "listener");
	g_auto(GStrv) backends = ferry_settings_list_groups(settings, "backend");

	if (*backends == NULL) {
		g_propagate_error(error, ferry_settings_make_error(
						 settings, "backend main", "url",
						 _("is missing: name at least one JMAP server")));
		return FALSE;
	}
	if (*listeners == NULL) {
		g_propagate_error(error, ferry_settings_make_error(
						 settings, "listener imap", NULL,
						 _("is missing: name at least one listener")));
		return FALSE;
	}
	for (guint i = 0; backends[i] != NULL; i++) {
		if (!check_backend(settings, backends[i], error))
			return FALSE;
	}
	for (guint i = 0; listeners[i] != NULL; i++) {
		if (!check_listener(settings, listeners[i], error))
			return FALSE;
	}
	return TRUE;
}

/* systemd hands a list where several folders are configured; the first is ours */
static char *
dup_environment_dir(const char *variable)
{
	const char *value = g_getenv(variable);

	if (value == NULL || *value != '/')
		return NULL;
	return g_strndup(value, strcspn(value, ":"));
}

static char *
dup_dir(FerrySettings *settings, const char *key, const char *variable, const char *base)
{
	const char *value = ferry_settings_get_string(settings, "ferry", key);
	char *dir;

	if (value != NULL)
		return g_strdup(value);
	dir = dup_environment_dir(variable);
	return dir != NULL ? dir : g_build_filename(base, "ferry", NULL);
}

/**
 * ferry_config_dup_state_dir:
 *
 * Returns: (transfer full): the folder for what must not be lost
 */
char *
ferry_config_dup_state_dir(FerrySettings *settings)
{
	return dup_dir(settings, "state-dir", "STATE_DIRECTORY", g_get_user_state_dir());
}

/**
 * ferry_config_dup_cache_dir:
 *
 * Returns: (transfer full): the folder for what can be fetched again
 */
char *
ferry_config_dup_cache_dir(FerrySettings *settings)
{
	return dup_dir(settings, "cache-dir", "CACHE_DIRECTORY", g_get_user_cache_dir());
}

/**
 * ferry_config_dup_control_path:
 *
 * Returns: (transfer full): the path of the control socket
 */
char *
ferry_config_dup_control_path(FerrySettings *settings)
{
	g_autofree char *dir =
		g_strdup(ferry_settings_get_string(settings, "ferry", "runtime-dir"));

	if (dir == NULL)
		dir = dup_environment_dir("RUNTIME_DIRECTORY");
	if (dir == NULL && g_getenv("XDG_RUNTIME_DIR") != NULL)
		dir = g_build_filename(g_getenv("XDG_RUNTIME_DIR"), "ferry", NULL);
	if (dir == NULL)
		dir = ferry_config_dup_state_dir(settings);
	return g_build_filename(dir, "control", NULL);
}

/**
 * ferry_config_get_limits:
 * @limits: (out caller-allocates): where they go
 *
 * Reads group `[limits]`.
 */
void
ferry_config_get_limits(FerrySettings *settings, FerryLimits *limits)
{
#define NUMBER(key) ferry_settings_get_integer(settings, "limits", key)
	*limits = (FerryLimits){
		.connections = (guint)NUMBER("connections"),
		.connections_per_address = (guint)NUMBER("connections-per-address"),
		.connections_per_user = (guint)NUMBER("connections-per-user"),
		.unauthenticated = (guint)NUMBER("unauthenticated"),
		.login_timeout = (guint)NUMBER("login-timeout"),
		.idle_timeout = (guint)NUMBER("idle-timeout"),
		.failures_per_address = (guint)NUMBER("failures-per-address"),
		.line = (gsize)NUMBER("line"),
		.literal = (gsize)NUMBER("literal"),
		.nesting = (guint)NUMBER("nesting"),
		.pipeline = (gsize)NUMBER("pipeline"),
		.append = (guint64)NUMBER("append"),
		.append_total = (guint64)NUMBER("append-total"),
		.limit_loopback = ferry_settings_get_boolean(settings, "limits", "limit-loopback"),
	};
#undef NUMBER
}

/**
 * ferry_config_make_backend:
 * @name: a backend of the configuration
 *
 * Returns: (transfer full): what the configuration says about it
 */
FerryAccountSettings *
ferry_config_make_backend(FerrySettings *settings, const char *name)
{
	g_autofree char *group = g_strdup_printf("backend %s", name);
	g_auto(GStrv) urls = ferry_settings_get_list(settings, group, "url");
	FerryAccountSettings *self = ferry_account_settings_new((const char *const *)urls);

#define TEXT(field, key)                                                                           \
	(g_free(self->field),                                                                      \
	 self->field = g_strdup(ferry_settings_get_string(settings, group, key)))
#define NUMBER(key) ((guint)ferry_settings_get_integer(settings, group, key))
	g_strfreev(self->trusted_hosts);
	self->trusted_hosts = ferry_settings_get_list(settings, group, "trusted-hosts");
	self->domains = ferry_settings_get_list(settings, group, "domains");
	TEXT(ca_file, "ca-certificates");
	TEXT(allow_plaintext, "allow-plaintext");
	TEXT(text_search, "text-search");
	TEXT(shared_prefix, "shared-folders");
	self->all_mail = ferry_settings_get_boolean(settings, group, "all-mail");
	self->mend_line_ends =
		g_strcmp0(ferry_settings_get_string(settings, group, "append-bare-lf"), "mend") ==
		0;
	self->freshness_ms = NUMBER("freshness") * 1000;
	self->poll_s = NUMBER("poll");
	self->ping_s = NUMBER("ping");
	self->select_timeout_s = NUMBER("select-timeout");
	self->request_timeout_s = NUMBER("request-timeout");
	self->text_scan_limit = NUMBER("text-scan-limit");
	self->raw_cache_size = (guint64)ferry_settings_get_integer(settings, "ferry", "cache-size");
#undef NUMBER
#undef TEXT
	return self;
}
