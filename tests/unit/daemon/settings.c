/* SPDX-License-Identifier: Apache-2.0 */
/* From the configuration's words to the brain's: read from YAML, as an operator writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "config/reader.h"
#include "daemon/main/settings.h"

static const char site[] =
	"site: fra1\n"
	"panic: { threshold: 80%, window: 200ms, hold: 7s }\n"
	"services:\n"
	"  dns:\n"
	"    addresses: [198.51.100.53]\n"
	"    checks:\n"
	"      - socket: { port: 53, protocol: udp, weight: 3 }\n"
	"      - any:\n"
	"          checks:\n"
	"            - all:\n"
	"                checks:\n"
	"                  - tcp: { port: 53 }\n"
	"                  - dns: { name: a.example }\n"
	"            - dns: { name: b.example, label: second }\n"
	"      - exec: { command: [/bin/true], on-failure: degrade }\n"
	"    minimum-weight: 4\n"
	"    degraded-weight: 3\n"
	"    degraded: { withdraw: true }\n"
	"    hold-down: 11s\n"
	"    address-delay: 12s\n"
	"    unknown: { hold: 13s, then: withdraw }\n"
	"    damping: { penalty: 14, suppress: 40, reuse: 15, half-life: 16s, maximum: 17s }\n"
	"    drain: { graceful-time: 18s, prepend: 4, prepend-time: 19s, wait: 20s }\n"
	"  plain:\n"
	"    addresses: [198.51.100.54]\n"
	"    maintenance: true\n";

static struct config *config_of(const char *text)
{
	const struct config_source source = { "site.yaml", text, strlen(text) };
	struct config_diagnostics diagnostics = { 0 };
	struct config *config = NULL;

	if (config_read(&source, 1, &config, &diagnostics) != 0)
		fail_msg("line %u: %s", diagnostics.items[0].mark.line,
			diagnostics.items[0].text);
	config_diagnostics_clear(&diagnostics);
	return config;
}

static void test_tree(void **state)
{
	static const struct {
		const char *name;
		enum check_kind kind;
		int parent;
	} expected[] = {
		{ "socket-1", CHECK_KIND_LEAF, -1 },
		{ "any-1", CHECK_KIND_ANY, -1 },
		{ "all-1", CHECK_KIND_ALL, 1 },
		{ "tcp-1", CHECK_KIND_LEAF, 2 },
		{ "dns-1", CHECK_KIND_LEAF, 2 },
		{ "second", CHECK_KIND_LEAF, 1 },
		{ "exec-1", CHECK_KIND_LEAF, -1 },
	};
	struct config *config = config_of(site);
	const struct config_service *service = config_service_find(config, "dns");
	struct brain_check_settings checks[BRAIN_CHECKS_MAX];
	const struct config_check *flat[BRAIN_CHECKS_MAX];
	struct brain_service_settings settings;

	(void)state;
	assert_int_equal(settings_service(service, checks, &settings), 0);
	assert_string_equal(settings.name, "dns");
	assert_int_equal(settings.check_count, sizeof(expected) / sizeof(expected[0]));
	assert_int_equal(settings_checks(service, flat), settings.check_count);
	for (size_t i = 0; i < settings.check_count; i++) {
		assert_string_equal(settings.checks[i].name, expected[i].name);
		assert_int_equal(settings.checks[i].kind, expected[i].kind);
		assert_int_equal(settings.checks[i].parent, expected[i].parent);
		assert_string_equal(flat[i]->name, expected[i].name);
		assert_int_equal(settings.checks[i].degrades, i == 6);
		assert_int_equal(settings.checks[i].weight, i == 0 ? 3 : 1);
	}
	config_free(config);
}

static void test_numbers(void **state)
{
	struct config *config = config_of(site);
	struct brain_check_settings checks[BRAIN_CHECKS_MAX];
	struct brain_service_settings s;
	struct brain_settings panic;

	(void)state;
	assert_int_equal(settings_service(config_service_find(config, "dns"), checks, &s), 0);
	assert_int_equal(s.minimum_weight, 4);
	assert_int_equal(s.degraded_weight, 3);
	assert_true(s.degraded_withdraw && s.damping && s.drain_graceful && !s.maintenance);
	assert_int_equal(s.hold_down.ns, duration_seconds(11).ns);
	assert_int_equal(s.address_delay.ns, duration_seconds(12).ns);
	assert_int_equal(s.unknown_hold.ns, duration_seconds(13).ns);
	assert_int_equal(s.unknown_after, BRAIN_AFTER_WITHDRAW);
	assert_int_equal(s.penalty, 14);
	assert_int_equal(s.suppress, 40);
	assert_int_equal(s.reuse, 15);
	assert_int_equal(s.half_life.ns, duration_seconds(16).ns);
	assert_int_equal(s.suppress_maximum.ns, duration_seconds(17).ns);
	assert_int_equal(s.drain_graceful_time.ns, duration_seconds(18).ns);
	assert_int_equal(s.drain_prepend, 4);
	assert_int_equal(s.drain_prepend_time.ns, duration_seconds(19).ns);
	assert_int_equal(s.drain_wait.ns, duration_seconds(20).ns);
	assert_int_equal(settings_service(config_service_find(config, "plain"), checks, &s), 0);
	assert_true(s.maintenance);
	assert_int_equal(s.check_count, 0);
	assert_int_equal(s.unknown_after, BRAIN_AFTER_KEEP);
	settings_brain(config, &panic);
	assert_int_equal(panic.panic_threshold_percent, 80);
	assert_int_equal(panic.panic_window.ns, duration_ms(200).ns);
	assert_int_equal(panic.panic_hold.ns, duration_seconds(7).ns);
	config_free(config);
}

/* More than the brain takes is refused, not cut. */
static void test_full(void **state)
{
	static struct config_check many[BRAIN_CHECKS_MAX + 1];
	struct config_service service = { .name = "dns", .checks = many };
	struct brain_check_settings checks[BRAIN_CHECKS_MAX];
	struct brain_service_settings settings;

	(void)state;
	for (size_t i = 0; i <= BRAIN_CHECKS_MAX; i++)
		many[i].name = "c";
	service.check_count = BRAIN_CHECKS_MAX;
	assert_int_equal(settings_service(&service, checks, &settings), 0);
	service.check_count = BRAIN_CHECKS_MAX + 1;
	assert_int_equal(settings_service(&service, checks, &settings), ERROR_FULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
