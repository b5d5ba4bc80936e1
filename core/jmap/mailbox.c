/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mailboxes
 *
 * Specification: RFC 8621 §2
 * Implementation: Mailbox/get of all, and the changes that IMAP commands make, one Mailbox a call
 */
#include "jmap/error.h"
#include "jmap/mailbox.h"

G_DEFINE_BOXED_TYPE(FerryJmapMailbox, ferry_jmap_mailbox, ferry_jmap_mailbox_copy,
		    ferry_jmap_mailbox_free)

static const struct {
	const char *name;
	FerryJmapMailboxRights right;
} right_names[] = {
	{"mayReadItems", FERRY_JMAP_MAILBOX_READ_ITEMS},
	{"mayAddItems", FERRY_JMAP_MAILBOX_ADD_ITEMS},
	{"mayRemoveItems", FERRY_JMAP_MAILBOX_REMOVE_ITEMS},
	{"maySetSeen", FERRY_JMAP_MAILBOX_SET_SEEN},
	{"maySetKeywords", FERRY_JMAP_MAILBOX_SET_KEYWORDS},
	{"mayCreateChild", FERRY_JMAP_MAILBOX_CREATE_CHILD},
	{"mayRename", FERRY_JMAP_MAILBOX_RENAME},
	{"mayDelete", FERRY_JMAP_MAILBOX_DELETE},
	{"maySubmit", FERRY_JMAP_MAILBOX_SUBMIT},
	{"mayShare", FERRY_JMAP_MAILBOX_SHARE},
	{"mayAdmin", FERRY_JMAP_MAILBOX_SHARE},
};

/**
 * ferry_jmap_mailbox_copy:
 * @self: a Mailbox
 *
 * Returns: (transfer full): a copy
 */
FerryJmapMailbox *
ferry_jmap_mailbox_copy(const FerryJmapMailbox *self)
{
	FerryJmapMailbox *copy = g_new(FerryJmapMailbox, 1);

	*copy = *self;
	copy->id = g_strdup(self->id);
	copy->name = g_strdup(self->name);
	copy->parent_id = g_strdup(self->parent_id);
	copy->role = g_strdup(self->role);
	return copy;
}

/**
 * ferry_jmap_mailbox_free:
 * @self: (transfer full): a Mailbox
 *
 * Frees it.
 */
void
ferry_jmap_mailbox_free(FerryJmapMailbox *self)
{
	g_free(self->id);
	g_free(self->name);
	g_free(self->parent_id);
	g_free(self->role);
	g_free(self);
}

/* a server that does not tell rights is taken to give them all, but sharing, which it may not know
 */
static FerryJmapMailboxRights
read_rights(FerryJmapValue *value)
{
	g_autoptr(FerryJmapValue) rights = ferry_jmap_value_get(value, "myRights");
	guint found = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(right_names); i++)
		if (rights == NULL ||
		    ferry_jmap_value_get_boolean(rights, right_names[i].name, FALSE))
			found |= right_names[i].right;
	if (rights == NULL)
		found &= ~(guint)FERRY_JMAP_MAILBOX_SHARE;
	return (FerryJmapMailboxRights)found;
}

/**
 * ferry_jmap_mailbox_new_from_value:
 * @value: a Mailbox object
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): the Mailbox, or %NULL with %FERRY_ERROR_BACKEND where it
 *   has no id or no name
 */
FerryJmapMailbox *
ferry_jmap_mailbox_new_from_value(FerryJmapValue *value, GError **error)
{
	const char *id = ferry_jmap_value_get_string(value, "id");
	const char *name = ferry_jmap_value_get_string(value, "name");
	const char *role = ferry_jmap_value_get_string(value, "role");
	FerryJmapMailbox *self = NULL;

	if (id == NULL || name == NULL) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_BACKEND,
				    "a Mailbox without id or name");
		return NULL;
	}
	self = g_new0(FerryJmapMailbox, 1);
	self->id = g_strdup(id);
	self->name = g_strdup(name);
	self->parent_id = g_strdup(ferry_jmap_value_get_string(value, "parentId"));
	self->role = role != NULL ? g_ascii_strdown(role, -1) : NULL;
	self->sort_order =
		(guint32)MIN(ferry_jmap_value_get_uint64(value, "sortOrder", 0), G_MAXUINT32);
	self->total_emails = ferry_jmap_value_get_uint64(value, "totalEmails", 0);
	self->unread_emails = ferry_jmap_value_get_uint64(value, "unreadEmails", 0);
	self->is_subscribed = ferry_jmap_value_get_boolean(value, "isSubscribed", TRUE);
	self->rights = read_rights(value);
	return self;
}

/**
 * ferry_jmap_reply_parse_mailboxes:
 * @reply: a reply
 * @call_id: the id of a Mailbox/get call
 * @state: (out) (optional) (nullable): the Mailbox state
 * @not_found: (out) (optional) (array zero-terminated=1): the ids asked for that are no Mailboxes
 * @error: return location for an error
 *
 * Returns: (transfer container) (element-type FerryJmapMailbox) (nullable): the Mailboxes, or
 *   %NULL with the method's error
 */
GPtrArray *
ferry_jmap_reply_parse_mailboxes(FerryJmapReply *reply, const char *call_id, char **state,
				 char ***not_found, GError **error)
{
	g_autoptr(FerryJmapValue) value = ferry_jmap_reply_get_result(reply, call_id, error);
	g_autoptr(GPtrArray) mailboxes = NULL;
	FerryJmapValueIter iter;
	FerryJmapValue *item = NULL;

	if (value == NULL)
		return NULL;
	mailboxes = g_ptr_array_new_with_free_func((GDestroyNotify)ferry_jmap_mailbox_free);
	if (!ferry_jmap_value_iter_init(&iter, value, "list")) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_BACKEND,
				    "the answer to Mailbox/get has no list");
		return NULL;
	}
	while (ferry_jmap_value_iter_next(&iter, NULL, &item)) {
		FerryJmapMailbox *mailbox = ferry_jmap_mailbox_new_from_value(item, error);

		ferry_jmap_value_unref(item);
		if (mailbox == NULL)
			return NULL;
		g_ptr_array_add(mailboxes, mailbox);
	}
	if (state != NULL)
		*state = g_strdup(ferry_jmap_value_get_string(value, "state"));
	if (not_found != NULL)
		*not_found = ferry_jmap_value_dup_strings(value, "notFound");
	return g_steal_pointer(&mailboxes);
}

/**
 * ferry_jmap_request_add_mailbox_get:
 * @request: a request
 * @account_id: the account
 *
 * Asks for all Mailboxes.
 *
 * Returns: (transfer none): the call's id
 */
const char *
ferry_jmap_request_add_mailbox_get(FerryJmapRequest *request, const char *account_id)
{
	g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", account_id);
	ferry_jmap_builder_set_null(args, "ids");
	ferry_jmap_builder_end_object(args);
	return ferry_jmap_request_add_call(request, "Mailbox/get", args);
}

/* {"accountId":…, KIND:{KEY:{ … the caller goes on inside */
static FerryJmapBuilder *
begin_set(const char *account_id, const char *kind, const char *key)
{
	FerryJmapBuilder *args = ferry_jmap_builder_new();

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", account_id);
	ferry_jmap_builder_name(args, kind);
	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_name(args, key);
	ferry_jmap_builder_begin_object(args);
	return args;
}

static const char *
end_set(FerryJmapRequest *request, FerryJmapBuilder *args)
{
	for (guint i = 0; i < 3; i++)
		ferry_jmap_builder_end_object(args);
	return ferry_jmap_request_add_call(request, "Mailbox/set", args);
}

/**
 * ferry_jmap_request_add_mailbox_create:
 * @request: a request
 * @account_id: the account
 * @creation_id: the name of the creation in the answer
 * @name: the new Mailbox's name
 * @parent_id: (nullable): where in; `#` and the creation id of an earlier call will do
 * @is_subscribed: whether to subscribe to it
 *
 * Makes a Mailbox.
 *
 * Returns: (transfer none): the call's id
 */
const char *
ferry_jmap_request_add_mailbox_create(FerryJmapRequest *request, const char *account_id,
				      const char *creation_id, const char *name,
				      const char *parent_id, gboolean is_subscribed)
{
	g_autoptr(FerryJmapBuilder) args = begin_set(account_id, "create", creation_id);

	ferry_jmap_builder_set_string(args, "name", name);
	ferry_jmap_builder_set_string(args, "parentId", parent_id);
	ferry_jmap_builder_set_bool(args, "isSubscribed", is_subscribed);
	return end_set(request, args);
}

/**
 * ferry_jmap_request_add_mailbox_rename:
 * @request: a request
 * @account_id: the account
 * @id: the Mailbox
 * @name: its new name
 * @parent_id: (nullable): where in, %NULL for the top
 *
 * Renames and moves a Mailbox.
 *
 * Returns: (transfer none): the call's id
 */
const char *
ferry_jmap_request_add_mailbox_rename(FerryJmapRequest *request, const char *account_id,
				      const char *id, const char *name, const char *parent_id)
{
	g_autoptr(FerryJmapBuilder) args = begin_set(account_id, "update", id);

	ferry_jmap_builder_set_string(args, "name", name);
	ferry_jmap_builder_set_string(args, "parentId", parent_id);
	return end_set(request, args);
}

/**
 * ferry_jmap_request_add_mailbox_subscribe:
 * @request: a request
 * @account_id: the account
 * @id: the Mailbox
 * @is_subscribed: whether the user wants it listed
 *
 * Subscribes or unsubscribes.
 *
 * Returns: (transfer none): the call's id
 */
const char *
ferry_jmap_request_add_mailbox_subscribe(FerryJmapRequest *request, const char *account_id,
					 const char *id, gboolean is_subscribed)
{
	g_autoptr(FerryJmapBuilder) args = begin_set(account_id, "update", id);

	ferry_jmap_builder_set_bool(args, "isSubscribed", is_subscribed);
	return end_set(request, args);
}

/**
 * ferry_jmap_request_add_mailbox_destroy:
 * @request: a request
 * @account_id: the account
 * @id: the Mailbox
 * @remove_emails: whether to take its Emails out of it first (onDestroyRemoveEmails); those in no
 *   other Mailbox are destroyed
 * @if_in_state: (nullable): only in this Mailbox state
 *
 * Destroys a Mailbox.
 *
 * Returns: (transfer none): the call's id
 */
const char *
ferry_jmap_request_add_mailbox_destroy(FerryJmapRequest *request, const char *account_id,
				       const char *id, gboolean remove_emails,
				       const char *if_in_state)
{
	g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", account_id);
	if (if_in_state != NULL)
		ferry_jmap_builder_set_string(args, "ifInState", if_in_state);
	ferry_jmap_builder_set_strings(args, "destroy", &id, 1);
	ferry_jmap_builder_set_bool(args, "onDestroyRemoveEmails", remove_emails);
	ferry_jmap_builder_end_object(args);
	return ferry_jmap_request_add_call(request, "Mailbox/set", args);
}
