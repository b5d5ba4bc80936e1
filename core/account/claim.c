/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The name that a client gives beside a bearer token
 *
 * Specification: RFC 7628 section 3.2 (what the identity is worth is local policy), RFC 4422
 *   section 3.4.1 (authorization identity)
 * Implementation: a token says itself, through the backend, whose it is. The name changes nothing
 *   of that; one that does not belong to the token's user is refused, so that a client that mixed
 *   up its accounts does not put the mail of one into the other
 */
#include "account/claim-private.h"

#include <string.h>

/* Nobody has an empty name, password or token; some backends break at them. A password cannot act
 * for somebody else: that cannot be said by Basic. */
gboolean
ferry_claim_may_be_good(FerryCredential *credential)
{
	const char *name = ferry_credential_get_authcid(credential);
	const char *authzid = ferry_credential_get_authzid(credential);

	if (*ferry_credential_get_secret(credential) == '\0')
		return FALSE;
	if (ferry_credential_get_kind(credential) == FERRY_CREDENTIAL_BEARER)
		return name == NULL || authzid == NULL || g_str_equal(name, authzid);
	return name != NULL && *name != '\0' && (authzid == NULL || g_str_equal(name, authzid));
}

static gboolean
is_domain(const char *domain, const char *const *domains)
{
	for (guint i = 0; domains != NULL && domains[i] != NULL; i++)
		if (g_ascii_strcasecmp(domains[i], domain) == 0)
			return TRUE;
	return FALSE;
}

/* @full is @name with one of the domains, which @name lacks. */
static gboolean
is_qualified(const char *full, const char *name, const char *const *domains)
{
	const char *at = strrchr(full, '@');
	gsize length = strlen(name);

	return at != NULL && (gsize)(at - full) == length && strchr(name, '@') == NULL &&
	       g_ascii_strncasecmp(full, name, length) == 0 && is_domain(at + 1, domains);
}

/* The same name in any case, or one of them without the domain that is the backend's own. */
gboolean
ferry_claim_fits_username(const char *claim, const char *username, const char *const *domains)
{
	return g_ascii_strcasecmp(claim, username) == 0 || is_qualified(claim, username, domains) ||
	       is_qualified(username, claim, domains);
}

/* @claim: NULL for none. Personal accounts are named as well: that is often the mail address, which
 * mail clients have for a user name where the backend has another (RFC 8620 section 2). */
gboolean
ferry_claim_fits(const char *claim, FerryJmapSession *jmap, const char *const *domains)
{
	const char *username = ferry_jmap_session_get_username(jmap);
	GPtrArray *accounts = ferry_jmap_session_get_accounts(jmap);

	if (claim == NULL ||
	    (username != NULL && ferry_claim_fits_username(claim, username, domains)))
		return TRUE;
	for (guint i = 0; accounts != NULL && i < accounts->len; i++) {
		const FerryJmapAccountInfo *info = g_ptr_array_index(accounts, i);

		if (info->is_personal && info->name != NULL &&
		    g_ascii_strcasecmp(claim, info->name) == 0)
			return TRUE;
	}
	return FALSE;
}
