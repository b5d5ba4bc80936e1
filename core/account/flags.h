/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/types.h"

G_BEGIN_DECLS

/* IMAP flag names (`\Seen`, `$Label`) to flags and JMAP keywords (lower case, RFC 8621 §4.1.1);
 * FERRY_ERROR_INVALID where a name cannot be a keyword. */
gboolean ferry_flags_parse(const char *const *names, FerryMessageFlags *out_flags,
			   char ***out_keywords, GError **error);
const char *ferry_flags_get_name(FerryMessageFlags flag);
gboolean ferry_keyword_is_valid(const char *keyword);

G_END_DECLS
