/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One client: from one worker to another
 *
 * Specification: none
 * Implementation: at the end of a loop turn the connection leaves its poller and is posted, with
 *   TLS session, filters, unread input and unsent output, to the main context of the other. There
 *   it is watched, its new owner sets handlers, and what is buffered is handed over before anything
 *   is read.
 */
#include "net/connection-private.h"

static void
ferry_move_free(gpointer data)
{
	FerryMove *move = data;

	ferry_handler_clear(&move->arrived);
	ferry_poller_unref(move->target);
	/* set from the departure to the arrival: the poller's reference, when there is no poller */
	if (move->connection != NULL) {
		move->connection->move = NULL;
		g_object_unref(move->connection);
	}
	g_free(move);
}

/* In the thread of the new worker. */
static gboolean
ferry_connection_arrive(gpointer data)
{
	FerryMove *move = data;
	FerryConnection *self;
	FerryConnectionFunc func;
	GError *error = NULL;

	g_return_val_if_fail(__atomic_load_n(&move->posted, __ATOMIC_ACQUIRE), G_SOURCE_REMOVE);
	self = g_steal_pointer(&move->connection);
	func = (FerryConnectionFunc)move->arrived.func;
	self->move = NULL;
	if (!ferry_connection_attach(self, move->target, &error))
		ferry_connection_finish(self, FERRY_CONNECTION_CLOSED_ERROR, error);
	/* what may be with the filters or GnuTLS makes no descriptor ready: it is asked for */
	ferry_connection_queue(self, FERRY_WORK_INPUT | FERRY_WORK_FLUSH);
	if (func != NULL)
		func(self, move->arrived.user_data);
	return G_SOURCE_REMOVE;
}

/* The last that the old worker does with the connection. */
void
ferry_connection_begin_move(FerryConnection *self)
{
	FerryMove *move = self->move;
	g_autoptr(GMainContext) context = NULL;
	g_autoptr(GSource) source = NULL;

	/* the end of a handshake queues this again */
	if (move == NULL || self->handshake != NULL)
		return;
	ferry_connection_detach(self);
	ferry_poller_cancel_job(&self->job);
	g_clear_pointer(&self->poller, ferry_poller_unref);
	move->connection = self;
	/* once attached, the move belongs to the other thread */
	context = g_main_context_ref(ferry_poller_get_context(move->target));
	source = g_idle_source_new();
	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, ferry_connection_arrive, move, ferry_move_free);
	__atomic_store_n(&move->posted, TRUE, __ATOMIC_RELEASE);
	g_source_attach(source, context);
}

/* The connection ends before it left. */
void
ferry_connection_drop_move(FerryConnection *self)
{
	if (self->move != NULL && self->move->connection == NULL)
		g_clear_pointer(&self->move, ferry_move_free);
}

/**
 * ferry_connection_move:
 * @self: a connection
 * @target: the poller of another worker
 * @arrived: (nullable) (scope notified) (closure user_data) (destroy destroy): what to call there,
 * in its thread
 * @user_data: for @arrived
 * @destroy: (nullable): frees @user_data, in either thread
 *
 * Hands the connection to another worker at the end of this loop turn, with everything that is
 * buffered either way. Input stops at once. After that the old worker must not touch it again:
 * whoever there knows it forgets it now, and @arrived sets the handlers anew before the first input
 * comes.
 *
 * Call it when no command runs. A connection that is closed does not move, and @arrived is not
 * called.
 */
void
ferry_connection_move(FerryConnection *self, FerryPoller *target, FerryConnectionFunc arrived,
		      gpointer user_data, GDestroyNotify destroy)
{
	FerryMove *move;

	g_return_if_fail(FERRY_IS_CONNECTION(self) && target != NULL);
	g_return_if_fail(self->move == NULL);

	move = g_new0(FerryMove, 1);
	move->target = ferry_poller_ref(target);
	ferry_handler_set(&move->arrived, G_CALLBACK(arrived), user_data, destroy);
	if (self->state != FERRY_CONNECTION_OPEN) {
		ferry_move_free(move);
		return;
	}
	self->move = move;
	ferry_connection_queue(self, FERRY_WORK_MOVE);
}
