/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "auth/sasl-mechanism.h"

G_BEGIN_DECLS

void ferry_sasl_mechanism_step(FerrySaslMechanism *self, FerrySaslExchange *exchange,
			       GBytes *response, guint step);
char *ferry_sasl_take_text(const char *data, gsize length, GError **error);

G_END_DECLS
