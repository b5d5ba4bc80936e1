/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SAVEDATE
 *
 * Specification: RFC 8514
 * Implementation: the moment at which a message got its UID in the mailbox, which the store keeps;
 *   in UTC, as INTERNALDATE is shown. Of messages that were there when Ferry first read the mailbox
 *   nobody knows it: NIL, and SEARCH takes the internal date, as §4.3 has it for mailboxes without
 *   save dates. Every mailbox has save dates for what comes into it: SAVEDATESUPPORTED matches all.
 * Not mapped: JMAP has no such property.
 */
#include "savedate.h"

#define SECONDS_PER_DAY 86400

/* date-time of RFC 9051 §9, without its quotes */
char *
savedate_format(gint64 seconds)
{
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds);

	return g_strdup_printf("%02d-%s-%04d %02d:%02d:%02d +0000",
			       g_date_time_get_day_of_month(date),
			       months[g_date_time_get_month(date) - 1], g_date_time_get_year(date),
			       g_date_time_get_hour(date), g_date_time_get_minute(date),
			       g_date_time_get_second(date));
}

void
savedate_write(FerryImapFetch *fetch, FerryImapMessage *message, FerryImapValue *arguments,
	       FerryImapWriter *writer, gpointer user_data)
{
	const FerryMessageRow *row = ferry_imap_message_get_row(message);
	g_autofree char *text = NULL;

	ferry_imap_writer_write_atom(writer, "SAVEDATE");
	if (row->saved_at != 0)
		text = savedate_format(row->saved_at);
	ferry_imap_writer_write_nstring(writer, text);
}

/* @day: days since 1970-01-01, compared with the day that is shown */
gboolean
savedate_matches(SavedateKey key, gint64 seconds, gint64 day)
{
	gint64 shown = seconds / SECONDS_PER_DAY - (seconds % SECONDS_PER_DAY < 0);

	switch (key) {
	case SAVEDATE_BEFORE:
		return shown < day;
	case SAVEDATE_ON:
		return shown == day;
	default:
		return shown >= day;
	}
}

gboolean
savedate_match(FerryImapSearch *search, FerryImapMessage *message, FerryImapValue *arguments,
	       gpointer user_data)
{
	const FerryMessageRow *row = ferry_imap_message_get_row(message);

	return savedate_matches((SavedateKey)GPOINTER_TO_INT(user_data),
				row->saved_at != 0 ? (gint64)row->saved_at : row->received_at,
				ferry_imap_value_get_day(ferry_imap_value_get_child(arguments, 0)));
}

gboolean
savedate_match_supported(FerryImapSearch *search, FerryImapMessage *message,
			 FerryImapValue *arguments, gpointer user_data)
{
	return TRUE;
}
