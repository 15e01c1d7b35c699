/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and prefixes: tables of text, and what they must become. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/address.h"
#include "base/error.h"

static void test_parse(void **state)
{
	static const struct {
		const char *text, *back; /* NULL: refused */
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "0.0.0.0", "0.0.0.0" },
		{ "2001:DB8::1", "2001:db8::1" },
		{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
		{ "::ffff:192.0.2.1", "::ffff:192.0.2.1" },
		{ "192.0.2", NULL },
		{ "192.0.2.256", NULL },
		{ "192.0.2.01", NULL },
		{ "fe80::1%eth0", NULL },
		{ "2001:db8::1::2", NULL },
		{ "", NULL },
		{ " 192.0.2.1", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct address address = { .family = 99 };
		char text[ADDRESS_TEXT_MAX];
		int r = address_parse(rows[i].text, &address);

		if (rows[i].back == NULL) {
			assert_int_equal(r, ERROR_MALFORMED);
			assert_int_equal(address.family, 99);
			continue;
		}
		assert_int_equal(r, 0);
		assert_string_equal(address_format(&address, text), rows[i].back);
	}
}

static void test_prefix_parse(void **state)
{
	static const struct {
		const char *text;
		int result;
		const char *back;
	} rows[] = {
		{ "198.51.100.0/24", 0, "198.51.100.0/24" },
		{ "198.51.100.53", 0, "198.51.100.53/32" },
		{ "0.0.0.0/0", 0, "0.0.0.0/0" },
		{ "2001:db8::/32", 0, "2001:db8::/32" },
		{ "2001:db8::1", 0, "2001:db8::1/128" },
		{ "198.51.100.1/24", ERROR_RANGE, NULL },
		{ "128.0.0.0/0", ERROR_RANGE, NULL },
		{ "198.51.100.0/33", ERROR_MALFORMED, NULL },
		{ "198.51.100.0/", ERROR_MALFORMED, NULL },
		{ "198.51.100.0/-1", ERROR_MALFORMED, NULL },
		{ "198.51.100.0/024", ERROR_MALFORMED, NULL },
		{ "198.51.100.0/24x", ERROR_MALFORMED, NULL },
		{ "/24", ERROR_MALFORMED, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct prefix prefix;
		char text[PREFIX_TEXT_MAX];

		assert_int_equal(prefix_parse(rows[i].text, &prefix), rows[i].result);
		if (rows[i].back != NULL)
			assert_string_equal(prefix_format(&prefix, text), rows[i].back);
	}
}

static void test_contains(void **state)
{
	static const struct {
		const char *outer, *inner;
		int contains;
	} rows[] = {
		{ "10.0.0.0/8", "10.1.0.0/16", 1 },
		{ "10.0.0.0/8", "10.0.0.0/8", 1 },
		{ "10.1.0.0/16", "10.0.0.0/8", 0 },
		{ "10.0.0.0/8", "11.0.0.0/16", 0 },
		{ "10.128.0.0/9", "10.127.255.255", 0 },
		{ "0.0.0.0/0", "255.255.255.255", 1 },
		{ "0.0.0.0/0", "2001:db8::/32", 0 },
		{ "::/0", "2001:db8::/32", 1 },
		{ "2001:db8::/47", "2001:db8:1::/48", 1 },
		{ "2001:db8::/47", "2001:db8:2::/48", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct prefix outer, inner;

		assert_int_equal(prefix_parse(rows[i].outer, &outer), 0);
		assert_int_equal(prefix_parse(rows[i].inner, &inner), 0);
		assert_int_equal(prefix_contains(&outer, &inner), rows[i].contains);
	}
}

static void test_kinds(void **state)
{
	static const struct {
		const char *text;
		int any, loopback, link_local, multicast;
	} rows[] = {
		{ "0.0.0.0", 1, 0, 0, 0 },
		{ "::", 1, 0, 0, 0 },
		{ "127.1.2.3", 0, 1, 0, 0 },
		{ "::1", 0, 1, 0, 0 },
		{ "169.254.1.1", 0, 0, 1, 0 },
		{ "fe80::1", 0, 0, 1, 0 },
		{ "febf::1", 0, 0, 1, 0 },
		{ "fec0::1", 0, 0, 0, 0 },
		{ "224.0.0.1", 0, 0, 0, 1 },
		{ "239.255.255.255", 0, 0, 0, 1 },
		{ "240.0.0.1", 0, 0, 0, 0 },
		{ "ff02::1", 0, 0, 0, 1 },
		{ "198.51.100.53", 0, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct address address;

		assert_int_equal(address_parse(rows[i].text, &address), 0);
		assert_int_equal(address_is_any(&address), rows[i].any);
		assert_int_equal(address_is_loopback(&address), rows[i].loopback);
		assert_int_equal(address_is_link_local(&address), rows[i].link_local);
		assert_int_equal(address_is_multicast(&address), rows[i].multicast);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_prefix_parse),
		cmocka_unit_test(test_contains),
		cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
