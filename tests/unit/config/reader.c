/* SPDX-License-Identifier: Apache-2.0 */
/* The reader: good input gives the right values, bad input the right errors at the right place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "config/reader.h"

static const char sketch[] =
	"site: fra1\n"
	"asn: 64500\n"
	"router-id: 192.0.2.11\n"
	"services:\n"
	"  dns:\n"
	"    addresses: [198.51.100.53, 2001:db8:53::53]\n"
	"    announce:  [198.51.100.0/24, 2001:db8:53::/48]     # default: host routes\n"
	"    checks:\n"
	"      - socket: { port: 53, protocol: udp }\n"
	"      - dns: { name: example.com, type: SOA, interval: 1s, fast-interval: 200ms, "
	"timeout: 500ms, rise: 3, fall: 2 }\n"
	"    degraded: { prepend: 2 }\n"
	"    on-exit: withdraw\n"
	"neighbors:\n"
	"  transit-a: { address: 203.0.113.1, asn: 64501, relation: provider, password: "
	"env:TRANSIT_A_KEY }\n";

static struct config *read_good(const char *text)
{
	struct config_source source = { "site.yaml", text, strlen(text) };
	struct config_diagnostics diagnostics = { 0 };
	struct text said = { 0 };
	struct config *config = NULL;

	if (config_read(&source, 1, &config, &diagnostics) != 0) {
		config_diagnostics_print(&diagnostics, false, &said);
		print_error("%s", text_string(&said));
		fail();
	}
	config_diagnostics_clear(&diagnostics);
	return config;
}

static void reads_the_sketch(void **state)
{
	struct config *config = read_good(sketch);
	const struct config_service *dns = config_service_find(config, "dns");
	const struct config_neighbor *transit = config_neighbor_find(config, "transit-a");
	char text[PREFIX_TEXT_MAX];

	(void)state;
	assert_string_equal(config->site, "fra1");
	assert_int_equal(config->asn, 64500);
	assert_int_equal(config->router_id, 0xc000020b);
	assert_non_null(dns);
	assert_int_equal(dns->mark.line, 5);
	assert_int_equal(dns->mark.column, 3);
	assert_int_equal(dns->address_count, 2);
	assert_int_equal(dns->announce_count, 2);
	assert_string_equal(prefix_format(&dns->announce[1], text), "2001:db8:53::/48");
	assert_int_equal(dns->check_count, 2);
	assert_int_equal(dns->checks[0].type, CHECK_SOCKET);
	assert_int_equal(dns->checks[0].socket.port, 53);
	assert_int_equal(dns->checks[0].socket.protocol, PROTOCOL_UDP);
	assert_int_equal(dns->checks[0].socket.grace.ns, 3000000);
	assert_string_equal(dns->checks[0].name, "socket-1");
	assert_string_equal(dns->checks[1].name, "dns-1");
	assert_string_equal(dns->checks[1].dns.name, "example.com");
	assert_int_equal(dns->checks[1].dns.type, 6);
	assert_int_equal(dns->checks[1].dns.port, 53);
	assert_int_equal(dns->checks[1].fast_interval.ns, 200000000);
	assert_int_equal(dns->checks[1].weight, 1);
	assert_int_equal(dns->degraded.prepend, 2);
	assert_int_equal(dns->on_exit, ON_EXIT_WITHDRAW);
	assert_string_equal(dns->interface, "lo");
	assert_true(dns->manage_addresses);
	assert_non_null(transit);
	assert_int_equal(transit->asn, 64501);
	assert_int_equal(transit->local_asn, 64500);
	assert_int_equal(transit->relation, RELATION_PROVIDER);
	assert_int_equal(transit->password.source, SECRET_ENVIRONMENT);
	assert_string_equal(transit->password.value, "TRANSIT_A_KEY");
	assert_int_equal(transit->hold_time.ns, 90000000000);
	assert_int_equal(transit->keepalive.ns, 30000000000);
	assert_int_equal(transit->send_hold.ns, 480000000000);
	assert_int_equal(transit->families, CONFIG_FAMILY_IPV4 | CONFIG_FAMILY_IPV6);
	assert_int_equal(config->http.port, 9179);
	assert_int_equal(config->panic_threshold_percent, 100);
	config_free(config);
}

static const char short_forms[] =
	"site: s\n"
	"asn: 64500\n"
	"router-id: 192.0.2.11\n"
	"services:\n"
	"  one:\n"
	"    addresses: 192.0.2.1\n"
	"    checks: { all: [icmp, any: [tcp: { port: 1 }, { tcp: { port: 2, interval: 300ms } }]] }\n"
	"    up: { communities: no-export }\n"
	"    drain:\n"
	"  two:\n"
	"    addresses: [192.0.2.2]\n"
	"    checks:\n"
	"    - http: { tls: true, status: 200-299 }\n"
	"    - http: { status: [200, 404], version: 2, expect-headers: { Server: \"\" } }\n"
	"    - exec: { command: [/bin/check, -w, 5] }\n"
	"    - dns: { name: ., type: NS, class: CH, label: roots }\n"
	"neighbors:\n"
	"  NO: { address: 203.0.113.1, asn: 64501 }\n";

/* What is short for what, and that nothing is taken for something else. */
static void reads_short_forms(void **state)
{
	char text[sizeof(short_forms)];
	struct config *config;
	const struct config_service *one, *two;
	const struct config_check *all, *any;

	(void)state;
	/* a country, not a boolean, but no name of ours either */
	memcpy(text, short_forms, sizeof(text));
	memcpy(strstr(text, "  NO:"), "  no:", 5);
	config = read_good(text);
	assert_string_equal(config->neighbors[0].name, "no");
	one = config_service_find(config, "one");
	assert_int_equal(one->address_count, 1);
	assert_int_equal(one->announce_count, 1);
	assert_int_equal(one->announce[0].length, 32);
	assert_int_equal(one->up.communities.standard_count, 1);
	assert_int_equal(one->up.communities.standard[0], 0xffffff01);
	assert_true(one->drain.graceful_shutdown);
	assert_int_equal(one->check_count, 1);
	all = &one->checks[0];
	assert_int_equal(all->type, CHECK_ALL);
	assert_string_equal(all->name, "all-1");
	assert_int_equal(all->group.child_count, 2);
	assert_int_equal(all->group.children[0].type, CHECK_ICMP);
	assert_int_equal(all->group.children[0].icmp.size, 56);
	any = &all->group.children[1];
	assert_int_equal(any->type, CHECK_ANY);
	assert_int_equal(any->group.child_count, 2);
	assert_string_equal(any->group.children[1].name, "tcp-2");
	assert_int_equal(any->group.children[1].timeout.ns, 150000000);
	assert_int_equal(any->group.children[0].timeout.ns, 500000000);
	two = config_service_find(config, "two");
	assert_int_equal(two->check_count, 4);
	assert_int_equal(two->checks[0].http.port, 443);
	assert_int_equal(two->checks[0].http.status_count, 1);
	assert_int_equal(two->checks[0].http.status[0].last, 299);
	assert_int_equal(two->checks[1].http.port, 80);
	assert_int_equal(two->checks[1].http.status[1].first, 404);
	assert_int_equal(two->checks[1].http.version, HTTP_2);
	assert_string_equal(two->checks[1].http.expect_headers[0].value, "");
	assert_int_equal(two->checks[2].exec.argument_count, 3);
	assert_string_equal(two->checks[2].exec.command[2], "5");
	assert_null(two->checks[2].exec.command[3]);
	assert_string_equal(two->checks[3].name, "roots");
	assert_string_equal(two->checks[3].dns.name, ".");
	assert_int_equal(two->checks[3].dns.class, 3);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_sketch),
		cmocka_unit_test(reads_short_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
