/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What answers say in words
 *
 * Specification: RFC 9051 §7.1; RFC 5255 §3 (languages), §3.4 (namespaces in them)
 * Implementation: texts are English here; text translators may say them otherwise, which is then in
 *   UTF-8 whatever was enabled.
 * Not here: the choice of a language, which is a module's; texts of continuation requests.
 */
#include "imap/errors.h"
#include "imap/names.h"
#include "imap/session-private.h"

/* (transfer full) (nullable): NULL where it is said in English */
char *
ferry_imap_session_dup_translation(FerryImapSession *self, const char *text)
{
	GPtrArray *translators =
		ferry_registry_list(self->registry, FERRY_CONTRIBUTION_TEXT_TRANSLATOR);

	for (guint i = 0; i < translators->len; i++) {
		const FerryContribution *translator = translators->pdata[i];
		g_autofree char *translation = ((FerryTextTranslatorFunc)translator->func)(
			self, text, translator->user_data);

		if (translation != NULL)
			return ferry_imap_clean_text(translation, TRUE);
	}
	return NULL;
}

void
ferry_imap_session_write_text(FerryImapSession *self, const char *text)
{
	g_autofree char *translation = ferry_imap_session_dup_translation(self, text);

	ferry_imap_writer_write_text(self->writer, translation != NULL ? translation : text);
}

void
ferry_imap_session_write_answer(FerryImapSession *self, const char *tag, const char *status,
				const char *code, const char *text)
{
	ferry_imap_writer_write_text(self->writer, tag != NULL ? tag : "*");
	ferry_imap_writer_write_raw(self->writer, " ", 1);
	ferry_imap_writer_write_text(self->writer, status);
	if (code != NULL) {
		ferry_imap_writer_write_raw(self->writer, " [", 2);
		ferry_imap_writer_write_text(self->writer, code);
		ferry_imap_writer_write_raw(self->writer, "]", 1);
	}
	ferry_imap_writer_write_raw(self->writer, " ", 1);
	ferry_imap_session_write_text(self, text);
	ferry_imap_writer_end_line(self->writer);
}

/**
 * ferry_imap_session_write_response:
 * @status: `OK`, `NO`, `BAD` or `BYE`
 * @code: (nullable): a response code, without brackets
 * @text: what people read, in English and printable ASCII
 *
 * Writes an untagged status response (RFC 9051 §7.1), whose text is in the client's language where
 * a text translator knows it.
 */
void
ferry_imap_session_write_response(FerryImapSession *self, const char *status, const char *code,
				  const char *text)
{
	ferry_imap_session_write_answer(self, NULL, status, code, text);
}

/* RFC 5255 §3.4: always in modified UTF-7 */
static void
write_translation(FerryImapSession *self, const char *prefix)
{
	g_autofree char *translation = ferry_imap_session_dup_translation(self, prefix);
	g_autofree char *encoded = NULL;
	g_autofree char *name = NULL;

	if (translation == NULL)
		return;
	encoded = ferry_imap_utf7_encode(translation);
	name = g_strconcat(encoded, "/", NULL);
	ferry_imap_writer_write_text(self->writer, " \"TRANSLATION\" ");
	ferry_imap_writer_begin_list(self->writer);
	ferry_imap_writer_write_string(self->writer, name, strlen(name));
	ferry_imap_writer_end_list(self->writer);
}

/**
 * ferry_imap_session_write_namespace:
 * @list: the mailboxes of the session's account
 *
 * Writes the NAMESPACE response (RFC 9051 §7.3.3), with the translation of a prefix where a text
 * translator knows one (RFC 5255 §3.4).
 */
void
ferry_imap_session_write_namespace(FerryImapSession *self, FerryMailboxList *list)
{
	const char *prefix = ferry_mailbox_list_get_shared_prefix(list);

	ferry_imap_writer_write_text(self->writer, "* NAMESPACE ((\"\" \"/\")) ");
	if (prefix != NULL) {
		gsize length = strlen(prefix) - (g_str_has_suffix(prefix, "/") ? 1 : 0);
		g_autofree char *bare = g_strndup(prefix, length);
		g_autofree char *name = g_strconcat(bare, "/", NULL);

		ferry_imap_writer_write_text(self->writer, "((");
		ferry_imap_writer_write_mailbox(self->writer, name);
		ferry_imap_writer_write_text(self->writer, " \"/\"");
		write_translation(self, bare);
		ferry_imap_writer_write_text(self->writer, "))");
	} else {
		ferry_imap_writer_write_text(self->writer, "NIL");
	}
	ferry_imap_writer_write_text(self->writer, " NIL\r\n");
}
