/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jmap/method.h"

G_BEGIN_DECLS

/**
 * FerryJmapMailboxRights:
 * @FERRY_JMAP_MAILBOX_READ_ITEMS: mayReadItems
 * @FERRY_JMAP_MAILBOX_ADD_ITEMS: mayAddItems
 * @FERRY_JMAP_MAILBOX_REMOVE_ITEMS: mayRemoveItems
 * @FERRY_JMAP_MAILBOX_SET_SEEN: maySetSeen
 * @FERRY_JMAP_MAILBOX_SET_KEYWORDS: maySetKeywords
 * @FERRY_JMAP_MAILBOX_CREATE_CHILD: mayCreateChild
 * @FERRY_JMAP_MAILBOX_RENAME: mayRename
 * @FERRY_JMAP_MAILBOX_DELETE: mayDelete
 * @FERRY_JMAP_MAILBOX_SUBMIT: maySubmit
 * @FERRY_JMAP_MAILBOX_SHARE: mayShare (draft-ietf-jmap-mail-sharing), mayAdmin (Cyrus)
 *
 * What the user may do with a mailbox (RFC 8621 §2).
 */
typedef enum {
	FERRY_JMAP_MAILBOX_READ_ITEMS = 1 << 0,
	FERRY_JMAP_MAILBOX_ADD_ITEMS = 1 << 1,
	FERRY_JMAP_MAILBOX_REMOVE_ITEMS = 1 << 2,
	FERRY_JMAP_MAILBOX_SET_SEEN = 1 << 3,
	FERRY_JMAP_MAILBOX_SET_KEYWORDS = 1 << 4,
	FERRY_JMAP_MAILBOX_CREATE_CHILD = 1 << 5,
	FERRY_JMAP_MAILBOX_RENAME = 1 << 6,
	FERRY_JMAP_MAILBOX_DELETE = 1 << 7,
	FERRY_JMAP_MAILBOX_SUBMIT = 1 << 8,
	FERRY_JMAP_MAILBOX_SHARE = 1 << 9,
} FerryJmapMailboxRights;

/**
 * FerryJmapMailbox:
 * @id: the Mailbox id
 * @name: its name, Unicode, one level
 * @parent_id: (nullable): the Mailbox it is in
 * @role: (nullable): its role, lower case
 * @sort_order: where clients show it
 * @total_emails: how many Emails it holds
 * @unread_emails: how many of them are neither $seen nor $draft
 * @is_subscribed: whether the user subscribed to it
 * @rights: what the user may do
 *
 * A Mailbox (RFC 8621 §2).
 */
typedef struct {
	char *id;
	char *name;
	char *parent_id;
	char *role;
	guint32 sort_order;
	guint64 total_emails;
	guint64 unread_emails;
	gboolean is_subscribed;
	FerryJmapMailboxRights rights;
} FerryJmapMailbox;

#define FERRY_TYPE_JMAP_MAILBOX (ferry_jmap_mailbox_get_type())
GType ferry_jmap_mailbox_get_type(void);
FerryJmapMailbox *ferry_jmap_mailbox_copy(const FerryJmapMailbox *self);
void ferry_jmap_mailbox_free(FerryJmapMailbox *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryJmapMailbox, ferry_jmap_mailbox_free)

FerryJmapMailbox *ferry_jmap_mailbox_new_from_value(FerryJmapValue *value, GError **error);
GPtrArray *ferry_jmap_reply_parse_mailboxes(FerryJmapReply *reply, const char *call_id,
					    char **state, char ***not_found, GError **error);
const char *ferry_jmap_request_add_mailbox_get(FerryJmapRequest *request, const char *account_id);
const char *ferry_jmap_request_add_mailbox_create(FerryJmapRequest *request, const char *account_id,
						  const char *creation_id, const char *name,
						  const char *parent_id, gboolean is_subscribed);
const char *ferry_jmap_request_add_mailbox_rename(FerryJmapRequest *request, const char *account_id,
						  const char *id, const char *name,
						  const char *parent_id);
const char *ferry_jmap_request_add_mailbox_subscribe(FerryJmapRequest *request,
						     const char *account_id, const char *id,
						     gboolean is_subscribed);
const char *ferry_jmap_request_add_mailbox_destroy(FerryJmapRequest *request,
						   const char *account_id, const char *id,
						   gboolean remove_emails, const char *if_in_state);

G_END_DECLS
