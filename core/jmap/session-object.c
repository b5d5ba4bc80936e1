/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The session object
 *
 * Specification: RFC 8620 §2
 * Implementation: what cannot be worked with is refused, and so is a URL that would carry
 *   credentials to a host that is not trusted. Limits are kept within sense
 */
#include <libsoup/soup.h>
#include <string.h>

#include "jmap/error.h"
#include "jmap/session-object-private.h"

/* names in the core capability; what we assume without it; what we never go beyond */
static const struct {
	const char *name;
	guint64 fallback;
	guint64 max;
} limit_table[FERRY_JMAP_N_LIMITS] = {
	[FERRY_JMAP_LIMIT_SIZE_UPLOAD] = {"maxSizeUpload", 50000000, G_MAXINT64},
	[FERRY_JMAP_LIMIT_CONCURRENT_UPLOAD] = {"maxConcurrentUpload", 4, 16},
	[FERRY_JMAP_LIMIT_SIZE_REQUEST] = {"maxSizeRequest", 10000000, 64 << 20},
	[FERRY_JMAP_LIMIT_CONCURRENT_REQUESTS] = {"maxConcurrentRequests", 4, 16},
	[FERRY_JMAP_LIMIT_CALLS_IN_REQUEST] = {"maxCallsInRequest", 16, 256},
	[FERRY_JMAP_LIMIT_OBJECTS_IN_GET] = {"maxObjectsInGet", 500, 65536},
	[FERRY_JMAP_LIMIT_OBJECTS_IN_SET] = {"maxObjectsInSet", 500, 65536},
};

static const char *const url_names[FERRY_JMAP_N_URLS] = {
	[FERRY_JMAP_URL_API] = "apiUrl",
	[FERRY_JMAP_URL_DOWNLOAD] = "downloadUrl",
	[FERRY_JMAP_URL_UPLOAD] = "uploadUrl",
	[FERRY_JMAP_URL_EVENT_SOURCE] = "eventSourceUrl",
};

G_DEFINE_BOXED_TYPE(FerryJmapAccountInfo, ferry_jmap_account_info, ferry_jmap_account_info_copy,
		    ferry_jmap_account_info_free)

/**
 * ferry_jmap_account_info_copy:
 * @self: what a session says of an account
 *
 * Returns: (transfer full): a copy
 */
FerryJmapAccountInfo *
ferry_jmap_account_info_copy(const FerryJmapAccountInfo *self)
{
	FerryJmapAccountInfo *copy = g_new(FerryJmapAccountInfo, 1);

	copy->id = g_strdup(self->id);
	copy->name = g_strdup(self->name);
	copy->is_personal = self->is_personal;
	copy->is_read_only = self->is_read_only;
	copy->capabilities =
		self->capabilities != NULL ? ferry_jmap_value_ref(self->capabilities) : NULL;
	return copy;
}

/**
 * ferry_jmap_account_info_free:
 * @self: (transfer full): what a session says of an account
 *
 * Frees it.
 */
void
ferry_jmap_account_info_free(FerryJmapAccountInfo *self)
{
	g_free(self->id);
	g_free(self->name);
	g_clear_pointer(&self->capabilities, ferry_jmap_value_unref);
	g_free(self);
}

static void
append_expanded(GString *out, const char *name, gsize length, const char *const *values)
{
	for (guint i = 0; values != NULL && values[i] != NULL; i += 2) {
		if (strlen(values[i]) == length && strncmp(values[i], name, length) == 0) {
			g_string_append_uri_escaped(out, values[i + 1], NULL, FALSE);
			return;
		}
	}
}

static char *
expand_template(const char *template, const char *const *values)
{
	GString *out = g_string_new(NULL);

	while (*template != '\0') {
		const char *close = *template == '{' ? strchr(template, '}') : NULL;

		if (close == NULL) {
			g_string_append_c(out, *template ++);
			continue;
		}
		append_expanded(out, template + 1, (gsize)(close - template) - 1, values);
		template = close + 1;
	}
	return g_string_free(out, FALSE);
}

/* private: an absolute URL, "" where there is none; @values: name and value in turns, or NULL */
char *
ferry_jmap_session_object_make_url(FerryJmapSessionObject *self, FerryJmapUrl url,
				   const char *const *values)
{
	const char *template = ferry_jmap_value_get_string(self->value, url_names[url]);
	g_autofree char *expanded = NULL;
	char *absolute = NULL;

	if (template == NULL)
		return g_strdup("");
	expanded = expand_template(template, values);
	absolute = g_uri_resolve_relative(self->base_url, expanded, SOUP_HTTP_URI_FLAGS, NULL);
	return absolute != NULL ? absolute : g_strdup("");
}

/* what we cannot work without, and URLs that would carry credentials elsewhere */
static gboolean
check_object(FerryJmapBackend *backend, FerryJmapSessionObject *self, GError **error)
{
	if (ferry_jmap_value_get_string(self->value, "apiUrl") == NULL ||
	    ferry_jmap_value_get_value_type(self->value) != FERRY_JMAP_TYPE_OBJECT ||
	    ferry_jmap_value_is_null(self->value, "accounts")) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_BACKEND,
			    "backend %s: no JMAP session object at %s",
			    ferry_jmap_backend_get_name(backend), self->base_url);
		return FALSE;
	}
	for (guint i = 0; i < FERRY_JMAP_N_URLS; i++) {
		g_autofree char *url = NULL;

		if (ferry_jmap_value_get_string(self->value, url_names[i]) == NULL)
			continue;
		url = ferry_jmap_session_object_make_url(self, (FerryJmapUrl)i, NULL);
		if (!ferry_jmap_backend_check_url(backend, url, error)) {
			g_prefix_error(error, "%s of the session object: ", url_names[i]);
			return FALSE;
		}
	}
	return TRUE;
}

static void
take_accounts(FerryJmapSessionObject *self)
{
	FerryJmapValueIter iter;
	const char *id = NULL;
	FerryJmapValue *value = NULL;

	self->accounts =
		g_ptr_array_new_with_free_func((GDestroyNotify)ferry_jmap_account_info_free);
	ferry_jmap_value_iter_init(&iter, self->value, "accounts");
	while (iter.is_object && ferry_jmap_value_iter_next(&iter, &id, &value)) {
		FerryJmapAccountInfo *info = g_new0(FerryJmapAccountInfo, 1);

		info->id = g_strdup(id);
		info->name = g_strdup(ferry_jmap_value_get_string(value, "name"));
		if (info->name == NULL)
			info->name = g_strdup(id);
		info->is_personal = ferry_jmap_value_get_boolean(value, "isPersonal", FALSE);
		info->is_read_only = ferry_jmap_value_get_boolean(value, "isReadOnly", FALSE);
		info->capabilities = ferry_jmap_value_get(value, "accountCapabilities");
		g_ptr_array_add(self->accounts, info);
		ferry_jmap_value_unref(value);
	}
}

static void
take_limits(FerryJmapSessionObject *self)
{
	g_autoptr(FerryJmapValue) capabilities = ferry_jmap_value_get(self->value, "capabilities");
	g_autoptr(FerryJmapValue) core = NULL;

	if (capabilities != NULL)
		core = ferry_jmap_value_get_member(capabilities, FERRY_JMAP_CAPABILITY_CORE);
	for (guint i = 0; i < FERRY_JMAP_N_LIMITS; i++) {
		guint64 limit = limit_table[i].fallback;

		if (core != NULL)
			limit = ferry_jmap_value_get_uint64(core, limit_table[i].name, limit);
		/* a limit of 0 would mean that nothing works */
		self->limits[i] = CLAMP(limit, 1, limit_table[i].max);
	}
}

/* private: NULL with FERRY_ERROR_BACKEND where it is none that we can work with */
FerryJmapSessionObject *
ferry_jmap_session_object_new(FerryJmapBackend *backend, FerryJmapValue *value,
			      const char *base_url, GError **error)
{
	FerryJmapSessionObject *self = g_new0(FerryJmapSessionObject, 1);

	self->value = ferry_jmap_value_ref(value);
	self->base_url = g_strdup(base_url);
	take_accounts(self);
	if (!check_object(backend, self, error)) {
		ferry_jmap_session_object_free(self);
		return NULL;
	}
	take_limits(self);
	return self;
}

/* private */
void
ferry_jmap_session_object_free(FerryJmapSessionObject *self)
{
	ferry_jmap_value_unref(self->value);
	g_free(self->base_url);
	g_ptr_array_unref(self->accounts);
	g_free(self);
}
