/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every store must do
 *
 * Batches and deltas are written as text. Batch: words separated by ';':
 *   box ID · drop ID · name ID NAME · list ID 0|1|2 · page ID · recent ID N · sub NAME · unsub NAME
 *   put EMAIL BOXES TIME [KEYWORDS] (BOXES and KEYWORDS separated by ',', '-' is none)
 *   move EMAIL BOXES [KEYWORDS] (no metadata) · kill EMAIL · rm ID UID · rmpair ID EMAIL
 *   del ID UID · undel ID UID · ask ID EMAIL · renew ID EMAIL · epoch ID|* N · sweep ID|* N
 *   state S
 * Delta: "same" if no generation was taken, else by mailbox "ID:" and +UID=EMAIL, ~UID=EMAIL
 * (with (KEYWORDS) and ! for \Deleted), -UID, "reload"; "gone N"; "uids N N"; or the error.
 */
#include "store-suite.h"

#include <glib/gstdio.h>
#include <string.h>

char *
store_suite_make_dir(void)
{
	g_autoptr(GError) error = NULL;
	char *dir = g_dir_make_tmp("ferry-store-XXXXXX", &error);

	g_assert_no_error(error);
	return dir;
}

void
store_suite_remove_dir(char *dir)
{
	g_autoptr(GDir) opened = g_dir_open(dir, 0, NULL);
	const char *name;

	while (opened != NULL && (name = g_dir_read_name(opened)) != NULL) {
		char *path = g_build_filename(dir, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_DIR))
			store_suite_remove_dir(path);
		else {
			g_unlink(path);
			g_free(path);
		}
	}
	g_rmdir(dir);
	g_free(dir);
}

void
store_suite_done_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GAsyncResult **place = user_data;

	*place = g_object_ref(result);
}

GAsyncResult *
store_suite_wait(GAsyncResult **result)
{
	while (*result == NULL)
		g_main_context_iteration(NULL, TRUE);
	return g_steal_pointer(result);
}

#define WAIT(result) store_suite_wait(&(result))

FerryStoreAccount *
store_suite_load(FerryStore *store, const char *username)
{
	static const char *const ids[] = {"acc", NULL};
	g_autoptr(GError) error = NULL;
	GAsyncResult *pending = NULL;
	FerryStoreAccount *login;

	ferry_store_load_account_async(store, "main", username, ids, NULL, store_suite_done_cb,
				       &pending);
	g_autoptr(GAsyncResult) result = WAIT(pending);
	login = ferry_store_load_account_finish(store, result, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(login->mail_accounts->len, ==, 1);
	return login;
}

FerryStoreMailAccount *
store_suite_mail_account(FerryStoreAccount *login)
{
	return g_ptr_array_index(login->mail_accounts, 0);
}

FerryStoreMailbox *
store_suite_mailbox(FerryStore *store, const char *username, const char *id)
{
	g_autoptr(FerryStoreAccount) login = store_suite_load(store, username);
	FerryStoreMailAccount *account = store_suite_mail_account(login);

	for (guint i = 0; i < account->mailboxes->len; i++) {
		FerryStoreMailbox *mailbox = g_ptr_array_index(account->mailboxes, i);

		if (strcmp(mailbox->id, id) == 0)
			return ferry_store_mailbox_ref(mailbox);
	}
	return NULL;
}

FerryStoreDelta *
store_suite_apply(FerryStore *store, gint64 account_key, guint64 generation, FerryStoreBatch *batch,
		  GError **error)
{
	GAsyncResult *pending = NULL;

	ferry_store_apply_async(store, account_key, generation, batch, NULL, store_suite_done_cb,
				&pending);
	g_autoptr(GAsyncResult) result = WAIT(pending);
	return ferry_store_apply_finish(store, result, error);
}

FerryStoreDelta *
store_suite_delta(FerryStore *store, gint64 account_key, guint64 since)
{
	g_autoptr(GError) error = NULL;
	GAsyncResult *pending = NULL;
	FerryStoreDelta *delta;

	ferry_store_load_delta_async(store, account_key, since, NULL, store_suite_done_cb,
				     &pending);
	g_autoptr(GAsyncResult) result = WAIT(pending);
	delta = ferry_store_load_delta_finish(store, result, &error);
	g_assert_no_error(error);
	return delta;
}

FerryStoreRows *
store_suite_rows(FerryStore *store, gint64 mailbox_key)
{
	g_autoptr(GError) error = NULL;
	GAsyncResult *pending = NULL;
	FerryStoreRows *rows;

	ferry_store_load_mailbox_async(store, mailbox_key, FERRY_STORE_FIELD_ALL, NULL,
				       store_suite_done_cb, &pending);
	g_autoptr(GAsyncResult) result = WAIT(pending);
	rows = ferry_store_load_mailbox_finish(store, result, &error);
	g_assert_no_error(error);
	return rows;
}

static char **
split_list(const char *text)
{
	return text == NULL || strcmp(text, "-") == 0 ? g_new0(char *, 1)
						      : g_strsplit(text, ",", 0);
}

static void
put(FerryStoreBatch *batch, const char *id, const char *boxes, const char *time,
    const char *keywords)
{
	g_auto(GStrv) mailbox_ids = split_list(boxes);
	g_auto(GStrv) list = split_list(keywords);
	g_autofree char *blob = g_strconcat("blob-", id, NULL);
	FerryStoreEmail email = {
		.email_id = id,
		.blob_id = time != NULL ? blob : NULL,
		.thread_id = "thread",
		.size = 100,
		.received_at = time != NULL ? g_ascii_strtoll(time, NULL, 10) : 0,
		.has_sent = TRUE,
		.sent_at = 77,
		.sent_offset = -90,
		.mailbox_ids = (const char *const *)mailbox_ids,
		.keywords = (const char *const *)list,
	};

	ferry_store_batch_put_email(batch, &email);
}

/* verbs of mailboxes; FALSE when it is none */
static gboolean
add_mailbox_verb(FerryStoreBatch *batch, char **w)
{
	const char *verb = w[0], *id = w[1];

	if (strcmp(verb, "box") == 0) {
		g_autoptr(FerryStoreMailbox) mailbox = ferry_store_mailbox_new(id, id);

		ferry_store_batch_put_mailbox(batch, mailbox);
	} else if (strcmp(verb, "drop") == 0) {
		ferry_store_batch_remove_mailbox(batch, id);
	} else if (strcmp(verb, "name") == 0) {
		ferry_store_batch_set_imap_name(batch, id, w[2]);
	} else if (strcmp(verb, "list") == 0) {
		ferry_store_batch_set_listing(batch, id, atoi(w[2]), "s0", NULL);
	} else if (strcmp(verb, "page") == 0) {
		ferry_store_batch_set_page_of(batch, id);
	} else if (strcmp(verb, "recent") == 0) {
		ferry_store_batch_set_recent(batch, id, atoi(w[2]));
	} else if (g_str_has_suffix(verb, "sub")) {
		ferry_store_batch_set_subscription(batch, id, verb[0] == 's');
	} else {
		return FALSE;
	}
	return TRUE;
}

static void
add_message_verb(FerryStoreBatch *batch, char **w)
{
	const char *verb = w[0], *id = w[1];
	const char *scope = strcmp(id, "*") == 0 ? NULL : id;

	if (strcmp(verb, "put") == 0)
		put(batch, id, w[2], w[3], w[4]);
	else if (strcmp(verb, "move") == 0)
		put(batch, id, w[2], NULL, w[3]);
	else if (strcmp(verb, "kill") == 0)
		ferry_store_batch_destroy_email(batch, id);
	else if (strcmp(verb, "rm") == 0)
		ferry_store_batch_remove_uid(batch, id, atoi(w[2]));
	else if (strcmp(verb, "rmpair") == 0)
		ferry_store_batch_remove_pair(batch, id, w[2]);
	else if (g_str_has_suffix(verb, "del"))
		ferry_store_batch_set_deleted(batch, id, atoi(w[2]), verb[0] == 'd');
	else if (strcmp(verb, "ask") == 0)
		ferry_store_batch_ask(batch, id, w[2]);
	else if (strcmp(verb, "renew") == 0)
		ferry_store_batch_renew(batch, id, w[2]);
	else if (strcmp(verb, "epoch") == 0)
		ferry_store_batch_begin_epoch(batch, scope, atoi(w[2]));
	else if (strcmp(verb, "sweep") == 0)
		ferry_store_batch_sweep(batch, scope, atoi(w[2]));
	else if (strcmp(verb, "state") == 0)
		ferry_store_batch_set_email_state(batch, id);
	else
		g_error("no such verb: %s", verb);
}

FerryStoreBatch *
store_suite_batch(const char *text)
{
	FerryStoreBatch *batch = ferry_store_batch_new();
	g_auto(GStrv) parts = g_strsplit(text, ";", 0);

	for (guint i = 0; parts[i] != NULL; i++) {
		g_auto(GStrv) words = NULL;

		if (*g_strstrip(parts[i]) == '\0')
			continue;
		words = g_strsplit(parts[i], " ", 0);
		if (!add_mailbox_verb(batch, words))
			add_message_verb(batch, words);
	}
	return batch;
}

static void
print_rows(GString *text, FerryStoreRows *rows, char sign)
{
	for (guint i = 0; i < ferry_store_rows_get_length(rows); i++) {
		const char *keywords = ferry_store_rows_get_keywords(rows, i);

		g_string_append_printf(text, " %c%u=%s", sign, ferry_store_rows_get_uid(rows, i),
				       ferry_store_rows_get_email_id(rows, i));
		if (*keywords != '\0')
			g_string_append_printf(text, "(%s)", keywords);
		if (ferry_store_rows_get(rows, i)->flags & FERRY_STORE_ROW_DELETED)
			g_string_append_c(text, '!');
	}
}

static char *
print_delta(const FerryStoreDelta *delta, gboolean with_uids)
{
	GString *text = g_string_new(delta->generation == delta->since ? " same" : "");

	for (guint i = 0; i < delta->n_mailboxes; i++) {
		FerryStoreMailboxDelta *mailbox = &delta->mailboxes[i];

		g_string_append_printf(text, " %s:", mailbox->mailbox->id);
		if (mailbox->reload)
			g_string_append(text, " reload");
		print_rows(text, mailbox->arrived, '+');
		print_rows(text, mailbox->changed, '~');
		for (guint j = 0; j < mailbox->n_expunged; j++)
			g_string_append_printf(text, " -%u", mailbox->expunged[j]);
	}
	if (delta->n_removed > 0)
		g_string_append_printf(text, " gone %u", delta->n_removed);
	if (with_uids && delta->n_uids > 0) {
		g_string_append(text, " uids");
		for (guint i = 0; i < delta->n_uids; i++)
			g_string_append_printf(text, " %u", delta->uids[i]);
	}
	return g_string_free(text, FALSE);
}

/* The counts a mailbox states are those of its rows, and its highest MODSEQ is above theirs. */
static void
check_mailbox(FerryStore *store, const FerryStoreMailbox *mailbox, const char *where)
{
	g_autoptr(FerryStoreRows) rows = store_suite_rows(store, mailbox->key);
	const guint n = ferry_store_rows_get_length(rows);
	guint64 unseen = 0, deleted = 0, octets = 0, deleted_octets = 0, highest = 1;
	guint32 last = 0;

	for (guint i = 0; i < n; i++) {
		const FerryStoreRow *row = ferry_store_rows_get(rows, i);

		g_assert_cmpuint(row->uid, >, last);
		last = row->uid;
		unseen += strstr(ferry_store_rows_get_keywords(rows, i), "$seen") == NULL;
		deleted += row->flags & FERRY_STORE_ROW_DELETED;
		octets += row->size;
		if ((row->flags & FERRY_STORE_ROW_DELETED) != 0)
			deleted_octets += row->size;
		highest = MAX(highest, row->modseq);
		g_assert_cmpint(row->sent_offset, ==, -90);
	}
	if (mailbox->n_messages != n || mailbox->n_unseen != unseen ||
	    mailbox->n_deleted != deleted || mailbox->n_octets != octets ||
	    mailbox->n_deleted_octets != deleted_octets || mailbox->uidnext <= last ||
	    mailbox->highest_modseq < highest)
		g_error("%s: the counts of %s are wrong", where, mailbox->id);
}

static void
check_all(FerryStore *store, const char *username, const char *where)
{
	g_autoptr(FerryStoreAccount) login = store_suite_load(store, username);
	FerryStoreMailAccount *account = store_suite_mail_account(login);

	for (guint i = 0; i < account->mailboxes->len; i++)
		check_mailbox(store, g_ptr_array_index(account->mailboxes, i), where);
}

#define STEPS_MAX 6
#define AB "box A; box B; list A 2; list B 2"

static const struct {
	const char *name;
	struct {
		const char *batch;
		const char *delta;
	} steps[STEPS_MAX];
} rules[] = {
	{"uids go by received time, then id",
	 {{AB, " A: B:"}, {"put e3 A 5;put e2 A 5;put e1 A 9", " A: +1=e2 +2=e3 +3=e1"}}},
	{"asked pairs come last, in the order of asking",
	 {{AB, " A: B:"},
	  {"put e1 A 1;put e2 A 2;put e3 A 3;ask A e3;ask A e1;ask B e1;ask A e3",
	   " A: +1=e2 +2=e3 +3=e1 uids 2 3 0 2"}}},
	{"putting again changes nothing",
	 {{AB, " A: B:"},
	  {"put e1 A 1 $seen", " A: +1=e1($seen)"},
	  {"put e1 A 1 $seen", " same"},
	  {"move e1 A $Seen,$seen", " same"},
	  {"ask A e1", " same uids 1"}}},
	{"a keyword touches every pair, and only real changes count",
	 {{AB, " A: B:"},
	  {"put e1 A,B 1;put e2 A 2", " A: +1=e1 +2=e2 B: +1=e1"},
	  {"move e1 B,A $seen,x;move e2 A", " A: ~1=e1($seen x) B: ~1=e1($seen x)"},
	  {"move e1 A,B x", " A: ~1=e1(x) B: ~1=e1(x)"}}},
	{"leaving a mailbox is a tombstone, coming back a new uid",
	 {{AB, " A: B:"},
	  {"put e1 A,B 1", " A: +1=e1 B: +1=e1"},
	  {"move e1 B", " A: -1"},
	  {"move e1 A,B", " A: +2=e1"},
	  {"kill e1", " A: -2 B: -1"},
	  {"move e1 A", "not-found"}}},
	{"an unknown Email needs metadata only where messages are known",
	 {{"box A; box B; list B 2", " A: B:"},
	  {"move e1 A", " same"},
	  {"put e1 A 1", " same"},
	  {"move e1 A,B", "not-found"},
	  {"put e1 A,B 1", " B: +1=e1"}}},
	{"own removals give a new uid to what is there again",
	 {{AB, " A: B:"},
	  {"put e1 A 1;put e2 A 2", " A: +1=e1 +2=e2"},
	  {"rm A 1;put e1 A 1", " A: +3=e1 -1"},
	  {"rmpair A e2;rm A 99;rm X 1", " A: -2"},
	  {"kill e1;put e1 A 1", " A: +4=e1 -3"},
	  {"put e1 A 1;kill e1", " A: -4"}}},
	{"renewal leaves nothing deleted",
	 {{AB, " A: B:"},
	  {"put e1 A 1;put e2 A 2", " A: +1=e1 +2=e2"},
	  {"del A 1;del A 7", " A: ~1=e1!"},
	  {"renew A e2;renew A e1;renew A e2;renew A no", " A: +3=e2 +4=e1 -1 -2 uids 3 4 3 0"},
	  {"del A 1;undel A 3", " same"}}},
	{"deleted belongs to one pair",
	 {{AB, " A: B:"},
	  {"put e1 A,B 1", " A: +1=e1 B: +1=e1"},
	  {"del A 1", " A: ~1=e1!"},
	  {"del A 1", " same"},
	  {"undel A 1", " A: ~1=e1"}}},
	{"only pages make pairs while listing",
	 {{"box A; box B; list A 1; list B 2", " A: B:"},
	  {"put e1 A,B 1", " B: +1=e1"},
	  {"page A;put e1 A,B 1;put e2 A 0", " A: reload"},
	  {"move e2 B", " A: reload B: +2=e2"},
	  {"list A 2", " A:"},
	  {"move e2 A,B", " A: +3=e2"}}},
	{"a sweep removes what was not seen",
	 {{AB, " A: B:"},
	  {"put e1 A 1;put e2 A,B 2;put e3 A 3;put e4 B 4", " A: +1=e1 +2=e2 +3=e3 B: +1=e2 +2=e4"},
	  {"epoch * 5;move e1 A", " same"},
	  {"put e5 A 5", " A: +4=e5"},
	  {"sweep * 6", "conflict"},
	  {"move e4 B;sweep * 5", " A: -2 -3 B: -1"}}},
	{"a sweep of a mailbox leaves the others",
	 {{AB, " A: B:"},
	  {"put e1 A,B 1;put e2 A,B 2", " A: +1=e1 +2=e2 B: +1=e1 +2=e2"},
	  {"epoch A 1;move e2 A,B", " same"},
	  {"epoch A 2;sweep A 1", "conflict"},
	  {"sweep A 1", " A: -1"},
	  {"sweep A 1", "conflict"}}},
	{"a removed mailbox takes its messages",
	 {{AB, " A: B:"},
	  {"put e1 A,B 1;put e2 B 2", " A: +1=e1 B: +1=e1 +2=e2"},
	  {"drop B", " gone 1"},
	  {"move e1 A $seen", " A: ~1=e1($seen)"},
	  {"move e2 A", "not-found"}}},
	{"marks and names are news without messages",
	 {{AB, " A: B:"},
	  {"put e1 A 1", " A: +1=e1"},
	  {"recent A 2;name A Post", " A:"},
	  {"recent A 1;name A Post;recent A 99", " same"},
	  {"sub Gone;state s9", ""},
	  {"sub Gone;state s9;unsub Other", " same"}}},
	{"what fails leaves nothing",
	 {{AB, " A: B:"},
	  {"put e1 A 1;name X y", "not-found"},
	  {"put e1 A 1;sweep * 1", "conflict"},
	  {"ask A e1", " same uids 0"}}},
};

/* Lets the store tell the same difference to those who did not make it. */
static void
check_delta(FerryStore *store, const FerryStoreDelta *delta, const char *where)
{
	g_autoptr(FerryStoreDelta) loaded =
		store_suite_delta(store, delta->account_key, delta->since);
	g_autofree char *expected = print_delta(delta, FALSE);
	g_autofree char *text = print_delta(loaded, FALSE);

	if (strcmp(text, expected) != 0 || loaded->generation != delta->generation)
		g_error("%s: loaded \"%s\", applied \"%s\"", where, text, expected);
	for (guint i = 0; i < delta->n_mailboxes; i++) {
		FerryStoreMailboxDelta *mailbox = &delta->mailboxes[i];
		gboolean moved = mailbox->n_expunged > 0 || mailbox->reload ||
				 ferry_store_rows_get_length(mailbox->arrived) > 0 ||
				 ferry_store_rows_get_length(mailbox->changed) > 0 ||
				 mailbox->added;

		g_assert_cmpint(mailbox->mailbox->highest_modseq == delta->generation, ==, moved);
	}
}

static const char *
error_name(const GError *error)
{
	return g_error_matches(error, FERRY_ERROR, FERRY_ERROR_CONFLICT)    ? "conflict"
	       : g_error_matches(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND) ? "not-found"
									    : error->message;
}

static void
run_rule(FerryStore *store, guint rule)
{
	g_autofree char *username = g_strdup_printf("user%u", rule);
	g_autoptr(FerryStoreAccount) login = store_suite_load(store, username);
	FerryStoreMailAccount *account = store_suite_mail_account(login);
	guint64 generation = account->generation;

	for (guint i = 0; i < STEPS_MAX && rules[rule].steps[i].batch != NULL; i++) {
		g_autofree char *where = g_strdup_printf("%s, step %u", rules[rule].name, i);
		g_autoptr(FerryStoreBatch) batch = store_suite_batch(rules[rule].steps[i].batch);
		g_autoptr(GError) error = NULL;
		g_autofree char *text = NULL;
		g_autoptr(FerryStoreDelta) delta =
			store_suite_apply(store, account->key, generation, batch, &error);

		text = delta != NULL ? print_delta(delta, TRUE) : g_strdup(error_name(error));
		if (strcmp(text, rules[rule].steps[i].delta) != 0)
			g_error("%s: got \"%s\", not \"%s\"", where, text,
				rules[rule].steps[i].delta);
		if (delta != NULL) {
			check_delta(store, delta, where);
			generation = delta->generation;
		}
		check_all(store, username, where);
	}
}

static void
test_rules(gconstpointer data)
{
	StoreFactory factory = (StoreFactory)data;
	char *dir = store_suite_make_dir();
	g_autoptr(FerryStore) store = factory(dir);

	for (guint i = 0; i < G_N_ELEMENTS(rules); i++)
		run_rule(store, i);
	g_clear_object(&store);
	store_suite_remove_dir(dir);
}

static guint64
apply_text(FerryStore *store, gint64 account_key, guint64 generation, const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryStoreBatch) batch = store_suite_batch(text);
	g_autoptr(FerryStoreDelta) delta =
		store_suite_apply(store, account_key, generation, batch, &error);

	g_assert_no_error(error);
	return delta->generation;
}

static void
test_conflict(gconstpointer data)
{
	StoreFactory factory = (StoreFactory)data;
	char *dir = store_suite_make_dir();
	g_autoptr(FerryStore) one = factory(dir);
	g_autoptr(FerryStore) two = factory(dir);
	g_autoptr(FerryStoreAccount) login = store_suite_load(one, "user");
	gint64 key = store_suite_mail_account(login)->key;
	g_autoptr(FerryStoreBatch) batch = store_suite_batch("put e2 A 2");
	g_autoptr(GError) error = NULL;
	guint64 ticket = ferry_store_get_ticket(two);
	GAsyncResult *pending = NULL;
	guint64 generation;

	generation = apply_text(one, key, 1, "box A;list A 2;put e1 A 1");
	g_assert_cmpuint(generation, ==, 2);
	if (ticket != 0)
		g_assert_cmpuint(ferry_store_get_ticket(two), !=, ticket);
	g_assert_null(store_suite_apply(two, key, 1, batch, &error));
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_CONFLICT);
	ferry_store_read_generation_async(two, key, NULL, store_suite_done_cb, &pending);
	g_autoptr(GAsyncResult) result = WAIT(pending);
	g_assert_cmpuint(ferry_store_read_generation_finish(two, result, NULL), ==, 2);
	g_autoptr(FerryStoreDelta) delta = store_suite_apply(two, key, 2, batch, NULL);
	g_autofree char *text = print_delta(delta, TRUE);
	g_assert_cmpstr(text, ==, " A: +2=e2");
	g_clear_object(&one);
	g_clear_object(&two);
	store_suite_remove_dir(dir);
}

static void
test_restart(gconstpointer data)
{
	StoreFactory factory = (StoreFactory)data;
	char *dir = store_suite_make_dir();
	g_autoptr(FerryStore) store = factory(dir);
	g_autoptr(FerryStoreAccount) login = store_suite_load(store, "user");
	gint64 key = store_suite_mail_account(login)->key;
	guint32 uidvalidity;

	apply_text(store, key, 1,
		   "box A;box B;list A 2;name A Post;recent A 1;state s1;sub Gone;"
		   "put e1 A 1 x");
	apply_text(store, key, 2, "page B;list B 1;put e2 B 5");
	{
		g_autoptr(FerryStoreMailbox) a = store_suite_mailbox(store, "user", "A");
		g_autoptr(FerryStoreMailbox) b = store_suite_mailbox(store, "user", "B");

		g_assert_cmpuint(a->uidvalidity, !=, b->uidvalidity);
		uidvalidity = a->uidvalidity;
	}
	g_clear_object(&store);
	store = factory(dir);
	g_autoptr(FerryStoreAccount) again = store_suite_load(store, "user");
	FerryStoreMailAccount *account = store_suite_mail_account(again);
	g_assert_cmpint(account->key, ==, key);
	g_assert_cmpstr(account->email_state, ==, "s1");
	g_assert_cmpuint(account->generation, ==, 3);
	g_assert_cmpstr(account->subscriptions[0], ==, "Gone");
	g_autoptr(FerryStoreMailbox) a = store_suite_mailbox(store, "user", "A");
	g_autoptr(FerryStoreMailbox) b = store_suite_mailbox(store, "user", "B");
	g_assert_cmpuint(a->uidvalidity, ==, uidvalidity);
	g_assert_cmpstr(a->imap_name, ==, "Post");
	g_assert_cmpint(b->listing, ==, FERRY_STORE_LISTING);
	g_assert_cmpstr(b->listing_email_state, ==, "s0");
	g_autoptr(FerryStoreRows) rows = store_suite_rows(store, a->key);
	g_autoptr(FerryStoreRows) listed = store_suite_rows(store, b->key);
	g_assert_cmpstr(ferry_store_rows_get_blob_id(rows, 0), ==, "blob-e1");
	g_assert_cmpstr(ferry_store_rows_get_thread_id(rows, 0), ==, "thread");
	g_assert_cmpint(ferry_store_rows_get(rows, 0)->sent_at, ==, 77);
	g_assert_cmpuint(ferry_store_rows_get(rows, 0)->savedate, >, 0);
	g_assert_cmpuint(ferry_store_rows_get(listed, 0)->savedate, ==, 0);
	g_clear_object(&store);
	store_suite_remove_dir(dir);
}

static void
test_lookups(gconstpointer data)
{
	static const char *const ids[] = {"no", "e2", "e1", NULL};
	StoreFactory factory = (StoreFactory)data;
	char *dir = store_suite_make_dir();
	g_autoptr(FerryStore) store = factory(dir);
	g_autoptr(FerryStoreAccount) login = store_suite_load(store, "user");
	gint64 key = store_suite_mail_account(login)->key;
	GAsyncResult *pending = NULL;

	apply_text(store, key, 1, "box A;box B;list A 2;list B 2;put e1 A,B 1;put e2 B 2");
	ferry_store_find_pairs_async(store, key, ids, NULL, store_suite_done_cb, &pending);
	g_autoptr(GAsyncResult) result = WAIT(pending);
	g_autoptr(FerryStorePairs) pairs = ferry_store_find_pairs_finish(store, result, NULL);
	g_assert_cmpuint(pairs->n, ==, 3);
	g_assert_cmpuint(pairs->pairs[0].asked, ==, 1);
	g_assert_cmpuint(pairs->pairs[0].uid, ==, 2);
	g_assert_cmpuint(pairs->pairs[2].asked, ==, 2);
	gint64 keys[] = {pairs->pairs[1].email_key, 12345};
	ferry_store_load_emails_async(store, key, keys, 2, FERRY_STORE_FIELD_BLOB_ID, NULL,
				      store_suite_done_cb, &pending);
	g_autoptr(GAsyncResult) loaded = WAIT(pending);
	g_autoptr(FerryStoreRows) rows = ferry_store_load_emails_finish(store, loaded, NULL);
	g_assert_cmpuint(ferry_store_rows_get_length(rows), ==, 2);
	g_assert_cmpstr(ferry_store_rows_get_blob_id(rows, 0), ==, "blob-e1");
	g_assert_cmpint(ferry_store_rows_get_email_key(rows, 1), ==, 0);
	apply_text(store, key, 2, "rm B 1;kill e2");
	g_autoptr(FerryStoreMailbox) b = store_suite_mailbox(store, "user", "B");
	ferry_store_load_tombstones_async(store, b->key, 2, NULL, store_suite_done_cb, &pending);
	g_autoptr(GAsyncResult) third = WAIT(pending);
	g_autoptr(FerryStoreTombstones) gone =
		ferry_store_load_tombstones_finish(store, third, NULL);
	g_assert_cmpuint(gone->n, ==, 2);
	g_assert_cmpuint(gone->uids[1], ==, 2);
	g_assert_cmpuint(gone->modseqs[1], ==, 3);
	ferry_store_count_async(store, b->key, NULL, store_suite_done_cb, &pending);
	g_autoptr(GAsyncResult) fourth = WAIT(pending);
	g_assert_cmpint(ferry_store_count_finish(store, fourth, NULL), ==, 0);
	g_clear_object(&store);
	store_suite_remove_dir(dir);
}

static gint64
put_intent_at(FerryStore *store, gint64 key, guint64 generation, gint64 replaced, const char *text,
	      GError **error)
{
	g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
	GAsyncResult *pending = NULL;

	ferry_store_put_intent_async(store, key, generation, replaced, bytes, NULL,
				     store_suite_done_cb, &pending);
	g_autoptr(GAsyncResult) result = WAIT(pending);
	return ferry_store_put_intent_finish(store, result, error);
}

static gint64
put_intent(FerryStore *store, gint64 key, const char *text)
{
	return put_intent_at(store, key, 1, 0, text, NULL);
}

static FerryStoreIntent *
read_intent(FerryStore *store, gint64 intent)
{
	GAsyncResult *pending = NULL;
	g_autoptr(GError) error = NULL;

	ferry_store_read_intent_async(store, intent, NULL, store_suite_done_cb, &pending);
	g_autoptr(GAsyncResult) result = WAIT(pending);
	FerryStoreIntent *found = ferry_store_read_intent_finish(store, result, &error);

	g_assert_no_error(error);
	return found;
}

static guint
count_abandoned(FerryStore *store, gint64 key)
{
	GAsyncResult *pending = NULL;
	g_autoptr(GArray) keys = NULL;

	ferry_store_find_abandoned_async(store, NULL, store_suite_done_cb, &pending);
	g_autoptr(GAsyncResult) result = WAIT(pending);
	keys = ferry_store_find_abandoned_finish(store, result, NULL);
	for (guint i = 0; i < keys->len; i++)
		g_assert_cmpint(g_array_index(keys, gint64, i), ==, key);
	return keys->len;
}

static GPtrArray *
claim(FerryStore *store, gint64 key)
{
	GAsyncResult *pending = NULL;

	ferry_store_claim_intents_async(store, key, NULL, store_suite_done_cb, &pending);
	g_autoptr(GAsyncResult) result = WAIT(pending);
	return ferry_store_claim_intents_finish(store, result, NULL);
}

static void
test_intents(gconstpointer data)
{
	StoreFactory factory = (StoreFactory)data;
	char *dir = store_suite_make_dir();
	g_autoptr(FerryStore) one = factory(dir);
	g_autoptr(FerryStore) two = factory(dir);
	g_autoptr(FerryStoreAccount) login = store_suite_load(one, "user");
	gint64 key = store_suite_mail_account(login)->key;
	gint64 first = put_intent(one, key, "one"), second = put_intent(one, key, "two");
	g_autoptr(FerryStoreBatch) batch = ferry_store_batch_new();

	g_assert_cmpint(first, >, 0);
	/* the process that wrote them lives */
	g_autoptr(GPtrArray) none = claim(two, key);
	g_assert_cmpuint(none->len, ==, 0);
	g_assert_cmpuint(count_abandoned(two, key), ==, 0);
	ferry_store_batch_remove_intent(batch, first);
	g_autoptr(FerryStoreDelta) delta = store_suite_apply(one, key, 1, batch, NULL);
	g_assert_cmpuint(delta->generation, ==, 1);
	g_assert_null(read_intent(two, first));
	g_clear_object(&one);
	g_assert_cmpuint(count_abandoned(two, key), ==, 1);
	g_autoptr(GPtrArray) left = claim(two, key);
	g_assert_cmpuint(count_abandoned(two, key), ==, 0);
	g_assert_cmpuint(left->len, ==, 1);
	g_assert_cmpint(((FerryStoreIntent *)left->pdata[0])->id, ==, second);
	g_autoptr(GPtrArray) mine = claim(two, key);
	g_assert_cmpuint(mine->len, ==, 0);
	g_clear_object(&two);
	store_suite_remove_dir(dir);
}

/* what anybody acknowledged since an intent was put is known with it; and what was worked out from
 * an older state is none */
static void
test_spared(gconstpointer data)
{
	StoreFactory factory = (StoreFactory)data;
	char *dir = store_suite_make_dir();
	g_autoptr(FerryStore) one = factory(dir);
	g_autoptr(FerryStore) two = factory(dir);
	g_autoptr(FerryStoreAccount) login = store_suite_load(one, "user");
	gint64 key = store_suite_mail_account(login)->key;
	gint64 first = put_intent(one, key, "one"), second, third;
	g_autoptr(FerryStoreBatch) end = NULL;
	g_autoptr(GError) error = NULL;

	apply_text(two, key, 1, "box A;list A 2;put e1 A 1;put e2 A 2;ask A e2");
	g_autoptr(FerryStoreIntent) read = read_intent(two, first);
	g_assert_cmpint(read->account_key, ==, key);
	g_assert_cmpuint(g_bytes_get_size(read->data), ==, 3);
	g_assert_cmpuint(g_strv_length(read->spared), ==, 1);
	g_assert_cmpstr(read->spared[0], ==, "e2");
	second = put_intent_at(one, key, 1, 0, "two", &error);
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_CONFLICT);
	g_assert_cmpint(second, ==, 0);
	third = put_intent_at(one, key, 2, 0, "three", NULL);
	g_autoptr(FerryStoreIntent) later = read_intent(two, third);
	g_assert_cmpuint(g_strv_length(later->spared), ==, 0);
	/* one's own is not spared from itself: it goes with what it completes */
	end = store_suite_batch("ask A e1");
	ferry_store_batch_remove_intent(end, third);
	g_autoptr(FerryStoreDelta) done = store_suite_apply(one, key, 2, end, NULL);
	g_assert_null(read_intent(two, third));
	/* another word for the same keeps its notes, at any generation; others' are not touched */
	g_assert_cmpint(put_intent_at(one, key, 1, first, "first", NULL), ==, first);
	g_assert_cmpint(put_intent_at(two, key, 2, first, "other", NULL), ==, 0);
	g_autoptr(FerryStoreIntent) again = read_intent(two, first);
	g_assert_cmpuint(g_bytes_get_size(again->data), ==, 5);
	g_assert_cmpmem(g_bytes_get_data(again->data, NULL), 5, "first", 5);
	g_assert_cmpuint(g_strv_length(again->spared), ==, 2);
	g_clear_object(&one);
	g_clear_object(&two);
	store_suite_remove_dir(dir);
}

/* Data are words separated by ' ': KEY=VALUE, KEY=#N for N octets, KEY to remove it; after '*' it
 * is shared. */
static GPtrArray *
parse_data(const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", 0);
	GPtrArray *data = g_ptr_array_new_with_free_func((GDestroyNotify)ferry_store_datum_unref);

	for (guint i = 0; words[i] != NULL; i++) {
		char *value = strchr(words[i], '=');
		gboolean shared = *words[i] == '*';
		g_autoptr(GBytes) bytes = NULL;

		if (value != NULL) {
			*value++ = '\0';
			if (*value == '#') {
				gsize size = g_ascii_strtoull(value + 1, NULL, 10);

				bytes = g_bytes_new_take(g_strnfill(size, 'x'), size);
			} else {
				bytes = g_bytes_new(value, strlen(value));
			}
		}
		g_ptr_array_add(data, ferry_store_datum_new(shared, words[i] + shared, bytes));
	}
	return data;
}

/* "", or the name of the error */
static const char *
put_data(FerryStore *store, const FerryStoreDataPlace *place, guint max_keys, const char *text)
{
	g_autoptr(GPtrArray) data = parse_data(text);
	g_autoptr(GError) error = NULL;
	GAsyncResult *pending = NULL;

	ferry_store_put_data_async(store, place, data, max_keys, NULL, store_suite_done_cb,
				   &pending);
	g_autoptr(GAsyncResult) result = WAIT(pending);
	if (ferry_store_put_data_finish(store, result, &error))
		return "";
	return g_error_matches(error, FERRY_ERROR, FERRY_ERROR_LIMIT)        ? "limit"
	       : g_error_matches(error, FERRY_ERROR, FERRY_ERROR_OVER_QUOTA) ? "quota"
	       : g_error_matches(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND)  ? "not found"
									     : "other";
}

static char *
list_data(FerryStore *store, const FerryStoreDataPlace *place, const char *const *prefixes)
{
	GAsyncResult *pending = NULL;
	GString *text = g_string_new(NULL);

	ferry_store_list_data_async(store, place, prefixes, NULL, store_suite_done_cb, &pending);
	g_autoptr(GAsyncResult) result = WAIT(pending);
	g_autoptr(GPtrArray) data = ferry_store_list_data_finish(store, result, NULL);
	for (guint i = 0; i < data->len; i++) {
		FerryStoreDatum *datum = data->pdata[i];
		gsize length;
		const char *value = g_bytes_get_data(datum->value, &length);

		g_string_append_printf(
			text, "%s%s%s%s=%.*s", i > 0 ? " " : "", datum->shared ? "*" : "",
			datum->key, datum->mailbox_key != 0 ? "@" : "", (int)MIN(length, 8), value);
	}
	return g_string_free(text, FALSE);
}

static void
assert_data(FerryStore *store, const FerryStoreDataPlace *place, const char *prefix,
	    const char *expected)
{
	const char *const prefixes[] = {prefix, NULL};
	g_autofree char *text = list_data(store, place, prefix != NULL ? prefixes : NULL);

	g_assert_cmpstr(text, ==, expected);
}

static void
assert_value(FerryStore *store, const FerryStoreDataPlace *place, gboolean shared, const char *key,
	     const char *expected)
{
	g_autoptr(GError) error = NULL;
	GAsyncResult *pending = NULL;

	ferry_store_get_data_async(store, place, shared, key, NULL, store_suite_done_cb, &pending);
	g_autoptr(GAsyncResult) result = WAIT(pending);
	g_autoptr(GBytes) value = ferry_store_get_data_finish(store, result, &error);
	if (expected == NULL) {
		g_assert_error(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND);
		return;
	}
	g_assert_no_error(error);
	g_assert_cmpmem(g_bytes_get_data(value, NULL), g_bytes_get_size(value), expected,
			strlen(expected));
}

static void
test_data(gconstpointer data)
{
	StoreFactory factory = (StoreFactory)data;
	char *dir = store_suite_make_dir();
	g_autoptr(FerryStore) store = factory(dir);
	g_autoptr(FerryStoreAccount) login = store_suite_load(store, "user");
	gint64 key = store_suite_mail_account(login)->key;
	g_autofree char *big = g_strdup_printf("/y=1 big=#%u", FERRY_STORE_DATA_VALUE_MAX + 1);
	FerryStoreDataPlace account = {"mod", key, 0, FALSE, TRUE};
	FerryStoreDataPlace all = {"mod", key, 0, TRUE, TRUE};
	FerryStoreDataPlace nowhere = {"mod", 999, 0, FALSE, TRUE};
	FerryStoreDataPlace stranger = {"other", key, 0, FALSE, TRUE};

	apply_text(store, key, 1, "box A;box B;list A 2");
	g_autoptr(FerryStoreMailbox) a = store_suite_mailbox(store, "user", "A");
	g_autoptr(FerryStoreMailbox) b = store_suite_mailbox(store, "user", "B");
	FerryStoreDataPlace in_a = {"mod", key, a->key, FALSE, TRUE};
	FerryStoreDataPlace in_b = {"mod", key, b->key, FALSE, TRUE};
	FerryStoreDataPlace no_box = {"mod", key, 12345, FALSE, TRUE};
	g_assert_cmpstr(put_data(store, &account, 0, "/x/1=one"), ==, "");
	g_assert_cmpstr(put_data(store, &in_a, 0, "/x/2=two /y= *s=all"), ==, "");
	g_assert_cmpstr(put_data(store, &in_b, 0, "*s=b"), ==, "");
	assert_data(store, &in_a, NULL, "/x/2@=two /y@= *s@=all");
	assert_data(store, &in_a, "/x", "/x/2@=two");
	assert_data(store, &in_a, "", "/x/2@=two /y@= *s@=all");
	assert_data(store, &account, NULL, "/x/1=one");
	assert_data(store, &all, NULL, "/x/1=one /x/2@=two /y@= *s@=all *s@=b");
	assert_data(store, &stranger, NULL, "");
	assert_value(store, &in_a, FALSE, "/x/2", "two");
	assert_value(store, &in_a, FALSE, "/y", "");
	assert_value(store, &in_a, TRUE, "s", "all");
	assert_value(store, &in_a, FALSE, "s", NULL);
	assert_value(store, &account, TRUE, "s", NULL);
	/* all or nothing */
	g_assert_cmpstr(put_data(store, &in_a, 0, big), ==, "quota");
	g_assert_cmpstr(put_data(store, &nowhere, 0, "k=1"), ==, "not found");
	g_assert_cmpstr(put_data(store, &no_box, 0, "*k=1"), ==, "not found");
	assert_data(store, &in_a, NULL, "/x/2@=two /y@= *s@=all");
	g_assert_cmpstr(put_data(store, &in_a, 0, "/y /x/2=2 *s nothing *nothing"), ==, "");
	assert_data(store, &in_a, NULL, "/x/2@=2");
	apply_text(store, key, 2, "drop A;drop B");
	assert_data(store, &in_a, NULL, "");
	assert_data(store, &all, NULL, "/x/1=one");
	g_clear_object(&store);
	store_suite_remove_dir(dir);
}

static void
test_data_limits(gconstpointer data)
{
	StoreFactory factory = (StoreFactory)data;
	char *dir = store_suite_make_dir();
	g_autoptr(FerryStore) store = factory(dir);
	g_autoptr(FerryStoreAccount) login = store_suite_load(store, "user");
	gint64 key = store_suite_mail_account(login)->key;
	FerryStoreDataPlace place = {"mod", key, 0, FALSE, TRUE};
	FerryStoreDataPlace other = {"other", key, 0, FALSE, TRUE};

	g_assert_cmpstr(put_data(store, &place, 2, "a=1 b=2 *a=1 *b=2"), ==, "");
	g_assert_cmpstr(put_data(store, &place, 2, "a=9 c=3"), ==, "limit");
	g_assert_cmpstr(put_data(store, &place, 2, "*c=3"), ==, "limit");
	/* what takes no more room is always possible */
	g_assert_cmpstr(put_data(store, &place, 2, "a=9 b c=3"), ==, "");
	g_assert_cmpstr(put_data(store, &place, 1, "a=8"), ==, "");
	g_assert_cmpstr(put_data(store, &place, 1, "c"), ==, "");
	assert_data(store, &place, NULL, "a=8 *a=1 *b=2");
	for (guint i = 0; i < 4; i++) {
		g_autofree char *text = g_strdup_printf("big%u=#1048000 *big%u=#1048000", i, i);

		g_assert_cmpstr(put_data(store, &place, 0, text), ==, "");
	}
	g_assert_cmpstr(put_data(store, &place, 0, "more=#3000"), ==, "quota");
	g_assert_cmpstr(put_data(store, &place, 0, "*more=#3000"), ==, "quota");
	g_assert_cmpstr(put_data(store, &other, 0, "more=#3000"), ==, "");
	g_assert_cmpstr(put_data(store, &place, 0, "big0 more=#3000"), ==, "");
	g_clear_object(&store);
	store_suite_remove_dir(dir);
}

/* Who sees the account as somebody else's has what its owner has; two whose own accounts happen to
 * have one id have nothing in common. */
static void
test_data_shared(gconstpointer data)
{
	StoreFactory factory = (StoreFactory)data;
	char *dir = store_suite_make_dir();
	g_autoptr(FerryStore) store = factory(dir);
	FerryStoreDataPlace places[3];

	for (guint i = 0; i < 3; i++) {
		static const char *const users[] = {"owner", "guest", "stranger"};
		g_autoptr(FerryStoreAccount) login = store_suite_load(store, users[i]);
		gint64 key = store_suite_mail_account(login)->key;

		apply_text(store, key, 1, "box A");
		g_autoptr(FerryStoreMailbox) a = store_suite_mailbox(store, users[i], "A");
		places[i] = (FerryStoreDataPlace){"mod", key, a->key, FALSE, i != 1};
	}
	g_assert_cmpstr(put_data(store, &places[0], 0, "*k=owner own=1"), ==, "");
	assert_data(store, &places[0], NULL, "own@=1 *k@=owner");
	assert_data(store, &places[1], NULL, "*k@=owner");
	assert_data(store, &places[2], NULL, "");
	g_assert_cmpstr(put_data(store, &places[1], 0, "*k=guest *n=new"), ==, "");
	assert_data(store, &places[0], NULL, "own@=1 *k@=guest *n@=new");
	assert_value(store, &places[0], TRUE, "k", "guest");
	assert_value(store, &places[2], TRUE, "k", NULL);
	g_assert_cmpstr(put_data(store, &places[2], 0, "*k=stranger"), ==, "");
	assert_data(store, &places[0], NULL, "own@=1 *k@=guest *n@=new");
	g_assert_cmpstr(put_data(store, &places[2], 0, "*k"), ==, "");
	assert_value(store, &places[0], TRUE, "k", "guest");
	/* gone for one who may not see it any more, kept for the others, until the owner's is */
	apply_text(store, places[1].account_key, 2, "drop A");
	assert_data(store, &places[0], NULL, "own@=1 *k@=guest *n@=new");
	apply_text(store, places[1].account_key, 3, "box A");
	g_autoptr(FerryStoreMailbox) again = store_suite_mailbox(store, "guest", "A");
	places[1].mailbox_key = again->key;
	assert_data(store, &places[1], NULL, "*k@=guest *n@=new");
	apply_text(store, places[0].account_key, 2, "drop A");
	assert_data(store, &places[1], NULL, "*n@=new");
	apply_text(store, places[2].account_key, 2, "drop A");
	apply_text(store, places[1].account_key, 4, "drop A");
	apply_text(store, places[1].account_key, 5, "box A");
	again = (ferry_store_mailbox_unref(again), store_suite_mailbox(store, "guest", "A"));
	places[1].mailbox_key = again->key;
	assert_data(store, &places[1], NULL, "");
	g_clear_object(&store);
	store_suite_remove_dir(dir);
}

#define BOTH (FERRY_STORE_STRUCTURE_HEADER | FERRY_STORE_STRUCTURE_SHAPE)

static FerryStoreStructures *
get_structures(FerryStore *store, gint64 account, const gint64 *keys, guint n,
	       FerryStoreStructureParts parts)
{
	GAsyncResult *pending = NULL;

	ferry_store_get_structures_async(store, account, keys, n, parts, NULL, store_suite_done_cb,
					 &pending);
	g_autoptr(GAsyncResult) result = WAIT(pending);
	return ferry_store_get_structures_finish(store, result, NULL);
}

static void
assert_parts(FerryStoreStructures *found, guint index, const char *header, const char *structure)
{
	gsize length;
	const guint8 *octets = ferry_store_structures_get_header(found, index, &length);

	g_assert_cmpmem(octets, length, header, strlen(header));
	octets = ferry_store_structures_get_structure(found, index, &length);
	g_assert_cmpmem(octets, length, structure, strlen(structure));
}

/* Only what was asked for, in the order of the keys, near each other or not. */
static void
found_parts(FerryStore *store)
{
	static const gint64 keys[] = {9, 8, 7, 9};
	static const gint64 more[] = {6, 9, 7, 8};
	static const gint64 far[] = {G_MAXINT64, 9, G_MININT64, 0, 7, 1000000000000};
	g_autoptr(FerryStoreStructures) headers =
		get_structures(store, 1, keys, 4, FERRY_STORE_STRUCTURE_HEADER);
	g_autoptr(FerryStoreStructures) shapes =
		get_structures(store, 1, keys, 4, FERRY_STORE_STRUCTURE_SHAPE);
	g_autoptr(FerryStoreStructures) both = get_structures(store, 1, far, 6, BOTH);
	g_autoptr(FerryStoreStructures) either = get_structures(
		store, 1, more, 4, FERRY_STORE_STRUCTURE_SHAPE | FERRY_STORE_STRUCTURE_ELSE_HEADER);
	GBytes *all = ferry_store_structures_get_bytes(both);
	gsize length;

	assert_parts(headers, 0, "Head", "");
	assert_parts(headers, 2, "", "");
	assert_parts(headers, 3, "Head", "");
	assert_parts(shapes, 0, "", "S");
	g_assert_null(ferry_store_structures_get_structure(shapes, 1, &length));
	assert_parts(shapes, 2, "", "T");
	assert_parts(shapes, 3, "", "S");
	assert_parts(either, 0, "Only", "");
	assert_parts(either, 1, "", "S");
	assert_parts(either, 2, "", "T");
	g_assert_null(ferry_store_structures_get_header(either, 3, &length));
	for (guint i = 0; i < 6; i++)
		g_assert_cmpint(ferry_store_structures_get_key(both, i), ==, far[i]);
	assert_parts(both, 1, "Head", "S");
	assert_parts(both, 4, "", "T");
	g_assert_null(ferry_store_structures_get_header(both, 0, &length));
	g_assert_cmpuint(g_bytes_get_size(all), ==, strlen("Head") + strlen("S") + strlen("T"));
}

static void
test_structures(gconstpointer data)
{
	static const gint64 keys[] = {7, 8, 9};
	StoreFactory factory = (StoreFactory)data;
	char *dir = store_suite_make_dir();
	g_autoptr(FerryStore) store = factory(dir);
	g_autoptr(FerryStoreStructures) given = ferry_store_structures_new();
	GAsyncResult *pending = NULL;
	gsize length;

	ferry_store_structures_add(given, 9, (const guint8 *)"Head", 4, (const guint8 *)"S", 1);
	ferry_store_structures_add(given, 7, NULL, 0, (const guint8 *)"T", 1);
	ferry_store_structures_add(given, 6, (const guint8 *)"Only", 4, NULL, 0);
	ferry_store_put_structures_async(store, 1, given, NULL, store_suite_done_cb, &pending);
	g_autoptr(GAsyncResult) result = WAIT(pending);
	g_assert_true(ferry_store_put_structures_finish(store, result, NULL));
	g_autoptr(FerryStoreStructures) found = get_structures(store, 1, keys, 3, BOTH);
	g_assert_cmpuint(ferry_store_structures_get_length(found), ==, 3);
	g_assert_nonnull(ferry_store_structures_get_header(found, 0, &length));
	g_assert_cmpuint(length, ==, 0);
	g_assert_null(ferry_store_structures_get_header(found, 1, &length));
	g_assert_cmpmem(ferry_store_structures_get_header(found, 2, &length), 4, "Head", 4);
	g_assert_cmpmem(ferry_store_structures_get_structure(found, 2, &length), 1, "S", 1);
	found_parts(store);
	g_autoptr(FerryStoreStructures) foreign = get_structures(store, 2, keys, 3, BOTH);
	g_assert_null(ferry_store_structures_get_header(foreign, 2, &length));
	g_clear_object(&store);
	store_suite_remove_dir(dir);
}

static void
test_remove_account(gconstpointer data)
{
	StoreFactory factory = (StoreFactory)data;
	char *dir = store_suite_make_dir();
	g_autoptr(FerryStore) store = factory(dir);
	g_autoptr(FerryStoreAccount) login = store_suite_load(store, "user");
	gint64 key = store_suite_mail_account(login)->key;
	GAsyncResult *pending = NULL;
	guint32 uidvalidity;

	apply_text(store, key, 1, "box A;list A 2;put e1 A 1");
	g_autoptr(FerryStoreMailbox) before = store_suite_mailbox(store, "user", "A");
	uidvalidity = before->uidvalidity;
	ferry_store_remove_account_async(store, "main", "user", NULL, store_suite_done_cb,
					 &pending);
	g_autoptr(GAsyncResult) result = WAIT(pending);
	g_assert_true(ferry_store_remove_account_finish(store, result, NULL));
	g_autoptr(FerryStoreAccount) again = store_suite_load(store, "user");
	g_assert_cmpint(store_suite_mail_account(again)->key, !=, key);
	g_assert_cmpuint(store_suite_mail_account(again)->mailboxes->len, ==, 0);
	apply_text(store, store_suite_mail_account(again)->key, 1, "box A");
	g_autoptr(FerryStoreMailbox) after = store_suite_mailbox(store, "user", "A");
	g_assert_cmpuint(after->uidvalidity, >, uidvalidity);
	g_clear_object(&store);
	store_suite_remove_dir(dir);
}

void
store_suite_add(const char *name, StoreFactory factory)
{
	static const struct {
		const char *name;
		void (*func)(gconstpointer data);
	} tests[] = {
		{"rules", test_rules},
		{"conflict", test_conflict},
		{"restart", test_restart},
		{"lookups", test_lookups},
		{"intents", test_intents},
		{"spared", test_spared},
		{"data", test_data},
		{"data-limits", test_data_limits},
		{"data-shared", test_data_shared},
		{"structures", test_structures},
		{"remove-account", test_remove_account},
	};

	for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
		g_autofree char *path = g_strdup_printf("/%s/%s", name, tests[i].name);

		g_test_add_data_func(path, (gconstpointer)factory, tests[i].func);
	}
}
