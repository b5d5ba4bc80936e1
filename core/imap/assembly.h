/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "registry/registry.h"

G_BEGIN_DECLS

/**
 * FerryImapAssembly:
 *
 * A message that an append data element puts together (ferry_registry_add_append_data()): octets
 * are added one piece after the other and kept in an unlinked file, within the limits of APPEND.
 */
#define FERRY_TYPE_IMAP_ASSEMBLY (ferry_imap_assembly_get_type())
G_DECLARE_FINAL_TYPE(FerryImapAssembly, ferry_imap_assembly, FERRY, IMAP_ASSEMBLY, GObject)

guint64 ferry_imap_assembly_get_size(FerryImapAssembly *self);
void ferry_imap_assembly_add_async(FerryImapAssembly *self, GBytes *octets,
				   GAsyncReadyCallback callback, gpointer user_data);
gboolean ferry_imap_assembly_add_finish(FerryImapAssembly *self, GAsyncResult *result,
					GError **error);
void ferry_imap_assembly_done(FerryImapAssembly *self, const GError *error);

G_END_DECLS
