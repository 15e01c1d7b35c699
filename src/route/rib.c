/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Destinations and routes of one family.
 *
 *     index (64 segments of buckets) --> destination number
 *     destinations[number]: routes, count, prefix --> slab: routes of it, side by side
 *
 * The index is cut into segments, so that growing it is many short pauses rather than one long
 * one. A segment is a row of buckets, each one line of the processor's cache with 16 places. A
 * place holds the number of a destination and six bits of its hash, so that most strangers are
 * passed by without a look at them. Who finds his bucket full goes to the next; a search ends
 * at the first bucket with a place that is empty. A place that becomes free in a full bucket is
 * therefore not empty but gone.
 *
 * Invariants:
 *  1. Every destination in use stands in the index once, in its home bucket or behind it with
 *     only buckets without an empty place between.
 *  2. A destination has count routes in one slab object, none if count is 0.
 *  3. A route holds one reference to each of its sets.
 */
#include "route/rib.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define SEGMENTS    64u
#define BUCKET      16u /* places */
#define PLACE_EMPTY UINT32_MAX
#define PLACE_GONE  (UINT32_MAX - 1)
#define PLACE_BITS  26u
#define NUMBER_MASK ((1u << PLACE_BITS) - 1)
#define NUMBERS_MAX (RIB_DESTINATIONS_MAX - 2) /* the last two would look empty or gone */
#define SPREAD      64u                        /* buckets */
#define ROOM_MIN    64u

struct bucket {
	uint32_t places[BUCKET];
};

struct rib_segment {
	struct bucket *buckets;
	uint32_t bucket_count;
	uint32_t used; /* places that are not empty */
	uint32_t count;
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
		free(rib->segments[i].buckets);
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
	return (uint32_t)((hash / SEGMENTS) << PLACE_BITS);
}

/* Lemire's reduction of the upper half: any number of buckets will do. */
static uint32_t home_of(const struct rib_segment *segment, uint64_t hash)
{
	return (uint32_t)(((hash >> 32) * segment->bucket_count) >> 32);
}

static uint32_t bucket_next(const struct rib_segment *segment, uint32_t bucket)
{
	return bucket + 1 == segment->bucket_count ? 0 : bucket + 1;
}

/* A bit a place that holds exactly this. */
static uint32_t places_are(const struct bucket *bucket, uint32_t value)
{
	uint32_t found = 0;

	for (unsigned i = 0; i < BUCKET; i++)
		found |= (uint32_t)(bucket->places[i] == value) << i;
	return found;
}

static uint32_t places_tagged(const struct bucket *bucket, uint32_t tag)
{
	uint32_t found = 0;

	for (unsigned i = 0; i < BUCKET; i++)
		found |= (uint32_t)((bucket->places[i] & ~NUMBER_MASK) == tag) << i;
	return found;
}

static void place_put(struct rib_segment *segment, uint64_t hash, uint32_t number)
{
	uint32_t b = home_of(segment, hash), free_places;

	for (;; b = bucket_next(segment, b)) {
		free_places = places_are(&segment->buckets[b], PLACE_GONE);
		if (free_places == 0) {
			free_places = places_are(&segment->buckets[b], PLACE_EMPTY);
			segment->used += free_places != 0;
		}
		if (free_places != 0)
			break;
	}
	segment->buckets[b].places[__builtin_ctz(free_places)] = tag_of(hash) | number;
	segment->count++;
}

static void bucket_warm(const struct rib *rib, const struct bucket *bucket)
{
	for (unsigned i = 0; i < BUCKET; i++)
		if (bucket->places[i] < PLACE_GONE)
			__builtin_prefetch(at(rib, bucket->places[i] & NUMBER_MASK));
}

/* The destinations are all over the memory: those of the next bucket are on their way while
 * those of this one are hashed. */
static int segment_rebuild(struct rib *rib, struct rib_segment *segment, uint32_t bucket_count)
{
	struct rib_segment old = *segment;
	size_t size = bucket_count * sizeof(struct bucket);
	struct bucket *buckets = aligned_alloc(sizeof(struct bucket), size);

	if (buckets == NULL)
		return ERROR_MEMORY;
	memset(buckets, 0xff, size);
	*segment = (struct rib_segment){ .buckets = buckets, .bucket_count = bucket_count };
	for (uint32_t i = 0; i < old.bucket_count * BUCKET; i++) {
		uint32_t value = old.buckets[i / BUCKET].places[i % BUCKET];
		const struct destination *d;

		if (i % BUCKET == 0 && i / BUCKET + 1 < old.bucket_count)
			bucket_warm(rib, &old.buckets[i / BUCKET + 1]);
		if (value >= PLACE_GONE)
			continue;
		d = at(rib, value & NUMBER_MASK);
		place_put(segment, key_hash(rib, d->address, d->length), value & NUMBER_MASK);
	}
	free(old.buckets);
	return 0;
}

/* At most four fifths used, so that a search ends soon; if much of that is gone, rebuilding is
 * enough. */
static int segment_reserve(struct rib *rib, struct rib_segment *segment)
{
	uint32_t places = segment->bucket_count * BUCKET, more = segment->bucket_count / 2;

	if ((uint64_t)(segment->used + 1) * 5 <= (uint64_t)places * 4)
		return 0;
	if (more == 0)
		more = 1;
	else if ((uint64_t)segment->count * 5 <= (uint64_t)places * 2)
		more = 0;
	/* Segments fill alike. From here on each has another size, so that they do not all
	 * grow at the same time: that would be one long pause. */
	if (segment->bucket_count < SPREAD && segment->bucket_count + more >= SPREAD)
		more += (segment->bucket_count + more) / 2 *
			(uint32_t)(segment - rib->segments) / SEGMENTS;
	return segment_rebuild(rib, segment, segment->bucket_count + more);
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
	uint32_t tag = tag_of(hash), b;

	if (segment->bucket_count == 0)
		return RIB_NONE;
	for (b = home_of(segment, hash);; b = bucket_next(segment, b)) {
		const struct bucket *bucket = &segment->buckets[b];
		uint32_t left = places_tagged(bucket, tag);

		for (; left != 0; left &= left - 1) {
			uint32_t value = bucket->places[__builtin_ctz(left)];

			if (value < PLACE_GONE && is(rib, value & NUMBER_MASK, address, length))
				return value & NUMBER_MASK;
		}
		if (places_are(bucket, PLACE_EMPTY) != 0)
			return RIB_NONE;
	}
}

static uint64_t destination_hash(const struct rib *rib, uint32_t number)
{
	const struct destination *d = at(rib, number);

	return key_hash(rib, d->address, d->length);
}

static void index_remove(struct rib *rib, uint32_t number, uint64_t hash)
{
	struct rib_segment *segment = segment_of(rib, hash);
	uint32_t b = home_of(segment, hash), found;
	struct bucket *bucket;

	while ((found = places_are(&segment->buckets[b], tag_of(hash) | number)) == 0)
		b = bucket_next(segment, b);
	bucket = &segment->buckets[b];
	segment->count--;
	if (places_are(bucket, PLACE_EMPTY) == 0) {
		bucket->places[__builtin_ctz(found)] = PLACE_GONE;
		return;
	}
	bucket->places[__builtin_ctz(found)] = PLACE_EMPTY;
	segment->used--;
}

static void home_warm(const struct rib *rib, uint64_t hash)
{
	const struct rib_segment *segment = segment_of(rib, hash);

	if (segment->bucket_count > 0)
		__builtin_prefetch(&segment->buckets[home_of(segment, hash)]);
}

void rib_warm(const struct rib *rib, const struct prefix *prefixes, size_t count,
	uint64_t ret_hashes[RIB_BATCH])
{
	for (size_t i = 0; i < count; i++) {
		ret_hashes[i] = key_hash(rib, prefixes[i].address.bytes, prefixes[i].length);
		home_warm(rib, ret_hashes[i]);
	}
	for (size_t i = 0; i < count; i++) {
		const struct rib_segment *segment = segment_of(rib, ret_hashes[i]);
		const struct bucket *bucket;
		uint32_t found;

		if (segment->bucket_count == 0)
			continue;
		bucket = &segment->buckets[home_of(segment, ret_hashes[i])];
		found = places_tagged(bucket, tag_of(ret_hashes[i]));
		if (found != 0 && bucket->places[__builtin_ctz(found)] < PLACE_GONE)
			__builtin_prefetch(
				at(rib, bucket->places[__builtin_ctz(found)] & NUMBER_MASK));
	}
}

void rib_find_all(const struct rib *rib, const struct prefix *prefixes, const uint64_t *hashes,
	size_t count, uint32_t ret_destinations[RIB_BATCH])
{
	for (size_t i = 0; i < count; i++) {
		ret_destinations[i] = index_find(
			rib, hashes[i], prefixes[i].address.bytes, prefixes[i].length);
		if (ret_destinations[i] != RIB_NONE && at(rib, ret_destinations[i])->count > 0)
			__builtin_prefetch(
				slab_at(&rib->slab, at(rib, ret_destinations[i])->routes), 1);
	}
	for (size_t i = 0; i < count; i++) {
		const struct rib_route *route;

		if (ret_destinations[i] == RIB_NONE || at(rib, ret_destinations[i])->count == 0)
			continue;
		route = slab_at(&rib->slab, at(rib, ret_destinations[i])->routes);
		attribute_store_warm(rib->store, route->received);
		if (route->set != route->received)
			attribute_store_warm(rib->store, route->set);
	}
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
	if (rib->bound >= NUMBERS_MAX)
		return ERROR_FULL;
	if (room < ROOM_MIN)
		room = ROOM_MIN;
	if (room > NUMBERS_MAX)
		room = NUMBERS_MAX;
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

uint32_t rib_get_hashed(struct rib *rib, const struct prefix *prefix, uint64_t hash)
{
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
	place_put(segment, hash, number);
	rib->count++;
	return number;
}

uint32_t rib_get(struct rib *rib, const struct prefix *prefix)
{
	return rib_get_hashed(
		rib, prefix, key_hash(rib, prefix->address.bytes, prefix->length));
}

static void forget(struct rib *rib, uint32_t destination, uint64_t hash)
{
	struct destination *d = at(rib, destination);

	index_remove(rib, destination, hash);
	d->flags = 0;
	d->routes = rib->free;
	rib->free = destination;
	rib->count--;
}

void rib_forget(struct rib *rib, uint32_t destination)
{
	forget(rib, destination, destination_hash(rib, destination));
}

void rib_forget_all(struct rib *rib, const uint32_t *destinations, size_t count)
{
	uint64_t hashes[RIB_BATCH];

	for (size_t i = 0; i < count; i++) {
		hashes[i] = destination_hash(rib, destinations[i]);
		home_warm(rib, hashes[i]);
	}
	for (size_t i = 0; i < count; i++)
		if (rib_used(rib, destinations[i]))
			forget(rib, destinations[i], hashes[i]);
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
		bytes += rib->segments[i].bucket_count * sizeof(struct bucket);
	return bytes;
}
