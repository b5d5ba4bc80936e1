/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The structure cache, and what goes into it
 *
 * Implementation: beside the structure either the exact header block or, where header values came
 * in bulk, only the ENVELOPE made of them
 */
#include <string.h>

#include "account/message-reader-private.h"
#include "message/scanner.h"

/* The first octet of what is kept as header: the exact block, or an ENVELOPE made in bulk. */
#define KIND_BLOCK 'X'
#define KIND_ENVELOPE 'E'
#define MAX_HEADER_CACHED (256 * 1024)

void
ferry_message_data_take_cached(FerryMessageData *data, FerryStoreStructures *found, guint index)
{
	gsize length;
	const guint8 *header = ferry_store_structures_get_header(found, index, &length);

	if (header != NULL && length > 0 && header[0] == KIND_BLOCK) {
		data->headers = g_bytes_new_with_free_func(
			header + 1, length - 1,
			(GDestroyNotify)(void (*)(void))ferry_store_structures_unref,
			ferry_store_structures_ref(found));
	} else if (header != NULL && length > 0 && header[0] == KIND_ENVELOPE) {
		data->envelope = g_strndup((const char *)header + 1, length - 1);
		data->envelope_length = length - 1;
	}
	header = ferry_store_structures_get_structure(found, index, &length);
	if (header != NULL && length > 0) {
		g_autoptr(GBytes) bytes = g_bytes_new_with_free_func(
			header, length,
			(GDestroyNotify)(void (*)(void))ferry_store_structures_unref,
			ferry_store_structures_ref(found));

		data->structure = ferry_message_structure_new_from_bytes(bytes, NULL);
	}
}

void
ferry_message_data_scan(FerryMessageData *data)
{
	gsize size;
	const char *raw = g_bytes_get_data(data->raw, &size);
	FerryMessagePart root;

	if (data->structure == NULL)
		data->structure = ferry_message_scan(raw != NULL ? raw : "", size);
	if (data->headers != NULL || !ferry_message_structure_get_part(data->structure, 0, &root))
		return;
	data->headers = g_bytes_new_from_bytes(data->raw, 0, MIN(root.body_start, size));
}

static void
add_structure(FerryStoreStructures *structures, const FerryMessageData *data)
{
	g_autoptr(GBytes) structure = NULL;
	g_autofree guint8 *header = NULL;
	gsize length = 0, structure_length = 0;
	const guint8 *block = NULL, *shape = NULL;

	if (data->headers != NULL)
		block = g_bytes_get_data(data->headers, &length);
	/* a huge one is made anew when it is asked for */
	if (length > MAX_HEADER_CACHED)
		length = 0, block = NULL;
	if (block != NULL) {
		header = g_malloc(length + 1);
		header[0] = KIND_BLOCK;
		memcpy(header + 1, block, length);
	} else if (data->envelope != NULL) {
		length = data->envelope_length;
		header = g_malloc(length + 1);
		header[0] = KIND_ENVELOPE;
		memcpy(header + 1, data->envelope, length);
	}
	if (data->structure != NULL) {
		structure = ferry_message_structure_serialize(data->structure);
		shape = g_bytes_get_data(structure, &structure_length);
	}
	ferry_store_structures_add(structures, data->email_key, header,
				   header != NULL ? length + 1 : 0, shape, structure_length);
}

static void
put_structures_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GError) error = NULL;

	if (!ferry_store_put_structures_finish(FERRY_STORE(source), result, &error))
		g_debug("account: structure cache: %s", error->message);
}

void
ferry_needs_keep(FerryMailAccount *account, GPtrArray *list)
{
	g_autoptr(FerryStoreStructures) structures = NULL;

	for (guint i = 0; i < list->len; i++) {
		const FerryMessageData *data = list->pdata[i];

		if (data->structure == NULL && data->envelope == NULL)
			continue;
		if (structures == NULL)
			structures = ferry_store_structures_new();
		add_structure(structures, data);
	}
	if (structures != NULL && account->account != NULL)
		ferry_store_put_structures_async(account->account->store, account->key, structures,
						 NULL, put_structures_cb, NULL);
}
