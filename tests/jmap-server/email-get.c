/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Email/get, Email/parse
 *
 * Specification: RFC 8621 sections 4.1, 4.2 and 4.9
 * Implementation: the properties are sorted out once a call; a message is parsed only when one of
 *   them needs it, and only down to its header unless bodies are wanted
 */
#include <string.h>

#include "email-write.h"
#include "methods.h"
#include "mime-header.h"

static const struct {
	const char *name;
	JsEmailProperty property;
} js_email_properties[] = {
	{"id", JS_EMAIL_ID},
	{"blobId", JS_EMAIL_BLOB_ID},
	{"threadId", JS_EMAIL_THREAD_ID},
	{"mailboxIds", JS_EMAIL_MAILBOX_IDS},
	{"keywords", JS_EMAIL_KEYWORDS},
	{"size", JS_EMAIL_SIZE},
	{"receivedAt", JS_EMAIL_RECEIVED_AT},
	{"headers", JS_EMAIL_HEADERS},
	{"bodyStructure", JS_EMAIL_BODY_STRUCTURE},
	{"bodyValues", JS_EMAIL_BODY_VALUES},
	{"textBody", JS_EMAIL_TEXT_BODY},
	{"htmlBody", JS_EMAIL_HTML_BODY},
	{"attachments", JS_EMAIL_ATTACHMENTS},
	{"hasAttachment", JS_EMAIL_HAS_ATTACHMENT},
	{"preview", JS_EMAIL_PREVIEW},
};

static const struct {
	const char *property, *field;
	JsHeaderForm form;
} js_header_properties[] = {
	{"messageId", "Message-ID", JS_FORM_MESSAGE_IDS},
	{"inReplyTo", "In-Reply-To", JS_FORM_MESSAGE_IDS},
	{"references", "References", JS_FORM_MESSAGE_IDS},
	{"sender", "Sender", JS_FORM_ADDRESSES},
	{"from", "From", JS_FORM_ADDRESSES},
	{"to", "To", JS_FORM_ADDRESSES},
	{"cc", "Cc", JS_FORM_ADDRESSES},
	{"bcc", "Bcc", JS_FORM_ADDRESSES},
	{"replyTo", "Reply-To", JS_FORM_ADDRESSES},
	{"subject", "Subject", JS_FORM_TEXT},
	{"sentAt", "Date", JS_FORM_DATE},
};

static const char *const js_default_properties[] = {
	"id",         "blobId",     "threadId",      "mailboxIds",
	"keywords",   "size",       "receivedAt",    "messageId",
	"inReplyTo",  "references", "sender",        "from",
	"to",         "cc",         "bcc",           "replyTo",
	"subject",    "sentAt",     "hasAttachment", "preview",
	"bodyValues", "textBody",   "htmlBody",      "attachments"};

static const char *const js_default_body_properties[] = {
	"partId",  "blobId",      "size", "name",     "type",
	"charset", "disposition", "cid",  "language", "location"};

static gboolean
js_email_add_property(JsEmailWanted *wanted, const char *name)
{
	JsHeaderWanted header = {NULL};

	for (guint i = 0; i < G_N_ELEMENTS(js_email_properties); i++)
		if (strcmp(js_email_properties[i].name, name) == 0) {
			wanted->flags |= js_email_properties[i].property;
			return TRUE;
		}
	if (js_header_wanted_parse(name, &header)) {
		g_array_append_val(wanted->headers, header);
		return TRUE;
	}
	for (guint i = 0; i < G_N_ELEMENTS(js_header_properties); i++) {
		if (strcmp(js_header_properties[i].property, name) != 0)
			continue;
		header.property = g_strdup(name);
		header.field = g_strdup(js_header_properties[i].field);
		header.form = js_header_properties[i].form;
		g_array_append_val(wanted->headers, header);
		return TRUE;
	}
	return FALSE;
}

static gboolean
js_body_add_property(JsEmailWanted *wanted, const char *name)
{
	static const char *const known[] = {
		"partId",      "blobId", "size",     "headers",  "name",     "type", "charset",
		"disposition", "cid",    "language", "location", "subParts", NULL};
	JsHeaderWanted header = {NULL};

	if (g_strv_contains(known, name)) {
		g_hash_table_add(wanted->body_properties, g_strdup(name));
		return TRUE;
	}
	if (!js_header_wanted_parse(name, &header))
		return FALSE;
	g_array_append_val(wanted->body_headers, header);
	return TRUE;
}

static gboolean
js_wanted_read_list(JsCall *call, JsEmailWanted *wanted, const char *key,
		    gboolean (*add)(JsEmailWanted *, const char *), const char *const *defaults,
		    guint n_defaults)
{
	JsonNode *node = js_object_node(call->args, key);
	JsonArray *array = js_node_array(node);

	if (js_node_is_null(node)) {
		for (guint i = 0; i < n_defaults; i++)
			add(wanted, defaults[i]);
		return TRUE;
	}
	if (array == NULL)
		return js_call_invalid(call, key);
	for (guint i = 0; i < json_array_get_length(array); i++) {
		JsonNode *element = json_array_get_element(array, i);

		if (!js_node_is_string(element))
			return js_call_invalid(call, key);
		if (!add(wanted, json_node_get_string(element)))
			return js_call_fail(call, "invalidArguments", "%s: %s", key,
					    json_node_get_string(element));
	}
	return TRUE;
}

static void
js_header_wanted_clear(gpointer data)
{
	JsHeaderWanted *header = data;

	g_free(header->property);
	g_free(header->field);
}

static void
js_email_wanted_clear(JsEmailWanted *wanted)
{
	g_clear_pointer(&wanted->headers, g_array_unref);
	g_clear_pointer(&wanted->body_headers, g_array_unref);
	g_clear_pointer(&wanted->body_properties, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(JsEmailWanted, js_email_wanted_clear)

static gboolean
js_email_wanted_read(JsCall *call, JsEmailWanted *wanted)
{
	gint64 max = js_object_int(call->args, "maxBodyValueBytes", 0);

	wanted->headers = g_array_new(FALSE, FALSE, sizeof(JsHeaderWanted));
	wanted->body_headers = g_array_new(FALSE, FALSE, sizeof(JsHeaderWanted));
	g_array_set_clear_func(wanted->headers, js_header_wanted_clear);
	g_array_set_clear_func(wanted->body_headers, js_header_wanted_clear);
	wanted->body_properties = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	wanted->slot = call->slot;
	wanted->fetch_text = js_object_bool(call->args, "fetchTextBodyValues", FALSE);
	wanted->fetch_html = js_object_bool(call->args, "fetchHTMLBodyValues", FALSE);
	wanted->fetch_all = js_object_bool(call->args, "fetchAllBodyValues", FALSE);
	if (max < 0)
		return js_call_invalid(call, "maxBodyValueBytes");
	wanted->max_body_value = (gsize)max;
	return js_wanted_read_list(call, wanted, "properties", js_email_add_property,
				   js_default_properties, G_N_ELEMENTS(js_default_properties)) &&
	       js_wanted_read_list(call, wanted, "bodyProperties", js_body_add_property,
				   js_default_body_properties,
				   G_N_ELEMENTS(js_default_body_properties));
}

JsEmail *
js_call_find_email(JsCall *call, const char *id)
{
	guint32 number = 0;
	JsEmail *email = NULL;

	id = js_call_resolve_id(call, id);
	if (id != NULL && js_id_parse(id, 'M', &number))
		email = js_account_get_email(call->account, number);
	if (email == NULL || (js_account_get_viewers(call->account, email) >> call->slot & 1) == 0)
		return NULL;
	return email;
}

gboolean
js_email_get(JsCall *call)
{
	g_auto(JsEmailWanted) wanted = {0};
	g_autoptr(GString) missing = g_string_new("[");
	JsonArray *ids;

	if (!js_call_get_ids(call, "ids", &ids) || !js_email_wanted_read(call, &wanted))
		return FALSE;
	if (ids == NULL && call->account->n_emails > call->server->limits[JS_LIMIT_GET].value)
		return js_call_fail(call, "requestTooLarge", NULL);
	js_json_open(call->out, '{');
	js_write_account(call);
	js_write_state(call, "state", JS_TYPE_EMAIL);
	js_json_key(call->out, "list");
	js_json_open(call->out, '[');
	for (guint i = 1; ids == NULL && i < call->account->emails->len; i++) {
		JsEmail *email = js_account_get_email(call->account, i);

		if (email != NULL &&
		    (js_account_get_viewers(call->account, email) >> call->slot & 1) != 0)
			js_email_write(call->account, email, &wanted, call->out);
	}
	for (guint i = 0; ids != NULL && i < json_array_get_length(ids); i++) {
		const char *id = json_array_get_string_element(ids, i);
		JsEmail *email = js_call_find_email(call, id);

		if (email != NULL)
			js_email_write(call->account, email, &wanted, call->out);
		else
			js_json_string(missing, id);
	}
	js_json_close(call->out, ']');
	js_json_key(call->out, "notFound");
	js_json_raw(call->out, missing->str, (gssize)missing->len);
	js_json_close(call->out, ']');
	js_json_close(call->out, '}');
	return TRUE;
}

gboolean
js_email_changes(JsCall *call)
{
	return js_run_changes(call, JS_TYPE_EMAIL, 'M', NULL);
}

gboolean
js_email_parse(JsCall *call)
{
	g_auto(JsEmailWanted) wanted = {0};
	g_autoptr(GString) missing = g_string_new("[");
	JsonArray *ids;

	if (!js_call_get_ids(call, "blobIds", &ids) || !js_email_wanted_read(call, &wanted))
		return FALSE;
	if (ids == NULL)
		return js_call_invalid(call, "blobIds");
	js_json_open(call->out, '{');
	js_write_account(call);
	js_json_key(call->out, "parsed");
	js_json_open(call->out, '{');
	for (guint i = 0; i < json_array_get_length(ids); i++) {
		const char *id = json_array_get_string_element(ids, i);
		g_autoptr(GBytes) bytes = js_account_ref_blob(call->account, id, call->slot);

		if (bytes == NULL) {
			js_json_string(missing, id);
			continue;
		}
		js_json_key(call->out, id);
		js_email_write_parsed(bytes, id, &wanted, call->out);
	}
	js_json_close(call->out, '}');
	js_json_key(call->out, "notParsable");
	js_json_null(call->out);
	js_json_key(call->out, "notFound");
	js_json_raw(call->out, missing->str, -1);
	js_json_close(call->out, ']');
	js_json_close(call->out, '}');
	return TRUE;
}
