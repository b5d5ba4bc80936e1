/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose rights in which mailbox can be seen and changed, and what a change makes of an entry. */
#include "acl.h"

#include "account/mailbox-list-private.h"

/* Own mailboxes: one to which there are rights, one of which there is only half a right, All Mail;
 * somebody else's, which may be administered. */
static FerryMailboxList *
make_list(void)
{
	static const struct {
		const char *id, *name;
		guint rights;
		gboolean shared;
	} mailboxes[] = {
		{"1", "Own", FERRY_RIGHTS_ALL, FALSE},
		{"2", "Read", FERRY_RIGHTS_ALL & ~(guint)FERRY_RIGHT_SHARE, FALSE},
		{"3", "Drop", FERRY_RIGHT_ADD_ITEMS, FALSE},
		{"4", "Half", FERRY_RIGHT_RENAME, FALSE},
		{"5", "Nothing", 0, FALSE},
		{"6", "Level/Below", FERRY_RIGHT_READ_ITEMS, FALSE},
		{"~all", "All Mail", FERRY_RIGHTS_ALL, FALSE},
		{"7", "Theirs", FERRY_RIGHTS_ALL, TRUE},
	};
	FerryMailboxList *list = ferry_mailbox_list_new("Shared");

	for (guint shared = 0; shared < 2; shared++) {
		g_autoptr(GPtrArray) found =
			g_ptr_array_new_with_free_func((GDestroyNotify)ferry_store_mailbox_unref);

		for (guint i = 0; i < G_N_ELEMENTS(mailboxes); i++) {
			FerryStoreMailbox *mailbox;

			if (mailboxes[i].shared != (shared == 1))
				continue;
			mailbox = ferry_store_mailbox_new(mailboxes[i].id, mailboxes[i].name);
			mailbox->imap_name = g_strdup(mailboxes[i].name);
			mailbox->rights = mailboxes[i].rights;
			g_ptr_array_add(found, mailbox);
		}
		ferry_mailbox_list_add_account(list, shared == 1 ? "bob" : "alice",
					       shared == 1 ? "Shared/bob" : "", found, FALSE, NULL);
	}
	ferry_mailbox_list_seal(list);
	return list;
}

/* RFC 4314 §4: who has no right does not learn that there is such a mailbox. */
static void
test_find(void)
{
	static const struct {
		const char *name, *id;
	} cases[] = {
		{"Own", "1"},         {"own", NULL},
		{"Drop", "3"},        {"Half", NULL},
		{"Nothing", NULL},    {"Level", NULL},
		{"Gone", NULL},       {"All Mail", "~all"},
		{"", NULL},           {"Shared/bob/Theirs", "7"},
		{"Shared/bob", NULL},
	};
	g_autoptr(FerryMailboxList) list = make_list();

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		FerryMailboxInfo *info = acl_find_mailbox(list, cases[i].name);

		g_test_message("%s", cases[i].name);
		g_assert_cmpstr(info != NULL ? ferry_mailbox_info_get_id(info) : NULL, ==,
				cases[i].id);
	}
}

static void
test_place(void)
{
	static const struct {
		AclForm form;
		const char *name;
		FerryError code; /* 0: good */
		const char *owners, *others;
	} cases[] = {
		{ACL_FORM_STANDARD, "Own", 0, "alice", "bob"},
		{ACL_FORM_STANDARD, "Own", 0, "alice", "owner"},
		{ACL_FORM_STANDARD, "Own", 0, "alice", "Alice"},
		{ACL_FORM_STANDARD, "Shared/bob/Theirs", 0, NULL, "alice"},
		{ACL_FORM_STANDARD, "Shared/bob/Theirs", 0, NULL, "owner"},
		{ACL_FORM_CYRUS, "Own", 0, "alice", "bob"},
		{ACL_FORM_CYRUS, "Own", 0, "owner", "bob"},
		{ACL_FORM_CYRUS, "Shared/bob/Theirs", 0, "owner", "alice"},
		{ACL_FORM_NONE, "Own", FERRY_ERROR_CANNOT, "alice", "bob"},
		{ACL_FORM_NONE, "Read", FERRY_ERROR_CANNOT, "alice", "bob"},
		{ACL_FORM_STANDARD, "All Mail", FERRY_ERROR_CANNOT, "alice", "bob"},
		{ACL_FORM_CYRUS, "All Mail", FERRY_ERROR_CANNOT, "alice", "bob"},
		{ACL_FORM_STANDARD, "Read", FERRY_ERROR_NO_PERMISSION, "alice", "bob"},
		{ACL_FORM_CYRUS, "Drop", FERRY_ERROR_NO_PERMISSION, "alice", "bob"},
	};
	g_autoptr(FerryMailboxList) list = make_list();

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		AclPlace place = {.info = ferry_mailbox_list_find(list, cases[i].name),
				  .form = cases[i].form,
				  .owner_id = (char *)"owner"};
		g_autoptr(GError) error = NULL;

		g_test_message("case %u: %s", i, cases[i].name);
		g_assert_cmpint(acl_place_check(&place, &error), ==, cases[i].code == 0);
		if (cases[i].code != 0)
			g_assert_error(error, FERRY_ERROR, (int)cases[i].code);
		if (cases[i].owners != NULL)
			g_assert_true(acl_place_is_owner(&place, "alice", cases[i].owners));
		g_assert_false(acl_place_is_owner(&place, "alice", cases[i].others));
	}
}

#define SHARE "\"urn:ietf:params:jmap:mail:share\":{}"
#define OWNER "\"urn:ietf:params:jmap:principals:owner\":"
#define CYRUS "\"https://cyrusimap.org/ns/jmap/mail\":{}"

static void
test_choose_form(void)
{
	static const struct {
		const char *capabilities;
		AclForm form;
	} cases[] = {
		{"{}", ACL_FORM_NONE},
		{"{" SHARE "}", ACL_FORM_NONE},
		{"{" OWNER "{\"accountIdForPrincipal\":\"p\"}}", ACL_FORM_NONE},
		{"{" SHARE "," OWNER "{\"accountIdForPrincipal\":\"p\"}}", ACL_FORM_STANDARD},
		{"{" SHARE "," OWNER "{}}", ACL_FORM_NONE},
		{"{" SHARE "," OWNER "{\"accountIdForPrincipal\":null}}", ACL_FORM_NONE},
		{"{" SHARE "," OWNER "{\"accountIdForPrincipal\":7}," CYRUS "}", ACL_FORM_CYRUS},
		{"{" CYRUS "}", ACL_FORM_CYRUS},
		{"{" CYRUS "," SHARE "," OWNER "{\"accountIdForPrincipal\":\"p\"}}",
		 ACL_FORM_STANDARD},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(FerryJmapValue) capabilities =
			ferry_jmap_value_new_from_json(cases[i].capabilities, -1, NULL);

		g_test_message("case %u", i);
		g_assert_cmpint(acl_form_choose(capabilities), ==, cases[i].form);
	}
}

#define READ "{\"mayReadItems\":true}"
#define CREAD "{\"mayRead\":true}"

/* What becomes of bob's entry. */
static void
test_decide(void)
{
	static const struct {
		AclForm form;
		const char *share_with; /* NULL: null */
		const char *change;     /* NULL: DELETEACL */
		gboolean good;
		const char *after;
		gboolean removes, nothing;
	} cases[] = {
		{ACL_FORM_STANDARD, NULL, "lr", TRUE, "lr", FALSE, FALSE},
		{ACL_FORM_STANDARD, "{}", "lr", TRUE, "lr", FALSE, FALSE},
		{ACL_FORM_STANDARD, "{\"bob\":" READ "}", "+s", TRUE, "lrs", FALSE, FALSE},
		{ACL_FORM_STANDARD, "{\"bob\":" READ "}", "+lr", TRUE, "lr", FALSE, FALSE},
		/* nothing more is left of it, but it is not known to be all */
		{ACL_FORM_STANDARD, "{\"bob\":" READ "}", "-lr", TRUE, "", FALSE, FALSE},
		{ACL_FORM_STANDARD, "{\"bob\":" READ "}", "-s", TRUE, "lr", FALSE, FALSE},
		{ACL_FORM_STANDARD, "{\"bob\":" READ "}", "", TRUE, "", TRUE, FALSE},
		{ACL_FORM_STANDARD, "{\"bob\":" READ "}", NULL, TRUE, "", TRUE, FALSE},
		{ACL_FORM_STANDARD, "{\"bob\":" READ "}", "-l", FALSE, NULL, FALSE, FALSE},
		{ACL_FORM_STANDARD, "{\"bob\":" READ "}", "s", TRUE, "s", FALSE, FALSE},
		/* nobody there */
		{ACL_FORM_STANDARD, NULL, "", TRUE, "", TRUE, TRUE},
		{ACL_FORM_STANDARD, NULL, NULL, TRUE, "", TRUE, TRUE},
		{ACL_FORM_STANDARD, "{\"ann\":" READ "}", "-lr", TRUE, "", FALSE, TRUE},
		{ACL_FORM_STANDARD, "{\"ann\":" READ "}", "s", TRUE, "s", FALSE, FALSE},
		{ACL_FORM_STANDARD, NULL, "l", FALSE, NULL, FALSE, FALSE},
		/* a backend that rounds */
		{ACL_FORM_CYRUS, NULL, "lrs", TRUE, "lrs", FALSE, FALSE},
		{ACL_FORM_CYRUS, "{\"bob\":" CREAD "}", "lrswiten", TRUE, "lrswiten", FALSE, FALSE},
		{ACL_FORM_CYRUS, "{\"bob\":" CREAD "}", NULL, TRUE, "", TRUE, FALSE},
		{ACL_FORM_CYRUS, "{\"bob\":" CREAD "}", "+witen", FALSE, NULL, FALSE, FALSE},
		{ACL_FORM_CYRUS, "{\"bob\":" CREAD "}", "-lrs", FALSE, NULL, FALSE, FALSE},
		{ACL_FORM_CYRUS, "{}", "+lrs", TRUE, "lrs", FALSE, FALSE},
		{ACL_FORM_CYRUS, "{\"ann\":" CREAD "}", "lrs", FALSE, NULL, FALSE, FALSE},
		{ACL_FORM_CYRUS, "{\"ann\":" CREAD "}", NULL, TRUE, "", TRUE, TRUE},
		{ACL_FORM_CYRUS, "{\"ann\":" CREAD ",\"bob\":" CREAD "}", "lrs", FALSE, NULL, FALSE,
		 FALSE},
		{ACL_FORM_CYRUS, "{\"ann\":" CREAD ",\"bob\":" CREAD "}", NULL, FALSE, NULL, FALSE,
		 FALSE},
	};

	for (guint i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
		guint n = i / 2;
		gboolean owner = i % 2 == 1;
		const char *json = cases[n].share_with;
		g_autoptr(FerryJmapValue) share_with =
			json != NULL ? ferry_jmap_value_new_from_json(json, -1, NULL) : NULL;
		g_autoptr(FerryJmapValue) entry =
			share_with != NULL ? ferry_jmap_value_get_member(share_with, "bob") : NULL;
		AclPlace place = {.form = cases[n].form,
				  .owner_id = (char *)(owner ? "bob" : "alice")};
		AclShares shares = {.share_with = share_with, .id = (char *)"bob"};
		AclWish wish = {.remove = cases[n].change == NULL};
		AclDecision decision = {0};
		g_autoptr(GError) error = NULL;
		gboolean good;

		if (!wish.remove)
			g_assert_true(acl_change_parse(cases[n].change, cases[n].form, &wish.change,
						       NULL));
		good = acl_decide(&place, &shares, &wish, entry, &decision, &error);
		g_test_message("case %u", n);
		g_assert_cmpint(good, ==, cases[n].good && !owner);
		if (!good) {
			g_assert_error(error, FERRY_ERROR, FERRY_ERROR_CANNOT);
			continue;
		}
		g_assert_cmpuint(decision.after, ==, acl_rights_from_letters(cases[n].after));
		g_assert_cmpint(decision.removes, ==, cases[n].removes);
		g_assert_cmpint(decision.nothing, ==, cases[n].nothing);
	}
}

#define ANN "{\"id\":\"1\",\"name\":\"ann\",\"email\":\"ann@x.example\"}"
#define BOB "{\"id\":\"2\",\"name\":\"bob\",\"email\":\"bob@x.example\"}"
#define OTHER_BOB "{\"id\":\"3\",\"name\":\"\357\274\242ob\",\"email\":null}"
#define POSER "{\"id\":\"4\",\"name\":\"bob@x.example\"}"
#define NAMELESS "{\"id\":\"5\",\"name\":null,\"email\":\"x@x.example\"}"

/* An identifier names exactly one principal, or nobody. */
static void
test_principals_find(void)
{
	static const struct {
		const char *list, *identifier;
		gboolean good;
		const char *id;
	} cases[] = {
		{"", "bob", TRUE, NULL},
		{ANN "," BOB, "bob", TRUE, "2"},
		{BOB, "bo", TRUE, NULL},
		{BOB, "Bob", TRUE, NULL},
		{BOB, "bob@x.example", TRUE, "2"},
		{BOB, "BOB@X.example", TRUE, "2"},
		{BOB, "2", TRUE, NULL},
		{OTHER_BOB, "Bob", TRUE, "3"},
		{NAMELESS, "x@x.example", TRUE, "5"},
		{NAMELESS, "", TRUE, NULL},
		{BOB "," ANN "," BOB, "bob", FALSE, NULL},
		/* somebody called himself like another's address */
		{BOB "," POSER, "bob@x.example", FALSE, NULL},
		{"{\"name\":\"bob\"},{\"id\":7,\"name\":\"bob\"},null,5", "bob", TRUE, NULL},
	};
	g_autoptr(FerryJmapValue) query = ferry_jmap_value_new_from_json("{\"ids\":[]}", -1, NULL);

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *json = g_strdup_printf("{\"list\":[%s]}", cases[i].list);
		g_autoptr(FerryJmapValue) answer = ferry_jmap_value_new_from_json(json, -1, NULL);
		g_autoptr(GError) error = NULL;
		g_autofree char *id = NULL;
		gboolean good =
			acl_principals_find(query, answer, cases[i].identifier, &id, &error);

		g_test_message("case %u", i);
		g_assert_cmpint(good, ==, cases[i].good);
		if (good)
			g_assert_cmpstr(id, ==, cases[i].id);
		else
			g_assert_error(error, FERRY_ERROR, FERRY_ERROR_CANNOT);
	}
}

/* A page as long as a page can be may not be all of them. */
static void
test_principals_complete(void)
{
	static const struct {
		guint n_ids;
		const char *limit; /* of the server's; NULL: it tells none */
		gboolean good;
	} cases[] = {
		{0, NULL, TRUE},     {255, NULL, TRUE},    {256, NULL, FALSE},
		{1, "2", TRUE},      {2, "2", FALSE},      {3, "2", FALSE},
		{255, "1000", TRUE}, {256, "1000", FALSE}, {0, "0", FALSE},
	};
	g_autoptr(FerryJmapValue) nobody =
		ferry_jmap_value_new_from_json("{\"list\":[]}", -1, NULL);

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GString) json = g_string_new("{\"ids\":[");
		g_autoptr(FerryJmapValue) query = NULL;
		g_autofree char *id = NULL;

		for (guint k = 0; k < cases[i].n_ids; k++)
			g_string_append_printf(json, "%s\"%u\"", k > 0 ? "," : "", k);
		g_string_append(json, "]");
		if (cases[i].limit != NULL)
			g_string_append_printf(json, ",\"limit\":%s", cases[i].limit);
		g_string_append(json, "}");
		query = ferry_jmap_value_new_from_json(json->str, -1, NULL);
		g_test_message("case %u", i);
		g_assert_cmpint(acl_principals_find(query, nobody, "bob", &id, NULL), ==,
				cases[i].good);
	}
}

/* Nobody is told by a name that somebody else was told by. */
static void
test_principals_name(void)
{
	static const struct {
		const char *list;
		const char *names[5]; /* of the ids from 1 */
	} cases[] = {
		{ANN "," BOB, {"ann", "bob", NULL, NULL, NULL}},
		{"{\"id\":\"1\",\"name\":\"bob\"}," BOB,
		 {"bob", "bob@x.example", NULL, NULL, NULL}},
		{POSER ",{\"id\":\"1\",\"name\":\"bob\"}," BOB,
		 {"bob", NULL, NULL, "bob@x.example", NULL}},
		{NAMELESS ",{\"id\":\"1\",\"name\":\"\",\"email\":\"e\"}",
		 {"e", NULL, NULL, NULL, "x@x.example"}},
		{"{\"id\":\"1\"},{\"name\":\"bob\"}," BOB, {NULL, "bob", NULL, NULL, NULL}},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *json = g_strdup_printf("{\"list\":[%s]}", cases[i].list);
		g_autoptr(FerryJmapValue) answer = ferry_jmap_value_new_from_json(json, -1, NULL);
		g_autoptr(GHashTable) names =
			g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
		g_autoptr(GHashTable) taken =
			g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

		acl_principals_name(answer, names, taken);
		for (guint k = 0; k < G_N_ELEMENTS(cases[i].names); k++) {
			g_autofree char *id = g_strdup_printf("%u", k + 1);

			g_test_message("case %u, %s", i, id);
			g_assert_cmpstr(g_hash_table_lookup(names, id), ==, cases[i].names[k]);
		}
	}
}

static void
test_path(void)
{
	static const char *const cases[][2] = {
		{"bob", "shareWith/bob"},        {"", "shareWith/"},
		{"a/b", "shareWith/a~1b"},       {"~", "shareWith/~0"},
		{"~1/~0", "shareWith/~01~1~00"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = acl_make_path(cases[i][0]);

		g_assert_cmpstr(path, ==, cases[i][1]);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/acl/find", test_find);
	g_test_add_func("/acl/place", test_place);
	g_test_add_func("/acl/choose-form", test_choose_form);
	g_test_add_func("/acl/decide", test_decide);
	g_test_add_func("/acl/path", test_path);
	g_test_add_func("/acl/principals-find", test_principals_find);
	g_test_add_func("/acl/principals-complete", test_principals_complete);
	g_test_add_func("/acl/principals-name", test_principals_name);
	return g_test_run();
}
