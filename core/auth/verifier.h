/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "auth/credential.h"
#include "auth/origin.h"

G_BEGIN_DECLS

#define FERRY_TYPE_VERIFIER (ferry_verifier_get_type())

/**
 * FerryVerifier:
 *
 * Knows whether a credential is good, and for whom. core/jmap implements it.
 */
G_DECLARE_INTERFACE(FerryVerifier, ferry_verifier, FERRY, VERIFIER, GObject)

/**
 * FerryVerifierInterface:
 * @verify_async: begins to check a credential
 * @verify_finish: ends it
 *
 * What a verifier implements.
 */
struct _FerryVerifierInterface {
	GTypeInterface parent_iface;

	void (*verify_async)(FerryVerifier *self, FerryCredential *credential, FerryOrigin *origin,
			     GCancellable *cancellable, GAsyncReadyCallback callback,
			     gpointer user_data);
	/**
	 * FerryVerifierInterface::verify_finish:
	 * @self: the verifier
	 * @result: what the callback was given
	 * @error: return location
	 *
	 * Returns: (transfer full): who signed in
	 */
	GObject *(*verify_finish)(FerryVerifier *self, GAsyncResult *result, GError **error);
};

void ferry_verifier_verify_async(FerryVerifier *self, FerryCredential *credential,
				 FerryOrigin *origin, GCancellable *cancellable,
				 GAsyncReadyCallback callback, gpointer user_data);
GObject *ferry_verifier_verify_finish(FerryVerifier *self, GAsyncResult *result, GError **error);

G_END_DECLS
