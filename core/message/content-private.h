/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "message/mime-cursor-private.h"
#include "message/transfer-encoding.h"

G_BEGIN_DECLS

#define FERRY_MESSAGE_BOUNDARY_MAX 256

/* What the header of a part says about its body. Upper-case members of BODYSTRUCTURE are rendered
 * ready for IMAP, NULL is NIL; all strings live in the chunk that was given. */
typedef struct {
	const char *type;     /* upper case, a token: needs no quoting */
	const char *subtype;  /* the same */
	const char *encoding; /* the same */
	const char *parameters;
	const char *id;
	const char *description;
	const char *md5;
	const char *disposition;
	const char *language;
	const char *location;
	const char *envelope; /* of a message, set by the scanner */
	const char *media_type;
	const char *charset;
	const char *boundary; /* with the "--" before it; NULL: none that could be used */
	FerryMessageTransferEncoding transfer_encoding;
} FerryMessageContent;

void ferry_message_content_parse(FerryMessageContent *content, const char *header, gsize length,
				 gboolean in_digest, GStringChunk *strings);

/* content-parameters.c */
typedef void (*FerryMessageParameterFunc)(GString *name, GString *value, gpointer user_data);
void ferry_message_parameters_parse(FerryMimeCursor *cursor, FerryMessageParameterFunc func,
				    gpointer user_data);

/* one kind of body that is looked into */
gboolean ferry_message_content_is_multipart(const FerryMessageContent *content);
gboolean ferry_message_content_is_message(const FerryMessageContent *content);

G_END_DECLS
