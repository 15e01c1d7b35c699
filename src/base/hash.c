/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SipHash-1-3 and a chained hash table.
 *
 * Invariants:
 *  1. bucket_count is 0 or a power of two; every node hangs in bucket hash & (bucket_count - 1).
 *  2. count is the number of linked nodes.
 */
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define BUCKETS_MIN 16

struct sip {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate_left(uint64_t value, unsigned bits)
{
	return (value << bits) | (value >> (64 - bits));
}

static inline void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rotate_left(s->v1, 13) ^ s->v0;
	s->v0 = rotate_left(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotate_left(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotate_left(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotate_left(s->v1, 17) ^ s->v2;
	s->v2 = rotate_left(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	s->v0 ^= word;
}

uint64_t hash_bytes(const struct hash_seed *seed, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;
	size_t left = length;
	uint64_t word;
	struct sip s = {
		.v0 = seed->low ^ 0x736f6d6570736575u,
		.v1 = seed->high ^ 0x646f72616e646f6du,
		.v2 = seed->low ^ 0x6c7967656e657261u,
		.v3 = seed->high ^ 0x7465646279746573u,
	};

	for (; left >= 8; left -= 8, at += 8) {
		memcpy(&word, at, 8);
		sip_word(&s, word);
	}
	word = 0;
	if (left > 0)
		memcpy(&word, at, left);
	sip_word(&s, word | ((uint64_t)(length & 0xff) << 56));
	s.v2 ^= 0xff;
	sip_round(&s);
	sip_round(&s);
	sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

void hash_table_clear(struct hash_table *table)
{
	free(table->buckets);
	*table = (struct hash_table){ 0 };
}

static struct hash_node **bucket_of(const struct hash_table *table, uint64_t hash)
{
	return &table->buckets[hash & (table->bucket_count - 1)];
}

static struct hash_node *chain_find(struct hash_node *node, uint64_t hash)
{
	while (node != NULL && node->hash != hash)
		node = node->next;
	return node;
}

struct hash_node *hash_first(const struct hash_table *table, uint64_t hash)
{
	if (table->bucket_count == 0)
		return NULL;
	return chain_find(*bucket_of(table, hash), hash);
}

struct hash_node *hash_next(const struct hash_node *node)
{
	return chain_find(node->next, node->hash);
}

static int table_resize(struct hash_table *table, size_t bucket_count)
{
	struct hash_table resized = { .bucket_count = bucket_count, .count = table->count };

	resized.buckets = calloc(bucket_count, sizeof(struct hash_node *));
	if (resized.buckets == NULL)
		return ERROR_MEMORY;
	for (size_t i = 0; i < table->bucket_count; i++) {
		struct hash_node *next;

		for (struct hash_node *node = table->buckets[i]; node != NULL; node = next) {
			struct hash_node **bucket = bucket_of(&resized, node->hash);

			next = node->next;
			node->next = *bucket;
			*bucket = node;
		}
	}
	free(table->buckets);
	*table = resized;
	return 0;
}

int hash_insert(struct hash_table *table, struct hash_node *node, uint64_t hash)
{
	struct hash_node **bucket;

	if (table->bucket_count == 0) {
		if (table_resize(table, BUCKETS_MIN) != 0)
			return ERROR_MEMORY;
	} else if (table->count >= table->bucket_count) {
		/* A table that cannot grow still works, only slower. */
		(void)table_resize(table, table->bucket_count * 2);
	} else if (table->bucket_count > BUCKETS_MIN && table->count < table->bucket_count / 8) {
		(void)table_resize(table, table->bucket_count / 2);
	}
	node->hash = hash;
	bucket = bucket_of(table, hash);
	node->next = *bucket;
	*bucket = node;
	table->count++;
	return 0;
}

void hash_remove(struct hash_table *table, struct hash_node *node)
{
	struct hash_node **link = bucket_of(table, node->hash);

	while (*link != node)
		link = &(*link)->next;
	*link = node->next;
	node->next = NULL;
	table->count--;
}

struct hash_node *hash_iterate(const struct hash_table *table, struct hash_iterator *iterator)
{
	struct hash_node *node = iterator->next;

	while (node == NULL && iterator->bucket < table->bucket_count)
		node = table->buckets[iterator->bucket++];
	iterator->next = node == NULL ? NULL : node->next;
	return node;
}
