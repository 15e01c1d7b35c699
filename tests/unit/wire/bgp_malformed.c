/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 7606, case by case: bytes in, verdict, attribute, subcode and clause out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "malformed_case.h"

static const struct bgp_malformation *worst(const struct bgp_update *update)
{
	for (unsigned i = 0; i < update->malformation_count; i++)
		if (update->malformations[i].verdict == update->verdict)
			return &update->malformations[i];
	return NULL;
}

/* Prints a case that failed, and says whether it did. */
static bool case_fails(const struct malformed_case *one, const struct bgp_update *update)
{
	const struct bgp_malformation *m = worst(update);
	const struct malformed_row *row = one->row;

	if (update->verdict == row->verdict && row->verdict == GOOD && m == NULL)
		return false;
	if (update->verdict == row->verdict && m != NULL && m->attribute == row->attribute &&
		m->subcode == row->subcode && strcmp(m->reference, row->reference) == 0)
		return false;
	print_error("%s%s: %s, attribute %u, subcode %u, %s, %s\n", row->what,
		malformed_case_name(one), bgp_verdict_name(update->verdict),
		m == NULL ? 0 : m->attribute, m == NULL ? 0 : m->subcode,
		m == NULL ? "-" : m->reason, m == NULL ? "-" : m->reference);
	return true;
}

/* What holds for every outcome. */
static void invariants_check(const struct bgp_update *update)
{
	assert_int_equal(update->malformation_count == 0, update->verdict == GOOD);
	assert_int_equal(update->fault.code,
		update->verdict >= DISABLE ? BGP_ERROR_UPDATE : BGP_ERROR_NONE);
	for (unsigned i = 0; i < update->malformation_count; i++)
		assert_true(update->malformations[i].verdict <= update->verdict);
	if (update->verdict >= DISABLE)
		assert_int_equal(update->fault.subcode, worst(update)->subcode);
}

static bool case_run(const struct malformed_case *one, struct arena *arena)
{
	struct bgp_context context = context_of(one->session);
	uint8_t bytes[512];
	size_t length = update_make(
		one->row->withdrawn, one->attributes, one->nlri, bytes, sizeof(bytes));
	uint8_t *exact = exact_copy(bytes, length);
	struct bgp_update update;
	bool failed;

	assert_int_equal(
		bgp_update_read(cursor_of(exact, length), &context, arena, &update), 0);
	failed = case_fails(one, &update);
	invariants_check(&update);
	free(exact);
	arena_reset(arena);
	return failed;
}

/* Each row, and each in the other surroundings where it makes sense: inside of the AS, with
 * two-octet numbers, with IPv6. Says how many there are, so that a table that shrinks is seen.
 */
static void test_cases(void **state)
{
	unsigned conditions[RESET + 1] = { 0 }, runs[RESET + 1] = { 0 }, failed = 0;
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < MALFORMED_ROWS; i++) {
		const struct malformed_row *row = &malformed_rows[i];

		conditions[row->verdict]++;
		for (unsigned s = 0; s < SURROUNDINGS; s++) {
			struct malformed_case one;

			if (!malformed_case_make(row, s, &one))
				continue;
			runs[row->verdict]++;
			failed += case_run(&one, &arena);
		}
	}
	arena_clear(&arena);
	for (unsigned v = GOOD; v <= RESET; v++)
		print_message("%s: %u conditions, %u messages\n",
			bgp_verdict_name((enum bgp_verdict)v), conditions[v], runs[v]);
	assert_int_equal(failed, 0);
	/* The best public suite distinguishes 58, 26 and 4. */
	assert_true(conditions[WITHDRAW] >= 58 && conditions[DISCARD] >= 26 &&
		    conditions[RESET] >= 4);
}

/* Section 3 b: the two lengths against the message. */
static void test_field_lengths(void **state)
{
	static const struct {
		const char *body;
		enum bgp_verdict verdict;
	} bodies[] = {
		{ "0000 0000", GOOD },
		{ "0001 0000", RESET },
		{ "0000 0001", RESET },
		{ "ffff 0000", RESET },
		{ "0000 ffff", RESET },
		{ "0004 18c63364 0000", GOOD },
		{ "0005 18c63364 0000", RESET },
		{ "0002 0000", RESET },
		{ "0000 00", RESET },
		{ "00", RESET },
		{ "", RESET },
	};
	struct bgp_context context = context_of(EXTERNAL);
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		uint8_t bytes[16];
		size_t length = hex_read(bodies[i].body, bytes, sizeof(bytes));
		uint8_t *exact = exact_copy(bytes, length);
		struct bgp_update update;

		assert_int_equal(
			bgp_update_read(cursor_of(exact, length), &context, &arena, &update),
			0);
		if (update.verdict != bodies[i].verdict)
			fail_msg("%s", bodies[i].body);
		if (update.verdict == RESET) {
			assert_int_equal(update.fault.subcode, BGP_UPDATE_MALFORMED_ATTRIBUTES);
			assert_string_equal(
				update.malformations[0].reference, "RFC 7606 section 3 b");
		}
		free(exact);
	}
	arena_clear(&arena);
}

/* RFC 4271 section 6.3: the data of an attribute's fault is the attribute. */
static void test_fault_data(void **state)
{
	struct bgp_context context = context_of(ONLY_IPV6);
	struct arena arena = { 0 };
	struct bgp_update update;
	uint8_t bytes[512], data[64];
	size_t length =
		update_make("", ORIGIN "800f06 0002 01 30 2001", "", bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(
		bgp_update_read(cursor_of(bytes, length), &context, &arena, &update), 0);
	assert_int_equal(update.verdict, RESET);
	assert_int_equal(update.fault.subcode, BGP_UPDATE_OPTIONAL_ATTRIBUTE);
	length = hex_read("800f06 0002 01 30 2001", data, sizeof(data));
	assert_int_equal(update.fault.data_length, length);
	assert_memory_equal(update.fault.data, data, length);
	/* Longer than the fault has room for: where it was read. */
	length = update_make("",
		"800e66 0002 01 10" HOP_6
		"00" NET_6 NET_6 NET_6 NET_6 NET_6 NET_6 NET_6 NET_6 NET_6 NET_6 NET_6
		"30 2001 01",
		"", bytes, sizeof(bytes));
	assert_int_equal(
		bgp_update_read(cursor_of(bytes, length), &context, &arena, &update), 0);
	assert_int_equal(update.verdict, RESET);
	assert_int_equal(update.fault.data_length, 3 + 0x66);
	assert_non_null(update.fault.borrowed);
	assert_memory_equal(update.fault.borrowed, bytes + 4, 3 + 0x66);
	arena_clear(&arena);
}

/* More malformations than are kept are still counted. */
static void test_many(void **state)
{
	struct bgp_context context = context_of(EXTERNAL);
	struct arena arena = { 0 };
	struct bgp_update update;
	uint8_t bytes[512];
	size_t length = update_make("",
		BASE "400601 00 400600 400600 400600 400600 400600 400600 400600 400600 c00803"
		     "fde900",
		NET, bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(
		bgp_update_read(cursor_of(bytes, length), &context, &arena, &update), 0);
	assert_int_equal(update.malformation_count, BGP_MALFORMATIONS_MAX);
	assert_int_equal(update.malformations_total, 10);
	assert_int_equal(update.verdict, WITHDRAW);
	arena_clear(&arena);
}

/* No memory is not the neighbour's fault. */
static void test_no_memory(void **state)
{
	static const char *const attributes[] = {
		BASE_2,
		BASE_2 "c00804 fde90001",
		BASE_2 "c01008 0002fde900000001",
		BASE_2 "c0200c 0000fde9 00000001 00000002",
		BASE_2 "c01106 0201 0001fde9",
		BASE_2 "c0110c 0301 0001fde9 0201 0001fde9",
	};
	struct bgp_context context = context_of(OLD);

	(void)state;
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		uint8_t bytes[512];
		size_t length = update_make("", attributes[i], NET, bytes, sizeof(bytes));
		struct arena room = { 0 };
		struct bgp_update update;

		assert_int_equal(
			bgp_update_read(cursor_of(bytes, length), &context, &room, &update), 0);
		for (size_t limit = 1; limit < room.used; limit++) {
			struct arena small = { .limit = limit };

			assert_int_equal(bgp_update_read(cursor_of(bytes, length), &context,
						 &small, &update),
				ERROR_MEMORY);
			assert_int_equal(update.verdict, GOOD);
			arena_clear(&small);
		}
		arena_clear(&room);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_field_lengths),
		cmocka_unit_test(test_fault_data),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
