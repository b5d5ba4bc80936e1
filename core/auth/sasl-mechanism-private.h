/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "auth/sasl-mechanism.h"

G_BEGIN_DECLS

void ferry_sasl_mechanism_step(FerrySaslMechanism *self, FerrySaslExchange *exchange,
			       GBytes *response, guint step);
char *ferry_sasl_take_text(const char *data, gsize length, GError **error);
void ferry_sasl_wipe_free(char *secret);

/* sasl-wire.c */
GBytes *ferry_sasl_decode(const char *text, gsize max, GError **error);
char *ferry_sasl_encode(GBytes *bytes);

G_END_DECLS
