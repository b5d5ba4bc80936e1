/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one Python interpreter of the process
 *
 * Specification: PEP 587 (isolated configuration)
 * Implementation: CPython inside the process, started once and never ended; modules are resident.
 *   It reads no environment variables and no user's packages, and installs no signal handlers. The
 *   interpreter lock is free while no Python code runs: pygobject takes it around each callback, on
 *   whichever worker's thread that comes.
 * Not here: what stands between Ferry and an extension, which is host.py.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <pygobject.h>

#include <dlfcn.h>
#include <girepository.h>
#include <signal.h>

#include "interpreter.h"

#define HOST "ferry_host"

static PyObject *host; /* the module host.py; NULL until the interpreter works */

/* The folder of the shared object that @symbol is in. */
static char *
find_folder(gconstpointer symbol)
{
	Dl_info info;

	return dladdr(symbol, &info) != 0 ? g_path_get_dirname(info.dli_fname) : g_strdup(".");
}

/* Python's own modules do not link with the library of Python, and expect to find its symbols. */
static gboolean
share_symbols(GError **error)
{
	Dl_info info;

	if (dladdr((gconstpointer)Py_InitializeFromConfig, &info) != 0 &&
	    dlopen(info.dli_fname, RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD) != NULL)
		return TRUE;
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_FAILED, "the library of Python: %s", dlerror());
	return FALSE;
}

static gboolean
check_status(PyStatus status, GError **error)
{
	if (!PyStatus_Exception(status))
		return TRUE;
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_FAILED, "Python does not start: %s",
		    status.err_msg != NULL ? status.err_msg : "it ends at once");
	return FALSE;
}

/* inspect: an uncaught SystemExit is reported like every other exception, it does not end us. */
static gboolean
initialize(GError **error)
{
	PyPreConfig before;
	PyConfig config;
	gboolean good;

	PyPreConfig_InitIsolatedConfig(&before);
	before.utf8_mode = 1;
	if (!check_status(Py_PreInitialize(&before), error))
		return FALSE;
	PyConfig_InitIsolatedConfig(&config);
	config.install_signal_handlers = 0;
	config.write_bytecode = 0;
	config.inspect = 1;
	good = check_status(PyConfig_SetBytesString(&config, &config.program_name, PYTHON_PROGRAM),
			    error) &&
	       check_status(Py_InitializeFromConfig(&config), error);
	PyConfig_Clear(&config);
	return good;
}

/* In a build tree the typelib is beside the library. */
static void
add_typelib_folders(void)
{
	g_autofree char *folder = find_folder((gconstpointer)ferry_registry_get_type);
	g_autofree char *installed = g_build_filename(folder, "girepository-1.0", NULL);

	g_irepository_prepend_search_path(folder);
	g_irepository_prepend_search_path(installed);
}

/* Takes the exception that was raised. */
static void
take_exception(GError **error)
{
	PyObject *type = NULL, *value = NULL, *traceback = NULL, *text;
	const char *words;

	PyErr_Fetch(&type, &value, &traceback);
	text = value != NULL ? PyObject_Str(value) : NULL;
	words = text != NULL ? PyUnicode_AsUTF8(text) : NULL;
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_FAILED, "%s",
		    words != NULL ? words : "Python does not say why");
	Py_XDECREF(text);
	Py_XDECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(traceback);
	PyErr_Clear();
}

static PyObject *
import_host(GError **error)
{
	g_autoptr(GBytes) source = g_resources_lookup_data("/ferry/python/host.py",
							   G_RESOURCE_LOOKUP_FLAGS_NONE, error);
	PyObject *code, *module = NULL;

	if (source == NULL)
		return NULL;
	code = Py_CompileString(g_bytes_get_data(source, NULL), "ferry-host.py", Py_file_input);
	if (code != NULL)
		module = PyImport_ExecCodeModule(HOST, code);
	/* the C functions of pygobject, which gi has by now */
	if (module != NULL && pygobject_init(3, 42, 0) == NULL)
		Py_CLEAR(module);
	Py_XDECREF(code);
	if (module == NULL)
		take_exception(error);
	return module;
}

/* Starts Python where it does not run yet. What failed once is not tried again. */
gboolean
python_interpreter_start(GError **error)
{
	static GError *failure;
	static gboolean tried;

	if (!tried) {
		tried = TRUE;
		add_typelib_folders();
		if (share_symbols(&failure) && initialize(&failure)) {
			host = import_host(&failure);
			PyEval_SaveThread();
		}
	}
	if (host == NULL)
		g_propagate_error(error, g_error_copy(failure));
	return host != NULL;
}

static void
save_signals(struct sigaction *actions)
{
	for (int i = 1; i < NSIG; i++)
		sigaction(i, NULL, &actions[i]);
}

/* The number of a signal that was handled otherwise before; 0 if there is none. */
static int
restore_signals(const struct sigaction *actions)
{
	int changed = 0;

	for (int i = 1; i < NSIG; i++) {
		struct sigaction now;

		if (sigaction(i, NULL, &now) != 0 || now.sa_handler == actions[i].sa_handler)
			continue;
		sigaction(i, &actions[i], NULL);
		changed = i;
	}
	return changed;
}

/* Python's answer: None, or why not. */
static gboolean
read_answer(PyObject *answer, GError **error)
{
	if (answer == NULL) {
		take_exception(error);
		return FALSE;
	}
	if (answer == Py_None)
		return TRUE;
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_FAILED, "%s", PyUnicode_AsUTF8(answer));
	return FALSE;
}

/* Imports `path.py` or the package @path, and calls its register(). */
gboolean
python_interpreter_load(FerryRegistry *registry, const char *name, const char *path, GError **error)
{
	struct sigaction actions[NSIG];
	PyGILState_STATE lock = PyGILState_Ensure();
	PyObject *wrapper = pygobject_new(G_OBJECT(registry));
	PyObject *answer;
	gboolean good;
	int changed;

	save_signals(actions);
	answer = PyObject_CallMethod(host, "load", "Oss", wrapper, name, path);
	good = read_answer(answer, error);
	changed = restore_signals(actions);
	if (good && changed != 0) {
		good = FALSE;
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_FAILED,
			    "takes over signal %d (%s), which is ferryd's", changed,
			    g_strsignal(changed));
	}
	Py_XDECREF(answer);
	Py_XDECREF(wrapper);
	PyGILState_Release(lock);
	return good;
}
