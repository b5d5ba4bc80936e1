/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

char *jmapaccess_make_capability(FerryImapSession *session, gpointer user_data);
void jmapaccess_run(FerryImapCommand *command, gpointer user_data);
