/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "condstore.h"

static gboolean
register_fetch(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_fetch_item(registry, "MODSEQ", NULL, FERRY_NEEDS_METADATA,
					     condstore_prepare_item, condstore_write_item, NULL,
					     NULL, error) &&
	       ferry_registry_add_told_item(registry, "MODSEQ", condstore_write_modseq, NULL, NULL,
					    error) &&
	       ferry_registry_add_fetch_modifier(registry, "CHANGEDSINCE", "number64",
						 condstore_changed_since, NULL, NULL, error) &&
	       ferry_registry_add_fetch_modifier(registry, "VANISHED", NULL,
						 condstore_fetch_vanished, NULL, NULL, error) &&
	       ferry_registry_add_store_modifier(registry, "UNCHANGEDSINCE", "number64",
						 condstore_unchanged_since, NULL, NULL, error);
}

static gboolean
register_search(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_search_key(registry, "MODSEQ", "[string atom] number64",
					     FERRY_NEEDS_METADATA, condstore_prepare_search,
					     condstore_match_search, NULL, NULL, error) &&
	       ferry_registry_add_search_result(registry, "MODSEQ", condstore_write_search, NULL,
						NULL, error);
}

static gboolean
register_select(FerryRegistry *registry, GError **error)
{
	static const char grammar[] =
		"(nz-number number64 [sequence-set] [(sequence-set sequence-set)])";

	return ferry_registry_add_select_parameter(registry, "CONDSTORE", NULL, condstore_select,
						   NULL, NULL, error) &&
	       ferry_registry_add_select_parameter(registry, "QRESYNC", grammar, condstore_resync,
						   NULL, NULL, error) &&
	       ferry_registry_add_status_item(registry, "HIGHESTMODSEQ", FERRY_NEEDS_METADATA,
					      condstore_write_status, NULL, NULL, error) &&
	       ferry_registry_add_argument_rule(registry, "STATUS", condstore_check_status, NULL,
						NULL, error) &&
	       ferry_registry_add_argument_rule(registry, "LIST", condstore_check_list, NULL, NULL,
						error);
}

static gboolean
register_answers(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_update_writer(registry, "CONDSTORE", condstore_update, NULL, NULL,
						error) &&
	       ferry_registry_add_response_code(registry, "SELECT", condstore_make_select_code,
						NULL, NULL, error) &&
	       ferry_registry_add_response_code(registry, "STORE", condstore_make_store_code, NULL,
						NULL, error) &&
	       ferry_registry_add_response_code(registry, "*", condstore_make_tagged_code, NULL,
						NULL, error);
}

static gboolean
register_condstore(FerryRegistry *registry, GError **error)
{
	static const char *const names[] = {"CONDSTORE", "QRESYNC"};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		if (!ferry_registry_add_capability(registry, names[i], FERRY_PHASE_AFTER_LOGIN,
						   NULL, NULL, NULL, error) ||
		    !ferry_registry_add_enable(registry, names[i], condstore_enable, NULL, NULL,
					       error))
			return FALSE;
	}
	return ferry_registry_add_session_data(registry, "CONDSTORE", condstore_forget, NULL, NULL,
					       error) &&
	       register_fetch(registry, error) && register_search(registry, error) &&
	       register_select(registry, error) && register_answers(registry, error);
}

FERRY_PLUGIN_DEFINE(condstore, register_condstore)
