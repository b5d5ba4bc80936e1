/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ferryd: the daemon
 *
 * Implementation: command line, start, signals, end. It never forks away.
 */
#include <errno.h>
#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <grp.h>
#include <locale.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "daemon/config.h"
#include "daemon/control.h"
#include "daemon/modules.h"
#include "daemon/server.h"

typedef struct {
	GMainLoop *loop;
	FerryServer *server;
	FerryControl *control;
	char *config_path;
	gboolean stopping;
} Daemon;

static void
set_up_log(FerrySettings *settings)
{
	gboolean json =
		g_str_equal(ferry_settings_get_string(settings, "ferry", "log-format"), "json");

	ferry_log_set_up(ferry_settings_get_string(settings, "ferry", "log-level"),
			 json ? FERRY_LOG_JSON : FERRY_LOG_TEXT);
}

static FerrySettings *
load_settings(const char *path, GError **error)
{
	g_autoptr(FerrySettings) settings = ferry_config_new();

	if (path == NULL) {
		g_set_error(
			error, FERRY_ERROR, FERRY_ERROR_CONFIGURATION,
			_("no configuration: name one with --config, or write %s/ferry/ferry.conf"),
			g_get_user_config_dir());
		return NULL;
	}
	if (!ferry_settings_load_file(settings, path, error) ||
	    !ferry_config_check(settings, error))
		return NULL;
	return g_steal_pointer(&settings);
}

/* What a client or a backend told us in confidence must not end up in a core file. */
static void
forbid_core_dumps(void)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__ /* the leak checker attaches like a debugger */
	prctl(PR_SET_DUMPABLE, 0);
#endif
}

/* one descriptor for each client, and some for files */
static void
raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* A file that may not grow is an error of who writes it, not the end of everybody's session. */
static void
survive_file_limit(void)
{
	signal(SIGXFSZ, SIG_IGN);
}

static gboolean
drop_privileges(FerrySettings *settings, GError **error)
{
	const char *name = ferry_settings_get_string(settings, "ferry", "user");
	const struct passwd *user;

	if (geteuid() != 0)
		return TRUE;
	if (name == NULL) {
		g_message("running as root; [ferry] user= names whom to become");
		return TRUE;
	}
	user = getpwnam(name);
	if (user == NULL) {
		g_propagate_error(error, ferry_settings_make_error(settings, "ferry", "user",
								   _("there is no user %s"), name));
		return FALSE;
	}
	if (initgroups(name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
	    setuid(user->pw_uid) != 0) {
		g_propagate_error(error, ferry_settings_make_error(settings, "ferry", "user",
								   _("cannot become %s: %s"), name,
								   g_strerror(errno)));
		return FALSE;
	}
	return TRUE;
}

/* sd_notify(3) is one datagram; this is all of it that is needed. */
static void
notify_systemd(const char *state)
{
	const char *path = g_getenv("NOTIFY_SOCKET");
	g_autoptr(GSocket) socket = NULL;
	g_autoptr(GSocketAddress) address = NULL;

	if (path == NULL || (*path != '/' && *path != '@'))
		return;
	address = *path == '@' ? g_unix_socket_address_new_with_type(path + 1, -1,
								     G_UNIX_SOCKET_ADDRESS_ABSTRACT)
			       : g_unix_socket_address_new(path);
	socket = g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_DATAGRAM,
			      G_SOCKET_PROTOCOL_DEFAULT, NULL);
	if (socket != NULL)
		g_socket_send_to(socket, address, state, strlen(state), NULL, NULL);
}

static void
stopped_cb(FerryServer *server, gpointer user_data)
{
	Daemon *self = user_data;

	g_main_loop_quit(self->loop);
}

/* The first signal ends in order, a second one at once. */
static gboolean
terminate_cb(gpointer user_data)
{
	Daemon *self = user_data;

	if (self->stopping) {
		g_message("stopping at once");
		g_main_loop_quit(self->loop);
		return G_SOURCE_CONTINUE;
	}
	self->stopping = TRUE;
	g_message("stopping");
	notify_systemd("STOPPING=1");
	ferry_server_stop(self->server);
	return G_SOURCE_CONTINUE;
}

static gboolean
reload_cb(gpointer user_data)
{
	Daemon *self = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerrySettings) settings = load_settings(self->config_path, &error);

	if (self->stopping)
		return G_SOURCE_CONTINUE;
	if (settings == NULL || !ferry_server_reload(self->server, settings, &error)) {
		g_warning("not reloaded: %s", error->message);
		return G_SOURCE_CONTINUE;
	}
	set_up_log(settings);
	g_message("reloaded %s: log-level, log-format and, for new connections, modules and their "
		  "settings; other changes need a restart",
		  self->config_path);
	return G_SOURCE_CONTINUE;
}

static gboolean
run(Daemon *self, FerrySettings *settings, gboolean print_ready, GError **error)
{
	g_autofree char *control = ferry_config_dup_control_path(settings);
	g_autoptr(GError) local = NULL;

	self->server = ferry_server_new(settings);
	if (!ferry_server_bind(self->server, error) || !drop_privileges(settings, error))
		return FALSE;
	forbid_core_dumps();
	raise_descriptor_limit();
	survive_file_limit();
	if (!ferry_server_start(self->server, error))
		return FALSE;
	self->control = ferry_control_new(self->server, control, &local);
	if (self->control == NULL)
		g_warning("no control socket: %s", local->message);
	g_signal_connect(self->server, "stopped", G_CALLBACK(stopped_cb), self);
	g_unix_signal_add(SIGTERM, terminate_cb, self);
	g_unix_signal_add(SIGINT, terminate_cb, self);
	g_unix_signal_add(SIGHUP, reload_cb, self);
	if (print_ready) {
		g_print("ready\n");
		fflush(stdout);
	}
	notify_systemd("READY=1");
	g_main_loop_run(self->loop);
	return TRUE;
}

/* A broken module does not keep ferryd from starting, but whoever asks is told of it. */
static gboolean
check(FerrySettings *settings, GError **error)
{
	g_autoptr(FerryModules) modules = ferry_modules_new();
	g_autoptr(FerryRegistry) registry = ferry_daemon_make_registry(settings, modules, error);
	g_autoptr(GString) problems = g_string_new(NULL);
	g_auto(GStrv) notes = NULL;
	GPtrArray *list = ferry_modules_list(modules);

	if (registry == NULL || !ferry_modules_check_settings(modules, settings, &notes, error))
		return FALSE;
	for (guint i = 0; notes[i] != NULL; i++)
		g_print("%s\n", notes[i]);
	for (guint i = 0; i < list->len; i++) {
		const FerryModule *module = g_ptr_array_index(list, i);

		if (module->state == FERRY_MODULE_BROKEN || module->state == FERRY_MODULE_NEEDS)
			g_string_append_printf(problems, _("\n  module %s is left out: %s"),
					       module->name, module->reason);
	}
	if (problems->len == 0)
		return TRUE;
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_CONFIGURATION, _("not every module works:%s"),
		    problems->str);
	return FALSE;
}

int
main(int argc, char **argv)
{
	g_autofree char *path = NULL;
	gboolean print_ready = FALSE;
	gboolean only_check = FALSE;
	gboolean version = FALSE;
	const GOptionEntry entries[] = {{"config", 'c', 0, G_OPTION_ARG_FILENAME, &path,
					 N_("Read this configuration"), N_("FILE")},
					{"check", 0, 0, G_OPTION_ARG_NONE, &only_check,
					 N_("Check the configuration and exit"), NULL},
					{"print-ready", 0, 0, G_OPTION_ARG_NONE, &print_ready,
					 N_("Print a line \"ready\" once every listener listens"),
					 NULL},
					{"version", 0, 0, G_OPTION_ARG_NONE, &version,
					 N_("Print the version and exit"), NULL},
					G_OPTION_ENTRY_NULL};
	g_autoptr(GOptionContext) options = g_option_context_new(NULL);
	g_autoptr(FerrySettings) settings = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GMainLoop) loop = NULL;
	Daemon daemon = {0};
	gboolean good;

	setlocale(LC_ALL, "");
	bindtextdomain(GETTEXT_PACKAGE, FERRY_LOCALEDIR);
	bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
	textdomain(GETTEXT_PACKAGE);
	g_option_context_add_main_entries(options, entries, GETTEXT_PACKAGE);
	g_option_context_set_summary(options, _("An IMAP server in front of a JMAP account."));
	if (!g_option_context_parse(options, &argc, &argv, &error)) {
		g_printerr("ferryd: %s\n", error->message);
		return 2;
	}
	if (argc > 1) {
		g_printerr(_("ferryd: what is \"%s\"? See ferryd --help.\n"), argv[1]);
		return 2;
	}
	if (version) {
		g_print("ferryd %s\n", FERRY_VERSION);
		return 0;
	}
	daemon.config_path = path != NULL ? g_steal_pointer(&path) : ferry_config_find();
	settings = load_settings(daemon.config_path, &error);
	if (settings != NULL) {
		set_up_log(settings);
		loop = daemon.loop = g_main_loop_new(NULL, FALSE);
		good = only_check ? check(settings, &error)
				  : run(&daemon, settings, print_ready, &error);
	} else {
		good = FALSE;
	}
	if (!good)
		g_printerr("ferryd: %s\n", error->message);
	else if (only_check)
		g_print(_("%s: good\n"), daemon.config_path);
	g_clear_object(&daemon.control);
	g_clear_object(&daemon.server);
	g_free(daemon.config_path);
	return good ? 0 : 1;
}
