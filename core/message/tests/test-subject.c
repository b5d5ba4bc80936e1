/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "message/subject.h"

static const struct {
	const char *subject;
	const char *base;
	gboolean is_reply;
} cases[] = {
	/* step 1: white space */
	{"", "", FALSE},
	{" ", "", FALSE},
	{"\t \t", "", FALSE},
	{"harbour", "harbour", FALSE},
	{"  harbour", "harbour", FALSE},
	{"harbour  ", "harbour", FALSE},
	{"the   old\tharbour", "the old harbour", FALSE},
	{"the \t old\t\tharbour", "the old harbour", FALSE},
	{"the\r\n old harbour", "the old harbour", FALSE},
	{"h\303\244fen", "h\303\244fen", FALSE},
	/* step 2: trailers */
	{"harbour (fwd)", "harbour", TRUE},
	{"harbour(fwd)", "harbour", TRUE},
	{"harbour (FWD) ", "harbour", TRUE},
	{"harbour (fwd) (Fwd)(fwd)", "harbour", TRUE},
	{"(fwd)", "", TRUE},
	{"(fwd) harbour", "(fwd) harbour", FALSE},
	{"harbour (fwd", "harbour (fwd", FALSE},
	{"harbour fwd)", "harbour fwd)", FALSE},
	{"harbour (fw)", "harbour (fw)", FALSE},
	{"harbour ( fwd)", "harbour ( fwd)", FALSE},
	/* step 3: leaders */
	{"re: harbour", "harbour", TRUE},
	{"Re: harbour", "harbour", TRUE},
	{"RE:harbour", "harbour", TRUE},
	{"Re : harbour", "harbour", TRUE},
	{"Re \t : harbour", "harbour", TRUE},
	{"fw: harbour", "harbour", TRUE},
	{"Fwd: harbour", "harbour", TRUE},
	{"FWD : harbour", "harbour", TRUE},
	{"fwdd: harbour", "fwdd: harbour", FALSE},
	{"rre: harbour", "rre: harbour", FALSE},
	{"Re harbour", "Re harbour", FALSE},
	{"Re", "Re", FALSE},
	{"Re:", "", TRUE},
	{"Re: ", "", TRUE},
	{"fwd", "fwd", FALSE},
	{"reply: harbour", "reply: harbour", FALSE},
	{"r\303\251: harbour", "r\303\251: harbour", FALSE},
	{"Re: Re: RE: harbour", "harbour", TRUE},
	{"Re:Fw:Fwd:harbour", "harbour", TRUE},
	{"Re[2]: harbour", "harbour", TRUE},
	{"Re [list] : harbour", "harbour", TRUE},
	{"Re[2][3]: harbour", "Re[2][3]: harbour", FALSE},
	{"Re[2: harbour", "Re[2: harbour", FALSE},
	{"Re[]: harbour", "harbour", TRUE},
	{"[list] Re: harbour", "harbour", TRUE},
	{"[a] [b][c]  Fwd: harbour", "harbour", TRUE},
	{"[list] Re: [list] Re[4]: harbour", "harbour", TRUE},
	{"Re: [list] harbour", "harbour", TRUE},
	/* step 4: blobs */
	{"[list] harbour", "harbour", FALSE},
	{"[list]harbour", "harbour", FALSE},
	{"[a] [b] harbour", "harbour", FALSE},
	{"[list]", "[list]", FALSE},
	{"[list] ", "[list]", FALSE},
	{"[a] [b]", "[b]", FALSE},
	{"[a][b][c]", "[c]", FALSE},
	{"Re: [list]", "[list]", TRUE},
	{"[list] Re:", "", TRUE},
	{"[list] (fwd)", "[list]", TRUE},
	{"[list harbour", "[list harbour", FALSE},
	{"[a[b] harbour", "[a[b] harbour", FALSE},
	{"[a]] harbour", "] harbour", FALSE},
	{"] harbour", "] harbour", FALSE},
	{"[] harbour", "harbour", FALSE},
	{"harbour [list]", "harbour [list]", FALSE},
	{"[\303\244] harbour", "harbour", FALSE},
	/* step 6: forwarded as a whole, and again from step 2 */
	{"[fwd: harbour]", "harbour", TRUE},
	{"[Fwd: harbour]", "harbour", TRUE},
	{"[fwd:harbour]", "harbour", TRUE},
	{"[fwd:]", "", TRUE},
	{"[fwd: ]", "", TRUE},
	{"[fwd: harbour", "[fwd: harbour", FALSE},
	{"[fwd harbour]", "[fwd harbour]", FALSE},
	{"[fwd: harbour] today", "today", FALSE},
	{"[fwd: Re: harbour]", "harbour", TRUE},
	{"Re: [fwd: harbour]", "harbour", TRUE},
	{"[fwd: [fwd: harbour]]", "harbour", TRUE},
	{"[fwd: harbour (fwd)]", "harbour", TRUE},
	{"[fwd: harbour] (fwd)", "harbour", TRUE},
	{"[fwd: [list] harbour]", "harbour", TRUE},
	{"[fwd: [list]]", "[list]", TRUE},
	{"[list] [fwd: harbour]", "harbour", TRUE},
	{"[list] Re: [fwd: Re: [fwd: [x] harbour (fwd)] (fwd)]", "harbour", TRUE},
	{"Re: harbour Re: sea", "harbour Re: sea", TRUE},
};

static void
test_cases(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		gboolean is_reply = !cases[i].is_reply;
		g_autofree char *base = ferry_message_base_subject(cases[i].subject, -1, &is_reply);

		if (strcmp(base, cases[i].base) != 0 || is_reply != cases[i].is_reply)
			g_error("case %" G_GSIZE_FORMAT " \"%s\": \"%s\" %d", i, cases[i].subject,
				base, is_reply);
	}
}

/* Made again, a base subject is itself: no step is left undone. But not where a blob that was all
 * there was gets text behind it, which cannot happen here. */
static void
test_idempotent(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *base = ferry_message_base_subject(cases[i].subject, -1, NULL);
		g_autofree char *again = ferry_message_base_subject(base, -1, NULL);

		g_assert_cmpstr(again, ==, base);
	}
}

/* A megabyte of each mark takes no time to speak of. */
static void
test_absurd(void)
{
	static const char *const marks[] = {"Re:", "[a]",    "[",      "[fwd:", "(fwd)",
					    "re[", "[a]re:", "fwd[a]", " ",     "]"};

	for (gsize i = 0; i < G_N_ELEMENTS(marks); i++) {
		g_autoptr(GString) text = g_string_new(NULL);
		gint64 start = g_get_monotonic_time();
		g_autofree char *base = NULL;

		while (text->len < 1024 * 1024)
			g_string_append(text, marks[i]);
		base = ferry_message_base_subject(text->str, (gssize)text->len, NULL);
		g_assert_cmpuint(strlen(base), <=, text->len);
		g_assert_cmpint(g_get_monotonic_time() - start, <, 5 * G_USEC_PER_SEC);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/message/subject/cases", test_cases);
	g_test_add_func("/message/subject/idempotent", test_idempotent);
	g_test_add_func("/message/subject/absurd", test_absurd);
	return g_test_run();
}
