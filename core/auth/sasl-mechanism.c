/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The definition of a SASL mechanism
 *
 * Specification: RFC 4422 (SASL)
 * Implementation: server side; a name, flags and one function
 */
#include "auth/sasl-mechanism-private.h"

#include <string.h>

#include "base/error.h"

struct _FerrySaslMechanism {
	gatomicrefcount references;
	char *name;
	FerrySaslFlags flags;
	FerrySaslStepFunc func;
	gpointer user_data;
	GDestroyNotify destroy;
};

G_DEFINE_BOXED_TYPE(FerrySaslMechanism, ferry_sasl_mechanism, ferry_sasl_mechanism_ref,
		    ferry_sasl_mechanism_unref)

/**
 * ferry_sasl_mechanism_new:
 * @name: as clients call it, in capitals
 * @flags: what is special
 * @func: (scope notified) (closure user_data) (destroy destroy): takes the responses, in the thread
 * of the exchange
 * @user_data: for @func
 * @destroy: (nullable): frees @user_data
 *
 * Defines a mechanism.
 *
 * Returns: (transfer full): the mechanism
 */
FerrySaslMechanism *
ferry_sasl_mechanism_new(const char *name, FerrySaslFlags flags, FerrySaslStepFunc func,
			 gpointer user_data, GDestroyNotify destroy)
{
	FerrySaslMechanism *self = g_new0(FerrySaslMechanism, 1);

	g_atomic_ref_count_init(&self->references);
	self->name = g_strdup(name);
	self->flags = flags;
	self->func = func;
	self->user_data = user_data;
	self->destroy = destroy;
	return self;
}

/**
 * ferry_sasl_mechanism_ref:
 * @self: a mechanism
 *
 * Returns: (transfer full): the same with one reference more
 */
FerrySaslMechanism *
ferry_sasl_mechanism_ref(FerrySaslMechanism *self)
{
	g_atomic_ref_count_inc(&self->references);
	return self;
}

/**
 * ferry_sasl_mechanism_unref:
 * @self: (transfer full): a mechanism
 *
 * Drops a reference.
 */
void
ferry_sasl_mechanism_unref(FerrySaslMechanism *self)
{
	if (!g_atomic_ref_count_dec(&self->references))
		return;
	if (self->destroy != NULL)
		self->destroy(self->user_data);
	g_free(self->name);
	g_free(self);
}

/**
 * ferry_sasl_mechanism_get_name:
 * @self: a mechanism
 *
 * Returns: its name
 */
const char *
ferry_sasl_mechanism_get_name(FerrySaslMechanism *self)
{
	return self->name;
}

/**
 * ferry_sasl_mechanism_get_flags:
 * @self: a mechanism
 *
 * Returns: what is special about it
 */
FerrySaslFlags
ferry_sasl_mechanism_get_flags(FerrySaslMechanism *self)
{
	return self->flags;
}

void
ferry_sasl_mechanism_step(FerrySaslMechanism *self, FerrySaslExchange *exchange, GBytes *response,
			  guint step)
{
	self->func(exchange, response, step, self->user_data);
}

/* Copies one field of a response: valid UTF-8 without NUL. Nothing is prepared (SASLprep): the
 * backend has its own idea of names and passwords, and gets what the client typed. */
char *
ferry_sasl_take_text(const char *data, gsize length, GError **error)
{
	if (memchr(data, '\0', length) == NULL && g_utf8_validate(data, (gssize)length, NULL))
		return g_strndup(data, length);
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
			    "the SASL response is malformed");
	return NULL;
}

/* Frees a copy of a secret. */
void
ferry_sasl_wipe_free(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	g_free(secret);
}
