/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "acl.h"

static const struct {
	FerryMailboxRights rights;
	const char *text;
} mine[] = {
	{(FerryMailboxRights)0, ""},
	{FERRY_RIGHT_READ_ITEMS, "lr"},
	{FERRY_RIGHT_SET_SEEN, "s"},
	{FERRY_RIGHT_SET_KEYWORDS, "w"},
	{FERRY_RIGHT_ADD_ITEMS, "i"},
	{FERRY_RIGHT_SUBMIT, "p"},
	{FERRY_RIGHT_RENAME, ""},
	{FERRY_RIGHT_DELETE, ""},
	{(FerryMailboxRights)(FERRY_RIGHT_RENAME | FERRY_RIGHT_DELETE), "xc"},
	{FERRY_RIGHT_CREATE_CHILD, "kc"},
	{FERRY_RIGHT_REMOVE_ITEMS, "ted"},
	{FERRY_RIGHT_SHARE, "a"},
	{FERRY_RIGHTS_ALL, "lrswipkxtecda"},
};

static void
test_my_rights(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(mine); i++) {
		g_autofree char *text = acl_rights_to_text(acl_rights_from_mailbox(mine[i].rights));

		g_assert_cmpstr(text, ==, mine[i].text);
	}
}

static const struct {
	AclForm form;
	const char *text;
	AclMode mode;
	const char *rights; /* NULL: not accepted */
} changes[] = {
	{ACL_FORM_STANDARD, "", ACL_MODE_REPLACE, ""},
	{ACL_FORM_STANDARD, "+", ACL_MODE_ADD, ""},
	{ACL_FORM_STANDARD, "-lr", ACL_MODE_REMOVE, "lr"},
	{ACL_FORM_STANDARD, "dd", ACL_MODE_REPLACE, "te"},
	{ACL_FORM_STANDARD, "+cl", ACL_MODE_ADD, "lkx"},
	{ACL_FORM_STANDARD, "lrswipkxtea", ACL_MODE_REPLACE, "lrswipkxtea"},
	{ACL_FORM_STANDARD, "n", ACL_MODE_REPLACE, NULL},
	{ACL_FORM_STANDARD, "L", ACL_MODE_REPLACE, NULL},
	{ACL_FORM_STANDARD, "lr9", ACL_MODE_REPLACE, NULL},
	{ACL_FORM_STANDARD, "++l", ACL_MODE_REPLACE, NULL},
	{ACL_FORM_STANDARD, "l-r", ACL_MODE_REPLACE, NULL},
	{ACL_FORM_STANDARD, "l\303\244", ACL_MODE_REPLACE, NULL},
	{ACL_FORM_CYRUS, "n", ACL_MODE_REPLACE, "n"},
	{ACL_FORM_CYRUS, "q", ACL_MODE_REPLACE, NULL},
};

static void
test_changes(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(changes); i++) {
		g_autoptr(GError) error = NULL;
		AclChange change;
		gboolean good = acl_change_parse(changes[i].text, changes[i].form, &change, &error);

		if (good != (changes[i].rights != NULL))
			g_error("change %u", i);
		if (!good) {
			g_assert_error(error, FERRY_ERROR, FERRY_ERROR_INVALID);
			continue;
		}
		g_assert_cmpint(change.mode, ==, changes[i].mode);
		g_assert_cmpuint(change.rights, ==, acl_rights_from_letters(changes[i].rights));
	}
}

static char *
build(AclForm form, FerryJmapValue *before, const AclChange *change, AclRights after)
{
	g_autoptr(FerryJmapBuilder) builder = ferry_jmap_builder_new();

	acl_form_build(form, builder, before, change, after);
	return ferry_jmap_builder_to_json(builder);
}

/* The names that are true in an entry, in the order of the backend's. */
static char *
list_granted(const char *json)
{
	g_autoptr(FerryJmapValue) entry = ferry_jmap_value_new_from_json(json, -1, NULL);
	g_auto(GStrv) names = ferry_jmap_value_dup_member_names(entry, NULL);
	GString *granted = g_string_new(NULL);

	for (guint i = 0; names[i] != NULL; i++)
		if (ferry_jmap_value_get_boolean(entry, names[i], FALSE))
			g_string_append_printf(granted, "%s%s", granted->len > 0 ? " " : "",
					       names[i]);
	return g_string_free(granted, FALSE);
}

/* Which letters are which rights, both ways: the tables could be wrong and still agree. */
static void
test_names(void)
{
	static const struct {
		AclForm form;
		const char *granted, *names, *told;
	} cases[] = {
		{ACL_FORM_STANDARD, "", "", ""},
		{ACL_FORM_STANDARD, "lr", "mayReadItems", "lr"},
		{ACL_FORM_STANDARD, "s", "maySetSeen", "s"},
		{ACL_FORM_STANDARD, "w", "maySetKeywords", "w"},
		{ACL_FORM_STANDARD, "i", "mayAddItems", "i"},
		{ACL_FORM_STANDARD, "p", "maySubmit", "p"},
		{ACL_FORM_STANDARD, "k", "mayCreateChild", "k"},
		{ACL_FORM_STANDARD, "te", "mayRemoveItems", "te"},
		{ACL_FORM_STANDARD, "x", "mayRename mayDelete", "x"},
		{ACL_FORM_STANDARD, "a", "mayShare", "a"},
		{ACL_FORM_CYRUS, "lrs", "mayRead", "lr"},
		{ACL_FORM_CYRUS, "switen", "mayWrite", "switen"},
		{ACL_FORM_CYRUS, "kxa", "mayAdmin", "a"},
		{ACL_FORM_CYRUS, "lrskxa", "mayRead mayAdmin", "lra"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		AclChange change = {ACL_MODE_REPLACE, acl_rights_from_letters(cases[i].granted)};
		g_autofree char *json = build(cases[i].form, NULL, &change, change.rights);
		g_autofree char *names = list_granted(json);
		g_autoptr(FerryJmapValue) entry = ferry_jmap_value_new_from_json(json, -1, NULL);

		g_test_message("case %u", i);
		g_assert_cmpstr(names, ==, cases[i].names);
		g_assert_cmpuint(acl_form_read(cases[i].form, entry), ==,
				 acl_rights_from_letters(cases[i].told));
	}
}

/* More than was asked for is not as it was meant. */
static void
test_as_built(void)
{
	static const struct {
		AclForm form;
		const char *rights;
		const char *entry; /* NULL: none */
		gboolean good;
	} cases[] = {
		{ACL_FORM_STANDARD, "", NULL, TRUE},
		{ACL_FORM_STANDARD, "", "{}", TRUE},
		{ACL_FORM_STANDARD, "", "{\"mayReadItems\":true}", FALSE},
		{ACL_FORM_STANDARD, "lr", NULL, FALSE},
		{ACL_FORM_STANDARD, "lr", "{\"mayReadItems\":true}", TRUE},
		{ACL_FORM_STANDARD, "lr", "{\"mayReadItems\":true,\"mayDelete\":true}", TRUE},
		{ACL_FORM_STANDARD, "lr", "{\"mayReadItems\":true,\"maySetSeen\":true}", FALSE},
		{ACL_FORM_STANDARD, "lr", "{\"mayReadItems\":\"yes\"}", FALSE},
		{ACL_FORM_STANDARD, "lrs", "{\"mayReadItems\":true}", FALSE},
		{ACL_FORM_CYRUS, "lrs", "{\"mayRead\":true}", TRUE},
		{ACL_FORM_CYRUS, "lrs", "{\"mayRead\":true,\"mayWrite\":true}", FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(FerryJmapValue) entry =
			cases[i].entry != NULL
				? ferry_jmap_value_new_from_json(cases[i].entry, -1, NULL)
				: NULL;

		g_test_message("case %u", i);
		g_assert_cmpint(acl_form_is_as_built(cases[i].form, entry,
						     acl_rights_from_letters(cases[i].rights)),
				==, cases[i].good);
	}
}

/* The property that all depends on, for every set of rights: what can be expressed is granted and
 * read back as it is, whatever else there was; all else is refused. @certain: what of it the
 * backend tells. */
static void
check_form(AclForm form, AclRights certain, guint expected)
{
	static const char old[] = "{\"mayReadItems\":true,\"mayDelete\":true,\"mayWrite\":true,"
				  "\"mayFly\":true}";
	g_autoptr(FerryJmapValue) before = ferry_jmap_value_new_from_json(old, -1, NULL);
	guint n = 0;

	for (AclRights rights = 0; rights < 1u << strlen(ACL_LETTERS); rights++) {
		AclChange change = {ACL_MODE_REPLACE, rights};
		g_autofree char *json = NULL;
		g_autoptr(FerryJmapValue) entry = NULL;

		if (!acl_form_can_express(form, rights, NULL))
			continue;
		n++;
		json = build(form, before, &change, rights);
		entry = ferry_jmap_value_new_from_json(json, -1, NULL);
		g_assert_nonnull(entry);
		g_assert_false(ferry_jmap_value_has(entry, "mayFly"));
		g_assert_cmpuint(acl_form_read(form, entry) & ~rights, ==, 0);
		g_assert_cmpuint(acl_form_read(form, entry) & certain, ==, rights & certain);
		g_assert_true(acl_form_is_as_built(form, entry, rights));
	}
	g_assert_cmpuint(n, ==, expected);
}

static void
test_forms(void)
{
	/* nine rows that go by themselves; three */
	check_form(ACL_FORM_STANDARD, ~0u, 1u << 9);
	check_form(ACL_FORM_CYRUS, acl_rights_from_letters("lrwiten"), 1u << 3);
}

static const struct {
	AclForm form;
	const char *rights;
	gboolean can;
} expressions[] = {
	{ACL_FORM_STANDARD, "l", FALSE},      {ACL_FORM_STANDARD, "t", FALSE},
	{ACL_FORM_STANDARD, "x", TRUE},       {ACL_FORM_STANDARD, "lrsn", FALSE},
	{ACL_FORM_STANDARD, "lrste", TRUE},   {ACL_FORM_CYRUS, "lr", FALSE},
	{ACL_FORM_CYRUS, "lrs", TRUE},        {ACL_FORM_CYRUS, "lrswite", FALSE},
	{ACL_FORM_CYRUS, "lrswiten", TRUE},   {ACL_FORM_CYRUS, "lrsx", FALSE},
	{ACL_FORM_CYRUS, "lrsa", FALSE},      {ACL_FORM_CYRUS, "lrskxa", TRUE},
	{ACL_FORM_CYRUS, "lrp", FALSE},       {ACL_FORM_CYRUS, "witen", FALSE},
	{ACL_FORM_CYRUS, "lrswitenp", FALSE}, {ACL_FORM_NONE, "lr", FALSE},
};

static void
test_expressions(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(expressions); i++) {
		g_autoptr(GError) error = NULL;
		gboolean can = acl_form_can_express(expressions[i].form,
						    acl_rights_from_letters(expressions[i].rights),
						    &error);

		if (can != expressions[i].can)
			g_error("%s", expressions[i].rights);
		if (!can)
			g_assert_error(error, FERRY_ERROR, FERRY_ERROR_CANNOT);
	}
}

/* + and - keep half of a row, and what is not known. */
static void
test_keep(void)
{
	static const char old[] = "{\"mayReadItems\":true,\"mayDelete\":true,\"mayFly\":true}";
	g_autoptr(FerryJmapValue) before = ferry_jmap_value_new_from_json(old, -1, NULL);
	AclRights rights = acl_form_read(ACL_FORM_STANDARD, before);
	AclChange add = {ACL_MODE_ADD, acl_rights_from_letters("s")};
	AclChange take = {ACL_MODE_REMOVE, acl_rights_from_letters("x")};
	g_autofree char *added = NULL;
	g_autofree char *taken = NULL;
	g_autoptr(FerryJmapValue) more = NULL;
	g_autoptr(FerryJmapValue) less = NULL;

	g_assert_cmpuint(rights, ==, acl_rights_from_letters("lr"));
	added = build(ACL_FORM_STANDARD, before, &add, acl_change_apply(&add, rights));
	more = ferry_jmap_value_new_from_json(added, -1, NULL);
	g_assert_true(ferry_jmap_value_get_boolean(more, "mayFly", FALSE));
	g_assert_true(ferry_jmap_value_get_boolean(more, "mayDelete", FALSE));
	g_assert_false(ferry_jmap_value_get_boolean(more, "mayRename", TRUE));
	g_assert_true(ferry_jmap_value_get_boolean(more, "maySetSeen", FALSE));
	taken = build(ACL_FORM_STANDARD, before, &take, acl_change_apply(&take, rights));
	less = ferry_jmap_value_new_from_json(taken, -1, NULL);
	g_assert_false(ferry_jmap_value_get_boolean(less, "mayDelete", TRUE));
	g_assert_true(ferry_jmap_value_get_boolean(less, "mayReadItems", FALSE));
}

/* Each right of LISTRIGHTS once (RFC 4314 §3.7), and each string of it can be granted to who has
 * those before it. */
static void
test_ties(void)
{
	for (AclForm form = ACL_FORM_STANDARD; form < ACL_N_FORMS; form++) {
		const char *const *ties = acl_form_get_ties(form);
		g_autofree char *all = g_strjoinv("", (char **)ties);

		for (guint i = 0; all[i] != '\0'; i++)
			g_assert_null(strchr(all + i + 1, all[i]));
		for (AclChange change = {0}, sum = {0}; *ties != NULL; ties++) {
			g_assert_true(acl_change_parse(*ties, form, &change, NULL));
			sum.rights |= change.rights;
			g_assert_true(acl_form_can_express(form, sum.rights, NULL));
		}
	}
}

static void
test_identifiers(void)
{
	static const struct {
		const char *text, *prepared;
	} names[] = {
		{"bob", "bob"},
		{"bob smith", "bob smith"},
		{"\357\274\242ob", "Bob"}, /* a wide B */
		{"", NULL},
		{"a\nb", NULL},
		{"a\342\200\213b", NULL}, /* a space that nobody sees */
		{"\342\200\256bob", NULL},
		{"\377", NULL},
	};
	g_autofree char *longest = g_strnfill(1024, 'a');
	g_autofree char *prepared_longest = acl_identifier_prepare(longest, NULL);
	g_autofree char *too_long = g_strnfill(1025, 'a');

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *prepared = acl_identifier_prepare(names[i].text, &error);

		g_assert_cmpstr(prepared, ==, names[i].prepared);
		if (prepared == NULL)
			g_assert_error(error, FERRY_ERROR, FERRY_ERROR_INVALID);
	}
	g_assert_cmpstr(prepared_longest, ==, longest);
	g_assert_null(acl_identifier_prepare(too_long, NULL));
	g_assert_false(acl_identifier_check("ANYONE", NULL));
	g_assert_false(acl_identifier_check("-bob", NULL));
	g_assert_true(acl_identifier_check("bob-", NULL));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/acl/my-rights", test_my_rights);
	g_test_add_func("/acl/changes", test_changes);
	g_test_add_func("/acl/forms", test_forms);
	g_test_add_func("/acl/names", test_names);
	g_test_add_func("/acl/as-built", test_as_built);
	g_test_add_func("/acl/expressions", test_expressions);
	g_test_add_func("/acl/keep", test_keep);
	g_test_add_func("/acl/ties", test_ties);
	g_test_add_func("/acl/identifiers", test_identifiers);
	return g_test_run();
}
