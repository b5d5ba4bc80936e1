/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "message/structure.h"

G_BEGIN_DECLS

#define FERRY_TYPE_MESSAGE_SCANNER (ferry_message_scanner_get_type())

/**
 * FerryMessageScanner:
 *
 * Reads a message once, in chunks of any size, and yields its structure.
 */
typedef struct _FerryMessageScanner FerryMessageScanner;

/**
 * FerryMessageLimits:
 * @max_parts: parts that get a row; what comes after them is body of the part it is in
 * @max_depth: how deep parts are looked into; a deeper one is a leaf
 * @max_header: octets of one part's header that are looked at (offsets stay exact beyond)
 *
 * What a hostile message can make grow. Zero takes the default: 1000, 32, 256 KiB.
 */
typedef struct {
	guint max_parts;
	guint max_depth;
	gsize max_header;
} FerryMessageLimits;

GType ferry_message_scanner_get_type(void);
FerryMessageScanner *ferry_message_scanner_new(const FerryMessageLimits *limits);
FerryMessageScanner *ferry_message_scanner_ref(FerryMessageScanner *self);
void ferry_message_scanner_unref(FerryMessageScanner *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryMessageScanner, ferry_message_scanner_unref)

void ferry_message_scanner_feed(FerryMessageScanner *self, const char *data, gsize length);
FerryMessageStructure *ferry_message_scanner_finish(FerryMessageScanner *self);

FerryMessageStructure *ferry_message_scan(const char *data, gsize length);
FerryMessageStructure *ferry_message_scan_bytes(GBytes *bytes);

G_END_DECLS
