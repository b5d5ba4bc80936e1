/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "auth/credential.h"
#include "auth/sasl-mechanism.h"
#include "auth/verifier.h"

G_BEGIN_DECLS

#define FERRY_TYPE_SASL_EXCHANGE (ferry_sasl_exchange_get_type())

/**
 * FerrySaslExchange:
 *
 * One sign-in with a SASL mechanism, as a protocol drives it: start, and continue while
 * [method@SaslExchange.get_challenge] has one. Responses and challenges are base64, as they stand
 * on the wire of IMAP and ManageSieve.
 */
G_DECLARE_FINAL_TYPE(FerrySaslExchange, ferry_sasl_exchange, FERRY, SASL_EXCHANGE, GObject)

/* For protocols. */
FerrySaslExchange *ferry_sasl_exchange_new(FerrySaslMechanism *mechanism, FerryVerifier *verifier,
					   FerryOrigin *origin);
void ferry_sasl_exchange_set_success_data(FerrySaslExchange *self, gboolean supported);
void ferry_sasl_exchange_set_max_response(FerrySaslExchange *self, gsize octets);
void ferry_sasl_exchange_start_async(FerrySaslExchange *self, const char *initial_response,
				     GCancellable *cancellable, GAsyncReadyCallback callback,
				     gpointer user_data);
void ferry_sasl_exchange_continue_async(FerrySaslExchange *self, const char *response,
					GCancellable *cancellable, GAsyncReadyCallback callback,
					gpointer user_data);
gboolean ferry_sasl_exchange_step_finish(FerrySaslExchange *self, GAsyncResult *result,
					 GError **error);
gboolean ferry_sasl_exchange_is_complete(FerrySaslExchange *self);
const char *ferry_sasl_exchange_get_challenge(FerrySaslExchange *self);
const char *ferry_sasl_exchange_get_success_data(FerrySaslExchange *self);
GObject *ferry_sasl_exchange_get_identity(FerrySaslExchange *self);
FerryCredential *ferry_sasl_exchange_get_credential(FerrySaslExchange *self);
const char *ferry_sasl_exchange_get_user(FerrySaslExchange *self);

/* For mechanisms. */
FerrySaslMechanism *ferry_sasl_exchange_get_mechanism(FerrySaslExchange *self);
FerryVerifier *ferry_sasl_exchange_get_verifier(FerrySaslExchange *self);
FerryOrigin *ferry_sasl_exchange_get_origin(FerrySaslExchange *self);
GCancellable *ferry_sasl_exchange_get_cancellable(FerrySaslExchange *self);
void ferry_sasl_exchange_set_state(FerrySaslExchange *self, gpointer state, GDestroyNotify destroy);
gpointer ferry_sasl_exchange_get_state(FerrySaslExchange *self);
void ferry_sasl_exchange_set_user(FerrySaslExchange *self, const char *user);
void ferry_sasl_exchange_set_failure_data(FerrySaslExchange *self, GBytes *data);
void ferry_sasl_exchange_challenge(FerrySaslExchange *self, GBytes *challenge);
void ferry_sasl_exchange_verify(FerrySaslExchange *self, FerryCredential *credential);
void ferry_sasl_exchange_succeed(FerrySaslExchange *self, GObject *identity, GBytes *success_data);
void ferry_sasl_exchange_fail(FerrySaslExchange *self, GError *error);

G_END_DECLS
