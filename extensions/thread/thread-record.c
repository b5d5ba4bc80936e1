/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What threading wants to know of a header
 *
 * Specification: RFC 5256 §3 (THREAD): Message-ID, References, In-Reply-To, base subject
 * Implementation: a Message ID is `<left@right>` without its quotes and backslashes; what has white
 *   space outside quotes, or no `@` there, is none. Of a very long References the youngest are
 *   kept.
 */
#include "thread.h"

/* ids of one message; headers with more were made to be in the way */
#define MAX_REFERENCES 1000

/* Reads to the end of a candidate that begins behind a `<`. TRUE: @id is a Message ID. */
static gboolean
take_id(const char **p, const char *end, GString *id)
{
	gboolean quoted = FALSE, has_at = FALSE;

	g_string_truncate(id, 0);
	for (; *p < end; (*p)++) {
		char c = **p;

		if (c == '\\' && *p + 1 < end) {
			g_string_append_c(id, *++(*p));
		} else if (c == '"') {
			quoted = !quoted;
		} else if (!quoted && c == '>') {
			(*p)++;
			return has_at && id->str[id->len - 1] != '@';
		} else if (!quoted && (c == '<' || (guchar)c <= ' ')) {
			return FALSE;
		} else if (c != '\r' && c != '\n' && c != '\0') {
			has_at = has_at || (c == '@' && !quoted && id->len > 0);
			g_string_append_c(id, c);
		}
	}
	return FALSE;
}

/* Finds the next Message ID from @p on. Returns: behind it; NULL where none is left. A quote that
 * never ends would hide all that follows: after what was no id the search goes on behind its `<`.
 */
const char *
thread_find_id(const char *p, const char *end, GString *id)
{
	guint failures = 0;

	while (failures < MAX_REFERENCES && (p = memchr(p, '<', (gsize)(end - p))) != NULL) {
		const char *q = ++p;

		if (take_id(&q, end, id))
			return q;
		failures++;
	}
	return NULL;
}

/* Leaves the youngest of @n ids that stand one behind the other. */
static guint
limit_ids(GString *ids, guint n)
{
	const char *p = ids->str;

	for (; n > MAX_REFERENCES; n--)
		p += strlen(p) + 1;
	g_string_erase(ids, 0, p - ids->str);
	return n;
}

/* The ids of a field, each with its NUL; all of them, or the first. */
static guint
read_ids(const char *block, gsize length, const char *name, gboolean all, GString *ids)
{
	FerryMessageHeaderField field;
	g_autoptr(GString) id = g_string_new(NULL);
	const char *p, *end;
	guint n = 0;

	g_string_truncate(ids, 0);
	if (!ferry_message_header_find(block, length, name, &field))
		return 0;
	end = field.value + field.value_length;
	for (p = thread_find_id(field.value, end, id); p != NULL;
	     p = all ? thread_find_id(p, end, id) : NULL) {
		g_string_append_len(ids, id->str, (gssize)id->len + 1);
		n++;
	}
	return limit_ids(ids, n);
}

static char *
make_subject(const char *block, gsize length, gboolean *is_reply)
{
	FerryMessageHeaderField field;
	g_autofree char *decoded = NULL;
	g_autofree char *base = NULL;

	*is_reply = FALSE;
	if (!ferry_message_header_find(block, length, "Subject", &field))
		return g_strdup("");
	decoded = ferry_message_header_decode_utf8(field.value, field.value_length);
	base = ferry_message_base_subject(decoded, -1, is_reply);
	return ferry_message_casemap(base, -1);
}

/* Reads a header block. */
ThreadRecord *
thread_record_new(const char *block, gsize length)
{
	g_autoptr(GString) id = g_string_new(NULL);
	g_autoptr(GString) references = g_string_new(NULL);
	gboolean is_reply;
	g_autofree char *subject = make_subject(block, length, &is_reply);
	guint n = read_ids(block, length, "References", TRUE, references);
	gsize subject_octets = strlen(subject) + 1;
	ThreadRecord *self;
	gsize octets;

	if (n == 0)
		n = read_ids(block, length, "In-Reply-To", FALSE, references);
	read_ids(block, length, "Message-ID", FALSE, id);
	if (id->len == 0)
		g_string_append_c(id, '\0');
	octets = subject_octets + id->len + references->len;
	self = g_atomic_rc_box_alloc0(sizeof(ThreadRecord) + octets);
	self->is_reply = is_reply;
	self->n_references = n;
	self->octets = sizeof(ThreadRecord) + octets;
	self->subject = memcpy(self->texts, subject, subject_octets);
	self->id = memcpy(self->texts + subject_octets, id->str, id->len);
	self->references = self->texts + subject_octets + id->len;
	memcpy(self->texts + subject_octets + id->len, references->str, references->len);
	return self;
}

void
thread_record_unref(gpointer record)
{
	g_atomic_rc_box_release(record);
}
