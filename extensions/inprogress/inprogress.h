/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

gboolean inprogress_is_due(gint64 running, gint64 told);
char *inprogress_make_code(const char *tag, gboolean known, guint64 done, guint64 total);
void inprogress_listen(FerryImapCommand *command, gpointer user_data);
