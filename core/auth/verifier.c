/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who knows whether a credential is good
 *
 * Specification: none
 * Implementation: the interface only
 */
#include "auth/verifier.h"

G_DEFINE_INTERFACE(FerryVerifier, ferry_verifier, G_TYPE_OBJECT)

static void
ferry_verifier_default_init(FerryVerifierInterface *iface)
{
}

/**
 * ferry_verifier_verify_async:
 * @self: a verifier
 * @credential: what the client gave
 * @origin: where the client is
 * @cancellable: (nullable): ends the check early
 * @callback: (scope async): what to call when it is known
 * @user_data: for @callback
 *
 * Begins to check a credential.
 */
void
ferry_verifier_verify_async(FerryVerifier *self, FerryCredential *credential, FerryOrigin *origin,
			    GCancellable *cancellable, GAsyncReadyCallback callback,
			    gpointer user_data)
{
	g_return_if_fail(FERRY_IS_VERIFIER(self));

	FERRY_VERIFIER_GET_IFACE(self)->verify_async(self, credential, origin, cancellable,
						     callback, user_data);
}

/**
 * ferry_verifier_verify_finish:
 * @self: a verifier
 * @result: what the callback was given
 * @error: return location
 *
 * Ends the check of a credential.
 *
 * Returns: (transfer full): who signed in; NULL with %FERRY_ERROR_AUTHENTICATION for a wrong
 *   credential, %FERRY_ERROR_UNAVAILABLE where nobody could be asked, and others
 */
GObject *
ferry_verifier_verify_finish(FerryVerifier *self, GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(FERRY_IS_VERIFIER(self), NULL);

	return FERRY_VERIFIER_GET_IFACE(self)->verify_finish(self, result, error);
}
