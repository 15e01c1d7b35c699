/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of the kernel's routes on their way: what goes in comes out, and nothing else does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "daemon/kernel_record.h"

static struct netlink_route route_of(const char *prefix, uint32_t paths, const char *gateway)
{
	struct netlink_route route = { .kind = ROUTE_UNICAST, .path_count = paths };

	assert_int_equal(prefix_parse(prefix, &route.prefix), 0);
	for (uint32_t i = 0; i < paths; i++) {
		route.paths[i].link = i + 1;
		route.paths[i].weight = (uint16_t)(i % 256 + 1);
		if (gateway != NULL)
			assert_int_equal(address_parse(gateway, &route.paths[i].gateway), 0);
	}
	return route;
}

static size_t change_write(
	uint8_t *bytes, enum netlink_change change, const struct netlink_route *route)
{
	struct writer writer = writer_of(bytes, KERNEL_CHANGE_MAX);

	kernel_change_write(&writer, change, route);
	assert_false(writer.failed);
	return writer_length(&writer);
}

static int change_read(const uint8_t *bytes, size_t length, enum netlink_change *ret_change,
	struct netlink_route *ret_route)
{
	struct cursor cursor = cursor_of(bytes, length);

	return kernel_change_read(&cursor, ret_change, ret_route);
}

static void round_trips(void **state)
{
	static const struct {
		const char *prefix, *gateway;
		uint32_t paths;
		enum netlink_change change;
	} rows[] = {
		{ "192.0.2.0/24", "10.0.0.1", 1, ROUTE_ADD },
		{ "0.0.0.0/0", "10.0.0.1", 2, ROUTE_REPLACE },
		{ "192.0.2.0/24", "2001:db8::1", 64, ROUTE_ADD },
		{ "2001:db8::/32", "fe80::1", 64, ROUTE_REPLACE },
		{ "2001:db8::/32", NULL, 1, ROUTE_ADD },
		{ "2001:db8::/32", NULL, 0, ROUTE_REMOVE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct netlink_route route = route_of(
					     rows[i].prefix, rows[i].paths, rows[i].gateway),
				     back;
		uint8_t bytes[KERNEL_CHANGE_MAX];
		size_t length = change_write(bytes, rows[i].change, &route);
		enum netlink_change change;

		assert_int_equal(change_read(bytes, length, &change, &back), 0);
		assert_int_equal(change, rows[i].change);
		assert_true(prefix_equal(&back.prefix, &route.prefix));
		if (change != ROUTE_REMOVE)
			assert_true(netlink_route_same(&back, &route));
		/* Every shorter one is none. */
		for (size_t j = 0; j < length; j++)
			assert_int_equal(
				change_read(bytes, j, &change, &back), ERROR_MALFORMED);
	}
}

static void refuses(void **state)
{
	struct netlink_route route = route_of("192.0.2.0/24", 1, "10.0.0.1"), back;
	uint8_t bytes[KERNEL_CHANGE_MAX];
	size_t length = change_write(bytes, ROUTE_ADD, &route);
	enum netlink_change change;
	static const struct {
		size_t at;
		uint8_t value;
	} rows[] = {
		{ 0, ROUTE_CHANGES }, { 1, ROUTE_LOCAL }, { 1, 9 }, { 2, 0 }, { 2, 5 },
		{ 6, 1 },              /* host bits */
		{ 7, 33 },             /* longer than an address */
		{ 8, 65 },             /* paths */
		{ 8, 0 }, { 13, 255 }, /* weight */
		{ 15, 7 },             /* family of the gateway */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bad[KERNEL_CHANGE_MAX];

		memcpy(bad, bytes, length);
		bad[rows[i].at] = rows[i].value;
		assert_int_equal(change_read(bad, length, &change, &back), ERROR_MALFORMED);
	}
	/* An IPv6 route over an IPv4 gateway is none. */
	route = route_of("2001:db8::/32", 1, "10.0.0.1");
	length = change_write(bytes, ROUTE_ADD, &route);
	assert_int_equal(change_read(bytes, length, &change, &back), ERROR_MALFORMED);
}

/* Whatever the bytes: it ends, within them, and what is read holds. */
static void any_bytes(void **state)
{
	struct random random = { .state = 7 };

	(void)state;
	for (int i = 0; i < 200000; i++) {
		uint8_t bytes[64];
		struct netlink_route route;
		enum netlink_change change;

		for (size_t j = 0; j < sizeof(bytes); j++)
			bytes[j] = (uint8_t)random_u64(&random);
		bytes[0] %= 4;
		bytes[1] %= 4;
		bytes[2] = bytes[2] % 2 != 0 ? 4 : 6;
		if (change_read(bytes, sizeof(bytes), &change, &route) != 0)
			continue;
		assert_true(route.path_count <= ROUTE_PATHS_MAX);
		assert_true(change < ROUTE_CHANGES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trips),
		cmocka_unit_test(refuses),
		cmocka_unit_test(any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
