/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/connection-limits.h"
#include "net/connection.h"
#include "net/filter-stack-private.h"
#include "net/output-private.h"
#include "net/poller-private.h"
#include "net/tls-private.h"

G_BEGIN_DECLS

typedef enum {
	FERRY_CONNECTION_OPEN,
	FERRY_CONNECTION_DRAINING,  /* closing: what is pending goes out */
	FERRY_CONNECTION_LINGERING, /* all is sent; input is thrown away until the peer leaves */
	FERRY_CONNECTION_CLOSED,
} FerryConnectionState;

/* What to do at the end of the loop turn. */
typedef enum {
	FERRY_WORK_INPUT = 1 << 0,
	FERRY_WORK_FLUSH = 1 << 1,
	FERRY_WORK_DRAINED = 1 << 2,
	FERRY_WORK_TLS = 1 << 3,
	FERRY_WORK_MOVE = 1 << 4,
	FERRY_WORK_CLOSED = 1 << 5,
} FerryWork;

/* A callback with all that belongs to it. */
typedef struct {
	GCallback func;
	gpointer user_data;
	GDestroyNotify destroy;
} FerryHandler;

/* Exists from start_tls_async() to the end of the handshake. */
typedef struct {
	GTask *task;
	FerryTlsCredentials *credentials;
	gint64 due; /* monotonic µs */
} FerryHandshake;

/* Exists from ferry_connection_move() to the arrival. */
typedef struct {
	FerryConnection *connection;
	FerryPoller *target;
	FerryHandler arrived;
	int posted; /* orders the two threads where tools can see it; GLib's locks they cannot */
} FerryMove;

struct _FerryConnection {
	GObject parent_instance;

	FerryPoller *poller;
	FerryPollerWatch *watch;
	FerryPollerJob job;
	FerryPollerTimer timer;
	FerryAddress *peer;
	FerryConnectionLimits *limits; /* where it is counted, or NULL */
	int fd;
	GIOCondition armed;
	guint8 state;
	guint8 work; /* FerryWork */
	guint8 reason;
	guint inside : 1; /* the input handler is running */
	guint paused : 1;
	guint eof : 1;
	guint starved : 1; /* the handler consumed nothing of what there is */
	guint want_write : 1;
	guint above_low_water : 1;
	guint authenticated : 1;
	guint filter_pushed : 1; /* what follows is for the new filter */
	guint decode_more : 1;   /* the filters can give more without new bytes */

	GByteArray *input; /* not consumed, from input_start on; or NULL */
	gsize input_start;
	gsize input_limit;
	FerryOutput plain; /* not through the filters yet */
	FerryOutput wire;
	gsize low_water;
	FerryTls *tls;
	FerryHandshake *handshake;
	FerryFilterStack *filters;
	GByteArray *undecoded; /* what dropped filters had not taken, while the handler runs */
	FerryMove *move;

	FerryHandler on_input;
	FerryHandler on_drained;
	FerryHandler on_timeout;
	FerryHandler on_closed;
	GError *error;

	/* monotonic µs; the durations in seconds, 0 for none */
	gint64 last_input;
	gint64 last_output;
	gint64 deadline;
	guint timeout;
	guint write_timeout;
};

/* Input is not read while so much waits to be sent: who does not read is not served. */
#define FERRY_CONNECTION_HIGH_WATER (256 * 1024)

void ferry_handler_set(FerryHandler *self, GCallback func, gpointer data, GDestroyNotify destroy);
void ferry_handler_clear(FerryHandler *self);

/* connection.c */
void ferry_connection_queue(FerryConnection *self, FerryWork work);
void ferry_connection_arm(FerryConnection *self);
void ferry_connection_schedule(FerryConnection *self);
void ferry_connection_finish(FerryConnection *self, FerryConnectionCloseReason reason,
			     GError *error);
gboolean ferry_connection_attach(FerryConnection *self, FerryPoller *poller, GError **error);
void ferry_connection_detach(FerryConnection *self);
void ferry_connection_linger(FerryConnection *self);
void ferry_connection_set_limits(FerryConnection *self, FerryConnectionLimits *limits);

/* connection-time.c */
void ferry_connection_schedule(FerryConnection *self);
void ferry_connection_on_timer(gpointer owner);

/* connection-input.c */
gboolean ferry_connection_can_read(FerryConnection *self);
void ferry_connection_process_input(FerryConnection *self);
void ferry_connection_read(FerryConnection *self);
void ferry_connection_discard(FerryConnection *self);

/* connection-output.c */
void ferry_connection_send(FerryConnection *self, gboolean turn_ends);

/* connection-tls.c */
void ferry_connection_begin_handshake(FerryConnection *self);
void ferry_connection_continue_handshake(FerryConnection *self);
void ferry_connection_end_handshake(FerryConnection *self);

/* connection-move.c */
void ferry_connection_begin_move(FerryConnection *self);
void ferry_connection_drop_move(FerryConnection *self);

G_END_DECLS
