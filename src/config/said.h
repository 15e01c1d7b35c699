/* SPDX-License-Identifier: Apache-2.0 */
/* What was said where: from a field of the configuration back to the node it was read from. */
#ifndef NEARCAST_CONFIG_SAID_H
#define NEARCAST_CONFIG_SAID_H

#include <stdbool.h>

#include "base/arena.h"
#include "config/tree.h"

struct said_entry {
	const void *target;
	const struct node *node;
	bool broken;
};

/* Zero-initialised is empty; arena is where it grows. */
struct said {
	struct arena *arena;
	struct said_entry *entries;
	size_t count, room; /* room is a power of two */
	bool incomplete; /* a syntax error hid a part of the input: what is missing may be there
			  */
};

/* 0 or ERROR_MEMORY. A target said again keeps its first node; broken sticks. */
int said_add(struct said *said, const void *target, const struct node *node, bool broken);
/* The node from which *target was read; NULL if it was not said. For a list, target is the
 * address of the struct's pointer, or of an item. */
const struct node *said_node(const struct said *said, const void *target);
/* True if it was said but could not be read: whoever reasons about it should keep silent. */
bool said_broken(const struct said *said, const void *target);

#endif
