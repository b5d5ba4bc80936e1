/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The log: one line for each event, on standard error
 *
 * Implementation: a writer for GLib's structured log. Levels are error, warning, info and debug;
 *   what GLib calls critical and error is always written.
 * Control characters of a message are escaped here once more, so that nobody can forge a line.
 */
#include "base/log.h"

#include <string.h>
#include <unistd.h>

static GLogLevelFlags lowest = G_LOG_LEVEL_INFO;
static FerryLogFormat chosen = FERRY_LOG_TEXT;

/* longer than any message of ours; what a library says may be longer and is cut */
#define MAX_MESSAGE 4096

/**
 * ferry_log_escape:
 * @text: (array length=length): octets from a peer
 * @length: how many, or -1 up to NUL
 *
 * Makes octets from a peer fit for a log: control characters, backslashes and what is not UTF-8
 * become `\xNN`, and long texts are cut.
 *
 * Returns: (transfer full): the text
 */
char *
ferry_log_escape(const char *text, gssize length)
{
	gsize left = length < 0 ? strlen(text) : (gsize)length;
	GString *out = g_string_sized_new(MIN(left, MAX_MESSAGE) + 8);

	while (left > 0 && out->len < MAX_MESSAGE) {
		gunichar c = g_utf8_get_char_validated(text, (gssize)left);

		if (c == (gunichar)-1 || c == (gunichar)-2 || c < 0x20 || c == 0x7f || c == '\\' ||
		    (c >= 0x80 && c < 0xa0)) {
			g_string_append_printf(out, "\\x%02x", (guint8)*text);
			text++, left--;
		} else {
			gsize n = (gsize)(g_utf8_next_char(text) - text);

			g_string_append_len(out, text, (gssize)n);
			text += n, left -= n;
		}
	}
	if (left > 0)
		g_string_append(out, "…");
	return g_string_free(out, FALSE);
}

static const char *
level_word(GLogLevelFlags level)
{
	if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
		return "error";
	if (level & G_LOG_LEVEL_WARNING)
		return "warning";
	return level & G_LOG_LEVEL_DEBUG ? "debug" : "info";
}

static void
append_json_string(GString *line, const char *text)
{
	g_string_append_c(line, '"');
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			g_string_append_c(line, '\\');
		g_string_append_c(line, *c);
	}
	g_string_append_c(line, '"');
}

/* Line breaks and other control characters only; backslashes may be ours or ferry_log_escape()'s.
 */
static char *
escape_message(const char *message)
{
	g_autofree char *valid = g_utf8_make_valid(message, -1);
	GString *out = g_string_new(NULL);

	for (const char *c = valid; *c != '\0' && out->len < MAX_MESSAGE; c++) {
		if ((guint8)*c < 0x20 || *c == 0x7f)
			g_string_append_printf(out, "\\x%02x", (guint8)*c);
		else
			g_string_append_c(out, *c);
	}
	return g_string_free(out, FALSE);
}

static void
append_line(GString *line, GLogLevelFlags level, const char *domain, const char *message)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *time = g_date_time_format_iso8601(now);

	if (chosen == FERRY_LOG_TEXT) {
		g_string_append_printf(line, "%s %s: %s\n", time, level_word(level), message);
		return;
	}
	g_string_append_printf(line, "{\"time\":\"%s\",\"level\":\"%s\",\"domain\":", time,
			       level_word(level));
	append_json_string(line, domain);
	g_string_append(line, ",\"message\":");
	append_json_string(line, message);
	g_string_append(line, "}\n");
}

static const char *
find_field(const GLogField *fields, gsize n_fields, const char *key)
{
	for (gsize i = 0; i < n_fields; i++) {
		if (g_str_equal(fields[i].key, key) && fields[i].length < 0)
			return fields[i].value;
	}
	return NULL;
}

static GLogWriterOutput
write_log(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
	const char *message = find_field(fields, n_fields, "MESSAGE");
	const char *domain = find_field(fields, n_fields, "GLIB_DOMAIN");
	g_autofree char *escaped = NULL;
	g_autoptr(GString) line = NULL;

	if ((level & G_LOG_LEVEL_MASK) > lowest)
		return G_LOG_WRITER_HANDLED;
	escaped = escape_message(message != NULL ? message : "");
	line = g_string_sized_new(128);
	append_line(line, level, domain != NULL ? domain : "", escaped);
	/* one write, so that lines of several threads do not mix; a full pipe is not our problem */
	if (write(STDERR_FILENO, line->str, line->len) < 0)
		return G_LOG_WRITER_UNHANDLED;
	return G_LOG_WRITER_HANDLED;
}

/**
 * ferry_log_set_up:
 * @level: error, warning, info or debug
 * @format: for people or for machines
 *
 * Decides what is logged and how. GLib takes a writer once in a process; calling this again changes
 * level and format.
 *
 * Returns: %FALSE where @level is not a level
 */
gboolean
ferry_log_set_up(const char *level, FerryLogFormat format)
{
	static const struct {
		const char *word;
		GLogLevelFlags level;
	} levels[] = {
		{"error", G_LOG_LEVEL_CRITICAL},
		{"warning", G_LOG_LEVEL_WARNING},
		{"info", G_LOG_LEVEL_INFO},
		{"debug", G_LOG_LEVEL_DEBUG},
	};
	static gsize installed = 0;

	for (guint i = 0; i < G_N_ELEMENTS(levels); i++) {
		if (!g_str_equal(levels[i].word, level))
			continue;
		lowest = levels[i].level;
		chosen = format;
		if (g_once_init_enter(&installed)) {
			g_log_set_writer_func(write_log, NULL, NULL);
			g_once_init_leave(&installed, 1);
		}
		return TRUE;
	}
	return FALSE;
}
