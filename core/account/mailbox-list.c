/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mailboxes of a session, by IMAP name
 *
 * Specification: RFC 9051 §7.3.1, RFC 6154 (special use), RFC 2342 (namespaces), RFC 8621 §2
 * Implementation: an immutable snapshot, sorted so that children follow their parent
 * Not mapped: roles without a special-use attribute
 */
#include "account/mailbox-list-private.h"

#include "account/all-mail-private.h"

#include <string.h>

struct _FerryMailboxInfo {
	gatomicrefcount ref_count;
	char *name;
	char *account_id;
	FerryStoreMailbox *mailbox; /* NULL: only a step on the way to others */
	FerryMailboxRights rights;
	gboolean has_children;
	gboolean shared;
	gboolean subscribed; /* or its name is */
};

typedef struct {
	char *name;
	char *account_id;
} Namespace;

struct _FerryMailboxList {
	gatomicrefcount ref_count;
	char *shared_prefix;
	GPtrArray *infos; /* what is told */
	GPtrArray *all;   /* … and what is not */
	GHashTable *by_name;
	GArray *namespaces;
	GHashTable *subscriptions; /* names that are subscribed beside isSubscribed */
	char **missing;
};

G_DEFINE_BOXED_TYPE(FerryMailboxInfo, ferry_mailbox_info, ferry_mailbox_info_ref,
		    ferry_mailbox_info_unref)
G_DEFINE_BOXED_TYPE(FerryMailboxList, ferry_mailbox_list, ferry_mailbox_list_ref,
		    ferry_mailbox_list_unref)

static const struct {
	const char *role;
	const char *special_use;
} roles[] = {
	{"all", "\\All"},         {"archive", "\\Archive"},     {"drafts", "\\Drafts"},
	{"flagged", "\\Flagged"}, {"important", "\\Important"}, {"junk", "\\Junk"},
	{"sent", "\\Sent"},       {"trash", "\\Trash"},
};

/**
 * ferry_mailbox_info_ref: (skip)
 * @self: a mailbox
 *
 * Returns: (transfer full): @self
 */
FerryMailboxInfo *
ferry_mailbox_info_ref(FerryMailboxInfo *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

/**
 * ferry_mailbox_info_unref: (skip)
 * @self: (transfer full): a mailbox
 *
 * Drops a reference; the last one frees it.
 */
void
ferry_mailbox_info_unref(FerryMailboxInfo *self)
{
	if (!g_atomic_ref_count_dec(&self->ref_count))
		return;
	g_free(self->name);
	g_free(self->account_id);
	g_clear_pointer(&self->mailbox, ferry_store_mailbox_unref);
	g_free(self);
}

/**
 * ferry_mailbox_info_get_name:
 * @self: a mailbox
 *
 * Returns: its full IMAP name, UTF-8, levels separated by "/"
 */
const char *
ferry_mailbox_info_get_name(FerryMailboxInfo *self)
{
	return self->name;
}

/**
 * ferry_mailbox_info_get_id:
 * @self: a mailbox
 *
 * Returns: (nullable): its JMAP Mailbox id (MAILBOXID); NULL for a level that is no mailbox
 */
const char *
ferry_mailbox_info_get_id(FerryMailboxInfo *self)
{
	return self->mailbox != NULL ? self->mailbox->id : NULL;
}

/**
 * ferry_mailbox_info_get_account_id:
 * @self: a mailbox
 *
 * Returns: (nullable): the JMAP accountId it belongs to
 */
const char *
ferry_mailbox_info_get_account_id(FerryMailboxInfo *self)
{
	return self->account_id;
}

/**
 * ferry_mailbox_info_get_role:
 * @self: a mailbox
 *
 * Returns: (nullable): its JMAP role, for example `sent`
 */
const char *
ferry_mailbox_info_get_role(FerryMailboxInfo *self)
{
	return self->mailbox != NULL ? self->mailbox->role : NULL;
}

/**
 * ferry_mailbox_info_get_special_use:
 * @self: a mailbox
 *
 * Returns: (nullable): the special-use attribute of RFC 6154 that its role stands for. The
 *   mailboxes of others have none, so that nobody's client files mail there
 */
const char *
ferry_mailbox_info_get_special_use(FerryMailboxInfo *self)
{
	const char *role = ferry_mailbox_info_get_role(self);

	for (guint i = 0; role != NULL && !self->shared && i < G_N_ELEMENTS(roles); i++) {
		if (strcmp(roles[i].role, role) == 0)
			return roles[i].special_use;
	}
	return NULL;
}

/**
 * ferry_mailbox_info_get_rights:
 * @self: a mailbox
 *
 * Returns: what this login may do in it
 */
FerryMailboxRights
ferry_mailbox_info_get_rights(FerryMailboxInfo *self)
{
	return self->rights;
}

/**
 * ferry_mailbox_info_is_selectable:
 * @self: a mailbox
 *
 * Returns: whether it can be selected: it is a mailbox, and may be read
 */
gboolean
ferry_mailbox_info_is_selectable(FerryMailboxInfo *self)
{
	return (ferry_mailbox_info_get_rights(self) & FERRY_RIGHT_READ_ITEMS) != 0;
}

/**
 * ferry_mailbox_info_is_subscribed:
 * @self: a mailbox
 *
 * Returns: whether it is subscribed: as the backend says, or by its name
 */
gboolean
ferry_mailbox_info_is_subscribed(FerryMailboxInfo *self)
{
	return self->subscribed;
}

/**
 * ferry_mailbox_info_has_children:
 * @self: a mailbox
 *
 * Returns: whether there are mailboxes below it
 */
gboolean
ferry_mailbox_info_has_children(FerryMailboxInfo *self)
{
	return self->has_children;
}

/**
 * ferry_mailbox_info_is_shared:
 * @self: a mailbox
 *
 * Returns: whether it belongs to another account than the session's own
 */
gboolean
ferry_mailbox_info_is_shared(FerryMailboxInfo *self)
{
	return self->shared;
}

/**
 * ferry_mailbox_info_is_virtual:
 * @self: a mailbox
 *
 * Returns: whether the backend has no such mailbox: it shows all mail of the account, and nothing
 *   that names it may be sent to the backend
 */
gboolean
ferry_mailbox_info_is_virtual(FerryMailboxInfo *self)
{
	return ferry_all_mail_is_id(ferry_mailbox_info_get_id(self));
}

/**
 * ferry_mailbox_info_get_total:
 * @self: a mailbox
 *
 * Returns: the backend's count of messages when the list was made
 */
guint64
ferry_mailbox_info_get_total(FerryMailboxInfo *self)
{
	return self->mailbox != NULL ? self->mailbox->total_emails : 0;
}

/**
 * ferry_mailbox_info_get_unread:
 * @self: a mailbox
 *
 * Returns: the backend's count of unread messages when the list was made
 */
guint64
ferry_mailbox_info_get_unread(FerryMailboxInfo *self)
{
	return self->mailbox != NULL ? self->mailbox->unread_emails : 0;
}

static void
clear_namespace(gpointer data)
{
	Namespace *item = data;

	g_free(item->name);
	g_free(item->account_id);
}

FerryMailboxList *
ferry_mailbox_list_new(const char *shared_prefix)
{
	FerryMailboxList *self = g_new0(FerryMailboxList, 1);

	g_atomic_ref_count_init(&self->ref_count);
	self->shared_prefix = g_strdup(shared_prefix);
	self->infos = g_ptr_array_new_with_free_func(
		(GDestroyNotify)(void (*)(void))ferry_mailbox_info_unref);
	self->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	self->namespaces = g_array_new(FALSE, FALSE, sizeof(Namespace));
	g_array_set_clear_func(self->namespaces, clear_namespace);
	self->subscriptions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return self;
}

/**
 * ferry_mailbox_list_ref: (skip)
 * @self: a list
 *
 * Returns: (transfer full): @self
 */
FerryMailboxList *
ferry_mailbox_list_ref(FerryMailboxList *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

/**
 * ferry_mailbox_list_unref: (skip)
 * @self: (transfer full): a list
 *
 * Drops a reference; the last one frees it.
 */
void
ferry_mailbox_list_unref(FerryMailboxList *self)
{
	if (!g_atomic_ref_count_dec(&self->ref_count))
		return;
	g_hash_table_unref(self->by_name);
	g_hash_table_unref(self->subscriptions);
	g_ptr_array_unref(self->infos);
	g_clear_pointer(&self->all, g_ptr_array_unref);
	g_array_unref(self->namespaces);
	g_strfreev(self->missing);
	g_free(self->shared_prefix);
	g_free(self);
}

static FerryMailboxInfo *
add_info(FerryMailboxList *self, char *name, const char *account_id, FerryStoreMailbox *mailbox,
	 gboolean shared)
{
	FerryMailboxInfo *info = g_new0(FerryMailboxInfo, 1);

	g_atomic_ref_count_init(&info->ref_count);
	info->name = name;
	info->account_id = g_strdup(account_id);
	info->mailbox = mailbox != NULL ? ferry_store_mailbox_ref(mailbox) : NULL;
	info->shared = shared;
	g_ptr_array_add(self->infos, info);
	if (mailbox != NULL) {
		info->rights = (FerryMailboxRights)mailbox->rights;
		info->subscribed = mailbox->subscribed;
	}
	g_hash_table_replace(self->by_name, info->name, info);
	return info;
}

static char *
join(const char *namespace_name, const char *rest)
{
	if (namespace_name[0] == '\0')
		return g_strdup(rest);
	return g_strconcat(namespace_name, "/", rest, NULL);
}

void
ferry_mailbox_list_add_account(FerryMailboxList *self, const char *account_id,
			       const char *namespace_name, GPtrArray *mailboxes, gboolean read_only,
			       const char *const *subscriptions)
{
	Namespace item = {g_strdup(namespace_name), g_strdup(account_id)};
	gboolean shared = namespace_name[0] != '\0';

	g_array_append_val(self->namespaces, item);
	if (shared && !g_hash_table_contains(self->by_name, self->shared_prefix))
		add_info(self, g_strdup(self->shared_prefix), NULL, NULL, TRUE);
	if (shared)
		add_info(self, g_strdup(namespace_name), account_id, NULL, TRUE);
	for (guint i = 0; i < mailboxes->len; i++) {
		FerryStoreMailbox *mailbox = mailboxes->pdata[i];

		FerryMailboxInfo *info;

		if (mailbox->imap_name == NULL)
			continue;
		info = add_info(self, join(namespace_name, mailbox->imap_name), account_id, mailbox,
				shared);
		if (read_only)
			info->rights &= FERRY_RIGHT_READ_ITEMS;
	}
	for (; subscriptions != NULL && *subscriptions != NULL; subscriptions++)
		g_hash_table_add(self->subscriptions, join(namespace_name, *subscriptions));
}

/* INBOX first; "/" sorts before everything, so that children follow their parent */
static int
compare_names(const char *a, const char *b)
{
	for (; *a != '\0' && *a == *b; a++)
		b++;
	if (*a == *b)
		return 0;
	if (*a == '\0' || *b == '\0')
		return *a == '\0' ? -1 : 1;
	if (*a == '/' || *b == '/')
		return *a == '/' ? -1 : 1;
	return (guchar)*a < (guchar)*b ? -1 : 1;
}

static gboolean
is_in_inbox(const char *name)
{
	return g_str_has_prefix(name, "INBOX") && (name[5] == '\0' || name[5] == '/');
}

static int
compare_infos(gconstpointer a, gconstpointer b)
{
	const FerryMailboxInfo *first = *(const FerryMailboxInfo *const *)a;
	const FerryMailboxInfo *second = *(const FerryMailboxInfo *const *)b;
	gboolean first_inbox = is_in_inbox(first->name);

	if (first_inbox != is_in_inbox(second->name))
		return first_inbox ? -1 : 1;
	return compare_names(first->name, second->name);
}

static void
mark_parent(FerryMailboxList *self, const char *name)
{
	const char *slash = strrchr(name, '/');
	g_autofree char *parent = NULL;
	FerryMailboxInfo *found;

	if (slash == NULL)
		return;
	parent = g_strndup(name, (gsize)(slash - name));
	found = g_hash_table_lookup(self->by_name, parent);
	if (found != NULL)
		found->has_children = TRUE;
}

/* What may not be read is told only where it leads to something else; it keeps its name, for those
 * who may put mail there. Children come after their parents. */
static void
hide_unreadable(FerryMailboxList *self)
{
	GPtrArray *all = g_steal_pointer(&self->infos);

	self->infos = g_ptr_array_new_with_free_func(
		(GDestroyNotify)(void (*)(void))ferry_mailbox_info_unref);
	for (guint i = all->len; i > 0; i--) {
		FerryMailboxInfo *info = all->pdata[i - 1];

		if ((info->rights & FERRY_RIGHT_READ_ITEMS) == 0 && !info->has_children)
			continue;
		mark_parent(self, info->name);
		g_ptr_array_add(self->infos, ferry_mailbox_info_ref(info));
	}
	g_ptr_array_sort(self->infos, compare_infos);
	self->all = all;
}

void
ferry_mailbox_list_seal(FerryMailboxList *self)
{
	g_autoptr(GPtrArray) missing = g_ptr_array_new();
	GHashTableIter iter;
	gpointer name;

	g_ptr_array_sort(self->infos, compare_infos);
	hide_unreadable(self);
	g_hash_table_iter_init(&iter, self->subscriptions);
	while (g_hash_table_iter_next(&iter, &name, NULL)) {
		FerryMailboxInfo *info = ferry_mailbox_list_find(self, name);

		if (info == NULL || info->mailbox == NULL)
			g_ptr_array_add(missing, g_strdup(name));
		else
			info->subscribed = TRUE;
	}
	g_ptr_array_add(missing, NULL);
	self->missing = (char **)g_ptr_array_steal(missing, NULL);
}

/**
 * ferry_mailbox_list_get_count:
 * @self: a list
 *
 * Returns: how many mailboxes, levels that are none included
 */
guint
ferry_mailbox_list_get_count(FerryMailboxList *self)
{
	return self->infos->len;
}

/**
 * ferry_mailbox_list_get_nth:
 * @self: a list
 * @index: which, from 0
 *
 * Returns: (transfer none) (nullable): the mailbox
 */
FerryMailboxInfo *
ferry_mailbox_list_get_nth(FerryMailboxList *self, guint index)
{
	return index < self->infos->len ? self->infos->pdata[index] : NULL;
}

/**
 * ferry_mailbox_list_find:
 * @self: a list
 * @name: an IMAP name, UTF-8; INBOX in any case
 *
 * Returns: (transfer none) (nullable): the mailbox of that name
 */
FerryMailboxInfo *
ferry_mailbox_list_find(FerryMailboxList *self, const char *name)
{
	g_autofree char *normal = NULL;
	g_autofree char *composed = NULL;
	FerryMailboxInfo *info;

	if (g_ascii_strncasecmp(name, "INBOX", 5) == 0 && (name[5] == '\0' || name[5] == '/')) {
		normal = g_strconcat("INBOX", name + 5, NULL);
		name = normal;
	}
	info = g_hash_table_lookup(self->by_name, name);
	if (info != NULL || g_str_is_ascii(name))
		return info;
	/* CREATE makes names NFC, so every command takes them as they were typed (RFC 9051 §5.1) */
	composed = g_utf8_normalize(name, -1, G_NORMALIZE_NFC);
	return composed != NULL ? g_hash_table_lookup(self->by_name, composed) : NULL;
}

/**
 * ferry_mailbox_list_find_id:
 * @self: a list
 * @account_id: a JMAP accountId
 * @mailbox_id: a JMAP Mailbox id
 *
 * Returns: (transfer none) (nullable): the mailbox
 */
FerryMailboxInfo *
ferry_mailbox_list_find_id(FerryMailboxList *self, const char *account_id, const char *mailbox_id)
{
	for (guint i = 0; i < self->infos->len; i++) {
		FerryMailboxInfo *info = self->infos->pdata[i];

		if (info->mailbox != NULL && strcmp(info->mailbox->id, mailbox_id) == 0 &&
		    g_strcmp0(info->account_id, account_id) == 0)
			return info;
	}
	return NULL;
}

/**
 * ferry_mailbox_list_get_missing_subscriptions:
 * @self: a list
 *
 * Returns: (transfer none) (array zero-terminated=1): subscribed names that are no mailbox
 */
const char *const *
ferry_mailbox_list_get_missing_subscriptions(FerryMailboxList *self)
{
	return (const char *const *)self->missing;
}

/**
 * ferry_mailbox_list_is_subscribed:
 * @self: a list
 * @name: an IMAP name
 *
 * Returns: whether the name is subscribed, be there a mailbox or not
 */
gboolean
ferry_mailbox_list_is_subscribed(FerryMailboxList *self, const char *name)
{
	FerryMailboxInfo *info = ferry_mailbox_list_find(self, name);

	return (info != NULL && ferry_mailbox_info_is_subscribed(info)) ||
	       g_hash_table_contains(self->subscriptions, name);
}

/**
 * ferry_mailbox_list_get_shared_prefix:
 * @self: a list
 *
 * Returns: (nullable): the other-users namespace without its final "/"; NULL where the session sees
 *   no other account
 */
const char *
ferry_mailbox_list_get_shared_prefix(FerryMailboxList *self)
{
	return self->namespaces->len > 1 ? self->shared_prefix : NULL;
}

/* Whether @name is the root of the other-users namespace, or a name in it that is in no account:
 * there are no mailboxes of such names. */
gboolean
ferry_mailbox_list_is_reserved(FerryMailboxList *self, const char *name)
{
	gsize length = strlen(self->shared_prefix);
	const char *account_id, *rest;

	if (strncmp(name, self->shared_prefix, length) != 0 ||
	    (name[length] != '\0' && name[length] != '/'))
		return FALSE;
	return ferry_mailbox_list_find_namespace(self, name, &account_id, &rest) == NULL;
}

const char *
ferry_mailbox_list_find_namespace(FerryMailboxList *self, const char *name,
				  const char **out_account_id, const char **out_rest)
{
	const Namespace *own = NULL;

	for (guint i = 0; i < self->namespaces->len; i++) {
		const Namespace *item = &g_array_index(self->namespaces, Namespace, i);
		gsize length = strlen(item->name);

		if (length == 0) {
			own = item;
			continue;
		}
		if (strncmp(name, item->name, length) != 0 || name[length] != '/')
			continue;
		*out_account_id = item->account_id;
		*out_rest = name + length + 1;
		return item->name;
	}
	*out_account_id = own != NULL ? own->account_id : NULL;
	*out_rest = name;
	return NULL;
}
