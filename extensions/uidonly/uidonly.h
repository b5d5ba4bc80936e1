/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

gboolean uidonly_has_numbers(FerryImapValue *value);
gboolean uidonly_enable(FerryImapSession *session, gpointer user_data);
gboolean uidonly_check(FerryImapCommand *command, gpointer user_data, GError **error);
gboolean uidonly_update(FerryImapSession *session, FerryImapUpdate *update, FerryImapWriter *writer,
			gpointer user_data);
