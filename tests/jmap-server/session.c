/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The session object
 *
 * Specification: RFC 8620 section 2, RFC 8621 section 1.3, RFC 9404 section 3, RFC 9425, RFC 9661
 *   section 1.2, RFC 9670 section 1.5, draft-ietf-jmap-mail-sharing-02 section 1.2
 */
#include <string.h>

#include "request.h"
#include "stats.h"

#define JS_CORE "urn:ietf:params:jmap:core"
#define JS_MAIL "urn:ietf:params:jmap:mail"
#define JS_SUBMISSION "urn:ietf:params:jmap:submission"
#define JS_BLOB "urn:ietf:params:jmap:blob"
#define JS_QUOTA "urn:ietf:params:jmap:quota"
#define JS_SIEVE "urn:ietf:params:jmap:sieve"
#define JS_PRINCIPALS "urn:ietf:params:jmap:principals"
#define JS_MAIL_SHARE "urn:ietf:params:jmap:mail:share"
#define JS_OWNER "urn:ietf:params:jmap:principals:owner"

const JsLimit js_default_limits[JS_N_LIMITS] = {
	[JS_LIMIT_SIZE_UPLOAD] = {"maxSizeUpload", 100 * 1024 * 1024},
	[JS_LIMIT_CONCURRENT_UPLOAD] = {"maxConcurrentUpload", 8},
	[JS_LIMIT_SIZE_REQUEST] = {"maxSizeRequest", 10 * 1024 * 1024},
	[JS_LIMIT_CONCURRENT_REQUESTS] = {"maxConcurrentRequests", 8},
	[JS_LIMIT_CALLS] = {"maxCallsInRequest", 64},
	[JS_LIMIT_GET] = {"maxObjectsInGet", 4096},
	[JS_LIMIT_SET] = {"maxObjectsInSet", 4096},
	[JS_LIMIT_MAILBOXES_PER_EMAIL] = {"maxMailboxesPerEmail", 0},
	[JS_LIMIT_MAILBOX_DEPTH] = {"maxMailboxDepth", 20},
	[JS_LIMIT_MAILBOX_NAME] = {"maxSizeMailboxName", 490},
	[JS_LIMIT_BLOB_SET] = {"maxSizeBlobSet", 10 * 1024 * 1024},
	[JS_LIMIT_DATA_SOURCES] = {"maxDataSources", 64},
	[JS_LIMIT_SCRIPT_NAME] = {"maxSizeScriptName", 512},
	[JS_LIMIT_SCRIPT] = {"maxSizeScript", 65536},
	[JS_LIMIT_SCRIPTS] = {"maxNumberScripts", 32},
	[JS_LIMIT_QUERY] = {"maxQuery", 0},
	[JS_LIMIT_QUOTA_OCTETS] = {"quotaOctets", G_GINT64_CONSTANT(10) << 30},
	[JS_LIMIT_QUOTA_COUNT] = {"quotaCount", 2000000},
	[JS_LIMIT_QUOTA_SCRIPT_OCTETS] = {"quotaScriptOctets", 0},
	[JS_LIMIT_QUOTA_SCRIPT_COUNT] = {"quotaScriptCount", 0},
};

gboolean
js_capability_is_on(JsServer *server, const char *name)
{
	const JsOptions *options = &server->options;

	if (strcmp(name, JS_BLOB) == 0)
		return !options->no_blob;
	if (strcmp(name, JS_QUOTA) == 0)
		return !options->no_quota;
	if (strcmp(name, JS_SIEVE) == 0)
		return !options->no_sieve;
	if (strcmp(name, JS_PRINCIPALS) == 0 || strcmp(name, JS_MAIL_SHARE) == 0)
		return !options->no_sharing;
	return strcmp(name, JS_CORE) == 0 || strcmp(name, JS_MAIL) == 0 ||
	       strcmp(name, JS_SUBMISSION) == 0;
}

static void
js_write_limits(JsServer *self, GString *out, JsLimitKind first, JsLimitKind last)
{
	for (guint i = first; i <= last; i++) {
		js_json_key(out, self->limits[i].name);
		/* maxMailboxesPerEmail and the like: 0 stands for none */
		if (self->limits[i].value > 0)
			js_json_int(out, self->limits[i].value);
		else
			js_json_null(out);
	}
}

static void
js_write_strings(GString *out, const char *key, const char *const *values)
{
	js_json_key(out, key);
	js_json_open(out, '[');
	for (; *values != NULL; values++)
		js_json_string(out, *values);
	js_json_close(out, ']');
}

static void
js_write_core(JsServer *self, GString *out)
{
	static const char *const collations[] = {"i;ascii-casemap", "i;octet", "i;unicode-casemap",
						 NULL};

	js_json_key(out, JS_CORE);
	js_json_open(out, '{');
	js_write_limits(self, out, JS_LIMIT_SIZE_UPLOAD, JS_LIMIT_SET);
	js_write_strings(out, "collationAlgorithms", collations);
	js_json_close(out, '}');
}

static void
js_write_empty(JsServer *self, GString *out, const char *name)
{
	if (!js_capability_is_on(self, name))
		return;
	js_json_key(out, name);
	js_json_raw(out, "{}", 2);
}

static void
js_write_capabilities(JsServer *self, GString *out)
{
	js_json_key(out, "capabilities");
	js_json_open(out, '{');
	js_write_core(self, out);
	js_write_empty(self, out, JS_MAIL);
	js_write_empty(self, out, JS_SUBMISSION);
	js_write_empty(self, out, JS_BLOB);
	js_write_empty(self, out, JS_QUOTA);
	js_write_empty(self, out, JS_SIEVE);
	js_write_empty(self, out, JS_PRINCIPALS);
	js_write_empty(self, out, JS_MAIL_SHARE);
	js_json_close(out, '}');
}

static void
js_write_mail_capability(JsServer *self, GString *out, gboolean own)
{
	static const char *const sorts[] = {"receivedAt",
					    "sentAt",
					    "size",
					    "from",
					    "to",
					    "subject",
					    "hasKeyword",
					    "allInThreadHaveKeyword",
					    "someInThreadHaveKeyword",
					    NULL};

	js_json_key(out, JS_MAIL);
	js_json_open(out, '{');
	js_write_limits(self, out, JS_LIMIT_MAILBOXES_PER_EMAIL, JS_LIMIT_MAILBOX_NAME);
	js_json_kv_int(out, "maxSizeAttachmentsPerEmail", 50 * 1024 * 1024);
	js_write_strings(out, "emailQuerySortOptions", sorts);
	js_json_kv_bool(out, "mayCreateTopLevelMailbox", own);
	js_json_close(out, '}');
}

static void
js_write_sieve_capability(JsServer *self, GString *out)
{
	static const char *const extensions[] = {
		"fileinto",   "reject",   "envelope",  "body",       "copy",
		"imap4flags", "vacation", "variables", "relational", "subaddress",
		"mailbox",    "regex",    "date",      "index",      NULL};

	js_json_key(out, JS_SIEVE);
	js_json_open(out, '{');
	js_write_limits(self, out, JS_LIMIT_SCRIPT_NAME, JS_LIMIT_SCRIPTS);
	js_json_kv_int(out, "maxNumberRedirects", 4);
	js_write_strings(out, "sieveExtensions", extensions);
	js_json_key(out, "notificationMethods");
	js_json_null(out);
	js_json_key(out, "externalLists");
	js_json_null(out);
	js_json_close(out, '}');
}

static void
js_write_blob_capability(JsServer *self, GString *out)
{
	static const char *const types[] = {"Email", "SieveScript", "Thread", "Mailbox", NULL};
	static const char *const digests[] = {"sha", "sha-256", NULL};

	js_json_key(out, JS_BLOB);
	js_json_open(out, '{');
	js_write_limits(self, out, JS_LIMIT_BLOB_SET, JS_LIMIT_DATA_SOURCES);
	js_write_strings(out, "supportedTypeNames", types);
	js_write_strings(out, "supportedDigestAlgorithms", digests);
	js_json_close(out, '}');
}

static void
js_write_principal_capability(JsUser *user, JsAccount *account, GString *out)
{
	js_json_key(out, JS_PRINCIPALS);
	js_json_open(out, '{');
	js_json_key(out, "currentUserPrincipalId");
	if (strcmp(account->owner, user->name) == 0) {
		g_autofree char *id = g_strconcat("P-", account->id + 2, NULL);

		js_json_string(out, id);
	} else {
		js_json_null(out);
	}
	js_json_close(out, '}');
	js_json_key(out, JS_OWNER);
	js_json_open(out, '{');
	js_json_kv_string(out, "accountIdForPrincipal", user->account->id);
	{
		g_autofree char *id = g_strconcat("P-", account->id + 2, NULL);

		js_json_kv_string(out, "principalId", id);
	}
	js_json_close(out, '}');
}

void
js_session_write_account(JsServer *self, JsUser *user, JsAccount *account, GString *out)
{
	gboolean own = user->account == account;

	js_json_open(out, '{');
	js_json_kv_string(out, "name", account->name != NULL ? account->name : account->owner);
	js_json_kv_bool(out, "isPersonal", own);
	js_json_kv_bool(out, "isReadOnly", account->read_only);
	js_json_key(out, "accountCapabilities");
	js_json_open(out, '{');
	js_write_empty(self, out, JS_CORE);
	js_write_mail_capability(self, out, own);
	js_write_empty(self, out, JS_MAIL_SHARE);
	if (own) {
		js_json_key(out, JS_SUBMISSION);
		js_json_raw(out, "{\"maxDelayedSend\":0,\"submissionExtensions\":{}}", -1);
		js_write_empty(self, out, JS_QUOTA);
	}
	if (js_capability_is_on(self, JS_BLOB))
		js_write_blob_capability(self, out);
	if (own && js_capability_is_on(self, JS_SIEVE))
		js_write_sieve_capability(self, out);
	if (js_capability_is_on(self, JS_PRINCIPALS))
		js_write_principal_capability(user, account, out);
	js_json_close(out, '}');
	js_json_close(out, '}');
}

static void
js_write_accounts(JsServer *self, JsUser *user, GString *out)
{
	static const char *const primary[] = {JS_CORE,  JS_MAIL,  JS_SUBMISSION, JS_BLOB,
					      JS_QUOTA, JS_SIEVE, JS_PRINCIPALS};
	guint slot;

	js_json_key(out, "accounts");
	js_json_open(out, '{');
	for (guint i = 0; i < self->users->len; i++) {
		JsUser *owner = g_ptr_array_index(self->users, i);

		if (js_server_get_account_for(self, user, owner->account->id, &slot) == NULL)
			continue;
		js_json_key(out, owner->account->id);
		js_session_write_account(self, user, owner->account, out);
	}
	js_json_close(out, '}');
	js_json_key(out, "primaryAccounts");
	js_json_open(out, '{');
	for (guint i = 0; i < G_N_ELEMENTS(primary); i++)
		if (js_capability_is_on(self, primary[i]))
			js_json_kv_string(out, primary[i], user->account->id);
	js_json_close(out, '}');
}

char *
js_session_dup_state(JsServer *self)
{
	return g_strdup_printf("%u-%s", self->session_generation, self->load_tag);
}

static void
js_write_url(GString *out, const char *key, const char *base, const char *rest)
{
	g_autofree char *url = g_strconcat(base, rest, NULL);

	js_json_kv_string(out, key, url);
}

void
js_session_handle(JsServer *self, SoupServerMessage *message, JsUser *user)
{
	GString *out = g_string_new(NULL);
	g_autofree char *base = js_server_dup_base_url(self, message);
	g_autofree char *state = js_session_dup_state(self);

	js_stats_count_for(self->stats, "sessions", user->name);
	js_json_open(out, '{');
	js_write_capabilities(self, out);
	js_write_accounts(self, user, out);
	js_json_kv_string(out, "username", user->username != NULL ? user->username : user->name);
	js_write_url(out, "apiUrl", base, "/jmap/api");
	js_write_url(out, "downloadUrl", base,
		     "/jmap/download/{accountId}/{blobId}/{name}?type={type}");
	js_write_url(out, "uploadUrl", base, "/jmap/upload/{accountId}/");
	js_write_url(out, "eventSourceUrl", base,
		     "/jmap/eventsource/?types={types}&closeafter={closeafter}&ping={ping}");
	js_json_kv_string(out, "state", state);
	js_json_close(out, '}');
	soup_message_headers_replace(soup_server_message_get_response_headers(message),
				     "Cache-Control", "no-cache, no-store, must-revalidate");
	js_http_take_answer(message, SOUP_STATUS_OK, "application/json", out);
}
