/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "methods.h"

typedef struct _JsFilter JsFilter;

JsFilter *js_filter_compile(JsCall *call, JsonNode *node);
void js_filter_free(JsFilter *self);
gboolean js_filter_matches(JsFilter *self, JsCall *call, JsEmail *email);
void js_filter_list_words(JsFilter *self, GPtrArray *words);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JsFilter, js_filter_free)

/* text.c: what text conditions look into, folded for comparison */
typedef struct {
	JsEmail *email; /* the Email the rest belongs to */
	GBytes *bytes;
	JsMessage *header, *message;
	GString *body; /* folded text of all text parts; NULL: not made yet */
} JsTextCache;
void js_text_cache_load(JsTextCache *self, JsEmail *email);
void js_text_cache_clear(JsTextCache *self);
gboolean js_text_cache_field_contains(JsTextCache *self, const char *field, const char *needle);
gboolean js_text_cache_has_field(JsTextCache *self, const char *field);
gboolean js_text_cache_body_contains(JsTextCache *self, const char *needle);
char *js_text_dup_folded(const char *text, gssize len);
