/* SPDX-License-Identifier: Apache-2.0 */
/* An intrusive binary min-heap of deadlines: the timers of pure code. */
#ifndef NEARCAST_BASE_HEAP_H
#define NEARCAST_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/instant.h"

/* Embed in what waits. position is 1-based; 0 means "not in a heap". */
struct heap_node {
	struct instant when;
	size_t position;
};

/* Owns its array, never the nodes. Zero-initialised is an empty heap. */
struct heap {
	struct heap_node **nodes; /* nodes[0] is unused */
	size_t count, room;
};

void heap_clear(struct heap *heap);
/* Insert, or move if it is already in. 0 or ERROR_MEMORY. */
int heap_set(struct heap *heap, struct heap_node *node, struct instant when);
/* Make room for so many nodes in all: up to then heap_set cannot fail. 0 or ERROR_MEMORY. */
int heap_reserve(struct heap *heap, size_t count);
/* Harmless if the node is not in. */
void heap_remove(struct heap *heap, struct heap_node *node);
/* The earliest node, or NULL. */
struct heap_node *heap_first(const struct heap *heap);

#endif
