/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imap/command.h"
#include "imap/session-private.h"

G_BEGIN_DECLS

typedef struct {
	FerryImapCommandHook hook;
	gpointer user_data;
	GDestroyNotify destroy;
} FerryImapHook;

typedef struct {
	FerryImapCommandStep step;
	gpointer user_data;
	GDestroyNotify destroy;
} FerryImapStep;

struct _FerryImapCommand {
	GObject parent_instance;
	FerryImapSession *session;
	const FerryContribution *contribution;
	char *tag;
	GPtrArray *arguments;
	GCancellable *cancellable;
	gboolean started;
	gboolean done;
	gboolean lets_next;
	gboolean uses_numbers;
	FerryImapTurnFunc turn_func; /* NULL: waits for none */
	gpointer turn_data;
	char *response_code;
	char *text;
	GError *error; /* what went wrong on the way, and its handler may not know of */
	gpointer data;
	GDestroyNotify destroy;
	GObject *operation;
	gint64 started_at; /* monotonic µs */
	gboolean has_progress;
	guint64 progress_done;
	guint64 progress_total; /* 0: not known */
	GArray *hooks;          /* FerryImapHook */
	GArray *steps;          /* FerryImapStep */
	guint n_steps_done;
	FerryImapTurnFunc steps_func; /* what comes after them */
	gpointer steps_data;
};

G_END_DECLS
