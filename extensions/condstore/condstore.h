/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

/* What is known of a session once a command made it aware of mod-sequences. */
typedef struct {
	gboolean told_modseq;  /* since the last time that it was told where it stands */
	gboolean told_expunge; /* and its tagged OK is still to come */
} CondstoreSession;

/* condstore.c: sessions, updates, response codes */
CondstoreSession *condstore_get_session(FerryImapSession *session);
void condstore_make_aware(FerryImapSession *session, gboolean tell);
gboolean condstore_has_qresync(FerryImapSession *session);
gboolean condstore_enable(FerryImapSession *session, gpointer user_data);
void condstore_forget(FerryImapSession *session, gpointer user_data);
gboolean condstore_check_status(FerryImapCommand *command, gpointer user_data, GError **error);
gboolean condstore_check_list(FerryImapCommand *command, gpointer user_data, GError **error);
gboolean condstore_update(FerryImapSession *session, FerryImapUpdate *update,
			  FerryImapWriter *writer, gpointer user_data);
char *condstore_make_select_code(FerryImapCommand *command, gpointer user_data);
char *condstore_make_store_code(FerryImapCommand *command, gpointer user_data);
char *condstore_make_tagged_code(FerryImapCommand *command, gpointer user_data);

/* items.c: what names MODSEQ in FETCH, STORE, SEARCH and STATUS */
void condstore_write_modseq(FerryImapSession *session, FerryImapMessage *message,
			    FerryImapWriter *writer, gpointer user_data);
gboolean condstore_prepare_item(FerryImapFetch *fetch, FerryImapValue *arguments,
				gpointer user_data, GError **error);
void condstore_write_item(FerryImapFetch *fetch, FerryImapMessage *message,
			  FerryImapValue *arguments, FerryImapWriter *writer, gpointer user_data);
gboolean condstore_changed_since(FerryImapCommand *command, FerryImapValue *arguments,
				 gpointer user_data, GError **error);
gboolean condstore_unchanged_since(FerryImapCommand *command, FerryImapValue *arguments,
				   gpointer user_data, GError **error);
gboolean condstore_prepare_search(FerryImapSearch *search, FerryImapValue *arguments,
				  gpointer user_data, GError **error);
gboolean condstore_match_search(FerryImapSearch *search, FerryImapMessage *message,
				FerryImapValue *arguments, gpointer user_data);
void condstore_write_search(FerryImapSearch *search, FerryImapValue *arguments,
			    FerryImapWriter *writer, gpointer user_data);
void condstore_write_status(FerryImapStatus *status, FerryImapWriter *writer, gpointer user_data);
gboolean condstore_once(FerryImapCommand *command, const char *name, GError **error);

/* resync.c: SELECT with CONDSTORE and QRESYNC, UID FETCH with VANISHED */
gboolean condstore_select(FerryImapCommand *command, FerryImapValue *arguments, gpointer user_data,
			  GError **error);
gboolean condstore_resync(FerryImapCommand *command, FerryImapValue *arguments, gpointer user_data,
			  GError **error);
gboolean condstore_fetch_vanished(FerryImapCommand *command, FerryImapValue *arguments,
				  gpointer user_data, GError **error);

/* vanished.c: which UIDs a client is to forget */
guint32 condstore_find_known(FerryTold *told, FerryUidSet *numbers, FerryUidSet *uids);
FerryUidSet *condstore_list_vanished(FerryTold *told, FerryStoreTombstones *removed,
				     guint64 since_modseq, FerryUidSet *wanted, guint32 known);
