/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Generated mail: any number of messages, each a function of seed and number
 *
 * Implementation: about 1.7 KB a message; one in eight is multipart/alternative, one in eight has
 *   an attachment, some names are not ASCII, about half are replies. The octets are made again
 *   whenever they are wanted, so a large mailbox costs only its metadata.
 */
#include <string.h>

#include "generator.h"

/* 2024-01-01T00:00:00Z; one message every ten minutes */
#define JS_GENERATED_START G_GINT64_CONSTANT(1704067200)
#define JS_GENERATED_STEP 600

static const char *const js_words[] = {
	"harbour", "ferry",   "island",  "morning", "letter", "garden",  "window", "river",
	"copper",  "lantern", "orchard", "winter",  "bridge", "market",  "quiet",  "silver",
	"station", "meadow",  "cedar",   "pepper",  "violin", "compass", "ribbon", "kettle",
	"marble",  "timber",  "saffron", "willow",  "anchor", "pebble",  "candle", "thunder"};

static const struct {
	const char *name, *email;
} js_people[] = {
	{"Ada Moreno", "ada@example.org"},
	{"Bengt Larsson", "bengt@example.net"},
	{"=?utf-8?Q?Chlo=C3=A9_Durand?=", "chloe@example.com"},
	{"\"Okafor, Dayo\"", "dayo@example.org"},
	{"=?utf-8?B?5bGx55Sw6Iqx5a2Q?=", "hanako@example.jp"},
	{"Elif Kaya", "elif@example.net"},
	{"Farid Haddad", "farid@example.com"},
	{"=?iso-8859-1?Q?J=FCrgen_Wei=DF?=", "juergen@example.de"},
};

static guint32
js_random(guint32 *state)
{
	guint32 x = *state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return *state = x;
}

static guint32
js_random_start(guint32 seed, guint32 number)
{
	guint32 state = seed * 2654435761u ^ (number + 1) * 2246822519u;

	if (state == 0)
		state = 1;
	for (guint i = 0; i < 4; i++)
		js_random(&state);
	return state;
}

static const char *
js_random_word(guint32 *state)
{
	return js_words[js_random(state) % G_N_ELEMENTS(js_words)];
}

/* The message that opens the conversation this one belongs to. */
static guint32
js_generated_root(guint32 number)
{
	return number % 4 < 2 ? number : number - number % 4 + (number % 4 == 3 ? 1 : 0);
}

static void
js_append_subject(GString *out, guint32 seed, guint32 number)
{
	guint32 root = js_generated_root(number);
	guint32 state = js_random_start(seed, root);

	g_string_append(out, root != number ? "Subject: Re: " : "Subject: ");
	if (root % 16 == 5)
		g_string_append(out, "=?utf-8?Q?Caf=C3=A9?= ");
	for (guint i = 0; i < 3; i++)
		g_string_append_printf(out, "%s ", js_random_word(&state));
	g_string_append_printf(out, "%u\r\n", root);
}

static void
js_append_header(GString *out, guint32 seed, guint32 number, guint32 *state)
{
	guint from = js_random(state) % G_N_ELEMENTS(js_people);
	guint to = js_random(state) % G_N_ELEMENTS(js_people);
	g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(
		js_generate_received_at(seed, number) - js_random(state) % 90);
	static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

	g_string_append_printf(out,
			       "Return-Path: <%s>\r\n"
			       "Received: from mail.example.net (mail.example.net [192.0.2.%u])\r\n"
			       "\tby mx.example.org with ESMTPS id %08x\r\n",
			       js_people[from].email, js_random(state) % 250 + 1, js_random(state));
	g_string_append_printf(out, "From: %s <%s>\r\nTo: %s <%s>\r\n", js_people[from].name,
			       js_people[from].email, js_people[to].name, js_people[to].email);
	js_append_subject(out, seed, number);
	g_string_append_printf(out, "Date: %s, %02d %s %d %02d:%02d:%02d +0000\r\n",
			       days[g_date_time_get_day_of_week(date) - 1],
			       g_date_time_get_day_of_month(date),
			       months[g_date_time_get_month(date) - 1], g_date_time_get_year(date),
			       g_date_time_get_hour(date), g_date_time_get_minute(date),
			       g_date_time_get_second(date));
	g_string_append_printf(out, "Message-ID: <%u.%u@generated.example>\r\n", number, seed);
	if (js_generated_root(number) != number)
		g_string_append_printf(out,
				       "In-Reply-To: <%u.%u@generated.example>\r\n"
				       "References: <%u.%u@generated.example>\r\n",
				       js_generated_root(number), seed, js_generated_root(number),
				       seed);
	g_string_append(out, "MIME-Version: 1.0\r\n");
}

static void
js_append_sentences(GString *out, guint32 *state, guint words, const char *line_end)
{
	guint column = 0;

	for (guint i = 0; i < words; i++) {
		const char *word = js_random_word(state);

		g_string_append(out, word);
		column += (guint)strlen(word) + 1;
		if (column > 66 || i + 1 == words) {
			g_string_append(out, i % 3 == 0 ? "." : "");
			g_string_append(out, line_end);
			column = 0;
		} else {
			g_string_append_c(out, ' ');
		}
	}
}

static void
js_append_alternative(GString *out, guint32 *state, guint words)
{
	g_string_append(out, "Content-Type: multipart/alternative; boundary=\"alt\"\r\n\r\n"
			     "--alt\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n");
	js_append_sentences(out, state, words / 2, "\r\n");
	g_string_append(out, "\r\n--alt\r\nContent-Type: text/html; charset=utf-8\r\n"
			     "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
			     "<html><body><p style=3D\"color: black\">");
	js_append_sentences(out, state, words / 2, "<br>\r\n");
	g_string_append(out, "</p></body></html>\r\n--alt--\r\n");
}

static void
js_append_attachment(GString *out, guint32 *state, guint words)
{
	g_string_append(out, "Content-Type: multipart/mixed; boundary=\"mix\"\r\n\r\n"
			     "--mix\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n");
	js_append_sentences(out, state, words / 2, "\r\n");
	g_string_append(out, "\r\n--mix\r\nContent-Type: application/octet-stream\r\n"
			     "Content-Transfer-Encoding: base64\r\n"
			     "Content-Disposition: attachment; filename=\"data.bin\"\r\n\r\n");
	for (guint line = 0; line < 8; line++) {
		guint32 raw[14];
		g_autofree char *text = NULL;

		for (guint i = 0; i < G_N_ELEMENTS(raw); i++)
			raw[i] = GUINT32_TO_LE(js_random(state));
		text = g_base64_encode((const guchar *)raw, 54);
		g_string_append_printf(out, "%s\r\n", text);
	}
	g_string_append(out, "--mix--\r\n");
}

GBytes *
js_generate_message(guint32 seed, guint32 number)
{
	guint32 state = js_random_start(seed, number);
	GString *out = g_string_sized_new(3072);
	guint words;
	gsize len;

	js_append_header(out, seed, number, &state);
	words = 80 + js_random(&state) % 180;
	if (number % 8 == 3) {
		js_append_alternative(out, &state, words);
	} else if (number % 8 == 6) {
		js_append_attachment(out, &state, words);
	} else {
		g_string_append(out, "Content-Type: text/plain; charset=us-ascii\r\n\r\n");
		js_append_sentences(out, &state, words, "\r\n");
	}
	len = out->len;
	return g_bytes_new_take(g_string_free(out, FALSE), len);
}

gint64
js_generate_received_at(guint32 seed, guint32 number)
{
	return JS_GENERATED_START + seed % 1000 + (gint64)number * JS_GENERATED_STEP;
}

guint
js_generate_flags(guint32 seed, guint32 number)
{
	guint32 state = js_random_start(seed ^ 0x5eedu, number);
	guint random = js_random(&state) % 100;

	return (random < 70 ? JS_GENERATED_SEEN : 0) |
	       (random % 10 == 0 ? JS_GENERATED_FLAGGED : 0) |
	       (random < 20 ? JS_GENERATED_ANSWERED : 0);
}
