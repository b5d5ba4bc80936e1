/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "auth/credential.h"

G_BEGIN_DECLS

#define FERRY_TYPE_TOKEN_SOURCE (ferry_token_source_get_type())

/**
 * FerryTokenSource:
 *
 * Gives the credential for the backend of an account whose secret Ferry keeps itself, and refreshes
 * it. core/jmap implements and uses it.
 */
G_DECLARE_INTERFACE(FerryTokenSource, ferry_token_source, FERRY, TOKEN_SOURCE, GObject)

/**
 * FerryTokenSourceInterface:
 * @get_async: begins to get a credential that works now
 * @get_finish: ends it
 * @reject: the backend answered 401 to a credential: do not give it again
 *
 * What a token source implements.
 */
struct _FerryTokenSourceInterface {
	GTypeInterface parent_iface;

	void (*get_async)(FerryTokenSource *self, GCancellable *cancellable,
			  GAsyncReadyCallback callback, gpointer user_data);
	/**
	 * FerryTokenSourceInterface::get_finish:
	 * @self: the token source
	 * @result: what the callback was given
	 * @error: return location
	 *
	 * Returns: (transfer full): the credential
	 */
	FerryCredential *(*get_finish)(FerryTokenSource *self, GAsyncResult *result,
				       GError **error);
	void (*reject)(FerryTokenSource *self, FerryCredential *credential);
};

void ferry_token_source_get_async(FerryTokenSource *self, GCancellable *cancellable,
				  GAsyncReadyCallback callback, gpointer user_data);
FerryCredential *ferry_token_source_get_finish(FerryTokenSource *self, GAsyncResult *result,
					       GError **error);
void ferry_token_source_reject(FerryTokenSource *self, FerryCredential *credential);

G_END_DECLS
