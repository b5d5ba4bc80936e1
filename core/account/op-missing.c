/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* only on the integration branch, until op-append.c and op-copy.c are there */
#include "account/account-private.h"
#include "account/mailbox.h"

#define MISSING(task) g_task_return_new_error(task, FERRY_ERROR, FERRY_ERROR_CANNOT, "not there yet")
void ferry_account_session_append_async(FerryAccountSession *s, const char *n, GPtrArray *m, GCancellable *c, GAsyncReadyCallback cb, gpointer u)
{ g_autoptr(GTask) t = g_task_new(s, c, cb, u); MISSING(t); }
FerryOutcome *ferry_account_session_append_finish(FerryAccountSession *s, GAsyncResult *r, GError **e)
{ return g_task_propagate_pointer(G_TASK(r), e); }
void ferry_mailbox_copy_async(FerryMailbox *s, FerryAccountSession *a, const guint32 *u, gsize n, const char *t_, GCancellable *c, GAsyncReadyCallback cb, gpointer d)
{ g_autoptr(GTask) t = g_task_new(s, c, cb, d); MISSING(t); }
FerryOutcome *ferry_mailbox_copy_finish(FerryMailbox *s, GAsyncResult *r, GError **e)
{ return g_task_propagate_pointer(G_TASK(r), e); }
void ferry_mailbox_move_async(FerryMailbox *s, FerryAccountSession *a, const guint32 *u, gsize n, const char *t_, GCancellable *c, GAsyncReadyCallback cb, gpointer d)
{ g_autoptr(GTask) t = g_task_new(s, c, cb, d); MISSING(t); }
FerryOutcome *ferry_mailbox_move_finish(FerryMailbox *s, GAsyncResult *r, GError **e)
{ return g_task_propagate_pointer(G_TASK(r), e); }
