/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The scanner: one pass over a message
 *
 * Specification: RFC 5322 §2, RFC 2046 §5, RFC 9051 §7.5.2 (what is to be known)
 * Implementation: line by line; only headers, and of other lines as much as a boundary could be
 *   long, are kept. A boundary line of any multipart that is open ends what is inside (RFC 2046
 *   §5.1.2), the innermost one first where several have the same. The line end before a boundary
 * line belongs to the boundary, but the line end of a closing boundary line belongs to its
 * multipart: RFC 2046 has an epilogue begin with it, and Cyrus counts so.
 * Not mapped: parts beyond the limits, which are body of the part they are in
 */
#include <string.h>

#include "base/mapped.h"
#include "message/content-private.h"
#include "message/envelope.h"
#include "message/render-private.h"
#include "message/scanner.h"
#include "message/structure-private.h"

/* of a mapped file that is looked at at once */
#define PIECE (256 * 1024)

#define DEFAULT_MAX_PARTS 1000
#define DEFAULT_MAX_DEPTH 32
#define DEFAULT_MAX_HEADER (256 * 1024)
/* all headers together may be this many times as long as one; rendered text follows from it */
#define MAX_HEADERS_FACTOR 16
/* "--", a boundary, and the two octets that tell what kind of line it is */
#define PREFIX_SIZE (FERRY_MESSAGE_BOUNDARY_MAX + 4)

/* a place in the message */
typedef struct {
	guint64 offset;
	guint64 newlines; /* line feeds before it */
} Mark;

/* a part whose end was not met yet */
typedef struct {
	guint row;
	const char *boundary; /* with its "--"; NULL: nothing in it can be a part */
	gsize boundary_length;
	gboolean closed; /* its last boundary line was met: the rest is epilogue */
	Mark start;      /* of the body */
	Mark floor;      /* the body ends here at the earliest */
} Open;

struct _FerryMessageScanner {
	gatomicrefcount refs;
	FerryMessageLimits limits;
	GArray *parts;    /* of FerryMessagePart */
	GArray *contents; /* of FerryMessageContent, one for each part */
	GArray *open;     /* of Open, the outermost first */
	GStringChunk *strings;
	GString *header; /* of the innermost open part, as far as it was read */
	gsize headers_left;
	gboolean in_header;
	guint64 position;
	Mark line;      /* where the line began that is being read */
	guint line_end; /* octets of the line end before it: 0, 1 or 2 */
	char last;      /* the octet before position */
	guint prefix_length;
	char prefix[PREFIX_SIZE];
	FerryMessageStructure *structure;
};

G_DEFINE_BOXED_TYPE(FerryMessageScanner, ferry_message_scanner, ferry_message_scanner_ref,
		    ferry_message_scanner_unref)

static Open *
get_open(FerryMessageScanner *self, guint i)
{
	return &g_array_index(self->open, Open, i);
}

static Open *
get_innermost(FerryMessageScanner *self)
{
	return get_open(self, self->open->len - 1);
}

static FerryMessagePart *
get_part(FerryMessageScanner *self, guint row)
{
	return &g_array_index(self->parts, FerryMessagePart, row);
}

static FerryMessageContent *
get_content(FerryMessageScanner *self, guint row)
{
	return &g_array_index(self->contents, FerryMessageContent, row);
}

/* Opens a part at @at; its header comes next. */
static void
begin_part(FerryMessageScanner *self, Mark at)
{
	FerryMessagePart part = {.header_start = at.offset, .parent = FERRY_MESSAGE_NO_PART};
	FerryMessageContent content = {0};
	Open open = {.row = self->parts->len, .floor = at};

	if (self->open->len > 0) {
		part.parent = get_innermost(self)->row;
		get_part(self, part.parent)->kind = get_innermost(self)->boundary != NULL
							    ? FERRY_MESSAGE_PART_MULTIPART
							    : FERRY_MESSAGE_PART_MESSAGE;
	}
	g_array_append_val(self->parts, part);
	g_array_append_val(self->contents, content);
	g_array_append_val(self->open, open);
	g_string_truncate(self->header, 0);
	self->in_header = TRUE;
}

/**
 * ferry_message_scanner_new:
 * @limits: (nullable): what a message may make grow; %NULL for the defaults
 *
 * Makes a scanner for one message.
 *
 * Returns: (transfer full): a scanner
 */
FerryMessageScanner *
ferry_message_scanner_new(const FerryMessageLimits *limits)
{
	FerryMessageScanner *self = g_new0(FerryMessageScanner, 1);
	FerryMessageLimits given = limits != NULL ? *limits : (FerryMessageLimits){0};

	g_atomic_ref_count_init(&self->refs);
	self->limits.max_parts = given.max_parts > 0 ? given.max_parts : DEFAULT_MAX_PARTS;
	self->limits.max_depth = given.max_depth > 0 ? given.max_depth : DEFAULT_MAX_DEPTH;
	self->limits.max_header = given.max_header > 0 ? given.max_header : DEFAULT_MAX_HEADER;
	self->headers_left = self->limits.max_header < G_MAXSIZE / MAX_HEADERS_FACTOR
				     ? self->limits.max_header * MAX_HEADERS_FACTOR
				     : G_MAXSIZE;
	self->parts = g_array_new(FALSE, FALSE, sizeof(FerryMessagePart));
	self->contents = g_array_new(FALSE, FALSE, sizeof(FerryMessageContent));
	self->open = g_array_new(FALSE, FALSE, sizeof(Open));
	self->strings = g_string_chunk_new(1024);
	self->header = g_string_new(NULL);
	begin_part(self, (Mark){0, 0});
	return self;
}

/**
 * ferry_message_scanner_ref:
 * @self: a scanner
 *
 * Returns: (transfer full): @self
 */
FerryMessageScanner *
ferry_message_scanner_ref(FerryMessageScanner *self)
{
	g_atomic_ref_count_inc(&self->refs);
	return self;
}

/**
 * ferry_message_scanner_unref:
 * @self: (transfer full): a scanner
 *
 * Gives a reference back.
 */
void
ferry_message_scanner_unref(FerryMessageScanner *self)
{
	if (!g_atomic_ref_count_dec(&self->refs))
		return;
	g_clear_pointer(&self->structure, ferry_message_structure_unref);
	g_array_unref(self->parts);
	g_array_unref(self->contents);
	g_array_unref(self->open);
	g_string_chunk_free(self->strings);
	g_string_free(self->header, TRUE);
	g_free(self);
}

static gboolean
is_in_digest(FerryMessageScanner *self, const FerryMessagePart *part)
{
	if (part->parent == FERRY_MESSAGE_NO_PART)
		return FALSE;
	return strcmp(get_content(self, part->parent)->media_type, "multipart/digest") == 0;
}

static gboolean
is_message_root(FerryMessageScanner *self, const FerryMessagePart *part)
{
	return part->parent == FERRY_MESSAGE_NO_PART ||
	       get_part(self, part->parent)->kind == FERRY_MESSAGE_PART_MESSAGE;
}

static const char *
render_envelope(FerryMessageScanner *self)
{
	g_autoptr(GString) text = g_string_sized_new(512);
	FerryMessageEnvelope envelope = {0};

	ferry_message_envelope_add_block(&envelope, self->header->str, self->header->len);
	ferry_message_envelope_write(&envelope, text);
	return g_string_chunk_insert_len(self->strings, text->str, text->len);
}

/* Reads the header that ends at @at, where the body begins, and looks into the body if it can. */
static void
end_header(FerryMessageScanner *self, Mark at)
{
	Open *open = get_innermost(self);
	FerryMessagePart *part = get_part(self, open->row);
	FerryMessageContent *content = get_content(self, open->row);
	gboolean may_look = self->open->len <= self->limits.max_depth;

	part->body_start = at.offset;
	open->start = open->floor = at;
	self->in_header = FALSE;
	/* a header that a boundary ended has read that line as well */
	if (self->header->len > at.offset - part->header_start)
		g_string_truncate(self->header, at.offset - part->header_start);
	ferry_message_content_parse(content, self->header->str, self->header->len,
				    is_in_digest(self, part), self->strings);
	part->media_type = content->media_type;
	part->charset = content->charset;
	part->encoding = content->transfer_encoding;
	if (is_message_root(self, part))
		content->envelope = render_envelope(self);
	if (may_look && ferry_message_content_is_multipart(content) && content->boundary != NULL) {
		open->boundary = content->boundary;
		open->boundary_length = strlen(content->boundary);
	} else if (may_look && ferry_message_content_is_message(content) &&
		   self->parts->len < self->limits.max_parts) {
		begin_part(self, at);
	}
}

static Mark
later(Mark a, Mark b)
{
	return a.offset >= b.offset ? a : b;
}

/* Ends all open parts but the @keep outermost ones; their bodies go up to @at. */
static void
end_parts(FerryMessageScanner *self, guint keep, Mark at)
{
	while (self->in_header)
		end_header(self, later(at, get_innermost(self)->floor));
	while (self->open->len > keep) {
		Open *open = get_innermost(self);
		FerryMessagePart *part = get_part(self, open->row);

		/* what is around a part ends no earlier than the part */
		at = later(at, open->floor);
		part->body_end = at.offset;
		part->lines = MIN(at.newlines - open->start.newlines, G_MAXUINT32);
		part->next = self->parts->len;
		g_array_set_size(self->open, self->open->len - 1);
	}
}

/* The innermost open multipart whose boundary the line begins with, -1 if it is no such line. */
static int
find_boundary(FerryMessageScanner *self, gboolean *closing)
{
	if (self->prefix_length < 2 || self->prefix[1] != '-')
		return -1;
	for (guint i = self->open->len; i-- > 0;) {
		const Open *open = get_open(self, i);
		gsize length = open->boundary_length;
		const char *rest = self->prefix + length;

		if (open->boundary == NULL || open->closed || self->prefix_length < length ||
		    memcmp(self->prefix, open->boundary, length) != 0)
			continue;
		*closing = self->prefix_length >= length + 2 && rest[0] == '-' && rest[1] == '-';
		/* a longer boundary may begin with this one */
		if (*closing || self->prefix_length == length || g_ascii_isspace(rest[0]))
			return i;
	}
	return -1;
}

static void
take_boundary(FerryMessageScanner *self, guint i, gboolean closing, Mark after)
{
	Mark before = {self->line.offset - self->line_end,
		       self->line.newlines - (self->line_end > 0)};

	end_parts(self, i + 1, before);
	if (closing) {
		get_open(self, i)->closed = TRUE;
		get_open(self, i)->floor = after;
	} else if (self->parts->len < self->limits.max_parts) {
		begin_part(self, after);
	}
}

/* Takes the line from self->line to self->position, the last octets of which end it. */
static void
end_line(FerryMessageScanner *self, guint line_end)
{
	gboolean closing = FALSE;
	int i = find_boundary(self, &closing);
	/* a boundary line counts as a line even where the message ends in it, as with Cyrus */
	Mark after = {self->position, self->line.newlines + (line_end > 0 || i >= 0)};

	if (i >= 0)
		take_boundary(self, i, closing, after);
	else if (self->in_header && line_end > 0 && after.offset - self->line.offset == line_end)
		end_header(self, after);
	self->line = after;
	self->line_end = line_end;
	self->prefix_length = 0;
}

/* Keeps what is needed of a piece of a line: of the headers all, else what may be a boundary. */
static void
keep_piece(FerryMessageScanner *self, const char *piece, gsize length)
{
	if (self->in_header) {
		gsize room =
			self->limits.max_header - MIN(self->header->len, self->limits.max_header);
		gsize taken = MIN(length, MIN(room, self->headers_left));

		g_string_append_len(self->header, piece, taken);
		self->headers_left -= taken;
	}
	if (self->prefix_length == 0 && (self->position > self->line.offset || *piece != '-'))
		return;
	length = MIN(length, PREFIX_SIZE - self->prefix_length);
	memcpy(self->prefix + self->prefix_length, piece, length);
	self->prefix_length += length;
}

/**
 * ferry_message_scanner_feed:
 * @self: a scanner
 * @data: (array length=length): the next octets of the message
 * @length: how many
 *
 * Scans a chunk. How a message is cut into chunks makes no difference.
 */
void
ferry_message_scanner_feed(FerryMessageScanner *self, const char *data, gsize length)
{
	const char *end = data + length;

	g_return_if_fail(self->structure == NULL);
	while (data < end) {
		const char *newline = memchr(data, '\n', end - data);
		const char *stop = newline != NULL ? newline + 1 : end;

		keep_piece(self, data, stop - data);
		self->position += stop - data;
		if (newline != NULL) {
			char before = newline > data ? newline[-1] : self->last;

			end_line(self, before == '\r' ? 2 : 1);
		}
		self->last = stop[-1];
		data = stop;
	}
}

static FerryMessageStructure *
make_structure(FerryMessageScanner *self)
{
	const FerryMessagePart *parts = (const FerryMessagePart *)self->parts->data;
	const FerryMessageContent *contents = (const FerryMessageContent *)self->contents->data;
	guint n_parts = self->parts->len;
	g_autoptr(GString) body = ferry_message_render_body(parts, contents, n_parts, FALSE);
	g_autoptr(GString) extended = ferry_message_render_body(parts, contents, n_parts, TRUE);

	return ferry_message_structure_assemble(self->position, parts, n_parts,
						contents[0].envelope, body, extended);
}

/**
 * ferry_message_scanner_finish:
 * @self: a scanner
 *
 * Says that the message is complete. The scanner takes no more data then.
 *
 * Returns: (transfer full): what was found
 */
FerryMessageStructure *
ferry_message_scanner_finish(FerryMessageScanner *self)
{
	if (self->structure == NULL) {
		if (self->position > self->line.offset)
			end_line(self, 0);
		end_parts(self, 0, self->line);
		self->structure = make_structure(self);
	}
	return ferry_message_structure_ref(self->structure);
}

/**
 * ferry_message_scan:
 * @data: (array length=length): a message
 * @length: its octets
 *
 * Scans a message that is in memory as a whole, with the default limits.
 *
 * Returns: (transfer full): what was found
 */
FerryMessageStructure *
ferry_message_scan(const char *data, gsize length)
{
	g_autoptr(FerryMessageScanner) self = ferry_message_scanner_new(NULL);

	ferry_message_scanner_feed(self, data, length);
	return ferry_message_scanner_finish(self);
}

/**
 * ferry_message_scan_bytes:
 * @bytes: a message
 *
 * Scans a message, with the default limits. Of a mapped file a piece at a time takes memory.
 *
 * Returns: (transfer full): what was found
 */
FerryMessageStructure *
ferry_message_scan_bytes(GBytes *bytes)
{
	g_autoptr(FerryMessageScanner) self = ferry_message_scanner_new(NULL);
	gsize left;
	const char *data = g_bytes_get_data(bytes, &left);

	while (left > 0) {
		gsize n = MIN(left, PIECE);

		ferry_message_scanner_feed(self, data, n);
		/* one that is small is in memory anyway, and read again at once */
		if (n == PIECE)
			ferry_mapped_forget(data, n);
		data += n;
		left -= n;
	}
	return ferry_message_scanner_finish(self);
}
