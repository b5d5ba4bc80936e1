/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jmap/method.h"

G_BEGIN_DECLS

/**
 * FerryJmapEmail:
 * @id: the Email id
 * @blob_id: the blob of its octets
 * @thread_id: (nullable): its Thread
 * @mailbox_ids: (array zero-terminated=1): the mailboxes that hold it, as the server ordered them
 * @keywords: (array zero-terminated=1): its keywords, lower case as most servers give them
 * @size: octets of the message
 * @received_at: seconds since 1970
 * @sent_at: seconds since 1970, meaningful where @has_sent_at
 * @sent_offset: the zone of @sent_at in minutes east of UTC
 * @has_sent_at: whether the server could read the Date field
 * @has_mailbox_ids: whether mailboxIds was in the answer
 * @has_keywords: whether keywords was in the answer
 *
 * The properties of an Email that a mailbox view needs (RFC 8621 §4.1). Strings are borrowed from
 * the list it is in.
 */
typedef struct {
	const char *id;
	const char *blob_id;
	const char *thread_id;
	const char **mailbox_ids;
	const char **keywords;
	guint64 size;
	gint64 received_at;
	gint64 sent_at;
	int sent_offset;
	guint has_sent_at : 1;
	guint has_mailbox_ids : 1;
	guint has_keywords : 1;
} FerryJmapEmail;

/**
 * FerryJmapEmailList:
 *
 * The Emails of one Email/get answer.
 */
typedef struct _FerryJmapEmailList FerryJmapEmailList;

#define FERRY_TYPE_JMAP_EMAIL_LIST (ferry_jmap_email_list_get_type())
GType ferry_jmap_email_list_get_type(void);
FerryJmapEmailList *ferry_jmap_email_list_ref(FerryJmapEmailList *self);
void ferry_jmap_email_list_unref(FerryJmapEmailList *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryJmapEmailList, ferry_jmap_email_list_unref)

guint ferry_jmap_email_list_get_length(FerryJmapEmailList *self);
const FerryJmapEmail *ferry_jmap_email_list_get(FerryJmapEmailList *self, guint index);
FerryJmapValue *ferry_jmap_email_list_get_value(FerryJmapEmailList *self, guint index);
const char *ferry_jmap_email_list_get_state(FerryJmapEmailList *self);
const char *const *ferry_jmap_email_list_get_not_found(FerryJmapEmailList *self);
FerryJmapEmailList *ferry_jmap_reply_parse_emails(FerryJmapReply *reply, const char *call_id,
						  GError **error);

const char *const *ferry_jmap_email_get_view_properties(void);

const char *ferry_jmap_request_add_email_query(FerryJmapRequest *request, const char *account_id,
					       const char *in_mailbox, const char *anchor,
					       gint64 position, guint limit,
					       gboolean calculate_total);
const char *ferry_jmap_request_add_email_search(FerryJmapRequest *request, const char *account_id,
						FerryJmapBuilder *filter, FerryJmapBuilder *sort,
						const char *anchor, guint limit);

/**
 * FerryJmapEmailImport:
 * @creation_id: the name of this creation in the answer
 * @blob_id: the uploaded message
 * @mailbox_ids: (array zero-terminated=1): where to
 * @keywords: (array zero-terminated=1) (nullable): its keywords
 * @received_at: seconds since 1970, or -1 to leave it to the server
 *
 * One message of an Email/import call (RFC 8621 §4.8).
 */
typedef struct {
	const char *creation_id;
	const char *blob_id;
	const char *const *mailbox_ids;
	const char *const *keywords;
	gint64 received_at;
} FerryJmapEmailImport;

const char *ferry_jmap_request_add_email_import(FerryJmapRequest *request, const char *account_id,
						const char *if_in_state,
						const FerryJmapEmailImport *imports,
						guint n_imports);

G_END_DECLS
