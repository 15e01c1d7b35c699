/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Destinations and routes of one family.
 *
 *     index (64 segments, open addressing) --> destination number
 *     destinations[number]: routes, count, prefix --> slab: routes of it, side by side
 *
 * The index is cut into segments, so that growing it is many short pauses rather than one long
 * one. A place in a segment holds the number of a destination and six bits of its hash: most
 * strangers are passed by without a look at them.
 *
 * Invariants:
 *  1. Every destination in use stands in the index once, at its home or behind it without a
 * gap.
 *  2. A destination has count routes in one slab object, none if count is 0.
 *  3. A route holds one reference to each of its sets.
 */
#include "route/rib.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define SEGMENTS    64u
#define SLOT_EMPTY  UINT32_MAX
#define SLOT_BITS   26u
#define SLOT_NUMBER ((1u << SLOT_BITS) - 1)
#define SLOTS_MIN   8u
#define ROOM_MIN    64u

struct rib_segment {
	uint32_t *slots;
	uint32_t room, count;
};

enum destination_flag {
	DESTINATION_USED = 1,
	DESTINATION_BEST = 2,
};

struct destination {
	uint32_t routes; /* slab; while free: the next free number */
	uint16_t count;
	uint8_t length;
	uint8_t flags;
	uint8_t address[]; /* 4 or 16 bytes */
};

static size_t address_bytes(const struct rib *rib)
{
	return rib->family == FAMILY_IPV4 ? 4 : 16;
}

static struct destination *at(const struct rib *rib, uint32_t number)
{
	return (struct destination *)(void *)(rib->destinations + (size_t)number * rib->stride);
}

int rib_init(struct rib *rib, enum family family, struct attribute_store *store,
	const struct hash_seed *seed)
{
	*rib = (struct rib){ .family = (uint8_t)family, .store = store, .seed = *seed };
	rib->stride = (uint32_t)(sizeof(struct destination) + address_bytes(rib));
	rib->free = RIB_NONE;
	rib->segments = calloc(SEGMENTS, sizeof(*rib->segments));
	return rib->segments == NULL ? ERROR_MEMORY : 0;
}

static void routes_release(struct rib *rib, const struct destination *d)
{
	const struct rib_route *routes = slab_at(&rib->slab, d->routes);

	for (uint32_t i = 0; i < d->count; i++) {
		attribute_store_release(rib->store, routes[i].set);
		attribute_store_release(rib->store, routes[i].received);
	}
}

void rib_clear(struct rib *rib)
{
	for (uint32_t i = 0; i < rib->bound; i++)
		if (at(rib, i)->count > 0)
			routes_release(rib, at(rib, i));
	for (uint32_t i = 0; rib->segments != NULL && i < SEGMENTS; i++)
		free(rib->segments[i].slots);
	free(rib->segments);
	free(rib->destinations);
	slab_clear(&rib->slab);
	*rib = (struct rib){ 0 };
}

/* ---- The index. ---- */

static uint64_t key_hash(const struct rib *rib, const uint8_t *address, uint8_t length)
{
	uint8_t key[17];
	size_t size = address_bytes(rib);

	if (size == 4) { /* a copy of known length: this is the inner loop */
		memcpy(key, address, 4);
		key[4] = length;
		return hash_bytes(&rib->seed, key, 5);
	}
	memcpy(key, address, 16);
	key[16] = length;
	return hash_bytes(&rib->seed, key, 17);
}

static struct rib_segment *segment_of(const struct rib *rib, uint64_t hash)
{
	return &rib->segments[hash % SEGMENTS];
}

static uint32_t tag_of(uint64_t hash)
{
	return (uint32_t)((hash / SEGMENTS) << SLOT_BITS);
}

/* Lemire's reduction of the upper half: any room will do, not only powers of two. */
static uint32_t home_of(const struct rib_segment *segment, uint64_t hash)
{
	return (uint32_t)(((hash >> 32) * segment->room) >> 32);
}

static uint32_t slot_next(const struct rib_segment *segment, uint32_t slot)
{
	return slot + 1 == segment->room ? 0 : slot + 1;
}

static void slot_put(struct rib_segment *segment, uint64_t hash, uint32_t number)
{
	uint32_t slot = home_of(segment, hash);

	while (segment->slots[slot] != SLOT_EMPTY)
		slot = slot_next(segment, slot);
	segment->slots[slot] = tag_of(hash) | number;
}

static int segment_grow(struct rib *rib, struct rib_segment *segment)
{
	struct rib_segment old = *segment;
	uint32_t room = old.room == 0 ? SLOTS_MIN : old.room + old.room / 2;
	uint32_t *slots = malloc(room * sizeof(*slots));

	if (slots == NULL)
		return ERROR_MEMORY;
	memset(slots, 0xff, room * sizeof(*slots));
	segment->slots = slots;
	segment->room = room;
	for (uint32_t i = 0; i < old.room; i++) {
		uint32_t number = old.slots[i] & SLOT_NUMBER;
		const struct destination *d;

		if (old.slots[i] == SLOT_EMPTY)
			continue;
		d = at(rib, number);
		slot_put(segment, key_hash(rib, d->address, d->length), number);
	}
	free(old.slots);
	return 0;
}

/* At most four fifths full: then a search ends soon. */
static int segment_reserve(struct rib *rib, struct rib_segment *segment)
{
	if ((uint64_t)(segment->count + 1) * 5 <= (uint64_t)segment->room * 4)
		return 0;
	return segment_grow(rib, segment);
}

static bool is(const struct rib *rib, uint32_t number, const uint8_t *address, uint8_t length)
{
	const struct destination *d = at(rib, number);

	if (rib->family == FAMILY_IPV4)
		return d->length == length && memcmp(d->address, address, 4) == 0;
	return d->length == length && memcmp(d->address, address, 16) == 0;
}

static uint32_t index_find(
	const struct rib *rib, uint64_t hash, const uint8_t *address, uint8_t length)
{
	const struct rib_segment *segment = segment_of(rib, hash);
	uint32_t tag = tag_of(hash), slot, value;

	if (segment->room == 0)
		return RIB_NONE;
	for (slot = home_of(segment, hash); (value = segment->slots[slot]) != SLOT_EMPTY;
		slot = slot_next(segment, slot))
		if ((value & ~SLOT_NUMBER) == tag &&
			is(rib, value & SLOT_NUMBER, address, length))
			return value & SLOT_NUMBER;
	return RIB_NONE;
}

/* Whether `slot` lies cyclically in (gap, home], where an entry may not be moved from. */
static bool stays(uint32_t gap, uint32_t home, uint32_t slot)
{
	return gap <= slot ? gap < home && home <= slot : gap < home || home <= slot;
}

/* Closes the gap, so that no search ends too early. */
static void index_remove(struct rib *rib, uint32_t number)
{
	const struct destination *d = at(rib, number);
	uint64_t hash = key_hash(rib, d->address, d->length);
	struct rib_segment *segment = segment_of(rib, hash);
	uint32_t gap = home_of(segment, hash), slot;

	while ((segment->slots[gap] & SLOT_NUMBER) != number ||
		segment->slots[gap] == SLOT_EMPTY)
		gap = slot_next(segment, gap);
	for (slot = slot_next(segment, gap); segment->slots[slot] != SLOT_EMPTY;
		slot = slot_next(segment, slot)) {
		const struct destination *other = at(rib, segment->slots[slot] & SLOT_NUMBER);
		uint32_t home = home_of(segment, key_hash(rib, other->address, other->length));

		if (stays(gap, home, slot))
			continue;
		segment->slots[gap] = segment->slots[slot];
		gap = slot;
	}
	segment->slots[gap] = SLOT_EMPTY;
	segment->count--;
}

/* ---- Destinations. ---- */

uint32_t rib_find(const struct rib *rib, const struct prefix *prefix)
{
	return index_find(rib, key_hash(rib, prefix->address.bytes, prefix->length),
		prefix->address.bytes, prefix->length);
}

static int room_reserve(struct rib *rib)
{
	uint32_t room = rib->room + rib->room / 4;
	uint8_t *destinations;

	if (rib->bound < rib->room)
		return 0;
	if (rib->bound >= RIB_DESTINATIONS_MAX - 1)
		return ERROR_FULL;
	if (room < ROOM_MIN)
		room = ROOM_MIN;
	if (room > RIB_DESTINATIONS_MAX - 1)
		room = RIB_DESTINATIONS_MAX - 1;
	destinations = realloc(rib->destinations, (size_t)room * rib->stride);
	if (destinations == NULL)
		return ERROR_MEMORY;
	rib->destinations = destinations;
	rib->room = room;
	return 0;
}

/* RIB_NONE: no memory. */
static uint32_t number_take(struct rib *rib)
{
	uint32_t number = rib->free;

	if (number != RIB_NONE) {
		rib->free = at(rib, number)->routes;
		return number;
	}
	return room_reserve(rib) == 0 ? rib->bound++ : RIB_NONE;
}

uint32_t rib_get(struct rib *rib, const struct prefix *prefix)
{
	uint64_t hash = key_hash(rib, prefix->address.bytes, prefix->length);
	struct rib_segment *segment = segment_of(rib, hash);
	uint32_t number = index_find(rib, hash, prefix->address.bytes, prefix->length);
	struct destination *d;

	if (number != RIB_NONE)
		return number;
	if (segment_reserve(rib, segment) != 0)
		return RIB_NONE;
	number = number_take(rib);
	if (number == RIB_NONE)
		return RIB_NONE;
	d = at(rib, number);
	*d = (struct destination){
		.routes = SLAB_NONE, .length = prefix->length, .flags = DESTINATION_USED
	};
	memcpy(d->address, prefix->address.bytes, address_bytes(rib));
	slot_put(segment, hash, number);
	segment->count++;
	rib->count++;
	return number;
}

void rib_forget(struct rib *rib, uint32_t destination)
{
	struct destination *d = at(rib, destination);

	index_remove(rib, destination);
	d->flags = 0;
	d->routes = rib->free;
	rib->free = destination;
	rib->count--;
}

bool rib_used(const struct rib *rib, uint32_t destination)
{
	return (at(rib, destination)->flags & DESTINATION_USED) != 0;
}

struct prefix rib_prefix(const struct rib *rib, uint32_t destination)
{
	const struct destination *d = at(rib, destination);
	struct prefix prefix = { .address.family = rib->family, .length = d->length };

	if (rib->family == FAMILY_IPV4)
		memcpy(prefix.address.bytes, d->address, 4);
	else
		memcpy(prefix.address.bytes, d->address, 16);
	return prefix;
}

uint32_t rib_lookup(const struct rib *rib, const struct address *address)
{
	struct prefix prefix = prefix_host(address);

	for (int length = family_bits(rib->family); length >= 0; length--) {
		uint32_t destination;

		prefix.length = (uint8_t)length;
		prefix_normalise(&prefix);
		destination = rib_find(rib, &prefix);
		if (destination != RIB_NONE && rib_has_best(rib, destination))
			return destination;
	}
	return RIB_NONE;
}

/* ---- Routes. ---- */

struct rib_route *rib_routes(const struct rib *rib, uint32_t destination, uint32_t *ret_count)
{
	const struct destination *d = at(rib, destination);

	*ret_count = d->count;
	return d->count == 0 ? NULL : slab_at(&rib->slab, d->routes);
}

uint32_t rib_route_find(
	const struct rib *rib, uint32_t destination, rib_source source, uint32_t path_id)
{
	uint32_t count;
	const struct rib_route *routes = rib_routes(rib, destination, &count);

	for (uint32_t i = 0; i < count; i++)
		if (routes[i].source == source && routes[i].path_id == path_id)
			return i;
	return RIB_NONE;
}

/* The routes of a destination move to an object of the right size. */
static int routes_resize(struct rib *rib, struct destination *d, uint32_t count)
{
	uint32_t object = SLAB_NONE;

	if (count > 0) {
		object = slab_take(&rib->slab, count * sizeof(struct rib_route));
		if (object == SLAB_NONE)
			return ERROR_MEMORY;
	}
	if (count > 0 && d->count > 0)
		memcpy(slab_at(&rib->slab, object), slab_at(&rib->slab, d->routes),
			(count < d->count ? count : d->count) * sizeof(struct rib_route));
	slab_give(&rib->slab, d->routes);
	d->routes = object;
	d->count = (uint16_t)count;
	return 0;
}

/* The smallest path identifier that no route of the destination has; RFC 7911 leaves the choice
 * to the sender. */
static uint32_t out_id_free(const struct rib_route *routes, uint32_t count)
{
	uint64_t taken[RIB_ROUTES_MAX / 64] = { 0 };
	uint32_t id = 0;

	if (count == 0)
		return 0;
	for (uint32_t i = 0; i < count; i++)
		taken[routes[i].out_id / 64] |= 1ull << (routes[i].out_id % 64);
	while (((taken[id / 64] >> (id % 64)) & 1) != 0)
		id++;
	return id;
}

uint32_t rib_route_add(
	struct rib *rib, uint32_t destination, rib_source source, uint32_t path_id)
{
	struct destination *d = at(rib, destination);
	uint32_t count = d->count, out_id = 0;
	struct rib_route *routes;

	if (count >= RIB_ROUTES_MAX)
		return RIB_NONE;
	if (count > 0)
		out_id = out_id_free(slab_at(&rib->slab, d->routes), count);
	if (routes_resize(rib, d, count + 1) != 0)
		return RIB_NONE;
	routes = slab_at(&rib->slab, d->routes);
	routes[count] = (struct rib_route){ .path_id = path_id,
		.source = (uint32_t)source & (RIB_SOURCES_MAX - 1),
		.out_id = out_id & (RIB_ROUTES_MAX - 1) };
	rib->routes++;
	return count;
}

void rib_route_remove(struct rib *rib, uint32_t destination, uint32_t index)
{
	struct destination *d = at(rib, destination);
	struct rib_route *routes = slab_at(&rib->slab, d->routes);

	attribute_store_release(rib->store, routes[index].set);
	attribute_store_release(rib->store, routes[index].received);
	routes[index] = routes[d->count - 1];
	rib->routes--;
	/* Without memory the object stays larger than needed. */
	if (routes_resize(rib, d, d->count - 1u) != 0)
		d->count--;
}

bool rib_has_best(const struct rib *rib, uint32_t destination)
{
	return (at(rib, destination)->flags & DESTINATION_BEST) != 0;
}

void rib_best_set(struct rib *rib, uint32_t destination, bool has_best)
{
	struct destination *d = at(rib, destination);

	if (has_best == rib_has_best(rib, destination))
		return;
	d->flags ^= DESTINATION_BEST;
	if (has_best)
		rib->reached++;
	else
		rib->reached--;
}

size_t rib_bytes(const struct rib *rib)
{
	size_t bytes = slab_bytes(&rib->slab) + (size_t)rib->room * rib->stride +
		       SEGMENTS * sizeof(*rib->segments);

	for (uint32_t i = 0; i < SEGMENTS; i++)
		bytes += rib->segments[i].room * sizeof(uint32_t);
	return bytes;
}
