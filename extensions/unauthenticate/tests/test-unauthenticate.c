/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a session forgets, and what its client reads meanwhile. */
#include "unauthenticate.h"

#include "account/mailbox-private.h"
#include "account/view-private.h"
#include "imap/tests/live.h"
#include "imap/told-private.h"

extern const FerryPlugin ferry_plugin;

/* A filter that one can see: all letters are of the other case. */
typedef struct {
	GObject parent_instance;
} TestFilter;
typedef GObjectClass TestFilterClass;

static void
turn_letters(const guint8 *data, gsize length, GByteArray *output)
{
	for (gsize i = 0; i < length; i++) {
		guint8 c = g_ascii_isalpha(data[i]) ? data[i] ^ 0x20 : data[i];

		g_byte_array_append(output, &c, 1);
	}
}

/* Up to the end of a line, as a filter does that its peer may take away there. */
static gboolean
test_filter_decode(FerryStreamFilter *filter, const guint8 *data, gsize length, gsize max_output,
		   gsize *consumed, GByteArray *output, GError **error)
{
	const guint8 *end = memchr(data, '\n', MIN(length, max_output));

	*consumed = end != NULL ? (gsize)(end - data) + 1 : MIN(length, max_output);
	turn_letters(data, *consumed, output);
	return TRUE;
}

static gboolean
test_filter_encode(FerryStreamFilter *filter, const guint8 *data, gsize length, gboolean flush,
		   GByteArray *output, GError **error)
{
	turn_letters(data, length, output);
	return TRUE;
}

static gboolean
test_filter_has_pending(FerryStreamFilter *filter)
{
	return FALSE;
}

static void
test_filter_iface_init(FerryStreamFilterInterface *iface)
{
	iface->decode = test_filter_decode;
	iface->encode = test_filter_encode;
	iface->has_pending = test_filter_has_pending;
}

static GType test_filter_get_type(void);
G_DEFINE_TYPE_WITH_CODE(TestFilter, test_filter, G_TYPE_OBJECT,
			G_IMPLEMENT_INTERFACE(FERRY_TYPE_STREAM_FILTER, test_filter_iface_init))

static void
test_filter_class_init(TestFilterClass *klass)
{
}

static void
test_filter_init(TestFilter *self)
{
}

static guint n_resets;

static void
reset(FerryImapSession *session, gpointer user_data)
{
	n_resets++;
}

static gboolean
add_session_data(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_session_data(registry, "TEST", reset, NULL, NULL, error);
}

static void
sign_in(Live *live)
{
	g_autofree char *greeting = live_wait(live, "ready\r\n");

	live->session->phase = FERRY_PHASE_AUTHENTICATED;
	live->session->user = g_strdup("alice");
	ferry_imap_writer_set_utf8(live->session->writer, TRUE);
	ferry_imap_session_enable(live->session, "IMAP4REV2");
	ferry_imap_session_set_fetch_word(live->session, "UIDFETCH");
	ferry_imap_session_tell_details(live->session, TRUE);
	ferry_imap_session_set_data(live->session, "TEST", live, NULL);
}

/* With a message that the client was told of and one that is gone, which it was not. */
static void
select_mailbox(Live *live)
{
	g_autoptr(FerryKeywordTable) keywords = ferry_keyword_table_new();
	static const guint32 gone[] = {1};
	g_autoptr(FerryView) before = NULL;
	g_autoptr(FerryView) after = NULL;

	for (guint i = 0; i < 2; i++) {
		FerryViewBuilder *builder = ferry_view_builder_new(NULL, keywords);
		FerryMessageRow rows[] = {{.uid = 1}, {.uid = 2}};

		for (guint row = i; row < G_N_ELEMENTS(rows); row++)
			ferry_view_builder_set(builder, &rows[row], "e", "b", "t");
		ferry_view_builder_set_mailbox(builder, 1, 3, 1, 0);
		*(i == 0 ? &before : &after) = ferry_view_builder_end(builder);
	}
	live->session->told = ferry_told_new(before);
	ferry_told_apply_changes(live->session->told, after, NULL, 0, gone, G_N_ELEMENTS(gone));
	live->session->mailbox = g_object_new(FERRY_TYPE_MAILBOX, NULL);
	live->session->mailbox->id = g_strdup("P1");
	live->session->mailbox_name = g_strdup("INBOX");
	live->session->saved_result = ferry_uid_set_new();
	live->session->phase = FERRY_PHASE_SELECTED;
}

static void
assert_signed_out(FerryImapSession *session)
{
	g_assert_cmpint(session->phase, ==, FERRY_PHASE_BEFORE_LOGIN);
	g_assert_null(session->user);
	g_assert_null(session->mailbox);
	g_assert_null(session->mailbox_name);
	g_assert_null(session->told);
	g_assert_null(session->saved_result);
	g_assert_null(ferry_imap_session_get_fetch_word(session));
	g_assert_null(ferry_imap_session_get_data(session, "TEST"));
	g_assert_false(ferry_imap_session_is_enabled(session, "IMAP4REV2"));
	g_assert_false(ferry_imap_session_tells_details(session));
	g_assert_false(ferry_imap_writer_get_utf8(session->writer));
}

/* RFC 8437 §3: OK with the capabilities of who has not signed in, and nothing else is told: not
 * that the mailbox is closed, and not what went from it. */
static void
test_states(void)
{
	static const struct {
		gboolean signs_in, selects;
		const char *line;
		const char *answer; /* begins so */
		gboolean signs_out;
	} cases[] = {
		{TRUE, FALSE, "a UNAUTHENTICATE\r\n", "a OK [CAPABILITY IMAP4rev1 ", TRUE},
		{TRUE, TRUE, "a UNAUTHENTICATE\r\n", "a OK [CAPABILITY IMAP4rev1 ", TRUE},
		{TRUE, TRUE, "a unauthenticate\r\n", "a OK [CAPABILITY IMAP4rev1 ", TRUE},
		{FALSE, FALSE, "a UNAUTHENTICATE\r\n", "a BAD ", FALSE},
		{TRUE, FALSE, "a UNAUTHENTICATE now\r\n", "a BAD ", FALSE},
		{TRUE, FALSE, "a UNAUTHENTICATE \r\n", "a BAD ", FALSE},
		{TRUE, FALSE, "a UNAUTHENTICATE {0+}\r\n\r\n", "a BAD ", FALSE},
		{TRUE, FALSE, "a UNAUTHENTICATEX\r\n", "a BAD ", FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		Live live;
		g_autofree char *answer = NULL;

		n_resets = 0;
		live_init(&live, &ferry_plugin, add_session_data);
		if (cases[i].signs_in)
			sign_in(&live);
		else
			g_free(live_wait(&live, "ready\r\n"));
		if (cases[i].selects)
			select_mailbox(&live);
		live_send(&live, cases[i].line);
		answer = live_wait(&live, "\r\n");
		g_test_message("case %u: %s", i, answer);
		g_assert_true(g_str_has_prefix(answer, cases[i].answer));
		g_assert_cmpuint(n_resets, ==, cases[i].signs_out);
		if (cases[i].signs_out) {
			assert_signed_out(live.session);
			g_assert_nonnull(strstr(answer, " AUTH=PLAIN"));
			g_assert_null(strstr(answer, "UNAUTHENTICATE"));
		} else if (cases[i].signs_in) {
			g_assert_cmpstr(live.session->user, ==, "alice");
			g_assert_cmpint(live.session->phase, ==, FERRY_PHASE_AUTHENTICATED);
		}
		live_clear(&live);
	}
}

/* The tagged line is the last that goes through the filters (RFC 8437 §4.2), and what follows the
 * command in the same packet comes without them. */
static void
test_filters(void)
{
	Live live;
	g_autoptr(FerryStreamFilter) filter = g_object_new(test_filter_get_type(), NULL);
	g_autofree char *through = NULL;
	g_autofree char *answer = NULL;
	g_autofree char *next = NULL;

	live_init(&live, &ferry_plugin, NULL);
	sign_in(&live);
	ferry_connection_push_filter(ferry_imap_session_get_connection(live.session), filter);
	live_send(&live, "A noop\r\n");
	through = live_wait(&live, "\r\n");
	g_assert_cmpstr(through, ==, "A ok noop COMPLETED\r\n");
	live_send(&live, "A unauthenticate\r\nb NOOP\r\nc UNAUTHENTICATE\r\n");
	answer = live_wait(&live, "\r\n");
	g_assert_true(g_str_has_prefix(answer, "A ok [capability imap4REV1 "));
	g_assert_true(g_str_has_suffix(answer, "] sIGNED OUT\r\n"));
	next = live_wait(&live, "c BAD ");
	g_assert_cmpstr(next, ==, "b OK NOOP completed\r\nc BAD ");
	g_assert_false(
		ferry_connection_has_filters(ferry_imap_session_get_connection(live.session)));
	live_clear(&live);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/unauthenticate/states", test_states);
	g_test_add_func("/unauthenticate/filters", test_filters);
	return g_test_run();
}
