/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

void unauthenticate_run(FerryImapCommand *command, gpointer user_data);
