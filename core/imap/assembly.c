/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages that are put together on the server
 *
 * Specification: RFC 4469 §4.2 (TOOBIG)
 * Implementation: pieces are copied to an unlinked file, a chunk for each turn of the main loop, so
 *   that memory stays flat and other clients are served. What a message grows by is reserved from
 *   the spool that all sessions share, until the command ends
 */
#include "imap/assembly.h"

#include <errno.h>
#include <fcntl.h>

#include "base/error.h"
#include "base/mapped.h"
#include "imap/assembly-private.h"
#include "imap/session-private.h"
#include "imap/spool-private.h"

#define CHUNK (256 * 1024)
/* RFC 9051 §9: sizes in rev1 are 32 bits */
#define MAX_SIZE G_GUINT64_CONSTANT(4294967295)

struct _FerryImapAssembly {
	GObject parent_instance;
	FerryImapSession *session;
	FerryImapSpool *spool;
	guint64 size;
	gboolean adding;
	FerryImapAssemblyDoneFunc done; /* NULL once called */
	gpointer user_data;
};

G_DEFINE_FINAL_TYPE(FerryImapAssembly, ferry_imap_assembly, G_TYPE_OBJECT)

typedef struct {
	GBytes *octets;
	gsize position;
} Piece;

static void
piece_free(gpointer data)
{
	Piece *piece = data;

	g_bytes_unref(piece->octets);
	g_free(piece);
}

static void
ferry_imap_assembly_finalize(GObject *object)
{
	FerryImapAssembly *self = FERRY_IMAP_ASSEMBLY(object);

	g_clear_object(&self->session);
	ferry_imap_spool_unref(self->spool);
	G_OBJECT_CLASS(ferry_imap_assembly_parent_class)->finalize(object);
}

static void
ferry_imap_assembly_class_init(FerryImapAssemblyClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = ferry_imap_assembly_finalize;
}

static void
ferry_imap_assembly_init(FerryImapAssembly *self)
{
	/* how large it gets nobody knows: a file */
	self->spool = ferry_imap_spool_new(0, G_MAXUINT64, FALSE, FALSE);
}

FerryImapAssembly *
ferry_imap_assembly_new(FerryImapSession *session, FerryImapAssemblyDoneFunc done,
			gpointer user_data)
{
	FerryImapAssembly *self = g_object_new(FERRY_TYPE_IMAP_ASSEMBLY, NULL);

	self->session = g_object_ref(session);
	self->done = done;
	self->user_data = user_data;
	return self;
}

FerryAppendMessage *
ferry_imap_assembly_make_message(FerryImapAssembly *self, GError **error)
{
	int fd;

	if (self->size == 0) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
				    "A message has at least one octet");
		return NULL;
	}
	fd = fcntl(self->spool->fd, F_DUPFD_CLOEXEC, 0);
	if (fd >= 0)
		return ferry_append_message_new_fd(fd, self->size);
	g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "Spool file: %s",
		    g_strerror(errno));
	return NULL;
}

/**
 * ferry_imap_assembly_get_size:
 * @self: an assembly
 *
 * Returns: how many octets it has so far
 */
guint64
ferry_imap_assembly_get_size(FerryImapAssembly *self)
{
	return self->size;
}

static gboolean
reserve(FerryImapAssembly *self, gsize length, GError **error)
{
	guint64 limit = ferry_imap_session_get_append_limit(self->session);

	if (limit == 0)
		limit = MAX_SIZE;
	if (length > limit || self->size > limit - length) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_TOO_BIG,
			    "Message exceeds the limit append=%" G_GUINT64_FORMAT, limit);
		return FALSE;
	}
	return ferry_imap_session_reserve_spool(self->session, length, error);
}

static gboolean
write_chunk(FerryImapAssembly *self, Piece *piece, GError **error)
{
	FerryService *service = ferry_imap_session_get_service(self->session);
	gsize length;
	const guint8 *data = g_bytes_get_data(piece->octets, &length);

	length = MIN(length - piece->position, CHUNK);
	if (!ferry_imap_spool_write(self->spool, ferry_service_get_spool_dir(service),
				    data + piece->position, length, error))
		return FALSE;
	ferry_mapped_forget(data + piece->position, length);
	piece->position += length;
	self->size += length;
	return TRUE;
}

static gboolean
add_cb(gpointer user_data)
{
	GTask *task = user_data;
	FerryImapAssembly *self = g_task_get_source_object(task);
	Piece *piece = g_task_get_task_data(task);
	GError *error = NULL;

	if (!write_chunk(self, piece, &error)) {
		self->adding = FALSE;
		g_task_return_error(task, error);
		return G_SOURCE_REMOVE;
	}
	if (piece->position < g_bytes_get_size(piece->octets))
		return G_SOURCE_CONTINUE;
	self->adding = FALSE;
	g_task_return_boolean(task, TRUE);
	return G_SOURCE_REMOVE;
}

/**
 * ferry_imap_assembly_add_async:
 * @self: an assembly
 * @octets: what comes next in the message; large ones should be mapped files
 * @callback: called when they are copied
 * @user_data: for @callback
 *
 * Adds octets to the message. One piece at a time.
 */
void
ferry_imap_assembly_add_async(FerryImapAssembly *self, GBytes *octets, GAsyncReadyCallback callback,
			      gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(self, NULL, callback, user_data);
	g_autoptr(GSource) source = NULL;
	GError *error = NULL;
	Piece *piece;

	g_task_set_source_tag(task, ferry_imap_assembly_add_async);
	g_return_if_fail(!self->adding);
	if (!reserve(self, g_bytes_get_size(octets), &error)) {
		g_task_return_error(task, error);
		return;
	}
	piece = g_new0(Piece, 1);
	piece->octets = g_bytes_ref(octets);
	g_task_set_task_data(task, piece, piece_free);
	self->adding = TRUE;
	source = g_idle_source_new();
	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, add_cb, g_object_ref(task), g_object_unref);
	g_source_attach(source, g_main_context_get_thread_default());
}

/**
 * ferry_imap_assembly_add_finish:
 * @self: an assembly
 * @result: what the callback was given
 * @error: return location; %FERRY_ERROR_TOO_BIG, %FERRY_ERROR_LIMIT
 *
 * Returns: whether they were added
 */
gboolean
ferry_imap_assembly_add_finish(FerryImapAssembly *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}

/**
 * ferry_imap_assembly_done:
 * @self: an assembly
 * @error: (nullable): why there is no message; then the command fails with it
 *
 * The message is complete. What is said after the first time is not heard: who fails need not know
 * whether it was done before.
 */
void
ferry_imap_assembly_done(FerryImapAssembly *self, const GError *error)
{
	FerryImapAssemblyDoneFunc done = self->done;

	if (done == NULL)
		return;
	self->done = NULL;
	done(self, error, self->user_data);
}
