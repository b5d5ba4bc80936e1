/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string.h>

#include "message/scanner.h"

/* Scans in chunks of @chunk octets; 0 is all at once. */
static inline FerryMessageStructure *
test_scan(const FerryMessageLimits *limits, const char *data, gsize length, gsize chunk)
{
	g_autoptr(FerryMessageScanner) scanner = ferry_message_scanner_new(limits);

	for (gsize done = 0; done < length;) {
		gsize n = chunk > 0 ? MIN(chunk, length - done) : length;

		ferry_message_scanner_feed(scanner, data + done, n);
		done += n;
	}
	return ferry_message_scanner_finish(scanner);
}

static inline char *
test_dup_bodystructure(FerryMessageStructure *structure)
{
	gsize length;
	const char *text = ferry_message_structure_get_bodystructure(structure, &length);

	return g_strndup(text, length);
}

static inline char *
test_dup_envelope(FerryMessageStructure *structure)
{
	gsize length;
	const char *text = ferry_message_structure_get_envelope(structure, &length);

	return g_strndup(text, length);
}
