/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jmap/request.h"

G_BEGIN_DECLS

/* Calls that cannot be parted, since a later one refers to an earlier one. */
typedef struct {
	guint first;
	guint n_calls;
	gsize size; /* octets of their JSON */
} FerryJmapUnit;

/* FerryJmapUnit: the request cut wherever no later call looks back */
GArray *ferry_jmap_request_get_units(FerryJmapRequest *self);
void ferry_jmap_request_append_calls(FerryJmapRequest *self, const FerryJmapUnit *unit,
				     GString *out);
const char *ferry_jmap_request_get_call(FerryJmapRequest *self, guint index, const char **method);
const char *ferry_jmap_request_get_account(FerryJmapRequest *self);
GPtrArray *ferry_jmap_request_get_capabilities(FerryJmapRequest *self);

G_END_DECLS
