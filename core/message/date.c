/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Date field
 *
 * Specification: RFC 5322 §3.3, §4.3
 * Implementation: lenient: the order of day, month, time and zone does not matter, so asctime()
 *   dates and "1-Jan-2024" are read too; comments and names of days are skipped
 */
#include <string.h>

#include "message/date.h"

/* a date has a dozen words; whatever is longer is no date */
#define DATE_MAX 256

typedef struct {
	int day, month, year; /* month 1..12; -1: not seen */
	int hour, minute, second;
	int zone;
	gboolean has_zone;
} Fields;

/**
 * ferry_message_date_day_number:
 * @year: a year of the Gregorian calendar
 * @month: 1 to 12
 * @day: 1 to 31
 *
 * Returns: days since 1970-01-01
 */
gint32
ferry_message_date_day_number(gint year, guint month, guint day)
{
	/* years that begin in March, so that the leap day is the last of its year */
	gint64 y = (gint64)year - (month <= 2);
	gint64 era = (y >= 0 ? y : y - 399) / 400;
	gint64 year_of_era = y - era * 400;
	gint64 day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	gint64 day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return (gint32)(era * 146097 + day_of_era - 719468);
}

static int
find_month(const char *word, gsize length)
{
	static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	if (length < 3)
		return -1;
	for (int i = 0; i < 12; i++) {
		if (g_ascii_strncasecmp(months + 3 * i, word, 3) == 0)
			return i + 1;
	}
	return -1;
}

static gboolean
find_zone(const char *word, gsize length, int *minutes)
{
	static const struct {
		const char *name;
		int hours;
	} zones[] = {{"UT", 0},   {"UTC", 0},  {"GMT", 0},  {"Z", 0},    {"EST", -5}, {"EDT", -4},
		     {"CST", -6}, {"CDT", -5}, {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}};

	for (guint i = 0; i < G_N_ELEMENTS(zones); i++) {
		if (strlen(zones[i].name) == length &&
		    g_ascii_strncasecmp(zones[i].name, word, length) == 0) {
			*minutes = zones[i].hours * 60;
			return TRUE;
		}
	}
	return FALSE;
}

static void
take_word(Fields *fields, const char *word, gsize length)
{
	int month = find_month(word, length);
	int zone;

	if (find_zone(word, length, &zone)) {
		fields->zone = zone;
		fields->has_zone = TRUE;
	} else if (month > 0 && fields->month < 0) {
		fields->month = month;
	}
}

/* Reads up to nine digits; more make no number that a date could hold. */
static const char *
read_number(const char *p, int *number, int *digits)
{
	*number = 0;
	for (*digits = 0; g_ascii_isdigit(*p); p++, (*digits)++)
		*number = *digits < 9 ? *number * 10 + (*p - '0') : -1;
	return p;
}

static const char *
take_time(Fields *fields, const char *p, int hour)
{
	int digits;

	fields->hour = hour;
	fields->second = 0;
	p = read_number(p + 1, &fields->minute, &digits);
	if (*p == ':' && g_ascii_isdigit(p[1]))
		p = read_number(p + 1, &fields->second, &digits);
	return p;
}

static void
take_year(Fields *fields, int number, int digits)
{
	/* RFC 5322 §4.3: two and three digits count from 1900, two below 50 from 2000 */
	if (digits == 2)
		number += number < 50 ? 2000 : 1900;
	else if (digits == 3)
		number += 1900;
	fields->year = number;
}

static const char *
take_number(Fields *fields, const char *p)
{
	int number, digits;

	p = read_number(p, &number, &digits);
	if (*p == ':' && g_ascii_isdigit(p[1]) && fields->hour < 0)
		return take_time(fields, p, number);
	if (fields->day < 0 && digits <= 2)
		fields->day = number;
	else if (fields->year < 0)
		take_year(fields, number, digits);
	return p;
}

static const char *
take_offset(Fields *fields, const char *p)
{
	int sign = *p == '-' ? -1 : 1;
	int number, digits;

	p = read_number(p + 1, &number, &digits);
	if (*p == ':' && digits == 2 && g_ascii_isdigit(p[1])) {
		int minutes;

		p = read_number(p + 1, &minutes, &digits);
		number = minutes < 60 ? number * 100 + minutes : -1;
	}
	fields->has_zone = TRUE;
	/* what is out of range says nothing about the zone, like -0000 */
	if (number >= 0 && number / 100 < 24 && number % 100 < 60)
		fields->zone = sign * (number / 100 * 60 + number % 100);
	return p;
}

static const char *
skip_comment(const char *p)
{
	int depth = 0;

	for (; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '(')
			depth++;
		else if (*p == ')' && --depth == 0)
			return p + 1;
	}
	return p;
}

static void
read_fields(Fields *fields, const char *p)
{
	while (*p != '\0') {
		if (*p == '(') {
			p = skip_comment(p);
		} else if (g_ascii_isalpha(*p)) {
			const char *word = p;

			while (g_ascii_isalpha(*p))
				p++;
			take_word(fields, word, p - word);
		} else if (g_ascii_isdigit(*p)) {
			p = take_number(fields, p);
		} else if ((*p == '+' || *p == '-') && g_ascii_isdigit(p[1]) && fields->hour >= 0 &&
			   !fields->has_zone) {
			p = take_offset(fields, p);
		} else {
			p++;
		}
	}
}

static gboolean
is_date(const Fields *fields)
{
	static const guint8 lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return fields->month > 0 && fields->day > 0 && fields->day <= lengths[fields->month - 1] &&
	       fields->year > 0 && fields->year <= 9999;
}

/**
 * ferry_message_date_parse:
 * @value: (array length=length): the raw value of a Date field
 * @length: its octets
 * @date: (out caller-allocates): what it says
 *
 * Reads a date, also an obsolete or a slightly broken one. A time that is missing or impossible is
 * midnight, a zone that is missing is UTC.
 *
 * Returns: %FALSE if there is no day, month and year in @value
 */
gboolean
ferry_message_date_parse(const char *value, gsize length, FerryMessageDate *date)
{
	Fields fields = {.day = -1, .month = -1, .year = -1, .hour = -1};
	char text[DATE_MAX + 1];
	gint64 seconds;

	length = MIN(length, DATE_MAX);
	for (gsize i = 0; i < length; i++)
		text[i] = value[i] == '\0' ? ' ' : value[i];
	text[length] = '\0';
	read_fields(&fields, text);
	if (!is_date(&fields))
		return FALSE;
	if (fields.hour < 0 || fields.hour > 23 || fields.minute < 0 || fields.minute > 59 ||
	    fields.second < 0 || fields.second > 60)
		fields.hour = fields.minute = fields.second = 0;
	date->local_day = ferry_message_date_day_number(fields.year, fields.month, fields.day);
	date->zone = fields.zone;
	seconds = fields.hour * 3600 + fields.minute * 60 + fields.second - fields.zone * 60;
	date->seconds = (gint64)date->local_day * 86400 + seconds;
	return TRUE;
}
