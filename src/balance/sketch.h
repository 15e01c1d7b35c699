/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting very many sources in little memory, of fixed size whatever comes in.
 *
 *   sketch     about how much of each key: count-min with conservative update
 *   heavy      the keys that had most: a sketch and the list of its heaviest
 *   buckets    a rate limit for each key
 *
 * Keys are any bytes; all tables are keyed with a secret seed, so that nobody can aim at one
 * cell.
 */
#ifndef NEARCAST_BALANCE_SKETCH_H
#define NEARCAST_BALANCE_SKETCH_H

#include "base/hash.h"
#include "base/instant.h"

#define SKETCH_ROWS    4
#define SKETCH_KEY_MAX 20 /* bytes */
#define HEAVY_MAX      64

/*
 * Count-min (Cormode and Muthukrishnan 2005) with conservative update (Estan and Varghese
 * 2002): of the cells of a key only those are raised that would give less than the new
 * estimate. Never estimates too little; too much by more than e * total / width with a
 * probability of at most e^-4.
 */
struct sketch {
	struct hash_seed seed;
	uint32_t width;  /* cells of a row: a power of two */
	uint64_t *cells; /* SKETCH_ROWS rows */
	uint64_t total;
};

/* width: 16..2^24, rounded up to a power of two. ERROR_RANGE, ERROR_MEMORY. */
int sketch_init(struct sketch *sketch, uint32_t width, const struct hash_seed *seed);
void sketch_clear(struct sketch *sketch); /* frees the cells */
/* Add and give the new estimate. */
uint64_t sketch_add(struct sketch *sketch, const void *key, size_t length, uint64_t amount);
uint64_t sketch_estimate(const struct sketch *sketch, const void *key, size_t length);
/* Halve everything: what is old counts less and less. */
void sketch_decay(struct sketch *sketch);
void sketch_reset(struct sketch *sketch);

struct heavy_key {
	uint8_t length;
	uint8_t bytes[SKETCH_KEY_MAX];
	uint64_t amount; /* the estimate */
};

/* The keys that had most, and about how much. */
struct heavy {
	struct sketch sketch;
	unsigned count, most; /* keys kept; at most HEAVY_MAX */
	struct heavy_key keys[HEAVY_MAX];
};

/* most: 1..HEAVY_MAX. ERROR_RANGE, ERROR_MEMORY. */
int heavy_init(
	struct heavy *heavy, unsigned most, uint32_t width, const struct hash_seed *seed);
void heavy_clear(struct heavy *heavy);
/* length: 1..SKETCH_KEY_MAX. */
void heavy_add(struct heavy *heavy, const void *key, size_t length, uint64_t amount);
void heavy_decay(struct heavy *heavy);
void heavy_reset(struct heavy *heavy);
/* The heaviest first; at most `most`. Gives how many. */
unsigned heavy_top(const struct heavy *heavy, unsigned most, struct heavy_key *ret_keys);

/*
 * A rate limit for each key, without a table of keys: the same rows of cells, each with the
 * instant at which its budget is full again (the generic cell rate algorithm, ITU-T I.371). A
 * key is over its rate only if all of its cells say so, and raises only those that lag: so a
 * key alone is held to its rate exactly, and one that shares a cell with a heavy one is not
 * harmed unless it shares all of them. Time itself empties it.
 */
struct buckets {
	struct hash_seed seed;
	uint32_t width;
	int64_t *full_ns;      /* SKETCH_ROWS rows */
	struct duration cost;  /* of one unit: a second by the rate */
	struct duration burst; /* how far ahead a key may run */
};

/* rate: units a second, 1..10^9; burst: units, at least 1. ERROR_RANGE, ERROR_MEMORY. */
int buckets_init(struct buckets *buckets, uint32_t width, uint64_t rate, uint64_t burst,
	const struct hash_seed *seed);
void buckets_clear(struct buckets *buckets);
/* True if the key may have so many units now; then they are taken. */
bool buckets_take(struct buckets *buckets, const void *key, size_t length, uint64_t units,
	struct instant now);

#endif
