/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

/**
 * What threading wants to know of a message's header. Immutable, counted by g_atomic_rc_box; texts
 * stand behind it in one piece.
 */
typedef struct {
	gboolean is_reply;      /* or a forward */
	guint n_references;     /* references has so many, each with its NUL */
	const char *subject;    /* base subject, in the form to compare */
	const char *id;         /* "" without a valid one */
	const char *references; /* oldest first */
	gsize octets;
	char texts[];
} ThreadRecord;

/* thread-record.c */
ThreadRecord *thread_record_new(const char *block, gsize length);
void thread_record_unref(gpointer record);
const char *thread_find_id(const char *p, const char *end, GString *id);

/* What one message brings. */
typedef struct {
	guint32 number; /* as it is answered */
	gint64 sent_at;
	ThreadRecord *record;
	gint64 received_at;
} ThreadMessage;

/* thread-tree.c: messages (0 to n - 1) and dummies (from n on), each with its parent */
#define THREAD_NONE G_MAXUINT32

typedef struct {
	const ThreadMessage *messages;
	guint32 n_messages;
	GArray *parents;  /* of every node; THREAD_NONE: under the root */
	guint32 *by_date; /* messages by sent date, then as they came */
	guint32 *ranks;   /* of each message in by_date */
	guint32 *first;   /* child of each node, by date */
	guint32 *next;    /* sibling of each node, by date */
	GArray *roots;    /* nodes under the root, by date */
} ThreadTree;

ThreadTree *thread_tree_new(const ThreadMessage *messages, guint32 n_messages);
void thread_tree_free(ThreadTree *self);
guint32 thread_tree_add(ThreadTree *self, guint32 parent);
guint32 thread_tree_get_parent(ThreadTree *self, guint32 node);
void thread_tree_set_parent(ThreadTree *self, guint32 node, guint32 parent);
void thread_tree_arrange(ThreadTree *self);
void thread_tree_sort_by_arrival(ThreadTree *self);
guint32 thread_tree_get_first_message(ThreadTree *self, guint32 node);
void thread_tree_append_to(ThreadTree *self, GString *text);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ThreadTree, thread_tree_free)

/* thread-links.c, thread-prune.c, thread-merge.c: the steps of REFERENCES */
void thread_link(ThreadTree *self);
void thread_prune(ThreadTree *self);
void thread_merge(ThreadTree *self);

/* thread-algorithm.c */
typedef void (*ThreadAlgorithm)(ThreadTree *tree);
ThreadAlgorithm thread_find_algorithm(FerryImapValue *name);
char *thread_make(ThreadAlgorithm algorithm, const ThreadMessage *messages, guint32 n_messages);
void thread_by_references(ThreadTree *tree);
void thread_by_refs(ThreadTree *tree);
void thread_by_subject(ThreadTree *tree);

/* thread-command.c */
void thread_handle(FerryImapCommand *command, gpointer user_data);
