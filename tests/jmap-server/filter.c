/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The filter of Email/query
 *
 * Specification: RFC 8621 section 4.4.1, RFC 8620 section 5.5
 * Implementation: compiled once into a tree; as deep as the JSON guard lets a request nest. Text
 *   conditions match substrings.
 */
#include <string.h>

#include "filter.h"

typedef enum {
	JS_OP_AND,
	JS_OP_OR,
	JS_OP_NOT,
	JS_OP_CONDITION,
} JsOperator;

struct _JsFilter {
	JsOperator operation;
	GPtrArray *children;
	/* a condition; what is not asked for is NULL, or has its "set" bit off */
	gboolean has_in, has_before, has_after, has_min, has_max, has_attachment_set, nowhere;
	guint32 in_mailbox;
	GArray *not_only_in; /* inMailboxOtherThan */
	gint64 before, after, min_size, max_size;
	gboolean has_attachment;
	char *all_in_thread, *some_in_thread, *none_in_thread, *keyword, *not_keyword;
	char *text, *from, *to, *cc, *bcc, *subject, *body; /* folded */
	char *header, *header_value;
	JsTextCache cache; /* of the root only */
	JsFilter *root;
};

void
js_filter_free(JsFilter *self)
{
	char *strings[] = {self->all_in_thread,
			   self->some_in_thread,
			   self->none_in_thread,
			   self->keyword,
			   self->not_keyword,
			   self->text,
			   self->from,
			   self->to,
			   self->cc,
			   self->bcc,
			   self->subject,
			   self->body,
			   self->header,
			   self->header_value};

	for (guint i = 0; i < G_N_ELEMENTS(strings); i++)
		g_free(strings[i]);
	g_clear_pointer(&self->children, g_ptr_array_unref);
	g_clear_pointer(&self->not_only_in, g_array_unref);
	js_text_cache_clear(&self->cache);
	g_free(self);
}

static gboolean
js_filter_read_mailbox(JsFilter *self, JsCall *call, JsonNode *node)
{
	JsMailbox *mailbox;

	if (!js_node_is_string(node))
		return FALSE;
	mailbox = js_call_find_mailbox(call, json_node_get_string(node));
	self->has_in = TRUE;
	self->nowhere = mailbox == NULL;
	self->in_mailbox = mailbox != NULL ? mailbox->number : 0;
	return TRUE;
}

static gboolean
js_filter_read_others(JsFilter *self, JsCall *call, JsonNode *node)
{
	JsonArray *array = js_node_array(node);

	if (array == NULL)
		return FALSE;
	self->not_only_in = g_array_new(FALSE, FALSE, sizeof(guint32));
	for (guint i = 0; i < json_array_get_length(array); i++) {
		JsonNode *id = json_array_get_element(array, i);
		JsMailbox *mailbox;

		if (!js_node_is_string(id))
			return FALSE;
		mailbox = js_call_find_mailbox(call, json_node_get_string(id));
		if (mailbox != NULL)
			g_array_append_val(self->not_only_in, mailbox->number);
	}
	return TRUE;
}

static gboolean
js_filter_read_date(JsonNode *node, gint64 *seconds, gboolean *is_set)
{
	g_autoptr(GDateTime) date = NULL;

	if (js_node_is_string(node))
		date = g_date_time_new_from_iso8601(json_node_get_string(node), NULL);
	if (date == NULL)
		return FALSE;
	*seconds = g_date_time_to_unix(date);
	*is_set = TRUE;
	return TRUE;
}

static gboolean
js_filter_read_size(JsonNode *node, gint64 *size, gboolean *is_set)
{
	if (!js_node_is_int(node) || json_node_get_int(node) < 0)
		return FALSE;
	*size = json_node_get_int(node);
	*is_set = TRUE;
	return TRUE;
}

static gboolean
js_filter_read_header(JsFilter *self, JsonNode *node)
{
	JsonArray *array = js_node_array(node);
	guint len = array != NULL ? json_array_get_length(array) : 0;

	if (len < 1 || len > 2)
		return FALSE;
	for (guint i = 0; i < len; i++)
		if (!js_node_is_string(json_array_get_element(array, i)))
			return FALSE;
	self->header = g_strdup(json_array_get_string_element(array, 0));
	if (len == 2)
		self->header_value =
			js_text_dup_folded(json_array_get_string_element(array, 1), -1);
	return TRUE;
}

/* A text in quotes is a phrase, with \ before quotes, apostrophes and itself (RFC 8621 §4.4.1);
 * every other text is a phrase here too. */
static char *
js_filter_dup_phrase(const char *text)
{
	gsize length = strlen(text);
	g_autoptr(GString) phrase = g_string_sized_new(length);
	gboolean quoted =
		length >= 2 && (text[0] == '"' || text[0] == '\'') && text[length - 1] == text[0];

	for (gsize i = quoted ? 1 : 0; i < length - (quoted ? 1 : 0); i++) {
		if (quoted && text[i] == '\\' && i + 2 < length)
			i++;
		g_string_append_c(phrase, text[i]);
	}
	return js_text_dup_folded(phrase->str, (gssize)phrase->len);
}

static gboolean
js_filter_read_string(JsFilter *self, const char *key, JsonNode *node)
{
	const struct {
		const char *key;
		char **to;
		gboolean fold;
	} strings[] = {
		{"allInThreadHaveKeyword", &self->all_in_thread, FALSE},
		{"someInThreadHaveKeyword", &self->some_in_thread, FALSE},
		{"noneInThreadHaveKeyword", &self->none_in_thread, FALSE},
		{"hasKeyword", &self->keyword, FALSE},
		{"notKeyword", &self->not_keyword, FALSE},
		{"text", &self->text, TRUE},
		{"from", &self->from, TRUE},
		{"to", &self->to, TRUE},
		{"cc", &self->cc, TRUE},
		{"bcc", &self->bcc, TRUE},
		{"subject", &self->subject, TRUE},
		{"body", &self->body, TRUE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(strings) && js_node_is_string(node); i++) {
		if (strcmp(strings[i].key, key) != 0)
			continue;
		*strings[i].to = strings[i].fold ? js_filter_dup_phrase(json_node_get_string(node))
						 : g_strdup(json_node_get_string(node));
		return TRUE;
	}
	return FALSE;
}

static gboolean
js_filter_read_one(JsFilter *self, JsCall *call, const char *key, JsonNode *node)
{
	if (strcmp(key, "inMailbox") == 0)
		return js_filter_read_mailbox(self, call, node);
	if (strcmp(key, "inMailboxOtherThan") == 0)
		return js_filter_read_others(self, call, node);
	if (strcmp(key, "before") == 0)
		return js_filter_read_date(node, &self->before, &self->has_before);
	if (strcmp(key, "after") == 0)
		return js_filter_read_date(node, &self->after, &self->has_after);
	if (strcmp(key, "minSize") == 0)
		return js_filter_read_size(node, &self->min_size, &self->has_min);
	if (strcmp(key, "maxSize") == 0)
		return js_filter_read_size(node, &self->max_size, &self->has_max);
	if (strcmp(key, "header") == 0)
		return js_filter_read_header(self, node);
	if (strcmp(key, "hasAttachment") == 0 && js_node_is_bool(node)) {
		self->has_attachment_set = TRUE;
		self->has_attachment = json_node_get_boolean(node);
		return TRUE;
	}
	return js_filter_read_string(self, key, node);
}

static JsFilter *js_filter_compile_below(JsCall *call, JsonNode *node, JsFilter *root);

static gboolean
js_filter_read_operator(JsFilter *self, JsCall *call, JsonObject *object)
{
	static const char *const names[] = {"AND", "OR", "NOT"};
	const char *name = js_object_string(object, "operator");
	JsonArray *conditions = js_object_array(object, "conditions");
	guint operation = 0;

	while (operation < 3 && g_strcmp0(names[operation], name) != 0)
		operation++;
	if (operation == 3 || conditions == NULL)
		return js_call_fail(call, "invalidArguments", "filter operator");
	self->operation = (JsOperator)operation;
	self->children = g_ptr_array_new_with_free_func((GDestroyNotify)js_filter_free);
	for (guint i = 0; i < json_array_get_length(conditions); i++) {
		JsFilter *child = js_filter_compile_below(
			call, json_array_get_element(conditions, i), self->root);

		if (child == NULL)
			return FALSE;
		g_ptr_array_add(self->children, child);
	}
	return TRUE;
}

static JsFilter *
js_filter_compile_below(JsCall *call, JsonNode *node, JsFilter *root)
{
	g_autoptr(JsFilter) self = g_new0(JsFilter, 1);
	JsonObject *object = js_node_object(node);
	JsonObjectIter iter;
	const char *key;
	JsonNode *value;

	self->root = root != NULL ? root : self;
	self->operation = JS_OP_CONDITION;
	if (object == NULL && !js_node_is_null(node)) {
		js_call_invalid(call, "filter");
		return NULL;
	}
	if (object == NULL)
		return g_steal_pointer(&self);
	if (json_object_has_member(object, "operator"))
		return js_filter_read_operator(self, call, object) ? g_steal_pointer(&self) : NULL;
	json_object_iter_init_ordered(&iter, object);
	while (json_object_iter_next_ordered(&iter, &key, &value))
		if (!js_node_is_null(value) && !js_filter_read_one(self, call, key, value)) {
			js_call_fail(call, "unsupportedFilter", "%s", key);
			return NULL;
		}
	return g_steal_pointer(&self);
}

/* Returns NULL with the call failed when the filter is wrong. */
JsFilter *
js_filter_compile(JsCall *call, JsonNode *node)
{
	return js_filter_compile_below(call, node, NULL);
}

static gboolean
js_filter_matches_thread(JsFilter *self, JsCall *call, JsEmail *email)
{
	JsThread *thread = js_account_get_thread(call->account, email->thread);
	gboolean all = TRUE, some = FALSE, none = TRUE;

	for (guint i = 0; i < thread->emails->len; i++) {
		guint32 number = g_array_index(thread->emails, guint32, i);
		JsEmail *other = js_account_get_email(call->account, number);

		if (self->all_in_thread != NULL)
			all = all && js_email_has_keyword(other, self->all_in_thread, call->slot);
		if (self->some_in_thread != NULL)
			some = some ||
			       js_email_has_keyword(other, self->some_in_thread, call->slot);
		if (self->none_in_thread != NULL)
			none = none &&
			       !js_email_has_keyword(other, self->none_in_thread, call->slot);
	}
	return all && none && (some || self->some_in_thread == NULL);
}

static gboolean
js_filter_matches_place(JsFilter *self, JsEmail *email)
{
	if (self->has_in && (self->nowhere || !js_email_is_in(email, self->in_mailbox)))
		return FALSE;
	if (self->not_only_in == NULL)
		return TRUE;
	for (guint i = 0; i < email->n_boxes; i++) {
		gboolean listed = FALSE;

		for (guint k = 0; k < self->not_only_in->len; k++)
			listed = listed ||
				 g_array_index(self->not_only_in, guint32, k) == email->boxes[i];
		if (!listed)
			return TRUE;
	}
	return FALSE;
}

static gboolean
js_filter_matches_metadata(JsFilter *self, JsCall *call, JsEmail *email)
{
	gint64 size = (gint64)email->blob->size;

	if (!js_filter_matches_place(self, email))
		return FALSE;
	if ((self->has_before && email->received_at >= self->before) ||
	    (self->has_after && email->received_at < self->after) ||
	    (self->has_min && size < self->min_size) || (self->has_max && size >= self->max_size))
		return FALSE;
	if (self->keyword != NULL && !js_email_has_keyword(email, self->keyword, call->slot))
		return FALSE;
	if (self->not_keyword != NULL && js_email_has_keyword(email, self->not_keyword, call->slot))
		return FALSE;
	if ((self->all_in_thread != NULL || self->some_in_thread != NULL ||
	     self->none_in_thread != NULL) &&
	    !js_filter_matches_thread(self, call, email))
		return FALSE;
	return !self->has_attachment_set ||
	       js_email_get_has_attachment(email) == self->has_attachment;
}

static gboolean
js_filter_matches_anywhere(JsTextCache *cache, const char *needle)
{
	static const char *const fields[] = {"From", "To", "Cc", "Bcc", "Subject"};

	for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
		if (js_text_cache_field_contains(cache, fields[i], needle))
			return TRUE;
	return js_text_cache_body_contains(cache, needle);
}

static gboolean
js_filter_matches_text(JsFilter *self, JsEmail *email)
{
	JsTextCache *cache = &self->root->cache;
	const struct {
		const char *field, *needle;
	} fields[] = {{"From", self->from},
		      {"To", self->to},
		      {"Cc", self->cc},
		      {"Bcc", self->bcc},
		      {"Subject", self->subject}};

	if (self->text == NULL && self->from == NULL && self->to == NULL && self->cc == NULL &&
	    self->bcc == NULL && self->subject == NULL && self->body == NULL &&
	    self->header == NULL)
		return TRUE;
	js_text_cache_load(cache, email);
	for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
		if (fields[i].needle != NULL &&
		    !js_text_cache_field_contains(cache, fields[i].field, fields[i].needle))
			return FALSE;
	if (self->header != NULL &&
	    !(self->header_value != NULL
		      ? js_text_cache_field_contains(cache, self->header, self->header_value)
		      : js_text_cache_has_field(cache, self->header)))
		return FALSE;
	if (self->body != NULL && !js_text_cache_body_contains(cache, self->body))
		return FALSE;
	return self->text == NULL || js_filter_matches_anywhere(cache, self->text);
}

gboolean
js_filter_matches(JsFilter *self, JsCall *call, JsEmail *email)
{
	gboolean any = FALSE;

	if (self->operation == JS_OP_CONDITION)
		return js_filter_matches_metadata(self, call, email) &&
		       js_filter_matches_text(self, email);
	for (guint i = 0; i < self->children->len; i++) {
		any = js_filter_matches(g_ptr_array_index(self->children, i), call, email);
		if (any != (self->operation == JS_OP_AND))
			break;
	}
	if (self->children->len == 0)
		return self->operation != JS_OP_OR;
	return self->operation == JS_OP_NOT ? !any : any;
}

/* The words of text and body (or subject) conditions that are not negated, for snippets. */
void
js_filter_list_words(JsFilter *self, GPtrArray *words)
{
	char *found[] = {self->text, self->subject, self->body};

	for (guint i = 0; i < G_N_ELEMENTS(found); i++)
		if (found[i] != NULL && *found[i] != '\0')
			g_ptr_array_add(words, found[i]);
	for (guint i = 0;
	     self->operation != JS_OP_NOT && self->children != NULL && i < self->children->len; i++)
		js_filter_list_words(g_ptr_array_index(self->children, i), words);
}
