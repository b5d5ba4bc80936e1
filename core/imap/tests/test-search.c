/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SEARCH: random programs against a model that looks at every message anew. */
#include "base/error.h"
#include "fixture.h"
#include "imap/search-private.h"

#define N_MESSAGES 80
#define DAY 86400

/* what every message has at once: the last step of a search */
#define EVERYTHING                                                                                 \
	(FERRY_NEEDS_METADATA | FERRY_NEEDS_HEADERS | FERRY_NEEDS_ENVELOPE |                       \
	 FERRY_NEEDS_STRUCTURE | FERRY_NEEDS_RAW)

static const char *const words[] = {"alpha", "beta", "gamma", "delta"};

typedef struct {
	FerryMessageRow row;
	guint32 number;
	guint from;    /* index of a word */
	guint subject; /* a word; 4: no such field */
	guint body;
	gboolean keyword;
} Model;

typedef struct {
	Fixture fixture;
	Model models[N_MESSAGES];
	FerryImapMessage *messages[N_MESSAGES];
} Box;

static void
make_model(GRand *rand, Box *box, guint i)
{
	static const char *keyword[] = {"$Forwarded", NULL};
	Model *model = &box->models[i];

	model->from = (guint)g_rand_int_range(rand, 0, 4);
	model->subject = (guint)g_rand_int_range(rand, 0, 5);
	model->body = (guint)g_rand_int_range(rand, 0, 4);
	model->keyword = g_rand_boolean(rand);
	model->number = i + 1;
	model->row.uid =
		(i > 0 ? box->models[i - 1].row.uid : 0) + (guint32)g_rand_int_range(rand, 1, 4);
	model->row.flags = (guint16)g_rand_int_range(rand, 0, 32);
	model->row.size = (guint64)g_rand_int_range(rand, 0, 10);
	model->row.received_at =
		g_rand_int_range(rand, -3, 5) * DAY + g_rand_int_range(rand, 0, DAY);
	model->row.sent_zone = (gint16)(g_rand_int_range(rand, -12, 13) * 60);
	model->row.sent_at = g_rand_int_range(rand, 0, 4) == 0
				     ? G_MININT64
				     : g_rand_int_range(rand, -3 * DAY, 5 * DAY);
	if (model->keyword)
		model->row.keyword_set =
			ferry_keyword_table_intern(box->fixture.keywords, keyword, 1);
}

static FerryMessageData *
make_data(const Model *model)
{
	g_autofree char *subject =
		model->subject < 4
			? g_strdup_printf("Subject: =?utf-8?q?%s?=\r\n", words[model->subject])
			: g_strdup("");
	g_autofree char *raw = g_strdup_printf("From: %s@example.org\r\n%s\r\nx%sx\r\n",
					       words[model->from], subject, words[model->body]);

	return fixture_make_data(model->row.uid, raw, strlen(raw));
}

/* A few messages are gone without the client knowing. */
static void
expunge(Box *box)
{
	FerryMessageRow rows[N_MESSAGES];
	guint32 gone[N_MESSAGES];
	guint n_rows = 0, n_gone = 0;
	g_autoptr(FerryView) view = NULL;

	for (guint i = 0; i < N_MESSAGES; i++) {
		if (i % 9 == 4)
			gone[n_gone++] = box->models[i].row.uid;
		else
			rows[n_rows++] = box->models[i].row;
	}
	view = fixture_make_view(&box->fixture, rows, n_rows, 1000);
	ferry_told_apply_changes(box->fixture.session->told, view, NULL, 0, gone, n_gone);
}

static void
make_box(GRand *rand, Box *box)
{
	FerryMessageRow rows[N_MESSAGES];

	memset(box, 0, sizeof *box);
	fixture_init(&box->fixture);
	for (guint i = 0; i < N_MESSAGES; i++) {
		make_model(rand, box, i);
		rows[i] = box->models[i].row;
	}
	fixture_select(&box->fixture, rows, N_MESSAGES);
	ferry_told_add_recent(box->fixture.session->told, rows[N_MESSAGES / 2].uid, 1000);
	expunge(box);
	for (guint i = 0; i < N_MESSAGES; i++) {
		g_autoptr(FerryMessageData) data = make_data(&box->models[i]);

		box->messages[i] = ferry_told_get_message(box->fixture.session->told, i + 1);
		g_assert_cmpuint(ferry_imap_message_get_uid(box->messages[i]), ==,
				 box->models[i].row.uid);
		ferry_imap_message_set_data(box->messages[i], data);
	}
}

static void
clear_box(Box *box)
{
	for (guint i = 0; i < N_MESSAGES; i++)
		ferry_imap_message_unref(box->messages[i]);
	fixture_clear(&box->fixture);
}

/* Each key writes itself and says for every message whether it matches. */

typedef gboolean Answers[N_MESSAGES];

static void
write_flag(GRand *rand, Box *box, GString *program, Answers answers)
{
	static const char *const names[] = {"SEEN", "ANSWERED", "FLAGGED", "DRAFT", "DELETED"};
	guint flag = (guint)g_rand_int_range(rand, 0, 5);
	gboolean un = g_rand_boolean(rand);

	g_string_append_printf(program, "%s%s", un ? "UN" : "", names[flag]);
	for (guint i = 0; i < N_MESSAGES; i++)
		answers[i] = ((box->models[i].row.flags >> flag) & 1) != un;
}

static void
write_state(GRand *rand, Box *box, GString *program, Answers answers)
{
	static const char *const names[] = {
		"ALL", "RECENT", "OLD", "NEW", "KEYWORD $forwarded", "UNKEYWORD $Forwarded"};
	guint state = (guint)g_rand_int_range(rand, 0, G_N_ELEMENTS(names));

	g_string_append(program, names[state]);
	for (guint i = 0; i < N_MESSAGES; i++) {
		const Model *model = &box->models[i];
		gboolean recent = i >= N_MESSAGES / 2;
		gboolean unseen = !(model->row.flags & FERRY_MESSAGE_SEEN);
		gboolean all[] = {TRUE,           recent,         !recent, recent && unseen,
				  model->keyword, !model->keyword};

		answers[i] = all[state];
	}
}

static void
write_size(GRand *rand, Box *box, GString *program, Answers answers)
{
	guint64 limit = (guint64)g_rand_int_range(rand, 0, 10);
	gboolean larger = g_rand_boolean(rand);

	g_string_append_printf(program, "%s %u", larger ? "LARGER" : "SMALLER", (guint)limit);
	for (guint i = 0; i < N_MESSAGES; i++)
		answers[i] =
			larger ? box->models[i].row.size > limit : box->models[i].row.size < limit;
}

static gint64
day_of(gint64 seconds)
{
	/* all are after 1969-12-22 */
	return (seconds + 10 * DAY) / DAY - 10;
}

static void
write_date(GRand *rand, Box *box, GString *program, Answers answers)
{
	static const char *const names[] = {"BEFORE", "ON", "SINCE"};
	static const char *const days[] = {"29-Dec-1969", "30-Dec-1969", "\"31-Dec-1969\"",
					   "1-Jan-1970",  "02-Jan-1970", "3-jan-1970"};
	guint which = (guint)g_rand_int_range(rand, 0, 3);
	gint64 wanted = g_rand_int_range(rand, -3, 3);
	gboolean sent = g_rand_boolean(rand);

	g_string_append_printf(program, "%s%s %s", sent ? "SENT" : "", names[which],
			       days[wanted + 3]);
	for (guint i = 0; i < N_MESSAGES; i++) {
		const FerryMessageRow *row = &box->models[i].row;
		gint64 seconds = sent ? row->sent_at + row->sent_zone * 60 : row->received_at;
		gint64 day = sent && row->sent_at == G_MININT64 ? 0 : day_of(seconds);
		gboolean all[] = {day < wanted, day == wanted, day >= wanted};

		answers[i] = all[which] && !(sent && row->sent_at == G_MININT64);
	}
}

static void
write_set(GRand *rand, Box *box, GString *program, Answers answers)
{
	gboolean uids = g_rand_boolean(rand);
	guint32 highest = uids ? box->models[N_MESSAGES - 1].row.uid : N_MESSAGES;
	guint32 first = (guint32)g_rand_int_range(rand, 1, (gint32)highest + 1);
	guint32 last = (guint32)g_rand_int_range(rand, 1, (gint32)highest + 1);
	gboolean star = g_rand_int_range(rand, 0, 4) == 0;

	if (star) {
		g_string_append_printf(program, "%s%u:*", uids ? "UID " : "", first);
		last = highest;
	} else {
		g_string_append_printf(program, "%s%u:%u", uids ? "UID " : "", first, last);
	}
	for (guint i = 0; i < N_MESSAGES; i++) {
		guint32 value = uids ? box->models[i].row.uid : box->models[i].number;

		answers[i] = value >= MIN(first, last) && value <= MAX(first, last);
		/* who is gone has no UID any more, but keeps its number until that is told */
		if (uids && i % 9 == 4)
			answers[i] = FALSE;
	}
}

static void
write_text(GRand *rand, Box *box, GString *program, Answers answers)
{
	static const char *const keys[] = {"FROM", "HEADER From", "SUBJECT", "HEADER subject",
					   "BODY", "TEXT",        "CC"};
	guint key = (guint)g_rand_int_range(rand, 0, G_N_ELEMENTS(keys));
	guint word = (guint)g_rand_int_range(rand, 0, 4);
	gboolean empty = g_rand_int_range(rand, 0, 6) == 0;

	g_string_append_printf(program, "%s %s", keys[key], empty ? "\"\"" : words[word]);
	/* case does not matter */
	for (char *c = program->str + program->len - 3; key > 3 && !empty && *c != '\0'; c++)
		*c = g_ascii_toupper(*c);
	for (guint i = 0; i < N_MESSAGES; i++) {
		const Model *model = &box->models[i];
		gboolean from = empty || model->from == word;
		gboolean subject = model->subject < 4 && (empty || model->subject == word);
		gboolean body = empty || model->body == word;
		gboolean all[] = {from, from, subject, subject, body, from || subject || body,
				  FALSE};

		answers[i] = all[key];
	}
}

static void
write_key(GRand *rand, Box *box, GString *program, Answers answers)
{
	static void (*const writers[])(GRand *, Box *, GString *, Answers) = {
		write_flag, write_state, write_size, write_date, write_set, write_text, write_text};

	writers[g_rand_int_range(rand, 0, G_N_ELEMENTS(writers))](rand, box, program, answers);
}

static void
write_program(GRand *rand, Box *box, GString *program, guint depth, Answers answers)
{
	Answers second;
	int choice = depth > 0 ? g_rand_int_range(rand, 0, 5) : 0;

	if (choice == 1)
		g_string_append(program, "NOT ");
	if (choice == 2)
		g_string_append(program, "OR ");
	if (choice == 3)
		g_string_append_c(program, '(');
	if (choice == 0 || choice == 4) {
		write_key(rand, box, program, answers);
		return;
	}
	write_program(rand, box, program, depth - 1, answers);
	if (choice > 1) {
		g_string_append_c(program, ' ');
		write_program(rand, box, program, depth - 1, second);
	}
	for (guint i = 0; i < N_MESSAGES; i++)
		answers[i] = choice == 1   ? !answers[i]
			     : choice == 2 ? answers[i] || second[i]
					   : answers[i] && second[i];
	if (choice == 3)
		g_string_append_c(program, ')');
}

/* What is at hand first decides right or not at all, what is at hand last decides. */
static void
check_message(FerryImapSearch *search, Box *box, guint i, gboolean expected, const char *program)
{
	static const FerryNeeds steps[] = {FERRY_NEEDS_METADATA,
					   FERRY_NEEDS_METADATA | FERRY_NEEDS_HEADERS, EVERYTHING};

	for (guint n = 0; n < G_N_ELEMENTS(steps); n++) {
		SearchVerdict verdict = ferry_imap_search_judge(search, box->messages[i], steps[n]);

		if (verdict == SEARCH_UNKNOWN && steps[n] != EVERYTHING)
			continue;
		if (verdict != (expected ? SEARCH_TRUE : SEARCH_FALSE))
			g_error("%s: message %u is %d at step %u", program, i + 1, verdict, n);
	}
}

static void
test_random(void)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(11);
	Box box;

	make_box(rand, &box);
	for (guint round = 0; round < 3000; round++) {
		g_autoptr(GString) program = g_string_new("SEARCH ");
		g_autoptr(FerryImapCommand) command = NULL;
		g_autoptr(FerryImapSearch) search = NULL;
		g_autoptr(GError) error = NULL;
		Answers answers;

		write_program(rand, &box, program, 4, answers);
		command = fixture_parse(&box.fixture, program->str, &error);
		g_assert_no_error(error);
		search = ferry_imap_search_new(command);
		ferry_imap_search_plan(search, NULL, ferry_imap_command_get_argument(command, 2),
				       &error);
		g_assert_no_error(error);
		for (guint i = 0; i < N_MESSAGES; i++)
			check_message(search, &box, i, answers[i], program->str);
	}
	clear_box(&box);
}

/* What a program needs, and which of its keys an index may answer: none under NOT. */
static void
test_plans(void)
{
	static const struct {
		const char *program;
		FerryNeeds needs;
		FerryNeeds light;
		guint server_keys;
	} cases[] = {
		{"ALL", FERRY_NEEDS_METADATA, FERRY_NEEDS_METADATA, 0},
		{"1:2", FERRY_NEEDS_NOTHING, FERRY_NEEDS_NOTHING, 0},
		{"FROM x", FERRY_NEEDS_HEADERS, FERRY_NEEDS_HEADERS, 0},
		{"BODY x", FERRY_NEEDS_RAW | FERRY_NEEDS_STRUCTURE, FERRY_NEEDS_NOTHING, 1},
		{"BODY \"\"", FERRY_NEEDS_RAW | FERRY_NEEDS_STRUCTURE, FERRY_NEEDS_NOTHING, 0},
		{"NOT BODY x", FERRY_NEEDS_RAW | FERRY_NEEDS_STRUCTURE, FERRY_NEEDS_NOTHING, 0},
		{"NOT OR SEEN (TEXT x NOT BODY y)",
		 FERRY_NEEDS_METADATA | FERRY_NEEDS_RAW | FERRY_NEEDS_STRUCTURE,
		 FERRY_NEEDS_METADATA, 0},
		{"OR TEXT x NOT BODY y FROM z",
		 FERRY_NEEDS_HEADERS | FERRY_NEEDS_RAW | FERRY_NEEDS_STRUCTURE, FERRY_NEEDS_HEADERS,
		 1},
	};
	g_autoptr(GRand) rand = g_rand_new_with_seed(1);
	Box box;

	make_box(rand, &box);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *line = g_strconcat("SEARCH ", cases[i].program, NULL);
		g_autoptr(FerryImapCommand) command = fixture_parse(&box.fixture, line, NULL);
		g_autoptr(FerryImapSearch) search = ferry_imap_search_new(command);

		g_assert_true(ferry_imap_search_plan(
			search, NULL, ferry_imap_command_get_argument(command, 2), NULL));
		if (ferry_imap_search_get_needs(search) != cases[i].needs ||
		    ferry_imap_search_get_light_needs(search) != cases[i].light ||
		    ferry_imap_search_get_server_keys(search)->len != cases[i].server_keys)
			g_error("case %u, %s", i, cases[i].program);
	}
	clear_box(&box);
}

static void
test_refused(void)
{
	static const struct {
		const char *line;
		FerryError error;
	} cases[] = {
		{"SEARCH 81", FERRY_ERROR_INVALID},
		{"SEARCH CHARSET US-ASCII SUBJECT \"\xc3\xa4\"", FERRY_ERROR_INVALID},
		{"SEARCH CHARSET X-UNKNOWN ALL", FERRY_ERROR_BAD_CHARSET},
		{"SEARCH CHARSET \"\" ALL", FERRY_ERROR_BAD_CHARSET},
	};
	g_autoptr(GRand) rand = g_rand_new_with_seed(1);
	Box box;

	make_box(rand, &box);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(FerryImapCommand) command =
			fixture_parse(&box.fixture, cases[i].line, &error);
		g_autoptr(FerryImapSearch) search = NULL;

		if (command != NULL) {
			search = ferry_imap_search_new(command);
			ferry_imap_search_plan(search, ferry_imap_command_get_argument(command, 1),
					       ferry_imap_command_get_argument(command, 2), &error);
		}
		if (!g_error_matches(error, FERRY_ERROR, (int)cases[i].error))
			g_error("case %u, %s", i, cases[i].line);
	}
	clear_box(&box);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/imap/search/random", test_random);
	g_test_add_func("/imap/search/plans", test_plans);
	g_test_add_func("/imap/search/refused", test_refused);
	return g_test_run();
}
