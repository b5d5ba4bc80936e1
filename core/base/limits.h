/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * FerryLimits:
 * @connections: clients of all listeners together
 * @connections_per_address: clients from one address (/64 of IPv6)
 * @connections_per_user: signed-in clients of one user
 * @unauthenticated: clients that have not signed in yet
 * @login_timeout: seconds a client may take to sign in
 * @idle_timeout: seconds a signed-in client may say nothing (autologout)
 * @failures_per_address: failed sign-ins a minute before answers slow down
 * @line: octets of one command line, literals not counted
 * @literal: octets of all literals of a command, message data not counted
 * @nesting: depth of parentheses
 * @pipeline: octets of commands that wait behind a running one
 * @append: octets of one appended message; 0: what the backend allows
 * @append_total: octets of all messages being appended at once, over all sessions
 * @limit_loopback: whether the per-address limits hold for loopback addresses
 *
 * What a client may make grow, from group `[limits]` of the configuration.
 */
typedef struct {
	guint connections;
	guint connections_per_address;
	guint connections_per_user;
	guint unauthenticated;
	guint login_timeout;
	guint idle_timeout;
	guint failures_per_address;
	gsize line;
	gsize literal;
	guint nesting;
	gsize pipeline;
	guint64 append;
	guint64 append_total;
	gboolean limit_loopback;
} FerryLimits;

#define FERRY_LIMITS_DEFAULT                                                                       \
	{                                                                                          \
		.connections = 16384, .connections_per_address = 256, .connections_per_user = 64,  \
		.unauthenticated = 1024, .login_timeout = 60, .idle_timeout = 1860,                \
		.failures_per_address = 10, .line = 65536, .literal = 1048576, .nesting = 64,      \
		.pipeline = 65536, .append = 0, .append_total = G_GUINT64_CONSTANT(1) << 30,       \
		.limit_loopback = FALSE,                                                           \
	}

G_END_DECLS
