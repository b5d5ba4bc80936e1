/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A light check of Sieve scripts
 *
 * Specification: RFC 5228 sections 2 and 8
 * Implementation: tokens, balanced brackets, known commands at the start of statements, known
 *   extensions in require. Arguments and tests are not checked.
 */
#include <string.h>

#include "sieve-check.h"

typedef struct {
	const char *text;
	gsize len, at;
	guint line;
	char stack[64]; /* brackets that are open */
	guint depth;
	gboolean start;   /* a statement begins here */
	gboolean require; /* strings name extensions */
	char *error;
} JsSieveChecker;

static const char *const js_sieve_commands[] = {
	"require", "if",       "elsif",       "else",         "stop",         "keep",
	"discard", "redirect", "fileinto",    "reject",       "ereject",      "vacation",
	"setflag", "addflag",  "removeflag",  "set",          "notify",       "include",
	"return",  "global",   "addheader",   "deleteheader", "foreverypart", "break",
	"replace", "enclose",  "extracttext", "error",        "denotify",     NULL};

static const char *const js_sieve_extensions[] = {"fileinto",
						  "reject",
						  "ereject",
						  "envelope",
						  "body",
						  "copy",
						  "imap4flags",
						  "vacation",
						  "variables",
						  "relational",
						  "subaddress",
						  "mailbox",
						  "regex",
						  "date",
						  "index",
						  "encoded-character",
						  "comparator-i;ascii-numeric",
						  "comparator-i;octet",
						  "comparator-i;ascii-casemap",
						  "include",
						  "editheader",
						  NULL};

static gboolean
js_sieve_fail(JsSieveChecker *self, const char *what, const char *detail)
{
	if (self->error == NULL)
		self->error =
			g_strdup_printf("line %u: %s%s%s", self->line, what,
					detail != NULL ? ": " : "", detail != NULL ? detail : "");
	return FALSE;
}

static void
js_sieve_skip_line(JsSieveChecker *self)
{
	while (self->at < self->len && self->text[self->at] != '\n')
		self->at++;
}

static gboolean
js_sieve_skip_comment(JsSieveChecker *self)
{
	const char *end = memmem(self->text + self->at + 2, self->len - self->at - 2, "*/", 2);

	if (end == NULL)
		return js_sieve_fail(self, "a comment is not closed", NULL);
	for (; self->text + self->at < end + 2; self->at++)
		self->line += self->text[self->at] == '\n';
	return TRUE;
}

static gboolean
js_sieve_read_string(JsSieveChecker *self)
{
	g_autoptr(GString) value = g_string_new(NULL);

	for (self->at++; self->at < self->len && self->text[self->at] != '"'; self->at++) {
		if (self->text[self->at] == '\\' && self->at + 1 < self->len)
			self->at++;
		self->line += self->text[self->at] == '\n';
		g_string_append_c(value, self->text[self->at]);
	}
	if (self->at >= self->len)
		return js_sieve_fail(self, "a string is not closed", NULL);
	self->at++;
	if (self->require && !g_strv_contains(js_sieve_extensions, value->str))
		return js_sieve_fail(self, "unknown extension", value->str);
	return TRUE;
}

/* text: … up to a line with a single dot */
static gboolean
js_sieve_read_multiline(JsSieveChecker *self)
{
	js_sieve_skip_line(self);
	while (self->at < self->len) {
		const char *line;
		gsize left;

		self->at++;
		self->line++;
		line = self->text + self->at;
		left = self->len - MIN(self->at, self->len);
		if ((left >= 2 && memcmp(line, ".\n", 2) == 0) ||
		    (left >= 3 && memcmp(line, ".\r\n", 3) == 0) || (left == 1 && line[0] == '.')) {
			self->at++;
			return TRUE;
		}
		js_sieve_skip_line(self);
	}
	return js_sieve_fail(self, "a multi-line string is not closed", NULL);
}

static gboolean
js_sieve_read_word(JsSieveChecker *self)
{
	gsize start = self->at;
	g_autofree char *word = NULL;

	while (self->at < self->len &&
	       (g_ascii_isalnum(self->text[self->at]) || self->text[self->at] == '_'))
		self->at++;
	word = g_ascii_strdown(self->text + start, (gssize)(self->at - start));
	if (strcmp(word, "text") == 0 && self->at < self->len && self->text[self->at] == ':')
		return js_sieve_read_multiline(self);
	if (!self->start)
		return TRUE;
	if (!g_strv_contains(js_sieve_commands, word))
		return js_sieve_fail(self, "unknown command", word);
	self->start = FALSE;
	self->require = strcmp(word, "require") == 0;
	return TRUE;
}

static gboolean
js_sieve_read_bracket(JsSieveChecker *self, char c)
{
	static const char open[] = "{[(", close[] = "}])";
	const char *which = strchr(open, c);

	self->at++;
	if (which != NULL) {
		if (self->depth == sizeof self->stack)
			return js_sieve_fail(self, "nested too deeply", NULL);
		if (self->start)
			return js_sieve_fail(self, "a command is missing", NULL);
		self->stack[self->depth++] = close[which - open];
		self->start = c == '{';
		return TRUE;
	}
	if (self->depth == 0 || self->stack[self->depth - 1] != c)
		return js_sieve_fail(self, "a bracket closes nothing", NULL);
	if (c == '}' && !self->start)
		return js_sieve_fail(self, "a semicolon is missing", NULL);
	self->depth--;
	self->start = c == '}';
	return TRUE;
}

static gboolean
js_sieve_step(JsSieveChecker *self)
{
	char c = self->text[self->at];

	if (g_ascii_isspace(c)) {
		self->line += c == '\n';
		self->at++;
		return TRUE;
	}
	if (c == '#') {
		js_sieve_skip_line(self);
		return TRUE;
	}
	if (c == '/' && self->at + 1 < self->len && self->text[self->at + 1] == '*')
		return js_sieve_skip_comment(self);
	if (g_ascii_isalpha(c) || c == '_')
		return js_sieve_read_word(self);
	if (strchr("{[(}])", c) != NULL && c != '\0')
		return js_sieve_read_bracket(self, c);
	if (self->start)
		return js_sieve_fail(self, "a command is missing", NULL);
	if (c == '"')
		return js_sieve_read_string(self);
	self->at++;
	if (c == ';') {
		self->start = TRUE;
		self->require = FALSE;
		return self->depth == 0 || self->stack[self->depth - 1] == '}' ||
		       js_sieve_fail(self, "a bracket is not closed", NULL);
	}
	return g_ascii_isdigit(c) || c == ':' || c == ',' ||
	       js_sieve_fail(self, "unexpected character", NULL);
}

char *
js_sieve_check(const char *text, gsize len)
{
	JsSieveChecker checker = {text, len, 0, 1, "", 0, TRUE, FALSE, NULL};

	if (!g_utf8_validate_len(text, len, NULL))
		return g_strdup("not UTF-8");
	while (checker.at < len && js_sieve_step(&checker))
		continue;
	if (checker.error == NULL && checker.depth > 0)
		js_sieve_fail(&checker, "a bracket is not closed", NULL);
	if (checker.error == NULL && !checker.start)
		js_sieve_fail(&checker, "a semicolon is missing", NULL);
	return checker.error;
}
