/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A whole session on a socket pair, with the base and one module, but without a backend: nobody can
 * sign in, so tests set the state that they want. */
#pragma once

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auth/verifier.h"
#include "imap/base-module.h"
#include "imap/session-private.h"
#include "net/connection.h"
#include "registry/plugin.h"

#define LIVE_PATIENCE (20 * G_USEC_PER_SEC)

typedef struct {
	GObject parent_instance;
} LiveVerifier;
typedef GObjectClass LiveVerifierClass;

static void
live_verifier_iface_init(FerryVerifierInterface *iface)
{
}

static GType live_verifier_get_type(void);
G_DEFINE_TYPE_WITH_CODE(LiveVerifier, live_verifier, G_TYPE_OBJECT,
			G_IMPLEMENT_INTERFACE(FERRY_TYPE_VERIFIER, live_verifier_iface_init))

static void
live_verifier_class_init(LiveVerifierClass *klass)
{
}

static void
live_verifier_init(LiveVerifier *self)
{
}

typedef struct {
	FerryRegistry *registry;
	FerryService *service;
	FerryPoller *poller;
	FerryImapSession *session;
	int fd; /* the client's end */
	GString *received;
} Live;

/* @more: (nullable): registers what the test itself contributes */
static inline void
live_init(Live *self, const FerryPlugin *module,
	  gboolean (*more)(FerryRegistry *registry, GError **error))
{
	const FerryLimits limits = FERRY_LIMITS_DEFAULT;
	g_autoptr(FerryAddress) address = ferry_address_new_unix();
	g_autoptr(GObject) verifier = g_object_new(live_verifier_get_type(), NULL);
	g_autoptr(FerryConnection) connection = NULL;
	g_autoptr(GError) error = NULL;
	int fds[2];

	self->registry = ferry_registry_new();
	g_assert_true(ferry_imap_register_base(self->registry, &error));
	g_assert_true(module->register_func(self->registry, &error));
	g_assert_true(more == NULL || more(self->registry, &error));
	ferry_registry_seal(self->registry);
	self->service = ferry_service_new("test", "imap", self->registry, FERRY_VERIFIER(verifier),
					  &limits);
	ferry_service_set_allow_plaintext(self->service, TRUE);
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
	self->poller = ferry_poller_new(NULL);
	connection = ferry_connection_new(self->poller, fds[0], address, &error);
	g_assert_no_error(error);
	self->fd = fds[1];
	self->received = g_string_new(NULL);
	self->session = ferry_imap_session_new(connection, self->service);
	ferry_imap_session_start(self->session);
}

static inline void
live_clear(Live *self)
{
	gpointer weak = self->session;

	g_object_add_weak_pointer(G_OBJECT(self->session), &weak);
	close(self->fd);
	g_clear_object(&self->session);
	while (g_main_context_iteration(NULL, FALSE))
		continue;
	g_assert_null(weak);
	g_object_unref(self->service);
	g_object_unref(self->registry);
	ferry_poller_unref(self->poller);
	g_string_free(self->received, TRUE);
}

static inline void
live_send(Live *self, const char *text)
{
	g_assert_cmpint(send(self->fd, text, strlen(text), MSG_NOSIGNAL), ==, (gssize)strlen(text));
}

/* Turns the loop until @text has come; what was received up to its end is taken. */
static inline char *
live_wait(Live *self, const char *text)
{
	gint64 deadline = g_get_monotonic_time() + LIVE_PATIENCE;
	const char *found;
	char *taken;

	while ((found = strstr(self->received->str, text)) == NULL) {
		char buffer[4096];
		gssize n;

		g_main_context_iteration(NULL, FALSE);
		n = recv(self->fd, buffer, sizeof buffer, MSG_DONTWAIT);
		if (n > 0)
			g_string_append_len(self->received, buffer, n);
		else if (n == 0 || g_get_monotonic_time() > deadline)
			g_error("waited for %s, but got %s", text, self->received->str);
	}
	taken = g_strndup(self->received->str, (gsize)(found - self->received->str) + strlen(text));
	g_string_erase(self->received, 0, (gssize)strlen(taken));
	return taken;
}
