/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The most routes that a neighbour is sent: what is beyond is held back.
 *
 *     chosen --room, or ours--> told
 *        `-----no room--------> held back --(something was withdrawn)--> marked again
 *
 * A neighbour with a limit is alone in its group, so that what the group holds, without what
 * the neighbour said itself and without our own, is what counts.
 *
 * Invariants:
 *  1. The neighbour never holds more routes of others than the limit, in any order of changes.
 *  2. Routes that we originate are always told and do not count: a leak must not push out the
 *     service.
 *  3. While there is room, nothing is held back that is not marked.
 */
#include "route/group_pack.h"
#include "route/speaker_internal.h"

static struct neighbor *limited(const struct group *group)
{
	return container_of(group->members.next, struct neighbor, member.link);
}

/* Routes of others that the neighbour has. */
static int64_t told_count(const struct group *group, enum bgp_family family)
{
	const struct group_family *gf = &group->families[family];

	return (int64_t)gf->count - gf->local - limited(group)->member.own[family];
}

bool group_limit_exceeded(const struct group *group, enum bgp_family family)
{
	return group->key.maximum > 0 && told_count(group, family) > group->key.maximum;
}

static void hold_back(struct pack *pack, uint32_t destination)
{
	struct group_family *gf = &pack->group->families[pack->family];

	if (bitmap_set(&gf->held_back, destination) != 0)
		pack->group->lost = true;
}

static void limit_tell(struct pack *pack)
{
	struct neighbor *neighbor = limited(pack->group);

	neighbor_event(neighbor,
		(struct speaker_event){ .type = SPEAKER_PREFIX_LIMIT_OUT,
			.family = (uint8_t)pack->family,
			.reason = "there are more routes for it than maximum-prefixes-out" });
}

/* What this item does to the neighbour. */
struct effect {
	struct held_path before;
	bool told;   /* the neighbour has a route there that counts */
	bool counts; /* the route chosen does: it is neither ours nor the neighbour's own */
};

static struct effect effect_of(const struct pack *pack, const struct pack_item *item)
{
	const struct group_family *gf = &pack->group->families[pack->family];
	rib_source self = limited(pack->group)->source->number;
	struct effect effect = { .before = group_held(gf, item->destination, item->id) };

	effect.told = effect.before.set != ATTRIBUTE_SET_NONE && effect.before.source != self &&
		      effect.before.source != RIB_LOCAL;
	effect.counts = item->set != ATTRIBUTE_SET_NONE && item->source != self &&
			item->source != RIB_LOCAL;
	return effect;
}

/* What goes makes room first. */
static int64_t told_after_withdrawals(const struct pack *pack)
{
	int64_t told = told_count(pack->group, pack->family);

	for (uint32_t i = 0; i < pack->count; i++) {
		struct effect effect = effect_of(pack, &pack->items[i]);

		told -= effect.told && !effect.counts;
	}
	return told;
}

/* False: the item is not needed any more. */
static bool item_limit(struct pack *pack, struct pack_item *item, int64_t *told)
{
	struct effect effect = effect_of(pack, item);

	*told += effect.counts && !effect.told;
	if (effect.counts && *told > pack->group->key.maximum) {
		(*told)--;
		hold_back(pack, item->destination);
		item->set = ATTRIBUTE_SET_NONE;
		item->source = effect.before.source;
	}
	if (item->set == effect.before.set &&
		(item->set == ATTRIBUTE_SET_NONE || item->source == effect.before.source)) {
		attribute_store_release(&pack->group->speaker->store, item->chosen);
		return false;
	}
	return true;
}

void group_limit_apply(struct pack *pack)
{
	const struct group_family *gf = &pack->group->families[pack->family];
	uint32_t kept = 0, before = gf->held_back.count;
	int64_t told;

	if (pack->group->key.maximum == 0 || pack->count == 0)
		return;
	told = told_after_withdrawals(pack);
	for (uint32_t i = 0; i < pack->count; i++)
		if (item_limit(pack, &pack->items[i], &told))
			pack->items[kept++] = pack->items[i];
	pack->count = kept;
	if (before == 0 && gf->held_back.count > 0)
		limit_tell(pack);
}

void group_limit_release(struct group *group, enum bgp_family family)
{
	struct group_family *gf = &group->families[family];
	int64_t room;

	if (gf->held_back.count == 0)
		return;
	if (group->key.maximum == 0) { /* not any more: all is marked */
		bitmap_clear(&gf->held_back);
		return;
	}
	room = (int64_t)group->key.maximum - told_count(group, family);
	while (room-- > 0 && gf->held_back.count > 0) {
		uint32_t d = bitmap_next(&gf->held_back, 0);
		struct bitmap *marks = group_holds(gf, d) ? &gf->changed : &gf->new;

		bitmap_unset(&gf->held_back, d);
		if (bitmap_set(marks, d) != 0)
			group->lost = true;
	}
}
