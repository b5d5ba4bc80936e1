/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dates
 *
 * Specification: RFC 3339 §5.6 as RFC 8620 §1.4 narrows it (Date and UTCDate)
 * Implementation: whole seconds; a fraction is read and dropped. Years 0 to 9999, proleptic
 *   Gregorian. A leap second counts as the second after it
 */
#include <string.h>

#include "jmap/date.h"

static gboolean
read_digits(const char **text, guint n_digits, int *number)
{
	*number = 0;
	for (guint i = 0; i < n_digits; i++, (*text)++) {
		if (!g_ascii_isdigit(**text))
			return FALSE;
		*number = *number * 10 + (**text - '0');
	}
	return TRUE;
}

static gboolean
read_char(const char **text, char a, char b)
{
	if (**text != a && **text != b)
		return FALSE;
	(*text)++;
	return TRUE;
}

/* days since 1970-01-01; years are counted from March so that the leap day comes last */
static gint64
days_from_date(int year, int month, int day)
{
	gint64 y = (gint64)year - (month <= 2 ? 1 : 0);
	gint64 era = (y >= 0 ? y : y - 399) / 400;
	gint64 year_of_era = y - era * 400;
	gint64 day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	gboolean leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

static gboolean
read_zone(const char **text, int *offset)
{
	int sign = **text == '-' ? -1 : 1;
	int hours = 0;
	int minutes = 0;

	*offset = 0;
	if (read_char(text, 'Z', 'z'))
		return TRUE;
	if (!read_char(text, '+', '-') || !read_digits(text, 2, &hours) ||
	    !read_char(text, ':', ':') || !read_digits(text, 2, &minutes) || hours > 23 ||
	    minutes > 59)
		return FALSE;
	*offset = sign * (hours * 60 + minutes);
	return TRUE;
}

static gboolean
skip_fraction(const char **text)
{
	if (**text != '.')
		return TRUE;
	(*text)++;
	if (!g_ascii_isdigit(**text))
		return FALSE;
	while (g_ascii_isdigit(**text))
		(*text)++;
	return TRUE;
}

/**
 * ferry_jmap_date_parse:
 * @text: (nullable): a date with time and zone
 * @unix_time: (out): seconds since 1970
 * @offset_minutes: (out) (optional): its zone, minutes east of UTC
 *
 * Reads a Date or UTCDate (RFC 8620 §1.4).
 *
 * Returns: whether @text is one
 */
gboolean
ferry_jmap_date_parse(const char *text, gint64 *unix_time, int *offset_minutes)
{
	int year = 0;
	int month = 0;
	int day = 0;
	int hour = 0;
	int minute = 0;
	int second = 0;
	int offset = 0;

	if (text == NULL || !read_digits(&text, 4, &year) || !read_char(&text, '-', '-') ||
	    !read_digits(&text, 2, &month) || !read_char(&text, '-', '-') ||
	    !read_digits(&text, 2, &day) || !read_char(&text, 'T', 't') ||
	    !read_digits(&text, 2, &hour) || !read_char(&text, ':', ':') ||
	    !read_digits(&text, 2, &minute) || !read_char(&text, ':', ':') ||
	    !read_digits(&text, 2, &second) || !skip_fraction(&text) ||
	    !read_zone(&text, &offset) || *text != '\0')
		return FALSE;
	if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23 ||
	    minute > 59 || second > 60)
		return FALSE;
	*unix_time = days_from_date(year, month, day) * 86400 + hour * 3600 + minute * 60 + second -
		     (gint64)offset * 60;
	if (offset_minutes != NULL)
		*offset_minutes = offset;
	return TRUE;
}

static void
date_from_days(gint64 days, gint64 *year, int *month, int *day)
{
	gint64 shifted = days + 719468;
	gint64 era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	gint64 doe = shifted - era * 146097;
	gint64 yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	gint64 doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int from_march = (int)((5 * doy + 2) / 153);

	*day = (int)(doy - (153 * from_march + 2) / 5 + 1);
	*month = from_march < 10 ? from_march + 3 : from_march - 9;
	*year = yoe + era * 400 + (*month <= 2 ? 1 : 0);
}

static char *
format_date(gint64 local_time, const char *zone)
{
	gint64 days = local_time / 86400;
	int rest = (int)(local_time % 86400);
	gint64 year = 0;
	int month = 0;
	int day = 0;

	if (rest < 0) {
		rest += 86400;
		days--;
	}
	date_from_days(days, &year, &month, &day);
	return g_strdup_printf("%04d-%02d-%02dT%02d:%02d:%02d%s", (int)year, month, day,
			       rest / 3600, rest / 60 % 60, rest % 60, zone);
}

/* RFC 3339 knows four digits of a year */
static gint64
clamp_time(gint64 unix_time)
{
	return CLAMP(unix_time, G_GINT64_CONSTANT(-62167132800), G_GINT64_CONSTANT(253402214399));
}

/**
 * ferry_jmap_date_format_utc:
 * @unix_time: seconds since 1970
 *
 * Returns: (transfer full): the UTCDate, such as `2014-10-30T06:12:00Z`
 */
char *
ferry_jmap_date_format_utc(gint64 unix_time)
{
	return format_date(clamp_time(unix_time), "Z");
}

/**
 * ferry_jmap_date_format:
 * @unix_time: seconds since 1970
 * @offset_minutes: minutes east of UTC, less than a day
 *
 * Returns: (transfer full): the Date in that zone, such as `2014-10-30T14:12:00+08:00`
 */
char *
ferry_jmap_date_format(gint64 unix_time, int offset_minutes)
{
	char zone[16];
	int distance = MIN(ABS(offset_minutes), 1439);

	offset_minutes = offset_minutes < 0 ? -distance : distance;
	g_snprintf(zone, sizeof zone, "%c%02d:%02d", offset_minutes < 0 ? '-' : '+', distance / 60,
		   distance % 60);
	return format_date(clamp_time(unix_time) + offset_minutes * 60, zone);
}
