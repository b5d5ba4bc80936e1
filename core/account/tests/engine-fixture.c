/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine-fixture.h"

#include <glib/gstdio.h>
#include <libsoup/soup.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "auth/credential.h"

static void
result_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	*(GAsyncResult **)user_data = g_object_ref(result);
}

static gboolean
late_cb(gpointer user_data)
{
	g_error("the engine did not answer in time");
	return G_SOURCE_REMOVE;
}

static GAsyncResult *
wait_result(GAsyncResult **result)
{
	guint late = g_timeout_add_seconds(30, late_cb, NULL);

	while (*result == NULL)
		g_main_context_iteration(NULL, TRUE);
	g_source_remove(late);
	return *result;
}

static gboolean
go_on_cb(gpointer user_data)
{
	return G_SOURCE_CONTINUE;
}

void
engine_wait(gboolean (*check)(gpointer data), gpointer data)
{
	guint late = g_timeout_add_seconds(20, late_cb, NULL);
	GSource *tick = g_timeout_source_new(5);

	/* wakes the loop up, so that the check is made */
	g_source_set_callback(tick, go_on_cb, NULL, NULL);
	g_source_attach(tick, NULL);
	while (!check(data))
		g_main_context_iteration(NULL, TRUE);
	g_source_destroy(tick);
	g_source_unref(tick);
	g_source_remove(late);
}

static char *
find_server(void)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *core = g_path_get_dirname(self);
	g_autofree char *build = g_path_get_dirname(core);

	return g_build_filename(build, "tests", "jmap-server", "ferry-jmap-server", NULL);
}

/* a test that fails leaves no server behind */
static void
die_with_parent(gpointer user_data)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static char *
start_server(Engine *engine, const char *const *options)
{
	g_autofree char *path = find_server();
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autoptr(GDataInputStream) lines = NULL;
	g_autoptr(GSubprocessLauncher) launcher = NULL;
	g_autofree char *line = NULL;
	g_autoptr(GError) error = NULL;

	if (!g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
		return NULL;
	g_ptr_array_add(argv, path);
	g_ptr_array_add(argv, (gpointer) "--user=alice:secret");
	g_ptr_array_add(argv, (gpointer) "--user=bob:secret");
	g_ptr_array_add(argv, (gpointer) "--admin");
	g_ptr_array_add(argv, (gpointer) "--print-ready");
	for (; options != NULL && *options != NULL; options++)
		g_ptr_array_add(argv, (gpointer)*options);
	g_ptr_array_add(argv, NULL);
	launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE);
	g_subprocess_launcher_set_child_setup(launcher, die_with_parent, NULL, NULL);
	engine->server =
		g_subprocess_launcher_spawnv(launcher, (const char *const *)argv->pdata, &error);
	g_assert_no_error(error);
	lines = g_data_input_stream_new(g_subprocess_get_stdout_pipe(engine->server));
	g_filter_input_stream_set_close_base_stream(G_FILTER_INPUT_STREAM(lines), FALSE);
	line = g_data_input_stream_read_line(lines, NULL, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(g_str_has_prefix(line, "ready "));
	return g_strdup(line + strlen("ready "));
}

static void
make_manager(Engine *engine)
{
	const char *urls[] = {engine->url, NULL};
	g_autoptr(FerryAccountSettings) settings = ferry_account_settings_new(urls);
	g_autoptr(GError) error = NULL;

	settings->freshness_ms = 0;
	settings->poll_s = 1;
	engine->store =
		FERRY_STORE(ferry_store_sqlite_new(engine->directory, engine->directory, &error));
	g_assert_no_error(error);
	engine->manager = ferry_account_manager_new(engine->store, engine->directory);
	ferry_account_manager_set_backend(engine->manager, "main", settings);
}

Engine *
engine_new(const char *const *options)
{
	Engine *engine = g_new0(Engine, 1);

	engine->url = g_strdup(g_getenv("FERRY_TEST_URL"));
	if (engine->url == NULL)
		engine->url = start_server(engine, options);
	if (engine->url == NULL) {
		g_test_skip("there is no sample server");
		g_free(engine);
		return NULL;
	}
	engine->directory = g_dir_make_tmp("ferry-engine-XXXXXX", NULL);
	make_manager(engine);
	return engine;
}

Engine *
engine_new_at(const char *url, const char *directory)
{
	Engine *engine = g_new0(Engine, 1);

	engine->beside = TRUE;
	engine->url = g_strdup(url);
	engine->directory = g_strdup(directory);
	make_manager(engine);
	return engine;
}

Engine *
engine_new_beside(Engine *other)
{
	return engine_new_at(other->url, other->directory);
}

static void
stop_manager(Engine *engine)
{
	g_autoptr(GAsyncResult) result = NULL;

	g_clear_object(&engine->mailbox);
	g_clear_object(&engine->session);
	ferry_account_manager_shutdown_async(engine->manager, NULL, result_cb, &result);
	ferry_account_manager_shutdown_finish(engine->manager, wait_result(&result), NULL);
	g_clear_object(&engine->manager);
	g_clear_object(&engine->store);
	while (g_main_context_iteration(NULL, FALSE))
		continue;
}

void
engine_restart(Engine *engine)
{
	stop_manager(engine);
	make_manager(engine);
}

static void
remove_tree(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *child = g_build_filename(path, name, NULL);

		remove_tree(child);
	}
	g_remove(path);
}

void
engine_free(Engine *engine)
{
	stop_manager(engine);
	if (engine->server != NULL) {
		g_subprocess_force_exit(engine->server);
		g_subprocess_wait(engine->server, NULL, NULL);
		g_clear_object(&engine->server);
	}
	if (!engine->beside)
		remove_tree(engine->directory);
	g_free(engine->directory);
	g_free(engine->url);
	g_free(engine);
}

FerryAccountSession *
engine_sign_in_with(Engine *engine, const char *password, GError **error)
{
	g_autoptr(FerryCredential) credential =
		ferry_credential_new_password("alice", NULL, password);
	g_autoptr(GAsyncResult) result = NULL;

	ferry_account_manager_sign_in_async(engine->manager, "main", credential, NULL, result_cb,
					    &result);
	return ferry_account_manager_sign_in_finish(engine->manager, wait_result(&result), error);
}

void
engine_sign_in(Engine *engine)
{
	g_autoptr(GError) error = NULL;

	engine->session = engine_sign_in_with(engine, "secret", &error);
	g_assert_no_error(error);
}

FerryMailboxList *
engine_list(Engine *engine)
{
	g_autoptr(GAsyncResult) result = NULL;
	g_autoptr(GError) error = NULL;
	FerryMailboxList *list;

	ferry_account_session_list_async(engine->session, NULL, result_cb, &result);
	list = ferry_account_session_list_finish(engine->session, wait_result(&result), &error);
	g_assert_no_error(error);
	return list;
}

FerryMailbox *
engine_open(Engine *engine, const char *name, GError **error)
{
	g_autoptr(GAsyncResult) result = NULL;

	ferry_account_session_open_async(engine->session, name, NULL, NULL, NULL, NULL, result_cb,
					 &result);
	return ferry_account_session_open_finish(engine->session, wait_result(&result), error);
}

void
engine_select(Engine *engine, const char *name)
{
	g_autoptr(GError) error = NULL;

	g_clear_object(&engine->mailbox);
	engine->mailbox = engine_open(engine, name, &error);
	g_assert_no_error(error);
}

void
engine_refresh(Engine *engine)
{
	g_autoptr(GAsyncResult) result = NULL;
	g_autoptr(GError) error = NULL;

	ferry_mailbox_refresh_async(engine->mailbox, engine->session, NULL, result_cb, &result);
	ferry_mailbox_refresh_finish(engine->mailbox, wait_result(&result), &error);
	g_assert_no_error(error);
}

GArray *
engine_uids(Engine *engine)
{
	FerryView *view = ferry_mailbox_get_view(engine->mailbox);
	GArray *uids = g_array_new(FALSE, FALSE, sizeof(guint32));

	for (guint32 i = 0; i < ferry_view_get_count(view); i++) {
		guint32 uid = ferry_view_get_uid(view, i);

		g_array_append_val(uids, uid);
	}
	return uids;
}

GPtrArray *
engine_read(Engine *engine, FerryNeed needs)
{
	g_autoptr(GArray) uids = engine_uids(engine);
	g_autoptr(FerryMessageReader) reader =
		ferry_mailbox_read(engine->mailbox, engine->session,
				   (const guint32 *)(gconstpointer)uids->data, uids->len, needs);
	GPtrArray *all = g_ptr_array_new_with_free_func(
		(GDestroyNotify)(void (*)(void))ferry_message_data_unref);

	for (;;) {
		g_autoptr(GAsyncResult) result = NULL;
		g_autoptr(GError) error = NULL;
		GPtrArray *chunk;

		ferry_message_reader_next_async(reader, NULL, result_cb, &result);
		chunk = ferry_message_reader_next_finish(reader, wait_result(&result), &error);
		g_assert_no_error(error);
		if (chunk == NULL)
			return all;
		g_ptr_array_extend_and_steal(all, chunk);
	}
}

FerryOutcome *
engine_store(Engine *engine, const guint32 *uids, gsize n_uids, FerryFlagsMode mode,
	     const char *flags, gint64 unchanged_since, GError **error)
{
	g_auto(GStrv) names = g_strsplit(flags, " ", -1);
	g_auto(GStrv) keywords = NULL;
	g_autoptr(GAsyncResult) result = NULL;
	FerryMessageFlags parsed;

	if (!ferry_flags_parse((const char *const *)names, &parsed, &keywords, error))
		return NULL;
	ferry_mailbox_store_flags_async(engine->mailbox, engine->session, uids, n_uids, mode,
					parsed, (const char *const *)keywords, unchanged_since,
					NULL, NULL, result_cb, &result);
	return ferry_mailbox_store_flags_finish(engine->mailbox, wait_result(&result), error);
}

FerryOutcome *
engine_expunge(Engine *engine, GError **error)
{
	g_autoptr(GAsyncResult) result = NULL;

	ferry_mailbox_expunge_async(engine->mailbox, engine->session, NULL, 0, NULL, result_cb,
				    &result);
	return ferry_mailbox_expunge_finish(engine->mailbox, wait_result(&result), error);
}

FerryOutcome *
engine_copy(Engine *engine, const guint32 *uids, gsize n_uids, const char *target, gboolean move,
	    GError **error)
{
	g_autoptr(GAsyncResult) result = NULL;

	if (move) {
		ferry_mailbox_move_async(engine->mailbox, engine->session, uids, n_uids, target,
					 FALSE, NULL, result_cb, &result);
		return ferry_mailbox_move_finish(engine->mailbox, wait_result(&result), error);
	}
	ferry_mailbox_copy_async(engine->mailbox, engine->session, uids, n_uids, target, FALSE,
				 NULL, result_cb, &result);
	return ferry_mailbox_copy_finish(engine->mailbox, wait_result(&result), error);
}

FerryOutcome *
engine_append(Engine *engine, const char *name, const char *const *texts, GError **error)
{
	g_autoptr(GPtrArray) messages = g_ptr_array_new_with_free_func(
		(GDestroyNotify)(void (*)(void))ferry_append_message_unref);
	g_autoptr(GAsyncResult) result = NULL;

	for (; *texts != NULL; texts++) {
		g_autoptr(GBytes) bytes = g_bytes_new(*texts, strlen(*texts));

		g_ptr_array_add(messages, ferry_append_message_new_bytes(bytes));
	}
	ferry_account_session_append_async(engine->session, name, messages, NULL, result_cb,
					   &result);
	return ferry_account_session_append_finish(engine->session, wait_result(&result), error);
}

static char *
ask_admin(Engine *engine, const char *method, const char *path, const char *json)
{
	g_autoptr(SoupSession) soup = soup_session_new();
	g_autoptr(GUri) base = g_uri_parse(engine->url, G_URI_FLAGS_NONE, NULL);
	g_autofree char *url = g_strdup_printf("http://%s:%d/admin/%s", g_uri_get_host(base),
					       g_uri_get_port(base), path);
	g_autoptr(SoupMessage) message = soup_message_new(method, url);
	g_autoptr(GBytes) body = json != NULL ? g_bytes_new(json, strlen(json)) : NULL;
	g_autoptr(GBytes) answer = NULL;
	g_autoptr(GError) error = NULL;

	if (body != NULL)
		soup_message_set_request_body_from_bytes(message, "application/json", body);
	answer = soup_session_send_and_read(soup, message, NULL, &error);
	g_assert_no_error(error);
	if (soup_message_get_status(message) != 200)
		g_error("%s: %.*s", path, (int)g_bytes_get_size(answer),
			(const char *)g_bytes_get_data(answer, NULL));
	return g_strndup(g_bytes_get_data(answer, NULL), g_bytes_get_size(answer));
}

char *
engine_admin(Engine *engine, const char *path, const char *json)
{
	return ask_admin(engine, "POST", path, json);
}

char *
engine_get(Engine *engine, const char *path)
{
	return ask_admin(engine, "GET", path, NULL);
}
