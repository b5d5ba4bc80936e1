/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* REFERENCES, steps 2 and 3: dummies go, their children move up
 *
 * Specification: RFC 5256 §3, REFERENCES (2), (3)
 * Implementation: each message gets the nearest ancestor that is a message, or else the dummy under
 *   the root, where that has several children
 */
#include "thread.h"

typedef struct {
	ThreadTree *tree;
	guint32 *up; /* of each node: the ancestor that its children move to; dummies only */
	GArray *path;
} Prune;

/* What a dummy's children move to; remembered for all dummies on the way. */
static guint32
find_up(Prune *self, guint32 dummy)
{
	guint32 up;

	g_array_set_size(self->path, 0);
	for (up = THREAD_NONE; up == THREAD_NONE;) {
		guint32 parent = thread_tree_get_parent(self->tree, dummy);

		g_array_append_val(self->path, dummy);
		if (self->up[dummy] != THREAD_NONE)
			up = self->up[dummy];
		else if (parent == THREAD_NONE)
			up = dummy;
		else if (parent < self->tree->n_messages)
			up = parent;
		else
			dummy = parent;
	}
	for (guint i = 0; i < self->path->len; i++)
		self->up[g_array_index(self->path, guint32, i)] = up;
	return up;
}

/* Afterwards dummies are under the root, with several children or none. */
void
thread_prune(ThreadTree *tree)
{
	guint32 n_nodes = tree->parents->len;
	g_autofree guint32 *up = g_new(guint32, n_nodes + 1);
	g_autofree guint32 *n_children = g_new0(guint32, n_nodes + 1);
	g_autoptr(GArray) path = g_array_new(FALSE, FALSE, sizeof(guint32));
	Prune self = {tree, up, path};

	for (guint32 i = 0; i < n_nodes; i++)
		up[i] = THREAD_NONE;
	for (guint32 i = 0; i < tree->n_messages; i++) {
		guint32 parent = thread_tree_get_parent(tree, i);

		if (parent == THREAD_NONE || parent < tree->n_messages)
			continue;
		parent = find_up(&self, parent);
		thread_tree_set_parent(tree, i, parent);
		n_children[parent]++;
	}
	for (guint32 i = 0; i < tree->n_messages; i++) {
		guint32 parent = thread_tree_get_parent(tree, i);

		if (parent != THREAD_NONE && parent >= tree->n_messages && n_children[parent] == 1)
			thread_tree_set_parent(tree, i, THREAD_NONE);
	}
	for (guint32 i = tree->n_messages; i < n_nodes; i++)
		thread_tree_set_parent(tree, i, THREAD_NONE);
}
