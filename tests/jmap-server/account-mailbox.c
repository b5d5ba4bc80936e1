/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mailboxes of an account: the tree, rights, counts
 *
 * Specification: RFC 8621 section 2
 * Implementation: counts are made for all mailboxes in one pass over the threads when somebody asks
 *   after a change.
 */
#include <string.h>

#include "account.h"

JsMailbox *
js_account_get_mailbox(JsAccount *self, guint32 number)
{
	return number < self->mailboxes->len ? g_ptr_array_index(self->mailboxes, number) : NULL;
}

guint64
js_mailbox_get_readers(JsMailbox *self)
{
	guint64 readers = 0;

	for (guint i = 0; i < JS_MAX_SLOTS; i++)
		if ((self->rights[i] & JS_MAY_READ_ITEMS) != 0)
			readers |= (guint64)1 << i;
	return readers;
}

JsMailbox *
js_account_add_mailbox(JsAccount *self, const char *name, guint32 parent, const char *role)
{
	JsMailbox *mailbox = g_new0(JsMailbox, 1);
	JsMailbox *above = js_account_get_mailbox(self, parent);

	mailbox->number = self->mailboxes->len;
	mailbox->name = g_strdup(name);
	mailbox->parent = parent;
	mailbox->role = g_strdup(role);
	mailbox->subscribed_by = 1;
	mailbox->rights[0] = JS_MAY_ALL;
	/* a child is shared as its parent is; nobody may delete or rename an inbox */
	if (above != NULL)
		memcpy(mailbox->rights + 1, above->rights + 1,
		       (JS_MAX_SLOTS - 1) * sizeof mailbox->rights[0]);
	if (g_strcmp0(role, "inbox") == 0)
		mailbox->rights[0] &= (guint16) ~(JS_MAY_DELETE | JS_MAY_RENAME);
	g_ptr_array_add(self->mailboxes, mailbox);
	js_account_log(self, JS_TYPE_MAILBOX, mailbox->number, 0, js_mailbox_get_readers(mailbox),
		       FALSE);
	return mailbox;
}

JsMailbox *
js_account_find_child(JsAccount *self, guint32 parent, const char *name)
{
	for (guint i = 1; i < self->mailboxes->len; i++) {
		JsMailbox *mailbox = g_ptr_array_index(self->mailboxes, i);

		if (mailbox != NULL && mailbox->parent == parent &&
		    strcmp(mailbox->name, name) == 0)
			return mailbox;
	}
	return NULL;
}

JsMailbox *
js_account_find_role(JsAccount *self, const char *role)
{
	for (guint i = 1; i < self->mailboxes->len; i++) {
		JsMailbox *mailbox = g_ptr_array_index(self->mailboxes, i);

		if (mailbox != NULL && g_strcmp0(mailbox->role, role) == 0)
			return mailbox;
	}
	return NULL;
}

static const char *
js_role_of_name(const char *name)
{
	static const struct {
		const char *name, *role;
	} known[] = {{"Archive", "archive"},
		     {"Drafts", "drafts"},
		     {"Junk", "junk"},
		     {"Sent", "sent"},
		     {"Trash", "trash"}};

	for (guint i = 0; i < G_N_ELEMENTS(known); i++)
		if (strcmp(known[i].name, name) == 0)
			return known[i].role;
	return NULL;
}

/* Finds or makes the mailbox "A/B/C" of the command line. */
JsMailbox *
js_account_ensure_path(JsAccount *self, const char *path)
{
	g_auto(GStrv) names = g_strsplit(path, "/", 32);
	JsMailbox *mailbox = NULL;

	if (g_ascii_strcasecmp(path, "inbox") == 0)
		return js_account_find_role(self, "inbox");
	for (guint i = 0; names[i] != NULL; i++) {
		guint32 parent = mailbox != NULL ? mailbox->number : 0;
		const char *role = i == 0 ? js_role_of_name(names[i]) : NULL;

		if (i == 0 && g_ascii_strcasecmp(names[i], "inbox") == 0)
			mailbox = js_account_find_role(self, "inbox");
		else
			mailbox = js_account_find_child(self, parent, names[i]);
		if (role != NULL && js_account_find_role(self, role) != NULL)
			role = NULL;
		if (mailbox == NULL)
			mailbox = js_account_add_mailbox(self, names[i], parent, role);
	}
	return mailbox;
}

gboolean
js_account_has_child(JsAccount *self, guint32 number)
{
	for (guint i = 1; i < self->mailboxes->len; i++) {
		JsMailbox *mailbox = g_ptr_array_index(self->mailboxes, i);

		if (mailbox != NULL && mailbox->parent == number)
			return TRUE;
	}
	return FALSE;
}

void
js_account_mailbox_changed(JsAccount *self, JsMailbox *mailbox, guint64 before)
{
	js_account_log(self, JS_TYPE_MAILBOX, mailbox->number, before,
		       js_mailbox_get_readers(mailbox), FALSE);
}

/* The mailbox must be empty of Emails and children. */
void
js_account_remove_mailbox(JsAccount *self, JsMailbox *mailbox)
{
	js_account_log(self, JS_TYPE_MAILBOX, mailbox->number, js_mailbox_get_readers(mailbox), 0,
		       FALSE);
	g_ptr_array_index(self->mailboxes, mailbox->number) = NULL;
	g_free(mailbox->name);
	g_free(mailbox->role);
	g_free(mailbox);
}

/* Gives or takes rights; Emails that come into sight or leave it are logged for that user. */
void
js_account_set_rights(JsAccount *self, JsMailbox *mailbox, guint slot, guint16 rights)
{
	guint64 before = js_mailbox_get_readers(mailbox);
	gboolean seen_before = (mailbox->rights[slot] & JS_MAY_READ_ITEMS) != 0;

	if (mailbox->rights[slot] == rights)
		return;
	if (seen_before == ((rights & JS_MAY_READ_ITEMS) != 0)) {
		mailbox->rights[slot] = rights;
		js_account_mailbox_changed(self, mailbox, before);
		return;
	}
	for (guint i = 1; i < self->emails->len; i++) {
		JsEmail *email = g_ptr_array_index(self->emails, i);
		guint64 viewers;

		if (email == NULL || !js_email_is_in(email, mailbox->number))
			continue;
		mailbox->rights[slot] = seen_before ? JS_MAY_READ_ITEMS : 0;
		viewers = js_account_begin_change(self, email);
		mailbox->rights[slot] = rights;
		js_account_end_change(self, email, viewers);
	}
	mailbox->rights[slot] = rights;
	js_account_mailbox_changed(self, mailbox, before);
}

static void
js_account_count_thread(JsAccount *self, JsThread *thread, guint slot)
{
	gboolean unread = FALSE;

	for (guint i = 0; i < thread->emails->len; i++) {
		guint32 number = g_array_index(thread->emails, guint32, i);
		JsEmail *email = js_account_get_email(self, number);
		gboolean seen = (email->seen_by >> slot & 1) != 0 ||
				js_email_has_keyword(email, "$draft", slot);

		unread = unread || !seen;
		for (guint k = 0; k < email->n_boxes; k++) {
			JsMailbox *mailbox = js_account_get_mailbox(self, email->boxes[k]);

			mailbox->total_emails++;
			mailbox->unread_emails += !seen;
			if (mailbox->stamp == thread->number)
				continue;
			mailbox->stamp = thread->number;
			mailbox->total_threads++;
		}
	}
	if (!unread)
		return;
	for (guint i = 0; i < thread->emails->len; i++) {
		guint32 number = g_array_index(thread->emails, guint32, i);
		JsEmail *email = js_account_get_email(self, number);

		for (guint k = 0; k < email->n_boxes; k++) {
			JsMailbox *mailbox = js_account_get_mailbox(self, email->boxes[k]);

			if (mailbox->stamp != thread->number)
				continue;
			mailbox->stamp = 0;
			mailbox->unread_threads++;
		}
	}
}

/* Brings the counts of all mailboxes up to date, as the user of @slot sees them. */
void
js_account_count(JsAccount *self, guint slot)
{
	if (self->counted_at == self->modseq && self->counted_slot == slot)
		return;
	for (guint i = 1; i < self->mailboxes->len; i++) {
		JsMailbox *mailbox = g_ptr_array_index(self->mailboxes, i);

		if (mailbox != NULL)
			mailbox->total_emails = mailbox->unread_emails = mailbox->total_threads =
				mailbox->unread_threads = mailbox->stamp = 0;
	}
	for (guint i = 1; i < self->threads->len; i++) {
		JsThread *thread = g_ptr_array_index(self->threads, i);

		if (thread != NULL)
			js_account_count_thread(self, thread, slot);
	}
	self->counted_at = self->modseq;
	self->counted_slot = slot;
}
