/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jmap/builder.h"

G_BEGIN_DECLS

/* What request.c needs to know about arguments besides their text. */
GString *ferry_jmap_builder_peek(FerryJmapBuilder *self);
gboolean ferry_jmap_builder_has_creations(FerryJmapBuilder *self);
gboolean ferry_jmap_builder_has_references(FerryJmapBuilder *self);
void ferry_jmap_append_string(GString *out, const char *string);

G_END_DECLS
