/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The answer of a SEARCH, or of a command that searches
 *
 * Specification: RFC 9051 §6.4.4 and §7.3.4, RFC 4731 (ESEARCH), RFC 5182 (SAVE), RFC 5267 §3: MIN,
 *   MAX and ALL follow the order of the results
 * Implementation: `* NAME n n n`, or ESEARCH with what the return options say; the options write
 *   themselves, contributors add to both forms
 */
#include "imap/search-private.h"

/**
 * ferry_imap_search_set_window:
 * @self: a search
 * @first: the position of the first result that is told, from 1; from -1 backwards it counts from
 *   the end
 * @last: the position of the last one, counted from the same end
 *
 * For return options that tell a part of the results in their order (RFC 9394 §3.1, RFC 5267 §4.4).
 */
void
ferry_imap_search_set_window(FerryImapSearch *self, gint64 first, gint64 last)
{
	g_return_if_fail((first > 0 && last > 0) || (first < 0 && last < 0));
	*ferry_imap_search_peek_window(self) = (FerryImapWindow){first, last};
}

/**
 * ferry_imap_search_has_window:
 *
 * Returns: whether only a part of the results is told
 */
gboolean
ferry_imap_search_has_window(FerryImapSearch *self)
{
	return ferry_imap_search_peek_window(self)->first != 0;
}

/**
 * ferry_imap_search_get_window:
 * @self: a search that ran
 * @n_results: (out): how many
 *
 * Returns: (array length=n_results): those of ferry_imap_search_get_results() that are in the
 *   window; none without one
 */
const guint32 *
ferry_imap_search_get_window(FerryImapSearch *self, gsize *n_results)
{
	gsize n_all, start = 0;
	const guint32 *results = ferry_imap_search_get_results(self, &n_all);

	*n_results = 0;
	if (ferry_imap_search_has_window(self))
		ferry_imap_window_clip(ferry_imap_search_peek_window(self), n_all, &start,
				       n_results);
	return results + start;
}

static void
add_uid(GArray *uids, guint32 uid)
{
	for (guint i = 0; i < uids->len; i++) {
		if (g_array_index(uids, guint32, i) == uid)
			return;
	}
	g_array_append_val(uids, uid);
}

/**
 * ferry_imap_search_list_named:
 * @self: a search that ran
 *
 * Lists what the return options name: with MIN, MAX or a window, and nothing that is about all
 * matches, only those (RFC 5182 §2.1, RFC 4731 §3.2, RFC 9394 §3.2).
 *
 * Returns: (transfer full) (element-type guint32): UIDs, each once
 */
GArray *
ferry_imap_search_list_named(FerryImapSearch *self)
{
	GArray *named = g_array_new(FALSE, FALSE, sizeof(guint32));
	gboolean min = ferry_imap_search_returns(self, "MIN");
	gboolean max = ferry_imap_search_returns(self, "MAX");
	gsize n_uids, start, n;
	const guint32 *uids = ferry_imap_search_get_uids(self, &n_uids);

	if ((!min && !max && !ferry_imap_search_has_window(self)) ||
	    ferry_imap_search_returns(self, "ALL") || ferry_imap_search_returns(self, "COUNT"))
		return g_array_append_vals(named, uids, (guint)n_uids);
	if (ferry_imap_search_has_window(self)) {
		ferry_imap_window_clip(ferry_imap_search_peek_window(self), n_uids, &start, &n);
		g_array_append_vals(named, uids + start, (guint)n);
	}
	if (min && n_uids > 0)
		add_uid(named, uids[0]);
	if (max && n_uids > 0)
		add_uid(named, uids[n_uids - 1]);
	return named;
}

static void
save_result(FerryImapSearch *self)
{
	g_autoptr(GArray) named = ferry_imap_search_list_named(self);
	g_autoptr(FerryUidSet) saved = ferry_uid_set_new_from_array(
		(const guint32 *)(gconstpointer)named->data, named->len);

	ferry_imap_session_set_saved_result(ferry_imap_search_get_session(self), saved);
}

static void
write_contributions(FerryImapSearch *self, FerryImapWriter *writer)
{
	FerryRegistry *registry =
		ferry_imap_session_get_registry(ferry_imap_search_get_session(self));
	GPtrArray *list = ferry_registry_list(registry, FERRY_CONTRIBUTION_SEARCH_RESULT);

	for (guint i = 0; i < list->len; i++) {
		const FerryContribution *entry = g_ptr_array_index(list, i);

		((FerrySearchResultFunc)entry->func)(self, NULL, writer, entry->user_data);
	}
}

static void
write_classic(FerryImapSearch *self, const char *name, FerryImapWriter *writer)
{
	gsize n_results;
	const guint32 *results = ferry_imap_search_get_results(self, &n_results);

	ferry_imap_writer_begin_untagged(writer, name);
	ferry_imap_writer_write_numbers(writer, results, n_results);
	write_contributions(self, writer);
	ferry_imap_writer_end_line(writer);
}

/* Naming an option twice is one answer. */
static gboolean
is_repeated(FerryImapValue *returns, guint index)
{
	FerryImapValue *item = ferry_imap_value_get_child(returns, index);

	for (guint i = 0; i < index; i++) {
		if (ferry_imap_value_get_contribution(ferry_imap_value_get_child(returns, i)) ==
		    ferry_imap_value_get_contribution(item))
			return TRUE;
	}
	return FALSE;
}

static void
write_returns(FerryImapSearch *self, FerryImapValue *returns, FerryImapWriter *writer)
{
	if (returns == NULL || ferry_imap_value_get_n_children(returns) == 0) {
		ferry_imap_search_write_all(self, NULL, writer, NULL);
		return;
	}
	for (guint i = 0; i < ferry_imap_value_get_n_children(returns); i++) {
		FerryImapValue *item = ferry_imap_value_get_child(returns, i);
		const FerryContribution *contribution = ferry_imap_value_get_contribution(item);

		if (contribution->func != NULL && !is_repeated(returns, i))
			((FerrySearchResultFunc)contribution->func)(self, item, writer,
								    contribution->user_data);
	}
}

/* RFC 7377 §2.1: which mailbox it is, where several are searched. */
static void
write_correlators(FerryImapSearch *self, FerryImapWriter *writer)
{
	const char *tag = ferry_imap_command_get_tag(ferry_imap_search_get_command(self));
	const char *name = ferry_imap_search_get_mailbox_name(self);

	ferry_imap_writer_write_text(writer, "(TAG ");
	ferry_imap_writer_write_string(writer, tag, strlen(tag));
	if (name != NULL) {
		ferry_imap_writer_write_text(writer, " MAILBOX ");
		ferry_imap_writer_write_mailbox(writer, name);
		ferry_imap_writer_writef(writer, " UIDVALIDITY %u",
					 ferry_view_get_uidvalidity(ferry_told_get_view(
						 ferry_imap_search_get_told(self))));
	}
	ferry_imap_writer_write_text(writer, ferry_imap_search_tells_uids(self) ? ") UID" : ")");
}

static void
write_extended(FerryImapSearch *self, FerryImapWriter *writer)
{
	FerryImapValue *returns = ferry_imap_search_get_returns(self);

	/* SAVE alone has nothing to tell (RFC 5182 §2.1) */
	if (ferry_imap_search_returns(self, "SAVE") &&
	    ferry_imap_value_get_n_children(returns) == 1)
		return;
	ferry_imap_writer_write_text(writer, "* ESEARCH ");
	write_correlators(self, writer);
	write_returns(self, returns, writer);
	write_contributions(self, writer);
	ferry_imap_writer_end_line(writer);
}

/**
 * ferry_imap_search_prepare:
 * @self: a search
 * @extended: whether it is answered with ESEARCH
 * @options: (nullable): the search-returns argument; the command's, which outlives the search
 * @error: return location; %FERRY_ERROR_INVALID for options that are not acceptable
 *
 * Makes the search the operation of its command, and prepares what its answer will tell
 * (RFC 4731 §3). To be called once, before it runs.
 *
 * Returns: %FALSE with @error set where an option refuses
 */
gboolean
ferry_imap_search_prepare(FerryImapSearch *self, gboolean extended, FerryImapValue *options,
			  GError **error)
{
	ferry_imap_command_set_operation(ferry_imap_search_get_command(self), G_OBJECT(self));
	ferry_imap_search_set_returns(self, extended, options);
	for (guint i = 0; options != NULL && i < ferry_imap_value_get_n_children(options); i++) {
		FerryImapValue *item = ferry_imap_value_get_child(options, i);
		const FerryContribution *contribution = ferry_imap_value_get_contribution(item);
		FerrySearchPrepareFunc prepare = (FerrySearchPrepareFunc)contribution->prepare;

		if (prepare != NULL && !prepare(self, item, contribution->user_data, error))
			return FALSE;
	}
	return TRUE;
}

/**
 * ferry_imap_search_write:
 * @self: a search that ran
 * @name: the response's name where the answer is not ESEARCH, as "SEARCH" in `* SEARCH 1 2`
 *
 * Writes the results in their order, with what contributors add, and saves them where SAVE wants it
 * (RFC 5182).
 */
void
ferry_imap_search_write(FerryImapSearch *self, const char *name)
{
	FerryImapWriter *writer =
		ferry_imap_command_get_writer(ferry_imap_search_get_command(self));

	if (ferry_imap_search_returns(self, "SAVE"))
		save_result(self);
	if (ferry_imap_search_is_extended(self))
		write_extended(self, writer);
	else
		write_classic(self, name, writer);
}

/**
 * ferry_imap_search_answer:
 * @self: a search that ran
 * @name: as for ferry_imap_search_write()
 *
 * Writes the answer and ends the command as ferry_imap_search_succeed() does.
 */
void
ferry_imap_search_answer(FerryImapSearch *self, const char *name)
{
	ferry_imap_search_write(self, name);
	ferry_imap_search_succeed(self);
}

/**
 * ferry_imap_search_succeed:
 * @self: a search that ran, and whose answer was written
 *
 * Ends its command, with EXPUNGEISSUED (RFC 5530) where a message that would have been named by
 * number was gone before it could be read.
 */
void
ferry_imap_search_succeed(FerryImapSearch *self)
{
	FerryImapCommand *command = ferry_imap_search_get_command(self);

	if (ferry_imap_search_has_lost(self) && !ferry_imap_search_tells_uids(self))
		ferry_imap_command_set_response_code(command, "EXPUNGEISSUED");
	ferry_imap_command_finish(command);
}

/**
 * ferry_imap_search_fail:
 * @self: a search
 * @error: why it has no answer
 *
 * Ends its command with @error. NO empties the result variable that it would have set, BAD leaves
 * it (RFC 5182 §2.1).
 */
void
ferry_imap_search_fail(FerryImapSearch *self, const GError *error)
{
	if (ferry_imap_search_returns(self, "SAVE") &&
	    !g_error_matches(error, FERRY_ERROR, FERRY_ERROR_INVALID))
		ferry_imap_session_set_saved_result(ferry_imap_search_get_session(self), NULL);
	ferry_imap_command_fail(ferry_imap_search_get_command(self), error);
}
