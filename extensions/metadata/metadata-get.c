/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GETMETADATA
 *
 * Specification: RFC 5464 §4.2
 * Implementation: options are taken before the mailbox name, where the grammar has them, and behind
 *   it, where the examples have them. /shared/admin of the server comes from the configuration;
 *   other shared entries of the server there are none.
 */
#include "metadata.h"

#include <string.h>

typedef struct {
	MetadataQuery *query;
	FerryMailboxInfo *info; /* NULL: the server */
} Get;

static void
get_free(gpointer data)
{
	Get *self = data;

	metadata_query_free(self->query);
	g_clear_pointer(&self->info, ferry_mailbox_info_unref);
	g_free(self);
}

static FerryAccountDatum *
new_admin(FerryImapCommand *command)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	const char *uri = ferry_settings_get_string(ferry_imap_session_get_settings(session),
						    METADATA_SETTINGS, "admin");
	g_autoptr(GBytes) value = uri != NULL ? g_bytes_new(uri, strlen(uri)) : NULL;

	return uri != NULL ? ferry_account_datum_new(TRUE, "/shared/admin", value) : NULL;
}

static void
data_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(FerryImapCommand) command = user_data;
	Get *self = ferry_imap_command_get_data(command);
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) data = ferry_account_session_list_data_finish(
		FERRY_ACCOUNT_SESSION(source), result, &error);
	FerryAccountDatum *computed;

	if (data == NULL) {
		ferry_imap_command_fail(command, error);
		return;
	}
	computed = self->info != NULL ? metadata_new_special_use(self->info) : new_admin(command);
	if (computed != NULL)
		g_ptr_array_add(data, computed);
	metadata_write(ferry_imap_command_get_writer(command),
		       self->info != NULL ? ferry_mailbox_info_get_name(self->info) : "",
		       self->query, data, 0, data->len);
	if (self->query->longest > 0) {
		g_autofree char *code = g_strdup_printf("METADATA LONGENTRIES %" G_GUINT64_FORMAT,
							self->query->longest);

		ferry_imap_command_set_response_code(command, code);
	}
	ferry_imap_command_finish(command);
}

static void
read_data(FerryImapCommand *command, Get *self)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);

	/* what has to match whole names begins with them */
	g_ptr_array_add(self->query->keys, NULL);
	ferry_account_session_list_data_async(
		ferry_imap_session_get_account_session(session), METADATA_MODULE, self->info,
		(const char *const *)self->query->keys->pdata,
		ferry_imap_command_get_cancellable(command), data_cb, g_object_ref(command));
	g_ptr_array_set_size(self->query->keys, (gint)self->query->keys->len - 1);
}

static void
list_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(FerryImapCommand) command = user_data;
	Get *self = ferry_imap_command_get_data(command);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryMailboxList) list =
		ferry_account_session_list_finish(FERRY_ACCOUNT_SESSION(source), result, &error);
	FerryMailboxInfo *info;

	if (list == NULL) {
		ferry_imap_command_fail(command, error);
		return;
	}
	info = metadata_find_mailbox(list, ferry_imap_command_get_string(command, 1), FALSE,
				     &error);
	if (info == NULL) {
		ferry_imap_command_fail(command, error);
	} else {
		self->info = ferry_mailbox_info_ref(info);
		read_data(command, self);
	}
}

/* `[(options)] mailbox [(options)] entries` */
static gboolean
read_arguments(FerryImapCommand *command, MetadataQuery *query, GError **error)
{
	FerryImapValue *options = ferry_imap_command_get_argument(command, 0);
	FerryImapValue *rest = ferry_imap_command_get_argument(command, 2);
	guint n = ferry_imap_value_get_n_children(rest);

	if (n > 2 || (n == 2 && options != NULL)) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
				    "Several entries stand in parentheses");
		return FALSE;
	}
	if (n == 2)
		options = ferry_imap_value_get_child(rest, 0);
	return (options == NULL || metadata_query_add_options(query, options, error)) &&
	       metadata_query_add_entries(query, ferry_imap_value_get_child(rest, n - 1), error) &&
	       metadata_query_check(query, error);
}

void
metadata_get(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	g_autoptr(GError) error = NULL;
	Get *self = g_new0(Get, 1);

	self->query = metadata_query_new();
	ferry_imap_command_set_data(command, self, get_free);
	if (!read_arguments(command, self->query, &error))
		ferry_imap_command_fail(command, error);
	else if (*ferry_imap_command_get_string(command, 1) == '\0')
		read_data(command, self);
	else
		ferry_account_session_list_async(ferry_imap_session_get_account_session(session),
						 ferry_imap_command_get_cancellable(command),
						 list_cb, g_object_ref(command));
}
