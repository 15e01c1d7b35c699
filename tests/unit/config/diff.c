/* SPDX-License-Identifier: Apache-2.0 */
/* The difference of two configurations: one row a change, and what must be found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "config/diff.h"
#include "config/reader.h"

#define HEAD "site: s\nasn: 64500\nrouter-id: 192.0.2.11\n"
#define DNS                                                                                  \
	"services:\n  dns:\n    addresses: [198.51.100.53]\n    announce: 198.51.100.0/24\n" \
	"    checks: [socket: { port: 53 }]\n"
#define PEER "neighbors:\n  a: { address: 203.0.113.1, asn: 64501 }\n"

static const struct row {
	const char *old, *new;
	const char *printed; /* all of it */
	unsigned aspects;    /* of the first change */
	size_t withdrawals;
} rows[] = {
	{ HEAD DNS PEER, HEAD PEER DNS "    # the same\n", "", 0, 0 },
	{ HEAD DNS PEER, HEAD DNS PEER "log: { level: debug }\n",
		"~ settings: taken over at once\n    log.level: info -> debug\n", ASPECT_GLOBAL,
		0 },
	{ HEAD DNS PEER, "site: s\nasn: 64500\nrouter-id: 192.0.2.12\n" DNS PEER,
		"~ settings: the BGP session is set up anew\n"
		"    router-id: 192.0.2.11 -> 192.0.2.12\n",
		ASPECT_SESSION, 0 },
	{ HEAD DNS PEER, HEAD DNS "    hold-down: 1m\n" PEER,
		"~ service dns: its timing changes\n    hold-down: 5s -> 1m\n", ASPECT_TIMING,
		0 },
	{ HEAD DNS PEER,
		HEAD DNS "    damping: { half-life: 30s }\n    maintenance: true\n" PEER,
		"~ service dns: what is announced changes; its timing changes\n"
		"    maintenance: false -> true\n    damping.half-life: 1m -> 30s\n",
		ASPECT_TIMING | ASPECT_ANNOUNCEMENT, 1 },
	{ HEAD DNS PEER,
		HEAD "services:\n  dns:\n    addresses: [198.51.100.53]\n"
		     "    announce: 198.51.100.0/24\n    checks: [socket: { port: 54 }]\n" PEER,
		"~ service dns: its checks change\n    checks\n", ASPECT_CHECKS, 0 },
	{ HEAD DNS PEER,
		HEAD "services:\n  dns:\n    addresses: [198.51.100.54]\n"
		     "    checks: [socket: { port: 53 }]\n" PEER,
		"~ service dns: its addresses change; what is announced changes\n"
		"    addresses: [198.51.100.53] -> [198.51.100.54]\n"
		"    announce: [198.51.100.0/24] -> [198.51.100.54/32]\n",
		ASPECT_ADDRESSES | ASPECT_ANNOUNCEMENT, 1 },
	{ HEAD DNS PEER, HEAD DNS "    up: { med: 10, communities: [no-export] }\n" PEER,
		"~ service dns: its routes are dressed otherwise\n    up.med: (not set) -> 10\n"
		"    up.communities: (not set) -> [no-export]\n",
		ASPECT_ATTRIBUTES, 0 },
	{ HEAD DNS PEER, HEAD PEER, "- service dns\n", 0, 1 },
	{ HEAD PEER, HEAD DNS PEER, "+ service dns\n", 0, 0 },
	/* under another name: nothing is withdrawn */
	{ HEAD DNS PEER,
		HEAD "services:\n  ns:\n    addresses: [198.51.100.53]\n"
		     "    announce: 198.51.100.0/24\n    checks: [socket: { port: 53 }]\n" PEER,
		"- service dns\n+ service ns\n", 0, 0 },
	{ HEAD DNS PEER, HEAD DNS "neighbors:\n  a: { address: 203.0.113.1, asn: 64502 }\n",
		"~ neighbor a: the BGP session is set up anew\n    asn: 64501 -> 64502\n",
		ASPECT_SESSION, 0 },
	{ HEAD DNS PEER,
		HEAD DNS "neighbors:\n"
			 "  a: { address: 203.0.113.1, asn: 64501, export: { prepend: 1 } }\n",
		"~ neighbor a: the session stays, routes are sent anew\n"
		"    export.prepend: 0 -> 1\n",
		ASPECT_ROUTES, 0 },
	{ HEAD DNS PEER,
		HEAD DNS "neighbors:\n"
			 "  a: { address: 203.0.113.1, asn: 64501, description: x }\n",
		"~ neighbor a: nothing else happens\n    description: (not set) -> x\n",
		ASPECT_QUIET, 0 },
	{ HEAD DNS "neighbors:\n  a: { address: 203.0.113.1, asn: 64501, password: one }\n",
		HEAD DNS
		"neighbors:\n  a: { address: 203.0.113.1, asn: 64501, password: two }\n",
		"~ neighbor a: the BGP session is set up anew\n"
		"    password: \"(hidden)\" -> \"(hidden)\"\n",
		ASPECT_SESSION, 0 },
	{ HEAD DNS PEER, HEAD DNS "neighbors:\n  b: { address: 203.0.113.1, asn: 64501 }\n",
		"- neighbor a\n+ neighbor b\n", 0, 0 },
};

static struct config *read_good(const char *text)
{
	struct config_source source = { "x.yaml", text, strlen(text) };
	struct config_diagnostics diagnostics = { 0 };
	struct config *config = NULL;

	assert_int_equal(config_read(&source, 1, &config, &diagnostics), 0);
	config_diagnostics_clear(&diagnostics);
	return config;
}

static void finds_what_the_table_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct config *old = read_good(row->old), *new = read_good(row->new);
		struct config_changes changes = { 0 };
		struct text text = { 0 };

		assert_int_equal(config_diff(old, new, &changes), 0);
		config_changes_print(&changes, &text);
		assert_string_equal(text_string(&text), row->printed);
		assert_int_equal(
			changes.count == 0 ? 0 : changes.items[0].aspects, row->aspects);
		assert_int_equal(config_withdrawals(old, new, NULL), row->withdrawals);
		assert_int_equal(config_equal(old, new), changes.count == 0);
		text_clear(&text);
		config_changes_clear(&changes);
		config_free(old);
		config_free(new);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_the_table_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
