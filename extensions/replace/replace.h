/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

guint32 replace_choose(FerryImapCommand *command, GError **error);
void replace_run(FerryImapCommand *command, gpointer user_data);
