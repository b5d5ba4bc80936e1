/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jmap/reply.h"
#include "jmap/request.h"

G_BEGIN_DECLS

/**
 * FerryJmapChanges:
 * @old_state: the state asked from
 * @new_state: the state reached
 * @has_more: whether @new_state is not the newest
 * @created: (array zero-terminated=1): ids
 * @updated: (array zero-terminated=1): ids
 * @destroyed: (array zero-terminated=1): ids
 * @updated_properties: (array zero-terminated=1) (nullable): all that changed in @updated, where
 *   the server says so (Mailbox/changes)
 *
 * The answer to a /changes call (RFC 8620 §5.2). Strings are borrowed from the reply.
 */
typedef struct {
	const char *old_state;
	const char *new_state;
	gboolean has_more;
	const char **created;
	const char **updated;
	const char **destroyed;
	const char **updated_properties;
	/*< private >*/
	FerryJmapValue *value;
} FerryJmapChanges;

#define FERRY_TYPE_JMAP_CHANGES (ferry_jmap_changes_get_type())
GType ferry_jmap_changes_get_type(void);
FerryJmapChanges *ferry_jmap_changes_copy(const FerryJmapChanges *self);
void ferry_jmap_changes_free(FerryJmapChanges *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryJmapChanges, ferry_jmap_changes_free)

const char *ferry_jmap_request_add_changes(FerryJmapRequest *request, const char *method,
					   const char *account_id, const char *since_state,
					   guint max_changes);
FerryJmapChanges *ferry_jmap_reply_parse_changes(FerryJmapReply *reply, const char *call_id,
						 GError **error);

/**
 * FerryJmapQueryPage:
 * @state: the queryState
 * @can_calculate_changes: whether /queryChanges may work with it
 * @position: index of the first id in the whole result
 * @total: number of results, -1 where not told
 * @ids: (array length=n_ids): the ids
 * @n_ids: how many
 *
 * The answer to a /query call (RFC 8620 §5.5). Strings are borrowed from the reply.
 */
typedef struct {
	const char *state;
	gboolean can_calculate_changes;
	guint64 position;
	gint64 total;
	const char **ids;
	guint n_ids;
	/*< private >*/
	FerryJmapValue *value;
} FerryJmapQueryPage;

#define FERRY_TYPE_JMAP_QUERY_PAGE (ferry_jmap_query_page_get_type())
GType ferry_jmap_query_page_get_type(void);
FerryJmapQueryPage *ferry_jmap_query_page_copy(const FerryJmapQueryPage *self);
void ferry_jmap_query_page_free(FerryJmapQueryPage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryJmapQueryPage, ferry_jmap_query_page_free)

FerryJmapQueryPage *ferry_jmap_reply_parse_query(FerryJmapReply *reply, const char *call_id,
						 GError **error);

/**
 * FerryJmapSetResult:
 *
 * The answer to a /set, /import or /copy call: what happened to each object (RFC 8620 §5.3).
 */
typedef struct _FerryJmapSetResult FerryJmapSetResult;

#define FERRY_TYPE_JMAP_SET_RESULT (ferry_jmap_set_result_get_type())
GType ferry_jmap_set_result_get_type(void);
FerryJmapSetResult *ferry_jmap_set_result_ref(FerryJmapSetResult *self);
void ferry_jmap_set_result_unref(FerryJmapSetResult *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryJmapSetResult, ferry_jmap_set_result_unref)

FerryJmapSetResult *ferry_jmap_reply_parse_set(FerryJmapReply *reply, const char *call_id,
					       GError **error);
const char *ferry_jmap_set_result_get_old_state(FerryJmapSetResult *self);
const char *ferry_jmap_set_result_get_new_state(FerryJmapSetResult *self);
FerryJmapValue *ferry_jmap_set_result_get_created(FerryJmapSetResult *self, const char *creation_id,
						  GError **error);
const char *ferry_jmap_set_result_get_created_id(FerryJmapSetResult *self, const char *creation_id,
						 GError **error);
gboolean ferry_jmap_set_result_lacks_blob(FerryJmapSetResult *self, const char *creation_id);
gboolean ferry_jmap_set_result_was_updated(FerryJmapSetResult *self, const char *id,
					   GError **error);
gboolean ferry_jmap_set_result_was_destroyed(FerryJmapSetResult *self, const char *id,
					     GError **error);
guint ferry_jmap_set_result_get_n_failed(FerryJmapSetResult *self);

char **ferry_jmap_request_add_get(FerryJmapRequest *request, const char *method,
				  const char *account_id, const char *const *ids, gssize n_ids,
				  const char *const *properties, guint64 max_objects);
const char *ferry_jmap_request_add_get_reference(FerryJmapRequest *request, const char *method,
						 const char *account_id, const char *call_id,
						 const char *call_method, const char *path,
						 const char *const *properties);

G_END_DECLS
