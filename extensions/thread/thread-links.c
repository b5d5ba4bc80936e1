/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* REFERENCES, step 1: links between messages and what they refer to
 *
 * Specification: RFC 5256 §3, REFERENCES (1)
 * Implementation: whether a link would make a loop is known at once where its ends were never
 *   connected, or its child has no children; else the ancestors are walked. All walks of a command
 *   together take no more than MAX_STEPS: links beyond that are not made.
 */
#include "thread.h"

#define MAX_STEPS (100 * 1000 * 1000)

typedef struct {
	ThreadTree *tree;
	GHashTable *nodes;  /* Message ID to node */
	GArray *groups;     /* of each node: towards the head of those it was ever connected with */
	GArray *n_children; /* of each node */
	guint64 steps;
} Links;

static guint32
add_node(Links *self)
{
	guint32 node = thread_tree_add(self->tree, THREAD_NONE);
	guint32 zero = 0;

	g_array_append_val(self->groups, node);
	g_array_append_val(self->n_children, zero);
	return node;
}

/* The head of a group; the way there gets shorter each time. */
static guint32
find_head(Links *self, guint32 node)
{
	guint32 *groups = (guint32 *)self->groups->data;

	while (groups[node] != node)
		node = groups[node] = groups[groups[node]];
	return node;
}

static gboolean
makes_loop(Links *self, guint32 parent, guint32 child)
{
	if (parent == child)
		return TRUE;
	if (g_array_index(self->n_children, guint32, child) == 0 ||
	    find_head(self, parent) != find_head(self, child))
		return FALSE;
	for (guint32 node = parent; node != THREAD_NONE;
	     node = thread_tree_get_parent(self->tree, node)) {
		if (node == child || ++self->steps > MAX_STEPS)
			return TRUE;
	}
	return FALSE;
}

static void
set_link(Links *self, guint32 parent, guint32 child)
{
	guint32 old = thread_tree_get_parent(self->tree, child);

	if (old != THREAD_NONE)
		g_array_index(self->n_children, guint32, old)--;
	thread_tree_set_parent(self->tree, child, parent);
	if (parent == THREAD_NONE)
		return;
	g_array_index(self->n_children, guint32, parent)++;
	g_array_index(self->groups, guint32, find_head(self, child)) = find_head(self, parent);
}

/* The node of an id; a dummy where no message has it. Texts are those of the records. */
static guint32
get_node(Links *self, const char *id)
{
	gpointer value;
	guint32 node;

	if (g_hash_table_lookup_extended(self->nodes, id, NULL, &value))
		return GPOINTER_TO_UINT(value);
	node = add_node(self);
	g_hash_table_insert(self->nodes, (gpointer)id, GUINT_TO_POINTER(node));
	return node;
}

/* (1.A): links between references. Returns: the last of them. */
static guint32
link_references(Links *self, const ThreadRecord *record)
{
	const char *id = record->references;
	guint32 last = THREAD_NONE;

	for (guint i = 0; i < record->n_references; i++, id += strlen(id) + 1) {
		guint32 node = get_node(self, id);

		if (last != THREAD_NONE &&
		    thread_tree_get_parent(self->tree, node) == THREAD_NONE &&
		    !makes_loop(self, last, node))
			set_link(self, last, node);
		last = node;
	}
	return last;
}

/* (1.B): the last reference is the parent; without one there is none. */
static void
link_message(Links *self, guint32 message)
{
	guint32 parent = link_references(self, self->tree->messages[message].record);

	if (thread_tree_get_parent(self->tree, message) == parent)
		return;
	set_link(self, THREAD_NONE, message);
	if (parent != THREAD_NONE && !makes_loop(self, parent, message))
		set_link(self, parent, message);
}

/* The first message with an id has it; the others are known by no id. */
static void
name_messages(Links *self)
{
	for (guint32 i = 0; i < self->tree->n_messages; i++) {
		const char *id = self->tree->messages[i].record->id;
		guint32 zero = 0;

		g_array_append_val(self->groups, i);
		g_array_append_val(self->n_children, zero);
		if (*id != '\0' && !g_hash_table_contains(self->nodes, id))
			g_hash_table_insert(self->nodes, (gpointer)id, GUINT_TO_POINTER(i));
	}
}

/* Links all messages of a new tree, and the dummies that they refer to. */
void
thread_link(ThreadTree *tree)
{
	g_autoptr(GHashTable) nodes = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GArray) groups = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_autoptr(GArray) n_children = g_array_new(FALSE, FALSE, sizeof(guint32));
	Links self = {.tree = tree, .nodes = nodes, .groups = groups, .n_children = n_children};

	name_messages(&self);
	for (guint32 i = 0; i < tree->n_messages; i++)
		link_message(&self, i);
}
