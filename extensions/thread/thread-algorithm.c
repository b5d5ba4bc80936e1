/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The threading algorithms
 *
 * Specification: RFC 5256 §3 (ORDEREDSUBJECT, REFERENCES); draft-ietf-morg-inthread-01 (REFS)
 * Implementation: by the letter; see thread-links.c, thread-prune.c and thread-merge.c
 */
#include "thread.h"

void
thread_by_references(ThreadTree *tree)
{
	thread_link(tree);
	thread_prune(tree);
	thread_tree_arrange(tree);
	thread_merge(tree);
	thread_tree_arrange(tree);
}

/* REFERENCES without its subjects, and the thread that got mail last comes last. */
void
thread_by_refs(ThreadTree *tree)
{
	thread_link(tree);
	thread_prune(tree);
	thread_tree_arrange(tree);
	thread_tree_sort_by_arrival(tree);
}

/* The oldest message of a subject is the root of the others, which are siblings. */
void
thread_by_subject(ThreadTree *tree)
{
	g_autoptr(GHashTable) subjects = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint32 i = 0; i < tree->n_messages; i++) {
		guint32 message = tree->by_date[i];
		const char *subject = tree->messages[message].record->subject;
		gpointer first;

		if (g_hash_table_lookup_extended(subjects, subject, NULL, &first))
			thread_tree_set_parent(tree, message, GPOINTER_TO_UINT(first));
		else
			g_hash_table_insert(subjects, (gpointer)subject, GUINT_TO_POINTER(message));
	}
	thread_tree_arrange(tree);
}

/* Returns: (nullable): the algorithm of that name */
ThreadAlgorithm
thread_find_algorithm(FerryImapValue *name)
{
	static const struct {
		const char *name;
		ThreadAlgorithm algorithm;
	} algorithms[] = {
		{"REFERENCES", thread_by_references},
		{"REFS", thread_by_refs},
		{"ORDEREDSUBJECT", thread_by_subject},
	};

	for (guint i = 0; i < G_N_ELEMENTS(algorithms); i++) {
		if (ferry_imap_value_is(name, algorithms[i].name))
			return algorithms[i].algorithm;
	}
	return NULL;
}

/* Threads messages, which come in the order of the mailbox, and writes the result. May run on any
 * thread. */
char *
thread_make(ThreadAlgorithm algorithm, const ThreadMessage *messages, guint32 n_messages)
{
	g_autoptr(ThreadTree) tree = thread_tree_new(messages, n_messages);
	GString *text = g_string_new(NULL);

	algorithm(tree);
	thread_tree_append_to(tree, text);
	return g_string_free(text, FALSE);
}
