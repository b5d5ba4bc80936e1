/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PREVIEW: the first words of a message
 *
 * Specification: RFC 8970 (IMAP PREVIEW), RFC 8621 §4.1.4 (JMAP Email.preview)
 * Implementation: the fetch item PREVIEW, with the modifier LAZY. Previews of many messages come in
 *   one request. LAZY never makes one: it answers what this session has fetched before, else NIL.
 */
#include "preview.h"

#define SESSION_DATA "PREVIEW"

/* characters (RFC 8970 §3.1, RFC 8621 §4.1.4); a backend may not keep to it */
#define MAX_PREVIEW 256

/* At least one (RFC 8970 §3.2), and all of them known atoms. */
static gboolean
check_modifiers(FerryImapValue *modifiers, GError **error)
{
	guint n_known = 0;

	for (guint i = 0; i < ferry_imap_value_get_n_children(modifiers); i++) {
		FerryImapValue *modifier = ferry_imap_value_get_child(modifiers, i);

		n_known += ferry_imap_value_get_kind(modifier) == FERRY_IMAP_VALUE_ATOM &&
			   ferry_imap_value_is(modifier, "LAZY");
	}
	if (n_known > 0 && n_known == ferry_imap_value_get_n_children(modifiers))
		return TRUE;
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
			    "the only modifier of PREVIEW is LAZY");
	return FALSE;
}

gboolean
preview_prepare(FerryImapFetch *fetch, FerryImapValue *arguments, gpointer user_data,
		GError **error)
{
	FerryImapValue *modifiers =
		arguments != NULL ? ferry_imap_value_get_child(arguments, 0) : NULL;

	if (modifiers != NULL)
		return check_modifiers(modifiers, error);
	ferry_imap_fetch_add_property(fetch, "preview");
	return TRUE;
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
void
preview_remember(FerryImapSession *session, const char *email_id, const char *preview)
{
	GHashTable *remembered = get_remembered(session);

	if (g_hash_table_size(remembered) >= PREVIEW_MAX_REMEMBERED)
		g_hash_table_remove_all(remembered);
	g_hash_table_insert(remembered, g_strdup(email_id), g_strdup(preview));
}

/* NULL where nothing is remembered. */
const char *
preview_recall(FerryImapSession *session, const char *email_id)
{
	GHashTable *remembered = ferry_imap_session_get_data(session, SESSION_DATA);

	return remembered != NULL ? g_hash_table_lookup(remembered, email_id) : NULL;
}

/* No more than the limit. @text is UTF-8, as all that comes as JSON. */
char *
preview_shorten(const char *text)
{
	const char *end = text;

	for (guint i = 0; i < MAX_PREVIEW && *end != '\0'; i++)
		end = g_utf8_next_char(end);
	return g_strndup(text, (gsize)(end - text));
}

void
preview_write(FerryImapFetch *fetch, FerryImapMessage *message, FerryImapValue *arguments,
	      FerryImapWriter *writer, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_fetch_get_session(fetch);
	const char *email_id = ferry_imap_message_get_email_id(message);
	g_autoptr(FerryJmapValue) value = ferry_imap_message_get_property(message, "preview");
	const char *text = value != NULL ? ferry_jmap_value_get_string(value, NULL) : NULL;
	g_autofree char *preview = text != NULL ? preview_shorten(text) : NULL;

	if (preview != NULL)
		preview_remember(session, email_id, preview);
	ferry_imap_writer_write_atom(writer, "PREVIEW");
	ferry_imap_writer_write_nstring(
		writer, preview != NULL ? preview : preview_recall(session, email_id));
}

void
preview_forget(FerryImapSession *session, gpointer user_data)
{
	ferry_imap_session_set_data(session, SESSION_DATA, NULL, NULL);
}
