/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sections and partials
 *
 * Specification: RFC 9051 §6.4.5, §9 (section, section-binary, partial)
 * Implementation: `[…]<…>`; which texts an item takes is for the item to say
 */
#include <string.h>

#include "base/error.h"
#include "imap/input-private.h"
#include "imap/section.h"

/* deeper parts do not exist: the scanner stops before */
#define MAX_PATH 100
#define MAX_FIELDS 1000

/* `1.2.3`, with the dot behind it where text follows. */
static gboolean
take_path(FerryImapInput *self, FerryImapSection *section, gboolean *text_follows)
{
	g_autoptr(GArray) path = g_array_new(FALSE, FALSE, sizeof(guint32));

	*text_follows = TRUE;
	while (g_ascii_isdigit((char)MAX(ferry_imap_input_peek(self), 0))) {
		guint64 number;
		guint32 part;

		if (!ferry_imap_input_take_number(self, G_MAXUINT32, &number) || number == 0 ||
		    path->len >= MAX_PATH)
			return FALSE;
		part = (guint32)number;
		g_array_append_val(path, part);
		*text_follows = ferry_imap_input_take(self, '.');
		if (!*text_follows)
			break;
	}
	section->path_length = path->len;
	section->path = (guint32 *)(gpointer)g_array_free(g_steal_pointer(&path), FALSE);
	return TRUE;
}

static gboolean
take_fields(FerryImapInput *self, FerryImapSection *section, GError **error)
{
	g_autoptr(GPtrArray) fields = g_ptr_array_new_with_free_func(g_free);

	if (!ferry_imap_input_take(self, ' ') || !ferry_imap_input_take(self, '('))
		return ferry_imap_input_fail(error, "a list of header fields");
	do {
		g_autofree char *name = NULL;

		if (ferry_imap_input_at_string(self)) {
			name = ferry_imap_input_take_string(self, error);
			if (name == NULL)
				return FALSE;
		} else {
			const char *text;
			gsize length = ferry_imap_input_run(self, FERRY_IMAP_CHARS_ASTRING, &text);

			name = g_strndup(text, length);
		}
		if (*name == '\0' || fields->len >= MAX_FIELDS)
			return ferry_imap_input_fail(error, "the name of a header field");
		g_ptr_array_add(fields, g_steal_pointer(&name));
	} while (ferry_imap_input_take(self, ' '));
	if (!ferry_imap_input_take(self, ')'))
		return ferry_imap_input_fail(error, "the end of a list of header fields");
	g_ptr_array_add(fields, NULL);
	section->fields = (char **)g_ptr_array_free(g_steal_pointer(&fields), FALSE);
	return TRUE;
}

static gboolean
take_text(FerryImapInput *self, FerryImapSection *section, GError **error)
{
	const char *word;
	gsize length = ferry_imap_input_run(self, FERRY_IMAP_CHARS_ATOM, &word);
	g_autofree char *text = g_ascii_strup(word, (gssize)length);

	if (strcmp(text, "TEXT") == 0) {
		section->kind = FERRY_MESSAGE_SECTION_TEXT;
	} else if (strcmp(text, "HEADER") == 0) {
		section->kind = FERRY_MESSAGE_SECTION_HEADER;
	} else if (strcmp(text, "MIME") == 0 && section->path_length > 0) {
		section->kind = FERRY_MESSAGE_SECTION_MIME;
	} else if (g_str_has_prefix(text, "HEADER.FIELDS")) {
		section->kind = FERRY_MESSAGE_SECTION_HEADER;
		section->exclude = strcmp(text, "HEADER.FIELDS.NOT") == 0;
		if (!section->exclude && strcmp(text, "HEADER.FIELDS") != 0)
			return ferry_imap_input_fail(error, "a section");
		return take_fields(self, section, error);
	} else {
		return ferry_imap_input_fail(error, "a section");
	}
	return TRUE;
}

static gboolean
take_partial(FerryImapInput *self, FerryImapSection *section, GError **error)
{
	if (!ferry_imap_input_take(self, '<'))
		return TRUE;
	section->has_partial = TRUE;
	if (!ferry_imap_input_take_number(self, G_MAXINT64, &section->offset) ||
	    !ferry_imap_input_take(self, '.') ||
	    !ferry_imap_input_take_number(self, G_MAXINT64, &section->length) ||
	    section->length == 0 || !ferry_imap_input_take(self, '>'))
		return ferry_imap_input_fail(error, "a partial like <0.100>");
	return TRUE;
}

/* How the section goes back into a response: one line, in capitals, names quoted where needed. */
static char *
section_to_text(const FerryImapSection *section)
{
	static const char *const words[] = {"", "HEADER", "TEXT", "MIME"};
	GString *text = g_string_new(NULL);

	for (gsize i = 0; i < section->path_length; i++)
		g_string_append_printf(text, i == 0 ? "%u" : ".%u", section->path[i]);
	if (section->kind != FERRY_MESSAGE_SECTION_ALL)
		g_string_append_printf(text, section->path_length > 0 ? ".%s" : "%s",
				       words[section->kind]);
	if (section->fields == NULL)
		return g_string_free(text, FALSE);
	g_string_append(text, section->exclude ? ".FIELDS.NOT (" : ".FIELDS (");
	for (guint i = 0; section->fields[i] != NULL; i++) {
		const char *name = section->fields[i];
		gboolean plain = TRUE;

		for (const char *c = name; *c != '\0'; c++)
			plain = plain && ferry_imap_is_char(FERRY_IMAP_CHARS_ASTRING, (guint8)*c);
		g_string_append(text, i > 0 ? " " : "");
		if (plain) {
			g_string_append(text, name);
		} else if (strpbrk(name, "\"\\\r\n") == NULL) {
			g_string_append_printf(text, "\"%s\"", name);
		} else {
			g_string_append_printf(text, "{%zu}\r\n%s", strlen(name), name);
		}
	}
	g_string_append_c(text, ')');
	return g_string_free(text, FALSE);
}

FerryImapValue *
ferry_imap_input_take_section(FerryImapInput *self, GError **error)
{
	g_autoptr(FerryImapSection) section = g_new0(FerryImapSection, 1);
	gboolean text_follows;

	if (!ferry_imap_input_take(self, '[') || !take_path(self, section, &text_follows)) {
		ferry_imap_input_fail(error, "a section");
		return NULL;
	}
	section->has_brackets = TRUE;
	/* `[]` has neither path nor text, `[1.]` is malformed */
	if (text_follows && (section->path_length > 0 || ferry_imap_input_peek(self) != ']') &&
	    !take_text(self, section, error))
		return NULL;
	if (!ferry_imap_input_take(self, ']')) {
		ferry_imap_input_fail(error, "the end of a section");
		return NULL;
	}
	if (!take_partial(self, section, error))
		return NULL;
	section->text = section_to_text(section);
	return ferry_imap_value_new_section(g_steal_pointer(&section));
}

/**
 * ferry_imap_section_parse:
 * @text: what stands between the brackets: `1.2.MIME`, `HEADER.FIELDS (Subject)`; empty for all
 * @error: return location; %FERRY_ERROR_INVALID
 *
 * Returns: (transfer full): a SECTION
 */
FerryImapValue *
ferry_imap_section_parse(const char *text, GError **error)
{
	g_autofree char *bracketed = g_strdup_printf("[%s]", text);
	FerryImapInput input = {.data = bracketed, .length = strlen(bracketed)};
	g_autoptr(FerryImapValue) value = ferry_imap_input_take_section(&input, error);

	if (value == NULL)
		return NULL;
	if (ferry_imap_input_at_end(&input))
		return g_steal_pointer(&value);
	ferry_imap_input_fail(error, "the end of a section");
	return NULL;
}
