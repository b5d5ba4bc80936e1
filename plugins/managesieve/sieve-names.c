/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of scripts
 *
 * Specification: RFC 5804 §1.6, RFC 5198 §2 (Net-Unicode); RFC 9661 §2 (name)
 * Implementation: names are compared in NFC. A script whose JMAP name no client could write, or
 *   that another script has too, is shown under a name made with its id, so that it can be reached,
 *   renamed and deleted.
 */
#include "sieve-names.h"

#include <ferry-protocol.h>

#include <string.h>

static gboolean
is_forbidden(gunichar c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029;
}

static gboolean
is_printable(const char *name)
{
	for (const char *p = name; *p != '\0'; p = g_utf8_next_char(p))
		if (is_forbidden(g_utf8_get_char(p)))
			return FALSE;
	return TRUE;
}

/* A client's name as it is compared and stored; NULL with @error where it cannot be one. @limit is
 * in octets. */
char *
sieve_name_check(const guint8 *name, gsize length, guint64 limit, GError **error)
{
	g_autofree char *normal = NULL;
	const char *reason = NULL;

	if (length == 0)
		reason = "A script needs a name";
	else if (!g_utf8_validate((const char *)name, (gssize)length, NULL))
		reason = "The name of a script is UTF-8";
	else if ((normal = g_utf8_normalize((const char *)name, (gssize)length, G_NORMALIZE_NFC)) ==
			 NULL ||
		 !is_printable(normal))
		reason = "The name of a script has no control characters or line separators";
	else if (strlen(normal) > limit)
		reason = "The name of the script is too long";
	if (reason == NULL)
		return g_steal_pointer(&normal);
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT, reason);
	return NULL;
}

/* The name that clients see of a JMAP script, which nobody in @taken has; it is added there. */
char *
sieve_name_make(const char *jmap_name, const char *id, GHashTable *taken)
{
	g_autofree char *base = NULL;
	g_autofree char *name = NULL;

	if (jmap_name != NULL && *jmap_name != '\0')
		base = g_utf8_normalize(jmap_name, -1, G_NORMALIZE_NFC);
	if (base != NULL && is_printable(base))
		name = g_strdup(base);
	else
		name = g_strdup_printf("unnamed (%s)", id);
	/* an id is there once, but somebody may have given such a name to a script */
	for (guint i = 0; g_hash_table_contains(taken, name); i++) {
		g_free(name);
		if (i == 0)
			name = g_strdup_printf("%s (%s)", base != NULL ? base : "unnamed", id);
		else
			name = g_strdup_printf("%s (%s %u)", base != NULL ? base : "unnamed", id,
					       i + 1);
	}
	g_hash_table_add(taken, g_strdup(name));
	return g_steal_pointer(&name);
}
