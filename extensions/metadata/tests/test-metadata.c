/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of entries, what DEPTH and MAXSIZE reach, who may see and set what, and what is told */
#include "metadata.h"

#include "account/account-private.h"
#include "account/mailbox-list-private.h"
#include "imap/event-private.h"
#include "imap/tests/fixture.h"

extern const FerryPlugin ferry_plugin;

static void
test_names(void)
{
	static const struct {
		const char *name;
		const char *key; /* NULL: it is none */
	} cases[] = {
		{"/private/comment", "/private/comment"},
		{"/Shared/COMMENT", "/shared/comment"},
		{"/private/vendor/acme/x", "/private/vendor/acme/x"},
		{"/private/vendors", "/private/vendors"},
		{"/private/a b", "/private/a b"},
		{"/private", NULL},
		{"/private/", NULL},
		{"/private//a", NULL},
		{"/private/a/", NULL},
		{"/private/vendor", NULL},
		{"/private/vendor/acme", NULL},
		{"/privateer/a", NULL},
		{"/public/a", NULL},
		{"private/a", NULL},
		{"", NULL},
		{"/", NULL},
		{"/private/a*", NULL},
		{"/private/%", NULL},
		{"/private/\x01", NULL},
		{"/private/\xc3\xa4", NULL},
		{"/private/\x7f", NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *key = metadata_make_key(cases[i].name, &error);

		if (g_strcmp0(key, cases[i].key) != 0)
			g_error("case %u: %s", i, key != NULL ? key : error->message);
		g_assert_true((key == NULL) == (error != NULL));
	}
}

static void
test_depth(void)
{
	static const struct {
		const char *entry;
		guint depth;
		const char *key;
		gboolean matches;
	} cases[] = {
		{"/private/a", 0, "/private/a", TRUE},
		{"/private/a", 0, "/private/a/b", FALSE},
		{"/private/a", 1, "/private/a", TRUE},
		{"/private/a", 1, "/private/a/b", TRUE},
		{"/private/a", 1, "/private/a/b/c", FALSE},
		{"/private/a", 1, "/private/ab", FALSE},
		{"/private/a", METADATA_ALL_LEVELS, "/private/a/b/c", TRUE},
		{"/private/a", METADATA_ALL_LEVELS, "/private/ab/c", FALSE},
		{"/private/a/b", METADATA_ALL_LEVELS, "/private/a", FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		if (metadata_matches(cases[i].entry, cases[i].depth, cases[i].key) !=
		    cases[i].matches)
			g_error("case %u", i);
}

/* 512 octets, the scope among them. */
static void
test_longest_name(void)
{
	for (guint length = METADATA_MAX_NAME - 1; length <= METADATA_MAX_NAME + 1; length++) {
		g_autofree char *rest = g_strnfill(length - strlen("/private/"), 'x');
		g_autofree char *name = g_strconcat("/private/", rest, NULL);
		g_autoptr(GError) error = NULL;
		g_autofree char *key = metadata_make_key(name, &error);

		g_assert_cmpstr(key, ==, length <= METADATA_MAX_NAME ? name : NULL);
		if (key == NULL)
			g_assert_error(error, FERRY_ERROR, FERRY_ERROR_LIMIT);
	}
}

static void
add_datum(GPtrArray *data, const char *account_id, const char *mailbox_id, const char *key,
	  const char *text, gsize length)
{
	g_autoptr(GBytes) value = g_bytes_new(text, length);
	FerryAccountDatum *datum = ferry_account_datum_new(metadata_is_shared(key), key, value);

	datum->account_id = g_strdup(account_id);
	datum->mailbox_id = g_strdup(mailbox_id);
	g_ptr_array_add(data, datum);
}

static GPtrArray *
make_data(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)ferry_account_datum_unref);
}

/* Values a (5 octets), a/b (0), a/b/c (3), big (9), zero (with NUL). */
static void
test_write(void)
{
	static const struct {
		const char *names[3];
		guint depth;
		gint64 max_size; /* -1: none */
		const char *answer;
		guint64 longest;
	} cases[] = {
		{{"/private/A"}, 0, -1, "(/private/A \"first\")", 0},
		{{"/private/none"}, 0, -1, "(/private/none NIL)", 0},
		{{"/private/none"}, 1, -1, NULL, 0},
		{{"/private/a/b"}, 0, -1, "(/private/a/b \"\")", 0},
		{{"/private/a"}, 1, -1, "(/private/a \"first\" /private/a/b \"\")", 0},
		{{"/private/a/b", "/private/a"},
		 0,
		 -1,
		 "(/private/a/b \"\" /private/a \"first\")",
		 0},
		/* each once */
		{{"/private/a", "/private/a"}, 0, -1, "(/private/a \"first\")", 0},
		{{"/private/none", "/private/none"}, 0, -1, "(/private/none NIL)", 0},
		{{"/private/a/b", "/private/a"},
		 1,
		 -1,
		 "(/private/a/b \"\" /private/a/b/c \"two\" /private/a \"first\")",
		 0},
		{{"/private/zero"}, 0, -1, "(/private/zero ~{3}\r\na)", 0},
		/* what is longer is not told, and not as NIL: how long the longest is */
		{{"/private/a"}, 0, 5, "(/private/a \"first\")", 0},
		{{"/private/a"}, 0, 4, NULL, 5},
		{{"/private/a/b"}, 0, 0, "(/private/a/b \"\")", 0},
		{{"/private/big", "/private/a"}, 0, 4, NULL, 9},
		{{"/private/a", "/private/big"}, 0, 4, NULL, 9},
		{{"/private/a", "/private/big"}, 0, 5, "(/private/a \"first\")", 9},
		{{"/private"}, METADATA_ALL_LEVELS, 2, "(/private/a/b \"\")", 9},
	};
	g_autoptr(GPtrArray) data = make_data();

	add_datum(data, "A", "1", "/private/other", "not of these", 12);
	add_datum(data, "A", "1", "/private/big", "123456789", 9);
	add_datum(data, "A", "1", "/private/a", "first", 5);
	add_datum(data, "A", "1", "/private/a/b", "", 0);
	add_datum(data, "A", "1", "/private/a/b/c", "two", 3);
	add_datum(data, "A", "1", "/private/zero", "a\0b", 3);
	add_datum(data, "A", "2", "/private/a", "another mailbox", 15);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		MetadataQuery *query = metadata_query_new();
		g_autoptr(FerryImapWriter) writer = ferry_imap_writer_new_for_buffer();
		g_autofree char *expected = g_strdup_printf("* METADATA INBOX %s", cases[i].answer);
		g_autofree char *answer = NULL;

		for (guint k = 0; k < G_N_ELEMENTS(cases[i].names); k++) {
			if (cases[i].names[k] == NULL)
				break;
			g_ptr_array_add(query->names, g_strdup(cases[i].names[k]));
			g_ptr_array_add(query->keys, g_ascii_strdown(cases[i].names[k], -1));
		}
		query->depth = cases[i].depth;
		query->has_max_size = cases[i].max_size >= 0;
		query->max_size = (guint64)MAX(cases[i].max_size, 0);
		metadata_write(writer, "INBOX", query, data, 1, 5);
		answer = ferry_imap_writer_dup_output(writer, NULL);
		g_test_message("case %u", i);
		if (cases[i].answer == NULL)
			g_assert_cmpstr(answer, ==, "");
		else if (strchr(cases[i].answer, '~') != NULL)
			/* a NUL follows */
			g_assert_true(
				g_str_has_prefix(answer, "* METADATA INBOX (/private/zero ~{3}"));
		else
			g_assert_true(g_str_has_prefix(answer, expected) &&
				      strcmp(answer + strlen(expected), "\r\n") == 0);
		g_assert_cmpuint(query->longest, ==, cases[i].longest);
		metadata_query_free(query);
	}
}

static FerryMailboxList *
make_list(guint rights)
{
	FerryMailboxList *list = ferry_mailbox_list_new("Shared");

	for (guint i = 0; i < 2; i++) {
		g_autoptr(GPtrArray) mailboxes =
			g_ptr_array_new_with_free_func((GDestroyNotify)ferry_store_mailbox_unref);
		FerryStoreMailbox *box = ferry_store_mailbox_new("1", "Box");
		FerryStoreMailbox *below = ferry_store_mailbox_new("2", "Below");

		box->imap_name = g_strdup("Box");
		box->rights = i == 0 ? rights : FERRY_RIGHT_READ_ITEMS;
		below->imap_name = g_strdup("Box/Up/Below");
		below->rights = FERRY_RIGHT_READ_ITEMS;
		g_ptr_array_add(mailboxes, box);
		g_ptr_array_add(mailboxes, below);
		ferry_mailbox_list_add_account(list, i == 0 ? "A" : "B", i == 0 ? "" : "Shared/b",
					       mailboxes, FALSE, NULL);
	}
	ferry_mailbox_list_seal(list);
	return list;
}

/* RFC 5464 §3.3: r, s, w, i or p to see entries; and to set what others see, a right to change. */
static void
test_rights(void)
{
	static const struct {
		guint rights;
		gboolean reads, shares;
	} cases[] = {
		{0, FALSE, FALSE},
		{FERRY_RIGHT_READ_ITEMS, TRUE, FALSE},
		{FERRY_RIGHT_ADD_ITEMS, TRUE, TRUE},
		{FERRY_RIGHT_REMOVE_ITEMS, FALSE, FALSE},
		{FERRY_RIGHT_READ_ITEMS | FERRY_RIGHT_REMOVE_ITEMS, TRUE, TRUE},
		{FERRY_RIGHT_SET_SEEN, TRUE, FALSE},
		{FERRY_RIGHT_SET_KEYWORDS, TRUE, TRUE},
		{FERRY_RIGHT_CREATE_CHILD, FALSE, FALSE},
		{FERRY_RIGHT_RENAME, FALSE, FALSE},
		{FERRY_RIGHT_READ_ITEMS | FERRY_RIGHT_RENAME, TRUE, TRUE},
		{FERRY_RIGHT_DELETE, FALSE, FALSE},
		{FERRY_RIGHT_SUBMIT, TRUE, FALSE},
		{FERRY_RIGHT_SHARE, FALSE, FALSE},
		{FERRY_RIGHTS_ALL, TRUE, TRUE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(FerryMailboxList) list = make_list(cases[i].rights);

		for (guint shares = 0; shares < 2; shares++) {
			g_autoptr(GError) error = NULL;
			FerryMailboxInfo *info =
				metadata_find_mailbox(list, "Box", shares == 1, &error);

			g_test_message("case %u, %u", i, shares);
			g_assert_cmpint(info != NULL, ==,
					shares == 1 ? cases[i].shares : cases[i].reads);
			if (info == NULL)
				g_assert_error(error, FERRY_ERROR, FERRY_ERROR_NO_PERMISSION);
		}
	}
}

static void
test_nowhere(void)
{
	static const char *const names[] = {"None", "Box/Up", "box", "", "Shared", "Shared/b"};
	g_autoptr(FerryMailboxList) list = make_list(FERRY_RIGHTS_ALL);

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(GError) error = NULL;

		g_test_message("%s", names[i]);
		g_assert_null(metadata_find_mailbox(list, names[i], FALSE, &error));
		g_assert_error(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND);
	}
}

/* One shared value among private ones wants the right, wherever it stands. */
static void
test_has_shared(void)
{
	static const struct {
		const char *keys[3];
		gboolean shared;
	} cases[] = {
		{{NULL}, FALSE},
		{{"/private/a", "/private/b"}, FALSE},
		{{"/shared/a"}, TRUE},
		{{"/shared/a", "/private/b"}, TRUE},
		{{"/private/a", "/private/b", "/shared/c"}, TRUE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GPtrArray) data = make_data();

		for (guint k = 0; k < 3 && cases[i].keys[k] != NULL; k++)
			add_datum(data, "A", "1", cases[i].keys[k], "", 0);
		g_assert_cmpint(metadata_has_shared(data), ==, cases[i].shared);
	}
}

/* Ids are an account's own: the next mailbox of that id is another one. */
static void
test_collect(void)
{
	g_autoptr(FerryMailboxList) list = make_list(FERRY_RIGHTS_ALL);
	g_autoptr(GPtrArray) all = make_data();
	static const struct {
		const char *name;
		guint place, n;
	} cases[] = {
		{"Box", 0, 0},          {"Box", 1, 2}, {"Shared/b/Box", 3, 1},
		{"Box/Up/Below", 4, 1}, {"Box", 5, 0},
	};

	add_datum(all, "A", "1", "/private/a", "", 0);
	add_datum(all, "A", "1", "/private/b", "", 0);
	add_datum(all, "B", "1", "/private/a", "", 0);
	add_datum(all, "A", "2", "/private/a", "", 0);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GPtrArray) found = metadata_collect(
			all, cases[i].place, ferry_mailbox_list_find(list, cases[i].name));

		g_test_message("case %u", i);
		g_assert_cmpuint(found->len, ==, cases[i].n);
	}
}

static void
hear(Fixture *fixture, FerryMailboxList *list, const char *module, const char *mailbox_id,
     const char *const *keys)
{
	g_autoptr(FerryImapEvent) event =
		ferry_imap_event_new_data(module, "A", mailbox_id, FALSE, keys);

	metadata_note(fixture->session, list, event);
}

static char *
take_turn(Fixture *fixture, FerryMailboxList *list)
{
	g_autoptr(FerryImapWriter) writer = ferry_imap_writer_new_for_buffer();

	g_set_object(&fixture->session->writer, writer);
	metadata_tell(fixture->session, list);
	return ferry_imap_writer_dup_output(writer, NULL);
}

/* Signed in, as far as that can be seen. */
static void
set_up(Fixture *fixture)
{
	fixture_init_with(fixture, &ferry_plugin);
	fixture->session->ended = TRUE;
	fixture->session->account_session = g_object_new(FERRY_TYPE_ACCOUNT_SESSION, NULL);
}

/* Names once, those of a mailbox in one line; not of other modules, of what may not be seen, or
 * where nobody asked. */
static void
test_tell(void)
{
	static const struct {
		guint rights;
		gboolean enabled;
		const char *module, *mailbox_id;
		const char *told;
	} cases[] = {
		{FERRY_RIGHTS_ALL, TRUE, METADATA_MODULE, "1",
		 "* METADATA Box /private/a /private/b /private/c\r\n"},
		{FERRY_RIGHTS_ALL, TRUE, METADATA_MODULE, NULL,
		 "* METADATA \"\" /private/a /private/b /private/c\r\n"},
		{FERRY_RIGHTS_ALL, TRUE, "another", "1", ""},
		{FERRY_RIGHTS_ALL, TRUE, METADATA_MODULE, "9", ""},
		{FERRY_RIGHTS_ALL, FALSE, METADATA_MODULE, "1", ""},
		{FERRY_RIGHT_CREATE_CHILD, TRUE, METADATA_MODULE, "1", ""},
	};
	static const char *const first[] = {"/private/a", "/private/b", NULL};
	static const char *const second[] = {"/private/b", "/private/c", "/private/a", NULL};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		Fixture fixture;
		g_autoptr(FerryMailboxList) list = make_list(cases[i].rights);
		g_autofree char *told = NULL;
		g_autofree char *again = NULL;

		set_up(&fixture);
		if (cases[i].enabled)
			g_assert_true(metadata_enable(fixture.session, NULL));
		hear(&fixture, list, cases[i].module, cases[i].mailbox_id, first);
		hear(&fixture, list, cases[i].module, cases[i].mailbox_id, second);
		told = take_turn(&fixture, list);
		again = take_turn(&fixture, list);
		g_test_message("case %u", i);
		g_assert_cmpstr(told, ==, cases[i].told);
		g_assert_cmpstr(again, ==, "");
		metadata_forget(fixture.session, NULL);
		fixture_clear(&fixture);
	}
}

/* A client that does not read does not make the server keep more and more. */
static void
test_pending(void)
{
	Fixture fixture;
	g_autoptr(FerryMailboxList) list = make_list(FERRY_RIGHTS_ALL);
	g_autofree char *told = NULL;
	g_autofree char *next = NULL;
	g_auto(GStrv) words = NULL;

	set_up(&fixture);
	g_assert_true(metadata_enable(fixture.session, NULL));
	for (guint i = 0; i < 1500; i++) {
		g_autofree char *key = g_strdup_printf("/private/%u", i);
		const char *keys[] = {key, NULL};

		hear(&fixture, list, METADATA_MODULE, "1", keys);
	}
	told = take_turn(&fixture, list);
	words = g_strsplit(told, " ", -1);
	g_assert_cmpuint(g_strv_length(words), ==, 3 + 1000);
	for (guint i = 0; i < 2; i++) {
		static const char *const keys[] = {"/private/1", NULL};

		hear(&fixture, list, METADATA_MODULE, "2", keys);
	}
	next = take_turn(&fixture, list);
	g_assert_cmpstr(next, ==, "* METADATA Box/Up/Below /private/1\r\n");
	metadata_forget(fixture.session, NULL);
	fixture_clear(&fixture);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/metadata/names", test_names);
	g_test_add_func("/metadata/depth", test_depth);
	g_test_add_func("/metadata/longest-name", test_longest_name);
	g_test_add_func("/metadata/write", test_write);
	g_test_add_func("/metadata/rights", test_rights);
	g_test_add_func("/metadata/nowhere", test_nowhere);
	g_test_add_func("/metadata/has-shared", test_has_shared);
	g_test_add_func("/metadata/collect", test_collect);
	g_test_add_func("/metadata/tell", test_tell);
	g_test_add_func("/metadata/pending", test_pending);
	return g_test_run();
}
