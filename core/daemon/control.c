/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The control socket
 *
 * Implementation: a GDBusServer on a Unix socket in the runtime folder; the peer's uid is checked;
 *   one object with one interface. Status tells what the daemon does.
 */
#include "daemon/control.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

struct _FerryControl {
	GObject parent_instance;
	FerryServer *server;
	GDBusServer *bus;
	char *path;
	GDBusNodeInfo *info;
	GPtrArray *connections; /* (element-type GDBusConnection) */
};

G_DEFINE_FINAL_TYPE(FerryControl, ferry_control, G_TYPE_OBJECT)

/* commands of people, not of a service; more at once is somebody playing */
#define MAX_CONNECTIONS 32

static const char introspection[] = "<node><interface name='" FERRY_CONTROL_INTERFACE "'>"
				    "<method name='GetStatus'>"
				    "<arg name='status' type='a{sv}' direction='out'/>"
				    "</method></interface></node>";

static void
ferry_control_dispose(GObject *object)
{
	FerryControl *self = FERRY_CONTROL(object);

	if (self->bus != NULL) {
		g_dbus_server_stop(self->bus);
		g_unlink(self->path);
	}
	g_clear_object(&self->bus);
	g_clear_pointer(&self->connections, g_ptr_array_unref);
	g_clear_pointer(&self->info, g_dbus_node_info_unref);
	g_clear_pointer(&self->path, g_free);
	g_clear_object(&self->server);
	G_OBJECT_CLASS(ferry_control_parent_class)->dispose(object);
}

static void
ferry_control_class_init(FerryControlClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = ferry_control_dispose;
}

static void
ferry_control_init(FerryControl *self)
{
	self->connections = g_ptr_array_new_with_free_func(g_object_unref);
}

static gboolean
authorize_cb(GDBusAuthObserver *observer, GIOStream *stream, GCredentials *credentials,
	     gpointer user_data)
{
	uid_t uid =
		credentials != NULL ? g_credentials_get_unix_user(credentials, NULL) : (uid_t)-1;

	return uid == geteuid() || uid == 0;
}

static void
call_cb(GDBusConnection *connection, const char *sender, const char *path, const char *interface,
	const char *method, GVariant *parameters, GDBusMethodInvocation *invocation,
	gpointer user_data)
{
	FerryControl *self = user_data;
	GVariant *status = ferry_server_make_status(self->server);

	/* GetStatus is the only method; GDBus answers for all others */
	g_dbus_method_invocation_return_value(invocation, g_variant_new("(@a{sv})", status));
}

static void
closed_cb(GDBusConnection *connection, gboolean vanished, GError *error, gpointer user_data)
{
	FerryControl *self = user_data;

	g_ptr_array_remove_fast(self->connections, connection);
}

static gboolean
new_connection_cb(GDBusServer *bus, GDBusConnection *connection, gpointer user_data)
{
	static const GDBusInterfaceVTable vtable = {.method_call = call_cb};
	FerryControl *self = user_data;

	if (self->connections->len >= MAX_CONNECTIONS ||
	    g_dbus_connection_register_object(connection, FERRY_CONTROL_OBJECT,
					      self->info->interfaces[0], &vtable, self, NULL,
					      NULL) == 0)
		return FALSE;
	g_signal_connect_object(connection, "closed", G_CALLBACK(closed_cb), self, 0);
	g_ptr_array_add(self->connections, g_object_ref(connection));
	return TRUE;
}

/* A socket that nobody answers on is left over from a daemon that was killed. */
static gboolean
clear_the_way(const char *path, GError **error)
{
	g_autoptr(GDBusConnection) other = NULL;

	if (!g_file_test(path, G_FILE_TEST_EXISTS))
		return TRUE;
	other = ferry_control_connect(path, NULL);
	if (other != NULL) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_IN_USE,
			    _("%s is in use by another ferryd; set [ferry] runtime-dir"), path);
		return FALSE;
	}
	g_unlink(path);
	return TRUE;
}

/**
 * ferry_control_new:
 * @server: whose status is told
 * @path: where the socket goes; its folder is made where it is missing
 *
 * Returns: (transfer full): the control socket, listening; %NULL with @error set where it cannot be
 */
FerryControl *
ferry_control_new(FerryServer *server, const char *path, GError **error)
{
	g_autoptr(FerryControl) self = g_object_new(FERRY_TYPE_CONTROL, NULL);
	g_autoptr(GDBusAuthObserver) observer = g_dbus_auth_observer_new();
	g_autofree char *dir = g_path_get_dirname(path);
	g_autofree char *escaped = g_dbus_address_escape_value(path);
	g_autofree char *address = g_strdup_printf("unix:path=%s", escaped);
	g_autofree char *guid = g_dbus_generate_guid();
	mode_t mask;

	if (g_mkdir_with_parents(dir, 0700) != 0) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_CONFIGURATION, _("cannot make %s: %s"),
			    dir, g_strerror(errno));
		return NULL;
	}
	if (!clear_the_way(path, error))
		return NULL;
	self->server = g_object_ref(server);
	self->path = g_strdup(path);
	self->info = g_dbus_node_info_new_for_xml(introspection, NULL);
	g_signal_connect(observer, "authorize-authenticated-peer", G_CALLBACK(authorize_cb), NULL);
	mask = umask(0077);
	self->bus = g_dbus_server_new_sync(address, G_DBUS_SERVER_FLAGS_NONE, guid, observer, NULL,
					   error);
	umask(mask);
	if (self->bus == NULL)
		return NULL;
	g_signal_connect_object(self->bus, "new-connection", G_CALLBACK(new_connection_cb), self,
				0);
	g_dbus_server_start(self->bus);
	return g_steal_pointer(&self);
}

/**
 * ferry_control_connect:
 * @path: the socket of a running daemon
 *
 * For the command line: connects, waiting.
 *
 * Returns: (transfer full): a connection; %NULL with @error set where no daemon answers
 */
GDBusConnection *
ferry_control_connect(const char *path, GError **error)
{
	g_autofree char *escaped = g_dbus_address_escape_value(path);
	g_autofree char *address = g_strdup_printf("unix:path=%s", escaped);

	return g_dbus_connection_new_for_address_sync(
		address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL, NULL, error);
}
