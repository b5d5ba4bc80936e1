/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An Email as JSON
 *
 * Specification: RFC 8621 sections 4.1 and 4.2
 */
#include <string.h>

#include "email-write.h"
#include "mime-header.h"

typedef struct {
	const JsEmailWanted *wanted;
	JsMessage *message;
	const char *blob_id;
	GString *out;
} JsWriter;

static gboolean
js_wants_body(const JsEmailWanted *wanted, const char *name)
{
	return g_hash_table_contains(wanted->body_properties, name);
}

static void
js_write_part_strings(JsWriter *self, JsPart *part)
{
	const JsEmailWanted *wanted = self->wanted;
	gboolean text = g_str_has_prefix(part->type, "text/");

	if (js_wants_body(wanted, "name"))
		js_json_kv_string(self->out, "name", part->name);
	if (js_wants_body(wanted, "type"))
		js_json_kv_string(self->out, "type", part->type);
	if (js_wants_body(wanted, "charset"))
		js_json_kv_string(self->out, "charset",
				  part->charset != NULL ? part->charset
				  : text                ? "us-ascii"
							: NULL);
	if (js_wants_body(wanted, "disposition"))
		js_json_kv_string(self->out, "disposition", part->disposition);
	if (js_wants_body(wanted, "cid"))
		js_json_kv_string(self->out, "cid", part->cid);
	if (js_wants_body(wanted, "location"))
		js_json_kv_string(self->out, "location", part->location);
}

static void
js_write_language(JsWriter *self, JsPart *part)
{
	g_auto(GStrv) languages = NULL;

	js_json_key(self->out, "language");
	if (part->language == NULL) {
		js_json_null(self->out);
		return;
	}
	languages = g_strsplit(part->language, ",", -1);
	js_json_open(self->out, '[');
	for (guint i = 0; languages[i] != NULL; i++)
		js_json_string(self->out, g_strstrip(languages[i]));
	js_json_close(self->out, ']');
}

static void
js_write_part_open(JsWriter *self, JsPart *part)
{
	const JsEmailWanted *wanted = self->wanted;

	js_json_open(self->out, '{');
	if (js_wants_body(wanted, "partId"))
		js_json_kv_string(self->out, "partId", part->part_id);
	if (js_wants_body(wanted, "blobId")) {
		g_autofree char *id = g_strdup_printf("%s-%u", self->blob_id, part->number);

		js_json_kv_string(self->out, "blobId", part->children == NULL ? id : NULL);
	}
	if (js_wants_body(wanted, "size"))
		js_json_kv_int(self->out, "size", (gint64)js_part_get_size(self->message, part));
	if (js_wants_body(wanted, "headers"))
		js_headers_write_all(self->message, part, self->out);
	js_write_part_strings(self, part);
	if (js_wants_body(wanted, "language"))
		js_write_language(self, part);
	for (guint i = 0; i < wanted->body_headers->len; i++)
		js_header_write(self->message, part,
				&g_array_index(wanted->body_headers, JsHeaderWanted, i), self->out);
}

/* subParts are written whether asked for or not: without them bodyStructure says nothing. The
 * recursion is as deep as the parser lets parts nest. */
static void
js_write_structure(JsWriter *self, JsPart *part)
{
	js_write_part_open(self, part);
	if (part->children != NULL) {
		js_json_key(self->out, "subParts");
		js_json_open(self->out, '[');
		for (guint i = 0; i < part->children->len; i++)
			js_write_structure(self, g_ptr_array_index(part->children, i));
		js_json_close(self->out, ']');
	}
	js_json_close(self->out, '}');
}

static void
js_write_part_list(JsWriter *self, const char *key, GPtrArray *parts)
{
	js_json_key(self->out, key);
	js_json_open(self->out, '[');
	for (guint i = 0; i < parts->len; i++) {
		js_write_part_open(self, g_ptr_array_index(parts, i));
		js_json_close(self->out, '}');
	}
	js_json_close(self->out, ']');
}

static gsize
js_truncate_utf8(const char *text, gsize len, gsize max)
{
	if (max == 0 || len <= max)
		return len;
	while (max > 0 && ((guchar)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

static void
js_write_body_value(JsWriter *self, JsPart *part, GHashTable *done)
{
	g_autofree char *text = NULL;
	gboolean problem = FALSE;
	gsize len, kept;

	if (!g_str_has_prefix(part->type, "text/") || !g_hash_table_add(done, part))
		return;
	text = js_part_decode_text(self->message, part, &problem);
	len = strlen(text);
	kept = js_truncate_utf8(text, len, self->wanted->max_body_value);
	js_json_key(self->out, part->part_id);
	js_json_open(self->out, '{');
	js_json_key(self->out, "value");
	js_json_string_len(self->out, text, kept);
	js_json_kv_bool(self->out, "isEncodingProblem", problem);
	js_json_kv_bool(self->out, "isTruncated", kept < len);
	js_json_close(self->out, '}');
}

static void
js_write_body_values(JsWriter *self, JsBodyLists *lists)
{
	g_autoptr(GHashTable) done = g_hash_table_new(NULL, NULL);
	const JsEmailWanted *wanted = self->wanted;

	js_json_key(self->out, "bodyValues");
	js_json_open(self->out, '{');
	for (guint i = 0; wanted->fetch_all && i < self->message->parts->len; i++) {
		JsPart *part = g_ptr_array_index(self->message->parts, i);

		if (part->children == NULL)
			js_write_body_value(self, part, done);
	}
	for (guint i = 0; wanted->fetch_text && i < lists->text->len; i++)
		js_write_body_value(self, g_ptr_array_index(lists->text, i), done);
	for (guint i = 0; wanted->fetch_html && i < lists->html->len; i++)
		js_write_body_value(self, g_ptr_array_index(lists->html, i), done);
	js_json_close(self->out, '}');
}

static void
js_write_bodies(JsWriter *self)
{
	g_auto(JsBodyLists) lists = {0};
	guint flags = self->wanted->flags;

	js_message_list_bodies(self->message, &lists);
	if ((flags & JS_EMAIL_BODY_STRUCTURE) != 0) {
		js_json_key(self->out, "bodyStructure");
		js_write_structure(self, js_message_get_root(self->message));
	}
	if ((flags & JS_EMAIL_BODY_VALUES) != 0)
		js_write_body_values(self, &lists);
	if ((flags & JS_EMAIL_TEXT_BODY) != 0)
		js_write_part_list(self, "textBody", lists.text);
	if ((flags & JS_EMAIL_HTML_BODY) != 0)
		js_write_part_list(self, "htmlBody", lists.html);
	if ((flags & JS_EMAIL_ATTACHMENTS) != 0)
		js_write_part_list(self, "attachments", lists.attachments);
	if ((flags & JS_EMAIL_PREVIEW) != 0) {
		g_autofree char *preview = js_message_dup_preview(self->message);

		js_json_kv_string(self->out, "preview", preview);
	}
}

static void
js_write_content(JsWriter *self)
{
	const JsEmailWanted *wanted = self->wanted;
	JsPart *root = js_message_get_root(self->message);

	if ((wanted->flags & JS_EMAIL_HEADERS) != 0)
		js_headers_write_all(self->message, root, self->out);
	for (guint i = 0; i < wanted->headers->len; i++)
		js_header_write(self->message, root,
				&g_array_index(wanted->headers, JsHeaderWanted, i), self->out);
	if ((wanted->flags & JS_EMAIL_STRUCTURE) != 0)
		js_write_bodies(self);
}

static void
js_write_mailbox_ids(JsAccount *account, JsEmail *email, guint slot, GString *out)
{
	char buffer[16];

	js_json_key(out, "mailboxIds");
	js_json_open(out, '{');
	for (guint i = 0; i < email->n_boxes; i++) {
		JsMailbox *mailbox = js_account_get_mailbox(account, email->boxes[i]);

		if ((mailbox->rights[slot] & JS_MAY_READ_ITEMS) != 0)
			js_json_kv_bool(out, js_id_format('B', email->boxes[i], buffer), TRUE);
	}
	js_json_close(out, '}');
}

static void
js_write_keywords(JsEmail *email, guint slot, GString *out)
{
	js_json_key(out, "keywords");
	js_json_open(out, '{');
	if ((email->seen_by >> slot & 1) != 0)
		js_json_kv_bool(out, "$seen", TRUE);
	for (guint i = 0; i < email->n_keywords; i++)
		js_json_kv_bool(out, email->keywords[i], TRUE);
	js_json_close(out, '}');
}

static void
js_write_metadata(JsAccount *account, JsEmail *email, const JsEmailWanted *wanted,
		  const char *blob_id, GString *out)
{
	char buffer[16];

	js_json_kv_string(out, "id", js_id_format('M', email->number, buffer));
	if ((wanted->flags & JS_EMAIL_BLOB_ID) != 0)
		js_json_kv_string(out, "blobId", blob_id);
	if ((wanted->flags & JS_EMAIL_THREAD_ID) != 0)
		js_json_kv_string(out, "threadId", js_id_format('T', email->thread, buffer));
	if ((wanted->flags & JS_EMAIL_MAILBOX_IDS) != 0)
		js_write_mailbox_ids(account, email, wanted->slot, out);
	if ((wanted->flags & JS_EMAIL_KEYWORDS) != 0)
		js_write_keywords(email, wanted->slot, out);
	if ((wanted->flags & JS_EMAIL_SIZE) != 0)
		js_json_kv_int(out, "size", (gint64)email->blob->size);
	if ((wanted->flags & JS_EMAIL_RECEIVED_AT) != 0) {
		g_autofree char *text = js_mime_format_utc(email->received_at);

		js_json_kv_string(out, "receivedAt", text);
	}
	if ((wanted->flags & JS_EMAIL_HAS_ATTACHMENT) != 0)
		js_json_kv_bool(out, "hasAttachment", js_email_get_has_attachment(email));
}

void
js_email_write(JsAccount *account, JsEmail *email, const JsEmailWanted *wanted, GString *out)
{
	char blob_id[2 * JS_DIGEST_SIZE + 2];
	gboolean structure = (wanted->flags & JS_EMAIL_STRUCTURE) != 0;

	js_blob_format_id(email->blob, blob_id);
	js_json_open(out, '{');
	js_write_metadata(account, email, wanted, blob_id, out);
	if (structure || wanted->headers->len > 0 || (wanted->flags & JS_EMAIL_HEADERS) != 0) {
		g_autoptr(GBytes) bytes = js_blob_ref_bytes(email->blob);
		gsize len = 0;
		const char *data = g_bytes_get_data(bytes, &len);
		g_autoptr(JsMessage) message =
			js_message_parse(data != NULL ? data : "", len, structure);
		JsWriter writer = {wanted, message, blob_id, out};

		js_write_content(&writer);
	}
	js_json_close(out, '}');
}

/* An Email that is not filed anywhere (Email/parse): the metadata properties are null. */
void
js_email_write_parsed(GBytes *bytes, const char *blob_id, const JsEmailWanted *wanted, GString *out)
{
	gsize len = 0;
	const char *data = g_bytes_get_data(bytes, &len);
	g_autoptr(JsMessage) message = js_message_parse(data != NULL ? data : "", len, TRUE);
	JsWriter writer = {wanted, message, blob_id, out};
	static const char *const absent[] = {"id", "threadId", "mailboxIds", "keywords",
					     "receivedAt"};
	static const guint flags[] = {JS_EMAIL_ID, JS_EMAIL_THREAD_ID, JS_EMAIL_MAILBOX_IDS,
				      JS_EMAIL_KEYWORDS, JS_EMAIL_RECEIVED_AT};

	js_json_open(out, '{');
	for (guint i = 0; i < G_N_ELEMENTS(absent); i++)
		if ((wanted->flags & flags[i]) != 0)
			js_json_kv_string(out, absent[i], NULL);
	if ((wanted->flags & JS_EMAIL_BLOB_ID) != 0)
		js_json_kv_string(out, "blobId", blob_id);
	if ((wanted->flags & JS_EMAIL_SIZE) != 0)
		js_json_kv_int(out, "size", (gint64)len);
	if ((wanted->flags & JS_EMAIL_HAS_ATTACHMENT) != 0)
		js_json_kv_bool(out, "hasAttachment", js_message_has_attachment(message));
	js_write_content(&writer);
	js_json_close(out, '}');
}
