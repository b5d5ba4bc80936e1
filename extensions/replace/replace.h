/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

void replace_run(FerryImapCommand *command, gpointer user_data);
