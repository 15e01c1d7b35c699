/* SPDX-License-Identifier: Apache-2.0 */
/* From site.yaml to a verdict: what operators write does what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "config/reader.h"
#include "daemon/policy_description.h"

static const char text[] =
	"site: s\n"
	"asn: 64500\n"
	"router-id: 192.0.2.1\n"
	"prefix-sets: { ours: [45.10.0.0/16 le 24, \"2a10::/32 le 48\"] }\n"
	"as-sets: { customers: [1000, 2000-2010] }\n"
	"as-path-sets: { short: [\"^ any{1,2} $\"] }\n"
	"community-sets: { actions: [\"64500:*\", \"64500:*:*\", \"rt:64500:*\"] }\n"
	"policies:\n"
	"  p:\n"
	"    - { name: hole, match: { community: [blackhole, 1:666], ipv4-length: 32,\n"
	"        prefix: 45.10.0.0/16 or-longer }, set: { blackhole: true }, then: accept }\n"
	"    - call: bogons\n"
	"    - call: max-length\n"
	"    - call: peer-lock\n"
	"    - { name: not ours, match: { not: { prefix: ours } }, then: reject }\n"
	"    - { name: long, match: { not: { as-path: [short, \"^ 7 7 7\"] } }, then: reject }\n"
	"    - { name: leak, match: { not: { origin-as: [neighbor, customers],\n"
	"        path-has-set: true } }, then: reject }\n"
	"    - { name: late, match: { rpki: invalid }, then: reject }\n"
	"    - name: good\n"
	"      match: { source: customer, relation: [customer, peer], family: [ipv4, ipv6] }\n"
	"      set: { local-pref: 200, med: igp, prepend: 2, prepend-as: [1, 2], weight: 7,\n"
	"             origin: egp, next-hop: self,\n"
	"             communities: { remove: actions, add: [64500:100, 64500:1:2] } }\n"
	"    - { name: all, match: { source: customer }, then: accept }\n"
	"neighbors:\n"
	"  n: { address: 192.0.2.2, asn: 1000, relation: customer, import: p }\n";

struct scene {
	struct config *config;
	struct policy_book *book;
	struct policy *policy;
};

static int setup(void **state)
{
	static struct scene scene;
	struct config_source source = { "site.yaml", text, strlen(text) };
	struct config_diagnostics diagnostics = { 0 };
	struct error error = { 0 };

	assert_int_equal(config_read(&source, 1, &scene.config, &diagnostics), 0);
	config_diagnostics_clear(&diagnostics);
	scene.book = policy_book_of_config(scene.config, &error);
	assert_non_null(scene.book);
	scene.policy = policy_of_choice(scene.book, &scene.config->neighbors[0].import, &error);
	assert_non_null(scene.policy);
	*state = &scene;
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;

	policy_release(scene->policy);
	policy_book_release(scene->book);
	config_free(scene->config);
	return 0;
}

static enum policy_rpki invalid(void *context, const struct policy_route *route)
{
	(void)context;
	(void)route;
	return POLICY_RPKI_INVALID;
}

/* What the policy says, and the name of the rule that decided; "" at the end. */
static const char *run(const struct scene *scene, const char *prefix, const uint32_t *path,
	const uint32_t *communities, enum policy_relation source, bool bad, struct arena *arena,
	struct policy_result *ret_result)
{
	static struct policy_rule_name name;
	struct bgp_attributes attributes = { .present = 1u << BGP_ATTRIBUTE_AS_PATH,
		.communities = communities };
	struct prefix parsed;
	struct policy_route route = { .prefix = &parsed,
		.attributes = &attributes,
		.relation = POLICY_RELATION_CUSTOMER,
		.source = source,
		.local_asn = 64500,
		.neighbor_asn = 1000,
		.igp_metric = 55,
		.rpki = bad ? invalid : NULL };
	size_t count = 0;

	assert_int_equal(prefix_parse(prefix, &parsed), 0);
	while (path[count] != 0)
		count++;
	while (count > 0)
		assert_int_equal(bgp_as_path_prepend(&attributes, path[--count], 1, arena), 0);
	while (communities != NULL && communities[attributes.community_count] != 0)
		attributes.community_count++;
	assert_int_equal(policy_run(scene->policy, NULL, &route, arena, ret_result), 0);
	if (ret_result->rule == POLICY_RULE_NONE)
		return "";
	name = policy_book_rule(scene->book, ret_result->rule);
	return name.name;
}

static void test_verdicts(void **state)
{
	static const struct {
		const char *prefix;
		uint32_t path[5], communities[3];
		bool bad, accepted;
		const char *rule;
	} rows[] = {
		{ "45.10.1.0/24", { 1000 }, { 0 }, false, true, "all" },
		{ "45.10.1.0/24", { 1000, 2005 }, { 0 }, false, true, "all" },
		{ "45.10.1.0/24", { 1000, 2005, 2006 }, { 0 }, false, false, "long" },
		{ "45.10.1.0/24", { 7, 7, 7, 1000 }, { 0 }, false, true, "all" },
		{ "45.10.1.0/24", { 1000, 2011 }, { 0 }, false, false, "leak" },
		{ "45.10.1.0/24", { 1000 }, { 0 }, true, false, "late" },
		{ "45.10.1.0/25", { 1000 }, { 0 }, false, false, "longer than /24" },
		{ "45.11.1.0/24", { 1000 }, { 0 }, false, false, "not ours" },
		{ "10.0.0.0/8", { 1000 }, { 0 }, false, false, "bogon prefix" },
		{ "2a10::/48", { 1000 }, { 0 }, false, true, "all" },
		{ "2a10::/49", { 1000 }, { 0 }, false, false, "longer than /48" },
		{ "45.10.1.0/24", { 1000, 64496 }, { 0 }, false, false,
			"bogon AS in the path" },
		{ "45.10.1.0/24", { 1000, 3356 }, { 0 }, false, false,
			"transit-free AS behind another" },
		{ "45.10.1.1", { 1000 }, { 0xffff029a }, false, true, "hole" },
		{ "45.10.1.1", { 1000 }, { 1, 1u << 16 | 666 }, false, true, "hole" },
		{ "45.10.1.1", { 1000 }, { 1 }, false, false, "longer than /24" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena arena = { 0 };
		struct policy_result result;
		const char *rule =
			run(*state, rows[i].prefix, rows[i].path, rows[i].communities,
				POLICY_RELATION_CUSTOMER, rows[i].bad, &arena, &result);

		if (strcmp(rule, rows[i].rule) != 0 ||
			(result.verdict == POLICY_ACCEPT) != rows[i].accepted)
			fail_msg("row %zu: %s", i, rule);
		arena_clear(&arena);
	}
}

static void test_changes(void **state)
{
	static const uint32_t path[] = { 1000, 0 };
	static const uint32_t communities[] = { 64500u << 16 | 3, 1u << 16 | 1, 0 };
	struct arena arena = { 0 };
	struct policy_result result;
	char printed[64];

	assert_string_equal(run(*state, "45.10.1.0/24", path, communities,
				    POLICY_RELATION_CUSTOMER, false, &arena, &result),
		"all");
	assert_true(result.changed && result.next_hop_self && !result.blackhole);
	assert_int_equal(result.attributes.local_pref, 200);
	assert_int_equal(result.attributes.med, 55);
	assert_int_equal(result.attributes.weight, 7);
	assert_int_equal(result.attributes.origin, BGP_ORIGIN_EGP);
	assert_string_equal(bgp_as_path_format(&result.attributes, printed, sizeof(printed)),
		"1 2 64500 64500 1000");
	assert_int_equal(result.attributes.community_count, 2);
	assert_int_equal(result.attributes.communities[0], 1u << 16 | 1);
	assert_int_equal(result.attributes.communities[1], 64500u << 16 | 100);
	assert_int_equal(result.attributes.large_community_count, 1);
	/* from somewhere else: no rule decides */
	assert_string_equal(run(*state, "45.10.1.0/24", path, NULL, POLICY_RELATION_PROVIDER,
				    false, &arena, &result),
		"");
	assert_int_equal(result.verdict, POLICY_REJECT);
	assert_false(result.changed);
	arena_clear(&arena);
}

static void test_print(void **state)
{
	const struct scene *scene = *state;
	const struct config_policy *policy = config_policy_find(scene->config, "p");
	struct text out = { 0 };

	policy_rule_print(&policy->rules[5], &out);
	assert_string_equal(text_string(&out),
		"name: long, match: not: as-path: [short, \"^ 7 7 7\"], then: reject");
	text_clear(&out);
}

/* ---- What members of an exchange tell a route server. ---- */

static const char server_text[] =
	"site: s\n"
	"asn: 64500\n"
	"router-id: 192.0.2.1\n"
	"policies:\n"
	"  members: [accept]\n"
	"neighbors:\n"
	"  a: { address: 192.0.2.2, asn: 1000, route-server-client: true, import: all,\n"
	"       export: [route-server-control, members] }\n";

#define C(high, low) ((uint32_t)(high) << 16 | (low))

static void test_route_server_control(void **state)
{
	static const struct {
		uint32_t standard[3];
		struct bgp_large_community large[3];
		uint32_t to;
		bool heard;
		unsigned left; /* communities that it goes with */
	} rows[] = {
		{ { 0 }, { { 0 } }, 1000, true, 0 },
		{ { C(1000, 7) }, { { 1000, 1, 1 } }, 1000, true, 2 },
		{ { C(0, 1000), C(1000, 7) }, { { 0 } }, 1000, false, 0 },
		{ { C(0, 1000), C(1000, 7) }, { { 0 } }, 1001, true, 1 },
		{ { C(0, 64500) }, { { 0 } }, 1000, false, 0 },
		{ { C(0, 64500), C(64500, 1000) }, { { 0 } }, 1000, true, 1 },
		{ { C(0, 64500), C(64500, 1000) }, { { 0 } }, 1001, false, 0 },
		{ { 0 }, { { 64500, 0, 4200000000 } }, 4200000000, false, 0 },
		{ { 0 }, { { 64500, 0, 4200000000 } }, 1000, true, 0 },
		{ { 0 }, { { 64500, 0, 0 } }, 1000, false, 0 },
		{ { 0 }, { { 64500, 0, 0 }, { 64500, 1, 1000 } }, 1000, true, 0 },
		{ { 0 }, { { 64500, 0, 0 }, { 64500, 1, 1000 } }, 1001, false, 0 },
		/* "Not to this one" goes before all. */
		{ { C(0, 1000), C(64500, 1000) }, { { 0 } }, 1000, false, 0 },
	};
	struct config_source source = { "site.yaml", server_text, strlen(server_text) };
	struct config_diagnostics diagnostics = { 0 };
	struct error error = { 0 };
	struct config *config;
	struct policy_book *book;
	struct policy *policy;

	(void)state;
	assert_int_equal(config_read(&source, 1, &config, &diagnostics), 0);
	config_diagnostics_clear(&diagnostics);
	book = policy_book_of_config(config, &error);
	assert_non_null(book);
	policy = policy_of_choice(book, &config->neighbors[0].learned, &error);
	assert_non_null(policy);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena arena = { 0 };
		struct policy_result result;
		struct bgp_attributes attributes = { .communities = rows[i].standard,
			.large_communities = rows[i].large };
		struct policy_route route = { .attributes = &attributes,
			.direction = POLICY_EXPORT,
			.local_asn = 64500,
			.neighbor_asn = rows[i].to };
		const struct bgp_attributes *left;

		while (rows[i].standard[attributes.community_count] != 0)
			attributes.community_count++;
		while (rows[i].large[attributes.large_community_count].global != 0)
			attributes.large_community_count++;
		assert_int_equal(policy_run(policy, NULL, &route, &arena, &result), 0);
		left = result.changed ? &result.attributes : &attributes;
		if ((result.verdict == POLICY_ACCEPT) != rows[i].heard ||
			(rows[i].heard && left->community_count + left->large_community_count !=
						  rows[i].left))
			fail_msg("row %zu: %s, %u and %u left", i,
				result.verdict == POLICY_ACCEPT ? "heard" : "not heard",
				left->community_count, left->large_community_count);
		arena_clear(&arena);
	}
	policy_release(policy);
	policy_book_release(book);
	config_free(config);
}

/* ---- Who may ask for what to be discarded: RFC 7999. ---- */

static const char blackhole_text[] =
	"site: s\n"
	"asn: 64500\n"
	"router-id: 192.0.2.1\n"
	"prefix-sets: { theirs: [45.10.0.0/16 le 24, \"2a10::/32 le 48\"], nothing: [] }\n"
	"policies:\n"
	"  short: [call: max-length, { name: rest, then: accept }]\n"
	"neighbors:\n"
	"  set: { address: 192.0.2.2, asn: 1000, import: short,\n"
	"    blackhole: [theirs, 45.20.0.0/16 ge 32] }\n"
	"  all: { address: 192.0.2.3, asn: 1001, import: all, blackhole: theirs }\n"
	"  empty: { address: 192.0.2.4, asn: 1002, import: all, blackhole: nothing }\n"
	"  off: { address: 192.0.2.5, asn: 1003, import: short }\n"
	"  none: { address: 192.0.2.6, asn: 1004, blackhole: theirs }\n";

static void test_blackhole(void **state)
{
	static const uint32_t asks[] = { BGP_COMMUNITY_BLACKHOLE };
	static const struct {
		unsigned neighbor;
		const char *prefix;
		bool asks, accepted, discarded;
		const char *policy, *rule;
	} rows[] = {
		/* What lies in a prefix of theirs, whatever lengths they may announce. */
		{ 0, "45.10.1.1/32", true, true, true, "set:blackhole", "blackhole accepted" },
		{ 0, "45.10.1.0/25", true, true, true, "set:blackhole", "blackhole accepted" },
		{ 0, "45.10.0.0/16", true, true, true, "set:blackhole", "blackhole accepted" },
		{ 0, "2a10::1/128", true, true, true, "set:blackhole", "blackhole accepted" },
		/* Only hosts of what says so. */
		{ 0, "45.20.1.1/32", true, true, true, "set:blackhole", "blackhole accepted" },
		{ 0, "45.20.1.0/31", true, false, false, "set:blackhole", "blackhole refused" },
		/* What is not theirs, or contains it. */
		{ 0, "45.11.1.1/32", true, false, false, "set:blackhole", "blackhole refused" },
		{ 0, "45.0.0.0/8", true, false, false, "set:blackhole", "blackhole refused" },
		{ 0, "2a11::1/128", true, false, false, "set:blackhole", "blackhole refused" },
		/* What asks for nothing goes the usual way. */
		{ 0, "45.10.1.1/32", false, false, false, "max-length", "longer than /24" },
		{ 0, "45.11.1.0/24", false, true, false, "short", "rest" },
		{ 1, "45.10.1.1/32", true, true, true, "all:blackhole", "blackhole accepted" },
		{ 1, "45.11.1.1/32", true, false, false, "all:blackhole", "blackhole refused" },
		{ 1, "45.11.1.1/32", false, true, false, "", "" },
		/* Nothing is theirs. */
		{ 2, "45.10.1.1/32", true, false, false, "empty:blackhole",
			"blackhole refused" },
		{ 2, "45.10.1.1/32", false, true, false, "", "" },
		/* Nothing was said: the policy decides, and nothing is discarded. */
		{ 3, "45.10.1.1/32", true, false, false, "max-length", "longer than /24" },
		{ 3, "45.10.1.0/24", true, true, false, "short", "rest" },
		{ 4, "45.10.1.1/32", true, false, false, "", "" },
	};
	struct config_source source = { "site.yaml", blackhole_text, strlen(blackhole_text) };
	struct config_diagnostics diagnostics = { 0 };
	struct error error = { 0 };
	struct config *config;
	struct policy_book *book;

	(void)state;
	assert_int_equal(config_read(&source, 1, &config, &diagnostics), 0);
	config_diagnostics_clear(&diagnostics);
	book = policy_book_of_config(config, &error);
	assert_non_null(book);
	assert_true(policy_needed_for_import(&config->neighbors[1]));
	assert_false(policy_needed_for_import(&config->neighbors[4]));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena arena = { 0 };
		struct policy_result result;
		struct bgp_attributes attributes = { .communities = asks,
			.community_count = rows[i].asks ? 1 : 0 };
		struct prefix prefix;
		struct policy_route route = { .prefix = &prefix,
			.attributes = &attributes,
			.local_asn = 64500,
			.neighbor_asn = 1000 };
		struct policy_rule_name name = { .policy = "", .name = "" };
		struct policy *policy;

		policy = policy_of_import(book, &config->neighbors[rows[i].neighbor], &error);
		assert_non_null(policy);
		assert_int_equal(prefix_parse(rows[i].prefix, &prefix), 0);
		assert_int_equal(policy_run(policy, NULL, &route, &arena, &result), 0);
		if (result.rule != POLICY_RULE_NONE)
			name = policy_book_rule(book, result.rule);
		if ((result.verdict == POLICY_ACCEPT) != rows[i].accepted ||
			strcmp(name.policy, rows[i].policy) != 0 ||
			strcmp(name.name, rows[i].rule) != 0)
			fail_msg("row %zu: %s by %s of %s", i,
				result.verdict == POLICY_ACCEPT ? "accepted" : "rejected",
				name.name, name.policy);
		if (rows[i].accepted)
			assert_int_equal(result.blackhole, rows[i].discarded);
		if (rows[i].discarded) {
			/* RFC 7999 section 3.2. */
			assert_int_equal(result.attributes.community_count, 2);
			assert_int_equal(
				result.attributes.communities[0], BGP_COMMUNITY_BLACKHOLE);
			assert_int_equal(
				result.attributes.communities[1], BGP_COMMUNITY_NO_EXPORT);
		}
		policy_release(policy);
		arena_clear(&arena);
	}
	policy_book_release(book);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_route_server_control),
		cmocka_unit_test(test_blackhole),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
