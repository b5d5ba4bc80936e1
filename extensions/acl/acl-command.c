/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ACL: who may do what with a mailbox
 *
 * Specification: RFC 4314, RFC 8440
 * Implementation: MYRIGHTS, GETACL, SETACL, DELETEACL, LISTRIGHTS, LIST RETURN (MYRIGHTS)
 * Not mapped: negative rights, `anyone`, digits as rights
 */
#include "acl.h"

/* What a command that waits keeps. */
typedef struct {
	AclPlace *place;
	AclWish *wish; /* of SETACL and DELETEACL; of LISTRIGHTS the identifier */
	void (*run)(FerryImapCommand *command);
} State;

static void
state_free(gpointer data)
{
	State *state = data;

	g_clear_pointer(&state->place, acl_place_free);
	g_clear_pointer(&state->wish, acl_wish_free);
	g_free(state);
}

static FerryAccountSession *
get_session(FerryImapCommand *command)
{
	return ferry_imap_session_get_account_session(ferry_imap_command_get_session(command));
}

static void
begin_response(FerryImapWriter *writer, const char *kind, FerryMailboxInfo *info)
{
	ferry_imap_writer_begin_untagged(writer, kind);
	ferry_imap_writer_write_mailbox(writer, ferry_mailbox_info_get_name(info));
}

static void
write_rights(FerryImapWriter *writer, AclRights rights)
{
	g_autofree char *text = acl_rights_to_text(rights);

	ferry_imap_writer_write_astring(writer, text);
}

static void
write_my_rights(FerryImapWriter *writer, FerryMailboxInfo *info)
{
	begin_response(writer, "MYRIGHTS", info);
	write_rights(writer, acl_rights_from_mailbox(ferry_mailbox_info_get_rights(info)));
	ferry_imap_writer_end_line(writer);
}

static void
run_my_rights(FerryImapCommand *command)
{
	State *state = ferry_imap_command_get_data(command);

	write_my_rights(ferry_imap_command_get_writer(command), state->place->info);
	ferry_imap_command_finish(command);
}

/* LIST RETURN (MYRIGHTS), after the LIST response; not for levels that are no mailbox (RFC 8440
 * §3). */
gboolean
acl_list_my_rights(FerryImapCommand *command, const char *mailbox_name, FerryImapValue *arguments,
		   FerryImapWriter *writer, gpointer user_data)
{
	FerryMailboxList *list = ferry_account_session_get_list(get_session(command));
	FerryMailboxInfo *info = list != NULL ? ferry_mailbox_list_find(list, mailbox_name) : NULL;

	if (info == NULL || ferry_mailbox_info_get_id(info) == NULL)
		return FALSE;
	write_my_rights(writer, info);
	return TRUE;
}

static void
write_entries(FerryImapWriter *writer, const AclPlace *place, AclShares *shares)
{
	FerryJmapValueIter iter;
	FerryJmapValue *item;
	const char *id;

	if (shares->share_with == NULL)
		return;
	ferry_jmap_value_iter_init(&iter, shares->share_with, NULL);
	while (ferry_jmap_value_iter_next(&iter, &id, &item)) {
		g_autoptr(FerryJmapValue) entry = item;
		const char *identifier = g_hash_table_lookup(shares->identifiers, id);

		ferry_imap_writer_write_astring(writer, identifier != NULL ? identifier : id);
		write_rights(writer, acl_form_read(place->form, entry));
	}
}

static void
asked_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(FerryImapCommand) command = user_data;
	State *state = ferry_imap_command_get_data(command);
	FerryImapWriter *writer = ferry_imap_command_get_writer(command);
	FerryMailboxInfo *info = state->place->info;
	g_autoptr(GError) error = NULL;
	g_autoptr(AclShares) shares = acl_ask_finish(result, &error);

	if (shares == NULL) {
		ferry_imap_command_fail(command, error);
		return;
	}
	begin_response(writer, "ACL", info);
	if (!ferry_mailbox_info_is_shared(info)) {
		ferry_imap_writer_write_astring(
			writer, ferry_account_session_get_username(FERRY_ACCOUNT_SESSION(source)));
		write_rights(writer, acl_rights_from_mailbox(ferry_mailbox_info_get_rights(info)));
	}
	write_entries(writer, state->place, shares);
	ferry_imap_writer_end_line(writer);
	if (!acl_form_is_exact(state->place->form) && shares->share_with != NULL)
		ferry_imap_command_set_text(
			command, "GETACL completed; others may have more rights than the "
				 "backend tells");
	ferry_imap_command_finish(command);
}

static void
run_get(FerryImapCommand *command)
{
	State *state = ferry_imap_command_get_data(command);
	g_autoptr(GError) error = NULL;

	if (!acl_place_check(state->place, &error)) {
		ferry_imap_command_fail(command, error);
		return;
	}
	acl_ask_async(get_session(command), state->place, NULL,
		      ferry_imap_command_get_cancellable(command), asked_cb, g_object_ref(command));
}

static void
set_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(FerryImapCommand) command = user_data;
	g_autoptr(GError) error = NULL;

	if (acl_set_finish(result, &error))
		ferry_imap_command_finish(command);
	else
		ferry_imap_command_fail(command, error);
}

/* What is known without asking anybody. */
static gboolean
check_wish(FerryImapCommand *command, State *state, GError **error)
{
	if (!acl_place_check(state->place, error) ||
	    !acl_identifier_check(state->wish->identifier, error))
		return FALSE;
	if (!acl_place_is_owner(state->place,
				ferry_account_session_get_username(get_session(command)),
				state->wish->identifier))
		return TRUE;
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
			    "the owner's rights cannot be changed");
	return FALSE;
}

static void
run_set(FerryImapCommand *command)
{
	State *state = ferry_imap_command_get_data(command);
	g_autoptr(GError) error = NULL;

	if (!check_wish(command, state, &error)) {
		ferry_imap_command_fail(command, error);
		return;
	}
	acl_set_async(get_session(command), state->place, state->wish,
		      ferry_imap_command_get_cancellable(command), set_cb, g_object_ref(command));
}

/* The owner has all rights always; others may have what the ties say. */
static void
run_list_rights(FerryImapCommand *command)
{
	State *state = ferry_imap_command_get_data(command);
	FerryImapWriter *writer = ferry_imap_command_get_writer(command);
	gboolean owner = acl_place_is_owner(
		state->place, ferry_account_session_get_username(get_session(command)),
		state->wish->identifier);
	gboolean nobody = !acl_identifier_check(state->wish->identifier, NULL);
	const char *const *ties = acl_form_get_ties(state->place->form);
	g_autoptr(GError) error = NULL;

	if (!acl_place_check(state->place, &error)) {
		ferry_imap_command_fail(command, error);
		return;
	}
	begin_response(writer, "LISTRIGHTS", state->place->info);
	/* as it was written (RFC 4314 §3.4) */
	ferry_imap_writer_write_astring(writer, ferry_imap_command_get_string(command, 1));
	write_rights(writer, owner ? acl_rights_from_mailbox(
					     ferry_mailbox_info_get_rights(state->place->info))
				   : 0);
	for (; !owner && !nobody && *ties != NULL; ties++)
		ferry_imap_writer_write_astring(writer, *ties);
	ferry_imap_writer_end_line(writer);
	ferry_imap_command_finish(command);
}

static void
listed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(FerryImapCommand) command = user_data;
	FerryAccountSession *session = FERRY_ACCOUNT_SESSION(source);
	State *state = ferry_imap_command_get_data(command);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryMailboxList) list =
		ferry_account_session_list_finish(session, result, &error);

	if (list != NULL)
		state->place =
			acl_place_new(session, ferry_imap_command_get_string(command, 0), &error);
	if (state->place == NULL)
		ferry_imap_command_fail(command, error);
	else
		state->run(command);
}

/* @state: (transfer full) */
static void
begin(FerryImapCommand *command, State *state)
{
	ferry_imap_command_set_data(command, state, state_free);
	ferry_account_session_list_async(get_session(command),
					 ferry_imap_command_get_cancellable(command), listed_cb,
					 g_object_ref(command));
}

static State *
state_new(void (*run)(FerryImapCommand *command))
{
	State *state = g_new0(State, 1);

	state->run = run;
	return state;
}

void
acl_my_rights(FerryImapCommand *command, gpointer user_data)
{
	begin(command, state_new(run_my_rights));
}

void
acl_get(FerryImapCommand *command, gpointer user_data)
{
	begin(command, state_new(run_get));
}

/* Commands with an identifier, which is refused before anything else where it can be none. */
static void
begin_with_identifier(FerryImapCommand *command, void (*run)(FerryImapCommand *command),
		      const AclChange *change)
{
	g_autoptr(GError) error = NULL;
	char *identifier =
		acl_identifier_prepare(ferry_imap_command_get_string(command, 1), &error);
	State *state;

	if (identifier == NULL) {
		ferry_imap_command_fail(command, error);
		return;
	}
	state = state_new(run);
	state->wish = g_new0(AclWish, 1);
	state->wish->identifier = identifier;
	state->wish->remove = change == NULL;
	if (change != NULL)
		state->wish->change = *change;
	begin(command, state);
}

void
acl_set(FerryImapCommand *command, gpointer user_data)
{
	FerryAccountSession *session = get_session(command);
	AclForm form = acl_find_form(session, ferry_account_session_get_account_id(session));
	g_autoptr(GError) error = NULL;
	AclChange change;

	if (acl_change_parse(ferry_imap_command_get_string(command, 2), form, &change, &error))
		begin_with_identifier(command, run_set, &change);
	else
		ferry_imap_command_fail(command, error);
}

void
acl_delete(FerryImapCommand *command, gpointer user_data)
{
	begin_with_identifier(command, run_set, NULL);
}

void
acl_list_rights(FerryImapCommand *command, gpointer user_data)
{
	begin_with_identifier(command, run_list_rights, NULL);
}
