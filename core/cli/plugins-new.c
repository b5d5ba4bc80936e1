/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ferry plugins new NAME: the beginnings of an extension
 *
 * Implementation: the files of core/cli/templates are in the program as a GResource; in their text
 *   and in their names @name@, @NAME@ and @name_c@ become the extension's name as modules, the
 *   protocol and C write it. What exists is never touched; what could not be finished is removed.
 */
#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>

#include "base/error.h"
#include "cli/commands.h"

#define RESOURCES "/org/ferry/templates/"
/* it becomes a file's name, a command and a part of function names */
#define MAX_NAME 32

/* what is written, folders first */
static const char *const folders[] = {"", "tests"};
static const char *const files[] = {
	"meson.build", "@name@.plugin", "@name@.c", "README.md", "tests/@name@.transcript",
};

static gboolean
check_name(const char *name, GError **error)
{
	gsize length = strlen(name);
	gboolean good = length > 0 && length <= MAX_NAME && g_ascii_islower(name[0]) &&
			name[length - 1] != '-' && strstr(name, "--") == NULL &&
			!g_str_equal(name, "base");

	for (gsize i = 0; i < length; i++)
		good &= g_ascii_islower(name[i]) || g_ascii_isdigit(name[i]) || name[i] == '-';
	if (!good)
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_INVALID,
			    _("“%s” cannot be a module's name: 1 to %d lower case letters, digits "
			      "and single hyphens, a letter first, no hyphen last, not base"),
			    name, MAX_NAME);
	return good;
}

static char *
fill_in(const char *text, const char *name)
{
	g_autofree char *upper = g_ascii_strup(name, -1);
	g_autofree char *identifier = g_strdelimit(g_strdup(name), "-", '_');
	GString *filled = g_string_new(text);

	g_string_replace(filled, "@name@", name, 0);
	g_string_replace(filled, "@NAME@", upper, 0);
	g_string_replace(filled, "@name_c@", identifier, 0);
	return g_string_free(filled, FALSE);
}

static gboolean
make_folder(const char *path, GError **error)
{
	if (g_mkdir(path, 0777) == 0)
		return TRUE;
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_FAILED, _("%s cannot be made: %s"), path,
		    g_strerror(errno));
	return FALSE;
}

static gboolean
write_file(const char *folder, const char *file, const char *name, GError **error)
{
	g_autofree char *resource = g_strconcat(RESOURCES, file, NULL);
	g_autoptr(GBytes) bytes =
		g_resources_lookup_data(resource, G_RESOURCE_LOOKUP_FLAGS_NONE, error);
	g_autofree char *file_name = fill_in(file, name);
	g_autofree char *path = g_build_filename(folder, file_name, NULL);
	g_autofree char *template = NULL;
	g_autofree char *text = NULL;

	if (bytes == NULL)
		return FALSE;
	template = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	text = fill_in(template, name);
	return g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0666,
					error);
}

static gboolean
write_all(const char *folder, const char *name, GError **error)
{
	for (guint i = 1; i < G_N_ELEMENTS(folders); i++) {
		g_autofree char *path = g_build_filename(folder, folders[i], NULL);

		if (!make_folder(path, error))
			return FALSE;
	}
	for (guint i = 0; i < G_N_ELEMENTS(files); i++)
		if (!write_file(folder, files[i], name, error))
			return FALSE;
	return TRUE;
}

/* Only what this program writes, in a folder that it made itself. */
static void
remove_all(const char *folder, const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *file = fill_in(files[i], name);
		g_autofree char *path = g_build_filename(folder, file, NULL);

		g_remove(path);
	}
	for (guint i = G_N_ELEMENTS(folders); i > 0; i--) {
		g_autofree char *path = g_build_filename(folder, folders[i - 1], NULL);

		g_rmdir(path);
	}
}

int
ferry_cli_plugins_new(FerryCli *cli)
{
	const char *name = cli->arguments[0];
	const char *where = cli->directory != NULL ? cli->directory : "";
	g_autofree char *folder = NULL;
	g_autoptr(GError) error = NULL;

	if (name == NULL || cli->arguments[1] != NULL) {
		g_printerr(_("ferry: plugins new wants one name\n"));
		return 2;
	}
	if (!check_name(name, &error))
		return ferry_cli_fail(error);
	folder = g_build_filename(where, name, NULL);
	if (!make_folder(folder, &error))
		return ferry_cli_fail(error);
	if (!write_all(folder, name, &error)) {
		remove_all(folder, name);
		return ferry_cli_fail(error);
	}
	g_print(_("%s: written; its README.md tells how to build and try it\n"), folder);
	return 0;
}
