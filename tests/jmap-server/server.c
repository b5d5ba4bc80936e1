/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server: users, accounts, and which resource answers a path
 *
 * Specification: RFC 8620 sections 2 and 2.2
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "faults.h"
#include "server.h"
#include "stats.h"

JsUser *
js_server_find_user(JsServer *self, const char *name)
{
	for (guint i = 0; i < self->users->len; i++) {
		JsUser *user = g_ptr_array_index(self->users, i);

		if (strcmp(user->name, name) == 0)
			return user;
	}
	return NULL;
}

JsUser *
js_server_ensure_user(JsServer *self, const char *name)
{
	JsUser *user = js_server_find_user(self, name);
	static const char *const folders[] = {"Archive", "Drafts", "Junk", "Sent", "Trash"};
	static const char *const roles[] = {"archive", "drafts", "junk", "sent", "trash"};

	if (user != NULL)
		return user;
	user = g_new0(JsUser, 1);
	user->name = g_strdup(name);
	user->account = js_account_new(self, name);
	js_account_add_mailbox(user->account, "Inbox", 0, "inbox")->sort_order = 1;
	for (guint i = 0; i < G_N_ELEMENTS(folders); i++)
		js_account_add_mailbox(user->account, folders[i], 0, roles[i])->sort_order = 10;
	g_ptr_array_add(self->users, user);
	return user;
}

JsAccount *
js_server_find_account(JsServer *self, const char *id)
{
	for (guint i = 0; i < self->users->len; i++) {
		JsUser *user = g_ptr_array_index(self->users, i);

		if (strcmp(user->account->id, id) == 0)
			return user->account;
	}
	return NULL;
}

JsAccount *
js_server_get_account_for(JsServer *self, JsUser *user, const char *id, guint *slot)
{
	JsAccount *account = js_server_find_account(self, id);
	gint found;

	if (account == NULL)
		return NULL;
	found = js_account_find_slot(account, user->name);
	if (found < 0 || (found > 0 && self->options.no_sharing) ||
	    !js_account_is_visible(account, (guint)found))
		return NULL;
	*slot = (guint)found;
	return account;
}

const char *
js_server_intern(JsServer *self, const char *text)
{
	const char *known = g_hash_table_lookup(self->strings, text);
	char *copy;

	if (known != NULL)
		return known;
	copy = g_strdup(text);
	g_hash_table_add(self->strings, copy);
	return copy;
}

void
js_server_account_changed(JsServer *self, JsAccount *account)
{
	if (self->push != NULL)
		js_push_account_changed(self->push, account);
}

static gboolean
js_host_is_plain(const char *host)
{
	return *host != '\0' && strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					     "0123456789.-_:[]") == strlen(host);
}

/* Without a slash at the end; empty with --relative-urls. */
char *
js_server_dup_base_url(JsServer *self, SoupServerMessage *message)
{
	const char *host = soup_message_headers_get_one(
		soup_server_message_get_request_headers(message), "Host");
	g_autofree char *ready = NULL;

	if (self->options.relative_urls)
		return g_strdup("");
	if (self->options.public_url != NULL)
		return g_strdup(self->options.public_url);
	if (host != NULL && js_host_is_plain(host))
		return g_strconcat(self->options.tls_cert != NULL ? "https" : "http", "://", host,
				   NULL);
	ready = js_server_dup_ready_url(self);
	ready[strlen(ready) - 1] = '\0';
	return g_steal_pointer(&ready);
}

char *
js_server_dup_ready_url(JsServer *self)
{
	g_autoslist(GUri) uris = soup_server_get_uris(self->soup);

	if (uris == NULL)
		return g_strdup("http://127.0.0.1/");
	return g_strdup_printf("%s://%s:%d/", g_uri_get_scheme(uris->data),
			       self->options.address != NULL ? self->options.address : "127.0.0.1",
			       g_uri_get_port(uris->data));
}

/* Faults of a whole resource; TRUE when nothing else is to be done. */
static gboolean
js_server_fault(JsServer *self, SoupServerMessage *message, const char *place, JsUser *user)
{
	g_autoptr(JsFault) fault = js_faults_take(self->faults, place, NULL, user->name, NULL);
	g_autofree char *body = NULL;

	if (fault == NULL)
		return FALSE;
	if (fault->delay > 0)
		js_http_delay(message, fault->delay);
	switch (fault->kind) {
	case JS_FAULT_STATUS:
		js_fault_answer_status(fault, message);
		return TRUE;
	case JS_FAULT_CUT_BEFORE:
	case JS_FAULT_CUT_AFTER:
		js_http_cut(message);
		return TRUE;
	case JS_FAULT_CUT_MIDDLE:
		body = g_strnfill(100000, 'x');
		js_http_cut_middle(message, "application/octet-stream", body, strlen(body));
		return TRUE;
	case JS_FAULT_WRONG_JSON:
	case JS_FAULT_TRUNCATED_JSON:
		js_http_answer(message, 200, "application/json", "{\"capabilities\": {", -1);
		return TRUE;
	case JS_FAULT_DROP_PUSH:
		js_push_drop_all(self->push);
		return FALSE;
	default:
		return FALSE;
	}
}

static gboolean
js_server_check_method(SoupServerMessage *message, const char *wanted)
{
	if (strcmp(soup_server_message_get_method(message), wanted) == 0)
		return TRUE;
	soup_message_headers_replace(soup_server_message_get_response_headers(message), "Allow",
				     wanted);
	js_http_problem(message, SOUP_STATUS_METHOD_NOT_ALLOWED, "about:blank", wanted, NULL);
	return FALSE;
}

static void
js_server_route(JsServer *self, SoupServerMessage *message, JsUser *user, const char *path,
		GHashTable *query)
{
	if (strcmp(path, "session") == 0) {
		if (!js_server_fault(self, message, "session", user))
			js_session_handle(self, message, user);
	} else if (strcmp(path, "api") == 0) {
		if (js_server_check_method(message, "POST"))
			js_api_handle(self, message, user);
	} else if (g_str_has_prefix(path, "upload/")) {
		if (js_server_check_method(message, "POST") &&
		    !js_server_fault(self, message, "upload", user))
			js_upload_handle(self, message, user, path + 7);
	} else if (g_str_has_prefix(path, "download/")) {
		if (!js_server_fault(self, message, "download", user))
			js_download_handle(self, message, user, path + 9, query);
	} else if (strcmp(path, "eventsource/") == 0 || strcmp(path, "eventsource") == 0) {
		if (!js_server_fault(self, message, "eventsource", user))
			js_push_handle(self, message, user, query);
	} else {
		js_http_problem(message, SOUP_STATUS_NOT_FOUND, "about:blank", "no such thing",
				NULL);
	}
}

static void
js_jmap_cb(SoupServer *soup, SoupServerMessage *message, const char *path, GHashTable *query,
	   gpointer user_data)
{
	JsServer *self = user_data;
	JsUser *user = js_http_authenticate(self, message);
	const char *raw = g_uri_get_path(soup_server_message_get_uri(message));

	if (user == NULL) {
		js_http_refuse_credentials(message);
		return;
	}
	js_server_route(self, message, user, raw + strlen("/jmap/"), query);
}

static void
js_well_known_cb(SoupServer *soup, SoupServerMessage *message, const char *path, GHashTable *query,
		 gpointer user_data)
{
	g_autofree char *base = js_server_dup_base_url(user_data, message);
	g_autofree char *url = g_strconcat(base, "/jmap/session", NULL);

	soup_message_headers_replace(soup_server_message_get_response_headers(message), "Location",
				     url);
	soup_server_message_set_status(message, SOUP_STATUS_MOVED_PERMANENTLY, NULL);
}

static void
js_admin_cb(SoupServer *soup, SoupServerMessage *message, const char *path, GHashTable *query,
	    gpointer user_data)
{
	js_admin_handle(user_data, message, path + strlen("/admin/"));
}

static void
js_not_found_cb(SoupServer *soup, SoupServerMessage *message, const char *path, GHashTable *query,
		gpointer user_data)
{
	js_http_problem(message, SOUP_STATUS_NOT_FOUND, "about:blank",
			"the session is at /.well-known/jmap", NULL);
}

/* Refuses what is too large before it is read into memory. */
static void
js_early_cb(SoupServer *soup, SoupServerMessage *message, const char *path, GHashTable *query,
	    gpointer user_data)
{
	JsServer *self = user_data;
	goffset length = soup_message_headers_get_content_length(
		soup_server_message_get_request_headers(message));
	gboolean upload = g_str_has_prefix(path, "/jmap/upload/");
	const JsLimit *limit = &self->limits[upload ? JS_LIMIT_SIZE_UPLOAD : JS_LIMIT_SIZE_REQUEST];

	if (!g_str_has_prefix(path, "/jmap/") || length <= limit->value)
		return;
	soup_message_body_set_accumulate(soup_server_message_get_request_body(message), FALSE);
	js_http_problem(
		message, upload ? SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE : SOUP_STATUS_BAD_REQUEST,
		"urn:ietf:params:jmap:error:limit", "the request is too large", limit->name);
}

static void
js_request_started_cb(SoupServer *soup, SoupServerMessage *message, gpointer user_data)
{
	JsServer *self = user_data;
	GSocket *socket = soup_server_message_get_socket(message);

	/* answers of several writes must not wait for delayed acknowledgements */
	if (socket != NULL)
		g_socket_set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
	js_stats_count_connection(self->stats, socket);
}

static gboolean
js_server_listen(JsServer *self, GError **error)
{
	const char *host = self->options.address != NULL ? self->options.address : "127.0.0.1";
	g_autoptr(GSocketAddress) address =
		g_inet_socket_address_new_from_string(host, (guint)self->options.port);

	if (address == NULL) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "not a numeric address: %s", host);
		return FALSE;
	}
	return soup_server_listen(self->soup, address,
				  self->options.tls_cert != NULL ? SOUP_SERVER_LISTEN_HTTPS : 0,
				  error);
}

gboolean
js_server_start(JsServer *self, GError **error)
{
	g_autoptr(GTlsCertificate) certificate = NULL;

	if (self->options.tls_cert != NULL) {
		const char *key = self->options.tls_key != NULL ? self->options.tls_key
								: self->options.tls_cert;

		certificate = g_tls_certificate_new_from_files(self->options.tls_cert, key, error);
		if (certificate == NULL)
			return FALSE;
	}
	self->soup = soup_server_new("server-header", "ferry-jmap-server ", "raw-paths", TRUE,
				     "tls-certificate", certificate, NULL);
	soup_server_add_handler(self->soup, NULL, js_not_found_cb, self, NULL);
	soup_server_add_handler(self->soup, "/.well-known/jmap", js_well_known_cb, self, NULL);
	soup_server_add_handler(self->soup, "/jmap/", js_jmap_cb, self, NULL);
	soup_server_add_early_handler(self->soup, "/jmap/", js_early_cb, self, NULL);
	if (self->options.admin)
		soup_server_add_handler(self->soup, "/admin/", js_admin_cb, self, NULL);
	g_signal_connect(self->soup, "request-started", G_CALLBACK(js_request_started_cb), self);
	self->push = js_push_new(self);
	return js_server_listen(self, error);
}

void
js_server_stop(JsServer *self)
{
	g_clear_pointer(&self->push, js_push_free);
	if (self->soup != NULL)
		soup_server_disconnect(self->soup);
	g_clear_object(&self->soup);
}
