/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The blobs of an account
 *
 * Implementation: a blob's id is the SHA-1 of its octets; an account knows a blob when it was
 *   uploaded, copied or is used there. Uploads nobody uses are forgotten, oldest first, above 1
 *   GiB.
 */
#include <string.h>

#include "account.h"
#include "generator.h"
#include "server.h"

#define JS_MAX_UPLOADED ((gsize)1 << 30)
#define JS_MAX_UPLOADS 20000

static guint
js_digest_hash(gconstpointer digest)
{
	guint hash;

	memcpy(&hash, digest, sizeof hash);
	return hash;
}

static gboolean
js_digest_equal(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, JS_DIGEST_SIZE) == 0;
}

static void
js_blob_free(JsBlob *self)
{
	g_clear_pointer(&self->bytes, g_bytes_unref);
	g_free(self);
}

GHashTable *
js_blob_table_new(void)
{
	return g_hash_table_new_full(js_digest_hash, js_digest_equal, NULL,
				     (GDestroyNotify)js_blob_free);
}

static JsBlob *
js_account_add_blob(JsAccount *self, GBytes *bytes, gboolean *is_new)
{
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA1);
	guint8 digest[JS_DIGEST_SIZE];
	gsize digest_len = sizeof digest, len = 0;
	const guint8 *data = g_bytes_get_data(bytes, &len);
	JsBlob *blob;

	g_checksum_update(checksum, len > 0 ? data : (const guint8 *)"", (gssize)len);
	g_checksum_get_digest(checksum, digest, &digest_len);
	blob = g_hash_table_lookup(self->blobs, digest);
	*is_new = blob == NULL;
	if (blob == NULL) {
		blob = g_new0(JsBlob, 1);
		memcpy(blob->digest, digest, sizeof digest);
		blob->size = len;
		g_hash_table_insert(self->blobs, blob->digest, blob);
	}
	return blob;
}

JsBlob *
js_account_take_blob(JsAccount *self, GBytes *bytes)
{
	gboolean is_new;
	JsBlob *blob = js_account_add_blob(self, bytes, &is_new);

	if (is_new)
		blob->bytes = g_bytes_ref(bytes);
	return blob;
}

JsBlob *
js_account_add_generated(JsAccount *self, guint32 seed, guint32 number)
{
	g_autoptr(GBytes) bytes = js_generate_message(seed, number);
	gboolean is_new;
	JsBlob *blob = js_account_add_blob(self, bytes, &is_new);

	blob->seed = seed;
	blob->number = number;
	return blob;
}

static void
js_account_trim_uploads(JsAccount *self, JsBlob *keep)
{
	while (self->uploaded > JS_MAX_UPLOADED || self->uploads.length > JS_MAX_UPLOADS) {
		JsBlob *blob = g_queue_peek_head(&self->uploads);

		if (blob == keep)
			break;
		g_queue_pop_head(&self->uploads);
		blob->uploaded = FALSE;
		self->uploaded -= blob->size;
		if (blob->users == 0)
			g_hash_table_remove(self->blobs, blob->digest);
	}
}

JsBlob *
js_account_upload(JsAccount *self, GBytes *bytes)
{
	gboolean is_new;
	JsBlob *blob = js_account_add_blob(self, bytes, &is_new);

	if (is_new) {
		blob->bytes = g_bytes_ref(bytes);
		blob->uploaded = TRUE;
		g_queue_push_tail(&self->uploads, blob);
		self->uploaded += blob->size;
		js_account_trim_uploads(self, blob);
	}
	return blob;
}

JsBlob *
js_account_find_blob(JsAccount *self, const char *id)
{
	guint8 digest[JS_DIGEST_SIZE];

	if (id[0] != 'G' || strlen(id) < 1 + 2 * JS_DIGEST_SIZE)
		return NULL;
	for (guint i = 0; i < JS_DIGEST_SIZE; i++) {
		gint high = g_ascii_xdigit_value(id[1 + 2 * i]);
		gint low = g_ascii_xdigit_value(id[2 + 2 * i]);

		if (high < 0 || low < 0)
			return NULL;
		digest[i] = (guint8)(high << 4 | low);
	}
	return g_hash_table_lookup(self->blobs, digest);
}

GBytes *
js_blob_ref_bytes(JsBlob *self)
{
	return self->bytes != NULL ? g_bytes_ref(self->bytes)
				   : js_generate_message(self->seed, self->number);
}

void
js_blob_format_id(const JsBlob *self, char id[2 * JS_DIGEST_SIZE + 2])
{
	static const char digits[] = "0123456789abcdef";

	id[0] = 'G';
	for (guint i = 0; i < JS_DIGEST_SIZE; i++) {
		id[1 + 2 * i] = digits[self->digest[i] >> 4];
		id[2 + 2 * i] = digits[self->digest[i] & 15];
	}
	id[1 + 2 * JS_DIGEST_SIZE] = '\0';
}

void
js_account_use_blob(JsAccount *self, JsBlob *blob)
{
	blob->users++;
}

void
js_account_drop_blob(JsAccount *self, JsBlob *blob)
{
	if (--blob->users == 0 && !blob->uploaded)
		g_hash_table_remove(self->blobs, blob->digest);
}
