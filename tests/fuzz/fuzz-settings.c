/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A configuration file: whatever it says, it is good and every setting reads, or there is an error
 * that names the file. */
#include <string.h>

#include "base/error.h"
#include "base/settings.h"
#include "fuzz.h"

static const FerrySetting table[] = {
	{"plain", "text", FERRY_SETTING_STRING, "default", NULL, FALSE, "Text."},
	{"plain", "switch", FERRY_SETTING_BOOLEAN, "no", NULL, FALSE, "Yes or no."},
	{"plain", "count", FERRY_SETTING_INTEGER, "1", "-5:100", FALSE, "A number."},
	{"plain", "octets", FERRY_SETTING_SIZE, "1G", "0:", FALSE, "A size."},
	{"plain", "words", FERRY_SETTING_LIST, "a;b", NULL, FALSE, "Words."},
	{"plain", "choice", FERRY_SETTING_CHOICE, "one", "one;two", FALSE, "One of two."},
	{"many *", "needed", FERRY_SETTING_STRING, NULL, NULL, TRUE, "Must be there."},
	{"many *", "folder", FERRY_SETTING_FOLDER, NULL, NULL, FALSE, "A folder."},
};

static void
read_group(FerrySettings *settings, const char *group)
{
	g_auto(GStrv) words = ferry_settings_get_list(settings, "plain", "words");
	gint64 count = ferry_settings_get_integer(settings, "plain", "count");
	const char *choice = ferry_settings_get_string(settings, "plain", "choice");

	g_assert_nonnull(words);
	g_assert_true(count >= -5 && count <= 100);
	g_assert_true(g_str_equal(choice, "one") || g_str_equal(choice, "two"));
	g_assert_cmpint(ferry_settings_get_integer(settings, "plain", "octets"), >=, 0);
	g_assert_nonnull(ferry_settings_get_string(settings, "plain", "text"));
	ferry_settings_get_boolean(settings, "plain", "switch");
	if (group != NULL) {
		g_autofree char *name = g_strdup_printf("many %s", group);

		g_assert_nonnull(ferry_settings_get_string(settings, name, "needed"));
		ferry_settings_get_string(settings, name, "folder");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(FerrySettings) settings = ferry_settings_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *text = g_strndup((const char *)data, size);
	g_auto(GStrv) groups = NULL;

	ferry_settings_add_table(settings, table, G_N_ELEMENTS(table));
	if (!ferry_settings_load_data(settings, "seed", text, &error)) {
		g_assert_error(error, FERRY_ERROR, FERRY_ERROR_CONFIGURATION);
		g_assert_nonnull(strstr(error->message, "seed"));
		return 0;
	}
	groups = ferry_settings_list_groups(settings, "many");
	for (guint i = 0; groups[i] != NULL; i++)
		read_group(settings, groups[i]);
	read_group(settings, NULL);
	return 0;
}
