/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CATENATE
 *
 * Specification: RFC 4469; RFC 5550 §5.7.1 (URL-PARTIAL); RFC 6855 §4 (UTF8 parts)
 * Implementation: the parts one after the other: texts as they were spooled, messages and their
 *   parts as the message reader gives them, octet by octet. One message is kept at a time, with the
 *   mailbox it is in, since several parts mostly come of one
 * Not mapped: other servers (RFC 4469 §3), URLAUTH
 */
#include "catenate.h"

#include "url.h"

typedef struct {
	FerryImapCommand *command;
	FerryImapAssembly *assembly;
	GPtrArray *parts; /* FerryImapValue, borrowed of the command */
	guint index;
	const char *text; /* of the URL that is being read */
	CatenateUrl *url;
	FerryMailbox *mailbox;
	char *mailbox_name; /* NULL: the selected one */
	FerryMessageReader *reader;
	FerryMessageData *message; /* of @mailbox */
} Catenate;

static void next_part(Catenate *self);

static void
catenate_free(Catenate *self)
{
	g_clear_pointer(&self->message, ferry_message_data_unref);
	g_clear_pointer(&self->url, catenate_url_free);
	g_clear_object(&self->reader);
	g_clear_object(&self->mailbox);
	g_object_unref(self->assembly);
	g_object_unref(self->command);
	g_ptr_array_unref(self->parts);
	g_free(self->mailbox_name);
	g_free(self);
}

static void
end(Catenate *self, const GError *error)
{
	g_autoptr(FerryImapAssembly) assembly = g_object_ref(self->assembly);

	catenate_free(self);
	ferry_imap_assembly_done(assembly, error);
}

/* RFC 4469 §4.1: the first URL that could not be had. */
static void
fail_url(Catenate *self, const char *why)
{
	g_autofree char *escaped = catenate_url_escape(self->text);
	g_autofree char *code = g_strdup_printf("BADURL %s", escaped);
	g_autoptr(GError) error = g_error_new_literal(FERRY_ERROR, FERRY_ERROR_CANNOT, why);

	ferry_imap_command_set_response_code(self->command, code);
	end(self, error);
}

static void
fail_read(Catenate *self, const GError *error)
{
	if (catenate_url_is_to_blame(error))
		fail_url(self, error->message);
	else
		end(self, error);
}

static void
added_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Catenate *self = user_data;
	g_autoptr(GError) error = NULL;

	if (!ferry_imap_assembly_add_finish(FERRY_IMAP_ASSEMBLY(source), result, &error)) {
		end(self, error);
		return;
	}
	self->index++;
	next_part(self);
}

/* texts */

static void
add_text(Catenate *self, FerryImapValue *data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) octets = NULL;

	if (ferry_imap_value_get_size(data) == 0) {
		octets = g_bytes_new_static("", 0);
	} else {
		octets = ferry_imap_value_dup_bytes(data, &error);
		if (octets == NULL) {
			end(self, error);
			return;
		}
	}
	ferry_imap_assembly_add_async(self->assembly, octets, added_cb, self);
}

/* URLs */

static GBytes *
cut_partial(GBytes *octets, const CatenateUrl *url)
{
	gsize size = g_bytes_get_size(octets);
	gsize start = (gsize)MIN(url->offset, (guint64)size);

	return g_bytes_new_from_bytes(octets, start,
				      (gsize)MIN(url->length, (guint64)(size - start)));
}

static void
add_message(Catenate *self)
{
	GBytes *raw = ferry_message_data_get_raw(self->message);
	g_autoptr(GBytes) octets = NULL;

	if (self->url->section != NULL)
		octets = ferry_imap_section_read(ferry_imap_value_get_section(self->url->section),
						 raw,
						 ferry_message_data_get_structure(self->message));
	else
		octets = g_bytes_ref(raw);
	if (octets != NULL && self->url->has_partial) {
		g_autoptr(GBytes) whole = g_steal_pointer(&octets);

		octets = cut_partial(whole, self->url);
	}
	if (octets == NULL)
		fail_url(self, "There is no such part");
	else
		ferry_imap_assembly_add_async(self->assembly, octets, added_cb, self);
}

static void
read_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Catenate *self = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) messages =
		ferry_message_reader_next_finish(FERRY_MESSAGE_READER(source), result, &error);

	g_clear_object(&self->reader);
	if (messages == NULL && error != NULL) {
		fail_read(self, error);
		return;
	}
	if (messages == NULL || messages->len == 0) {
		fail_url(self, "The message is gone");
		return;
	}
	self->message = ferry_message_data_ref(g_ptr_array_index(messages, 0));
	if (ferry_message_data_get_error(self->message) != NULL)
		fail_read(self, ferry_message_data_get_error(self->message));
	else
		add_message(self);
}

static gboolean
has_message(Catenate *self)
{
	return self->message != NULL && ferry_message_data_get_uid(self->message) == self->url->uid;
}

static void
read_message(Catenate *self)
{
	FerryImapSession *session = ferry_imap_command_get_session(self->command);
	FerryView *view = ferry_mailbox_get_view(self->mailbox);

	if (ferry_mailbox_is_gone(self->mailbox)) {
		fail_url(self, "There is no such mailbox");
	} else if (self->url->uidvalidity != 0 &&
		   self->url->uidvalidity != ferry_view_get_uidvalidity(view)) {
		fail_url(self, "The mailbox has another UIDVALIDITY");
	} else if (!ferry_view_find_uid(view, self->url->uid, NULL)) {
		fail_url(self, "There is no such message");
	} else if (has_message(self)) {
		add_message(self);
	} else {
		g_clear_pointer(&self->message, ferry_message_data_unref);
		self->reader = ferry_mailbox_read(
			self->mailbox, ferry_imap_session_get_account_session(session),
			&self->url->uid, 1, FERRY_NEED_RAW | FERRY_NEED_STRUCTURE);
		ferry_message_reader_next_async(self->reader,
						ferry_imap_command_get_cancellable(self->command),
						read_cb, self);
	}
}

static void
take_mailbox(Catenate *self, FerryMailbox *mailbox)
{
	g_clear_pointer(&self->message, ferry_message_data_unref);
	g_set_object(&self->mailbox, mailbox);
	g_free(self->mailbox_name);
	self->mailbox_name = g_strdup(self->url->mailbox);
}

static void
opened_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Catenate *self = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryMailbox) mailbox =
		ferry_account_session_open_finish(FERRY_ACCOUNT_SESSION(source), result, &error);

	if (mailbox == NULL) {
		fail_read(self, error);
		return;
	}
	take_mailbox(self, mailbox);
	read_message(self);
}

static void
find_mailbox(Catenate *self)
{
	FerryImapSession *session = ferry_imap_command_get_session(self->command);
	FerryAccountSession *account = ferry_imap_session_get_account_session(session);
	FerryMailbox *selected = ferry_imap_session_get_mailbox(session);
	const char *name = self->url->mailbox;

	if (account == NULL) {
		fail_url(self, "Connection closed");
	} else if (self->mailbox != NULL && g_strcmp0(self->mailbox_name, name) == 0) {
		read_message(self);
	} else if (name == NULL ||
		   g_strcmp0(name, ferry_imap_session_get_mailbox_name(session)) == 0) {
		if (selected == NULL) {
			fail_url(self, "No mailbox is selected");
			return;
		}
		take_mailbox(self, selected);
		read_message(self);
	} else {
		ferry_account_session_open_async(account, name, NULL, NULL, NULL,
						 ferry_imap_command_get_cancellable(self->command),
						 opened_cb, self);
	}
}

static gboolean
is_here(Catenate *self)
{
	FerryImapSession *session = ferry_imap_command_get_session(self->command);
	FerryConnection *connection = ferry_imap_session_get_connection(session);
	FerryAccountSession *account = ferry_imap_session_get_account_session(session);
	g_autoptr(FerryAddress) local = ferry_connection_dup_local(connection);
	g_autofree char *address = local != NULL ? ferry_address_to_string(local) : NULL;
	g_auto(GStrv) names = ferry_settings_get_list(ferry_imap_session_get_settings(session),
						      "extension catenate", "host-names");
	CatenateServer server = {.host = g_get_host_name(),
				 .address = address,
				 .names = (const char *const *)names};

	if (account == NULL || address == NULL)
		return FALSE;
	server.user = ferry_account_session_get_username(account);
	server.port = ferry_address_get_port(local);
	server.loopback = ferry_connection_is_loopback(connection);
	return catenate_url_is_at(self->url, &server);
}

static void
add_url(Catenate *self, const char *text)
{
	g_autoptr(GError) error = NULL;

	self->text = text;
	g_clear_pointer(&self->url, catenate_url_free);
	self->url = catenate_url_parse(text, &error);
	if (self->url == NULL)
		fail_url(self, error->message);
	else if (self->url->absolute && !is_here(self))
		fail_url(self, "It is on another server, or another user's");
	else
		find_mailbox(self);
}

static void
next_part(Catenate *self)
{
	FerryImapValue *part;

	if (self->index >= self->parts->len) {
		end(self, NULL);
		return;
	}
	part = g_ptr_array_index(self->parts, self->index);
	if (ferry_imap_value_get_kind(part) == FERRY_IMAP_VALUE_DATA)
		add_text(self, part);
	else
		add_url(self, ferry_imap_value_get_text(part));
}

/* Of each round at most one text, one UTF8 text, one URL, in this order. */
static void
collect(Catenate *self, FerryImapValue *rounds)
{
	for (guint i = 0; i < ferry_imap_value_get_n_children(rounds); i++) {
		FerryImapValue *round = ferry_imap_value_get_child(rounds, i);

		for (guint k = 0; k < ferry_imap_value_get_n_children(round); k++) {
			FerryImapValue *part = ferry_imap_value_get_child(round, k);

			if (part != NULL &&
			    ferry_imap_value_get_kind(part) == FERRY_IMAP_VALUE_LIST)
				part = ferry_imap_value_get_child(part, 0);
			if (part != NULL)
				g_ptr_array_add(self->parts, part);
		}
	}
}

void
catenate_run(FerryImapCommand *command, FerryImapValue *element, FerryImapAssembly *assembly,
	     gpointer user_data)
{
	Catenate *self = g_new0(Catenate, 1);

	self->command = g_object_ref(command);
	self->assembly = g_object_ref(assembly);
	self->parts = g_ptr_array_new();
	collect(self, ferry_imap_value_get_child(ferry_imap_value_get_child(element, 0), 0));
	next_part(self);
}
