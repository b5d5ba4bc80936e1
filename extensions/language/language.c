/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LANGUAGE
 *
 * Specification: RFC 5255 §3
 * Implementation: the language is kept with the session, and so forgotten when its user signs out.
 *   A text translator says texts in it; NAMESPACE follows a change where somebody is signed in.
 * Not mapped: a language that the administrator prefers: `default` is i-default.
 */
#include "language.h"

#include <string.h>

#define SESSION_DATA "language"

/* the first is the default */
static const char *const tags[] = {"i-default", "en", "de", NULL};

static const char *
get_language(FerryImapSession *session)
{
	const char *tag = ferry_imap_session_get_data(session, SESSION_DATA);

	return tag != NULL ? tag : tags[0];
}

char *
language_translate_for(FerryImapSession *session, const char *text, gpointer user_data)
{
	if (strcmp(get_language(session), "de") != 0)
		return NULL;
	return language_translate(language_de, language_de_size, text);
}

static void
write_languages(FerryImapWriter *writer, const char *const *list)
{
	ferry_imap_writer_begin_untagged(writer, "LANGUAGE");
	ferry_imap_writer_begin_list(writer);
	for (guint i = 0; list[i] != NULL; i++)
		ferry_imap_writer_write_astring(writer, list[i]);
	ferry_imap_writer_end_list(writer);
	ferry_imap_writer_end_line(writer);
}

static void
finish_change(FerryImapCommand *command)
{
	ferry_imap_command_set_text(command, "This language is spoken now");
	ferry_imap_command_finish(command);
}

static void
list_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryMailboxList) list =
		ferry_account_session_list_finish(FERRY_ACCOUNT_SESSION(source), result, &error);

	/* the language changed, whether or not the mailboxes can be listed now */
	if (list != NULL)
		ferry_imap_session_write_namespace(ferry_imap_command_get_session(command), list);
	else
		g_debug("no NAMESPACE behind LANGUAGE: %s", error->message);
	finish_change(command);
}

static void
change(FerryImapCommand *command, const char *tag)
{
	const char *const chosen[] = {tag, NULL};
	FerryImapSession *session = ferry_imap_command_get_session(command);
	FerryAccountSession *account = ferry_imap_session_get_account_session(session);
	gboolean changes = strcmp(get_language(session), tag) != 0;

	write_languages(ferry_imap_command_get_writer(command), chosen);
	ferry_imap_session_set_data(session, SESSION_DATA, (gpointer)tag, NULL);
	if (changes && account != NULL)
		ferry_account_session_list_async(
			account, ferry_imap_command_get_cancellable(command), list_cb, command);
	else
		finish_change(command);
}

/* (transfer container) (nullable): the ranges; NULL where one of them is none */
static const char **
get_ranges(FerryImapValue *list)
{
	guint n = ferry_imap_value_get_n_children(list);
	g_autofree const char **ranges = g_new0(const char *, n + 1);

	for (guint i = 0; i < n; i++) {
		ranges[i] = ferry_imap_value_get_text(ferry_imap_value_get_child(list, i));
		if (!language_is_range(ranges[i]))
			return NULL;
	}
	return g_steal_pointer(&ranges);
}

void
language_run(FerryImapCommand *command, gpointer user_data)
{
	FerryImapValue *list = ferry_imap_command_get_argument(command, 0);
	g_autofree const char **ranges = NULL;
	const char *tag;

	if (list == NULL || ferry_imap_value_get_n_children(list) == 0) {
		write_languages(ferry_imap_command_get_writer(command), tags);
		ferry_imap_command_finish(command);
		return;
	}
	ranges = get_ranges(list);
	if (ranges == NULL) {
		ferry_imap_command_fail_new(command, FERRY_ERROR_INVALID,
					    "Not the name of a language");
		return;
	}
	tag = language_find(ranges, tags);
	if (tag == NULL)
		ferry_imap_command_fail_new(command, FERRY_ERROR_CANNOT,
					    "This language is not spoken here");
	else
		change(command, tag);
}
