/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keyed hashing and an intrusive hash table. Keys that a peer can choose must be hashed with a
 * random seed (SipHash-1-3, Aumasson and Bernstein 2012), so that nobody can aim at one bucket.
 */
#ifndef NEARCAST_BASE_HASH_H
#define NEARCAST_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hash_seed {
	uint64_t low, high;
};

uint64_t hash_bytes(const struct hash_seed *seed, const void *bytes, size_t length);

struct hash_node {
	struct hash_node *next;
	uint64_t hash;
};

/* Separate chaining over a power of two of buckets; grows at a load of one, shrinks at 1/8.
 * Owns its bucket array, never the nodes. Zero-initialised is an empty table. */
struct hash_table {
	struct hash_node **buckets;
	size_t bucket_count;
	size_t count;
};

void hash_table_clear(struct hash_table *table); /* frees the buckets, forgets the nodes */

/* The first node with this hash, or NULL; go on with hash_next. The caller compares keys. */
struct hash_node *hash_first(const struct hash_table *table, uint64_t hash);
struct hash_node *hash_next(const struct hash_node *node);

/* Sets node->hash. 0 or ERROR_MEMORY (then nothing changed). Does not look for duplicates. */
int hash_insert(struct hash_table *table, struct hash_node *node, uint64_t hash);
/* node must be in the table. */
void hash_remove(struct hash_table *table, struct hash_node *node);

/* Iterate over all nodes in no particular order; the body may remove the current node (a removal
 * never rebuckets). `struct hash_iterator i = { 0 }; while ((n = hash_iterate(&t, &i)) != NULL)` */
struct hash_iterator {
	size_t bucket;
	struct hash_node *next;
};
struct hash_node *hash_iterate(const struct hash_table *table, struct hash_iterator *iterator);

#endif
