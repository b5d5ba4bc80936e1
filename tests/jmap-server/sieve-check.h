/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* NULL when the script is in order, else what is wrong with it, with the line. */
char *js_sieve_check(const char *text, gsize len);
