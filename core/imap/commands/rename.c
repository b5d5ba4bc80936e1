/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RENAME
 *
 * Specification: RFC 9051 §6.3.6
 */
#include "imap/commands/commands-private.h"
#include "imap/names.h"

typedef struct {
	char *name;     /* of the mailbox, as it was listed */
	char *new_name; /* … and will be */
} Rename;

static void
rename_free(gpointer data)
{
	Rename *self = data;

	g_free(self->name);
	g_free(self->new_name);
	g_free(self);
}

/* Where either name was typed otherwise, the client learns of the pair (RFC 9051 §6.3.6). */
static void
tell_name(FerryImapCommand *command)
{
	Rename *self = ferry_imap_command_get_data(command);
	const char *written = ferry_imap_get_other_name(command, 0, self->name);

	if (written == NULL && ferry_imap_get_other_name(command, 1, self->new_name) != NULL)
		written = ferry_imap_command_get_string(command, 0);
	if (written != NULL)
		ferry_imap_tell_new_name(command, self->new_name, written);
}

static void
rename_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	g_autoptr(GError) error = NULL;

	if (!ferry_account_session_rename_finish(FERRY_ACCOUNT_SESSION(source), result, &error)) {
		ferry_imap_command_fail(command, error);
		return;
	}
	tell_name(command);
	ferry_imap_command_finish(command);
}

void
ferry_imap_rename(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	g_autoptr(GError) error = NULL;
	g_autofree char *name =
		ferry_imap_name_for_create(ferry_imap_command_get_string(command, 1), &error);
	Rename *self;

	if (name == NULL) {
		ferry_imap_command_fail(command, error);
		return;
	}
	self = g_new0(Rename, 1);
	self->name = ferry_imap_dup_real_name(command, 0);
	self->new_name = g_strdup(name);
	ferry_imap_command_set_data(command, self, rename_free);
	ferry_account_session_rename_async(ferry_imap_session_get_account_session(session),
					   ferry_imap_command_get_string(command, 0), name,
					   ferry_imap_command_get_cancellable(command), rename_cb,
					   command);
}
