/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imap/message.h"

G_BEGIN_DECLS

/* What is kept of a message that is expunged and not told yet: a copy, so that no old view stays in
 * memory for it. */
typedef struct {
	guint ref_count;
	FerryMessageRow row;
	char *email_id;
	char *thread_id;
	char *blob_id;
	char **keywords;
} FerryImapLastRow;

FerryImapLastRow *ferry_imap_last_row_new(FerryView *view, guint32 index);
FerryImapLastRow *ferry_imap_last_row_ref(FerryImapLastRow *self);
void ferry_imap_last_row_unref(FerryImapLastRow *self);

/* @spare, which is taken over, becomes the new message where nobody else holds it. */
FerryImapMessage *ferry_imap_message_new(FerryImapMessage *spare, FerryView *view, guint32 index,
					 const FerryMessageRow *row);
FerryImapMessage *ferry_imap_message_new_expunged(FerryImapMessage *spare,
						  FerryImapLastRow *last_row);
/* @fetch_word is interned or NULL. */
void ferry_imap_message_set_told(FerryImapMessage *self, guint32 number, gboolean recent,
				 const char *fetch_word);

gboolean ferry_imap_message_begins_with_uid(FerryImapMessage *self);

G_END_DECLS
