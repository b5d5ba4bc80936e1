/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors as NO with a response code: the one table
 *
 * Specification: RFC 5804 §1.3; RFC 9661 §2.4 and the draft before it (SetError types)
 * Implementation: REFERRAL and TRANSITION-NEEDED are never sent. What is a fault of Ferry or of the
 *   backend goes to the log with a reference, and the client gets the reference.
 */
#include "sieve-error.h"

#include <ferry-protocol.h>

#include <string.h>

/* longer texts help nobody, and come from a backend */
#define MAX_TEXT 4000

/* the name is taken letter by letter */
/* clang-format off */
G_DEFINE_QUARK(sieve-error, sieve_error)
/* clang-format on */

static const struct {
	FerryError error;
	const char *code;
	gboolean hidden;
} answers[] = {
	{FERRY_ERROR_NOT_FOUND, "NONEXISTENT", FALSE},
	{FERRY_ERROR_EXISTS, "ALREADYEXISTS", FALSE},
	{FERRY_ERROR_OVER_QUOTA, "QUOTA", FALSE},
	{FERRY_ERROR_TOO_BIG, "QUOTA/MAXSIZE", FALSE},
	{FERRY_ERROR_PRIVACY_REQUIRED, "ENCRYPT-NEEDED", FALSE},
	{FERRY_ERROR_LIMIT, "TRYLATER", FALSE},
	{FERRY_ERROR_IN_USE, "TRYLATER", FALSE},
	{FERRY_ERROR_CONFLICT, "TRYLATER", FALSE},
	{FERRY_ERROR_UNAVAILABLE, "TRYLATER", FALSE},
	{FERRY_ERROR_BACKEND, "TRYLATER", TRUE},
	{FERRY_ERROR_FAILED, NULL, TRUE},
	{FERRY_ERROR_CONFIGURATION, NULL, TRUE},
};

static const char *const codes[] = {
	[SIEVE_ERROR_ACTIVE] = "ACTIVE",
	[SIEVE_ERROR_TOO_MANY] = "QUOTA/MAXSCRIPTS",
	[SIEVE_ERROR_INVALID_SCRIPT] = NULL,
	[SIEVE_ERROR_OVERTAKEN] = "TRYLATER",
};

/* A backend's refusal of a script as what it means here; takes @error. */
GError *
sieve_error_translate(GError *error)
{
	const char *description = strstr(error->message, ": ");
	GError *other = NULL;

	description = description != NULL ? description + strlen(": ") : error->message;
	if (g_str_has_prefix(error->message, "invalidScript") ||
	    g_str_has_prefix(error->message, "invalidSieve"))
		other = g_error_new_literal(SIEVE_ERROR, SIEVE_ERROR_INVALID_SCRIPT, description);
	else if (g_str_has_prefix(error->message, "scriptIsActive") ||
		 g_str_has_prefix(error->message, "sieveIsActive"))
		other = g_error_new_literal(SIEVE_ERROR, SIEVE_ERROR_ACTIVE,
					    "The active script cannot be deleted");
	if (other == NULL)
		return error;
	g_error_free(error);
	return other;
}

/* Line breaks stay: several errors in a script have a line each. */
static char *
clean(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	GString *result = g_string_new(NULL);

	for (const char *p = valid; *p != '\0' && result->len < MAX_TEXT; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (c == '\r')
			continue;
		if (c == '\n')
			g_string_append(result, "\r\n");
		else
			g_string_append_unichar(result, c < 0x20 || c == 0x7f ? '?' : c);
	}
	while (g_str_has_suffix(result->str, "\r\n"))
		g_string_truncate(result, result->len - 2);
	return g_string_free(result, FALSE);
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

/* What NO says of @error. */
SieveAnswer *
sieve_answer_new(const GError *error)
{
	SieveAnswer *self = g_new0(SieveAnswer, 1);
	FerryError code = ferry_jmap_error_to_ferry(error);

	if (error->domain == SIEVE_ERROR) {
		self->code = codes[error->code];
		self->text = clean(error->message);
		return self;
	}
	if (code == FERRY_ERROR_AUTHENTICATION) {
		/* who guesses learns nothing from the backend's words */
		self->text = g_strdup("Name or password is wrong");
		return self;
	}
	/* NONEXISTENT is said of scripts */
	if (g_str_has_prefix(error->message, "accountNotFound"))
		code = FERRY_ERROR_UNAVAILABLE;
	for (guint i = 0; i < G_N_ELEMENTS(answers); i++) {
		if (answers[i].error != code)
			continue;
		self->code = answers[i].code;
		if (answers[i].hidden)
			self->text = hide(error);
	}
	if (self->text == NULL)
		self->text = clean(error->message);
	return self;
}

void
sieve_answer_free(SieveAnswer *self)
{
	g_free(self->text);
	g_free(self);
}
