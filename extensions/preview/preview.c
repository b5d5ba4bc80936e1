/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PREVIEW: the first words of a message
 *
 * Specification: RFC 8970 (IMAP PREVIEW), RFC 8621 §4.1.4 (JMAP Email.preview)
 * Implementation: the fetch item PREVIEW, with the modifier LAZY. Previews of many messages come in
 *   one request. LAZY never makes one: it answers what this session has fetched before, else NIL.
 */
#include "preview.h"

#define SESSION_DATA "PREVIEW"

/* octets of UTF-8; RFC 8970 §3.1 allows 256 characters, and JMAP no more */
#define MAX_PREVIEW 1024
/* previews a session remembers for LAZY; about 1 MiB */
#define MAX_REMEMBERED 4096

static gboolean
is_lazy(FerryImapValue *arguments)
{
	FerryImapValue *modifiers;

	if (arguments == NULL || ferry_imap_value_get_n_children(arguments) == 0)
		return FALSE;
	modifiers = ferry_imap_value_get_child(arguments, 0);
	return modifiers != NULL && ferry_imap_value_get_n_children(modifiers) > 0;
}

static gboolean
check_modifiers(FerryImapValue *modifiers, GError **error)
{
	for (guint i = 0; i < ferry_imap_value_get_n_children(modifiers); i++) {
		FerryImapValue *modifier = ferry_imap_value_get_child(modifiers, i);

		if (!ferry_imap_value_is(modifier, "LAZY")) {
			g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
					    "the only modifier of PREVIEW is LAZY");
			return FALSE;
		}
	}
	return TRUE;
}

gboolean
preview_prepare(FerryImapFetch *fetch, FerryImapValue *arguments, gpointer user_data,
		GError **error)
{
	if (!is_lazy(arguments)) {
		ferry_imap_fetch_add_property(fetch, "preview");
		return TRUE;
	}
	return check_modifiers(ferry_imap_value_get_child(arguments, 0), error);
}

static GHashTable *
get_remembered(FerryImapSession *session)
{
	GHashTable *remembered = ferry_imap_session_get_data(session, SESSION_DATA);

	if (remembered == NULL) {
		remembered = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
		ferry_imap_session_set_data(session, SESSION_DATA, remembered,
					    (GDestroyNotify)g_hash_table_unref);
	}
	return remembered;
}

/* Email ids never change what they mean, so a preview stays good for the whole session. */
static void
remember(FerryImapSession *session, const char *email_id, const char *preview)
{
	GHashTable *remembered = get_remembered(session);

	if (g_hash_table_size(remembered) >= MAX_REMEMBERED)
		g_hash_table_remove_all(remembered);
	g_hash_table_insert(remembered, g_strdup(email_id), g_strdup(preview));
}

/* No more than the limit, and no half a character. */
static char *
shorten(const char *text)
{
	const char *end = text + MIN(strlen(text), MAX_PREVIEW);

	if (*end != '\0')
		end = g_utf8_find_prev_char(text, end + 1);
	return g_strndup(text, end != NULL ? (gsize)(end - text) : 0);
}

void
preview_write(FerryImapFetch *fetch, FerryImapMessage *message, FerryImapValue *arguments,
	      FerryImapWriter *writer, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_fetch_get_session(fetch);
	const char *email_id = ferry_imap_message_get_email_id(message);
	g_autoptr(FerryJmapValue) value = ferry_imap_message_get_property(message, "preview");
	const char *text = value != NULL ? ferry_jmap_value_get_string(value, NULL) : NULL;
	g_autofree char *preview = text != NULL ? shorten(text) : NULL;

	if (preview != NULL)
		remember(session, email_id, preview);
	else
		preview = g_strdup(g_hash_table_lookup(get_remembered(session), email_id));
	ferry_imap_writer_write_atom(writer, "PREVIEW");
	ferry_imap_writer_write_nstring(writer, preview);
}

void
preview_forget(FerryImapSession *session, gpointer user_data)
{
	ferry_imap_session_set_data(session, SESSION_DATA, NULL, NULL);
}
