/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IMAP URLs
 *
 * Specification: RFC 5092 §11 (imapurl, imapurl-rel, imessagepart), RFC 3986 §2 (percent-encoding)
 * Implementation: those that name a message or a part of one, absolute, as an absolute path, or
 *   beginning with `;UID=`, for the selected mailbox
 * Not mapped: searches, URLAUTH, other relative paths (RFC 5092 §7.2: not to be accepted)
 */
#include "url.h"

#include <string.h>

/* the longest mailbox name, all of it percent-encoded, and then some */
#define MAX_URL 8192
/* what is told of a URL that is longer */
#define MAX_TOLD 1000

void
catenate_url_free(CatenateUrl *self)
{
	g_free(self->host);
	g_free(self->user);
	g_free(self->mailbox);
	if (self->section != NULL)
		ferry_imap_value_unref(self->section);
	g_free(self);
}

static gboolean
fail(GError **error, const char *why)
{
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_CANNOT, "URL: %s", why);
	return FALSE;
}

/* RFC 3986 §2: unreserved, sub-delims, and what separates; without `#` and brackets, which are
 * allowed in a host alone. */
static gboolean
check_characters(const char *text, GError **error)
{
	gsize length = strlen(text);

	if (length > MAX_URL)
		return fail(error, "it is too long");
	for (gsize i = 0; i < length; i++) {
		if (!g_ascii_isalnum(text[i]) && strchr("-._~!$'()*+,&=:@/?;%[]", text[i]) == NULL)
			return fail(error, "it has a character that must be percent-encoded");
		if (text[i] == '%' &&
		    (!g_ascii_isxdigit(text[i + 1]) || !g_ascii_isxdigit(text[i + 2])))
			return fail(error, "a percent sign without two hexadecimal digits");
	}
	return TRUE;
}

/* The text that is meant; it has no control characters and is UTF-8. */
static char *
decode(const char *text, gsize length, GError **error)
{
	g_autoptr(GString) decoded = g_string_sized_new(length);

	for (gsize i = 0; i < length; i++) {
		char c = text[i];

		if (c == '%' && i + 2 < length) {
			c = (char)(g_ascii_xdigit_value(text[i + 1]) * 16 +
				   g_ascii_xdigit_value(text[i + 2]));
			i += 2;
		} else if (c == '[' || c == ']' || c == '%') {
			fail(error, "it has a character that must be percent-encoded");
			return NULL;
		}
		if ((guchar)c < 0x20 || c == 0x7f) {
			fail(error, "it has a control character");
			return NULL;
		}
		g_string_append_c(decoded, c);
	}
	if (decoded->len > 0 && g_utf8_validate(decoded->str, (gssize)decoded->len, NULL))
		return g_string_free(g_steal_pointer(&decoded), FALSE);
	fail(error, "a part of it is empty, or not UTF-8");
	return NULL;
}

static gboolean
parse_number(const char *text, gsize length, guint64 least, guint64 most, guint64 *number,
	     GError **error)
{
	guint64 value = 0;

	if (length == 0)
		return fail(error, "a number is missing");
	for (gsize i = 0; i < length; i++) {
		guint digit = (guint)(text[i] - '0');

		if (!g_ascii_isdigit(text[i]) || value > (most - digit) / 10)
			return fail(error, "a number is none, or too large");
		value = value * 10 + digit;
	}
	if (value < least)
		return fail(error, "a number is 0");
	*number = value;
	return TRUE;
}

/* `user;AUTH=mechanism` */
static gboolean
parse_user(CatenateUrl *self, const char *text, gsize length, GError **error)
{
	const char *semicolon = memchr(text, ';', length);
	gsize user_length = semicolon != NULL ? (gsize)(semicolon - text) : length;

	if (semicolon != NULL && (length - user_length < strlen(";AUTH=*") ||
				  g_ascii_strncasecmp(semicolon, ";AUTH=", 6) != 0 ||
				  memchr(semicolon + 1, ';', length - user_length - 1) != NULL))
		return fail(error, "only ;AUTH= may follow a user");
	/* RFC 5092 §3.1: without a name these are not the user's mailboxes */
	self->user = decode(text, user_length, error);
	return self->user != NULL;
}

/* `[user@]host[:port]` */
static gboolean
parse_server(CatenateUrl *self, const char *text, gsize length, GError **error)
{
	const char *end = text + length;
	const char *at = memchr(text, '@', length);
	const char *host = at != NULL ? at + 1 : text;
	const char *host_end, *port;
	guint64 number = 0;

	if (at != NULL && !parse_user(self, text, (gsize)(at - text), error))
		return FALSE;
	host_end = host < end && *host == '[' ? memchr(host, ']', (gsize)(end - host)) : NULL;
	port = memchr(host_end != NULL ? host_end : host, ':',
		      (gsize)(end - (host_end != NULL ? host_end : host)));
	if (host_end != NULL) {
		if (host_end + 1 != (port != NULL ? port : end))
			return fail(error, "the host is malformed");
		self->host = g_strndup(host + 1, (gsize)(host_end - host - 1));
	} else {
		self->host = decode(host, (gsize)((port != NULL ? port : end) - host), error);
	}
	if (self->host == NULL)
		return FALSE;
	if (port != NULL && port + 1 < end &&
	    !parse_number(port + 1, (gsize)(end - port - 1), 1, G_MAXUINT16, &number, error))
		return FALSE;
	self->absolute = TRUE;
	self->port = (guint)number;
	return TRUE;
}

static gboolean
has_dot_segment(const char *path, gsize length)
{
	g_autofree char *copy = g_strndup(path, length);
	g_auto(GStrv) segments = g_strsplit(copy, "/", -1);

	for (guint i = 0; segments[i] != NULL; i++)
		if (strcmp(segments[i], ".") == 0 || strcmp(segments[i], "..") == 0)
			return TRUE;
	return FALSE;
}

static gboolean
parse_mailbox(CatenateUrl *self, const char *text, gsize length, GError **error)
{
	g_autofree char *name = NULL;

	/* RFC 5092 §7: in a name these are to be encoded */
	if (has_dot_segment(text, length))
		return fail(error, "it has dot segments");
	name = decode(text, length, error);
	if (name == NULL)
		return FALSE;
	self->mailbox = ferry_imap_name_normalize(name);
	return TRUE;
}

static gboolean
parse_section(CatenateUrl *self, const char *text, gsize length, GError **error)
{
	g_autofree char *section = decode(text, length, error);

	if (section == NULL)
		return FALSE;
	self->section = ferry_imap_section_parse(section, NULL);
	return self->section != NULL || fail(error, "there is no such kind of section");
}

static gboolean
parse_partial(CatenateUrl *self, const char *text, gsize length, GError **error)
{
	const char *dot = memchr(text, '.', length);
	gsize offset_length = dot != NULL ? (gsize)(dot - text) : length;

	self->has_partial = TRUE;
	self->length = G_MAXUINT64;
	return parse_number(text, offset_length, 0, G_MAXINT64, &self->offset, error) &&
	       (dot == NULL || parse_number(dot + 1, length - offset_length - 1, 1, G_MAXINT64,
					    &self->length, error));
}

typedef enum {
	UIDVALIDITY,
	UID,
	SECTION,
	PARTIAL,
	N_PARAMETERS,
} Parameter;

static const char *const parameter_names[N_PARAMETERS] = {
	"UIDVALIDITY=", "UID=", "SECTION=", "PARTIAL="};

static gboolean
parse_value(CatenateUrl *self, Parameter parameter, const char *text, gsize length, GError **error)
{
	guint64 number;

	switch (parameter) {
	case SECTION:
		return parse_section(self, text, length, error);
	case PARTIAL:
		return parse_partial(self, text, length, error);
	default:
		if (!parse_number(text, length, 1, G_MAXUINT32, &number, error))
			return FALSE;
		*(parameter == UID ? &self->uid : &self->uidvalidity) = (guint32)number;
		return TRUE;
	}
}

/* What stands before `;UID=`, `;SECTION=` and `;PARTIAL=` ends with the slash that belongs to
 * them. */
static gboolean
strip_slash(const char *piece, gsize *length, const char *next, GError **error)
{
	if (next == NULL || g_ascii_strncasecmp(next, "UIDVALIDITY=", 12) == 0)
		return TRUE;
	if (*length == 0 || piece[*length - 1] != '/')
		return fail(error, "a slash is missing before a parameter");
	(*length)--;
	return TRUE;
}

static gboolean
parse_parameters(CatenateUrl *self, const char *text, GError **error)
{
	Parameter least = UIDVALIDITY;

	while (text != NULL) {
		const char *semicolon = strchr(text, ';');
		const char *next = semicolon != NULL ? semicolon + 1 : NULL;
		Parameter parameter = least;
		gsize name_length, length;

		while (parameter < N_PARAMETERS &&
		       g_ascii_strncasecmp(text, parameter_names[parameter],
					   strlen(parameter_names[parameter])) != 0)
			parameter++;
		if (parameter == N_PARAMETERS)
			return fail(error, "a parameter is unknown, or not in its place");
		name_length = strlen(parameter_names[parameter]);
		length = (semicolon != NULL ? (gsize)(semicolon - text) : strlen(text)) -
			 name_length;
		text += name_length;
		if (!strip_slash(text, &length, next, error) ||
		    !parse_value(self, parameter, text, length, error))
			return FALSE;
		least = (Parameter)(parameter + 1);
		text = next;
	}
	return self->uid != 0 || fail(error, "it names no message");
}

/* Behind the server: `/mailbox/;UID=1/;SECTION=2`; or `;UID=1`, where there is no server. */
static gboolean
parse_path(CatenateUrl *self, const char *path, GError **error)
{
	const char *semicolon = strchr(path, ';');
	gsize length;

	if (strpbrk(path, "?[]") != NULL)
		return fail(error, "it is no message, or has a character to be percent-encoded");
	if (semicolon == NULL)
		return fail(error, "it names no message");
	if (semicolon == path && !self->absolute)
		return parse_parameters(self, semicolon + 1, error);
	if (*path != '/' || path[1] == '/')
		return fail(error, "a path has to begin with one slash");
	path++;
	length = (gsize)(semicolon - path);
	return strip_slash(path, &length, semicolon + 1, error) &&
	       parse_mailbox(self, path, length, error) &&
	       parse_parameters(self, semicolon + 1, error);
}

static gboolean
parse(CatenateUrl *self, const char *text, GError **error)
{
	gsize scheme = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789+-.");
	const char *server = text;

	if (!check_characters(text, error))
		return FALSE;
	if (text[scheme] == ':') {
		if (g_ascii_strncasecmp(text, "imap:", 5) != 0)
			return fail(error, "it is no imap: URL");
		server = text + 5;
		if (!g_str_has_prefix(server, "//"))
			return fail(error, "there is no server");
	}
	if (g_str_has_prefix(server, "//")) {
		gsize length = strcspn(server + 2, "/?");

		if (!parse_server(self, server + 2, length, error))
			return FALSE;
		text = server + 2 + length;
	}
	return parse_path(self, text, error);
}

CatenateUrl *
catenate_url_parse(const char *text, GError **error)
{
	g_autoptr(CatenateUrl) self = g_new0(CatenateUrl, 1);

	if (!parse(self, text, error))
		return NULL;
	return g_steal_pointer(&self);
}

static gboolean
is_named(const char *host, const char *const *names)
{
	for (; names != NULL && *names != NULL; names++)
		if (g_ascii_strcasecmp(host, *names) == 0)
			return TRUE;
	return FALSE;
}

/* An absolute URL names the server by a name that it has, or by the address that the client
 * connected to, and the user who is signed in. Behind a name of the configuration there may be
 * another port than clients know. */
gboolean
catenate_url_is_at(const CatenateUrl *self, const CatenateServer *server)
{
	static const guint usual_ports[] = {143, 993};
	gboolean usual = self->port == usual_ports[0] || self->port == usual_ports[1];

	if (g_strcmp0(self->user, server->user) != 0)
		return FALSE;
	if (is_named(self->host, server->names))
		return self->port == 0 || usual || self->port == server->port;
	if (self->port != 0 ? self->port != server->port
			    : server->port != usual_ports[0] && server->port != usual_ports[1])
		return FALSE;
	return g_ascii_strcasecmp(self->host, server->host) == 0 ||
	       g_ascii_strcasecmp(self->host, server->address) == 0 ||
	       (server->loopback && g_ascii_strcasecmp(self->host, "localhost") == 0);
}

/* Whether the URL is why something could not be read; an outage is not its fault. */
gboolean
catenate_url_is_to_blame(const GError *error)
{
	return g_error_matches(error, FERRY_ERROR, FERRY_ERROR_EXPUNGED) ||
	       g_error_matches(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND) ||
	       g_error_matches(error, FERRY_ERROR, FERRY_ERROR_NO_PERMISSION);
}

char *
catenate_url_escape(const char *text)
{
	GString *escaped = g_string_new(NULL);

	for (; *text != '\0' && escaped->len < MAX_TOLD; text++) {
		guchar c = (guchar)*text;

		if (c <= 0x20 || c >= 0x7f || c == ']' || c == '[')
			g_string_append_printf(escaped, "%%%02X", c);
		else
			g_string_append_c(escaped, (char)c);
	}
	return g_string_free(escaped, FALSE);
}
