/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prefix sets. A route is in the set if its first address lies in the prefix of an entry and
 * its length is one that the entry allows: as no entry allows a length shorter than its own,
 * that is enough. So the set is the address space cut into pieces, each with a mask of the
 * lengths that are allowed there, and a look-up is one search for the piece:
 *
 *     10.0.0.0/8 le 24, 10.2.0.0/16 le 32
 *
 *     0.0.0.0      10.0.0.0     10.2.0.0     10.3.0.0     11.0.0.0
 *        |  none      |  8..24     |  8..32     |  8..24     |  none
 *
 * The search begins in a table of equal buckets over the part of the space where there are
 * cuts.
 *
 * Invariants:
 *  1. Pieces are ascending, the first begins at the first address.
 *  2. Neighbouring pieces have different masks, or the same mask twice by chance (a mask is
 * only looked for among the first MASKS_SEARCHED).
 */
#include <stdlib.h>
#include <string.h>

#include "route/policy_internal.h"

#define MASKS_SEARCHED 64u
#define BUCKETS_MAX    (1u << 18)
#define DEPTH_MAX      129u /* prefixes in each other */

/* An address of either family at the top of 128 bits. */
struct spot {
	uint64_t high, low;
};

struct entry {
	struct spot start;
	unsigned length;
	struct length_mask mask;
};

struct nested {
	struct spot end;
	bool endless;            /* up to the last address */
	struct length_mask mask; /* with those of all around it */
};

struct builder {
	struct spot *starts;
	uint32_t *lengths;
	uint32_t count;
	struct length_mask *masks; /* room for all pieces of both families */
	uint32_t *mask_count;
	struct nested stack[DEPTH_MAX];
	unsigned depth;
};

/* One load and a swap, as compilers see it. */
static inline uint64_t load_u64(const uint8_t *b)
{
	return (uint64_t)b[0] << 56 | (uint64_t)b[1] << 48 | (uint64_t)b[2] << 40 |
	       (uint64_t)b[3] << 32 | (uint64_t)b[4] << 24 | (uint64_t)b[5] << 16 |
	       (uint64_t)b[6] << 8 | b[7];
}

/* The bytes of an IPv4 address behind the fourth are zero. */
static inline struct spot spot_of(const struct address *address)
{
	return (struct spot){ load_u64(address->bytes), load_u64(address->bytes + 8) };
}

static int spot_compare(struct spot a, struct spot b)
{
	if (a.high != b.high)
		return a.high < b.high ? -1 : 1;
	return (a.low > b.low) - (a.low < b.low);
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;
	int order = spot_compare(left->start, right->start);

	return order != 0 ? order
			  : (left->length > right->length) - (left->length < right->length);
}

/* The address behind a prefix. False: there is none. */
static bool spot_behind(struct spot start, unsigned length, struct spot *ret_end)
{
	*ret_end = start;
	if (length == 0)
		return false;
	if (length <= 64) {
		ret_end->high += UINT64_C(1) << (64 - length);
		return ret_end->high != 0;
	}
	ret_end->low += UINT64_C(1) << (128 - length);
	ret_end->high += ret_end->low == 0;
	return ret_end->low != 0 || ret_end->high != 0;
}

static void mask_join(struct length_mask *mask, const struct length_mask *more)
{
	for (int w = 0; w < 3; w++)
		mask->words[w] |= more->words[w];
}

static uint32_t mask_number(struct builder *builder, const struct length_mask *mask)
{
	uint32_t count = *builder->mask_count;

	for (uint32_t i = 0; i < count && i < MASKS_SEARCHED; i++)
		if (memcmp(&builder->masks[i], mask, sizeof(*mask)) == 0)
			return i;
	builder->masks[count] = *mask;
	return (*builder->mask_count)++;
}

/* From here on the mask is that of the innermost prefix. */
static void cut(struct builder *builder, struct spot start)
{
	static const struct length_mask none;
	uint32_t mask = mask_number(builder,
		builder->depth == 0 ? &none : &builder->stack[builder->depth - 1].mask);

	if (builder->count > 0 && spot_compare(builder->starts[builder->count - 1], start) == 0)
		builder->count--;
	if (builder->count > 0 && builder->lengths[builder->count - 1] == mask)
		return;
	builder->starts[builder->count] = start;
	builder->lengths[builder->count++] = mask;
}

/* Leave the prefixes that end here or before; all of them if end is NULL. */
static void leave(struct builder *builder, const struct spot *end)
{
	while (builder->depth > 0) {
		const struct nested *top = &builder->stack[builder->depth - 1];
		struct spot at = top->end;

		if (end != NULL && (top->endless || spot_compare(at, *end) > 0))
			return;
		builder->depth--;
		if (!top->endless)
			cut(builder, at);
	}
}

static void enter(struct builder *builder, const struct entry *entry)
{
	struct nested *top;

	leave(builder, &entry->start);
	top = &builder->stack[builder->depth];
	top->mask = entry->mask;
	if (builder->depth > 0)
		mask_join(&top->mask, &top[-1].mask);
	top->endless = !spot_behind(entry->start, entry->length, &top->end);
	builder->depth++;
	cut(builder, entry->start);
}

static int make_index(struct prefix_cuts *cuts, struct arena *arena)
{
	uint32_t buckets = 1, piece = 0, *index;
	uint64_t span;

	if (cuts->count < 2)
		return 0;
	cuts->base = cuts->high[1];
	span = cuts->high[cuts->count - 1] - cuts->base;
	while (buckets < 2 * cuts->count && buckets < BUCKETS_MAX)
		buckets *= 2;
	while (cuts->shift < 63 && (span >> cuts->shift) >= buckets)
		cuts->shift++;
	cuts->bucket_count = (uint32_t)(span >> cuts->shift) + 1;
	index = arena_take_array(arena, cuts->bucket_count + 1u, sizeof(*index));
	if (index == NULL)
		return ERROR_MEMORY;
	for (uint32_t b = 0; b < cuts->bucket_count; b++) {
		while (piece < cuts->count &&
			(cuts->high[piece] < cuts->base ||
				(cuts->high[piece] - cuts->base) >> cuts->shift < b))
			piece++;
		index[b] = piece;
	}
	index[cuts->bucket_count] = cuts->count;
	cuts->index = index;
	return 0;
}

static int keep_cuts(
	const struct builder *builder, struct prefix_cuts *cuts, struct arena *arena)
{
	uint64_t *high = arena_take_array(arena, builder->count, sizeof(*high));
	uint64_t *low = NULL;
	bool deep = false;

	for (uint32_t i = 0; i < builder->count; i++)
		deep = deep || builder->starts[i].low != 0;
	if (deep)
		low = arena_take_array(arena, builder->count, sizeof(*low));
	cuts->lengths =
		arena_copy(arena, builder->lengths, builder->count * sizeof(*builder->lengths));
	if (high == NULL || (deep && low == NULL) || cuts->lengths == NULL)
		return ERROR_MEMORY;
	for (uint32_t i = 0; i < builder->count; i++) {
		high[i] = builder->starts[i].high;
		if (deep)
			low[i] = builder->starts[i].low;
	}
	cuts->high = high;
	cuts->low = low;
	cuts->count = builder->count;
	return make_index(cuts, arena);
}

/* The ranges of one family, sorted, equal prefixes joined. */
static size_t take_entries(
	const struct policy_prefix_set *description, enum family family, struct entry *entries)
{
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < description->count; i++) {
		const struct policy_prefix_range *range = &description->ranges[i];
		struct entry *entry = &entries[count];

		if (range->prefix.address.family != family)
			continue;
		*entry = (struct entry){ .start = spot_of(&range->prefix.address),
			.length = range->prefix.length };
		for (unsigned n = range->minimum; n <= range->maximum; n++)
			entry->mask.words[n / 64] |= UINT64_C(1) << (n % 64);
		count++;
	}
	if (count == 0)
		return 0;
	qsort(entries, count, sizeof(*entries), compare_entries);
	for (size_t i = 1; i < count; i++) {
		if (compare_entries(&entries[kept], &entries[i]) == 0)
			mask_join(&entries[kept].mask, &entries[i].mask);
		else
			entries[++kept] = entries[i];
	}
	return kept + 1;
}

static bool range_is_possible(const struct policy_prefix_range *range)
{
	uint8_t bits = family_bits((enum family)range->prefix.address.family);

	return bits != 0 && range->prefix.length <= range->minimum &&
	       range->minimum <= range->maximum && range->maximum <= bits;
}

int prefix_set_make(const struct policy_prefix_set *description, struct arena *arena,
	struct prefix_set *ret_set)
{
	static const enum family families[] = { FAMILY_IPV4, FAMILY_IPV6 };
	size_t room = 2 * description->count + 2;
	struct arena scratch = { 0 };
	struct entry *entries = arena_take_array(&scratch, room, sizeof(*entries));
	struct builder *builder = arena_take(&scratch, sizeof(*builder));
	uint32_t mask_count = 0;
	int result = 0;

	for (size_t i = 0; i < description->count; i++)
		if (!range_is_possible(&description->ranges[i]))
			result = ERROR_RANGE;
	if (entries == NULL || builder == NULL || room > UINT32_MAX / 4)
		result = ERROR_MEMORY;
	if (result != 0)
		goto out;
	builder->mask_count = &mask_count;
	builder->masks = arena_take_array(&scratch, 2 * room, sizeof(*builder->masks));
	builder->starts = arena_take_array(&scratch, room, sizeof(*builder->starts));
	builder->lengths = arena_take_array(&scratch, room, sizeof(*builder->lengths));
	if (builder->masks == NULL || builder->starts == NULL || builder->lengths == NULL)
		result = ERROR_MEMORY;
	for (int f = 0; f < 2 && result == 0; f++) {
		size_t count = take_entries(description, families[f], entries);

		builder->count = 0;
		cut(builder, (struct spot){ 0, 0 });
		for (size_t i = 0; i < count; i++)
			enter(builder, &entries[i]);
		leave(builder, NULL);
		if (count > 0)
			result = keep_cuts(builder, &ret_set->cuts[f], arena);
	}
	if (result == 0) {
		ret_set->masks =
			arena_copy(arena, builder->masks, mask_count * sizeof(*builder->masks));
		result = ret_set->masks == NULL ? ERROR_MEMORY : 0;
	}
out:
	arena_clear(&scratch);
	return result;
}

/* The last piece that does not begin behind the spot. */
static uint32_t piece_of(const struct prefix_cuts *cuts, struct spot spot)
{
	uint32_t first = 0, count = cuts->count, half;
	uint64_t bucket;

	if (cuts->count < 2 || spot.high < cuts->base)
		return 0;
	bucket = (spot.high - cuts->base) >> cuts->shift;
	if (bucket >= cuts->bucket_count)
		bucket = cuts->bucket_count - 1;
	/* the piece before begins in an earlier bucket, and may reach into this one */
	first = cuts->index[bucket];
	first -= first > 0;
	count = cuts->index[bucket + 1] - first;
	while (count > 1) {
		half = count / 2;
		if (cuts->high[first + half] < spot.high ||
			(cuts->high[first + half] == spot.high &&
				(cuts->low == NULL || cuts->low[first + half] <= spot.low)))
			first += half;
		count -= half;
	}
	return first;
}

bool prefix_set_has(const struct prefix_set *set, const struct prefix *prefix)
{
	const struct prefix_cuts *cuts = &set->cuts[prefix->address.family == FAMILY_IPV6];
	const struct length_mask *mask;

	if (cuts->count == 0)
		return false;
	mask = &set->masks[cuts->lengths[piece_of(cuts, spot_of(&prefix->address))]];
	return (mask->words[prefix->length / 64] >> (prefix->length % 64)) & 1;
}
