/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing set of small numbers in two levels: a bit a number, and above that a bit a word
 * that is not zero, so that finding the few that are set among millions looks at few words.
 */
#ifndef NEARCAST_BASE_BITMAP_H
#define NEARCAST_BASE_BITMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BITMAP_NONE UINT32_MAX

/* Zero-initialised is the empty set. */
struct bitmap {
	uint64_t *words;   /* [word_count] */
	uint64_t *summary; /* a bit for each word */
	uint32_t word_count;
	uint32_t count; /* numbers in the set */
};

/* Frees the memory: the empty set. */
void bitmap_clear(struct bitmap *bitmap);
/* Room for the numbers below bound. 0 or ERROR_MEMORY (then nothing changed). */
int bitmap_reserve(struct bitmap *bitmap, uint32_t bound);
/* 0 or ERROR_MEMORY. */
int bitmap_set(struct bitmap *bitmap, uint32_t number);
void bitmap_unset(struct bitmap *bitmap, uint32_t number);
/* The least number in the set that is at least from; BITMAP_NONE: there is none. */
uint32_t bitmap_next(const struct bitmap *bitmap, uint32_t from);

static inline bool bitmap_has(const struct bitmap *bitmap, uint32_t number)
{
	return number / 64 < bitmap->word_count &&
	       ((bitmap->words[number / 64] >> (number % 64)) & 1) != 0;
}

#endif
