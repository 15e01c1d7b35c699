/* SPDX-License-Identifier: Apache-2.0 */
/* Which flow specifications are feasible: RFC 8955 section 6, RFC 9117 section 4. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "route/flowspec_validate.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Unicast routes: the table that the lookup walks. */
static const struct unicast_row {
	const char *prefix, *originator;
	uint32_t neighbor_asn, first_asn;
} table[] = {
	{ "192.0.2.0/24", "10.0.0.1", 64501, 64501 },
	{ "192.0.0.0/16", "10.0.0.2", 64502, 64502 },
	{ "198.51.100.0/24", "10.0.0.1", 64501, 64501 },
	{ "198.51.100.128/25", "10.0.0.2", 64502, 64502 },
	{ "203.0.113.0/24", "10.0.0.1", 64501, 64501 },
	{ "203.0.113.64/26", "10.0.0.9", 64501, 64501 }, /* inside, but of the same AS */
	{ "2001:db8::/32", "10.0.0.1", 64501, 64501 },
	{ "100.64.0.0/16", "10.0.0.3", 0, 0 }, /* our own */
};

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, &prefix), 0);
	return prefix;
}

static struct address address_of(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(text, &address), 0);
	return address;
}

static bool best_match(
	void *context, const struct prefix *destination, struct flowspec_unicast *ret_unicast)
{
	const struct unicast_row *best = NULL;
	int length = -1;

	(void)context;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct prefix prefix = prefix_of(table[i].prefix);

		if (prefix_contains(&prefix, destination) && prefix.length > length) {
			best = &table[i];
			length = prefix.length;
		}
	}
	if (best == NULL)
		return false;
	*ret_unicast = (struct flowspec_unicast){ address_of(best->originator),
		best->neighbor_asn, best->first_asn };
	return true;
}

static bool others_inside(
	void *context, const struct prefix *destination, uint32_t neighbor_asn)
{
	(void)context;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct prefix prefix = prefix_of(table[i].prefix);

		if (prefix_contains(destination, &prefix) &&
			prefix.length > destination->length &&
			table[i].neighbor_asn != neighbor_asn)
			return true;
	}
	return false;
}

#define SEQUENCE 2, 1, 0, 0, 0xfb, 0xf5 /* 64501 */
#define CONFED   3, 1, 0, 0, 0xfd, 0xe8
#define OTHER    2, 1, 0, 0, 0xfb, 0xf6 /* 64502 */

static void test_rows(void **state)
{
	static const struct {
		const char *rule, *originator;
		bool external, strict, optional;
		uint8_t path[12], path_size;
		enum flowspec_feasibility wanted;
	} rows[] = {
		/* Step a. */
		{ "port = 53", "10.0.0.1", true, false, false, { SEQUENCE }, 6,
			FLOWSPEC_NO_DESTINATION },
		{ "source 192.0.2.0/24", "10.0.0.1", true, false, false, { SEQUENCE }, 6,
			FLOWSPEC_NO_DESTINATION },
		{ "port = 53", "10.0.0.7", true, false, true, { OTHER }, 6, FLOWSPEC_FEASIBLE },
		{ "destination 2001:db8::/32", "10.0.0.1", true, false, false, { SEQUENCE }, 6,
			FLOWSPEC_FEASIBLE },
		{ "destination ::1:0:0:0/96 offset 64", "10.0.0.1", true, false, false,
			{ SEQUENCE }, 6, FLOWSPEC_NO_DESTINATION },
		/* Step b: the best match is the longest prefix that covers the destination. */
		{ "destination 192.0.2.0/24", "10.0.0.1", true, false, false, { SEQUENCE }, 6,
			FLOWSPEC_FEASIBLE },
		{ "destination 192.0.2.53/32", "10.0.0.1", true, false, false, { SEQUENCE }, 6,
			FLOWSPEC_FEASIBLE },
		{ "destination 192.0.2.0/24", "10.0.0.2", true, false, false, { OTHER }, 6,
			FLOWSPEC_OTHER_ORIGINATOR },
		{ "destination 192.0.3.0/24", "10.0.0.2", true, false, false, { OTHER }, 6,
			FLOWSPEC_FEASIBLE },
		{ "destination 172.16.0.0/12", "10.0.0.1", true, false, false, { SEQUENCE }, 6,
			FLOWSPEC_NO_UNICAST },
		{ "destination 0.0.0.0/0", "10.0.0.1", true, false, false, { SEQUENCE }, 6,
			FLOWSPEC_NO_UNICAST },
		/* RFC 9117: from our own AS, from a controller that is no originator. */
		{ "destination 192.0.2.0/24", "10.0.0.8", false, false, false, { 0 }, 0,
			FLOWSPEC_FEASIBLE },
		{ "destination 192.0.2.0/24", "10.0.0.8", false, false, false, { CONFED }, 6,
			FLOWSPEC_FEASIBLE },
		{ "destination 192.0.2.0/24", "10.0.0.8", false, true, false, { 0 }, 0,
			FLOWSPEC_OTHER_ORIGINATOR },
		{ "destination 192.0.2.0/24", "10.0.0.8", false, false, false, { SEQUENCE }, 6,
			FLOWSPEC_OTHER_ORIGINATOR },
		{ "destination 192.0.2.0/24", "10.0.0.8", false, false, false,
			{ CONFED, SEQUENCE }, 12, FLOWSPEC_OTHER_ORIGINATOR },
		/* Step c. */
		{ "destination 198.51.100.0/24", "10.0.0.1", true, false, false, { SEQUENCE },
			6, FLOWSPEC_OTHERS_INSIDE },
		{ "destination 198.51.100.0/25", "10.0.0.1", true, false, false, { SEQUENCE },
			6, FLOWSPEC_FEASIBLE },
		{ "destination 203.0.113.0/24", "10.0.0.1", true, false, false, { SEQUENCE }, 6,
			FLOWSPEC_FEASIBLE },
		/* RFC 9117 section 4.2: the leftmost AS, from outside only. */
		{ "destination 192.0.2.0/24", "10.0.0.1", true, false, false, { OTHER }, 6,
			FLOWSPEC_OTHER_FIRST_AS },
		{ "destination 192.0.2.0/24", "10.0.0.1", true, false, false, { 0 }, 0,
			FLOWSPEC_OTHER_FIRST_AS },
		{ "destination 192.0.2.0/24", "10.0.0.1", false, false, false, { OTHER }, 6,
			FLOWSPEC_FEASIBLE },
		{ "destination 100.64.1.0/24", "10.0.0.3", false, false, false, { 0 }, 0,
			FLOWSPEC_FEASIBLE },
	};
	static const struct flowspec_lookup lookup = { best_match, others_inside, NULL };
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct flowspec_source source = { .originator = address_of(rows[i].originator),
			.external = rows[i].external,
			.local_domain_refused = rows[i].strict,
			.destination_optional = rows[i].optional };
		struct bgp_attributes attributes = { .as_path = rows[i].path,
			.as_path_size = rows[i].path_size };
		enum family family =
			strchr(rows[i].rule, ':') == NULL ? FAMILY_IPV4 : FAMILY_IPV6;
		struct error error = { 0 };
		struct flowspec rule;
		enum flowspec_feasibility got;

		if (flowspec_parse(rows[i].rule, family, &arena, &rule, &error) != 0)
			fail_msg("%s: %s", rows[i].rule, error.text);
		got = flowspec_validate(&rule, &attributes, &source, &lookup);
		if (got != rows[i].wanted)
			fail_msg("%zu, %s: %s", i, rows[i].rule,
				flowspec_feasibility_reason(got));
	}
	arena_clear(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
