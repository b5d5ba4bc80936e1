/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CONDSTORE and QRESYNC: sessions that know of mod-sequences, and what they are told
 *
 * Specification: RFC 7162 §3.1 (enabling commands), §3.1.2, §3.2.3, §3.2.4, §3.2.7, §3.2.10, §6
 * Implementation: a mod-sequence is the account's generation of the last change of a message in its
 *   mailbox; the store keeps it and never lets it fall. Every mailbox has them: NOMODSEQ is never
 *   said. HIGHESTMODSEQ is what the client was told of, so it stays below expunges that may not be
 *   told yet.
 * Not mapped: mod-sequences of single flags. A message has one.
 */
#include "condstore.h"

#define SESSION_DATA "CONDSTORE"

CondstoreSession *
condstore_get_session(FerryImapSession *session)
{
	return ferry_imap_session_get_data(session, SESSION_DATA);
}

void
condstore_forget(FerryImapSession *session, gpointer user_data)
{
	ferry_imap_session_tell_details(session, FALSE);
	ferry_imap_session_set_data(session, SESSION_DATA, NULL, NULL);
}

static guint64
get_modseq(FerryImapSession *session)
{
	return MAX(ferry_told_get_modseq(ferry_imap_session_get_told(session)), 1);
}

/* The first command that shows that the client knows mod-sequences makes it one that is told of
 * them from then on; with a mailbox selected it learns where that stands (RFC 7162 §3.1). */
void
condstore_make_aware(FerryImapSession *session, gboolean tell)
{
	if (condstore_get_session(session) != NULL)
		return;
	ferry_imap_session_set_data(session, SESSION_DATA, g_new0(CondstoreSession, 1), g_free);
	ferry_imap_session_tell_details(session, TRUE);
	if (tell && ferry_imap_session_get_told(session) != NULL)
		ferry_imap_writer_writef(ferry_imap_session_get_writer(session),
					 "* OK [HIGHESTMODSEQ %" G_GUINT64_FORMAT
					 "] Mod-sequences are told from now on\r\n",
					 get_modseq(session));
}

gboolean
condstore_has_qresync(FerryImapSession *session)
{
	return ferry_imap_session_is_enabled(session, "QRESYNC");
}

/* ENABLE CONDSTORE, ENABLE QRESYNC */
gboolean
condstore_enable(FerryImapSession *session, gpointer user_data)
{
	condstore_make_aware(session, FALSE);
	return TRUE;
}

static FerryImapValue *
find_child(FerryImapValue *list, const char *name)
{
	for (guint i = 0; list != NULL && i < ferry_imap_value_get_n_children(list); i++) {
		FerryImapValue *child = ferry_imap_value_get_child(list, i);

		if (ferry_imap_value_is(child, name))
			return child;
	}
	return NULL;
}

/* STATUS (HIGHESTMODSEQ) enables too, and has to say so before its own response. */
gboolean
condstore_check_status(FerryImapCommand *command, gpointer user_data, GError **error)
{
	if (find_child(ferry_imap_command_get_argument(command, 1), "HIGHESTMODSEQ") != NULL)
		condstore_make_aware(ferry_imap_command_get_session(command), TRUE);
	return TRUE;
}

/* LIST … RETURN (STATUS (HIGHESTMODSEQ)) is as many such commands (RFC 5819 §2). */
gboolean
condstore_check_list(FerryImapCommand *command, gpointer user_data, GError **error)
{
	FerryImapValue *status = find_child(ferry_imap_command_get_argument(command, 3), "STATUS");

	if (status != NULL &&
	    find_child(ferry_imap_value_get_child(status, 0), "HIGHESTMODSEQ") != NULL)
		condstore_make_aware(ferry_imap_command_get_session(command), TRUE);
	return TRUE;
}

static void
tell_expunged(CondstoreSession *self, FerryImapSession *session, FerryImapUpdate *update,
	      FerryImapWriter *writer)
{
	gsize n_expunged;
	const guint32 *expunged = ferry_imap_update_get_expunged(update, &n_expunged);
	g_autoptr(FerryUidSet) uids = NULL;

	if (ferry_imap_update_tells_expunge(update))
		self->told_expunge = TRUE;
	if (n_expunged == 0 || !condstore_has_qresync(session))
		return;
	uids = ferry_uid_set_new_from_array(expunged, n_expunged);
	ferry_imap_writer_write_set_response(writer, "VANISHED", uids);
	ferry_imap_update_clear_expunged(update);
}

/* A client that is told of a mod-sequence must not believe that it knows all below, while an
 * expunge below has to wait (RFC 7162 §3.2, §6). */
static void
write_standing(CondstoreSession *self, FerryImapSession *session, FerryImapUpdate *update,
	       FerryImapWriter *writer)
{
	gsize n_changed, n_quiet;

	ferry_imap_update_get_changed(update, &n_changed);
	ferry_imap_update_get_quiet(update, &n_quiet);
	if (ferry_told_get_n_expunged(ferry_imap_session_get_told(session)) > 0 &&
	    (self->told_modseq || n_changed + n_quiet > 0))
		ferry_imap_writer_writef(writer,
					 "* OK [HIGHESTMODSEQ %" G_GUINT64_FORMAT
					 "] Some messages are gone and cannot be told of yet\r\n",
					 get_modseq(session));
	self->told_modseq = FALSE;
}

gboolean
condstore_update(FerryImapSession *session, FerryImapUpdate *update, FerryImapWriter *writer,
		 gpointer user_data)
{
	CondstoreSession *self = condstore_get_session(session);

	if (self == NULL)
		return FALSE;
	tell_expunged(self, session, update, writer);
	write_standing(self, session, update, writer);
	return FALSE;
}

static char *
make_code(FerryImapSession *session)
{
	return g_strdup_printf("HIGHESTMODSEQ %" G_GUINT64_FORMAT, get_modseq(session));
}

char *
condstore_make_select_code(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	CondstoreSession *self = condstore_get_session(session);

	if (self != NULL)
		*self = (CondstoreSession){FALSE, FALSE};
	return ferry_imap_session_get_told(session) != NULL ? make_code(session) : NULL;
}

/* What UNCHANGEDSINCE kept from being changed, in the numbers that the command used. */
char *
condstore_make_store_code(FerryImapCommand *command, gpointer user_data)
{
	FerryTold *told = ferry_imap_session_get_told(ferry_imap_command_get_session(command));
	FerryOutcome *outcome = ferry_imap_store_get_outcome(command);
	g_autoptr(FerryUidSet) set = ferry_uid_set_new();
	g_autofree char *text = NULL;
	gsize n_uids = 0;
	const guint32 *uids = outcome != NULL ? ferry_outcome_get_modified(outcome, &n_uids) : NULL;

	if (n_uids == 0 || told == NULL)
		return NULL;
	for (gsize i = 0; i < n_uids; i++) {
		guint32 number = ferry_imap_command_is_uid(command)
					 ? uids[i]
					 : ferry_told_get_number(told, uids[i]);

		if (number != 0)
			ferry_uid_set_add(set, number);
	}
	text = ferry_uid_set_to_string(set);
	return *text != '\0' ? g_strconcat("MODIFIED ", text, NULL) : NULL;
}

/* Once it is told of expunges the client may move on: RFC 7162 §3.2.7 asks for it at EXPUNGE. CLOSE
 * leaves the mailbox first, and must not say it (§3.2.8). */
char *
condstore_make_tagged_code(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	CondstoreSession *self = condstore_get_session(session);

	if (self == NULL || !self->told_expunge)
		return NULL;
	self->told_expunge = FALSE;
	return ferry_imap_session_get_told(session) != NULL ? make_code(session) : NULL;
}
