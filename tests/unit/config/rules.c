/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules, one row each: what is written, and what must be said about it, where. A row whose
 * `says` is NULL must pass without a word.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "config/reader.h"

#define HEAD "site: s\nasn: 64500\nrouter-id: 192.0.2.11\n"
#define DNS                                                                                  \
	"services:\n  dns:\n    addresses: [198.51.100.53]\n    announce: 198.51.100.0/24\n" \
	"    checks: [socket: { port: 53 }]\n"
#define PEER     "neighbors:\n  a: { address: 203.0.113.1, asn: 64501, relation: provider }\n"
#define INTERNAL "neighbors:\n  a: { address: 203.0.113.1, asn: 64500"
#define BARE     "neighbors:\n  a: { address: 203.0.113.1, asn: 64501"

static const struct row {
	const char *text;
	const char *says; /* part of a message; NULL: nothing at all may be said */
	uint32_t line;    /* where; 0: anywhere */
	enum config_severity severity;
} rows[] = {
	{ HEAD DNS PEER, NULL, 0, CONFIG_ERROR },
	/* the whole */
	{ "site: s\n", "there are no services", 0, CONFIG_WARNING },
	{ HEAD DNS, "there are no neighbours", 0, CONFIG_WARNING },
	{ "site: s\nrouter-id: 192.0.2.1\n" DNS PEER, "needs 'asn'", 9, CONFIG_ERROR },
	{ "site: s\nasn: 64500\n" DNS PEER, "needs 'router-id'", 9, CONFIG_ERROR },
	{ "site: s\nasn: 0\nrouter-id: 192.0.2.1\n" DNS PEER, "AS 0 cannot be used", 2,
		CONFIG_ERROR },
	{ HEAD "http: { address: 0.0.0.0 }\n" DNS PEER, "open to other machines", 4,
		CONFIG_WARNING },
	{ HEAD "listen: { port: 0 }\n" DNS BARE ", passive: true }\n", "cannot reach us", 11,
		CONFIG_ERROR },
	{ "site: s\nasn: 64512\nrouter-id: 192.0.2.1\n" DNS BARE ", relation: peer }\n",
		"is for private use", 10, CONFIG_WARNING },
	/* RPKI; the lines behind DNS and PEER */
	{ HEAD DNS PEER "rpki:\n  caches:\n    a: { address: 192.0.2.53 }\n", NULL, 0,
		CONFIG_ERROR },
	{ HEAD DNS PEER "rpki:\n  caches:\n    a: { address: 0.0.0.0 }\n",
		"is not the address of a machine", 13, CONFIG_ERROR },
	{ HEAD DNS PEER "rpki:\n  caches:\n    a: { address: 192.0.2.53 }\n"
			"    b: { address: 192.0.2.53 }\n",
		"this is also the address of 'a'", 14, CONFIG_ERROR },
	{ HEAD DNS PEER "rpki:\n  caches:\n    a: { address: 192.0.2.53 }\n"
			"    b: { address: 192.0.2.53, port: 3323 }\n",
		NULL, 0, CONFIG_ERROR },
	{ HEAD DNS PEER "rpki:\n  caches:\n    a: { address: 192.0.2.53, local-address: "
			"\"2001:db8::1\" }\n",
		"must both be IPv4 or both IPv6", 13, CONFIG_ERROR },
	{ HEAD DNS PEER "rpki:\n  caches:\n    a: { address: 192.0.2.53, refresh: 20m, "
			"expire: 10m }\n",
		"'expire' must be longer than 'refresh'", 13, CONFIG_ERROR },
	{ HEAD DNS PEER "rpki:\n  caches:\n    a: { address: 192.0.2.53, retry: 20m, "
			"expire: 10m }\n",
		"'expire' must be longer than 'retry'", 13, CONFIG_ERROR },
	/* flow specifications */
	{ HEAD DNS BARE
		", families: [ipv4, ipv4-flowspec] }\nflowspec:\n  a: { match: destination "
		"198.51.100.7/32 and protocol = udp, then: [discard] }\n",
		NULL, 0, CONFIG_ERROR },
	{ HEAD DNS BARE " }\nflowspec:\n  a: { match: destination 198.51.100.7/32, then: "
			"[discard] }\n",
		"nobody will be told", 12, CONFIG_WARNING },
	{ HEAD DNS BARE
		", families: [ipv4, ipv4-flowspec] }\nflowspec:\n  a: { match: destination "
		"198.51.101.7/32, then: [discard] }\n",
		"not in what the services announce", 12, CONFIG_ERROR },
	{ HEAD DNS BARE
		", families: [ipv4, ipv4-flowspec] }\nflowspec:\n  a: { match: protocol = "
		"udp, then: [discard] }\n",
		"without a destination", 12, CONFIG_ERROR },
	{ HEAD DNS BARE
		", families: [ipv4, ipv4-flowspec] }\nflowspec:\n  a: { match: protocol = "
		"udp, then: [discard], anywhere: true }\n",
		NULL, 0, CONFIG_ERROR },
	{ HEAD DNS BARE
		", families: [ipv4, ipv4-flowspec] }\nflowspec:\n  a: { match: protocol = "
		"udpp, then: [discard], anywhere: true }\n",
		"", 12, CONFIG_ERROR },
	{ HEAD DNS BARE
		", families: [ipv4, ipv4-flowspec] }\nflowspec:\n  a: { match: protocol = "
		"udp, then: [drop], anywhere: true }\n",
		"'drop' is no action", 12, CONFIG_ERROR },
	/* neighbours */
	{ HEAD DNS "neighbors:\n  a: { address: 224.0.0.1, asn: 64501 }\n",
		"is not the address of a machine", 10, CONFIG_ERROR },
	{ HEAD DNS "neighbors:\n  a: { address: 192.0.2.11, asn: 64501 }\n",
		"is our own router-id", 10, CONFIG_ERROR },
	{ HEAD DNS "neighbors:\n  a: { address: 198.51.100.53, asn: 64501 }\n",
		"is an address of the service 'dns'", 10, CONFIG_ERROR },
	{ HEAD DNS BARE ", local-address: 198.51.100.53 }\n", "this is a shared address", 10,
		CONFIG_ERROR },
	{ HEAD DNS "neighbors:\n  a: { address: \"fe80::1\", asn: 64501 }\n",
		"a link-local address needs 'interface'", 10, CONFIG_ERROR },
	{ HEAD DNS "neighbors:\n  a: { address: \"fe80::1\", asn: 64501, interface: e0, "
		   "multihop: 2 }\n",
		"never more than one hop", 10, CONFIG_ERROR },
	{ HEAD DNS "neighbors:\n  a: { address: \"fe80::1\", asn: 64501, interface: eth0 }\n",
		NULL, 0, CONFIG_ERROR },
	{ HEAD DNS PEER "  b: { address: 203.0.113.1, asn: 64502 }\n",
		"this is also the address of 'a'", 11, CONFIG_ERROR },
	{ HEAD DNS PEER "  b: { address: 203.0.113.1, asn: 64502, port: 1179 }\n", NULL, 0,
		CONFIG_ERROR },
	{ HEAD DNS BARE ", local-address: 2001:db8::1 }\n", "must both be IPv4 or both IPv6",
		10, CONFIG_ERROR },
	{ HEAD DNS BARE ", local-address: 203.0.113.1 }\n", "is the neighbour's own address",
		10, CONFIG_ERROR },
	{ HEAD DNS BARE ", relation: internal }\n", "has our own AS number, 64500, not 64501",
		10, CONFIG_ERROR },
	{ HEAD DNS "neighbors:\n  a: { address: 203.0.113.1, asn: 64500, relation: peer }\n",
		"in our own AS 64500 cannot be a peer", 10, CONFIG_ERROR },
	{ HEAD DNS "neighbors:\n  a: { address: 203.0.113.1, asn: 64500, ttl-security: 1 }\n",
		NULL, 0, CONFIG_ERROR },
	{ HEAD DNS BARE ", route-reflector-client: true }\n",
		"a route reflector's client is in our own AS 64500, not in 64501", 10,
		CONFIG_ERROR },
	{ HEAD DNS INTERNAL ", route-reflector-client: true, next-hop-self: true }\n", NULL, 0,
		CONFIG_ERROR },
	{ "cluster-id: 192.0.2.99\n" HEAD DNS INTERNAL ", route-reflector-client: true }\n",
		NULL, 0, CONFIG_ERROR },
	{ "cluster-id: 0.0.0.0\n" HEAD DNS PEER, "cluster-id", 1, CONFIG_ERROR },
	{ HEAD DNS BARE ", next-hop-self: true }\n", "'next-hop-self' means nothing", 10,
		CONFIG_WARNING },
	{ HEAD DNS INTERNAL ", route-server-client: true, export: all }\n",
		"a route server's client is in another AS, not in our own, 64500", 10,
		CONFIG_ERROR },
	{ HEAD DNS BARE ", route-server-client: true, export: all }\n", NULL, 0, CONFIG_ERROR },
	{ HEAD DNS BARE ", route-server-client: true, export: all, role-strict: true }\n", NULL,
		0, CONFIG_ERROR },
	{ HEAD DNS BARE ", route-server-client: true }\n", "passes nothing on to this client",
		10, CONFIG_WARNING },
	{ HEAD DNS BARE ", route-server-client: true, export: all, relation: peer }\n",
		"says already what the neighbour is to us", 10, CONFIG_ERROR },
	{ HEAD DNS BARE ", role-strict: true }\n", "needs a role to insist on", 10,
		CONFIG_ERROR },
	{ HEAD DNS BARE ", multihop: 2, ttl-security: 1 }\n", "cannot both be set", 10,
		CONFIG_ERROR },
	{ HEAD DNS BARE ", multihop: 1 }\n", "multihop: 1 is out of range", 10, CONFIG_ERROR },
	{ HEAD DNS BARE ", hold-time: 2s }\n", "2s is out of range", 10, CONFIG_ERROR },
	{ HEAD DNS BARE ", hold-time: 3500ms }\n", "must be whole seconds", 10, CONFIG_ERROR },
	{ HEAD DNS BARE ", hold-time: 0 }\n", "is never noticed", 10, CONFIG_WARNING },
	{ HEAD DNS BARE ", hold-time: 9s, keepalive: 9s }\n", "'keepalive' must be shorter", 10,
		CONFIG_ERROR },
	{ HEAD DNS BARE ", hold-time: 9s, keepalive: 5s }\n", "one lost keepalive", 10,
		CONFIG_WARNING },
	{ HEAD DNS BARE ", send-hold: 60s }\n", "'send-hold' must be longer", 10,
		CONFIG_ERROR },
	{ HEAD DNS BARE ", restart-time: 1500ms }\n", "'restart-time' must be whole", 10,
		CONFIG_ERROR },
	{ HEAD DNS BARE ", restart-time: 10s, graceful-restart: false }\n",
		"'restart-time' means nothing", 10, CONFIG_WARNING },
	{ HEAD DNS BARE ", stale-time: 10s, graceful-restart: false }\n",
		"'stale-time' means nothing", 10, CONFIG_WARNING },
	{ HEAD DNS BARE ", password: "
			"0123456789012345678901234567890123456789012345678901234567890123456789"
			"01234567890 }\n",
		"the password has 81 bytes", 10, CONFIG_ERROR },
	{ HEAD DNS BARE ", export: { local-pref: 10 } }\n", "is not sent to a neighbour", 10,
		CONFIG_WARNING },
	{ HEAD DNS
		"neighbors:\n  a: { address: 203.0.113.1, asn: 64500, export: { prepend: 1 } }\n",
		"nothing is prepended", 10, CONFIG_WARNING },
	{ HEAD DNS BARE ", export: { communities: [1:2, 1:2] } }\n",
		"a community is said twice", 10, CONFIG_WARNING },
	{ HEAD DNS BARE ", next-hop: { ipv4: 127.0.0.1 } }\n", "this cannot be a next hop", 10,
		CONFIG_ERROR },
	{ HEAD DNS BARE ", password: 0123456789012345678901234567890123456789"
			"0123456789012345678901234567890123456789 }\n",
		NULL, 0, CONFIG_ERROR },
	{ HEAD DNS BARE ", next-hop: { ipv4: 203.0.113.1 } }\n",
		"the neighbour's own address cannot be the next hop", 10, CONFIG_ERROR },
	{ HEAD DNS "neighbors:\n  a: { address: 2001:db8::1, asn: 64501, families: [ipv4], "
		   "extended-next-hop: false }\n",
		"IPv4 routes over an IPv6 session", 10, CONFIG_WARNING },
	{ HEAD DNS
		"neighbors:\n  a: { address: 203.0.113.1, asn: 70000, capabilities: false }\n",
		"AS 70000 needs capabilities", 10, CONFIG_ERROR },
	{ HEAD DNS BARE ", capabilities: false, families: [ipv4, ipv6] }\n",
		"families other than IPv4 need capabilities", 10, CONFIG_ERROR },
	{ HEAD DNS BARE ", families: [ipv4, ipv4] }\n", "'ipv4' is said twice", 10,
		CONFIG_ERROR },
	{ HEAD DNS BARE ", maximum-prefixes: 10 }\n", "while nothing is imported", 10,
		CONFIG_WARNING },
	{ HEAD DNS BARE ", blackhole: 45.0.0.0/8 }\n", "while nothing is imported", 10,
		CONFIG_WARNING },
	{ HEAD DNS BARE ", import: all, blackhole: [45.0.0.0/8, theirs] }\n", "'theirs'", 10,
		CONFIG_ERROR },
	/* services */
	{ HEAD "services:\n  x:\n    addresses: 127.0.0.1\n    checks: [icmp]\n" PEER,
		"it is loopback address space", 6, CONFIG_ERROR },
	{ HEAD "services:\n  x:\n    addresses: \"ff02::1\"\n    checks: [icmp]\n" PEER,
		"it is multicast address space", 6, CONFIG_ERROR },
	{ HEAD DNS "  web: { addresses: 198.51.100.53, checks: [icmp] }\n" BARE " }\n",
		"is an address of 'dns' already", 9, CONFIG_ERROR },
	{ HEAD "services:\n  x:\n    addresses: [198.51.100.1, 198.51.100.1]\n    announce: "
	       "198.51.100.0/24\n    checks: [icmp]\n" PEER,
		"198.51.100.1 is an address of 'x' already", 6, CONFIG_ERROR },
	{ HEAD "services:\n  x:\n    addresses: 198.51.100.1\n    announce: [198.51.100.0/24, "
	       "192.0.2.0/24]\n    checks: [icmp]\n" PEER,
		"none of the service's addresses is inside 192.0.2.0/24", 7, CONFIG_ERROR },
	{ HEAD "services:\n  x:\n    addresses: [198.51.100.1, 2001:db8::1]\n    announce: "
	       "198.51.100.0/24\n    checks: [icmp]\n" PEER,
		"no announced prefix holds the address 2001:db8::1", 6, CONFIG_ERROR },
	{ HEAD "services:\n  x:\n    addresses: 198.51.100.1\n    announce: 0.0.0.0/0\n    checks: "
	       "[icmp]\n" PEER,
		"0.0.0.0/0 is the whole Internet", 7, CONFIG_ERROR },
	{ HEAD "services:\n  x:\n    addresses: 192.0.2.1\n    announce: 128.0.0.0/1\n    checks: "
	       "[icmp]\n" PEER,
		"128.0.0.0/1 cannot be announced", 7, CONFIG_ERROR },
	{ HEAD "services:\n  x:\n    addresses: 10.1.1.1\n    announce: 10.1.1.0/24\n    checks: "
	       "[icmp]\n" PEER,
		"10.1.1.0/24 is private", 7, CONFIG_WARNING },
	{ HEAD "services:\n  x:\n    addresses: 198.51.100.1\n    checks: [icmp]\n" PEER,
		"198.51.100.1/32 is longer than /24", 6, CONFIG_WARNING },
	{ HEAD "services:\n  x:\n    addresses: 198.51.100.1\n    checks: [icmp]\n" BARE " }\n",
		NULL, 0, CONFIG_ERROR },
	{ HEAD DNS "  w:\n    addresses: 198.51.100.80\n    announce: 198.51.100.0/24\n    "
		   "checks: [icmp]\n" PEER,
		"198.51.100.0/24 is announced by 'dns' already", 11, CONFIG_ERROR },
	{ HEAD DNS "  w:\n    addresses: 198.51.100.80\n    announce: 198.51.100.80/32\n    "
		   "checks: [icmp]\n" BARE " }\n",
		"198.51.100.80/32 overlaps with what 'dns' announces", 11, CONFIG_WARNING },
	{ HEAD DNS "    neighbors: [b]\n" PEER, "there is no neighbour 'b'", 9, CONFIG_ERROR },
	{ HEAD DNS "    neighbors: [a, a]\n" PEER, "'a' is said twice", 9, CONFIG_ERROR },
	{ HEAD DNS BARE ", families: ipv6 }\n", "takes IPv4 routes", 7, CONFIG_WARNING },
	{ HEAD "services:\n  x:\n    addresses: 198.51.100.1\n    announce: 198.51.100.0/24\n" PEER,
		"'x' has no checks", 5, CONFIG_WARNING },
	{ HEAD DNS "    minimum-weight: 2\n" PEER, "cannot be reached", 9, CONFIG_ERROR },
	{ HEAD DNS "    minimum-weight: 1\n    degraded-weight: 1\n" PEER,
		"'degraded-weight' must be less", 10, CONFIG_ERROR },
	{ HEAD "services:\n  x:\n    addresses: 198.51.100.1\n    announce: 198.51.100.0/24\n"
	       "    checks:\n      - icmp: { weight: 2 }\n" PEER,
		"'weight' means nothing", 9, CONFIG_WARNING },
	{ HEAD "services:\n  x:\n    addresses: 198.51.100.1\n    announce: 198.51.100.0/24\n"
	       "    checks:\n      - icmp: { on-failure: degrade }\n" PEER,
		"the service is never down", 8, CONFIG_WARNING },
	{ HEAD DNS "    up: { local-pref: 100 }\n" PEER, "and there are none", 9,
		CONFIG_WARNING },
	{ HEAD DNS "    degraded: { withdraw: true, prepend: 1 }\n" PEER,
		"mean nothing with 'withdraw: true'", 9, CONFIG_WARNING },
	{ HEAD DNS "    damping: { reuse: 3000 }\n" PEER, "'reuse' must be less", 9,
		CONFIG_ERROR },
	{ HEAD DNS "    drain: { prepend-time: 1s }\n" PEER, "without 'prepend'", 9,
		CONFIG_WARNING },
	{ HEAD DNS "    drain: { graceful-shutdown: false, graceful-time: 1s }\n" PEER,
		"'graceful-time' means nothing", 9, CONFIG_WARNING },
	{ HEAD DNS "    on-exit: keep\n" BARE ", graceful-restart: false }\n",
		"'a' will not keep the routes", 9, CONFIG_WARNING },
/* checks */
#define CHECK(text)                                                                          \
	HEAD "services:\n  x:\n    addresses: 198.51.100.1\n    announce: 198.51.100.0/24\n" \
	     "    checks:\n      - " text "\n" PEER
	{ CHECK("tcp: { port: 1, interval: 100ms }"), NULL, 0, CONFIG_ERROR },
	{ CHECK("tcp: { port: 1, timeout: 1s }"), "'timeout' must be shorter", 9,
		CONFIG_ERROR },
	{ CHECK("tcp: { port: 1, fast-interval: 2s }"), "'fast-interval' must not", 9,
		CONFIG_ERROR },
	{ CHECK("tcp: { port: 1, address: 198.51.100.2 }"), "would be answered by another site",
		9, CONFIG_ERROR },
	{ CHECK("tcp: { port: 1, address: 127.0.0.1 }"), NULL, 0, CONFIG_ERROR },
	{ CHECK("any: [tcp: { port: 1, address: 198.51.100.2 }, icmp]"),
		"would be answered by another site", 9, CONFIG_ERROR },
	{ CHECK("socket: { port: 1, grace: 2s }"), "is seen late", 9, CONFIG_WARNING },
	{ CHECK("http: { verify: false }"), "nothing without TLS", 9, CONFIG_WARNING },
	{ CHECK("http: { tls: true, verify: false, ca-file: /x }"), "'ca-file' means nothing",
		9, CONFIG_WARNING },
	{ CHECK("http: { path: health }"), "'path' must begin with '/'", 9, CONFIG_ERROR },
	{ CHECK("http: { host: \"http://x\" }"), "without a scheme", 9, CONFIG_ERROR },
	{ CHECK("http: { method: get }"), "a word such as GET", 9, CONFIG_ERROR },
	{ CHECK("http: { path: \"/\\r\\nX: y\" }"), "holds a control character", 9,
		CONFIG_ERROR },
	{ CHECK("dns: { name: a.example, rcode: REFUSED, expect: x }"), "must be an error", 9,
		CONFIG_WARNING },
	{ CHECK("dns: { name: a.example, expect-answer: false, expect: x }"),
		"'expect' needs an answer", 9, CONFIG_ERROR },
	{ CHECK("exec: { command: [check] }"), "must be an absolute path", 9, CONFIG_ERROR },
	{ CHECK("exec: { command: /bin/check -x }"), "one program name with spaces", 9,
		CONFIG_WARNING },
	{ CHECK("icmp: { target: 224.0.0.1 }"), "not the address of a machine", 9,
		CONFIG_ERROR },
	{ CHECK("icmp: { target: 192.0.2.1, address: 198.51.100.1 }"),
		"'address' means nothing", 9, CONFIG_WARNING },
	{ CHECK("icmp: { label: icmp-2 }\n      - icmp: { size: 1 }"),
		"two checks are called 'icmp-2'", 10, CONFIG_ERROR },
	{ CHECK("icmp\n      - icmp"), "this is the same check as 'icmp-1'", 10,
		CONFIG_WARNING },
};

static bool is_said(const struct config_diagnostics *diagnostics, const struct row *row)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct config_diagnostic *item = &diagnostics->items[i];

		if (strstr(item->text, row->says) != NULL && item->severity == row->severity &&
			item->mark.line == row->line)
			return true;
	}
	return false;
}

static void says_what_the_table_says(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct config_source source = { "x.yaml", row->text, strlen(row->text) };
		struct config_diagnostics diagnostics = { 0 };
		struct config *config = NULL;
		struct text text = { 0 };
		int result = config_read(&source, 1, &config, &diagnostics);
		bool expected = row->says != NULL && row->severity == CONFIG_ERROR;
		bool good = (result != 0) == expected;

		if (row->says == NULL)
			good = good && diagnostics.count == 0;
		else /* and nothing else: one mistake, one message */
			good = good && is_said(&diagnostics, row) && diagnostics.count == 1;
		if (!good) {
			config_diagnostics_print(&diagnostics, false, &text);
			print_error("row %zu, '%s':\n%s---\n%s\n", i,
				row->says == NULL ? "nothing" : row->says, row->text,
				text_string(&text));
			wrong++;
		}
		text_clear(&text);
		config_diagnostics_clear(&diagnostics);
		config_free(config);
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_the_table_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
