/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether what is left of a command that replaced a message is undone
 *
 * Specification: RFC 8621 §4.2
 * Implementation: the intent names the old message and its mailbox. While it is there, the new one
 *   goes; once it is not, the new one is all there is, and stays
 */
#include "account/op-private.h"
#include "account/recover-private.h"
#include "jmap/error.h"
#include "jmap/value.h"

static gboolean
is_there(FerryJmapValue *got, const char *mailbox_id)
{
	FerryJmapValueIter iter;
	FerryJmapValue *email;
	gboolean found = FALSE;

	if (!ferry_jmap_value_iter_init(&iter, got, "list"))
		return FALSE;
	while (ferry_jmap_value_iter_next(&iter, NULL, &email)) {
		g_autoptr(FerryJmapValue) owned = email;
		g_autoptr(FerryJmapValue) places = ferry_jmap_value_get_member(email, "mailboxIds");

		found |= places != NULL && ferry_jmap_value_get_boolean(places, mailbox_id, FALSE);
	}
	return found;
}

/* The account of the old message is not this login's any more: nobody can tell. */
static gboolean
is_out_of_reach(const GError *error)
{
	FerryError code = ferry_jmap_error_to_ferry(error);

	return code == FERRY_ERROR_NOT_FOUND || code == FERRY_ERROR_NO_PERMISSION;
}

typedef struct {
	FerryOp *op;
	FerryOpFunc undo;
	FerryOpFunc keep;
	char *mailbox_id;
	char *call_id;
} Question;

static void
question_free(Question *self)
{
	g_free(self->mailbox_id);
	g_free(self->call_id);
	g_free(self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Question, question_free)

static void
got_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(Question) self = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(FerryJmapValue) got = NULL;

	if (reply != NULL)
		got = ferry_jmap_reply_get_result(reply, self->call_id, &error);
	if (got == NULL && !is_out_of_reach(error))
		ferry_op_fail(self->op, g_steal_pointer(&error));
	else if (got != NULL && is_there(got, self->mailbox_id))
		self->undo(self->op);
	else
		self->keep(self->op);
}

static void
ask(Question *self, const char *account_id, const char *email_id)
{
	static const char *const properties[] = {"id", "mailboxIds", NULL};
	g_autoptr(FerryJmapRequest) request = ferry_jmap_request_new();
	const char *ids[] = {email_id};
	g_auto(GStrv) calls =
		ferry_jmap_request_add_get(request, "Email/get", account_id, ids, 1, properties, 1);

	self->call_id = g_strdup(calls[0]);
	ferry_mail_account_send_async(self->op->account, self->op->session->jmap, request,
				      FERRY_JMAP_SEND_NONE, NULL, got_cb, self);
}

void
ferry_recover_decide(FerryOp *op, FerryJmapValue *intent, FerryOpFunc undo, FerryOpFunc keep)
{
	g_autoptr(FerryJmapValue) condition = ferry_jmap_value_get_member(intent, "while");
	const char *account_id, *mailbox_id, *email_id;
	Question *self;

	if (condition == NULL) {
		undo(op);
		return;
	}
	account_id = ferry_jmap_value_get_string(condition, "account");
	mailbox_id = ferry_jmap_value_get_string(condition, "mailbox");
	email_id = ferry_jmap_value_get_string(condition, "email");
	if (account_id == NULL || mailbox_id == NULL || email_id == NULL) {
		keep(op);
		return;
	}
	self = g_new0(Question, 1);
	self->op = op;
	self->undo = undo;
	self->keep = keep;
	self->mailbox_id = g_strdup(mailbox_id);
	ask(self, account_id, email_id);
}
