/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is kept fresh although nobody has it open */
#include "account/watch.h"

#include "account/account-private.h"

/**
 * ferry_account_session_set_watch:
 * @self: a session
 * @watch: what it wants to hear of from now on
 *
 * Says what is to be kept fresh for a session although it has it not open, as for NOTIFY. Changes
 * come as the signals of #FerryAccount and #FerryAccountSession. Ends with the session.
 */
void
ferry_account_session_set_watch(FerryAccountSession *self, FerryWatch watch)
{
	self->watch = watch;
	if (watch != FERRY_WATCH_NOTHING)
		ferry_account_session_warm_up(self);
}

FerryWatch
ferry_account_get_watch(FerryAccount *self)
{
	FerryWatch watch = FERRY_WATCH_NOTHING;

	for (guint i = 0; i < self->sessions->len; i++)
		watch |= ((FerryAccountSession *)self->sessions->pdata[i])->watch;
	return watch;
}
