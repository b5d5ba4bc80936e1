/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

const char *jmapaccess_choose_url(const char *url, gboolean loopback);
void jmapaccess_write(FerryImapWriter *writer, const char *url);
char *jmapaccess_make_capability(FerryImapSession *session, gpointer user_data);
void jmapaccess_run(FerryImapCommand *command, gpointer user_data);
