/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "message/content-private.h"
#include "message/structure.h"

G_BEGIN_DECLS

GString *ferry_message_render_body(const FerryMessagePart *parts,
				   const FerryMessageContent *contents, guint n_parts,
				   gboolean extended);

G_END_DECLS
