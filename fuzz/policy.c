/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies: a pattern as an operator may write it (up to the first NUL), and behind it what a
 * neighbour may send: communities and an AS path of any bytes. Nothing is read past its end; a
 * match reads every number once; what the automata say of the bytes is what they say of the
 * numbers; and what a policy changes is well-formed.
 */
#include <stdlib.h>
#include <string.h>

#include "route/policy_internal.h"
#include "wire/bgp_as_path.h"

#define TEXT_MAX    256u
#define NUMBERS_MAX 16384u

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static const struct number_range *find_name(void *context, const char *name, size_t *ret_count)
{
	static const struct number_range some[] = { { 64500, 64510 }, { 1, 3 } };

	(void)context;
	*ret_count = 2;
	return strcmp(name, "some") == 0 ? some : NULL;
}

/* The numbers of a well-formed path, as rules see them. */
static size_t numbers_of(const struct bgp_attributes *attributes, uint32_t *numbers)
{
	struct cursor path = cursor_of(attributes->as_path, attributes->as_path_size);
	size_t count = 0;

	while (cursor_left(&path) > 0) {
		uint8_t type = cursor_u8(&path), left = cursor_u8(&path);

		for (; left > 0; left--) {
			uint32_t number = cursor_u32(&path);

			if (type == BGP_SEGMENT_SEQUENCE || type == BGP_SEGMENT_SET)
				numbers[count++] = number;
		}
	}
	return count;
}

static void check_pattern(const char *text, const struct bgp_attributes *attributes)
{
	static uint32_t numbers[NUMBERS_MAX];
	const struct number_names names = { .find = find_name };
	const char *twice[] = { text, text };
	struct number_pattern *pattern = NULL, *both = NULL;
	struct error error = { 0 };
	bool matches;
	int result = number_pattern_new(&text, 1, &names, &pattern, &error);

	if (result != 0) {
		expect(pattern == NULL && error.text[0] != '\0');
		expect(error.offset <= strlen(text));
		return;
	}
	matches = policy_path_matches(attributes, pattern);
	if (as_path_check(cursor_of(attributes->as_path, attributes->as_path_size), true,
		    true) == NULL)
		expect(matches == number_pattern_match(
					  pattern, numbers, numbers_of(attributes, numbers)));
	/* saying it twice says nothing more */
	expect(number_pattern_new(twice, 2, &names, &both, &error) == 0);
	expect(policy_path_matches(attributes, both) == matches);
	number_pattern_free(both);
	number_pattern_free(pattern);
}

/* Every kind of term and change that looks at what a neighbour sends. */
static struct policy *make_policy(void)
{
	static const char *const patterns[] = { "^ 1 (2 | some)* [^4-7 some]{2,} $",
		"3+ 4? 5" };
	static const struct policy_community_range ranges[] = {
		{ POLICY_COMMUNITY_STANDARD, 0, 0, 0, 0, { 1, 2, 0 }, { 3, 9, 0 } },
		{ POLICY_COMMUNITY_LARGE, 0, 0, 2, 1, { 1, 0, 0 }, { 9, UINT32_MAX, 9 } },
		{ POLICY_COMMUNITY_EXTENDED, 2, 7, 0, 0, { 0, 0, 0 }, { UINT32_MAX, 9, 0 } },
	};
	static const struct policy_as_range asns[] = { { 64500, 64510 }, { 1, 3 } };
	static const struct policy_as_set as_sets[] = { { "some", asns, 2 } };
	static const struct policy_path_set path_sets[] = { { "paths", patterns, 2 } };
	static const struct policy_community_set community_sets[] = { { "c", ranges, 3 } };
	static const uint32_t zero = 0, numbers[] = { 7, 8 }, add[] = { 0x10002, 0xffffff01 };
	static const struct policy_range lengths = { 0, 5 };
	static const struct policy_term terms[] = {
		{ .kind = POLICY_TERM_AS_PATH, .sets = &zero, .set_count = 1 },
		{ .kind = POLICY_TERM_COMMUNITY, .sets = &zero, .set_count = 1 },
		{ .kind = POLICY_TERM_PATH_LENGTH, .ranges = &lengths, .range_count = 1 },
		{ .kind = POLICY_TERM_ORIGIN_AS, .sets = &zero, .set_count = 1 },
		{ .kind = POLICY_TERM_PATH_HAS_SET },
	};
	static const struct policy_change changes[] = {
		{ .kind = POLICY_PREPEND, .number = 3 },
		{ .kind = POLICY_PREPEND_AS, .numbers = numbers, .number_count = 2 },
		{ .kind = POLICY_REMOVE_COMMUNITIES, .numbers = &zero, .number_count = 1 },
		{ .kind = POLICY_ADD_COMMUNITIES, .communities = add, .community_count = 2 },
		{ .kind = POLICY_BLACKHOLE },
	};
	static const struct policy_rule rules[] = {
		{ "path", &terms[0], 1, &changes[0], 2, POLICY_THEN_NEXT, 0 },
		{ "community", &terms[1], 1, &changes[2], 2, POLICY_THEN_NEXT, 0 },
		{ "length", &terms[2], 1, &changes[0], 2, POLICY_THEN_NEXT, 0 },
		{ "origin", &terms[3], 1, &changes[4], 1, POLICY_THEN_NEXT, 0 },
		{ "set", &terms[4], 1, NULL, 0, POLICY_THEN_REJECT, 0 },
	};
	static const struct policy_rules policies[] = { { "p", rules, 5 } };
	static const struct policy_description description = { .as_sets = as_sets,
		.path_sets = path_sets,
		.community_sets = community_sets,
		.policies = policies,
		.as_set_count = 1,
		.path_set_count = 1,
		.community_set_count = 1,
		.policy_count = 1 };
	static const char *const name = "p";
	struct policy_book *book = policy_book_new(&description, NULL);
	struct policy *policy = policy_new(book, &name, 1, POLICY_END_ACCEPT, NULL);

	policy_book_release(book);
	return policy;
}

static void check_policy(const struct bgp_attributes *attributes)
{
	static struct policy *policy;
	uint64_t counters[5] = { 0 };
	struct policy_result result;
	struct arena arena = { 0 };
	struct prefix prefix = { .address = address_ipv4(0x0a000000), .length = 8 };
	struct policy_route route = { .prefix = &prefix,
		.attributes = attributes,
		.local_asn = 64500,
		.neighbor_asn = 64501,
		.igp_metric = POLICY_METRIC_UNKNOWN };
	const struct bgp_attributes *out = &result.attributes;
	int r;

	if (policy == NULL)
		policy = make_policy();
	r = policy_run(policy, counters, &route, &arena, &result);
	expect(r == 0 || r == ERROR_FULL);
	for (int i = 0; i < 5; i++)
		expect(counters[i] <= 1);
	if (r == 0 && result.verdict == POLICY_ACCEPT && result.changed)
		expect(as_path_check(cursor_of(out->as_path, out->as_path_size), true, true) ==
				NULL &&
			out->community_count <= attributes->community_count + 4u);
	arena_clear(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bgp_attributes attributes = { .origin = 0 };
	const uint8_t *end = memchr(data, 0, size < TEXT_MAX ? size : TEXT_MAX);
	char text[TEXT_MAX];
	struct cursor c;
	uint8_t counts[3];
	static uint32_t standard[255];
	static struct bgp_large_community large[255];
	static uint64_t extended[255];

	if (end == NULL)
		return 0;
	memcpy(text, data, (size_t)(end - data) + 1);
	c = cursor_of(end + 1, size - (size_t)(end + 1 - data));
	for (int i = 0; i < 3; i++)
		counts[i] = cursor_u8(&c);
	for (unsigned i = 0; i < counts[0]; i++)
		standard[i] = cursor_u32(&c);
	for (unsigned i = 0; i < counts[1]; i++)
		large[i] = (struct bgp_large_community){ cursor_u32(&c), cursor_u32(&c),
			cursor_u32(&c) };
	for (unsigned i = 0; i < counts[2]; i++)
		extended[i] = cursor_u64(&c);
	attributes.communities = standard;
	attributes.large_communities = large;
	attributes.extended_communities = extended;
	attributes.community_count = counts[0];
	attributes.large_community_count = counts[1];
	attributes.extended_community_count = counts[2];
	attributes.as_path_size =
		(uint16_t)(cursor_left(&c) > UINT16_MAX ? UINT16_MAX : cursor_left(&c));
	attributes.as_path = c.at;
	check_pattern(text, &attributes);
	/* the decoder lets only well-formed paths through to policies */
	if (as_path_check(cursor_of(attributes.as_path, attributes.as_path_size), true, true) ==
		NULL)
		check_policy(&attributes);
	return 0;
}
