/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings: how values are read, and which are good
 *
 * Implementation: one function for each type that is more than text; a fault is a text that follows
 *   `KEY = VALUE: `.
 */
#include "base/settings-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

gboolean
ferry_setting_parse_boolean(const char *value, gboolean *out)
{
	static const char *const words[] = {"no", "false", "0", "off", "yes", "true", "1", "on"};

	for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
		if (g_ascii_strcasecmp(value, words[i]) == 0) {
			*out = i >= G_N_ELEMENTS(words) / 2;
			return TRUE;
		}
	}
	return FALSE;
}

gboolean
ferry_setting_parse_number(const char *value, gboolean size, gint64 *out)
{
	guint shift = 0;
	char *end;

	errno = 0;
	*out = g_ascii_strtoll(value, &end, 10);
	if (errno != 0 || end == value)
		return FALSE;
	if (size && *end != '\0') {
		static const char units[] = "kMG";
		const char *unit = strchr(units, *end);

		if (unit == NULL || end[1] != '\0')
			return FALSE;
		shift = 10 * (guint)(unit - units + 1);
		end++;
	}
	if (*end != '\0' || *out > (G_MAXINT64 >> shift) || (shift > 0 && *out < 0))
		return FALSE;
	*out <<= shift;
	return TRUE;
}

static gboolean
in_range(gint64 number, const char *range)
{
	g_auto(GStrv) ends = g_strsplit(range, ":", 2);

	return number >= g_ascii_strtoll(ends[0], NULL, 10) &&
	       (ends[1] == NULL || *ends[1] == '\0' ||
		number <= g_ascii_strtoll(ends[1], NULL, 10));
}

static gboolean
is_choice(const char *value, const char *choices)
{
	g_auto(GStrv) words = g_strsplit(choices, ";", -1);

	return g_strv_contains((const char *const *)words, value);
}

/* Says what is wrong with a value, or NULL. */
char *
ferry_setting_find_fault(const FerrySetting *setting, const char *value)
{
	gboolean truth;
	gint64 number;

	switch (setting->type) {
	case FERRY_SETTING_STRING:
	case FERRY_SETTING_LIST:
		return g_utf8_validate(value, -1, NULL) ? NULL : g_strdup(_("is not UTF-8"));
	case FERRY_SETTING_BOOLEAN:
		return ferry_setting_parse_boolean(value, &truth)
			       ? NULL
			       : g_strdup(_("must be yes or no"));
	case FERRY_SETTING_INTEGER:
	case FERRY_SETTING_SIZE:
		if (!ferry_setting_parse_number(value, setting->type == FERRY_SETTING_SIZE,
						&number))
			return g_strdup(_("is not a number"));
		if (setting->check != NULL && !in_range(number, setting->check))
			return g_strdup_printf(_("is outside %s"), setting->check);
		return NULL;
	case FERRY_SETTING_CHOICE:
		return is_choice(value, setting->check)
			       ? NULL
			       : g_strdup_printf(_("must be one of %s"), setting->check);
	case FERRY_SETTING_FILE:
		return access(value, R_OK) == 0
			       ? NULL
			       : g_strdup_printf(_("cannot be read: %s"), g_strerror(errno));
	case FERRY_SETTING_FOLDER:
		return g_path_is_absolute(value) ? NULL : g_strdup(_("must be an absolute path"));
	}
	return NULL;
}

/**
 * ferry_setting_find_mistake: (skip)
 * @setting: a row
 *
 * Looks at a row that somebody else wrote.
 *
 * Returns: (transfer full) (nullable): what is wrong with it, for who wrote it
 */
char *
ferry_setting_find_mistake(const FerrySetting *setting)
{
	gsize length = strspn(setting->key, "abcdefghijklmnopqrstuvwxyz0123456789-");

	if (length == 0 || setting->key[length] != '\0')
		return g_strdup("a key has small letters, digits and hyphens");
	if (setting->type > FERRY_SETTING_FOLDER)
		return g_strdup("there is no such type");
	if (setting->type == FERRY_SETTING_CHOICE && setting->check == NULL)
		return g_strdup("a choice wants words to choose from");
	if (setting->description == NULL || *setting->description == '\0')
		return g_strdup("nothing describes it");
	/* whether a file is there is another machine's business */
	if (setting->initial == NULL || setting->type == FERRY_SETTING_FILE)
		return NULL;
	return ferry_setting_find_fault(setting, setting->initial);
}
