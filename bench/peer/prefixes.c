/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The prefixes of a table: read from a list, or a walk through the address space with the
 * lengths of the Internet's table, in which a shorter prefix is often followed by parts of it.
 *
 * Invariants:
 *  1. Addresses ascend strictly, so no prefix comes twice.
 *  2. What is left of the space suffices for what is left to make: the steps shrink when the
 *     walk is late.
 *  3. Nothing in 0/8, 10/8, 127/8, 172/8, 192/8, 198/8 or from 223/8 on, where daemons have
 *     opinions and the watched prefix and the sentinels live.
 */
#include <stdlib.h>
#include <string.h>

#include "table.h"

struct share {
	uint8_t length;
	uint8_t parts; /* of 100 */
};

/* RIPE RIS and RouteViews, rounded. */
static const struct share ipv4_shares[] = { { 24, 60 }, { 23, 10 }, { 22, 12 }, { 21, 5 },
	{ 20, 5 }, { 19, 3 }, { 18, 2 }, { 17, 1 }, { 16, 2 } };
static const struct share ipv6_shares[] = { { 48, 48 }, { 44, 12 }, { 40, 10 }, { 32, 12 },
	{ 36, 6 }, { 46, 6 }, { 29, 3 }, { 33, 3 } };

static uint8_t length_draw(struct random *random, const struct share *shares)
{
	unsigned draw = random_below(random, 100);

	while (draw >= shares->parts) {
		draw -= shares->parts;
		shares++;
	}
	return shares->length;
}

/* The walk is over units: the longest usual prefixes, /24 or /48. */
struct walk {
	unsigned unit_length;
	uint64_t at, end; /* units */
	const struct share *shares;
};

static const struct walk walks[BGP_FAMILY_COUNT] = {
	[BGP_IPV4_UNICAST] = { 24, 0x010000, 0xdf0000, ipv4_shares },
	[BGP_IPV6_UNICAST] = { 48, 0x240000000000, 0x2a8000000000, ipv6_shares },
};

static bool avoided(const struct walk *walk)
{
	static const uint8_t first_bytes[] = { 10, 127, 172, 192, 198 };
	uint64_t first = walk->at >> 16;

	return walk->unit_length == 24 &&
	       memchr(first_bytes, (int)first, sizeof(first_bytes)) != NULL;
}

/* The next prefix of the walk, when `left` are still wanted with it; false: no room. */
static bool walk_next(
	struct walk *walk, struct random *random, uint32_t left, struct prefix *ret_prefix)
{
	uint64_t mean = (walk->end - walk->at) / (left + 16), step = 1, unit;
	uint8_t length = length_draw(random, walk->shares), bytes[16] = { 0 };

	if (mean > 2)
		step += (random_u64(random) >> 16) % (2 * mean - 2);
	walk->at += step;
	unit = (uint64_t)1 << (walk->unit_length - length);
	/* Up to where this length may begin, unless that costs more than there is. */
	if (mean < 4 || unit > (walk->end - walk->at) / 2)
		length = (uint8_t)walk->unit_length;
	else
		walk->at = (walk->at + unit - 1) / unit * unit;
	while (avoided(walk))
		walk->at += 0x10000;
	if (walk->at >= walk->end)
		return false;
	for (unsigned i = 0; i < walk->unit_length / 8; i++)
		bytes[i] = (uint8_t)(walk->at >> (walk->unit_length - 8 * (i + 1)));
	ret_prefix->address =
		address_from_bytes(walk->unit_length == 24 ? FAMILY_IPV4 : FAMILY_IPV6, bytes);
	ret_prefix->length = length;
	return true;
}

static int generate(struct table *table, struct error *error)
{
	struct random random = { .state = table->seed };
	struct walk walk = walks[table->family];

	for (uint32_t i = 0; i < table->routes; i++) {
		if (!walk_next(&walk, &random, table->routes - i, &table->keys[i].prefix))
			return error_set(error, ERROR_RANGE, "no room for %u prefixes (%u fit)",
				table->routes, i);
	}
	return 0;
}

static int read_prefixes(struct table *table, FILE *file, struct error *error)
{
	enum family wanted = table->family == BGP_IPV4_UNICAST ? FAMILY_IPV4 : FAMILY_IPV6;
	uint32_t room = table->routes, found = 0;
	char line[128];

	while (found < room && fgets(line, sizeof(line), file) != NULL) {
		struct prefix *prefix = &table->keys[found].prefix;

		line[strcspn(line, "\r\n \t")] = '\0';
		if (prefix_parse(line, prefix) != 0)
			return error_set(error, ERROR_MALFORMED, "not a prefix: %s", line);
		found += prefix->address.family == wanted;
	}
	table->routes = found;
	return found > 0 ? 0 : error_set(error, ERROR_RANGE, "no prefix of this family");
}

#define PREFIXES_MAX 8000000u

int prefixes_make(struct table *table, const struct table_options *options, struct error *error)
{
	FILE *file = NULL;
	int result;

	if (options->prefixes != NULL && (file = fopen(options->prefixes, "r")) == NULL)
		return error_set(error, ERROR_SYSTEM, "cannot open %s", options->prefixes);
	table->routes = options->routes > 0 ? options->routes : PREFIXES_MAX;
	table->keys = calloc(table->routes, sizeof(*table->keys));
	if (table->keys == NULL)
		result = error_set(
			error, ERROR_MEMORY, "no memory for %u prefixes", table->routes);
	else if (file == NULL)
		result = generate(table, error);
	else
		result = read_prefixes(table, file, error);
	if (file != NULL)
		fclose(file);
	return result;
}
