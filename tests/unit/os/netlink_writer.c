/* SPDX-License-Identifier: Apache-2.0 */
/* Routes into the kernel and out of it, in an empty network of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "os/netlink_address.h"
#include "os/netlink_writer.h"
#include "private_network.h"

#define MANY 1000u

static bool have_network, have_link;

static int group_setup(void **state)
{
	(void)state;
	have_network = private_network_enter() == 0;
	have_link = have_network &&
		    system("ip link add nc0 type veth peer name nc1 && ip link set nc0 up && "
			   "ip link set nc1 up && ip addr add 10.7.0.1/24 dev nc0") == 0;
	if (!have_network)
		print_message("no right to make a network namespace: skipping\n");
	return 0;
}

struct seen {
	unsigned count;
	struct netlink_route last;
};

static void see(void *context, const struct netlink_route *route)
{
	struct seen *seen = context;

	seen->count++;
	seen->last = *route;
}

static struct seen list(struct netlink_writer *writer, uint32_t table)
{
	static struct seen seen;

	seen.count = 0;
	assert_int_equal(netlink_writer_list(writer, table, see, &seen, NULL), 0);
	return seen;
}

struct refusals {
	unsigned count;
	uint32_t index;
	int number;
};

static void refuse(void *context, uint32_t index, int number)
{
	*(struct refusals *)context =
		(struct refusals){ ((struct refusals *)context)->count + 1, index, number };
}

static struct netlink_route numbered(uint32_t n)
{
	struct address address = address_ipv4(0x0b000000u + n);

	return (struct netlink_route){ .prefix = prefix_host(&address),
		.kind = ROUTE_BLACKHOLE,
		.table = ROUTE_TABLE_MAIN,
		.metric = 110 };
}

static void batches(void **state)
{
	struct netlink_writer *writer;
	struct refusals refusals = { 0 };

	(void)state;
	if (!have_network)
		skip();
	writer = netlink_writer_open(NULL);
	assert_non_null(writer);
	netlink_writer_tell(writer, refuse, &refusals);
	for (uint32_t i = 0; i < MANY; i++) {
		struct netlink_route route = numbered(i);

		assert_int_equal(netlink_writer_put(writer, ROUTE_ADD, &route, NULL), 0);
	}
	assert_int_equal(netlink_writer_flush(writer, NULL), 0);
	assert_int_equal(refusals.count, 0);
	assert_int_equal(list(writer, ROUTE_TABLE_MAIN).count, MANY);
	assert_int_equal(list(writer, 77).count, 0);
	assert_true(netlink_routes_any(ROUTE_TABLE_MAIN));
	assert_false(netlink_routes_any(77));
	/* What is there is refused, and the others are done; indexes count from the flush. */
	for (uint32_t i = 0; i < 300; i++) {
		struct netlink_route route = numbered(i == 200 ? 5 : MANY + i);

		assert_int_equal(netlink_writer_put(writer, ROUTE_ADD, &route, NULL), 0);
	}
	assert_int_equal(netlink_writer_flush(writer, NULL), 0);
	assert_int_equal(refusals.count, 1);
	assert_int_equal(refusals.index, 200);
	assert_int_equal(refusals.number, EEXIST);
	assert_int_equal(list(writer, 0).count, MANY + 299);
	for (uint32_t i = 0; i < MANY + 300; i++) {
		struct netlink_route route = numbered(i);

		assert_int_equal(netlink_writer_put(writer, ROUTE_REMOVE, &route, NULL), 0);
	}
	assert_int_equal(netlink_writer_flush(writer, NULL), 0);
	assert_int_equal(refusals.count, 1); /* one was not there: that is fine */
	assert_int_equal(list(writer, 0).count, 0);
	netlink_writer_close(writer);
}

static void ways(void **state)
{
	static const struct {
		const char *prefix;
		const char *gateways[3];
		uint32_t table;
	} rows[] = {
		{ "45.1.0.0/16", { "10.7.0.9" }, ROUTE_TABLE_MAIN },
		{ "45.1.0.0/16", { "10.7.0.9", "10.7.0.2", "10.7.0.3" }, 1000 },
		{ "45.2.0.0/16", { "fe80::1" }, ROUTE_TABLE_MAIN },
		{ "45.2.0.0/16", { "fe80::1", "fe80::2" }, 77 },
		{ "2001:db8:1::/48", { "fe80::1" }, ROUTE_TABLE_MAIN },
		{ "2001:db8:2::/48", { "fe80::1", "fe80::2", "fe80::3" }, ROUTE_TABLE_MAIN },
	};
	struct netlink_writer *writer;
	struct refusals refusals = { 0 };

	(void)state;
	if (!have_link)
		skip();
	writer = netlink_writer_open(NULL);
	assert_non_null(writer);
	netlink_writer_tell(writer, refuse, &refusals);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct netlink_route route = { .table = rows[i].table, .metric = 110 };
		struct seen seen;

		assert_int_equal(prefix_parse(rows[i].prefix, &route.prefix), 0);
		for (; route.path_count < 3 && rows[i].gateways[route.path_count] != NULL;
			route.path_count++) {
			struct netlink_path *path = &route.paths[route.path_count];

			path->link = if_nametoindex("nc0");
			path->weight = (uint16_t)(rows[i].gateways[1] == NULL
							  ? 1
							  : route.path_count * 3 + 1);
			assert_int_equal(address_parse(rows[i].gateways[route.path_count],
						 &path->gateway),
				0);
		}
		print_message("%s over %s\n", rows[i].prefix, rows[i].gateways[0]);
		assert_int_equal(netlink_writer_put(writer, ROUTE_ADD, &route, NULL), 0);
		assert_int_equal(netlink_writer_flush(writer, NULL), 0);
		assert_int_equal(refusals.number, 0);
		seen = list(writer, rows[i].table);
		assert_int_equal(seen.count, 1);
		assert_true(prefix_equal(&seen.last.prefix, &route.prefix));
		assert_true(netlink_route_same(&seen.last, &route));
		/* In one step into a black hole. */
		route.kind = ROUTE_BLACKHOLE;
		route.path_count = 0;
		assert_int_equal(netlink_writer_put(writer, ROUTE_REPLACE, &route, NULL), 0);
		assert_int_equal(netlink_writer_flush(writer, NULL), 0);
		seen = list(writer, rows[i].table);
		assert_int_equal(seen.count, 1);
		assert_int_equal(seen.last.kind, ROUTE_BLACKHOLE);
		assert_int_equal(netlink_writer_put(writer, ROUTE_REMOVE, &route, NULL), 0);
		assert_int_equal(netlink_writer_flush(writer, NULL), 0);
		assert_int_equal(list(writer, rows[i].table).count, 0);
	}
	netlink_writer_close(writer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batches),
		cmocka_unit_test(ways),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
