/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups of neighbours: membership, marks and the chunks that members read.
 *
 * Invariants:
 *  1. Every Established neighbour with a family in common is a member of one group.
 *  2. A group without members does not exist.
 *  3. A chunk exists while some member has not read it.
 *  4. A destination whose number a group may still name (held, marked, in a chunk of a shared
 *     group) is not forgotten.
 */
#include "route/group.h"

#include <stdlib.h>
#include <string.h>

#include "route/group_pack.h"
#include "route/speaker_internal.h"

static struct neighbor *neighbor_of(struct member *member)
{
	return container_of(member, struct neighbor, member);
}

/* ---- Chunks. ---- */

void chunk_free(struct chunk *chunk)
{
	if (chunk == NULL)
		return;
	free(chunk->bytes);
	free(chunk->parts);
	free(chunk->own);
	free(chunk->destinations);
	free(chunk);
}

static bool needless(
	const struct speaker *speaker, enum bgp_family family, uint32_t destination)
{
	const struct rib *rib = &speaker->ribs[family];
	uint32_t count;

	if (!rib_used(rib, destination))
		return false;
	(void)rib_routes(rib, destination, &count);
	return count == 0 && !groups_hold(speaker, family, destination);
}

void groups_settle(struct speaker *speaker, enum bgp_family family,
	const uint32_t *destinations, uint32_t count)
{
	uint32_t batch[RIB_BATCH];
	size_t found = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (needless(speaker, family, destinations[i]))
			batch[found++] = destinations[i];
		if (found == RIB_BATCH || (i + 1 == count && found > 0)) {
			rib_forget_all(&speaker->ribs[family], batch, found);
			found = 0;
		}
	}
}

/* Its destinations may be forgotten now, those that nobody needs. */
static void chunk_retire(struct group *group, struct chunk *chunk)
{
	enum bgp_family family = (enum bgp_family)chunk->family;

	list_remove(&chunk->link);
	group->chunk_bytes -= chunk->length;
	groups_settle(group->speaker, family, chunk->destinations, chunk->destination_count);
	chunk_free(chunk);
}

static uint64_t slowest(const struct group *group)
{
	uint64_t sequence = group->next_sequence;

	list_for_each(node, &group->members) {
		const struct member *member = container_of(node, struct member, link);

		if (member->sequence < sequence)
			sequence = member->sequence;
	}
	return sequence;
}

void group_chunks_retire(struct group *group)
{
	uint64_t sequence = slowest(group);

	while (!list_empty(&group->chunks)) {
		struct chunk *chunk = container_of(group->chunks.next, struct chunk, link);

		if (chunk->sequence >= sequence)
			return;
		chunk_retire(group, chunk);
	}
}

/* A member that has not read the oldest chunk gets its destinations marked instead. */
static void chunk_miss(struct neighbor *neighbor, const struct chunk *chunk)
{
	struct member *member = &neighbor->member;

	member->sequence = chunk->sequence + 1;
	member->part = 0;
	member->offset = member->part_offset = 0;
	member->missed[chunk->family] = true;
	member->one_by_one[chunk->family] = false;
	for (uint32_t i = 0; i < chunk->destination_count; i++)
		/* Cannot fail: the room was reserved. */
		(void)bitmap_set(&member->catch_up[chunk->family], chunk->destinations[i]);
}

/* Room for the marks of those that would miss the chunk. */
static bool misses_reserve(const struct group *group, const struct chunk *chunk)
{
	uint32_t bound = group->speaker->ribs[chunk->family].bound;

	list_for_each(node, &group->members) {
		struct member *member = container_of(node, struct member, link);

		if (member->sequence <= chunk->sequence &&
			bitmap_reserve(&member->catch_up[chunk->family], bound) != 0)
			return false;
	}
	return true;
}

void group_chunks_limit(struct group *group)
{
	while (group->chunk_bytes > GROUP_CHUNKS_MAX) {
		struct chunk *chunk = container_of(group->chunks.next, struct chunk, link);

		if (!misses_reserve(group, chunk))
			return; /* too much memory is better than a change that is lost */
		list_for_each(node, &group->members) {
			struct member *member = container_of(node, struct member, link);

			if (member->sequence <= chunk->sequence)
				chunk_miss(neighbor_of(member), chunk);
		}
		chunk_retire(group, chunk);
	}
}

/* ---- Groups. ---- */

/* Routes that are not the best one concern the group. */
static bool hears_more_of(const struct group *group, enum bgp_family family)
{
	return group->families[family].add_path || group->key.route_server_client;
}

static bool hears_more(const struct group *group)
{
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		if (hears_more_of(group, (enum bgp_family)f))
			return true;
	return false;
}

static struct group *group_new(struct speaker *speaker, const struct group_key *key)
{
	struct group *group = calloc(1, sizeof(*group));

	if (group == NULL)
		return NULL;
	group->speaker = speaker;
	group->key = *key;
	group->quiet.fire = group_interval_fire;
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		group->families[f].add_path = key->context.add_path_send[f];
	speaker->add_path_groups += hears_more(group);
	attribute_store_hold(&speaker->store, key->communities);
	if (key->export_policy != NULL)
		policy_hold(key->export_policy);
	list_init(&group->members);
	list_init(&group->chunks);
	list_append(&speaker->groups, &group->link);
	return group;
}

/* Destinations that only this group still needed go with it. */
static void family_free(struct speaker *speaker, struct group_family *gf, enum bgp_family f)
{
	struct rib *rib = &speaker->ribs[f];

	group_family_clear(gf, &speaker->store);
	for (uint32_t d = 0; d < rib->bound; d++) {
		uint32_t count;

		if (!rib_used(rib, d))
			continue;
		(void)rib_routes(rib, d, &count);
		if (count == 0 && !groups_hold(speaker, f, d))
			rib_forget(rib, d);
	}
}

static void group_free(struct group *group)
{
	struct speaker *speaker = group->speaker;

	list_remove(&group->link);
	timer_stop(speaker, &group->quiet);
	speaker->add_path_groups -= hears_more(group);
	while (!list_empty(&group->chunks)) {
		struct chunk *chunk = container_of(group->chunks.next, struct chunk, link);

		list_remove(&chunk->link);
		chunk_free(chunk);
	}
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		family_free(speaker, &group->families[f], (enum bgp_family)f);
	attribute_store_release(&speaker->store, group->key.communities);
	policy_release(group->key.export_policy);
	free(group);
}

void groups_free(struct speaker *speaker)
{
	list_for_each_safe(node, &speaker->groups)
		group_free(container_of(node, struct group, link));
}

static struct group *group_find(const struct speaker *speaker, const struct group_key *key)
{
	list_for_each(node, &speaker->groups) {
		struct group *group = container_of(node, struct group, link);

		if (export_key_equal(&group->key, key))
			return group;
	}
	return NULL;
}

/* ---- Marks. ---- */

/* A route of ours that the group may be told of: only those are, without `transit`. */
static bool ours(const struct group *group, enum bgp_family family, uint32_t destination)
{
	const struct rib *rib = &group->speaker->ribs[family];
	uint32_t count;
	const struct rib_route *routes = rib_routes(rib, destination, &count);

	if (!rib_has_best(rib, destination))
		return false;
	for (uint32_t i = 0; i < (hears_more_of(group, family) ? count : 1); i++)
		if (routes[i].source == RIB_LOCAL)
			return true;
	return false;
}

static void mark(struct group *group, enum bgp_family family, uint32_t destination)
{
	struct group_family *gf = &group->families[family];
	struct bitmap *marks = group_holds(gf, destination) ? &gf->changed : &gf->new;

	if (!group->key.context.family[family] ||
		(!group->key.transit && !group_holds(gf, destination) &&
			!ours(group, family, destination)))
		return;
	/* Without memory: nothing better can be done than to try everything again later. */
	if (bitmap_set(marks, destination) != 0)
		group->lost = true;
}

void groups_mark(struct speaker *speaker, enum bgp_family family, uint32_t destination)
{
	list_for_each(node, &speaker->groups) {
		mark(container_of(node, struct group, link), family, destination);
		speaker->groups_marked = true;
	}
}

void groups_mark_paths(struct speaker *speaker, enum bgp_family family, uint32_t destination)
{
	list_for_each(node, &speaker->groups) {
		struct group *group = container_of(node, struct group, link);

		if (!hears_more_of(group, family))
			continue;
		mark(group, family, destination);
		speaker->groups_marked = true;
	}
}

bool groups_hold(const struct speaker *speaker, enum bgp_family family, uint32_t destination)
{
	if (speaker->forward_holds != NULL && !bgp_family_is_flowspec(family) &&
		bitmap_has(&speaker->forward_holds[family], destination))
		return true;
	list_for_each(node, &speaker->groups) {
		const struct group *group = container_of(node, struct group, link);
		const struct group_family *gf = &group->families[family];

		if (group_holds(gf, destination) || bitmap_has(&gf->changed, destination) ||
			bitmap_has(&gf->new, destination))
			return true;
		/* A chunk may name it, and a member that misses the chunk must find it. */
		if (!list_empty(&group->chunks))
			return true;
		list_for_each(link, &group->members)
			if (bitmap_has(
				    &container_of(link, struct member, link)->catch_up[family],
				    destination))
				return true;
	}
	return false;
}

/* All destinations are to be looked at. */
static void mark_all(struct group *group, enum bgp_family family)
{
	const struct rib *rib = &group->speaker->ribs[family];

	for (uint32_t d = 0; d < rib->bound; d++)
		if (rib_used(rib, d))
			mark(group, family, d);
}

/* ---- Members. ---- */

static void member_wake(struct member *member)
{
	struct neighbor *neighbor = neighbor_of(member);

	if (neighbor->live != NULL && member_pending(neighbor, GROUP_LOOK_WAKE))
		connection_wake(neighbor->live);
}

void groups_wake(struct speaker *speaker)
{
	if (!speaker->groups_marked)
		return;
	speaker->groups_marked = false;
	list_for_each(node, &speaker->groups) {
		const struct group *group = container_of(node, struct group, link);

		list_for_each(link, &group->members)
			member_wake(container_of(link, struct member, link));
	}
}

int member_catch_up(struct neighbor *neighbor, enum bgp_family family, bool again)
{
	struct member *member = &neighbor->member;
	const struct group_family *gf = &member->group->families[family];
	struct bitmap *catch_up = &member->catch_up[family];
	int r = bitmap_reserve(catch_up, gf->room);

	member->again[family] = again;
	member->one_by_one[family] = false;
	for (uint32_t d = 0; r == 0 && d < gf->room; d++)
		if (group_holds(gf, d))
			r = bitmap_set(catch_up, d);
	return r;
}

bool member_pending(const struct neighbor *neighbor, uint32_t closer)
{
	const struct member *member = &neighbor->member;
	struct group *group = member->group;
	bool held = neighbor->speaker->end_of_rib_held;

	if (group == NULL)
		return false;
	if (member->sequence < group->next_sequence)
		return true;
	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		const struct group_family *gf = &group->families[f];

		group_prune(group, (enum bgp_family)f, closer);
		if (gf->changed.count > 0 || gf->new.count > 0 ||
			member->catch_up[f].count > 0 || (member->end_of_rib_due[f] && !held) ||
			member->refresh_due[f] || member->refresh_end_due[f])
			return true;
	}
	return false;
}

uint32_t member_pending_count(const struct neighbor *neighbor, enum bgp_family family)
{
	const struct member *member = &neighbor->member;
	struct group *group = member->group;
	uint32_t pending = 0;

	if (group == NULL)
		return 0;
	group_prune(group, family, GROUP_LOOK_MAX);
	list_for_each(node, &group->chunks) {
		const struct chunk *chunk = container_of(node, struct chunk, link);

		if (chunk->family != family || chunk->sequence < member->sequence)
			continue;
		for (uint32_t i = 0; i < chunk->part_count; i++)
			if (chunk->sequence > member->sequence || i >= member->part)
				pending += chunk->parts[i].prefixes;
	}
	return pending + group->families[family].changed.count +
	       group->families[family].new.count + group->families[family].delayed.count +
	       member->catch_up[family].count;
}

/* What it said itself, of all that the group holds. */
static void own_count(struct neighbor *neighbor)
{
	struct member *member = &neighbor->member;

	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		const struct group_family *gf = &member->group->families[f];

		member->own[f] = 0;
		for (uint32_t d = 0; d < gf->room; d++)
			for (uint32_t i = group_held_count(gf, d); i-- > 0;)
				if (group_held_at(gf, d, i).source == neighbor->source->number)
					member->own[f]++;
	}
}

/* What the only member said itself was of no use to the group until now (export.c); and from
 * now on it may miss chunks. */
static void second_member_look(struct group *group)
{
	struct member *first = container_of(group->members.next, struct member, link);
	const struct source *source;

	if (group->member_count != 1)
		return;
	source = neighbor_of(first)->source;
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		if (source->count[f] > 0)
			mark_all(group, (enum bgp_family)f);
	group->speaker->groups_marked = true;
}

static void member_enter(struct neighbor *neighbor, struct group *group)
{
	struct member *member = &neighbor->member;

	second_member_look(group);
	member->group = group;
	member->sequence = group->next_sequence;
	member->part = 0;
	member->offset = member->part_offset = 0;
	list_append(&group->members, &member->link);
	group->member_count++;
	own_count(neighbor);
}

static struct group *group_for(struct neighbor *neighbor, const struct group_key *key)
{
	struct group *group = group_find(neighbor->speaker, key);

	if (group != NULL)
		return group;
	group = group_new(neighbor->speaker, key);
	if (group != NULL)
		group_review(group);
	return group;
}

int group_join(struct neighbor *neighbor)
{
	struct group_key key;
	struct group *group;
	int r = export_key(neighbor, &key);

	if (r != 0)
		return r;
	group = group_for(neighbor, &key);
	attribute_store_release(&neighbor->speaker->store, key.communities);
	if (group == NULL)
		return ERROR_MEMORY;
	member_enter(neighbor, group);
	for (int f = 0; r == 0 && f < BGP_FAMILY_COUNT; f++)
		r = member_catch_up(neighbor, (enum bgp_family)f, false);
	return r;
}

static void member_forget(struct member *member)
{
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		bitmap_clear(&member->catch_up[f]);
	*member = (struct member){ 0 };
}

static void group_left(struct group *group)
{
	if (group->member_count == 0)
		group_free(group);
	else
		group_chunks_retire(group);
}

static void member_unlink(struct member *member)
{
	list_remove(&member->link);
	member->group->member_count--;
}

void group_leave(struct neighbor *neighbor)
{
	struct group *group = neighbor->member.group;

	if (group == NULL)
		return;
	member_unlink(&neighbor->member);
	member_forget(&neighbor->member);
	group_left(group);
}

/* ---- A member whose settings changed. ---- */

/* What it has not read will be sent as it is held. */
static int unread_mark(struct member *member)
{
	list_for_each(node, &member->group->chunks) {
		const struct chunk *chunk = container_of(node, struct chunk, link);

		if (chunk->sequence < member->sequence)
			continue;
		member->missed[chunk->family] = true;
		member->one_by_one[chunk->family] = false;
		for (uint32_t i = 0; i < chunk->destination_count; i++)
			if (bitmap_set(&member->catch_up[chunk->family],
				    chunk->destinations[i]) != 0)
				return ERROR_MEMORY;
	}
	return 0;
}

static void marks_copy(struct group *to, enum bgp_family family, const struct bitmap *marks)
{
	for (uint32_t d = bitmap_next(marks, 0); d != BITMAP_NONE;
		d = bitmap_next(marks, d + 1))
		mark(to, family, d);
}

static int family_copy(struct group *to, const struct group *from, enum bgp_family family)
{
	const struct group_family *gf = &from->families[family];

	if (group_family_reserve(&to->families[family], gf->room) != 0)
		return ERROR_MEMORY;
	for (uint32_t d = 0; d < gf->room; d++) {
		for (uint32_t i = 0; i < group_held_count(gf, d); i++)
			if (group_hold(to, family, d, group_held_at(gf, d, i)) != 0)
				return ERROR_MEMORY;
		if (gf->add_path)
			to->families[family].id_bound[d] = gf->id_bound[d];
	}
	marks_copy(to, family, &gf->changed);
	marks_copy(to, family, &gf->new);
	marks_copy(to, family, &gf->delayed);
	return 0;
}

/* A group of its own, that holds what the shared one does. */
static int member_part(struct neighbor *neighbor, const struct group_key *key)
{
	struct member *member = &neighbor->member;
	struct group *own = group_new(neighbor->speaker, key), *shared = member->group;
	int r = own == NULL ? ERROR_MEMORY : unread_mark(member);

	for (int f = 0; r == 0 && f < BGP_FAMILY_COUNT; f++)
		r = family_copy(own, member->group, (enum bgp_family)f);
	if (r != 0) {
		if (own != NULL)
			group_free(own);
		return r;
	}
	member_unlink(member);
	member_enter(neighbor, own);
	/* Only now: the marks that it took along keep destinations from being forgotten. */
	group_left(shared);
	return 0;
}

static void key_replace(struct group *group, const struct group_key *key)
{
	struct attribute_store *store = &group->speaker->store;

	attribute_store_hold(store, key->communities);
	attribute_store_release(store, group->key.communities);
	if (key->export_policy != NULL)
		policy_hold(key->export_policy);
	policy_release(group->key.export_policy);
	group->speaker->add_path_groups -= hears_more(group);
	group->key = *key;
	group->speaker->add_path_groups += hears_more(group);
	group_interval_end(group);
}

void group_review(struct group *group)
{
	group->speaker->groups_marked = true;
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		mark_all(group, (enum bgp_family)f);
}

int group_rejoin(struct neighbor *neighbor)
{
	struct member *member = &neighbor->member;
	struct group_key key;
	bool same, dressed_alike;
	int r;

	if (member->group == NULL)
		return 0;
	r = export_key(neighbor, &key);
	if (r != 0)
		return r;
	same = export_key_equal(&key, &member->group->key);
	dressed_alike = export_key_dresses_alike(&key, &member->group->key);
	if (!same && member->group->member_count > 1)
		r = member_part(neighbor, &key);
	else if (!same)
		key_replace(member->group, &key);
	attribute_store_release(&neighbor->speaker->store, key.communities);
	if (r != 0 || same)
		return r;
	group_review(member->group);
	for (int f = 0; r == 0 && !dressed_alike && f < BGP_FAMILY_COUNT; f++)
		r = member_catch_up(neighbor, (enum bgp_family)f, true);
	return r;
}

void groups_part(struct speaker *speaker)
{
	list_for_each(node, &speaker->neighbors) {
		struct neighbor *neighbor = container_of(node, struct neighbor, link);
		struct group_key key;

		if (neighbor->member.group == NULL || neighbor->member.group->member_count < 2)
			continue;
		key = neighbor->member.group->key;
		key.alone = neighbor;
		if (member_part(neighbor, &key) != 0)
			neighbor->member.group->lost = true;
	}
}
