/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LIST … RETURN (METADATA (…))
 *
 * Specification: RFC 9590
 * Implementation: everything is read in one go before the first mailbox is told. Levels that are no
 *   mailboxes, and mailboxes whose entries the user may not see, have no METADATA response.
 */
#include "metadata.h"

#include <string.h>

#define COMMAND_DATA "metadata-list"

typedef struct {
	MetadataQuery *query;
	GPtrArray *data;   /* FerryAccountDatum; those of one mailbox together */
	GHashTable *first; /* "ACCOUNT/MAILBOX" → index of its first, plus one */
} Listed;

static void
listed_free(gpointer data)
{
	Listed *self = data;

	metadata_query_free(self->query);
	g_clear_pointer(&self->data, g_ptr_array_unref);
	g_clear_pointer(&self->first, g_hash_table_unref);
	g_free(self);
}

static char *
make_place(const char *account_id, const char *mailbox_id)
{
	return g_strconcat(account_id, "/", mailbox_id, NULL);
}

static void
read_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(FerryImapCommand) command = user_data;
	Listed *self = ferry_imap_command_get_named_data(command, COMMAND_DATA);
	g_autoptr(GError) error = NULL;

	self->data = ferry_account_session_list_data_finish(FERRY_ACCOUNT_SESSION(source), result,
							    &error);
	if (self->data == NULL) {
		ferry_imap_command_step_done(command, error);
		return;
	}
	for (guint i = 0; i < self->data->len; i++) {
		FerryAccountDatum *datum = self->data->pdata[i];
		g_autofree char *place = NULL;

		if (datum->mailbox_id == NULL)
			continue;
		place = make_place(datum->account_id, datum->mailbox_id);
		if (!g_hash_table_contains(self->first, place))
			g_hash_table_insert(self->first, g_steal_pointer(&place),
					    GUINT_TO_POINTER(i + 1));
	}
	ferry_imap_command_step_done(command, NULL);
}

static void
read_step(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	Listed *self = user_data;
	g_autoptr(GPtrArray) prefixes = g_ptr_array_new();

	for (guint i = 0; i < self->query->keys->len; i++)
		g_ptr_array_add(prefixes, self->query->keys->pdata[i]);
	g_ptr_array_add(prefixes, NULL);
	ferry_account_session_list_all_data_async(
		ferry_imap_session_get_account_session(session), METADATA_MODULE,
		(const char *const *)prefixes->pdata, ferry_imap_command_get_cancellable(command),
		read_cb, g_object_ref(command));
}

/* Before LIST runs: what it is to read. */
gboolean
metadata_check_list(FerryImapCommand *command, gpointer user_data, GError **error)
{
	FerryImapValue *returns = ferry_imap_command_get_argument(command, 3);
	FerryImapValue *option = NULL;
	Listed *self;

	for (guint i = 0; returns != NULL && i < ferry_imap_value_get_n_children(returns); i++) {
		FerryImapValue *child = ferry_imap_value_get_child(returns, i);

		if (!ferry_imap_value_is(child, "METADATA"))
			continue;
		if (option != NULL) {
			g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
					    "METADATA is given twice");
			return FALSE;
		}
		option = child;
	}
	if (option == NULL)
		return TRUE;
	self = g_new0(Listed, 1);
	self->query = metadata_query_new();
	self->first = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	ferry_imap_command_set_named_data(command, COMMAND_DATA, self, listed_free);
	if (!metadata_query_add_entries(self->query, ferry_imap_value_get_child(option, 0),
					error) ||
	    !metadata_query_check(self->query, error))
		return FALSE;
	ferry_imap_command_add_step(command, read_step, self, NULL);
	return TRUE;
}

/* The values of a mailbox, with what is not kept but known. @all: those of one mailbox together;
 * @place: of its first, plus one; 0: it has none */
GPtrArray *
metadata_collect(GPtrArray *all, guint place, FerryMailboxInfo *info)
{
	const char *id = ferry_mailbox_info_get_id(info);
	FerryAccountDatum *use = metadata_new_special_use(info);
	GPtrArray *data = g_ptr_array_new_with_free_func((GDestroyNotify)ferry_account_datum_unref);

	for (; place > 0 && place <= all->len; place++) {
		FerryAccountDatum *datum = all->pdata[place - 1];

		if (g_strcmp0(datum->mailbox_id, id) != 0 ||
		    strcmp(datum->account_id, ferry_mailbox_info_get_account_id(info)) != 0)
			break;
		g_ptr_array_add(data, ferry_account_datum_ref(datum));
	}
	if (use != NULL)
		g_ptr_array_add(data, use);
	return data;
}

static GPtrArray *
collect(Listed *self, FerryMailboxInfo *info)
{
	g_autofree char *place = make_place(ferry_mailbox_info_get_account_id(info),
					    ferry_mailbox_info_get_id(info));

	return metadata_collect(self->data,
				GPOINTER_TO_UINT(g_hash_table_lookup(self->first, place)), info);
}

gboolean
metadata_write_listed(FerryImapCommand *command, const char *mailbox_name,
		      FerryImapValue *arguments, FerryImapWriter *writer, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	FerryAccountSession *account = ferry_imap_session_get_account_session(session);
	Listed *self = ferry_imap_command_get_named_data(command, COMMAND_DATA);
	FerryMailboxList *list = account != NULL ? ferry_account_session_get_list(account) : NULL;
	FerryMailboxInfo *info =
		list != NULL ? metadata_find_mailbox(list, mailbox_name, FALSE, NULL) : NULL;
	g_autoptr(GPtrArray) data = NULL;

	if (self == NULL || self->data == NULL || info == NULL)
		return FALSE;
	data = collect(self, info);
	metadata_write(writer, mailbox_name, self->query, data, 0, data->len);
	return TRUE;
}
