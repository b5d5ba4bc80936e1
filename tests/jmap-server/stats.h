/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

typedef struct _JsStats JsStats;

JsStats *js_stats_new(void);
void js_stats_free(JsStats *self);
void js_stats_reset(JsStats *self);
void js_stats_count(JsStats *self, const char *what);
void js_stats_count_for(JsStats *self, const char *what, const char *user);
void js_stats_count_bytes(JsStats *self, const char *what, gsize bytes);
void js_stats_count_method(JsStats *self, const char *method);
void js_stats_count_connection(JsStats *self, GSocket *socket);
void js_stats_log_request(JsStats *self, const char *body, gsize len);
void js_stats_write(JsStats *self, GString *out);
void js_stats_write_log(JsStats *self, GString *out);
