/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Flags and keywords
 *
 * Specification: RFC 9051 §2.3.2, RFC 8621 §4.1.1 (keywords)
 * Implementation: the four system keywords are flags, all others stay keywords, lower case
 * Not mapped: \Recent, which no client may set
 */
#include "account/flags.h"

#include <string.h>

#include "account/flags-private.h"

static const struct {
	FerryMessageFlags flag;
	const char *name;
	const char *keyword; /* NULL: not known to JMAP */
} system_flags[] = {
	{FERRY_MESSAGE_SEEN, "\\Seen", "$seen"},
	{FERRY_MESSAGE_ANSWERED, "\\Answered", "$answered"},
	{FERRY_MESSAGE_FLAGGED, "\\Flagged", "$flagged"},
	{FERRY_MESSAGE_DRAFT, "\\Draft", "$draft"},
	{FERRY_MESSAGE_DELETED, "\\Deleted", NULL},
};

/**
 * ferry_flags_get_name:
 * @flag: one flag
 *
 * Returns: (nullable): the IMAP name of @flag
 */
const char *
ferry_flags_get_name(FerryMessageFlags flag)
{
	for (guint i = 0; i < G_N_ELEMENTS(system_flags); i++) {
		if (system_flags[i].flag == flag)
			return system_flags[i].name;
	}
	return NULL;
}

const char *
ferry_flags_get_keyword(FerryMessageFlags flag)
{
	for (guint i = 0; i < G_N_ELEMENTS(system_flags); i++) {
		if (system_flags[i].flag == flag)
			return system_flags[i].keyword;
	}
	return NULL;
}

FerryMessageFlags
ferry_flags_from_keyword(const char *keyword)
{
	if (keyword[0] != '$')
		return 0;
	for (guint i = 0; i < G_N_ELEMENTS(system_flags); i++) {
		if (system_flags[i].keyword != NULL &&
		    g_ascii_strcasecmp(system_flags[i].keyword, keyword) == 0)
			return system_flags[i].flag;
	}
	return 0;
}

static FerryMessageFlags
flag_from_name(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(system_flags); i++) {
		if (g_ascii_strcasecmp(system_flags[i].name, name) == 0)
			return system_flags[i].flag;
	}
	return 0;
}

/**
 * ferry_keyword_is_valid:
 * @keyword: a keyword
 *
 * Returns: whether @keyword is one by RFC 8621 §4.1.1: 1 to 255 octets %x21-7e without `( ) { ] % *
 *   " \`
 */
gboolean
ferry_keyword_is_valid(const char *keyword)
{
	gsize length = strlen(keyword);

	if (length == 0 || length > 255)
		return FALSE;
	for (gsize i = 0; i < length; i++) {
		guchar c = (guchar)keyword[i];

		if (c < 0x21 || c > 0x7e || strchr("(){]%*\"\\", c) != NULL)
			return FALSE;
	}
	return TRUE;
}

/**
 * ferry_flags_parse:
 * @names: (array zero-terminated=1): IMAP flag names
 * @out_flags: (out): the system flags among them
 * @out_keywords: (out) (transfer full) (array zero-terminated=1): the keywords, lower case, no two
 *   alike
 * @error: return location
 *
 * Tells system flags and keywords apart. `$seen` and its like are the flags they stand for.
 *
 * Returns: FALSE with %FERRY_ERROR_INVALID where a name is neither
 */
gboolean
ferry_flags_parse(const char *const *names, FerryMessageFlags *out_flags, char ***out_keywords,
		  GError **error)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	FerryMessageFlags flags = 0;

	for (; *names != NULL; names++) {
		FerryMessageFlags flag = flag_from_name(*names) | ferry_flags_from_keyword(*names);
		g_autofree char *keyword = NULL;

		flags |= flag;
		if (flag != 0)
			continue;
		if (!ferry_keyword_is_valid(*names)) {
			g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
					    "not a flag or keyword that can be set");
			return FALSE;
		}
		keyword = g_ascii_strdown(*names, -1);
		if (g_hash_table_contains(seen, keyword))
			continue;
		g_strv_builder_add(builder, keyword);
		g_hash_table_add(seen, g_steal_pointer(&keyword));
	}
	*out_flags = flags;
	*out_keywords = g_strv_builder_end(builder);
	return TRUE;
}

guint8
ferry_keyword_flags_from_joined(const char *joined)
{
	guint8 flags = 0;

	while (*joined != '\0') {
		gsize length = strcspn(joined, " ");

		for (guint i = 0; *joined == '$' && i < G_N_ELEMENTS(system_flags); i++) {
			const char *keyword = system_flags[i].keyword;

			if (keyword != NULL && strlen(keyword) == length &&
			    strncmp(keyword, joined, length) == 0)
				flags |= (guint8)system_flags[i].flag;
		}
		joined += length;
		joined += *joined == ' ';
	}
	return flags;
}
