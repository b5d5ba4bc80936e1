/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

void catenate_run(FerryImapCommand *command, FerryImapValue *element, FerryImapAssembly *assembly,
		  gpointer user_data);
