/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan of a SEARCH, and its verdict on a message
 *
 * Specification: RFC 9051 §6.4.4, RFC 3501 §6.4.4
 * Implementation: the program becomes a tree; each key says what it needs. A verdict has three
 *   values, so that a message is read only where what is at hand does not decide.
 */
#include "imap/search-private.h"

typedef struct {
	gpointer data;
	GDestroyNotify destroy;
} KeyData;

struct _FerryImapSearch {
	GObject parent_instance;
	FerryImapCommand *command; /* not owned: it owns us; NULL when it is gone */
	SearchNode *root;
	GHashTable *key_data;   /* arguments to KeyData */
	GHashTable *filters;    /* arguments to FerryJmapValue */
	GPtrArray *server_keys; /* (element-type SearchNode), borrowed */
	SearchNode *planning;   /* the key whose prepare function runs */
	guint fuzzy;            /* how many keys around it want an index to decide */
	char *charset;
	FerryNeeds needs;
	FerryNeeds light_needs; /* of the keys that do without the whole message */
	guint n_keys;
	GArray *uids;
	GArray *numbers;
	gboolean lost;
	gboolean extended;
	FerryImapValue *returns; /* nullable; the command's */
	FerryImapWindow window;
};

G_DEFINE_FINAL_TYPE(FerryImapSearch, ferry_imap_search, G_TYPE_OBJECT)

/* keys of one program; clients that search for each of hundreds of Message-IDs exist */
#define MAX_KEYS 2000

static void
search_node_free(SearchNode *node)
{
	g_clear_pointer(&node->children, g_ptr_array_unref);
	g_clear_pointer(&node->uids, ferry_uid_set_unref);
	g_clear_pointer(&node->filter, ferry_jmap_value_unref);
	g_clear_pointer(&node->server_uids, ferry_uid_set_unref);
	g_free(node);
}

static void
key_data_free(KeyData *self)
{
	if (self->destroy != NULL)
		self->destroy(self->data);
	g_free(self);
}

static void
ferry_imap_search_finalize(GObject *object)
{
	FerryImapSearch *self = FERRY_IMAP_SEARCH(object);

	g_clear_weak_pointer(&self->command);
	g_clear_pointer(&self->root, search_node_free);
	g_hash_table_unref(self->key_data);
	g_hash_table_unref(self->filters);
	g_ptr_array_unref(self->server_keys);
	g_clear_pointer(&self->uids, g_array_unref);
	g_clear_pointer(&self->numbers, g_array_unref);
	g_free(self->charset);
	G_OBJECT_CLASS(ferry_imap_search_parent_class)->finalize(object);
}

static void
ferry_imap_search_class_init(FerryImapSearchClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = ferry_imap_search_finalize;
}

static void
ferry_imap_search_init(FerryImapSearch *self)
{
	self->key_data = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)key_data_free);
	self->filters =
		g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)ferry_jmap_value_unref);
	self->server_keys = g_ptr_array_new();
	self->uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	self->numbers = g_array_new(FALSE, FALSE, sizeof(guint32));
}

/**
 * ferry_imap_search_new:
 * @command: the command that searches; it keeps the search as its operation
 *
 * Returns: (transfer full): a search without a program
 */
FerryImapSearch *
ferry_imap_search_new(FerryImapCommand *command)
{
	FerryImapSearch *self = g_object_new(FERRY_TYPE_IMAP_SEARCH, NULL);

	g_set_weak_pointer(&self->command, command);
	return self;
}

/**
 * ferry_imap_search_get_command:
 *
 * Returns: (transfer none): the command that searches; %NULL when it is gone, for who kept the
 *   search longer
 */
FerryImapCommand *
ferry_imap_search_get_command(FerryImapSearch *self)
{
	return self->command;
}

/**
 * ferry_imap_search_get_session:
 *
 * Returns: (transfer none): its session
 */
FerryImapSession *
ferry_imap_search_get_session(FerryImapSearch *self)
{
	return self->command != NULL ? ferry_imap_command_get_session(self->command) : NULL;
}

/**
 * ferry_imap_search_add_need:
 * @needs: what must be at hand about a message before the key is asked
 *
 * For prepare functions of keys whose arguments decide what they need, beside what they were
 * registered with.
 */
void
ferry_imap_search_add_need(FerryImapSearch *self, FerryNeeds needs)
{
	g_return_if_fail(self->planning != NULL);
	self->planning->needs |= needs;
}

/* What a prepare function keeps for its match function. */
void
ferry_imap_search_set_key_data(FerryImapSearch *self, FerryImapValue *arguments, gpointer data,
			       GDestroyNotify destroy)
{
	KeyData *entry = g_new0(KeyData, 1);

	entry->data = data;
	entry->destroy = destroy;
	g_hash_table_replace(self->key_data, arguments, entry);
}

gpointer
ferry_imap_search_get_key_data(FerryImapSearch *self, FerryImapValue *arguments)
{
	KeyData *entry = g_hash_table_lookup(self->key_data, arguments);

	return entry != NULL ? entry->data : NULL;
}

/* Says which filter of Email/query answers a key; where many messages would have to be read, it
 * may. */
void
ferry_imap_search_set_filter(FerryImapSearch *self, FerryImapValue *arguments,
			     FerryJmapValue *filter)
{
	g_hash_table_replace(self->filters, arguments, ferry_jmap_value_ref(filter));
}

/**
 * ferry_imap_search_dup_text:
 * @text: a string of the program
 * @error: return location; %FERRY_ERROR_INVALID where it is not in the charset that was named
 *
 * Returns: (transfer full): the string in UTF-8
 */
char *
ferry_imap_search_dup_text(FerryImapSearch *self, FerryImapValue *text, GError **error)
{
	const char *octets = ferry_imap_value_get_text(text);
	const char *charset = self->charset != NULL ? self->charset : "UTF-8";
	g_autofree char *utf8 = g_convert(octets, -1, "UTF-8", charset, NULL, NULL, NULL);

	if (utf8 == NULL || !g_utf8_validate(utf8, -1, NULL)) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_INVALID,
			    "a search string is not in %s; name its charset with CHARSET", charset);
		return NULL;
	}
	return g_steal_pointer(&utf8);
}

/* RFC 9755 §3: strings are in UTF-8 then, another name contradicts; rev2 allows it again. */
static gboolean
contradicts_utf8(FerryImapSearch *self, const char *charset)
{
	FerryImapSession *session = ferry_imap_search_get_session(self);

	return ferry_imap_session_is_enabled(session, "UTF8=ACCEPT") &&
	       !ferry_imap_session_is_enabled(session, "IMAP4REV2") &&
	       g_ascii_strcasecmp(charset, "UTF-8") != 0;
}

static gboolean
set_charset(FerryImapSearch *self, FerryImapValue *charset, GError **error)
{
	g_autofree char *probe = NULL;

	if (charset == NULL)
		return TRUE;
	if (contradicts_utf8(self, ferry_imap_value_get_text(charset))) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
				    "the charset is UTF-8 after ENABLE UTF8=ACCEPT");
		return FALSE;
	}
	/* to g_convert() an empty name is the charset of this process */
	if (*ferry_imap_value_get_text(charset) != '\0')
		probe = g_convert("a", 1, "UTF-8", ferry_imap_value_get_text(charset), NULL, NULL,
				  NULL);
	if (probe == NULL) {
		ferry_imap_command_set_response_code(self->command, "BADCHARSET (UTF-8 US-ASCII)");
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_BAD_CHARSET,
				    "the charset is not known here");
		return FALSE;
	}
	self->charset = g_strdup(ferry_imap_value_get_text(charset));
	return TRUE;
}

static SearchNode *plan_node(FerryImapSearch *self, FerryImapValue *value, gboolean exact,
			     GError **error);

static gboolean
plan_children(FerryImapSearch *self, SearchNode *node, FerryImapValue *value, gboolean exact,
	      GError **error)
{
	node->children = g_ptr_array_new_with_free_func((GDestroyNotify)search_node_free);
	for (guint i = 0; i < ferry_imap_value_get_n_children(value); i++) {
		SearchNode *child =
			plan_node(self, ferry_imap_value_get_child(value, i), exact, error);

		if (child == NULL)
			return FALSE;
		g_ptr_array_add(node->children, child);
	}
	return TRUE;
}

static gboolean
plan_set(FerryImapSearch *self, SearchNode *node, FerryImapValue *value, GError **error)
{
	FerryImapSet *set = ferry_imap_value_get_set(ferry_imap_value_get_child(value, 0));

	node->uids = ferry_imap_search_resolve(self, set, FALSE, error);
	if (node->uids == NULL)
		return FALSE;
	node->kind = SEARCH_SET;
	return TRUE;
}

static gboolean
plan_key(FerryImapSearch *self, SearchNode *node, FerryImapValue *value, gboolean exact,
	 GError **error)
{
	const FerryContribution *contribution = ferry_imap_value_get_contribution(value);
	FerrySearchPrepareFunc prepare = (FerrySearchPrepareFunc)contribution->prepare;
	SearchNode *around = self->planning;
	FerryJmapValue *filter;
	gboolean good;

	node->kind = SEARCH_KEY;
	node->contribution = contribution;
	node->arguments = value;
	node->exact = exact;
	node->fuzzy = self->fuzzy > 0 && !exact;
	node->needs = contribution->flags;
	self->planning = node;
	good = prepare == NULL || prepare(self, value, contribution->user_data, error);
	self->planning = around;
	self->needs |= node->needs;
	if (!(node->needs & FERRY_NEEDS_RAW))
		self->light_needs |= node->needs;
	if (!good)
		return FALSE;
	filter = g_hash_table_lookup(self->filters, value);
	if (filter != NULL) {
		node->filter = ferry_jmap_value_ref(filter);
		if (!exact)
			g_ptr_array_add(self->server_keys, node);
	}
	return TRUE;
}

/* The depth of a program is bounded by the grammar. */
static SearchNode *
plan_node(FerryImapSearch *self, FerryImapValue *value, gboolean exact, GError **error)
{
	SearchNode *node = g_new0(SearchNode, 1);
	gboolean good;

	if (++self->n_keys > MAX_KEYS) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_LIMIT,
			    "more than %d search keys in a command", MAX_KEYS);
		search_node_free(node);
		return NULL;
	}
	if (ferry_imap_value_get_contribution(value) != NULL) {
		good = plan_key(self, node, value, exact, error);
	} else if (ferry_imap_value_is(value, "SET")) {
		good = plan_set(self, node, value, error);
	} else {
		node->kind = ferry_imap_value_is(value, "OR")    ? SEARCH_OR
			     : ferry_imap_value_is(value, "NOT") ? SEARCH_NOT
								 : SEARCH_AND;
		good = plan_children(self, node, value, exact || node->kind == SEARCH_NOT, error);
	}
	if (good)
		return node;
	search_node_free(node);
	return NULL;
}

/**
 * ferry_imap_search_stand_for:
 * @key: a search-key among the arguments of the key
 * @fuzzy: whether the backend's index is to decide on it (RFC 6203 §3), where it can
 * @error: return location
 *
 * For prepare functions of keys that take another key: the other one decides. Under NOT nothing is
 * left to an index.
 *
 * Returns: %FALSE with @error set where @key is not acceptable
 */
gboolean
ferry_imap_search_stand_for(FerryImapSearch *self, FerryImapValue *key, gboolean fuzzy,
			    GError **error)
{
	SearchNode *node = self->planning;
	SearchNode *child;

	g_return_val_if_fail(node != NULL && node->children == NULL, FALSE);
	self->fuzzy += fuzzy;
	child = plan_node(self, key, node->exact, error);
	self->fuzzy -= fuzzy;
	if (child == NULL)
		return FALSE;
	node->kind = SEARCH_AND;
	node->children = g_ptr_array_new_with_free_func((GDestroyNotify)search_node_free);
	g_ptr_array_add(node->children, child);
	return TRUE;
}

/**
 * ferry_imap_search_is_fuzzy:
 *
 * For prepare functions of keys.
 *
 * Returns: whether the backend's index is to decide on the key
 */
gboolean
ferry_imap_search_is_fuzzy(FerryImapSearch *self)
{
	return self->planning != NULL && self->planning->fuzzy;
}

gboolean
ferry_imap_search_plan(FerryImapSearch *self, FerryImapValue *charset, FerryImapValue *program,
		       GError **error)
{
	if (!set_charset(self, charset, error))
		return FALSE;
	self->root = plan_node(self, program, FALSE, error);
	return self->root != NULL;
}

/* An index may not know the youngest messages yet; those are read. In seconds. */
#define INDEX_DELAY 3600

static gboolean
is_young(FerryImapMessage *message)
{
	const FerryMessageRow *row = ferry_imap_message_get_row(message);
	gint64 since = g_get_real_time() / G_USEC_PER_SEC - INDEX_DELAY;

	return row->received_at >= since || row->saved_at >= since;
}

static SearchVerdict
judge_key(FerryImapSearch *self, SearchNode *node, FerryImapMessage *message, FerryNeeds have)
{
	FerrySearchMatchFunc match = (FerrySearchMatchFunc)node->contribution->func;

	if (node->server_uids != NULL &&
	    ferry_imap_message_get_uid(message) < node->server_uidnext) {
		gboolean found = ferry_uid_set_contains(node->server_uids,
							ferry_imap_message_get_uid(message));

		if (found && node->fuzzy)
			return SEARCH_TRUE;
		if (!is_young(message))
			return found ? SEARCH_TRUE : SEARCH_FALSE;
	}
	if (node->needs & ~have)
		return SEARCH_UNKNOWN;
	return match(self, message, node->arguments, node->contribution->user_data) ? SEARCH_TRUE
										    : SEARCH_FALSE;
}

static SearchVerdict
judge(FerryImapSearch *self, SearchNode *node, FerryImapMessage *message, FerryNeeds have)
{
	SearchVerdict decisive = node->kind == SEARCH_OR ? SEARCH_TRUE : SEARCH_FALSE;
	SearchVerdict verdict = node->kind == SEARCH_OR ? SEARCH_FALSE : SEARCH_TRUE;

	switch (node->kind) {
	case SEARCH_KEY:
		return judge_key(self, node, message, have);
	case SEARCH_SET:
		return ferry_uid_set_contains(node->uids, ferry_imap_message_get_uid(message))
			       ? SEARCH_TRUE
			       : SEARCH_FALSE;
	case SEARCH_NOT:
		verdict = judge(self, g_ptr_array_index(node->children, 0), message, have);
		return verdict == SEARCH_UNKNOWN ? SEARCH_UNKNOWN
		       : verdict == SEARCH_TRUE  ? SEARCH_FALSE
						 : SEARCH_TRUE;
	case SEARCH_AND:
	case SEARCH_OR:
		break;
	}
	for (guint i = 0; i < node->children->len; i++) {
		SearchVerdict child =
			judge(self, g_ptr_array_index(node->children, i), message, have);

		if (child == decisive)
			return decisive;
		if (child == SEARCH_UNKNOWN)
			verdict = SEARCH_UNKNOWN;
	}
	return verdict;
}

/* Whether a message matches, as far as @have decides. */
SearchVerdict
ferry_imap_search_judge(FerryImapSearch *self, FerryImapMessage *message, FerryNeeds have)
{
	return judge(self, self->root, message, have);
}

FerryNeeds
ferry_imap_search_get_needs(FerryImapSearch *self)
{
	return self->needs;
}

/* What decides all keys that do without the whole message. */
FerryNeeds
ferry_imap_search_get_light_needs(FerryImapSearch *self)
{
	return self->light_needs;
}

/* Keys that Email/query may answer. */
GPtrArray *
ferry_imap_search_get_server_keys(FerryImapSearch *self)
{
	return self->server_keys;
}

void
ferry_imap_search_set_result(FerryImapSearch *self, GArray *uids, GArray *numbers)
{
	g_array_unref(self->uids);
	g_array_unref(self->numbers);
	self->uids = g_array_ref(uids);
	self->numbers = g_array_ref(numbers);
}

/* Some message was gone before it could be read. */
void
ferry_imap_search_set_lost(FerryImapSearch *self)
{
	self->lost = TRUE;
}

gboolean
ferry_imap_search_has_lost(FerryImapSearch *self)
{
	return self->lost;
}

/* How the answer is to be told: as ESEARCH with the options @returns, or not. */
void
ferry_imap_search_set_returns(FerryImapSearch *self, gboolean extended, FerryImapValue *returns)
{
	self->extended = extended;
	self->returns = returns;
}

/**
 * ferry_imap_search_is_extended:
 *
 * Returns: whether the answer is an ESEARCH response (RFC 4731)
 */
gboolean
ferry_imap_search_is_extended(FerryImapSearch *self)
{
	return self->extended;
}

/**
 * ferry_imap_search_returns:
 * @name: a return option, in capitals
 *
 * Returns: whether the client named it
 */
gboolean
ferry_imap_search_returns(FerryImapSearch *self, const char *name)
{
	for (guint i = 0;
	     self->returns != NULL && i < ferry_imap_value_get_n_children(self->returns); i++) {
		if (ferry_imap_value_is(ferry_imap_value_get_child(self->returns, i), name))
			return TRUE;
	}
	return FALSE;
}

/* What the client wants to be told; NULL: nothing was said about it. */
FerryImapValue *
ferry_imap_search_get_returns(FerryImapSearch *self)
{
	return self->returns;
}

/* The part of the results that is told. */
FerryImapWindow *
ferry_imap_search_peek_window(FerryImapSearch *self)
{
	return &self->window;
}

static void
reorder(GArray **array, const guint32 *order)
{
	GArray *ordered = g_array_sized_new(FALSE, FALSE, sizeof(guint32), (*array)->len);

	g_array_set_size(ordered, (*array)->len);
	for (guint i = 0; i < ordered->len; i++)
		g_array_index(ordered, guint32, i) = g_array_index(*array, guint32, order[i]);
	g_array_unref(*array);
	*array = ordered;
}

/**
 * ferry_imap_search_set_order:
 * @self: a search that ran
 * @order: (array length=n_matches): for each place in the answer the index of the match that stands
 *   there; a permutation of 0 to @n_matches - 1
 * @n_matches: as many as there are matches
 *
 * Puts the matches into the order of the answer (RFC 5267 §3): the arrays, MIN, MAX, ALL and what
 * SAVE keeps of them follow it.
 */
void
ferry_imap_search_set_order(FerryImapSearch *self, const guint32 *order, gsize n_matches)
{
	g_return_if_fail(n_matches == self->uids->len && n_matches == self->numbers->len);
	reorder(&self->uids, order);
	reorder(&self->numbers, order);
}

static const guint32 *
get_array(GArray *array, gsize *length)
{
	*length = array->len;
	return (const guint32 *)array->data;
}

/**
 * ferry_imap_search_get_uids:
 * @n_uids: (out): how many
 *
 * Returns: (array length=n_uids): the UIDs of the matches, ascending or in the order
 *   that was set
 */
const guint32 *
ferry_imap_search_get_uids(FerryImapSearch *self, gsize *n_uids)
{
	return get_array(self->uids, n_uids);
}

/**
 * ferry_imap_search_get_numbers:
 * @n_numbers: (out): how many
 *
 * Returns: (array length=n_numbers): the message sequence numbers of the matches, in the
 *   order of their UIDs
 */
const guint32 *
ferry_imap_search_get_numbers(FerryImapSearch *self, gsize *n_numbers)
{
	return get_array(self->numbers, n_numbers);
}

/**
 * ferry_imap_search_get_results:
 * @n_results: (out): how many
 *
 * Returns: (array length=n_results): what the answer tells: UIDs for a UID command, else numbers
 */
const guint32 *
ferry_imap_search_get_results(FerryImapSearch *self, gsize *n_results)
{
	return get_array(ferry_imap_search_tells_uids(self) ? self->uids : self->numbers,
			 n_results);
}
