/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IMAP names of JMAP mailboxes
 *
 * Specification: RFC 8621 §2 (name, parentId, role), RFC 9051 §5.1
 * Implementation: lossless; see the header for the escapes
 * Not mapped: what is deeper than 64 levels is shown at the top level; a name of more than a
 *   kilobyte is cut (the mailbox keeps its own path all the same)
 */
#include "account/names-private.h"

#include <string.h>

#include "store/mailbox.h"

static gboolean
is_forbidden(gunichar c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff;
}

static void
append_encoded(GString *out, gunichar c, char next)
{
	if (c == '/')
		g_string_append(out, "~1");
	else if (c == '~' && next >= '0' && next <= '4')
		g_string_append(out, "~0");
	else if (is_forbidden(c))
		g_string_append_printf(out, "~2%04X", (guint)c);
	else
		g_string_append_unichar(out, c);
}

/* The component that stands for @name, without what tells equal siblings apart. */
char *
ferry_names_encode(const char *name)
{
	g_autofree char *valid = g_utf8_make_valid(name, -1);
	GString *out = g_string_new(NULL);

	for (const char *p = valid; *p != '\0' && out->len < FERRY_NAMES_MAX_COMPONENT;
	     p = g_utf8_next_char(p))
		append_encoded(out, g_utf8_get_char(p), *g_utf8_next_char(p));
	if (out->len == 0)
		g_string_append(out, "~3");
	return g_string_free(out, FALSE);
}

static gunichar
parse_code(const char *p)
{
	gunichar c = 0;

	for (guint i = 0; i < 4; i++) {
		int digit = g_ascii_xdigit_value(p[i]);

		if (digit < 0)
			return 0;
		c = c * 16 + (gunichar)digit;
	}
	return c;
}

static gboolean
is_taken_suffix(const char *p)
{
	if (*p == '\0')
		return FALSE;
	while (g_ascii_isdigit(*p))
		p++;
	return *p == '\0';
}

/* Reads one escape behind a "~"; how many octets it has, 0 where it is none. */
static gsize
decode_escape(const char *p, GString *out)
{
	gunichar c;

	switch (*p) {
	case '0':
		g_string_append_c(out, '~');
		return 1;
	case '1':
		g_string_append_c(out, '/');
		return 1;
	case '2':
		c = parse_code(p + 1);
		if (c != 0 && is_forbidden(c)) {
			g_string_append_unichar(out, c);
			return 5;
		}
		return 0;
	case '3':
		return 1;
	case '4':
		return is_taken_suffix(p + 1) ? strlen(p) : 0;
	default:
		g_string_append_c(out, '~');
		return G_MAXSIZE;
	}
}

/* The JMAP name that a component of a new mailbox means. Only what would be written for that name
 * is taken, so that the mailbox gets the name the client asked for. */
char *
ferry_names_decode(const char *component, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *again = NULL;

	for (const char *p = component; *p != '\0'; p++) {
		gsize n;

		if (*p != '~') {
			g_string_append_c(out, *p);
			continue;
		}
		n = decode_escape(p + 1, out);
		if (n == 0)
			break;
		p += n == G_MAXSIZE ? 0 : n;
	}
	again = ferry_names_encode(out->str);
	if (*component == '\0' || strcmp(again, component) != 0) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
				    "a mailbox cannot have this name");
		return NULL;
	}
	return g_strdup(out->str);
}

char **
ferry_names_split(const char *path, GError **error)
{
	g_auto(GStrv) parts = g_strsplit(path, "/", -1);
	g_autoptr(GStrvBuilder) names = g_strv_builder_new();

	if (g_strv_length(parts) > FERRY_NAMES_MAX_DEPTH || strlen(path) > FERRY_NAMES_MAX_PATH) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_LIMIT, "the name is too long");
		return NULL;
	}
	/* g_strsplit makes no part of "" */
	for (guint i = 0; i == 0 || parts[i] != NULL; i++) {
		g_autofree char *name = ferry_names_decode(parts[i] != NULL ? parts[i] : "", error);

		if (name == NULL)
			return NULL;
		g_strv_builder_add(names, name);
	}
	return g_strv_builder_end(names);
}

typedef struct {
	FerryStoreMailbox *mailbox;
	FerryStoreMailbox *parent;
	guint depth;
	gboolean is_inbox;
	gboolean named;
} Node;

typedef struct {
	GArray *nodes;
	GHashTable *by_id; /* id → FerryStoreMailbox */
	GHashTable *paths; /* id → path, owned; the result */
	GHashTable *taken; /* path, borrowed from paths */
	const char *shared_prefix;
	const char *inbox_id;
} Assignment;

/* How deep a mailbox is; loops and what is too deep are cut, so that it is at the top. */
static guint
measure_depth(Assignment *self, FerryStoreMailbox *mailbox)
{
	guint depth = 0;

	while (mailbox->parent_id != NULL && g_strcmp0(mailbox->id, self->inbox_id) != 0) {
		mailbox = g_hash_table_lookup(self->by_id, mailbox->parent_id);
		if (mailbox == NULL)
			return depth;
		if (++depth >= FERRY_NAMES_MAX_DEPTH)
			return G_MAXUINT;
	}
	return depth;
}

static int
compare_nodes(gconstpointer a, gconstpointer b)
{
	const Node *first = a;
	const Node *second = b;

	if (first->depth != second->depth)
		return first->depth < second->depth ? -1 : 1;
	return strcmp(first->mailbox->id, second->mailbox->id);
}

static void
collect_nodes(Assignment *self, GPtrArray *mailboxes)
{
	for (guint i = 0; i < mailboxes->len; i++) {
		FerryStoreMailbox *mailbox = mailboxes->pdata[i];

		g_hash_table_insert(self->by_id, mailbox->id, mailbox);
		if (g_strcmp0(mailbox->role, "inbox") == 0 &&
		    (self->inbox_id == NULL || strcmp(mailbox->id, self->inbox_id) < 0))
			self->inbox_id = mailbox->id;
	}
	for (guint i = 0; i < mailboxes->len; i++) {
		Node node = {.mailbox = mailboxes->pdata[i]};

		node.is_inbox = g_strcmp0(node.mailbox->id, self->inbox_id) == 0;
		node.depth = measure_depth(self, node.mailbox);
		if (node.depth == G_MAXUINT)
			node.depth = 0;
		else if (node.depth > 0)
			node.parent = g_hash_table_lookup(self->by_id, node.mailbox->parent_id);
		g_array_append_val(self->nodes, node);
	}
	g_array_sort(self->nodes, compare_nodes);
}

static gboolean
is_free(Assignment *self, const char *path, gboolean top)
{
	if (g_hash_table_contains(self->taken, path))
		return FALSE;
	if (!top)
		return TRUE;
	return g_ascii_strcasecmp(path, "INBOX") != 0 && g_strcmp0(path, self->shared_prefix) != 0;
}

static void
give_path(Assignment *self, Node *node, char *path)
{
	g_hash_table_insert(self->paths, g_strdup(node->mailbox->id), path);
	g_hash_table_add(self->taken, path);
	node->named = TRUE;
}

static char *
make_base(Assignment *self, Node *node)
{
	g_autofree char *component = ferry_names_encode(node->mailbox->name);
	const char *parent =
		node->parent != NULL ? g_hash_table_lookup(self->paths, node->parent->id) : NULL;

	if (parent == NULL || strlen(parent) + strlen(component) > FERRY_NAMES_MAX_PATH) {
		node->parent = NULL;
		return g_steal_pointer(&component);
	}
	return g_strconcat(parent, "/", component, NULL);
}

/* Keeps the path that a mailbox has had so far, where its name and parent are the same. */
static void
keep_path(Assignment *self, Node *node)
{
	const char *old = node->mailbox->imap_name;
	g_autofree char *base = make_base(self, node);
	gsize length = strlen(base);

	if (node->is_inbox) {
		give_path(self, node, g_strdup("INBOX"));
		return;
	}
	if (old == NULL || strncmp(old, base, length) != 0 ||
	    !is_free(self, old, node->parent == NULL))
		return;
	if (old[length] == '\0' ||
	    (g_str_has_prefix(old + length, "~4") && is_taken_suffix(old + length + 2)))
		give_path(self, node, g_strdup(old));
}

static void
choose_path(Assignment *self, Node *node)
{
	g_autofree char *base = make_base(self, node);
	gboolean top = node->parent == NULL;

	if (is_free(self, base, top)) {
		give_path(self, node, g_steal_pointer(&base));
		return;
	}
	for (guint n = 1;; n++) {
		char *path = g_strdup_printf("%s~4%u", base, n);

		if (is_free(self, path, top)) {
			give_path(self, node, path);
			return;
		}
		g_free(path);
	}
}

GHashTable *
ferry_names_assign(GPtrArray *mailboxes, const char *shared_prefix)
{
	Assignment self = {.shared_prefix = shared_prefix};
	guint begin = 0;

	self.nodes = g_array_new(FALSE, FALSE, sizeof(Node));
	self.by_id = g_hash_table_new(g_str_hash, g_str_equal);
	self.paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	self.taken = g_hash_table_new(g_str_hash, g_str_equal);
	collect_nodes(&self, mailboxes);
	while (begin < self.nodes->len) {
		guint end = begin;
		guint depth = g_array_index(self.nodes, Node, begin).depth;

		while (end < self.nodes->len && g_array_index(self.nodes, Node, end).depth == depth)
			keep_path(&self, &g_array_index(self.nodes, Node, end++));
		for (guint i = begin; i < end; i++) {
			Node *node = &g_array_index(self.nodes, Node, i);

			if (!node->named)
				choose_path(&self, node);
		}
		begin = end;
	}
	g_array_unref(self.nodes);
	g_hash_table_unref(self.by_id);
	g_hash_table_unref(self.taken);
	return self.paths;
}
