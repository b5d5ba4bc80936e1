/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* INPROGRESS
 *
 * Specification: RFC 9585
 * Implementation: told of any command of a signed-in client that runs for more than a few seconds,
 *   then every ten (§4 recommends 10 to 15); with numbers where the command counts. A client that
 *   does not read what it is sent is told nothing more.
 */
#include "inprogress.h"

/* monotonic µs */
#define FIRST (3 * G_USEC_PER_SEC)
#define EVERY (10 * G_USEC_PER_SEC)

#define COMMAND_DATA "INPROGRESS"

/* @told: when it was told last, 0: not yet; both since the command began */
gboolean
inprogress_is_due(gint64 running, gint64 told)
{
	return running >= (told == 0 ? FIRST : told + EVERY);
}

/* RFC 9585 §4: a tag with "]", which would end the response code for many a reader, is NIL. The
 * numbers are of 32 bits, and the first is below the second, or that is not known. */
char *
inprogress_make_code(const char *tag, gboolean known, guint64 done, guint64 total)
{
	g_autofree char *quoted =
		strchr(tag, ']') != NULL ? g_strdup("NIL") : g_strdup_printf("\"%s\"", tag);

	if (!known || done > G_MAXUINT32)
		return g_strdup_printf("INPROGRESS (%s NIL NIL)", quoted);
	if (total <= done || total > G_MAXUINT32)
		return g_strdup_printf("INPROGRESS (%s %" G_GUINT64_FORMAT " NIL)", quoted, done);
	return g_strdup_printf("INPROGRESS (%s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT ")",
			       quoted, done, total);
}

static void
tell(FerryImapCommand *command)
{
	guint64 done, total;
	gboolean known = ferry_imap_command_get_progress(command, &done, &total);
	g_autofree char *code =
		inprogress_make_code(ferry_imap_command_get_tag(command), known, done, total);

	ferry_imap_writer_writef(ferry_imap_command_get_writer(command), "* OK [%s] %s goes on\r\n",
				 code, ferry_imap_command_get_name(command));
}

void
inprogress_listen(FerryImapCommand *command, gpointer user_data)
{
	gint64 *told = ferry_imap_command_get_named_data(command, COMMAND_DATA);
	gint64 running = ferry_imap_command_get_running_time(command);

	if (!inprogress_is_due(running, told != NULL ? *told : 0) ||
	    ferry_imap_writer_is_full(ferry_imap_command_get_writer(command)))
		return;
	if (told == NULL) {
		told = g_new(gint64, 1);
		ferry_imap_command_set_named_data(command, COMMAND_DATA, told, g_free);
	}
	*told = running;
	tell(command);
}
