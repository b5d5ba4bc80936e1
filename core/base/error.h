/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#define FERRY_ERROR (ferry_error_quark())

/**
 * FerryError:
 * @FERRY_ERROR_FAILED: something went wrong that no other code names
 * @FERRY_ERROR_INVALID: the caller's input is malformed; a protocol answers BAD
 * @FERRY_ERROR_CANNOT: understood, but impossible here or with this backend (RFC 5530 CANNOT)
 * @FERRY_ERROR_NO_PERMISSION: rights are missing (NOPERM)
 * @FERRY_ERROR_NOT_FOUND: the thing named does not exist (NONEXISTENT)
 * @FERRY_ERROR_EXISTS: the thing to be made exists already (ALREADYEXISTS)
 * @FERRY_ERROR_TRY_CREATE: the target mailbox does not exist but could be made (TRYCREATE)
 * @FERRY_ERROR_HAS_CHILDREN: a mailbox with children cannot be removed (HASCHILDREN)
 * @FERRY_ERROR_OVER_QUOTA: the backend's quota is used up (OVERQUOTA)
 * @FERRY_ERROR_TOO_BIG: one object exceeds a size limit (TOOBIG)
 * @FERRY_ERROR_LIMIT: a count or rate limit was reached (LIMIT)
 * @FERRY_ERROR_IN_USE: busy now, later it may work (INUSE)
 * @FERRY_ERROR_UNAVAILABLE: the backend cannot be reached or does not answer (UNAVAILABLE)
 * @FERRY_ERROR_BACKEND: the backend answered against its protocol (SERVERBUG)
 * @FERRY_ERROR_AUTHENTICATION: credentials are wrong (AUTHENTICATIONFAILED)
 * @FERRY_ERROR_EXPIRED: credentials that worked do no longer (EXPIRED)
 * @FERRY_ERROR_PRIVACY_REQUIRED: only allowed under TLS (PRIVACYREQUIRED)
 * @FERRY_ERROR_CONFLICT: the state that the decision was based on is gone; read again and retry
 * @FERRY_ERROR_EXPUNGED: some messages named by number are gone (EXPUNGEISSUED)
 * @FERRY_ERROR_BAD_CHARSET: the charset is not known (BADCHARSET)
 * @FERRY_ERROR_UNKNOWN_CTE: a content transfer encoding cannot be undone (UNKNOWN-CTE)
 * @FERRY_ERROR_CONFIGURATION: a setting is wrong; the message names file, group and key
 *
 * What a caller can do about a failure. Layers that need more have a domain of their own; one
 * table in core/imap turns errors into tagged answers.
 */
typedef enum {
	FERRY_ERROR_FAILED,
	FERRY_ERROR_INVALID,
	FERRY_ERROR_CANNOT,
	FERRY_ERROR_NO_PERMISSION,
	FERRY_ERROR_NOT_FOUND,
	FERRY_ERROR_EXISTS,
	FERRY_ERROR_TRY_CREATE,
	FERRY_ERROR_HAS_CHILDREN,
	FERRY_ERROR_OVER_QUOTA,
	FERRY_ERROR_TOO_BIG,
	FERRY_ERROR_LIMIT,
	FERRY_ERROR_IN_USE,
	FERRY_ERROR_UNAVAILABLE,
	FERRY_ERROR_BACKEND,
	FERRY_ERROR_AUTHENTICATION,
	FERRY_ERROR_EXPIRED,
	FERRY_ERROR_PRIVACY_REQUIRED,
	FERRY_ERROR_CONFLICT,
	FERRY_ERROR_EXPUNGED,
	FERRY_ERROR_BAD_CHARSET,
	FERRY_ERROR_UNKNOWN_CTE,
	FERRY_ERROR_CONFIGURATION,
} FerryError;

/**
 * ferry_error_quark:
 *
 * Returns: the domain of #FerryError
 */
GQuark ferry_error_quark(void);

G_END_DECLS
