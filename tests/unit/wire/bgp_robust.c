/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anything may come in: every cut of good messages, every attribute with all flags and many
 * sizes, bytes changed at random. Never a crash, and always an outcome that makes sense.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/random.h"
#include "update.h"

#define GOOD     BGP_VERDICT_GOOD
#define WITHDRAW BGP_VERDICT_TREAT_AS_WITHDRAW
#define RESET    BGP_VERDICT_SESSION_RESET

static const struct message {
	enum session session;
	const char *withdrawn, *attributes, *nlri;
} messages[] = {
	{ EXTERNAL, "", BASE, NET },
	{ EXTERNAL, NET, "", "" },
	{ EXTERNAL, "", REACH ORIGIN PATH, "" },
	{ EXTERNAL, "", UNREACH, "" },
	{ EXTERNAL, NET, UNREACH BASE, NET "08 0a" },
	{ INTERNAL, "",
		BASE "800404 0000000a 400504 00000064 400600 c00708 0000fde9 c0000209"
		     "800904 c0000202 800a08 00000001 00000002",
		NET },
	{ EXTERNAL, "", BASE "c00808 fde90001 ffffff01 c01008 0002fde900000001", NET },
	{ EXTERNAL, "", BASE "c0200c 0000fde9 00000001 00000002 c02304 0000fdea", NET },
	{ EXTERNAL, "", BASE "d0fe0004 01020304 80fd00", NET },
	{ OLD, "", BASE_2 "c00706 5ba0 c0000201 c01106 0201 00011170 c01208 00011170 c0000202",
		NET },
	{ OLD_INTERNAL, "", ORIGIN "40020a 0301 fdf0 0202 fde9 5ba0" HOP "c01106 0201 00011170",
		NET },
	{ NEXT_HOP_6, "", "800e19 0001 01 10" HOP_6 "00" NET ORIGIN PATH, "" },
	{ ADD_PATH, "00000001" NET, BASE, "00000007" NET },
	{ EXTERNAL, "", "800f03 0002 01", "" },
	{ EXTERNAL, "",
		BASE
		"c0170e 0008 000a 06 04 00000000 80 0001 00 801a0b 01 000b 0000000000000001"
		"c0280a 01 0007 00 0000 00000001 c08008 0000fde9 400101 00",
		NET },
};

/* What a caller does with an update: take everything out of it. */
static void consume(const struct bgp_update *update, size_t length, const struct arena *arena)
{
	struct prefix prefix;
	uint32_t path_id;
	char text[128];

	assert_true(arena->used <= 16 * length + 16);
	assert_true(update->verdict <= RESET);
	assert_int_equal(update->verdict == GOOD, update->malformations_total == 0);
	assert_int_equal(update->fault.code != 0, update->verdict > WITHDRAW);
	for (int f = 0; f < 2; f++) {
		struct bgp_nlri walks[] = { update->withdrawn[f], update->announced[f] };

		for (int i = 0; i < 2; i++) {
			struct bgp_nlri *walk = &walks[i];

			while (bgp_nlri_next(walk, &prefix, &path_id)) {
				struct prefix clean = prefix;

				assert_true(
					prefix.length <= family_bits(prefix.address.family));
				prefix_normalise(&clean);
				assert_true(prefix_equal(&clean, &prefix));
			}
			/* The end, not a failure: it was checked before. */
			assert_true(cursor_left(&walk->bytes) == 0 && !walk->bytes.failed);
		}
	}
	if (update->verdict >= WITHDRAW)
		return;
	bgp_as_path_format(&update->attributes, text, sizeof(text));
	(void)bgp_as_path_origin(&update->attributes);
	assert_true(bgp_attributes_equal(&update->attributes, &update->attributes));
}

/* Optional and Transitive as each attribute wants them; 1: any, it is not known. */
static uint8_t flags_wanted(unsigned code)
{
	static const struct {
		uint8_t code, flags;
	} rows[] = { { 1, 0x40 }, { 2, 0x40 }, { 3, 0x40 }, { 4, 0x80 }, { 5, 0x40 },
		{ 6, 0x40 }, { 7, 0xc0 }, { 8, 0xc0 }, { 9, 0x80 }, { 10, 0x80 }, { 14, 0x80 },
		{ 15, 0x80 }, { 16, 0xc0 }, { 17, 0xc0 }, { 18, 0xc0 }, { 22, 0xc0 },
		{ 23, 0xc0 }, { 24, 0x80 }, { 25, 0xc0 }, { 26, 0x80 }, { 27, 0xc0 },
		{ 29, 0x80 }, { 32, 0xc0 }, { 35, 0xc0 }, { 36, 0xc0 }, { 37, 0xc0 },
		{ 38, 0xc0 }, { 40, 0xc0 }, { 128, 0xc0 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].code == code)
			return rows[i].flags;
	return 1;
}

/* What an attribute in a message that is good without it may cost at most and at least. */
static bool verdict_sane(enum bgp_verdict verdict, unsigned code, uint8_t flags)
{
	uint8_t wanted = flags_wanted(code);
	bool mp = code == BGP_ATTRIBUTE_MP_REACH || code == BGP_ATTRIBUTE_MP_UNREACH;

	if (wanted == 1) /* an optional one is dropped, a well-known one must be known */
		return verdict == (flags & 0x80 ? GOOD : WITHDRAW);
	if (!mp && verdict > WITHDRAW)
		return false; /* never the session for the sake of one attribute */
	return (flags & 0xc0) == wanted || verdict != GOOD || mp;
}

static enum bgp_verdict read_exact(
	const struct bgp_context *context, const uint8_t *bytes, size_t length)
{
	uint8_t *exact = exact_copy(bytes, length);
	struct arena arena = { 0 };
	struct bgp_update update;

	assert_int_equal(
		bgp_update_read(cursor_of(exact, length), context, &arena, &update), 0);
	consume(&update, length, &arena);
	arena_clear(&arena);
	free(exact);
	return update.verdict;
}

/* The body cut at each byte: what is left of it is bad, unless only whole prefixes went. */
static void test_cut_body(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		const struct message *m = &messages[i];
		struct bgp_context context = context_of(m->session);
		uint8_t bytes[512];
		size_t length =
			update_make(m->withdrawn, m->attributes, m->nlri, bytes, sizeof(bytes));
		size_t fields =
			update_make(m->withdrawn, m->attributes, "", bytes, sizeof(bytes));

		update_make(m->withdrawn, m->attributes, m->nlri, bytes, sizeof(bytes));
		assert_int_equal(read_exact(&context, bytes, length), GOOD);
		for (size_t cut = 0; cut < length; cut++) {
			enum bgp_verdict verdict = read_exact(&context, bytes, cut);

			if (cut < fields)
				assert_int_equal(verdict, RESET);
			else
				assert_true(verdict == RESET || verdict == GOOD);
		}
	}
}

/* The attribute list cut at each byte, its total length put right, prefixes still behind it. */
static void test_cut_attributes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		const struct message *m = &messages[i];
		struct bgp_context context = context_of(m->session);
		uint8_t list[512], bytes[512];
		size_t whole = hex_read(m->attributes, list, sizeof(list));

		for (size_t cut = 0; cut < whole; cut++) {
			size_t length = update_make("", "", "", bytes, sizeof(bytes));
			enum bgp_verdict verdict;

			bytes_put_u16(bytes + 2, (uint16_t)cut);
			memcpy(bytes + length, list, cut);
			length += cut;
			length += hex_read(m->session == ADD_PATH ? "00000001" NET : NET,
				bytes + length, sizeof(bytes) - length);
			verdict = read_exact(&context, bytes, length);
			/* Cut between attributes it may be whole, but never of no account in
			 * the middle of one. */
			assert_true(verdict == GOOD || verdict >= WITHDRAW);
		}
	}
}

/* Flags, code, size, filled with a byte; with the base around it, in its place or in front. */
static void sweep_one(enum session session, uint8_t flags, uint8_t code, size_t size,
	uint8_t fill, bool in_front)
{
	struct bgp_context context = context_of(session);
	bool old = session == OLD || session == OLD_INTERNAL;
	uint8_t bytes[1024], base[64];
	struct writer w = writer_of(bytes, sizeof(bytes));
	size_t base_size = hex_read(old ? BASE_2 : BASE, base, sizeof(base)), nlri_size;
	uint8_t nlri[16], *total;
	enum bgp_verdict verdict;

	writer_u16(&w, 0);
	total = writer_reserve(&w, 2);
	if (!in_front)
		writer_bytes(&w, base, base_size);
	writer_u8(&w, flags);
	writer_u8(&w, code);
	if (flags & 0x10)
		writer_u16(&w, (uint16_t)size);
	else
		writer_u8(&w, (uint8_t)size);
	memset(writer_reserve(&w, size), fill, size);
	if (in_front)
		writer_bytes(&w, base, base_size);
	bytes_put_u16(total, (uint16_t)(w.at - total - 2));
	nlri_size = hex_read(session == ADD_PATH ? "00000001" NET : NET, nlri, sizeof(nlri));
	writer_bytes(&w, nlri, nlri_size);
	verdict = read_exact(&context, bytes, writer_length(&w));
	if (session != ONLY_IPV6 && !verdict_sane(verdict, code, flags))
		fail_msg("attribute %u, flags %02x, %zu bytes of %02x: %s", code, flags, size,
			fill, bgp_verdict_name(verdict));
}

/* Every attribute, every flags byte, every size from 0 to 40; and all codes that are not known.
 */
static void test_sweep(void **state)
{
	static const uint8_t fills[] = { 0x00, 0x01, 0x02, 0x20, 0xff };
	unsigned count = 0;

	(void)state;
	for (unsigned code = 0; code < 256; code++) {
		bool known = flags_wanted(code) != 1;

		for (unsigned flags = 0; flags < 256; flags += known ? 1 : 16)
			for (size_t size = 0; size <= 40; size += known ? 1 : 10) {
				size_t f = (code + flags + size) % sizeof(fills);

				sweep_one((enum session)((flags / 16 + size + f) % SESSIONS),
					(uint8_t)flags, (uint8_t)code, size, fills[f],
					size % 2 == 0);
				count++;
			}
	}
	print_message("%u messages\n", count);
}

/* Which sizes of each attribute are good, found by trying all: the table said once more. */
static void test_good_sizes(void **state)
{
	static const struct {
		uint8_t code, flags;
		enum session session;
		size_t least, step, most; /* good: least, least + step, ... most */
	} rows[] = {
		{ BGP_ATTRIBUTE_MED, 0x80, EXTERNAL, 4, 1, 4 },
		{ BGP_ATTRIBUTE_LOCAL_PREF, 0x40, INTERNAL, 4, 1, 4 },
		{ BGP_ATTRIBUTE_ATOMIC_AGGREGATE, 0x40, EXTERNAL, 0, 1, 0 },
		{ BGP_ATTRIBUTE_AGGREGATOR, 0xc0, EXTERNAL, 8, 1, 8 },
		{ BGP_ATTRIBUTE_AGGREGATOR, 0xc0, OLD, 6, 1, 6 },
		{ BGP_ATTRIBUTE_COMMUNITIES, 0xc0, EXTERNAL, 4, 4, 100 },
		{ BGP_ATTRIBUTE_ORIGINATOR_ID, 0x80, INTERNAL, 4, 1, 4 },
		{ BGP_ATTRIBUTE_CLUSTER_LIST, 0x80, INTERNAL, 4, 4, 100 },
		{ BGP_ATTRIBUTE_EXTENDED_COMMUNITIES, 0xc0, EXTERNAL, 8, 8, 96 },
		{ BGP_ATTRIBUTE_AS4_AGGREGATOR, 0xc0, OLD, 8, 1, 8 },
		{ BGP_ATTRIBUTE_LARGE_COMMUNITIES, 0xc0, EXTERNAL, 12, 12, 96 },
		{ BGP_ATTRIBUTE_ONLY_TO_CUSTOMER, 0xc0, EXTERNAL, 4, 1, 4 },
		{ BGP_ATTRIBUTE_PMSI_TUNNEL, 0xc0, EXTERNAL, 17, 12, 29 },
		{ BGP_ATTRIBUTE_TRAFFIC_ENGINEERING, 0x80, EXTERNAL, 36, 1, 100 },
		{ BGP_ATTRIBUTE_IPV6_EXTENDED_COMMUNITIES, 0xc0, EXTERNAL, 20, 20, 100 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t size = 0; size <= 100; size++) {
			bool old = rows[i].session == OLD, good;
			struct bgp_context context = context_of(rows[i].session);
			uint8_t bytes[512];
			struct writer w = writer_of(bytes, sizeof(bytes));

			w.at += update_make("", old ? BASE_2 : BASE, "", bytes, sizeof(bytes));
			writer_u8(&w, rows[i].flags);
			writer_u8(&w, rows[i].code);
			writer_u8(&w, (uint8_t)size);
			memset(writer_reserve(&w, size), 1, size);
			bytes_put_u16(bytes + 2, (uint16_t)(w.at - bytes - 4));
			w.at += hex_read(NET, w.at, 8);
			good = size >= rows[i].least && size <= rows[i].most &&
			       (size - rows[i].least) % rows[i].step == 0;
			if ((read_exact(&context, bytes, writer_length(&w)) == GOOD) != good)
				fail_msg("attribute %u of %zu bytes", rows[i].code, size);
		}
}

/* RFC 6514 section 5: the identifiers of each type of tunnel, said once more. */
static void test_pmsi_identifiers(void **state)
{
	static const struct {
		size_t one, other; /* SIZE_MAX: any */
	} types[] = { { 0, 0 }, { 12, 24 }, { SIZE_MAX, 0 }, { 8, 32 }, { 8, 32 }, { 8, 32 },
		{ 4, 16 }, { SIZE_MAX, 0 }, { SIZE_MAX, 0 }, { SIZE_MAX, 0 } };
	struct bgp_context context = context_of(EXTERNAL);

	(void)state;
	for (uint8_t type = 0; type < sizeof(types) / sizeof(types[0]); type++)
		for (size_t size = 0; size <= 40; size++) {
			bool good = types[type].one == SIZE_MAX || size == types[type].one ||
				    size == types[type].other;
			uint8_t bytes[256];
			struct writer w = writer_of(bytes, sizeof(bytes));

			w.at += update_make("", BASE "c016", "", bytes, sizeof(bytes));
			writer_u8(&w, (uint8_t)(5 + size));
			writer_u8(&w, 0);
			writer_u8(&w, type);
			memset(writer_reserve(&w, 3 + size), 1, 3 + size);
			bytes_put_u16(bytes + 2, (uint16_t)(w.at - bytes - 4));
			w.at += hex_read(NET, w.at, 8);
			if ((read_exact(&context, bytes, writer_length(&w)) == GOOD) != good)
				fail_msg("type %u, identifier of %zu bytes", type, size);
		}
}

static void test_random(void **state)
{
	struct random random = { 6793 };

	(void)state;
	for (unsigned round = 0; round < 60000; round++) {
		const struct message *m = &messages[random_below(
			&random, sizeof(messages) / sizeof(messages[0]))];
		struct bgp_context context =
			context_of((enum session)random_below(&random, SESSIONS));
		uint8_t bytes[512];
		size_t length =
			update_make(m->withdrawn, m->attributes, m->nlri, bytes, sizeof(bytes));

		for (uint32_t i = random_below(&random, 4); i > 0; i--)
			bytes[random_below(&random, (uint32_t)length)] =
				(uint8_t)random_u64(&random);
		(void)read_exact(&context, bytes, length);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_body),
		cmocka_unit_test(test_cut_attributes),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_good_sizes),
		cmocka_unit_test(test_pmsi_identifiers),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
