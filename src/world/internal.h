/* SPDX-License-Identifier: Apache-2.0 */
/* What building a world shares between its files. */
#ifndef NEARCAST_WORLD_INTERNAL_H
#define NEARCAST_WORLD_INTERNAL_H

#include "world/world.h"

struct world_builder {
	struct world *world;
	const struct config_world *file;
	const struct config_source *source;
	struct config_diagnostics *diagnostics;
	uint32_t *first;    /* [network_count + 1]: nodes of a network are first[i] .. */
	uint32_t *exchange; /* node of an exchange */
	uint32_t *site;     /* node of a site */
	int result;         /* ERROR_MEMORY or ERROR_FULL sticks */
};

/* Tell an error at a name. */
void world_complain(struct world_builder *b, const struct config_mark *mark, const char *name,
	const char *hint, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Nodes of everything that the file names; world_build's first step. */
void world_add_nodes(struct world_builder *b);
/* Links of all ties. */
void world_add_links(struct world_builder *b);
/* Loops of providers, networks that no announcement reaches. Only of a world without mistakes.
 */
void world_check(struct world_builder *b);

/* A made-up file. ERROR_MEMORY. */
int world_generate(const struct config_world *from, struct config_world **ret_made);

#endif
