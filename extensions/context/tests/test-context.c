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
	g_test_add_func("/context/dirty", test_dirty);
	g_test_add_func("/context/cancel-arguments", test_cancel_arguments);
	return g_test_run();
}
