/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imap/spool-private.h"
#include "imap/value.h"

G_BEGIN_DECLS

FerryImapValue *ferry_imap_value_new_nil(void);
FerryImapValue *ferry_imap_value_new_atom(const char *text, gsize length);
FerryImapValue *ferry_imap_value_new_string(char *text);
FerryImapValue *ferry_imap_value_new_mailbox(char *name, char *written);
FerryImapValue *ferry_imap_value_new_number(guint64 number);
FerryImapValue *ferry_imap_value_new_list(void);
FerryImapValue *ferry_imap_value_new_set(FerryImapSet *set);
FerryImapValue *ferry_imap_value_new_day(gint32 day);
FerryImapValue *ferry_imap_value_new_time(gint64 seconds, gint32 zone);
FerryImapValue *ferry_imap_value_new_item(const char *name, const FerryContribution *contribution);
FerryImapValue *ferry_imap_value_new_section(FerryImapSection *section);
FerryImapValue *ferry_imap_value_new_data(FerryImapSpool *spool);
void ferry_imap_value_add_child(FerryImapValue *self, FerryImapValue *child);
void ferry_imap_value_add_children(FerryImapValue *self, GPtrArray *children);
void ferry_imap_section_free(FerryImapSection *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryImapSection, ferry_imap_section_free)

G_END_DECLS
