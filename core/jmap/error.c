/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What JMAP and HTTP errors mean to the callers of this layer
 *
 * Specification: RFC 8620 §3.6, §5.2–5.6, §6; RFC 8621 §2.5, §4.6–4.8; RFC 9110 §15
 * Implementation: one table from error types to codes. A type that is not in it is a fault of the
 *   backend
 */
#include "jmap/error.h"

typedef struct {
	char *existing_id;
} FerryJmapErrorPrivate;

static void
ferry_jmap_error_private_init(FerryJmapErrorPrivate *priv)
{
}

static void
ferry_jmap_error_private_copy(const FerryJmapErrorPrivate *src, FerryJmapErrorPrivate *dest)
{
	dest->existing_id = g_strdup(src->existing_id);
}

static void
ferry_jmap_error_private_clear(FerryJmapErrorPrivate *priv)
{
	g_free(priv->existing_id);
}

G_DEFINE_EXTENDED_ERROR(FerryJmapError, ferry_jmap_error)

typedef struct {
	const char *type;
	gboolean is_jmap; /* whether code is a FerryJmapError */
	int code;
} ErrorType;

#define URN "urn:ietf:params:jmap:error:"

static const ErrorType error_types[] = {
	{"accountNotFound", FALSE, FERRY_ERROR_NOT_FOUND},
	{"accountNotSupportedByMethod", TRUE, FERRY_JMAP_ERROR_UNKNOWN_METHOD},
	{"accountReadOnly", FALSE, FERRY_ERROR_NO_PERMISSION},
	{"alreadyExists", TRUE, FERRY_JMAP_ERROR_ALREADY_EXISTS},
	{"anchorNotFound", TRUE, FERRY_JMAP_ERROR_ANCHOR_NOT_FOUND},
	{"blobNotFound", FALSE, FERRY_ERROR_NOT_FOUND},
	{"cannotCalculateChanges", TRUE, FERRY_JMAP_ERROR_CANNOT_CALCULATE_CHANGES},
	{"forbidden", FALSE, FERRY_ERROR_NO_PERMISSION},
	{"forbiddenFrom", FALSE, FERRY_ERROR_NO_PERMISSION},
	{"forbiddenMailFrom", FALSE, FERRY_ERROR_NO_PERMISSION},
	{"forbiddenToSend", FALSE, FERRY_ERROR_NO_PERMISSION},
	{"fromAccountNotFound", FALSE, FERRY_ERROR_NOT_FOUND},
	{"fromAccountNotSupportedByMethod", TRUE, FERRY_JMAP_ERROR_UNKNOWN_METHOD},
	{"invalidArguments", FALSE, FERRY_ERROR_CANNOT},
	{"invalidEmail", FALSE, FERRY_ERROR_CANNOT},
	{"invalidPatch", FALSE, FERRY_ERROR_CANNOT},
	{"invalidProperties", FALSE, FERRY_ERROR_CANNOT},
	{"invalidScript", FALSE, FERRY_ERROR_INVALID},
	{"invalidSieve", FALSE, FERRY_ERROR_INVALID},
	{"limit", FALSE, FERRY_ERROR_LIMIT},
	{"mailboxHasChild", FALSE, FERRY_ERROR_HAS_CHILDREN},
	{"mailboxHasEmail", FALSE, FERRY_ERROR_IN_USE},
	{"notFound", FALSE, FERRY_ERROR_NOT_FOUND},
	{"overQuota", FALSE, FERRY_ERROR_OVER_QUOTA},
	{"rateLimit", FALSE, FERRY_ERROR_LIMIT},
	{"requestTooLarge", TRUE, FERRY_JMAP_ERROR_REQUEST_TOO_LARGE},
	{"scriptIsActive", FALSE, FERRY_ERROR_IN_USE},
	{"serverUnavailable", FALSE, FERRY_ERROR_UNAVAILABLE},
	{"sieveIsActive", FALSE, FERRY_ERROR_IN_USE},
	{"singleton", FALSE, FERRY_ERROR_CANNOT},
	{"stateMismatch", FALSE, FERRY_ERROR_CONFLICT},
	{"tooLarge", FALSE, FERRY_ERROR_TOO_BIG},
	{"tooManyChanges", TRUE, FERRY_JMAP_ERROR_CANNOT_CALCULATE_CHANGES},
	{"tooManyKeywords", FALSE, FERRY_ERROR_LIMIT},
	{"tooManyMailboxes", FALSE, FERRY_ERROR_LIMIT},
	{"unknownMethod", TRUE, FERRY_JMAP_ERROR_UNKNOWN_METHOD},
	{"unsupportedFilter", TRUE, FERRY_JMAP_ERROR_UNSUPPORTED},
	{"unsupportedSort", TRUE, FERRY_JMAP_ERROR_UNSUPPORTED},
	{"willDestroy", FALSE, FERRY_ERROR_NOT_FOUND},
	{URN "limit", FALSE, FERRY_ERROR_LIMIT},
	{URN "unknownCapability", TRUE, FERRY_JMAP_ERROR_UNKNOWN_METHOD},
};

/**
 * ferry_jmap_error_new_for_type:
 * @type: (nullable): the `type` of a method-level, set-level or request-level error
 * @description: (nullable): its description
 * @existing_id: (nullable): its existingId (alreadyExists)
 *
 * Makes the error that a JMAP error type stands for. Its message begins with the type.
 *
 * Returns: (transfer full): the error
 */
GError *
ferry_jmap_error_new_for_type(const char *type, const char *description, const char *existing_id)
{
	g_autofree char *message = NULL;

	if (type == NULL)
		type = "(error without a type)";
	message = g_strconcat(type, description != NULL ? ": " : NULL, description, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(error_types); i++) {
		const ErrorType *known = &error_types[i];
		GError *error = NULL;

		if (!g_str_equal(type, known->type))
			continue;
		error = g_error_new_literal(known->is_jmap ? FERRY_JMAP_ERROR : FERRY_ERROR,
					    known->code, message);
		if (known->is_jmap)
			ferry_jmap_error_get_private(error)->existing_id = g_strdup(existing_id);
		return error;
	}
	return g_error_new_literal(FERRY_ERROR, FERRY_ERROR_BACKEND, message);
}

static FerryError
code_for_status(guint status)
{
	switch (status) {
	case 401:
		return FERRY_ERROR_AUTHENTICATION;
	case 403:
		return FERRY_ERROR_NO_PERMISSION;
	case 404:
	case 410:
		return FERRY_ERROR_NOT_FOUND;
	case 408:
		return FERRY_ERROR_UNAVAILABLE;
	case 413:
		return FERRY_ERROR_TOO_BIG;
	case 429:
		return FERRY_ERROR_IN_USE;
	case 507:
		return FERRY_ERROR_OVER_QUOTA;
	default:
		return status >= 500 ? FERRY_ERROR_UNAVAILABLE : FERRY_ERROR_BACKEND;
	}
}

/**
 * ferry_jmap_error_new_for_status:
 * @status: an HTTP status that means failure
 * @reason: (nullable): its reason phrase
 *
 * Makes the error that an HTTP status stands for.
 *
 * Returns: (transfer full): the error
 */
GError *
ferry_jmap_error_new_for_status(guint status, const char *reason)
{
	return g_error_new(FERRY_ERROR, (gint)code_for_status(status), "HTTP status %u%s%s", status,
			   reason != NULL ? " " : "", reason != NULL ? reason : "");
}

/**
 * ferry_jmap_error_get_existing_id:
 * @error: an error
 *
 * Returns: (nullable): the id of the object that is there already, where the error is
 *   %FERRY_JMAP_ERROR_ALREADY_EXISTS and the server told it
 */
const char *
ferry_jmap_error_get_existing_id(const GError *error)
{
	if (error->domain != FERRY_JMAP_ERROR)
		return NULL;
	return ferry_jmap_error_get_private(error)->existing_id;
}

/**
 * ferry_jmap_error_to_ferry:
 * @error: an error of any domain
 *
 * Returns: the code to answer a client with, for callers that know nothing better
 */
FerryError
ferry_jmap_error_to_ferry(const GError *error)
{
	if (error->domain == FERRY_ERROR)
		return (FerryError)error->code;
	if (error->domain != FERRY_JMAP_ERROR)
		return FERRY_ERROR_FAILED;
	switch ((FerryJmapError)error->code) {
	case FERRY_JMAP_ERROR_ALREADY_EXISTS:
		return FERRY_ERROR_EXISTS;
	case FERRY_JMAP_ERROR_UNKNOWN_METHOD:
	case FERRY_JMAP_ERROR_UNSUPPORTED:
		return FERRY_ERROR_CANNOT;
	case FERRY_JMAP_ERROR_REQUEST_TOO_LARGE:
		return FERRY_ERROR_LIMIT;
	case FERRY_JMAP_ERROR_LOST_ANSWER:
		return FERRY_ERROR_UNAVAILABLE;
	default:
		return FERRY_ERROR_CONFLICT;
	}
}
