/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct {
	const char *name;
	gsize name_len;
	const char *value; /* raw: with what follows the colon, without the last line end */
	gsize value_len;
} JsHeader;

typedef struct _JsPart JsPart;
struct _JsPart {
	JsPart *parent;
	GPtrArray *children; /* borrowed; NULL for a leaf */
	guint number;        /* place in the message's list, the suffix of its blobId */
	char *part_id;       /* NULL for a multipart */
	guint first_header;
	guint n_headers;
	gsize header_start, body_start, body_end;
	char *type; /* lower case */
	char *charset, *boundary, *disposition, *name, *cid, *location, *language, *encoding;
};

typedef struct {
	const char *data;
	gsize len;
	GArray *headers;  /* JsHeader; those of parts follow */
	GPtrArray *parts; /* JsPart, preorder; the first is the message itself */
} JsMessage;

JsMessage *js_message_parse(const char *data, gsize len, gboolean structure);
void js_message_free(JsMessage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JsMessage, js_message_free)

JsPart *js_message_get_root(JsMessage *self);
const JsHeader *js_message_find_header(JsMessage *self, JsPart *part, const char *name, guint nth);
gboolean js_header_is(const JsHeader *header, const char *name);

char *js_part_decode(JsMessage *self, JsPart *part, gsize *len);
char *js_part_decode_text(JsMessage *self, JsPart *part, gboolean *problem);
gsize js_part_get_size(JsMessage *self, JsPart *part);

/* The views of RFC 8621 section 4.1.4; the arrays hold borrowed JsParts. */
typedef struct {
	GPtrArray *text, *html, *attachments;
} JsBodyLists;
void js_message_list_bodies(JsMessage *self, JsBodyLists *lists);
void js_body_lists_clear(JsBodyLists *lists);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(JsBodyLists, js_body_lists_clear)
gboolean js_message_has_attachment(JsMessage *self);
char *js_message_dup_preview(JsMessage *self);
