/* SPDX-License-Identifier: Apache-2.0 */
/* How a route is dressed: up, and what degraded and a drain add. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "daemon/main/announce.h"

static const uint32_t standard_up[] = { 100, 200 }, standard_degraded[] = { 200, 300 };
static const uint64_t extended_up[] = { 7 };
static const struct config_large_community large_up[] = { { 1, 2, 3 } };
static const struct config_large_community large_degraded[] = { { 1, 2, 3 }, { 4, 5, 6 } };
static const char *const only[] = { "transit-a", "transit-b" };

static struct config_service service(void)
{
	return (struct config_service){
		.name = "dns",
		.neighbors = only,
		.neighbor_count = 2,
		.up = { .prepend = 1,
			.has_med = true,
			.med = 50,
			.communities = { standard_up, 2, large_up, 1, extended_up, 1 } },
		.degraded = { .prepend = 2,
			.has_local_pref = true,
			.local_pref = 10,
			.communities = { standard_degraded, 2, large_degraded, 2, extended_up,
				1 } },
	};
}

static struct prefix prefix(void)
{
	struct prefix p;

	assert_int_equal(prefix_parse("198.51.100.0/24", &p), 0);
	return p;
}

static void dresses(void **state)
{
	static const struct {
		struct intent intent;
		uint32_t prepend, med, standard, large, extended;
		bool has_local_pref, graceful;
	} rows[] = {
		{ { .announce = true }, 1, 50, 2, 1, 1, false, false },
		{ { .announce = true, .degraded = true }, 3, 50, 3, 2, 1, true, false },
		{ { .announce = true, .graceful_shutdown = true }, 1, 50, 2, 1, 1, false,
			true },
		{ { .announce = true, .drain_prepend = 4 }, 5, 50, 2, 1, 1, false, false },
		{ { .announce = true, .degraded = true, .drain_prepend = 99 },
			CONFIG_PREPEND_MAX, 50, 3, 2, 1, true, false },
	};
	struct config_service s = service();
	struct prefix p = prefix();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record_route r;

		memset(&r, 0xee, sizeof(r));
		assert_int_equal(announce_route(&s, &p, &rows[i].intent, &r), 0);
		assert_string_equal(r.service, "dns");
		assert_true(prefix_equal(&r.prefix, &p));
		assert_int_equal(r.prepend, rows[i].prepend);
		assert_int_equal(r.med, rows[i].med);
		assert_int_equal(r.community_count, rows[i].standard);
		assert_int_equal(r.large_community_count, rows[i].large);
		assert_int_equal(r.extended_community_count, rows[i].extended);
		assert_int_equal(r.has_local_pref, rows[i].has_local_pref);
		assert_int_equal(r.graceful_shutdown, rows[i].graceful);
		assert_int_equal(r.only_count, 2);
		assert_string_equal(r.only[1], "transit-b");
		/* What main sends, the speaker takes. */
		assert_int_equal(
			record_check(&r, sizeof(r), PROCESS_MAIN, PROCESS_SPEAKER, NULL), 0);
	}
}

/* Records are compared as bytes: the same wish gives the same record. */
static void the_same_wish_is_the_same_record(void **state)
{
	struct config_service s = service();
	struct intent intent = { .announce = true, .degraded = true };
	struct prefix p = prefix();
	struct record_route a, b;

	(void)state;
	memset(&a, 0x11, sizeof(a));
	memset(&b, 0x22, sizeof(b));
	announce_route(&s, &p, &intent, &a);
	announce_route(&s, &p, &intent, &b);
	assert_memory_equal(&a, &b, sizeof(a));
}

static void what_does_not_fit_is_said(void **state)
{
	uint32_t many[RECORD_COMMUNITIES_MAX + 1];
	struct config_service s = service();
	struct intent intent = { .announce = true };
	struct prefix p = prefix();
	struct record_route r;

	(void)state;
	for (uint32_t i = 0; i < RECORD_COMMUNITIES_MAX + 1; i++)
		many[i] = i;
	s.up.communities.standard = many;
	s.up.communities.standard_count = RECORD_COMMUNITIES_MAX;
	assert_int_equal(announce_route(&s, &p, &intent, &r), 0);
	s.up.communities.standard_count = RECORD_COMMUNITIES_MAX + 1;
	assert_int_equal(announce_route(&s, &p, &intent, &r), ERROR_FULL);
	assert_int_equal(r.community_count, RECORD_COMMUNITIES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dresses),
		cmocka_unit_test(the_same_wish_is_the_same_record),
		cmocka_unit_test(what_does_not_fit_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
