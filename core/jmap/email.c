/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Emails as a mailbox view needs them
 *
 * Specification: RFC 8621 §4.1 (properties), §4.2 (Email/get), §4.4 (Email/query), §4.8
 *   (Email/import)
 * Implementation: one walk over the members of each object, strings borrowed from the document, the
 *   vectors of ids and keywords in one block for the whole list
 */
#include <string.h>

#include "jmap/date.h"
#include "jmap/email.h"
#include "jmap/error.h"
#include "jmap/value-private.h"

struct _FerryJmapEmailList {
	gatomicrefcount refs;
	FerryJmapValue *value;
	FerryJmapEmail *emails;
	guint32 *indices; /* of the objects in the document */
	guint length;
	const char **vectors; /* NULL-terminated runs */
	const char **not_found;
};

/* while reading: vectors are kept as offsets, since the block moves as it grows */
typedef struct {
	const FerryJmapDoc *doc;
	GPtrArray *vectors;
} Reading;

G_DEFINE_BOXED_TYPE(FerryJmapEmailList, ferry_jmap_email_list, ferry_jmap_email_list_ref,
		    ferry_jmap_email_list_unref)

/**
 * ferry_jmap_email_list_ref:
 * @self: a list
 *
 * Returns: (transfer full): @self
 */
FerryJmapEmailList *
ferry_jmap_email_list_ref(FerryJmapEmailList *self)
{
	g_atomic_ref_count_inc(&self->refs);
	return self;
}

/**
 * ferry_jmap_email_list_unref:
 * @self: (transfer full): a list
 *
 * Drops a reference.
 */
void
ferry_jmap_email_list_unref(FerryJmapEmailList *self)
{
	if (!g_atomic_ref_count_dec(&self->refs))
		return;
	g_free(self->emails);
	g_free(self->indices);
	g_free(self->vectors);
	g_free(self->not_found);
	ferry_jmap_value_unref(self->value);
	g_free(self);
}

/* the names of a set, those that are true; returns their offset */
static gsize
read_set(Reading *reading, guint32 index)
{
	const FerryJmapNode *nodes = reading->doc->nodes;
	gsize offset = reading->vectors->len;

	if (nodes[index].type == FERRY_JMAP_TYPE_OBJECT) {
		for (guint32 i = index + 1; i < nodes[index].next; i = nodes[i + 1].next)
			if (nodes[i + 1].type == FERRY_JMAP_TYPE_BOOLEAN &&
			    nodes[i + 1].u.integer != 0)
				g_ptr_array_add(reading->vectors,
						(gpointer)ferry_jmap_doc_text(reading->doc, i));
	}
	g_ptr_array_add(reading->vectors, NULL);
	return offset;
}

static guint64
read_size(const FerryJmapNode *node)
{
	return node->type == FERRY_JMAP_TYPE_INTEGER && node->u.integer > 0
		       ? (guint64)node->u.integer
		       : 0;
}

static void
read_dates(FerryJmapEmail *email, const char *name, const char *date)
{
	int offset = 0;
	gint64 time = 0;

	if (!ferry_jmap_date_parse(date, &time, &offset))
		return;
	if (name[0] == 'r') {
		email->received_at = time;
		return;
	}
	email->sent_at = time;
	email->sent_offset = offset;
	email->has_sent_at = TRUE;
}

static void
read_member(Reading *reading, FerryJmapEmail *email, const char *name, guint32 index)
{
	const FerryJmapDoc *doc = reading->doc;

	if (g_str_equal(name, "id")) {
		email->id = ferry_jmap_doc_string(doc, index);
	} else if (g_str_equal(name, "blobId")) {
		email->blob_id = ferry_jmap_doc_string(doc, index);
	} else if (g_str_equal(name, "threadId")) {
		email->thread_id = ferry_jmap_doc_string(doc, index);
	} else if (g_str_equal(name, "mailboxIds")) {
		email->mailbox_ids = GSIZE_TO_POINTER(read_set(reading, index));
		email->has_mailbox_ids = doc->nodes[index].type == FERRY_JMAP_TYPE_OBJECT;
	} else if (g_str_equal(name, "keywords")) {
		email->keywords = GSIZE_TO_POINTER(read_set(reading, index));
		email->has_keywords = doc->nodes[index].type == FERRY_JMAP_TYPE_OBJECT;
	} else if (g_str_equal(name, "size")) {
		email->size = read_size(&doc->nodes[index]);
	} else if (g_str_equal(name, "receivedAt") || g_str_equal(name, "sentAt")) {
		read_dates(email, name, ferry_jmap_doc_string(doc, index));
	}
}

static void
read_email(Reading *reading, FerryJmapEmail *email, guint32 index)
{
	const FerryJmapNode *nodes = reading->doc->nodes;

	if (nodes[index].type != FERRY_JMAP_TYPE_OBJECT)
		return;
	for (guint32 i = index + 1; i < nodes[index].next; i = nodes[i + 1].next)
		read_member(reading, email, ferry_jmap_doc_text(reading->doc, i), i + 1);
}

static void
read_list(FerryJmapEmailList *self, const FerryJmapDoc *doc, guint32 list)
{
	Reading reading = {doc, g_ptr_array_sized_new(doc->nodes[list].u.count * 4 + 1)};

	/* offset 0 is the empty set, for what was not in the answer */
	g_ptr_array_add(reading.vectors, NULL);
	self->emails = g_new0(FerryJmapEmail, doc->nodes[list].u.count);
	self->indices = g_new(guint32, doc->nodes[list].u.count);
	for (guint32 i = list + 1; i < doc->nodes[list].next; i = doc->nodes[i].next) {
		FerryJmapEmail *email = &self->emails[self->length];

		read_email(&reading, email, i);
		/* one without an id cannot be meant */
		if (email->id == NULL)
			memset(email, 0, sizeof *email);
		else
			self->indices[self->length++] = i;
	}
	self->vectors = (const char **)g_ptr_array_free(reading.vectors, FALSE);
	for (guint i = 0; i < self->length; i++) {
		FerryJmapEmail *email = &self->emails[i];

		email->mailbox_ids = self->vectors + GPOINTER_TO_SIZE(email->mailbox_ids);
		email->keywords = self->vectors + GPOINTER_TO_SIZE(email->keywords);
	}
}

/**
 * ferry_jmap_reply_parse_emails:
 * @reply: a reply
 * @call_id: the id of an Email/get call
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): the Emails, or %NULL with the method's error
 */
FerryJmapEmailList *
ferry_jmap_reply_parse_emails(FerryJmapReply *reply, const char *call_id, GError **error)
{
	g_autoptr(FerryJmapValue) value = ferry_jmap_reply_get_result(reply, call_id, error);
	FerryJmapEmailList *self = NULL;
	guint32 root = 0;
	guint32 list = 0;
	const FerryJmapDoc *doc = NULL;

	if (value == NULL)
		return NULL;
	doc = ferry_jmap_value_peek(value, &root);
	if (!ferry_jmap_value_find(value, "list", &list) ||
	    doc->nodes[list].type != FERRY_JMAP_TYPE_ARRAY) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_BACKEND,
				    "the answer to Email/get has no list");
		return NULL;
	}
	self = g_new0(FerryJmapEmailList, 1);
	g_atomic_ref_count_init(&self->refs);
	read_list(self, doc, list);
	self->not_found = ferry_jmap_value_borrow_strings(value, "notFound", NULL);
	self->value = g_steal_pointer(&value);
	return self;
}

/**
 * ferry_jmap_email_list_get_length:
 * @self: a list
 *
 * Returns: how many Emails it has
 */
guint
ferry_jmap_email_list_get_length(FerryJmapEmailList *self)
{
	return self->length;
}

/**
 * ferry_jmap_email_list_get:
 * @self: a list
 * @index: which, from 0
 *
 * Returns: (transfer none): the Email, valid as long as @self
 */
const FerryJmapEmail *
ferry_jmap_email_list_get(FerryJmapEmailList *self, guint index)
{
	g_return_val_if_fail(index < self->length, NULL);
	return &self->emails[index];
}

/**
 * ferry_jmap_email_list_get_value:
 * @self: a list
 * @index: which, from 0
 *
 * Returns: (transfer full): the whole object, for properties that [struct@JmapEmail] lacks
 */
FerryJmapValue *
ferry_jmap_email_list_get_value(FerryJmapEmailList *self, guint index)
{
	g_return_val_if_fail(index < self->length, NULL);
	return ferry_jmap_value_new_at(self->value, self->indices[index]);
}

/**
 * ferry_jmap_email_list_get_state:
 * @self: a list
 *
 * Returns: (nullable): the Email state of the answer
 */
const char *
ferry_jmap_email_list_get_state(FerryJmapEmailList *self)
{
	return ferry_jmap_value_get_string(self->value, "state");
}

/**
 * ferry_jmap_email_list_get_not_found:
 * @self: a list
 *
 * Returns: (array zero-terminated=1) (transfer none): the ids asked for that are no Emails
 */
const char *const *
ferry_jmap_email_list_get_not_found(FerryJmapEmailList *self)
{
	return self->not_found;
}

/**
 * ferry_jmap_email_get_view_properties:
 *
 * Returns: (array zero-terminated=1) (transfer none): the properties that [struct@JmapEmail] has
 */
const char *const *
ferry_jmap_email_get_view_properties(void)
{
	static const char *const properties[] = {"id",         "blobId",   "threadId",
						 "mailboxIds", "keywords", "size",
						 "receivedAt", "sentAt",   NULL};

	return properties;
}

static void
write_received_order(FerryJmapBuilder *args)
{
	ferry_jmap_builder_name(args, "sort");
	ferry_jmap_builder_begin_array(args);
	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "property", "receivedAt");
	ferry_jmap_builder_set_bool(args, "isAscending", TRUE);
	ferry_jmap_builder_end_object(args);
	ferry_jmap_builder_end_array(args);
}

static void
write_page(FerryJmapBuilder *args, const char *anchor, gint64 position, guint limit)
{
	if (anchor != NULL) {
		/* the anchor itself was the last of the page before */
		ferry_jmap_builder_set_string(args, "anchor", anchor);
		ferry_jmap_builder_set_int(args, "anchorOffset", 1);
	} else if (position != 0) {
		ferry_jmap_builder_set_int(args, "position", position);
	}
	if (limit > 0)
		ferry_jmap_builder_set_uint(args, "limit", limit);
}

/**
 * ferry_jmap_request_add_email_query:
 * @request: a request
 * @account_id: the account
 * @in_mailbox: (nullable): only Emails of this Mailbox
 * @anchor: (nullable): the last id of the page before
 * @position: where to begin where there is no @anchor
 * @limit: how many ids at most, 0 for the server's choice
 * @calculate_total: whether to ask for the total
 *
 * Lists Emails by receivedAt, oldest first.
 *
 * Returns: (transfer none): the call's id
 */
const char *
ferry_jmap_request_add_email_query(FerryJmapRequest *request, const char *account_id,
				   const char *in_mailbox, const char *anchor, gint64 position,
				   guint limit, gboolean calculate_total)
{
	g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", account_id);
	if (in_mailbox != NULL) {
		ferry_jmap_builder_name(args, "filter");
		ferry_jmap_builder_begin_object(args);
		ferry_jmap_builder_set_string(args, "inMailbox", in_mailbox);
		ferry_jmap_builder_end_object(args);
	}
	write_received_order(args);
	write_page(args, anchor, position, limit);
	if (calculate_total)
		ferry_jmap_builder_set_bool(args, "calculateTotal", TRUE);
	ferry_jmap_builder_end_object(args);
	return ferry_jmap_request_add_call(request, "Email/query", args);
}

static void
write_built(FerryJmapBuilder *args, const char *name, FerryJmapBuilder *built)
{
	g_autofree char *json = ferry_jmap_builder_to_json(built);
	g_autoptr(FerryJmapValue) value = ferry_jmap_value_new_from_json(json, -1, NULL);

	ferry_jmap_builder_name(args, name);
	if (value != NULL)
		ferry_jmap_builder_value(args, value);
	else
		ferry_jmap_builder_null(args);
}

/**
 * ferry_jmap_request_add_email_search:
 * @request: a request
 * @account_id: the account
 * @filter: (nullable): a FilterCondition or FilterOperator (RFC 8621 §4.4.1)
 * @sort: (nullable): an array of Comparators; by receivedAt, oldest first, where %NULL
 * @anchor: (nullable): the last id of the page before
 * @limit: how many ids at most, 0 for the server's choice
 *
 * Searches Emails. Send text searches with %FERRY_JMAP_SEND_ALONE.
 *
 * Returns: (transfer none): the call's id
 */
const char *
ferry_jmap_request_add_email_search(FerryJmapRequest *request, const char *account_id,
				    FerryJmapBuilder *filter, FerryJmapBuilder *sort,
				    const char *anchor, guint limit)
{
	g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", account_id);
	if (filter != NULL)
		write_built(args, "filter", filter);
	if (sort != NULL)
		write_built(args, "sort", sort);
	else
		write_received_order(args);
	write_page(args, anchor, 0, limit);
	ferry_jmap_builder_end_object(args);
	return ferry_jmap_request_add_call(request, "Email/query", args);
}

static void
write_set(FerryJmapBuilder *args, const char *name, const char *const *members)
{
	ferry_jmap_builder_name(args, name);
	ferry_jmap_builder_begin_object(args);
	for (guint i = 0; members != NULL && members[i] != NULL; i++)
		ferry_jmap_builder_set_bool(args, members[i], TRUE);
	ferry_jmap_builder_end_object(args);
}

static void
write_import(FerryJmapBuilder *args, const FerryJmapEmailImport *import)
{
	ferry_jmap_builder_name(args, import->creation_id);
	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "blobId", import->blob_id);
	write_set(args, "mailboxIds", import->mailbox_ids);
	if (import->keywords != NULL)
		write_set(args, "keywords", import->keywords);
	if (import->received_at != -1) {
		g_autofree char *date = ferry_jmap_date_format_utc(import->received_at);

		ferry_jmap_builder_set_string(args, "receivedAt", date);
	}
	ferry_jmap_builder_end_object(args);
}

/**
 * ferry_jmap_request_add_email_import:
 * @request: a request
 * @account_id: the account
 * @if_in_state: (nullable): only in this Email state, else %FERRY_ERROR_CONFLICT
 * @imports: (array length=n_imports): messages that were uploaded
 * @n_imports: how many
 *
 * Makes Emails of blobs. Read the answer with [method@JmapReply.parse_set].
 *
 * Returns: (transfer none): the call's id
 */
const char *
ferry_jmap_request_add_email_import(FerryJmapRequest *request, const char *account_id,
				    const char *if_in_state, const FerryJmapEmailImport *imports,
				    guint n_imports)
{
	g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", account_id);
	if (if_in_state != NULL)
		ferry_jmap_builder_set_string(args, "ifInState", if_in_state);
	ferry_jmap_builder_name(args, "emails");
	ferry_jmap_builder_begin_object(args);
	for (guint i = 0; i < n_imports; i++)
		write_import(args, &imports[i]);
	ferry_jmap_builder_end_object(args);
	ferry_jmap_builder_end_object(args);
	return ferry_jmap_request_add_call(request, "Email/import", args);
}
