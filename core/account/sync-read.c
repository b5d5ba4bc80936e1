/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the replies of a sync say
 *
 * Specification: RFC 8620 §5.2 (/changes), RFC 8621 §2, §4.2
 * Implementation: the newest answer about an object counts; what was told of and not got is missing
 */
#include "account/all-mail-private.h"
#include "account/sync-run-private.h"
#include "jmap/email.h"
#include "jmap/error.h"
#include "jmap/mailbox.h"
#include "jmap/method.h"

static void
take_strings(GHashTable *set, const char *const *ids)
{
	for (; ids != NULL && *ids != NULL; ids++)
		g_hash_table_add(set, g_strdup(*ids));
}

static void
forget_strings(GHashTable *set, const char *const *ids)
{
	for (; ids != NULL && *ids != NULL; ids++)
		g_hash_table_remove(set, *ids);
}

/* Takes the list; the newest answer about an Email counts. */
void
ferry_sync_take_emails(FerrySync *self, FerryJmapEmailList *list)
{
	guint n = ferry_jmap_email_list_get_length(list);

	g_ptr_array_add(self->lists, list);
	for (guint i = 0; i < n; i++) {
		const FerryJmapEmail *email = ferry_jmap_email_list_get(list, i);
		EmailRef *ref = g_new0(EmailRef, 1);

		ref->list = list;
		ref->index = i;
		g_hash_table_replace(self->emails, (gpointer)email->id, ref);
		g_hash_table_remove(self->missing, email->id);
	}
	forget_strings(self->missing, ferry_jmap_email_list_get_not_found(list));
}

static void
take_email_reply(FerrySync *self, FerryJmapReply *reply, const char *call_id)
{
	g_autoptr(GError) error = NULL;
	FerryJmapEmailList *list;

	if (call_id == NULL)
		return;
	list = ferry_jmap_reply_parse_emails(reply, call_id, &error);
	/* too many for one call, for example: then they are asked for by id */
	if (list == NULL)
		g_debug("account: Email/get by reference failed: %s", error->message);
	else
		ferry_sync_take_emails(self, list);
}

static gboolean
is_lost_state(const GError *error)
{
	/* a backend that was replaced refuses a state that it cannot even read */
	return g_error_matches(error, FERRY_JMAP_ERROR,
			       FERRY_JMAP_ERROR_CANNOT_CALCULATE_CHANGES) ||
	       g_error_matches(error, FERRY_ERROR, FERRY_ERROR_CANNOT);
}

static void
take_email_changes(FerrySync *self, FerryJmapReply *reply)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryJmapChanges) changes =
		ferry_jmap_reply_parse_changes(reply, self->email_changes, &error);

	if (changes == NULL) {
		if (is_lost_state(error))
			self->lost_state = TRUE;
		else
			self->error = g_steal_pointer(&error);
		return;
	}
	/* a run that stands still would never end */
	self->more_emails =
		changes->has_more && g_strcmp0(changes->new_state, changes->old_state) != 0;
	g_free(self->email_state);
	self->email_state = g_strdup(changes->new_state);
	forget_strings(self->destroyed, (const char *const *)changes->created);
	forget_strings(self->destroyed, (const char *const *)changes->updated);
	take_strings(self->missing, (const char *const *)changes->created);
	take_strings(self->missing, (const char *const *)changes->updated);
	take_email_reply(self, reply, self->email_created);
	take_email_reply(self, reply, self->email_updated);
	take_strings(self->destroyed, (const char *const *)changes->destroyed);
	forget_strings(self->missing, (const char *const *)changes->destroyed);
	forget_strings(self->emails, (const char *const *)changes->destroyed);
}

void
ferry_sync_take_mailboxes(FerrySync *self, FerryJmapReply *reply, const char *call_id)
{
	g_autoptr(GPtrArray) list = NULL;
	g_autofree char *state = NULL;

	if (call_id == NULL || self->error != NULL)
		return;
	list = ferry_jmap_reply_parse_mailboxes(reply, call_id, &state, NULL, &self->error);
	if (list == NULL)
		return;
	for (guint i = 0; i < list->len; i++) {
		FerryJmapMailbox *mailbox = list->pdata[i];

		/* which is no id at all */
		if (ferry_all_mail_is_id(mailbox->id))
			continue;
		if (g_hash_table_size(self->mailboxes) >= FERRY_ACCOUNT_MAX_MAILBOXES) {
			g_warning("account: more than %d mailboxes, the rest is left out",
				  FERRY_ACCOUNT_MAX_MAILBOXES);
			break;
		}
		g_hash_table_remove(self->removed, mailbox->id);
		g_hash_table_replace(self->mailboxes, g_strdup(mailbox->id),
				     ferry_jmap_mailbox_copy(mailbox));
	}
	if (self->complete_mailboxes) {
		g_free(self->mailbox_state);
		self->mailbox_state = g_steal_pointer(&state);
	}
}

/* Whether a mailbox that nobody told of any more has the name of one that is told now: there are no
 * such siblings (RFC 8621 §2). Cyrus is silent about a mailbox that was removed when another of its
 * name has been made since. */
static gboolean
takes_a_name(FerrySync *self, const FerryJmapMailbox *mailbox)
{
	GHashTableIter iter;
	gpointer id, value;

	g_hash_table_iter_init(&iter, self->account->slots);
	while (g_hash_table_iter_next(&iter, &id, &value)) {
		const FerryStoreMailbox *stored = ((FerryMailboxSlot *)value)->stored;

		if (g_strcmp0(stored->name, mailbox->name) == 0 &&
		    g_strcmp0(stored->parent_id, mailbox->parent_id) == 0 &&
		    g_strcmp0(id, mailbox->id) != 0 && !ferry_all_mail_is_id(id) &&
		    !g_hash_table_contains(self->mailboxes, id) &&
		    !g_hash_table_contains(self->removed, id))
			return TRUE;
	}
	return FALSE;
}

/* Whether Mailbox/changes says that a mailbox of ours is gone, which nobody takes its word for:
 * Cyrus says so for ever of one that was given a name that it had before. */
static gboolean
removes_mailboxes(FerrySync *self)
{
	GHashTableIter iter;
	gpointer id;

	g_hash_table_iter_init(&iter, self->removed);
	while (g_hash_table_iter_next(&iter, &id, NULL)) {
		if (ferry_mail_account_find(self->account, id) != NULL)
			return TRUE;
	}
	return FALSE;
}

/* Whether the backend left something out of its Mailbox/changes. */
static gboolean
is_silent_about_mailboxes(FerrySync *self)
{
	GHashTableIter iter;
	gpointer key, value;

	g_hash_table_iter_init(&iter, self->not_found);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		if (!g_hash_table_contains(self->removed, key))
			return TRUE;
	}
	g_hash_table_iter_init(&iter, self->mailboxes);
	while (g_hash_table_iter_next(&iter, &key, &value)) {
		if (ferry_mail_account_find(self->account, key) == NULL &&
		    takes_a_name(self, value))
			return TRUE;
	}
	return FALSE;
}

/* Whether a mailbox is told of that Mailbox/get, in the same request, does not have. Rights that
 * change at that moment hold for the one and not yet for the other on Cyrus, which does not tell of
 * the mailbox again. */
static gboolean
lacks_mailbox(FerrySync *self, const char *const *ids)
{
	for (; *ids != NULL; ids++) {
		if (!g_hash_table_contains(self->mailboxes, *ids) &&
		    !g_hash_table_contains(self->removed, *ids))
			return TRUE;
	}
	return FALSE;
}

static void
take_mailbox_changes(FerrySync *self, FerryJmapReply *reply)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryJmapChanges) changes =
		ferry_jmap_reply_parse_changes(reply, self->mailbox_changes, &error);

	if (changes == NULL) {
		/* then all of them are asked for: they are few */
		if (is_lost_state(error))
			self->complete_mailboxes = TRUE;
		else
			self->error = g_steal_pointer(&error);
		return;
	}
	self->more_mailboxes =
		changes->has_more && g_strcmp0(changes->new_state, changes->old_state) != 0;
	g_free(self->mailbox_state);
	self->mailbox_state = g_strdup(changes->new_state);
	ferry_sync_take_mailboxes(self, reply, self->mailbox_created);
	ferry_sync_take_mailboxes(self, reply, self->mailbox_updated);
	take_strings(self->removed, (const char *const *)changes->destroyed);
	forget_strings(self->mailboxes, (const char *const *)changes->destroyed);
	if (self->error != NULL)
		return;
	if (*changes->created != NULL || *changes->destroyed != NULL ||
	    (*changes->updated != NULL &&
	     (changes->updated_properties == NULL || *changes->updated_properties == NULL)))
		self->mailboxes_moved = TRUE;
	if (lacks_mailbox(self, (const char *const *)changes->created) ||
	    lacks_mailbox(self, (const char *const *)changes->updated))
		self->lacks_mailboxes = TRUE;
	if (self->more_mailboxes || (!self->lacks_mailboxes && !removes_mailboxes(self) &&
				     !is_silent_about_mailboxes(self)))
		return;
	/* then all of them are asked for */
	self->complete_mailboxes = TRUE;
	g_clear_pointer(&self->mailbox_state, g_free);
}

static void
take_first(FerrySync *self, FerryJmapReply *reply)
{
	g_autoptr(FerryJmapValue) got =
		ferry_jmap_reply_get_result(reply, self->state_call, &self->error);

	if (got == NULL)
		return;
	self->email_state = g_strdup(ferry_jmap_value_get_string(got, "state"));
	self->complete_mailboxes = TRUE;
	ferry_sync_take_mailboxes(self, reply, self->mailbox_created);
	if (self->error == NULL && (self->email_state == NULL || self->mailbox_state == NULL))
		g_set_error_literal(&self->error, FERRY_ERROR, FERRY_ERROR_BACKEND,
				    "the backend gave no state");
}

void
ferry_sync_take_reply(FerrySync *self, FerryJmapReply *reply)
{
	self->rounds++;
	self->more_emails = self->more_mailboxes = FALSE;
	if (self->first) {
		take_first(self, reply);
		return;
	}
	ferry_sync_take_totals(self, reply);
	if (self->mailbox_changes != NULL)
		take_mailbox_changes(self, reply);
	else if (self->complete_mailboxes)
		ferry_sync_take_mailboxes(self, reply, self->mailbox_created);
	if (self->email_changes != NULL && self->error == NULL)
		take_email_changes(self, reply);
}
