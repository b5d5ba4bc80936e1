/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

#include "base/error.h"

G_BEGIN_DECLS

#define FERRY_JMAP_ERROR (ferry_jmap_error_quark())

/**
 * FerryJmapError:
 * @FERRY_JMAP_ERROR_CANNOT_CALCULATE_CHANGES: the server forgot the old state; list again and
 *   compare
 * @FERRY_JMAP_ERROR_ANCHOR_NOT_FOUND: the anchor of a paged query is gone; page by another one
 * @FERRY_JMAP_ERROR_ALREADY_EXISTS: the object is there already, see
 *   ferry_jmap_error_get_existing_id()
 * @FERRY_JMAP_ERROR_UNKNOWN_METHOD: this server or account lacks the method or capability
 * @FERRY_JMAP_ERROR_UNSUPPORTED: the filter, sort or property is not one this server can do
 * @FERRY_JMAP_ERROR_REQUEST_TOO_LARGE: one call exceeds what the session allows; ask for less at
 *   once
 * @FERRY_JMAP_ERROR_LOST_ANSWER: the connection broke after a request that creates something may
 *   have been executed; look the thing up before making it again
 *
 * Failures that a caller of this layer acts on by itself. Everything else, `stateMismatch` included
 * (%FERRY_ERROR_CONFLICT), is a #FerryError. ferry_jmap_error_to_ferry() turns these into that.
 */
typedef enum {
	FERRY_JMAP_ERROR_CANNOT_CALCULATE_CHANGES,
	FERRY_JMAP_ERROR_ANCHOR_NOT_FOUND,
	FERRY_JMAP_ERROR_ALREADY_EXISTS,
	FERRY_JMAP_ERROR_UNKNOWN_METHOD,
	FERRY_JMAP_ERROR_UNSUPPORTED,
	FERRY_JMAP_ERROR_REQUEST_TOO_LARGE,
	FERRY_JMAP_ERROR_LOST_ANSWER,
} FerryJmapError;

/**
 * ferry_jmap_error_quark:
 *
 * Returns: the domain of #FerryJmapError
 */
GQuark ferry_jmap_error_quark(void);

GError *ferry_jmap_error_new_for_type(const char *type, const char *description,
				      const char *existing_id);
GError *ferry_jmap_error_new_for_status(guint status, const char *reason);
const char *ferry_jmap_error_get_existing_id(const GError *error);
FerryError ferry_jmap_error_to_ferry(const GError *error);

G_END_DECLS
