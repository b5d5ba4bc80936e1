/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A walk over a structured header value (RFC 2045 §5.1). */
typedef struct {
	const char *p;
	const char *end;
} FerryMimeCursor;

void ferry_mime_cursor_skip_blanks(FerryMimeCursor *cursor);
gboolean ferry_mime_cursor_take(FerryMimeCursor *cursor, char c);
gboolean ferry_mime_cursor_read_token(FerryMimeCursor *cursor, GString *token);
gboolean ferry_mime_cursor_read_value(FerryMimeCursor *cursor, GString *value);
gboolean ferry_mime_cursor_next_parameter(FerryMimeCursor *cursor, GString *name, GString *value);

G_END_DECLS
