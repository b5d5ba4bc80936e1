/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UIDONLY
 *
 * Specification: RFC 9586; RFC 7162 §3.2.10 (VANISHED, also where QRESYNC is not known)
 * Implementation: once enabled, commands that take message numbers are refused, messages are told
 *   as UIDFETCH and expunges as VANISHED. `*` in a set of UIDs is no message number.
 */
#include "uidonly.h"

static gboolean
is_enabled(FerryImapSession *session)
{
	return ferry_imap_session_is_enabled(session, "UIDONLY");
}

gboolean
uidonly_enable(FerryImapSession *session, gpointer user_data)
{
	ferry_imap_session_set_fetch_word(session, "UIDFETCH");
	return TRUE;
}

static gboolean
is_set(FerryImapValue *value)
{
	return value != NULL && ferry_imap_value_get_kind(value) == FERRY_IMAP_VALUE_SET;
}

/* A bare set as search key is an item that no contribution stands behind; the UIDs of the key UID
 * have one. `$` is no number. Pairs of numbers and UIDs are the last of what QRESYNC is told. */
static gboolean
holds_numbers(FerryImapValue *value)
{
	const FerryContribution *contribution;
	guint n = ferry_imap_value_get_n_children(value);
	FerryImapValue *last = n > 0 ? ferry_imap_value_get_child(value, n - 1) : NULL;

	if (!is_set(last))
		return FALSE;
	if (ferry_imap_value_get_kind(value) == FERRY_IMAP_VALUE_LIST)
		return n == 2 && is_set(ferry_imap_value_get_child(value, 0));
	contribution = ferry_imap_value_get_contribution(value);
	return ferry_imap_value_get_kind(value) == FERRY_IMAP_VALUE_ITEM && contribution == NULL &&
	       !ferry_imap_set_is_saved_result(ferry_imap_value_get_set(last));
}

static void
add_child(GPtrArray *open, FerryImapValue *child)
{
	/* what may be left out of the arguments is NULL then */
	if (child != NULL)
		g_ptr_array_add(open, child);
}

/* Whether there is a set of message numbers in the arguments below @value. Clients nest as deep as
 * the grammar lets them, so this does not. */
gboolean
uidonly_has_numbers(FerryImapValue *value)
{
	g_autoptr(GPtrArray) open = g_ptr_array_new();

	g_ptr_array_add(open, value);
	while (open->len > 0) {
		FerryImapValue *next = g_ptr_array_steal_index_fast(open, open->len - 1);

		if (holds_numbers(next))
			return TRUE;
		for (guint i = 0; i < ferry_imap_value_get_n_children(next); i++)
			add_child(open, ferry_imap_value_get_child(next, i));
	}
	return FALSE;
}

/* FETCH, STORE, SEARCH and all others that there are with UID too take numbers, or answer with
 * them; EXPUNGE does neither. */
static gboolean
needs_uid(FerryImapCommand *command)
{
	FerryRegistry *registry =
		ferry_imap_session_get_registry(ferry_imap_command_get_session(command));
	const char *name = ferry_imap_command_get_name(command);
	g_autofree char *with_uid = g_strconcat("UID ", name, NULL);

	return g_strcmp0(name, "EXPUNGE") != 0 &&
	       ferry_registry_lookup(registry, FERRY_CONTRIBUTION_COMMAND, with_uid) != NULL;
}

static gboolean
uses_numbers(FerryImapCommand *command)
{
	if (needs_uid(command))
		return TRUE;
	for (guint i = 0; i < ferry_imap_command_get_n_arguments(command); i++) {
		FerryImapValue *argument = ferry_imap_command_get_argument(command, i);

		if (argument != NULL && uidonly_has_numbers(argument))
			return TRUE;
	}
	return FALSE;
}

gboolean
uidonly_check(FerryImapCommand *command, gpointer user_data, GError **error)
{
	if (!is_enabled(ferry_imap_command_get_session(command)) || !uses_numbers(command))
		return TRUE;
	ferry_imap_command_set_response_code(command, "UIDREQUIRED");
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_INVALID,
		    "%s: Message numbers are not used after ENABLE UIDONLY",
		    ferry_imap_command_get_name(command));
	return FALSE;
}

gboolean
uidonly_update(FerryImapSession *session, FerryImapUpdate *update, FerryImapWriter *writer,
	       gpointer user_data)
{
	gsize n_expunged;
	const guint32 *expunged = ferry_imap_update_get_expunged(update, &n_expunged);
	g_autoptr(FerryUidSet) uids = NULL;

	if (n_expunged == 0 || !is_enabled(session))
		return FALSE;
	uids = ferry_uid_set_new_from_array(expunged, n_expunged);
	ferry_imap_writer_write_set_response(writer, "VANISHED", uids);
	ferry_imap_update_clear_expunged(update);
	return FALSE;
}
