/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Method calls on their way out
 *
 * Specification: RFC 8620 §3.2, §3.3, §3.7
 * Implementation: each call is kept as text; the scheduler joins the calls of several requests
 */
#include <string.h>

#include "jmap/builder-private.h"
#include "jmap/error.h"
#include "jmap/request-private.h"

typedef struct {
	char id[24];
	char *method;
	GString *json;
	gboolean has_references;
} Call;

struct _FerryJmapRequest {
	GObject parent;
	GPtrArray *calls;
	GPtrArray *capabilities;
	gboolean repeatable;
	gboolean repeatable_is_set;
	gint64 begun_at;
	char *account; /* of the first call, as JSON; or NULL */
};

G_DEFINE_FINAL_TYPE(FerryJmapRequest, ferry_jmap_request, G_TYPE_OBJECT)

/* which capability a method's data type belongs to */
static const struct {
	const char *prefix;
	const char *capability;
} type_capabilities[] = {
	{"Mailbox/", FERRY_JMAP_CAPABILITY_MAIL},
	{"Email/", FERRY_JMAP_CAPABILITY_MAIL},
	{"Thread/", FERRY_JMAP_CAPABILITY_MAIL},
	{"SearchSnippet/", FERRY_JMAP_CAPABILITY_MAIL},
	{"Identity/", FERRY_JMAP_CAPABILITY_SUBMISSION},
	{"EmailSubmission/", FERRY_JMAP_CAPABILITY_SUBMISSION},
	{"VacationResponse/", "urn:ietf:params:jmap:vacationresponse"},
	{"Quota/", FERRY_JMAP_CAPABILITY_QUOTA},
	{"SieveScript/", FERRY_JMAP_CAPABILITY_SIEVE},
	{"Principal/", FERRY_JMAP_CAPABILITY_PRINCIPALS},
	{"ShareNotification/", FERRY_JMAP_CAPABILITY_PRINCIPALS},
	{"Blob/get", FERRY_JMAP_CAPABILITY_BLOB},
	{"Blob/lookup", FERRY_JMAP_CAPABILITY_BLOB},
	{"Blob/upload", FERRY_JMAP_CAPABILITY_BLOB},
};

static void
call_free(gpointer data)
{
	Call *call = data;

	g_free(call->method);
	g_string_free(call->json, TRUE);
	g_free(call);
}

static void
ferry_jmap_request_finalize(GObject *object)
{
	FerryJmapRequest *self = FERRY_JMAP_REQUEST(object);

	g_ptr_array_unref(self->calls);
	g_ptr_array_unref(self->capabilities);
	g_free(self->account);
	G_OBJECT_CLASS(ferry_jmap_request_parent_class)->finalize(object);
}

static void
ferry_jmap_request_class_init(FerryJmapRequestClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = ferry_jmap_request_finalize;
}

static void
ferry_jmap_request_init(FerryJmapRequest *self)
{
	self->calls = g_ptr_array_new_with_free_func(call_free);
	self->capabilities = g_ptr_array_new_with_free_func(g_free);
	self->repeatable = TRUE;
	ferry_jmap_request_use(self, FERRY_JMAP_CAPABILITY_CORE);
}

/**
 * ferry_jmap_request_new:
 *
 * Returns: (transfer full): a request without calls
 */
FerryJmapRequest *
ferry_jmap_request_new(void)
{
	return g_object_new(FERRY_TYPE_JMAP_REQUEST, NULL);
}

/**
 * ferry_jmap_request_use:
 * @self: a request
 * @capability: a capability URI
 *
 * Names a capability that the calls need. Those of the methods of RFC 8620, 8621, 9404, 9425,
 * 9661 and 9670 are known and need not be named, unless another one of the same data type has been.
 */
void
ferry_jmap_request_use(FerryJmapRequest *self, const char *capability)
{
	if (!g_ptr_array_find_with_equal_func(self->capabilities, capability, g_str_equal, NULL))
		g_ptr_array_add(self->capabilities, g_strdup(capability));
}

static const char *
last_word(const char *capability)
{
	const char *end = capability + strcspn(capability, "#?");
	const char *word = end;

	while (word > capability && word[-1] != ':' && word[-1] != '/')
		word--;
	return word;
}

/* Whether a draft or vendor form of @capability is named: its methods have the same names. */
static gboolean
uses_other_form(FerryJmapRequest *self, const char *capability)
{
	for (guint i = 0; i < self->capabilities->len; i++)
		if (g_str_equal(last_word(self->capabilities->pdata[i]), last_word(capability)))
			return TRUE;
	return FALSE;
}

static void
use_for_method(FerryJmapRequest *self, const char *method)
{
	for (gsize i = 0; i < G_N_ELEMENTS(type_capabilities); i++) {
		const char *capability = type_capabilities[i].capability;

		if (g_str_has_prefix(method, type_capabilities[i].prefix) &&
		    !uses_other_form(self, capability))
			ferry_jmap_request_use(self, capability);
	}
}

/* Whether running the call twice ends as running it once. What is not known may create. */
static gboolean
method_is_repeatable(const char *method, gboolean has_creations)
{
	static const char *const reading[] = {
		"/get",    "/changes", "/query", "/queryChanges",
		"/lookup", "/echo",    "/parse", "/validate",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(reading); i++)
		if (g_str_has_suffix(method, reading[i]))
			return TRUE;
	return g_str_has_suffix(method, "/set") && !has_creations;
}

/* Calls mostly begin with it; of others nothing is known. */
static char *
dup_account(const char *arguments)
{
	static const char name[] = "{\"accountId\":\"";
	const char *start = arguments + strlen(name);
	const char *end = start;

	if (!g_str_has_prefix(arguments, name))
		return NULL;
	while (*end != '\0' && *end != '"')
		end += *end == '\\' && end[1] != '\0' ? 2 : 1;
	return g_strndup(start, (gsize)(end - start));
}

static const char *
add_call(FerryJmapRequest *self, const char *method, const char *arguments, gboolean has_creations,
	 gboolean has_references)
{
	static gint64 last_id = 0;
	Call *call = g_new0(Call, 1);

	/* unique in the process: merged requests keep their ids and references */
	g_snprintf(call->id, sizeof call->id, "c%" G_GUINT64_FORMAT,
		   (guint64)__atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED));
	call->method = g_strdup(method);
	call->json = g_string_sized_new(strlen(arguments) + 64);
	g_string_append_c(call->json, '[');
	ferry_jmap_append_string(call->json, method);
	g_string_append_printf(call->json, ",%s,\"%s\"]", arguments, call->id);
	call->has_references = has_references;
	if (self->calls->len == 0)
		self->account = dup_account(arguments);
	g_ptr_array_add(self->calls, call);
	use_for_method(self, method);
	if (!self->repeatable_is_set && !method_is_repeatable(method, has_creations))
		self->repeatable = FALSE;
	return call->id;
}

/**
 * ferry_jmap_request_add_call:
 * @self: a request
 * @method: a method, such as `Email/get`
 * @arguments: (transfer none): its arguments, an object
 *
 * Adds a call behind those that are there.
 *
 * Returns: (transfer none): its id, for [method@JmapReply.get_result] and result references; valid
 *   as long as @self
 */
const char *
ferry_jmap_request_add_call(FerryJmapRequest *self, const char *method, FerryJmapBuilder *arguments)
{
	return add_call(self, method, ferry_jmap_builder_peek(arguments)->str,
			ferry_jmap_builder_has_creations(arguments),
			ferry_jmap_builder_has_references(arguments));
}

/**
 * ferry_jmap_request_add_call_json:
 * @self: a request
 * @method: a method
 * @arguments: its arguments, the JSON text of an object
 * @error: return location for an error
 *
 * As [method@JmapRequest.add_call], from text.
 *
 * Returns: (transfer none) (nullable): the call's id, or %NULL with %FERRY_ERROR_INVALID where
 *   @arguments is no JSON object
 */
const char *
ferry_jmap_request_add_call_json(FerryJmapRequest *self, const char *method, const char *arguments,
				 GError **error)
{
	g_autoptr(FerryJmapValue) value = ferry_jmap_value_new_from_json(arguments, -1, error);
	FerryJmapValueIter iter;
	const char *name = NULL;
	gboolean has_references = FALSE;

	if (value == NULL)
		return NULL;
	if (!ferry_jmap_value_iter_init(&iter, value, NULL) ||
	    ferry_jmap_value_get_value_type(value) != FERRY_JMAP_TYPE_OBJECT) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
				    "the arguments of a call are an object");
		return NULL;
	}
	while (ferry_jmap_value_iter_next(&iter, &name, NULL))
		has_references |= name[0] == '#';
	return add_call(self, method, arguments, ferry_jmap_value_has(value, "create"),
			has_references);
}

/**
 * ferry_jmap_request_set_repeatable:
 * @self: a request
 * @repeatable: whether to execute it twice does no harm
 *
 * Says whether the request may be sent again when it is not known whether it was executed. Without
 * this, requests that only read, update and destroy are; what creates, imports, copies or is not
 * known is not, and ends with %FERRY_JMAP_ERROR_LOST_ANSWER instead.
 */
void
ferry_jmap_request_set_repeatable(FerryJmapRequest *self, gboolean repeatable)
{
	self->repeatable = repeatable;
	self->repeatable_is_set = TRUE;
}

/**
 * ferry_jmap_request_set_begun_at:
 * @self: a request
 * @begun_at: monotonic microseconds; 0 for the time it is sent
 *
 * Says when the work began that the request is a part of. Its time runs from there, so that several
 * requests, or a request after a wait, take no longer than one; but every request has half of the
 * backend's time-out.
 */
void
ferry_jmap_request_set_begun_at(FerryJmapRequest *self, gint64 begun_at)
{
	self->begun_at = begun_at;
}

/**
 * ferry_jmap_request_get_begun_at:
 * @self: a request
 *
 * Returns: when the work began that it is a part of, in monotonic microseconds; or 0
 */
gint64
ferry_jmap_request_get_begun_at(FerryJmapRequest *self)
{
	return self->begun_at;
}

/**
 * ferry_jmap_request_get_repeatable:
 * @self: a request
 *
 * Returns: whether it may be sent again when it is not known whether it was executed
 */
gboolean
ferry_jmap_request_get_repeatable(FerryJmapRequest *self)
{
	return self->repeatable;
}

/**
 * ferry_jmap_request_get_n_calls:
 * @self: a request
 *
 * Returns: how many calls it has
 */
guint
ferry_jmap_request_get_n_calls(FerryJmapRequest *self)
{
	return self->calls->len;
}

/**
 * ferry_jmap_request_to_json:
 * @self: a request
 *
 * Returns: (transfer full): the Request object (RFC 8620 §3.3), for logs and tests
 */
char *
ferry_jmap_request_to_json(FerryJmapRequest *self)
{
	GString *out = g_string_new("{\"using\":[");
	FerryJmapUnit whole = {0, self->calls->len, 0};

	for (guint i = 0; i < self->capabilities->len; i++) {
		if (i > 0)
			g_string_append_c(out, ',');
		ferry_jmap_append_string(out, g_ptr_array_index(self->capabilities, i));
	}
	g_string_append(out, "],\"methodCalls\":[");
	ferry_jmap_request_append_calls(self, &whole, out);
	g_string_append(out, "]}");
	return g_string_free(out, FALSE);
}

/* private: capability URIs */
GPtrArray *
ferry_jmap_request_get_capabilities(FerryJmapRequest *self)
{
	return self->capabilities;
}

static void
join_units(GArray *units, guint from)
{
	FerryJmapUnit *whole = &g_array_index(units, FerryJmapUnit, from);

	for (guint i = from + 1; i < units->len; i++) {
		whole->n_calls += g_array_index(units, FerryJmapUnit, i).n_calls;
		whole->size += g_array_index(units, FerryJmapUnit, i).size;
	}
	g_array_set_size(units, from + 1);
}

/* The first unit with a call whose id is in the text of @call. An id that stands there for another
 * reason only keeps more together than need be. */
static guint
find_referenced_unit(FerryJmapRequest *self, GArray *units, const Call *call)
{
	for (guint i = 0; i < units->len; i++) {
		const FerryJmapUnit *unit = &g_array_index(units, FerryJmapUnit, i);

		for (guint j = 0; j < unit->n_calls; j++) {
			const Call *earlier = g_ptr_array_index(self->calls, unit->first + j);
			g_autofree char *quoted = g_strdup_printf("\"%s\"", earlier->id);

			if (strstr(call->json->str, quoted) != NULL)
				return i;
		}
	}
	return 0;
}

/* private */
GArray *
ferry_jmap_request_get_units(FerryJmapRequest *self)
{
	GArray *units = g_array_new(FALSE, FALSE, sizeof(FerryJmapUnit));

	for (guint i = 0; i < self->calls->len; i++) {
		const Call *call = g_ptr_array_index(self->calls, i);
		FerryJmapUnit fresh = {i, 0, 0};
		FerryJmapUnit *unit = NULL;

		/* what lies between the call that is meant and this one stays with them */
		if (call->has_references && units->len > 1)
			join_units(units, find_referenced_unit(self, units, call));
		else if (i == 0 || !call->has_references)
			g_array_append_val(units, fresh);
		unit = &g_array_index(units, FerryJmapUnit, units->len - 1);
		unit->n_calls++;
		unit->size += call->json->len + 1;
	}
	return units;
}

/* private */
void
ferry_jmap_request_append_calls(FerryJmapRequest *self, const FerryJmapUnit *unit, GString *out)
{
	for (guint i = 0; i < unit->n_calls; i++) {
		const Call *call = g_ptr_array_index(self->calls, unit->first + i);

		if (i > 0)
			g_string_append_c(out, ',');
		g_string_append_len(out, call->json->str, (gssize)call->json->len);
	}
}

/* private: the id and the method of a call, both the request's */
const char *
ferry_jmap_request_get_call(FerryJmapRequest *self, guint index, const char **method)
{
	const Call *call = g_ptr_array_index(self->calls, index);

	*method = call->method;
	return call->id;
}

/* private: the account that the request is about, as JSON has it between quotes; NULL where that
 * cannot be told */
const char *
ferry_jmap_request_get_account(FerryJmapRequest *self)
{
	return self->account;
}
