/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From marks to messages: prefixes with the same attributes share them.
 *
 *     marks --choose--> items {destination, set, source} --order by set--> messages
 *
 * The same is done for a group (into a chunk, and the group holds it from then on) and for a
 * member that catches up (into its output, with what the group holds already).
 *
 * Invariants:
 *  1. A destination is unmarked exactly when it was told, or need not be.
 *  2. Withdrawals come first: nobody holds two routes where one is to go.
 *  3. The neighbour that said a route never hears it; if it held another one for the prefix,
 *     that is withdrawn from it.
 *
 * A set of attributes that fits into no message is never sent: its prefixes are withdrawn.
 */
#include <stdlib.h>
#include <string.h>

#include "route/group_pack.h"
#include "route/speaker_internal.h"

#define CHUNK_LENGTH (512u * 1024) /* bytes after which no message is begun */

/* ---- Marks. ---- */

/* Takes numbers out of the marks, going round from *at, until there are `most` items. */
static void marks_take(struct bitmap *marks, uint32_t *at, uint32_t most, struct pack *pack)
{
	while (marks->count > 0 && pack->count < most) {
		uint32_t number = bitmap_next(marks, *at);

		if (number == BITMAP_NONE) {
			*at = 0;
			continue;
		}
		bitmap_unset(marks, number);
		*at = number + 1;
		pack->items[pack->count++] = (struct pack_item){ .destination = number };
	}
}

static bool pack_begin(struct pack *pack, uint32_t marked)
{
	uint32_t room = marked < PACK_ITEMS_MAX ? marked : PACK_ITEMS_MAX;

	pack->count = 0;
	pack->items = malloc((room + 1) * sizeof(*pack->items));
	return pack->items != NULL;
}

/* ---- Order. ---- */

struct run {
	uint64_t key;
	uint32_t first, count;
};

static int run_compare(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

static uint64_t item_key(const struct pack_item *item)
{
	return (uint64_t)item->set << 16 | item->source;
}

static uint32_t runs_find(const struct pack *pack, struct run *runs)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < pack->count; i++) {
		uint64_t key = item_key(&pack->items[i]);

		if (count > 0 && runs[count - 1].key == key)
			runs[count - 1].count++;
		else
			runs[count++] = (struct run){ key, i, 1 };
	}
	return count;
}

/* Withdrawals first (their set is none, 0), then set by set. What arrived together mostly is
 * together already: runs are sorted, not items. Without memory the order stays as it is. */
static void items_order(struct pack *pack)
{
	struct run *runs = malloc((pack->count + 1) * sizeof(*runs));
	struct pack_item *items = malloc((pack->count + 1) * sizeof(*items));
	uint32_t run_count, at = 0;

	if (runs == NULL || items == NULL)
		goto out;
	run_count = runs_find(pack, runs);
	qsort(runs, run_count, sizeof(*runs), run_compare);
	for (uint32_t i = 0; i < run_count; i++) {
		memcpy(items + at, pack->items + runs[i].first, runs[i].count * sizeof(*items));
		at += runs[i].count;
	}
	memcpy(pack->items, items, pack->count * sizeof(*items));
out:
	free(runs);
	free(items);
}

/* ---- Into a chunk. ---- */

bool pack_is_member(const struct group *group, rib_source number)
{
	const struct source *source = source_of(group->speaker, number);

	return number != RIB_LOCAL && source != NULL && source->neighbor != NULL &&
	       source->neighbor->member.group == group;
}

static bool chunk_grow(struct chunk *chunk, size_t more)
{
	size_t room = chunk->room == 0 ? more : chunk->room * 2;
	uint8_t *bytes;

	if (chunk->room - chunk->length >= more)
		return true;
	if (room - chunk->length < more)
		room = chunk->length + more;
	bytes = realloc(chunk->bytes, room);
	if (bytes == NULL)
		return false;
	chunk->bytes = bytes;
	chunk->room = room;
	return true;
}

static bool part_grow(struct chunk *chunk)
{
	uint32_t room = chunk->part_room == 0 ? 8 : chunk->part_room * 2;
	struct chunk_part *parts;

	if (chunk->part_count < chunk->part_room)
		return true;
	parts = realloc(chunk->parts, room * sizeof(*parts));
	if (parts == NULL)
		return false;
	chunk->parts = parts;
	chunk->part_room = room;
	return true;
}

/* The message behind chunk->length is for these readers. Room for a part was made before. */
static void part_add(struct chunk *chunk, uint32_t length, uint32_t prefixes, rib_source only,
	rib_source except)
{
	struct chunk_part *last =
		chunk->part_count == 0 ? NULL : &chunk->parts[chunk->part_count - 1];

	if (last == NULL || last->only != only || last->except != except) {
		last = &chunk->parts[chunk->part_count++];
		*last = (struct chunk_part){ .only = only, .except = except };
	}
	last->length += length;
	last->prefixes += prefixes;
	chunk->length += length;
}

static bool own_add(struct chunk *chunk, const struct prefix *prefix, bool announced)
{
	if (chunk->own_count == chunk->own_room) {
		uint32_t room = chunk->own_room == 0 ? 4 : chunk->own_room * 2;
		struct chunk_own *own = realloc(chunk->own, room * sizeof(*own));

		if (own == NULL)
			return false;
		chunk->own = own;
		chunk->own_room = room;
	}
	chunk->own[chunk->own_count++] = (struct chunk_own){ *prefix, announced };
	return true;
}

/* ---- Messages. ---- */

/* How many items from `first` on share set and source, as keys. */
static uint32_t keys_collect(struct pack *pack, uint32_t first)
{
	const struct rib *rib = &pack->group->speaker->ribs[pack->family];
	const struct pack_item *items = pack->items;
	uint32_t count = 0;

	for (uint32_t i = first; i < pack->count && count < PACK_KEYS_MAX; i++) {
		if (item_key(&items[i]) != item_key(&items[first]))
			break;
		pack->keys[count] = (struct bgp_route_key){
			.prefix = rib_prefix(rib, items[i].destination),
			.path_id = items[i].id + 1u,
		};
		if (bgp_family_is_flowspec(pack->family))
			pack->keys[count].rule = flow_rule(
				pack->group->speaker, pack->family, items[i].destination);
		count++;
	}
	return count;
}

static int message_write(struct pack *pack, struct writer *w, const struct pack_item *item,
	uint32_t count, size_t *ret_written)
{
	const struct group *group = pack->group;
	struct export_choice choice = { item->set, item->source };
	struct bgp_attributes attributes;
	int r;

	*ret_written = 0;
	if (item->set == ATTRIBUTE_SET_NONE)
		return bgp_withdraw_write(
			w, &group->key.context, pack->family, pack->keys, count, ret_written);
	r = export_dress(group, pack->family, choice, &attributes);
	if (r == 0)
		r = bgp_update_write(w, &group->key.context, pack->family, &attributes,
			pack->keys, count, ret_written);
	arena_reset(&group->speaker->scratch);
	return r;
}

/* The group holds what was written, and the chunk remembers what the host must hear. */
static void written_hold(struct pack *pack, uint32_t first, size_t written)
{
	struct group *group = pack->group;
	const struct group_family *gf = &group->families[pack->family];
	struct chunk *chunk = pack->chunk;

	for (size_t i = 0; i < written; i++) {
		struct pack_item *item = &pack->items[first + i];
		struct held_path before = group_held(gf, item->destination, item->id);
		struct held_path path = { item->set, item->source, item->id };
		bool held = before.set != ATTRIBUTE_SET_NONE;
		bool announced = item->set != ATTRIBUTE_SET_NONE;

		/* Of prefixes the host is told; it has asked for the rules itself. */
		if (!bgp_family_is_flowspec(pack->family) &&
			(announced ? item->source == RIB_LOCAL
				   : held && before.source == RIB_LOCAL))
			(void)own_add(chunk, &pack->keys[i].prefix, announced);
		/* Without memory it is as if it had not been told: it is chosen again. */
		if (group_hold(group, pack->family, item->destination, path) != 0)
			group->lost = true;
		chunk->destinations[chunk->destination_count++] = item->destination;
		item->done = true;
	}
}

/* What these had of others is withdrawn from the member that says the new routes. */
static void source_withdraw(struct pack *pack, uint32_t first, size_t count)
{
	const struct group_family *gf = &pack->group->families[pack->family];
	rib_source source = pack->items[first].source;
	struct bgp_route_key keys[PACK_KEYS_MAX];
	size_t kept = 0, written;
	struct writer w;

	for (size_t i = 0; i < count; i++) {
		const struct pack_item *item = &pack->items[first + i];
		struct held_path before = group_held(gf, item->destination, item->id);

		if (before.set != ATTRIBUTE_SET_NONE && before.source != source)
			keys[kept++] = pack->keys[i];
	}
	for (size_t i = 0; i < kept; i += written) {
		if (!chunk_grow(pack->chunk, BGP_EXTENDED_MESSAGE_MAX) ||
			!part_grow(pack->chunk))
			return;
		w = writer_of(pack->chunk->bytes + pack->chunk->length,
			pack->chunk->room - pack->chunk->length);
		if (bgp_withdraw_write(&w, &pack->group->key.context, pack->family, keys + i,
			    kept - i, &written) != 0)
			return;
		part_add(pack->chunk, (uint32_t)writer_length(&w), (uint32_t)written, source,
			RIB_LOCAL);
	}
}

/* One message of the items from `first` on. Gives how many it carries; 0: no memory. */
static size_t chunk_message(struct pack *pack, uint32_t first, int *ret_error)
{
	struct chunk *chunk = pack->chunk;
	const struct pack_item *item = &pack->items[first];
	uint32_t count = keys_collect(pack, first);
	rib_source except =
		pack_is_member(pack->group, item->source) ? item->source : RIB_LOCAL;
	size_t written;
	struct writer w;

	*ret_error = ERROR_MEMORY;
	if (!chunk_grow(chunk, BGP_EXTENDED_MESSAGE_MAX) || !part_grow(chunk))
		return 0;
	w = writer_of(chunk->bytes + chunk->length, chunk->room - chunk->length);
	*ret_error = message_write(pack, &w, item, count, &written);
	if (*ret_error != 0)
		return 0;
	part_add(chunk, (uint32_t)writer_length(&w), (uint32_t)written, RIB_LOCAL, except);
	if (except != RIB_LOCAL && item->set != ATTRIBUTE_SET_NONE)
		source_withdraw(pack, first, written);
	written_hold(pack, first, written);
	return written;
}

/* These cannot be sent: what was there before is to go. Gives how many they are. */
static uint32_t unsendable(struct pack *pack, uint32_t first)
{
	const struct group_family *gf = &pack->group->families[pack->family];
	uint64_t key = item_key(&pack->items[first]);
	uint32_t i = first;

	for (; i < pack->count && item_key(&pack->items[i]) == key; i++) {
		struct pack_item *item = &pack->items[i];
		struct held_path held = group_held(gf, item->destination, item->id);

		item->done = held.set == ATTRIBUTE_SET_NONE;
		item->set = ATTRIBUTE_SET_NONE;
		item->source = held.source;
	}
	return i - first;
}

/* Messages of all items that are not done, until the chunk is long enough. */
static void chunk_fill(struct pack *pack)
{
	bool found = false;
	uint32_t i = 0;

	while (i < pack->count && pack->chunk->length < CHUNK_LENGTH) {
		int error = 0;
		size_t written;

		if (pack->items[i].done) {
			i++;
			continue;
		}
		written = chunk_message(pack, i, &error);
		i += (uint32_t)written;
		if (written > 0)
			continue;
		if (error == ERROR_MEMORY)
			return;
		if (pack->items[i].set == ATTRIBUTE_SET_NONE)
			return; /* a withdrawal always fits */
		i += unsendable(pack, i);
		found = true;
	}
	if (found)
		chunk_fill(pack); /* only withdrawals are left */
}

/* ---- For a group. ---- */

void pack_settle(struct speaker *speaker, enum bgp_family family, uint32_t d)
{
	struct rib *rib = &speaker->ribs[family];
	uint32_t count;

	if (!rib_used(rib, d))
		return;
	(void)rib_routes(rib, d, &count);
	if (count == 0 && !groups_hold(speaker, family, d))
		rib_forget(rib, d);
}

/* What is to be told of each destination; those of which nothing is, are out. */
static void items_choose(struct pack *pack)
{
	struct group *group = pack->group;
	const struct group_family *gf = &group->families[pack->family];
	bool over = group_limit_exceeded(group, pack->family);
	uint32_t settled[RIB_BATCH];
	uint32_t kept = 0, found = 0;

	for (uint32_t i = 0; i < pack->count; i++) {
		uint32_t destination = pack->items[i].destination;
		struct export_choice choice = export_choose(group, pack->family, destination);
		attribute_set held = gf->sets[destination];

		if (choice.set == held && !(over && held != ATTRIBUTE_SET_NONE) &&
			(held == ATTRIBUTE_SET_NONE ||
				choice.source == gf->sources[destination])) {
			attribute_store_release(&group->speaker->store, choice.set);
			if (held == ATTRIBUTE_SET_NONE)
				settled[found++] = destination;
			if (found == RIB_BATCH) {
				groups_settle(group->speaker, pack->family, settled, found);
				found = 0;
			}
			continue;
		}
		if (choice.set == ATTRIBUTE_SET_NONE)
			choice.source = gf->sources[destination];
		pack->items[kept++] = (struct pack_item){ .destination = destination,
			.set = choice.set,
			.chosen = choice.set,
			.source = choice.source };
	}
	groups_settle(group->speaker, pack->family, settled, found);
	pack->count = kept;
}

static bool held_already(struct group *group, enum bgp_family family, uint32_t d)
{
	const struct group_family *gf = &group->families[family];
	struct held_path held = group_held(gf, d, 0);
	struct export_choice choice;

	if (group_holds(gf, d) && group_limit_exceeded(group, family))
		return false;
	if (gf->add_path)
		return pack_paths_held(group, family, d);
	choice = export_choose(group, family, d);
	/* Only the number is compared from here on. */
	attribute_store_release(&group->speaker->store, choice.set);
	return choice.set == held.set &&
	       (held.set == ATTRIBUTE_SET_NONE || choice.source == held.source);
}

static void marks_prune(struct group *group, enum bgp_family family, struct bitmap *marks)
{
	const struct group_family *gf = &group->families[family];
	uint32_t d;

	for (d = bitmap_next(marks, 0); d != BITMAP_NONE; d = bitmap_next(marks, d + 1)) {
		if (!held_already(group, family, d))
			continue;
		bitmap_unset(marks, d);
		if (!group_holds(gf, d))
			pack_settle(group->speaker, family, d);
	}
}

void group_prune(struct group *group, enum bgp_family family, uint32_t limit)
{
	struct group_family *gf = &group->families[family];

	if (gf->changed.count + gf->new.count > limit)
		return;
	marks_prune(group, family, &gf->changed);
	marks_prune(group, family, &gf->new);
	/* What was marked because there is room may have needed none. */
	group_limit_release(group, family);
}

/* What was not told is marked again. */
static void items_return(struct pack *pack)
{
	struct group *group = pack->group;
	struct group_family *gf = &group->families[pack->family];

	for (uint32_t i = 0; i < pack->count; i++) {
		const struct pack_item *item = &pack->items[i];

		attribute_store_release(&group->speaker->store, item->chosen);
	}
	for (uint32_t i = 0; i < pack->count; i++) {
		const struct pack_item *item = &pack->items[i];
		struct bitmap *marks =
			group_holds(gf, item->destination) ? &gf->changed : &gf->new;

		if (!item->done && bitmap_set(marks, item->destination) != 0)
			group->lost = true;
	}
}

/* What the chunk tells: for members that miss it, and so that no number is given out again
 * while it is unread. */
static bool destinations_reserve(struct pack *pack)
{
	pack->chunk->destinations = malloc((pack->count + 1) * sizeof(uint32_t));
	return pack->chunk->destinations != NULL;
}

static void chunk_append(struct group *group, struct chunk *chunk)
{
	chunk->sequence = group->next_sequence++;
	group->chunk_bytes += chunk->length;
	list_append(&group->chunks, &chunk->link);
	group_chunks_limit(group);
}

struct chunk *group_pack(struct group *group, enum bgp_family family)
{
	struct group_family *gf = &group->families[family];
	struct pack pack = { .group = group, .family = family };

	if (group->lost) {
		group->lost = false;
		group_review(group);
	}
	if (group_family_reserve(gf, group->speaker->ribs[family].bound) != 0 ||
		!pack_begin(&pack, gf->changed.count + gf->new.count))
		return NULL;
	marks_take(&gf->changed, &gf->changed_at, PACK_ITEMS_MAX, &pack);
	marks_take(&gf->new, &gf->new_at, PACK_ITEMS_MAX, &pack);
	if (gf->add_path)
		pack_paths_choose(&pack);
	else
		items_choose(&pack);
	group_limit_apply(&pack);
	group_interval_apply(&pack);
	pack.chunk = calloc(1, sizeof(*pack.chunk));
	if (pack.chunk != NULL && destinations_reserve(&pack)) {
		pack.chunk->family = (uint8_t)family;
		items_order(&pack);
		chunk_fill(&pack);
	}
	if (pack.chunk != NULL && pack.chunk->length == 0) {
		chunk_free(pack.chunk);
		pack.chunk = NULL;
	}
	/* Before destinations are given back: those that the chunk names are still needed. */
	if (pack.chunk != NULL)
		chunk_append(group, pack.chunk);
	items_return(&pack);
	group_limit_release(group, family);
	group_interval_note(&pack);
	free(pack.items);
	return pack.chunk;
}

/* ---- For a member that catches up. ---- */

/* What the group holds; what the member said itself, or nobody says any more, is withdrawn from
 * it if it may hold another route. */
static void items_look_up(struct pack *pack)
{
	const struct member *member = &pack->neighbor->member;
	const struct group_family *gf = &pack->group->families[pack->family];
	uint32_t kept = 0;

	for (uint32_t i = 0; i < pack->count; i++) {
		struct pack_item item = pack->items[i];

		if (item.destination < gf->room) {
			item.set = gf->sets[item.destination];
			item.source = gf->sources[item.destination];
		}
		if (item.set != ATTRIBUTE_SET_NONE &&
			pack_is_member(pack->group, item.source) &&
			item.source == pack->neighbor->source->number)
			item.set = ATTRIBUTE_SET_NONE;
		if (item.set != ATTRIBUTE_SET_NONE || member->missed[pack->family])
			pack->items[kept++] = item;
		else
			pack_settle(pack->group->speaker, pack->family, item.destination);
	}
	pack->count = kept;
}

static void member_written(struct pack *pack, uint32_t first, size_t written)
{
	struct neighbor *neighbor = pack->neighbor;
	const struct pack_item *item = &pack->items[first];

	neighbor->counters[COUNTER_UPDATES_OUT]++;
	for (size_t i = 0; i < written; i++) {
		pack->items[first + i].done = true;
		if (item->set != ATTRIBUTE_SET_NONE && item->source == RIB_LOCAL &&
			!neighbor->member.again[pack->family] &&
			!bgp_family_is_flowspec(pack->family))
			neighbor_event(
				neighbor, (struct speaker_event){ .type = SPEAKER_ANNOUNCED,
						  .prefix = pack->keys[i].prefix,
						  .reason = "" });
	}
}

/* Until the writer is full. */
static void member_write(struct pack *pack)
{
	size_t before = writer_length(pack->w);
	uint32_t i = 0;

	while (i < pack->count) {
		uint32_t count = keys_collect(pack, i);
		size_t written;
		int r = message_write(pack, pack->w, &pack->items[i], count, &written);

		if (r == 0)
			member_written(pack, i, written);
		else if (r == ERROR_FULL && writer_length(pack->w) > before)
			return;
		else if (writer_room(pack->w) < pack->group->key.context.message_max)
			return;
		else /* it fits into no message: the group does not hold it either */
			for (uint32_t j = 0; j < count; j++)
				pack->items[i + j].done = true;
		i += r == 0 ? (uint32_t)written : count;
	}
}

/* What was not told is marked again. True if some destination was told whole, or none is left.
 */
static bool member_return(struct pack *pack, uint32_t *ret_first)
{
	struct bitmap *catch_up = &pack->neighbor->member.catch_up[pack->family];
	bool progress = false;

	*ret_first = RIB_NONE;
	for (uint32_t i = 0; i < pack->count; i++)
		if (!pack->items[i].done) { /* there was room for it before */
			(void)bitmap_set(catch_up, pack->items[i].destination);
			if (pack->items[i].destination < *ret_first)
				*ret_first = pack->items[i].destination;
		}
	for (uint32_t i = 0; i < pack->count; i++)
		if (!bitmap_has(catch_up, pack->items[i].destination)) {
			progress = true;
			pack_settle(pack->neighbor->speaker, pack->family,
				pack->items[i].destination);
		}
	return progress || *ret_first == RIB_NONE;
}

/* Routes of one destination may be more than the writer takes, however often all of them are
 * tried: then it goes route by route. */
static void member_pace(struct pack *pack)
{
	enum bgp_family family = pack->family;
	struct member *member = &pack->neighbor->member;
	uint32_t first, i = 0;

	if (!member_return(pack, &first)) {
		while (member->one_by_one[family] && pack->items[i].done)
			i++;
		member->one_from[family] = member->one_by_one[family] ? pack->items[i].id : 0;
		member->one_by_one[family] = true;
		member->catch_up_at[family] = first;
	} else {
		member->one_by_one[family] = false;
	}
}

void member_pack(struct neighbor *neighbor, enum bgp_family family, struct writer *w)
{
	struct member *member = &neighbor->member;
	struct bitmap *catch_up = &member->catch_up[family];
	struct pack pack = {
		.group = member->group, .family = family, .neighbor = neighbor, .w = w
	};
	bool one = member->one_by_one[family];

	if (!pack_begin(&pack, catch_up->count))
		return;
	marks_take(catch_up, &member->catch_up_at[family], one ? 1 : PACK_ITEMS_MAX, &pack);
	if (member->group->families[family].add_path)
		pack_paths_look_up(&pack);
	else
		items_look_up(&pack);
	if (!one)
		items_order(&pack);
	member_write(&pack);
	member_pace(&pack);
	free(pack.items);
	if (catch_up->count > 0)
		return;
	bitmap_clear(catch_up);
	member->again[family] = member->missed[family] = false;
}
