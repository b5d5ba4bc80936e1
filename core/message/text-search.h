/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "message/structure.h"

G_BEGIN_DECLS

/**
 * FerryMessageTextScope:
 * @FERRY_MESSAGE_TEXT_BODY: the SEARCH key BODY: text parts, and the headers of enclosed messages
 * @FERRY_MESSAGE_TEXT_ALL: the SEARCH key TEXT: every header too
 *
 * Where a text is looked for (RFC 9051 §6.4.4).
 */
typedef enum {
	FERRY_MESSAGE_TEXT_BODY,
	FERRY_MESSAGE_TEXT_ALL,
} FerryMessageTextScope;

char *ferry_message_casemap(const char *text, gssize length);
gboolean ferry_message_header_matches(const char *value, gsize length, const char *needle);
gboolean ferry_message_text_matches(FerryMessageStructure *structure, const char *raw, gsize length,
				    const char *needle, FerryMessageTextScope scope);

G_END_DECLS
