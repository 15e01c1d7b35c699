/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of PROXY headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "daemon/probe/proxy_header.h"

static struct address address(const char *text)
{
	struct address parsed;

	assert_int_equal(address_parse(text, &parsed), 0);
	return parsed;
}

static void headers_have_their_bytes(void **state)
{
	static const struct {
		enum config_proxy_protocol version;
		const char *source, *destination;
		const char *bytes;
		size_t length;
	} rows[] = {
		{ PROXY_NONE, "192.0.2.1", "192.0.2.2", "", 0 },
		{ PROXY_V1, "192.0.2.1", "192.0.2.2",
			"PROXY TCP4 192.0.2.1 192.0.2.2 65535 80\r\n", 41 },
		{ PROXY_V1, "2001:db8::1", "2001:db8::2",
			"PROXY TCP6 2001:db8::1 2001:db8::2 65535 80\r\n", 45 },
		{ PROXY_V2, "192.0.2.1", "192.0.2.2", "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16 },
	};
	uint8_t header[PROXY_HEADER_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct address from = address(rows[i].source),
			       to = address(rows[i].destination);

		assert_int_equal(
			proxy_header_build(rows[i].version, &from, 65535, &to, 80, header),
			rows[i].length);
		assert_memory_equal(header, rows[i].bytes, rows[i].length);
	}
}

/* Section 2.1 promises receivers that 107 bytes are enough. */
static void the_longest_fits(void **state)
{
	struct address longest = address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	uint8_t header[PROXY_HEADER_MAX];

	(void)state;
	assert_in_range(proxy_header_build(PROXY_V1, &longest, 65535, &longest, 65535, header),
		104, 107);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_have_their_bytes),
		cmocka_unit_test(the_longest_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
