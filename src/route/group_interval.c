/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least time between two advertisements to a neighbour: RFC 4271 section 9.2.1.1.
 *
 *     open --(something was announced, and nothing is left)--> quiet --(the interval)--> open
 *
 * While a group is quiet, withdrawals go at once; what is to be announced waits, and only what
 * it has become by then is told. The interval is one for all destinations of a group, as nearly
 * all routers have it. It begins when a burst is over, not with its first message: a table of a
 * million routes does not go in pieces.
 *
 * Invariants:
 *  1. A destination waits only while the timer of its group runs.
 *  2. Members that catch up (a new session, a refresh) do not wait.
 */
#include "route/group_pack.h"
#include "route/speaker_internal.h"

static bool is_quiet(const struct group *group)
{
	return timer_running(&group->quiet);
}

void group_interval_apply(struct pack *pack)
{
	struct group *group = pack->group;
	struct group_family *gf = &group->families[pack->family];
	uint32_t kept = 0;

	if (!is_quiet(group))
		return;
	for (uint32_t i = 0; i < pack->count; i++) {
		struct pack_item *item = &pack->items[i];

		if (item->set == ATTRIBUTE_SET_NONE) {
			pack->items[kept++] = *item;
			continue;
		}
		attribute_store_release(&group->speaker->store, item->chosen);
		if (bitmap_set(&gf->delayed, item->destination) != 0)
			group->lost = true;
	}
	pack->count = kept;
}

static bool all_told(const struct group *group)
{
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		if (group->families[f].changed.count + group->families[f].new.count > 0)
			return false;
	return true;
}

void group_interval_note(const struct pack *pack)
{
	struct group *group = pack->group;
	struct speaker *speaker = group->speaker;

	if (group->key.interval.ns == 0 || is_quiet(group))
		return;
	for (uint32_t i = 0; i < pack->count && !group->announced; i++)
		group->announced =
			pack->items[i].done && pack->items[i].set != ATTRIBUTE_SET_NONE;
	if (!group->announced || !all_told(group))
		return;
	group->announced = false;
	timer_start(speaker, &group->quiet,
		instant_add(speaker->output_at, jittered(speaker, group->key.interval)));
}

static void release(struct group *group, enum bgp_family family)
{
	struct group_family *gf = &group->families[family];

	for (uint32_t d = bitmap_next(&gf->delayed, 0); d != BITMAP_NONE;
		d = bitmap_next(&gf->delayed, d + 1))
		if (bitmap_set(group_holds(gf, d) ? &gf->changed : &gf->new, d) != 0)
			group->lost = true;
	bitmap_clear(&gf->delayed);
}

void group_interval_end(struct group *group)
{
	timer_stop(group->speaker, &group->quiet);
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		release(group, (enum bgp_family)f);
	group->speaker->groups_marked = true;
}

void group_interval_fire(struct speaker *speaker, struct timer *timer, struct instant now)
{
	(void)speaker;
	(void)now;
	group_interval_end(container_of(timer, struct group, quiet));
}
