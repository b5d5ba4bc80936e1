/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One account: states, the users that can see it, commits, snapshots
 *
 * Implementation: everything is in memory. Objects are numbered from 1 in the order in which they
 *   came, so the same arguments give the same ids after a restart. States carry a tag: of the
 *   arguments for what was loaded, of the run for what happened later, so that a state of an
 *   earlier run is refused instead of misunderstood.
 */
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "server.h"

JsAccount *
js_account_new(JsServer *server, const char *owner)
{
	JsAccount *self = g_new0(JsAccount, 1);
	gboolean plain = *owner != '\0' && strspn(owner, "abcdefghijklmnopqrstuvwxyz"
							 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
							 "0123456789_-") == strlen(owner);
	g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA1, owner, -1);

	digest[12] = '\0';
	self->server = server;
	self->owner = g_strdup(owner);
	self->id = g_strconcat("A-", plain ? owner : digest, NULL);
	self->modseq = 1;
	for (guint i = 0; i < JS_N_TYPES; i++) {
		js_log_init(&self->logs[i], server->options.change_log);
		self->logs[i].state = 1;
		self->logs[i].floor = 1;
	}
	self->mailboxes = g_ptr_array_new();
	self->emails = g_ptr_array_new();
	self->threads = g_ptr_array_new();
	self->scripts = g_ptr_array_new();
	g_ptr_array_add(self->mailboxes, NULL);
	g_ptr_array_add(self->emails, NULL);
	g_ptr_array_add(self->threads, NULL);
	g_ptr_array_add(self->scripts, NULL);
	self->blobs = js_blob_table_new();
	g_queue_init(&self->uploads);
	self->thread_keys = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	self->slots = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(self->slots, g_strdup(owner));
	self->dirty_threads = g_ptr_array_new();
	return self;
}

static void
js_mailbox_free(JsMailbox *mailbox)
{
	g_free(mailbox->name);
	g_free(mailbox->role);
	g_free(mailbox);
}

static void
js_email_free(JsEmail *email)
{
	g_free(email->boxes);
	g_free(email->keywords);
	g_free(email);
}

static void
js_thread_free(JsThread *thread)
{
	g_array_unref(thread->emails);
	g_free(thread);
}

static void
js_script_free(JsScript *script)
{
	g_free(script->name);
	g_free(script);
}

static void
js_free_numbered(GPtrArray *array, GDestroyNotify destroy)
{
	for (guint i = 0; i < array->len; i++)
		if (g_ptr_array_index(array, i) != NULL)
			destroy(g_ptr_array_index(array, i));
	g_ptr_array_unref(array);
}

static void
js_account_clear(JsAccount *self)
{
	js_free_numbered(self->mailboxes, (GDestroyNotify)js_mailbox_free);
	js_free_numbered(self->emails, (GDestroyNotify)js_email_free);
	js_free_numbered(self->threads, (GDestroyNotify)js_thread_free);
	js_free_numbered(self->scripts, (GDestroyNotify)js_script_free);
	g_queue_clear(&self->uploads);
	g_hash_table_unref(self->blobs);
	g_hash_table_unref(self->thread_keys);
	g_ptr_array_unref(self->slots);
	g_ptr_array_unref(self->dirty_threads);
	for (guint i = 0; i < JS_N_TYPES; i++)
		js_log_clear(&self->logs[i]);
}

void
js_account_free(JsAccount *self)
{
	js_account_clear(self);
	g_free(self->id);
	g_free(self->owner);
	g_free(self->name);
	g_free(self);
}

/* Snapshots: blobs are copied with their references to the octets, everything else by value. */

static JsBlob *
js_account_adopt_blob(JsAccount *self, JsBlob *blob)
{
	JsBlob *copy = g_hash_table_lookup(self->blobs, blob->digest);

	if (copy != NULL)
		return copy;
	copy = g_memdup2(blob, sizeof *blob);
	if (copy->bytes != NULL)
		g_bytes_ref(copy->bytes);
	g_hash_table_insert(self->blobs, copy->digest, copy);
	return copy;
}

static JsEmail *
js_email_copy(JsEmail *email, JsAccount *to)
{
	JsEmail *copy = g_memdup2(email, sizeof *email);

	copy->boxes = g_memdup2(email->boxes, email->n_boxes * sizeof(guint32));
	copy->keywords = g_memdup2(email->keywords, email->n_keywords * sizeof(char *));
	copy->blob = js_account_adopt_blob(to, email->blob);
	return copy;
}

static void
js_account_copy_objects(JsAccount *copy, JsAccount *self)
{
	for (guint i = 1; i < self->mailboxes->len; i++) {
		JsMailbox *mailbox = g_ptr_array_index(self->mailboxes, i);
		JsMailbox *other = g_memdup2(mailbox, mailbox != NULL ? sizeof *mailbox : 0);

		if (other != NULL) {
			other->name = g_strdup(mailbox->name);
			other->role = g_strdup(mailbox->role);
		}
		g_ptr_array_add(copy->mailboxes, other);
	}
	for (guint i = 1; i < self->emails->len; i++) {
		JsEmail *email = g_ptr_array_index(self->emails, i);

		g_ptr_array_add(copy->emails, email != NULL ? js_email_copy(email, copy) : NULL);
	}
	for (guint i = 1; i < self->threads->len; i++) {
		JsThread *thread = g_ptr_array_index(self->threads, i);
		JsThread *other = g_memdup2(thread, thread != NULL ? sizeof *thread : 0);

		if (other != NULL)
			other->emails = g_array_copy(thread->emails);
		g_ptr_array_add(copy->threads, other);
	}
	for (guint i = 1; i < self->scripts->len; i++) {
		JsScript *script = g_ptr_array_index(self->scripts, i);
		JsScript *other = g_memdup2(script, script != NULL ? sizeof *script : 0);

		if (other != NULL) {
			other->name = g_strdup(script->name);
			other->blob = js_account_adopt_blob(copy, script->blob);
		}
		g_ptr_array_add(copy->scripts, other);
	}
}

JsAccount *
js_account_copy(JsAccount *self)
{
	JsAccount *copy = js_account_new(self->server, self->owner);
	GHashTableIter iter;
	gpointer key, value;

	js_account_copy_objects(copy, self);
	g_hash_table_iter_init(&iter, self->blobs);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		js_account_adopt_blob(copy, value);
	for (GList *l = self->uploads.head; l != NULL; l = l->next)
		g_queue_push_tail(&copy->uploads, js_account_adopt_blob(copy, l->data));
	g_hash_table_iter_init(&iter, self->thread_keys);
	while (g_hash_table_iter_next(&iter, &key, &value))
		g_hash_table_insert(copy->thread_keys, g_memdup2(key, sizeof(gint64)), value);
	for (guint i = 1; i < self->slots->len; i++)
		g_ptr_array_add(copy->slots, g_strdup(g_ptr_array_index(self->slots, i)));
	for (guint i = 0; i < JS_N_TYPES; i++) {
		js_log_clear(&copy->logs[i]);
		js_log_copy(&copy->logs[i], &self->logs[i]);
	}
	copy->modseq = self->modseq;
	copy->baseline = self->baseline;
	copy->uploaded = self->uploaded;
	copy->octets = self->octets;
	copy->told_octets = self->told_octets;
	copy->n_emails = self->n_emails;
	copy->told_emails = self->told_emails;
	return copy;
}

/* Puts the content of @from (consumed) in the place of what the account holds. */
void
js_account_take_content(JsAccount *self, JsAccount *from)
{
	char *id = self->id, *owner = self->owner, *name = self->name;
	gboolean read_only = self->read_only;

	js_account_clear(self);
	g_free(from->id);
	g_free(from->owner);
	*self = *from;
	self->id = id;
	self->owner = owner;
	self->name = name;
	self->read_only = read_only;
	self->counted_at = 0;
	g_free(from);
}

gint
js_account_find_slot(JsAccount *self, const char *user)
{
	for (guint i = 0; i < self->slots->len; i++)
		if (strcmp(g_ptr_array_index(self->slots, i), user) == 0)
			return (gint)i;
	return -1;
}

/* Returns -1 when the account is shared with too many. */
gint
js_account_ensure_slot(JsAccount *self, const char *user)
{
	gint slot = js_account_find_slot(self, user);

	if (slot >= 0)
		return slot;
	if (self->slots->len >= JS_MAX_SLOTS)
		return -1;
	g_ptr_array_add(self->slots, g_strdup(user));
	return (gint)self->slots->len - 1;
}

gboolean
js_account_is_visible(JsAccount *self, guint slot)
{
	if (slot == 0)
		return TRUE;
	for (guint i = 1; i < self->mailboxes->len; i++) {
		JsMailbox *mailbox = g_ptr_array_index(self->mailboxes, i);

		if (mailbox != NULL && (mailbox->rights[slot] & JS_MAY_READ_ITEMS) != 0)
			return TRUE;
	}
	return FALSE;
}

char *
js_account_format_state(JsAccount *self, guint64 modseq)
{
	const char *tag = modseq <= self->baseline ? self->server->load_tag : self->server->run_tag;

	return g_strdup_printf("%" G_GUINT64_FORMAT "-%s", modseq, tag);
}

char *
js_account_dup_state(JsAccount *self, JsType type)
{
	return js_account_format_state(self, self->logs[type].state);
}

gboolean
js_account_parse_state(JsAccount *self, const char *state, guint64 *modseq)
{
	g_autofree char *expected = NULL;

	if (!g_ascii_isdigit(*state))
		return FALSE;
	*modseq = g_ascii_strtoull(state, NULL, 10);
	expected = js_account_format_state(self, *modseq);
	return strcmp(expected, state) == 0;
}

void
js_account_log(JsAccount *self, JsType type, guint32 number, guint64 before, guint64 after,
	       gboolean minor)
{
	js_log_add(&self->logs[type], ++self->modseq, number, before, after, minor);
}

static void
js_account_commit_threads(JsAccount *self)
{
	for (guint i = 0; i < self->dirty_threads->len; i++) {
		JsThread *thread = g_ptr_array_index(self->dirty_threads, i);
		guint64 after = js_account_get_thread_viewers(self, thread);

		js_account_log(self, JS_TYPE_THREAD, thread->number, thread->before, after, FALSE);
		thread->dirty = FALSE;
		if (thread->emails->len == 0) {
			g_ptr_array_index(self->threads, thread->number) = NULL;
			js_thread_free(thread);
		}
	}
	g_ptr_array_set_size(self->dirty_threads, 0);
}

/* Ends a method call: logs what follows from the changes of Emails, then tells the listeners. */
void
js_account_commit(JsAccount *self)
{
	for (guint i = 1; i < self->mailboxes->len; i++) {
		JsMailbox *mailbox = g_ptr_array_index(self->mailboxes, i);
		guint64 readers;

		if (mailbox == NULL || !mailbox->dirty)
			continue;
		mailbox->dirty = FALSE;
		readers = js_mailbox_get_readers(mailbox);
		js_account_log(self, JS_TYPE_MAILBOX, mailbox->number, readers, readers, TRUE);
	}
	js_account_commit_threads(self);
	if (self->octets != self->told_octets || self->n_emails != self->told_emails) {
		self->told_octets = self->octets;
		self->told_emails = self->n_emails;
		js_account_log(self, JS_TYPE_QUOTA, 1, ~(guint64)0, ~(guint64)0, TRUE);
		js_account_log(self, JS_TYPE_QUOTA, 2, ~(guint64)0, ~(guint64)0, TRUE);
	}
	js_server_account_changed(self->server, self);
}

/* What was loaded is where the history begins. */
void
js_account_end_load(JsAccount *self)
{
	js_account_commit(self);
	for (guint i = 0; i < JS_N_TYPES; i++) {
		JsLog *log = &self->logs[i];

		g_array_set_size(log->entries, 0);
		log->state = log->floor = self->modseq;
	}
	self->baseline = self->modseq;
}

gboolean
js_id_parse(const char *id, char letter, guint32 *number)
{
	char *end = NULL;
	guint64 value;

	if (id == NULL || id[0] != letter || !g_ascii_isxdigit(id[1]) || strlen(id) > 9)
		return FALSE;
	value = g_ascii_strtoull(id + 1, &end, 16);
	if (*end != '\0' || value == 0 || value > G_MAXUINT32)
		return FALSE;
	/* one spelling only */
	for (const char *p = id + 1; *p != '\0'; p++)
		if (g_ascii_isupper(*p))
			return FALSE;
	*number = (guint32)value;
	return strlen(id) == 7 || (strlen(id) > 7 && id[1] != '0');
}

char *
js_id_format(char letter, guint32 number, char buffer[16])
{
	static const char digits[] = "0123456789abcdef";
	char *p = buffer + 15;

	*p = '\0';
	while (number > 0 || p > buffer + 9) {
		*--p = digits[number & 15];
		number >>= 4;
	}
	*--p = letter;
	return p;
}
