/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two-level bitmap. Invariants:
 *  1. Bit w of the summary is set exactly when words[w] is not zero.
 *  2. count is the number of set bits of all words.
 */
#include "base/bitmap.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define WORDS_MIN 16u

static uint32_t summary_words(uint32_t word_count)
{
	return (word_count + 63) / 64;
}

void bitmap_clear(struct bitmap *bitmap)
{
	free(bitmap->words);
	free(bitmap->summary);
	*bitmap = (struct bitmap){ 0 };
}

static uint64_t *words_grow(uint64_t *old, uint32_t count, uint32_t wanted)
{
	uint64_t *words = realloc(old, wanted * sizeof(*words));

	if (words != NULL)
		memset(words + count, 0, (wanted - count) * sizeof(*words));
	return words;
}

int bitmap_reserve(struct bitmap *bitmap, uint32_t bound)
{
	uint32_t needed = bound / 64 + (bound % 64 != 0);
	uint32_t wanted = bitmap->word_count + bitmap->word_count / 2;
	uint64_t *words;

	if (needed <= bitmap->word_count)
		return 0;
	if (wanted < needed)
		wanted = needed;
	if (wanted < WORDS_MIN)
		wanted = WORDS_MIN;
	words = words_grow(
		bitmap->summary, summary_words(bitmap->word_count), summary_words(wanted));
	if (words == NULL)
		return ERROR_MEMORY;
	bitmap->summary = words;
	words = words_grow(bitmap->words, bitmap->word_count, wanted);
	if (words == NULL)
		return ERROR_MEMORY;
	bitmap->words = words;
	bitmap->word_count = wanted;
	return 0;
}

int bitmap_set(struct bitmap *bitmap, uint32_t number)
{
	uint32_t word = number / 64;
	uint64_t bit = 1ull << (number % 64);

	if (word >= bitmap->word_count && bitmap_reserve(bitmap, number + 1) != 0)
		return ERROR_MEMORY;
	bitmap->count += (bitmap->words[word] & bit) == 0;
	bitmap->words[word] |= bit;
	bitmap->summary[word / 64] |= 1ull << (word % 64);
	return 0;
}

void bitmap_unset(struct bitmap *bitmap, uint32_t number)
{
	uint32_t word = number / 64;
	uint64_t bit = 1ull << (number % 64);

	if (!bitmap_has(bitmap, number))
		return;
	bitmap->count--;
	bitmap->words[word] &= ~bit;
	if (bitmap->words[word] == 0)
		bitmap->summary[word / 64] &= ~(1ull << (word % 64));
}

/* The least set bit of a row of words, from bit `from` on. */
static uint32_t next_in(const uint64_t *words, uint32_t count, uint32_t from)
{
	uint32_t word = from / 64;
	uint64_t rest;

	if (word >= count)
		return BITMAP_NONE;
	rest = words[word] & (UINT64_MAX << (from % 64));
	while (rest == 0) {
		if (++word == count)
			return BITMAP_NONE;
		rest = words[word];
	}
	return word * 64 + (uint32_t)__builtin_ctzll(rest);
}

uint32_t bitmap_next(const struct bitmap *bitmap, uint32_t from)
{
	uint32_t word = from / 64;
	uint64_t rest;

	if (word >= bitmap->word_count)
		return BITMAP_NONE;
	rest = bitmap->words[word] & (UINT64_MAX << (from % 64));
	if (rest == 0) {
		word = next_in(bitmap->summary, summary_words(bitmap->word_count), word + 1);
		if (word == BITMAP_NONE)
			return BITMAP_NONE;
		rest = bitmap->words[word];
	}
	return word * 64 + (uint32_t)__builtin_ctzll(rest);
}
