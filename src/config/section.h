/* SPDX-License-Identifier: Apache-2.0 */
/* From a node of the tree into a struct, as the schema's rows say. */
#ifndef NEARCAST_CONFIG_SECTION_H
#define NEARCAST_CONFIG_SECTION_H

#include "config/said.h"
#include "config/schema.h"

/* One reading of a configuration. */
struct reading {
	const struct config_source *sources;
	const char *const *file_names; /* of the sources, in the configuration's arena */
	const struct schema_section *root;
	struct arena *arena; /* the configuration's */
	struct tree tree;    /* nodes, and where errors go */
	struct said said;
	size_t check_count; /* in the service being read */
	bool out_of_memory;
};

/* Set every field that has a constant default; base is zeroed. */
void section_defaults(
	struct reading *reading, const struct schema_section *section, void *base);

/* Fill base from a map. Every mistake is told; what could not be read keeps its default. */
void section_read(struct reading *reading, const struct schema_section *section,
	const struct node *map, void *base);

/* A list of checks, into an array that is CONFIG_CHECKS_MAX long at most. */
void checks_read(struct reading *reading, const struct schema_field *field,
	const struct node *node, void *base);

/* A new node's worth of struct config_mark. */
struct config_mark section_mark(const struct reading *reading, const struct place *place);

/* Tell an error at a node, or at its key. */
#define complain(reading, node, ...) \
	diagnose((reading)->tree.diagnostics, CONFIG_ERROR, &(node)->place, __VA_ARGS__)
#define hint(reading, ...) diagnose_hint((reading)->tree.diagnostics, __VA_ARGS__)

/* True for `key:` with nothing after it. */
static inline bool node_is_void(const struct node *node)
{
	return node->kind == NODE_SCALAR && !node->quoted && node->text[0] == '\0';
}

/* The key of a node if it has one, else the node: where to point for "something is missing". */
static inline const struct node *node_key(const struct node *node)
{
	return node->key == NULL ? node : node->key;
}

#endif
