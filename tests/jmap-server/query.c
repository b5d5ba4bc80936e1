/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Email/query, Email/queryChanges; Thread/get, Thread/changes
 *
 * Specification: RFC 8621 sections 3, 4.4 and 4.5
 * Implementation: ties end with the order of the ids; text sort keys are made once an Email
 */
#include <string.h>

#include "filter.h"
#include "mime-header.h"

typedef enum {
	JS_SORT_RECEIVED_AT,
	JS_SORT_SIZE,
	JS_SORT_FROM,
	JS_SORT_TO,
	JS_SORT_SUBJECT,
	JS_SORT_SENT_AT,
	JS_SORT_KEYWORD,
	JS_SORT_ALL_IN_THREAD,
	JS_SORT_SOME_IN_THREAD,
} JsSortKind;

static const char *const js_sort_names[] = {"receivedAt",
					    "size",
					    "from",
					    "to",
					    "subject",
					    "sentAt",
					    "hasKeyword",
					    "allInThreadHaveKeyword",
					    "someInThreadHaveKeyword"};

#define JS_MAX_SORTS 8

typedef struct {
	JsSortKind kind;
	gboolean descending;
	const char *keyword;
} JsSortBy;

typedef struct {
	guint32 number;
	JsEmail *email;
	struct {
		gint64 number;
		char *text;
	} keys[JS_MAX_SORTS];
} JsSortRow;

typedef struct {
	JsSortBy by[JS_MAX_SORTS];
	guint n;
} JsSort;

static gboolean
js_sort_read_one(JsCall *call, JsSort *sort, JsonObject *object)
{
	const char *property = js_object_string(object, "property");
	JsSortBy *by = &sort->by[sort->n];
	guint kind = 0;

	if (property == NULL)
		return js_call_invalid(call, "sort");
	while (kind < G_N_ELEMENTS(js_sort_names) && strcmp(js_sort_names[kind], property) != 0)
		kind++;
	if (kind == G_N_ELEMENTS(js_sort_names))
		return js_call_fail(call, "unsupportedSort", "%s", property);
	by->kind = (JsSortKind)kind;
	by->descending = !js_object_bool(object, "isAscending", TRUE);
	by->keyword = js_object_string(object, "keyword");
	if (kind >= JS_SORT_KEYWORD && by->keyword == NULL)
		return js_call_invalid(call, "sort");
	sort->n++;
	return TRUE;
}

static gboolean
js_sort_read(JsCall *call, JsSort *sort)
{
	JsonNode *node = js_object_node(call->args, "sort");
	JsonArray *array = js_node_array(node);

	sort->n = 0;
	if (js_node_is_null(node))
		return TRUE;
	if (array == NULL)
		return js_call_invalid(call, "sort");
	if (json_array_get_length(array) > JS_MAX_SORTS)
		return js_call_fail(call, "unsupportedSort", "too many");
	for (guint i = 0; i < json_array_get_length(array); i++)
		if (!js_sort_read_one(call, sort, js_node_object(json_array_get_element(array, i))))
			return FALSE;
	return TRUE;
}

/* RFC 8621 section 4.4.2: the name of the first address, or the address itself */
static char *
js_sort_dup_address(JsMessage *message, const char *field)
{
	const JsHeader *header =
		js_message_find_header(message, js_message_get_root(message), field, 0);
	g_autoptr(GPtrArray) list = NULL;

	if (header == NULL)
		return g_strdup("");
	list = js_mime_parse_addresses(header->value, header->value_len);
	for (guint i = 0; i < list->len; i++) {
		JsAddress *address = g_ptr_array_index(list, i);

		if (address->email != NULL)
			return js_text_dup_folded(
				address->name != NULL ? address->name : address->email, -1);
	}
	return g_strdup("");
}

static void
js_sort_make_text(JsSortRow *row, guint i, JsSortKind kind, JsMessage *message)
{
	JsPart *root = js_message_get_root(message);
	const JsHeader *header;
	int offset = 0;

	if (kind == JS_SORT_FROM || kind == JS_SORT_TO) {
		row->keys[i].text =
			js_sort_dup_address(message, kind == JS_SORT_FROM ? "From" : "To");
	} else if (kind == JS_SORT_SUBJECT) {
		g_autofree char *subject = NULL;

		header = js_message_find_header(message, root, "Subject", 0);
		if (header != NULL)
			subject = js_mime_decode_text(header->value, header->value_len);
		row->keys[i].text = js_mime_dup_base_subject(subject != NULL ? subject : "");
	} else {
		header = js_message_find_header(message, root, "Date", 0);
		row->keys[i].number = row->email->received_at;
		if (header != NULL)
			js_mime_parse_date(header->value, header->value_len, &row->keys[i].number,
					   &offset);
	}
}

static gint64
js_sort_count_thread(JsCall *call, JsEmail *email, const JsSortBy *by)
{
	JsThread *thread = js_account_get_thread(call->account, email->thread);
	guint having = 0;

	for (guint i = 0; i < thread->emails->len; i++) {
		guint32 number = g_array_index(thread->emails, guint32, i);

		having += js_email_has_keyword(js_account_get_email(call->account, number),
					       by->keyword, call->slot);
	}
	return by->kind == JS_SORT_ALL_IN_THREAD ? having == thread->emails->len : having > 0;
}

static void
js_sort_make_keys(JsCall *call, const JsSort *sort, JsSortRow *row)
{
	JsTextCache cache = {NULL};

	for (guint i = 0; i < sort->n; i++) {
		const JsSortBy *by = &sort->by[i];

		switch (by->kind) {
		case JS_SORT_RECEIVED_AT:
			row->keys[i].number = row->email->received_at;
			break;
		case JS_SORT_SIZE:
			row->keys[i].number = (gint64)row->email->blob->size;
			break;
		case JS_SORT_KEYWORD:
			row->keys[i].number =
				js_email_has_keyword(row->email, by->keyword, call->slot);
			break;
		case JS_SORT_ALL_IN_THREAD:
		case JS_SORT_SOME_IN_THREAD:
			row->keys[i].number = js_sort_count_thread(call, row->email, by);
			break;
		default:
			js_text_cache_load(&cache, row->email);
			js_sort_make_text(row, i, by->kind, cache.header);
		}
	}
	js_text_cache_clear(&cache);
}

static gint
js_sort_compare(gconstpointer a, gconstpointer b, gpointer data)
{
	const JsSortRow *x = a, *y = b;
	const JsSort *sort = data;

	for (guint i = 0; i < sort->n; i++) {
		gint order;

		if (x->keys[i].text != NULL)
			order = strcmp(x->keys[i].text, y->keys[i].text);
		else
			order = (x->keys[i].number > y->keys[i].number) -
				(x->keys[i].number < y->keys[i].number);
		if (order != 0)
			return sort->by[i].descending ? -order : order;
	}
	return (x->number > y->number) - (x->number < y->number);
}

static void
js_sort_row_clear(gpointer data)
{
	JsSortRow *row = data;

	for (guint i = 0; i < JS_MAX_SORTS; i++)
		g_free(row->keys[i].text);
}

static void
js_collect_result(GArray *rows, GArray *result, gboolean collapse)
{
	g_autoptr(GHashTable) threads = g_hash_table_new(NULL, NULL);

	for (guint i = 0; i < rows->len; i++) {
		JsSortRow *row = &g_array_index(rows, JsSortRow, i);

		if (collapse && !g_hash_table_add(threads, GUINT_TO_POINTER(row->email->thread)))
			continue;
		g_array_append_val(result, row->number);
	}
}

/* Fills @result with the numbers of all Emails that match, in order. */
gboolean
js_email_run_query(JsCall *call, GArray *result, gboolean collapse)
{
	g_autoptr(JsFilter) filter = js_filter_compile(call, js_object_node(call->args, "filter"));
	g_autoptr(GArray) rows = NULL;
	JsSort sort;

	if (filter == NULL || !js_sort_read(call, &sort))
		return FALSE;
	rows = g_array_new(FALSE, TRUE, sizeof(JsSortRow));
	g_array_set_clear_func(rows, js_sort_row_clear);
	for (guint32 i = 1; i < call->account->emails->len; i++) {
		JsSortRow row = {i, js_account_get_email(call->account, i)};

		if (row.email == NULL ||
		    (js_account_get_viewers(call->account, row.email) >> call->slot & 1) == 0 ||
		    !js_filter_matches(filter, call, row.email))
			continue;
		js_sort_make_keys(call, &sort, &row);
		g_array_append_val(rows, row);
	}
	g_array_sort_with_data(rows, js_sort_compare, &sort);
	js_collect_result(rows, result, collapse);
	return TRUE;
}

gboolean
js_email_query(JsCall *call)
{
	g_autoptr(GArray) result = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_autofree char *state = js_account_dup_state(call->account, JS_TYPE_EMAIL);
	gboolean collapse = js_object_bool(call->args, "collapseThreads", FALSE);
	JsWindow window;

	return js_call_get_window(call, &window) && js_email_run_query(call, result, collapse) &&
	       js_write_window(call, &window, result, 'M', state, TRUE);
}

/* With collapseThreads a change of one Email may bring another of its thread to the front. */
static void
js_add_threads(JsCall *call, GArray *touched)
{
	g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);
	guint n = touched->len;

	for (guint i = 0; i < n; i++)
		g_hash_table_add(known, GUINT_TO_POINTER(g_array_index(touched, guint32, i)));
	for (guint i = 0; i < n; i++) {
		JsEmail *email =
			js_account_get_email(call->account, g_array_index(touched, guint32, i));
		JsThread *thread =
			email != NULL ? js_account_get_thread(call->account, email->thread) : NULL;

		for (guint k = 0; thread != NULL && k < thread->emails->len; k++) {
			guint32 other = g_array_index(thread->emails, guint32, k);

			if (g_hash_table_add(known, GUINT_TO_POINTER(other)))
				g_array_append_val(touched, other);
		}
	}
}

gboolean
js_email_query_changes(JsCall *call)
{
	g_autoptr(GArray) result = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_auto(JsChanges) changes = {0};
	gboolean collapse = js_object_bool(call->args, "collapseThreads", FALSE);
	guint64 since = 0;

	if (!js_call_query_since(call, JS_TYPE_EMAIL, &since) ||
	    !js_email_run_query(call, result, collapse))
		return FALSE;
	if (!js_log_get_changes(&call->account->logs[JS_TYPE_EMAIL], since, 0, call->slot,
				&changes))
		return js_call_fail(call, "cannotCalculateChanges", NULL);
	/* a thread that lost an Email is not known any more: its others cannot be found */
	if (collapse && changes.destroyed->len > 0)
		return js_call_fail(call, "cannotCalculateChanges", NULL);
	g_array_append_vals(changes.updated, changes.created->data, changes.created->len);
	g_array_append_vals(changes.updated, changes.destroyed->data, changes.destroyed->len);
	if (collapse)
		js_add_threads(call, changes.updated);
	return js_write_query_changes(call, JS_TYPE_EMAIL, 'M', result, changes.updated, since);
}

static gboolean
js_thread_write(JsCall *call, guint32 number, gboolean with_emails)
{
	JsThread *thread = js_account_get_thread(call->account, number);
	char buffer[16];

	if (thread == NULL ||
	    (js_account_get_thread_viewers(call->account, thread) >> call->slot & 1) == 0)
		return FALSE;
	js_json_open(call->out, '{');
	js_json_kv_string(call->out, "id", js_id_format('T', number, buffer));
	if (with_emails) {
		js_json_key(call->out, "emailIds");
		js_json_open(call->out, '[');
		for (guint i = 0; i < thread->emails->len; i++) {
			guint32 email = g_array_index(thread->emails, guint32, i);

			if ((js_account_get_viewers(call->account,
						    js_account_get_email(call->account, email)) >>
				     call->slot &
			     1) != 0)
				js_json_string(call->out, js_id_format('M', email, buffer));
		}
		js_json_close(call->out, ']');
	}
	js_json_close(call->out, '}');
	return TRUE;
}

gboolean
js_thread_get(JsCall *call)
{
	static const char *const known[] = {"id", "emailIds", NULL};
	g_autoptr(GHashTable) wanted = NULL;
	g_autoptr(GString) missing = g_string_new("[");
	JsonArray *ids;

	if (!js_call_get_ids(call, "ids", &ids) ||
	    !js_call_get_properties(call, "properties", known, &wanted))
		return FALSE;
	if (ids == NULL && call->account->threads->len > call->server->limits[JS_LIMIT_GET].value)
		return js_call_fail(call, "requestTooLarge", NULL);
	js_json_open(call->out, '{');
	js_write_account(call);
	js_write_state(call, "state", JS_TYPE_THREAD);
	js_json_key(call->out, "list");
	js_json_open(call->out, '[');
	for (guint32 i = 1; ids == NULL && i < call->account->threads->len; i++)
		js_thread_write(call, i, js_wants(wanted, "emailIds"));
	for (guint i = 0; ids != NULL && i < json_array_get_length(ids); i++) {
		const char *id = json_array_get_string_element(ids, i);
		guint32 number = 0;

		if (!js_id_parse(id, 'T', &number) ||
		    !js_thread_write(call, number, js_wants(wanted, "emailIds")))
			js_json_string(missing, id);
	}
	js_json_close(call->out, ']');
	js_json_key(call->out, "notFound");
	js_json_raw(call->out, missing->str, -1);
	js_json_close(call->out, ']');
	js_json_close(call->out, '}');
	return TRUE;
}

gboolean
js_thread_changes(JsCall *call)
{
	return js_run_changes(call, JS_TYPE_THREAD, 'T', NULL);
}
