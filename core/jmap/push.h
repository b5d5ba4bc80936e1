/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jmap/session.h"

G_BEGIN_DECLS

/**
 * FerryJmapPushStatus:
 * @FERRY_JMAP_PUSH_DOWN: not connected now; changes are not told
 * @FERRY_JMAP_PUSH_LIVE: connected and alive; every change is told
 * @FERRY_JMAP_PUSH_UNSUPPORTED: the backend has no event stream; asked again seldom
 *
 * Whether silence means that nothing changed.
 */
typedef enum {
	FERRY_JMAP_PUSH_DOWN,
	FERRY_JMAP_PUSH_LIVE,
	FERRY_JMAP_PUSH_UNSUPPORTED,
} FerryJmapPushStatus;

/**
 * FerryJmapPush:
 *
 * The event stream of a session (RFC 8620 §7.3), kept alive: it reconnects by itself and notices
 * a silent connection.
 *
 * `connected` is emitted after each (re)connect, before any `state-change`: read the changes once
 * then, since what happened before is told only where the server remembers it. `state-change`
 * (account id, type name such as `Email`, state) is a change, `status` ([enum@JmapPushStatus]) a
 * change of the connection.
 */
#define FERRY_TYPE_JMAP_PUSH (ferry_jmap_push_get_type())
G_DECLARE_FINAL_TYPE(FerryJmapPush, ferry_jmap_push, FERRY, JMAP_PUSH, GObject)

FerryJmapPush *ferry_jmap_push_new(FerryJmapSession *session, const char *const *types);
void ferry_jmap_push_set_timing(FerryJmapPush *self, guint ping_seconds, guint min_backoff_ms,
				guint max_backoff_ms);
void ferry_jmap_push_set_ping(FerryJmapPush *self, guint seconds);
void ferry_jmap_push_start(FerryJmapPush *self);
void ferry_jmap_push_stop(FerryJmapPush *self);
FerryJmapPushStatus ferry_jmap_push_get_status(FerryJmapPush *self);

G_END_DECLS
