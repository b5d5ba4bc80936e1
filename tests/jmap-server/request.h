/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "call.h"

typedef struct {
	char *method, *id;
	char *text;     /* the arguments of the response */
	JsonNode *node; /* parsed when first referred to */
} JsResult;

JsonNode *js_pointer_evaluate(JsonNode *root, const char *path);
JsonObject *js_request_resolve_args(JsRequest *request, JsonObject *args, const char **error);
char *js_session_dup_state(JsServer *self);
void js_session_write_account(JsServer *self, JsUser *user, JsAccount *account, GString *out);
