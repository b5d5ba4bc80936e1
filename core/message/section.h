/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "message/structure.h"

G_BEGIN_DECLS

/**
 * FerryMessageSectionKind:
 * @FERRY_MESSAGE_SECTION_ALL: no text specifier: the whole message, or the body of a part
 * @FERRY_MESSAGE_SECTION_HEADER: HEADER, and what HEADER.FIELDS and HEADER.FIELDS.NOT pick from
 * @FERRY_MESSAGE_SECTION_TEXT: TEXT
 * @FERRY_MESSAGE_SECTION_MIME: MIME
 *
 * The text specifier that ends an IMAP section (RFC 9051 §6.4.5.1).
 */
typedef enum {
	FERRY_MESSAGE_SECTION_ALL,
	FERRY_MESSAGE_SECTION_HEADER,
	FERRY_MESSAGE_SECTION_TEXT,
	FERRY_MESSAGE_SECTION_MIME,
} FerryMessageSectionKind;

gboolean ferry_message_section_find_part(FerryMessageStructure *structure, const guint32 *path,
					 gsize path_length, FerryMessagePart *part);
gboolean ferry_message_section_resolve(FerryMessageStructure *structure, const guint32 *path,
				       gsize path_length, FerryMessageSectionKind kind,
				       guint64 *offset, guint64 *length);
void ferry_message_section_filter_header(const char *block, gsize length, const char *const *names,
					 gboolean exclude, GString *out);

G_END_DECLS
