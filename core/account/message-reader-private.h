/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/mailbox-private.h"
#include "account/message-reader.h"
#include "message/structure.h"

struct _FerryMessageData {
	gatomicrefcount ref_count;
	guint32 uid;
	gint64 email_key;
	guint64 size;
	FerryView *view; /* which has its ids; NULL: the message is gone */
	guint32 index;   /* in the view */
	GBytes *headers; /* or what block points to, made when asked for */
	GBytes *cached;  /* what block, and a borrowed envelope, are pieces of */
	const char *block;
	gsize block_length;
	FerryMessageStructure *structure;
	const char *envelope; /* where only that is known */
	char *own_envelope;
	gsize envelope_length;
	GBytes *raw;
	GError *error;
	gboolean raw_cached;
};

/* Gets what @needs says for every message of @list (FerryMessageData), each with its result or its
 * error; the operation itself does not fail. */
void ferry_needs_fetch_async(FerryMailAccount *account, FerryJmapSession *jmap, GPtrArray *list,
			     FerryNeed needs, GCancellable *cancellable,
			     GAsyncReadyCallback callback, gpointer user_data);
void ferry_needs_fetch_finish(FerryMailAccount *account, GAsyncResult *result);
FerryMessageReader *ferry_message_reader_new(FerryMailbox *mailbox, FerryAccountSession *session,
					     GArray *uids, FerryNeed needs);
/* Ids of a message that is not gone. */
const char *ferry_message_data_get_email_id(const FerryMessageData *data);
char *ferry_message_data_dup_blob_id(const FerryMessageData *data);
/* Whether @data has what is needed. */
gboolean ferry_message_data_is_complete(const FerryMessageData *data, FerryNeed needs);
/* needs-large.c: gets the octets of messages (FerryMessageData) that are too large for memory; each
 * has them then, scanned, or its error. @keep: they may go into the raw cache. */
void ferry_needs_fetch_large_async(FerryMailAccount *account, FerryJmapSession *jmap,
				   GPtrArray *list, gboolean keep, GCancellable *cancellable,
				   GAsyncReadyCallback callback, gpointer user_data);
void ferry_needs_fetch_large_finish(FerryMailAccount *account, GAsyncResult *result);
/* needs-cache.c */
void ferry_message_data_take_cached(FerryMessageData *data, FerryStoreStructures *found,
				    guint index);
/* Structure and headers out of the raw octets. */
void ferry_message_data_scan(FerryMessageData *data);
/* Puts what is known of the messages into the structure cache. */
void ferry_needs_keep(FerryMailAccount *account, GPtrArray *list);
