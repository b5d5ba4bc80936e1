/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

GBytes *js_generate_message(guint32 seed, guint32 number);
gint64 js_generate_received_at(guint32 seed, guint32 number);
guint js_generate_flags(guint32 seed, guint32 number);

/* What js_generate_flags() may say. */
#define JS_GENERATED_SEEN 1u
#define JS_GENERATED_FLAGGED 2u
#define JS_GENERATED_ANSWERED 4u

typedef struct {
	const char *mailbox;
	const char *date;     /* receivedAt */
	const char *keywords; /* separated by spaces */
	const char *text;     /* with LF line ends */
} JsSample;
extern const JsSample js_samples[];
extern const guint js_n_samples;
