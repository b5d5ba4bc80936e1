/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a backend offers of Sieve
 *
 * Specification: RFC 9661 §1.2 (capability), and the draft of it that Cyrus 3 speaks
 * Implementation: the standard where it is offered, else the draft
 * Not mapped: externalLists, which ManageSieve cannot show
 */
#include "sieve-account.h"

#include "sieve-names.h"

#define DRAFT_CAPABILITY "https://cyrusimap.org/ns/jmap/sieve"

struct _SieveAccount {
	GObject parent_instance;
	FerryAccountSession *session;
	FerryJmapSession *jmap; /* owned */
	char *id;
	const char *capability;
};

G_DEFINE_FINAL_TYPE(SieveAccount, sieve_account, G_TYPE_OBJECT)

static void
sieve_account_finalize(GObject *object)
{
	SieveAccount *self = SIEVE_ACCOUNT(object);

	g_free(self->id);
	g_object_unref(self->jmap);
	g_object_unref(self->session);
	G_OBJECT_CLASS(sieve_account_parent_class)->finalize(object);
}

static void
sieve_account_class_init(SieveAccountClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = sieve_account_finalize;
}

static void
sieve_account_init(SieveAccount *self)
{
}

static const char *
choose_account(FerryAccountSession *session, const char *capability)
{
	FerryJmapSession *jmap = ferry_account_session_get_jmap(session);
	const char *own = ferry_account_session_get_account_id(session);
	const FerryJmapAccountInfo *info = ferry_jmap_session_find_account(jmap, own);
	g_autoptr(FerryJmapValue) offered = NULL;

	if (info != NULL && info->capabilities != NULL)
		offered = ferry_jmap_value_get_member(info->capabilities, capability);
	return offered != NULL ? own : ferry_jmap_session_get_primary_account(jmap, capability);
}

/* NULL with FERRY_ERROR_CANNOT where the backend keeps no scripts. */
SieveAccount *
sieve_account_new(FerryAccountSession *session, GError **error)
{
	static const char *const capabilities[] = {FERRY_JMAP_CAPABILITY_SIEVE, DRAFT_CAPABILITY};

	for (guint i = 0; i < G_N_ELEMENTS(capabilities); i++) {
		const char *id = choose_account(session, capabilities[i]);
		SieveAccount *self;

		if (id == NULL)
			continue;
		self = g_object_new(SIEVE_TYPE_ACCOUNT, NULL);
		self->session = g_object_ref(session);
		self->jmap = g_object_ref(ferry_account_session_get_jmap(session));
		self->id = g_strdup(id);
		self->capability = capabilities[i];
		return self;
	}
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
			    "This account has no Sieve scripts: its server does not offer them");
	return NULL;
}

FerryAccountSession *
sieve_account_get_session(SieveAccount *self)
{
	return self->session;
}

FerryJmapSession *
sieve_account_get_jmap(SieveAccount *self)
{
	return self->jmap;
}

const char *
sieve_account_get_id(SieveAccount *self)
{
	return self->id;
}

/* Whether the backend speaks the draft, which deactivates in another way. */
gboolean
sieve_account_speaks_draft(SieveAccount *self)
{
	return self->capability != NULL && g_str_equal(self->capability, DRAFT_CAPABILITY);
}

void
sieve_account_use(SieveAccount *self, FerryJmapRequest *request)
{
	ferry_jmap_request_use(request, self->capability);
}

/* Asked for each time: the session object may change. */
static FerryJmapValue *
get_capability(SieveAccount *self)
{
	const FerryJmapAccountInfo *info = ferry_jmap_session_find_account(self->jmap, self->id);

	if (info == NULL || info->capabilities == NULL)
		return NULL;
	return ferry_jmap_value_get_member(info->capabilities, self->capability);
}

/* What could not stand in a space-separated list is left out. */
static char *
join(FerryJmapValue *value, const char *member)
{
	g_auto(GStrv) words = value != NULL ? ferry_jmap_value_dup_strings(value, member) : NULL;
	GString *text = g_string_new(NULL);

	for (guint i = 0; words != NULL && words[i] != NULL; i++) {
		gboolean good = *words[i] != '\0';

		for (const char *p = words[i]; *p != '\0'; p++)
			good = good && g_ascii_isgraph(*p) && *p != '"' && *p != '\\';
		if (good)
			g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", words[i]);
	}
	return g_string_free(text, FALSE);
}

char *
sieve_account_dup_extensions(SieveAccount *self)
{
	g_autoptr(FerryJmapValue) value = get_capability(self);

	return join(value, "sieveExtensions");
}

/* NULL where there are none. */
char *
sieve_account_dup_notify_methods(SieveAccount *self)
{
	g_autoptr(FerryJmapValue) value = get_capability(self);
	g_autofree char *methods = join(value, "notificationMethods");

	return *methods != '\0' ? g_steal_pointer(&methods) : NULL;
}

gint64
sieve_account_get_max_redirects(SieveAccount *self)
{
	g_autoptr(FerryJmapValue) value = get_capability(self);

	if (value == NULL)
		return -1;
	return ferry_jmap_value_get_int64(
		value, sieve_account_speaks_draft(self) ? "maxRedirects" : "maxNumberRedirects",
		-1);
}

guint64
sieve_account_get_max_size(SieveAccount *self)
{
	g_autoptr(FerryJmapValue) value = get_capability(self);

	return value != NULL ? ferry_jmap_value_get_uint64(value, "maxSizeScript", 0) : 0;
}

guint64
sieve_account_get_max_scripts(SieveAccount *self)
{
	g_autoptr(FerryJmapValue) value = get_capability(self);

	return value != NULL ? ferry_jmap_value_get_uint64(value, "maxNumberScripts", 0) : 0;
}

guint64
sieve_account_get_max_name(SieveAccount *self)
{
	g_autoptr(FerryJmapValue) value = get_capability(self);

	return value != NULL
		       ? ferry_jmap_value_get_uint64(value, "maxSizeScriptName", SIEVE_MAX_NAME)
		       : SIEVE_MAX_NAME;
}
