/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SEARCH, UID SEARCH and their return options
 *
 * Specification: RFC 9051 §6.4.4 and §7.3.4, RFC 3501 §6.4.4, RFC 4731 (ESEARCH), RFC 5182 (SAVE)
 * Implementation: without RETURN a rev1 session gets `* SEARCH`, a rev2 session ESEARCH with ALL.
 */
#include "imap/search-private.h"

typedef struct {
	FerryImapSearch *search;
	FerryImapValue *returns; /* nullable */
	gboolean classic;
} SearchCommand;

static void
search_command_free(SearchCommand *self)
{
	g_object_unref(self->search);
	g_free(self);
}

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

static void
write_all(FerryImapSearch *search, FerryImapValue *arguments, FerryImapWriter *writer,
	  gpointer user_data)
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

/* RFC 5182 §2.1: with MIN or MAX and nothing that names all, only those are saved. */
static void
save_result(const SearchCommand *self)
{
	FerryImapSession *session = ferry_imap_search_get_session(self->search);
	g_autoptr(FerryUidSet) saved = NULL;
	gsize n_uids;
	const guint32 *uids = ferry_imap_search_get_uids(self->search, &n_uids);
	gboolean min = ferry_imap_search_returns(self->search, "MIN");
	gboolean max = ferry_imap_search_returns(self->search, "MAX");

	if ((!min && !max) || ferry_imap_search_returns(self->search, "ALL") ||
	    ferry_imap_search_returns(self->search, "COUNT")) {
		saved = ferry_uid_set_new_from_array(uids, n_uids);
	} else {
		saved = ferry_uid_set_new();
		if (min && n_uids > 0)
			ferry_uid_set_add(saved, uids[0]);
		if (max && n_uids > 0)
			ferry_uid_set_add(saved, uids[n_uids - 1]);
	}
	ferry_imap_session_set_saved_result(session, saved);
}

static void
write_contributions(const SearchCommand *self, FerryImapWriter *writer)
{
	FerryRegistry *registry =
		ferry_imap_session_get_registry(ferry_imap_search_get_session(self->search));
	GPtrArray *list = ferry_registry_list(registry, FERRY_CONTRIBUTION_SEARCH_RESULT);

	for (guint i = 0; i < list->len; i++) {
		const FerryContribution *entry = g_ptr_array_index(list, i);

		((FerrySearchResultFunc)entry->func)(self->search, NULL, writer, entry->user_data);
	}
}

static void
write_classic(const SearchCommand *self, FerryImapWriter *writer)
{
	gsize n_results;
	const guint32 *results = ferry_imap_search_get_results(self->search, &n_results);

	ferry_imap_writer_begin_untagged(writer, "SEARCH");
	for (gsize i = 0; i < n_results; i++)
		ferry_imap_writer_write_number(writer, results[i]);
	write_contributions(self, writer);
	ferry_imap_writer_end_line(writer);
}

/* Naming an option twice is one answer. */
static gboolean
is_repeated(const SearchCommand *self, guint index)
{
	FerryImapValue *item = ferry_imap_value_get_child(self->returns, index);

	for (guint i = 0; i < index; i++) {
		if (ferry_imap_value_get_contribution(ferry_imap_value_get_child(
			    self->returns, i)) == ferry_imap_value_get_contribution(item))
			return TRUE;
	}
	return FALSE;
}

static void
write_returns(const SearchCommand *self, FerryImapWriter *writer)
{
	if (self->returns == NULL || ferry_imap_value_get_n_children(self->returns) == 0) {
		write_all(self->search, NULL, writer, NULL);
		return;
	}
	for (guint i = 0; i < ferry_imap_value_get_n_children(self->returns); i++) {
		FerryImapValue *item = ferry_imap_value_get_child(self->returns, i);
		const FerryContribution *contribution = ferry_imap_value_get_contribution(item);

		if (contribution->func != NULL && !is_repeated(self, i))
			((FerrySearchResultFunc)contribution->func)(self->search, item, writer,
								    contribution->user_data);
	}
}

static void
write_extended(const SearchCommand *self, FerryImapWriter *writer)
{
	FerryImapCommand *command = ferry_imap_search_get_command(self->search);

	/* SAVE alone has nothing to tell (RFC 5182 §2.1) */
	if (ferry_imap_search_returns(self->search, "SAVE") &&
	    ferry_imap_value_get_n_children(self->returns) == 1)
		return;
	ferry_imap_writer_write_text(writer, "* ESEARCH (TAG ");
	ferry_imap_writer_write_string(writer, ferry_imap_command_get_tag(command),
				       strlen(ferry_imap_command_get_tag(command)));
	ferry_imap_writer_write_text(writer, ferry_imap_command_is_uid(command) ? ") UID" : ")");
	write_returns(self, writer);
	write_contributions(self, writer);
	ferry_imap_writer_end_line(writer);
}

static void
search_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapSearch *search = FERRY_IMAP_SEARCH(source);
	g_autoptr(FerryImapCommand) command = user_data;
	FerryImapSession *session = ferry_imap_command_get_session(command);
	SearchCommand *self = ferry_imap_command_get_data(command);
	g_autoptr(GError) error = NULL;

	if (!ferry_imap_search_run_finish(search, result, &error)) {
		/* NO empties the variable, BAD leaves it (RFC 5182 §2.1) */
		if (ferry_imap_search_returns(self->search, "SAVE") &&
		    !g_error_matches(error, FERRY_ERROR, FERRY_ERROR_INVALID))
			ferry_imap_session_set_saved_result(session, NULL);
		ferry_imap_command_fail(command, error);
		return;
	}
	if (ferry_imap_search_returns(self->search, "SAVE"))
		save_result(self);
	if (self->classic)
		write_classic(self, ferry_imap_command_get_writer(command));
	else
		write_extended(self, ferry_imap_command_get_writer(command));
	if (ferry_imap_search_has_lost(search) && !ferry_imap_command_is_uid(command))
		ferry_imap_command_set_response_code(command, "EXPUNGEISSUED");
	ferry_imap_command_finish(command);
}

static gboolean
prepare_returns(SearchCommand *self, GError **error)
{
	for (guint i = 0;
	     self->returns != NULL && i < ferry_imap_value_get_n_children(self->returns); i++) {
		FerryImapValue *item = ferry_imap_value_get_child(self->returns, i);
		const FerryContribution *contribution = ferry_imap_value_get_contribution(item);
		FerrySearchPrepareFunc prepare = (FerrySearchPrepareFunc)contribution->prepare;

		if (prepare != NULL && !prepare(self->search, item, contribution->user_data, error))
			return FALSE;
	}
	return TRUE;
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
	SearchCommand *self = g_new0(SearchCommand, 1);
	g_autoptr(GError) error = NULL;

	self->search = ferry_imap_search_new(command);
	self->returns = ferry_imap_command_get_argument(command, 0);
	self->classic =
		self->returns == NULL && !ferry_imap_session_is_enabled(session, "IMAP4REV2");
	ferry_imap_search_set_returns(self->search, !self->classic, self->returns);
	ferry_imap_command_set_data(command, self, (GDestroyNotify)search_command_free);
	ferry_imap_command_set_operation(command, G_OBJECT(self->search));
	if (!check_charset(command, &error) || !prepare_returns(self, &error)) {
		ferry_imap_command_fail(command, error);
		return;
	}
	ferry_imap_search_run_async(self->search, ferry_imap_command_get_argument(command, 1),
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
		{"MIN", write_min},     {"MAX", write_max}, {"ALL", write_all},
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
