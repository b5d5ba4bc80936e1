/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identifiers: whom rights are given to
 *
 * Specification: RFC 4314 §2, §3; RFC 4013 (SASLprep)
 * Implementation: NFKC, and no control, unassigned or private characters; the checks of
 *   bidirectional text are left to the backend, which knows its names
 * Not mapped: `anyone` and negative rights; no backend can express them
 */
#include "acl.h"

#define MAX_IDENTIFIER 1024

static gboolean
is_allowed(gunichar c)
{
	switch (g_unichar_type(c)) {
	case G_UNICODE_CONTROL:
	case G_UNICODE_FORMAT:
	case G_UNICODE_UNASSIGNED:
	case G_UNICODE_PRIVATE_USE:
	case G_UNICODE_SURROGATE:
	case G_UNICODE_LINE_SEPARATOR:
	case G_UNICODE_PARAGRAPH_SEPARATOR:
		return FALSE;
	default:
		return TRUE;
	}
}

/* The identifier as it is compared; NULL with %FERRY_ERROR_INVALID where it can be none. */
char *
acl_identifier_prepare(const char *text, GError **error)
{
	g_autofree char *normal = g_utf8_validate(text, -1, NULL)
					  ? g_utf8_normalize(text, -1, G_NORMALIZE_NFKC)
					  : NULL;
	gboolean good = normal != NULL && *normal != '\0' && strlen(normal) <= MAX_IDENTIFIER;

	for (const char *p = normal; good && *p != '\0'; p = g_utf8_next_char(p))
		good = is_allowed(g_utf8_get_char(p));
	if (good)
		return g_steal_pointer(&normal);
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID, "this can be no identifier");
	return NULL;
}

/* Whether rights can be given to such an identifier at all. */
gboolean
acl_identifier_check(const char *identifier, GError **error)
{
	if (*identifier != '-' && g_ascii_strcasecmp(identifier, "anyone") != 0)
		return TRUE;
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
			    *identifier == '-' ? "the backend has no negative rights"
					       : "the backend cannot give rights to everybody");
	return FALSE;
}
