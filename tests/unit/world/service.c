/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations of real servers: what must be in them, and what must not get in. (That NSD and
 * nginx take them is seen in tests/integration/test_lab_clients.py.) */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "world/service.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const nsd_lines[] = { "identity: \"fra\"", "nsid: \"ascii_fra\"",
	"port: 5353", "ip-address: 192.0.2.1", "ip-address: 2001:db8::1",
	"zonesdir: \"/run/lab/fra\"", "name: \"lab.example\"",
	"zonefile: \"lab.example.zone\"" };
static const char *const zone_lines[] = { "$ORIGIN lab.example.", "* IN TXT \"fra\"",
	"@ IN A 192.0.2.1", "* IN AAAA 2001:db8::1" };
static const char *const nginx_lines[] = { "listen 192.0.2.1:5353;",
	"listen [2001:db8::1]:5353;", "add_header X-Site fra always;", "return 200 'fra\\n';",
	"root /run/lab/fra;" };

static void expect(const struct text *text, const char *const *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strstr(text_string(text), lines[i]) == NULL)
			fail_msg("no %s in\n%s", lines[i], text_string(text));
	}
}

static void test_what_is_said(void **state)
{
	struct address addresses[2];
	struct world_service service = { "fra", "/run/lab/fra", "lab.example", addresses, 2,
		5353 };
	struct text config = { 0 }, zone = { 0 }, web = { 0 };
	struct error error = { 0 };

	(void)state;
	assert_int_equal(address_parse("192.0.2.1", &addresses[0]), 0);
	assert_int_equal(address_parse("2001:db8::1", &addresses[1]), 0);
	assert_int_equal(world_service_nsd(&service, &config, &zone, &error), 0);
	assert_int_equal(world_service_nginx(&service, &web, &error), 0);
	expect(&config, nsd_lines, COUNT(nsd_lines));
	expect(&zone, zone_lines, COUNT(zone_lines));
	expect(&web, nginx_lines, COUNT(nginx_lines));
	text_clear(&config);
	text_clear(&zone);
	text_clear(&web);
}

static void test_what_does_not_get_in(void **state)
{
	static const struct {
		const char *name, *folder, *zone;
	} rows[] = {
		{ "fra\"", "/run", "lab" },
		{ "fra; }", "/run", "lab" },
		{ "fra\n", "/run", "lab" },
		{ "", "/run", "lab" },
		{ "fra", "/run lab", "lab" },
		{ "fra", "/run", "lab$" },
		{ "fra", "/run", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world_service service = {
			.name = rows[i].name, .folder = rows[i].folder, .zone = rows[i].zone
		};
		struct text config = { 0 }, zone = { 0 };
		struct error error = { 0 };

		assert_int_equal(
			world_service_nsd(&service, &config, &zone, &error), ERROR_RANGE);
		assert_int_equal(world_service_nginx(&service, &config, &error), ERROR_RANGE);
		assert_int_equal(config.length, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_said),
		cmocka_unit_test(test_what_does_not_get_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
