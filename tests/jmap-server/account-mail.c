/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mail of an account: Emails, where they are filed, keywords, threads
 *
 * Specification: RFC 8621 sections 3 and 4
 * Implementation: a thread is what shares a message id and the base subject. $seen is kept for each
 *   user; other keywords are everybody's.
 */
#include <string.h>

#include "account.h"
#include "mime-header.h"
#include "server.h"

JsEmail *
js_account_get_email(JsAccount *self, guint32 number)
{
	return number < self->emails->len ? g_ptr_array_index(self->emails, number) : NULL;
}

JsThread *
js_account_get_thread(JsAccount *self, guint32 number)
{
	return number < self->threads->len ? g_ptr_array_index(self->threads, number) : NULL;
}

JsEmail *
js_account_find_content(JsAccount *self, JsBlob *blob)
{
	for (guint i = 1; i < self->emails->len && blob->users > 0; i++) {
		JsEmail *email = g_ptr_array_index(self->emails, i);

		if (email != NULL && email->blob == blob)
			return email;
	}
	return NULL;
}

guint64
js_account_get_viewers(JsAccount *self, JsEmail *email)
{
	guint64 viewers = 1;

	for (guint i = 0; i < email->n_boxes && self->slots->len > 1; i++)
		viewers |= js_mailbox_get_readers(js_account_get_mailbox(self, email->boxes[i]));
	return viewers;
}

guint64
js_account_get_thread_viewers(JsAccount *self, JsThread *thread)
{
	guint64 viewers = 0;

	for (guint i = 0; i < thread->emails->len; i++)
		viewers |= js_account_get_viewers(
			self,
			js_account_get_email(self, g_array_index(thread->emails, guint32, i)));
	return viewers;
}

static void
js_account_mark_boxes(JsAccount *self, JsEmail *email)
{
	for (guint i = 0; i < email->n_boxes; i++)
		js_account_get_mailbox(self, email->boxes[i])->dirty = TRUE;
}

static void
js_account_mark_thread(JsAccount *self, JsThread *thread)
{
	if (thread->dirty)
		return;
	thread->dirty = TRUE;
	thread->before = js_account_get_thread_viewers(self, thread);
	g_ptr_array_add(self->dirty_threads, thread);
}

/* Between begin and end the caller edits boxes and keywords; end writes the log. */
guint64
js_account_begin_change(JsAccount *self, JsEmail *email)
{
	js_account_mark_boxes(self, email);
	return js_account_get_viewers(self, email);
}

void
js_account_end_change(JsAccount *self, JsEmail *email, guint64 before)
{
	guint64 after = js_account_get_viewers(self, email);

	js_account_mark_boxes(self, email);
	js_account_log(self, JS_TYPE_EMAIL, email->number, before, after, FALSE);
	if (before != after)
		js_account_mark_thread(self, js_account_get_thread(self, email->thread));
}

static guint64
js_hash_text(guint64 hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = (hash ^ (guchar)*text) * G_GUINT64_CONSTANT(1099511628211);
	return hash;
}

static void
js_collect_thread_keys(JsMessage *message, GArray *keys)
{
	static const char *fields[] = {"Message-ID", "In-Reply-To", "References"};
	JsPart *root = js_message_get_root(message);
	const JsHeader *header = js_message_find_header(message, root, "Subject", 0);
	g_autofree char *subject =
		header != NULL ? js_mime_decode_text(header->value, header->value_len) : NULL;
	g_autofree char *base = js_mime_dup_base_subject(subject != NULL ? subject : "");
	guint64 seed = js_hash_text(G_GUINT64_CONSTANT(14695981039346656037), base);

	for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
		g_autoptr(GPtrArray) ids = NULL;

		header = js_message_find_header(message, root, fields[i], 0);
		if (header == NULL)
			continue;
		ids = js_mime_parse_message_ids(header->value, header->value_len);
		for (guint k = 0; k < ids->len; k++) {
			guint64 key = js_hash_text(seed ^ 0xff, g_ptr_array_index(ids, k));

			g_array_append_val(keys, key);
		}
	}
}

/* Returns the thread a message belongs to and remembers its message ids for those to come. */
guint32
js_account_choose_thread(JsAccount *self, JsMessage *message)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(gint64));
	guint32 found = 0;

	js_collect_thread_keys(message, keys);
	for (guint i = 0; i < keys->len && found == 0; i++) {
		guint32 number = GPOINTER_TO_UINT(
			g_hash_table_lookup(self->thread_keys, &g_array_index(keys, gint64, i)));

		if (js_account_get_thread(self, number) != NULL)
			found = number;
	}
	if (found == 0) {
		JsThread *thread = g_new0(JsThread, 1);

		found = thread->number = self->threads->len;
		thread->emails = g_array_new(FALSE, FALSE, sizeof(guint32));
		g_ptr_array_add(self->threads, thread);
	}
	for (guint i = 0; i < keys->len; i++)
		g_hash_table_replace(self->thread_keys,
				     g_memdup2(&g_array_index(keys, gint64, i), sizeof(gint64)),
				     GUINT_TO_POINTER(found));
	return found;
}

/* A thread lists its Emails by receivedAt, oldest first (RFC 8621 section 3). */
void
js_account_join_thread(JsAccount *self, guint32 number, JsEmail *email)
{
	JsThread *thread = js_account_get_thread(self, number);
	guint at = thread->emails->len;

	js_account_mark_thread(self, thread);
	while (at > 0) {
		guint32 other = g_array_index(thread->emails, guint32, at - 1);

		if (js_account_get_email(self, other)->received_at <= email->received_at)
			break;
		at--;
	}
	g_array_insert_val(thread->emails, at, email->number);
	email->thread = number;
}

JsEmail *
js_account_add_email(JsAccount *self, JsBlob *blob, const guint32 *boxes, guint n_boxes,
		     gint64 received_at)
{
	JsEmail *email = g_new0(JsEmail, 1);
	g_autoptr(GBytes) bytes = js_blob_ref_bytes(blob);
	gsize len = 0;
	const char *data = g_bytes_get_data(bytes, &len);
	g_autoptr(JsMessage) message = js_message_parse(data, len, FALSE);

	email->number = self->emails->len;
	email->received_at = received_at;
	email->blob = blob;
	email->has_attachment = -1;
	for (guint i = 0; i < n_boxes; i++)
		js_email_add_box(email, boxes[i]);
	js_account_use_blob(self, blob);
	g_ptr_array_add(self->emails, email);
	self->n_emails++;
	self->octets += blob->size;
	js_account_join_thread(self, js_account_choose_thread(self, message), email);
	js_account_end_change(self, email, 0);
	return email;
}

void
js_account_remove_email(JsAccount *self, JsEmail *email)
{
	guint64 before = js_account_begin_change(self, email);
	JsThread *thread = js_account_get_thread(self, email->thread);

	js_account_mark_thread(self, thread);
	for (guint i = 0; i < thread->emails->len; i++)
		if (g_array_index(thread->emails, guint32, i) == email->number)
			g_array_remove_index(thread->emails, i);
	js_account_log(self, JS_TYPE_EMAIL, email->number, before, 0, FALSE);
	g_ptr_array_index(self->emails, email->number) = NULL;
	self->n_emails--;
	self->octets -= email->blob->size;
	js_account_drop_blob(self, email->blob);
	g_free(email->boxes);
	g_free(email->keywords);
	g_free(email);
}

gboolean
js_email_is_in(const JsEmail *self, guint32 mailbox)
{
	for (guint i = 0; i < self->n_boxes; i++)
		if (self->boxes[i] == mailbox)
			return TRUE;
	return FALSE;
}

void
js_email_add_box(JsEmail *self, guint32 mailbox)
{
	guint at = self->n_boxes;

	if (js_email_is_in(self, mailbox))
		return;
	self->boxes = g_renew(guint32, self->boxes, self->n_boxes + 1u);
	for (; at > 0 && self->boxes[at - 1] > mailbox; at--)
		self->boxes[at] = self->boxes[at - 1];
	self->boxes[at] = mailbox;
	self->n_boxes++;
}

void
js_email_remove_box(JsEmail *self, guint32 mailbox)
{
	guint kept = 0;

	for (guint i = 0; i < self->n_boxes; i++)
		if (self->boxes[i] != mailbox)
			self->boxes[kept++] = self->boxes[i];
	self->n_boxes = (guint16)kept;
}

gboolean
js_email_has_keyword(const JsEmail *self, const char *keyword, guint slot)
{
	if (g_ascii_strcasecmp(keyword, "$seen") == 0)
		return (self->seen_by >> slot & 1) != 0;
	for (guint i = 0; i < self->n_keywords; i++)
		if (g_ascii_strcasecmp(self->keywords[i], keyword) == 0)
			return TRUE;
	return FALSE;
}

void
js_account_set_keyword(JsAccount *self, JsEmail *email, const char *keyword, guint slot,
		       gboolean value)
{
	g_autofree char *lower = g_ascii_strdown(keyword, -1);
	guint kept = 0;

	if (strcmp(lower, "$seen") == 0) {
		guint64 bit = (guint64)1 << slot;

		email->seen_by = value ? email->seen_by | bit : email->seen_by & ~bit;
		return;
	}
	if (js_email_has_keyword(email, lower, slot) == value)
		return;
	if (value) {
		email->keywords = g_renew(const char *, email->keywords, email->n_keywords + 1u);
		email->keywords[email->n_keywords++] = js_server_intern(self->server, lower);
		return;
	}
	for (guint i = 0; i < email->n_keywords; i++)
		if (strcmp(email->keywords[i], lower) != 0)
			email->keywords[kept++] = email->keywords[i];
	email->n_keywords = (guint16)kept;
}

gboolean
js_email_get_has_attachment(JsEmail *self)
{
	if (self->has_attachment < 0) {
		g_autoptr(GBytes) bytes = js_blob_ref_bytes(self->blob);
		gsize len = 0;
		const char *data = g_bytes_get_data(bytes, &len);
		g_autoptr(JsMessage) message = js_message_parse(data, len, TRUE);

		self->has_attachment = js_message_has_attachment(message) ? 1 : 0;
	}
	return self->has_attachment == 1;
}
