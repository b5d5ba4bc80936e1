/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

#define METADATA_MODULE "metadata"
#define METADATA_SETTINGS "extension metadata"

/* Of one name, and of the names in a command. */
#define METADATA_MAX_NAME 512
#define METADATA_MAX_NAMES 100

/* Events that clients can ask for by name (RFC 5465 §5.6, §5.7). */
#define METADATA_MAILBOX_EVENT "MailboxMetadataChange"
#define METADATA_SERVER_EVENT "ServerMetadataChange"

#define METADATA_ALL_LEVELS G_MAXUINT

/* What is asked for; without names it is empty. */
typedef struct {
	GPtrArray *names; /* as the client wrote them */
	GPtrArray *keys;  /* the same in small letters */
	guint depth;
	gboolean has_max_size;
	guint64 max_size;
	guint64 longest; /* of the values that are longer; 0: none is */
} MetadataQuery;

/* metadata-entry.c: names of entries, and which of them are asked for */
MetadataQuery *metadata_query_new(void);
void metadata_query_free(gpointer data);
gboolean metadata_query_add_entries(MetadataQuery *self, FerryImapValue *entries, GError **error);
gboolean metadata_query_add_options(MetadataQuery *self, FerryImapValue *options, GError **error);
gboolean metadata_query_check(MetadataQuery *self, GError **error);
char *metadata_make_key(const char *name, GError **error);
gboolean metadata_is_shared(const char *key);
gboolean metadata_matches(const char *entry, guint depth, const char *key);
void metadata_write(FerryImapWriter *writer, const char *mailbox, MetadataQuery *query,
		    GPtrArray *data, guint first, guint n);
gboolean metadata_may_read(FerryMailboxInfo *info);
gboolean metadata_may_share(FerryMailboxInfo *info);
FerryMailboxInfo *metadata_find_mailbox(FerryMailboxList *list, const char *name, gboolean shares,
					GError **error);
FerryAccountDatum *metadata_new_special_use(FerryMailboxInfo *info);

/* metadata-set.c, metadata-list.c: values of mailboxes */
gboolean metadata_has_shared(GPtrArray *data);
GPtrArray *metadata_collect(GPtrArray *all, guint place, FerryMailboxInfo *info);

/* commands */
void metadata_get(FerryImapCommand *command, gpointer user_data);
void metadata_set(FerryImapCommand *command, gpointer user_data);
gboolean metadata_check_list(FerryImapCommand *command, gpointer user_data, GError **error);
gboolean metadata_write_listed(FerryImapCommand *command, const char *mailbox_name,
			       FerryImapValue *arguments, FerryImapWriter *writer,
			       gpointer user_data);

/* metadata-tell.c: what others changed */
gboolean metadata_enable(FerryImapSession *session, gpointer user_data);
void metadata_note(FerryImapSession *session, FerryMailboxList *list, FerryImapEvent *event);
void metadata_tell(FerryImapSession *session, FerryMailboxList *list);
void metadata_hear(FerryImapSession *session, FerryImapEvent *event, gpointer user_data);
void metadata_forget(FerryImapSession *session, gpointer user_data);
