/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the library itself contributes
 *
 * Specification: RFC 9051, RFC 3501 and the extensions that rev2 took in
 * Implementation: tables, registered by the calls that every module uses
 */
#include "imap/base-module.h"

#include "account/service.h"
#include "auth/sasl-mechanism.h"
#include "imap/commands/commands-private.h"
#include "imap/fetch-private.h"
#include "imap/search-private.h"
#include "imap/session.h"

#define BEFORE FERRY_PHASE_BEFORE_LOGIN
#define AFTER FERRY_PHASE_AFTER_LOGIN
#define SELECTED FERRY_PHASE_SELECTED
#define ANY FERRY_PHASE_ANY

static const struct {
	const char *name;
	const char *grammar;
	FerryPhase phases;
	FerryOrdering ordering;
	FerryCommandFunc handler;
} commands[] = {
	{"CAPABILITY", NULL, ANY, FERRY_ORDERING_ANY, ferry_imap_capability},
	{"NOOP", NULL, ANY, FERRY_ORDERING_ANY, ferry_imap_noop},
	{"LOGOUT", NULL, ANY, FERRY_ORDERING_ALONE, ferry_imap_logout},
	{"ID", "[list] [nstring]", ANY, FERRY_ORDERING_ANY, ferry_imap_id},
	{"STARTTLS", NULL, BEFORE, FERRY_ORDERING_ALONE, ferry_imap_starttls},
	{"LOGIN", "astring astring", BEFORE, FERRY_ORDERING_ALONE, ferry_imap_login},
	{"AUTHENTICATE", "atom [base64]", BEFORE, FERRY_ORDERING_ALONE, ferry_imap_authenticate},
	{"ENABLE", "atom*", FERRY_PHASE_AUTHENTICATED, FERRY_ORDERING_ALONE, ferry_imap_enable},
	{"SELECT", "mailbox [select-parameters]", AFTER, FERRY_ORDERING_ALONE, ferry_imap_select},
	{"EXAMINE", "mailbox [select-parameters]", AFTER, FERRY_ORDERING_ALONE, ferry_imap_select},
	{"CREATE", "mailbox [(\"USE\" ([flag*]))]", AFTER, FERRY_ORDERING_ANY, ferry_imap_create},
	{"DELETE", "mailbox", AFTER, FERRY_ORDERING_ANY, ferry_imap_delete},
	{"RENAME", "mailbox mailbox", AFTER, FERRY_ORDERING_ANY, ferry_imap_rename},
	{"SUBSCRIBE", "mailbox", AFTER, FERRY_ORDERING_ANY, ferry_imap_subscribe},
	{"UNSUBSCRIBE", "mailbox", AFTER, FERRY_ORDERING_ANY, ferry_imap_subscribe},
	{"LIST", "[list-selections] reference patterns [\"RETURN\" list-returns]", AFTER,
	 FERRY_ORDERING_ANY, ferry_imap_list},
	{"LSUB", "reference list-mailbox", AFTER, FERRY_ORDERING_ANY, ferry_imap_lsub},
	{"NAMESPACE", NULL, AFTER, FERRY_ORDERING_ANY, ferry_imap_namespace},
	{"STATUS", "mailbox status-items", AFTER, FERRY_ORDERING_ANY, ferry_imap_status},
	{"APPEND", "mailbox append-messages", AFTER, FERRY_ORDERING_ANY, ferry_imap_append},
	{"IDLE", NULL, AFTER, FERRY_ORDERING_ANY, ferry_imap_idle},
	{"CHECK", NULL, SELECTED, FERRY_ORDERING_ANY, ferry_imap_noop},
	{"CLOSE", NULL, SELECTED, FERRY_ORDERING_ALONE, ferry_imap_close},
	{"UNSELECT", NULL, SELECTED, FERRY_ORDERING_ALONE, ferry_imap_unselect},
	{"EXPUNGE", NULL, SELECTED, FERRY_ORDERING_ANY, ferry_imap_expunge},
	{"UID EXPUNGE", "sequence-set", SELECTED, FERRY_ORDERING_ANY, ferry_imap_expunge},
	{"STORE", "sequence-set [store-modifiers] atom flag-list", SELECTED, FERRY_ORDERING_NUMBERS,
	 ferry_imap_store},
	{"UID STORE", "sequence-set [store-modifiers] atom flag-list", SELECTED, FERRY_ORDERING_ANY,
	 ferry_imap_store},
	{"COPY", "sequence-set mailbox", SELECTED, FERRY_ORDERING_ANY, ferry_imap_copy},
	{"UID COPY", "sequence-set mailbox", SELECTED, FERRY_ORDERING_ANY, ferry_imap_copy},
	{"MOVE", "sequence-set mailbox", SELECTED, FERRY_ORDERING_ANY, ferry_imap_move},
	{"UID MOVE", "sequence-set mailbox", SELECTED, FERRY_ORDERING_ANY, ferry_imap_move},
};

static char *
offer_starttls(FerryImapSession *session, gpointer user_data)
{
	return ferry_imap_session_can_start_tls(session) ? g_strdup("STARTTLS") : NULL;
}

static char *
offer_login_disabled(FerryImapSession *session, gpointer user_data)
{
	return ferry_imap_session_allows_plaintext(session) ? NULL : g_strdup("LOGINDISABLED");
}

/* AUTH=… for each mechanism that may be used now. */
static char *
offer_mechanisms(FerryImapSession *session, gpointer user_data)
{
	GPtrArray *list = ferry_registry_list(ferry_imap_session_get_registry(session),
					      FERRY_CONTRIBUTION_SASL_MECHANISM);
	gboolean plaintext = ferry_imap_session_allows_plaintext(session);
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < list->len; i++) {
		const FerryContribution *contribution = list->pdata[i];
		FerrySaslMechanism *mechanism = contribution->user_data;

		if ((ferry_sasl_mechanism_get_flags(mechanism) & FERRY_SASL_PLAINTEXT) &&
		    !plaintext)
			continue;
		g_string_append_printf(text, "%sAUTH=%s", text->len > 0 ? " " : "",
				       contribution->name);
	}
	return g_string_free(text, text->len == 0);
}

static char *
offer_append_limit(FerryImapSession *session, gpointer user_data)
{
	guint64 limit = ferry_imap_session_get_append_limit(session);

	return limit > 0 ? g_strdup_printf("APPENDLIMIT=%" G_GUINT64_FORMAT, limit) : NULL;
}

/* The registry keeps names in capitals; clients are used to these. */
static char *
offer_revision(FerryImapSession *session, gpointer user_data)
{
	return g_strdup(user_data);
}

/* Specification and condition are for doc/capabilities.md. */
static const struct {
	const char *name;
	FerryPhase phases;
	FerryCapabilityFunc func;
	const char *text;
	const char *specification;
	const char *condition;
} capabilities[] = {
	{"IMAP4REV1", ANY, offer_revision, "IMAP4rev1", "RFC 3501"},
	{"IMAP4REV2", ANY, offer_revision, "IMAP4rev2", "RFC 9051"},
	{"LITERAL+", ANY, NULL, NULL, "RFC 7888"},
	{"SASL-IR", BEFORE, NULL, NULL, "RFC 4959"},
	{"ID", ANY, NULL, NULL, "RFC 2971"},
	{"ENABLE", ANY, NULL, NULL, "RFC 5161"},
	{"IDLE", ANY, NULL, NULL, "RFC 2177"},
	{"STARTTLS", BEFORE, offer_starttls, NULL, "RFC 9051",
	 "the listener has tls=starttls and TLS has not begun"},
	{"LOGINDISABLED", BEFORE, offer_login_disabled, NULL, "RFC 9051",
	 "passwords would travel in the clear"},
	{"AUTH=", BEFORE, offer_mechanisms, NULL, "RFC 9051",
	 "one for each SASL mechanism that may be used now"},
	{"NAMESPACE", AFTER, NULL, NULL, "RFC 2342"},
	{"UNSELECT", AFTER, NULL, NULL, "RFC 3691"},
	{"UIDPLUS", AFTER, NULL, NULL, "RFC 4315"},
	{"LIST-EXTENDED", AFTER, NULL, NULL, "RFC 5258"},
	{"LIST-STATUS", AFTER, NULL, NULL, "RFC 5819"},
	{"CHILDREN", AFTER, NULL, NULL, "RFC 3348"},
	{"MOVE", AFTER, NULL, NULL, "RFC 6851"},
	{"SPECIAL-USE", AFTER, NULL, NULL, "RFC 6154"},
	{"CREATE-SPECIAL-USE", AFTER, NULL, NULL, "RFC 6154"},
	{"STATUS=SIZE", AFTER, NULL, NULL, "RFC 8438"},
	{"ESEARCH", AFTER, NULL, NULL, "RFC 4731"},
	{"SEARCHRES", AFTER, NULL, NULL, "RFC 5182"},
	{"WITHIN", AFTER, NULL, NULL, "RFC 5032"},
	{"MULTIAPPEND", AFTER, NULL, NULL, "RFC 3502"},
	{"BINARY", AFTER, NULL, NULL, "RFC 3516"},
	{"UTF8=ACCEPT", AFTER, NULL, NULL, "RFC 9755"},
	{"APPENDLIMIT", AFTER, offer_append_limit, NULL, "RFC 7889",
	 "the backend or the configuration limits what is appended"},
};

static gboolean
enable_rev2(FerryImapSession *session, gpointer user_data)
{
	ferry_imap_writer_set_utf8(ferry_imap_session_get_writer(session), TRUE);
	return TRUE;
}

/* RFC 9755 §3: names and strings in UTF-8, beside what rev1 has */
static gboolean
enable_utf8(FerryImapSession *session, gpointer user_data)
{
	ferry_imap_writer_set_utf8(ferry_imap_session_get_writer(session), TRUE);
	return TRUE;
}

static gboolean
register_commands(FerryRegistry *registry, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
		if (!ferry_registry_add_command(registry, commands[i].name, commands[i].grammar,
						commands[i].phases, commands[i].ordering,
						commands[i].handler, NULL, NULL, error))
			return FALSE;
	return TRUE;
}

static gboolean
register_capabilities(FerryRegistry *registry, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(capabilities); i++)
		if (!ferry_registry_add_capability(registry, capabilities[i].name,
						   capabilities[i].phases, capabilities[i].func,
						   (gpointer)capabilities[i].text, NULL, error))
			return FALSE;
	return TRUE;
}

/**
 * ferry_imap_describe_base_capability: (skip)
 * @name: a capability that the library itself has
 * @specification: (out): where it is specified
 * @condition: (out) (nullable): what must be so that it is advertised, beside the phase
 *
 * Tells for tables what the registry does not need to know.
 *
 * Returns: whether it is one of the library
 */
gboolean
ferry_imap_describe_base_capability(const char *name, const char **specification,
				    const char **condition)
{
	for (guint i = 0; i < G_N_ELEMENTS(capabilities); i++) {
		if (!g_str_equal(capabilities[i].name, name))
			continue;
		*specification = capabilities[i].specification;
		*condition = capabilities[i].condition;
		return TRUE;
	}
	return FALSE;
}

static gboolean
register_mechanisms(FerryRegistry *registry, GError **error)
{
	static FerrySaslMechanism *mechanisms[3];
	static gsize made;

	/* they live as long as the process, as the library does */
	if (g_once_init_enter(&made)) {
		mechanisms[0] = ferry_sasl_mechanism_new_plain();
		mechanisms[1] = ferry_sasl_mechanism_new_oauthbearer();
		mechanisms[2] = ferry_sasl_mechanism_new_xoauth2();
		g_once_init_leave(&made, 1);
	}
	for (guint i = 0; i < G_N_ELEMENTS(mechanisms); i++)
		if (!ferry_registry_add_sasl_mechanism(registry,
						       ferry_sasl_mechanism_get_name(mechanisms[i]),
						       mechanisms[i], error))
			return FALSE;
	return TRUE;
}

static void
start_session(FerryConnection *connection, GObject *context, gpointer user_data)
{
	g_autoptr(FerryImapSession) session =
		ferry_imap_session_new(connection, FERRY_SERVICE(context));

	ferry_imap_session_start(session);
}

/**
 * ferry_imap_register_base: (skip)
 * @registry: an open registry
 * @error: return location
 *
 * Registers the base commands, items and capabilities, and the protocol `imap`.
 *
 * Returns: %FALSE with @error where something is there already
 */
gboolean
ferry_imap_register_base(FerryRegistry *registry, GError **error)
{
	return register_capabilities(registry, error) && register_commands(registry, error) &&
	       ferry_imap_register_fetch(registry, error) &&
	       ferry_imap_register_search(registry, error) &&
	       ferry_imap_register_status_items(registry, error) &&
	       ferry_imap_register_list_options(registry, error) &&
	       ferry_registry_add_enable(registry, "IMAP4REV2", enable_rev2, NULL, NULL, error) &&
	       ferry_registry_add_enable(registry, "UTF8=ACCEPT", enable_utf8, NULL, NULL, error) &&
	       register_mechanisms(registry, error) &&
	       ferry_registry_add_protocol(registry, "imap", start_session, NULL, NULL, error);
}
