/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resynchronization: SELECT (QRESYNC …) and UID FETCH (CHANGEDSINCE … VANISHED)
 *
 * Specification: RFC 7162 §3.1.8, §3.2.5, §3.2.6
 * Implementation: a step of the command asks the store what left the mailbox and tells it; SELECT
 *   then tells flags of what changed. Both follow what changed, not what is there.
 */
#include "condstore.h"

typedef struct {
	FerryImapCommand *command; /* owns this */
	guint32 uidvalidity;
	guint64 modseq;
	FerryImapSet *uids;         /* nullable: all */
	FerryUidSet *match_numbers; /* nullable */
	FerryUidSet *match_uids;
	GArray *changed; /* UIDs still to be told, from position on */
	guint position;
} Resync;

static void
resync_free(gpointer data)
{
	Resync *self = data;

	g_clear_pointer(&self->uids, ferry_imap_set_unref);
	g_clear_pointer(&self->match_numbers, ferry_uid_set_unref);
	g_clear_pointer(&self->match_uids, ferry_uid_set_unref);
	g_clear_pointer(&self->changed, g_array_unref);
	g_free(self);
}

static FerryTold *
get_told(Resync *self)
{
	return ferry_imap_session_get_told(ferry_imap_command_get_session(self->command));
}

static gboolean
fail(GError **error, const char *text)
{
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID, text);
	return FALSE;
}

static gboolean
check_enabled(FerryImapCommand *command, GError **error)
{
	return condstore_has_qresync(ferry_imap_command_get_session(command)) ||
	       fail(error, "ENABLE QRESYNC comes first");
}

/* What is asked about, as UIDs that were given. */
static FerryUidSet *
get_wanted(Resync *self, FerryTold *told)
{
	FerryImapSession *session = ferry_imap_command_get_session(self->command);
	guint32 last = ferry_view_get_uidnext(ferry_told_get_view(told)) - 1;
	FerryUidSet *all;

	if (self->uids != NULL && ferry_imap_set_is_saved_result(self->uids)) {
		all = ferry_imap_session_get_saved_result(session);
		return all != NULL ? ferry_uid_set_ref(all) : ferry_uid_set_new();
	}
	if (self->uids != NULL)
		return ferry_imap_set_resolve(self->uids, MAX(last, 1));
	all = ferry_uid_set_new();
	if (last > 0)
		ferry_uid_set_add_range(all, 1, last);
	return all;
}

static void
write_vanished(Resync *self, FerryTold *told, FerryStoreTombstones *removed)
{
	guint32 last = ferry_view_get_uidnext(ferry_told_get_view(told)) - 1;
	guint32 known = self->match_numbers != NULL
				? condstore_find_known(told, self->match_numbers, self->match_uids)
				: 0;
	g_autoptr(FerryUidSet) wanted = get_wanted(self, told);
	g_autoptr(FerryUidSet) given = ferry_uid_set_new();
	g_autoptr(FerryUidSet) uids = NULL;
	guint n_ranges;
	const FerryUidRange *ranges = ferry_uid_set_get_ranges(wanted, &n_ranges);

	/* a UID that was never given did not vanish */
	for (guint i = 0; i < n_ranges && ranges[i].first <= last; i++)
		ferry_uid_set_add_range(given, ranges[i].first, MIN(ranges[i].last, last));
	uids = condstore_list_vanished(told, removed, self->modseq, given, known);
	ferry_imap_writer_write_set_response(ferry_imap_command_get_writer(self->command),
					     "VANISHED (EARLIER)", uids);
}

static void
write_changed(Resync *self, FerryTold *told, guint32 uid)
{
	FerryImapSession *session = ferry_imap_command_get_session(self->command);
	FerryImapWriter *writer = ferry_imap_command_get_writer(self->command);
	g_autoptr(FerryImapMessage) message =
		ferry_told_get_message(told, ferry_told_get_number(told, uid));

	if (message == NULL)
		return;
	ferry_imap_message_begin_response(message, writer);
	ferry_imap_writer_write_atom(writer, "UID");
	ferry_imap_writer_write_number(writer, uid);
	ferry_imap_message_write_flags(message, writer);
	condstore_write_modseq(session, message, writer, NULL);
	ferry_imap_message_end_response(message, writer);
}

static void write_all_changed(Resync *self);

static void
drained_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Resync *self = user_data;
	g_autoptr(GError) error = NULL;

	if (ferry_imap_writer_wait_finish(FERRY_IMAP_WRITER(source), result, &error))
		write_all_changed(self);
	else
		ferry_imap_command_step_done(self->command, error);
}

/* Writing waits for the client, so that what is not read takes no memory. */
static void
write_all_changed(Resync *self)
{
	FerryImapWriter *writer = ferry_imap_command_get_writer(self->command);
	FerryTold *told = get_told(self);

	while (told != NULL && self->position < self->changed->len) {
		write_changed(self, told, g_array_index(self->changed, guint32, self->position++));
		if (!ferry_imap_writer_is_full(writer))
			continue;
		ferry_imap_writer_wait_async(writer,
					     ferry_imap_command_get_cancellable(self->command),
					     drained_cb, self);
		return;
	}
	ferry_imap_command_step_done(self->command, NULL);
}

static void
selected_removed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Resync *self = user_data;
	FerryTold *told = get_told(self);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryStoreTombstones) removed =
		ferry_mailbox_load_removed_finish(FERRY_MAILBOX(source), result, &error);
	g_autoptr(FerryImapSet) all = ferry_imap_set_parse("1:*", 3, NULL);

	if (removed == NULL || told == NULL) {
		ferry_imap_command_step_done(self->command, error);
		return;
	}
	write_vanished(self, told, removed);
	self->changed = ferry_told_resolve_changed(told, self->uids != NULL ? self->uids : all,
						   TRUE, NULL, self->modseq, NULL);
	write_all_changed(self);
}

static void
load_removed(Resync *self, GAsyncReadyCallback callback)
{
	FerryImapSession *session = ferry_imap_command_get_session(self->command);

	ferry_mailbox_load_removed_async(ferry_imap_session_get_mailbox(session), self->modseq,
					 ferry_imap_command_get_cancellable(self->command),
					 callback, self);
}

/* Once the mailbox is selected. With another UIDVALIDITY nothing that the client has is of use. */
static void
resync_step(FerryImapCommand *command, gpointer user_data)
{
	Resync *self = user_data;
	FerryTold *told = get_told(self);

	if (told == NULL ||
	    ferry_view_get_uidvalidity(ferry_told_get_view(told)) != self->uidvalidity)
		ferry_imap_command_step_done(command, NULL);
	else
		load_removed(self, selected_removed_cb);
}

gboolean
condstore_select(FerryImapCommand *command, FerryImapValue *arguments, gpointer user_data,
		 GError **error)
{
	condstore_make_aware(ferry_imap_command_get_session(command), FALSE);
	return TRUE;
}

static FerryImapSet *
get_set(FerryImapValue *value)
{
	return value != NULL ? ferry_imap_value_get_set(value) : NULL;
}

static gboolean
is_plain(FerryImapSet *set)
{
	return set == NULL ||
	       (!ferry_imap_set_has_star(set) && !ferry_imap_set_is_saved_result(set));
}

static gboolean
read_match(Resync *self, FerryImapValue *match, GError **error)
{
	FerryImapSet *numbers = get_set(ferry_imap_value_get_child(match, 0));
	FerryImapSet *uids = get_set(ferry_imap_value_get_child(match, 1));

	if (!is_plain(numbers) || !is_plain(uids))
		return fail(error, "QRESYNC: Expected numbers");
	self->match_numbers = ferry_imap_set_resolve(numbers, 0);
	self->match_uids = ferry_imap_set_resolve(uids, 0);
	return ferry_uid_set_get_size(self->match_numbers) ==
		       ferry_uid_set_get_size(self->match_uids) ||
	       fail(error, "QRESYNC: Expected as many UIDs as numbers");
}

static gboolean
read_resync(Resync *self, FerryImapValue *list, GError **error)
{
	FerryImapSet *uids = get_set(ferry_imap_value_get_child(list, 2));
	FerryImapValue *match = ferry_imap_value_get_child(list, 3);

	self->uidvalidity =
		(guint32)ferry_imap_value_get_number(ferry_imap_value_get_child(list, 0));
	self->modseq = ferry_imap_value_get_number(ferry_imap_value_get_child(list, 1));
	if (self->modseq == 0)
		return fail(error, "QRESYNC: A mod-sequence is not 0");
	if (!is_plain(uids))
		return fail(error, "QRESYNC: Expected UIDs");
	self->uids = uids != NULL ? ferry_imap_set_ref(uids) : NULL;
	return match == NULL || read_match(self, match, error);
}

gboolean
condstore_resync(FerryImapCommand *command, FerryImapValue *arguments, gpointer user_data,
		 GError **error)
{
	Resync *self;

	if (!check_enabled(command, error) || !condstore_once(command, "QRESYNC", error))
		return FALSE;
	self = g_new0(Resync, 1);
	self->command = command;
	ferry_imap_command_add_step(command, resync_step, self, resync_free);
	return read_resync(self, ferry_imap_value_get_child(arguments, 0), error);
}

static void
fetch_removed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Resync *self = user_data;
	FerryTold *told = get_told(self);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryStoreTombstones) removed =
		ferry_mailbox_load_removed_finish(FERRY_MAILBOX(source), result, &error);

	if (removed != NULL && told != NULL)
		write_vanished(self, told, removed);
	ferry_imap_command_step_done(self->command, error);
}

/* Without a mailbox FETCH itself says what is wrong. */
static void
fetch_turn_cb(gpointer user_data)
{
	Resync *self = user_data;

	if (get_told(self) != NULL)
		load_removed(self, fetch_removed_cb);
	else
		ferry_imap_command_step_done(self->command, NULL);
}

/* VANISHED comes before the messages, and behind what former commands answer. */
static void
fetch_step(FerryImapCommand *command, gpointer user_data)
{
	ferry_imap_command_wait_turn(command, fetch_turn_cb, user_data);
}

static FerryImapValue *
find_modifier(FerryImapCommand *command, const char *name)
{
	FerryImapValue *modifiers = ferry_imap_command_get_argument(command, 2);

	for (guint i = 0; i < ferry_imap_value_get_n_children(modifiers); i++) {
		FerryImapValue *item = ferry_imap_value_get_child(modifiers, i);

		if (ferry_imap_value_is(item, name))
			return item;
	}
	return NULL;
}

gboolean
condstore_fetch_vanished(FerryImapCommand *command, FerryImapValue *arguments, gpointer user_data,
			 GError **error)
{
	FerryImapValue *since = find_modifier(command, "CHANGEDSINCE");
	Resync *self;

	if (!ferry_imap_command_is_uid(command))
		return fail(error, "VANISHED is for UID FETCH");
	if (since == NULL)
		return fail(error, "VANISHED stands beside CHANGEDSINCE");
	if (!check_enabled(command, error) || !condstore_once(command, "VANISHED", error))
		return FALSE;
	self = g_new0(Resync, 1);
	self->command = command;
	self->modseq = ferry_imap_value_get_number(ferry_imap_value_get_child(since, 0));
	self->uids = ferry_imap_set_ref(get_set(ferry_imap_command_get_argument(command, 0)));
	ferry_imap_command_add_step(command, fetch_step, self, resync_free);
	return TRUE;
}
