/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>
#include <string.h>

#include "acl-rights.h"

#define ACL_CYRUS_MAIL "https://cyrusimap.org/ns/jmap/mail"

/* more candidates for a name than this are not looked through */
#define ACL_MAX_PRINCIPALS 256

/* A mailbox, and how its account shares. */
typedef struct {
	FerryMailboxInfo *info;
	AclForm form;
	char *account_id;
	char *principals_id; /* the account that has the principals; NULL in Cyrus's form */
	char *owner_id;      /* the key that the owner would have in shareWith */
} AclPlace;

/* Who shares a mailbox. */
typedef struct {
	char *state;
	FerryJmapValue *share_with; /* an object, or NULL */
	GHashTable *identifiers;    /* by key in shareWith */
	char *id;                   /* the key of whom was asked for */
} AclShares;

typedef struct {
	char *identifier;
	AclChange change;
	gboolean remove; /* the entry as a whole */
} AclWish;

/* What is to be done about an entry. */
typedef struct {
	AclRights after;
	gboolean removes; /* the entry as a whole */
	gboolean nothing; /* it is so already */
} AclDecision;

AclForm acl_form_choose(FerryJmapValue *capabilities);
AclForm acl_find_form(FerryAccountSession *session, const char *account_id);
FerryMailboxInfo *acl_find_mailbox(FerryMailboxList *list, const char *name);
AclPlace *acl_place_new(FerryAccountSession *session, const char *name, GError **error);
void acl_place_free(AclPlace *self);
gboolean acl_place_check(const AclPlace *self, GError **error);
gboolean acl_place_is_owner(const AclPlace *self, const char *username, const char *identifier);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AclPlace, acl_place_free)

void acl_shares_free(AclShares *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AclShares, acl_shares_free)
const char *acl_add_get(FerryJmapRequest *request, const AclPlace *place);
FerryJmapRequest *acl_request_new(const AclPlace *place);
gboolean acl_parse_get(FerryJmapReply *reply, const char *call_id, char **state,
		       FerryJmapValue **share_with, GError **error);
void acl_ask_async(FerryAccountSession *session, const AclPlace *place, const char *identifier,
		   GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
AclShares *acl_ask_finish(GAsyncResult *result, GError **error);

gboolean acl_principals_find(FerryJmapValue *query, FerryJmapValue *principals,
			     const char *identifier, char **id, GError **error);
void acl_principals_name(FerryJmapValue *answer, GHashTable *identifiers, GHashTable *taken);

void acl_wish_free(AclWish *self);
gboolean acl_decide(const AclPlace *place, const AclShares *shares, const AclWish *wish,
		    FerryJmapValue *entry, AclDecision *decision, GError **error);
char *acl_make_path(const char *id);
void acl_set_async(FerryAccountSession *session, const AclPlace *place, const AclWish *wish,
		   GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean acl_set_finish(GAsyncResult *result, GError **error);

char *acl_identifier_prepare(const char *text, GError **error);
gboolean acl_identifier_check(const char *identifier, GError **error);

void acl_my_rights(FerryImapCommand *command, gpointer user_data);
void acl_get(FerryImapCommand *command, gpointer user_data);
void acl_set(FerryImapCommand *command, gpointer user_data);
void acl_delete(FerryImapCommand *command, gpointer user_data);
void acl_list_rights(FerryImapCommand *command, gpointer user_data);
gboolean acl_list_my_rights(FerryImapCommand *command, const char *mailbox_name,
			    FerryImapValue *arguments, FerryImapWriter *writer, gpointer user_data);
