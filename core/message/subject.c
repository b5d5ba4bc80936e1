/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The base subject
 *
 * Specification: RFC 5256 §2.1 (the procedure), §5 (subj-leader, subj-blob, subj-trailer, subj-fwd)
 * Implementation: exactly that procedure, on decoded text. Each step moves one end of what is left,
 *   so the work follows the length of the subject.
 */
#include <string.h>

#include "message/subject.h"

#define TRAILER "(fwd)"
#define FWD_HEADER "[fwd:"

/* What is left of a subject; white space is the space alone once that is made one. */
typedef struct {
	const char *start;
	const char *end;
	gboolean is_reply;
} Rest;

static gboolean
begins(const Rest *rest, const char *prefix)
{
	gsize length = strlen(prefix);

	return (gsize)(rest->end - rest->start) >= length &&
	       g_ascii_strncasecmp(rest->start, prefix, length) == 0;
}

static const char *
skip_white(const char *p, const char *end)
{
	while (p < end && *p == ' ')
		p++;
	return p;
}

/* Step 1: one space for each run of tabs, line ends and spaces. */
static char *
squeeze(const char *subject, gsize length)
{
	char *text = g_malloc(length + 1);
	gsize n = 0;

	for (gsize i = 0; i < length; i++) {
		if (subject[i] != ' ' && subject[i] != '\t' && subject[i] != '\r' &&
		    subject[i] != '\n')
			text[n++] = subject[i];
		else if (n == 0 || text[n - 1] != ' ')
			text[n++] = ' ';
	}
	text[n] = '\0';
	return text;
}

/* Step 2. */
static void
remove_trailers(Rest *rest)
{
	gsize length = strlen(TRAILER);

	for (;;) {
		if (rest->end > rest->start && rest->end[-1] == ' ') {
			rest->end--;
		} else if ((gsize)(rest->end - rest->start) >= length &&
			   g_ascii_strncasecmp(rest->end - length, TRAILER, length) == 0) {
			rest->end -= length;
			rest->is_reply = TRUE;
		} else {
			return;
		}
	}
}

/* The end of the subj-blob at @p, or NULL where there is none. */
static const char *
find_blob_end(const char *p, const char *end)
{
	if (p == end || *p != '[')
		return NULL;
	for (p++; p < end && *p != '[' && *p != ']'; p++)
		;
	return p < end && *p == ']' ? skip_white(p + 1, end) : NULL;
}

/* The end of the subj-refwd at @p, or NULL where there is none. */
static const char *
find_refwd_end(const char *p, const char *end)
{
	const char *blob_end;

	if (end - p < 3)
		return NULL;
	if (g_ascii_strncasecmp(p, "fwd", 3) == 0)
		p += 3;
	else if (g_ascii_strncasecmp(p, "re", 2) == 0 || g_ascii_strncasecmp(p, "fw", 2) == 0)
		p += 2;
	else
		return NULL;
	p = skip_white(p, end);
	blob_end = find_blob_end(p, end);
	if (blob_end != NULL)
		p = blob_end;
	return p < end && *p == ':' ? p + 1 : NULL;
}

/* Steps 3 to 5. A run of blobs before a subj-refwd is its leader; without one behind it, blobs go
 * one by one as long as something is left. Where blobs end is looked for once: what follows the
 * last of them decides about all. */
static void
remove_leaders(Rest *rest)
{
	for (;;) {
		const char *p, *next, *after_refwd;

		rest->start = skip_white(rest->start, rest->end);
		p = rest->start;
		next = p;
		while ((next = find_blob_end(p, rest->end)) != NULL && next < rest->end)
			p = next;
		after_refwd = find_refwd_end(p, rest->end);
		/* blobs that leave nothing are the subject, of which the last one stays */
		if (after_refwd == NULL) {
			rest->start = p;
			return;
		}
		rest->start = after_refwd;
		rest->is_reply = TRUE;
	}
}

/* Step 6. */
static gboolean
remove_forward(Rest *rest)
{
	if (!begins(rest, FWD_HEADER) || rest->end[-1] != ']')
		return FALSE;
	rest->start += strlen(FWD_HEADER);
	rest->end--;
	rest->is_reply = TRUE;
	return TRUE;
}

/**
 * ferry_message_base_subject:
 * @subject: (array length=length): a Subject, decoded: ferry_message_header_decode_utf8()
 * @length: its octets, -1 if it is terminated
 * @is_reply: (out) (optional): whether a reply's or forward's mark was removed: a subj-refwd, a
 *   "(fwd)" trailer or "[fwd: …]" (RFC 5256 §3, REFERENCES)
 *
 * Makes the base subject of RFC 5256 §2.1, by which messages are sorted and threaded. Two of them
 * are compared after ferry_message_casemap().
 *
 * Returns: (transfer full): the base subject, "" where nothing is left
 */
char *
ferry_message_base_subject(const char *subject, gssize length, gboolean *is_reply)
{
	g_autofree char *text = squeeze(subject, length < 0 ? strlen(subject) : (gsize)length);
	Rest rest = {text, text + strlen(text), FALSE};

	do {
		remove_trailers(&rest);
		remove_leaders(&rest);
	} while (remove_forward(&rest));
	if (is_reply != NULL)
		*is_reply = rest.is_reply;
	return g_strndup(rest.start, (gsize)(rest.end - rest.start));
}
