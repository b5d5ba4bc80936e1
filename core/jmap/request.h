/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jmap/builder.h"

G_BEGIN_DECLS

/**
 * FERRY_JMAP_CAPABILITY_CORE:
 *
 * The core of JMAP (RFC 8620).
 */
#define FERRY_JMAP_CAPABILITY_CORE "urn:ietf:params:jmap:core"
/**
 * FERRY_JMAP_CAPABILITY_MAIL:
 *
 * Mail (RFC 8621).
 */
#define FERRY_JMAP_CAPABILITY_MAIL "urn:ietf:params:jmap:mail"
/**
 * FERRY_JMAP_CAPABILITY_SUBMISSION:
 *
 * Sending (RFC 8621 §7).
 */
#define FERRY_JMAP_CAPABILITY_SUBMISSION "urn:ietf:params:jmap:submission"
/**
 * FERRY_JMAP_CAPABILITY_BLOB:
 *
 * Blob/get, Blob/upload and Blob/lookup (RFC 9404).
 */
#define FERRY_JMAP_CAPABILITY_BLOB "urn:ietf:params:jmap:blob"
/**
 * FERRY_JMAP_CAPABILITY_QUOTA:
 *
 * Quotas (RFC 9425).
 */
#define FERRY_JMAP_CAPABILITY_QUOTA "urn:ietf:params:jmap:quota"
/**
 * FERRY_JMAP_CAPABILITY_SIEVE:
 *
 * Sieve scripts (RFC 9661).
 */
#define FERRY_JMAP_CAPABILITY_SIEVE "urn:ietf:params:jmap:sieve"
/**
 * FERRY_JMAP_CAPABILITY_PRINCIPALS:
 *
 * Principals, and sharing with them (RFC 9670).
 */
#define FERRY_JMAP_CAPABILITY_PRINCIPALS "urn:ietf:params:jmap:principals"
/**
 * FERRY_JMAP_CAPABILITY_PRINCIPALS_OWNER:
 *
 * The principal that an account belongs to (RFC 9670 §1.5.2).
 */
#define FERRY_JMAP_CAPABILITY_PRINCIPALS_OWNER "urn:ietf:params:jmap:principals:owner"
/**
 * FERRY_JMAP_CAPABILITY_MAIL_SHARE:
 *
 * Mailboxes that can be shared (draft-ietf-jmap-mail-sharing).
 */
#define FERRY_JMAP_CAPABILITY_MAIL_SHARE "urn:ietf:params:jmap:mail:share"
/**
 * FERRY_JMAP_CAPABILITY_CYRUS_BLOB:
 *
 * Cyrus's Blob methods of before RFC 9404.
 */
#define FERRY_JMAP_CAPABILITY_CYRUS_BLOB "https://cyrusimap.org/ns/jmap/blob"

/**
 * FerryJmapRequest:
 *
 * Method calls that belong together: they leave in one HTTP request and run in their order, and a
 * later one may refer to the result of an earlier one (RFC 8620 §3.7). Call ids are unique in the
 * process, so that the scheduler can merge requests.
 */
#define FERRY_TYPE_JMAP_REQUEST (ferry_jmap_request_get_type())
G_DECLARE_FINAL_TYPE(FerryJmapRequest, ferry_jmap_request, FERRY, JMAP_REQUEST, GObject)

FerryJmapRequest *ferry_jmap_request_new(void);
const char *ferry_jmap_request_add_call(FerryJmapRequest *self, const char *method,
					FerryJmapBuilder *arguments);
const char *ferry_jmap_request_add_call_json(FerryJmapRequest *self, const char *method,
					     const char *arguments, GError **error);
void ferry_jmap_request_use(FerryJmapRequest *self, const char *capability);
void ferry_jmap_request_set_repeatable(FerryJmapRequest *self, gboolean repeatable);
gboolean ferry_jmap_request_get_repeatable(FerryJmapRequest *self);
void ferry_jmap_request_set_begun_at(FerryJmapRequest *self, gint64 begun_at);
gint64 ferry_jmap_request_get_begun_at(FerryJmapRequest *self);
guint ferry_jmap_request_get_n_calls(FerryJmapRequest *self);
char *ferry_jmap_request_to_json(FerryJmapRequest *self);

G_END_DECLS
