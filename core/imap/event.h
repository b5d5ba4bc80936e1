/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/mailbox-list.h"
#include "account/mailbox.h"
#include "imap/update.h"

G_BEGIN_DECLS

/**
 * FerryImapEventKind:
 * @FERRY_IMAP_EVENT_MESSAGES: a change was committed in some mailbox, open or not, by whomever; the
 *   selected one's client is not told of it yet
 * @FERRY_IMAP_EVENT_MAILBOXES: mailboxes came, went, or have other names, rights or subscriptions
 * @FERRY_IMAP_EVENT_TOLD: the client was told of its selected mailbox; the listener may write
 * @FERRY_IMAP_EVENT_TURN: after ferry_imap_session_want_turn(): the listener may write
 * @FERRY_IMAP_EVENT_DATA: another session changed what a module keeps
 * @FERRY_IMAP_EVENT_OVERFLOW: more happened than can be kept until the client is told of it: see
 *   ferry_imap_session_lose_events()
 *
 * What an account listener hears of; those it does not know it leaves alone. Only where it says so
 * something may be written.
 */
typedef enum {
	FERRY_IMAP_EVENT_MESSAGES,
	FERRY_IMAP_EVENT_MAILBOXES,
	FERRY_IMAP_EVENT_TOLD,
	FERRY_IMAP_EVENT_TURN,
	FERRY_IMAP_EVENT_DATA,
	FERRY_IMAP_EVENT_OVERFLOW,
} FerryImapEventKind;

/**
 * FerryImapEvent:
 *
 * Something that an account listener hears of (ferry_registry_add_account_listener()).
 */
#define FERRY_TYPE_IMAP_EVENT (ferry_imap_event_get_type())
GType ferry_imap_event_get_type(void);
FerryImapEvent *ferry_imap_event_ref(FerryImapEvent *self);
void ferry_imap_event_unref(FerryImapEvent *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryImapEvent, ferry_imap_event_unref)

FerryImapEventKind ferry_imap_event_get_kind(FerryImapEvent *self);

/* MESSAGES, DATA */
const char *ferry_imap_event_get_account_id(FerryImapEvent *self);
const char *ferry_imap_event_get_mailbox_id(FerryImapEvent *self);
FerryMailboxDelta *ferry_imap_event_get_delta(FerryImapEvent *self); /* MESSAGES only */

/* MAILBOXES */
FerryMailboxList *ferry_imap_event_get_old_list(FerryImapEvent *self);
FerryMailboxList *ferry_imap_event_get_new_list(FerryImapEvent *self);

/* TOLD */
FerryImapUpdate *ferry_imap_event_get_update(FerryImapEvent *self);

/* DATA */
const char *ferry_imap_event_get_module(FerryImapEvent *self);
const char *const *ferry_imap_event_get_keys(FerryImapEvent *self);
gboolean ferry_imap_event_is_shared(FerryImapEvent *self);

G_END_DECLS
