/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Histograms in log-linear buckets.
 *
 *     value   0 1 .. 63 | 64 65 .. 127 | 128-129 130-131 .. | 256-259 ..
 *     bucket  0 1 .. 63 | 64 65 .. 127 | 128     129     .. | 192     ..
 *
 * Invariants:
 *  1. bucket_of rises with its argument; a bucket holds numbers that differ by less than 1/64.
 *  2. least <= every quantile <= greatest.
 */
#include "world/histogram.h"

#include <string.h>

static unsigned bucket_of(uint64_t value)
{
	unsigned top, shift;

	if (value < HISTOGRAM_STEPS)
		return (unsigned)value;
	top = 63u - (unsigned)__builtin_clzll(value);
	if (top > HISTOGRAM_TOP_BIT)
		return HISTOGRAM_BUCKETS - 1;
	shift = top - HISTOGRAM_STEP_BITS;
	return (shift + 1) * HISTOGRAM_STEPS + (unsigned)(value >> shift) - HISTOGRAM_STEPS;
}

/* The middle of the bucket: no number in it is further than 1/128 away. */
static uint64_t bucket_value(unsigned bucket)
{
	unsigned shift;
	uint64_t first;

	if (bucket < HISTOGRAM_STEPS)
		return bucket;
	shift = bucket / HISTOGRAM_STEPS - 1;
	first = (uint64_t)(HISTOGRAM_STEPS + bucket % HISTOGRAM_STEPS) << shift;
	return first + (((uint64_t)1 << shift) - 1) / 2;
}

void histogram_clear(struct histogram *histogram)
{
	memset(histogram, 0, sizeof(*histogram));
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
	uint32_t *bucket = &histogram->buckets[bucket_of(value)];

	if (*bucket != UINT32_MAX)
		++*bucket;
	if (histogram->count == 0 || value < histogram->least)
		histogram->least = value;
	if (value > histogram->greatest)
		histogram->greatest = value;
	histogram->count++;
	if (__builtin_add_overflow(histogram->sum, value, &histogram->sum))
		histogram->sum = UINT64_MAX;
}

void histogram_merge(struct histogram *histogram, const struct histogram *other)
{
	if (other->count == 0)
		return;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (__builtin_add_overflow(
			    histogram->buckets[i], other->buckets[i], &histogram->buckets[i]))
			histogram->buckets[i] = UINT32_MAX;
	}
	if (histogram->count == 0 || other->least < histogram->least)
		histogram->least = other->least;
	if (other->greatest > histogram->greatest)
		histogram->greatest = other->greatest;
	histogram->count += other->count;
	if (__builtin_add_overflow(histogram->sum, other->sum, &histogram->sum))
		histogram->sum = UINT64_MAX;
}

static uint64_t clamp(const struct histogram *histogram, uint64_t value)
{
	if (value < histogram->least)
		return histogram->least;
	return value > histogram->greatest ? histogram->greatest : value;
}

uint64_t histogram_quantile(const struct histogram *histogram, unsigned permille)
{
	/* The remainder apart, so that no count overflows. */
	uint64_t rank = histogram->count / 1000 * permille +
			(histogram->count % 1000 * permille + 999) / 1000;
	uint64_t passed = 0;

	if (rank <= 1)
		return histogram->least;
	if (rank >= histogram->count)
		return histogram->greatest;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		passed += histogram->buckets[i];
		if (passed >= rank)
			return clamp(histogram, bucket_value(i));
	}
	return histogram->greatest;
}

uint64_t histogram_mean(const struct histogram *histogram)
{
	return histogram->count == 0 ? 0 : histogram->sum / histogram->count;
}
