/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account.h"
#include "json.h"
#include "mime.h"

typedef enum {
	JS_EMAIL_ID = 1 << 0,
	JS_EMAIL_BLOB_ID = 1 << 1,
	JS_EMAIL_THREAD_ID = 1 << 2,
	JS_EMAIL_MAILBOX_IDS = 1 << 3,
	JS_EMAIL_KEYWORDS = 1 << 4,
	JS_EMAIL_SIZE = 1 << 5,
	JS_EMAIL_RECEIVED_AT = 1 << 6,
	JS_EMAIL_HEADERS = 1 << 7,
	JS_EMAIL_BODY_STRUCTURE = 1 << 8,
	JS_EMAIL_BODY_VALUES = 1 << 9,
	JS_EMAIL_TEXT_BODY = 1 << 10,
	JS_EMAIL_HTML_BODY = 1 << 11,
	JS_EMAIL_ATTACHMENTS = 1 << 12,
	JS_EMAIL_HAS_ATTACHMENT = 1 << 13,
	JS_EMAIL_PREVIEW = 1 << 14,
	/* what needs the tree of parts */
	JS_EMAIL_STRUCTURE = JS_EMAIL_BODY_STRUCTURE | JS_EMAIL_BODY_VALUES | JS_EMAIL_TEXT_BODY |
			     JS_EMAIL_HTML_BODY | JS_EMAIL_ATTACHMENTS | JS_EMAIL_PREVIEW,
} JsEmailProperty;

typedef enum {
	JS_FORM_RAW,
	JS_FORM_TEXT,
	JS_FORM_ADDRESSES,
	JS_FORM_GROUPED_ADDRESSES,
	JS_FORM_MESSAGE_IDS,
	JS_FORM_DATE,
	JS_FORM_URLS,
} JsHeaderForm;

typedef struct {
	char *property; /* as it was asked for */
	char *field;
	JsHeaderForm form;
	gboolean all;
} JsHeaderWanted;

typedef struct {
	guint flags;                    /* JsEmailProperty */
	GArray *headers, *body_headers; /* JsHeaderWanted */
	GHashTable *body_properties;
	gboolean fetch_text, fetch_html, fetch_all;
	gsize max_body_value;
	guint slot;
} JsEmailWanted;

gboolean js_header_wanted_parse(const char *property, JsHeaderWanted *wanted);
void js_header_write(JsMessage *message, JsPart *part, const JsHeaderWanted *wanted, GString *out);
void js_headers_write_all(JsMessage *message, JsPart *part, GString *out);
void js_email_write(JsAccount *account, JsEmail *email, const JsEmailWanted *wanted, GString *out);
void js_email_write_parsed(GBytes *bytes, const char *blob_id, const JsEmailWanted *wanted,
			   GString *out);
