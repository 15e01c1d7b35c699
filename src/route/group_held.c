/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a group holds of each destination: its adj-RIB-out.
 *
 *     without ADD-PATH   sets[destination], sources[destination]: six bytes
 *     with ADD-PATH      lists[destination] --> slab: held_path, held_path ... ascending by id
 *
 * Invariants:
 *  1. Each route held has one reference to its set; group_family.count is their number.
 *  2. With ADD-PATH an identifier stands once in a list, and is below id_bound of its
 *     destination, which never falls: a member that missed messages may know any of these.
 *
 * RFC 7911 section 5.
 */
#include <stdlib.h>
#include <string.h>

#include "route/speaker_internal.h"

/* ---- Room. ---- */

/* NULL: no memory, the array is as it was. What is new is zero. */
static void *grown(void *array, uint32_t old, uint32_t room, size_t size)
{
	uint8_t *bytes = realloc(array, room * size);

	if (bytes != NULL)
		memset(bytes + old * size, 0, (room - old) * size);
	return bytes;
}

static int routes_grow(struct group_family *gf, uint32_t room)
{
	attribute_set *sets = grown(gf->sets, gf->room, room, sizeof(*sets));
	rib_source *sources = grown(gf->sources, gf->room, room, sizeof(*sources));

	if (sets != NULL)
		gf->sets = sets;
	if (sources != NULL)
		gf->sources = sources;
	return sets != NULL && sources != NULL ? 0 : ERROR_MEMORY;
}

static int lists_grow(struct group_family *gf, uint32_t room)
{
	uint32_t *lists = grown(gf->lists, gf->room, room, sizeof(*lists));
	uint16_t *lengths = grown(gf->lengths, gf->room, room, sizeof(*lengths));
	uint16_t *bounds = grown(gf->id_bound, gf->room, room, sizeof(*bounds));

	if (lists != NULL)
		gf->lists = lists;
	if (lengths != NULL)
		gf->lengths = lengths;
	if (bounds != NULL)
		gf->id_bound = bounds;
	return lists != NULL && lengths != NULL && bounds != NULL ? 0 : ERROR_MEMORY;
}

int group_family_reserve(struct group_family *gf, uint32_t bound)
{
	uint32_t room = gf->room + gf->room / 4;
	int r;

	if (bound <= gf->room)
		return 0;
	if (room < bound)
		room = bound;
	r = gf->add_path ? lists_grow(gf, room) : routes_grow(gf, room);
	if (r == 0)
		gf->room = room;
	return r;
}

void group_family_clear(struct group_family *gf, struct attribute_store *store)
{
	for (uint32_t d = 0; d < gf->room; d++)
		for (uint32_t i = group_held_count(gf, d); i-- > 0;)
			attribute_store_release(store, group_held_at(gf, d, i).set);
	bitmap_clear(&gf->changed);
	bitmap_clear(&gf->new);
	bitmap_clear(&gf->delayed);
	bitmap_clear(&gf->held_back);
	slab_clear(&gf->slab);
	free(gf->sets);
	free(gf->sources);
	free(gf->lists);
	free(gf->lengths);
	free(gf->id_bound);
	*gf = (struct group_family){ .add_path = gf->add_path };
}

/* ---- Looking. ---- */

static struct held_path *list_of(const struct group_family *gf, uint32_t destination)
{
	return gf->lengths[destination] == 0 ? NULL
					     : slab_at(&gf->slab, gf->lists[destination]);
}

struct held_path group_held_at(
	const struct group_family *gf, uint32_t destination, uint32_t index)
{
	if (gf->add_path)
		return list_of(gf, destination)[index];
	return (struct held_path){ gf->sets[destination], gf->sources[destination], 0 };
}

/* The first that is not below the identifier. */
static uint32_t list_find(const struct group_family *gf, uint32_t destination, uint16_t id)
{
	const struct held_path *list = list_of(gf, destination);
	uint32_t low = 0, high = gf->lengths[destination];

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (list[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool list_has(
	const struct group_family *gf, uint32_t destination, uint32_t at, uint16_t id)
{
	return at < gf->lengths[destination] && list_of(gf, destination)[at].id == id;
}

struct held_path group_held(const struct group_family *gf, uint32_t destination, uint16_t id)
{
	struct held_path nothing = { .id = id };
	uint32_t at;

	if (destination >= gf->room)
		return nothing;
	if (!gf->add_path)
		return group_held_at(gf, destination, 0);
	at = list_find(gf, destination, id);
	return list_has(gf, destination, at, id) ? list_of(gf, destination)[at] : nothing;
}

/* ---- Holding. ---- */

/* An object with room for so many; those before `at` keep their place, the others move by one.
 */
static int list_resize(
	struct group_family *gf, uint32_t destination, uint32_t at, uint32_t length)
{
	uint32_t old_length = gf->lengths[destination], old = gf->lists[destination];
	uint32_t object = SLAB_NONE;
	struct held_path *to;
	const struct held_path *from = list_of(gf, destination);

	if (length > 0) {
		object = slab_take(&gf->slab, length * sizeof(*to));
		if (object == SLAB_NONE)
			return ERROR_MEMORY;
		to = slab_at(&gf->slab, object);
		for (uint32_t i = 0; i < at; i++)
			to[i] = from[i];
		if (length > old_length)
			for (uint32_t i = at; i < old_length; i++)
				to[i + 1] = from[i];
		else
			for (uint32_t i = at + 1; i < old_length; i++)
				to[i - 1] = from[i];
	}
	if (old_length > 0)
		slab_give(&gf->slab, old);
	gf->lists[destination] = object;
	gf->lengths[destination] = (uint16_t)length;
	return 0;
}

/* Without memory for the shorter list, the longer one stays, but for its end. */
static void list_remove_at(struct group_family *gf, uint32_t destination, uint32_t at)
{
	uint32_t length = gf->lengths[destination];
	struct held_path *list = list_of(gf, destination);

	if (list_resize(gf, destination, at, length - 1) == 0)
		return;
	memmove(list + at, list + at + 1, (length - at - 1) * sizeof(*list));
	gf->lengths[destination] = (uint16_t)(length - 1);
}

static int list_put(struct group_family *gf, uint32_t destination, struct held_path path)
{
	uint32_t at = list_find(gf, destination, path.id);
	bool has = list_has(gf, destination, at, path.id);
	int r;

	if (path.set == ATTRIBUTE_SET_NONE) {
		if (has)
			list_remove_at(gf, destination, at);
		return 0;
	}
	if (!has) {
		r = list_resize(gf, destination, at, gf->lengths[destination] + 1u);
		if (r != 0)
			return r;
	}
	list_of(gf, destination)[at] = path;
	if (gf->id_bound[destination] <= path.id)
		gf->id_bound[destination] = (uint16_t)(path.id + 1);
	return 0;
}

static void own_change(struct group *group, enum bgp_family family, rib_source number, int by)
{
	const struct source *source = source_of(group->speaker, number);

	if (source != NULL && source->neighbor != NULL &&
		source->neighbor->member.group == group)
		source->neighbor->member.own[family] += (uint32_t)by;
}

int group_hold(struct group *group, enum bgp_family family, uint32_t destination,
	struct held_path path)
{
	struct group_family *gf = &group->families[family];
	struct attribute_store *store = &group->speaker->store;
	struct held_path before = group_held(gf, destination, path.id);

	attribute_store_hold(store, path.set);
	if (!gf->add_path) {
		gf->sets[destination] = path.set;
		gf->sources[destination] = path.source;
	} else if (list_put(gf, destination, path) != 0) {
		attribute_store_release(store, path.set);
		return ERROR_MEMORY;
	}
	if (before.set != ATTRIBUTE_SET_NONE) {
		own_change(group, family, before.source, -1);
		gf->local -= before.source == RIB_LOCAL;
		gf->count--;
	}
	if (path.set != ATTRIBUTE_SET_NONE) {
		own_change(group, family, path.source, 1);
		gf->local += path.source == RIB_LOCAL;
		gf->count++;
	}
	attribute_store_release(store, before.set);
	return 0;
}
