/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imap/message-private.h"
#include "imap/told.h"
#include "imap/update.h"

G_BEGIN_DECLS

struct _FerryTold {
	GObject parent_instance;
	FerryView *view;
	guint32 next;        /* rows of the view below this UID are told */
	guint32 n_in_view;   /* how many those are */
	GPtrArray *expunged; /* FerryImapLastRow, by UID: told, gone, and that is not told */
	GHashTable *changed; /* UIDs whose flags are to be told */
	GHashTable *quiet;   /* those whose flags are known, but not the rest; NULL: none */
	FerryView *known;    /* with news: the newest view that is told in full; else NULL */
	FerryUidSet *recent;
	const char *fetch_word;
	FerryViewPlace place; /* in the view, of the message that was looked up last */
};

/* told-find.c: which message has a number or a UID */
FerryImapLastRow *ferry_told_nth_expunged(FerryTold *self, guint index);
guint32 ferry_told_number_of_expunged(FerryTold *self, guint index);
void ferry_told_add_uids(FerryTold *self, guint32 first, guint32 last, GArray *uids);
FerryImapMessage *ferry_told_next_message(FerryTold *self, FerryImapMessage *before, guint32 uid);

void ferry_told_set_fetch_word(FerryTold *self, const char *word);
gboolean ferry_told_has_arrivals(FerryTold *self);
void ferry_told_take_expunged(FerryTold *self, GArray *uids, GArray *numbers);
void ferry_told_take_arrived(FerryTold *self, GArray *uids);
void ferry_told_take_changed(FerryTold *self, GArray *uids);
void ferry_told_take_quiet(FerryTold *self, GArray *uids);
void ferry_told_drop_known(FerryTold *self);

gboolean ferry_told_has_some_news(FerryTold *self, FerryNews news);

FerryImapUpdate *ferry_imap_update_new(FerryTold *told, FerryNews news, gboolean with_uid);
void ferry_imap_update_set_detailed(FerryImapUpdate *self, FerryImapSession *session);
void ferry_imap_update_write(FerryImapUpdate *self, FerryImapWriter *writer, gboolean recent);

G_END_DECLS
