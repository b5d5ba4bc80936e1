/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LISTSCRIPTS, GETSCRIPT
 *
 * Specification: RFC 5804 §2.7, §2.9
 * Implementation: a script goes out as it comes in from the backend, piece by piece, where the
 *   backend says how long it is; else it is read to its end first. A backend that breaks off in the
 *   middle of an announced literal costs the connection, since no other end could be seen as one.
 */
#include "sieve-list.h"
#include "sieve-session.h"

/* octets, where the backend states no limit for scripts */
#define MAX_SCRIPT ((guint64)16 << 20)
#define PIECE 32768
/* octets that may wait for the client before more is asked of the backend */
#define LOW_WATER 16384
/* seconds the backend may take for a piece */
#define PIECE_TIMEOUT 60

typedef struct {
	GInputStream *stream;
	goffset left; /* of the announced literal; -1: read to the end first */
	GByteArray *whole;
	guint64 limit;
	GSource *timer;
} Reading;

static void
listed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	SieveCommand *command = user_data;
	SieveSession *session = command->session;
	g_autoptr(GError) error = NULL;
	g_autoptr(SieveList) list =
		sieve_account_list_finish(SIEVE_ACCOUNT(source), result, &error);
	gboolean active = FALSE;

	if (list == NULL) {
		sieve_command_fail(command, error);
		return;
	}
	for (guint i = 0; i < list->scripts->len && !session->ended; i++) {
		const SieveScript *script = list->scripts->pdata[i];

		sieve_session_write_string(session, script->name, -1);
		/* of a backend that says it of two, the first has it */
		ferry_connection_write_string(session->connection,
					      script->active && !active ? " ACTIVE\r\n" : "\r\n");
		active = active || script->active;
	}
	sieve_command_ok(command, NULL, NULL);
}

void
sieve_list_scripts(SieveCommand *command)
{
	sieve_account_list_async(command->session->account, command->cancellable, listed_cb,
				 command);
}

/* GETSCRIPT */

static void read_piece(SieveCommand *command);

static void
stop_timer(Reading *self)
{
	if (self->timer == NULL)
		return;
	g_source_destroy(self->timer);
	g_clear_pointer(&self->timer, g_source_unref);
}

static void
reading_free(gpointer data)
{
	Reading *self = data;

	stop_timer(self);
	g_clear_object(&self->stream);
	g_clear_pointer(&self->whole, g_byte_array_unref);
	g_free(self);
}

static void
write_whole(SieveCommand *command, Reading *reading)
{
	FerryConnection *connection = command->session->connection;
	g_autoptr(GBytes) bytes = g_byte_array_free_to_bytes(g_steal_pointer(&reading->whole));

	if (!command->session->ended) {
		ferry_connection_writef(connection, "{%" G_GSIZE_FORMAT "}\r\n",
					g_bytes_get_size(bytes));
		ferry_connection_write_bytes(connection, bytes);
		ferry_connection_write_string(connection, "\r\n");
	}
	sieve_command_ok(command, NULL, NULL);
}

static void
finish_reading(SieveCommand *command, Reading *reading)
{
	if (reading->left < 0) {
		write_whole(command, reading);
		return;
	}
	if (!command->session->ended)
		ferry_connection_write_string(command->session->connection, "\r\n");
	command->in_literal = FALSE;
	sieve_command_ok(command, NULL, NULL);
}

/* Nothing can be said any more inside a literal. */
static void
break_off(SieveCommand *command, const char *reason)
{
	g_autoptr(SieveSession) session = g_object_ref(command->session);

	g_message("GETSCRIPT broke off: %s", reason);
	if (!session->leaving)
		sieve_session_close(session);
	sieve_command_end(command);
}

static void
fail_reading(SieveCommand *command, Reading *reading, const GError *error)
{
	if (reading->left >= 0) {
		break_off(command, error->message);
		return;
	}
	g_message("GETSCRIPT: %s", error->message);
	sieve_command_no(command, "TRYLATER", "The backend did not send the script to its end");
}

static void
drained_cb(FerryConnection *connection, gpointer user_data)
{
	SieveCommand *command = user_data;

	ferry_connection_set_drained_handler(connection, 0, NULL, NULL, NULL);
	command->waits = FALSE;
	read_piece(command);
}

static void
take_piece(SieveCommand *command, Reading *reading, GBytes *piece)
{
	FerryConnection *connection = command->session->connection;

	if (reading->left < 0) {
		g_byte_array_append(reading->whole, g_bytes_get_data(piece, NULL),
				    (guint)g_bytes_get_size(piece));
		read_piece(command);
		return;
	}
	reading->left -= (goffset)g_bytes_get_size(piece);
	ferry_connection_write_bytes(connection, piece);
	ferry_connection_flush(connection);
	if (ferry_connection_get_pending_output(connection) <= LOW_WATER) {
		read_piece(command);
		return;
	}
	command->waits = TRUE;
	ferry_connection_set_drained_handler(connection, LOW_WATER, drained_cb, command, NULL);
}

static void
piece_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	SieveCommand *command = user_data;
	Reading *reading = command->data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) piece =
		g_input_stream_read_bytes_finish(G_INPUT_STREAM(source), result, &error);
	gsize size = piece != NULL ? g_bytes_get_size(piece) : 0;

	stop_timer(reading);
	if (command->session->leaving)
		sieve_command_end(command);
	else if (piece == NULL)
		fail_reading(command, reading, error);
	else if (size == 0 && reading->left <= 0)
		finish_reading(command, reading);
	else if (size == 0 || (reading->left >= 0 && (goffset)size > reading->left))
		break_off(command, "the backend sent another size than it announced");
	else if (reading->left < 0 && reading->whole->len + size > reading->limit)
		sieve_command_no(command, "TRYLATER", "The script is too big to be read");
	else
		take_piece(command, reading, piece);
}

static gboolean
too_slow_cb(gpointer user_data)
{
	SieveCommand *command = user_data;

	g_cancellable_cancel(command->cancellable);
	return G_SOURCE_REMOVE;
}

static void
read_piece(SieveCommand *command)
{
	Reading *reading = command->data;

	reading->timer = g_timeout_source_new_seconds(PIECE_TIMEOUT);
	g_source_set_callback(reading->timer, too_slow_cb, command, NULL);
	g_source_attach(reading->timer, g_main_context_get_thread_default());
	g_input_stream_read_bytes_async(reading->stream, PIECE, G_PRIORITY_DEFAULT,
					command->cancellable, piece_cb, command);
}

static void
opened_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	SieveCommand *command = user_data;
	Reading *reading = command->data;
	g_autoptr(GError) error = NULL;

	reading->stream = ferry_jmap_session_open_blob_finish(FERRY_JMAP_SESSION(source), result,
							      &reading->left, &error);
	if (reading->stream == NULL) {
		sieve_command_fail(command, error);
		return;
	}
	if (command->session->ended) {
		sieve_command_end(command);
		return;
	}
	if (reading->left >= 0) {
		ferry_connection_writef(command->session->connection, "{%" G_GOFFSET_FORMAT "}\r\n",
					reading->left);
		command->in_literal = TRUE;
	} else {
		reading->whole = g_byte_array_new();
	}
	read_piece(command);
}

static const SieveScript *
require_content(const SieveList *list, const char *name, GError **error)
{
	const SieveScript *script = sieve_list_require(list, name, error);

	if (script == NULL || script->blob_id != NULL)
		return script;
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_BACKEND, "a script without a blobId");
	return NULL;
}

static void
found_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	SieveCommand *command = user_data;
	SieveAccount *account = SIEVE_ACCOUNT(source);
	g_autoptr(GError) error = NULL;
	g_autoptr(SieveList) list = sieve_account_list_finish(account, result, &error);
	g_autofree char *name = list != NULL && !command->session->ended
					? sieve_command_dup_name(command, 0, &error)
					: NULL;
	const SieveScript *script = name != NULL ? require_content(list, name, &error) : NULL;
	Reading *reading;

	if (script == NULL && error == NULL) {
		sieve_command_end(command);
		return;
	}
	if (script == NULL) {
		sieve_command_fail(command, error);
		return;
	}
	reading = g_new0(Reading, 1);
	reading->limit = MAX(MAX_SCRIPT, sieve_account_get_max_size(account));
	sieve_command_set_data(command, reading, reading_free);
	ferry_jmap_session_open_blob_async(sieve_account_get_jmap(account),
					   sieve_account_get_id(account), script->blob_id,
					   command->cancellable, opened_cb, command);
}

void
sieve_get_script(SieveCommand *command)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *name = sieve_command_dup_name(command, 0, &error);

	if (name == NULL)
		sieve_command_fail(command, error);
	else
		sieve_account_list_async(command->session->account, command->cancellable, found_cb,
					 command);
}
