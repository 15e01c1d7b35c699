/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The RPKI table with as many VRPs as there are in the world, or more: how large, how long a
 * validation takes, how long a full answer and a change of a cache.
 *
 *     ninja -C build-release bench/rpki && build-release/bench/rpki [VRPS]
 *
 * Lengths are spread as ROAs are: most of IPv4 at /24, IPv6 between /29 and /48 in the blocks
 * that are given out. Times are of the processor, so that a busy machine measures the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/random.h"
#include "route/rpki_table.h"

#define VRPS    500000u
#define QUERIES 2000000u
#define CHANGES 100u

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "rpki: %s\n", what);
	exit(1);
}

static struct prefix some_ipv4(struct random *random)
{
	static const uint8_t lengths[] = { 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 23,
		23, 22, 22, 22, 21, 20, 19, 16 };
	struct prefix prefix = { address_ipv4(random_below(random, 0xdf000000u)),
		lengths[random_below(random, sizeof(lengths))] };

	prefix_normalise(&prefix);
	return prefix;
}

static struct prefix some_ipv6(struct random *random)
{
	static const uint16_t blocks[] = { 0x2001, 0x2400, 0x2401, 0x2402, 0x2403, 0x2404,
		0x2405, 0x2600, 0x2602, 0x2604, 0x2606, 0x2610, 0x2620, 0x2800, 0x2801, 0x2803,
		0x2804, 0x2a00, 0x2a01, 0x2a02, 0x2a03, 0x2a04, 0x2a05, 0x2a06, 0x2a07, 0x2a09,
		0x2a0a, 0x2a0b, 0x2a0c, 0x2a0d, 0x2a0e, 0x2a0f, 0x2a10, 0x2a12, 0x2c0f };
	uint16_t block = blocks[random_below(random, sizeof(blocks) / sizeof(blocks[0]))];
	struct prefix prefix = { .length = (uint8_t)(29 + random_below(random, 20)) };
	uint64_t bits = random_u64(random);

	prefix.address.family = FAMILY_IPV6;
	prefix.address.bytes[0] = (uint8_t)(block >> 8);
	prefix.address.bytes[1] = (uint8_t)block;
	for (int i = 2; i < 8; i++)
		prefix.address.bytes[i] = (uint8_t)(bits >> (8 * i));
	prefix_normalise(&prefix);
	return prefix;
}

static struct rpki_batch *batch_of(const struct rpki_vrp *vrps, size_t count, bool announce)
{
	struct rpki_batch *batch = rpki_batch_new();

	must(batch != NULL, "no memory");
	for (size_t i = 0; i < count; i++)
		must(rpki_batch_vrp(batch, announce, &vrps[i]) == 0, "no memory");
	return batch;
}

static void apply(struct rpki_table *table, unsigned source, struct rpki_batch *batch,
	enum rpki_apply how, const char *what)
{
	double start = seconds();

	must(rpki_table_apply(table, source, batch, how, NULL) == 0, what);
	printf("%-22s %8.1f ms\n", what, (seconds() - start) * 1e3);
	rpki_batch_free(batch);
}

/* Half of the queries ask for the prefix of a VRP, half for one inside it. */
static void validate(const struct rpki_table *table, const struct rpki_vrp *vrps, size_t count,
	struct random *random, const char *what)
{
	struct rpki_vrp *asked = malloc(QUERIES * sizeof(*asked));
	unsigned states[RPKI_STATES] = { 0 };
	double start;

	must(asked != NULL, "no memory");
	for (unsigned i = 0; i < QUERIES; i++) {
		asked[i] = vrps[random_below(random, (uint32_t)count)];
		asked[i].prefix.length = (uint8_t)(asked[i].prefix.length + (i & 1));
	}
	start = seconds();
	for (unsigned i = 0; i < QUERIES; i++)
		states[rpki_table_validate(table, &asked[i].prefix, asked[i].asn, NULL)]++;
	printf("%-22s %8.1f ns (valid %u, invalid %u, not found %u)\n", what,
		(seconds() - start) / QUERIES * 1e9, states[RPKI_VALID], states[RPKI_INVALID],
		states[RPKI_NOT_FOUND]);
	free(asked);
}

int main(int count, char **arguments)
{
	size_t all = count > 1 ? strtoul(arguments[1], NULL, 10) : VRPS, ipv4 = all / 10 * 7;
	struct rpki_vrp *vrps = calloc(all + 1, sizeof(*vrps));
	struct rpki_table *table = rpki_table_new();
	struct random random = { 7 };
	struct rpki_counts counts;

	must(all >= 1000 && vrps != NULL && table != NULL, "no memory, or below 1000 VRPs");
	for (size_t i = 0; i < all; i++) {
		vrps[i].prefix = i < ipv4 ? some_ipv4(&random) : some_ipv6(&random);
		vrps[i].max_length = vrps[i].prefix.length;
		vrps[i].asn = (uint32_t)i + 1;
	}
	must(rpki_table_use(table, 3) == 0, "no memory");
	apply(table, 0, batch_of(vrps, all, true), RPKI_REPLACE, "full answer");
	apply(table, 1, batch_of(vrps, all, true), RPKI_REPLACE, "of a second cache");
	apply(table, 0, batch_of(vrps, CHANGES, false), RPKI_DELTA, "change of 100");
	rpki_table_counts(table, &counts);
	printf("%-22s %8.1f bytes a VRP (%zu)\n", "memory", (double)counts.bytes / (double)all,
		all);
	validate(table, vrps, ipv4, &random, "validation, IPv4");
	validate(table, vrps + ipv4, all - ipv4, &random, "validation, IPv6");
	validate(table, vrps, all, &random, "validation, mixed");
	rpki_table_free(table);
	free(vrps);
	return 0;
}
