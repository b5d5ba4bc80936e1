/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* REFERENCES, step 5: threads of one subject become one
 *
 * Specification: RFC 5256 §3, REFERENCES (5)
 */
#include "thread.h"

static gboolean
is_dummy(ThreadTree *tree, guint32 node)
{
	return node >= tree->n_messages;
}

static gboolean
is_reply(ThreadTree *tree, guint32 node)
{
	return !is_dummy(tree, node) && tree->messages[node].record->is_reply;
}

static const char *
get_subject(ThreadTree *tree, guint32 root)
{
	return tree->messages[thread_tree_get_first_message(tree, root)].record->subject;
}

/* (5.B): the node that stands for a subject. */
static void
choose(ThreadTree *tree, GHashTable *subjects, guint32 root)
{
	const char *subject = get_subject(tree, root);
	gpointer value;
	guint32 chosen;

	if (*subject == '\0')
		return;
	if (g_hash_table_lookup_extended(subjects, subject, NULL, &value)) {
		chosen = GPOINTER_TO_UINT(value);
		if (is_dummy(tree, chosen) ||
		    (!is_dummy(tree, root) && (!is_reply(tree, chosen) || is_reply(tree, root))))
			return;
	}
	g_hash_table_insert(subjects, (gpointer)subject, GUINT_TO_POINTER(root));
}

static void
move_children(ThreadTree *tree, guint32 from, guint32 to)
{
	for (guint32 child = tree->first[from]; child != THREAD_NONE; child = tree->next[child])
		thread_tree_set_parent(tree, child, to);
}

/* (5.C): one thread joins the one that stands for its subject. */
static void
join(ThreadTree *tree, GHashTable *subjects, guint32 root)
{
	const char *subject = get_subject(tree, root);
	guint32 chosen, dummy;

	if (*subject == '\0')
		return;
	chosen = GPOINTER_TO_UINT(g_hash_table_lookup(subjects, subject));
	if (chosen == root || thread_tree_get_parent(tree, root) != THREAD_NONE)
		return;
	if (is_dummy(tree, chosen) && is_dummy(tree, root)) {
		move_children(tree, root, chosen);
	} else if (is_dummy(tree, chosen) || (is_reply(tree, root) && !is_reply(tree, chosen))) {
		thread_tree_set_parent(tree, root, chosen);
	} else {
		dummy = thread_tree_add(tree, THREAD_NONE);
		thread_tree_set_parent(tree, root, dummy);
		thread_tree_set_parent(tree, chosen, dummy);
		g_hash_table_insert(subjects, (gpointer)subject, GUINT_TO_POINTER(dummy));
	}
}

/* Of an arranged tree; to be arranged anew. */
void
thread_merge(ThreadTree *tree)
{
	g_autoptr(GHashTable) subjects = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < tree->roots->len; i++)
		choose(tree, subjects, g_array_index(tree->roots, guint32, i));
	for (guint i = 0; i < tree->roots->len; i++)
		join(tree, subjects, g_array_index(tree->roots, guint32, i));
}
