/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting without getting in the way: what is measured is the daemon, so a prefix must cost
 * the receiver a few nanoseconds.
 *
 * Invariants:
 *  1. count is the number of prefixes that were added and not removed since.
 *  2. An IPv4 prefix is the bit 2^length + its first `length` bits: unique, and those of the
 *     lengths up to 24 lie in 4 MB.
 *  3. At least half of the hash table is free, so that every search ends.
 */
#include "prefix_set.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/error.h"

#define IPV4_BITS_SIZE  ((size_t)1 << 30) /* 2^33 bits */
#define IPV4_USUAL_SIZE ((size_t)1 << 22) /* of lengths up to 24 */

static void *reserve(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

int prefix_set_open(struct prefix_set *set, enum family family, size_t expected)
{
	size_t slots = 1024;

	memset(set, 0, sizeof(*set));
	set->family = family;
	if (family == FAMILY_IPV4) {
		set->bits = reserve(IPV4_BITS_SIZE);
		if (set->bits == NULL)
			return ERROR_MEMORY;
		/* Here, rather than at the first prefixes: 1000 page faults. */
		memset(set->bits, 0, IPV4_USUAL_SIZE);
		return 0;
	}
	while (slots < 2 * expected)
		slots *= 2;
	set->slots = calloc(slots, sizeof(*set->slots));
	set->slot_mask = slots - 1;
	return set->slots == NULL ? ERROR_MEMORY : 0;
}

void prefix_set_close(struct prefix_set *set)
{
	if (set->bits != NULL)
		munmap(set->bits, IPV4_BITS_SIZE);
	free(set->slots);
	memset(set, 0, sizeof(*set));
}

void prefix_set_clear(struct prefix_set *set)
{
	if (set->bits != NULL && set->count > 0) {
		memset(set->bits, 0, IPV4_USUAL_SIZE);
		madvise((uint8_t *)set->bits + IPV4_USUAL_SIZE, IPV4_BITS_SIZE - IPV4_USUAL_SIZE,
			MADV_DONTNEED);
	}
	if (set->slots != NULL)
		memset(set->slots, 0, (set->slot_mask + 1) * sizeof(*set->slots));
	set->count = set->slots_used = 0;
}

static void ipv4_mark(struct prefix_set *set, unsigned length, uint64_t address, bool add)
{
	uint64_t index = ((uint64_t)1 << length) + (address >> (32 - length));
	uint64_t *word = &set->bits[index / 64], bit = (uint64_t)1 << (index % 64);

	if (((*word & bit) != 0) == add)
		return;
	*word ^= bit;
	set->count += add ? 1 : (size_t)-1;
}

static bool ipv4_update(struct prefix_set *set, const uint8_t *at, const uint8_t *end, bool add)
{
	while (at < end) {
		unsigned length = *at++, size = (length + 7) / 8;
		uint64_t address = 0;

		if (length > 32 || (size_t)(end - at) < size)
			return false;
		for (unsigned i = 0; i < size; i++)
			address |= (uint64_t)at[i] << (24 - 8 * i);
		ipv4_mark(set, length, address, add);
		at += size;
	}
	return true;
}

/* Two prefixes with one fingerprint would count as one: 10^-7 for a million of them. */
static uint64_t fingerprint(unsigned length, const uint8_t bytes[16])
{
	uint64_t high, low;

	memcpy(&high, bytes, 8);
	memcpy(&low, bytes + 8, 8);
	high = (high + length * 0xd6e8feb86659fd93u) * 0x9e3779b97f4a7c15u;
	low = (low ^ (high >> 32) ^ high) * 0xbf58476d1ce4e5b9u;
	low = (low ^ (low >> 29)) * 0x94d049bb133111ebu;
	return (low ^ (low >> 32)) | 2;
}

static bool ipv6_mark(struct prefix_set *set, uint64_t print, bool add)
{
	size_t i = (print >> 8) & set->slot_mask;

	for (; set->slots[i] != 0; i = (i + 1) & set->slot_mask) {
		if ((set->slots[i] | 1) != (print | 1))
			continue;
		if ((set->slots[i] & 1) != add) {
			set->slots[i] ^= 1;
			set->count += add ? 1 : (size_t)-1;
		}
		return true;
	}
	if (!add)
		return true;
	if (2 * set->slots_used > set->slot_mask)
		return false;
	set->slots_used++;
	set->slots[i] = print | 1;
	set->count++;
	return true;
}

static bool ipv6_update(struct prefix_set *set, const uint8_t *at, const uint8_t *end, bool add)
{
	while (at < end) {
		unsigned length = *at++, size = (length + 7) / 8;
		uint8_t bytes[16] = { 0 };

		if (length > 128 || (size_t)(end - at) < size)
			return false;
		memcpy(bytes, at, size);
		if (!ipv6_mark(set, fingerprint(length, bytes), add))
			return false;
		at += size;
	}
	return true;
}

bool prefix_set_update(struct prefix_set *set, const uint8_t *at, const uint8_t *end, bool add)
{
	return set->family == FAMILY_IPV4 ? ipv4_update(set, at, end, add)
					  : ipv6_update(set, at, end, add);
}
