/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups with ADD-PATH: from destinations to routes, each with its path identifier.
 *
 *     marked destination --what should be held, what is--> routes to tell, routes to withdraw
 *
 * Identifiers are those of the table (rib_route.out_id): a route keeps its own as long as it is
 * there, whatever becomes of the others. One that comes later may get the identifier of one
 * that went; to a member that replaces the other (RFC 7911 section 3).
 *
 * Invariants:
 *  1. Both lists ascend by identifier, so that they are compared in one walk.
 *  2. A destination whose routes found no memory or no room is marked again as a whole.
 */
#include "route/group_pack.h"

#include <stdlib.h>

#include "route/speaker_internal.h"

/* Routes in place of destinations, while they are found. */
struct paths {
	struct pack_item *items;
	uint32_t count, room;
};

/* NULL: no memory. */
static struct pack_item *path_add(struct paths *paths, uint32_t destination, uint16_t id)
{
	if (paths->count == paths->room) {
		uint32_t room = paths->room == 0 ? 64 : paths->room * 2;
		struct pack_item *items = realloc(paths->items, room * sizeof(*items));

		if (items == NULL)
			return NULL;
		paths->items = items;
		paths->room = room;
	}
	paths->items[paths->count] =
		(struct pack_item){ .destination = destination, .id = id & 0x7fffu };
	return &paths->items[paths->count++];
}

static void paths_take(struct pack *pack, const struct paths *paths)
{
	free(pack->items);
	pack->items = paths->items;
	pack->count = paths->count;
	if (pack->items == NULL) /* never NULL for whoever goes on with it */
		pack->items = malloc(sizeof(*pack->items));
	if (pack->items == NULL)
		pack->count = 0;
}

static void mark_again(struct pack *pack, uint32_t destination)
{
	struct group_family *gf = &pack->group->families[pack->family];
	struct bitmap *marks = group_holds(gf, destination) ? &gf->changed : &gf->new;

	if (bitmap_set(marks, destination) != 0)
		pack->group->lost = true;
}

/* ---- For a group. ---- */

/* Walks both lists by identifier. chosen or held is NULL where one has nothing. */
struct pair {
	struct held_path *chosen;
	struct held_path held;
	bool has_held;
};

static bool pair_next(const struct group_family *gf, uint32_t destination,
	const struct export_paths *chosen, uint32_t *c, uint32_t *h, struct pair *ret_pair)
{
	bool more_held = *h < group_held_count(gf, destination);
	struct pair pair = { 0 };

	if (*c < chosen->count)
		pair.chosen = &chosen->items[*c];
	if (more_held)
		pair.held = group_held_at(gf, destination, *h);
	pair.has_held = more_held && (pair.chosen == NULL || pair.held.id <= pair.chosen->id);
	if (more_held && pair.chosen != NULL && pair.held.id < pair.chosen->id)
		pair.chosen = NULL;
	*c += pair.chosen != NULL;
	*h += pair.has_held;
	*ret_pair = pair;
	return pair.chosen != NULL || pair.has_held;
}

static bool pair_same(const struct pair *pair)
{
	return pair->chosen != NULL && pair->has_held && pair->chosen->set == pair->held.set &&
	       pair->chosen->source == pair->held.source;
}

/* The differences become items, which take the references along. False: no memory. */
static bool differences(struct pack *pack, uint32_t destination,
	const struct export_paths *chosen, struct paths *paths)
{
	const struct group_family *gf = &pack->group->families[pack->family];
	bool over = group_limit_exceeded(pack->group, pack->family);
	uint32_t c = 0, h = 0;
	struct pair pair;

	while (pair_next(gf, destination, chosen, &c, &h, &pair)) {
		struct pack_item *item;

		if (pair_same(&pair) && !over)
			continue;
		item = path_add(paths, destination,
			pair.chosen != NULL ? pair.chosen->id : pair.held.id);
		if (item == NULL)
			return false;
		item->source = pair.chosen != NULL ? pair.chosen->source : pair.held.source;
		if (pair.chosen == NULL)
			continue;
		item->set = item->chosen = pair.chosen->set;
		pair.chosen->set = ATTRIBUTE_SET_NONE;
	}
	return true;
}

static void destination_choose(struct pack *pack, uint32_t destination, struct paths *paths)
{
	struct group *group = pack->group;
	uint32_t before = paths->count;
	struct export_paths chosen;

	if (paths->count >= PACK_ITEMS_MAX ||
		export_choose_paths(group, pack->family, destination, &chosen) != 0) {
		mark_again(pack, destination);
		return;
	}
	if (!differences(pack, destination, &chosen, paths)) {
		while (paths->count > before)
			attribute_store_release(
				&group->speaker->store, paths->items[--paths->count].chosen);
		mark_again(pack, destination);
	}
	export_paths_clear(group, &chosen);
	if (paths->count == before)
		pack_settle(group->speaker, pack->family, destination);
}

void pack_paths_choose(struct pack *pack)
{
	struct paths paths = { 0 };

	for (uint32_t i = 0; i < pack->count; i++)
		destination_choose(pack, pack->items[i].destination, &paths);
	paths_take(pack, &paths);
}

bool pack_paths_held(const struct group *group, enum bgp_family family, uint32_t destination)
{
	const struct group_family *gf = &group->families[family];
	struct export_paths chosen;
	uint32_t c = 0, h = 0;
	bool same = true;
	struct pair pair;

	if (export_choose_paths(group, family, destination, &chosen) != 0)
		return false;
	while (same && pair_next(gf, destination, &chosen, &c, &h, &pair))
		same = pair_same(&pair);
	export_paths_clear(group, &chosen);
	return same;
}

/* ---- For a member that catches up. ---- */

/* The member hears this route; else, if it may know another one by that identifier, that is
 * withdrawn. */
static bool id_look_up(
	struct pack *pack, uint32_t destination, struct held_path held, struct paths *paths)
{
	const struct neighbor *neighbor = pack->neighbor;
	struct pack_item *item;

	if (pack_is_member(pack->group, held.source) && held.source == neighbor->source->number)
		held.set = ATTRIBUTE_SET_NONE;
	if (held.set == ATTRIBUTE_SET_NONE && !neighbor->member.missed[pack->family])
		return true;
	item = path_add(paths, destination, held.id);
	if (item == NULL)
		return false;
	item->set = held.set;
	item->source = held.source;
	return true;
}

static bool destination_look_up(struct pack *pack, uint32_t destination, struct paths *paths)
{
	const struct group_family *gf = &pack->group->families[pack->family];
	const struct member *member = &pack->neighbor->member;
	uint32_t id = member->one_by_one[pack->family] ? member->one_from[pack->family] : 0;
	bool good = true;

	if (destination >= gf->room)
		return true;
	for (; good && id < gf->id_bound[destination]; id++)
		good = id_look_up(
			pack, destination, group_held(gf, destination, (uint16_t)id), paths);
	return good;
}

void pack_paths_look_up(struct pack *pack)
{
	struct bitmap *catch_up = &pack->neighbor->member.catch_up[pack->family];
	struct paths paths = { 0 };

	for (uint32_t i = 0; i < pack->count; i++) {
		uint32_t destination = pack->items[i].destination, before = paths.count;

		if (paths.count >= PACK_ITEMS_MAX ||
			!destination_look_up(pack, destination, &paths)) {
			paths.count = before;
			(void)bitmap_set(catch_up, destination); /* it was there before */
		} else if (paths.count == before) {
			pack_settle(pack->group->speaker, pack->family, destination);
		}
	}
	paths_take(pack, &paths);
}
