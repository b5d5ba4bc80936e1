/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IMAP's rights and JMAP's: the table
 *
 * Specification: RFC 4314 §2.1; RFC 8621 §2 (myRights), draft-ietf-jmap-mail-sharing-02 (mayShare)
 * Implementation: what the two sides do not divide alike is tied: rights of one row are granted
 *   together or not at all, and told where they are all there. Nothing is ever rounded up
 */
#include "acl-rights.h"

#include <string.h>

#define MAX_NAMES 2

/* One row: these letters are those JMAP rights. Where the backend tells the right although only
 * some of the letters are granted, those are in `told`. */
typedef struct {
	const char *granted;
	const char *told;
	const char *names[MAX_NAMES];
} Row;

static const Row standard_rows[] = {
	{"lr", "lr", {"mayReadItems"}},   {"s", "s", {"maySetSeen"}},
	{"w", "w", {"maySetKeywords"}},   {"i", "i", {"mayAddItems"}},
	{"p", "p", {"maySubmit"}},        {"k", "k", {"mayCreateChild"}},
	{"te", "te", {"mayRemoveItems"}}, {"x", "x", {"mayRename", "mayDelete"}},
	{"a", "a", {"mayShare"}},
};

/* Measured on Cyrus 3.6: mayRead is set for who has l and r, and grants s too; mayAdmin is set for
 * who has a, and grants k and x too. n is annotating messages, a right of Cyrus. */
static const Row cyrus_rows[] = {
	{"lrs", "lr", {"mayRead"}},
	{"switen", "switen", {"mayWrite"}},
	{"kxa", "a", {"mayAdmin"}},
};

/* What LISTRIGHTS tells to be tied: each right once (RFC 4314 §3.7). */
static const char *const standard_ties[] = {"lr", "s", "w",  "i", "p", "k",
					    "x",  "c", "te", "d", "a", NULL};
static const char *const cyrus_ties[] = {"lrs", "witedn", "kxca", NULL};
static const char *const no_ties[] = {NULL};

static const struct {
	const Row *rows;
	guint n_rows;
	const char *letters;     /* that SETACL takes, beside c and d */
	const char *new_letters; /* that RFC 2086 does not know, for RIGHTS= */
	gboolean exact;          /* what is told is all there is */
	const char *const *ties;
} forms[ACL_N_FORMS] = {
	[ACL_FORM_NONE] = {NULL, 0, "lrswipkxtea", "kxte", TRUE, no_ties},
	[ACL_FORM_STANDARD] = {standard_rows, G_N_ELEMENTS(standard_rows), "lrswipkxtea", "kxte",
			       TRUE, standard_ties},
	[ACL_FORM_CYRUS] = {cyrus_rows, G_N_ELEMENTS(cyrus_rows), "lrswipkxtean", "kxten", FALSE,
			    cyrus_ties},
};

AclRights
acl_rights_from_letters(const char *letters)
{
	AclRights rights = 0;

	for (; *letters != '\0'; letters++)
		rights |= 1u << (strchr(ACL_LETTERS, *letters) - ACL_LETTERS);
	return rights;
}

/* What MYRIGHTS tells: the rows of the standard form, of what the mailbox list knows. */
AclRights
acl_rights_from_mailbox(FerryMailboxRights rights)
{
	static const struct {
		guint needed;
		const char *letters;
	} rows[] = {
		{FERRY_RIGHT_READ_ITEMS, "lr"},   {FERRY_RIGHT_SET_SEEN, "s"},
		{FERRY_RIGHT_SET_KEYWORDS, "w"},  {FERRY_RIGHT_ADD_ITEMS, "i"},
		{FERRY_RIGHT_SUBMIT, "p"},        {FERRY_RIGHT_CREATE_CHILD, "k"},
		{FERRY_RIGHT_REMOVE_ITEMS, "te"}, {FERRY_RIGHT_RENAME | FERRY_RIGHT_DELETE, "x"},
		{FERRY_RIGHT_SHARE, "a"},
	};
	AclRights found = 0;

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		if ((rights & rows[i].needed) == rows[i].needed)
			found |= acl_rights_from_letters(rows[i].letters);
	return found;
}

/* The letters, with the virtual c and d for clients of RFC 2086 (RFC 4314 §2.1.1). */
char *
acl_rights_to_text(AclRights rights)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; ACL_LETTERS[i] != '\0'; i++) {
		if (ACL_LETTERS[i] == 'a' && (rights & acl_rights_from_letters("kx")) != 0)
			g_string_append_c(text, 'c');
		if (ACL_LETTERS[i] == 'a' && (rights & acl_rights_from_letters("te")) != 0)
			g_string_append_c(text, 'd');
		if ((rights & 1u << i) != 0)
			g_string_append_c(text, ACL_LETTERS[i]);
	}
	return g_string_free(text, FALSE);
}

static gboolean
add_letter(AclRights *rights, char letter, AclForm form, GError **error)
{
	if (letter == 'c')
		*rights |= acl_rights_from_letters("kx");
	else if (letter == 'd')
		*rights |= acl_rights_from_letters("te");
	else if (strchr(forms[form].letters, letter) != NULL)
		*rights |= 1u << (strchr(ACL_LETTERS, letter) - ACL_LETTERS);
	else {
		/* RFC 4314 §3.1: never ignored */
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
				    "there is no such right");
		return FALSE;
	}
	return TRUE;
}

/* The third argument of SETACL. */
gboolean
acl_change_parse(const char *text, AclForm form, AclChange *change, GError **error)
{
	change->rights = 0;
	change->mode = *text == '+'   ? ACL_MODE_ADD
		       : *text == '-' ? ACL_MODE_REMOVE
				      : ACL_MODE_REPLACE;
	if (change->mode != ACL_MODE_REPLACE)
		text++;
	for (; *text != '\0'; text++)
		if (!add_letter(&change->rights, *text, form, error))
			return FALSE;
	return TRUE;
}

AclRights
acl_change_apply(const AclChange *change, AclRights before)
{
	switch (change->mode) {
	case ACL_MODE_ADD:
		return before | change->rights;
	case ACL_MODE_REMOVE:
		return before & ~change->rights;
	default:
		return change->rights;
	}
}

static gboolean
has_row(FerryJmapValue *entry, const Row *row)
{
	for (guint i = 0; i < MAX_NAMES && row->names[i] != NULL; i++)
		if (!ferry_jmap_value_get_boolean(entry, row->names[i], FALSE))
			return FALSE;
	return TRUE;
}

/* The rights that somebody has for certain. */
AclRights
acl_form_read(AclForm form, FerryJmapValue *entry)
{
	AclRights rights = 0;

	for (guint i = 0; i < forms[form].n_rows; i++)
		if (has_row(entry, &forms[form].rows[i]))
			rights |= acl_rights_from_letters(forms[form].rows[i].told);
	return rights;
}

static gboolean
is_granted(const Row *row, AclRights rights)
{
	return (acl_rights_from_letters(row->granted) & ~rights) == 0;
}

/* Whether the backend can grant just that. */
gboolean
acl_form_can_express(AclForm form, AclRights rights, GError **error)
{
	g_autofree char *ties = NULL;
	AclRights reached = 0;

	for (guint i = 0; i < forms[form].n_rows; i++)
		if (is_granted(&forms[form].rows[i], rights))
			reached |= acl_rights_from_letters(forms[form].rows[i].granted);
	if (reached == rights)
		return TRUE;
	ties = g_strjoinv(" ", (char **)forms[form].ties);
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
		    "the backend grants these only together: %s", ties);
	return FALSE;
}

static gboolean
is_named(AclForm form, const char *name)
{
	for (guint i = 0; i < forms[form].n_rows; i++)
		for (guint j = 0; j < MAX_NAMES; j++)
			if (g_strcmp0(forms[form].rows[i].names[j], name) == 0)
				return TRUE;
	return FALSE;
}

static gboolean
keeps(const Row *row, const AclChange *change)
{
	return change->mode != ACL_MODE_REPLACE &&
	       (acl_rights_from_letters(row->granted) & change->rights) == 0;
}

static void
copy_unnamed(AclForm form, FerryJmapBuilder *builder, FerryJmapValue *before)
{
	FerryJmapValueIter iter;
	FerryJmapValue *item;
	const char *name;

	ferry_jmap_value_iter_init(&iter, before, NULL);
	while (ferry_jmap_value_iter_next(&iter, &name, &item)) {
		g_autoptr(FerryJmapValue) value = item;

		if (is_named(form, name))
			continue;
		ferry_jmap_builder_name(builder, name);
		ferry_jmap_builder_value(builder, value);
	}
}

/* Writes the entry that has @after. A change by + or - leaves alone what it does not name: half of
 * a row, and rights that IMAP does not know. */
void
acl_form_build(AclForm form, FerryJmapBuilder *builder, FerryJmapValue *before,
	       const AclChange *change, AclRights after)
{
	ferry_jmap_builder_begin_object(builder);
	if (before != NULL && change->mode != ACL_MODE_REPLACE)
		copy_unnamed(form, builder, before);
	for (guint i = 0; i < forms[form].n_rows; i++) {
		const Row *row = &forms[form].rows[i];
		gboolean granted = is_granted(row, after);

		for (guint j = 0; j < MAX_NAMES && row->names[j] != NULL; j++)
			ferry_jmap_builder_set_bool(
				builder, row->names[j],
				before != NULL && keeps(row, change)
					? ferry_jmap_value_get_boolean(before, row->names[j], FALSE)
					: granted);
	}
	ferry_jmap_builder_end_object(builder);
}

/* Whether the backend took it as it was meant; NULL is no entry. */
gboolean
acl_form_is_as_built(AclForm form, FerryJmapValue *entry, AclRights rights)
{
	AclRights wanted = 0;

	for (guint i = 0; i < forms[form].n_rows; i++)
		if (is_granted(&forms[form].rows[i], rights))
			wanted |= acl_rights_from_letters(forms[form].rows[i].told);
	return (entry != NULL ? acl_form_read(form, entry) : 0) == wanted;
}

/* Whether all that somebody may do is told. */
gboolean
acl_form_is_exact(AclForm form)
{
	return forms[form].exact;
}

const char *const *
acl_form_get_ties(AclForm form)
{
	return forms[form].ties;
}

const char *
acl_form_get_new_letters(AclForm form)
{
	return forms[form].new_letters;
}
