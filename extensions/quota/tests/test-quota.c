/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What quotas of a backend are in IMAP, whose they are, and what SETQUOTA takes for limits. */
#include "quota.h"

#include "account/mailbox-list-private.h"
#include "imap/tests/fixture.h"
#include "quota-root.h"

extern const FerryPlugin ferry_plugin;

#define QUOTA(id, type, used, limit, scope, types)                                                 \
	"{\"id\":\"" id "\",\"resourceType\":\"" type "\",\"used\":" used ",\"hardLimit\":" limit  \
	",\"scope\":\"" scope "\",\"name\":\"n\",\"types\":[" types "]}"
#define MAIL "\"Email\""

static const struct {
	gboolean draft;
	const char *list;
	const char *answer;
} answers[] = {
	{FALSE, "", ""},
	{FALSE, QUOTA("a", "octets", "2047", "10240", "account", MAIL),
	 "* QUOTA #account/A (STORAGE 1 10)\r\n"},
	{FALSE,
	 QUOTA("a", "octets", "1024", "10239", "account", MAIL ",\"SieveScript\"") "," QUOTA(
		 "b", "count", "7", "70", "account",
		 "\"Mail\"") "," QUOTA("c", "count", "6", "60", "account", "\"Mailbox\""),
	 "* QUOTA #account/A (STORAGE 1 9 MESSAGE 7 70 MAILBOX 6 60)\r\n"},
	/* scopes are roots, whatever the order of the answer is */
	{FALSE,
	 QUOTA("c", "count", "1", "2", "domain",
	       MAIL) "," QUOTA("b", "octets", "0", "2048", "account",
			       MAIL) "," QUOTA("a", "octets", "4096", "8192", "account", MAIL),
	 "* QUOTA #account/A (STORAGE 4 8)\r\n* QUOTA #account/A/b (STORAGE 0 2)\r\n"
	 "* QUOTA #domain/A (MESSAGE 1 2)\r\n"},
	/* not of mail, or of mail and more */
	{FALSE, QUOTA("a", "octets", "1", "2", "account", "\"SieveScript\""), ""},
	{FALSE, QUOTA("a", "count", "1", "2", "account", MAIL ",\"Mailbox\""), ""},
	{FALSE, QUOTA("a", "count", "1", "2", "account", ""), ""},
	{FALSE, QUOTA("a", "minutes", "1", "2", "account", MAIL), ""},
	/* a root without a limit */
	{FALSE, QUOTA("a", "count", "1", "null", "account", MAIL), "* QUOTA #account/A ()\r\n"},
	{FALSE, QUOTA("a", "count", "1", "0", "account", MAIL),
	 "* QUOTA #account/A (MESSAGE 1 0)\r\n"},
	{FALSE, QUOTA("a", "octets", "1023", "1023", "account", MAIL),
	 "* QUOTA #account/A (STORAGE 0 0)\r\n"},
	{FALSE, QUOTA("a", "count", "999999999999999999", "999999999999999999", "account", MAIL),
	 "* QUOTA #account/A (MESSAGE 999999999999999999 999999999999999999)\r\n"},
	{FALSE, QUOTA("a", "count", "1", "-3", "account", MAIL), "* QUOTA #account/A ()\r\n"},
	{FALSE, QUOTA("a", "count", "1", "\"5\"", "account", MAIL), "* QUOTA #account/A ()\r\n"},
	{FALSE, QUOTA("a", "count", "-1", "9007199254740991", "account", MAIL),
	 "* QUOTA #account/A (MESSAGE 0 9007199254740991)\r\n"},
	/* what may stand in a name and what not */
	{FALSE, QUOTA("a", "count", "1", "2", "a/b", MAIL), ""},
	{FALSE, QUOTA("a", "count", "1", "2", "a\\r\\nb", MAIL),
	 "* QUOTA {7}\r\n#a\r\nb/A (MESSAGE 1 2)\r\n"},
	{FALSE, "null,5,\"text\",{},[],{\"id\":1,\"scope\":[],\"types\":{}}", ""},
	{TRUE, "{\"id\":\"mail\",\"used\":5350,\"total\":4294967296}",
	 "* QUOTA #account/A (STORAGE 5 4194304)\r\n"},
	{TRUE, "{\"id\":\"mail\",\"used\":5350,\"total\":-1024}", "* QUOTA #account/A ()\r\n"},
	{TRUE, "{\"id\":\"calendar\",\"used\":5350,\"total\":4294967296}", ""},
};

static char *
dup_answer(gboolean draft, const char *list)
{
	g_autofree char *json = g_strdup_printf("{\"list\":[%s]}", list);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryJmapValue) value = ferry_jmap_value_new_from_json(json, -1, &error);
	g_autoptr(FerryImapWriter) writer = ferry_imap_writer_new_for_buffer();
	g_autoptr(GPtrArray) roots = NULL;
	gsize length;

	g_assert_no_error(error);
	roots = quota_roots_parse(value, "A", draft);
	for (guint i = 0; i < roots->len; i++)
		quota_root_write(roots->pdata[i], writer);
	return ferry_imap_writer_dup_output(writer, &length);
}

static void
test_answers(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(answers); i++) {
		g_autofree char *text = dup_answer(answers[i].draft, answers[i].list);

		if (g_strcmp0(text, answers[i].answer) != 0)
			g_error("answer %u is %s", i, text);
	}
}

/* A server with thousands of quotas does not get thousands of lines. */
static void
test_many(void)
{
	GString *list = g_string_new(QUOTA("first", "count", "1", "2", "s", MAIL));
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	for (guint i = 0; i < 5000; i++)
		g_string_append_printf(list, "," QUOTA("q%u", "count", "1", "2", "s%u", MAIL), i,
				       i);
	text = dup_answer(FALSE, list->str);
	g_string_free(list, TRUE);
	lines = g_strsplit(text, "\r\n", -1);
	g_assert_cmpuint(g_strv_length(lines), ==, 64 + 1);
}

static void
test_accounts(void)
{
	static const struct {
		const char *name, *account;
	} names[] = {
		{"#account/A", "A"}, {"#domain/A/q", "A"}, {"#/A", "A"}, {"#account/", ""},
		{"#account", NULL},  {"", NULL},           {"#", NULL},  {"account/A", NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *account = quota_root_dup_account(names[i].name);

		g_assert_cmpstr(account, ==, names[i].account);
	}
}

static FerryStoreMailbox *
make_mailbox(const char *id, const char *name, guint rights)
{
	FerryStoreMailbox *mailbox = ferry_store_mailbox_new(id, name);

	mailbox->imap_name = g_strdup(name);
	mailbox->rights = rights;
	return mailbox;
}

/* Of whom a name is, whether there is such a mailbox or not (RFC 9208 §4.1.2). */
static void
test_resolve(void)
{
	static const struct {
		const char *name;
		const char *account; /* NULL: refused */
		FerryError code;
		const char *written;
	} cases[] = {
		{"INBOX", "A", 0, "INBOX"},
		{"inbox", "A", 0, "INBOX"},
		{"Work/a", "A", 0, "Work/a"},
		/* what is not there yet */
		{"None", "A", 0, "None"},
		{"Work/none/deep", "A", 0, "Work/none/deep"},
		{"Shared/bob/none", "B", 0, "Shared/bob/none"},
		{"Shared/bob/Box/none", "B", 0, "Shared/bob/Box/none"},
		{"Shared/bob", "B", 0, "Shared/bob"},
		{"Shared/bob/Box", "B", 0, "Shared/bob/Box"},
		/* of nobody */
		{"Shared", NULL, FERRY_ERROR_NOT_FOUND, NULL},
		{"Shared/ann", NULL, FERRY_ERROR_NOT_FOUND, NULL},
		{"Shared/ann/INBOX", NULL, FERRY_ERROR_NOT_FOUND, NULL},
		{"Sharedness", "A", 0, "Sharedness"},
		{"", "A", 0, ""},
		{"/", "A", 0, "/"},
		/* what may not be read */
		{"Drop", NULL, FERRY_ERROR_NO_PERMISSION, NULL},
		{"Shared/bob/Drop", NULL, FERRY_ERROR_NO_PERMISSION, NULL},
	};
	g_autoptr(FerryMailboxList) list = ferry_mailbox_list_new("Shared");

	for (guint i = 0; i < 2; i++) {
		g_autoptr(GPtrArray) mailboxes =
			g_ptr_array_new_with_free_func((GDestroyNotify)ferry_store_mailbox_unref);

		g_ptr_array_add(mailboxes, make_mailbox("1", i == 0 ? "INBOX" : "Box",
							FERRY_RIGHT_READ_ITEMS));
		g_ptr_array_add(mailboxes, make_mailbox("2", "Work/a", FERRY_RIGHT_READ_ITEMS));
		g_ptr_array_add(mailboxes, make_mailbox("3", "Drop", FERRY_RIGHT_ADD_ITEMS));
		ferry_mailbox_list_add_account(list, i == 0 ? "A" : "B", i == 0 ? "" : "Shared/bob",
					       mailboxes, FALSE, NULL);
	}
	ferry_mailbox_list_seal(list);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *name = g_strdup(cases[i].name);
		g_autoptr(GError) error = NULL;
		g_autofree char *account = quota_resolve_mailbox(list, "A", &name, &error);

		g_test_message("%s", cases[i].name);
		g_assert_cmpstr(account, ==, cases[i].account);
		if (account != NULL)
			g_assert_cmpstr(name, ==, cases[i].written);
		else
			g_assert_error(error, FERRY_ERROR, (int)cases[i].code);
	}
}

static void
test_limits(void)
{
	static const struct {
		const char *limits;
		gboolean good;
	} cases[] = {
		{"()", TRUE},
		{"(STORAGE 0)", TRUE},
		{"(STORAGE 512 MESSAGE 9223372036854775807)", TRUE},
		{"(storage 1 storage 2)", TRUE},
		{"(STORAGE 9223372036854775808)", FALSE},
		{"(STORAGE)", FALSE},
		{"(STORAGE 1 MESSAGE)", FALSE},
		{"(STORAGE MESSAGE)", FALSE},
		{"(STORAGE -1)", FALSE},
		{"(STORAGE +1)", FALSE},
		{"(STORAGE 1x)", FALSE},
		{"(STORAGE ())", FALSE},
		{"(STORAGE (1))", FALSE},
		{"(\"STORAGE\" 1)", FALSE},
		{"((STORAGE) 1)", FALSE},
		{"(STORAGE \"\")", FALSE},
	};
	Fixture fixture;

	fixture_init_with(&fixture, &ferry_plugin);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *line = g_strdup_printf("SETQUOTA \"\" %s", cases[i].limits);
		g_autoptr(GError) error = NULL;
		g_autoptr(FerryImapCommand) command = fixture_parse(&fixture, line, &error);

		g_test_message("%s", line);
		g_assert_no_error(error);
		g_assert_cmpint(quota_is_limit_list(ferry_imap_command_get_argument(command, 1)),
				==, cases[i].good);
	}
	fixture_clear(&fixture);
}

static void
test_told(void)
{
	static const struct {
		const char *capabilities;
		gboolean told, draft;
	} cases[] = {
		{"{}", FALSE, FALSE},
		{"{\"urn:ietf:params:jmap:mail\":{}}", FALSE, FALSE},
		{"{\"urn:ietf:params:jmap:quota\":{}}", TRUE, FALSE},
		{"{\"" QUOTA_CYRUS "\":{}}", TRUE, TRUE},
		{"{\"" QUOTA_CYRUS "\":{},\"urn:ietf:params:jmap:quota\":{}}", TRUE, FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(FerryJmapValue) capabilities =
			ferry_jmap_value_new_from_json(cases[i].capabilities, -1, NULL);
		gboolean draft = FALSE;

		g_test_message("case %u", i);
		g_assert_cmpint(quota_is_told(capabilities, &draft), ==, cases[i].told);
		if (cases[i].told)
			g_assert_cmpint(draft, ==, cases[i].draft);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/quota/answers", test_answers);
	g_test_add_func("/quota/many", test_many);
	g_test_add_func("/quota/accounts", test_accounts);
	g_test_add_func("/quota/resolve", test_resolve);
	g_test_add_func("/quota/limits", test_limits);
	g_test_add_func("/quota/told", test_told);
	return g_test_run();
}
