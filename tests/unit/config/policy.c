/* SPDX-License-Identifier: Apache-2.0 */
/* Sets and policies: what is read, what is told about mistakes, what is built in, what differs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "config/builtin.h"
#include "config/diff.h"
#include "config/reader.h"

#define HEAD                                          \
	"site: s\nasn: 64500\nrouter-id: 192.0.2.1\n" \
	"services: { d: { addresses: 192.0.2.53, checks: [icmp] } }\n"
#define NEIGHBOR       \
	"neighbors:\n" \
	"  n: { address: 192.0.2.2, asn: 64501, relation: peer, import: p }\n"

static struct config *read_text(const char *text, struct config_diagnostics *diagnostics)
{
	struct config_source source = { "site.yaml", text, strlen(text) };
	struct config *config = NULL;

	(void)config_read(&source, 1, &config, diagnostics);
	return config;
}

static const struct row {
	const char *text;
	const char *says;
	const char *hint;
	uint32_t line, column; /* lines from 5: behind HEAD */
	enum config_severity severity;
} rows[] = {
	{ "prefix-sets: { a: [198.51.100.1/24] }\n", "bits set after its length",
		"198.51.100.0/24", 5, 20, CONFIG_ERROR },
	{ "prefix-sets: { a: [198.51.100.0/24 le 23] }\n", "no prefix has such a length",
		"from 24 to 32", 5, 20, CONFIG_ERROR },
	{ "prefix-sets: { a: [198.51.100.0/24 upto 28] }\n", "'upto' is no length", "le 28", 5,
		20, CONFIG_ERROR },
	{ "prefix-sets: { a: [198.51.100.0/24 le] }\n", "'le' is no length", "le 28", 5, 20,
		CONFIG_ERROR },
	{ "prefix-sets: { a: [b] }\n", "'b' is not a prefix with lengths", "", 5, 20,
		CONFIG_ERROR },
	{ "prefix-sets: { a: 5 }\nas-sets: { b: [AS64500] }\n", "'5' is not a prefix", "", 5,
		19, CONFIG_ERROR },
	{ "as-sets: { b: [AS64500] }\n", "not an AS number or range", "write 64500", 5, 16,
		CONFIG_ERROR },
	{ "as-sets: { b: [64510-64500] }\n", "not an AS number or range", "64500-64510", 5, 16,
		CONFIG_ERROR },
	{ "as-sets: { any: [64500] }\n", "'any' means something else", "", 5, 12,
		CONFIG_ERROR },
	{ "as-sets: { 7a: [64500] }\n", "begins with a letter", "", 5, 12, CONFIG_ERROR },
	{ "as-path-sets: { a: [_174_] }\n", "'_' means nothing", "spaces", 5, 21,
		CONFIG_ERROR },
	{ "as-path-sets: { a: [\"174 (3356\"] }\n", "is not closed, at character 10", "", 5, 21,
		CONFIG_ERROR },
	{ "as-path-sets: { a: [\"^ custmers $\"] }\nas-sets: { customers: [64500] }\n",
		"there is no AS set 'custmers'", "did you mean 'customers'?", 5, 21,
		CONFIG_ERROR },
	{ "as-path-sets: { a: [\"1 .{40} 2 $\"] }\n", "too complex", "", 5, 21, CONFIG_ERROR },
	{ "community-sets: { a: [\"64500:70000\"] }\n", "not a community or pattern", "64500:*",
		5, 23, CONFIG_ERROR },
	{ "community-sets: { a: [\"rt:neighbor:1\"] }\n", "not a community or pattern",
		"0:neighbor", 5, 23, CONFIG_ERROR },
	{ "community-sets: { a: [\"0:neighbors\"] }\n", "not a community or pattern",
		"0:neighbor", 5, 23, CONFIG_ERROR },
	{ "community-sets: { no-export: [\"64500:*\"] }\n", "'no-export' is a community", "", 5,
		19, CONFIG_ERROR },
	{ "policies: { p: [{ match: { prefix: ownn }, then: accept }] }\n"
	  "prefix-sets: { own: [192.0.2.0/24] }\n",
		"there is no prefix set 'ownn'", "did you mean 'own'?", 5, 36, CONFIG_ERROR },
	{ "policies: { p: [{ match: { not: { community: [x-y] } }, then: accept }] }\n",
		"there is no set of communities 'x-y'", "community-sets", 5, 47, CONFIG_ERROR },
	{ "policies: { p: [{ match: { origin-as: self }, then: accept }] }\n",
		"there is no AS set 'self'", "", 5, 39, CONFIG_ERROR },
	{ "policies: { p: [{ match: { rpki: invald } }] }\n", "'invald' is not known",
		"did you mean 'invalid'?", 5, 34, CONFIG_ERROR },
	{ "policies: { p: [{ match: { ipv4-length: 8-33 } }] }\n", "not a number or range",
		"0 to 32", 5, 41, CONFIG_ERROR },
	{ "policies: { p: [{ mtch: {} }] }\n", "unknown key 'mtch' in a rule",
		"did you mean 'match'?", 5, 19, CONFIG_ERROR },
	{ "policies: { p: [{ set: { med: 10+ } }] }\n", "'10+' is not a MED", "+10", 5, 31,
		CONFIG_ERROR },
	{ "policies: { p: [{ then: permit }] }\n", "'permit' is not known",
		"did you mean 'accept'?", 5, 25, CONFIG_ERROR },
	{ "policies: { p: [deny] }\n", "a rule is written as", "did you mean 'reject'?", 5, 17,
		CONFIG_ERROR },
	{ "policies: { p: [[accept]] }\n", "a rule must be a group of keys", "", 5, 17,
		CONFIG_ERROR },
	{ "policies: { p: [] }\n", "there are no rules", "- accept", 5, 13, CONFIG_ERROR },
	{ "policies: { all: [accept] }\n", "'all' means something else", "", 5, 13,
		CONFIG_ERROR },
	{ "policies: { p: [{ call: bogns }, accept] }\n", "there is no policy 'bogns'",
		"did you mean 'bogons'?", 5, 25, CONFIG_ERROR },
	{ "policies: { p: [{ call: q }], q: [{ call: r }], r: [{ call: p }] }\n",
		"calls itself", "", 5, 13, CONFIG_ERROR },
	{ "policies: { p: [{ call: bogons, then: accept }] }\n", "cannot both be in one rule",
		"", 5, 39, CONFIG_ERROR },
	{ "policies: { p: [accept, reject] }\n", "never reached", "", 5, 25, CONFIG_WARNING },
	{ "policies: { p: [{ call: q }, { then: reject }], q: [accept] }\n", "never reached",
		"", 5, 30, CONFIG_WARNING },
	{ "policies: { p: [{ match: { rpki: valid }, then: accept },\n"
	  "                { match: { rpki: valid }, then: reject }] }\n",
		"never matches", "5:17", 6, 17, CONFIG_WARNING },
	{ "policies: { p: [{ match: { rpki: valid }, set: { med: 1 }, then: reject }] }\n",
		"is lost", "", 5, 66, CONFIG_WARNING },
	{ "neighbors: { n: { address: 192.0.2.2, asn: 64501, import: q } }\n",
		"there is no policy 'q'", "policies", 5, 59, CONFIG_ERROR },
	{ "neighbors: { n: { address: 192.0.2.2, asn: 64501, import: [bogons, all] } }\n",
		"'all' stands alone", "", 5, 68, CONFIG_ERROR },
	{ "neighbors: { n: { address: 192.0.2.2, asn: 64501, import: { a: b } } }\n",
		"'import' must be none, all, or policies", "", 5, 59, CONFIG_ERROR },
	{ "neighbors: { n: { address: 192.0.2.2, asn: 64501, import: bogons } }\n",
		"nothing is accepted", "RFC 8212", 5, 59, CONFIG_WARNING },
	{ "neighbors: { n: { address: 192.0.2.2, asn: 64501, export: bogns } }\n",
		"there is no policy 'bogns'", "bogons", 5, 59, CONFIG_ERROR },
};

static void test_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config_diagnostics diagnostics = { 0 };
		struct text text = { 0 };
		struct config *config;
		bool found = false;

		text_print(&text, "%s%s", HEAD, rows[i].text);
		config = read_text(text_string(&text), &diagnostics);
		assert_int_equal(config == NULL, rows[i].severity == CONFIG_ERROR);
		for (size_t j = 0; j < diagnostics.count; j++) {
			const struct config_diagnostic *d = &diagnostics.items[j];

			found = found || (strstr(d->text, rows[i].says) != NULL &&
						 strstr(d->hint, rows[i].hint) != NULL &&
						 d->severity == rows[i].severity &&
						 d->mark.line == rows[i].line &&
						 d->mark.column == rows[i].column);
		}
		text_reset(&text);
		config_diagnostics_print(&diagnostics, false, &text);
		if (!found)
			fail_msg("row %zu: %s\n%s", i, rows[i].text, text_string(&text));
		config_diagnostics_clear(&diagnostics);
		config_free(config);
		text_clear(&text);
	}
}

static void test_read(void **state)
{
	static const char text[] = HEAD
		"prefix-sets: { own: [192.0.2.0/24 le 28, \"2001:db8::/32 ge 40\"], none: [] }\n"
		"policies:\n"
		"  p:\n"
		"    - call: bogons\n"
		"    - name: ours\n"
		"      match: { prefix: [own, 10.0.0.0/8], source: [local, customer] }\n"
		"      set: { local-pref: 200, communities: [64500:1, 64500:1:2], med: +5 }\n"
		"    - { match: { not: { first-as: neighbor } }, then: reject }\n"
		"    - accept\n"
		"neighbors:\n"
		"  n: { address: 192.0.2.2, asn: 64501, import: [bogons, p], export: p }\n"
		"  m: { address: 192.0.2.3, asn: 64502, import: all,\n"
		"       export: { learned: [p], prepend: 2 } }\n"
		"  o: { address: 192.0.2.4, asn: 64503, export: { prepend: 1 } }\n";
	struct config_diagnostics diagnostics = { 0 };
	struct config *config = read_text(text, &diagnostics);
	const struct config_policy *p;

	(void)state;
	assert_non_null(config);
	assert_int_equal(diagnostics.count, 0);
	assert_int_equal(config->prefix_set_count, 2);
	assert_int_equal(config->prefix_sets[0].items[0].minimum, 24);
	assert_int_equal(config->prefix_sets[0].items[0].maximum, 28);
	assert_int_equal(config->prefix_sets[0].items[1].minimum, 40);
	assert_int_equal(config->prefix_sets[0].items[1].maximum, 128);
	assert_int_equal(config->prefix_sets[1].count, 0);
	p = config_policy_find(config, "p");
	assert_int_equal(p->rule_count, 4);
	assert_string_equal(p->rules[0].call, "bogons");
	assert_string_equal(p->rules[1].match.terms.prefix[0].set, "own");
	assert_null(p->rules[1].match.terms.prefix[1].set);
	assert_int_equal(p->rules[1].match.terms.source,
		1 << CONFIG_SOURCE_LOCAL | 1 << RELATION_CUSTOMER);
	assert_int_equal(p->rules[1].set.local_pref, 200);
	assert_int_equal(p->rules[1].set.add.standard_count, 1);
	assert_int_equal(p->rules[1].set.add.large_count, 1);
	assert_int_equal(p->rules[1].set.med.kind, CONFIG_MED_ADD);
	assert_true(p->rules[2].match.not .first_as[0].neighbor);
	assert_int_equal(p->rules[3].then, CONFIG_THEN_ACCEPT);
	assert_int_equal(p->rules[3].mark.line, 13);
	assert_int_equal(config->neighbors[0].import.count, 2);
	assert_string_equal(config->neighbors[0].learned.policies[0], "p");
	assert_int_equal(config->neighbors[1].import.kind, CHOICE_ALL);
	assert_int_equal(config->neighbors[1].learned.count, 1);
	assert_int_equal(config->neighbors[1].export.prepend, 2);
	assert_int_equal(config->neighbors[2].learned.kind, CHOICE_NONE);
	assert_int_equal(config->neighbors[2].export.prepend, 1);
	config_free(config);
	config_diagnostics_clear(&diagnostics);
}

/* What is built in reads without a mistake, and what is written takes its place. */
static void test_builtin(void **state)
{
	static const char *const names[] = { "bogons", "rpki-strict", "max-length", "max-path",
		"peer-lock", "route-server-control", "graceful-shutdown" };
	struct config_diagnostics diagnostics = { 0 };
	struct text text = { 0 };
	struct config *config;

	(void)state;
	text_print(&text, "%s%s", HEAD, builtin_policies);
	config = read_text(text_string(&text), &diagnostics);
	assert_non_null(config);
	assert_int_equal(diagnostics.count, 1); /* there are no neighbours */
	assert_int_equal(config->policy_count, sizeof(names) / sizeof(names[0]));
	assert_int_equal(config->builtin->policy_count, config->policy_count);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct config_policy *mine = config_policy_find(config, names[i]);
		const struct config_policy *theirs =
			config_policy_find(config->builtin, names[i]);

		assert_true(mine >= config->policies &&
			    mine < config->policies + config->policy_count);
		assert_ptr_not_equal(mine, theirs);
		assert_int_equal(mine->rule_count, theirs->rule_count);
	}
	assert_non_null(config_as_set_find(config->builtin, "transit-free"));
	assert_int_equal(config_prefix_set_find(config->builtin, "bogons")->count, 25);
	config_free(config);
	config_diagnostics_clear(&diagnostics);
	text_clear(&text);
}

static void test_differences(void **state)
{
	static const char old_text[] =
		HEAD "prefix-sets: { a: [192.0.2.0/24], b: [10.0.0.0/8] }\n"
		     "policies: { p: [accept], q: [reject] }\n" NEIGHBOR;
	static const char new_text[] =
		HEAD "prefix-sets: { a: [192.0.2.0/25], c: [10.0.0.0/8] }\n"
		     "policies: { p: [{ match: { family: ipv4 }, then: accept }],\n"
		     "            q: [reject] }\n" NEIGHBOR;
	struct config_diagnostics diagnostics = { 0 };
	struct config *old = read_text(old_text, &diagnostics);
	struct config *new = read_text(new_text, &diagnostics);
	struct config_changes changes;
	struct text text = { 0 };

	(void)state;
	assert_int_equal(config_diff(old, new, &changes), 0);
	config_changes_print(&changes, &text);
	assert_string_equal(text_string(&text),
		"- prefix-sets.b\n"
		"~ prefix-sets.a: the session stays, routes are sent anew\n"
		"    prefixes: [192.0.2.0/24] -> [192.0.2.0/25]\n"
		"+ prefix-sets.c\n"
		"~ policies.p: the session stays, routes are sent anew\n"
		"    rules\n");
	config_changes_clear(&changes);
	assert_int_equal(config_diff(old, old, &changes), 0);
	assert_int_equal(changes.count, 0);
	config_changes_clear(&changes);
	text_clear(&text);
	config_free(old);
	config_free(new);
	config_diagnostics_clear(&diagnostics);
}

/* A set as generators write them: read, printed and read again. */
static void test_large_set(void **state)
{
	struct config_diagnostics diagnostics = { 0 };
	struct config_source source = { "site.yaml", NULL, 0 };
	struct text text = { 0 }, again = { 0 };
	struct config *config, *copy = NULL;

	(void)state;
	text_add(&text, HEAD "prefix-sets:\n  customers:\n");
	for (unsigned i = 0; i < 100000; i++)
		text_print(&text, "    - %u.%u.%u.0/24 le 26\n", 11 + (i >> 16), i >> 8 & 255,
			i & 255);
	config = read_text(text_string(&text), &diagnostics);
	assert_non_null(config);
	assert_int_equal(config->prefix_sets[0].count, 100000);
	config_print(config, false, true, &again);
	source.text = text_string(&again);
	source.length = again.length;
	assert_int_equal(config_read_unvalidated(&source, 1, &copy, &diagnostics), 0);
	assert_int_equal(copy->prefix_sets[0].count, 100000);
	config_free(copy);
	config_free(config);
	text_clear(&text);
	text_clear(&again);
	config_diagnostics_clear(&diagnostics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_builtin),
		cmocka_unit_test(test_differences),
		cmocka_unit_test(test_large_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
