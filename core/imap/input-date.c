/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dates in commands
 *
 * Specification: RFC 9051 §9 (date, date-time)
 * Implementation: both; a day that its month does not have is malformed
 */
#include <string.h>

#include "imap/input-private.h"
#include "message/date.h"

#define SECONDS_PER_DAY 86400

static gboolean
take_digits(FerryImapInput *self, guint least, guint most, guint *number)
{
	guint n;

	*number = 0;
	for (n = 0; n < most; n++) {
		int c = ferry_imap_input_peek(self);

		if (c < '0' || c > '9')
			break;
		*number = *number * 10 + (guint)(c - '0');
		self->position++;
	}
	return n >= least;
}

static gboolean
take_month(FerryImapInput *self, guint *month)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	if (self->length - self->position < 3)
		return FALSE;
	for (guint i = 0; i < 12; i++) {
		if (g_ascii_strncasecmp(self->data + self->position, months + 3 * i, 3) == 0) {
			self->position += 3;
			*month = i + 1;
			return TRUE;
		}
	}
	return FALSE;
}

/* `-month-year` behind a day. */
static gboolean
take_rest_of_date(FerryImapInput *self, guint day, gint32 *day_number)
{
	guint month, year;

	if (!ferry_imap_input_take(self, '-') || !take_month(self, &month) ||
	    !ferry_imap_input_take(self, '-') || !take_digits(self, 4, 4, &year))
		return FALSE;
	if (!g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year))
		return FALSE;
	*day_number = ferry_message_date_day_number((gint)year, month, day);
	return TRUE;
}

FerryImapValue *
ferry_imap_input_take_date(FerryImapInput *self, GError **error)
{
	gboolean quoted = ferry_imap_input_take(self, '"');
	gint32 day_number;
	guint day;

	if (!take_digits(self, 1, 2, &day) || !take_rest_of_date(self, day, &day_number) ||
	    (quoted && !ferry_imap_input_take(self, '"'))) {
		ferry_imap_input_fail(error, "a date like 1-Feb-2026");
		return NULL;
	}
	return ferry_imap_value_new_day(day_number);
}

static gboolean
take_time(FerryImapInput *self, gint64 *seconds)
{
	guint hour, minute, second;

	if (!take_digits(self, 2, 2, &hour) || !ferry_imap_input_take(self, ':') ||
	    !take_digits(self, 2, 2, &minute) || !ferry_imap_input_take(self, ':') ||
	    !take_digits(self, 2, 2, &second))
		return FALSE;
	*seconds = (gint64)hour * 3600 + minute * 60 + second;
	/* 60: a leap second */
	return hour < 24 && minute < 60 && second <= 60;
}

static gboolean
take_zone(FerryImapInput *self, gint32 *zone)
{
	int sign = ferry_imap_input_peek(self);
	guint hours, minutes;

	if (sign != '+' && sign != '-')
		return FALSE;
	self->position++;
	if (!take_digits(self, 2, 2, &hours) || !take_digits(self, 2, 2, &minutes) || minutes > 59)
		return FALSE;
	*zone = (gint32)(hours * 60 + minutes);
	if (sign == '-')
		*zone = -*zone;
	return TRUE;
}

FerryImapValue *
ferry_imap_input_take_date_time(FerryImapInput *self, GError **error)
{
	gint32 day_number, zone;
	gint64 seconds;
	gboolean good;
	guint day;

	good = ferry_imap_input_take(self, '"');
	/* date-day-fixed: a space may stand for the first digit */
	good = good && take_digits(self, ferry_imap_input_take(self, ' ') ? 1 : 2, 2, &day) &&
	       take_rest_of_date(self, day, &day_number) && ferry_imap_input_take(self, ' ') &&
	       take_time(self, &seconds) && ferry_imap_input_take(self, ' ') &&
	       take_zone(self, &zone) && ferry_imap_input_take(self, '"');
	if (!good) {
		ferry_imap_input_fail(error, "a date-time like \" 1-Feb-2026 12:00:00 +0000\"");
		return NULL;
	}
	return ferry_imap_value_new_time(
		(gint64)day_number * SECONDS_PER_DAY + seconds - (gint64)zone * 60, zone);
}
