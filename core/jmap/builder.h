/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jmap/value.h"

G_BEGIN_DECLS

/**
 * FerryJmapBuilder:
 *
 * Writes one JSON value, usually the arguments of a method call, as it is told:
 *
 * ```c
 * g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();
 *
 * ferry_jmap_builder_begin_object(args);
 * ferry_jmap_builder_set_string(args, "accountId", account_id);
 * ferry_jmap_builder_set_strings(args, "ids", ids, -1);
 * ferry_jmap_builder_end_object(args);
 * ```
 *
 * Text that is no UTF-8 is written with U+FFFD in place of what is wrong. Not thread-safe.
 */
typedef struct _FerryJmapBuilder FerryJmapBuilder;

#define FERRY_TYPE_JMAP_BUILDER (ferry_jmap_builder_get_type())
GType ferry_jmap_builder_get_type(void);

FerryJmapBuilder *ferry_jmap_builder_new(void);
FerryJmapBuilder *ferry_jmap_builder_ref(FerryJmapBuilder *self);
void ferry_jmap_builder_unref(FerryJmapBuilder *self);

void ferry_jmap_builder_begin_object(FerryJmapBuilder *self);
void ferry_jmap_builder_end_object(FerryJmapBuilder *self);
void ferry_jmap_builder_begin_array(FerryJmapBuilder *self);
void ferry_jmap_builder_end_array(FerryJmapBuilder *self);
void ferry_jmap_builder_name(FerryJmapBuilder *self, const char *name);

void ferry_jmap_builder_string(FerryJmapBuilder *self, const char *value);
void ferry_jmap_builder_int(FerryJmapBuilder *self, gint64 value);
void ferry_jmap_builder_uint(FerryJmapBuilder *self, guint64 value);
void ferry_jmap_builder_bool(FerryJmapBuilder *self, gboolean value);
void ferry_jmap_builder_null(FerryJmapBuilder *self);
void ferry_jmap_builder_value(FerryJmapBuilder *self, FerryJmapValue *value);

void ferry_jmap_builder_set_string(FerryJmapBuilder *self, const char *name, const char *value);
void ferry_jmap_builder_set_int(FerryJmapBuilder *self, const char *name, gint64 value);
void ferry_jmap_builder_set_uint(FerryJmapBuilder *self, const char *name, guint64 value);
void ferry_jmap_builder_set_bool(FerryJmapBuilder *self, const char *name, gboolean value);
void ferry_jmap_builder_set_null(FerryJmapBuilder *self, const char *name);
void ferry_jmap_builder_set_strings(FerryJmapBuilder *self, const char *name,
				    const char *const *values, gssize n_values);
void ferry_jmap_builder_set_patch(FerryJmapBuilder *self, const char *property, const char *key,
				  gboolean present);
void ferry_jmap_builder_set_reference(FerryJmapBuilder *self, const char *name, const char *call_id,
				      const char *method, const char *path);

void ferry_jmap_builder_set_creation_reference(FerryJmapBuilder *self, const char *name,
					       const char *creation_id);
char *ferry_jmap_builder_to_json(FerryJmapBuilder *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryJmapBuilder, ferry_jmap_builder_unref)

G_END_DECLS
