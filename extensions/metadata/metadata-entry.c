/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* METADATA: entries, their names, and which are asked for
 *
 * Specification: RFC 5464 §3.2 (names), §3.3 (rights), §4.2 (MAXSIZE, DEPTH), §4.4.1; RFC 6154 §4
 * Implementation: names are kept in small letters. An entry that is asked for by its very name and
 *   is not there is told as NIL, unless DEPTH asks for what is there. A name of one component, or a
 *   vendor's of less than four, can be asked for with DEPTH only.
 */
#include "metadata.h"

#include <string.h>

MetadataQuery *
metadata_query_new(void)
{
	MetadataQuery *self = g_new0(MetadataQuery, 1);

	self->names = g_ptr_array_new_with_free_func(g_free);
	self->keys = g_ptr_array_new_with_free_func(g_free);
	return self;
}

void
metadata_query_free(gpointer data)
{
	MetadataQuery *self = data;

	g_ptr_array_unref(self->names);
	g_ptr_array_unref(self->keys);
	g_free(self);
}

static gboolean
fail(GError **error, const char *text)
{
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID, text);
	return FALSE;
}

static guint
count_components(const char *key)
{
	guint n = 0;

	for (; *key != '\0'; key++)
		n += *key == '/';
	return n;
}

/* Whether it names one entry, not just a branch of them (RFC 5464 §3.2). */
static gboolean
is_entry(const char *key)
{
	const char *rest = strchr(key + 1, '/');

	if (rest == NULL)
		return FALSE;
	if (strcmp(rest, "/vendor") != 0 && !g_str_has_prefix(rest, "/vendor/"))
		return TRUE;
	return count_components(key) >= 4;
}

static gboolean
has_scope(const char *key)
{
	static const char *const scopes[] = {"/private", "/shared"};

	for (guint i = 0; i < G_N_ELEMENTS(scopes); i++) {
		gsize length = strlen(scopes[i]);

		if (strncmp(key, scopes[i], length) == 0 &&
		    (key[length] == '\0' || key[length] == '/'))
			return TRUE;
	}
	return FALSE;
}

/* The name in small letters, if it is one. */
static char *
make_branch(const char *name, GError **error)
{
	g_autofree char *key = g_ascii_strdown(name, -1);

	for (const char *p = key; *p != '\0'; p++) {
		if ((guint8)*p < 0x20 || (guint8)*p >= 0x7f || *p == '*' || *p == '%' ||
		    (*p == '/' && (p[1] == '/' || p[1] == '\0'))) {
			fail(error, "Not the name of an entry");
			return NULL;
		}
	}
	if (strlen(key) > METADATA_MAX_NAME) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_LIMIT,
			    "Names of entries have %d octets at most", METADATA_MAX_NAME);
		return NULL;
	}
	if (!has_scope(key)) {
		fail(error, "Entries begin with /private/ or /shared/");
		return NULL;
	}
	return g_steal_pointer(&key);
}

char *
metadata_make_key(const char *name, GError **error)
{
	g_autofree char *key = make_branch(name, error);

	if (key == NULL)
		return NULL;
	if (!is_entry(key)) {
		fail(error, "Not the whole name of an entry");
		return NULL;
	}
	return g_steal_pointer(&key);
}

gboolean
metadata_is_shared(const char *key)
{
	return g_str_has_prefix(key, "/shared");
}

static gboolean
add_entry(MetadataQuery *self, FerryImapValue *value, GError **error)
{
	const char *name = ferry_imap_value_get_text(value);
	char *key;

	if (name == NULL)
		return fail(error, "Expected the name of an entry");
	if (self->names->len == METADATA_MAX_NAMES) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_LIMIT,
			    "A command names %d entries at most", METADATA_MAX_NAMES);
		return FALSE;
	}
	key = make_branch(name, error);
	if (key == NULL)
		return FALSE;
	g_ptr_array_add(self->names, g_strdup(name));
	g_ptr_array_add(self->keys, key);
	return TRUE;
}

/* One name, or several in parentheses. */
gboolean
metadata_query_add_entries(MetadataQuery *self, FerryImapValue *entries, GError **error)
{
	if (ferry_imap_value_get_kind(entries) != FERRY_IMAP_VALUE_LIST)
		return add_entry(self, entries, error);
	if (ferry_imap_value_get_n_children(entries) == 0)
		return fail(error, "Expected the name of an entry");
	for (guint i = 0; i < ferry_imap_value_get_n_children(entries); i++)
		if (!add_entry(self, ferry_imap_value_get_child(entries, i), error))
			return FALSE;
	return TRUE;
}

static gboolean
read_depth(MetadataQuery *self, FerryImapValue *value, GError **error)
{
	if (ferry_imap_value_is(value, "0"))
		self->depth = 0;
	else if (ferry_imap_value_is(value, "1"))
		self->depth = 1;
	else if (ferry_imap_value_is(value, "INFINITY"))
		self->depth = METADATA_ALL_LEVELS;
	else
		return fail(error, "DEPTH is 0, 1 or infinity");
	return TRUE;
}

static gboolean
read_max_size(MetadataQuery *self, FerryImapValue *value, GError **error)
{
	const char *text = ferry_imap_value_get_text(value);

	if (ferry_imap_value_get_kind(value) != FERRY_IMAP_VALUE_ATOM ||
	    !g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32, &self->max_size, NULL))
		return fail(error, "MAXSIZE wants a number");
	self->has_max_size = TRUE;
	return TRUE;
}

gboolean
metadata_query_add_options(MetadataQuery *self, FerryImapValue *options, GError **error)
{
	guint n = ferry_imap_value_get_n_children(options);
	gboolean has_depth = FALSE;

	if (ferry_imap_value_get_kind(options) != FERRY_IMAP_VALUE_LIST || n == 0 || n % 2 != 0)
		return fail(error, "Expected options with their values");
	for (guint i = 0; i < n; i += 2) {
		FerryImapValue *name = ferry_imap_value_get_child(options, i);
		FerryImapValue *value = ferry_imap_value_get_child(options, i + 1);

		if (ferry_imap_value_is(name, "DEPTH") && !has_depth) {
			has_depth = TRUE;
			if (!read_depth(self, value, error))
				return FALSE;
		} else if (ferry_imap_value_is(name, "MAXSIZE") && !self->has_max_size) {
			if (!read_max_size(self, value, error))
				return FALSE;
		} else {
			return fail(error, "Unknown option, or one that was given twice");
		}
	}
	return TRUE;
}

gboolean
metadata_query_check(MetadataQuery *self, GError **error)
{
	for (guint i = 0; self->depth == 0 && i < self->keys->len; i++)
		if (!is_entry(self->keys->pdata[i]))
			return fail(error, "Not the whole name of an entry");
	return TRUE;
}

/* Whether @key is @entry, or below it as far as @depth goes. */
gboolean
metadata_matches(const char *entry, guint depth, const char *key)
{
	gsize length = strlen(entry);

	if (strncmp(entry, key, length) != 0)
		return FALSE;
	if (key[length] == '\0')
		return TRUE;
	return key[length] == '/' && (depth == METADATA_ALL_LEVELS ||
				      (depth == 1 && strchr(key + length + 1, '/') == NULL));
}

/* Begins the response where this is the first of its entries. */
static void
write_name(FerryImapWriter *writer, const char *mailbox, gboolean *begun, const char *name)
{
	if (!*begun) {
		ferry_imap_writer_begin_untagged(writer, "METADATA");
		ferry_imap_writer_write_mailbox(writer, mailbox);
		ferry_imap_writer_begin_list(writer);
		*begun = TRUE;
	}
	ferry_imap_writer_write_astring(writer, name);
}

static void
write_value(FerryImapWriter *writer, GBytes *value)
{
	gsize length;
	const char *octets = g_bytes_get_data(value, &length);

	if (length > 0 && memchr(octets, '\0', length) != NULL)
		ferry_imap_writer_write_literal8_bytes(writer, value);
	else
		ferry_imap_writer_write_string(writer, length > 0 ? octets : "", length);
}

/* @data: (element-type FerryAccountDatum): of which @n from @first on are the mailbox's. */
void
metadata_write(FerryImapWriter *writer, const char *mailbox, MetadataQuery *query, GPtrArray *data,
	       guint first, guint n)
{
	g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);
	gboolean begun = FALSE;

	for (guint i = 0; i < query->keys->len; i++) {
		const char *entry = query->keys->pdata[i];
		gboolean found = FALSE;

		for (guint j = first; j < first + n; j++) {
			FerryAccountDatum *datum = data->pdata[j];
			gsize size = g_bytes_get_size(datum->value);

			if (!metadata_matches(entry, query->depth, datum->key))
				continue;
			found |= strcmp(entry, datum->key) == 0;
			if (query->has_max_size && size > query->max_size) {
				query->longest = MAX(query->longest, size);
			} else if (g_hash_table_add(told, datum->key)) {
				write_name(writer, mailbox, &begun,
					   strcmp(entry, datum->key) == 0 ? query->names->pdata[i]
									  : datum->key);
				write_value(writer, datum->value);
			}
		}
		if (!found && query->depth == 0 && g_hash_table_add(told, (gpointer)entry)) {
			write_name(writer, mailbox, &begun, query->names->pdata[i]);
			ferry_imap_writer_write_nil(writer);
		}
	}
	if (begun) {
		ferry_imap_writer_end_list(writer);
		ferry_imap_writer_end_line(writer);
	}
}

/* The rights l and any of r, s, w, i, p (RFC 5464 §3.3). */
gboolean
metadata_may_read(FerryMailboxInfo *info)
{
	return (ferry_mailbox_info_get_rights(info) &
		(FERRY_RIGHT_READ_ITEMS | FERRY_RIGHT_ADD_ITEMS | FERRY_RIGHT_SET_SEEN |
		 FERRY_RIGHT_SET_KEYWORDS | FERRY_RIGHT_SUBMIT)) != 0;
}

/* Who may only read does not change what others see. */
gboolean
metadata_may_share(FerryMailboxInfo *info)
{
	return (ferry_mailbox_info_get_rights(info) &
		(FERRY_RIGHT_ADD_ITEMS | FERRY_RIGHT_REMOVE_ITEMS | FERRY_RIGHT_SET_KEYWORDS |
		 FERRY_RIGHT_RENAME)) != 0;
}

/* The mailbox of that name, where its entries may be seen, and, to change what others see too,
 * @shares: shared ones set. */
FerryMailboxInfo *
metadata_find_mailbox(FerryMailboxList *list, const char *name, gboolean shares, GError **error)
{
	FerryMailboxInfo *info = ferry_mailbox_list_find(list, name);

	if (info == NULL || ferry_mailbox_info_get_id(info) == NULL) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND, "No such mailbox");
		return NULL;
	}
	if (metadata_may_read(info) && (!shares || metadata_may_share(info)))
		return info;
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_NO_PERMISSION,
			    shares ? "No right to note that here"
				   : "No right to see what is noted here");
	return NULL;
}

/* RFC 6154 §4: a server with both extensions shows the attribute here too. */
FerryAccountDatum *
metadata_new_special_use(FerryMailboxInfo *info)
{
	const char *use = ferry_mailbox_info_get_special_use(info);
	g_autoptr(GBytes) value = use != NULL ? g_bytes_new(use, strlen(use)) : NULL;

	return use != NULL ? ferry_account_datum_new(FALSE, "/private/specialuse", value) : NULL;
}
