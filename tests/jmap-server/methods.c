/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The methods, by name */
#include <string.h>

#include "methods.h"

#define JS_GET "ids properties"
#define JS_CHANGES "sinceState maxChanges"
#define JS_QUERY "filter sort position anchor anchorOffset limit calculateTotal"
#define JS_QUERY_CHANGES "filter sort sinceQueryState maxChanges upToId calculateTotal"
#define JS_BODY_ARGS                                                                               \
	" bodyProperties fetchTextBodyValues fetchHTMLBodyValues fetchAllBodyValues"               \
	" maxBodyValueBytes"

static const char core[] = "urn:ietf:params:jmap:core";
static const char mail[] = "urn:ietf:params:jmap:mail";
static const char submission[] = "urn:ietf:params:jmap:submission";
static const char blob[] = "urn:ietf:params:jmap:blob";
static const char quota[] = "urn:ietf:params:jmap:quota";
static const char sieve[] = "urn:ietf:params:jmap:sieve";
static const char principals[] = "urn:ietf:params:jmap:principals";

static const JsMethod js_methods[] = {
	{"Core/echo", core, js_core_echo, JS_METHOD_NO_ACCOUNT, NULL},
	{"Mailbox/get", mail, js_mailbox_get, 0, JS_GET},
	{"Mailbox/changes", mail, js_mailbox_changes, 0, JS_CHANGES},
	{"Mailbox/query", mail, js_mailbox_query, 0, JS_QUERY " sortAsTree filterAsTree"},
	{"Mailbox/queryChanges", mail, js_mailbox_query_changes, 0,
	 JS_QUERY_CHANGES " sortAsTree filterAsTree"},
	{"Mailbox/set", mail, js_mailbox_set, 0,
	 "ifInState create update destroy onDestroyRemoveEmails"},
	{"Thread/get", mail, js_thread_get, 0, JS_GET},
	{"Thread/changes", mail, js_thread_changes, 0, JS_CHANGES},
	{"Email/get", mail, js_email_get, 0, JS_GET JS_BODY_ARGS},
	{"Email/changes", mail, js_email_changes, 0, JS_CHANGES},
	{"Email/query", mail, js_email_query, 0, JS_QUERY " collapseThreads"},
	{"Email/queryChanges", mail, js_email_query_changes, 0,
	 JS_QUERY_CHANGES " collapseThreads"},
	{"Email/set", mail, js_email_set, 0, "ifInState create update destroy"},
	{"Email/import", mail, js_email_import, 0, "ifInState emails"},
	{"Email/copy", mail, js_email_copy, 0,
	 "fromAccountId ifFromInState ifInState create onSuccessDestroyOriginal "
	 "destroyFromIfInState"},
	{"Email/parse", mail, js_email_parse, 0, "blobIds properties" JS_BODY_ARGS},
	{"SearchSnippet/get", mail, js_snippet_get, 0, "filter emailIds"},
	{"Identity/get", submission, js_identity_get, JS_METHOD_OWNER_ONLY, JS_GET},
	{"Identity/changes", submission, js_identity_changes, JS_METHOD_OWNER_ONLY, JS_CHANGES},
	{"Blob/copy", core, js_blob_copy, 0, "fromAccountId blobIds"},
	{"Blob/get", blob, js_blob_get, 0, JS_GET " offset length"},
	{"Blob/upload", blob, js_blob_upload, 0, "create"},
	{"Blob/lookup", blob, js_blob_lookup, 0, "typeNames ids"},
	{"Quota/get", quota, js_quota_get, JS_METHOD_OWNER_ONLY, JS_GET},
	{"Quota/changes", quota, js_quota_changes, JS_METHOD_OWNER_ONLY, JS_CHANGES},
	{"Quota/query", quota, js_quota_query, JS_METHOD_OWNER_ONLY, JS_QUERY},
	{"SieveScript/get", sieve, js_sieve_get, JS_METHOD_OWNER_ONLY, JS_GET},
	{"SieveScript/set", sieve, js_sieve_set, JS_METHOD_OWNER_ONLY,
	 "ifInState create update destroy onSuccessActivateScript onSuccessDeactivateScript"},
	{"SieveScript/query", sieve, js_sieve_query, JS_METHOD_OWNER_ONLY, JS_QUERY},
	{"SieveScript/validate", sieve, js_sieve_validate, JS_METHOD_OWNER_ONLY, "blobId"},
	{"Principal/get", principals, js_principal_get, 0, JS_GET},
	{"Principal/query", principals, js_principal_query, 0, JS_QUERY},
	{"Principal/changes", principals, js_principal_changes, 0, JS_CHANGES},
};

const JsMethod *
js_method_find(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(js_methods); i++)
		if (strcmp(js_methods[i].name, name) == 0)
			return &js_methods[i];
	return NULL;
}

gboolean
js_core_echo(JsCall *call)
{
	g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), call->args);

	js_json_node(call->out, node);
	return TRUE;
}
