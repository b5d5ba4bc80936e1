/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What libsoup is given to read a request's body from. */
#define FERRY_TYPE_JMAP_BODY_STREAM (ferry_jmap_body_stream_get_type())
G_DECLARE_FINAL_TYPE(FerryJmapBodyStream, ferry_jmap_body_stream, FERRY, JMAP_BODY_STREAM,
		     GInputStream)

GInputStream *ferry_jmap_body_stream_new(GInputStream *base);

G_END_DECLS
