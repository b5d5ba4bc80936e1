/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * FerrySettingType:
 * @FERRY_SETTING_STRING: any text
 * @FERRY_SETTING_BOOLEAN: yes or no
 * @FERRY_SETTING_INTEGER: a whole number; `check` is `MIN:MAX`
 * @FERRY_SETTING_SIZE: octets; k, M and G (1024 each) may follow; `check` is `MIN:MAX`
 * @FERRY_SETTING_CHOICE: one of the words in `check`, separated by `;`
 * @FERRY_SETTING_LIST: texts separated by `;`
 * @FERRY_SETTING_FILE: a file that can be read
 * @FERRY_SETTING_FOLDER: a folder, which need not exist yet; absolute
 *
 * How the value of a setting is read, and what its check means.
 */
typedef enum {
	FERRY_SETTING_STRING,
	FERRY_SETTING_BOOLEAN,
	FERRY_SETTING_INTEGER,
	FERRY_SETTING_SIZE,
	FERRY_SETTING_CHOICE,
	FERRY_SETTING_LIST,
	FERRY_SETTING_FILE,
	FERRY_SETTING_FOLDER,
} FerrySettingType;

/**
 * FerrySetting:
 * @group: its group; `backend *` stands for every group `[backend NAME]`. Tables of modules leave
 * it out: theirs is `extension NAME`, see ferry_registry_add_setting()
 * @key: its key
 * @type: how its value is read
 * @initial: (nullable): the value where the file has none; %NULL: unset
 * @check: (nullable): what values are good; see #FerrySettingType
 * @required: whether a group without it is an error
 * @description: one sentence for the manual and the sample file, in English, marked for translation
 *
 * One setting. Check, manual page and sample file all come from these rows.
 */
typedef struct {
	const char *group;
	const char *key;
	FerrySettingType type;
	const char *initial;
	const char *check;
	gboolean required;
	const char *description;
} FerrySetting;

/**
 * FerrySettings:
 *
 * A configuration file, checked against the settings that were declared. A value that nobody wrote
 * is the default.
 */
#define FERRY_TYPE_SETTINGS (ferry_settings_get_type())
G_DECLARE_FINAL_TYPE(FerrySettings, ferry_settings, FERRY, SETTINGS, GObject)

FerrySettings *ferry_settings_new(void);
void ferry_settings_add_table(FerrySettings *self, const FerrySetting *table, gsize n_rows);
void ferry_settings_add_row(FerrySettings *self, const char *group, const char *key,
			    FerrySettingType type, const char *initial, const char *check,
			    gboolean required, const char *description);
char *ferry_setting_find_mistake(const FerrySetting *setting);
void ferry_settings_defer(FerrySettings *self, const char *prefix);
gboolean ferry_settings_check_group(FerrySettings *self, const char *group, GError **error);
void ferry_settings_remove_group(FerrySettings *self, const char *group);
gboolean ferry_settings_load_file(FerrySettings *self, const char *path, GError **error);
gboolean ferry_settings_load_data(FerrySettings *self, const char *name, const char *data,
				  GError **error);
const char *ferry_settings_get_path(FerrySettings *self);

char **ferry_settings_list_groups(FerrySettings *self, const char *prefix);
gboolean ferry_settings_has(FerrySettings *self, const char *group, const char *key);
const char *ferry_settings_get_string(FerrySettings *self, const char *group, const char *key);
gboolean ferry_settings_get_boolean(FerrySettings *self, const char *group, const char *key);
gint64 ferry_settings_get_integer(FerrySettings *self, const char *group, const char *key);
char **ferry_settings_get_list(FerrySettings *self, const char *group, const char *key);
GError *ferry_settings_make_error(FerrySettings *self, const char *group, const char *key,
				  const char *format, ...) G_GNUC_PRINTF(4, 5);
char *ferry_settings_make_sample(FerrySettings *self);

G_END_DECLS
