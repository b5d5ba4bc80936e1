/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * FerryJmapType:
 * @FERRY_JMAP_TYPE_NULL: null
 * @FERRY_JMAP_TYPE_BOOLEAN: true or false
 * @FERRY_JMAP_TYPE_INTEGER: a number without fraction that fits 64 bits
 * @FERRY_JMAP_TYPE_DOUBLE: any other number
 * @FERRY_JMAP_TYPE_STRING: a string
 * @FERRY_JMAP_TYPE_ARRAY: an array
 * @FERRY_JMAP_TYPE_OBJECT: an object
 *
 * What a [struct@JmapValue] is.
 */
typedef enum {
	FERRY_JMAP_TYPE_NULL,
	FERRY_JMAP_TYPE_BOOLEAN,
	FERRY_JMAP_TYPE_INTEGER,
	FERRY_JMAP_TYPE_DOUBLE,
	FERRY_JMAP_TYPE_STRING,
	FERRY_JMAP_TYPE_ARRAY,
	FERRY_JMAP_TYPE_OBJECT,
} FerryJmapType;

/**
 * FerryJmapValue:
 *
 * An immutable JSON value, a cheap reference into the document it came from. It may be used from
 * any thread. A document lives as long as one value of it.
 *
 * Getters take a path: member names and array indices joined by `/`, for example `list/0/id`. In a
 * name `~1` stands for `/` and `~0` for `~` (RFC 6901). %NULL or an empty path is the value itself.
 * What is not there, or is of another type, is answered by the fallback or %NULL.
 */
typedef struct _FerryJmapValue FerryJmapValue;

/**
 * FerryJmapValueIter:
 *
 * Walks over the members of an object or the items of an array; lives on the stack. The value
 * walked over must outlive it.
 */
typedef struct {
	/*< private >*/
	gconstpointer value;
	guint32 position;
	guint32 end;
	gboolean is_object;
} FerryJmapValueIter;

#define FERRY_TYPE_JMAP_VALUE (ferry_jmap_value_get_type())
GType ferry_jmap_value_get_type(void);

FerryJmapValue *ferry_jmap_value_new_from_json(const char *json, gssize length, GError **error);
FerryJmapValue *ferry_jmap_value_ref(FerryJmapValue *self);
void ferry_jmap_value_unref(FerryJmapValue *self);

FerryJmapType ferry_jmap_value_get_value_type(FerryJmapValue *self);
FerryJmapValue *ferry_jmap_value_get(FerryJmapValue *self, const char *path);
gboolean ferry_jmap_value_has(FerryJmapValue *self, const char *path);
gboolean ferry_jmap_value_is_null(FerryJmapValue *self, const char *path);
const char *ferry_jmap_value_get_string(FerryJmapValue *self, const char *path);
gint64 ferry_jmap_value_get_int64(FerryJmapValue *self, const char *path, gint64 fallback);
guint64 ferry_jmap_value_get_uint64(FerryJmapValue *self, const char *path, guint64 fallback);
double ferry_jmap_value_get_double(FerryJmapValue *self, const char *path, double fallback);
gboolean ferry_jmap_value_get_boolean(FerryJmapValue *self, const char *path, gboolean fallback);
guint ferry_jmap_value_get_size(FerryJmapValue *self, const char *path);
FerryJmapValue *ferry_jmap_value_get_member(FerryJmapValue *self, const char *name);
FerryJmapValue *ferry_jmap_value_get_item(FerryJmapValue *self, guint index);
char **ferry_jmap_value_dup_strings(FerryJmapValue *self, const char *path);
char **ferry_jmap_value_dup_member_names(FerryJmapValue *self, const char *path);
char *ferry_jmap_value_to_json(FerryJmapValue *self);

gboolean ferry_jmap_value_iter_init(FerryJmapValueIter *iter, FerryJmapValue *value,
				    const char *path);
gboolean ferry_jmap_value_iter_next(FerryJmapValueIter *iter, const char **name,
				    FerryJmapValue **value);
gboolean ferry_jmap_value_iter_next_string(FerryJmapValueIter *iter, const char **name,
					   const char **string);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryJmapValue, ferry_jmap_value_unref)

G_END_DECLS
