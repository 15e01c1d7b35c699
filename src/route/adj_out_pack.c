/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the adj-RIB-out to messages: called when the socket has room, makes as many whole
 * messages as fit, each with as many prefixes as fit.
 *
 * Order, family by family:
 *
 *     [begin marker of a refresh] withdrawals, routes group by group, [end-of-RIB]
 *     [end marker of the refresh]
 *
 * Invariants:
 *  1. No route of a family goes out while a withdrawal of it waits.
 *  2. End-of-RIB goes out once a session, after the initial routes (RFC 4724 section 4), and no
 *     begin marker before it (RFC 7313 section 4).
 *
 * A set of attributes that fits into no message at all is never sent: its prefixes are
 * withdrawn.
 */
#include "route/speaker_internal.h"

#define PACK_MAX    1024u /* prefixes tried for one message */
#define MARKER_ROOM 64u   /* enough for an end-of-RIB or a refresh marker */

struct pack {
	struct bgp_route_key keys[PACK_MAX];
	struct adj_out_entry *entries[PACK_MAX];
	size_t count;
};

static void pack_collect(const struct list *entries, struct pack *pack)
{
	pack->count = 0;
	list_for_each(node, entries) {
		struct adj_out_entry *entry = container_of(node, struct adj_out_entry, dirty);

		if (pack->count == PACK_MAX)
			break;
		pack->keys[pack->count] = (struct bgp_route_key){ .prefix = entry->prefix };
		pack->entries[pack->count++] = entry;
	}
}

static void entry_tell(struct neighbor *neighbor, struct adj_out_entry *entry)
{
	const struct adj_out_group *group = entry->group;

	if (group != NULL && group->set == entry->sent)
		return; /* once more what it holds already */
	neighbor_event(
		neighbor, (struct speaker_event){
				  .type = group == NULL ? SPEAKER_WITHDRAWN : SPEAKER_ANNOUNCED,
				  .prefix = entry->prefix,
				  .reason = "" });
}

static void pack_sent(
	struct neighbor *neighbor, const struct pack *pack, size_t written, struct instant now)
{
	neighbor->counters[COUNTER_UPDATES_OUT]++;
	for (size_t i = 0; i < written; i++) {
		entry_tell(neighbor, pack->entries[i]);
		adj_out_entry_sent(neighbor, pack->entries[i], now);
	}
}

/* All of them, or as many messages as fit. */
static void withdrawals_out(
	struct neighbor *neighbor, struct writer *w, enum bgp_family family, struct instant now)
{
	const struct list *entries = &neighbor->adj_out.withdrawals[family];
	const struct bgp_context *context = &neighbor->live->context;
	struct pack pack;
	size_t written;

	while (!list_empty(entries)) {
		pack_collect(entries, &pack);
		if (bgp_withdraw_write(w, context, family, pack.keys, pack.count, &written) !=
			0)
			return;
		pack_sent(neighbor, &pack, written, now);
	}
}

/* One message of the first group. 0, ERROR_FULL or ERROR_RANGE. */
static int group_out(struct neighbor *neighbor, struct writer *w, enum bgp_family family,
	const struct adj_out_group *group, struct instant now)
{
	struct pack pack;
	size_t written = 0;
	int r;

	pack_collect(&group->entries, &pack);
	r = bgp_update_write(w, &neighbor->live->context, family, &group->set->attributes,
		pack.keys, pack.count, &written);
	if (r == 0)
		pack_sent(neighbor, &pack, written, now);
	return r;
}

static void groups_out(
	struct neighbor *neighbor, struct writer *w, enum bgp_family family, struct instant now)
{
	const struct list *queue = &neighbor->adj_out.queue[family];

	while (!list_empty(queue)) {
		struct adj_out_group *group =
			container_of(queue->next, struct adj_out_group, link);
		bool empty = writer_length(w) == 0;
		int r = group_out(neighbor, w, family, group, now);

		if (r == 0)
			continue;
		if (r == ERROR_FULL && !empty)
			return; /* there is more room the next time */
		adj_out_group_drop(neighbor, group);
	}
}

static void marker_out(struct neighbor *neighbor, struct writer *w, enum bgp_family family,
	enum bgp_refresh_subtype subtype)
{
	struct bgp_refresh refresh = { bgp_family_afi(family), bgp_family_safi(family),
		(uint8_t)subtype };

	bgp_refresh_write(w, &refresh);
	neighbor->counters[COUNTER_REFRESHES_OUT]++;
}

static void refresh_begin(
	struct neighbor *neighbor, struct writer *w, enum bgp_family family, struct instant now)
{
	struct adj_out *adj_out = &neighbor->adj_out;

	if (!adj_out->refresh_due[family] || adj_out->end_of_rib_due[family] ||
		writer_room(w) < MARKER_ROOM)
		return;
	adj_out->refresh_due[family] = false;
	if (neighbor->agreed.enhanced_refresh) {
		marker_out(neighbor, w, family, BGP_REFRESH_BEGIN);
		adj_out->refresh_end_due[family] = true;
	}
	adj_out_all(neighbor, family, true, now);
}

static void end_of_rib_out(struct neighbor *neighbor, struct writer *w, enum bgp_family family)
{
	struct adj_out *adj_out = &neighbor->adj_out;

	if (!adj_out->end_of_rib_due[family] || neighbor->speaker->end_of_rib_held)
		return;
	bgp_end_of_rib_write(w, family);
	neighbor->counters[COUNTER_UPDATES_OUT]++;
	adj_out->end_of_rib_due[family] = false;
	adj_out->end_of_rib_sent[family] = true;
	neighbor->end_of_rib_ever = true;
}

static void family_out(
	struct neighbor *neighbor, struct writer *w, enum bgp_family family, struct instant now)
{
	struct adj_out *adj_out = &neighbor->adj_out;

	refresh_begin(neighbor, w, family, now);
	withdrawals_out(neighbor, w, family, now);
	if (!list_empty(&adj_out->withdrawals[family]))
		return;
	groups_out(neighbor, w, family, now);
	withdrawals_out(neighbor, w, family, now); /* of groups that fit nowhere */
	if (adj_out->pending[family] > 0 || writer_room(w) < MARKER_ROOM)
		return;
	end_of_rib_out(neighbor, w, family);
	if (adj_out->refresh_end_due[family] && writer_room(w) >= MARKER_ROOM) {
		marker_out(neighbor, w, family, BGP_REFRESH_END);
		adj_out->refresh_end_due[family] = false;
	}
}

void adj_out_output(struct neighbor *neighbor, struct writer *w, struct instant now)
{
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		family_out(neighbor, w, (enum bgp_family)f, now);
}
