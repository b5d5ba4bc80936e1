/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* STORE, UID STORE
 *
 * Specification: RFC 9051 §6.4.6, RFC 4466 (modifiers)
 * Implementation: new flags are told by the update writers, before the tagged answer; with .SILENT
 *   only what others changed
 */
#include "account/flags.h"
#include "imap/commands/commands-private.h"
#include "imap/store.h"

typedef struct {
	gint64 unchanged_since; /* -1: not asked for */
	gboolean silent;
	FerryFlagsMode mode;
	FerryImapSilent quiet; /* what need not be told */
	FerryOutcome *outcome;
} Store;

static void
store_free(gpointer data)
{
	Store *self = data;

	g_clear_pointer(&self->outcome, ferry_outcome_unref);
	g_clear_pointer(&self->quiet.uids, g_array_unref);
	g_strfreev(self->quiet.keywords);
	g_free(self);
}

/**
 * ferry_imap_store_set_unchanged_since:
 * @command: a STORE
 * @modseq: the highest MODSEQ that a message may have
 *
 * Leaves messages as they are that changed since (a modifier's duty).
 */
void
ferry_imap_store_set_unchanged_since(FerryImapCommand *command, guint64 modseq)
{
	Store *store = ferry_imap_command_get_data(command);

	store->unchanged_since = (gint64)MIN(modseq, (guint64)G_MAXINT64);
}

/**
 * ferry_imap_store_get_outcome:
 * @command: a STORE that is done
 *
 * Returns: (transfer none) (nullable): what became of each message
 */
FerryOutcome *
ferry_imap_store_get_outcome(FerryImapCommand *command)
{
	Store *store = ferry_imap_command_get_data(command);

	return store != NULL ? store->outcome : NULL;
}

gboolean
ferry_imap_check_writable(FerryImapCommand *command)
{
	if (!ferry_imap_session_is_read_only(ferry_imap_command_get_session(command)))
		return TRUE;
	ferry_imap_command_fail_new(command, FERRY_ERROR_NO_PERMISSION, "Mailbox is read-only");
	return FALSE;
}

static gboolean
parse_item(Store *store, const char *item)
{
	static const struct {
		const char *name;
		FerryFlagsMode mode;
		gboolean silent;
	} items[] = {
		{"FLAGS", FERRY_FLAGS_REPLACE, FALSE}, {"FLAGS.SILENT", FERRY_FLAGS_REPLACE, TRUE},
		{"+FLAGS", FERRY_FLAGS_ADD, FALSE},    {"+FLAGS.SILENT", FERRY_FLAGS_ADD, TRUE},
		{"-FLAGS", FERRY_FLAGS_REMOVE, FALSE}, {"-FLAGS.SILENT", FERRY_FLAGS_REMOVE, TRUE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(items); i++) {
		if (g_ascii_strcasecmp(item, items[i].name) != 0)
			continue;
		store->mode = items[i].mode;
		store->silent = items[i].silent;
		return TRUE;
	}
	return FALSE;
}

/* RFC 7162 §3.1.3: a condition has every message answered, those that it kept as they are too. */
static void
tell_outcome(FerryTold *told, const Store *store)
{
	gsize n_done, n_modified;
	const guint32 *done = ferry_outcome_get_done(store->outcome, &n_done);
	const guint32 *modified = ferry_outcome_get_modified(store->outcome, &n_modified);

	for (gsize i = 0; i < n_done; i++) {
		if (!store->silent)
			ferry_told_add_changed(told, done[i]);
		else if (store->unchanged_since >= 0 && !ferry_told_is_changed(told, done[i]))
			ferry_told_add_quiet(told, done[i]);
	}
	for (gsize i = 0; i < n_modified; i++)
		ferry_told_add_changed(told, modified[i]);
}

/* Modules may have a code for a STORE that did not do all; it goes before EXPUNGEISSUED. */
static void
set_code(FerryImapCommand *command, const Store *store)
{
	g_autofree char *code = ferry_imap_session_dup_response_code(
		ferry_imap_command_get_session(command), command, "STORE");
	gsize n_missing;

	ferry_outcome_get_missing(store->outcome, &n_missing);
	if (code != NULL)
		ferry_imap_command_set_response_code(command, code);
	else if (n_missing > 0 && !ferry_imap_command_is_uid(command))
		ferry_imap_command_set_response_code(command, "EXPUNGEISSUED");
}

static void
store_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	FerryImapSession *session = ferry_imap_command_get_session(command);
	Store *store = ferry_imap_command_get_data(command);
	g_autoptr(GError) error = NULL;

	ferry_imap_session_set_silent(session, NULL);
	store->outcome = ferry_mailbox_store_flags_finish(FERRY_MAILBOX(source), result, &error);
	if (store->outcome == NULL) {
		ferry_imap_command_fail(command, error);
		return;
	}
	if (ferry_imap_session_get_told(session) != NULL)
		session->own_news |= FERRY_NEWS_CHANGES;
	tell_outcome(ferry_imap_session_get_told(session), store);
	set_code(command, store);
	if (ferry_outcome_get_error(store->outcome) != NULL) {
		ferry_imap_command_fail(command, ferry_outcome_get_error(store->outcome));
		return;
	}
	ferry_imap_command_finish(command);
}

static void
store(FerryImapCommand *command, GArray *uids, FerryMessageFlags flags, char **keywords)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	Store *self = ferry_imap_command_get_data(command);

	self->quiet = (FerryImapSilent){g_array_ref(uids), self->mode, flags, g_strdupv(keywords)};
	ferry_imap_session_set_silent(session, self->silent ? &self->quiet : NULL);
	ferry_mailbox_store_flags_async(
		ferry_imap_session_get_mailbox(session),
		ferry_imap_session_get_account_session(session), (guint32 *)(gpointer)uids->data,
		uids->len, self->mode, flags, (const char *const *)keywords, self->unchanged_since,
		ferry_told_get_known_view(ferry_imap_session_get_told(session)),
		ferry_imap_command_get_cancellable(command), store_cb, command);
}

void
ferry_imap_store(FerryImapCommand *command, gpointer user_data)
{
	Store *self = g_new0(Store, 1);
	g_auto(GStrv) names =
		ferry_imap_value_dup_strv(ferry_imap_command_get_argument(command, 3));
	g_auto(GStrv) keywords = NULL;
	g_autoptr(GArray) uids = NULL;
	g_autoptr(GError) error = NULL;
	FerryMessageFlags flags;

	self->unchanged_since = -1;
	ferry_imap_command_set_data(command, self, store_free);
	if (!ferry_imap_check_writable(command))
		return;
	if (!parse_item(self, ferry_imap_command_get_string(command, 2))) {
		ferry_imap_command_fail_new(command, FERRY_ERROR_INVALID,
					    "STORE: Expected FLAGS, +FLAGS or -FLAGS");
		return;
	}
	if (!ferry_flags_parse((const char *const *)names, &flags, &keywords, &error) ||
	    (uids = ferry_imap_command_resolve_set(command, 0, &error)) == NULL ||
	    !ferry_imap_command_apply_modifiers(
		    command, ferry_imap_command_get_argument(command, 1), &error)) {
		ferry_imap_command_fail(command, error);
		return;
	}
	if (uids->len == 0)
		ferry_imap_command_finish(command);
	else
		store(command, uids, flags, keywords);
}
