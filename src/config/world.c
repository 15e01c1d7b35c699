/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a world: the daemon's machinery with another root.
 *
 * Invariants:
 *  1. Every mistake is told in one go; with an error nothing is returned.
 *  2. Names are looked up by src/world, which knows what they may stand for.
 */
#include "config/world.h"

#include <stdlib.h>

#include "config/section.h"

static int read_world(struct reading *reading, struct config_world *world)
{
	const char **names = arena_take_array(&world->arena, 2, sizeof(*names));
	struct node *root = tree_read(&reading->tree, reading->sources);

	reading->arena = &world->arena;
	reading->file_names = names;
	if (names != NULL)
		names[0] = arena_string(&world->arena, reading->sources->name);
	if (root == NULL || names == NULL || names[0] == NULL)
		return ERROR_MEMORY;
	reading->said.incomplete = root->incomplete;
	section_defaults(reading, &schema_world, world);
	section_read(reading, &schema_world, root, world);
	if (reading->out_of_memory)
		return ERROR_MEMORY;
	if (reading->tree.diagnostics->error_count > 0 || root->incomplete)
		return 0;
	if (world->generate.networks == 0 && world->site_count == 0) {
		complain(reading, root, "the world has no sites");
		hint(reading,
			"write sites: { NAME: { city: ..., upstreams: { NETWORK: {} } } }");
	}
	if (world->generate.networks > 0 &&
		world->site_count + world->network_count + world->exchange_count > 0) {
		complain(reading, root, "the world is both made up and written down");
		hint(reading, "leave out generate, or networks, exchanges and sites");
	}
	return 0;
}

int config_world_read(const struct config_source *source, struct config_world **ret_world,
	struct config_diagnostics *diagnostics)
{
	struct arena scratch = { 0 };
	struct config_world *world = calloc(1, sizeof(*world));
	struct reading reading = {
		.sources = source,
		.root = &schema_world,
		.tree = { .arena = &scratch, .diagnostics = diagnostics },
		.said = { .arena = &scratch },
	};
	int result = world == NULL ? ERROR_MEMORY : read_world(&reading, world);

	if (result != 0)
		diagnose(diagnostics, CONFIG_ERROR, NULL, "out of memory");
	else if (diagnostics->error_count > 0)
		result = ERROR_MALFORMED;
	diagnostics_sort(diagnostics, source, 1);
	arena_clear(&scratch);
	if (result != 0) {
		config_world_free(world);
		return result;
	}
	*ret_world = world;
	return 0;
}

void config_world_free(struct config_world *world)
{
	if (world == NULL)
		return;
	arena_clear(&world->arena);
	free(world);
}
