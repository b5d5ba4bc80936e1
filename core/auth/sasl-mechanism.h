/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define FERRY_TYPE_SASL_MECHANISM (ferry_sasl_mechanism_get_type())

/**
 * FerrySaslMechanism:
 *
 * The definition of a SASL mechanism (RFC 4422): its name, what it needs, and the function that
 * takes a client's responses. Immutable, usable from every thread.
 */
typedef struct _FerrySaslMechanism FerrySaslMechanism;
typedef struct _FerrySaslExchange FerrySaslExchange; /* see auth/sasl.h */

/**
 * FerrySaslFlags:
 * @FERRY_SASL_NONE: nothing special
 * @FERRY_SASL_PLAINTEXT: the secret itself is sent: only under TLS, or where the owner allows it
 * @FERRY_SASL_SERVER_FIRST: the server speaks first; an initial response is an error
 *
 * What is special about a mechanism.
 */
typedef enum { /*< flags >*/
	FERRY_SASL_NONE = 0,
	FERRY_SASL_PLAINTEXT = 1 << 0,
	FERRY_SASL_SERVER_FIRST = 1 << 1,
} FerrySaslFlags;

/**
 * FerrySaslStepFunc:
 * @exchange: the exchange
 * @response: (nullable): what the client sent, decoded; NULL where it began without a response
 * @step: 0 for the first call of an exchange, then counting up
 * @user_data: (closure): as given to [ctor@SaslMechanism.new]
 *
 * Takes one response. It calls, at once or later, exactly one of
 * [method@SaslExchange.challenge], [method@SaslExchange.verify], [method@SaslExchange.succeed] and
 * [method@SaslExchange.fail].
 */
typedef void (*FerrySaslStepFunc)(FerrySaslExchange *exchange, GBytes *response, guint step,
				  gpointer user_data);

GType ferry_sasl_mechanism_get_type(void);
FerrySaslMechanism *ferry_sasl_mechanism_new(const char *name, FerrySaslFlags flags,
					     FerrySaslStepFunc func, gpointer user_data,
					     GDestroyNotify destroy);
FerrySaslMechanism *ferry_sasl_mechanism_new_plain(void);
FerrySaslMechanism *ferry_sasl_mechanism_new_login(void);
FerrySaslMechanism *ferry_sasl_mechanism_new_oauthbearer(void);
FerrySaslMechanism *ferry_sasl_mechanism_new_xoauth2(void);
FerrySaslMechanism *ferry_sasl_mechanism_ref(FerrySaslMechanism *self);
void ferry_sasl_mechanism_unref(FerrySaslMechanism *self);
const char *ferry_sasl_mechanism_get_name(FerrySaslMechanism *self);
FerrySaslFlags ferry_sasl_mechanism_get_flags(FerrySaslMechanism *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerrySaslMechanism, ferry_sasl_mechanism_unref)

G_END_DECLS
