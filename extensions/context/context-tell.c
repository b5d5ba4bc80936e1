/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ADDTO, REMOVEFROM and NOUPDATE
 *
 * Specification: RFC 5267 §4.3.1 to §4.3.4
 * Implementation: the position of what joins or leaves results of SEARCH is 0, since those are in
 *   the order of the mailbox; in sorted results it is where it stands. A sorted context that grows
 *   beyond the limit ends as it would have been refused.
 */
#include "context.h"

#include <string.h>

/* Also behind the tagged line, where a context ends because it grew. */
void
context_write_refusal(FerryImapSession *session, const char *tag, const char *why)
{
	/* tags have no characters that would have to be escaped */
	g_autofree char *code = g_strdup_printf("NOUPDATE \"%s\"", tag);

	ferry_imap_session_write_response(session, "NO", code, why);
}

static GArray *
new_changes(void)
{
	return g_array_new(FALSE, FALSE, sizeof(ContextChange));
}

static void
add_change(GArray *changes, guint32 uid, guint32 shown, gboolean is_known)
{
	ContextChange change = {.uid = uid, .shown = shown};

	if (is_known)
		g_array_append_val(changes, change);
}

static void
describe_unsorted(GArray *changes, GString *text)
{
	g_autoptr(FerryUidSet) set = ferry_uid_set_new();
	g_autofree char *numbers = NULL;

	if (changes->len == 0)
		return;
	for (guint i = 0; i < changes->len; i++)
		ferry_uid_set_add(set, g_array_index(changes, ContextChange, i).shown);
	numbers = ferry_uid_set_to_string(set);
	g_string_append_printf(text, "0 %s", numbers);
}

static void
write_item(FerryImapWriter *writer, const char *name, const GString *text)
{
	if (text->len == 0)
		return;
	ferry_imap_writer_write_text(writer, name);
	ferry_imap_writer_write_text(writer, text->str);
	ferry_imap_writer_write_text(writer, ")");
}

static void
write_response(Context *self, const GString *removed, const GString *added)
{
	FerryImapWriter *writer = ferry_imap_session_get_writer(self->owner->session);

	if (removed->len == 0 && added->len == 0)
		return;
	ferry_imap_writer_write_text(writer, "* ESEARCH (TAG ");
	ferry_imap_writer_write_string(writer, self->tag, strlen(self->tag));
	ferry_imap_writer_write_text(writer, self->uid ? ") UID" : ")");
	write_item(writer, " REMOVEFROM (", removed);
	write_item(writer, " ADDTO (", added);
	ferry_imap_writer_end_line(writer);
}

/* @aloud: else the client has no numbers any more in which it could be told. */
static void
tell(Context *self, GArray *removed, GArray *added, gboolean aloud)
{
	g_autoptr(GString) removed_text = g_string_new(NULL);
	g_autoptr(GString) added_text = g_string_new(NULL);

	if (self->order != NULL) {
		context_order_remove(self, removed, removed_text);
		context_order_add(self, added, added_text);
	} else {
		describe_unsorted(removed, removed_text);
		describe_unsorted(added, added_text);
	}
	if (aloud)
		write_response(self, removed_text, added_text);
}

/* It went before it was told of: a result it would be until that is told too. */
static void
skip_sorted(Context *self, guint32 uid)
{
	if (!g_hash_table_contains(self->results, GUINT_TO_POINTER(uid)))
		ferry_imap_search_forget(self->search, uid);
}

/* What was judged, as far as the client knows the messages still. */
static void
sort_out(Context *self, GArray *removed, GArray *added)
{
	FerryTold *told = ferry_imap_session_get_told(self->owner->session);

	for (guint i = 0, next = 0; i < self->judged->len; i++) {
		guint32 uid = g_array_index(self->judged, guint32, i);
		guint32 number = ferry_told_get_number(told, uid);
		gboolean match = next < self->matches->len &&
				 g_array_index(self->matches, guint32, next) == uid;

		next += match;
		if (number == 0 && self->order != NULL)
			skip_sorted(self, uid);
		else if (!match && g_hash_table_remove(self->results, GUINT_TO_POINTER(uid)))
			add_change(removed, uid, self->uid ? uid : number, number > 0);
		else if (match && g_hash_table_add(self->results, GUINT_TO_POINTER(uid)))
			add_change(added, uid, self->uid ? uid : number, number > 0);
	}
	g_clear_pointer(&self->judged, g_array_unref);
	g_clear_pointer(&self->matches, g_array_unref);
}

/* Tells what was judged, and goes on with what came meanwhile. The context may end. */
void
context_write(Context *self)
{
	g_autoptr(GArray) removed = new_changes();
	g_autoptr(GArray) added = new_changes();

	if (self->matches == NULL || ferry_imap_session_get_told(self->owner->session) == NULL)
		return;
	sort_out(self, removed, added);
	if (self->order != NULL &&
	    context_session_count_sorted(self->owner) + added->len > CONTEXT_MAX_SORTED) {
		context_write_refusal(self->owner->session, self->tag, "Too many sorted results");
		context_session_remove(self->owner, self);
		return;
	}
	tell(self, removed, added, TRUE);
}

/* §4.3.4: before EXPUNGE, in the numbers that were valid until then. */
void
context_write_expunged(Context *self, FerryImapUpdate *update)
{
	gsize n_uids, n_numbers;
	const guint32 *uids = ferry_imap_update_get_told_expunged(update, &n_uids);
	const guint32 *numbers = ferry_imap_update_get_expunged_numbers(update, &n_numbers);
	g_autoptr(GArray) removed = new_changes();
	g_autoptr(GArray) added = new_changes();
	gboolean has_numbers = n_numbers == n_uids;

	for (gsize i = 0; i < n_uids; i++) {
		g_hash_table_remove(self->dirty, GUINT_TO_POINTER(uids[i]));
		if (!g_hash_table_remove(self->results, GUINT_TO_POINTER(uids[i])))
			continue;
		if (self->uid || !has_numbers)
			add_change(removed, uids[i], uids[i], TRUE);
		else
			add_change(removed, uids[i], numbers[i] + (guint32)i, TRUE);
	}
	tell(self, removed, added, self->uid || has_numbers);
}
