/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *sieve_warnings_find(const char *script, gsize length, guint64 max_redirects);

G_END_DECLS
