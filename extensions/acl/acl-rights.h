/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

/* A set of IMAP rights, one bit for each letter of ACL_LETTERS. */
typedef guint AclRights;
#define ACL_LETTERS "lrswipkxtean"

/* The two ways in which a backend writes who may do what. */
typedef enum {
	ACL_FORM_NONE,
	ACL_FORM_STANDARD, /* principals of RFC 9670, the rights of myRights */
	ACL_FORM_CYRUS,    /* user names, three steps of rights */
	ACL_N_FORMS,
} AclForm;

typedef enum {
	ACL_MODE_REPLACE,
	ACL_MODE_ADD,
	ACL_MODE_REMOVE,
} AclMode;

typedef struct {
	AclMode mode;
	AclRights rights;
} AclChange;

AclRights acl_rights_from_letters(const char *letters);
AclRights acl_rights_from_mailbox(FerryMailboxRights rights);
char *acl_rights_to_text(AclRights rights);
gboolean acl_change_parse(const char *text, AclForm form, AclChange *change, GError **error);
AclRights acl_change_apply(const AclChange *change, AclRights before);

AclRights acl_form_read(AclForm form, FerryJmapValue *entry);
gboolean acl_form_can_express(AclForm form, AclRights rights, GError **error);
void acl_form_build(AclForm form, FerryJmapBuilder *builder, FerryJmapValue *before,
		    const AclChange *change, AclRights after);
gboolean acl_form_is_as_built(AclForm form, FerryJmapValue *entry, AclRights rights);
gboolean acl_form_is_exact(AclForm form);
const char *const *acl_form_get_ties(AclForm form);
const char *acl_form_get_new_letters(AclForm form);
