/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sketches, heavy keys, buckets.
 *
 * Invariants:
 *  1. An estimate is never below what was added (since the last decay).
 *  2. heavy.keys holds no key twice.
 *  3. A key that alone uses its cells is held to burst + rate * time exactly.
 *
 * The cell of each row comes from one hash, low + row * high (Kirsch and Mitzenmacher 2006).
 */
#include "balance/sketch.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define WIDTH_MIN 16u
#define WIDTH_MAX (1u << 24)

static int width_round(uint32_t width, uint32_t *ret_width)
{
	uint32_t power = WIDTH_MIN;

	if (width < WIDTH_MIN || width > WIDTH_MAX)
		return ERROR_RANGE;
	while (power < width)
		power *= 2;
	*ret_width = power;
	return 0;
}

static uint32_t cell_of(uint64_t hash, unsigned row, uint32_t width)
{
	uint32_t low = (uint32_t)hash, high = (uint32_t)(hash >> 32) | 1;

	return row * width + ((low + row * high) & (width - 1));
}

int sketch_init(struct sketch *sketch, uint32_t width, const struct hash_seed *seed)
{
	*sketch = (struct sketch){ .seed = *seed };
	if (width_round(width, &sketch->width) != 0)
		return ERROR_RANGE;
	sketch->cells = calloc((size_t)SKETCH_ROWS * sketch->width, sizeof(sketch->cells[0]));
	return sketch->cells == NULL ? ERROR_MEMORY : 0;
}

void sketch_clear(struct sketch *sketch)
{
	if (sketch == NULL)
		return;
	free(sketch->cells);
	sketch->cells = NULL;
}

static uint64_t estimate(const struct sketch *sketch, uint64_t hash)
{
	uint64_t least = UINT64_MAX;

	for (unsigned row = 0; row < SKETCH_ROWS; row++) {
		uint64_t cell = sketch->cells[cell_of(hash, row, sketch->width)];

		if (cell < least)
			least = cell;
	}
	return least;
}

uint64_t sketch_add(struct sketch *sketch, const void *key, size_t length, uint64_t amount)
{
	uint64_t hash = hash_bytes(&sketch->seed, key, length);
	uint64_t wanted = estimate(sketch, hash);

	if (__builtin_add_overflow(wanted, amount, &wanted))
		wanted = UINT64_MAX;
	if (__builtin_add_overflow(sketch->total, amount, &sketch->total))
		sketch->total = UINT64_MAX;
	for (unsigned row = 0; row < SKETCH_ROWS; row++) {
		uint64_t *cell = &sketch->cells[cell_of(hash, row, sketch->width)];

		if (*cell < wanted)
			*cell = wanted;
	}
	return wanted;
}

uint64_t sketch_estimate(const struct sketch *sketch, const void *key, size_t length)
{
	return estimate(sketch, hash_bytes(&sketch->seed, key, length));
}

void sketch_decay(struct sketch *sketch)
{
	for (size_t i = 0; i < (size_t)SKETCH_ROWS * sketch->width; i++)
		sketch->cells[i] /= 2;
	sketch->total /= 2;
}

void sketch_reset(struct sketch *sketch)
{
	memset(sketch->cells, 0,
		(size_t)SKETCH_ROWS * sketch->width * sizeof(sketch->cells[0]));
	sketch->total = 0;
}

/* ---- Heavy keys. ---- */

int heavy_init(struct heavy *heavy, unsigned most, uint32_t width, const struct hash_seed *seed)
{
	memset(heavy, 0, sizeof(*heavy));
	if (most == 0 || most > HEAVY_MAX)
		return ERROR_RANGE;
	heavy->most = most;
	return sketch_init(&heavy->sketch, width, seed);
}

void heavy_clear(struct heavy *heavy)
{
	if (heavy != NULL)
		sketch_clear(&heavy->sketch);
}

static struct heavy_key *key_find(struct heavy *heavy, const void *key, size_t length)
{
	for (unsigned i = 0; i < heavy->count; i++)
		if (heavy->keys[i].length == length &&
			memcmp(heavy->keys[i].bytes, key, length) == 0)
			return &heavy->keys[i];
	return NULL;
}

static struct heavy_key *key_lightest(struct heavy *heavy)
{
	struct heavy_key *lightest = &heavy->keys[0];

	for (unsigned i = 1; i < heavy->count; i++)
		if (heavy->keys[i].amount < lightest->amount)
			lightest = &heavy->keys[i];
	return lightest;
}

void heavy_add(struct heavy *heavy, const void *key, size_t length, uint64_t amount)
{
	uint64_t sum = sketch_add(&heavy->sketch, key, length, amount);
	struct heavy_key *place = key_find(heavy, key, length);

	if (place != NULL) {
		place->amount = sum;
		return;
	}
	if (length == 0 || length > SKETCH_KEY_MAX)
		return;
	if (heavy->count < heavy->most) {
		place = &heavy->keys[heavy->count++];
	} else {
		place = key_lightest(heavy);
		if (place->amount >= sum)
			return;
	}
	*place = (struct heavy_key){ .length = (uint8_t)length, .amount = sum };
	memcpy(place->bytes, key, length);
}

void heavy_decay(struct heavy *heavy)
{
	unsigned kept = 0;

	sketch_decay(&heavy->sketch);
	for (unsigned i = 0; i < heavy->count; i++) {
		heavy->keys[i].amount /= 2;
		if (heavy->keys[i].amount > 0)
			heavy->keys[kept++] = heavy->keys[i];
	}
	heavy->count = kept;
}

void heavy_reset(struct heavy *heavy)
{
	sketch_reset(&heavy->sketch);
	heavy->count = 0;
}

static int heavier_first(const void *a, const void *b)
{
	const struct heavy_key *one = a, *other = b;

	if (one->amount != other->amount)
		return one->amount > other->amount ? -1 : 1;
	return memcmp(one->bytes, other->bytes, sizeof(one->bytes));
}

unsigned heavy_top(const struct heavy *heavy, unsigned most, struct heavy_key *ret_keys)
{
	struct heavy_key sorted[HEAVY_MAX];
	unsigned count = heavy->count < most ? heavy->count : most;

	memcpy(sorted, heavy->keys, sizeof(sorted));
	qsort(sorted, heavy->count, sizeof(sorted[0]), heavier_first);
	memcpy(ret_keys, sorted, count * sizeof(sorted[0]));
	return count;
}

/* ---- Buckets. ---- */

int buckets_init(struct buckets *buckets, uint32_t width, uint64_t rate, uint64_t burst,
	const struct hash_seed *seed)
{
	*buckets = (struct buckets){ .seed = *seed };
	if (rate == 0 || rate > 1000000000 || burst == 0 || burst > 1000000000 ||
		width_round(width, &buckets->width) != 0)
		return ERROR_RANGE;
	buckets->cost.ns = 1000000000 / (int64_t)rate;
	buckets->burst.ns = buckets->cost.ns * (int64_t)burst;
	buckets->full_ns =
		calloc((size_t)SKETCH_ROWS * buckets->width, sizeof(buckets->full_ns[0]));
	return buckets->full_ns == NULL ? ERROR_MEMORY : 0;
}

void buckets_clear(struct buckets *buckets)
{
	if (buckets == NULL)
		return;
	free(buckets->full_ns);
	buckets->full_ns = NULL;
}

bool buckets_take(struct buckets *buckets, const void *key, size_t length, uint64_t units,
	struct instant now)
{
	uint64_t hash = hash_bytes(&buckets->seed, key, length);
	int64_t least = INT64_MAX, wanted;

	for (unsigned row = 0; row < SKETCH_ROWS; row++) {
		int64_t full = buckets->full_ns[cell_of(hash, row, buckets->width)];

		if (full < least)
			least = full;
	}
	if (least < now.ns)
		least = now.ns;
	if (__builtin_mul_overflow((int64_t)units, buckets->cost.ns, &wanted) ||
		__builtin_add_overflow(wanted, least, &wanted) ||
		wanted - now.ns > buckets->burst.ns)
		return false;
	for (unsigned row = 0; row < SKETCH_ROWS; row++) {
		int64_t *full = &buckets->full_ns[cell_of(hash, row, buckets->width)];

		if (*full < wanted)
			*full = wanted;
	}
	return true;
}
