/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a client is told to forget: pairs of number and UID, what the store remembers, and what to
 * say where its memory does not reach back. */
#include <string.h>

#include "account/view-private.h"
#include "condstore.h"
#include "imap/told-private.h"

static FerryUidSet *
parse(const char *text)
{
	g_autoptr(FerryImapSet) set = ferry_imap_set_parse(text, strlen(text), NULL);

	return *text != '\0' ? ferry_imap_set_resolve(set, 0) : ferry_uid_set_new();
}

/* A told list with these UIDs, below UIDNEXT 1000. */
static FerryTold *
tell(const char *uids)
{
	g_autoptr(FerryKeywordTable) keywords = ferry_keyword_table_new();
	FerryViewBuilder *builder = ferry_view_builder_new(NULL, keywords);
	g_autoptr(FerryUidSet) set = parse(uids);
	g_autoptr(FerryView) view = NULL;

	for (guint32 uid = 1; uid < 1000; uid++) {
		FerryMessageRow row = {.uid = uid, .modseq = 1};

		if (ferry_uid_set_contains(set, uid))
			ferry_view_builder_set(builder, &row, "e", "b", "t");
	}
	ferry_view_builder_set_mailbox(builder, 1, 1000, 1, 0);
	view = ferry_view_builder_end(builder);
	return ferry_told_new(view);
}

static void
test_known(void)
{
	static const struct {
		const char *uids, *match_numbers, *match_uids;
		guint32 known;
	} cases[] = {
		{"1:10", "1:10", "1:10", 10},
		{"1:10", "3", "3", 3},
		{"1:10", "3", "4", 0},
		{"1,3:10", "1,5,9", "1,6,10", 10},
		/* RFC 7162 §3.2.5.2: number 4 is UID 8, number 12 no longer 24 */
		{"5:11,17:22,25,30", "4,12", "8,24", 8},
		{"5:11,17:20,24,30", "4,12", "8,24", 24},
		{"2,4,6", "1,2,3,4", "2,4,6,8", 6},
		{"2,4,6", "7:9", "7:9", 0},
		{"", "1", "1", 0},
		{"1:999", "1:999", "1:499,501:1000", 499},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(FerryTold) told = tell(cases[i].uids);
		g_autoptr(FerryUidSet) numbers = parse(cases[i].match_numbers);
		g_autoptr(FerryUidSet) uids = parse(cases[i].match_uids);
		guint32 known = condstore_find_known(told, numbers, uids);

		if (known != cases[i].known)
			g_error("case %u: %u", i, known);
	}
}

/* What went, in the order of the UIDs given, at MODSEQ 11, 12, … */
static FerryStoreTombstones *
remember(const char *text, guint64 prune_modseq)
{
	FerryStoreTombstones *removed = g_atomic_rc_box_new0(FerryStoreTombstones);
	g_autoptr(FerryUidSet) set = parse(text);

	removed->prune_modseq = prune_modseq;
	removed->uids = g_new0(guint32, 1000);
	removed->modseqs = g_new0(guint64, 1000);
	for (guint32 uid = 1; uid < 1000; uid++) {
		if (!ferry_uid_set_contains(set, uid))
			continue;
		removed->uids[removed->n] = uid;
		removed->modseqs[removed->n] = 11 + removed->n;
		removed->n++;
	}
	return removed;
}

static void
test_vanished(void)
{
	static const struct {
		const char *uids, *removed;
		guint64 prune_modseq, since;
		const char *wanted;
		guint32 known;
		const char *vanished;
	} cases[] = {
		/* the store remembers */
		{"1,3", "2,4:5", 0, 10, "1:999", 0, "2,4:5"},
		{"1,3", "2,4:5", 10, 10, "1:999", 0, "2,4:5"},
		{"1,3", "2,4:5", 10, 10, "1:4", 0, "2,4"},
		{"1,3", "2,4:5", 10, 10, "6:9", 0, ""},
		{"1,3", "2,4:5", 10, 10, "1:999", 3, "4:5"},
		{"1,3", "2,4:5", 10, 10, "1:999", 5, ""},
		{"1,3", "", 10, 10, "1:999", 0, ""},
		/* gone for the store, but still to be told in this session */
		{"1,3", "1:2", 10, 10, "1:999", 0, "2"},
		/* it does not: whatever is asked about and not there */
		{"1,3", "4:5", 11, 10, "1:9", 0, "2,4:9"},
		{"1,3", "", 11, 10, "1:3,5,8:9", 0, "2,5,8:9"},
		{"1,3", "4:5", 11, 10, "1:9", 3, "4:9"},
		{"1,3", "4:5", 11, 10, "3", 0, ""},
		{"", "", 11, 10, "1:999", 0, "1:999"},
		{"1:999", "", 11, 10, "1:999", 0, ""},
		{"2,4,6,8", "", 11, 0, "2:8", 0, "3,5,7"},
		{"5", "", 11, 0, "1:4", 0, "1:4"},
		{"5", "", 11, 0, "6:9", 0, "6:9"},
		{"1:5,9", "", 11, 0, "4:10", 7, "8,10"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(FerryTold) told = tell(cases[i].uids);
		FerryStoreTombstones *removed = remember(cases[i].removed, cases[i].prune_modseq);
		g_autoptr(FerryUidSet) wanted = parse(cases[i].wanted);
		g_autoptr(FerryUidSet) uids = condstore_list_vanished(told, removed, cases[i].since,
								      wanted, cases[i].known);
		g_autofree char *text = ferry_uid_set_to_string(uids);

		if (g_strcmp0(text, cases[i].vanished) != 0)
			g_error("case %u: %s", i, text);
		ferry_store_tombstones_unref(removed);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/condstore/known", test_known);
	g_test_add_func("/condstore/vanished", test_vanished);
	return g_test_run();
}
