/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/types.h"

G_BEGIN_DECLS

#define FERRY_TYPE_MAILBOX_INFO (ferry_mailbox_info_get_type())
GType ferry_mailbox_info_get_type(void);

FerryMailboxInfo *ferry_mailbox_info_ref(FerryMailboxInfo *self);
void ferry_mailbox_info_unref(FerryMailboxInfo *self);

const char *ferry_mailbox_info_get_name(FerryMailboxInfo *self);
const char *ferry_mailbox_info_get_id(FerryMailboxInfo *self);
const char *ferry_mailbox_info_get_account_id(FerryMailboxInfo *self);
const char *ferry_mailbox_info_get_role(FerryMailboxInfo *self);
const char *ferry_mailbox_info_get_special_use(FerryMailboxInfo *self);
FerryMailboxRights ferry_mailbox_info_get_rights(FerryMailboxInfo *self);
gboolean ferry_mailbox_info_is_selectable(FerryMailboxInfo *self);
gboolean ferry_mailbox_info_is_subscribed(FerryMailboxInfo *self);
gboolean ferry_mailbox_info_has_children(FerryMailboxInfo *self);
gboolean ferry_mailbox_info_is_shared(FerryMailboxInfo *self);
gboolean ferry_mailbox_info_is_virtual(FerryMailboxInfo *self);
guint64 ferry_mailbox_info_get_total(FerryMailboxInfo *self);
guint64 ferry_mailbox_info_get_unread(FerryMailboxInfo *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryMailboxInfo, ferry_mailbox_info_unref)

#define FERRY_TYPE_MAILBOX_LIST (ferry_mailbox_list_get_type())
GType ferry_mailbox_list_get_type(void);

FerryMailboxList *ferry_mailbox_list_ref(FerryMailboxList *self);
void ferry_mailbox_list_unref(FerryMailboxList *self);

guint ferry_mailbox_list_get_count(FerryMailboxList *self);
FerryMailboxInfo *ferry_mailbox_list_get_nth(FerryMailboxList *self, guint index);
FerryMailboxInfo *ferry_mailbox_list_find(FerryMailboxList *self, const char *name);
FerryMailboxInfo *ferry_mailbox_list_find_id(FerryMailboxList *self, const char *account_id,
					     const char *mailbox_id);
const char *const *ferry_mailbox_list_get_missing_subscriptions(FerryMailboxList *self);
gboolean ferry_mailbox_list_is_subscribed(FerryMailboxList *self, const char *name);
const char *ferry_mailbox_list_get_shared_prefix(FerryMailboxList *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryMailboxList, ferry_mailbox_list_unref)

G_END_DECLS
