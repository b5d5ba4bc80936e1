/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * FERRY_IMAP_DELIMITER:
 *
 * The hierarchy separator of every namespace (RFC 9051 §5.1.1).
 */
#define FERRY_IMAP_DELIMITER '/'

char *ferry_imap_utf7_encode(const char *name);
char *ferry_imap_utf7_decode(const char *text, GError **error);
char *ferry_imap_name_normalize(const char *name);
char *ferry_imap_name_for_create(const char *name, GError **error);
gboolean ferry_imap_name_matches(const char *pattern, const char *name);
gboolean ferry_imap_name_could_contain(const char *pattern, const char *name);

G_END_DECLS
