/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When there is a context, how long, and what it tells. */
#include "context.h"

#include "imap/search-private.h"
#include "imap/tests/fixture.h"

extern const FerryPlugin ferry_plugin;

static FerryUidSet *
parse(const char *text)
{
	g_autoptr(FerryImapSet) set = ferry_imap_set_parse(text, strlen(text), NULL);

	return *text != '\0' ? ferry_imap_set_resolve(set, 0) : ferry_uid_set_new();
}

static FerryView *
make_view(Fixture *fixture, const char *text, guint32 uidnext)
{
	FerryMessageRow rows[64] = {{0}};
	g_autoptr(FerryUidSet) uids = parse(text);
	guint n = 0;

	for (guint32 uid = 1; uid < G_N_ELEMENTS(rows); uid++)
		if (ferry_uid_set_contains(uids, uid))
			rows[n++].uid = uid;
	return fixture_make_view(fixture, rows, n, uidnext);
}

/* The client was told of @uids, of which @gone are gone without it knowing; @arrived too is there.
 */
static void
select_uids(Fixture *fixture, const char *uids, const char *gone, const char *arrived)
{
	g_autoptr(FerryUidSet) left = parse(uids);
	g_autoptr(FerryUidSet) went = parse(gone);
	g_autoptr(FerryUidSet) came = parse(arrived);
	g_autoptr(FerryView) before = make_view(fixture, uids, 40);
	g_autoptr(FerryView) after = NULL;
	g_autofree char *text = NULL;
	guint32 list[64];
	gsize n = 0;

	for (guint32 uid = 1; uid < G_N_ELEMENTS(list); uid++)
		if (ferry_uid_set_contains(went, uid))
			list[n++] = uid;
	for (guint32 uid = 1; uid < 40; uid++)
		if (ferry_uid_set_contains(left, uid) && !ferry_uid_set_contains(went, uid))
			ferry_uid_set_add(came, uid);
	text = ferry_uid_set_to_string(came);
	after = make_view(fixture, text, 64);
	g_clear_object(&fixture->session->told);
	fixture->session->told = ferry_told_new(before);
	ferry_told_apply_changes(fixture->session->told, after, NULL, 0, list, n);
}

static void
set_up(Fixture *fixture)
{
	fixture_init_with(fixture, &ferry_plugin);
	/* nobody turns the loop */
	fixture->session->ended = TRUE;
}

static void
tear_down(Fixture *fixture)
{
	context_session_forget(fixture->session, NULL);
	fixture_clear(fixture);
}

static FerryImapCommand *
begin(Fixture *fixture, const char *tag, const char *line, GError **error)
{
	FerryImapCommand *command = fixture_parse_tagged(fixture, tag, line, error);
	g_autoptr(FerryImapSearch) search = command != NULL ? ferry_imap_search_new(command) : NULL;

	if (command != NULL &&
	    !ferry_imap_search_prepare(search, TRUE, ferry_imap_command_get_argument(command, 0),
				       error))
		g_clear_object(&command);
	return command;
}

static Context *
find(Fixture *fixture, const char *tag)
{
	return context_session_find(context_session_get(fixture->session), tag);
}

/* A command that comes to no results leaves no context; one that does, its tag's. */
static void
test_life(void)
{
	Fixture fixture;
	g_autoptr(GError) error = NULL;
	FerryImapCommand *command, *second;

	set_up(&fixture);
	g_assert_null(find(&fixture, "t1"));
	select_uids(&fixture, "1:9", "", "");
	command = begin(&fixture, "t1", "SEARCH RETURN (UPDATE COUNT UPDATE) ALL", &error);
	g_assert_no_error(error);
	g_assert_nonnull(find(&fixture, "t1"));
	g_assert_null(find(&fixture, "T1"));
	g_assert_null(find(&fixture, "t"));
	g_assert_cmpuint(context_session_get(fixture.session)->contexts->len, ==, 1);
	g_object_unref(command);
	g_assert_null(find(&fixture, "t1"));

	command = begin(&fixture, "t1", "UID SEARCH RETURN (update) ALL", &error);
	g_assert_no_error(error);
	ferry_imap_command_run_hooks(command);
	g_object_unref(command);
	g_assert_nonnull(find(&fixture, "t1"));
	g_assert_true(find(&fixture, "t1")->uid);

	/* RFC 5267 §4.3.1: the tag of a context is in use */
	second = begin(&fixture, "t1", "SEARCH RETURN (UPDATE) ALL", &error);
	g_assert_null(second);
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_INVALID);
	g_clear_error(&error);
	second = begin(&fixture, "t1", "SEARCH RETURN (COUNT CONTEXT) ALL", &error);
	g_assert_no_error(error);
	g_object_unref(second);
	g_assert_nonnull(find(&fixture, "t1"));

	/* the mailbox is no longer selected (§4.3) */
	g_signal_emit_by_name(fixture.session, "unselected");
	g_assert_null(find(&fixture, "t1"));
	tear_down(&fixture);
}

/* A context that ends while its command runs stays ended. */
static void
test_ended_early(void)
{
	Fixture fixture;
	FerryImapCommand *command;

	set_up(&fixture);
	select_uids(&fixture, "1:9", "", "");
	command = begin(&fixture, "t1", "SEARCH RETURN (UPDATE) ALL", NULL);
	context_session_remove(context_session_get(fixture.session), find(&fixture, "t1"));
	ferry_imap_command_run_hooks(command);
	g_assert_null(find(&fixture, "t1"));
	g_object_unref(command);
	tear_down(&fixture);
}

static void
test_unselected(void)
{
	Fixture fixture;
	g_autoptr(GError) error = NULL;

	set_up(&fixture);
	g_assert_null(begin(&fixture, "t1", "SEARCH RETURN (UPDATE) ALL", &error));
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_INVALID);
	tear_down(&fixture);
}

/* One more than there may be is answered, and not updated (§4.3.5). */
static void
test_many(void)
{
	Fixture fixture;
	gint64 max;

	set_up(&fixture);
	max = ferry_settings_get_integer(ferry_imap_session_get_settings(fixture.session),
					 CONTEXT_SETTINGS, "max-updates");
	g_assert_cmpint(max, ==, 16);
	select_uids(&fixture, "1:9", "", "");
	for (guint i = 0; i <= max; i++) {
		g_autofree char *tag = g_strdup_printf("t%u", i);
		g_autofree char *refusal =
			g_strdup_printf("* NO [NOUPDATE \"%s\"] Too many contexts\r\n", tag);
		g_autofree char *output = NULL;
		g_autoptr(GError) error = NULL;
		g_autoptr(FerryImapCommand) command =
			begin(&fixture, tag, "SEARCH RETURN (UPDATE) ALL", &error);

		g_assert_no_error(error);
		ferry_imap_command_run_hooks(command);
		output = ferry_imap_writer_dup_output(fixture.session->writer, NULL);
		g_assert_cmpstr(output, ==, i < max ? "" : refusal);
		g_assert_cmpint(find(&fixture, tag) != NULL, ==, i < max);
	}
	tear_down(&fixture);
}

static void
fill(GHashTable *table, const char *text)
{
	g_autoptr(FerryUidSet) uids = parse(text);

	for (guint32 uid = 1; uid < 64; uid++)
		if (ferry_uid_set_contains(uids, uid))
			g_hash_table_add(table, GUINT_TO_POINTER(uid));
}

static GArray *
make_array(const char *text)
{
	g_autoptr(FerryUidSet) uids = parse(text);
	GArray *array = g_array_new(FALSE, FALSE, sizeof(guint32));

	for (guint32 uid = 1; uid < 64; uid++)
		if (ferry_uid_set_contains(uids, uid))
			g_array_append_val(array, uid);
	return array;
}

static char *
list_table(GHashTable *table)
{
	g_autoptr(FerryUidSet) uids = ferry_uid_set_new();

	for (guint32 uid = 1; uid < 64; uid++)
		if (g_hash_table_contains(table, GUINT_TO_POINTER(uid)))
			ferry_uid_set_add(uids, uid);
	return ferry_uid_set_to_string(uids);
}

/* What was judged, against what the client knows. Told are 1:3 and 5:9, and 40 is there; 2 and 9
 * are gone without the client knowing, so that the numbers hold. */
static void
test_write(void)
{
	static const struct {
		const char *line, *results, *judged, *matches;
		const char *output, *after;
	} cases[] = {
		{"UID SEARCH", "", "1:3", "1:3", " UID ADDTO (0 1:3)", "1:3"},
		{"UID SEARCH", "1:3", "1:3", "1:3", NULL, "1:3"},
		{"UID SEARCH", "1:3", "1:3", "", " UID REMOVEFROM (0 1:3)", ""},
		{"UID SEARCH", "", "1:3", "", NULL, ""},
		{"UID SEARCH", "1,3", "1:3", "2", " UID REMOVEFROM (0 1,3) ADDTO (0 2)", "2"},
		{"UID SEARCH", "1,3,9", "3,5", "5", " UID REMOVEFROM (0 3) ADDTO (0 5)", "1,5,9"},
		{"SEARCH", "", "5,9", "5,9", " ADDTO (0 4,8)", "5,9"},
		{"SEARCH", "3,5,9", "3,5,9", "3", " REMOVEFROM (0 4,8)", "3"},
		/* what the client was not told of, or knows no more, has no number */
		{"SEARCH", "", "9,40", "9,40", " ADDTO (0 8)", "9,40"},
		{"UID SEARCH", "", "40", "40", NULL, "40"},
		{"UID SEARCH", "4", "4", "", NULL, ""},
		{"UID SEARCH", "", "", "", NULL, ""},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		Fixture fixture;
		g_autofree char *line = g_strdup_printf("%s RETURN (UPDATE) ALL", cases[i].line);
		g_autofree char *expected =
			g_strdup_printf("* ESEARCH (TAG \"t1\")%s\r\n", cases[i].output);
		g_autofree char *output = NULL;
		g_autofree char *after = NULL;
		FerryImapCommand *command;
		Context *context;

		set_up(&fixture);
		select_uids(&fixture, "1:3,5:9", "2,9", "40");
		command = begin(&fixture, "t1", line, NULL);
		context = find(&fixture, "t1");
		fill(context->results, cases[i].results);
		context_write(context);
		context->judged = make_array(cases[i].judged);
		context->matches = make_array(cases[i].matches);
		context_write(context);
		g_assert_null(context->judged);
		g_assert_null(context->matches);
		output = ferry_imap_writer_dup_output(fixture.session->writer, NULL);
		after = list_table(context->results);
		g_test_message("case %u", i);
		g_assert_cmpstr(output, ==, cases[i].output != NULL ? expected : "");
		g_assert_cmpstr(after, ==, cases[i].after);
		g_object_unref(command);
		tear_down(&fixture);
	}
}

/* Before EXPUNGE, in the numbers that hold until then (§4.3.4). */
static void
test_expunged(void)
{
	static const struct {
		const char *line, *gone, *results, *dirty;
		const char *output, *after, *still_dirty;
	} cases[] = {
		{"SEARCH", "1", "1,5", "", " REMOVEFROM (0 1)", "5", ""},
		{"SEARCH", "1:2,9", "1:2,9", "", " REMOVEFROM (0 1:2,8)", "", ""},
		{"SEARCH", "1:2,9", "2:3,9", "1,3", " REMOVEFROM (0 2,8)", "3", "3"},
		{"SEARCH", "5:8", "1,6,8", "5:9", " REMOVEFROM (0 5,7)", "1", "9"},
		{"UID SEARCH", "5:8", "1,6,8", "", " UID REMOVEFROM (0 6,8)", "1", ""},
		{"UID SEARCH", "1:3,5:9", "1:3,5:9", "", " UID REMOVEFROM (0 1:3,5:9)", "", ""},
		{"SEARCH", "1", "5", "1", NULL, "5", ""},
		{"SEARCH", "", "5", "5", NULL, "5", "5"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		Fixture fixture;
		g_autofree char *line = g_strdup_printf("%s RETURN (UPDATE) ALL", cases[i].line);
		g_autofree char *expected =
			g_strdup_printf("* ESEARCH (TAG \"t1\")%s\r\n", cases[i].output);
		g_autofree char *output = NULL;
		g_autofree char *after = NULL;
		g_autofree char *dirty = NULL;
		g_autoptr(FerryImapUpdate) update = NULL;
		FerryImapCommand *command;
		Context *context;

		set_up(&fixture);
		select_uids(&fixture, "1:3,5:9", cases[i].gone, "");
		command = begin(&fixture, "t1", line, NULL);
		context = find(&fixture, "t1");
		fill(context->results, cases[i].results);
		fill(context->dirty, cases[i].dirty);
		update = ferry_imap_update_new(fixture.session->told, FERRY_NEWS_ALL, FALSE);
		g_assert_false(
			context_update(fixture.session, update, fixture.session->writer, NULL));
		output = ferry_imap_writer_dup_output(fixture.session->writer, NULL);
		after = list_table(context->results);
		dirty = list_table(context->dirty);
		g_test_message("case %u", i);
		g_assert_cmpstr(output, ==, cases[i].output != NULL ? expected : "");
		g_assert_cmpstr(after, ==, cases[i].after);
		g_assert_cmpstr(dirty, ==, cases[i].still_dirty);
		g_object_unref(command);
		tear_down(&fixture);
	}
}

/* Sorted results, by a number of each UID that says nothing else. */

static const guint32 *weights;
static guint n_forgotten;

static int
compare_weights(FerryImapSearch *search, guint32 left, guint32 right, gpointer user_data)
{
	if (weights[left] != weights[right])
		return weights[left] < weights[right] ? -1 : 1;
	return left < right ? -1 : left > right;
}

static void
count_forgotten(FerryImapSearch *search, guint32 uid, gpointer user_data)
{
	n_forgotten++;
}

static int
compare_uids(gconstpointer a, gconstpointer b)
{
	return compare_weights(NULL, *(const guint32 *)a, *(const guint32 *)b, NULL);
}

static GArray *
make_order(const char *text)
{
	GArray *order = make_array(text);

	g_array_sort(order, compare_uids);
	return order;
}

/* As a client does it (§4.3.3, §4.3.4): each pair in its turn. */
static void
apply_pairs(GArray *list, const char *pairs, gboolean add)
{
	g_auto(GStrv) words = g_strsplit(pairs, " ", -1);

	g_assert_cmpuint(g_strv_length(words) % 2, ==, 0);
	for (guint i = 0; words[i] != NULL; i += 2) {
		guint64 at = g_ascii_strtoull(words[i], NULL, 10);
		g_auto(GStrv) ranges = g_strsplit(words[i + 1], ",", -1);

		g_assert_cmpuint(at, >, 0);
		for (guint j = 0; ranges[j] != NULL; j++) {
			char *rest;
			guint32 uid = (guint32)g_ascii_strtoull(ranges[j], &rest, 10);
			guint32 last = *rest == ':' ? (guint32)atoi(rest + 1) : uid;

			for (; uid <= last; uid++) {
				g_assert_cmpuint(at, <=, list->len + add);
				if (add) {
					g_array_insert_val(list, at++ - 1, uid);
				} else {
					g_assert_cmpuint(g_array_index(list, guint32, at - 1), ==,
							 uid);
					g_array_remove_index(list, (guint)at - 1);
				}
			}
		}
	}
}

static void
apply_output(GArray *list, const char *output)
{
	static const char *const names[] = {" REMOVEFROM (", " ADDTO ("};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		const char *start = strstr(output, names[i]);
		g_autofree char *pairs = NULL;

		if (start == NULL)
			continue;
		start += strlen(names[i]);
		pairs = g_strndup(start, strcspn(start, ")"));
		apply_pairs(list, pairs, i == 1);
	}
}

static char *
list_array(GArray *array)
{
	return ferry_uid_array_to_string((const guint32 *)(gconstpointer)array->data, array->len);
}

static Context *
begin_sorted(Fixture *fixture, const char *results)
{
	FerryImapCommand *command = begin(fixture, "t1", "UID SEARCH RETURN (UPDATE) ALL", NULL);
	Context *context = find(fixture, "t1");

	ferry_imap_command_run_hooks(command);
	ferry_imap_search_set_ranking(context->search, FERRY_NEEDS_NOTHING, NULL, compare_weights,
				      count_forgotten, NULL);
	fill(context->results, results);
	context->order = make_order(results);
	n_forgotten = 0;
	g_object_unref(command);
	return context;
}

static void
test_positions(void)
{
	static const guint32 backwards[64] = {9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
	static const guint32 equal[64] = {0};
	static const struct {
		const guint32 *weights;
		const char *results, *judged, *matches;
		const char *output, *after;
	} cases[] = {
		{equal, "", "1:3", "1:3", " ADDTO (1 1:3)", "1:3"},
		{equal, "1:3", "1:3", "", " REMOVEFROM (1 1:3)", ""},
		{equal, "2", "1:3", "1:3", " ADDTO (1 1 3 3)", "1:3"},
		{backwards, "", "1:3", "1:3", " ADDTO (1 3,2,1)", "3,2,1"},
		{backwards, "1:3", "2", "", " REMOVEFROM (2 2)", "3,1"},
		{backwards, "1,5:8", "6,8", "", " REMOVEFROM (1 8 2 6)", "7,5,1"},
		{backwards, "2,5:6", "1:3,7:8", "1,3,7:8", " REMOVEFROM (3 2) ADDTO (1 8,7 5 3,1)",
		 "8,7,6,5,3,1"},
		{backwards, "2,5:6", "2,5", "2,5", NULL, "6,5,2"},
		/* gone, and not known to be: as before */
		{backwards, "2,4", "4,40", "40", NULL, "4,2"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		Fixture fixture;
		g_autofree char *expected =
			g_strdup_printf("* ESEARCH (TAG \"t1\") UID%s\r\n", cases[i].output);
		g_autofree char *output = NULL;
		g_autofree char *after = NULL;
		Context *context;

		set_up(&fixture);
		weights = cases[i].weights;
		select_uids(&fixture, "1:3,5:9", "2,9", "40");
		context = begin_sorted(&fixture, cases[i].results);
		context->judged = make_array(cases[i].judged);
		context->matches = make_array(cases[i].matches);
		context_write(context);
		output = ferry_imap_writer_dup_output(fixture.session->writer, NULL);
		after = list_array(context->order);
		g_test_message("case %u", i);
		g_assert_cmpstr(output, ==, cases[i].output != NULL ? expected : "");
		g_assert_cmpstr(after, ==, cases[i].after);
		tear_down(&fixture);
	}
}

/* What a client makes of it is what is there, in order; what left is forgotten. */
static void
test_positions_random(void)
{
	for (guint round = 0; round < 400; round++) {
		Fixture fixture;
		guint32 random_weights[64];
		g_autoptr(GArray) client = NULL;
		gsize length, seen = 0;
		Context *context;

		for (guint i = 0; i < G_N_ELEMENTS(random_weights); i++)
			random_weights[i] = (guint32)g_test_rand_int_range(0, round % 2 ? 4 : 60);
		weights = random_weights;
		set_up(&fixture);
		select_uids(&fixture, "1:39", "", "");
		context = begin_sorted(&fixture, round % 3 ? "5:20" : "");
		client = make_order(round % 3 ? "5:20" : "");
		for (guint step = 0; step < 5; step++) {
			g_autofree char *output = NULL;
			g_autofree char *told = NULL;
			g_autofree char *kept = NULL;
			guint n_before = context->order->len + n_forgotten, n_added = 0;

			context->judged = g_array_new(FALSE, FALSE, sizeof(guint32));
			context->matches = g_array_new(FALSE, FALSE, sizeof(guint32));
			for (guint32 uid = 1; uid < 40; uid++) {
				gboolean known = g_hash_table_contains(context->results,
								       GUINT_TO_POINTER(uid));

				if (g_test_rand_bit())
					continue;
				g_array_append_val(context->judged, uid);
				if (g_test_rand_bit())
					continue;
				g_array_append_val(context->matches, uid);
				n_added += !known;
			}
			context_write(context);
			output = ferry_imap_writer_dup_output(fixture.session->writer, &length);
			apply_output(client, output + seen);
			seen = length;
			told = list_array(client);
			kept = list_array(context->order);
			g_assert_cmpstr(told, ==, kept);
			g_assert_cmpuint(context->order->len, ==,
					 g_hash_table_size(context->results));
			g_assert_cmpuint(context->order->len + n_forgotten, ==, n_before + n_added);
			for (guint i = 1; i < client->len; i++)
				g_assert_cmpint(
					compare_weights(NULL, g_array_index(client, guint32, i - 1),
							g_array_index(client, guint32, i), NULL),
					<, 0);
		}
		tear_down(&fixture);
	}
}

/* The sorted results of a session are limited: what grows beyond that ends. */
static void
test_sorted_limit(void)
{
	for (guint more = 0; more < 2; more++) {
		Fixture fixture;
		g_autofree char *output = NULL;
		g_autofree guint32 *zeros = g_new0(guint32, CONTEXT_MAX_SORTED + 100);
		Context *context;

		weights = zeros;
		set_up(&fixture);
		select_uids(&fixture, "1:3", "", "");
		context = begin_sorted(&fixture, "");
		for (guint32 uid = 64; context->order->len < CONTEXT_MAX_SORTED - 2 + more; uid++)
			g_array_append_val(context->order, uid);
		g_assert_cmpuint(context_session_count_sorted(context->owner), ==,
				 CONTEXT_MAX_SORTED - 2 + more);
		context->judged = make_array("1:2");
		context->matches = make_array("1:2");
		context_write(context);
		output = ferry_imap_writer_dup_output(fixture.session->writer, NULL);
		g_assert_cmpstr(output, ==,
				more == 0 ? "* ESEARCH (TAG \"t1\") UID ADDTO (1 1:2)\r\n"
					  : "* NO [NOUPDATE \"t1\"] Too many sorted results\r\n");
		g_assert_cmpint(find(&fixture, "t1") != NULL, ==, more == 0);
		tear_down(&fixture);
	}
}

/* What is judged: in order, once, and what the client was told of; the rest waits. */
static void
test_dirty(void)
{
	static const guint32 first[] = {9, 40, 3, 9, 1}, second[] = {3, 41, 4};
	Fixture fixture;
	FerryImapCommand *command;
	g_autoptr(GArray) taken = NULL;
	g_autoptr(GArray) again = NULL;
	g_autofree char *left = NULL;
	Context *context;

	set_up(&fixture);
	select_uids(&fixture, "1:3,5:9", "9", "40:41");
	command = begin(&fixture, "t1", "SEARCH RETURN (UPDATE) ALL", NULL);
	context = find(&fixture, "t1");
	context_add_dirty(context, first, G_N_ELEMENTS(first));
	context_add_dirty(context, second, G_N_ELEMENTS(second));
	context_add_dirty(context, NULL, 0);
	taken = context_take_dirty(context, fixture.session->told);
	g_assert_cmpmem(taken->data, taken->len * sizeof(guint32), ((const guint32[]){1, 3, 9}),
			3 * sizeof(guint32));
	left = list_table(context->dirty);
	g_assert_cmpstr(left, ==, "4,40:41");
	again = context_take_dirty(context, fixture.session->told);
	g_assert_cmpuint(again->len, ==, 0);
	g_object_unref(command);
	tear_down(&fixture);
}

static void
test_cancel_arguments(void)
{
	static const struct {
		const char *line;
		gboolean good;
	} cases[] = {
		{"CANCELUPDATE \"t1\"", TRUE},    {"CANCELUPDATE \"t1\" \"t2\" \"t1\"", TRUE},
		{"CANCELUPDATE \"\"", TRUE},      {"CANCELUPDATE {2+}\r\nt1", TRUE},
		{"CANCELUPDATE", FALSE},          {"CANCELUPDATE t1", FALSE},
		{"CANCELUPDATE (\"t1\")", FALSE}, {"CANCELUPDATE \"t1\",\"t2\"", FALSE},
		{"CANCELUPDATE \"t1\" ", FALSE},
	};
	Fixture fixture;

	set_up(&fixture);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(FerryImapCommand) command =
			fixture_parse(&fixture, cases[i].line, &error);

		g_test_message("case %u", i);
		g_assert_cmpint(command != NULL, ==, cases[i].good);
	}
	tear_down(&fixture);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/context/life", test_life);
	g_test_add_func("/context/ended-early", test_ended_early);
	g_test_add_func("/context/unselected", test_unselected);
	g_test_add_func("/context/many", test_many);
	g_test_add_func("/context/write", test_write);
	g_test_add_func("/context/expunged", test_expunged);
	g_test_add_func("/context/positions", test_positions);
	g_test_add_func("/context/positions/random", test_positions_random);
	g_test_add_func("/context/sorted-limit", test_sorted_limit);
	g_test_add_func("/context/dirty", test_dirty);
	g_test_add_func("/context/cancel-arguments", test_cancel_arguments);
	return g_test_run();
}
