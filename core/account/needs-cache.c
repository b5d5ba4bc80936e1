/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The structure cache, and what goes into it
 *
 * Implementation: beside the structure either the exact header block or, where header values came
 *   in bulk, only the ENVELOPE made of them
 */
#include <string.h>

#include "account/message-reader-private.h"
#include "message/scanner.h"

/* The first octet of what is kept as header: the exact block, or an ENVELOPE made in bulk. */
#define KIND_BLOCK 'X'
#define KIND_ENVELOPE 'E'
#define MAX_HEADER_CACHED (256 * 1024)

static void
take_header(FerryMessageData *data, const char *header, gsize length)
{
	if (length == 0)
		return;
	if (header[0] == KIND_BLOCK) {
		data->block = header + 1;
		data->block_length = length - 1;
	} else if (header[0] == KIND_ENVELOPE) {
		data->envelope = header + 1;
		data->envelope_length = length - 1;
	}
}

void
ferry_message_data_take_cached(FerryMessageData *data, FerryStoreStructures *found, guint index)
{
	gsize header_length, shape_length;
	const guint8 *header = ferry_store_structures_get_header(found, index, &header_length);
	const guint8 *shape = ferry_store_structures_get_structure(found, index, &shape_length);
	GBytes *all;

	if (header_length == 0 && shape_length == 0)
		return;
	all = ferry_store_structures_get_bytes(found);
	if (header_length > 0)
		data->cached = g_bytes_ref(all);
	take_header(data, (const char *)header, header_length);
	if (shape_length > 0)
		data->structure =
			ferry_message_structure_new_from_piece(all, shape, shape_length, NULL);
}

void
ferry_message_data_scan(FerryMessageData *data)
{
	FerryMessagePart root;

	if (data->structure == NULL)
		data->structure = ferry_message_scan_bytes(data->raw);
	if (data->headers != NULL || data->block != NULL ||
	    !ferry_message_structure_get_part(data->structure, 0, &root))
		return;
	data->headers = g_bytes_new_from_bytes(data->raw, 0,
					       MIN(root.body_start, g_bytes_get_size(data->raw)));
}

static void
add_structure(FerryStoreStructures *structures, FerryMessageData *data)
{
	g_autoptr(GBytes) structure = NULL;
	g_autofree guint8 *header = NULL;
	gsize length = 0, structure_length = 0;
	const char *block = ferry_message_data_peek_headers(data, &length);
	const guint8 *shape = NULL;

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
		FerryMessageData *data = list->pdata[i];

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
