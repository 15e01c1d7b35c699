/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the ground of the full table costs: interning attribute sets (of the kind that a full
 * table has: a path of three to seven, a third with a MED, one to eight communities), their
 * bytes, and the choice among 1, 2 and 10 paths.
 *
 *     build-release/bench/store
 *
 * Processor time, the least of five rounds, so that other work on the machine shows as little
 * as it can.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/random.h"
#include "route/attribute_store.h"
#include "route/decision.h"

#define SETS    160000u
#define ROUTES  1000000u
#define CHOICES 1000000u
#define ROUNDS  5

enum row {
	ROW_NEW,
	ROW_ANY,
	ROW_SAME,
	ROW_SUMMARY,
	ROW_READ,
	ROW_RELEASE,
	ROW_BEST_1,
	ROW_BEST_2,
	ROW_BEST_2_LAST,
	ROW_BEST_10,
	ROW_BEST_10_MED,
	ROW_COUNT,
};

static const char *const names[ROW_COUNT] = {
	[ROW_NEW] = "intern a new set, growth included",
	[ROW_ANY] = "intern one that is there, any",
	[ROW_SAME] = "intern one that is there and release, the same",
	[ROW_SUMMARY] = "summary, any",
	[ROW_READ] = "read, any",
	[ROW_RELEASE] = "release, any, the last of each included",
	[ROW_BEST_1] = "best of 1",
	[ROW_BEST_2] = "best of 2, lengths of paths differ",
	[ROW_BEST_2_LAST] = "best of 2, by router id",
	[ROW_BEST_10] = "best of 10, lengths of paths differ",
	[ROW_BEST_10_MED] = "best of 10, by MED and router id",
};

static double least[ROW_COUNT]; /* ns */

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void note(enum row row, double start, double count)
{
	double ns = (seconds() - start) * 1e9 / count;

	if (least[row] == 0 || ns < least[row])
		least[row] = ns;
}

/* The compiler must believe that somebody looks at it. */
static void look_at(const void *value)
{
	__asm__ volatile("" : : "r"(value) : "memory");
}

/* Made again from its number each time, so that no array of inputs fills the caches. */
struct input {
	struct bgp_attributes attributes;
	uint8_t path[2 + 4 * 7];
	uint32_t communities[8];
};

static void input_make(struct input *input, uint32_t number)
{
	struct random random = { number };
	uint8_t length = (uint8_t)(3 + random_below(&random, 5));
	struct bgp_attributes *a = &input->attributes;

	*a = (struct bgp_attributes){
		.present = 1u << BGP_ATTRIBUTE_ORIGIN | 1u << BGP_ATTRIBUTE_AS_PATH |
			   1u << BGP_ATTRIBUTE_NEXT_HOP | 1u << BGP_ATTRIBUTE_COMMUNITIES,
		.as_path = input->path,
		.as_path_size = (uint16_t)(2 + 4 * length),
		.next_hop = address_ipv4(0xc0000200 + number % 10),
		.communities = input->communities,
		.community_count = (uint16_t)(1 + random_below(&random, 8)),
	};
	input->path[0] = BGP_SEGMENT_SEQUENCE;
	input->path[1] = length;
	for (unsigned i = 0; i < length; i++)
		bytes_put_u32(input->path + 2 + 4 * i, 1 + random_below(&random, 400000));
	for (unsigned i = 0; i < a->community_count; i++)
		input->communities[i] = random_below(&random, 0xfff00000);
	if (number % 3 == 0) {
		a->present |= 1u << BGP_ATTRIBUTE_MED;
		a->med = number % 100;
	}
}

/* Seconds that making the inputs takes, to be taken off. */
static double making(uint32_t count)
{
	struct input input;
	double start = seconds();

	for (uint32_t i = 0; i < count; i++) {
		input_make(&input, i % SETS);
		look_at(&input);
	}
	return seconds() - start;
}

static attribute_set sets[ROUTES];

static void bench_intern(struct attribute_store *store)
{
	double off_new = making(SETS), off_any = making(ROUTES - SETS), start;
	struct random random = { 1 };
	struct input input;

	start = seconds() + off_new;
	for (uint32_t i = 0; i < SETS; i++) {
		input_make(&input, i);
		sets[i] = attribute_store_intern(store, &input.attributes);
	}
	note(ROW_NEW, start, SETS);
	start = seconds() + off_any;
	for (uint32_t i = SETS; i < ROUTES; i++) {
		input_make(&input, random_below(&random, SETS));
		sets[i] = attribute_store_intern(store, &input.attributes);
	}
	note(ROW_ANY, start, ROUTES - SETS);
	input_make(&input, 7);
	start = seconds();
	for (uint32_t i = 0; i < ROUTES; i++)
		attribute_store_release(
			store, attribute_store_intern(store, &input.attributes));
	note(ROW_SAME, start, ROUTES);
}

static void bench_use(struct attribute_store *store)
{
	struct attribute_summary summary;
	struct bgp_attributes back;
	double start = seconds();

	for (uint32_t i = ROUTES; i > 0; i--) {
		attribute_store_summary(store, sets[i - 1], &summary);
		look_at(&summary);
	}
	note(ROW_SUMMARY, start, ROUTES);
	start = seconds();
	for (uint32_t i = ROUTES; i > 0; i--) {
		attribute_store_read(store, sets[i - 1], &back);
		look_at(&back);
	}
	note(ROW_READ, start, ROUTES);
	start = seconds();
	for (uint32_t i = 0; i < ROUTES; i++)
		attribute_store_release(store, sets[i]);
	note(ROW_RELEASE, start, ROUTES);
}

/* Bytes a set. */
static double bench_store(void)
{
	const struct hash_seed seed = { 1, 2 };
	struct attribute_store store;
	double bytes;

	attribute_store_init(&store, &seed);
	bench_intern(&store);
	if (store.count != SETS)
		abort();
	bytes = (double)attribute_store_bytes(&store) / SETS;
	bench_use(&store);
	if (store.count != 0)
		abort();
	attribute_store_clear(&store);
	return bytes;
}

static void bench_decision(enum row row, uint32_t n, bool same_length)
{
	static struct decision_candidate candidates[1024];
	static const struct address addresses[2] = { { FAMILY_IPV4, { 10, 0, 0, 1 } },
		{ FAMILY_IPV4, { 10, 0, 0, 2 } } };
	const struct decision_settings settings = { 0 };
	struct random random = { 3 };
	uint16_t order[16];
	uint32_t count;
	double start;

	for (uint32_t i = 0; i < 1024; i++)
		candidates[i] = (struct decision_candidate){
			.attributes.local_pref = 100,
			.attributes.path_length =
				(uint16_t)(3 + random_below(&random, same_length ? 1 : 3)),
			.attributes.neighbor_as = 1 + i % 10,
			.attributes.has_med = i % 3 == 0,
			.attributes.med = i % 3 == 0 ? i % 5 : 0,
			.address = &addresses[i % 2],
			.router_id = random_below(&random, UINT32_MAX),
			.origin = DECISION_FROM_EBGP,
		};
	start = seconds();
	for (uint32_t i = 0; i < CHOICES; i++) {
		uint32_t best =
			decision_best(&candidates[i * 16 % 1008], n, &settings, order, &count);

		look_at(&best);
	}
	note(row, start, CHOICES);
}

int main(void)
{
	double bytes = 0;

	for (int round = 0; round < ROUNDS; round++) {
		bytes = bench_store();
		bench_decision(ROW_BEST_1, 1, false);
		bench_decision(ROW_BEST_2, 2, false);
		bench_decision(ROW_BEST_2_LAST, 2, true);
		bench_decision(ROW_BEST_10, 10, false);
		bench_decision(ROW_BEST_10_MED, 10, true);
	}
	printf("%u sets, %u uses\n", SETS, ROUTES);
	for (enum row row = ROW_NEW; row < ROW_COUNT; row++)
		printf("%-48s %6.0f ns\n", names[row], least[row]);
	printf("%-48s %6.1f\n", "bytes a set, all memory of the store", bytes);
	return 0;
}
