/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes into an HTTP exchange and what comes out
 *
 * Specification: RFC 7807 (problem documents), RFC 8620 §3.6.1 (their types)
 */
#include <string.h>
#include <unistd.h>

#include "jmap/error.h"
#include "jmap/http-private.h"
#include "jmap/reply-private.h"

FerryJmapHttpRequest *
ferry_jmap_http_request_new(const char *method, const char *url, FerryJmapCredential *credential)
{
	FerryJmapHttpRequest *self = g_atomic_rc_box_new0(FerryJmapHttpRequest);

	self->method = method;
	self->url = g_strdup(url);
	self->credential = ferry_jmap_credential_ref(credential);
	self->repeatable = TRUE;
	self->max_reply = 64 * 1024 * 1024;
	self->sink = -1;
	return self;
}

FerryJmapHttpRequest *
ferry_jmap_http_request_ref(FerryJmapHttpRequest *self)
{
	return g_atomic_rc_box_acquire(self);
}

static void
request_clear(gpointer data)
{
	FerryJmapHttpRequest *self = data;

	g_free(self->url);
	ferry_jmap_credential_unref(self->credential);
	g_free(self->content_type);
	g_free(self->last_event_id);
	g_clear_pointer(&self->body, g_bytes_unref);
	g_clear_object(&self->body_stream);
	if (self->sink >= 0)
		close(self->sink);
}

void
ferry_jmap_http_request_unref(FerryJmapHttpRequest *self)
{
	g_atomic_rc_box_release_full(self, request_clear);
}

void
ferry_jmap_http_response_free(FerryJmapHttpResponse *self)
{
	g_free(self->reason);
	g_free(self->content_type);
	g_free(self->url);
	g_clear_pointer(&self->body, g_byte_array_unref);
	g_clear_object(&self->stream);
	g_free(self);
}

/* What a status that is no success means, by its problem document (RFC 7807) where it has one. */
GError *
ferry_jmap_http_response_to_error(FerryJmapHttpResponse *self)
{
	g_autoptr(FerryJmapValue) problem = NULL;
	const char *type = NULL;

	if (self->body != NULL && self->body->len > 0 && self->content_type != NULL &&
	    strstr(self->content_type, "json") != NULL)
		problem = ferry_jmap_parse(self->body, NULL);
	if (problem != NULL)
		type = ferry_jmap_value_get_string(problem, "type");
	if (type != NULL && g_str_has_prefix(type, "urn:ietf:params:jmap:error:")) {
		const char *detail = ferry_jmap_value_get_string(problem, "limit");

		if (detail == NULL)
			detail = ferry_jmap_value_get_string(problem, "detail");
		return ferry_jmap_error_new_for_type(type, detail, NULL);
	}
	return ferry_jmap_error_new_for_status(self->status, self->reason);
}
