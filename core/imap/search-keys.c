/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The base SEARCH keys that a view row answers
 *
 * Specification: RFC 9051 §6.4.4; RFC 3501 §6.4.4 (NEW, OLD, RECENT); RFC 5032 (YOUNGER, OLDER)
 * Implementation: flags, keywords, sizes, dates, UIDs. BEFORE, ON and SINCE look at the day that
 *   INTERNALDATE shows, SENTBEFORE and its kin at the day in the Date header's own zone.
 */
#include "imap/search-private.h"

#define SECONDS_PER_DAY 86400

static gboolean
match_all(FerryImapSearch *search, FerryImapMessage *message, FerryImapValue *arguments,
	  gpointer user_data)
{
	return TRUE;
}

/* user_data: the flag; negative: it must not be set */
static gboolean
match_flag(FerryImapSearch *search, FerryImapMessage *message, FerryImapValue *arguments,
	   gpointer user_data)
{
	gint wanted = GPOINTER_TO_INT(user_data);
	guint flags = ferry_imap_message_get_row(message)->flags;

	return wanted > 0 ? (flags & (guint)wanted) != 0 : (flags & (guint)-wanted) == 0;
}

enum {
	RECENT,
	OLD,
	NEW
};

static gboolean
match_recent(FerryImapSearch *search, FerryImapMessage *message, FerryImapValue *arguments,
	     gpointer user_data)
{
	gboolean recent = ferry_imap_message_is_recent(message);
	gboolean seen = (ferry_imap_message_get_row(message)->flags & FERRY_MESSAGE_SEEN) != 0;

	switch (GPOINTER_TO_INT(user_data)) {
	case RECENT:
		return recent;
	case OLD:
		return !recent;
	default:
		return recent && !seen;
	}
}

/* user_data: whether the keyword must be there */
static gboolean
match_keyword(FerryImapSearch *search, FerryImapMessage *message, FerryImapValue *arguments,
	      gpointer user_data)
{
	const char *keyword = ferry_imap_value_get_text(ferry_imap_value_get_child(arguments, 0));

	return ferry_imap_message_has_keyword(message, keyword) == GPOINTER_TO_INT(user_data);
}

enum {
	LARGER,
	SMALLER
};

static gboolean
match_size(FerryImapSearch *search, FerryImapMessage *message, FerryImapValue *arguments,
	   gpointer user_data)
{
	guint64 limit = ferry_imap_value_get_number(ferry_imap_value_get_child(arguments, 0));
	guint64 size = ferry_imap_message_get_row(message)->size;

	return GPOINTER_TO_INT(user_data) == LARGER ? size > limit : size < limit;
}

enum {
	BEFORE,
	ON,
	SINCE
};

static gint64
floor_to_day(gint64 seconds)
{
	gint64 day = seconds / SECONDS_PER_DAY;

	return seconds % SECONDS_PER_DAY < 0 ? day - 1 : day;
}

static gboolean
compare_day(gint64 day, FerryImapValue *arguments, gpointer user_data)
{
	gint64 wanted = ferry_imap_value_get_day(ferry_imap_value_get_child(arguments, 0));

	switch (GPOINTER_TO_INT(user_data)) {
	case BEFORE:
		return day < wanted;
	case ON:
		return day == wanted;
	default:
		return day >= wanted;
	}
}

static gboolean
match_date(FerryImapSearch *search, FerryImapMessage *message, FerryImapValue *arguments,
	   gpointer user_data)
{
	gint64 day = floor_to_day(ferry_imap_message_get_row(message)->received_at);

	return compare_day(day, arguments, user_data);
}

static gboolean
match_sent_date(FerryImapSearch *search, FerryImapMessage *message, FerryImapValue *arguments,
		gpointer user_data)
{
	const FerryMessageRow *row = ferry_imap_message_get_row(message);

	/* without a Date there is no day that it could be */
	if (row->sent_at == G_MININT64)
		return FALSE;
	return compare_day(floor_to_day(row->sent_at + row->sent_zone * 60), arguments, user_data);
}

enum {
	YOUNGER,
	OLDER
};

static gboolean
match_age(FerryImapSearch *search, FerryImapMessage *message, FerryImapValue *arguments,
	  gpointer user_data)
{
	gint64 interval =
		(gint64)ferry_imap_value_get_number(ferry_imap_value_get_child(arguments, 0));
	gint64 since = g_get_real_time() / G_USEC_PER_SEC - interval;
	gint64 received_at = ferry_imap_message_get_row(message)->received_at;

	return GPOINTER_TO_INT(user_data) == YOUNGER ? received_at >= since : received_at <= since;
}

static gboolean
prepare_uid(FerryImapSearch *search, FerryImapValue *arguments, gpointer user_data, GError **error)
{
	FerryImapSet *set = ferry_imap_value_get_set(ferry_imap_value_get_child(arguments, 0));
	FerryUidSet *uids = ferry_imap_search_resolve(search, set, TRUE, error);

	if (uids == NULL)
		return FALSE;
	ferry_imap_search_set_key_data(search, arguments, uids,
				       (GDestroyNotify)ferry_uid_set_unref);
	return TRUE;
}

static gboolean
match_uid(FerryImapSearch *search, FerryImapMessage *message, FerryImapValue *arguments,
	  gpointer user_data)
{
	return ferry_uid_set_contains(ferry_imap_search_get_key_data(search, arguments),
				      ferry_imap_message_get_uid(message));
}

static const struct {
	const char *name;
	const char *grammar;
	FerrySearchPrepareFunc prepare;
	FerrySearchMatchFunc match;
	int data;
} keys[] = {
	{"ALL", NULL, NULL, match_all, 0},
	{"ANSWERED", NULL, NULL, match_flag, FERRY_MESSAGE_ANSWERED},
	{"BEFORE", "date", NULL, match_date, BEFORE},
	{"DELETED", NULL, NULL, match_flag, FERRY_MESSAGE_DELETED},
	{"DRAFT", NULL, NULL, match_flag, FERRY_MESSAGE_DRAFT},
	{"FLAGGED", NULL, NULL, match_flag, FERRY_MESSAGE_FLAGGED},
	{"KEYWORD", "atom", NULL, match_keyword, TRUE},
	{"LARGER", "number64", NULL, match_size, LARGER},
	{"NEW", NULL, NULL, match_recent, NEW},
	{"OLD", NULL, NULL, match_recent, OLD},
	{"OLDER", "nz-number", NULL, match_age, OLDER},
	{"ON", "date", NULL, match_date, ON},
	{"RECENT", NULL, NULL, match_recent, RECENT},
	{"SEEN", NULL, NULL, match_flag, FERRY_MESSAGE_SEEN},
	{"SENTBEFORE", "date", NULL, match_sent_date, BEFORE},
	{"SENTON", "date", NULL, match_sent_date, ON},
	{"SENTSINCE", "date", NULL, match_sent_date, SINCE},
	{"SINCE", "date", NULL, match_date, SINCE},
	{"SMALLER", "number64", NULL, match_size, SMALLER},
	{"UID", "sequence-set", prepare_uid, match_uid, 0},
	{"UNANSWERED", NULL, NULL, match_flag, -FERRY_MESSAGE_ANSWERED},
	{"UNDELETED", NULL, NULL, match_flag, -FERRY_MESSAGE_DELETED},
	{"UNDRAFT", NULL, NULL, match_flag, -FERRY_MESSAGE_DRAFT},
	{"UNFLAGGED", NULL, NULL, match_flag, -FERRY_MESSAGE_FLAGGED},
	{"UNKEYWORD", "atom", NULL, match_keyword, FALSE},
	{"UNSEEN", NULL, NULL, match_flag, -FERRY_MESSAGE_SEEN},
	{"YOUNGER", "nz-number", NULL, match_age, YOUNGER},
};

gboolean
ferry_imap_register_search_keys(FerryRegistry *registry, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
		if (!ferry_registry_add_search_key(registry, keys[i].name, keys[i].grammar,
						   FERRY_NEEDS_METADATA, keys[i].prepare,
						   keys[i].match, GINT_TO_POINTER(keys[i].data),
						   NULL, error))
			return FALSE;
	}
	return TRUE;
}
