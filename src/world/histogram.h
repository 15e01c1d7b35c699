/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A histogram of non-negative numbers (nanoseconds, mostly) with a bounded relative error: each
 * power of two is cut into HISTOGRAM_STEPS equal buckets, numbers below that are exact (the
 * layout of HdrHistogram, Tene 2012).
 *
 * A quantile is off by at most 1/128 (0.8 %) of its value; the least and the greatest are
 * exact.
 */
#ifndef NEARCAST_WORLD_HISTOGRAM_H
#define NEARCAST_WORLD_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_STEP_BITS 6
#define HISTOGRAM_STEPS     (1u << HISTOGRAM_STEP_BITS)
#define HISTOGRAM_TOP_BIT   41 /* numbers of 2^42 (73 minutes in ns) and more share a bucket */
#define HISTOGRAM_BUCKETS   ((HISTOGRAM_TOP_BIT - HISTOGRAM_STEP_BITS + 2) * HISTOGRAM_STEPS)

/* Zero-initialised is empty. Owns nothing. */
struct histogram {
	uint32_t buckets[HISTOGRAM_BUCKETS]; /* stop at UINT32_MAX */
	uint64_t count, sum;
	uint64_t least, greatest; /* 0 if empty */
};

void histogram_clear(struct histogram *histogram);
void histogram_add(struct histogram *histogram, uint64_t value);
/* Add all of other to histogram. */
void histogram_merge(struct histogram *histogram, const struct histogram *other);
/* The smallest number that at least permille / 1000 of all numbers do not exceed (nearest
 * rank); permille 0..1000, 500 is the median. 0 if empty. */
uint64_t histogram_quantile(const struct histogram *histogram, unsigned permille);
/* Rounded down; 0 if empty. */
uint64_t histogram_mean(const struct histogram *histogram);

#endif
