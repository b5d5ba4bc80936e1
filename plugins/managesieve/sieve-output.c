/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is written to a client
 *
 * Specification: RFC 5804 §1.2, §1.3 (answers), §1.7 (capabilities), §4
 * Implementation: quoted strings where they may be, else literals
 */
#include <string.h>

#include "sieve-session.h"

/* octets between the quotes (RFC 5804 §4) */
#define MAX_QUOTED 1024

/* What runs of RFC 5228's extensions on every JMAP server that takes scripts; the account's own
 * list comes with the login. */
#define COMMON_EXTENSIONS                                                                          \
	"body comparator-i;ascii-numeric copy date encoded-character envelope fileinto "           \
	"imap4flags index mailbox reject relational subaddress vacation variables"

/* What cannot stand between quotes can in a literal: line breaks, and what is no UTF-8 (of a
 * client's tag). */
static gboolean
may_be_quoted(const char *text, gsize length)
{
	gsize n = 0;

	for (gsize i = 0; i < length && n <= MAX_QUOTED; i++)
		n += text[i] == '"' || text[i] == '\\' ? 2 : 1;
	return n <= MAX_QUOTED && memchr(text, '\r', length) == NULL &&
	       memchr(text, '\n', length) == NULL && g_utf8_validate_len(text, length, NULL);
}

/* Writes octets; @length may be -1. */
void
sieve_session_write_string(SieveSession *self, const char *text, gssize length)
{
	gsize n = length < 0 ? strlen(text) : (gsize)length;
	g_autoptr(GString) quoted = NULL;

	if (!may_be_quoted(text, n)) {
		ferry_connection_writef(self->connection, "{%" G_GSIZE_FORMAT "}\r\n", n);
		ferry_connection_write(self->connection, text, n);
		return;
	}
	quoted = g_string_sized_new(n + 2);
	g_string_append_c(quoted, '"');
	for (gsize i = 0; i < n; i++) {
		if (text[i] == '"' || text[i] == '\\')
			g_string_append_c(quoted, '\\');
		g_string_append_c(quoted, text[i]);
	}
	g_string_append_c(quoted, '"');
	ferry_connection_write(self->connection, quoted->str, quoted->len);
}

/* `STATUS (CODE) "text"`; @code stands as it is. */
void
sieve_session_write_answer(SieveSession *self, const char *status, const char *code,
			   const char *text)
{
	ferry_connection_write_string(self->connection, status);
	if (code != NULL)
		ferry_connection_writef(self->connection, " (%s)", code);
	if (text != NULL) {
		ferry_connection_write_string(self->connection, " ");
		sieve_session_write_string(self, text, -1);
	}
	ferry_connection_write_string(self->connection, "\r\n");
}

static void
write_capability(SieveSession *self, const char *name, const char *value)
{
	sieve_session_write_string(self, name, -1);
	if (value != NULL) {
		ferry_connection_write_string(self->connection, " ");
		sieve_session_write_string(self, value, -1);
	}
	ferry_connection_write_string(self->connection, "\r\n");
}

/* What may be used on this connection now. */
static char *
list_mechanisms(SieveSession *self)
{
	GPtrArray *list = ferry_registry_list(ferry_service_get_registry(self->service),
					      FERRY_CONTRIBUTION_SASL_MECHANISM);
	gboolean plaintext = ferry_service_allows_plaintext(self->service, self->connection);
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < list->len; i++) {
		const FerryContribution *contribution = list->pdata[i];
		FerrySaslFlags flags = ferry_sasl_mechanism_get_flags(contribution->user_data);

		if (plaintext || !(flags & FERRY_SASL_PLAINTEXT))
			g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "",
					       contribution->name);
	}
	return g_string_free(text, FALSE);
}

/* What only an account has. */
static void
write_account(SieveSession *self)
{
	g_autofree char *extensions = sieve_account_dup_extensions(self->account);
	g_autofree char *methods = sieve_account_dup_notify_methods(self->account);
	gint64 redirects = sieve_account_get_max_redirects(self->account);
	g_auto(GStrv) words = g_strsplit(extensions, " ", -1);

	write_capability(self, "SIEVE", extensions);
	/* whoever has enotify must say how */
	if (methods == NULL && g_strv_contains((const char *const *)words, "enotify"))
		methods = g_strdup("mailto");
	if (methods != NULL)
		write_capability(self, "NOTIFY", methods);
	if (redirects >= 0) {
		g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, redirects);

		write_capability(self, "MAXREDIRECTS", number);
	}
	write_capability(self, "OWNER", self->user);
	write_capability(self, "UNAUTHENTICATE", NULL);
}

/* All capability lines, without the OK behind them. */
void
sieve_session_write_capabilities(SieveSession *self)
{
	g_autofree char *mechanisms = list_mechanisms(self);

	write_capability(self, "IMPLEMENTATION", "Ferry " FERRY_VERSION);
	write_capability(self, "VERSION", "1.0");
	/* the list can only be empty where STARTTLS brings more (RFC 5804 §1.7) */
	if (*mechanisms != '\0' || sieve_session_can_start_tls(self))
		write_capability(self, "SASL", mechanisms);
	write_capability(self, "LANGUAGE", "en");
	if (sieve_session_can_start_tls(self))
		write_capability(self, "STARTTLS", NULL);
	if (self->account != NULL)
		write_account(self);
	else
		write_capability(self, "SIEVE", COMMON_EXTENSIONS);
}
