/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/error.h"
#include "scan.h"

static const char message[] =
	"Subject: x\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n"
	"--bb\r\nContent-Type: text/html; charset=utf-8\r\n\r\nA\r\n"
	"--bb\r\nContent-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\nbody\r\n--bb--\r\n";

static gboolean
parts_equal(FerryMessageStructure *a, FerryMessageStructure *b)
{
	FerryMessagePart one;
	FerryMessagePart two;
	guint i;

	for (i = 0; ferry_message_structure_get_part(a, i, &one); i++) {
		if (!ferry_message_structure_get_part(b, i, &two))
			return FALSE;
		if (one.header_start != two.header_start || one.body_start != two.body_start ||
		    one.body_end != two.body_end || one.lines != two.lines ||
		    one.parent != two.parent || one.next != two.next || one.kind != two.kind ||
		    one.encoding != two.encoding || strcmp(one.media_type, two.media_type) != 0 ||
		    strcmp(one.charset, two.charset) != 0)
			return FALSE;
	}
	return i == ferry_message_structure_get_n_parts(b);
}

static void
test_round_trip(void)
{
	g_autoptr(FerryMessageStructure) structure = ferry_message_scan(message, strlen(message));
	g_autoptr(GBytes) bytes = ferry_message_structure_serialize(structure);
	g_autoptr(FerryMessageStructure) loaded =
		ferry_message_structure_new_from_bytes(bytes, NULL);
	g_autofree char *before = test_dup_bodystructure(structure);
	g_autofree char *after = NULL;
	g_autofree char *envelope = NULL;

	g_assert_nonnull(loaded);
	after = test_dup_bodystructure(loaded);
	envelope = test_dup_envelope(loaded);
	g_assert_cmpstr(before, ==, after);
	g_assert_cmpstr(envelope, ==, "(NIL \"x\" NIL NIL NIL NIL NIL NIL NIL NIL)");
	g_assert_true(parts_equal(structure, loaded));
	g_assert_cmpuint(ferry_message_structure_get_size(loaded), ==, strlen(message));
	g_assert_cmpuint(ferry_message_structure_get_n_parts(loaded), ==, 4);
}

/* Reads all there is; what was accepted must be safe to use. */
static void
use(FerryMessageStructure *structure)
{
	g_autofree char *text = test_dup_bodystructure(structure);
	guint64 size = ferry_message_structure_get_size(structure);
	FerryMessagePart part;

	for (guint i = 0; ferry_message_structure_get_part(structure, i, &part); i++) {
		g_assert_cmpuint(part.header_start, <=, part.body_start);
		g_assert_cmpuint(part.body_start, <=, part.body_end);
		g_assert_cmpuint(part.body_end, <=, size);
		g_assert_cmpuint(strlen(part.media_type) + strlen(part.charset), <, 1000);
	}
}

static void
test_damage(void)
{
	g_autoptr(FerryMessageStructure) structure = ferry_message_scan(message, strlen(message));
	g_autoptr(GBytes) bytes = ferry_message_structure_serialize(structure);
	gsize length;
	const guint8 *data = g_bytes_get_data(bytes, &length);

	for (gsize i = 0; i < length; i++) {
		for (guint change = 1; change < 256; change = change * 2 + 1) {
			guint8 *copy = g_memdup2(data, length);
			g_autoptr(GBytes) damaged = g_bytes_new_take(copy, length);
			g_autoptr(FerryMessageStructure) loaded = NULL;

			copy[i] ^= change;
			loaded = ferry_message_structure_new_from_bytes(damaged, NULL);
			if (loaded != NULL)
				use(loaded);
			/* magic, version, counts and lengths are known to be checked */
			if (i < 8 || (i >= 16 && i < 32))
				g_assert_null(loaded);
		}
	}
}

static void
test_truncation(void)
{
	g_autoptr(FerryMessageStructure) structure = ferry_message_scan(message, strlen(message));
	g_autoptr(GBytes) bytes = ferry_message_structure_serialize(structure);

	for (gsize length = 0; length < g_bytes_get_size(bytes); length++) {
		g_autoptr(GBytes) part = g_bytes_new_from_bytes(bytes, 0, length);
		g_autoptr(GError) error = NULL;

		g_assert_null(ferry_message_structure_new_from_bytes(part, &error));
		g_assert_error(error, FERRY_ERROR, FERRY_ERROR_INVALID);
	}
}

int
main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/message/structure/round-trip", test_round_trip);
	g_test_add_func("/message/structure/damage", test_damage);
	g_test_add_func("/message/structure/truncation", test_truncation);
	return g_test_run();
}
