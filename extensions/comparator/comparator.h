/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

gboolean comparator_is_order(const char *text);
gboolean comparator_matches(const char *order);
void comparator_handle(FerryImapCommand *command, gpointer user_data);
