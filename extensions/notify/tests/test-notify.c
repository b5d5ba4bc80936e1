/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Event groups: which are taken, and what they say of which mailbox. */
#include "imap/parser.h"
#include "notify.h"

static FerryRegistry *registry;

/* As the module registers it. */
#define GRAMMAR                                                                                    \
	"{([\"MAILBOXES\" mailboxes] [\"SUBTREE\" mailboxes] [atom] [atom] "                       \
	"[({atom [fetch-list]})])}"

/* What other modules registered. */
static const char *const others[] = {"TideChange", "MoonChange", NULL};

static void
nothing(void)
{
}

/* FERRY_ERROR_INVALID too where the grammar refuses it. */
static NotifySet *
parse(const char *groups, GError **error)
{
	static const FerryLimits limits = FERRY_LIMITS_DEFAULT;
	FerryImapGrammarContext context = {.registry = registry, .nesting = 8};
	g_autoptr(FerryImapParser) parser = ferry_imap_parser_new(&limits);
	g_autofree char *line = g_strdup_printf("a NOTIFY %s\r\n", groups);
	g_autoptr(GPtrArray) slots = NULL;
	FerryImapParseResult result;

	ferry_imap_parser_feed(parser, (const guint8 *)line, strlen(line), &result, NULL);
	g_assert_cmpint(result, ==, FERRY_IMAP_PARSE_DONE);
	slots = ferry_imap_parser_parse_arguments(parser, GRAMMAR, &context, error);
	return slots != NULL ? notify_set_new(slots->pdata[0], others, error) : NULL;
}

static void
test_refused(void)
{
	static const struct {
		const char *groups;
		FerryError code;
	} cases[] = {
		{"()", FERRY_ERROR_INVALID},
		{"(personal)", FERRY_ERROR_INVALID},
		{"(personal ())", FERRY_ERROR_INVALID},
		{"(personal MailboxName)", FERRY_ERROR_INVALID},
		{"(personal NONE (MailboxName))", FERRY_ERROR_INVALID},
		{"(everything (MailboxName))", FERRY_ERROR_INVALID},
		{"(mailboxes (MailboxName))", FERRY_ERROR_INVALID},
		{"(mailboxes a b (MailboxName))", FERRY_ERROR_INVALID},
		{"(mailboxes a subtree b (MailboxName))", FERRY_ERROR_INVALID},
		{"(mailboxes () (MailboxName))", FERRY_ERROR_INVALID},
		{"(subtree NONE)", FERRY_ERROR_INVALID},
		{"(personal (MessageNew))", FERRY_ERROR_INVALID},
		{"(personal (MessageExpunge))", FERRY_ERROR_INVALID},
		{"(personal (FlagChange))", FERRY_ERROR_INVALID},
		{"(personal (MessageNew FlagChange))", FERRY_ERROR_INVALID},
		{"(personal (AnnotationChange))", FERRY_ERROR_INVALID},
		{"(personal (MessageNew (UID) MessageExpunge))", FERRY_ERROR_INVALID},
		{"(selected (MessageNew MessageExpunge (UID)))", FERRY_ERROR_INVALID},
		{"(selected (MessageNew UID MessageExpunge))", FERRY_ERROR_CANNOT},
		{"(selected (MailboxName))", FERRY_ERROR_INVALID},
		{"(selected-delayed (SubscriptionChange))", FERRY_ERROR_INVALID},
		{"(selected NONE) (selected NONE)", FERRY_ERROR_INVALID},
		{"(selected NONE) (selected-delayed NONE)", FERRY_ERROR_INVALID},
		{"(personal (MessageNew MessageExpunge AnnotationChange))", FERRY_ERROR_CANNOT},
		{"(selected (TideChange))", FERRY_ERROR_INVALID},
		{"(selected-delayed (MessageNew MessageExpunge TideChange))", FERRY_ERROR_INVALID},
		{"(personal (TideChange (UID)))", FERRY_ERROR_INVALID},
		{"(personal (TideChange MessageNew))", FERRY_ERROR_INVALID},
		{"(personal (TideChange SunChange))", FERRY_ERROR_CANNOT},
		{"(personal (x))", FERRY_ERROR_CANNOT},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		NotifySet *set = parse(cases[i].groups, &error);

		if (set != NULL || !g_error_matches(error, FERRY_ERROR, (int)cases[i].code))
			g_test_message("case %u: %s", i, cases[i].groups);
		g_assert_null(set);
		g_assert_error(error, FERRY_ERROR, (int)cases[i].code);
	}
}

static void
test_limits(void)
{
	static const struct {
		const char *one, *begin, *end;
		guint fits;
	} cases[] = {
		{" (personal NONE)", "(personal NONE)", "", 63},
		{" x", "(mailboxes (x", ") NONE)", 999},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		for (guint more = 0; more < 2; more++) {
			g_autoptr(GString) groups = g_string_new(cases[i].begin);
			g_autoptr(GError) error = NULL;
			NotifySet *set;

			for (guint n = 0; n < cases[i].fits + more; n++)
				g_string_append(groups, cases[i].one);
			g_string_append(groups, cases[i].end);
			set = parse(groups->str, &error);
			g_assert_true((set == NULL) == (more == 1));
			if (set != NULL)
				notify_set_free(set);
			else
				g_assert_error(error, FERRY_ERROR, FERRY_ERROR_LIMIT);
		}
	}
}

#define NEW (NOTIFY_MESSAGE_NEW | NOTIFY_MESSAGE_EXPUNGE)
#define MESSAGES "(MessageNew MessageExpunge)"

static void
test_events(void)
{
	static const struct {
		const char *groups;
		NotifyPlace place;
		NotifyEvents events;
	} cases[] = {
		{"(personal " MESSAGES ")", {"a", TRUE, FALSE}, NEW},
		{"(personal " MESSAGES ")", {"a", FALSE, TRUE}, 0},
		{"(Inboxes " MESSAGES ")", {"a/b", TRUE, FALSE}, NEW},
		{"(subscribed " MESSAGES ")", {"a", FALSE, TRUE}, NEW},
		{"(subscribed " MESSAGES ")", {"a", TRUE, FALSE}, 0},
		{"(mailboxes a " MESSAGES ")", {"a", FALSE, FALSE}, NEW},
		{"(mailboxes a " MESSAGES ")", {"a/b", TRUE, TRUE}, 0},
		{"(mailboxes (b a) " MESSAGES ")", {"a", TRUE, FALSE}, NEW},
		{"(mailboxes inbox " MESSAGES ")", {"INBOX", TRUE, FALSE}, NEW},
		{"(mailboxes \"a*\" " MESSAGES ")", {"ab", TRUE, FALSE}, 0},
		{"(mailboxes NONE " MESSAGES ")", {"NONE", TRUE, FALSE}, NEW},
		{"(mailboxes \"a b\" " MESSAGES ")", {"a b", TRUE, FALSE}, NEW},
		{"(mailboxes cafe&AwE- " MESSAGES ")", {"caf\xc3\xa9", TRUE, FALSE}, NEW},
		{"(subtree a " MESSAGES ")", {"a", TRUE, FALSE}, NEW},
		{"(subtree a " MESSAGES ")", {"a/b/c", FALSE, FALSE}, NEW},
		{"(subtree a/b " MESSAGES ")", {"a", TRUE, FALSE}, 0},
		{"(subtree a " MESSAGES ")", {"ab", TRUE, FALSE}, 0},
		{"(subtree (x a) " MESSAGES ")", {"a/b", TRUE, FALSE}, NEW},
		{"(selected " MESSAGES ")", {"a", TRUE, TRUE}, 0},
		{"(personal NONE)", {"a", TRUE, TRUE}, 0},
		{"(personal (messageNEW flagchange messageexpunge))",
		 {"a", TRUE, FALSE},
		 NEW | NOTIFY_FLAG_CHANGE},
		/* all that match add to it */
		{"(mailboxes a (MailboxName)) (subtree a " MESSAGES ")",
		 {"a", TRUE, FALSE},
		 NEW | NOTIFY_MAILBOX_NAME},
		{"(mailboxes a NONE) (personal (SubscriptionChange))",
		 {"a", TRUE, FALSE},
		 NOTIFY_SUBSCRIPTION_CHANGE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		NotifySet *set = parse(cases[i].groups, &error);

		g_assert_no_error(error);
		if (notify_set_get_events(set, &cases[i].place) != cases[i].events)
			g_test_message("case %u: %s", i, cases[i].groups);
		g_assert_cmpuint(notify_set_get_events(set, &cases[i].place), ==, cases[i].events);
		notify_set_free(set);
	}
}

static void
test_selected(void)
{
	static const struct {
		const char *groups;
		NotifyEvents events;
		gboolean delayed;
		gboolean items;
	} cases[] = {
		{"(selected (MessageNew (UID FLAGS) MessageExpunge))", NEW, FALSE, TRUE},
		{"(selected-delayed (MessageNew MessageExpunge FlagChange))",
		 NEW | NOTIFY_FLAG_CHANGE, TRUE, FALSE},
		{"(personal (MailboxName)) (selected NONE)", 0, FALSE, FALSE},
		{"(personal " MESSAGES ")", 0, FALSE, FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		NotifySet *set = parse(cases[i].groups, &error);
		gboolean delayed;

		g_assert_no_error(error);
		g_assert_cmpuint(notify_set_get_selected(set, &delayed), ==, cases[i].events);
		g_assert_cmpint(delayed, ==, cases[i].delayed);
		g_assert_cmpint(notify_set_get_items(set) != NULL, ==, cases[i].items);
		notify_set_free(set);
	}
}

static void
test_watch(void)
{
	static const struct {
		const char *groups;
		FerryWatch watch;
	} cases[] = {
		{"(selected " MESSAGES ")", FERRY_WATCH_NOTHING},
		{"(personal NONE)", FERRY_WATCH_NOTHING},
		{"(personal " MESSAGES ")", FERRY_WATCH_OWN},
		{"(mailboxes a " MESSAGES ")", FERRY_WATCH_OWN},
		{"(mailboxes Others/bob/a " MESSAGES ")", FERRY_WATCH_OWN | FERRY_WATCH_SHARED},
		{"(subtree Others " MESSAGES ")", FERRY_WATCH_OWN | FERRY_WATCH_SHARED},
		{"(subscribed " MESSAGES ")",
		 FERRY_WATCH_OWN | FERRY_WATCH_SHARED | FERRY_WATCH_SUBSCRIPTIONS},
		{"(personal (SubscriptionChange))", FERRY_WATCH_OWN | FERRY_WATCH_SUBSCRIPTIONS},
		{"(personal (TideChange))", FERRY_WATCH_NOTHING},
		{"(subscribed (TideChange))", FERRY_WATCH_SUBSCRIPTIONS},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		NotifySet *set = parse(cases[i].groups, &error);

		g_assert_no_error(error);
		if (notify_set_get_watch(set, "Others") != cases[i].watch)
			g_test_message("case %u: %s", i, cases[i].groups);
		g_assert_cmpuint(notify_set_get_watch(set, "Others"), ==, cases[i].watch);
		notify_set_free(set);
	}
}

static void
test_others(void)
{
	static const NotifyPlace a = {"a", TRUE, FALSE}, b = {"b", FALSE, TRUE};
	static const struct {
		const char *groups;
		const char *event;
		const NotifyPlace *place; /* NULL: no mailbox */
		gboolean wanted;
	} cases[] = {
		{"(personal (TideChange))", "TideChange", &a, TRUE},
		{"(personal (tidechange))", "TIDECHANGE", &a, TRUE},
		{"(personal (TideChange))", "TideChange", &b, FALSE},
		{"(personal (TideChange))", "MoonChange", &a, FALSE},
		{"(personal (TideChange))", "MoonChange", NULL, FALSE},
		{"(personal (TideChange))", "SunChange", &a, FALSE},
		{"(personal (TideChange MoonChange))", "MoonChange", &a, TRUE},
		{"(mailboxes x (MoonChange))", "MoonChange", NULL, TRUE},
		{"(mailboxes x (MoonChange))", "MoonChange", &a, FALSE},
		{"(subtree a (MoonChange)) (mailboxes b (TideChange))", "TideChange", &b, TRUE},
		{"(subscribed (MoonChange))", "MoonChange", &b, TRUE},
		{"(personal " MESSAGES ")", "TideChange", &a, FALSE},
		{"(personal NONE)", "TideChange", NULL, FALSE},
		/* what is unknown is in no group */
		{"(personal (MailboxName))", "AnnotationChange", &a, FALSE},
	};
	g_autofree char *code = notify_make_bad_event(others);

	g_assert_true(g_str_has_suffix(code, " SubscriptionChange TideChange MoonChange)"));
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		NotifySet *set = parse(cases[i].groups, &error);

		g_assert_no_error(error);
		if (notify_set_wants(set, cases[i].event, cases[i].place) != cases[i].wanted)
			g_test_message("case %u: %s", i, cases[i].groups);
		g_assert_cmpint(notify_set_wants(set, cases[i].event, cases[i].place), ==,
				cases[i].wanted);
		notify_set_free(set);
	}
}

int
main(int argc, char *argv[])
{
	static const char *const items[] = {"UID", "FLAGS"};

	g_test_init(&argc, &argv, NULL);
	registry = ferry_registry_new();
	for (guint i = 0; i < G_N_ELEMENTS(items); i++)
		ferry_registry_add_fetch_item(registry, items[i], NULL, 0, NULL,
					      (FerryFetchWriteFunc)(gpointer)nothing, NULL, NULL,
					      NULL);
	ferry_registry_seal(registry);
	g_test_add_func("/notify/refused", test_refused);
	g_test_add_func("/notify/limits", test_limits);
	g_test_add_func("/notify/others", test_others);
	g_test_add_func("/notify/events", test_events);
	g_test_add_func("/notify/selected", test_selected);
	g_test_add_func("/notify/watch", test_watch);
	return g_test_run();
}
