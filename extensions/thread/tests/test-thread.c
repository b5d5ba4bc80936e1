/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "thread.h"

/* Messages as `id|references|subject|date`, with spaces between references; date is one number.
 * They are numbered from 1. */
static const struct {
	const char *messages[12];
	const char *references; /* what REFERENCES makes of them */
	const char *subjects;   /* what ORDEREDSUBJECT does */
} cases[] = {
	{{NULL}, "", ""},
	{{"a||x|1"}, "(1)", "(1)"},
	{{"a||x|1", "b||y|2"}, "(1)(2)", "(1)(2)"},
	{{"a||x|2", "b||y|1"}, "(2)(1)", "(2)(1)"},
	{{"a||x|1", "b||y|1"}, "(1)(2)", "(1)(2)"},
	/* chains and siblings */
	{{"a||x|1", "b|a|Re: x|2"}, "(1 2)", "(1 2)"},
	{{"b|a|Re: x|2", "a||x|1"}, "(2 1)", "(2 1)"},
	{{"a||x|1", "b|a|y|2", "c|a b|z|3"}, "(1 2 3)", "(1)(2)(3)"},
	{{"a||x|1", "b|a|y|3", "c|a|z|2"}, "(1 (3)(2))", "(1)(3)(2)"},
	{{"a||x|1", "b|a|x|2", "c|a|x|3"}, "(1 (2)(3))", "(1 (2)(3))"},
	{{"a||x|1", "b|a|x|2", "c|a b|x|3", "d|a b|x|4", "e|a b d|x|5"},
	 "(1 2 (3)(4 5))",
	 "(1 (2)(3)(4)(5))"},
	/* the only reference is the first of In-Reply-To, which is a list of one here */
	{{"a||x|1", "b|a|y|0"}, "(1 2)", "(2)(1)"},
	/* dummies: none under the root with one child only */
	{{"b|a|x|1"}, "(1)", "(1)"},
	{{"b|a|x|1", "c|a|y|2"}, "((1)(2))", "(1)(2)"},
	{{"b|a|x|1", "c|a|y|2", "d|a c|z|3"}, "((1)(2 3))", "(1)(2)(3)"},
	{{"c|a b|x|1", "d|a b|y|2"}, "((1)(2))", "(1)(2)"},
	{{"c|a b|x|1", "e|a d|y|2"}, "((1)(2))", "(1)(2)"},
	{{"a||w|1", "d|a b c|x|2", "e|a b c|y|3"}, "(1 (2)(3))", "(1)(2)(3)"},
	{{"a||w|1", "d|a b c|x|2"}, "(1 2)", "(1)(2)"},
	{{"a||w|1", "b|a|x|2", "d|a b m|y|3"}, "(1 2 3)", "(1)(2)(3)"},
	{{"a||w|1", "b|a|x|2", "d|a b m n|y|3", "e|a b m n|z|4"}, "(1 2 (3)(4))", "(1)(2)(3)(4)"},
	{{"b|a|x|5", "c|a|y|2", "d||z|3"}, "((2)(1))(3)", "(2)(3)(1)"},
	/* the own references of a message beat what others said of it */
	{{"c|a b|x|3", "b||y|2", "a||z|1"}, "(3)(2 1)", "(3)(2)(1)"},
	{{"c|a b|x|3", "b|d|y|2", "d||z|1"}, "(3 2 1)", "(3)(2)(1)"},
	/* an existing link between references stays */
	{{"a||w|1", "b|a|x|2", "c|z b|y|3"}, "(1 2 3)", "(1)(2)(3)"},
	/* no loops */
	{{"a|b|x|1", "b|a|y|2"}, "(2 1)", "(1)(2)"},
	{{"a|a|x|1"}, "(1)", "(1)"},
	{{"a|b c|x|1", "b|c a|y|2", "c|a b|z|3"}, "(2 3 1)", "(1)(2)(3)"},
	{{"d|a b a b|x|1", "b||y|2"}, "(2 1)", "(1)(2)"},
	/* ids: the first message with one has it, one without is nobody's parent */
	{{"a||x|1", "a||y|2", "b|a|z|3"}, "(1 3)(2)", "(1)(2)(3)"},
	{{"||x|1", "||y|2"}, "(1)(2)", "(1)(2)"},
	{{"a||x|1", "A||y|2", "b|A|z|3"}, "(1)(2 3)", "(1)(2)(3)"},
	/* (5) subjects: a reply joins what it answers */
	{{"a||x|1", "b||Re: x|2"}, "(1 2)", "(1 2)"},
	{{"a||Re: x|1", "b||x|2"}, "(2 1)", "(1 2)"},
	{{"a||x|1", "b||Fwd: X|2", "c||x (fwd)|3", "d||[fwd: x]|4"},
	 "(1 (2)(3)(4))",
	 "(1 (2)(3)(4))"},
	{{"a||x|1", "b||[list] x|2"}, "((1)(2))", "(1 2)"},
	{{"a||x|1", "b||x|2", "c||x|3"}, "((1)(2)(3))", "(1 (2)(3))"},
	{{"a||Re: x|1", "b||Re: x|2"}, "((1)(2))", "(1 2)"},
	{{"a||Re: x|1", "b||Re: x|2", "c||x|3"}, "(3 (1)(2))", "(1 (2)(3))"},
	{{"a|||1", "b|||2"}, "(1)(2)", "(1 2)"},
	{{"a||Re:|1", "b||(fwd)|2"}, "(1)(2)", "(1 2)"},
	{{"b|a|x|1", "c|a|y|2", "d||x|3"}, "((1)(2)(3))", "(1 3)(2)"},
	{{"b|a|x|1", "c|a|y|2", "d||y|3"}, "((1)(2))(3)", "(1)(2 3)"},
	{{"d||x|1", "b|a|x|2", "c|a|y|3"}, "((1)(2)(3))", "(1 2)(3)"},
	{{"b|a|x|1", "c|a|y|2", "e|d|x|3", "f|d|z|4"}, "((1)(2)(3)(4))", "(1 3)(2)(4)"},
	{{"a||x|5", "b|a|y|6", "c||Re: x|1"}, "(1 (3)(2))", "(3 1)(2)"},
	/* (6) siblings by date, deep ones too; the root by its own */
	{{"a||x|1", "b|a|q|9", "c|a|r|2", "d|a b|s|4", "e|a b|t|3"},
	 "(1 (3)(2 (5)(4)))",
	 "(1)(3)(5)(4)(2)"},
	{{"a||x|9", "b|a|y|1", "c||z|5"}, "(3)(1 2)", "(2)(3)(1)"},
};

/* What REFS makes of messages, and when each arrived, as one number: 0 where there are no more. */
static const struct {
	const char *messages[12];
	gint64 arrivals[12];
	const char *refs;
} arrivals[] = {
	{{NULL}, {0}, ""},
	{{"a||x|1", "b||x|2"}, {1, 2}, "(1)(2)"},
	{{"a||x|1", "b||x|2"}, {2, 1}, "(2)(1)"},
	{{"a||x|2", "b||y|1"}, {1, 1}, "(1)(2)"},
	/* the latest of a thread counts, wherever it is */
	{{"a||x|1", "b||y|2", "c|a|z|3"}, {1, 2, 3}, "(2)(1 3)"},
	{{"a||x|1", "b||y|2", "c|a|z|3"}, {3, 2, 1}, "(2)(1 3)"},
	{{"a||x|1", "b||y|2", "c|a|z|3"}, {1, 3, 2}, "(1 3)(2)"},
	{{"a||x|1", "b|a|x|2", "c|b|x|3", "d|c|x|4", "e||x|5"}, {1, 9, 2, 3, 8}, "(5)(1 2 3 4)"},
	/* siblings are by sent date all the same */
	{{"a||x|1", "b|a|y|3", "c|a|z|2"}, {1, 2, 3}, "(1 (3)(2))"},
	/* dummies have the date of what is below them */
	{{"b|a|x|1", "c|a|y|2", "d||z|3"}, {1, 5, 4}, "(3)((1)(2))"},
	{{"b|a|x|1", "c|a|y|2", "d||z|3"}, {1, 3, 4}, "((1)(2))(3)"},
	/* subjects are nothing */
	{{"a||x|1", "b||Re: x|2"}, {1, 2}, "(1)(2)"},
	/* equal dates: the order of the mailbox, of what came last */
	{{"a||x|1", "b||y|2", "c|a|z|3"}, {1, 1, 1}, "(2)(1 3)"},
};

static ThreadRecord *
make_record(char **parts)
{
	g_autoptr(GString) block = g_string_new(NULL);
	g_auto(GStrv) references = g_strsplit(parts[1], " ", -1);

	if (*parts[0] != '\0')
		g_string_append_printf(block, "Message-ID: <%s@x>\r\n", parts[0]);
	g_string_append_printf(block, "Subject: %s\r\nReferences:", parts[2]);
	for (guint i = 0; references[i] != NULL; i++)
		g_string_append_printf(block, "\r\n <%s@x>", references[i]);
	g_string_append(block, "\r\n\r\n");
	return thread_record_new(block->str, block->len);
}

static char *
thread(ThreadAlgorithm algorithm, const char *const *list, const gint64 *received)
{
	ThreadMessage messages[12] = {0};
	guint32 n = 0;
	char *text;

	for (; list[n] != NULL; n++) {
		g_auto(GStrv) parts = g_strsplit(list[n], "|", 4);

		messages[n] =
			(ThreadMessage){n + 1, g_ascii_strtoll(parts[3], NULL, 10),
					make_record(parts), received != NULL ? received[n] : 0};
	}
	text = thread_make(algorithm, messages, n);
	for (guint32 i = 0; i < n; i++)
		thread_record_unref(messages[i].record);
	return text;
}

static void
test_trees(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *references = thread(thread_by_references, cases[i].messages, NULL);
		g_autofree char *subjects = thread(thread_by_subject, cases[i].messages, NULL);

		if (strcmp(references, cases[i].references) != 0)
			g_error("case %" G_GSIZE_FORMAT ", REFERENCES: %s", i, references);
		if (strcmp(subjects, cases[i].subjects) != 0)
			g_error("case %" G_GSIZE_FORMAT ", ORDEREDSUBJECT: %s", i, subjects);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(arrivals); i++) {
		g_autofree char *refs =
			thread(thread_by_refs, arrivals[i].messages, arrivals[i].arrivals);

		if (strcmp(refs, arrivals[i].refs) != 0)
			g_error("case %" G_GSIZE_FORMAT ", REFS: %s", i, refs);
	}
}

static const struct {
	const char *block;
	const char *expected; /* id|references|subject, `*` for a reply */
} records[] = {
	{"", "||"},
	{"Message-ID: <a@b>\r\n", "a@b||"},
	{"Message-ID: <\"a\"@b>\r\n", "a@b||"},
	{"Message-ID: <\"a\\ b\"@b>\r\n", "a b@b||"},
	{"Message-ID: <\"a b\"@b> (x)\r\n", "a b@b||"},
	{"Message-ID: a@b\r\n", "||"},
	{"Message-ID: <ab>\r\n", "||"},
	{"Message-ID: <@b>\r\n", "||"},
	{"Message-ID: <a@>\r\n", "||"},
	{"Message-ID: <a @b>\r\n", "||"},
	{"Message-ID: <\"a@b\">\r\n", "||"},
	{"Message-ID: <\"a@b\"@c>\r\n", "a@b@c||"},
	{"Message-ID: <a@\"b>\r\n", "||"},
	{"Message-ID: <a@b\\>>\r\n", "a@b>||"},
	{"Message-ID: <a@b\r\n", "||"},
	{"Message-ID: <a b> <c@d>\r\n", "c@d||"},
	{"Message-ID: <<c@d>\r\n", "c@d||"},
	{"References: <a@b> <c@d>\r\n\t<e@f>\r\n", "|a@b c@d e@f|"},
	{"References: <a@b>,<c@d><e@f>\r\n", "|a@b c@d e@f|"},
	{"References: junk\r\nIn-Reply-To: Ann's of Monday <a@b> <c@d>\r\n", "|a@b|"},
	{"References: <a@b>\r\nIn-Reply-To: <c@d>\r\n", "|a@b|"},
	{"In-Reply-To: ann@x\r\n", "||"},
	{"Subject: Re: h\303\244fen\r\n", "||*HA\314\210FEN"},
	{"Subject: Hafen\r\n", "||HAFEN"},
};

static void
test_records(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(records); i++) {
		ThreadRecord *record =
			thread_record_new(records[i].block, strlen(records[i].block));
		g_autoptr(GString) text = g_string_new(record->id);
		const char *id = record->references;

		for (guint j = 0; j < record->n_references; j++, id += strlen(id) + 1)
			g_string_append_printf(text, "%c%s", j == 0 ? '|' : ' ', id);
		g_string_append_printf(text, "%s%s%s", record->n_references == 0 ? "||" : "|",
				       record->is_reply ? "*" : "", record->subject);
		if (strcmp(text->str, records[i].expected) != 0)
			g_error("case %" G_GSIZE_FORMAT ": %s", i, text->str);
		thread_record_unref(record);
	}
}

/* Of very many references the youngest thousand are kept. */
static void
test_many_references(void)
{
	for (guint n = 999; n <= 1001; n++) {
		g_autoptr(GString) block = g_string_new("References:");
		ThreadRecord *record;
		const char *last;

		for (guint i = 1; i <= n; i++)
			g_string_append_printf(block, " <%u@x>", i);
		g_string_append(block, "\r\n");
		record = thread_record_new(block->str, block->len);
		g_assert_cmpuint(record->n_references, ==, MIN(n, 1000));
		g_assert_cmpstr(record->references, ==, n > 1000 ? "2@x" : "1@x");
		last = record->references;
		for (guint i = 1; i < record->n_references; i++)
			last += strlen(last) + 1;
		g_assert_cmpint(atoi(last), ==, (int)n);
		thread_record_unref(record);
	}
}

#define DEPTH 100000

/* A thread as deep as there are messages, which come in any order. */
static void
test_deep(gconstpointer data)
{
	gint step = GPOINTER_TO_INT(data);
	g_autofree ThreadMessage *messages = g_new0(ThreadMessage, DEPTH);
	g_autofree char *text = NULL;
	gint64 start = g_get_monotonic_time();

	for (guint32 i = 0; i < DEPTH; i++) {
		guint32 at = (guint32)((guint64)i * (guint)step % DEPTH);
		g_autofree char *block = g_strdup_printf(
			"Message-ID: <%u@x>\r\nReferences: <%u@x>\r\nSubject: %u\r\n", i, i - 1, i);

		if (i == 0)
			strstr(block, "References")[0] = 'X';
		messages[at] = (ThreadMessage){i + 1, i, thread_record_new(block, strlen(block))};
	}
	text = thread_make(thread_by_references, messages, DEPTH);
	g_assert_true(g_str_has_prefix(text, "(1 2 3 4 5 "));
	g_assert_true(g_str_has_suffix(text, " 99999 100000)"));
	g_assert_null(strchr(text + 1, '('));
	g_assert_cmpint(g_get_monotonic_time() - start, <, 20 * G_USEC_PER_SEC);
	for (guint32 i = 0; i < DEPTH; i++)
		thread_record_unref(messages[i].record);
}

/* A comb: each message of a deep thread has a second child. */
static void
test_comb(void)
{
	g_autofree ThreadMessage *messages = g_new0(ThreadMessage, DEPTH);
	g_autofree char *text = NULL;
	guint depth = 0, deepest = 0;

	for (guint32 i = 0; i < DEPTH; i++) {
		g_autofree char *block =
			g_strdup_printf("Message-ID: <%u@x>\r\nReferences: <%u@x>\r\n", i,
					i % 2 == 0 ? i - 2 : i - 1);

		messages[i] = (ThreadMessage){i + 1, i, thread_record_new(block, strlen(block))};
	}
	text = thread_make(thread_by_references, messages, DEPTH);
	for (const char *p = text; *p != '\0'; p++) {
		depth = *p == '(' ? depth + 1 : *p == ')' ? depth - 1 : depth;
		deepest = MAX(deepest, depth);
	}
	g_assert_cmpuint(depth, ==, 0);
	g_assert_cmpuint(deepest, ==, DEPTH / 2);
	for (guint32 i = 0; i < DEPTH; i++)
		thread_record_unref(messages[i].record);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/thread/trees", test_trees);
	g_test_add_func("/thread/records", test_records);
	g_test_add_func("/thread/many-references", test_many_references);
	g_test_add_data_func("/thread/deep/forwards", GINT_TO_POINTER(1), test_deep);
	g_test_add_data_func("/thread/deep/backwards", GINT_TO_POINTER(DEPTH - 1), test_deep);
	g_test_add_data_func("/thread/deep/mixed", GINT_TO_POINTER(61803), test_deep);
	g_test_add_func("/thread/comb", test_comb);
	return g_test_run();
}
