/* SPDX-License-Identifier: Apache-2.0 */
/* What was announced, how far it got, and when an address may leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "daemon/main/route_table.h"

static const struct duration delay = { 2000000000 };

static struct instant at(int64_t ms)
{
	return (struct instant){ duration_seconds(1000).ns + ms * 1000000 };
}

static struct prefix prefix(const char *text)
{
	struct prefix p;

	assert_int_equal(prefix_parse(text, &p), 0);
	return p;
}

static struct address address(const char *text)
{
	struct address a;

	assert_int_equal(address_parse(text, &a), 0);
	return a;
}

static enum route_change set(
	struct route_table *table, const char *service, const char *text, uint32_t med)
{
	struct record_route r = { .head = { .type = RECORD_ROUTE_SET }, .med = med };
	enum route_change change;

	snprintf(r.service, sizeof(r.service), "%s", service);
	r.prefix = prefix(text);
	assert_non_null(route_table_set(table, &r, delay, &change));
	return change;
}

static enum route_progress status(struct route_table *table, const char *text, uint32_t wanted,
	uint32_t announced, uint32_t withdrawing, int64_t ms)
{
	struct record_route_status s = { .prefix = prefix(text),
		.wanted = wanted,
		.announced = announced,
		.withdrawing = withdrawing };

	return route_table_status(table, &s, at(ms));
}

static void withdraw(struct route_table *table, const char *text)
{
	struct prefix p = prefix(text);

	route_table_withdraw(route_table_find(table, &p));
}

static struct instant releases(const struct route_table *table, const char *text)
{
	struct address a = address(text);

	return route_table_releases(table, &a);
}

#define NET  "198.51.100.0/24"
#define HOST "198.51.100.53"

static void only_changes_are_told(void **state)
{
	struct route_table table = { 0 };

	(void)state;
	assert_int_equal(set(&table, "dns", NET, 0), ROUTE_NEW);
	assert_int_equal(set(&table, "dns", NET, 0), ROUTE_SAME);
	assert_int_equal(set(&table, "dns", NET, 5), ROUTE_CHANGED);
	withdraw(&table, NET);
	assert_int_equal(set(&table, "dns", NET, 5), ROUTE_NEW);
	route_table_forget(&table);
	assert_int_equal(set(&table, "dns", NET, 5), ROUTE_CHANGED);
	route_table_clear(&table);
}

static void progress(void **state)
{
	struct route_table table = { 0 };

	(void)state;
	set(&table, "dns", NET, 0);
	assert_int_equal(status(&table, NET, 0, 0, 0, 0), PROGRESS_NONE);
	assert_int_equal(status(&table, NET, 2, 1, 0, 1), PROGRESS_NONE);
	assert_int_equal(status(&table, NET, 2, 2, 0, 2), PROGRESS_ANNOUNCED);
	assert_int_equal(status(&table, NET, 2, 2, 0, 3), PROGRESS_NONE);
	withdraw(&table, NET);
	assert_int_equal(status(&table, NET, 0, 0, 2, 4), PROGRESS_NONE);
	assert_int_equal(status(&table, NET, 0, 0, 0, 5), PROGRESS_WITHDRAWN);
	assert_int_equal(status(&table, NET, 0, 0, 0, 6), PROGRESS_NONE);
	assert_int_equal(status(&table, "192.0.2.0/24", 1, 1, 0, 7), PROGRESS_NONE);
	route_table_clear(&table);
}

/* Rule 4: the address leaves after the withdrawal was written and had time to spread. */
static void an_address_waits_for_its_withdrawal(void **state)
{
	struct route_table table = { 0 };

	(void)state;
	assert_int_equal(releases(&table, HOST).ns, 0);
	set(&table, "dns", NET, 0);
	status(&table, NET, 2, 2, 0, 0);
	withdraw(&table, NET);
	assert_int_equal(releases(&table, HOST).ns, INSTANT_NEVER.ns);
	assert_int_equal(releases(&table, "192.0.2.1").ns, 0);
	status(&table, NET, 0, 0, 1, 10);
	assert_int_equal(releases(&table, HOST).ns, INSTANT_NEVER.ns);
	status(&table, NET, 0, 0, 0, 20);
	assert_int_equal(releases(&table, HOST).ns, at(2020).ns);
	route_table_expire(&table, at(2019));
	assert_int_equal(releases(&table, HOST).ns, at(2020).ns);
	route_table_expire(&table, at(2020));
	assert_int_equal(releases(&table, HOST).ns, 0);
	route_table_clear(&table);
}

/* A word from before our wish must not count as its fulfilment. */
static void an_overtaken_word_is_put_right(void **state)
{
	struct route_table table = { 0 };

	(void)state;
	set(&table, "dns", NET, 0);
	withdraw(&table, NET);
	assert_int_equal(status(&table, NET, 1, 0, 0, 0), PROGRESS_WITHDRAWN); /* too early */
	assert_int_equal(status(&table, NET, 0, 0, 1, 1), PROGRESS_NONE);
	assert_int_equal(releases(&table, HOST).ns, INSTANT_NEVER.ns);
	assert_int_equal(status(&table, NET, 0, 0, 0, 2), PROGRESS_WITHDRAWN);
	assert_int_equal(releases(&table, HOST).ns, at(2002).ns);
	route_table_clear(&table);
}

static void what_nobody_heard_needs_no_time_to_spread(void **state)
{
	struct route_table table = { 0 };

	(void)state;
	set(&table, "dns", NET, 0);
	status(&table, NET, 0, 0, 0, 0);
	withdraw(&table, NET);
	status(&table, NET, 0, 0, 0, 5);
	assert_int_equal(releases(&table, HOST).ns, at(5).ns);
	route_table_clear(&table);
}

static void the_latest_of_several_decides(void **state)
{
	struct route_table table = { 0 };

	(void)state;
	set(&table, "dns", NET, 0);
	set(&table, "dns", HOST "/32", 0);
	status(&table, NET, 1, 1, 0, 0);
	status(&table, HOST "/32", 1, 1, 0, 0);
	withdraw(&table, HOST "/32");
	status(&table, HOST "/32", 0, 0, 0, 10);
	/* The other still stands on purpose: it holds nothing up. */
	assert_int_equal(releases(&table, HOST).ns, at(2010).ns);
	withdraw(&table, NET);
	assert_int_equal(releases(&table, HOST).ns, INSTANT_NEVER.ns);
	status(&table, NET, 0, 0, 0, 30);
	assert_int_equal(releases(&table, HOST).ns, at(2030).ns);
	route_table_clear_withdrawn(&table);
	assert_int_equal(releases(&table, HOST).ns, 0);
	route_table_clear(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_changes_are_told),
		cmocka_unit_test(progress),
		cmocka_unit_test(an_address_waits_for_its_withdrawal),
		cmocka_unit_test(an_overtaken_word_is_put_right),
		cmocka_unit_test(what_nobody_heard_needs_no_time_to_spread),
		cmocka_unit_test(the_latest_of_several_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
