/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The capability list and the greeting
 *
 * Specification: RFC 9051 §6.1.1, §7.1.5, §7.2.2
 * Implementation: computed from the registry for the state that the session is in
 */
#include "imap/session-private.h"

/**
 * ferry_imap_session_dup_capabilities:
 *
 * Returns: (transfer full): what is offered in the session's state, with spaces between
 */
char *
ferry_imap_session_dup_capabilities(FerryImapSession *self)
{
	GPtrArray *list = ferry_registry_list(self->registry, FERRY_CONTRIBUTION_CAPABILITY);
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < list->len; i++) {
		const FerryContribution *contribution = list->pdata[i];
		FerryCapabilityFunc func = (FerryCapabilityFunc)contribution->func;
		g_autofree char *value = NULL;

		if (!(contribution->flags & self->phase))
			continue;
		if (func != NULL)
			value = func(self, contribution->user_data);
		if (func != NULL && value == NULL)
			continue;
		if (text->len > 0)
			g_string_append_c(text, ' ');
		g_string_append(text, value != NULL ? value : contribution->name);
	}
	return g_string_free(text, FALSE);
}

void
ferry_imap_session_write_greeting(FerryImapSession *self)
{
	g_autofree char *capabilities = ferry_imap_session_dup_capabilities(self);

	ferry_imap_writer_writef(self->writer, "* OK [CAPABILITY %s] Ferry is ready\r\n",
				 capabilities);
	ferry_imap_writer_flush(self->writer);
}
