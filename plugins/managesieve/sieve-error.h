/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define SIEVE_ERROR (sieve_error_quark())

/* What only scripts know; everything else is a FerryError. */
typedef enum {
	SIEVE_ERROR_ACTIVE,         /* not done to the active script */
	SIEVE_ERROR_TOO_MANY,       /* as many scripts as there may be */
	SIEVE_ERROR_INVALID_SCRIPT, /* the message is the backend's */
	SIEVE_ERROR_OVERTAKEN,      /* another client changed the script at the same time */
} SieveError;

/* NO with a response code (or NULL) and a text. */
typedef struct {
	const char *code;
	char *text;
} SieveAnswer;

GQuark sieve_error_quark(void);
GError *sieve_error_translate(GError *error);
SieveAnswer *sieve_answer_new(const GError *error);
void sieve_answer_free(SieveAnswer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SieveAnswer, sieve_answer_free)

G_END_DECLS
