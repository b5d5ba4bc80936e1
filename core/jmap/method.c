/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the standard methods have in common
 *
 * Specification: RFC 8620 §5.1 (/get), §5.2 (/changes), §5.3 (/set), §5.5 (/query)
 * Implementation: adding calls, reading answers. Ids are borrowed from the reply's document
 */
#include <string.h>

#include "jmap/error.h"
#include "jmap/method.h"
#include "jmap/value-private.h"

G_DEFINE_BOXED_TYPE(FerryJmapChanges, ferry_jmap_changes, ferry_jmap_changes_copy,
		    ferry_jmap_changes_free)
G_DEFINE_BOXED_TYPE(FerryJmapQueryPage, ferry_jmap_query_page, ferry_jmap_query_page_copy,
		    ferry_jmap_query_page_free)

static FerryJmapChanges *
changes_from_value(FerryJmapValue *value)
{
	FerryJmapChanges *self = g_new0(FerryJmapChanges, 1);

	self->value = ferry_jmap_value_ref(value);
	self->old_state = ferry_jmap_value_get_string(value, "oldState");
	self->new_state = ferry_jmap_value_get_string(value, "newState");
	self->has_more = ferry_jmap_value_get_boolean(value, "hasMoreChanges", FALSE);
	self->created = ferry_jmap_value_borrow_strings(value, "created", NULL);
	self->updated = ferry_jmap_value_borrow_strings(value, "updated", NULL);
	self->destroyed = ferry_jmap_value_borrow_strings(value, "destroyed", NULL);
	if (!ferry_jmap_value_is_null(value, "updatedProperties"))
		self->updated_properties =
			ferry_jmap_value_borrow_strings(value, "updatedProperties", NULL);
	return self;
}

/**
 * ferry_jmap_changes_copy:
 * @self: changes
 *
 * Returns: (transfer full): a copy
 */
FerryJmapChanges *
ferry_jmap_changes_copy(const FerryJmapChanges *self)
{
	return changes_from_value(self->value);
}

/**
 * ferry_jmap_changes_free:
 * @self: (transfer full): changes
 *
 * Frees them and the strings in them.
 */
void
ferry_jmap_changes_free(FerryJmapChanges *self)
{
	g_free(self->created);
	g_free(self->updated);
	g_free(self->destroyed);
	g_free(self->updated_properties);
	ferry_jmap_value_unref(self->value);
	g_free(self);
}

/**
 * ferry_jmap_request_add_changes:
 * @request: a request
 * @method: the method, such as `Email/changes`
 * @account_id: the account
 * @since_state: the state known
 * @max_changes: how many ids at most, 0 for as many as the server likes
 *
 * Asks what changed.
 *
 * Returns: (transfer none): the call's id
 */
const char *
ferry_jmap_request_add_changes(FerryJmapRequest *request, const char *method,
			       const char *account_id, const char *since_state, guint max_changes)
{
	g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", account_id);
	ferry_jmap_builder_set_string(args, "sinceState", since_state);
	if (max_changes > 0)
		ferry_jmap_builder_set_uint(args, "maxChanges", max_changes);
	ferry_jmap_builder_end_object(args);
	return ferry_jmap_request_add_call(request, method, args);
}

static gboolean
check_answer(gboolean ok, const char *what, GError **error)
{
	if (!ok)
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_BACKEND,
			    "the answer to %s lacks what it must have", what);
	return ok;
}

/**
 * ferry_jmap_reply_parse_changes:
 * @reply: a reply
 * @call_id: the id of a /changes call
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): what changed, or %NULL with the method's error, such as
 *   %FERRY_JMAP_ERROR_CANNOT_CALCULATE_CHANGES
 */
FerryJmapChanges *
ferry_jmap_reply_parse_changes(FerryJmapReply *reply, const char *call_id, GError **error)
{
	g_autoptr(FerryJmapValue) value = ferry_jmap_reply_get_result(reply, call_id, error);

	if (value == NULL || !check_answer(ferry_jmap_value_get_string(value, "newState") != NULL,
					   "/changes", error))
		return NULL;
	return changes_from_value(value);
}

static FerryJmapQueryPage *
query_page_from_value(FerryJmapValue *value)
{
	FerryJmapQueryPage *self = g_new0(FerryJmapQueryPage, 1);

	self->value = ferry_jmap_value_ref(value);
	self->state = ferry_jmap_value_get_string(value, "queryState");
	self->can_calculate_changes =
		ferry_jmap_value_get_boolean(value, "canCalculateChanges", FALSE);
	self->position = ferry_jmap_value_get_uint64(value, "position", 0);
	self->total = ferry_jmap_value_get_int64(value, "total", -1);
	self->ids = ferry_jmap_value_borrow_strings(value, "ids", &self->n_ids);
	return self;
}

/**
 * ferry_jmap_query_page_copy:
 * @self: a page
 *
 * Returns: (transfer full): a copy
 */
FerryJmapQueryPage *
ferry_jmap_query_page_copy(const FerryJmapQueryPage *self)
{
	return query_page_from_value(self->value);
}

/**
 * ferry_jmap_query_page_free:
 * @self: (transfer full): a page
 *
 * Frees it and the strings in it.
 */
void
ferry_jmap_query_page_free(FerryJmapQueryPage *self)
{
	g_free(self->ids);
	ferry_jmap_value_unref(self->value);
	g_free(self);
}

/**
 * ferry_jmap_reply_parse_query:
 * @reply: a reply
 * @call_id: the id of a /query call
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): a page of results, or %NULL with the method's error, such as
 *   %FERRY_JMAP_ERROR_ANCHOR_NOT_FOUND
 */
FerryJmapQueryPage *
ferry_jmap_reply_parse_query(FerryJmapReply *reply, const char *call_id, GError **error)
{
	g_autoptr(FerryJmapValue) value = ferry_jmap_reply_get_result(reply, call_id, error);
	FerryJmapValueIter iter;

	if (value == NULL ||
	    !check_answer(ferry_jmap_value_iter_init(&iter, value, "ids") && !iter.is_object,
			  "/query", error))
		return NULL;
	return query_page_from_value(value);
}

static const char *
add_one_get(FerryJmapRequest *request, const char *method, const char *account_id,
	    const char *const *ids, gssize n_ids, const char *const *properties)
{
	g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", account_id);
	ferry_jmap_builder_set_strings(args, "ids", ids, n_ids);
	if (properties != NULL)
		ferry_jmap_builder_set_strings(args, "properties", properties, -1);
	ferry_jmap_builder_end_object(args);
	return ferry_jmap_request_add_call(request, method, args);
}

/**
 * ferry_jmap_request_add_get:
 * @request: a request
 * @method: the method, such as `Email/get`
 * @account_id: the account
 * @ids: (array length=n_ids) (nullable): which objects, %NULL for all
 * @n_ids: how many, or -1 where @ids ends with %NULL
 * @properties: (array zero-terminated=1) (nullable): which properties, %NULL for all
 * @max_objects: how many in one call, see %FERRY_JMAP_LIMIT_OBJECTS_IN_GET
 *
 * Asks for objects, in as many calls as that takes.
 *
 * Returns: (transfer full) (array zero-terminated=1): the ids of the calls
 */
char **
ferry_jmap_request_add_get(FerryJmapRequest *request, const char *method, const char *account_id,
			   const char *const *ids, gssize n_ids, const char *const *properties,
			   guint64 max_objects)
{
	g_autoptr(GStrvBuilder) calls = g_strv_builder_new();
	gsize left = 0;

	if (ids == NULL) {
		g_strv_builder_add(calls,
				   add_one_get(request, method, account_id, NULL, 0, properties));
		return g_strv_builder_end(calls);
	}
	left = n_ids >= 0 ? (gsize)n_ids : g_strv_length((char **)ids);
	while (left > 0) {
		gsize n = MIN(left, MAX(max_objects, 1));

		g_strv_builder_add(calls, add_one_get(request, method, account_id, ids, (gssize)n,
						      properties));
		ids += n;
		left -= n;
	}
	return g_strv_builder_end(calls);
}

/**
 * ferry_jmap_request_add_get_reference:
 * @request: a request
 * @method: the method, such as `Email/get`
 * @account_id: the account
 * @call_id: an earlier call of the request
 * @call_method: its method, such as `Email/changes`
 * @path: where in its answer the ids are, such as `/created`
 * @properties: (array zero-terminated=1) (nullable): which properties, %NULL for all
 *
 * Asks for the objects that an earlier call finds (RFC 8620 §3.7).
 *
 * Returns: (transfer none): the call's id
 */
const char *
ferry_jmap_request_add_get_reference(FerryJmapRequest *request, const char *method,
				     const char *account_id, const char *call_id,
				     const char *call_method, const char *path,
				     const char *const *properties)
{
	g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", account_id);
	ferry_jmap_builder_set_reference(args, "ids", call_id, call_method, path);
	if (properties != NULL)
		ferry_jmap_builder_set_strings(args, "properties", properties, -1);
	ferry_jmap_builder_end_object(args);
	return ferry_jmap_request_add_call(request, method, args);
}
