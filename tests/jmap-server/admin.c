/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /admin/: what tests do behind the clients' backs
 *
 * Implementation: every POST takes a JSON value and answers one; README.md lists them
 */
#include <string.h>

#include "faults.h"
#include "methods.h"
#include "stats.h"

typedef struct {
	JsServer *server;
	JsonObject *args;
	JsAccount *account; /* of "user" */
	GString *out;
	char *error;
} JsAdmin;

static gboolean
js_admin_fail(JsAdmin *self, const char *what)
{
	self->error = g_strdup(what);
	return FALSE;
}

/* "Projects/Boat", a role as "role:trash", or an id */
static JsMailbox *
js_admin_find_mailbox(JsAdmin *self, const char *key)
{
	const char *text = js_object_string(self->args, key);
	guint32 number = 0;

	if (text == NULL)
		return NULL;
	if (js_id_parse(text, 'B', &number) &&
	    js_account_get_mailbox(self->account, number) != NULL)
		return js_account_get_mailbox(self->account, number);
	if (g_str_has_prefix(text, "role:"))
		return js_account_find_role(self->account, text + 5);
	return js_account_ensure_path(self->account, text);
}

static GArray *
js_admin_read_emails(JsAdmin *self)
{
	JsonArray *ids = js_object_array(self->args, "ids");
	g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(guint32));

	for (guint i = 0; ids != NULL && i < json_array_get_length(ids); i++) {
		JsonNode *node = json_array_get_element(ids, i);
		guint32 number = 0;

		if (!js_node_is_string(node) ||
		    !js_id_parse(json_node_get_string(node), 'M', &number) ||
		    js_account_get_email(self->account, number) == NULL)
			return NULL;
		g_array_append_val(numbers, number);
	}
	return ids != NULL ? g_steal_pointer(&numbers) : NULL;
}

static gboolean
js_admin_deliver(JsAdmin *self)
{
	const char *text = js_object_string(self->args, "message");
	const char *base64 = js_object_string(self->args, "base64");
	JsMailbox *mailbox = js_admin_find_mailbox(self, "mailbox");
	g_autoptr(GPtrArray) keywords = g_ptr_array_new();
	g_autoptr(GBytes) bytes = NULL;
	gint64 received_at = 0;
	JsEmail *email;
	char buffer[16];
	gsize len = 0;

	if (mailbox == NULL)
		mailbox = js_account_find_role(self->account, "inbox");
	if (base64 != NULL) {
		guchar *data = g_base64_decode(base64, &len);

		bytes = g_bytes_new_take(data, len);
	} else if (text != NULL) {
		bytes = g_bytes_new(text, strlen(text));
	}
	if (bytes == NULL || !js_email_read_received_at(self->args, &received_at) ||
	    !js_email_read_keywords(self->args, keywords))
		return js_admin_fail(self, "needs message or base64; keywords, receivedAt as JMAP");
	email = js_account_add_email(self->account, js_account_take_blob(self->account, bytes),
				     &mailbox->number, 1, received_at);
	for (guint i = 0; i < keywords->len; i++)
		js_account_set_keyword(self->account, email, g_ptr_array_index(keywords, i), 0,
				       TRUE);
	js_account_log(self->account, JS_TYPE_EMAIL_DELIVERY, email->number, 0, 1, FALSE);
	js_json_kv_string(self->out, "id", js_id_format('M', email->number, buffer));
	return TRUE;
}

static gboolean
js_admin_move(JsAdmin *self)
{
	g_autoptr(GArray) numbers = js_admin_read_emails(self);
	JsMailbox *from = js_admin_find_mailbox(self, "from");
	JsMailbox *to = js_admin_find_mailbox(self, "to");

	if (numbers == NULL || (from == NULL && to == NULL))
		return js_admin_fail(self, "needs ids of Emails, and from or to");
	for (guint i = 0; i < numbers->len; i++) {
		JsEmail *email =
			js_account_get_email(self->account, g_array_index(numbers, guint32, i));
		guint64 before = js_account_begin_change(self->account, email);

		if (to != NULL)
			js_email_add_box(email, to->number);
		if (from != NULL && email->n_boxes > 1)
			js_email_remove_box(email, from->number);
		js_account_end_change(self->account, email, before);
	}
	return TRUE;
}

static void
js_admin_set_keywords(JsAdmin *self, JsEmail *email, const char *key, gboolean value)
{
	JsonArray *list = js_object_array(self->args, key);

	for (guint i = 0; list != NULL && i < json_array_get_length(list); i++)
		if (js_node_is_string(json_array_get_element(list, i)))
			js_account_set_keyword(self->account, email,
					       json_array_get_string_element(list, i), 0, value);
}

static gboolean
js_admin_keywords(JsAdmin *self)
{
	g_autoptr(GArray) numbers = js_admin_read_emails(self);

	if (numbers == NULL)
		return js_admin_fail(self, "needs ids of Emails, and add or remove");
	for (guint i = 0; i < numbers->len; i++) {
		JsEmail *email =
			js_account_get_email(self->account, g_array_index(numbers, guint32, i));
		guint64 before = js_account_begin_change(self->account, email);

		js_admin_set_keywords(self, email, "add", TRUE);
		js_admin_set_keywords(self, email, "remove", FALSE);
		js_account_end_change(self->account, email, before);
	}
	return TRUE;
}

static gboolean
js_admin_expunge(JsAdmin *self)
{
	g_autoptr(GArray) numbers = js_admin_read_emails(self);

	if (numbers == NULL)
		return js_admin_fail(self, "needs ids of Emails");
	for (guint i = 0; i < numbers->len; i++) {
		JsEmail *email =
			js_account_get_email(self->account, g_array_index(numbers, guint32, i));

		if (email != NULL)
			js_account_remove_email(self->account, email);
	}
	return TRUE;
}

static gboolean
js_admin_mailbox(JsAdmin *self)
{
	JsMailbox *mailbox = js_admin_find_mailbox(self, "mailbox");
	char buffer[16];

	if (mailbox == NULL)
		return js_admin_fail(self, "needs mailbox");
	js_json_kv_string(self->out, "id", js_id_format('B', mailbox->number, buffer));
	return TRUE;
}

static gboolean
js_admin_snapshot(JsAdmin *self)
{
	const char *name = js_object_string(self->args, "name");
	GHashTable *accounts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
						     (GDestroyNotify)js_account_free);

	for (guint i = 0; i < self->server->users->len; i++) {
		JsUser *user = g_ptr_array_index(self->server->users, i);

		g_hash_table_insert(accounts, g_strdup(user->account->id),
				    js_account_copy(user->account));
	}
	g_hash_table_replace(self->server->snapshots, g_strdup(name != NULL ? name : "default"),
			     accounts);
	return TRUE;
}

/* With "newStates" later states carry another tag, as after a proper restore. */
static gboolean
js_admin_restore(JsAdmin *self)
{
	const char *name = js_object_string(self->args, "name");
	GHashTable *accounts =
		g_hash_table_lookup(self->server->snapshots, name != NULL ? name : "default");

	if (accounts == NULL)
		return js_admin_fail(self, "no such snapshot");
	for (guint i = 0; i < self->server->users->len; i++) {
		JsUser *user = g_ptr_array_index(self->server->users, i);
		JsAccount *saved = g_hash_table_lookup(accounts, user->account->id);

		if (saved != NULL)
			js_account_take_content(user->account, js_account_copy(saved));
	}
	if (js_object_bool(self->args, "newStates", FALSE)) {
		g_free(self->server->run_tag);
		self->server->run_tag = g_strdup_printf("r%06x", g_random_int() & 0xffffff);
	}
	self->server->session_generation++;
	if (js_object_bool(self->args, "push", TRUE))
		js_push_account_changed(self->server->push, NULL);
	return TRUE;
}

static gboolean
js_admin_drop_push(JsAdmin *self)
{
	js_json_kv_int(self->out, "dropped", js_push_drop_all(self->server->push));
	return TRUE;
}

static gboolean
js_admin_mute_push(JsAdmin *self)
{
	js_json_kv_int(self->out, "muted", js_push_mute_all(self->server->push));
	return TRUE;
}

static gboolean
js_admin_say_push(JsAdmin *self)
{
	const char *name = js_object_string(self->args, "event");
	const char *data = js_object_string(self->args, "data");

	if (data == NULL || strchr(data, '\n') != NULL)
		return js_admin_fail(self, "needs data of one line");
	js_push_say(self->server->push, name != NULL ? name : "state", data);
	return TRUE;
}

static gboolean
js_admin_reset_stats(JsAdmin *self)
{
	/* what there was until now: nothing is lost between a look and this */
	js_json_key(self->out, "before");
	js_stats_write(self->server->stats, self->out);
	js_stats_reset(self->server->stats);
	return TRUE;
}

static gboolean
js_admin_replace(JsAdmin *self, const char *name, char **text)
{
	const char *value = js_object_string(self->args, name);

	if (value == NULL)
		return FALSE;
	g_free(*text);
	*text = g_strdup(value);
	return TRUE;
}

static gboolean
js_admin_secret(JsAdmin *self)
{
	const char *name = js_object_string(self->args, "user");
	JsUser *user = name != NULL ? js_server_find_user(self->server, name) : NULL;

	if (user == NULL || !(js_admin_replace(self, "secret", &user->secret) |
			      js_admin_replace(self, "token", &user->token) |
			      js_admin_replace(self, "username", &user->username)))
		return js_admin_fail(self, "needs user, and secret, token or username");
	return TRUE;
}

static gboolean
js_admin_read_rights(JsAdmin *self, guint16 *rights)
{
	JsonArray *names = js_object_array(self->args, "rights");

	*rights = 0;
	for (guint i = 0; names != NULL && i < json_array_get_length(names); i++) {
		JsonNode *node = json_array_get_element(names, i);
		guint bit = 0;

		while (js_node_is_string(node) && js_rights_get_name(bit) != NULL &&
		       strcmp(js_rights_get_name(bit), json_node_get_string(node)) != 0)
			bit++;
		if (!js_node_is_string(node) || js_rights_get_name(bit) == NULL)
			return FALSE;
		*rights = (guint16)(*rights | 1 << bit);
	}
	return names != NULL;
}

static gboolean
js_admin_share(JsAdmin *self)
{
	JsMailbox *mailbox = js_admin_find_mailbox(self, "mailbox");
	const char *with = js_object_string(self->args, "with");
	guint16 rights;
	gint slot = -1;

	if (mailbox != NULL && with != NULL && js_server_find_user(self->server, with) != NULL)
		slot = js_account_ensure_slot(self->account, with);
	if (slot <= 0 || !js_admin_read_rights(self, &rights))
		return js_admin_fail(self, "needs mailbox, with (another user) and rights");
	js_account_set_rights(self->account, mailbox, (guint)slot, rights);
	self->server->session_generation++;
	return TRUE;
}

static gboolean
js_admin_account(JsAdmin *self)
{
	const char *name = js_object_string(self->args, "name");

	if (name != NULL) {
		g_free(self->account->name);
		self->account->name = g_strdup(name);
	}
	self->account->read_only = js_object_bool(self->args, "readOnly", self->account->read_only);
	self->server->session_generation++;
	return TRUE;
}

static const struct {
	const char *name;
	gboolean (*run)(JsAdmin *self);
	gboolean needs_user;
} js_admin_actions[] = {
	{"deliver", js_admin_deliver, TRUE},
	{"move", js_admin_move, TRUE},
	{"keywords", js_admin_keywords, TRUE},
	{"expunge", js_admin_expunge, TRUE},
	{"mailbox", js_admin_mailbox, TRUE},
	{"snapshot", js_admin_snapshot, FALSE},
	{"restore", js_admin_restore, FALSE},
	{"drop-push", js_admin_drop_push, FALSE},
	{"reset-stats", js_admin_reset_stats, FALSE},
	{"secret", js_admin_secret, FALSE},
	{"share", js_admin_share, TRUE},
	{"account", js_admin_account, TRUE},
	{"mute-push", js_admin_mute_push, FALSE},
	{"say-push", js_admin_say_push, FALSE},
};

static gboolean
js_admin_run(JsAdmin *self, const char *path)
{
	const char *name = js_object_string(self->args, "user");
	JsUser *user = name != NULL ? js_server_find_user(self->server, name) : NULL;
	gboolean done;

	self->account = user != NULL ? user->account : NULL;
	for (guint i = 0; i < G_N_ELEMENTS(js_admin_actions); i++) {
		if (strcmp(js_admin_actions[i].name, path) != 0)
			continue;
		if (js_admin_actions[i].needs_user && user == NULL)
			return js_admin_fail(self, "no such user");
		done = js_admin_actions[i].run(self);
		if (self->account != NULL)
			js_account_commit(self->account);
		return done;
	}
	return js_admin_fail(self, "no such action");
}

static void
js_admin_post(JsServer *server, SoupServerMessage *message, const char *path)
{
	g_autoptr(GBytes) body =
		soup_message_body_flatten(soup_server_message_get_request_body(message));
	gsize len = 0;
	const char *text = g_bytes_get_data(body, &len);
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) root = js_json_parse(len > 0 ? text : "{}", len > 0 ? len : 2, &error);
	JsAdmin admin = {server, js_node_object(root), NULL, g_string_new("{"), NULL};
	gboolean done;

	if (root != NULL && strcmp(path, "faults") == 0)
		done = js_faults_set(server->faults, root, &error);
	else
		done = root != NULL && js_admin_run(&admin, path);
	if (done) {
		js_json_close(admin.out, '}');
		js_http_take_answer(message, SOUP_STATUS_OK, "application/json", admin.out);
		return;
	}
	js_http_problem(message, SOUP_STATUS_BAD_REQUEST, "about:blank",
			admin.error != NULL ? admin.error
			: error != NULL     ? error->message
					    : "wrong",
			NULL);
	g_string_free(admin.out, TRUE);
	g_free(admin.error);
}

void
js_admin_handle(JsServer *self, SoupServerMessage *message, const char *path)
{
	GString *out;

	if (strcmp(soup_server_message_get_method(message), "POST") == 0) {
		js_admin_post(self, message, path);
		return;
	}
	out = g_string_new(NULL);
	if (strcmp(path, "stats") == 0)
		js_stats_write(self->stats, out);
	else if (strcmp(path, "log") == 0)
		js_stats_write_log(self->stats, out);
	else if (strcmp(path, "faults") == 0)
		js_faults_write(self->faults, out);
	else
		js_json_raw(out, "{}", 2);
	js_http_take_answer(message, SOUP_STATUS_OK, "application/json", out);
}
