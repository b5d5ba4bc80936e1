/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors as tagged answers: the one table
 *
 * Specification: RFC 9051 §7.1, RFC 5530 (response codes)
 * Implementation: every code of FerryError; errors of the jmap layer through its own function. What
 *   no code names is SERVERBUG with a reference that stands in the log beside the reason.
 */
#include "imap/errors.h"

#include <gio/gio.h>

#include "base/error.h"
#include "base/log.h"
#include "jmap/error.h"

/* longer texts help nobody, and come from a backend */
#define MAX_TEXT 400

static const struct {
	FerryError error;
	const char *status;
	const char *code;
	gboolean hidden; /* the reason goes to the log, the client gets a reference */
} answers[] = {
	{FERRY_ERROR_FAILED, "NO", "SERVERBUG", TRUE},
	{FERRY_ERROR_INVALID, "BAD", NULL, FALSE},
	{FERRY_ERROR_CANNOT, "NO", "CANNOT", FALSE},
	{FERRY_ERROR_NO_PERMISSION, "NO", "NOPERM", FALSE},
	{FERRY_ERROR_NOT_FOUND, "NO", "NONEXISTENT", FALSE},
	{FERRY_ERROR_EXISTS, "NO", "ALREADYEXISTS", FALSE},
	{FERRY_ERROR_TRY_CREATE, "NO", "TRYCREATE", FALSE},
	{FERRY_ERROR_HAS_CHILDREN, "NO", "HASCHILDREN", FALSE},
	{FERRY_ERROR_OVER_QUOTA, "NO", "OVERQUOTA", FALSE},
	{FERRY_ERROR_TOO_BIG, "NO", "TOOBIG", FALSE},
	{FERRY_ERROR_LIMIT, "NO", "LIMIT", FALSE},
	{FERRY_ERROR_IN_USE, "NO", "INUSE", FALSE},
	{FERRY_ERROR_UNAVAILABLE, "NO", "UNAVAILABLE", FALSE},
	{FERRY_ERROR_BACKEND, "NO", "SERVERBUG", TRUE},
	{FERRY_ERROR_AUTHENTICATION, "NO", "AUTHENTICATIONFAILED", FALSE},
	{FERRY_ERROR_EXPIRED, "NO", "EXPIRED", FALSE},
	{FERRY_ERROR_PRIVACY_REQUIRED, "NO", "PRIVACYREQUIRED", FALSE},
	{FERRY_ERROR_CONFLICT, "NO", "INUSE", FALSE},
	{FERRY_ERROR_EXPUNGED, "NO", "EXPUNGEISSUED", FALSE},
	{FERRY_ERROR_BAD_CHARSET, "NO", "BADCHARSET", FALSE},
	{FERRY_ERROR_UNKNOWN_CTE, "NO", "UNKNOWN-CTE", FALSE},
	{FERRY_ERROR_CONFIGURATION, "NO", "CONTACTADMIN", TRUE},
};

static FerryError
classify(const GError *error)
{
	if (error->domain == FERRY_ERROR)
		return (FerryError)error->code;
	if (error->domain == FERRY_JMAP_ERROR)
		return ferry_jmap_error_to_ferry(error);
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
	    g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
		return FERRY_ERROR_UNAVAILABLE;
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE))
		return FERRY_ERROR_LIMIT;
	return FERRY_ERROR_FAILED;
}

/**
 * ferry_imap_clean_text:
 * @text: anything
 * @utf8: whether the client reads UTF-8
 *
 * Makes text fit for a response line: one line, printable, not too long, and not one that could be
 * taken for a response code.
 *
 * Returns: (transfer full): the text, never empty
 */
char *
ferry_imap_clean_text(const char *text, gboolean utf8)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	GString *clean = g_string_new(NULL);

	for (const char *p = valid; *p != '\0' && clean->len < MAX_TEXT; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8) || (clean->len == 0 && c == '['))
			g_string_append_c(clean, '?');
		else
			g_string_append_unichar(clean, c);
	}
	if (clean->len == 0)
		g_string_append(clean, "Failed");
	return g_string_free(clean, FALSE);
}

static char *
hide(const GError *error)
{
	guint32 reference = g_random_int();
	g_autofree char *reason = ferry_log_escape(error->message, -1);

	g_warning("reference %08x: %s (%s %d)", reference, reason, g_quark_to_string(error->domain),
		  error->code);
	return g_strdup_printf("Internal error, reference %08x", reference);
}

/**
 * ferry_imap_answer_new: (skip)
 * @error: why a command failed
 * @utf8: whether the client reads UTF-8
 *
 * Returns: (transfer full): what its tagged answer says
 */
FerryImapAnswer *
ferry_imap_answer_new(const GError *error, gboolean utf8)
{
	FerryImapAnswer *self = g_new0(FerryImapAnswer, 1);
	FerryError code = classify(error);
	guint i;

	for (i = 0; i < G_N_ELEMENTS(answers) - 1; i++)
		if (answers[i].error == code)
			break;
	self->status = answers[i].status;
	self->code = answers[i].code;
	if (answers[i].hidden)
		self->text = hide(error);
	else if (code == FERRY_ERROR_AUTHENTICATION)
		/* who guesses learns nothing from the backend's words */
		self->text = g_strdup("Name or password is wrong");
	else
		self->text = ferry_imap_clean_text(error->message, utf8);
	return self;
}

/**
 * ferry_imap_answer_free: (skip)
 *
 * Frees an answer.
 */
void
ferry_imap_answer_free(FerryImapAnswer *self)
{
	g_free(self->text);
	g_free(self);
}
