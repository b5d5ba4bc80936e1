/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imap/fetch.h"
#include "message/structure.h"

G_BEGIN_DECLS

/* One item of a FETCH, as asked for. */
typedef struct {
	const FerryContribution *contribution;
	FerryImapValue *arguments; /* nullable, owned */
} FerryImapFetchItem;

/* fetch.c: the plan */
FerryImapFetch *ferry_imap_fetch_new(FerryImapCommand *command);
gboolean ferry_imap_fetch_plan(FerryImapFetch *self, GError **error);
FerryNeeds ferry_imap_fetch_get_needs(FerryImapFetch *self);
const char *const *ferry_imap_fetch_get_properties(FerryImapFetch *self);
gboolean ferry_imap_fetch_get_marks_seen(FerryImapFetch *self);
gboolean ferry_imap_fetch_has_flags(FerryImapFetch *self);
gboolean ferry_imap_fetch_accepts(FerryImapFetch *self, FerryImapMessage *message);
void ferry_imap_fetch_write_message(FerryImapFetch *self, FerryImapMessage *message,
				    FerryImapWriter *writer, gboolean tells_change);
void ferry_imap_fetch_set_error(FerryImapFetch *self, const GError *error);
const GError *ferry_imap_fetch_get_error(FerryImapFetch *self);

/* The part that was decoded last, of whichever message. */
GBytes *ferry_imap_fetch_dup_decoded(FerryImapFetch *self, guint32 uid, const char *section);
void ferry_imap_fetch_set_decoded(FerryImapFetch *self, guint32 uid, const char *section,
				  GBytes *octets);

/* fetch-run.c: the messages, one after the other */
void ferry_imap_fetch_run(FerryImapFetch *self);

/* fetch-items.c, fetch-sections.c, fetch-binary.c: the base items */
gboolean ferry_imap_register_fetch(FerryRegistry *registry, GError **error);
gboolean ferry_imap_register_fetch_sections(FerryRegistry *registry, GError **error);
gboolean ferry_imap_register_fetch_binary(FerryRegistry *registry, GError **error);
GBytes *ferry_imap_section_cut(GBytes *octets, guint64 start, guint64 length,
			       const FerryImapSection *section);
char *ferry_imap_section_make_name(const char *item, const FerryImapSection *section);
const FerryImapSection *ferry_imap_section_of(FerryImapValue *arguments);

G_END_DECLS
