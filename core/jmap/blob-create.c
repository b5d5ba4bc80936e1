/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blobs made inside of requests
 *
 * Specification: RFC 9404 §4.1 (Blob/upload); its draft as Cyrus has it, Blob/set
 * Implementation: base64 only, one data source a blob, so that octets are exact whatever they are.
 *   Later calls of the request name a blob by its creation id. What the server says of a blob is
 *   believed only where its size is right
 */
#include "jmap/blob-private.h"
#include "jmap/error.h"
#include "jmap/session-private.h"

/* in a call, around a blob: its creation id, names and punctuation */
#define BLOB_OVERHEAD 128

const char *
ferry_jmap_choose_blob_capability(FerryJmapSession *session, const char *account_id)
{
	static const char *const known[] = {FERRY_JMAP_CAPABILITY_BLOB,
					    FERRY_JMAP_CAPABILITY_CYRUS_BLOB};
	const FerryJmapAccountInfo *info = ferry_jmap_session_find_account(session, account_id);

	for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
		g_autoptr(FerryJmapValue) has = NULL;

		if (info != NULL && info->capabilities != NULL)
			has = ferry_jmap_value_get_member(info->capabilities, known[i]);
		if (has != NULL && ferry_jmap_session_has_capability(session, known[i]))
			return known[i];
	}
	return NULL;
}

static gboolean
is_draft(const char *capability)
{
	return g_str_equal(capability, FERRY_JMAP_CAPABILITY_CYRUS_BLOB);
}

/* maxSizeBlobSet: octets of an account; in the draft KiB of the server. Null is no limit, a server
 * that states nothing is believed to have none but that of its requests. */
static guint64
get_stated_limit(FerryJmapSession *session, const char *account_id, const char *capability)
{
	const FerryJmapAccountInfo *info = ferry_jmap_session_find_account(session, account_id);
	g_autoptr(FerryJmapValue) stated = NULL;
	guint64 limit;

	if (is_draft(capability))
		stated = ferry_jmap_session_get_capability(session, capability);
	else
		stated = ferry_jmap_value_get_member(info->capabilities, capability);
	if (stated == NULL)
		return G_MAXUINT64;
	limit = ferry_jmap_value_get_uint64(stated, "maxSizeBlobSet", G_MAXUINT64);
	if (is_draft(capability))
		limit = limit > G_MAXUINT64 / 1024 ? G_MAXUINT64 : limit * 1024;
	return limit;
}

/**
 * ferry_jmap_session_get_max_created_blob:
 * @self: an open session
 * @account_id: an account
 *
 * What ferry_jmap_request_add_blob_creations() may carry.
 *
 * Returns: octets that one blob may have; 0 where the server makes no blobs in requests
 */
guint64
ferry_jmap_session_get_max_created_blob(FerryJmapSession *self, const char *account_id)
{
	const char *capability = ferry_jmap_choose_blob_capability(self, account_id);
	guint64 request = ferry_jmap_session_get_limit(self, FERRY_JMAP_LIMIT_SIZE_REQUEST);

	if (capability == NULL)
		return 0;
	/* base64 makes four of three; half of a request is left for other calls */
	return MIN(get_stated_limit(self, account_id, capability), request / 2 / 4 * 3);
}

/**
 * ferry_jmap_blob_get_encoded_size:
 * @size: octets of a blob
 *
 * Returns: octets of a request that its creation takes
 */
guint64
ferry_jmap_blob_get_encoded_size(guint64 size)
{
	return (size + 2) / 3 * 4 + BLOB_OVERHEAD;
}

static void
write_creation(FerryJmapBuilder *args, GBytes *bytes, gboolean draft)
{
	gsize size;
	const guchar *data = g_bytes_get_data(bytes, &size);
	g_autofree char *encoded = size > 0 ? g_base64_encode(data, size) : g_strdup("");

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "type", "message/rfc822");
	if (!draft) {
		ferry_jmap_builder_name(args, "data");
		ferry_jmap_builder_begin_array(args);
		ferry_jmap_builder_begin_object(args);
	}
	ferry_jmap_builder_set_string(args, "data:asBase64", encoded);
	if (!draft) {
		ferry_jmap_builder_end_object(args);
		ferry_jmap_builder_end_array(args);
	}
	ferry_jmap_builder_end_object(args);
}

/**
 * ferry_jmap_request_add_blob_creations:
 * @request: a request
 * @session: the session that it is for
 * @account_id: an account for which ferry_jmap_session_get_max_created_blob() is not 0
 * @names: (array zero-terminated=1): creation ids, which later calls of @request may refer to
 * @blobs: (element-type GBytes): the octets of each
 *
 * Adds a call that makes blobs. It may be repeated, if nothing else in @request forbids that.
 *
 * Returns: (transfer none): the call's id, for [method@JmapReply.parse_set] and
 *   ferry_jmap_set_result_dup_created_blob()
 */
const char *
ferry_jmap_request_add_blob_creations(FerryJmapRequest *request, FerryJmapSession *session,
				      const char *account_id, const char *const *names,
				      GPtrArray *blobs)
{
	const char *capability = ferry_jmap_choose_blob_capability(session, account_id);
	gboolean draft = is_draft(capability);
	g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", account_id);
	ferry_jmap_builder_name(args, "create");
	ferry_jmap_builder_begin_object(args);
	for (guint i = 0; names[i] != NULL; i++) {
		ferry_jmap_builder_name(args, names[i]);
		write_creation(args, blobs->pdata[i], draft);
	}
	ferry_jmap_builder_end_object(args);
	ferry_jmap_builder_end_object(args);
	ferry_jmap_request_use(request, capability);
	return ferry_jmap_request_add_call(request, draft ? "Blob/set" : "Blob/upload", args);
}

/**
 * ferry_jmap_set_result_dup_created_blob:
 * @self: the result of a creation of blobs
 * @name: a creation id
 * @size: octets that the blob has
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): its blobId, or %NULL with the server's reason, or with
 *   %FERRY_ERROR_BACKEND where what it made has another size
 */
char *
ferry_jmap_set_result_dup_created_blob(FerryJmapSetResult *self, const char *name, guint64 size,
				       GError **error)
{
	const char *id = ferry_jmap_set_result_get_created_id(self, name, error);
	g_autoptr(FerryJmapValue) created = NULL;

	if (id == NULL)
		return NULL;
	created = ferry_jmap_set_result_get_created(self, name, NULL);
	if (ferry_jmap_value_get_uint64(created, "size", G_MAXUINT64) == size)
		return g_strdup(id);
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_BACKEND,
			    "the backend did not take a blob as it was sent");
	return NULL;
}
