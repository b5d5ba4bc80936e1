/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry-protocol.h>

G_BEGIN_DECLS

#define COMPRESS_TYPE_DEFLATE_FILTER (compress_deflate_filter_get_type())
G_DECLARE_FINAL_TYPE(CompressDeflateFilter, compress_deflate_filter, COMPRESS, DEFLATE_FILTER,
		     GObject)

FerryStreamFilter *compress_deflate_filter_new(void);

G_END_DECLS
