/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ferry: the command line
 *
 * Implementation: a table of commands; each parses what follows its words.
 */
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <locale.h>

#include "base/error.h"
#include "cli/commands.h"
#include "daemon/config.h"

static const struct {
	const char *words;
	int (*run)(FerryCli *cli);
	const char *description;
} commands[] = {
	{"config check", ferry_cli_config_check, N_("check a configuration file")},
	{"config sample", ferry_cli_config_sample, N_("print every setting with its default")},
	{"plugins new", ferry_cli_plugins_new,
	 N_("NAME: write the beginnings of an extension to a new folder")},
	{"plugins", ferry_cli_plugins,
	 N_("list the modules, what they provide and why any is left out; --check loads each")},
	{"status", ferry_cli_status, N_("show what the running daemon does")},
	{"store restored", ferry_cli_store_restored,
	 N_("say that the state folder comes from a backup: every UIDVALIDITY is renewed")},
};

static char *
make_summary(void)
{
	GString *text = g_string_new(_("Commands:"));

	for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
		g_string_append_printf(text, "\n  %-16s %s", commands[i].words,
				       _(commands[i].description));
	return g_string_free(text, FALSE);
}

/* Whether the arguments begin with a command's words; how many words it has, else 0. */
static guint
count_matching_words(const char *words, char **arguments)
{
	g_auto(GStrv) parts = g_strsplit(words, " ", -1);

	for (guint i = 0; parts[i] != NULL; i++) {
		if (arguments[i] == NULL || !g_str_equal(arguments[i], parts[i]))
			return 0;
	}
	return g_strv_length(parts);
}

static int
dispatch(FerryCli *cli)
{
	for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
		guint words = count_matching_words(commands[i].words, cli->arguments);

		if (words == 0)
			continue;
		cli->arguments += words;
		return commands[i].run(cli);
	}
	g_printerr(_("ferry: there is no such command; see ferry --help\n"));
	return 2;
}

FerrySettings *
ferry_cli_load_settings(FerryCli *cli, GError **error)
{
	g_autoptr(FerrySettings) settings = ferry_config_new();
	g_autofree char *path = cli->config != NULL ? g_strdup(cli->config) : ferry_config_find();

	if (path == NULL) {
		g_set_error(
			error, FERRY_ERROR, FERRY_ERROR_CONFIGURATION,
			_("no configuration: name one with --config, or write %s/ferry/ferry.conf"),
			g_get_user_config_dir());
		return NULL;
	}
	if (!ferry_settings_load_file(settings, path, error) ||
	    !ferry_config_check(settings, error))
		return NULL;
	return g_steal_pointer(&settings);
}

int
ferry_cli_fail(const GError *error)
{
	g_printerr("ferry: %s\n", error->message);
	return 1;
}

int
main(int argc, char **argv)
{
	g_autofree char *config = NULL;
	g_autofree char *load = NULL;
	g_autofree char *directory = NULL;
	g_autofree char *plugin_dir = NULL;
	g_auto(GStrv) arguments = NULL;
	gboolean version = FALSE;
	FerryCli cli = {0};
	const GOptionEntry entries[] = {
		{"config", 'c', 0, G_OPTION_ARG_FILENAME, &config, N_("Use this configuration"),
		 N_("FILE")},
		{"json", 0, 0, G_OPTION_ARG_NONE, &cli.json, N_("Answer for machines"), NULL},
		{"check", 0, 0, G_OPTION_ARG_NONE, &cli.check, N_("With plugins: load each one"),
		 NULL},
		{"plugin-dir", 0, 0, G_OPTION_ARG_FILENAME, &plugin_dir,
		 N_("With plugins and config sample: look for modules there, too"), N_("DIR")},
		{"directory", 0, 0, G_OPTION_ARG_FILENAME, &directory,
		 N_("With plugins new: write there instead of here"), N_("DIR")},
		{"markdown", 0, 0, G_OPTION_ARG_NONE, &cli.markdown,
		 N_("With plugins: the capabilities as a table"), NULL},
		{"load", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING, &load, NULL, NULL},
		{"version", 0, 0, G_OPTION_ARG_NONE, &version, N_("Print the version and exit"),
		 NULL},
		{G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &arguments, NULL, NULL},
		G_OPTION_ENTRY_NULL};
	g_autoptr(GOptionContext) options = g_option_context_new(_("COMMAND"));
	g_autoptr(GError) error = NULL;
	g_autofree char *summary = NULL;

	setlocale(LC_ALL, "");
	bindtextdomain(GETTEXT_PACKAGE, FERRY_LOCALEDIR);
	bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
	textdomain(GETTEXT_PACKAGE);
	summary = make_summary();
	g_option_context_set_summary(options, summary);
	g_option_context_add_main_entries(options, entries, GETTEXT_PACKAGE);
	if (!g_option_context_parse(options, &argc, &argv, &error)) {
		g_printerr("ferry: %s\n", error->message);
		return 2;
	}
	if (version) {
		g_print("ferry %s\n", FERRY_VERSION);
		return 0;
	}
	if (arguments == NULL) {
		g_printerr("%s\n", summary);
		return 2;
	}
	cli.config = config;
	cli.load = load;
	cli.directory = directory;
	cli.plugin_dir = plugin_dir;
	cli.arguments = arguments;
	cli.program = "/proc/self/exe";
	return dispatch(&cli);
}
