/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SETMETADATA
 *
 * Specification: RFC 5464 §4.3
 * Implementation: all values of a command or none. The server's shared entries are the
 *   configuration's, and what a mailbox is for (/private/specialuse) the backend's.
 */
#include "metadata.h"

#include <string.h>

typedef struct {
	gint64 max_value; /* octets of one */
	guint max_entries;
	GPtrArray *data; /* FerryAccountDatum */
} Set;

static void
set_free(gpointer data)
{
	Set *self = data;

	g_ptr_array_unref(self->data);
	g_free(self);
}

static void
put_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(FerryImapCommand) command = user_data;
	Set *self = ferry_imap_command_get_data(command);
	g_autoptr(GError) error = NULL;

	if (ferry_account_session_put_data_finish(FERRY_ACCOUNT_SESSION(source), result, &error)) {
		ferry_imap_command_finish(command);
		return;
	}
	if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_LIMIT)) {
		ferry_imap_command_set_response_code(command, "METADATA TOOMANY");
		ferry_imap_command_fail_new(command, FERRY_ERROR_LIMIT,
					    "There are %u entries at most", self->max_entries);
		return;
	}
	ferry_imap_command_fail(command, error);
}

static void
put(FerryImapCommand *command, FerryMailboxInfo *info)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	Set *self = ferry_imap_command_get_data(command);

	ferry_account_session_put_data_async(ferry_imap_session_get_account_session(session),
					     METADATA_MODULE, info, self->data, self->max_entries,
					     ferry_imap_command_get_cancellable(command), put_cb,
					     g_object_ref(command));
}

/* Whether others see any of @data (FerryAccountDatum). */
gboolean
metadata_has_shared(GPtrArray *data)
{
	for (guint i = 0; i < data->len; i++)
		if (((const FerryAccountDatum *)data->pdata[i])->shared)
			return TRUE;
	return FALSE;
}

static void
list_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(FerryImapCommand) command = user_data;
	Set *self = ferry_imap_command_get_data(command);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryMailboxList) list =
		ferry_account_session_list_finish(FERRY_ACCOUNT_SESSION(source), result, &error);
	FerryMailboxInfo *info;

	if (list == NULL) {
		ferry_imap_command_fail(command, error);
		return;
	}
	info = metadata_find_mailbox(list, ferry_imap_command_get_string(command, 0),
				     metadata_has_shared(self->data), &error);
	if (info == NULL)
		ferry_imap_command_fail(command, error);
	else
		put(command, info);
}

static gboolean
check_value(FerryImapCommand *command, Set *self, const char *key, GBytes *value,
	    gboolean of_server, GError **error)
{
	g_autofree char *code = NULL;

	if (of_server && metadata_is_shared(key)) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_NO_PERMISSION,
				    "What the server shares is in its configuration");
		return FALSE;
	}
	if (!of_server && strcmp(key, "/private/specialuse") == 0) {
		ferry_imap_command_set_response_code(command, "USEATTR");
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
				    "What a mailbox is for cannot be changed");
		return FALSE;
	}
	if (value == NULL || (gint64)g_bytes_get_size(value) <= self->max_value)
		return TRUE;
	code = g_strdup_printf("METADATA MAXSIZE %" G_GINT64_FORMAT, self->max_value);
	ferry_imap_command_set_response_code(command, code);
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_TOO_BIG,
		    "A value has %" G_GINT64_FORMAT " octets at most", self->max_value);
	return FALSE;
}

static gboolean
add_value(FerryImapCommand *command, Set *self, FerryImapValue *name, FerryImapValue *value,
	  GError **error)
{
	const gboolean of_server = *ferry_imap_command_get_string(command, 0) == '\0';
	g_autofree char *key = metadata_make_key(ferry_imap_value_get_text(name), error);
	g_autoptr(GBytes) bytes = NULL;

	if (key == NULL)
		return FALSE;
	if (ferry_imap_value_get_kind(value) != FERRY_IMAP_VALUE_NIL) {
		bytes = ferry_imap_value_dup_bytes(value, error);
		if (bytes == NULL)
			return FALSE;
	}
	if (!check_value(command, self, key, bytes, of_server, error))
		return FALSE;
	g_ptr_array_add(self->data, ferry_account_datum_new(metadata_is_shared(key), key, bytes));
	return TRUE;
}

static gboolean
read_arguments(FerryImapCommand *command, Set *self, GError **error)
{
	FerryImapValue *pairs = ferry_imap_command_get_argument(command, 1);
	guint n = ferry_imap_value_get_n_children(pairs);

	if (n / 2 > METADATA_MAX_NAMES) {
		ferry_imap_command_set_response_code(command, "METADATA TOOMANY");
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_LIMIT,
			    "A command names %d entries at most", METADATA_MAX_NAMES);
		return FALSE;
	}
	for (guint i = 0; i + 1 < n; i += 2)
		if (!add_value(command, self, ferry_imap_value_get_child(pairs, i),
			       ferry_imap_value_get_child(pairs, i + 1), error))
			return FALSE;
	return TRUE;
}

void
metadata_set(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	FerrySettings *settings = ferry_imap_session_get_settings(session);
	g_autoptr(GError) error = NULL;
	Set *self = g_new0(Set, 1);

	self->max_value = ferry_settings_get_integer(settings, METADATA_SETTINGS, "max-value");
	self->max_entries =
		(guint)ferry_settings_get_integer(settings, METADATA_SETTINGS, "max-entries");
	self->data = g_ptr_array_new_with_free_func((GDestroyNotify)ferry_account_datum_unref);
	ferry_imap_command_set_data(command, self, set_free);
	if (!read_arguments(command, self, &error))
		ferry_imap_command_fail(command, error);
	else if (*ferry_imap_command_get_string(command, 0) == '\0')
		put(command, NULL);
	else
		ferry_account_session_list_async(ferry_imap_session_get_account_session(session),
						 ferry_imap_command_get_cancellable(command),
						 list_cb, g_object_ref(command));
}
