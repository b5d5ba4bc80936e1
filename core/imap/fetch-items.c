/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The base FETCH items that a view row or a scanned structure answers
 *
 * Specification: RFC 9051 §6.4.5, §7.5.2; RFC 3501 §7.4.2
 * Implementation: UID, FLAGS, INTERNALDATE, RFC822.SIZE, ENVELOPE, BODYSTRUCTURE
 * INTERNALDATE is shown in UTC: JMAP keeps no zone with receivedAt.
 */
#include <string.h>
#include <time.h>

#include "imap/fetch-private.h"

static void
write_uid(FerryImapFetch *fetch, FerryImapMessage *message, FerryImapValue *arguments,
	  FerryImapWriter *writer, gpointer user_data)
{
	ferry_imap_writer_write_atom(writer, "UID");
	ferry_imap_writer_write_number(writer, ferry_imap_message_get_uid(message));
}

static void
write_flags(FerryImapFetch *fetch, FerryImapMessage *message, FerryImapValue *arguments,
	    FerryImapWriter *writer, gpointer user_data)
{
	ferry_imap_message_write_flags(message, writer);
}

static char *
put_digits(char *to, int number, guint n_digits)
{
	for (guint i = n_digits; i > 0; i--, number /= 10)
		to[i - 1] = (char)('0' + number % 10);
	return to + n_digits;
}

/* ` 9-Sep-2001 01:46:40 +0000`, without printf(), which took a fifth of the time of a FETCH. */
static gsize
format_date(const struct tm *tm, char *text)
{
	static const char months[][6] = {"-Jan-", "-Feb-", "-Mar-", "-Apr-", "-May-", "-Jun-",
					 "-Jul-", "-Aug-", "-Sep-", "-Oct-", "-Nov-", "-Dec-"};
	char *to = put_digits(text, tm->tm_mday, 2);

	if (*text == '0')
		*text = ' ';
	memcpy(to, months[tm->tm_mon], 5);
	to = put_digits(to + 5, tm->tm_year + 1900, 4);
	*to++ = ' ';
	to = put_digits(to, tm->tm_hour, 2);
	*to++ = ':';
	to = put_digits(to, tm->tm_min, 2);
	*to++ = ':';
	to = put_digits(to, tm->tm_sec, 2);
	memcpy(to, " +0000", 6);
	return (gsize)(to + 6 - text);
}

static void
write_internal_date(FerryImapFetch *fetch, FerryImapMessage *message, FerryImapValue *arguments,
		    FerryImapWriter *writer, gpointer user_data)
{
	time_t seconds = (time_t)ferry_imap_message_get_row(message)->received_at;
	char text[32];
	struct tm tm;

	/* four digits are all that date-time has (RFC 9051 §9) */
	if (gmtime_r(&seconds, &tm) == NULL || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900) {
		seconds = 0;
		gmtime_r(&seconds, &tm);
	}
	ferry_imap_writer_write_atom(writer, "INTERNALDATE");
	ferry_imap_writer_write_string(writer, text, format_date(&tm, text));
}

static void
write_size(FerryImapFetch *fetch, FerryImapMessage *message, FerryImapValue *arguments,
	   FerryImapWriter *writer, gpointer user_data)
{
	ferry_imap_writer_write_atom(writer, "RFC822.SIZE");
	ferry_imap_writer_write_number(writer, ferry_imap_message_get_row(message)->size);
}

static void
write_ready(FerryImapWriter *writer, const char *name, const char *text, gsize length)
{
	ferry_imap_writer_write_atom(writer, name);
	ferry_imap_writer_write_formatted(writer, text, length);
}

static void
write_envelope(FerryImapFetch *fetch, FerryImapMessage *message, FerryImapValue *arguments,
	       FerryImapWriter *writer, gpointer user_data)
{
	FerryMessageData *data = ferry_imap_message_get_data(message);
	gsize length;
	const char *text = ferry_message_data_get_envelope(data, &length);

	write_ready(writer, "ENVELOPE", text, length);
}

static void
write_body_structure(FerryImapFetch *fetch, FerryImapMessage *message, FerryImapValue *arguments,
		     FerryImapWriter *writer, gpointer user_data)
{
	gsize length;
	const char *text = ferry_message_structure_get_bodystructure(
		ferry_imap_message_get_structure(message), &length);

	write_ready(writer, "BODYSTRUCTURE", text, length);
}

static const struct {
	const char *name;
	FerryNeeds needs;
	FerryFetchWriteFunc write;
} items[] = {
	{"UID", FERRY_NEEDS_NOTHING, write_uid},
	{"FLAGS", FERRY_NEEDS_METADATA, write_flags},
	{"INTERNALDATE", FERRY_NEEDS_METADATA, write_internal_date},
	{"RFC822.SIZE", FERRY_NEEDS_METADATA, write_size},
	{"ENVELOPE", FERRY_NEEDS_ENVELOPE, write_envelope},
	{"BODYSTRUCTURE", FERRY_NEEDS_STRUCTURE, write_body_structure},
};

static void
refuse_cb(gpointer user_data)
{
	FerryImapFetch *fetch = user_data;

	ferry_imap_command_fail(ferry_imap_fetch_get_command(fetch),
				ferry_imap_fetch_get_error(fetch));
}

/* Runs FETCH and UID FETCH. */
static void
handle_fetch(FerryImapCommand *command, gpointer user_data)
{
	g_autoptr(FerryImapFetch) fetch = ferry_imap_fetch_new(command);
	g_autoptr(GError) error = NULL;

	ferry_imap_command_set_operation(command, G_OBJECT(fetch));
	if (ferry_imap_fetch_plan(fetch, &error)) {
		ferry_imap_fetch_run(fetch);
		return;
	}
	ferry_imap_fetch_set_error(fetch, error);
	/* the command keeps its operation */
	ferry_imap_command_wait_turn(command, refuse_cb, fetch);
}

/**
 * ferry_imap_register_fetch: (skip)
 * @registry: an open registry
 *
 * Registers FETCH, UID FETCH and the base items.
 *
 * Returns: %FALSE with @error set on failure
 */
gboolean
ferry_imap_register_fetch(FerryRegistry *registry, GError **error)
{
	static const char grammar[] = "sequence-set fetch-items [fetch-modifiers]";

	for (guint i = 0; i < G_N_ELEMENTS(items); i++) {
		if (!ferry_registry_add_fetch_item(registry, items[i].name, NULL, items[i].needs,
						   NULL, items[i].write, NULL, NULL, error))
			return FALSE;
	}
	return ferry_imap_register_fetch_sections(registry, error) &&
	       ferry_imap_register_fetch_binary(registry, error) &&
	       ferry_registry_add_command(registry, "FETCH", grammar, FERRY_PHASE_SELECTED,
					  FERRY_ORDERING_NUMBERS, handle_fetch, NULL, NULL,
					  error) &&
	       ferry_registry_add_command(registry, "UID FETCH", grammar, FERRY_PHASE_SELECTED,
					  FERRY_ORDERING_ANY, handle_fetch, NULL, NULL, error);
}
