/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The VRPs of one family: sorted arrays, built anew by each pass over them, never changed in
 * between. 20 bytes a VRP (28 while one is longer than /64), and 256 KiB for the buckets.
 *
 *     buckets   first entry of each of 65,536 equal parts of the address space
 *     high      the address; what a search compares
 *     rest      AS, lengths, who has it, and a link to the next shorter prefix around it
 *
 *     2001:db8::/32  <---- parent ---- 2001:db8:1::/48  <---- parent ---- 2001:db8:1:2::/64
 *
 * All prefixes that cover a route are found by one search, for the last entry that is not
 * behind the route, and then by the links: an entry that covers the route and stands before
 * that last one covers that one too.
 *
 * Invariants:
 *  1. Entries are sorted by address, length, maximum length, AS, and unique.
 *  2. Every entry has a source or is asserted; MASK_FILTERED is what the filters say of it.
 *  3. All entries of one prefix have the same parent, which stands before them.
 */
#include <stdlib.h>
#include <string.h>

#include "route/rpki_internal.h"

#define NESTING_MAX  130 /* lengths 0 to 128 */
#define BUCKETS_FROM 64u /* entries: fewer are searched as they are */

struct rpki_bits rpki_bits_of(const struct prefix *prefix)
{
	struct cursor c = cursor_of(prefix->address.bytes, sizeof(prefix->address.bytes));
	uint64_t high = cursor_u64(&c);

	return (struct rpki_bits){ high, cursor_u64(&c), prefix->length };
}

struct prefix rpki_prefix_of(enum rpki_family family, const struct rpki_bits *bits)
{
	struct prefix prefix = { .length = bits->length };
	struct writer w = writer_of(prefix.address.bytes, sizeof(prefix.address.bytes));

	prefix.address.family = family == RPKI_IPV4 ? FAMILY_IPV4 : FAMILY_IPV6;
	writer_u64(&w, bits->high);
	writer_u64(&w, bits->low);
	return prefix;
}

void rpki_vrps_clear(struct rpki_vrps *vrps)
{
	free(vrps->high);
	free(vrps->low);
	free(vrps->rest);
	free(vrps->buckets);
	*vrps = (struct rpki_vrps){ .family = vrps->family };
}

size_t rpki_vrps_bytes(const struct rpki_vrps *vrps)
{
	size_t each = sizeof(*vrps->high) + sizeof(*vrps->rest) +
		      (vrps->low == NULL ? 0 : sizeof(*vrps->low));

	return vrps->count * each +
	       (vrps->buckets == NULL ? 0 : (RPKI_BUCKETS + 1) * sizeof(*vrps->buckets));
}

uint32_t rpki_vrps_find(const struct rpki_vrps *vrps, const struct rpki_bits *bits)
{
	uint32_t bucket = rpki_bucket((enum rpki_family)vrps->family, bits->high);
	uint32_t first = 0, behind = (uint32_t)vrps->count;

	if (vrps->buckets != NULL) {
		first = vrps->buckets[bucket];
		behind = vrps->buckets[bucket + 1];
	}
	while (first < behind) {
		uint32_t middle = first + (behind - first) / 2;
		struct rpki_bits at = rpki_vrps_bits(vrps, middle);

		if (rpki_bits_compare(&at, bits) <= 0)
			first = middle + 1;
		else
			behind = middle;
	}
	return first;
}

/* ---- Filters, walked along with the entries. ---- */

struct filter_walk {
	const struct rpki_filters *filters;
	enum rpki_family family;
	size_t next;
	size_t *open; /* those that contain where we are, outermost first */
	size_t open_count;
};

static int filter_walk_begin(
	struct filter_walk *walk, const struct rpki_filters *filters, enum rpki_family family)
{
	*walk = (struct filter_walk){ .filters = filters, .family = family };
	if (filters->count[family] == 0)
		return 0;
	walk->open = malloc(filters->count[family] * sizeof(*walk->open));
	return walk->open == NULL ? ERROR_MEMORY : 0;
}

static void filter_walk_leave(struct filter_walk *walk, const struct rpki_bits *bits)
{
	const struct rpki_filter_item *items = walk->filters->items[walk->family];

	while (walk->open_count > 0 &&
		!rpki_bits_contain(&items[walk->open[walk->open_count - 1]].bits, bits))
		walk->open_count--;
}

/* Does a filter take out this VRP? bits never go back from one call to the next. */
static bool filter_walk_matches(
	struct filter_walk *walk, const struct rpki_bits *bits, uint32_t asn)
{
	const struct rpki_filters *filters = walk->filters;
	const struct rpki_filter_item *items = filters->items[walk->family];

	while (walk->next < filters->count[walk->family] &&
		rpki_bits_compare(&items[walk->next].bits, bits) <= 0) {
		filter_walk_leave(walk, &items[walk->next].bits);
		walk->open[walk->open_count++] = walk->next++;
	}
	filter_walk_leave(walk, bits);
	for (size_t i = 0; i < walk->open_count; i++) {
		const struct rpki_filter_item *item = &items[walk->open[i]];

		if (!item->has_asn || item->asn == asn)
			return true;
	}
	return rpki_contains_u32(filters->asns, filters->asn_count, asn);
}

/* ---- A pass. ---- */

/* What an entry or record is ordered by. */
struct vrp_key {
	struct rpki_bits bits;
	uint32_t asn;
	uint8_t max_length;
};

static struct vrp_key key_of_entry(const struct rpki_vrps *vrps, size_t i)
{
	return (struct vrp_key){ rpki_vrps_bits(vrps, i), vrps->rest[i].asn,
		vrps->rest[i].max_length };
}

static struct vrp_key key_of_record(const struct rpki_record *record)
{
	return (struct vrp_key){ { record->high, record->low, record->length }, record->asn,
		record->max_length };
}

static int key_compare(const struct vrp_key *a, const struct vrp_key *b)
{
	int order = rpki_bits_compare(&a->bits, &b->bits);

	if (order != 0)
		return order;
	if (a->max_length != b->max_length)
		return a->max_length < b->max_length ? -1 : 1;
	if (a->asn != b->asn)
		return a->asn < b->asn ? -1 : 1;
	return 0;
}

static int room_make(
	struct rpki_vrps *vrps, const struct rpki_vrps *old, const struct rpki_pass *pass)
{
	size_t room = old->count + pass->record_count;
	bool low = old->low != NULL;

	for (size_t i = 0; i < pass->record_count && !low; i++)
		low = pass->records[i].length > 64;
	if (room == 0)
		return 0;
	vrps->high = malloc(room * sizeof(*vrps->high));
	vrps->rest = malloc(room * sizeof(*vrps->rest));
	if (low)
		vrps->low = malloc(room * sizeof(*vrps->low));
	return vrps->high == NULL || vrps->rest == NULL || (low && vrps->low == NULL)
		       ? ERROR_MEMORY
		       : 0;
}

static void entry_add(struct rpki_vrps *vrps, const struct vrp_key *key, uint16_t mask)
{
	size_t i = vrps->count++;

	vrps->high[i] = key->bits.high;
	if (vrps->low != NULL)
		vrps->low[i] = key->bits.low;
	vrps->rest[i] = (struct rpki_rest){ .asn = key->asn,
		.length = key->bits.length,
		.max_length = key->max_length,
		.mask = mask };
}

/* Play the records of one key, in their order, on what the source had. */
static int records_play(const struct rpki_pass *pass, size_t *position,
	const struct vrp_key *key, uint16_t *mask)
{
	for (; *position < pass->record_count; (*position)++) {
		const struct rpki_record *record = &pass->records[*position];
		struct vrp_key same = key_of_record(record);

		if (key_compare(&same, key) != 0)
			break;
		if (record->announce && (*mask & pass->bit) != 0)
			return ERROR_EXISTS;
		if (!record->announce && (*mask & pass->bit) == 0)
			return ERROR_NOT_FOUND;
		*mask ^= pass->bit;
	}
	return 0;
}

static void conflict_set(
	struct rpki_conflict *conflict, enum rpki_family family, const struct vrp_key *key)
{
	if (conflict == NULL)
		return;
	*conflict = (struct rpki_conflict){ .vrp = { rpki_prefix_of(family, &key->bits),
						    key->max_length, key->asn } };
}

/* All keys of both, in order. */
static int entries_merge(const struct rpki_vrps *old, const struct rpki_pass *pass,
	struct filter_walk *walk, struct rpki_vrps *new, struct rpki_change *change,
	struct rpki_conflict *conflict)
{
	enum rpki_family family = (enum rpki_family)old->family;
	size_t i = 0, r = 0;

	while (i < old->count || r < pass->record_count) {
		struct vrp_key key, other;
		uint16_t before = 0, after;
		int order = 0;

		if (i < old->count)
			key = key_of_entry(old, i);
		if (r < pass->record_count)
			other = key_of_record(&pass->records[r]);
		if (i == old->count || r == pass->record_count)
			order = i == old->count ? 1 : -1;
		else
			order = key_compare(&key, &other);
		if (order > 0)
			key = other;
		else
			before = old->rest[i++].mask;
		after = before & (uint16_t)~MASK_FILTERED;
		if (pass->replace)
			after &= (uint16_t)~pass->bit;
		if (order >= 0) {
			int e = records_play(pass, &r, &key, &after);

			if (e != 0) {
				conflict_set(conflict, family, &key);
				return e;
			}
		}
		if (after != 0) {
			if (filter_walk_matches(walk, &key.bits, key.asn))
				after |= MASK_FILTERED;
			entry_add(new, &key, after);
		}
		if (mask_active(before, pass->use_before) !=
			mask_active(after, pass->use_after))
			rpki_change_add(change, family, &key.bits);
	}
	return new->count > RPKI_RECORDS_MAX ? ERROR_FULL : 0;
}

/* ---- What is built on the entries. ---- */

static void parents_link(struct rpki_vrps *vrps)
{
	size_t around[NESTING_MAX]; /* last entries of the prefixes around us */
	size_t depth = 0;

	for (size_t i = 0, end; i < vrps->count; i = end) {
		struct rpki_bits bits = rpki_vrps_bits(vrps, i), other;
		uint32_t parent;

		for (end = i + 1; end < vrps->count; end++) {
			other = rpki_vrps_bits(vrps, end);
			if (rpki_bits_compare(&bits, &other) != 0)
				break;
		}
		for (; depth > 0; depth--) {
			other = rpki_vrps_bits(vrps, around[depth - 1]);
			if (rpki_bits_contain(&other, &bits))
				break;
		}
		parent = depth == 0 ? 0 : (uint32_t)around[depth - 1] + 1;
		for (size_t j = i; j < end; j++)
			vrps->rest[j].parent = parent;
		around[depth++] = end - 1;
	}
}

static int buckets_fill(struct rpki_vrps *vrps)
{
	size_t bucket = 0;

	if (vrps->count < BUCKETS_FROM)
		return 0;
	vrps->buckets = malloc((RPKI_BUCKETS + 1) * sizeof(*vrps->buckets));
	if (vrps->buckets == NULL)
		return ERROR_MEMORY;
	for (size_t i = 0; i < vrps->count; i++) {
		uint32_t mine = rpki_bucket((enum rpki_family)vrps->family, vrps->high[i]);

		while (bucket <= mine)
			vrps->buckets[bucket++] = (uint32_t)i;
	}
	while (bucket <= RPKI_BUCKETS)
		vrps->buckets[bucket++] = (uint32_t)vrps->count;
	return 0;
}

static void *shrunk(void *array, size_t bytes)
{
	void *smaller = array == NULL ? NULL : realloc(array, bytes);

	return smaller == NULL ? array : smaller;
}

/* Give back what the pass left over. */
static void room_trim(struct rpki_vrps *vrps)
{
	if (vrps->count == 0) {
		rpki_vrps_clear(vrps);
		return;
	}
	vrps->high = shrunk(vrps->high, vrps->count * sizeof(*vrps->high));
	vrps->low = shrunk(vrps->low, vrps->count * sizeof(*vrps->low));
	vrps->rest = shrunk(vrps->rest, vrps->count * sizeof(*vrps->rest));
}

int rpki_vrps_pass(const struct rpki_vrps *old, const struct rpki_pass *pass,
	struct rpki_vrps *ret_new, struct rpki_change *change,
	struct rpki_conflict *ret_conflict)
{
	struct filter_walk walk = { 0 };
	int r;

	*ret_new = (struct rpki_vrps){ .family = old->family };
	r = room_make(ret_new, old, pass);
	if (r == 0)
		r = filter_walk_begin(&walk, pass->filters, (enum rpki_family)old->family);
	if (r == 0)
		r = entries_merge(old, pass, &walk, ret_new, change, ret_conflict);
	free(walk.open);
	if (r == 0) {
		room_trim(ret_new);
		parents_link(ret_new);
		r = buckets_fill(ret_new);
	}
	if (r != 0)
		rpki_vrps_clear(ret_new);
	return r;
}
