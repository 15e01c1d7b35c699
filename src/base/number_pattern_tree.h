/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a number pattern as a tree: between the parser and the automaton. */
#ifndef NEARCAST_BASE_NUMBER_PATTERN_TREE_H
#define NEARCAST_BASE_NUMBER_PATTERN_TREE_H

#include "base/arena.h"
#include "base/number_pattern.h"

enum number_node_kind {
	NUMBER_NODE_SET,    /* one number out of ranges */
	NUMBER_NODE_ROW,    /* children one after the other; none: nothing */
	NUMBER_NODE_CHOICE, /* one of the children */
	NUMBER_NODE_REPEAT, /* the child, minimum to maximum times */
};

#define NUMBER_REPEAT_FOREVER UINT32_MAX

struct number_node {
	enum number_node_kind kind;
	struct number_range *ranges; /* ascending, apart */
	size_t range_count;
	struct number_node *children, *last, *next;
	uint32_t minimum, maximum;
	bool from_start, to_end; /* a row at the top: ^ and $ */
};

/* A CHOICE of ROWs. Codes as number_pattern_new. */
int number_pattern_parse(const char *text, const struct number_names *names,
	struct arena *arena, struct number_node **ret_tree, struct error *error);

#endif
