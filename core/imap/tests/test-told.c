/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a client is told, against a client that believes it: its numbers must always be ours. */
#include <string.h>

#include "account/view-private.h"
#include "imap/told-private.h"

typedef struct {
	FerryKeywordTable *keywords;
	FerryView *view;
	FerryTold *told;
	GArray *server;      /* UIDs that exist */
	GArray *client;      /* UIDs in the order of the client's numbers */
	GHashTable *unheard; /* UIDs whose flags changed since they were told: the first MODSEQ */
	GHashTable *modseqs; /* UID: MODSEQ */
	guint64 modseq;
	guint64 oldest_expunge; /* MODSEQ of the first that is not told; 0: there is none */
	guint32 next;
} Fixture;

static void
put(Fixture *f, FerryViewBuilder *builder, guint32 uid)
{
	FerryMessageRow row = {.uid = uid, .modseq = f->modseq};
	g_autofree char *id = g_strdup_printf("E%u", uid);

	ferry_view_builder_set(builder, &row, id, id, id);
	g_hash_table_insert(f->modseqs, GUINT_TO_POINTER(uid), GSIZE_TO_POINTER(f->modseq));
}

static FerryView *
build(Fixture *f, const guint32 *arrived, guint n_arrived, const guint32 *changed, guint n_changed,
      const guint32 *gone, guint n_gone)
{
	FerryViewBuilder *builder = ferry_view_builder_new(f->view, f->keywords);

	for (guint i = 0; i < n_arrived; i++)
		put(f, builder, arrived[i]);
	for (guint i = 0; i < n_changed; i++)
		put(f, builder, changed[i]);
	ferry_view_builder_remove(builder, gone, n_gone);
	ferry_view_builder_set_mailbox(builder, 1, f->next, f->modseq, 0);
	return ferry_view_builder_end(builder);
}

static void
setup(Fixture *f, const guint32 *uids, guint n_uids)
{
	f->keywords = ferry_keyword_table_new();
	f->server = g_array_new(FALSE, FALSE, sizeof(guint32));
	f->client = g_array_new(FALSE, FALSE, sizeof(guint32));
	f->unheard = g_hash_table_new(NULL, NULL);
	f->modseqs = g_hash_table_new(NULL, NULL);
	f->modseq = 1;
	f->view = build(f, uids, n_uids, NULL, 0, NULL, 0);
	f->told = ferry_told_new(f->view);
}

static void
teardown(Fixture *f)
{
	g_object_unref(f->told);
	ferry_view_unref(f->view);
	g_hash_table_unref(f->unheard);
	g_hash_table_unref(f->modseqs);
	g_array_unref(f->server);
	g_array_unref(f->client);
	ferry_keyword_table_unref(f->keywords);
}

static void
apply(Fixture *f, GArray *arrived, GArray *changed, GArray *gone)
{
	FerryView *view = build(f, (guint32 *)(gpointer)arrived->data, arrived->len,
				(guint32 *)(gpointer)changed->data, changed->len,
				(guint32 *)(gpointer)gone->data, gone->len);

	ferry_told_apply_changes(f->told, view, (guint32 *)(gpointer)changed->data, changed->len,
				 (guint32 *)(gpointer)gone->data, gone->len);
	ferry_view_unref(f->view);
	f->view = view;
}

static gboolean
find(GArray *array, guint32 uid, guint *index)
{
	for (*index = 0; *index < array->len; (*index)++)
		if (g_array_index(array, guint32, *index) == uid)
			return TRUE;
	return FALSE;
}

/* Random arrivals, expunges and changes as one committed change. */
static void
change(Fixture *f)
{
	g_autoptr(GArray) arrived = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_autoptr(GArray) changed = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(guint32));
	guint index;

	f->modseq++;
	for (guint i = 0; i < f->server->len;) {
		guint32 uid = g_array_index(f->server, guint32, i);

		if (g_test_rand_int_range(0, 10) == 0) {
			if (f->oldest_expunge == 0 && find(f->client, uid, &index))
				f->oldest_expunge = f->modseq;
			g_array_append_val(gone, uid);
			g_array_remove_index(f->server, i);
			g_hash_table_remove(f->unheard, GUINT_TO_POINTER(uid));
			continue;
		}
		if (g_test_rand_int_range(0, 10) == 0) {
			g_array_append_val(changed, uid);
			if (find(f->client, uid, &index) &&
			    !g_hash_table_contains(f->unheard, GUINT_TO_POINTER(uid)))
				g_hash_table_insert(f->unheard, GUINT_TO_POINTER(uid),
						    GSIZE_TO_POINTER(f->modseq));
		}
		i++;
	}
	for (gint n = g_test_rand_int_range(0, 4); n > 0; n--) {
		f->next += (guint32)g_test_rand_int_range(1, 3);
		g_array_append_val(arrived, f->next);
		g_array_append_val(f->server, f->next);
	}
	f->next++;
	apply(f, arrived, changed, gone);
}

/* Going through the messages by UID, some twice and some that nobody knows. */
static void
check_walk(Fixture *f)
{
	FerryImapMessage *message = NULL;

	for (guint i = 0; i < f->client->len; i += (guint)g_test_rand_int_range(0, 3)) {
		guint32 uid = g_array_index(f->client, guint32, i);
		FerryImapMessage *held = NULL;

		message = ferry_told_next_message(f->told, message, uid);
		g_assert_cmpuint(ferry_imap_message_get_number(message), ==, i + 1);
		g_assert_cmpuint(ferry_imap_message_get_uid(message), ==, uid);
		if (g_test_rand_int_range(0, 4) > 0)
			continue;
		/* one that somebody holds is not used again */
		held = ferry_imap_message_ref(message);
		message = ferry_told_next_message(f->told, message,
						  g_array_index(f->client, guint32, 0));
		g_assert_cmpuint(ferry_imap_message_get_uid(held), ==, uid);
		g_assert_true(held != message);
		ferry_imap_message_unref(held);
		if (g_test_rand_bit())
			message = ferry_told_next_message(f->told, message, f->next + 5);
	}
	g_clear_pointer(&message, ferry_imap_message_unref);
	g_assert_null(ferry_told_next_message(f->told, NULL, 0));
}

/* The UIDs of a part of the numbers, and what is known of each. */
static void
check_part(Fixture *f)
{
	g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	gint32 count = (gint32)f->client->len;
	guint32 first, last;

	g_assert_null(ferry_told_get_row(f->told, f->next + 5));
	if (count == 0)
		return;
	first = (guint32)g_test_rand_int_range(1, count + 1);
	last = (guint32)g_test_rand_int_range((gint32)first, count + 1);
	ferry_told_add_uids(f->told, 1, 1, uids);
	ferry_told_add_uids(f->told, first, last, uids);
	g_assert_cmpuint(uids->len, ==, 1 + last - first + 1);
	for (guint i = 0; i < uids->len; i++) {
		guint32 uid = g_array_index(uids, guint32, i);
		guint32 number = i == 0 ? 1 : first + i - 1;

		g_assert_cmpuint(uid, ==, g_array_index(f->client, guint32, number - 1));
		g_assert_cmpuint(ferry_told_get_row(f->told, uid)->uid, ==, uid);
	}
}

/* What is said to be told in full is, and what changed since is found. */
static void
check_modseqs(Fixture *f)
{
	guint64 since = (guint64)g_test_rand_int_range(0, (gint32)f->modseq + 1);
	guint64 known = ferry_told_get_modseq(f->told);
	g_autoptr(FerryImapSet) all = ferry_imap_set_parse("1:*", 3, NULL);
	g_autoptr(GArray) found = NULL;
	guint n_found = 0;
	GHashTableIter iter;
	gpointer value;

	g_assert_true(f->oldest_expunge == 0 || known < f->oldest_expunge);
	g_hash_table_iter_init(&iter, f->unheard);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		g_assert_cmpuint(known, <, GPOINTER_TO_SIZE(value));
	if (!ferry_told_has_news(f->told))
		g_assert_cmpuint(known, ==, f->modseq);
	g_assert_cmpuint(known, ==,
			 ferry_view_get_highest_modseq(ferry_told_get_known_view(f->told)));
	if (f->client->len == 0)
		return;
	found = ferry_told_resolve_changed(f->told, all, FALSE, NULL, since, NULL);
	for (guint i = 0; i < f->client->len; i++) {
		guint32 uid = g_array_index(f->client, guint32, i);

		if (GPOINTER_TO_SIZE(g_hash_table_lookup(f->modseqs, GUINT_TO_POINTER(uid))) >
		    since)
			g_assert_cmpuint(g_array_index(found, guint32, n_found++), ==, uid);
	}
	g_assert_cmpuint(found->len, ==, n_found);
}

static void
check(Fixture *f)
{
	check_walk(f);
	check_part(f);
	check_modseqs(f);
	g_assert_cmpuint(ferry_told_get_count(f->told), ==, f->client->len);
	for (guint i = 0; i < f->client->len; i++) {
		guint32 uid = g_array_index(f->client, guint32, i);
		g_autoptr(FerryImapMessage) message = ferry_told_get_message(f->told, i + 1);
		g_autofree char *id = g_strdup_printf("E%u", uid);
		guint index;

		g_assert_cmpuint(ferry_told_get_uid(f->told, i + 1), ==, uid);
		g_assert_cmpuint(ferry_told_get_number(f->told, uid), ==, i + 1);
		g_assert_cmpuint(ferry_imap_message_get_uid(message), ==, uid);
		g_assert_cmpstr(ferry_imap_message_get_email_id(message), ==, id);
		g_assert_cmpint(ferry_imap_message_is_expunged(message), ==,
				!find(f->server, uid, &index));
	}
	g_assert_cmpuint(ferry_told_get_uid(f->told, f->client->len + 1), ==, 0);
	g_assert_cmpuint(ferry_told_get_number(f->told, f->next + 5), ==, 0);
}

static void
hear_expunges(Fixture *f, FerryImapUpdate *update, gboolean may_expunge)
{
	gsize n_uids, n_numbers;
	const guint32 *uids = ferry_imap_update_get_expunged(update, &n_uids);
	const guint32 *numbers = ferry_imap_update_get_expunged_numbers(update, &n_numbers);

	g_assert_cmpuint(n_uids, ==, n_numbers);
	g_assert_true(may_expunge || n_uids == 0);
	for (gsize i = 0; i < n_numbers; i++) {
		g_assert_cmpuint(g_array_index(f->client, guint32, numbers[i] - 1), ==, uids[i]);
		g_array_remove_index(f->client, numbers[i] - 1);
	}
}

static void
tell(Fixture *f)
{
	gboolean may_expunge = g_test_rand_bit();
	FerryImapUpdate *update = ferry_imap_update_new(
		f->told, may_expunge ? FERRY_NEWS_ALL : FERRY_NEWS_ARRIVALS | FERRY_NEWS_CHANGES,
		FALSE);
	gsize n_arrived, n_changed;
	const guint32 *arrived = ferry_imap_update_get_arrived(update, &n_arrived);
	const guint32 *changed;

	hear_expunges(f, update, may_expunge);
	for (gsize i = 0; i < n_arrived; i++)
		g_array_append_val(f->client, arrived[i]);
	if (n_arrived > 0)
		g_assert_cmpuint(ferry_imap_update_get_exists(update), ==, f->client->len);
	changed = ferry_imap_update_get_changed(update, &n_changed);
	g_assert_cmpuint(n_changed, ==, g_hash_table_size(f->unheard));
	for (gsize i = 0; i < n_changed; i++) {
		g_autoptr(FerryImapMessage) message =
			ferry_imap_update_get_changed_message(update, i);

		g_assert_true(g_hash_table_contains(f->unheard, GUINT_TO_POINTER(changed[i])));
		g_assert_cmpuint(g_array_index(f->client, guint32,
					       ferry_imap_message_get_number(message) - 1),
				 ==, changed[i]);
	}
	g_hash_table_remove_all(f->unheard);
	if (may_expunge)
		f->oldest_expunge = 0;
	ferry_imap_update_unref(update);
	if (may_expunge) {
		g_assert_cmpuint(f->client->len, ==, f->server->len);
		g_assert_false(ferry_told_has_news(f->told));
	}
}

static void
test_model(void)
{
	for (guint round = 0; round < 100; round++) {
		Fixture f = {.next = 1};

		setup(&f, NULL, 0);
		for (guint step = 0; step < 40; step++) {
			if (g_test_rand_int_range(0, 3) > 0)
				change(&f);
			else
				tell(&f);
			check(&f);
		}
		teardown(&f);
	}
}

static void
check_changed(FerryTold *told, const char *text, gboolean uids, guint64 since, const char *expected)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryImapSet) set = ferry_imap_set_parse(text, strlen(text), NULL);
	g_autoptr(FerryUidSet) saved = ferry_uid_set_new();
	g_autoptr(GArray) result = NULL;
	g_autofree char *found = NULL;

	ferry_uid_set_add_range(saved, 1, 4);
	result = ferry_told_resolve_changed(told, set, uids, saved, since, &error);
	if (result != NULL)
		found = ferry_uid_array_to_string((guint32 *)(gpointer)result->data, result->len);
	g_assert_cmpstr(found, ==, expected);
	g_assert_true((result == NULL) == (error != NULL));
}

static void
check_set(FerryTold *told, const char *text, gboolean uids, const char *expected)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryImapSet) set = ferry_imap_set_parse(text, strlen(text), NULL);
	g_autoptr(FerryUidSet) saved = ferry_uid_set_new();
	g_autoptr(GArray) result = NULL;
	g_autofree char *found = NULL;

	ferry_uid_set_add_range(saved, 1, 4);
	result = ferry_told_resolve(told, set, uids, saved, &error);
	if (result != NULL)
		found = ferry_uid_array_to_string((guint32 *)(gpointer)result->data, result->len);
	g_assert_cmpstr(found, ==, expected);
	g_assert_true((result == NULL) == (error != NULL));
}

static void
test_resolve(void)
{
	static const guint32 uids[] = {2, 4, 6, 8, 10}, arrival[] = {20}, gone[] = {4, 10},
			     changed[] = {2, 4, 8};
	Fixture f = {.next = 11};
	FerryView *later;

	setup(&f, uids, G_N_ELEMENTS(uids));
	f.modseq = 5;
	later = build(&f, NULL, 0, changed, 3, NULL, 0);
	ferry_told_apply_changes(f.told, later, changed, 3, NULL, 0);
	ferry_view_unref(f.view);
	f.view = later;
	f.next = 21;
	f.modseq = 6;
	later = build(&f, arrival, 1, NULL, 0, gone, 2);
	ferry_told_apply_changes(f.told, later, NULL, 0, gone, 2);
	check_set(f.told, "1:*", FALSE, "2,4,6,8,10");
	check_set(f.told, "2,5", FALSE, "4,10");
	check_set(f.told, "6", FALSE, NULL);
	check_set(f.told, "1:*", TRUE, "2,6,8");
	check_set(f.told, "7:9,100", TRUE, "8");
	check_set(f.told, "$", FALSE, "2");
	check_changed(f.told, "1:*", FALSE, 0, "2,4,6,8,10");
	check_changed(f.told, "1:*", FALSE, 4, "2,4,8");
	check_changed(f.told, "2:3", FALSE, 1, "4");
	check_changed(f.told, "6", FALSE, 1, NULL);
	check_changed(f.told, "1:*", TRUE, 4, "2,8");
	check_changed(f.told, "7:900", TRUE, 4, "8");
	check_changed(f.told, "$", FALSE, 4, "2");
	check_changed(f.told, "1:*", FALSE, 5, "");
	ferry_view_unref(later);
	teardown(&f);
}

/* Changes whose flags the client knows are told apart from the others, and once. */
static void
test_quiet(void)
{
	static const guint32 uids[] = {2, 4, 6}, changed[] = {4};
	Fixture f = {.next = 7};
	FerryImapUpdate *update;
	const guint32 *quiet;
	gsize n_quiet, n_changed;

	setup(&f, uids, G_N_ELEMENTS(uids));
	ferry_told_add_quiet(f.told, 3);
	ferry_told_add_quiet(f.told, 7);
	g_assert_false(ferry_told_has_news(f.told));
	ferry_told_add_quiet(f.told, 4);
	ferry_told_add_quiet(f.told, 6);
	ferry_told_apply_changes(f.told, f.view, changed, 1, NULL, 0);
	g_assert_true(ferry_told_is_changed(f.told, 4) && ferry_told_is_changed(f.told, 6));
	g_assert_false(ferry_told_is_changed(f.told, 2));
	update = ferry_imap_update_new(f.told, FERRY_NEWS_ALL, FALSE);
	quiet = ferry_imap_update_get_quiet(update, &n_quiet);
	ferry_imap_update_get_changed(update, &n_changed);
	g_assert_cmpuint(n_quiet, ==, 1);
	g_assert_cmpuint(n_changed, ==, 1);
	g_assert_cmpuint(quiet[0], ==, 6);
	ferry_imap_update_unref(update);
	g_assert_false(ferry_told_has_news(f.told));
	teardown(&f);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/imap/told/model", test_model);
	g_test_add_func("/imap/told/resolve", test_resolve);
	g_test_add_func("/imap/told/quiet", test_quiet);
	return g_test_run();
}
