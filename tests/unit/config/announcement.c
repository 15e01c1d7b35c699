/* SPDX-License-Identifier: Apache-2.0 */
/* What would be announced, and what a change announces and withdraws. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "config/announcement.h"
#include "config/reader.h"

static const char full[] =
	"site: s\nasn: 64500\nrouter-id: 192.0.2.11\n"
	"services:\n"
	"  dns:\n"
	"    addresses: [198.51.100.53, 2001:db8:53::53]\n"
	"    announce: [198.51.100.0/24, 2001:db8:53::/48]\n"
	"    checks: [icmp]\n"
	"    up: { prepend: 1, med: 10, local-pref: 200, communities: [no-export, 64500:1:2] }\n"
	"  off: { addresses: 192.0.2.9, maintenance: true }\n"
	"  one: { addresses: 192.0.2.8, neighbors: [b], checks: [icmp] }\n"
	"neighbors:\n"
	"  a: { address: 203.0.113.1, asn: 64501,\n"
	"       export: { prepend: 1, med: 20, communities: [64501:5, rt:64500:1] } }\n"
	"  b: { address: 203.0.113.2, asn: 64500 }\n"
	"  c: { address: 203.0.113.3, asn: 64503, shutdown: true }\n"
	"  d: { address: 203.0.113.4, asn: 64504, families: ipv6 }\n";

static const char announced[] =
	"to a (203.0.113.1, AS 64501):\n"
	"  198.51.100.0/24      dns, path 64500 64500 64500, med 20, communities no-export 64501:5 "
	"64500:1:2 rt:64500:1\n"
	"  2001:db8:53::/48     dns, path 64500 64500 64500, med 20, communities no-export 64501:5 "
	"64500:1:2 rt:64500:1\n"
	"to b (203.0.113.2, AS 64500):\n"
	"  192.0.2.8/32         one, path empty\n"
	"  198.51.100.0/24      dns, path empty, med 10, local-pref 200, communities no-export "
	"64500:1:2\n"
	"  2001:db8:53::/48     dns, path empty, med 10, local-pref 200, communities no-export "
	"64500:1:2\n"
	"to d (203.0.113.4, AS 64504):\n"
	"  2001:db8:53::/48     dns, path 64500 64500, med 10, communities no-export 64500:1:2\n";

static struct config *read_good(const char *text)
{
	struct config_source source = { "x.yaml", text, strlen(text) };
	struct config_diagnostics diagnostics = { 0 };
	struct config *config = NULL;

	assert_int_equal(config_read(&source, 1, &config, &diagnostics), 0);
	config_diagnostics_clear(&diagnostics);
	return config;
}

static void tells_what_is_announced(void **state)
{
	struct config *config = read_good(full);
	struct announcements all = { 0 };
	struct text text = { 0 };

	(void)state;
	assert_int_equal(announcements_of(config, &all), 0);
	announcements_print(&all, &text);
	assert_string_equal(text_string(&text), announced);
	text_clear(&text);
	announcements_clear(&all);
	config_free(config);
}

static void note(void *context, enum announcement_change_kind kind,
	const struct announcement *old, const struct announcement *new)
{
	const struct announcement *item = old != NULL ? old : new;
	char text[PREFIX_TEXT_MAX];

	text_print(context, "%c %s %s\n", "+-~"[kind], item -> neighbor -> name,
		prefix_format(&item->prefix, text));
}

#define HEAD "site: s\nasn: 64500\nrouter-id: 192.0.2.11\n"
#define ENDS "neighbors:\n  a: { address: 203.0.113.1, asn: 64501 }\n"

static const struct row {
	const char *old, *new, *changes;
} rows[] = {
	{ HEAD "services: { x: { addresses: [192.0.2.1, 192.0.2.2] } }\n" ENDS,
		HEAD "services: { x: { addresses: [192.0.2.3, 192.0.2.2] } }\n" ENDS,
		"- a 192.0.2.1/32\n+ a 192.0.2.3/32\n" },
	{ HEAD "services: { x: { addresses: [192.0.2.1, 192.0.2.2] } }\n" ENDS,
		HEAD "services: { x: { addresses: [192.0.2.2, 192.0.2.1] } }\n" ENDS, "" },
	{ HEAD "services: { x: { addresses: 192.0.2.1 } }\n" ENDS,
		HEAD "services: { x: { addresses: 192.0.2.1, up: { med: 5 } } }\n" ENDS,
		"~ a 192.0.2.1/32\n" },
	{ HEAD "services: { x: { addresses: 192.0.2.1 } }\n" ENDS,
		HEAD "services: { x: { addresses: 192.0.2.1, up: { med: 0 } } }\n" ENDS, "" },
	{ HEAD "services: { x: { addresses: 192.0.2.1 } }\n" ENDS,
		HEAD "services: { x: { addresses: 192.0.2.1 } }\n" ENDS
		     "  b: { address: 203.0.113.2, asn: 64502 }\n",
		"+ b 192.0.2.1/32\n" },
};

static void tells_what_changes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config *old = read_good(rows[i].old), *new = read_good(rows[i].new);
		struct announcements before = { 0 }, after = { 0 };
		struct text text = { 0 };

		assert_int_equal(announcements_of(old, &before), 0);
		assert_int_equal(announcements_of(new, &after), 0);
		announcements_compare(&before, &after, note, &text);
		assert_string_equal(text_string(&text), rows[i].changes);
		text_clear(&text);
		announcements_clear(&before);
		announcements_clear(&after);
		config_free(old);
		config_free(new);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_is_announced),
		cmocka_unit_test(tells_what_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
