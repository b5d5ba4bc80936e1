/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A JMAP reply: guard, parse, write and parse again, and every typed reading of it. */
#include "fuzz.h"
#include "jmap/email.h"
#include "jmap/mailbox.h"
#include "jmap/reply-private.h"
#include "jmap/thread.h"

/* what is written of a value reads as the same value */
static void
check_round_trip(FerryJmapValue *value)
{
	g_autofree char *json = ferry_jmap_value_to_json(value);
	g_autoptr(FerryJmapValue) again = ferry_jmap_value_new_from_json(json, -1, NULL);
	g_autofree char *json_again = NULL;

	g_assert_nonnull(again);
	json_again = ferry_jmap_value_to_json(again);
	g_assert_cmpstr(json, ==, json_again);
}

static void
read_emails(FerryJmapReply *reply)
{
	g_autoptr(FerryJmapEmailList) list = ferry_jmap_reply_parse_emails(reply, "c1", NULL);

	if (list == NULL)
		return;
	for (guint i = 0; i < ferry_jmap_email_list_get_length(list); i++) {
		const FerryJmapEmail *email = ferry_jmap_email_list_get(list, i);
		g_autoptr(FerryJmapValue) value = ferry_jmap_email_list_get_value(list, i);

		g_assert_nonnull(email->id);
		g_assert_cmpstr(email->id, ==, ferry_jmap_value_get_string(value, "id"));
		g_assert_nonnull(email->mailbox_ids);
		g_assert_nonnull(email->keywords);
	}
}

static void
read_others(FerryJmapReply *reply)
{
	g_autoptr(FerryJmapChanges) changes = ferry_jmap_reply_parse_changes(reply, "c1", NULL);
	g_autoptr(FerryJmapQueryPage) page = ferry_jmap_reply_parse_query(reply, "c1", NULL);
	g_autoptr(FerryJmapSetResult) set = ferry_jmap_reply_parse_set(reply, "c1", NULL);
	g_autoptr(GPtrArray) mailboxes =
		ferry_jmap_reply_parse_mailboxes(reply, "c1", NULL, NULL, NULL);
	g_autoptr(GPtrArray) threads = ferry_jmap_reply_parse_threads(reply, "c1", NULL, NULL);

	if (set != NULL) {
		g_autoptr(FerryJmapValue) created =
			ferry_jmap_set_result_get_created(set, "k1", NULL);

		ferry_jmap_set_result_was_updated(set, "k1", NULL);
		ferry_jmap_set_result_was_destroyed(set, "k1", NULL);
		ferry_jmap_set_result_get_n_failed(set);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GByteArray) json = g_byte_array_new();
	g_autoptr(FerryJmapValue) document = NULL;
	g_autoptr(FerryJmapReply) reply = ferry_jmap_reply_new();

	g_byte_array_append(json, data, (guint)size);
	document = ferry_jmap_parse(json, NULL);
	if (document == NULL)
		return 0;
	check_round_trip(document);
	if (!ferry_jmap_reply_add_document(reply, document, NULL))
		return 0;
	read_emails(reply);
	read_others(reply);
	return 0;
}
