/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One sign-in with SASL
 *
 * Specification: RFC 4422 (SASL), RFC 9051 section 6.2.2 and RFC 4959 (IMAP), RFC 5804 section 2.1
 *   (ManageSieve)
 * Implementation: base64, the initial response “=”, cancelling with “*”, limits, success data for
 *   protocols that have no room for it, a
 * word to the client when it fails
 * Not mapped: security layers, which no mechanism in use negotiates
 */
#include "auth/sasl.h"

#include <string.h>

#include "auth/sasl-mechanism-private.h"
#include "base/error.h"

/* The longest tokens seen in the wild have 4 KiB; RFC 4616 asks for 765 octets and two NULs. */
#define DEFAULT_MAX_RESPONSE 16384
#define MAX_STEPS 16

struct _FerrySaslExchange {
	GObject parent_instance;

	FerrySaslMechanism *mechanism;
	FerryVerifier *verifier;
	FerryOrigin *origin;
	GTask *task; /* the step that runs, or NULL */
	guint step;
	gsize max_response;
	gboolean success_data_supported;

	gboolean complete;
	gboolean failed;
	gboolean
		verified; /* all that is missing is the client's empty answer to the success data */
	char *challenge;
	char *success_data;
	GBytes *failure_data;
	GError *failure; /* all that is missing is the client's answer to the failure data */
	char *user;
	GObject *identity;
	FerryCredential *credential;
	gpointer state;
	GDestroyNotify state_destroy;
};

G_DEFINE_TYPE(FerrySaslExchange, ferry_sasl_exchange, G_TYPE_OBJECT)

static void
ferry_sasl_exchange_end_step(FerrySaslExchange *self, GError *error)
{
	g_autoptr(GTask) task = g_steal_pointer(&self->task);

	if (error != NULL)
		self->failed = TRUE;
	if (task == NULL)
		g_clear_error(&error);
	else if (error != NULL)
		g_task_return_error(task, error);
	else
		g_task_return_boolean(task, TRUE);
}

/* FALSE where the step is already over. */
static gboolean
ferry_sasl_exchange_begin_step(FerrySaslExchange *self, GCancellable *cancellable,
			       GAsyncReadyCallback callback, gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);

	g_task_set_source_tag(task, ferry_sasl_exchange_step_finish);
	if (self->task != NULL || self->complete || self->failed || self->step >= MAX_STEPS) {
		g_task_return_new_error(task, FERRY_ERROR, FERRY_ERROR_INVALID,
					"the SASL exchange is over");
		return FALSE;
	}
	self->task = g_steal_pointer(&task);
	g_clear_pointer(&self->challenge, g_free);
	return TRUE;
}

static void
ferry_sasl_exchange_run_step(FerrySaslExchange *self, GBytes *response)
{
	/* the mechanism may end the exchange, and with it the last reference */
	g_autoptr(FerrySaslExchange) keep = g_object_ref(self);

	ferry_sasl_mechanism_step(self->mechanism, self, response, self->step++);
}

static void
ferry_sasl_exchange_take_response(FerrySaslExchange *self, const char *text)
{
	g_autoptr(GBytes) response = NULL;
	GError *error = NULL;

	/* whatever it says to why it failed, also “*” or nothing (RFC 7628 section 3.2.3) */
	if (self->failure != NULL)
		error = g_steal_pointer(&self->failure);
	else if (strcmp(text, "*") == 0)
		g_set_error_literal(&error, FERRY_ERROR, FERRY_ERROR_INVALID,
				    "AUTHENTICATE was cancelled");
	else
		response = ferry_sasl_decode(text, self->max_response, &error);
	if (response == NULL)
		ferry_sasl_exchange_end_step(self, error);
	else if (self->verified) {
		self->complete = TRUE;
		ferry_sasl_exchange_end_step(self, NULL);
	} else
		ferry_sasl_exchange_run_step(self, response);
}

/**
 * ferry_sasl_exchange_start_async:
 * @self: a new exchange
 * @initial_response: (nullable): what came with the command, in base64; “=” is an empty response,
 *   NULL none
 * @cancellable: (nullable): ends the step early, for instance when the connection does
 * @callback: (scope async): what to call when the step is over
 * @user_data: for @callback
 *
 * Begins the exchange.
 */
void
ferry_sasl_exchange_start_async(FerrySaslExchange *self, const char *initial_response,
				GCancellable *cancellable, GAsyncReadyCallback callback,
				gpointer user_data)
{
	FerrySaslFlags flags;

	g_return_if_fail(FERRY_IS_SASL_EXCHANGE(self));

	if (!ferry_sasl_exchange_begin_step(self, cancellable, callback, user_data))
		return;
	flags = ferry_sasl_mechanism_get_flags(self->mechanism);
	if (initial_response == NULL)
		ferry_sasl_exchange_run_step(self, NULL);
	else if (flags & FERRY_SASL_SERVER_FIRST)
		ferry_sasl_exchange_end_step(
			self, g_error_new(FERRY_ERROR, FERRY_ERROR_INVALID,
					  "%s takes no initial response",
					  ferry_sasl_mechanism_get_name(self->mechanism)));
	else if (strcmp(initial_response, "=") == 0)
		ferry_sasl_exchange_take_response(self, "");
	else
		ferry_sasl_exchange_take_response(self, initial_response);
}

/**
 * ferry_sasl_exchange_continue_async:
 * @self: an exchange with a challenge
 * @response: the client's answer in base64, or “*”, which cancels
 * @cancellable: (nullable): ends the step early
 * @callback: (scope async): what to call when the step is over
 * @user_data: for @callback
 *
 * Goes on with the client's answer to the challenge.
 */
void
ferry_sasl_exchange_continue_async(FerrySaslExchange *self, const char *response,
				   GCancellable *cancellable, GAsyncReadyCallback callback,
				   gpointer user_data)
{
	g_return_if_fail(FERRY_IS_SASL_EXCHANGE(self) && response != NULL);

	if (ferry_sasl_exchange_begin_step(self, cancellable, callback, user_data))
		ferry_sasl_exchange_take_response(self, response);
}

/**
 * ferry_sasl_exchange_step_finish:
 * @self: an exchange
 * @result: what the callback was given
 * @error: return location
 *
 * Ends a step. After it the exchange is complete or has a challenge for the client.
 *
 * Returns: FALSE where signing in failed: %FERRY_ERROR_AUTHENTICATION and what else a verifier
 * says; %FERRY_ERROR_INVALID for malformed responses and for cancelling (BAD), %FERRY_ERROR_TOO_BIG
 */
gboolean
ferry_sasl_exchange_step_finish(FerrySaslExchange *self, GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(g_task_is_valid(result, self), FALSE);

	return g_task_propagate_boolean(G_TASK(result), error);
}

/**
 * ferry_sasl_exchange_challenge:
 * @self: an exchange
 * @challenge: what the client is asked
 *
 * Ends a mechanism's step with a question to the client.
 */
void
ferry_sasl_exchange_challenge(FerrySaslExchange *self, GBytes *challenge)
{
	g_return_if_fail(FERRY_IS_SASL_EXCHANGE(self));

	g_free(self->challenge);
	self->challenge = ferry_sasl_encode(challenge);
	ferry_sasl_exchange_end_step(self, NULL);
}

static void
ferry_sasl_exchange_verified_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(FerrySaslExchange) self = user_data;
	g_autoptr(GObject) identity = NULL;
	GError *error = NULL;

	identity = ferry_verifier_verify_finish(FERRY_VERIFIER(source), result, &error);
	if (identity == NULL)
		ferry_sasl_exchange_fail(self, error);
	else
		ferry_sasl_exchange_succeed(self, identity, NULL);
}

/**
 * ferry_sasl_exchange_verify:
 * @self: an exchange
 * @credential: what the client gave
 *
 * Ends a mechanism's step, and the exchange, with what the verifier says of a credential.
 */
void
ferry_sasl_exchange_verify(FerrySaslExchange *self, FerryCredential *credential)
{
	g_return_if_fail(FERRY_IS_SASL_EXCHANGE(self) && self->task != NULL);

	g_clear_pointer(&self->credential, ferry_credential_unref);
	self->credential = ferry_credential_ref(credential);
	ferry_sasl_exchange_set_user(self, ferry_credential_get_authcid(credential));
	ferry_verifier_verify_async(self->verifier, credential, self->origin,
				    g_task_get_cancellable(self->task),
				    ferry_sasl_exchange_verified_cb, g_object_ref(self));
}

/**
 * ferry_sasl_exchange_succeed:
 * @self: an exchange
 * @identity: who signed in
 * @success_data: (nullable): what the mechanism says at the end
 *
 * Ends a mechanism's step and the exchange. Where the protocol has no room for success data it goes
 * out as one challenge more, to which the client answers nothing (RFC 4422 section 3.6).
 */
void
ferry_sasl_exchange_succeed(FerrySaslExchange *self, GObject *identity, GBytes *success_data)
{
	g_return_if_fail(FERRY_IS_SASL_EXCHANGE(self) && G_IS_OBJECT(identity));

	g_set_object(&self->identity, identity);
	self->verified = TRUE;
	if (success_data != NULL && !self->success_data_supported) {
		ferry_sasl_exchange_challenge(self, success_data);
		return;
	}
	if (success_data != NULL)
		self->success_data = ferry_sasl_encode(success_data);
	self->complete = TRUE;
	ferry_sasl_exchange_end_step(self, NULL);
}

/**
 * ferry_sasl_exchange_fail:
 * @self: an exchange
 * @error: (transfer full): why
 *
 * Ends a mechanism's step and the exchange; behind one challenge more, where the credential is
 * refused and there is [method@SaslExchange.set_failure_data].
 */
void
ferry_sasl_exchange_fail(FerrySaslExchange *self, GError *error)
{
	g_return_if_fail(FERRY_IS_SASL_EXCHANGE(self) && error != NULL);

	if (self->failure_data != NULL && self->failure == NULL && self->task != NULL &&
	    g_error_matches(error, FERRY_ERROR, FERRY_ERROR_AUTHENTICATION)) {
		self->failure = error;
		ferry_sasl_exchange_challenge(self, self->failure_data);
		return;
	}
	ferry_sasl_exchange_end_step(self, error);
}

/**
 * ferry_sasl_exchange_set_failure_data:
 * @self: an exchange
 * @data: (nullable): what the client is told when its credential is refused
 *
 * Has the client told why in a challenge: an outcome that failed has no room for it (RFC 4422
 * section 3.6). Whatever the client answers, the exchange then fails. What fails for another reason
 * than %FERRY_ERROR_AUTHENTICATION fails without.
 */
void
ferry_sasl_exchange_set_failure_data(FerrySaslExchange *self, GBytes *data)
{
	g_return_if_fail(FERRY_IS_SASL_EXCHANGE(self));

	g_clear_pointer(&self->failure_data, g_bytes_unref);
	self->failure_data = data != NULL ? g_bytes_ref(data) : NULL;
}

/**
 * ferry_sasl_exchange_set_success_data:
 * @self: an exchange
 * @supported: whether the protocol's OK can carry success data (ManageSieve's can, IMAP's cannot)
 *
 * Says how success data is sent.
 */
void
ferry_sasl_exchange_set_success_data(FerrySaslExchange *self, gboolean supported)
{
	g_return_if_fail(FERRY_IS_SASL_EXCHANGE(self));
	self->success_data_supported = supported;
}

/**
 * ferry_sasl_exchange_set_max_response:
 * @self: an exchange
 * @octets: how long a decoded response may be; 16 KiB at first
 *
 * Limits the responses.
 */
void
ferry_sasl_exchange_set_max_response(FerrySaslExchange *self, gsize octets)
{
	g_return_if_fail(FERRY_IS_SASL_EXCHANGE(self));
	self->max_response = octets;
}

/**
 * ferry_sasl_exchange_is_complete:
 * @self: an exchange
 *
 * Returns: whether the client has signed in
 */
gboolean
ferry_sasl_exchange_is_complete(FerrySaslExchange *self)
{
	g_return_val_if_fail(FERRY_IS_SASL_EXCHANGE(self), FALSE);
	return self->complete;
}

/**
 * ferry_sasl_exchange_get_challenge:
 * @self: an exchange
 *
 * Returns: (nullable): what to send to the client, in base64 (an empty string for an empty
 * challenge); NULL when it is over
 */
const char *
ferry_sasl_exchange_get_challenge(FerrySaslExchange *self)
{
	g_return_val_if_fail(FERRY_IS_SASL_EXCHANGE(self), NULL);
	return self->challenge;
}

/**
 * ferry_sasl_exchange_get_success_data:
 * @self: a complete exchange
 *
 * Returns: (nullable): what goes with the OK, in base64
 */
const char *
ferry_sasl_exchange_get_success_data(FerrySaslExchange *self)
{
	g_return_val_if_fail(FERRY_IS_SASL_EXCHANGE(self), NULL);
	return self->success_data;
}

/**
 * ferry_sasl_exchange_get_identity:
 * @self: an exchange
 *
 * Returns: (transfer none) (nullable): who signed in, when it is complete
 */
GObject *
ferry_sasl_exchange_get_identity(FerrySaslExchange *self)
{
	g_return_val_if_fail(FERRY_IS_SASL_EXCHANGE(self), NULL);
	return self->complete ? self->identity : NULL;
}

/**
 * ferry_sasl_exchange_get_credential:
 * @self: an exchange
 *
 * Returns: (transfer none) (nullable): what the client gave, good or not
 */
FerryCredential *
ferry_sasl_exchange_get_credential(FerrySaslExchange *self)
{
	g_return_val_if_fail(FERRY_IS_SASL_EXCHANGE(self), NULL);
	return self->credential;
}

/**
 * ferry_sasl_exchange_get_user:
 * @self: an exchange
 *
 * Gets who the client says it is. With mechanisms that send no name, or one that proves nothing, it
 * is NULL; who signed in is the identity.
 *
 * Returns: (nullable): the user name as far as known
 */
const char *
ferry_sasl_exchange_get_user(FerrySaslExchange *self)
{
	g_return_val_if_fail(FERRY_IS_SASL_EXCHANGE(self), NULL);
	return self->user;
}

/**
 * ferry_sasl_exchange_set_user:
 * @self: an exchange
 * @user: (nullable): the user name
 *
 * Says who the client claims to be, for mechanisms that do without
 * [method@SaslExchange.verify].
 */
void
ferry_sasl_exchange_set_user(FerrySaslExchange *self, const char *user)
{
	g_autofree char *old = NULL;

	g_return_if_fail(FERRY_IS_SASL_EXCHANGE(self));
	old = g_steal_pointer(&self->user);
	self->user = g_strdup(user);
}

/**
 * ferry_sasl_exchange_get_mechanism:
 * @self: an exchange
 *
 * Returns: (transfer none): its mechanism
 */
FerrySaslMechanism *
ferry_sasl_exchange_get_mechanism(FerrySaslExchange *self)
{
	g_return_val_if_fail(FERRY_IS_SASL_EXCHANGE(self), NULL);
	return self->mechanism;
}

/**
 * ferry_sasl_exchange_get_verifier:
 * @self: an exchange
 *
 * Returns: (transfer none): who is asked
 */
FerryVerifier *
ferry_sasl_exchange_get_verifier(FerrySaslExchange *self)
{
	g_return_val_if_fail(FERRY_IS_SASL_EXCHANGE(self), NULL);
	return self->verifier;
}

/**
 * ferry_sasl_exchange_get_origin:
 * @self: an exchange
 *
 * Returns: (transfer none): where the client is
 */
FerryOrigin *
ferry_sasl_exchange_get_origin(FerrySaslExchange *self)
{
	g_return_val_if_fail(FERRY_IS_SASL_EXCHANGE(self), NULL);
	return self->origin;
}

/**
 * ferry_sasl_exchange_get_cancellable:
 * @self: an exchange
 *
 * Returns: (transfer none) (nullable): that of the step that runs
 */
GCancellable *
ferry_sasl_exchange_get_cancellable(FerrySaslExchange *self)
{
	g_return_val_if_fail(FERRY_IS_SASL_EXCHANGE(self), NULL);
	return self->task != NULL ? g_task_get_cancellable(self->task) : NULL;
}

static void
ferry_sasl_exchange_clear_state(FerrySaslExchange *self)
{
	gpointer state = g_steal_pointer(&self->state);

	if (state != NULL && self->state_destroy != NULL)
		self->state_destroy(state);
	self->state_destroy = NULL;
}

/**
 * ferry_sasl_exchange_set_state: (skip)
 * @self: an exchange
 * @state: what the mechanism keeps from step to step
 * @destroy: frees it
 *
 * Keeps something for the next step.
 */
void
ferry_sasl_exchange_set_state(FerrySaslExchange *self, gpointer state, GDestroyNotify destroy)
{
	g_return_if_fail(FERRY_IS_SASL_EXCHANGE(self));
	ferry_sasl_exchange_clear_state(self);
	self->state = state;
	self->state_destroy = destroy;
}

/**
 * ferry_sasl_exchange_get_state: (skip)
 * @self: an exchange
 *
 * Returns: what [method@SaslExchange.set_state] kept
 */
gpointer
ferry_sasl_exchange_get_state(FerrySaslExchange *self)
{
	g_return_val_if_fail(FERRY_IS_SASL_EXCHANGE(self), NULL);
	return self->state;
}

static void
ferry_sasl_exchange_dispose(GObject *object)
{
	FerrySaslExchange *self = FERRY_SASL_EXCHANGE(object);

	ferry_sasl_exchange_clear_state(self);
	g_clear_object(&self->identity);
	g_clear_object(&self->verifier);
	g_clear_pointer(&self->credential, ferry_credential_unref);
	g_clear_pointer(&self->mechanism, ferry_sasl_mechanism_unref);
	g_clear_pointer(&self->origin, ferry_origin_unref);
	g_clear_pointer(&self->challenge, g_free);
	g_clear_pointer(&self->success_data, g_free);
	g_clear_pointer(&self->failure_data, g_bytes_unref);
	g_clear_error(&self->failure);
	g_clear_pointer(&self->user, g_free);
	G_OBJECT_CLASS(ferry_sasl_exchange_parent_class)->dispose(object);
}

static void
ferry_sasl_exchange_class_init(FerrySaslExchangeClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = ferry_sasl_exchange_dispose;
}

static void
ferry_sasl_exchange_init(FerrySaslExchange *self)
{
	self->max_response = DEFAULT_MAX_RESPONSE;
}

/**
 * ferry_sasl_exchange_new:
 * @mechanism: the mechanism
 * @verifier: who knows credentials
 * @origin: where the client is
 *
 * Prepares a sign-in. Whether the mechanism may be used here (%FERRY_SASL_PLAINTEXT) is the
 * protocol's business.
 *
 * Returns: (transfer full): the exchange
 */
FerrySaslExchange *
ferry_sasl_exchange_new(FerrySaslMechanism *mechanism, FerryVerifier *verifier, FerryOrigin *origin)
{
	FerrySaslExchange *self = g_object_new(FERRY_TYPE_SASL_EXCHANGE, NULL);

	self->mechanism = ferry_sasl_mechanism_ref(mechanism);
	self->verifier = g_object_ref(verifier);
	self->origin = ferry_origin_ref(origin);
	return self;
}
