/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attribute sets with the shapes of the Internet's table, and the UPDATEs that carry them.
 *
 * Neighbouring prefixes often share a set (an AS announces its blocks), and few sets have many
 * prefixes. A path has three to six AS numbers, the sender's first; a set has up to eight
 * communities, one in ten a MED. The attributes are made of (seed, sender, set) when they are
 * written, so nothing of them is kept.
 *
 * Invariants:
 *  1. Every set has at least one prefix; every prefix has one set.
 *  2. The same options give the same bytes.
 */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#define TRANSIT_COUNT  2000u
#define ORIGIN_COUNT   75000u
#define RUN_MEAN       2u /* neighbouring prefixes of one set */
#define PATH_MAX_COUNT 6u
#define COMMUNITY_MAX  8u
#define PROBE_ASN      65000u

/* ---- which prefix has which set */

/* Runs of prefixes take a new set or, with a preference for old ones, one that is there. */
static void assign(const struct table *table, struct random *random, uint32_t *set_of)
{
	uint32_t mean = table->routes / table->sets < RUN_MEAN ? 1 : RUN_MEAN;
	uint32_t fresh = 0, set = 0;

	for (uint32_t i = 0; i < table->routes;) {
		uint32_t left = table->routes - i, wanted = table->sets - fresh;
		uint32_t run = 1 + random_below(random, 2 * mean - 1);

		if (wanted > 0 && random_below(random, left) < (uint64_t)wanted * mean) {
			set = fresh++;
		} else {
			uint64_t u = random_below(random, 65536);

			set = (uint32_t)((u * u * fresh) >> 32);
		}
		if (run > left - (table->sets - fresh))
			run = 1;
		for (; run > 0 && i < table->routes; run--)
			set_of[i++] = set;
	}
}

static int sort_by_set(struct table *table, const uint32_t *set_of)
{
	struct bgp_route_key *sorted = calloc(table->routes, sizeof(*sorted));
	uint32_t *next = calloc(table->sets, sizeof(*next));

	if (sorted == NULL || next == NULL) {
		free(sorted);
		free(next);
		return ERROR_MEMORY;
	}
	for (uint32_t i = 0; i < table->routes; i++)
		table->first[set_of[i] + 1]++;
	for (uint32_t set = 0; set < table->sets; set++) {
		table->first[set + 1] += table->first[set];
		next[set] = table->first[set];
	}
	for (uint32_t i = 0; i < table->routes; i++)
		sorted[next[set_of[i]]++] = table->keys[i];
	free(next);
	free(table->keys);
	table->keys = sorted;
	return 0;
}

static void shuffle(struct table *table, struct random *random)
{
	for (uint32_t i = 0; i < table->sets; i++)
		table->order[i] = i;
	for (uint32_t i = table->sets; i > 1; i--) {
		uint32_t other = random_below(random, i), kept = table->order[other];

		table->order[other] = table->order[i - 1];
		table->order[i - 1] = kept;
	}
}

int table_make(struct table *table, const struct table_options *options, struct error *error)
{
	struct random random = { .state = options->seed ^ 0x5e75 };
	uint32_t *set_of = NULL;
	int result;

	memset(table, 0, sizeof(*table));
	table->family = options->family;
	table->seed = options->seed;
	result = prefixes_make(table, options, error);
	if (result != 0)
		return result;
	table->sets = options->sets < table->routes ? options->sets : table->routes;
	if (table->sets == 0)
		return error_set(error, ERROR_RANGE, "a table has at least one attribute set");
	table->first = calloc(table->sets + 1u, sizeof(*table->first));
	table->order = calloc(table->sets, sizeof(*table->order));
	set_of = calloc(table->routes, sizeof(*set_of));
	if (table->first == NULL || table->order == NULL || set_of == NULL) {
		result = error_set(error, ERROR_MEMORY, "no memory for the table");
		goto out;
	}
	assign(table, &random, set_of);
	result = sort_by_set(table, set_of);
	shuffle(table, &random);
out:
	free(set_of);
	return result;
}

void table_clear(struct table *table)
{
	free(table->keys);
	free(table->first);
	free(table->order);
	memset(table, 0, sizeof(*table));
}

/* ---- attributes */

/* Room for what a set points to. */
struct set_room {
	uint8_t path[2 + 4 * PATH_MAX_COUNT];
	uint32_t communities[COMMUNITY_MAX];
};

static uint32_t path_draw(
	struct set_room *room, struct random *random, uint32_t asn, uint16_t *ret_size)
{
	uint32_t count = 3 + random_below(random, PATH_MAX_COUNT - 2);
	uint32_t origin = 1000 + random_below(random, ORIGIN_COUNT);

	room->path[0] = BGP_SEGMENT_SEQUENCE;
	room->path[1] = (uint8_t)count;
	bytes_put_u32(room->path + 2, asn);
	for (uint32_t i = 1; i + 1 < count; i++)
		bytes_put_u32(
			room->path + 2 + 4 * i, 200000 + random_below(random, TRANSIT_COUNT));
	bytes_put_u32(room->path + 2 + 4 * (count - 1), 300000 + origin);
	*ret_size = (uint16_t)(2 + 4 * count);
	return origin;
}

static int community_order(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void attributes_make(const struct table *table, const struct table_sender *sender,
	uint32_t set, struct set_room *room, struct bgp_attributes *ret_attributes)
{
	struct random random = { .state = table->seed * 31 +
					  ((uint64_t)sender->number << 32 | set) };
	struct bgp_attributes a = { .as_path = room->path, .communities = room->communities };
	uint32_t origin = path_draw(room, &random, sender->asn, &a.as_path_size);

	a.present = 1u << BGP_ATTRIBUTE_ORIGIN | 1u << BGP_ATTRIBUTE_AS_PATH |
		    1u << BGP_ATTRIBUTE_NEXT_HOP;
	a.origin = random_below(&random, 10) == 0 ? BGP_ORIGIN_INCOMPLETE : BGP_ORIGIN_IGP;
	a.next_hop = sender->next_hop;
	/* Two sets of equal path and communities would be one. */
	a.community_count = (uint16_t)random_below(&random, COMMUNITY_MAX + 1);
	for (unsigned i = 0; i < a.community_count; i++)
		room->communities[i] =
			(1000 + (i == 0 ? origin % 60000 : random_below(&random, 100))) << 16 |
			random_below(&random, 5000);
	qsort(room->communities, a.community_count, sizeof(uint32_t), community_order);
	if (a.community_count > 0)
		a.present |= 1u << BGP_ATTRIBUTE_COMMUNITIES;
	if (random_below(&random, 10) == 0) {
		a.present |= 1u << BGP_ATTRIBUTE_MED;
		a.med = random_below(&random, 1000);
	}
	*ret_attributes = a;
}

/* ---- messages */

static const struct bgp_context context = {
	.four_octet_as = true,
	.family = { true, true },
	.message_max = BGP_MESSAGE_MAX,
};

/* Room for one more message at the end of what is there. */
static bool bytes_grow(struct table_bytes *bytes)
{
	size_t room = 2 * bytes->room + 65536;
	uint8_t *more;

	if (bytes->room - bytes->length >= BGP_MESSAGE_MAX)
		return true;
	more = realloc(bytes->bytes, room);
	if (more == NULL)
		return false;
	bytes->bytes = more;
	bytes->room = room;
	return true;
}

/* attributes NULL: withdraw. */
static int append(struct table_bytes *bytes, enum bgp_family family,
	const struct bgp_attributes *attributes, const struct bgp_route_key *keys, size_t count)
{
	while (count > 0) {
		size_t written = 0;
		struct writer w;
		int result;

		if (!bytes_grow(bytes))
			return ERROR_MEMORY;
		w = writer_of(bytes->bytes + bytes->length, BGP_MESSAGE_MAX);
		result = attributes == NULL ? bgp_withdraw_write(&w, &context, family, keys,
						      count, &written)
					    : bgp_update_write(&w, &context, family, attributes,
						      keys, count, &written);
		if (result != 0)
			return result;
		bytes->length += writer_length(&w);
		bytes->messages++;
		keys += written;
		count -= written;
	}
	return 0;
}

static struct bgp_route_key ipv4_key(uint32_t address)
{
	return (struct bgp_route_key){ .prefix = { address_ipv4(address), 24 } };
}

static struct bgp_route_key sentinel_key(const struct table_sender *sender)
{
	return ipv4_key(0xdfff0000u | (sender->number & 0xff) << 8);
}

static int append_end(const struct table *table, struct table_bytes *bytes)
{
	struct writer w;

	if (!bytes_grow(bytes))
		return ERROR_MEMORY;
	w = writer_of(bytes->bytes + bytes->length, BGP_MESSAGE_MAX);
	bgp_end_of_rib_write(&w, table->family);
	bytes->length += writer_length(&w);
	return 0;
}

/* The attributes of a probe, and of the rival that a probe always beats. */
static void probe_attributes(const struct table_sender *sender, unsigned path_length,
	struct set_room *room, struct bgp_attributes *ret_attributes)
{
	memset(ret_attributes, 0, sizeof(*ret_attributes));
	ret_attributes->present = 1u << BGP_ATTRIBUTE_ORIGIN | 1u << BGP_ATTRIBUTE_AS_PATH |
				  1u << BGP_ATTRIBUTE_NEXT_HOP |
				  1u << BGP_ATTRIBUTE_COMMUNITIES;
	ret_attributes->next_hop = sender->next_hop;
	ret_attributes->as_path = room->path;
	ret_attributes->as_path_size = (uint16_t)(2 + 4 * path_length);
	ret_attributes->communities = room->communities;
	ret_attributes->community_count = 1;
	room->communities[0] = PROBE_ASN << 16;
	room->path[0] = BGP_SEGMENT_SEQUENCE;
	room->path[1] = (uint8_t)path_length;
	for (unsigned i = 0; i < path_length; i++)
		bytes_put_u32(room->path + 2 + 4 * i, sender->asn);
}

int table_announce(const struct table *table, const struct table_sender *sender,
	struct table_bytes *ret_bytes)
{
	struct bgp_route_key watched = ipv4_key(TABLE_WATCHED_IPV4),
			     last = sentinel_key(sender);
	struct bgp_attributes attributes;
	struct set_room room;
	int result = 0;

	memset(ret_bytes, 0, sizeof(*ret_bytes));
	probe_attributes(sender, PATH_MAX_COUNT, &room, &attributes);
	if (sender->rival)
		result = append(ret_bytes, BGP_IPV4_UNICAST, &attributes, &watched, 1);
	for (uint32_t i = 0; i < table->sets && result == 0; i++) {
		uint32_t set = table->order[i], first = table->first[set];

		attributes_make(table, sender, set, &room, &attributes);
		result = append(ret_bytes, table->family, &attributes, table->keys + first,
			table->first[set + 1] - first);
	}
	probe_attributes(sender, 1, &room, &attributes);
	if (sender->sentinel && result == 0)
		result = append(ret_bytes, BGP_IPV4_UNICAST, &attributes, &last, 1);
	return result != 0 ? result : append_end(table, ret_bytes);
}

int table_withdraw(const struct table *table, const struct table_sender *sender,
	struct table_bytes *ret_bytes)
{
	struct bgp_route_key last = sentinel_key(sender);
	int result;

	memset(ret_bytes, 0, sizeof(*ret_bytes));
	result = append(ret_bytes, table->family, NULL, table->keys, table->routes);
	if (sender->sentinel && result == 0)
		result = append(ret_bytes, BGP_IPV4_UNICAST, NULL, &last, 1);
	return result;
}

void table_bytes_clear(struct table_bytes *bytes)
{
	free(bytes->bytes);
	memset(bytes, 0, sizeof(*bytes));
}

void table_probe(struct writer *w, const struct table_sender *sender, uint16_t sequence,
	unsigned path_length)
{
	struct bgp_route_key watched = ipv4_key(TABLE_WATCHED_IPV4);
	struct bgp_attributes attributes;
	struct set_room room;
	size_t written;

	probe_attributes(sender, path_length, &room, &attributes);
	room.communities[0] |= sequence;
	if (bgp_update_write(
		    w, &context, BGP_IPV4_UNICAST, &attributes, &watched, 1, &written) != 0)
		w->failed = true;
}
