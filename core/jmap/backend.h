/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * FerryJmapPlaintext:
 * @FERRY_JMAP_PLAINTEXT_NEVER: only https
 * @FERRY_JMAP_PLAINTEXT_LOOPBACK: http too where the host is a loopback address
 * @FERRY_JMAP_PLAINTEXT_ALWAYS: http to any host
 *
 * Where credentials may travel without TLS.
 */
typedef enum {
	FERRY_JMAP_PLAINTEXT_NEVER,
	FERRY_JMAP_PLAINTEXT_LOOPBACK,
	FERRY_JMAP_PLAINTEXT_ALWAYS,
} FerryJmapPlaintext;

/**
 * FerryJmapBackend:
 *
 * One JMAP service as one worker thread sees it: where it is, whom to trust, how long to wait,
 * and the connections to it. It belongs to the thread that made it; its properties are set before
 * the first session uses it.
 */
#define FERRY_TYPE_JMAP_BACKEND (ferry_jmap_backend_get_type())
G_DECLARE_FINAL_TYPE(FerryJmapBackend, ferry_jmap_backend, FERRY, JMAP_BACKEND, GObject)

FerryJmapBackend *ferry_jmap_backend_new(const char *name, const char *const *urls);
const char *ferry_jmap_backend_get_name(FerryJmapBackend *self);
void ferry_jmap_backend_set_trusted_hosts(FerryJmapBackend *self, const char *const *hosts);
void ferry_jmap_backend_set_allow_plaintext(FerryJmapBackend *self, FerryJmapPlaintext allow);
void ferry_jmap_backend_set_ca_file(FerryJmapBackend *self, const char *path);
void ferry_jmap_backend_set_timeouts(FerryJmapBackend *self, guint request_timeout,
				     guint retry_time, guint retry_after_max);
guint ferry_jmap_backend_get_retry_time(FerryJmapBackend *self);
gboolean ferry_jmap_backend_check_url(FerryJmapBackend *self, const char *url, GError **error);
guint64 ferry_jmap_backend_get_n_requests(FerryJmapBackend *self);

G_END_DECLS
