/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names and principals
 *
 * Specification: RFC 9670 §2 (name, email), §2.4 (query); RFC 8620 §5.5 (limit)
 * Implementation: an identifier is the name of a principal, prepared, or its email; people can
 *   choose names, so where several have it nobody is meant
 */
#include "acl.h"

static gboolean
fail(GError **error, const char *why)
{
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT, why);
	return FALSE;
}

static gboolean
is_named(FerryJmapValue *principal, const char *identifier)
{
	const char *name = ferry_jmap_value_get_string(principal, "name");
	const char *email = ferry_jmap_value_get_string(principal, "email");
	g_autofree char *prepared = name != NULL ? acl_identifier_prepare(name, NULL) : NULL;

	return g_strcmp0(prepared, identifier) == 0 ||
	       (email != NULL && g_ascii_strcasecmp(email, identifier) == 0);
}

/* A page that is full may lack the one who makes the name ambiguous. */
static gboolean
is_complete(FerryJmapValue *query)
{
	guint64 limit = ferry_jmap_value_get_uint64(query, "limit", ACL_MAX_PRINCIPALS);

	return ferry_jmap_value_get_size(query, "ids") < MIN(limit, ACL_MAX_PRINCIPALS);
}

/* The id of whom @identifier names, in the answers to Principal/query and Principal/get; NULL where
 * that is nobody. */
gboolean
acl_principals_find(FerryJmapValue *query, FerryJmapValue *principals, const char *identifier,
		    char **id, GError **error)
{
	FerryJmapValueIter iter;
	FerryJmapValue *item;

	if (!is_complete(query))
		return fail(error, "too many users have names like this");
	ferry_jmap_value_iter_init(&iter, principals, "list");
	while (ferry_jmap_value_iter_next(&iter, NULL, &item)) {
		g_autoptr(FerryJmapValue) principal = item;
		const char *found = ferry_jmap_value_get_string(principal, "id");

		if (found == NULL || !is_named(principal, identifier))
			continue;
		if (*id != NULL)
			return fail(error, "several users have this name");
		*id = g_strdup(found);
	}
	return TRUE;
}

/* What the principals in an answer to Principal/get are called, by id. Names that two of them have
 * would mean nobody: then it is the email, or else the id. @taken: names that are in use */
void
acl_principals_name(FerryJmapValue *answer, GHashTable *identifiers, GHashTable *taken)
{
	FerryJmapValueIter iter;
	FerryJmapValue *item;

	ferry_jmap_value_iter_init(&iter, answer, "list");
	while (ferry_jmap_value_iter_next(&iter, NULL, &item)) {
		g_autoptr(FerryJmapValue) principal = item;
		const char *id = ferry_jmap_value_get_string(principal, "id");
		const char *name = ferry_jmap_value_get_string(principal, "name");

		if (name == NULL || *name == '\0' || g_hash_table_contains(taken, name))
			name = ferry_jmap_value_get_string(principal, "email");
		if (id == NULL || name == NULL || !g_hash_table_add(taken, g_strdup(name)))
			continue;
		g_hash_table_replace(identifiers, g_strdup(id), g_strdup(name));
	}
}
