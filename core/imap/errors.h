/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * FerryImapAnswer: (skip)
 * @status: "NO" or "BAD"
 * @code: (nullable): the response code, without brackets
 * @text: what a person reads; one line of printable text
 *
 * What a tagged answer says of an error.
 */
typedef struct {
	const char *status;
	const char *code;
	char *text;
} FerryImapAnswer;

FerryImapAnswer *ferry_imap_answer_new(const GError *error, gboolean utf8);
void ferry_imap_answer_free(FerryImapAnswer *self);
char *ferry_imap_clean_text(const char *text, gboolean utf8);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryImapAnswer, ferry_imap_answer_free)

G_END_DECLS
