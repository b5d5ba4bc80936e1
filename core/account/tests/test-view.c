/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Views against a plain array that is changed in the same way. */
#include <string.h>

#include "account/view-private.h"

typedef struct {
	guint32 uid;
	guint32 keyword_set;
	guint16 flags;
	guint64 modseq;
} Model;

static void
check(FerryView *view, GArray *model, guint round)
{
	g_assert_cmpuint(ferry_view_get_count(view), ==, model->len);
	for (guint i = 0; i < model->len; i++) {
		const Model *expected = &g_array_index(model, Model, i);
		const FerryMessageRow *row = ferry_view_get_row(view, i);
		g_autofree char *id = g_strdup_printf("E%u", expected->uid);
		guint32 index;

		if (row->uid != expected->uid || row->flags != expected->flags ||
		    row->keyword_set != expected->keyword_set)
			g_error("round %u, row %u", round, i);
		g_assert_true(ferry_view_find_uid(view, row->uid, &index));
		g_assert_cmpuint(index, ==, i);
		g_assert_cmpstr(ferry_view_get_email_id(view, i), ==, id);
		g_autofree char *blob = ferry_view_dup_blob_id(view, i);
		g_autofree char *thread = ferry_view_dup_thread_id(view, i);
		id[0] = 'B';
		g_assert_cmpstr(blob, ==, id);
		id[0] = 'T';
		g_assert_cmpstr(thread, ==, id);
	}
	g_assert_null(ferry_view_get_row(view, model->len));
	g_assert_cmpuint(ferry_view_lower_bound(view, G_MAXUINT32), ==, model->len);
}

static void
put(FerryViewBuilder *builder, const Model *model)
{
	FerryMessageRow row = {.uid = model->uid,
			       .flags = model->flags,
			       .keyword_set = model->keyword_set,
			       .modseq = model->modseq};
	g_autofree char *email = g_strdup_printf("E%u", model->uid);
	g_autofree char *blob = g_strdup_printf("B%u", model->uid);
	g_autofree char *thread = g_strdup_printf("T%u", model->uid);

	ferry_view_builder_set(builder, &row, email, blob, thread);
}

/* What has a higher MODSEQ is found, and nothing else. */
static void
check_changed(FerryView *view, GArray *model, guint64 since)
{
	g_autoptr(GArray) uids = ferry_view_list_changed(view, since);
	guint n_found = 0;

	for (guint i = 0; i < model->len; i++) {
		const Model *row = &g_array_index(model, Model, i);

		if (row->modseq > since)
			g_assert_cmpuint(g_array_index(uids, guint32, n_found++), ==, row->uid);
	}
	g_assert_cmpuint(uids->len, ==, n_found);
}

static void
insert_sorted(GArray *model, const Model *row)
{
	guint at = model->len;

	while (at > 0 && g_array_index(model, Model, at - 1).uid > row->uid)
		at--;
	if (at > 0 && g_array_index(model, Model, at - 1).uid == row->uid)
		g_array_index(model, Model, at - 1) = *row;
	else
		g_array_insert_val(model, at, *row);
}

static void
step(GRand *rand, FerryViewBuilder *builder, GArray *model, guint32 *next_uid)
{
	switch (g_rand_int_range(rand, 0, 4)) {
	case 0:
		for (int n = g_rand_int_range(rand, 1, 1500); n > 0; n--) {
			*next_uid += (guint32)g_rand_int_range(rand, 1, 4);
			Model row = {*next_uid, 0, 1, g_rand_int(rand) % 1000};

			g_array_append_val(model, row);
			put(builder, &row);
		}
		break;
	case 1:
		for (int n = g_rand_int_range(rand, 1, 50); n > 0 && *next_uid > 1; n--) {
			Model row = {(guint32)g_rand_int_range(rand, 1, (int)*next_uid), 1, 7,
				     1000 + g_rand_int(rand) % 1000};

			insert_sorted(model, &row);
			put(builder, &row);
		}
		break;
	default: {
		g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(guint32));
		int share = g_rand_int_range(rand, 1, 40);

		for (guint i = model->len; i > 0; i--) {
			guint32 uid = g_array_index(model, Model, i - 1).uid;

			if (g_rand_int_range(rand, 0, share) != 0)
				continue;
			g_array_prepend_val(gone, uid);
			g_array_remove_index(model, i - 1);
		}
		ferry_view_builder_remove(builder, (const guint32 *)(void *)gone->data, gone->len);
	}
	}
}

static void
test_random(void)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(7);
	g_autoptr(FerryKeywordTable) keywords = ferry_keyword_table_new();
	g_autoptr(GArray) model = g_array_new(FALSE, FALSE, sizeof(Model));
	g_autoptr(FerryView) view = ferry_view_builder_end(ferry_view_builder_new(NULL, keywords));
	guint32 next_uid = 0;

	for (guint round = 0; round < 120; round++) {
		g_autoptr(GArray) before = g_array_copy(model);
		g_autoptr(FerryView) old = ferry_view_ref(view);
		FerryViewBuilder *builder = ferry_view_builder_new(view, keywords);

		for (int n = g_rand_int_range(rand, 1, 4); n > 0; n--)
			step(rand, builder, model, &next_uid);
		ferry_view_unref(view);
		view = ferry_view_builder_end(builder);
		check(view, model, round);
		check(old, before, round);
		check_changed(view, model, g_rand_int(rand) % 2000);
	}
}

static void
test_keywords(void)
{
	g_autoptr(FerryKeywordTable) keywords = ferry_keyword_table_new();
	const char *given[] = {"b", "$Forwarded", "A", "b", "$seen", "bad keyword", NULL};
	guint32 set = ferry_keyword_table_intern(keywords, given, -1);
	g_autoptr(FerryView) view = NULL;
	FerryViewBuilder *builder = ferry_view_builder_new(NULL, keywords);
	Model row = {1, set, 0, 1};
	const char *const *list;

	g_assert_cmpuint(ferry_keyword_table_intern_joined(keywords, "$forwarded a b"), ==, set);
	g_assert_cmpstr(ferry_keyword_table_get_joined(keywords, set), ==, "$forwarded a b");
	g_assert_cmpuint(ferry_keyword_table_intern(keywords, NULL, 0), ==, 0);
	put(builder, &row);
	view = ferry_view_builder_end(builder);
	list = ferry_view_list_keywords(view);
	g_assert_cmpstr(list[0], ==, "$forwarded");
	g_assert_cmpstr(list[2], ==, "b");
	g_assert_null(list[3]);
	g_assert_true(ferry_view_keyword_set_contains(view, set, "B"));
	g_assert_false(ferry_view_keyword_set_contains(view, 0, "B"));
}

static void
assert_ids(FerryViewIds *ids, guint32 offset, const char *email, const char *blob,
	   const char *thread)
{
	g_autofree char *got_blob = ferry_view_ids_dup_blob(ids, offset);
	g_autofree char *got_thread = ferry_view_ids_dup_thread(ids, offset);

	g_assert_cmpstr(ids->text + offset, ==, email);
	g_assert_cmpstr(got_blob, ==, blob);
	g_assert_cmpstr(got_thread, ==, thread);
}

/* Ids of known servers, and what they cost. */
static void
test_ids(void)
{
	static const struct {
		const char *email;
		const char *blob;
		const char *thread;
		guint32 octets;
	} cases[] = {
		{"Mffe7723cf1fe6be919e05178", "Gffe7723cf1fe6be919e05178fbc0cc0258c0a206",
		 "T6e14abddfa9760fb", 26 + 12 + 12},
		{"M000001", "G838a129dc976a741cbb6165e1b63f1e80c689b97", "T000001",
		 8 + 3 + 21 + 3 + 1},
		{"", "", "", 1 + 3 + 3},
		{"eaaaaab", "cFQqzXyZ-_9", "b", 8 + 3 + 11 + 3 + 1},
		{"M", "Gab", "Tabc", 2 + 3 + 2 + 3 + 3},
		{"ab", "abcd", "ABCD", 3 + 3 + 1 + 3 + 4},
	};
	FerryViewIds *ids = ferry_view_ids_new(NULL);

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		guint32 at =
			ferry_view_ids_add(ids, cases[i].email, cases[i].blob, cases[i].thread);

		g_assert_cmpuint(ids->length - at, ==, cases[i].octets);
		assert_ids(ids, at, cases[i].email, cases[i].blob, cases[i].thread);
	}
	ferry_view_ids_unref(ids);
}

static char *
random_id(guint max)
{
	static const char characters[] = "0123456789abcdefABCDEFxyz-_\377 ";
	guint length = (guint)g_test_rand_int_range(0, (gint)max);
	guint n = g_test_rand_bit() ? 16 : sizeof characters - 1;
	char *id = g_malloc(length + 1);

	for (guint i = 0; i < length; i++)
		id[i] = characters[g_test_rand_int_range(0, (gint)n)];
	id[length] = '\0';
	return id;
}

/* Whatever an id looks like, it comes out as it went in. */
static void
test_random_ids(void)
{
	FerryViewIds *ids = ferry_view_ids_new(NULL);

	for (guint i = 0; i < 3000; i++) {
		guint max = i % 10 == 0 ? 1200 : 40;
		g_autofree char *email = random_id(max);
		g_autofree char *tail = random_id(max);
		g_autofree char *thread = random_id(max);
		g_autofree char *blob =
			g_test_rand_bit() ? g_strdup(tail) : g_strconcat(email, tail, NULL);
		guint32 at;

		if (*blob != '\0' && g_test_rand_bit())
			blob[0] = 'G';
		at = ferry_view_ids_add(ids, email, blob, thread);
		assert_ids(ids, at, email, blob, thread);
	}
	ferry_view_ids_trim(ids);
	ferry_view_ids_unref(ids);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/account/view/random", test_random);
	g_test_add_func("/account/view/keywords", test_keywords);
	g_test_add_func("/account/view/ids", test_ids);
	g_test_add_func("/account/view/random-ids", test_random_ids);
	return g_test_run();
}
