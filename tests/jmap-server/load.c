/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the server starts with: users, files, generated and sample mail, shares
 *
 * Implementation: mbox (From_ lines, "mboxrd" quoting) and Maildir++; lone LFs become CRLF, because
 *   a JMAP blob of a message is what went over the wire. Files are read in the order of their
 *   names, so the ids are the same every time.
 */
#include <string.h>

#include "generator.h"
#include "mime-header.h"
#include "server.h"

static gboolean
js_load_fail(GError **error, const char *option, const char *value)
{
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "--%s: cannot use “%s”", option,
		    value);
	return FALSE;
}

gboolean
js_parse_user(JsServer *self, const char *text, GError **error)
{
	const char *colon = strchr(text, ':');
	g_autofree char *name = NULL;
	JsUser *user;

	if (colon == NULL || colon == text)
		return js_load_fail(error, "user", text);
	name = g_strndup(text, (gsize)(colon - text));
	user = js_server_ensure_user(self, name);
	g_free(user->secret);
	user->secret = g_strdup(colon + 1);
	return TRUE;
}

static GBytes *
js_crlf(const char *data, gsize len)
{
	GString *out = g_string_sized_new(len + len / 30 + 16);
	gsize out_len;

	for (gsize i = 0; i < len; i++) {
		if (data[i] == '\n' && (i == 0 || data[i - 1] != '\r'))
			g_string_append_c(out, '\r');
		g_string_append_c(out, data[i]);
	}
	out_len = out->len;
	return g_bytes_new_take(g_string_free(out, FALSE), out_len);
}

static gint64
js_find_date(GBytes *bytes)
{
	gsize len = 0;
	const char *data = g_bytes_get_data(bytes, &len);
	g_autoptr(JsMessage) message = js_message_parse(data, len, FALSE);
	const JsHeader *header =
		js_message_find_header(message, js_message_get_root(message), "Date", 0);
	gint64 seconds = 0;
	int offset = 0;

	if (header != NULL)
		js_mime_parse_date(header->value, header->value_len, &seconds, &offset);
	return seconds;
}

static JsEmail *
js_load_message(JsAccount *account, JsMailbox *mailbox, const char *data, gsize len)
{
	g_autoptr(GBytes) bytes = js_crlf(data, len);
	JsBlob *blob = js_account_take_blob(account, bytes);
	JsEmail *existing = account->server->options.one_email_per_content
				    ? js_account_find_content(account, blob)
				    : NULL;

	if (existing != NULL) {
		guint64 before = js_account_begin_change(account, existing);

		js_email_add_box(existing, mailbox->number);
		js_account_end_change(account, existing, before);
		return existing;
	}
	return js_account_add_email(account, blob, &mailbox->number, 1, js_find_date(bytes));
}

/* From_ line: the next message begins */
static gboolean
js_is_from_line(const char *data, gsize at, gsize len)
{
	return len - at >= 5 && memcmp(data + at, "From ", 5) == 0 &&
	       (at == 0 || (at >= 2 && data[at - 1] == '\n' &&
			    (data[at - 2] == '\n' ||
			     (data[at - 2] == '\r' && at >= 3 && data[at - 3] == '\n'))));
}

/* ">From " at the start of a line loses one ">". */
static void
js_append_unquoted(GString *out, const char *line, gsize len)
{
	gsize quotes = 0;

	while (quotes < len && line[quotes] == '>')
		quotes++;
	if (quotes > 0 && len - quotes >= 5 && memcmp(line + quotes, "From ", 5) == 0) {
		line++;
		len--;
	}
	g_string_append_len(out, line, (gssize)len);
}

static void
js_load_mbox_data(JsAccount *account, JsMailbox *mailbox, const char *data, gsize len)
{
	g_autoptr(GString) message = g_string_new(NULL);
	gboolean inside = FALSE;

	for (gsize at = 0; at < len;) {
		const char *newline = memchr(data + at, '\n', len - at);
		gsize next = newline != NULL ? (gsize)(newline - data) + 1 : len;

		if (js_is_from_line(data, at, len)) {
			if (inside) {
				/* the empty line before From_ belongs to the format */
				g_string_truncate(message, message->len - (message->len > 0));
				js_load_message(account, mailbox, message->str, message->len);
			}
			g_string_truncate(message, 0);
			inside = TRUE;
		} else if (inside) {
			js_append_unquoted(message, data + at, next - at);
		}
		at = next;
	}
	if (inside) {
		if (g_str_has_suffix(message->str, "\n\n"))
			g_string_truncate(message, message->len - 1);
		js_load_message(account, mailbox, message->str, message->len);
	}
}

static gboolean
js_load_mbox(JsServer *self, const char *text, GError **error)
{
	g_auto(GStrv) fields = g_strsplit(text, ":", 3);
	g_autoptr(GMappedFile) file = NULL;
	JsAccount *account;

	if (g_strv_length(fields) != 3)
		return js_load_fail(error, "mbox", text);
	file = g_mapped_file_new(fields[2], FALSE, error);
	if (file == NULL)
		return FALSE;
	account = js_server_ensure_user(self, fields[0])->account;
	if (g_mapped_file_get_length(file) > 0)
		js_load_mbox_data(account, js_account_ensure_path(account, fields[1]),
				  g_mapped_file_get_contents(file), g_mapped_file_get_length(file));
	return TRUE;
}

static void
js_load_maildir_flags(JsAccount *account, JsEmail *email, const char *name)
{
	static const struct {
		char letter;
		const char *keyword;
	} flags[] = {{'S', "$seen"},
		     {'R', "$answered"},
		     {'F', "$flagged"},
		     {'D', "$draft"},
		     {'P', "$forwarded"}};
	const char *info = strstr(name, ":2,");

	for (guint i = 0; info != NULL && i < G_N_ELEMENTS(flags); i++)
		if (strchr(info + 3, flags[i].letter) != NULL)
			js_account_set_keyword(account, email, flags[i].keyword, 0, TRUE);
}

static GPtrArray *
js_list_sorted(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
		g_ptr_array_add(names, g_strdup(name));
	return names;
}

static gint
js_compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static gboolean
js_load_maildir_folder(JsAccount *account, JsMailbox *mailbox, const char *path, GError **error)
{
	static const char *const parts[] = {"cur", "new"};

	for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *dir = g_build_filename(path, parts[i], NULL);
		g_autoptr(GPtrArray) names = js_list_sorted(dir);

		g_ptr_array_sort(names, js_compare_names);
		for (guint k = 0; k < names->len; k++) {
			const char *name = g_ptr_array_index(names, k);
			g_autofree char *file = g_build_filename(dir, name, NULL);
			g_autofree char *data = NULL;
			gsize len = 0;

			if (name[0] == '.')
				continue;
			if (!g_file_get_contents(file, &data, &len, error))
				return FALSE;
			js_load_maildir_flags(account, js_load_message(account, mailbox, data, len),
					      name);
		}
	}
	return TRUE;
}

/* The folder itself is the inbox; ".A.B" below it is A/B. */
static gboolean
js_load_maildir(JsServer *self, const char *text, GError **error)
{
	g_auto(GStrv) fields = g_strsplit(text, ":", 2);
	g_autoptr(GPtrArray) names = NULL;
	JsAccount *account;

	if (g_strv_length(fields) != 2 || !g_file_test(fields[1], G_FILE_TEST_IS_DIR))
		return js_load_fail(error, "maildir", text);
	account = js_server_ensure_user(self, fields[0])->account;
	if (!js_load_maildir_folder(account, js_account_find_role(account, "inbox"), fields[1],
				    error))
		return FALSE;
	names = js_list_sorted(fields[1]);
	g_ptr_array_sort(names, js_compare_names);
	for (guint i = 0; i < names->len; i++) {
		const char *name = g_ptr_array_index(names, i);
		g_autofree char *path = g_build_filename(fields[1], name, NULL);
		g_autofree char *box = g_strdup(name + (name[0] == '.'));

		if (name[0] != '.' || !g_file_test(path, G_FILE_TEST_IS_DIR) || *box == '\0' ||
		    *box == '.')
			continue;
		if (!js_load_maildir_folder(
			    account, js_account_ensure_path(account, g_strdelimit(box, ".", '/')),
			    path, error))
			return FALSE;
	}
	return TRUE;
}

static void
js_generate_one(JsAccount *account, JsMailbox *mailbox, guint32 seed, guint32 number)
{
	guint flags = js_generate_flags(seed, number);
	JsEmail *email =
		js_account_add_email(account, js_account_add_generated(account, seed, number),
				     &mailbox->number, 1, js_generate_received_at(seed, number));

	js_account_set_keyword(account, email, "$seen", 0, (flags & JS_GENERATED_SEEN) != 0);
	js_account_set_keyword(account, email, "$flagged", 0, (flags & JS_GENERATED_FLAGGED) != 0);
	js_account_set_keyword(account, email, "$answered", 0,
			       (flags & JS_GENERATED_ANSWERED) != 0);
}

static gboolean
js_load_generated(JsServer *self, const char *text, GError **error)
{
	g_auto(GStrv) fields = g_strsplit(text, ":", 4);
	guint64 count = 0, seed = 1;
	JsAccount *account;
	JsMailbox *mailbox;

	if (g_strv_length(fields) < 3 ||
	    !g_ascii_string_to_unsigned(fields[2], 10, 0, 10000000, &count, NULL) ||
	    (fields[3] != NULL &&
	     !g_ascii_string_to_unsigned(fields[3], 10, 0, G_MAXUINT32, &seed, NULL)))
		return js_load_fail(error, "generate", text);
	account = js_server_ensure_user(self, fields[0])->account;
	mailbox = js_account_ensure_path(account, fields[1]);
	for (guint32 i = 0; i < count; i++)
		js_generate_one(account, mailbox, (guint32)seed, i);
	return TRUE;
}

static gboolean
js_load_samples(JsServer *self, const char *name, GError **error)
{
	JsAccount *account = js_server_ensure_user(self, name)->account;

	for (guint i = 0; i < js_n_samples; i++) {
		const JsSample *sample = &js_samples[i];
		JsMailbox *mailbox = js_account_ensure_path(account, sample->mailbox);
		g_auto(GStrv) keywords = g_strsplit(sample->keywords, " ", -1);
		g_autoptr(GDateTime) date = g_date_time_new_from_iso8601(sample->date, NULL);
		g_autoptr(GBytes) bytes = js_crlf(sample->text, strlen(sample->text));
		JsEmail *email =
			js_account_add_email(account, js_account_take_blob(account, bytes),
					     &mailbox->number, 1, g_date_time_to_unix(date));

		for (guint k = 0; keywords[k] != NULL; k++)
			if (*keywords[k] != '\0')
				js_account_set_keyword(account, email, keywords[k], 0, TRUE);
	}
	return TRUE;
}

/* OWNER:MAILBOX:USER[:read|write|all] */
static gboolean
js_load_share(JsServer *self, const char *text, GError **error)
{
	g_auto(GStrv) fields = g_strsplit(text, ":", 4);
	const char *how;
	guint16 rights = JS_MAY_READ_ITEMS | JS_MAY_SET_SEEN;
	JsAccount *account;
	gint slot;

	if (g_strv_length(fields) < 3)
		return js_load_fail(error, "share", text);
	how = fields[3] != NULL ? fields[3] : "read";
	if (strcmp(how, "write") == 0)
		rights |= JS_MAY_ADD_ITEMS | JS_MAY_REMOVE_ITEMS | JS_MAY_SET_KEYWORDS;
	else if (strcmp(how, "all") == 0)
		rights = JS_MAY_ALL;
	else if (strcmp(how, "read") != 0)
		return js_load_fail(error, "share", text);
	account = js_server_ensure_user(self, fields[0])->account;
	slot = js_account_ensure_slot(account, js_server_ensure_user(self, fields[2])->name);
	if (slot <= 0)
		return js_load_fail(error, "share", text);
	js_account_set_rights(account, js_account_ensure_path(account, fields[1]), (guint)slot,
			      rights);
	return TRUE;
}

static gboolean
js_load_token(JsServer *self, const char *text, GError **error)
{
	g_auto(GStrv) fields = g_strsplit(text, ":", 2);
	JsUser *user;

	if (g_strv_length(fields) != 2 || *fields[1] == '\0')
		return js_load_fail(error, "token", text);
	user = js_server_ensure_user(self, fields[0]);
	g_free(user->token);
	user->token = g_strdup(fields[1]);
	return TRUE;
}

static gboolean
js_load_key_file(JsServer *self, const char *path, GError **error)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_auto(GStrv) names = NULL;

	if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, error))
		return FALSE;
	names = g_key_file_get_keys(file, "users", NULL, error);
	if (names == NULL)
		return FALSE;
	for (guint i = 0; names[i] != NULL; i++) {
		JsUser *user = js_server_ensure_user(self, names[i]);

		g_free(user->secret);
		user->secret = g_key_file_get_string(file, "users", names[i], NULL);
	}
	return TRUE;
}

static gboolean
js_load_each(JsServer *self, char **values,
	     gboolean (*load)(JsServer *self, const char *text, GError **error), GError **error)
{
	for (guint i = 0; values != NULL && values[i] != NULL; i++)
		if (!load(self, values[i], error))
			return FALSE;
	return TRUE;
}

gboolean
js_load_all(JsServer *self, GError **error)
{
	JsOptions *options = &self->options;

	if (options->key_file != NULL && !js_load_key_file(self, options->key_file, error))
		return FALSE;
	if (!js_load_each(self, options->users, js_parse_user, error) ||
	    !js_load_each(self, options->tokens, js_load_token, error) ||
	    !js_load_each(self, options->mboxes, js_load_mbox, error) ||
	    !js_load_each(self, options->maildirs, js_load_maildir, error) ||
	    !js_load_each(self, options->generates, js_load_generated, error) ||
	    !js_load_each(self, options->samples, js_load_samples, error) ||
	    !js_load_each(self, options->shares, js_load_share, error))
		return FALSE;
	for (guint i = 0; i < self->users->len; i++) {
		JsUser *user = g_ptr_array_index(self->users, i);

		js_account_end_load(user->account);
	}
	return TRUE;
}
