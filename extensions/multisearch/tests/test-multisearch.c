/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which mailboxes a source names, and what may not go together. */
#include "multisearch.h"

#include "account/mailbox-list-private.h"
#include "account/mailbox-private.h"
#include "imap/tests/fixture.h"

extern const FerryPlugin ferry_plugin;

static void
add_mailbox(GPtrArray *mailboxes, const char *id, const char *name, guint rights)
{
	FerryStoreMailbox *mailbox = ferry_store_mailbox_new(id, name);

	mailbox->imap_name = g_strdup(name);
	mailbox->rights = rights;
	g_ptr_array_add(mailboxes, mailbox);
}

static GPtrArray *
make_mailboxes(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)ferry_store_mailbox_unref);
}

/* Beside what can be searched there are: All Mail (v), what may only be put into (b), a level that
 * is no mailbox (Up), and somebody else's mailboxes. */
static FerryMailboxList *
make_list(void)
{
	static const char *const names[] = {"INBOX",      "INBOX/x",  "Work",  "Work/a", "Work/a/b",
					    "Work/a/b/c", "Workshop", "Work+", "Up/y"};
	static const char *const subscriptions[] = {"Work", "v", "b", "Gone", NULL};
	static const char *const theirs[] = {"Work", NULL};
	FerryMailboxList *list = ferry_mailbox_list_new("Shared");
	g_autoptr(GPtrArray) own = make_mailboxes();
	g_autoptr(GPtrArray) shared = make_mailboxes();

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		add_mailbox(own, names[i], names[i], FERRY_RIGHT_READ_ITEMS);
	add_mailbox(own, "~all", "v", FERRY_RIGHT_READ_ITEMS);
	add_mailbox(own, "b", "b", FERRY_RIGHT_ADD_ITEMS);
	add_mailbox(shared, "s1", "INBOX", FERRY_RIGHT_READ_ITEMS);
	add_mailbox(shared, "s2", "Work", FERRY_RIGHT_READ_ITEMS);
	ferry_mailbox_list_add_account(list, "A", "", own, FALSE, subscriptions);
	ferry_mailbox_list_add_account(list, "B", "Shared/bob", shared, FALSE, theirs);
	ferry_mailbox_list_seal(list);
	return list;
}

static FerryImapValue *
get_filters(FerryImapCommand *command)
{
	FerryImapValue *source = ferry_imap_command_get_argument(command, 0);

	return source != NULL ? ferry_imap_value_get_child(source, 0) : NULL;
}

static FerryImapCommand *
parse(Fixture *fixture, const char *source, GError **error)
{
	g_autofree char *line =
		g_strconcat("ESEARCH ", source, *source != '\0' ? " ALL" : "ALL", NULL);

	return fixture_parse(fixture, line, error);
}

static char *
list_names(FerryImapCommand *command, FerryMailboxList *list, const char *selected)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) sources =
		multisearch_list_sources(get_filters(command), list, selected, 1000, &error);
	GString *names = g_string_new(NULL);

	g_assert_no_error(error);
	for (guint i = 0; i < sources->len; i++)
		g_string_append_printf(names, "%s%s", i > 0 ? " " : "",
				       ferry_mailbox_info_get_name(sources->pdata[i]));
	return g_string_free(names, FALSE);
}

#define PERSONAL "INBOX INBOX/x Up/y Work Work/a Work/a/b Work/a/b/c Work+ Workshop"

static void
test_sources(void)
{
	static const struct {
		const char *source, *selected, *names;
	} cases[] = {
		{"", "Work", "Work"},
		{"", NULL, ""},
		{"", "Gone", ""},
		/* whoever selected it may search it */
		{"", "v", "v"},
		{"IN (selected)", "v", "v"},
		{"IN (SELECTED)", "Work", "Work"},
		{"IN (selected)", NULL, ""},
		{"IN (personal)", "v", PERSONAL},
		{"IN (inboxes)", NULL, PERSONAL},
		{"IN (subscribed)", NULL, "Shared/bob/Work Work"},
		{"IN (selected selected)", "Work", "Work"},
		{"IN (subscribed selected)", "INBOX", "INBOX Shared/bob/Work Work"},
		/* each once, in the order of the list */
		{"IN (mailboxes (Workshop INBOX Workshop) mailboxes Work)", NULL,
		 "INBOX Work Workshop"},
		{"IN (mailboxes inbox)", NULL, "INBOX"},
		{"IN (mailboxes work)", NULL, ""},
		{"IN (mailboxes (Gone b Up Shared Shared/bob))", NULL, ""},
		{"IN (mailboxes v)", NULL, "v"},
		{"IN (mailboxes \"\")", NULL, ""},
		{"IN (mailboxes Shared/bob/INBOX)", NULL, "Shared/bob/INBOX"},
		/* a name that begins alike is no child */
		{"IN (subtree Work)", NULL, "Work Work/a Work/a/b Work/a/b/c"},
		{"IN (subtree-one Work)", NULL, "Work Work/a"},
		{"IN (subtree-one Work/a)", NULL, "Work/a Work/a/b"},
		{"IN (subtree Work/a/b/c)", NULL, "Work/a/b/c"},
		{"IN (subtree Wor)", NULL, ""},
		{"IN (subtree Up)", NULL, "Up/y"},
		{"IN (subtree-one Up)", NULL, "Up/y"},
		{"IN (subtree inbox)", NULL, "INBOX INBOX/x"},
		{"IN (subtree (Work/a INBOX) subtree-one Work)", NULL,
		 "INBOX INBOX/x Work Work/a Work/a/b Work/a/b/c"},
		{"IN (subtree (v b Gone))", NULL, ""},
		{"IN (subtree Shared)", NULL, "Shared/bob/INBOX Shared/bob/Work"},
		{"IN (subtree-one Shared)", NULL, ""},
		{"IN (subtree Shared/bob)", NULL, "Shared/bob/INBOX Shared/bob/Work"},
	};
	Fixture fixture;
	g_autoptr(FerryMailboxList) list = make_list();

	fixture_init_with(&fixture, &ferry_plugin);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(FerryImapCommand) command = parse(&fixture, cases[i].source, &error);
		g_autofree char *names = NULL;

		g_test_message("case %u: %s", i, cases[i].source);
		g_assert_no_error(error);
		names = list_names(command, list, cases[i].selected);
		g_assert_cmpstr(names, ==, cases[i].names);
	}
	fixture_clear(&fixture);
}

static void
test_malformed(void)
{
	static const char *const sources[] = {
		"IN",
		"IN ()",
		"IN personal",
		"IN (personal",
		"IN (x)",
		"IN (selected-delayed)",
		"IN (mailboxes)",
		"IN (mailboxes ())",
		"IN (subtree)",
		"IN (subtree-two Work)",
		"IN (personal) (x)",
		"IN (\"personal\")",
		"(personal)",
		"IN (personal Work)",
	};
	Fixture fixture;

	fixture_init_with(&fixture, &ferry_plugin);
	for (guint i = 0; i < G_N_ELEMENTS(sources); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(FerryImapCommand) command = parse(&fixture, sources[i], &error);

		g_test_message("case %u: %s", i, sources[i]);
		g_assert_null(command);
		g_assert_error(error, FERRY_ERROR, FERRY_ERROR_INVALID);
	}
	fixture_clear(&fixture);
}

/* A thousand mailboxes are searched, one more is refused, before any is. */
static void
test_limit(void)
{
	Fixture fixture;
	g_autoptr(FerryImapCommand) command = NULL;

	fixture_init_with(&fixture, &ferry_plugin);
	command = parse(&fixture, "IN (personal)", NULL);
	for (guint count = 999; count <= 1001; count++) {
		g_autoptr(FerryMailboxList) list = ferry_mailbox_list_new("Shared");
		g_autoptr(GPtrArray) mailboxes = make_mailboxes();
		g_autoptr(GPtrArray) sources = NULL;
		g_autoptr(GError) error = NULL;

		for (guint i = 0; i < count; i++) {
			g_autofree char *name = g_strdup_printf("m%u", i);

			add_mailbox(mailboxes, name, name, FERRY_RIGHT_READ_ITEMS);
		}
		ferry_mailbox_list_add_account(list, "A", "", mailboxes, FALSE, NULL);
		ferry_mailbox_list_seal(list);
		sources = multisearch_list_sources(get_filters(command), list, NULL, 1000, &error);
		if (count <= 1000)
			g_assert_cmpuint(sources->len, ==, count);
		else
			g_assert_error(error, FERRY_ERROR, FERRY_ERROR_LIMIT);
		g_assert_cmpint(sources == NULL, ==, count > 1000);
	}
	g_clear_object(&command);
	fixture_clear(&fixture);
}

/* RFC 7377 §2.2: what needs the selected mailbox, and what only that can have. */
static void
test_mistakes(void)
{
	static const struct {
		const char *source;
		gboolean here, nowhere; /* with and without a selected mailbox */
	} cases[] = {
		{"", TRUE, FALSE},
		{"IN (selected)", TRUE, FALSE},
		{"IN (selected mailboxes Work)", TRUE, FALSE},
		{"IN (mailboxes Work Selected)", TRUE, FALSE},
		{"IN (personal)", TRUE, TRUE},
		{"IN (mailboxes selected)", TRUE, TRUE},
		{"RETURN (SAVE)", TRUE, FALSE},
		{"RETURN (COUNT SAVE)", TRUE, FALSE},
		{"IN (selected) RETURN (SAVE)", TRUE, FALSE},
		{"IN (selected selected) RETURN (SAVE ALL)", TRUE, FALSE},
		{"IN (selected personal) RETURN (SAVE)", FALSE, FALSE},
		{"IN (personal selected) RETURN (SAVE)", FALSE, FALSE},
		{"IN (personal) RETURN (ALL save)", FALSE, FALSE},
		{"IN (personal) RETURN (COUNT ALL)", TRUE, TRUE},
		{"IN (personal) RETURN ()", TRUE, TRUE},
		{"IN (personal (x))", FALSE, FALSE},
		{"IN (selected (x y))", FALSE, FALSE},
	};
	Fixture fixture;

	fixture_init_with(&fixture, &ferry_plugin);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(FerryImapCommand) command = parse(&fixture, cases[i].source, &error);
		g_autoptr(FerryMailbox) mailbox = g_object_new(FERRY_TYPE_MAILBOX, NULL);

		g_test_message("case %u: %s", i, cases[i].source);
		g_assert_no_error(error);
		g_assert_cmpint(multisearch_find_mistake(command) == NULL, ==, cases[i].nowhere);
		fixture.session->mailbox = mailbox;
		g_assert_cmpint(multisearch_find_mistake(command) == NULL, ==, cases[i].here);
		fixture.session->mailbox = NULL;
	}
	fixture_clear(&fixture);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/multisearch/sources", test_sources);
	g_test_add_func("/multisearch/malformed", test_malformed);
	g_test_add_func("/multisearch/limit", test_limit);
	g_test_add_func("/multisearch/mistakes", test_mistakes);
	return g_test_run();
}
