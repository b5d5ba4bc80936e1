/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

G_BEGIN_DECLS

/* What an IMAP URL names: a message, or a part of one. */
typedef struct {
	gboolean absolute;   /* it names a server */
	char *host;          /* without brackets */
	guint port;          /* 0: none was given */
	char *user;          /* nullable */
	char *mailbox;       /* in UTF-8, INBOX in capitals; NULL: the selected one */
	guint32 uidvalidity; /* 0: none was given */
	guint32 uid;
	FerryImapValue *section; /* nullable: the whole message */
	gboolean has_partial;
	guint64 offset;
	guint64 length; /* G_MAXUINT64: to the end */
} CatenateUrl;

/* Where a client is connected to, and as whom. */
typedef struct {
	const char *user;
	const char *host;
	const char *address;      /* without a port */
	const char *const *names; /* nullable: other names of the host */
	guint port;
	gboolean loopback;
} CatenateServer;

CatenateUrl *catenate_url_parse(const char *text, GError **error);
void catenate_url_free(CatenateUrl *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CatenateUrl, catenate_url_free)

gboolean catenate_url_is_at(const CatenateUrl *self, const CatenateServer *server);
gboolean catenate_url_is_to_blame(const GError *error);

/* As a response code may have it: one that cannot end it early. */
char *catenate_url_escape(const char *text);

G_END_DECLS
