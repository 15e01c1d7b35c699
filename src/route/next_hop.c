/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which routes may be used because packets for their next hops have a way.
 *
 *     kernel's table changes -> every hop is looked up -> those that differ are marked
 *       -> all destinations are gone through, piece by piece; only routes with a marked
 *          hop are looked at, only destinations where that matters are chosen anew
 *
 * Invariants:
 *  1. A hop that no look has been taken at has the state HOP_UNKNOWN; the first route that asks
 *     takes it.
 *  2. While `changed` is set in a hop, a walk over all destinations is under way that began
 *     after it was set.
 *  3. After the walk, rib_route.unresolved of every unicast route is next_hop_unresolved.
 *
 * Nothing is kept for a route: its set knows the number of its hop. A hop that comes and goes
 * costs a walk over the table, some 40 ms for a million routes, in pieces between which
 * everything else goes on.
 */
#include "route/next_hop.h"

#include "route/speaker_internal.h"

#define REVIEW_STEP 4096u /* destinations in one piece */

static struct hop_way way_of(const struct speaker *speaker, const struct address *address)
{
	struct hop_way way;

	kernel_table_way(speaker->kernel, address, &way);
	if (way.metric == DECISION_METRIC_NO_ROUTE)
		way.metric--;
	return way;
}

static const struct hop_way *hop_look(const struct speaker *speaker, struct hop *hop)
{
	if (hop->way.state == HOP_UNKNOWN)
		hop->way = way_of(speaker, &hop->address);
	return &hop->way;
}

/* RFC 4271 section 6.3: what an external neighbour on our link says has a next hop on a link
 * of ours. */
static bool must_be_direct(const struct source *source)
{
	const struct neighbor *neighbor = source->neighbor;

	return neighbor != NULL && !neighbor->ibgp && neighbor->live != NULL &&
	       neighbor->live->info.directly_connected;
}

bool next_hop_unresolved(const struct speaker *speaker, const struct source *source,
	enum bgp_family family, attribute_set set)
{
	const struct hop_way *way;
	struct hop *hop;

	if (speaker->kernel == NULL || set == ATTRIBUTE_SET_NONE ||
		bgp_family_is_flowspec(family))
		return false;
	hop = attribute_store_hop(&speaker->store, set);
	if (hop == NULL)
		return false;
	way = hop_look(speaker, hop);
	if (way->state == HOP_LINK)
		return false;
	return way->state != HOP_RESOLVED || (!way->direct && must_be_direct(source));
}

uint32_t next_hop_metric(const struct speaker *speaker, attribute_set set)
{
	struct hop *hop =
		speaker->kernel == NULL ? NULL : attribute_store_hop(&speaker->store, set);

	return hop == NULL ? 0 : hop_look(speaker, hop)->metric;
}

uint32_t next_hop_policy_metric(
	struct speaker *speaker, const struct bgp_attributes *attributes)
{
	struct hop_way way;
	struct hop *hop;

	if (speaker->kernel == NULL || attributes->next_hop.family == FAMILY_NONE)
		return POLICY_METRIC_UNKNOWN;
	hop = hop_table_find(
		&speaker->store.hops, &attributes->next_hop, &attributes->next_hop_link_local);
	way = hop != NULL ? *hop_look(speaker, hop) : way_of(speaker, &attributes->next_hop);
	return way.state == HOP_RESOLVED || way.state == HOP_LINK ? way.metric
								  : POLICY_METRIC_UNKNOWN;
}

/* ---- Changes. ---- */

static bool way_equal(const struct hop_way *a, const struct hop_way *b)
{
	return a->state == b->state && a->direct == b->direct && a->metric == b->metric &&
	       a->link == b->link && a->link_downs == b->link_downs &&
	       address_equal(&a->gateway, &b->gateway);
}

static void review_begin(struct speaker *speaker)
{
	for (int f = 0; f < BGP_UNICAST_COUNT; f++) {
		speaker->hops_reviewing[f] = true;
		speaker->hops_at[f] = 0;
	}
}

void speaker_kernel_changed(struct speaker *speaker)
{
	struct hop_table *hops = &speaker->store.hops;
	bool any = false;

	for (uint32_t i = 0; speaker->kernel != NULL && i < hops->bound; i++) {
		struct hop *hop = hops->hops[i];
		struct hop_way way;

		if (hop == NULL || hop->way.state == HOP_UNKNOWN)
			continue;
		way = way_of(speaker, &hop->address);
		if (!way_equal(&way, &hop->way))
			any = hop->changed = true;
		hop->way = way;
	}
	if (any)
		review_begin(speaker);
}

void speaker_kernel_set(struct speaker *speaker, const struct kernel_table *table)
{
	struct hop_table *hops = &speaker->store.hops;

	if (speaker->kernel == table)
		return;
	speaker->kernel = table;
	for (uint32_t i = 0; i < hops->bound; i++)
		if (hops->hops[i] != NULL) {
			hops->hops[i]->way = (struct hop_way){ .state = HOP_UNKNOWN };
			hops->hops[i]->changed = true;
		}
	review_begin(speaker);
}

bool next_hops_reviewing(const struct speaker *speaker)
{
	for (int f = 0; f < BGP_UNICAST_COUNT; f++)
		if (speaker->hops_reviewing[f])
			return true;
	return false;
}

static void destination_review(
	struct speaker *speaker, enum bgp_family family, uint32_t destination)
{
	const struct rib *rib = &speaker->ribs[family];
	bool concerned = false, touched = false;
	uint32_t count;
	struct rib_route *routes = rib_routes(rib, destination, &count);

	for (uint32_t i = 0; i < count; i++) {
		struct rib_route *route = &routes[i];
		const struct source *source = source_of(speaker, (rib_source)route->source);
		const struct hop *hop =
			route->set == ATTRIBUTE_SET_NONE
				? NULL
				: attribute_store_hop(&speaker->store, route->set);

		if (hop == NULL || !hop->changed || source == NULL)
			continue;
		touched |= best_touches(speaker, family, destination, i);
		route->unresolved = next_hop_unresolved(speaker, source, family, route->set);
		concerned = true;
	}
	if (concerned)
		best_update(speaker, family, destination, touched);
}

static void review_end(struct speaker *speaker)
{
	struct hop_table *hops = &speaker->store.hops;

	for (uint32_t i = 0; i < hops->bound; i++)
		if (hops->hops[i] != NULL)
			hops->hops[i]->changed = false;
}

void next_hops_review_step(struct speaker *speaker)
{
	for (int f = 0; f < BGP_UNICAST_COUNT; f++) {
		const struct rib *rib = &speaker->ribs[f];
		uint32_t *at = &speaker->hops_at[f], end = *at + REVIEW_STEP;

		if (!speaker->hops_reviewing[f])
			continue;
		for (; *at < end && *at < rib->bound; (*at)++)
			if (rib_used(rib, *at))
				destination_review(speaker, (enum bgp_family)f, *at);
		speaker->hops_reviewing[f] = *at < rib->bound;
	}
	if (!next_hops_reviewing(speaker))
		review_end(speaker);
}

/* ---- Looking in. ---- */

void speaker_next_hops(
	const struct speaker *speaker, next_hop_callback *callback, void *context)
{
	const struct hop_table *hops = &speaker->store.hops;

	for (uint32_t i = 0; speaker->kernel != NULL && i < hops->bound; i++) {
		const struct hop *hop = hops->hops[i];

		if (hop != NULL && hop->way.state != HOP_UNKNOWN && !callback(context, hop))
			return;
	}
}
