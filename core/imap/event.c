/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What account listeners hear of */
#include "imap/event.h"

#include "imap/event-private.h"

struct _FerryImapEvent {
	gatomicrefcount ref_count;
	FerryImapEventKind kind;
	char *account_id;
	char *mailbox_id;
	FerryMailboxDelta *delta;
	FerryMailboxList *old_list;
	FerryMailboxList *new_list;
	FerryImapUpdate *update;
	char *module;
	char **keys;
	gboolean shared;
};

G_DEFINE_BOXED_TYPE(FerryImapEvent, ferry_imap_event, ferry_imap_event_ref, ferry_imap_event_unref)

FerryImapEvent *
ferry_imap_event_new(FerryImapEventKind kind)
{
	FerryImapEvent *self = g_new0(FerryImapEvent, 1);

	g_atomic_ref_count_init(&self->ref_count);
	self->kind = kind;
	return self;
}

FerryImapEvent *
ferry_imap_event_new_messages(const char *account_id, const char *mailbox_id,
			      FerryMailboxDelta *delta)
{
	FerryImapEvent *self = ferry_imap_event_new(FERRY_IMAP_EVENT_MESSAGES);

	self->account_id = g_strdup(account_id);
	self->mailbox_id = g_strdup(mailbox_id);
	self->delta = ferry_mailbox_delta_ref(delta);
	return self;
}

FerryImapEvent *
ferry_imap_event_new_mailboxes(FerryMailboxList *old_list, FerryMailboxList *new_list)
{
	FerryImapEvent *self = ferry_imap_event_new(FERRY_IMAP_EVENT_MAILBOXES);

	self->old_list = ferry_mailbox_list_ref(old_list);
	self->new_list = ferry_mailbox_list_ref(new_list);
	return self;
}

FerryImapEvent *
ferry_imap_event_new_told(FerryImapUpdate *update)
{
	FerryImapEvent *self = ferry_imap_event_new(FERRY_IMAP_EVENT_TOLD);

	self->update = ferry_imap_update_ref(update);
	return self;
}

FerryImapEvent *
ferry_imap_event_new_data(const char *module, const char *account_id, const char *mailbox_id,
			  gboolean shared, const char *const *keys)
{
	FerryImapEvent *self = ferry_imap_event_new(FERRY_IMAP_EVENT_DATA);

	self->module = g_strdup(module);
	self->account_id = g_strdup(account_id);
	self->mailbox_id = g_strdup(mailbox_id);
	self->shared = shared;
	self->keys = g_strdupv((char **)keys);
	return self;
}

/**
 * ferry_imap_event_ref:
 *
 * Returns: (transfer full): @self
 */
FerryImapEvent *
ferry_imap_event_ref(FerryImapEvent *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

/**
 * ferry_imap_event_unref:
 *
 * Gives back a reference.
 */
void
ferry_imap_event_unref(FerryImapEvent *self)
{
	if (!g_atomic_ref_count_dec(&self->ref_count))
		return;
	g_free(self->account_id);
	g_free(self->mailbox_id);
	g_clear_pointer(&self->delta, ferry_mailbox_delta_unref);
	g_clear_pointer(&self->old_list, ferry_mailbox_list_unref);
	g_clear_pointer(&self->new_list, ferry_mailbox_list_unref);
	g_clear_pointer(&self->update, ferry_imap_update_unref);
	g_free(self->module);
	g_strfreev(self->keys);
	g_free(self);
}

/**
 * ferry_imap_event_get_kind:
 *
 * Returns: what happened
 */
FerryImapEventKind
ferry_imap_event_get_kind(FerryImapEvent *self)
{
	return self->kind;
}

/**
 * ferry_imap_event_get_account_id:
 *
 * Returns: (nullable): of MESSAGES and DATA, the JMAP account
 */
const char *
ferry_imap_event_get_account_id(FerryImapEvent *self)
{
	return self->account_id;
}

/**
 * ferry_imap_event_get_mailbox_id:
 *
 * Returns: (nullable): of MESSAGES, the JMAP Mailbox id; of DATA too, where it is of a mailbox
 */
const char *
ferry_imap_event_get_mailbox_id(FerryImapEvent *self)
{
	return self->mailbox_id;
}

/**
 * ferry_imap_event_get_delta:
 *
 * Returns: (transfer none) (nullable): of MESSAGES, what changed, with the mailbox's numbers before
 *   and after
 */
FerryMailboxDelta *
ferry_imap_event_get_delta(FerryImapEvent *self)
{
	return self->delta;
}

/**
 * ferry_imap_event_get_old_list:
 *
 * Returns: (transfer none) (nullable): of MAILBOXES, what there was
 */
FerryMailboxList *
ferry_imap_event_get_old_list(FerryImapEvent *self)
{
	return self->old_list;
}

/**
 * ferry_imap_event_get_new_list:
 *
 * Returns: (transfer none) (nullable): of MAILBOXES, what there is
 */
FerryMailboxList *
ferry_imap_event_get_new_list(FerryImapEvent *self)
{
	return self->new_list;
}

/**
 * ferry_imap_event_get_update:
 *
 * Returns: (transfer none) (nullable): of TOLD, what the client was told; it is written, so that
 *   only what ferry_imap_update_get_told_arrived() and its like say is left
 */
FerryImapUpdate *
ferry_imap_event_get_update(FerryImapEvent *self)
{
	return self->update;
}

/**
 * ferry_imap_event_get_module:
 *
 * Returns: (nullable): of DATA, whose it is: see ferry_account_session_put_data_async()
 */
const char *
ferry_imap_event_get_module(FerryImapEvent *self)
{
	return self->module;
}

/**
 * ferry_imap_event_get_keys:
 *
 * Returns: (transfer none) (nullable) (array zero-terminated=1): of DATA, the names of the values
 *   that changed or went
 */
const char *const *
ferry_imap_event_get_keys(FerryImapEvent *self)
{
	return (const char *const *)self->keys;
}

/**
 * ferry_imap_event_is_shared:
 *
 * Returns: of DATA, whether the values are shared ones; else they are the login's own
 */
gboolean
ferry_imap_event_is_shared(FerryImapEvent *self)
{
	return self->shared;
}
