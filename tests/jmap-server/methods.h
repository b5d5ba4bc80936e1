/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "call.h"

gboolean js_core_echo(JsCall *call);
gboolean js_mailbox_get(JsCall *call);
gboolean js_mailbox_changes(JsCall *call);
gboolean js_mailbox_query(JsCall *call);
gboolean js_mailbox_query_changes(JsCall *call);
gboolean js_mailbox_set(JsCall *call);
gboolean js_thread_get(JsCall *call);
gboolean js_thread_changes(JsCall *call);
gboolean js_email_get(JsCall *call);
gboolean js_email_changes(JsCall *call);
gboolean js_email_query(JsCall *call);
gboolean js_email_query_changes(JsCall *call);
gboolean js_email_set(JsCall *call);
gboolean js_email_import(JsCall *call);
gboolean js_email_copy(JsCall *call);
gboolean js_email_parse(JsCall *call);
gboolean js_snippet_get(JsCall *call);
gboolean js_identity_get(JsCall *call);
gboolean js_identity_changes(JsCall *call);
gboolean js_blob_copy(JsCall *call);
gboolean js_blob_get(JsCall *call);
gboolean js_blob_upload(JsCall *call);
gboolean js_blob_lookup(JsCall *call);
guint js_sieve_measure(JsAccount *account, guint64 *octets);
gboolean js_quota_get(JsCall *call);
gboolean js_quota_changes(JsCall *call);
gboolean js_quota_query(JsCall *call);
gboolean js_sieve_get(JsCall *call);
gboolean js_sieve_set(JsCall *call);
gboolean js_sieve_query(JsCall *call);
gboolean js_sieve_validate(JsCall *call);
gboolean js_principal_get(JsCall *call);
gboolean js_principal_query(JsCall *call);
gboolean js_principal_changes(JsCall *call);

/* shared between the files of one type */
gboolean js_mailbox_is_visible(JsMailbox *mailbox, guint slot);
JsMailbox *js_call_find_mailbox(JsCall *call, const char *id);
JsEmail *js_call_find_email(JsCall *call, const char *id);
guint16 js_call_email_rights(JsCall *call, JsEmail *email, gboolean any);
GBytes *js_account_ref_blob(JsAccount *account, const char *id, guint slot);
gboolean js_account_may_see_blob(JsAccount *account, JsBlob *blob, guint slot);
gboolean js_email_read_mailboxes(JsCall *call, JsonObject *object, GArray *boxes, GString *out,
				 const char *key);
gboolean js_email_read_keywords(JsonObject *object, GPtrArray *keywords);
gboolean js_email_keyword_is_valid(const char *keyword);
gboolean js_email_read_received_at(JsonObject *object, gint64 *received_at);
void js_email_write_created(JsCall *call, GString *out, const char *key, JsEmail *email);
gboolean js_email_run_query(JsCall *call, GArray *result, gboolean collapse);
gboolean js_email_create(JsCall *call, JsonObject *object, const char *key, JsSetAnswer *answer);
void js_email_store(JsCall *call, JsBlob *blob, JsonObject *object, const char *key,
		    JsSetAnswer *answer);
GBytes *js_compose(JsCall *call, JsonObject *object, const char **bad_property);
const char *js_rights_get_name(guint bit);
