/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Applying a batch: many rows in one statement
 *
 * Implementation: a first listing is nothing but new rows, and beginning and ending a statement
 *   costs as much as a row. Emails get their keys here, one after another, where AUTOINCREMENT
 *   would have to look up and write the last one for each. OR FAIL spares the journal of the
 *   statement: what fails here fails the whole batch.
 */
#include "store/sqlite-apply-private.h"

#define ROWS 16
#define EMAIL_ARGS 9
#define MESSAGE_ARGS 4

/* Each row begins with @before and has @n_args arguments of its own, counted on from ?2. */
static const char *
make_statement(const char *head, const char *before, guint n_args, guint n_rows)
{
	g_autoptr(GString) sql = g_string_new(head);

	for (guint row = 0; row < n_rows; row++) {
		g_string_append(sql, row > 0 ? ", (" : " (");
		g_string_append(sql, before);
		for (guint i = 0; i < n_args; i++)
			g_string_append_printf(sql, "%s?%u", i > 0 ? ", " : "",
					       2 + row * n_args + i);
		g_string_append_c(sql, ')');
	}
	/* statements are kept by the address of their text */
	return g_intern_string(sql->str);
}

static const char *
get_email_statement(gboolean many)
{
	static const char head[] = "INSERT OR FAIL INTO email (account, key, email_id, blob_id,"
				   " thread_id, size, received_at, sent_at, sent_offset, keywords)"
				   " VALUES";
	static const char *texts[2];

	if (g_once_init_enter(&texts[many]))
		g_once_init_leave(&texts[many],
				  make_statement(head, "?1, ", EMAIL_ARGS, many ? ROWS : 1));
	return texts[many];
}

static const char *
get_message_statement(gboolean many)
{
	static const char head[] = "INSERT OR FAIL INTO message (modseq, created_at, deleted,"
				   " mailbox, uid, email, savedate) VALUES";
	static const char *texts[2];

	if (g_once_init_enter(&texts[many]))
		g_once_init_leave(&texts[many], make_statement(head, "?1, ?1, 0, ", MESSAGE_ARGS,
							       many ? ROWS : 1));
	return texts[many];
}

/* The next key is beyond all that were ever given out: caches outside know Emails by them. */
static gboolean
find_next_key(FerryApply *self, GError **error)
{
	gint64 last;

	if (self->next_email > 0)
		return TRUE;
	if (!ferry_sqlite_db_get_int(self->db,
				     "SELECT max(ifnull((SELECT seq FROM sqlite_sequence"
				     " WHERE name = 'email'), 0),"
				     " ifnull((SELECT max(key) FROM email), 0))",
				     ARGS(), &last, NULL, error))
		return FALSE;
	self->next_email = last + 1;
	return TRUE;
}

static void
set_email_args(FerrySqliteValue *args, gint64 key, const FerryBatchEmail *email)
{
	args[0] = INT(key);
	args[1] = TEXT(email->email_id);
	args[2] = TEXT(email->blob_id);
	args[3] = TEXT(email->thread_id);
	args[4] = INT(email->size);
	args[5] = INT(email->received_at);
	args[6] = email->has_sent ? INT(email->sent_at) : TEXT(NULL);
	args[7] = email->has_sent ? INT(email->sent_offset) : TEXT(NULL);
	args[8] = TEXT(email->keywords);
}

static gboolean
insert_emails(FerryApply *self, const FerryApplyEmail *emails, guint n, GError **error)
{
	FerrySqliteValue args[1 + ROWS * EMAIL_ARGS + 1] = {INT(self->account)};

	for (guint i = 0; i < n; i++)
		set_email_args(&args[1 + i * EMAIL_ARGS], emails[i].key, emails[i].email);
	return ferry_sqlite_db_run(self->db, get_email_statement(n > 1), args, error);
}

/* Writes the new Emails that wait. */
gboolean
ferry_apply_flush_emails(FerryApply *self, GError **error)
{
	const FerryApplyEmail *emails = (const FerryApplyEmail *)(gconstpointer)self->fresh->data;
	guint done = 0;

	while (done < self->fresh->len) {
		const guint n = self->fresh->len - done >= ROWS ? ROWS : 1;

		if (!insert_emails(self, &emails[done], n, error))
			return FALSE;
		done += n;
	}
	g_array_set_size(self->fresh, 0);
	return TRUE;
}

/* Lets a new Email wait for ferry_apply_flush_emails(). */
gboolean
ferry_apply_add_email(FerryApply *self, const FerryBatchEmail *email, gint64 *key, GError **error)
{
	FerryApplyEmail fresh = {0, email};

	if (!find_next_key(self, error))
		return FALSE;
	*key = fresh.key = self->next_email++;
	g_array_append_val(self->fresh, fresh);
	return self->fresh->len < ROWS || ferry_apply_flush_emails(self, error);
}

static gboolean
insert_messages(FerryApply *self, const FerryApplyMessage *messages, guint n, GError **error)
{
	FerrySqliteValue args[1 + ROWS * MESSAGE_ARGS + 1] = {INT(self->generation)};

	for (guint i = 0; i < n; i++) {
		FerrySqliteValue *row = &args[1 + i * MESSAGE_ARGS];

		row[0] = INT(messages[i].mailbox);
		row[1] = INT(messages[i].uid);
		row[2] = INT(messages[i].email);
		row[3] = INT(messages[i].savedate);
	}
	return ferry_sqlite_db_run(self->db, get_message_statement(n > 1), args, error);
}

gboolean
ferry_apply_flush_messages(FerryApply *self, GError **error)
{
	const FerryApplyMessage *messages =
		(const FerryApplyMessage *)(gconstpointer)self->messages->data;
	guint done = 0;

	while (done < self->messages->len) {
		const guint n = self->messages->len - done >= ROWS ? ROWS : 1;

		if (!insert_messages(self, &messages[done], n, error))
			return FALSE;
		done += n;
	}
	g_array_set_size(self->messages, 0);
	return TRUE;
}

gboolean
ferry_apply_add_message(FerryApply *self, const FerryApplyMessage *message, GError **error)
{
	g_array_append_vals(self->messages, message, 1);
	return self->messages->len < ROWS || ferry_apply_flush_messages(self, error);
}
