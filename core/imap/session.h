/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/account-session.h"
#include "account/service.h"
#include "imap/told.h"
#include "imap/value.h"
#include "imap/writer.h"

G_BEGIN_DECLS

#define FERRY_TYPE_IMAP_SESSION (ferry_imap_session_get_type())

/**
 * FerryImapSession:
 *
 * One IMAP client: its connection, the state of RFC 9051 §3, what it enabled, the mailbox it
 * selected and what it was told of it. Lives on its worker's thread.
 *
 * Signals: `signed-in ()`, `selected ()`, `unselected ()`, `ended ()`.
 */
G_DECLARE_FINAL_TYPE(FerryImapSession, ferry_imap_session, FERRY, IMAP_SESSION, GObject)

FerryImapSession *ferry_imap_session_new(FerryConnection *connection, FerryService *service);
void ferry_imap_session_start(FerryImapSession *self);

FerryConnection *ferry_imap_session_get_connection(FerryImapSession *self);
FerryService *ferry_imap_session_get_service(FerryImapSession *self);
FerryRegistry *ferry_imap_session_get_registry(FerryImapSession *self);
FerrySettings *ferry_imap_session_get_settings(FerryImapSession *self);
const FerryLimits *ferry_imap_session_get_limits(FerryImapSession *self);
FerryImapWriter *ferry_imap_session_get_writer(FerryImapSession *self);
FerryPhase ferry_imap_session_get_phase(FerryImapSession *self);
gboolean ferry_imap_session_allows_plaintext(FerryImapSession *self);
gboolean ferry_imap_session_can_start_tls(FerryImapSession *self);
char *ferry_imap_session_dup_capabilities(FerryImapSession *self);

/* What ENABLE switched on. Names in capitals. */
gboolean ferry_imap_session_is_enabled(FerryImapSession *self, const char *name);
void ferry_imap_session_enable(FerryImapSession *self, const char *name);

/* Signing in and out. */
FerryAccountSession *ferry_imap_session_get_account_session(FerryImapSession *self);
gboolean ferry_imap_session_sign_in(FerryImapSession *self, FerryAccountSession *account_session,
				    const char *user, GError **error);
void ferry_imap_session_sign_out(FerryImapSession *self);

/* The selected mailbox. */
FerryMailbox *ferry_imap_session_get_mailbox(FerryImapSession *self);
const char *ferry_imap_session_get_mailbox_name(FerryImapSession *self);
gboolean ferry_imap_session_is_read_only(FerryImapSession *self);
guint64 ferry_imap_session_get_append_limit(FerryImapSession *self);
FerryTold *ferry_imap_session_get_told(FerryImapSession *self);
FerryView *ferry_imap_session_get_view(FerryImapSession *self);
void ferry_imap_session_select(FerryImapSession *self, FerryMailbox *mailbox, const char *name,
			       gboolean examine);
void ferry_imap_session_unselect(FerryImapSession *self);

/* The result variable `$` of RFC 5182: UIDs. NULL: empty. */
FerryUidSet *ferry_imap_session_get_saved_result(FerryImapSession *self);
void ferry_imap_session_set_saved_result(FerryImapSession *self, FerryUidSet *uids);

/* Tells what may be told now, through the update writers. */
void ferry_imap_session_tell(FerryImapSession *self, gboolean may_expunge, gboolean with_uid);

/* For account listeners: has FERRY_IMAP_EVENT_TURN come as soon as something may be written. */
void ferry_imap_session_want_turn(FerryImapSession *self);

/* What a command of this session added to a mailbox, until it is over. */
void ferry_imap_session_note_own(FerryImapSession *self, FerryOutcome *outcome);
gboolean ferry_imap_session_is_own(FerryImapSession *self, guint32 uidvalidity, guint32 uid);

/* From now on changes are told with their UID and what told items say. */
void ferry_imap_session_tell_details(FerryImapSession *self, gboolean details);
gboolean ferry_imap_session_tells_details(FerryImapSession *self);

/* The word and number of FETCH responses: NULL for `* number FETCH`, else `* uid WORD`. */
void ferry_imap_session_set_fetch_word(FerryImapSession *self, const char *word);
const char *ferry_imap_session_get_fetch_word(FerryImapSession *self);

/* What a module keeps with a session; forgotten when it is signed in anew or ends. */
void ferry_imap_session_set_data(FerryImapSession *self, const char *name, gpointer data,
				 GDestroyNotify destroy);
gpointer ferry_imap_session_get_data(FerryImapSession *self, const char *name);

/* `* STATUS [code] text`, in the client's language where that is known. */
void ferry_imap_session_write_response(FerryImapSession *self, const char *status, const char *code,
				       const char *text);
void ferry_imap_session_write_namespace(FerryImapSession *self, FerryMailboxList *list);

/* `* BYE [code] text`, and the end. */
void ferry_imap_session_bye(FerryImapSession *self, const char *code, const char *text);
void ferry_imap_session_log_out(FerryImapSession *self);

G_END_DECLS
