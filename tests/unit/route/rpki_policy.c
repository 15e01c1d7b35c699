/* SPDX-License-Identifier: Apache-2.0 */
/* The RPKI table behind a policy's questions. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "route/rpki_policy.h"

/* A path of 64501 64502 in canonical form. */
static const uint8_t path[] = { BGP_SEGMENT_SEQUENCE, 2, 0, 0, 0xfb, 0xf5, 0, 0, 0xfb, 0xf6 };

static struct rpki_table *table_make(void)
{
	struct rpki_table *table = rpki_table_new();
	struct rpki_batch *batch = rpki_batch_new();
	struct rpki_vrp vrp = { .max_length = 24, .asn = 64502 };
	const uint32_t provider = 64501;

	assert_int_equal(prefix_parse("192.0.2.0/24", &vrp.prefix), 0);
	assert_int_equal(rpki_batch_vrp(batch, true, &vrp), 0);
	assert_int_equal(rpki_batch_aspa(batch, true, FAMILY_NONE, 64502, &provider, 1), 0);
	assert_int_equal(rpki_table_use(table, 1), 0);
	assert_int_equal(rpki_table_apply(table, 0, batch, RPKI_REPLACE, NULL), 0);
	rpki_batch_free(batch);
	return table;
}

static void test_origin(void **state)
{
	struct rpki_policy policy = { .table = table_make() };
	struct bgp_attributes attributes = { .as_path = path, .as_path_size = sizeof(path) };
	struct bgp_attributes own = { 0 };
	struct prefix prefix, other;
	struct policy_route route = { .prefix = &prefix,
		.attributes = &attributes,
		.local_asn = 64500,
		.context = &policy };

	(void)state;
	assert_int_equal(prefix_parse("192.0.2.0/24", &prefix), 0);
	assert_int_equal(prefix_parse("198.51.100.0/24", &other), 0);
	assert_int_equal(rpki_policy_origin(&policy, &route), POLICY_RPKI_VALID);
	route.attributes = &own;
	assert_int_equal(rpki_policy_origin(&policy, &route), POLICY_RPKI_INVALID);
	route.local_asn = 64502;
	assert_int_equal(rpki_policy_origin(&policy, &route), POLICY_RPKI_VALID);
	route.prefix = &other;
	assert_int_equal(rpki_policy_origin(&policy, &route), POLICY_RPKI_NOT_FOUND);
	route.prefix = NULL;
	assert_int_equal(rpki_policy_origin(&policy, &route), POLICY_RPKI_NOT_FOUND);
	route.prefix = &prefix;
	rpki_table_free((struct rpki_table *)(uintptr_t)policy.table);
	policy.table = NULL;
	assert_int_equal(rpki_policy_origin(&policy, &route), POLICY_RPKI_NOT_FOUND);
}

static void test_path(void **state)
{
	static const struct {
		enum policy_relation source;
		enum policy_direction direction;
		uint32_t neighbor;
		enum policy_aspa state;
	} cases[] = {
		{ POLICY_RELATION_CUSTOMER, POLICY_IMPORT, 64501, POLICY_ASPA_VALID },
		{ POLICY_RELATION_PROVIDER, POLICY_IMPORT, 64501, POLICY_ASPA_VALID },
		{ POLICY_RELATION_PEER, POLICY_IMPORT, 64777, POLICY_ASPA_INVALID },
		{ POLICY_RELATION_ROUTE_SERVER, POLICY_IMPORT, 64777, POLICY_ASPA_VALID },
		{ POLICY_RELATION_PEER, POLICY_EXPORT, 64777, POLICY_ASPA_VALID },
		{ POLICY_RELATION_NONE, POLICY_IMPORT, 64501, POLICY_ASPA_UNKNOWN },
		{ POLICY_RELATION_INTERNAL, POLICY_IMPORT, 64501, POLICY_ASPA_UNKNOWN },
		{ POLICY_RELATION_LOCAL, POLICY_EXPORT, 64501, POLICY_ASPA_UNKNOWN },
	};
	struct rpki_policy policy = { .table = table_make() };
	struct bgp_attributes attributes = { .as_path = path, .as_path_size = sizeof(path) };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy_route route = { .attributes = &attributes,
			.direction = cases[i].direction,
			.source = cases[i].source,
			.neighbor_asn = cases[i].neighbor };

		assert_int_equal(rpki_policy_path(&policy, &route), cases[i].state);
	}
	rpki_table_free((struct rpki_table *)(uintptr_t)policy.table);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_origin),
		cmocka_unit_test(test_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
