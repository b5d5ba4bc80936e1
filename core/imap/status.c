/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The numbers of one mailbox, for those who write STATUS items
 *
 * Specification: RFC 9051 §6.3.11, §7.3.4
 */
#include "imap/status.h"

#include "imap/command.h"
#include "imap/status-private.h"

struct _FerryImapStatus {
	gatomicrefcount ref_count;
	FerryImapSession *session;
	FerryImapCommand *command; /* NULL: nobody asked */
	char *name;
	FerryMailboxInfo *info;
	FerryMailboxStatus numbers;
};

G_DEFINE_BOXED_TYPE(FerryImapStatus, ferry_imap_status, ferry_imap_status_ref,
		    ferry_imap_status_unref)

FerryImapStatus *
ferry_imap_status_new(FerryImapSession *session, FerryImapCommand *command, const char *name,
		      FerryMailboxInfo *info, const FerryMailboxStatus *numbers)
{
	FerryImapStatus *self = g_new0(FerryImapStatus, 1);

	g_atomic_ref_count_init(&self->ref_count);
	self->session = g_object_ref(session);
	g_set_object(&self->command, command);
	self->name = g_strdup(name);
	self->info = info != NULL ? ferry_mailbox_info_ref(info) : NULL;
	self->numbers = *numbers;
	return self;
}

/**
 * ferry_imap_status_ref:
 *
 * Returns: (transfer full): @self
 */
FerryImapStatus *
ferry_imap_status_ref(FerryImapStatus *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

/**
 * ferry_imap_status_unref:
 *
 * Gives back a reference.
 */
void
ferry_imap_status_unref(FerryImapStatus *self)
{
	if (!g_atomic_ref_count_dec(&self->ref_count))
		return;
	g_object_unref(self->session);
	g_clear_object(&self->command);
	g_clear_pointer(&self->info, ferry_mailbox_info_unref);
	g_free(self->name);
	g_free(self);
}

/**
 * ferry_imap_status_get_command:
 *
 * Returns: (transfer none) (nullable): the command that asks, STATUS or LIST; %NULL where none did
 *   (ferry_imap_session_write_status())
 */
FerryImapCommand *
ferry_imap_status_get_command(FerryImapStatus *self)
{
	return self->command;
}

/**
 * ferry_imap_status_get_session:
 *
 * Returns: (transfer none): who asks
 */
FerryImapSession *
ferry_imap_status_get_session(FerryImapStatus *self)
{
	return self->session;
}

/**
 * ferry_imap_status_get_mailbox_name:
 *
 * Returns: the mailbox's name
 */
const char *
ferry_imap_status_get_mailbox_name(FerryImapStatus *self)
{
	return self->name;
}

/**
 * ferry_imap_status_get_info:
 *
 * Returns: (transfer none) (nullable): what the mailbox list says of it
 */
FerryMailboxInfo *
ferry_imap_status_get_info(FerryImapStatus *self)
{
	return self->info;
}

/**
 * ferry_imap_status_get_numbers:
 *
 * Returns: (transfer none): its numbers
 */
const FerryMailboxStatus *
ferry_imap_status_get_numbers(FerryImapStatus *self)
{
	return &self->numbers;
}
