/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imap/value.h"

G_BEGIN_DECLS

/* Sections (RFC 9051 §6.4.5) outside of FETCH. */
FerryImapValue *ferry_imap_section_parse(const char *text, GError **error);
GBytes *ferry_imap_section_read(const FerryImapSection *section, GBytes *raw,
				FerryMessageStructure *structure);

G_END_DECLS
