/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers that need not wait for an acknowledgement
 *
 * Specification: tcp(7), TCP_QUICKACK
 * Implementation: a server that leaves Nagle's algorithm on (Cyrus 3.6) keeps the end of a longer
 *   answer back until its beginning is acknowledged, which Linux does 40 ms late where it takes a
 *   connection for a conversation. It is told not to, for each answer anew. libsoup shows a socket
 *   only when it connects, so it is remembered by the connection's id, which is unique in a
 *   session.
 */
#include "jmap/quick-ack-private.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

static void
weak_ref_free(gpointer data)
{
	g_weak_ref_clear(data);
	g_free(data);
}

static gboolean
is_gone(gpointer key, gpointer value, gpointer user_data)
{
	g_autoptr(GObject) socket = g_weak_ref_get(value);

	return socket == NULL;
}

static void
network_event_cb(SoupMessage *message, GSocketClientEvent event, GIOStream *connection,
		 gpointer user_data)
{
	GHashTable *sockets = user_data;
	guint64 id = soup_message_get_connection_id(message);
	GWeakRef *socket;

	if (event != G_SOCKET_CLIENT_CONNECTED || !G_IS_SOCKET_CONNECTION(connection) || id == 0)
		return;
	g_hash_table_foreach_remove(sockets, is_gone, NULL);
	socket = g_new0(GWeakRef, 1);
	g_weak_ref_init(socket, g_socket_connection_get_socket(G_SOCKET_CONNECTION(connection)));
	g_hash_table_replace(sockets, g_memdup2(&id, sizeof id), socket);
}

static void
got_headers_cb(SoupMessage *message, gpointer user_data)
{
	guint64 id = soup_message_get_connection_id(message);
	GWeakRef *found = g_hash_table_lookup(user_data, &id);
	g_autoptr(GSocket) socket = found != NULL ? g_weak_ref_get(found) : NULL;

	/* a socket that is no TCP one says no, and needs nothing */
	if (socket != NULL && !g_socket_is_closed(socket))
		g_socket_set_option(socket, IPPROTO_TCP, TCP_QUICKACK, 1, NULL);
}

static void
unref_table(gpointer data, GClosure *closure)
{
	g_hash_table_unref(data);
}

static GHashTable *
get_sockets(SoupSession *soup)
{
	GHashTable *sockets = g_object_get_data(G_OBJECT(soup), "ferry-sockets");

	if (sockets == NULL) {
		sockets = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, weak_ref_free);
		g_object_set_data_full(G_OBJECT(soup), "ferry-sockets", sockets,
				       (GDestroyNotify)g_hash_table_unref);
	}
	return sockets;
}

void
ferry_jmap_quick_ack_watch(SoupSession *soup, SoupMessage *message)
{
	GHashTable *sockets = get_sockets(soup);

	g_signal_connect_data(message, "network-event", G_CALLBACK(network_event_cb),
			      g_hash_table_ref(sockets), unref_table, 0);
	g_signal_connect_data(message, "got-headers", G_CALLBACK(got_headers_cb),
			      g_hash_table_ref(sockets), unref_table, 0);
}
