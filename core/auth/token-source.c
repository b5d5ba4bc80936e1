/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has a credential for a backend
 *
 * Specification: none
 * Implementation: the interface only
 */
#include "auth/token-source.h"

G_DEFINE_INTERFACE(FerryTokenSource, ferry_token_source, G_TYPE_OBJECT)

static void
ferry_token_source_default_init(FerryTokenSourceInterface *iface)
{
}

/**
 * ferry_token_source_get_async:
 * @self: a token source
 * @cancellable: (nullable): ends it early
 * @callback: (scope async): what to call when it is there
 * @user_data: for @callback
 *
 * Begins to get a credential that works now; a token that has expired is refreshed first.
 */
void
ferry_token_source_get_async(FerryTokenSource *self, GCancellable *cancellable,
			     GAsyncReadyCallback callback, gpointer user_data)
{
	g_return_if_fail(FERRY_IS_TOKEN_SOURCE(self));

	FERRY_TOKEN_SOURCE_GET_IFACE(self)->get_async(self, cancellable, callback, user_data);
}

/**
 * ferry_token_source_get_finish:
 * @self: a token source
 * @result: what the callback was given
 * @error: return location
 *
 * Ends it.
 *
 * Returns: (transfer full): the credential; NULL with %FERRY_ERROR_EXPIRED where its owner has to
 * sign in again, %FERRY_ERROR_UNAVAILABLE where nobody could be asked, and others
 */
FerryCredential *
ferry_token_source_get_finish(FerryTokenSource *self, GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(FERRY_IS_TOKEN_SOURCE(self), NULL);

	return FERRY_TOKEN_SOURCE_GET_IFACE(self)->get_finish(self, result, error);
}

/**
 * ferry_token_source_reject:
 * @self: a token source
 * @credential: what it gave and the backend refused
 *
 * Says that a credential does not work, so that the next one is another.
 */
void
ferry_token_source_reject(FerryTokenSource *self, FerryCredential *credential)
{
	g_return_if_fail(FERRY_IS_TOKEN_SOURCE(self));

	FERRY_TOKEN_SOURCE_GET_IFACE(self)->reject(self, credential);
}
