/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

void ferry_message_unfold_append(GString *out, const char *value, gsize length);
void ferry_message_quote_append(GString *out, const char *text, gsize length);
void ferry_message_quote_value(GString *out, const char *value, gsize length);

G_END_DECLS
