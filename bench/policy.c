/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy costs a route: the import policy of an exchange (bogons, lengths, RPKI, a
 * prefix set of 20,000 entries, communities), as an operator writes it, and the same as a check
 * written by hand in C. RPKI is asked through the callback; the answer itself costs nothing
 * here. Processor time, so that others on the machine do not count.
 *
 *     build-release/bench/policy
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/random.h"
#include "config/reader.h"
#include "daemon/policy_description.h"

#define ENTRIES 20000u
#define ROUTES  100000u
#define ROUNDS  20u

static const char head[] =
	"site: s\nasn: 64500\nrouter-id: 192.0.2.1\n"
	"policies:\n"
	"  ixp-in:\n"
	"    - { match: { community: blackhole, ipv4-length: 32, prefix: members },\n"
	"        set: { blackhole: true }, then: accept }\n"
	"    - call: bogons\n"
	"    - call: max-length\n"
	"    - { match: { not: { first-as: neighbor } }, then: reject }\n"
	"    - { match: { not: { prefix: members } }, then: reject }\n"
	"    - { match: { rpki: invalid }, then: reject }\n"
	"    - { match: { community: [\"64500:0\", \"64500:65000-65010\", \"0:64500\"] }, then: reject }\n"
	"    - { set: { local-pref: 150, communities: { remove: [\"64500:*\", \"64500:*:*\"],\n"
	"        add: [64500:200] } }, then: accept }\n"
	"neighbors: { n: { address: 192.0.2.2, asn: 1000, relation: peer, import: ixp-in } }\n"
	"prefix-sets:\n"
	"  members:\n";

struct member {
	uint32_t first, last;
	uint8_t length;
};

static struct member members[ENTRIES];
static struct prefix prefixes[ROUTES];
static const uint8_t path[] = { 2, 4, 0, 0, 3, 232, 0, 0, 26, 106, 0, 0, 50, 12, 0, 3, 33,
	154 };
static const uint32_t communities[] = { 0x1a6a0001, 0x1a6a0064, 0x320c03e8 };

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static enum policy_rpki answer(void *context, const struct policy_route *route)
{
	(void)context;
	(void)route;
	return POLICY_RPKI_NOT_FOUND;
}

static int compare_members(const void *a, const void *b)
{
	const struct member *left = a, *right = b;

	return (left->first > right->first) - (left->first < right->first);
}

/* /16 to /24 of members, apart; routes that are mostly inside. */
static void make_world(struct text *text)
{
	struct random random = { 20000 };

	text_add(text, head);
	for (uint32_t i = 0; i < ENTRIES; i++) {
		uint32_t length = 18 + random_below(&random, 7);
		uint32_t first = (23u << 24) + (i << 15 | random_below(&random, 2) << 14);

		members[i] = (struct member){ first, first + (1u << (32 - length)) - 1,
			(uint8_t)length };
		text_print(text, "    - %u.%u.%u.0/%u le 24\n", first >> 24, first >> 16 & 255,
			first >> 8 & 255, length);
	}
	qsort(members, ENTRIES, sizeof(members[0]), compare_members);
	for (uint32_t i = 0; i < ROUTES; i++) {
		const struct member *m = &members[random_below(&random, ENTRIES)];
		struct prefix *prefix = &prefixes[i];

		prefix->length = (uint8_t)(m->length + random_below(&random, 25u - m->length));
		prefix->address = address_ipv4(
			random_below(&random, 8) == 0
				? (uint32_t)random_u64(&random)
				: m->first + random_below(&random, m->last - m->first + 1));
		prefix_normalise(prefix);
	}
}

/* ---- By hand. ---- */

static const struct {
	uint32_t first;
	uint8_t length;
} bogons[] = { { 0, 8 }, { 0x0a000000, 8 }, { 0x64400000, 10 }, { 0x7f000000, 8 },
	{ 0xa9fe0000, 16 }, { 0xac100000, 12 }, { 0xc0000000, 24 }, { 0xc0000200, 24 },
	{ 0xc0586300, 24 }, { 0xc0a80000, 16 }, { 0xc6120000, 15 }, { 0xc6336400, 24 },
	{ 0xcb007100, 24 }, { 0xe0000000, 3 } };

static bool by_hand(const struct prefix *prefix, const struct bgp_attributes *a)
{
	const uint8_t *b = prefix->address.bytes;
	uint32_t address =
		(uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
	size_t low = 0, count = ENTRIES;

	for (unsigned i = 0; i < a->community_count; i++)
		if (a->communities[i] == BGP_COMMUNITY_BLACKHOLE && prefix->length == 32)
			return true;
	for (size_t i = 0; i < sizeof(bogons) / sizeof(bogons[0]); i++)
		if ((address ^ bogons[i].first) >> (32 - bogons[i].length) == 0)
			return false;
	for (unsigned i = 0; i < 4; i++) {
		const uint8_t *n = a->as_path + 2 + 4 * i;
		uint32_t asn = (uint32_t)n[0] << 24 | (uint32_t)n[1] << 16 |
			       (uint32_t)n[2] << 8 | n[3];

		if (asn == 0 || asn == 23456 || (asn >= 64496 && asn <= 131071) ||
			asn >= 4200000000u || (i == 0 && asn != 1000))
			return false;
	}
	if (a->as_path[0] != BGP_SEGMENT_SEQUENCE || prefix->length > 24)
		return false;
	while (count > 1) {
		size_t half = count / 2;

		low = members[low + half].first <= address ? low + half : low;
		count -= half;
	}
	if (address < members[low].first || address > members[low].last ||
		prefix->length < members[low].length)
		return false;
	for (unsigned i = 0; i < a->community_count; i++) {
		uint32_t c = a->communities[i];

		if (c == 64500u << 16 || c == 64500u ||
			(c >> 16 == 64500 && (c & 0xffff) >= 65000 && (c & 0xffff) <= 65010))
			return false;
	}
	return true;
}

/* ---- The rows. ---- */

static void run_policy(const struct policy *policy, const struct bgp_attributes *attributes,
	size_t *ret_accepted)
{
	struct policy_route route = { .attributes = attributes,
		.relation = POLICY_RELATION_PEER,
		.source = POLICY_RELATION_PEER,
		.local_asn = 64500,
		.neighbor_asn = 1000,
		.igp_metric = POLICY_METRIC_UNKNOWN,
		.rpki = answer };
	uint64_t *counters =
		calloc(policy_book_rules(policy_book_of(policy)), sizeof(*counters));
	struct arena arena = { 0 };
	struct policy_result result;

	*ret_accepted = 0;
	for (uint32_t i = 0; i < ROUTES * ROUNDS; i++) {
		route.prefix = &prefixes[i % ROUTES];
		if (policy_run(policy, counters, &route, &arena, &result) != 0)
			abort();
		*ret_accepted += result.verdict == POLICY_ACCEPT;
		arena_reset(&arena);
	}
	arena_clear(&arena);
	free(counters);
}

static void row(const char *name, double started, size_t accepted)
{
	printf("%-34s %8.1f ns a route, %4.1f %% accepted\n", name,
		(seconds() - started) / (ROUTES * ROUNDS) * 1e9,
		100.0 * (double)accepted / (ROUTES * ROUNDS));
}

int main(void)
{
	struct bgp_attributes attributes = { .as_path = path,
		.as_path_size = sizeof(path),
		.communities = communities,
		.community_count = 3 };
	struct config_diagnostics diagnostics = { 0 };
	struct config_source source = { .name = "bench" };
	struct config *config = NULL;
	struct error error = { 0 };
	struct text text = { 0 };
	struct policy_book *book;
	struct policy *policy;
	size_t accepted = 0;
	double started;

	attributes.present = 1u << BGP_ATTRIBUTE_AS_PATH | 1u << BGP_ATTRIBUTE_COMMUNITIES;
	make_world(&text);
	source.text = text_string(&text);
	source.length = text.length;
	started = seconds();
	if (config_read(&source, 1, &config, &diagnostics) != 0)
		abort();
	printf("%-34s %8.1f ms\n", "reading the configuration", (seconds() - started) * 1e3);
	started = seconds();
	book = policy_book_of_config(config, &error);
	policy = book == NULL ? NULL
			      : policy_of_choice(book, &config->neighbors[0].import, &error);
	if (policy == NULL)
		abort();
	printf("%-34s %8.1f ms, %zu KiB\n", "compiling the policies",
		(seconds() - started) * 1e3, policy_book_bytes(book) / 1024);
	started = seconds();
	run_policy(policy, &attributes, &accepted);
	row("the policy", started, accepted);
	started = seconds();
	accepted = 0;
	for (uint32_t i = 0; i < ROUTES * ROUNDS; i++)
		accepted += by_hand(&prefixes[i % ROUTES], &attributes);
	row("by hand, changes nothing", started, accepted);
	policy_release(policy);
	policy_book_release(book);
	config_free(config);
	config_diagnostics_clear(&diagnostics);
	text_clear(&text);
	return 0;
}
