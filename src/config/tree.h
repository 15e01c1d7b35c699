/* SPDX-License-Identifier: Apache-2.0 */
/* YAML text as a tree of nodes that know where they stand. No typing: a scalar is its text. */
#ifndef NEARCAST_CONFIG_TREE_H
#define NEARCAST_CONFIG_TREE_H

#include "config/diagnostic.h"

#define TREE_DEPTH_MAX 32
#define TREE_KEYS_MAX  4096   /* in one map */
#define TREE_NODES_MAX 262144 /* in all sources together */

enum node_kind {
	NODE_SCALAR,
	NODE_LIST,
	NODE_MAP,
	NODE_BAD, /* something was wrong and has been said */
};

struct node {
	enum node_kind kind;
	struct place place;
	bool quoted;      /* a scalar in quotes or a block scalar: an empty one is meant */
	bool folded;      /* a plain scalar over several lines */
	bool incomplete;  /* a syntax error cut it: do not ask for what is missing */
	const char *text; /* of a scalar */
	uint32_t hash;    /* of text */
	struct node *key; /* in a map: the scalar that names this node; else NULL */
	struct node *children, *last, *next;
	size_t child_count;
};

struct tree {
	struct arena *arena; /* owns the nodes */
	struct config_diagnostics *diagnostics;
	size_t node_count;
};

/*
 * The root of a source: a map (empty if the source is), or NULL if there is no memory. Syntax
 * errors are told and reading goes on at the next line that begins a top-level key. Tags,
 * anchors, aliases, further documents, duplicate keys, and too deep or too many nodes are
 * errors.
 */
struct node *tree_read(struct tree *tree, const struct config_source *source);

struct node *tree_new_node(struct tree *tree, enum node_kind kind, const struct place *place);
/* Appends to a list or a map. */
void node_append(struct node *parent, struct node *child);
/* NULL if there is none. */
struct node *node_find(const struct node *map, const char *key);

/* A copy of the source's text in which every byte that is no UTF-8 or no printable character is
 * a '?', after an error was told for it: so that the parser can read on. NULL: no memory. */
const char *tree_clean(struct tree *tree, const struct config_source *source);

/* Says what libyaml did not like. open is the innermost open bracket (line 0 if there is none;
 * its source is set in any case), chunk_line how many lines came before what was read. Returns
 * the line, 1-based, from which to go on. */
struct yaml_parser_s;
uint32_t tree_explain(struct tree *tree, const struct yaml_parser_s *parser,
	const struct place *open, uint32_t chunk_line);

#endif
