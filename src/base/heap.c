/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binary heap. Invariants:
 *  1. nodes[i]->position == i for 1 <= i <= count.
 *  2. nodes[i / 2]->when <= nodes[i]->when.
 */
#include "base/heap.h"

#include <stdlib.h>

#include "base/error.h"

static void place(struct heap *heap, size_t position, struct heap_node *node)
{
	heap->nodes[position] = node;
	node->position = position;
}

static void sift_up(struct heap *heap, struct heap_node *node)
{
	size_t i = node->position;

	for (; i > 1 && instant_before(node->when, heap->nodes[i / 2]->when); i /= 2)
		place(heap, i, heap->nodes[i / 2]);
	place(heap, i, node);
}

static void sift_down(struct heap *heap, struct heap_node *node)
{
	size_t i = node->position;

	for (;;) {
		size_t child = 2 * i;

		if (child < heap->count &&
			instant_before(heap->nodes[child + 1]->when, heap->nodes[child]->when))
			child++;
		if (child > heap->count || !instant_before(heap->nodes[child]->when, node->when))
			break;
		place(heap, i, heap->nodes[child]);
		i = child;
	}
	place(heap, i, node);
}

void heap_clear(struct heap *heap)
{
	for (size_t i = 1; i <= heap->count; i++)
		heap->nodes[i]->position = 0;
	free(heap->nodes);
	*heap = (struct heap){ 0 };
}

int heap_reserve(struct heap *heap, size_t count)
{
	size_t room = heap->room == 0 ? 16 : heap->room;
	struct heap_node **nodes;

	while (room < count + 1) /* nodes[0] is unused */
		room *= 2;
	if (room == heap->room)
		return 0;
	nodes = realloc(heap->nodes, room * sizeof(nodes[0]));
	if (nodes == NULL)
		return ERROR_MEMORY;
	heap->nodes = nodes;
	heap->room = room;
	return 0;
}

int heap_set(struct heap *heap, struct heap_node *node, struct instant when)
{
	node->when = when;
	if (node->position == 0) {
		if (heap_reserve(heap, heap->count + 1) != 0)
			return ERROR_MEMORY;
		place(heap, ++heap->count, node);
	}
	sift_up(heap, node);
	sift_down(heap, node);
	return 0;
}

void heap_remove(struct heap *heap, struct heap_node *node)
{
	struct heap_node *last;
	size_t position = node->position;

	if (position == 0)
		return;
	node->position = 0;
	last = heap->nodes[heap->count--];
	if (last == node)
		return;
	place(heap, position, last);
	sift_up(heap, last);
	sift_down(heap, last);
}

struct heap_node *heap_first(const struct heap *heap)
{
	return heap->count == 0 ? NULL : heap->nodes[1];
}
