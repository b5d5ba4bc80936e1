/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LOGIN
 *
 * Specification: RFC 9051 §6.2.3
 */
#include "imap/commands/commands-private.h"

/* Ends LOGIN and AUTHENTICATE that succeeded: the capabilities have changed (RFC 9051 §7.2.2). */
void
ferry_imap_signed_in(FerryImapCommand *command, GObject *identity)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	FerryAccountSession *account = (FerryAccountSession *)identity;
	g_autofree char *capabilities = NULL, *code = NULL;
	g_autoptr(GError) error = NULL;

	if (!FERRY_IS_ACCOUNT_SESSION(identity)) {
		ferry_imap_command_fail_new(command, FERRY_ERROR_FAILED,
					    "the verifier's identity is no account");
		return;
	}
	/* whatever name was typed, the user is who the account says */
	if (!ferry_imap_session_sign_in(session, account,
					ferry_account_session_get_username(account), &error)) {
		ferry_imap_command_fail(command, error);
		return;
	}
	capabilities = ferry_imap_session_dup_capabilities(session);
	code = g_strconcat("CAPABILITY ", capabilities, NULL);
	ferry_imap_command_set_response_code(command, code);
	ferry_imap_command_set_text(command, "Signed in");
	ferry_imap_command_finish(command);
}

static void
verify_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GObject) identity =
		ferry_verifier_verify_finish(FERRY_VERIFIER(source), result, &error);

	if (identity == NULL)
		ferry_imap_command_fail(command, error);
	else
		ferry_imap_signed_in(command, identity);
}

void
ferry_imap_login(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	FerryService *service = ferry_imap_session_get_service(session);
	g_autoptr(FerryCredential) credential = NULL;
	g_autoptr(FerryOrigin) origin = NULL;

	if (!ferry_imap_session_allows_plaintext(session)) {
		ferry_imap_command_fail_new(command, FERRY_ERROR_PRIVACY_REQUIRED,
					    "Passwords are taken under TLS only");
		return;
	}
	credential = ferry_credential_new_password(ferry_imap_command_get_string(command, 0), NULL,
						   ferry_imap_command_get_string(command, 1));
	origin = ferry_service_make_origin(service, ferry_imap_session_get_connection(session));
	ferry_verifier_verify_async(ferry_service_get_verifier(service), credential, origin,
				    ferry_imap_command_get_cancellable(command), verify_cb,
				    command);
}
