/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dates, message ids and base subjects
 *
 * Specification: RFC 5322 sections 3.3, 3.6.4 and 4.3, RFC 3339, RFC 5256 section 2.1
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mime-header.h"

static int
js_parse_month(const char *word)
{
	static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	for (int i = 0; i < 12; i++)
		if (g_ascii_strncasecmp(word, months + i * 3, 3) == 0)
			return i + 1;
	return 0;
}

static int
js_parse_zone(const char *zone)
{
	static const struct {
		const char *name;
		int minutes;
	} zones[] = {{"EST", -300}, {"EDT", -240}, {"CST", -360}, {"CDT", -300},
		     {"MST", -420}, {"MDT", -360}, {"PST", -480}, {"PDT", -420}};

	if ((zone[0] == '+' || zone[0] == '-') && strlen(zone) >= 5) {
		int number = atoi(zone + 1);
		int minutes = number / 100 % 24 * 60 + number % 100;

		return zone[0] == '-' ? -minutes : minutes;
	}
	for (guint i = 0; i < G_N_ELEMENTS(zones); i++)
		if (g_ascii_strcasecmp(zone, zones[i].name) == 0)
			return zones[i].minutes;
	return 0;
}

gboolean
js_mime_parse_date(const char *value, gsize len, gint64 *seconds, int *offset_minutes)
{
	g_autofree char *text = g_strndup(value, MIN(len, 200));
	g_autoptr(GDateTime) date = NULL;
	char month[4] = "", zone[12] = "";
	int day, year, hour, minute, second = 0, n = 0;
	char *comment = strchr(text, '(');
	char *comma = strchr(text, ',');
	const char *start = comma != NULL ? comma + 1 : text;

	if (comment != NULL && (comma == NULL || comment > comma))
		*comment = '\0';
	if (sscanf(start, " %d %3[A-Za-z]%*[A-Za-z.] %d %d:%d%n", &day, month, &year, &hour,
		   &minute, &n) < 5 &&
	    sscanf(start, " %d %3[A-Za-z] %d %d:%d%n", &day, month, &year, &hour, &minute, &n) < 5)
		return FALSE;
	start += n;
	if (*start == ':' && sscanf(start, ":%d%n", &second, &n) == 1)
		start += n;
	if (sscanf(start, " %11[A-Za-z0-9+-]", zone) != 1)
		zone[0] = '\0';
	if (year < 50)
		year += 2000;
	else if (year < 1000)
		year += 1900;
	date = g_date_time_new_utc(year, js_parse_month(month), day, hour, minute, MIN(second, 59));
	if (date == NULL)
		return FALSE;
	*offset_minutes = js_parse_zone(zone);
	*seconds = g_date_time_to_unix(date) - (gint64)*offset_minutes * 60;
	return TRUE;
}

char *
js_mime_format_date(gint64 seconds, int offset_minutes)
{
	g_autoptr(GDateTime) utc =
		g_date_time_new_from_unix_utc(seconds + (gint64)offset_minutes * 60);
	g_autofree char *text = utc != NULL ? g_date_time_format(utc, "%Y-%m-%dT%H:%M:%S") : NULL;
	int minutes = ABS(offset_minutes);

	if (text == NULL)
		return g_strdup("1970-01-01T00:00:00Z");
	if (offset_minutes == 0)
		return g_strconcat(text, "Z", NULL);
	return g_strdup_printf("%s%c%02d:%02d", text, offset_minutes < 0 ? '-' : '+', minutes / 60,
			       minutes % 60);
}

char *
js_mime_format_utc(gint64 seconds)
{
	return js_mime_format_date(seconds, 0);
}

GPtrArray *
js_mime_parse_message_ids(const char *value, gsize len)
{
	GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
	gsize at = 0;

	while (at < len) {
		const char *open = memchr(value + at, '<', len - at);
		const char *close;

		if (open == NULL)
			break;
		close = memchr(open, '>', len - (gsize)(open - value));
		if (close == NULL)
			break;
		if (close > open + 1)
			g_ptr_array_add(ids, g_utf8_make_valid(open + 1, close - open - 1));
		at = (gsize)(close - value) + 1;
	}
	return ids;
}

static const char *
js_skip_blob(const char *p)
{
	while (g_ascii_isspace(*p))
		p++;
	while (*p == '[') {
		const char *close = strchr(p, ']');

		if (close == NULL || close[1] == '\0')
			break;
		p = close + 1;
		while (g_ascii_isspace(*p))
			p++;
	}
	return p;
}

/* Close to RFC 5256: leading Re/Fw/Fwd with [blobs], trailing (fwd), white space. */
char *
js_mime_dup_base_subject(const char *subject)
{
	static const char *prefixes[] = {"re", "fwd", "fw"};
	const char *p = js_skip_blob(subject);
	g_autofree char *base = NULL;
	gboolean found = TRUE;

	while (found) {
		found = FALSE;
		for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++) {
			gsize len = strlen(prefixes[i]);
			const char *rest;

			if (g_ascii_strncasecmp(p, prefixes[i], len) != 0)
				continue;
			rest = js_skip_blob(p + len);
			if (*rest != ':')
				continue;
			p = js_skip_blob(rest + 1);
			found = TRUE;
			break;
		}
	}
	base = g_utf8_casefold(p, -1);
	g_strchomp(base);
	while (g_str_has_suffix(base, "(fwd)")) {
		base[strlen(base) - 5] = '\0';
		g_strchomp(base);
	}
	return g_steal_pointer(&base);
}
