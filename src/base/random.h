/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random numbers for jitter and tests: splitmix64 (Steele, Lea, Flood 2014). The seed comes in as
 * an argument, so every run can be repeated. Not for secrets.
 */
#ifndef NEARCAST_BASE_RANDOM_H
#define NEARCAST_BASE_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t state;
};

static inline uint64_t random_u64(struct random *random)
{
	uint64_t z = (random->state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* Uniform in [0, bound); bound > 0 (Lemire 2019, without the rejection: bias below 2^-32 for
 * bounds below 2^32). */
static inline uint32_t random_below(struct random *random, uint32_t bound)
{
	return (uint32_t)(((random_u64(random) >> 32) * (uint64_t)bound) >> 32);
}

#endif
