/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

G_BEGIN_DECLS

gboolean python_interpreter_start(GError **error);
gboolean python_interpreter_load(FerryRegistry *registry, const char *name, const char *path,
				 GError **error);

G_END_DECLS
