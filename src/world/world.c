/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building a world, and finding things in it.
 *
 * Invariants:
 *  1. Every mistake is told at once, with its place; with an error nothing is returned.
 *  2. The same file gives the same world, to the last address.
 */
#include "world/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/diagnostic.h"
#include "world/internal.h"

#define DEFAULT_ADDRESS 0xc6336435u /* 198.51.100.53 */

void world_complain(struct world_builder *b, const struct config_mark *mark, const char *name,
	const char *hint, const char *format, ...)
{
	const struct place place = { b->source, mark->line, mark->column,
		(uint32_t)strlen(name) };
	va_list list;

	va_start(list, format);
	diagnose_list(b->diagnostics, CONFIG_ERROR, &place, format, list);
	va_end(list);
	if (hint[0] != '\0' && strchr(hint, ' ') == NULL)
		diagnose_hint(b->diagnostics, "did you mean %s?", hint);
	else if (hint[0] != '\0')
		diagnose_hint(b->diagnostics, "%s", hint);
}

/* ---- Room ---- */

static size_t count_nodes(const struct config_world *file)
{
	size_t count = file->exchange_count + file->site_count;

	for (size_t i = 0; i < file->network_count; i++)
		count += file->networks[i].city_count > 0 ? file->networks[i].city_count : 1;
	return count;
}

static size_t count_links(const struct config_world *file)
{
	size_t count = 0;

	for (size_t i = 0; i < file->network_count; i++) {
		const struct config_world_network *network = &file->networks[i];
		size_t cities = network->city_count;

		count += cities * cities;
		count += (network->provider_count + network->peer_count) *
			 (cities > 1 ? cities : 1);
	}
	for (size_t i = 0; i < file->exchange_count; i++)
		count += file->exchanges[i].member_count;
	for (size_t i = 0; i < file->site_count; i++)
		count += file->sites[i].upstream_count;
	return count;
}

static int take_room(struct world_builder *b, size_t nodes, size_t links)
{
	struct world *world = b->world;
	struct arena *arena = &world->arena;

	if (nodes > WORLD_NODES_MAX || links > WORLD_LINKS_MAX)
		return ERROR_FULL;
	world->nodes = arena_take_array(arena, nodes + 1, sizeof(*world->nodes));
	world->links = arena_take_array(arena, links + 1, sizeof(*world->links));
	b->first = arena_take_array(arena, b->file->network_count + 2, sizeof(*b->first));
	b->exchange =
		arena_take_array(arena, b->file->exchange_count + 1, sizeof(*b->exchange));
	b->site = arena_take_array(arena, b->file->site_count + 1, sizeof(*b->site));
	if (world->nodes == NULL || world->links == NULL || b->first == NULL ||
		b->exchange == NULL || b->site == NULL)
		return ERROR_MEMORY;
	world->node_room = (uint32_t)nodes;
	world->link_room = (uint32_t)links;
	return 0;
}

/* ---- Building ---- */

static uint32_t ipv4_of(const uint8_t bytes[])
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static void set_service(struct world *world, const struct config_world *file)
{
	world->address =
		file->address_count > 0 ? ipv4_of(file->addresses[0].bytes) : DEFAULT_ADDRESS;
	world->announced = world->address & ~0xffu;
	world->announced_length = 24;
	if (file->announce_count > 0) {
		world->announced = ipv4_of(file->announce[0].address.bytes);
		world->announced_length = file->announce[0].length;
	}
}

static int build(struct world_builder *b)
{
	struct world *world = b->world;
	int result = 0;

	if (b->file->generate.networks > 0) {
		result = world_generate(b->file, &world->made);
		b->file = world->made;
	}
	if (result == 0)
		result = take_room(b, count_nodes(b->file), count_links(b->file));
	if (result != 0)
		return result;
	world->file = b->file;
	world->network_count = (uint32_t)b->file->network_count;
	world->site_count = (uint32_t)b->file->site_count;
	world->bfd = b->file->bfd;
	world->bfd_interval_ns = (uint64_t)b->file->bfd_interval.ns;
	world->bfd_multiplier = b->file->bfd_multiplier;
	world->hold_ns = (uint64_t)b->file->hold_time.ns;
	set_service(world, b->file);
	world_add_nodes(b);
	if (b->diagnostics->error_count == 0 && b->result == 0)
		world_add_links(b);
	if (b->diagnostics->error_count == 0 && b->result == 0)
		world_check(b);
	return b->result;
}

int world_build(const struct config_world *file, const struct config_source *source,
	struct world **ret_world, struct config_diagnostics *diagnostics)
{
	struct world_builder b = {
		.world = calloc(1, sizeof(*b.world)),
		.file = file,
		.source = source,
		.diagnostics = diagnostics,
	};
	int result = b.world == NULL ? ERROR_MEMORY : build(&b);

	if (result == ERROR_FULL)
		diagnose(diagnostics, CONFIG_ERROR, NULL,
			"the world is too large: at most %u nodes and %u links",
			WORLD_NODES_MAX, WORLD_LINKS_MAX);
	else if (result != 0)
		diagnose(diagnostics, CONFIG_ERROR, NULL, "out of memory");
	else if (diagnostics->error_count > 0)
		result = ERROR_MALFORMED;
	diagnostics_sort(diagnostics, source, 1);
	if (result != 0) {
		world_free(b.world);
		return result;
	}
	*ret_world = b.world;
	return 0;
}

void world_free(struct world *world)
{
	if (world == NULL)
		return;
	config_world_free(world->made);
	arena_clear(&world->arena);
	free(world);
}

/* ---- Finding ---- */

uint32_t world_node_find(const struct world *world, const char *name)
{
	for (uint32_t i = 0; i < world->node_count; i++)
		if (strcmp(world->nodes[i].name, name) == 0)
			return i;
	return WORLD_NONE;
}

uint32_t world_link_find(const struct world *world, const char *name)
{
	char text[2 * WORLD_NAME_MAX + 2];

	for (uint32_t i = 0; i < world->link_count; i++)
		if (strcmp(world->links[i].name, name) == 0)
			return i;
	for (uint32_t i = 0; i < world->link_count; i++) {
		snprintf(text, sizeof(text), "%s-%s",
			world->nodes[world->links[i].node[1]].name,
			world->nodes[world->links[i].node[0]].name);
		if (strcmp(text, name) == 0)
			return i;
	}
	return WORLD_NONE;
}

const char *world_closest(const struct world *world, const char *name)
{
	const char *best = NULL;
	unsigned nearest = 3;

	for (uint32_t i = 0; i < world->node_count; i++) {
		unsigned distance = text_distance(world->nodes[i].name, name, nearest);

		if (distance < nearest) {
			nearest = distance;
			best = world->nodes[i].name;
		}
	}
	return best;
}

const char *world_address(uint32_t address, char text[WORLD_ADDRESS_MAX])
{
	snprintf(text, WORLD_ADDRESS_MAX, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
		address >> 8 & 255, address & 255);
	return text;
}
