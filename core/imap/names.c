/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mailbox names as the protocol writes them
 *
 * Specification: RFC 3501 §5.1.3 (modified UTF-7), RFC 9051 §5.1 (names, INBOX), §6.3.9 (patterns)
 * Implementation: both encodings, INBOX in any case, names for CREATE in NFC, `*` and `%`
 * Not here: how names map to JMAP mailboxes; that is core/account's.
 */
#include "imap/names.h"

#include <string.h>

#include "base/error.h"

/* longer names and patterns are refused: JMAP names have 255 octets a level in practice */
#define MAX_NAME 4096

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/* Bits on their way in or out of modified base64. */
typedef struct {
	guint32 value;
	guint count;
} Bits;

static void
put_unit(GString *out, Bits *bits, guint16 unit)
{
	bits->value = (bits->value << 16) | unit;
	bits->count += 16;
	while (bits->count >= 6) {
		bits->count -= 6;
		g_string_append_c(out, base64[(bits->value >> bits->count) & 0x3f]);
	}
	bits->value &= (1u << bits->count) - 1;
}

static const char *
encode_run(GString *out, const char *p)
{
	Bits bits = {0, 0};

	g_string_append_c(out, '&');
	for (; *p != '\0' && ((guint8)*p < 0x20 || (guint8)*p > 0x7e); p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (c < 0x10000) {
			put_unit(out, &bits, (guint16)c);
			continue;
		}
		put_unit(out, &bits, (guint16)(0xd800 + ((c - 0x10000) >> 10)));
		put_unit(out, &bits, (guint16)(0xdc00 + ((c - 0x10000) & 0x3ff)));
	}
	if (bits.count > 0)
		g_string_append_c(out, base64[(bits.value << (6 - bits.count)) & 0x3f]);
	g_string_append_c(out, '-');
	return p;
}

/**
 * ferry_imap_utf7_encode:
 * @name: a name in UTF-8
 *
 * Returns: (transfer full): @name in modified UTF-7 (RFC 3501 §5.1.3)
 */
char *
ferry_imap_utf7_encode(const char *name)
{
	GString *out = g_string_new(NULL);
	const char *p = name;

	while (*p != '\0') {
		if (*p == '&') {
			g_string_append(out, "&-");
			p++;
		} else if ((guint8)*p >= 0x20 && (guint8)*p <= 0x7e) {
			g_string_append_c(out, *p++);
		} else {
			p = encode_run(out, p);
		}
	}
	return g_string_free(out, FALSE);
}

static gboolean
put_decoded(GString *out, guint16 unit, guint16 *high)
{
	if (unit >= 0xd800 && unit < 0xdc00) {
		if (*high != 0)
			return FALSE;
		*high = unit;
		return TRUE;
	}
	if (unit >= 0xdc00 && unit < 0xe000) {
		if (*high == 0)
			return FALSE;
		g_string_append_unichar(out, 0x10000 + (((gunichar)(*high - 0xd800)) << 10) +
						     (unit - 0xdc00));
		*high = 0;
		return TRUE;
	}
	/* what can stand for itself must (RFC 3501 §5.1.3), or one name had two spellings */
	if (*high != 0 || unit == 0 || (unit >= 0x20 && unit <= 0x7e))
		return FALSE;
	g_string_append_unichar(out, unit);
	return TRUE;
}

/* @p: behind the `&`. Returns what follows the `-`, or NULL. */
static const char *
decode_run(GString *out, const char *p)
{
	Bits bits = {0, 0};
	guint16 high = 0;

	if (*p == '-') {
		g_string_append_c(out, '&');
		return p + 1;
	}
	for (; *p != '\0' && *p != '-'; p++) {
		const char *digit = strchr(base64, *p);

		if (digit == NULL)
			return NULL;
		bits.value = (bits.value << 6) | (guint32)(digit - base64);
		bits.count += 6;
		if (bits.count < 16)
			continue;
		bits.count -= 16;
		if (!put_decoded(out, (guint16)(bits.value >> bits.count), &high))
			return NULL;
		bits.value &= (1u << bits.count) - 1;
	}
	if (*p != '-' || high != 0 || bits.count >= 6 || bits.value != 0)
		return NULL;
	/* a shift back and forth again has no meaning: one run could have had all of it */
	if (p[1] == '&' && p[2] != '-')
		return NULL;
	return p + 1;
}

/**
 * ferry_imap_utf7_decode:
 * @text: modified UTF-7
 * @error: return location; %FERRY_ERROR_CANNOT
 *
 * Returns: (transfer full): the name in UTF-8
 */
char *
ferry_imap_utf7_decode(const char *text, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);
	const char *p = text;

	while (p != NULL && *p != '\0') {
		if (*p == '&') {
			p = decode_run(out, p + 1);
		} else if ((guint8)*p >= 0x20 && (guint8)*p <= 0x7e) {
			g_string_append_c(out, *p++);
		} else {
			p = NULL;
		}
	}
	if (p == NULL) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
				    "Mailbox name is not valid modified UTF-7");
		return NULL;
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

/**
 * ferry_imap_name_normalize:
 * @name: a name in UTF-8
 *
 * INBOX is a name in any case, also as the parent of others (RFC 9051 §5.1).
 *
 * Returns: (transfer full): @name with INBOX in capitals
 */
char *
ferry_imap_name_normalize(const char *name)
{
	if (g_ascii_strncasecmp(name, "INBOX", 5) == 0 &&
	    (name[5] == '\0' || name[5] == FERRY_IMAP_DELIMITER))
		return g_strconcat("INBOX", name + 5, NULL);
	return g_strdup(name);
}

static gboolean
has_forbidden_character(const char *name)
{
	for (const char *p = name; *p != '\0'; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		/* Net-Unicode (RFC 5198) and RFC 9051 §5.1: no controls, no line separators */
		if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029)
			return TRUE;
	}
	return FALSE;
}

/**
 * ferry_imap_name_for_create:
 * @name: a name as parsed
 * @error: return location; %FERRY_ERROR_CANNOT
 *
 * Prepares a name for CREATE and RENAME: in NFC, without the delimiter at the end that announces
 * children (RFC 9051 §6.3.4), which every mailbox here may have.
 *
 * Returns: (transfer full): the name to make
 */
char *
ferry_imap_name_for_create(const char *name, GError **error)
{
	g_autofree char *normal = g_utf8_normalize(name, -1, G_NORMALIZE_NFC);
	gsize length = normal != NULL ? strlen(normal) : 0;

	if (length > 0 && normal[length - 1] == FERRY_IMAP_DELIMITER)
		normal[--length] = '\0';
	if (length == 0 || length > MAX_NAME || normal[0] == FERRY_IMAP_DELIMITER ||
	    strstr(normal, "//") != NULL || normal[length - 1] == FERRY_IMAP_DELIMITER ||
	    has_forbidden_character(normal)) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
				    "Mailbox name is not acceptable");
		return NULL;
	}
	return g_steal_pointer(&normal);
}

/* Simulates the pattern as a set of states: linear in each of both, whatever the wildcards.
 * @states: one more than the pattern has octets; on return those reached after @name. */
static void
match_states(const char *pattern, gsize length, const char *name, guint8 *states)
{
	memset(states, 0, length + 1);
	states[0] = 1;
	for (gsize i = 0; i < length && (pattern[i] == '*' || pattern[i] == '%'); i++)
		states[i + 1] = 1;
	for (const char *c = name; *c != '\0'; c++) {
		/* backwards, so that a state is read before this octet's moves reach it */
		for (gsize i = length + 1; i-- > 0;) {
			gboolean stays = i < length && states[i] &&
					 (pattern[i] == '*' ||
					  (pattern[i] == '%' && *c != FERRY_IMAP_DELIMITER));
			gboolean comes = i > 0 && states[i - 1] && pattern[i - 1] == *c &&
					 pattern[i - 1] != '*' && pattern[i - 1] != '%';

			states[i] = stays || comes;
		}
		/* a wildcard may stand for nothing */
		for (gsize i = 0; i < length; i++)
			if (states[i] && (pattern[i] == '*' || pattern[i] == '%'))
				states[i + 1] = 1;
	}
}

/**
 * ferry_imap_name_matches:
 * @pattern: a pattern with `*` and `%`
 * @name: a mailbox name
 *
 * Returns: whether @name is one that LIST with @pattern tells (RFC 9051 §6.3.9)
 */
gboolean
ferry_imap_name_matches(const char *pattern, const char *name)
{
	gsize length = strlen(pattern);
	g_autofree guint8 *states = NULL;

	if (length > MAX_NAME)
		return FALSE;
	if (strpbrk(pattern, "*%") == NULL)
		return strcmp(pattern, name) == 0;
	states = g_malloc(length + 1);
	match_states(pattern, length, name, states);
	return states[length];
}

/**
 * ferry_imap_name_could_contain:
 * @pattern: a pattern with `*` and `%`
 * @name: a mailbox name
 *
 * Returns: whether some child of @name could match @pattern
 */
gboolean
ferry_imap_name_could_contain(const char *pattern, const char *name)
{
	gsize length = strlen(pattern);
	g_autofree char *prefix = g_strconcat(name, "/", NULL);
	g_autofree guint8 *states = NULL;

	if (length > MAX_NAME)
		return FALSE;
	states = g_malloc(length + 1);
	match_states(pattern, length, prefix, states);
	/* something must be left to match, but for a final wildcard */
	for (gsize i = 0; i < length; i++)
		if (states[i])
			return TRUE;
	return FALSE;
}
