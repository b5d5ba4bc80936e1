/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SEARCH, UID SEARCH and their return options
 *
 * Specification: RFC 9051 §6.4.4, RFC 3501 §6.4.4, RFC 4731 (ESEARCH), RFC 5182 (SAVE)
 * Implementation: without RETURN a rev1 session gets `* SEARCH`, a rev2 session ESEARCH with ALL.
 */
#include "imap/search-private.h"

static void
write_min(FerryImapSearch *search, FerryImapValue *arguments, FerryImapWriter *writer,
	  gpointer user_data)
{
	gsize n_results;
	const guint32 *results = ferry_imap_search_get_results(search, &n_results);

	if (n_results > 0)
		ferry_imap_writer_writef(writer, " MIN %u", results[0]);
}

static void
write_max(FerryImapSearch *search, FerryImapValue *arguments, FerryImapWriter *writer,
	  gpointer user_data)
{
	gsize n_results;
	const guint32 *results = ferry_imap_search_get_results(search, &n_results);

	if (n_results > 0)
		ferry_imap_writer_writef(writer, " MAX %u", results[n_results - 1]);
}

void
ferry_imap_search_write_all(FerryImapSearch *search, FerryImapValue *arguments,
			    FerryImapWriter *writer, gpointer user_data)
{
	gsize n_results;
	const guint32 *results = ferry_imap_search_get_results(search, &n_results);
	g_autofree char *set = NULL;

	if (n_results == 0)
		return;
	set = ferry_uid_array_to_string(results, n_results);
	ferry_imap_writer_write_text(writer, " ALL ");
	ferry_imap_writer_write_text(writer, set);
}

static void
write_count(FerryImapSearch *search, FerryImapValue *arguments, FerryImapWriter *writer,
	    gpointer user_data)
{
	gsize n_results;

	ferry_imap_search_get_results(search, &n_results);
	ferry_imap_writer_writef(writer, " COUNT %" G_GSIZE_FORMAT, n_results);
}

static void
search_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapSearch *search = FERRY_IMAP_SEARCH(source);
	g_autoptr(FerryImapCommand) command = user_data;
	g_autoptr(GError) error = NULL;

	if (ferry_imap_search_run_finish(search, result, &error))
		ferry_imap_search_answer(search, "SEARCH");
	else
		ferry_imap_search_fail(search, error);
}

/* RFC 9755 §3: strings are in UTF-8, so that naming a charset contradicts; rev2 allows it again. */
static gboolean
check_charset(FerryImapCommand *command, GError **error)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);

	if (ferry_imap_command_get_argument(command, 1) == NULL ||
	    !ferry_imap_session_is_enabled(session, "UTF8=ACCEPT") ||
	    ferry_imap_session_is_enabled(session, "IMAP4REV2"))
		return TRUE;
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
			    "SEARCH: no CHARSET after ENABLE UTF8=ACCEPT");
	return FALSE;
}

static void
handle_search(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	g_autoptr(FerryImapSearch) search = ferry_imap_search_new(command);
	FerryImapValue *returns = ferry_imap_command_get_argument(command, 0);
	gboolean extended = returns != NULL || ferry_imap_session_is_enabled(session, "IMAP4REV2");
	g_autoptr(GError) error = NULL;

	if (!ferry_imap_search_prepare(search, extended, returns, &error) ||
	    !check_charset(command, &error)) {
		ferry_imap_command_fail(command, error);
		return;
	}
	ferry_imap_search_run_async(search, ferry_imap_command_get_argument(command, 1),
				    ferry_imap_command_get_argument(command, 2),
				    ferry_imap_command_get_cancellable(command), search_cb,
				    g_object_ref(command));
}

gboolean
ferry_imap_register_search_returns(FerryRegistry *registry, GError **error)
{
	static const struct {
		const char *name;
		FerrySearchResultFunc write;
	} options[] = {
		{"MIN", write_min},     {"MAX", write_max}, {"ALL", ferry_imap_search_write_all},
		{"COUNT", write_count}, {"SAVE", NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
		if (!ferry_registry_add_search_return(registry, options[i].name, NULL, NULL,
						      options[i].write, NULL, NULL, error))
			return FALSE;
	}
	return TRUE;
}

/**
 * ferry_imap_register_search: (skip)
 * @registry: an open registry
 *
 * Registers SEARCH, UID SEARCH, the base keys and return options.
 *
 * Returns: %FALSE with @error set on failure
 */
gboolean
ferry_imap_register_search(FerryRegistry *registry, GError **error)
{
	static const char grammar[] =
		"[\"RETURN\" search-returns] [\"CHARSET\" astring] search-program";

	return ferry_imap_register_search_keys(registry, error) &&
	       ferry_imap_register_search_text(registry, error) &&
	       ferry_imap_register_search_returns(registry, error) &&
	       ferry_registry_add_command(registry, "SEARCH", grammar, FERRY_PHASE_SELECTED,
					  FERRY_ORDERING_NUMBERS, handle_search, NULL, NULL,
					  error) &&
	       ferry_registry_add_command(registry, "UID SEARCH", grammar, FERRY_PHASE_SELECTED,
					  FERRY_ORDERING_ANY, handle_search, NULL, NULL, error);
}
