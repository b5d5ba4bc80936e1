/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

char *ferry_message_base_subject(const char *subject, gssize length, gboolean *is_reply);

G_END_DECLS
