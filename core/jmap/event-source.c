/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading an event stream
 *
 * Specification: WHATWG HTML, "Server-sent events", 9.2.5 and 9.2.6
 * Implementation: incremental, at any split of the octets. An event over the limit is an error,
 *   since skipping it would lose a change. Octets that are no UTF-8 become U+FFFD
 */
#include <string.h>

#include "jmap/event-source.h"
#include "jmap/error.h"

struct _FerryJmapEventParser {
	gatomicrefcount refs;
	gsize max_event_size;
	FerryJmapEventFunc func;
	gpointer user_data;
	GDestroyNotify destroy;

	GString *line;
	GString *data;
	GString *event;
	char *last_id;
	guint retry;
	guint bom_matched; /* octets of a leading byte order mark seen, 3 when that is settled */
	gboolean after_cr;
	gboolean has_data;
};

G_DEFINE_BOXED_TYPE(FerryJmapEventParser, ferry_jmap_event_parser, ferry_jmap_event_parser_ref,
		    ferry_jmap_event_parser_unref)

/**
 * ferry_jmap_event_parser_new:
 * @max_event_size: octets that one event may take
 * @func: (scope notified) (closure user_data) (destroy destroy): called for each event
 * @user_data: passed to @func
 * @destroy: (nullable): frees @user_data
 *
 * Returns: (transfer full): a parser at the start of a stream
 */
FerryJmapEventParser *
ferry_jmap_event_parser_new(gsize max_event_size, FerryJmapEventFunc func, gpointer user_data,
			    GDestroyNotify destroy)
{
	FerryJmapEventParser *self = g_new0(FerryJmapEventParser, 1);

	g_atomic_ref_count_init(&self->refs);
	self->max_event_size = max_event_size;
	self->func = func;
	self->user_data = user_data;
	self->destroy = destroy;
	self->line = g_string_new(NULL);
	self->data = g_string_new(NULL);
	self->event = g_string_new(NULL);
	return self;
}

/**
 * ferry_jmap_event_parser_ref:
 * @self: a parser
 *
 * Returns: (transfer full): @self
 */
FerryJmapEventParser *
ferry_jmap_event_parser_ref(FerryJmapEventParser *self)
{
	g_atomic_ref_count_inc(&self->refs);
	return self;
}

/**
 * ferry_jmap_event_parser_unref:
 * @self: (transfer full): a parser
 *
 * Drops a reference.
 */
void
ferry_jmap_event_parser_unref(FerryJmapEventParser *self)
{
	if (!g_atomic_ref_count_dec(&self->refs))
		return;
	if (self->destroy != NULL)
		self->destroy(self->user_data);
	g_string_free(self->line, TRUE);
	g_string_free(self->data, TRUE);
	g_string_free(self->event, TRUE);
	g_free(self->last_id);
	g_free(self);
}

static void
dispatch_event(FerryJmapEventParser *self)
{
	if (self->has_data) {
		/* each data line ended with a newline; the last one is not part of the data */
		g_string_truncate(self->data, self->data->len - 1);
		self->func(self->event->len > 0 ? self->event->str : "message", self->data->str,
			   self->last_id, self->user_data);
	}
	g_string_truncate(self->data, 0);
	g_string_truncate(self->event, 0);
	self->has_data = FALSE;
}

static void
set_retry(FerryJmapEventParser *self, const char *value)
{
	guint64 retry = 0;

	if (g_ascii_string_to_unsigned(value, 10, 0, G_MAXUINT, &retry, NULL))
		self->retry = (guint)retry;
}

static void
take_field(FerryJmapEventParser *self, const char *name, const char *value, gsize length)
{
	if (g_str_equal(name, "data")) {
		g_string_append(self->data, value);
		g_string_append_c(self->data, '\n');
		self->has_data = TRUE;
	} else if (g_str_equal(name, "event")) {
		g_string_assign(self->event, value);
	} else if (g_str_equal(name, "retry")) {
		set_retry(self, value);
	} else if (g_str_equal(name, "id") && strlen(value) == length) {
		g_free(self->last_id);
		self->last_id = g_strdup(value);
	}
}

static void
take_line(FerryJmapEventParser *self)
{
	g_autofree char *valid = NULL;
	char *line = self->line->str;
	char *value = NULL;
	gsize length = self->line->len;

	if (length == 0) {
		dispatch_event(self);
		return;
	}
	value = memchr(line, ':', length);
	if (value != line) {
		if (value == NULL) {
			value = line + length;
		} else {
			*value++ = '\0';
			if (*value == ' ')
				value++;
		}
		length -= (gsize)(value - line);
		if (!g_utf8_validate(value, -1, NULL))
			value = valid = g_utf8_make_valid(value, -1);
		take_field(self, line, value, length);
	}
	g_string_truncate(self->line, 0);
}

/* whether the octet belongs to a byte order mark, which is skipped */
static gboolean
skip_bom(FerryJmapEventParser *self, char c)
{
	static const char bom[] = {'\xef', '\xbb', '\xbf'};

	if (self->bom_matched >= sizeof bom)
		return FALSE;
	if (c == bom[self->bom_matched]) {
		self->bom_matched++;
		return TRUE;
	}
	g_string_append_len(self->line, bom, self->bom_matched);
	self->bom_matched = sizeof bom;
	return FALSE;
}

/* a stretch without line ends, or the one line end that stops it */
static gsize
take_stretch(FerryJmapEventParser *self, const char *data, gsize length)
{
	gsize n = 0;

	while (n < length && data[n] != '\r' && data[n] != '\n')
		n++;
	if (n > 0) {
		g_string_append_len(self->line, data, (gssize)n);
		self->after_cr = FALSE;
		return n;
	}
	if (data[0] == '\n' && self->after_cr) {
		self->after_cr = FALSE;
		return 1;
	}
	self->after_cr = data[0] == '\r';
	take_line(self);
	return 1;
}

/**
 * ferry_jmap_event_parser_feed:
 * @self: a parser
 * @data: (array length=length): octets of the stream
 * @length: how many
 * @error: return location for an error
 *
 * Reads on; @func is called for each event that ends here. After an error the stream is of no use.
 *
 * Returns: %FALSE with %FERRY_ERROR_BACKEND where an event exceeds the limit
 */
gboolean
ferry_jmap_event_parser_feed(FerryJmapEventParser *self, const char *data, gsize length,
			     GError **error)
{
	while (length > 0) {
		gsize n = 1;

		if (!skip_bom(self, data[0]))
			n = take_stretch(self, data, length);
		data += n;
		length -= n;
		if (self->line->len > self->max_event_size ||
		    self->data->len > self->max_event_size) {
			g_set_error(error, FERRY_ERROR, FERRY_ERROR_BACKEND,
				    "an event exceeds %" G_GSIZE_FORMAT " octets",
				    self->max_event_size);
			return FALSE;
		}
	}
	return TRUE;
}

/**
 * ferry_jmap_event_parser_get_last_id:
 * @self: a parser
 *
 * Returns: (nullable): the last event id, to send as Last-Event-ID
 */
const char *
ferry_jmap_event_parser_get_last_id(FerryJmapEventParser *self)
{
	return self->last_id;
}

/**
 * ferry_jmap_event_parser_get_retry:
 * @self: a parser
 *
 * Returns: how many milliseconds the server asks to wait before a reconnect, 0 if it did not say
 */
guint
ferry_jmap_event_parser_get_retry(FerryJmapEventParser *self)
{
	return self->retry;
}
