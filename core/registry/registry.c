/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The capability registry: what modules and the library itself contribute
 *
 * Implementation: contribution tables, one for each kind, and lookups by name. A registry is filled
 *   once, sealed, and read from many threads; switching modules on or off makes a new one.
 * Not here: the calls that add one (contribute.c); what a kind means. The layer that owns a kind
 *   calls its functions.
 */
#include "registry/registry-private.h"

#include "base/error.h"

struct _FerryRegistry {
	GObject parent_instance;
	gboolean sealed;
	char *module;                                  /* whose registrations come now */
	FerrySettings *settings;                       /* what the configuration says to modules */
	GPtrArray *lists[FERRY_CONTRIBUTION_N_KINDS];  /* (element-type FerryContribution) */
	GHashTable *names[FERRY_CONTRIBUTION_N_KINDS]; /* name to a borrowed FerryContribution */
};

G_DEFINE_FINAL_TYPE(FerryRegistry, ferry_registry, G_TYPE_OBJECT)

/* longest name that a peer can make us look up */
#define MAX_NAME 64

static const struct {
	const char *text;
	gboolean many; /* several modules may contribute under one name */
} kinds[FERRY_CONTRIBUTION_N_KINDS] = {
	[FERRY_CONTRIBUTION_CAPABILITY] = {"capability", FALSE},
	[FERRY_CONTRIBUTION_COMMAND] = {"command", FALSE},
	[FERRY_CONTRIBUTION_ARGUMENT_RULE] = {"argument rule", TRUE},
	[FERRY_CONTRIBUTION_FETCH_ITEM] = {"fetch item", FALSE},
	[FERRY_CONTRIBUTION_FETCH_MODIFIER] = {"fetch modifier", FALSE},
	[FERRY_CONTRIBUTION_STORE_MODIFIER] = {"store modifier", FALSE},
	[FERRY_CONTRIBUTION_SEARCH_KEY] = {"search key", FALSE},
	[FERRY_CONTRIBUTION_SEARCH_RETURN] = {"search return option", FALSE},
	[FERRY_CONTRIBUTION_SEARCH_RESULT] = {"search result", TRUE},
	[FERRY_CONTRIBUTION_SORT_KEY] = {"sort key", FALSE},
	[FERRY_CONTRIBUTION_STATUS_ITEM] = {"status item", FALSE},
	[FERRY_CONTRIBUTION_LIST_SELECTION] = {"list selection option", FALSE},
	[FERRY_CONTRIBUTION_LIST_RETURN] = {"list return option", FALSE},
	[FERRY_CONTRIBUTION_SELECT_PARAMETER] = {"select parameter", FALSE},
	[FERRY_CONTRIBUTION_APPEND_DATA] = {"append data element", FALSE},
	[FERRY_CONTRIBUTION_UPDATE_WRITER] = {"update writer", TRUE},
	[FERRY_CONTRIBUTION_TOLD_ITEM] = {"told item", FALSE},
	[FERRY_CONTRIBUTION_ACCOUNT_LISTENER] = {"account listener", TRUE},
	[FERRY_CONTRIBUTION_ANNOUNCEMENT_POLICY] = {"announcement policy", TRUE},
	[FERRY_CONTRIBUTION_RESPONSE_CODE] = {"response code", TRUE},
	[FERRY_CONTRIBUTION_ENABLE] = {"enable name", FALSE},
	[FERRY_CONTRIBUTION_SESSION_DATA] = {"session data", FALSE},
	[FERRY_CONTRIBUTION_PROGRESS_LISTENER] = {"progress listener", TRUE},
	[FERRY_CONTRIBUTION_PROTOCOL] = {"protocol", FALSE},
	[FERRY_CONTRIBUTION_SASL_MECHANISM] = {"SASL mechanism", FALSE},
	[FERRY_CONTRIBUTION_STORE] = {"store", FALSE},
	[FERRY_CONTRIBUTION_LOADER] = {"loader", FALSE},
	[FERRY_CONTRIBUTION_TEXT_TRANSLATOR] = {"text translator", TRUE},
	[FERRY_CONTRIBUTION_EVENT_NAME] = {"event name", FALSE},
	[FERRY_CONTRIBUTION_EVENT_POLICY] = {"event policy", TRUE},
	[FERRY_CONTRIBUTION_SETTING] = {"setting", FALSE},
};

static void
ferry_contribution_free(FerryContribution *self)
{
	if (self->destroy != NULL)
		self->destroy(self->user_data);
	g_free(self->name);
	g_free(self->module);
	g_free(self->grammar);
	g_free(self);
}

static void
ferry_registry_finalize(GObject *object)
{
	FerryRegistry *self = FERRY_REGISTRY(object);

	for (guint i = 0; i < FERRY_CONTRIBUTION_N_KINDS; i++) {
		g_hash_table_unref(self->names[i]);
		g_ptr_array_unref(self->lists[i]);
	}
	g_free(self->module);
	g_object_unref(self->settings);
	G_OBJECT_CLASS(ferry_registry_parent_class)->finalize(object);
}

static void
ferry_registry_class_init(FerryRegistryClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = ferry_registry_finalize;
}

static void
ferry_registry_init(FerryRegistry *self)
{
	self->module = g_strdup("base");
	self->settings = ferry_settings_new();
	for (guint i = 0; i < FERRY_CONTRIBUTION_N_KINDS; i++) {
		self->lists[i] =
			g_ptr_array_new_with_free_func((GDestroyNotify)ferry_contribution_free);
		self->names[i] = g_hash_table_new(g_str_hash, g_str_equal);
	}
}

/**
 * ferry_registry_new:
 *
 * Returns: (transfer full): an empty registry, open for registrations
 */
FerryRegistry *
ferry_registry_new(void)
{
	return g_object_new(FERRY_TYPE_REGISTRY, NULL);
}

/**
 * ferry_registry_seal:
 *
 * Ends registration: from now on the registry never changes and may be read from every thread.
 */
void
ferry_registry_seal(FerryRegistry *self)
{
	self->sealed = TRUE;
}

/**
 * ferry_registry_is_sealed:
 *
 * Returns: whether registration has ended
 */
gboolean
ferry_registry_is_sealed(FerryRegistry *self)
{
	return self->sealed;
}

/**
 * ferry_registry_set_module:
 * @module: the name under which what follows is registered
 *
 * Called by the loader before a module's register function.
 */
void
ferry_registry_set_module(FerryRegistry *self, const char *module)
{
	g_free(self->module);
	self->module = g_strdup(module);
}

/* Whose registrations come now. */
const char *
ferry_registry_get_module(FerryRegistry *self)
{
	return self->module;
}

/**
 * ferry_registry_set_settings:
 * @settings: a configuration that was loaded, with the groups of modules deferred
 *
 * Sets where modules declare their settings and find the values. Comes before any of them
 * registers; without it every setting has its default.
 */
void
ferry_registry_set_settings(FerryRegistry *self, FerrySettings *settings)
{
	g_return_if_fail(self->lists[FERRY_CONTRIBUTION_SETTING]->len == 0);
	g_set_object(&self->settings, settings);
}

/**
 * ferry_registry_get_settings:
 *
 * What the configuration says. A module reads what it declared itself in its own group:
 * `ferry_settings_get_integer(settings, "extension NAME", "KEY")`. Like the registry it never
 * changes; a configuration that is read again makes another one.
 *
 * Returns: (transfer none): the settings
 */
FerrySettings *
ferry_registry_get_settings(FerryRegistry *self)
{
	return self->settings;
}

/* Forgets what a module registered before it failed, so that no half of it stays. */
void
ferry_registry_forget_module(FerryRegistry *self, const char *module)
{
	g_autofree char *group = ferry_registry_make_settings_group(module);

	ferry_settings_remove_group(self->settings, group);
	for (guint kind = 0; kind < FERRY_CONTRIBUTION_N_KINDS; kind++) {
		GPtrArray *list = self->lists[kind];

		g_hash_table_remove_all(self->names[kind]);
		for (guint i = list->len; i-- > 0;) {
			FerryContribution *entry = g_ptr_array_index(list, i);

			if (g_str_equal(entry->module, module))
				g_ptr_array_remove_index(list, i);
			else /* going backwards, the first of a name is the one that stays */
				g_hash_table_replace(self->names[kind], entry->name, entry);
		}
	}
}

/**
 * ferry_contribution_kind_to_string:
 * @kind: a kind
 *
 * Returns: the kind in words, for messages and tables
 */
const char *
ferry_contribution_kind_to_string(FerryContributionKind kind)
{
	g_return_val_if_fail(kind < FERRY_CONTRIBUTION_N_KINDS, NULL);
	return kinds[kind].text;
}

/**
 * ferry_registry_lookup:
 * @kind: what is looked for
 * @name: its name, in any ASCII case
 *
 * Returns: (nullable) (transfer none): the first contribution of that name
 */
const FerryContribution *
ferry_registry_lookup(FerryRegistry *self, FerryContributionKind kind, const char *name)
{
	return ferry_registry_lookup_n(self, kind, name, strlen(name));
}

/**
 * ferry_registry_lookup_n: (skip)
 * @kind: what is looked for
 * @name: its name, in any ASCII case; need not end in NUL
 * @length: octets of @name
 *
 * Returns: (nullable) (transfer none): the first contribution of that name
 */
const FerryContribution *
ferry_registry_lookup_n(FerryRegistry *self, FerryContributionKind kind, const char *name,
			gsize length)
{
	char upper[MAX_NAME + 1];

	g_return_val_if_fail(kind < FERRY_CONTRIBUTION_N_KINDS, NULL);
	if (length > MAX_NAME)
		return NULL;
	for (gsize i = 0; i < length; i++)
		upper[i] = g_ascii_toupper(name[i]);
	upper[length] = '\0';
	return g_hash_table_lookup(self->names[kind], upper);
}

/**
 * ferry_registry_list:
 * @kind: what is listed
 *
 * Returns: (transfer none) (element-type FerryContribution): every contribution of a kind, in the
 *   order of registration
 */
GPtrArray *
ferry_registry_list(FerryRegistry *self, FerryContributionKind kind)
{
	g_return_val_if_fail(kind < FERRY_CONTRIBUTION_N_KINDS, NULL);
	return self->lists[kind];
}

gboolean
ferry_registry_add(FerryRegistry *self, const FerryContribution *proto, GError **error)
{
	g_autofree char *name = g_ascii_strup(proto->name, -1);
	const FerryContribution *other = g_hash_table_lookup(self->names[proto->kind], name);
	g_autofree char *problem = NULL;
	FerryContribution *copy;

	if (self->sealed)
		problem = g_strdup("the registry is sealed");
	else if (*name == '\0' || strlen(name) > MAX_NAME)
		problem = g_strdup_printf("its name must have 1 to %d characters", MAX_NAME);
	else if (other != NULL && !kinds[proto->kind].many)
		problem = g_strdup_printf("module %s has registered it already", other->module);
	if (problem != NULL) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_EXISTS, "module %s, %s %s: %s",
			    self->module, kinds[proto->kind].text, name, problem);
		if (proto->destroy != NULL)
			proto->destroy(proto->user_data);
		return FALSE;
	}
	copy = g_memdup2(proto, sizeof *proto);
	copy->name = g_steal_pointer(&name);
	copy->module = g_strdup(self->module);
	copy->grammar = g_strdup(proto->grammar);
	g_ptr_array_add(self->lists[copy->kind], copy);
	if (other == NULL)
		g_hash_table_insert(self->names[copy->kind], copy->name, copy);
	return TRUE;
}
