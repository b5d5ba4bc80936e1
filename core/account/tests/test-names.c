/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "account/names-private.h"
#include "store/mailbox.h"

static const struct {
	const char *name;
	const char *component;
} escapes[] = {
	{"Work", "Work"},
	{"a/b", "a~1b"},
	{"~", "~"},
	{"~1", "~01"},
	{"~/x", "~~1x"},
	{"", "~3"},
	{"a\tb", "a~20009b"},
	{"50%*", "50%*"},
	{"\xe2\x80\xa8", "~22028"},
	{"~~4", "~~04"},
	{"gr\xc3\xbcn", "gr\xc3\xbcn"},
	{"~5", "~5"},
	{"~0~1~2~3~4", "~00~01~02~03~04"},
};

static void
test_escapes(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(escapes); i++) {
		g_autofree char *component = ferry_names_encode(escapes[i].name);
		g_autofree char *name = NULL;
		g_autoptr(GError) error = NULL;

		g_assert_cmpstr(component, ==, escapes[i].component);
		name = ferry_names_decode(component, &error);
		g_assert_no_error(error);
		g_assert_cmpstr(name, ==, escapes[i].name);
	}
}

static void
test_refused(void)
{
	static const char *const components[] = {"", "x~42", "~2", "~20041", "~3x", "a\tb", "~4"};

	for (guint i = 0; i < G_N_ELEMENTS(components); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *name = ferry_names_decode(components[i], &error);

		if (name != NULL)
			g_error("%u: took %s", i, components[i]);
		g_assert_error(error, FERRY_ERROR, FERRY_ERROR_CANNOT);
	}
}

static const struct {
	const char *id;
	const char *name;
	const char *parent;
	const char *role;
	const char *before;
	const char *expected;
} tree[] = {
	{"1", "Posteingang", NULL, "inbox", NULL, "INBOX"},
	{"2", "inbox", NULL, NULL, NULL, "inbox~41"},
	{"3", "Child", "1", NULL, NULL, "INBOX/Child"},
	{"4", "Work", NULL, NULL, NULL, "Work~41"},
	{"5", "Work", NULL, NULL, "Work", "Work"},
	{"6", "x", "4", NULL, NULL, "Work~41/x"},
	{"7", "Shared Folders", NULL, NULL, NULL, "Shared Folders~41"},
	{"8", "loop", "9", NULL, NULL, "loop"},
	{"9", "pool", "8", NULL, NULL, "pool"},
	{"a", "lost", "zz", NULL, NULL, "lost"},
	{"b", "a/b", "5", NULL, NULL, "Work/a~1b"},
	{"c", "a", "5", NULL, "Work/z", "Work/a"},
	{"d", "b", "c", NULL, NULL, "Work/a/b"},
};

static void
test_tree(void)
{
	g_autoptr(GPtrArray) mailboxes = g_ptr_array_new_with_free_func(
		(GDestroyNotify)(void (*)(void))ferry_store_mailbox_unref);
	g_autoptr(GHashTable) paths = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(tree); i++) {
		FerryStoreMailbox *mailbox = ferry_store_mailbox_new(tree[i].id, tree[i].name);

		mailbox->parent_id = g_strdup(tree[i].parent);
		mailbox->role = g_strdup(tree[i].role);
		mailbox->imap_name = g_strdup(tree[i].before);
		g_ptr_array_add(mailboxes, mailbox);
	}
	paths = ferry_names_assign(mailboxes, "Shared Folders");
	for (guint i = 0; i < G_N_ELEMENTS(tree); i++)
		g_assert_cmpstr(g_hash_table_lookup(paths, tree[i].id), ==, tree[i].expected);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/account/names/escapes", test_escapes);
	g_test_add_func("/account/names/refused", test_refused);
	g_test_add_func("/account/names/tree", test_tree);
	return g_test_run();
}
