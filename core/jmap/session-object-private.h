/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jmap/session-private.h"

G_BEGIN_DECLS

/* A session object as it was read, checked. */
typedef struct {
	FerryJmapValue *value;
	char *base_url;      /* where it was found; its URLs may be relative */
	GPtrArray *accounts; /* FerryJmapAccountInfo */
	guint64 limits[FERRY_JMAP_N_LIMITS];
} FerryJmapSessionObject;

FerryJmapSessionObject *ferry_jmap_session_object_new(FerryJmapBackend *backend,
						      FerryJmapValue *value, const char *base_url,
						      GError **error);
void ferry_jmap_session_object_free(FerryJmapSessionObject *self);
char *ferry_jmap_session_object_make_url(FerryJmapSessionObject *self, FerryJmapUrl url,
					 const char *const *values);

G_END_DECLS
