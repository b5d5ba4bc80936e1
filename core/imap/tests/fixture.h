/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A selected mailbox without a connection, an account or a backend: what FETCH and SEARCH plan on.
 */
#pragma once

#include <string.h>

#include "account/message-reader-private.h"
#include "account/view-private.h"
#include "imap/base-module.h"
#include "imap/message-private.h"
#include "imap/session-private.h"
#include "imap/told-private.h"
#include "message/scanner.h"
#include "registry/plugin.h"

typedef struct {
	FerryRegistry *registry;
	FerryImapSession *session;
	FerryKeywordTable *keywords;
} Fixture;

static inline FerryView *
fixture_make_view(Fixture *self, const FerryMessageRow *rows, guint n_rows, guint32 uidnext)
{
	FerryViewBuilder *builder = ferry_view_builder_new(NULL, self->keywords);

	for (guint i = 0; i < n_rows; i++) {
		g_autofree char *id = g_strdup_printf("E%u", rows[i].uid);

		ferry_view_builder_set(builder, &rows[i], id, id, id);
	}
	ferry_view_builder_set_mailbox(builder, 1, uidnext, 1, 0);
	return ferry_view_builder_end(builder);
}

/* @module: NULL, or what a module's tests register beside the base */
static inline void
fixture_init_with(Fixture *self, const FerryPlugin *module)
{
	g_autoptr(GError) error = NULL;

	self->registry = ferry_registry_new();
	ferry_imap_register_base(self->registry, &error);
	g_assert_no_error(error);
	if (module != NULL) {
		ferry_registry_set_module(self->registry, module->name);
		module->register_func(self->registry, &error);
	}
	g_assert_no_error(error);
	ferry_registry_seal(self->registry);
	self->keywords = ferry_keyword_table_new();
	self->session = g_object_new(FERRY_TYPE_IMAP_SESSION, NULL);
	self->session->registry = g_object_ref(self->registry);
	self->session->writer = ferry_imap_writer_new_for_buffer();
	self->session->phase = FERRY_PHASE_SELECTED;
}

static inline void
fixture_init(Fixture *self)
{
	fixture_init_with(self, NULL);
}

static inline void
fixture_select(Fixture *self, const FerryMessageRow *rows, guint n_rows)
{
	guint32 uidnext = n_rows > 0 ? rows[n_rows - 1].uid + 1 : 1;
	g_autoptr(FerryView) view = fixture_make_view(self, rows, n_rows, uidnext);

	g_clear_object(&self->session->told);
	self->session->told = ferry_told_new(view);
}

static inline void
fixture_clear(Fixture *self)
{
	g_clear_object(&self->session);
	g_clear_object(&self->registry);
	g_clear_pointer(&self->keywords, ferry_keyword_table_unref);
}

/* As a session decides. */
static inline FerryImapLiteralUse
fixture_use_literal(FerryImapParser *parser, guint64 size, gpointer user_data, GError **error)
{
	Fixture *self = user_data;
	const FerryContribution *contribution = ferry_registry_lookup(
		self->registry, FERRY_CONTRIBUTION_COMMAND, ferry_imap_parser_get_name(parser));

	return ferry_imap_parser_announces_data(parser, self->registry, contribution->grammar)
		       ? FERRY_IMAP_LITERAL_MENDED
		       : FERRY_IMAP_LITERAL_STRING;
}

/* The command in a line without its line end; NULL with error where its arguments are malformed. */
static inline FerryImapCommand *
fixture_parse_tagged(Fixture *self, const char *tag, const char *line, GError **error)
{
	const FerryLimits limits = FERRY_LIMITS_DEFAULT;
	const FerryImapGrammarContext context = {self->registry, FALSE, limits.nesting};
	g_autoptr(FerryImapParser) parser = ferry_imap_parser_new(&limits);
	g_autofree char *input = g_strconcat(tag, " ", line, "\r\n", NULL);
	g_autoptr(GPtrArray) arguments = NULL;
	const FerryContribution *contribution;
	FerryImapParseResult result;

	ferry_imap_parser_set_spool_dir(parser, g_get_tmp_dir());
	ferry_imap_parser_set_literal_func(parser, fixture_use_literal, self);
	ferry_imap_parser_feed(parser, (const guint8 *)input, strlen(input), &result, error);
	g_assert_cmpint(result, ==, FERRY_IMAP_PARSE_DONE);
	contribution = ferry_registry_lookup(self->registry, FERRY_CONTRIBUTION_COMMAND,
					     ferry_imap_parser_get_name(parser));
	g_assert_nonnull(contribution);
	arguments =
		ferry_imap_parser_parse_arguments(parser, contribution->grammar, &context, error);
	if (arguments == NULL)
		return NULL;
	return ferry_imap_command_new(self->session, contribution, tag, arguments);
}

static inline FerryImapCommand *
fixture_parse(Fixture *self, const char *line, GError **error)
{
	return fixture_parse_tagged(self, "a", line, error);
}

/* A message as the account hands it over. */
static inline FerryMessageData *
fixture_make_data(guint32 uid, const char *raw, gsize length)
{
	FerryMessageData *data = g_new0(FerryMessageData, 1);
	FerryMessagePart root;

	g_atomic_ref_count_init(&data->ref_count);
	data->uid = uid;
	data->size = length;
	data->raw = g_bytes_new(raw, length);
	data->structure = ferry_message_scan(raw, length);
	ferry_message_structure_get_part(data->structure, 0, &root);
	data->headers = g_bytes_new_from_bytes(data->raw, 0, root.body_start);
	return data;
}
