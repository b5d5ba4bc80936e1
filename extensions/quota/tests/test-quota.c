/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "quota-root.h"

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

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/quota/answers", test_answers);
	g_test_add_func("/quota/many", test_many);
	g_test_add_func("/quota/accounts", test_accounts);
	return g_test_run();
}
