/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "message/structure.h"

G_BEGIN_DECLS

FerryMessageStructure *ferry_message_structure_assemble(guint64 size, const FerryMessagePart *parts,
							guint n_parts, const char *envelope,
							const GString *body,
							const GString *bodystructure);

G_END_DECLS
