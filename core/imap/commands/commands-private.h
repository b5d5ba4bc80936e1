/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imap/command.h"
#include "imap/session-private.h"
#include "imap/status-private.h"

G_BEGIN_DECLS

/* The handlers of the base commands, one file each; base-module.c registers them. */
void ferry_imap_capability(FerryImapCommand *command, gpointer user_data);
void ferry_imap_noop(FerryImapCommand *command, gpointer user_data);
void ferry_imap_logout(FerryImapCommand *command, gpointer user_data);
void ferry_imap_id(FerryImapCommand *command, gpointer user_data);
void ferry_imap_login(FerryImapCommand *command, gpointer user_data);
void ferry_imap_authenticate(FerryImapCommand *command, gpointer user_data);
void ferry_imap_starttls(FerryImapCommand *command, gpointer user_data);
void ferry_imap_enable(FerryImapCommand *command, gpointer user_data);
void ferry_imap_select(FerryImapCommand *command, gpointer user_data);
void ferry_imap_create(FerryImapCommand *command, gpointer user_data);
void ferry_imap_delete(FerryImapCommand *command, gpointer user_data);
void ferry_imap_rename(FerryImapCommand *command, gpointer user_data);
void ferry_imap_subscribe(FerryImapCommand *command, gpointer user_data);
void ferry_imap_list(FerryImapCommand *command, gpointer user_data);
void ferry_imap_lsub(FerryImapCommand *command, gpointer user_data);
void ferry_imap_namespace(FerryImapCommand *command, gpointer user_data);
void ferry_imap_status(FerryImapCommand *command, gpointer user_data);
void ferry_imap_append(FerryImapCommand *command, gpointer user_data);
void ferry_imap_idle(FerryImapCommand *command, gpointer user_data);
void ferry_imap_close(FerryImapCommand *command, gpointer user_data);
void ferry_imap_unselect(FerryImapCommand *command, gpointer user_data);
void ferry_imap_expunge(FerryImapCommand *command, gpointer user_data);
void ferry_imap_store(FerryImapCommand *command, gpointer user_data);
void ferry_imap_copy(FerryImapCommand *command, gpointer user_data);
void ferry_imap_move(FerryImapCommand *command, gpointer user_data);

gboolean ferry_imap_register_list_options(FerryRegistry *registry, GError **error);
gboolean ferry_imap_register_status_items(FerryRegistry *registry, GError **error);

/* login.c: what LOGIN and AUTHENTICATE end with */
void ferry_imap_signed_in(FerryImapCommand *command, GObject *identity);
/* status.c: `* STATUS name (items)`; @command: (nullable): who asks */
void ferry_imap_write_status(FerryImapSession *session, FerryImapCommand *command, const char *name,
			     const FerryMailboxStatus *numbers, FerryImapValue *items);
FerryStatusItems ferry_imap_status_needs(FerryImapValue *items);
/* list-response.c: `* LIST (attributes) "/" name` of one mailbox, without the line end */
void ferry_imap_write_list(FerryImapWriter *writer, FerryMailboxInfo *info, gboolean subscribed);
/* … with more attributes */
void ferry_imap_write_list_with(FerryImapWriter *writer, FerryMailboxInfo *info,
				gboolean subscribed, const char *const *more);
/* … of a name that is no mailbox */
void ferry_imap_write_missing_list(FerryImapWriter *writer, const char *name,
				   const char *attributes);
/* ` ("OLDNAME" (written))` */
void ferry_imap_write_oldname(FerryImapWriter *writer, const char *written);
/* What the client typed as argument @index, where that is not @name and it wants to know (rev2);
 * else NULL. */
const char *ferry_imap_get_other_name(FerryImapCommand *command, guint index, const char *name);
/* The name under which the mailbox of argument @index is listed. */
char *ferry_imap_dup_real_name(FerryImapCommand *command, guint index);
/* LIST of @name with OLDNAME @written */
void ferry_imap_tell_new_name(FerryImapCommand *command, const char *name, const char *written);
/* store.c: whether the selected mailbox may be changed; else the command has failed */
gboolean ferry_imap_check_writable(FerryImapCommand *command);
/* copy.c: fails a command by number that names messages which are gone */
gboolean ferry_imap_check_present(FerryImapCommand *command, GArray *uids);

G_END_DECLS
