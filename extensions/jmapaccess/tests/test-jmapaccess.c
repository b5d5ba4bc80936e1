/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is told which URL, and how it is written. */
#include "jmapaccess.h"

#include "imap/tests/fixture.h"

static void
test_choose(void)
{
	static const struct {
		const char *url;
		gboolean anybody, here;
	} cases[] = {
		{NULL, FALSE, FALSE},
		{"", FALSE, TRUE},
		{"https://jmap.example.org/.well-known/jmap", TRUE, TRUE},
		{"https:", TRUE, TRUE},
		{"https", FALSE, TRUE},
		{"httpss://jmap.example.org/", FALSE, TRUE},
		{"http://jmap.example.org/?https:", FALSE, TRUE},
		{"http://localhost:8080/jmap/", FALSE, TRUE},
		{" https://jmap.example.org/", FALSE, TRUE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		const char *url = cases[i].url;

		g_test_message("case %u", i);
		g_assert_true(jmapaccess_choose_url(url, FALSE) == (cases[i].anybody ? url : NULL));
		g_assert_true(jmapaccess_choose_url(url, TRUE) == (cases[i].here ? url : NULL));
	}
}

/* The URL came from the network: whatever is in it, it is one string (RFC 9698 §4). */
static void
test_write(void)
{
	static const struct {
		const char *url, *line;
	} cases[] = {
		{"https://x/", "* JMAPACCESS \"https://x/\"\r\n"},
		{"", "* JMAPACCESS \"\"\r\n"},
		{"https://x/\"\\", "* JMAPACCESS \"https://x/\\\"\\\\\"\r\n"},
		{"https://x/\r\na OK", "* JMAPACCESS {16}\r\nhttps://x/\r\na OK\r\n"},
		{"https://x/\xc3\xbc", "* JMAPACCESS {12}\r\nhttps://x/\xc3\xbc\r\n"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(FerryImapWriter) writer = ferry_imap_writer_new_for_buffer();
		g_autofree char *line = NULL;

		jmapaccess_write(writer, cases[i].url);
		line = ferry_imap_writer_dup_output(writer, NULL);
		g_assert_cmpstr(line, ==, cases[i].line);
	}
}

/* Without an account there is no URL, and so no capability. */
static void
test_nobody(void)
{
	Fixture fixture;

	fixture_init_with(&fixture, NULL);
	g_assert_null(jmapaccess_make_capability(fixture.session, NULL));
	fixture_clear(&fixture);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/jmapaccess/choose", test_choose);
	g_test_add_func("/jmapaccess/write", test_write);
	g_test_add_func("/jmapaccess/nobody", test_nobody);
	return g_test_run();
}
