/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tree of messages, and how it is written
 *
 * Specification: RFC 5256 §3 (sent dates as the order of siblings), §4, §5 (THREAD response)
 * Implementation: nodes are numbers and know their parent only; lists of children are made anew
 *   from the messages in the order of their dates, so that all siblings are in order at once.
 *   Nothing recurses: a thread may be as deep as there are messages.
 */
#include "thread.h"

static int
compare_dates(gconstpointer a, gconstpointer b, gpointer user_data)
{
	const ThreadMessage *messages = user_data;
	guint32 left = *(const guint32 *)a;
	guint32 right = *(const guint32 *)b;

	if (messages[left].sent_at != messages[right].sent_at)
		return messages[left].sent_at < messages[right].sent_at ? -1 : 1;
	return left < right ? -1 : left > right;
}

/* Every message under the root. @messages outlive the tree, in the order of the mailbox. */
ThreadTree *
thread_tree_new(const ThreadMessage *messages, guint32 n_messages)
{
	ThreadTree *self = g_new0(ThreadTree, 1);

	self->messages = messages;
	self->n_messages = n_messages;
	self->parents = g_array_sized_new(FALSE, FALSE, sizeof(guint32), n_messages);
	self->roots = g_array_new(FALSE, FALSE, sizeof(guint32));
	self->by_date = g_new(guint32, n_messages + 1);
	self->ranks = g_new(guint32, n_messages + 1);
	for (guint32 i = 0; i < n_messages; i++) {
		self->by_date[i] = i;
		thread_tree_add(self, THREAD_NONE);
	}
	if (n_messages > 0)
		g_qsort_with_data(self->by_date, (gint)n_messages, sizeof(guint32), compare_dates,
				  (gpointer)messages);
	for (guint32 i = 0; i < n_messages; i++)
		self->ranks[self->by_date[i]] = i;
	return self;
}

void
thread_tree_free(ThreadTree *self)
{
	g_array_unref(self->parents);
	g_array_unref(self->roots);
	g_free(self->by_date);
	g_free(self->ranks);
	g_free(self->first);
	g_free(self->next);
	g_free(self);
}

/* Adds a node; those after the messages are dummies. */
guint32
thread_tree_add(ThreadTree *self, guint32 parent)
{
	g_array_append_val(self->parents, parent);
	return self->parents->len - 1;
}

guint32
thread_tree_get_parent(ThreadTree *self, guint32 node)
{
	return g_array_index(self->parents, guint32, node);
}

void
thread_tree_set_parent(ThreadTree *self, guint32 node, guint32 parent)
{
	g_array_index(self->parents, guint32, node) = parent;
}

/* The message that stands for a node among its siblings: itself, or the first child of a dummy. */
guint32
thread_tree_get_first_message(ThreadTree *self, guint32 node)
{
	return node < self->n_messages ? node : self->first[node];
}

static int
compare_roots(gconstpointer a, gconstpointer b, gpointer user_data)
{
	ThreadTree *self = user_data;
	guint32 left = thread_tree_get_first_message(self, *(const guint32 *)a);
	guint32 right = thread_tree_get_first_message(self, *(const guint32 *)b);

	return self->ranks[left] < self->ranks[right] ? -1 : 1;
}

/* Makes all lists of siblings, by date. Dummies are under the root, or left out without children;
 * those that have children have messages only (after thread_prune()). */
void
thread_tree_arrange(ThreadTree *self)
{
	guint32 n_nodes = self->parents->len;

	g_array_set_size(self->roots, 0);
	self->first = g_renew(guint32, self->first, n_nodes + 1);
	self->next = g_renew(guint32, self->next, n_nodes + 1);
	for (guint32 i = 0; i < n_nodes; i++)
		self->first[i] = self->next[i] = THREAD_NONE;
	/* youngest first, each put before its siblings */
	for (guint32 i = self->n_messages; i-- > 0;) {
		guint32 message = self->by_date[i];
		guint32 parent = thread_tree_get_parent(self, message);

		if (parent == THREAD_NONE) {
			g_array_append_val(self->roots, message);
			continue;
		}
		self->next[message] = self->first[parent];
		self->first[parent] = message;
	}
	for (guint32 node = self->n_messages; node < n_nodes; node++) {
		if (self->first[node] != THREAD_NONE)
			g_array_append_val(self->roots, node);
	}
	g_array_sort_with_data(self->roots, compare_roots, self);
}

/* Whether @message came later than @other, which may be none. */
static gboolean
is_later(ThreadTree *self, guint32 message, guint32 other)
{
	gint64 left, right;

	if (other == THREAD_NONE)
		return TRUE;
	left = self->messages[message].received_at;
	right = self->messages[other].received_at;
	return left != right ? left > right : message > other;
}

/* The root above each node. Every node is passed twice at most. */
static guint32 *
find_roots(ThreadTree *self)
{
	guint32 n_nodes = self->parents->len;
	guint32 *roots = g_new(guint32, n_nodes + 1);

	for (guint32 i = 0; i < n_nodes; i++)
		roots[i] = THREAD_NONE;
	for (guint32 i = 0; i < n_nodes; i++) {
		guint32 root = i;

		while (roots[root] == THREAD_NONE &&
		       thread_tree_get_parent(self, root) != THREAD_NONE)
			root = thread_tree_get_parent(self, root);
		if (roots[root] != THREAD_NONE)
			root = roots[root];
		for (guint32 node = i; node != THREAD_NONE && roots[node] == THREAD_NONE;
		     node = thread_tree_get_parent(self, node))
			roots[node] = root;
	}
	return roots;
}

typedef struct {
	ThreadTree *tree;
	const guint32 *latest; /* message of each root */
} Arrivals;

static int
compare_arrivals(gconstpointer a, gconstpointer b, gpointer user_data)
{
	const Arrivals *arrivals = user_data;
	guint32 left = arrivals->latest[*(const guint32 *)a];
	guint32 right = arrivals->latest[*(const guint32 *)b];

	if (left == right)
		return 0;
	return is_later(arrivals->tree, left, right) ? 1 : -1;
}

/* Sorts the threads of an arranged tree by the INTERNALDATE of the latest message in each; of equal
 * ones by the order of the mailbox. */
void
thread_tree_sort_by_arrival(ThreadTree *self)
{
	g_autofree guint32 *roots = find_roots(self);
	g_autofree guint32 *latest = g_new(guint32, self->parents->len + 1);
	Arrivals arrivals = {self, latest};

	for (guint32 i = 0; i < self->parents->len; i++)
		latest[i] = THREAD_NONE;
	for (guint32 i = 0; i < self->n_messages; i++)
		if (is_later(self, i, latest[roots[i]]))
			latest[roots[i]] = i;
	g_array_sort_with_data(self->roots, compare_arrivals, &arrivals);
}

/* Opens a list with a child: `(` and its number. Its siblings wait on the stack. */
static void
open_list(ThreadTree *self, guint32 node, GString *text)
{
	g_string_append_c(text, '(');
	if (node < self->n_messages)
		g_string_append_printf(text, "%u", self->messages[node].number);
}

/* Closes lists up to one that has another child, and opens that. */
static guint32
close_lists(ThreadTree *self, GArray *waiting, GString *text)
{
	g_string_append_c(text, ')');
	while (waiting->len > 0) {
		guint32 *sibling = &g_array_index(waiting, guint32, waiting->len - 1);
		guint32 node = *sibling;

		if (node != THREAD_NONE) {
			*sibling = self->next[node];
			open_list(self, node, text);
			return node;
		}
		g_array_set_size(waiting, waiting->len - 1);
		g_string_append_c(text, ')');
	}
	return THREAD_NONE;
}

static void
append_thread(ThreadTree *self, guint32 node, GArray *waiting, GString *text)
{
	open_list(self, node, text);
	while (node != THREAD_NONE) {
		guint32 child = self->first[node];

		if (child == THREAD_NONE) {
			node = close_lists(self, waiting, text);
			continue;
		}
		if (node < self->n_messages)
			g_string_append_c(text, ' ');
		if (self->next[child] == THREAD_NONE && node < self->n_messages) {
			g_string_append_printf(text, "%u", self->messages[child].number);
		} else {
			g_array_append_val(waiting, self->next[child]);
			open_list(self, child, text);
		}
		node = child;
	}
}

/* Appends thread lists (RFC 5256 §5); nothing for no messages. */
void
thread_tree_append_to(ThreadTree *self, GString *text)
{
	g_autoptr(GArray) waiting = g_array_new(FALSE, FALSE, sizeof(guint32));

	for (guint i = 0; i < self->roots->len; i++)
		append_thread(self, g_array_index(self->roots, guint32, i), waiting, text);
}
