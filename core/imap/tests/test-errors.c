/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors and what clients read of them. */
#include <string.h>

#include <gio/gio.h>

#include "base/error.h"
#include "imap/errors.h"

static void
test_table(void)
{
	static const struct {
		FerryError error;
		const char *status;
		const char *code;
	} cases[] = {
		{FERRY_ERROR_INVALID, "BAD", NULL},
		{FERRY_ERROR_CANNOT, "NO", "CANNOT"},
		{FERRY_ERROR_NO_PERMISSION, "NO", "NOPERM"},
		{FERRY_ERROR_NOT_FOUND, "NO", "NONEXISTENT"},
		{FERRY_ERROR_EXISTS, "NO", "ALREADYEXISTS"},
		{FERRY_ERROR_TRY_CREATE, "NO", "TRYCREATE"},
		{FERRY_ERROR_HAS_CHILDREN, "NO", "HASCHILDREN"},
		{FERRY_ERROR_OVER_QUOTA, "NO", "OVERQUOTA"},
		{FERRY_ERROR_TOO_BIG, "NO", "TOOBIG"},
		{FERRY_ERROR_LIMIT, "NO", "LIMIT"},
		{FERRY_ERROR_UNAVAILABLE, "NO", "UNAVAILABLE"},
		{FERRY_ERROR_EXPUNGED, "NO", "EXPUNGEISSUED"},
		{FERRY_ERROR_BAD_CHARSET, "NO", "BADCHARSET"},
		{FERRY_ERROR_UNKNOWN_CTE, "NO", "UNKNOWN-CTE"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error =
			g_error_new_literal(FERRY_ERROR, (int)cases[i].error, "why");
		g_autoptr(FerryImapAnswer) answer = ferry_imap_answer_new(error, FALSE);

		g_assert_cmpstr(answer->status, ==, cases[i].status);
		g_assert_cmpstr(answer->code, ==, cases[i].code);
		g_assert_cmpstr(answer->text, ==, "why");
	}
}

static void
test_hidden(void)
{
	const GQuark domains[] = {FERRY_ERROR, G_FILE_ERROR};

	for (guint i = 0; i < G_N_ELEMENTS(domains); i++) {
		g_autoptr(GError) error = g_error_new_literal(
			domains[i], i == 0 ? FERRY_ERROR_BACKEND : 1, "private\r\nwords");
		g_autoptr(FerryImapAnswer) answer = NULL;

		g_test_expect_message("ferry", G_LOG_LEVEL_WARNING, "reference ????????: *");
		answer = ferry_imap_answer_new(error, FALSE);
		g_test_assert_expected_messages();
		g_assert_cmpstr(answer->status, ==, "NO");
		g_assert_cmpstr(answer->code, ==, "SERVERBUG");
		g_assert_null(strstr(answer->text, "private"));
	}
}

static void
test_text(void)
{
	static const char *const cases[][3] = {
		{"a\r\nb OK", "a??b OK", "a??b OK"},
		{"[CODE] x", "?CODE] x", "?CODE] x"},
		{"\xc3\xbc", "?", "\xc3\xbc"},
		{"", "Failed", "Failed"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *ascii = ferry_imap_clean_text(cases[i][0], FALSE);
		g_autofree char *utf8 = ferry_imap_clean_text(cases[i][0], TRUE);

		g_assert_cmpstr(ascii, ==, cases[i][1]);
		g_assert_cmpstr(utf8, ==, cases[i][2]);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/imap/errors/table", test_table);
	g_test_add_func("/imap/errors/hidden", test_hidden);
	g_test_add_func("/imap/errors/text", test_text);
	return g_test_run();
}
