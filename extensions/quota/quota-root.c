/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Quota roots: what IMAP tells of the quotas of a JMAP account
 *
 * Specification: RFC 9208 §3.2, §4.2.1, §5; RFC 9425 §4
 * Implementation: the quotas of one scope are one root; of two for the same resource the second is
 *   a root of its own. Cyrus's form has one quota, of octets
 * Not mapped: quotas of other things than mail, and counts of mail and other things together
 */
#include "quota-root.h"

#include <string.h>

#define UNIT 1024
/* more quotas than anybody has */
#define MAX_ROOTS 64

static const char *const resource_names[] = {"STORAGE", "MESSAGE", "MAILBOX"};

void
quota_root_free(QuotaRoot *self)
{
	g_free(self->name);
	g_free(self);
}

/* Writes `* QUOTA root (resource usage limit …)`. */
void
quota_root_write(const QuotaRoot *self, FerryImapWriter *writer)
{
	ferry_imap_writer_begin_untagged(writer, "QUOTA");
	ferry_imap_writer_write_astring(writer, self->name);
	ferry_imap_writer_begin_list(writer);
	for (guint i = 0; i < QUOTA_N_RESOURCES; i++) {
		guint64 unit = i == QUOTA_STORAGE ? UNIT : 1;

		if (!self->limited[i])
			continue;
		ferry_imap_writer_write_atom(writer, resource_names[i]);
		ferry_imap_writer_write_number(writer, self->used[i] / unit);
		ferry_imap_writer_write_number(writer, self->limit[i] / unit);
	}
	ferry_imap_writer_end_list(writer);
	ferry_imap_writer_end_line(writer);
}

static gboolean
names_mail(char **types)
{
	return g_strv_contains((const char *const *)types, "Email") ||
	       g_strv_contains((const char *const *)types, "Mail");
}

/* Which resource a quota limits; QUOTA_N_RESOURCES where IMAP has none for it. */
static QuotaResource
find_resource(FerryJmapValue *quota)
{
	const char *type = ferry_jmap_value_get_string(quota, "resourceType");
	g_auto(GStrv) types = ferry_jmap_value_dup_strings(quota, "types");

	if (types == NULL || types[0] == NULL)
		return QUOTA_N_RESOURCES;
	if (g_strcmp0(type, "octets") == 0)
		return names_mail(types) ? QUOTA_STORAGE : QUOTA_N_RESOURCES;
	if (g_strcmp0(type, "count") != 0 || types[1] != NULL)
		return QUOTA_N_RESOURCES;
	if (names_mail(types))
		return QUOTA_MESSAGE;
	return strcmp(types[0], "Mailbox") == 0 ? QUOTA_MAILBOX : QUOTA_N_RESOURCES;
}

static QuotaRoot *
ensure_root(GPtrArray *roots, char *name)
{
	QuotaRoot *root = (QuotaRoot *)quota_roots_find(roots, name);

	if (root != NULL) {
		g_free(name);
		return root;
	}
	root = g_new0(QuotaRoot, 1);
	root->name = name;
	g_ptr_array_add(roots, root);
	return root;
}

static void
set_limit(QuotaRoot *root, QuotaResource resource, FerryJmapValue *quota, const char *member)
{
	gint64 limit = ferry_jmap_value_get_int64(quota, member, -1);

	if (limit < 0)
		return;
	root->limited[resource] = TRUE;
	root->limit[resource] = (guint64)limit;
	root->used[resource] = ferry_jmap_value_get_uint64(quota, "used", 0);
}

static void
add_quota(GPtrArray *roots, FerryJmapValue *quota, const char *account_id)
{
	const char *id = ferry_jmap_value_get_string(quota, "id");
	const char *scope = ferry_jmap_value_get_string(quota, "scope");
	QuotaResource resource = find_resource(quota);
	QuotaRoot *root;

	if (id == NULL || scope == NULL || strchr(scope, '/') != NULL ||
	    resource == QUOTA_N_RESOURCES)
		return;
	root = ensure_root(roots, g_strdup_printf("#%s/%s", scope, account_id));
	if (root->limited[resource])
		root = ensure_root(roots, g_strdup_printf("#%s/%s/%s", scope, account_id, id));
	set_limit(root, resource, quota, "hardLimit");
}

static gint
compare_ids(gconstpointer a, gconstpointer b)
{
	return g_strcmp0(ferry_jmap_value_get_string(*(FerryJmapValue *const *)a, "id"),
			 ferry_jmap_value_get_string(*(FerryJmapValue *const *)b, "id"));
}

/* The order of the answer is the server's choice: which of two quotas has the shorter name must not
 * depend on it. */
static GPtrArray *
sort_quotas(FerryJmapValue *answer)
{
	GPtrArray *quotas = g_ptr_array_new_with_free_func(
		(GDestroyNotify)(void (*)(void))ferry_jmap_value_unref);
	FerryJmapValueIter iter;
	FerryJmapValue *item;

	ferry_jmap_value_iter_init(&iter, answer, "list");
	while (quotas->len < MAX_ROOTS && ferry_jmap_value_iter_next(&iter, NULL, &item))
		g_ptr_array_add(quotas, item);
	g_ptr_array_sort(quotas, compare_ids);
	return quotas;
}

/* The roots that an answer to Quota/get tells; @draft: in Cyrus's form. */
GPtrArray *
quota_roots_parse(FerryJmapValue *answer, const char *account_id, gboolean draft)
{
	GPtrArray *roots =
		g_ptr_array_new_with_free_func((GDestroyNotify)(void (*)(void))quota_root_free);
	g_autoptr(GPtrArray) quotas = sort_quotas(answer);

	for (guint i = 0; i < quotas->len; i++) {
		FerryJmapValue *quota = quotas->pdata[i];

		if (!draft)
			add_quota(roots, quota, account_id);
		else if (g_strcmp0(ferry_jmap_value_get_string(quota, "id"), "mail") == 0)
			set_limit(ensure_root(roots, g_strconcat("#account/", account_id, NULL)),
				  QUOTA_STORAGE, quota, "total");
	}
	return roots;
}

const QuotaRoot *
quota_roots_find(GPtrArray *roots, const char *name)
{
	for (guint i = 0; i < roots->len; i++) {
		const QuotaRoot *root = roots->pdata[i];

		if (strcmp(root->name, name) == 0)
			return root;
	}
	return NULL;
}

/* The account that a root's name is about, or NULL where it is none of ours. */
char *
quota_root_dup_account(const char *name)
{
	const char *slash = name[0] == '#' ? strchr(name, '/') : NULL;

	return slash != NULL ? g_strndup(slash + 1, strcspn(slash + 1, "/")) : NULL;
}
