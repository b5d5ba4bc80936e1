/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mime.h"

char *js_mime_header_dup_value(const JsHeader *header);
char *js_mime_header_dup_param(const JsHeader *header, const char *name);
char *js_mime_decode_text(const char *value, gsize len);
char *js_mime_to_utf8(const char *data, gsize len, const char *charset, gboolean *problem);
char *js_mime_decode_base64(const char *data, gsize len, gsize *out_len);
char *js_mime_decode_qp(const char *data, gsize len, gboolean header, gsize *out_len);
gboolean js_mime_parse_date(const char *value, gsize len, gint64 *seconds, int *offset_minutes);
char *js_mime_format_date(gint64 seconds, int offset_minutes);
char *js_mime_format_utc(gint64 seconds);
GPtrArray *js_mime_parse_message_ids(const char *value, gsize len);
char *js_mime_dup_base_subject(const char *subject);

typedef struct {
	char *name;  /* NULL: none */
	char *email; /* NULL: this entry opens (name) or closes (no name) a group */
	gboolean group_start, group_end;
} JsAddress;
GPtrArray *js_mime_parse_addresses(const char *value, gsize len);
