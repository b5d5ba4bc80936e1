/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings: tables that declare them, files that set them
 *
 * Implementation: GKeyFile syntax; every key is declared in a table with type, default, check and
 *   sentence; unknown groups, unknown keys and bad values are all reported at once, each with file,
 *   group and key. A value ends where white space and `#` follow it. The keys of deferred groups
 *   are declared once the file is read: by modules that the file itself names.
 */
#include "base/settings-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/error.h"

struct _FerrySettings {
	GObject parent_instance;
	GArray *table;      /* (element-type FerrySetting) */
	GHashTable *values; /* `group\nkey` to text */
	GPtrArray *groups;  /* (element-type utf8), in the order of the file */
	GKeyFile *file;     /* as it was read, for what is declared late; NULL before */
	char *deferred;     /* what comes before the blank of deferred groups, or NULL */
	char *path;
};

G_DEFINE_FINAL_TYPE(FerrySettings, ferry_settings, G_TYPE_OBJECT)

/* a configuration is written by people; anything larger is a mistake */
#define MAX_FILE_SIZE (1 << 20)

static void
ferry_settings_finalize(GObject *object)
{
	FerrySettings *self = FERRY_SETTINGS(object);

	g_array_unref(self->table);
	g_hash_table_unref(self->values);
	g_ptr_array_unref(self->groups);
	g_clear_pointer(&self->file, g_key_file_unref);
	g_free(self->deferred);
	g_free(self->path);
	G_OBJECT_CLASS(ferry_settings_parent_class)->finalize(object);
}

static void
ferry_settings_class_init(FerrySettingsClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = ferry_settings_finalize;
}

static void
ferry_settings_init(FerrySettings *self)
{
	self->table = g_array_new(FALSE, FALSE, sizeof(FerrySetting));
	self->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	self->groups = g_ptr_array_new_with_free_func(g_free);
}

/**
 * ferry_settings_new:
 *
 * Returns: (transfer full): settings without any table
 */
FerrySettings *
ferry_settings_new(void)
{
	return g_object_new(FERRY_TYPE_SETTINGS, NULL);
}

/**
 * ferry_settings_get_path:
 *
 * Returns: (nullable): the file that was loaded
 */
const char *
ferry_settings_get_path(FerrySettings *self)
{
	return self->path;
}

/* `backend *` fits `backend main`; everything else fits itself only. */
static gboolean
group_fits(const char *pattern, const char *group)
{
	gsize length = strlen(pattern);

	if (length >= 2 && pattern[length - 1] == '*')
		return strncmp(pattern, group, length - 1) == 0 && group[length - 1] != '\0';
	return g_str_equal(pattern, group);
}

static gboolean
is_deferred(FerrySettings *self, const char *group)
{
	gsize length = self->deferred != NULL ? strlen(self->deferred) : 0;

	return length > 0 && strncmp(group, self->deferred, length) == 0 && group[length] == ' ' &&
	       group[length + 1] != '\0';
}

static const FerrySetting *
find_setting(FerrySettings *self, const char *group, const char *key)
{
	for (guint i = 0; i < self->table->len; i++) {
		const FerrySetting *row = &g_array_index(self->table, FerrySetting, i);

		if (group_fits(row->group, group) && (key == NULL || g_str_equal(row->key, key)))
			return row;
	}
	return NULL;
}

static char *
make_index(const char *group, const char *key)
{
	return g_strdup_printf("%s\n%s", group, key);
}

/* A value ends at white space followed by #, so that a line can explain itself. */
static char *
strip_comment(char *value)
{
	for (char *c = value; *c != '\0'; c++) {
		if (*c == '#' && (c == value || g_ascii_isspace(c[-1]))) {
			*c = '\0';
			break;
		}
	}
	return g_strstrip(value);
}

static void G_GNUC_PRINTF(5, 6) report(FerrySettings *self, GString *problems, const char *group,
				       const char *key, const char *format, ...)
{
	va_list arguments;

	if (problems->len > 0)
		g_string_append_c(problems, '\n');
	g_string_append_printf(problems, "%s: [%s]", self->path != NULL ? self->path : "defaults",
			       group);
	if (key != NULL)
		g_string_append_printf(problems, " %s", key);
	g_string_append_c(problems, ' ');
	va_start(arguments, format);
	g_string_append_vprintf(problems, format, arguments);
	va_end(arguments);
}

static void
take_value(FerrySettings *self, GKeyFile *file, const char *group, const char *key,
	   GString *problems)
{
	const FerrySetting *setting = find_setting(self, group, key);
	g_autofree char *raw = g_key_file_get_value(file, group, key, NULL);
	g_autofree char *fault = NULL;

	if (setting == NULL) {
		report(self, problems, group, key, "%s", _("is not a known key"));
		return;
	}
	strip_comment(raw);
	/* an empty value is the same as none, so that a sample file can be filled in */
	if (*raw == '\0')
		return;
	fault = ferry_setting_find_fault(setting, raw);
	if (fault != NULL) {
		g_autofree char *shown = g_strescape(raw, NULL);

		report(self, problems, group, key, "= %s: %s", shown, fault);
		return;
	}
	g_hash_table_insert(self->values, make_index(group, key), g_steal_pointer(&raw));
}

static void
check_required(FerrySettings *self, const char *group, GString *problems)
{
	for (guint i = 0; i < self->table->len; i++) {
		const FerrySetting *row = &g_array_index(self->table, FerrySetting, i);

		if (row->required && group_fits(row->group, group) &&
		    !ferry_settings_has(self, group, row->key))
			report(self, problems, group, row->key, "%s", _("is missing"));
	}
}

static void
take_group(FerrySettings *self, GKeyFile *file, const char *group, GString *problems)
{
	g_auto(GStrv) keys = g_key_file_get_keys(file, group, NULL, NULL);

	if (is_deferred(self, group)) {
		g_ptr_array_add(self->groups, g_strdup(group));
		return;
	}
	if (find_setting(self, group, NULL) == NULL) {
		report(self, problems, group, NULL, "%s", _("is not a known group"));
		return;
	}
	g_ptr_array_add(self->groups, g_strdup(group));
	for (guint i = 0; keys[i] != NULL; i++)
		take_value(self, file, group, keys[i], problems);
	check_required(self, group, problems);
}

/* A value of a deferred group whose key is declared now. A bad one stays the default; that is
 * reported by ferry_settings_check_group(). */
static void
take_late_value(FerrySettings *self, const FerrySetting *setting)
{
	g_autoptr(GString) problems = g_string_new(NULL);

	if (is_deferred(self, setting->group) &&
	    g_key_file_has_key(self->file, setting->group, setting->key, NULL))
		take_value(self, self->file, setting->group, setting->key, problems);
}

/**
 * ferry_settings_add_table: (skip)
 * @table: static rows
 * @n_rows: how many
 *
 * Declares settings. Comes before loading, but for those of deferred groups.
 */
void
ferry_settings_add_table(FerrySettings *self, const FerrySetting *table, gsize n_rows)
{
	g_array_append_vals(self->table, table, (guint)n_rows);
	for (gsize i = 0; self->file != NULL && i < n_rows; i++)
		take_late_value(self, &table[i]);
}

/**
 * ferry_settings_add_row:
 * @group: its group; see [struct@Setting]
 * @key: its key
 * @type: how its value is read
 * @initial: (nullable): the value where the file has none
 * @check: (nullable): what values are good
 * @required: whether a group without it is an error
 * @description: one sentence
 *
 * Declares one setting, for languages that have no static tables; see ferry_settings_add_table().
 * The texts are kept as long as the process lives.
 */
void
ferry_settings_add_row(FerrySettings *self, const char *group, const char *key,
		       FerrySettingType type, const char *initial, const char *check,
		       gboolean required, const char *description)
{
	const FerrySetting row = {g_intern_string(group),      g_intern_string(key),   type,
				  g_intern_string(initial),    g_intern_string(check), required,
				  g_intern_string(description)};

	ferry_settings_add_table(self, &row, 1);
}

/**
 * ferry_settings_defer:
 * @prefix: `extension` for every group `[extension NAME]`
 *
 * Has the keys of such groups declared once the file is loaded, by whom the file names. They are
 * read as they are declared, and ferry_settings_check_group() says what is wrong with a group.
 */
void
ferry_settings_defer(FerrySettings *self, const char *prefix)
{
	g_free(self->deferred);
	self->deferred = g_strdup(prefix);
}

/**
 * ferry_settings_check_group:
 * @group: a deferred group whose keys are all declared; need not be in the file
 *
 * Checks a deferred group as loading does others.
 *
 * Returns: %FALSE with %FERRY_ERROR_CONFIGURATION where anything is wrong, a line for each problem
 */
gboolean
ferry_settings_check_group(FerrySettings *self, const char *group, GError **error)
{
	g_autoptr(GString) problems = g_string_new(NULL);
	g_auto(GStrv) keys = NULL;

	if (self->file != NULL)
		keys = g_key_file_get_keys(self->file, group, NULL, NULL);
	for (guint i = 0; keys != NULL && keys[i] != NULL; i++)
		take_value(self, self->file, group, keys[i], problems);
	check_required(self, group, problems);
	if (problems->len == 0)
		return TRUE;
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CONFIGURATION, problems->str);
	return FALSE;
}

static gboolean
is_in_group(gpointer index, gpointer value, gpointer group)
{
	gsize length = strlen(group);

	return strncmp(index, group, length) == 0 && ((const char *)index)[length] == '\n';
}

/**
 * ferry_settings_remove_group:
 * @group: a deferred group
 *
 * Forgets what was declared of a group: its module could not be loaded.
 */
void
ferry_settings_remove_group(FerrySettings *self, const char *group)
{
	for (guint i = self->table->len; i-- > 0;) {
		if (g_str_equal(g_array_index(self->table, FerrySetting, i).group, group))
			g_array_remove_index(self->table, i);
	}
	g_hash_table_foreach_remove(self->values, is_in_group, (gpointer)group);
}

/**
 * ferry_settings_load_data:
 * @name: what error messages call the data
 * @data: the configuration
 *
 * Reads a configuration. Everything that is wrong with it is reported at once, a line for each
 * problem.
 *
 * Returns: %FALSE with %FERRY_ERROR_CONFIGURATION where anything is wrong
 */
gboolean
ferry_settings_load_data(FerrySettings *self, const char *name, const char *data, GError **error)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GString) problems = g_string_new(NULL);
	g_autoptr(GError) local = NULL;
	g_auto(GStrv) groups = NULL;

	g_free(self->path);
	self->path = g_strdup(name);
	if (!g_key_file_load_from_data(file, data, strlen(data), G_KEY_FILE_NONE, &local)) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_CONFIGURATION, "%s: %s", name,
			    local->message);
		return FALSE;
	}
	groups = g_key_file_get_groups(file, NULL);
	for (guint i = 0; groups[i] != NULL; i++)
		take_group(self, file, groups[i], problems);
	g_clear_pointer(&self->file, g_key_file_unref);
	self->file = g_steal_pointer(&file);
	if (problems->len > 0) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CONFIGURATION, problems->str);
		return FALSE;
	}
	return TRUE;
}

/**
 * ferry_settings_load_file:
 * @path: a file
 *
 * Reads a configuration file; see ferry_settings_load_data().
 *
 * Returns: %FALSE with %FERRY_ERROR_CONFIGURATION where anything is wrong
 */
gboolean
ferry_settings_load_file(FerrySettings *self, const char *path, GError **error)
{
	g_autoptr(GError) local = NULL;
	g_autofree char *data = NULL;
	gsize length;

	if (!g_file_get_contents(path, &data, &length, &local)) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_CONFIGURATION, "%s: %s", path,
			    local->message);
		return FALSE;
	}
	if (length > MAX_FILE_SIZE || strlen(data) != length) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_CONFIGURATION, "%s: %s", path,
			    _("is not a configuration file"));
		return FALSE;
	}
	return ferry_settings_load_data(self, path, data, error);
}

/**
 * ferry_settings_list_groups:
 * @prefix: what comes before the blank: `backend` for `[backend NAME]`
 *
 * Returns: (transfer full): the names of all such groups, in the order of the file
 */
char **
ferry_settings_list_groups(FerrySettings *self, const char *prefix)
{
	g_autoptr(GStrvBuilder) names = g_strv_builder_new();
	gsize length = strlen(prefix);

	for (guint i = 0; i < self->groups->len; i++) {
		const char *group = g_ptr_array_index(self->groups, i);

		if (strncmp(group, prefix, length) == 0 && group[length] == ' ')
			g_strv_builder_add(names, group + length + 1);
	}
	return g_strv_builder_end(names);
}

/**
 * ferry_settings_has:
 * @group: a group of the file, as it is written there
 * @key: a declared key
 *
 * Returns: whether the file sets the key
 */
gboolean
ferry_settings_has(FerrySettings *self, const char *group, const char *key)
{
	g_autofree char *index = make_index(group, key);

	return g_hash_table_contains(self->values, index);
}

/**
 * ferry_settings_get_string:
 * @group: a group; need not be in the file
 * @key: a key that a table declares
 *
 * Returns: (nullable): the value as the file has it, else the default
 */
const char *
ferry_settings_get_string(FerrySettings *self, const char *group, const char *key)
{
	g_autofree char *index = make_index(group, key);
	const char *value = g_hash_table_lookup(self->values, index);
	const FerrySetting *setting = find_setting(self, group, key);

	g_return_val_if_fail(setting != NULL, NULL);
	return value != NULL ? value : setting->initial;
}

/**
 * ferry_settings_get_boolean:
 * @group: a group of the file, as it is written there
 * @key: a declared key
 *
 * Returns: the value of a %FERRY_SETTING_BOOLEAN
 */
gboolean
ferry_settings_get_boolean(FerrySettings *self, const char *group, const char *key)
{
	const char *value = ferry_settings_get_string(self, group, key);
	gboolean truth = FALSE;

	return value != NULL && ferry_setting_parse_boolean(value, &truth) && truth;
}

/**
 * ferry_settings_get_integer:
 * @group: a group of the file, as it is written there
 * @key: a declared key
 *
 * Returns: the value of a %FERRY_SETTING_INTEGER, or of a %FERRY_SETTING_SIZE in octets
 */
gint64
ferry_settings_get_integer(FerrySettings *self, const char *group, const char *key)
{
	const char *value = ferry_settings_get_string(self, group, key);
	gint64 number = 0;

	return value != NULL && ferry_setting_parse_number(value, TRUE, &number) ? number : 0;
}

/**
 * ferry_settings_get_list:
 * @group: a group of the file, as it is written there
 * @key: a declared key
 *
 * Returns: (transfer full): the members of a %FERRY_SETTING_LIST, without blanks around them
 */
char **
ferry_settings_get_list(FerrySettings *self, const char *group, const char *key)
{
	const char *value = ferry_settings_get_string(self, group, key);
	g_auto(GStrv) parts = g_strsplit(value != NULL ? value : "", ";", -1);
	g_autoptr(GStrvBuilder) members = g_strv_builder_new();

	for (guint i = 0; parts[i] != NULL; i++) {
		if (*g_strstrip(parts[i]) != '\0')
			g_strv_builder_add(members, parts[i]);
	}
	return g_strv_builder_end(members);
}

/**
 * ferry_settings_make_error: (skip)
 * @group: a group of the file, as it is written there
 * @key: (nullable): the key, or %NULL for the whole group
 * @format: what is wrong with it
 *
 * Returns: (transfer full): an error that names file, group and key, for what only shows in use
 */
GError *
ferry_settings_make_error(FerrySettings *self, const char *group, const char *key,
			  const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	return g_error_new(FERRY_ERROR, FERRY_ERROR_CONFIGURATION, "%s: [%s]%s%s: %s",
			   self->path != NULL ? self->path : "defaults", group,
			   key != NULL ? " " : "", key != NULL ? key : "", text);
}

/**
 * ferry_settings_make_sample:
 *
 * Returns: (transfer full): a configuration file with every setting, its default and its sentence
 */
char *
ferry_settings_make_sample(FerrySettings *self)
{
	GString *text = g_string_new(NULL);
	const char *group = "";

	for (guint i = 0; i < self->table->len; i++) {
		const FerrySetting *row = &g_array_index(self->table, FerrySetting, i);

		if (!g_str_equal(group, row->group)) {
			g_auto(GStrv) parts = g_strsplit(row->group, "*", 2);

			g_string_append_printf(text, "%s[%s%s]\n", i > 0 ? "\n" : "", parts[0],
					       parts[1] != NULL ? "NAME" : "");
			group = row->group;
		}
		g_string_append_printf(text, "# %s\n#%s=%s\n", _(row->description), row->key,
				       row->initial != NULL ? row->initial : "");
	}
	return g_string_free(text, FALSE);
}
