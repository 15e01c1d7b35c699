/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rules are feasible, now and whenever unicast routes change.
 *
 * Whether parts of a rule's destination are routed to somebody else cannot be seen from the
 * table's index; a walk over all unicast destinations gathers it for all rules at once:
 *
 *     a rule comes, or a unicast route changes that lies around or inside of a rule's
 * destination
 *         --> walk, piece by piece --> look at all rules again, piece by piece
 *
 * Invariants:
 *  1. A change that matters is followed by a walk that begins after it.
 *  2. Two walks begin at least REVIEW_PAUSE apart.
 *
 * RFC 8955 section 6, RFC 9117.
 */
#include <string.h>

#include "route/flow_internal.h"
#include "route/flowspec_validate.h"
#include "route/speaker_internal.h"

#define WALK_STEP     4096u /* unicast destinations in one piece */
#define VALIDATE_STEP 256u  /* rules */
#define REVIEW_PAUSE  duration_ms(1000)

/* ---- One route. ---- */

struct asking {
	struct speaker *speaker;
	enum bgp_family unicast;
	bool unknown; /* what is inside has not been gathered */
};

static const struct rib_route *best_of(const struct asking *asking, const struct prefix *prefix)
{
	struct rib *rib = &asking->speaker->ribs[asking->unicast];
	uint32_t destination = rib_find(rib, prefix), count;

	if (destination == RIB_NONE || !rib_has_best(rib, destination))
		return NULL;
	return &rib_routes(rib, destination, &count)[0];
}

static uint32_t asn_of(const struct source *source)
{
	if (source == NULL || source->neighbor == NULL || source->neighbor->ibgp)
		return 0;
	return source->neighbor->settings.asn;
}

static struct address originator_of(
	const struct source *source, const struct bgp_attributes *attributes)
{
	if (bgp_attribute_present(attributes, BGP_ATTRIBUTE_ORIGINATOR_ID))
		return address_ipv4(attributes->originator_id);
	if (source == NULL || source->neighbor == NULL)
		return (struct address){ 0 };
	return source->neighbor->settings.address;
}

static bool best_match(
	void *context, const struct prefix *destination, struct flowspec_unicast *ret_unicast)
{
	const struct asking *asking = context;
	struct prefix prefix = *destination;

	for (int length = destination->length; length >= 0; length--) {
		const struct rib_route *route;
		const struct source *source;
		struct bgp_attributes attributes;

		prefix.length = (uint8_t)length;
		prefix_normalise(&prefix);
		route = best_of(asking, &prefix);
		if (route == NULL)
			continue;
		source = source_of(asking->speaker, (rib_source)route->source);
		attribute_store_read(&asking->speaker->store, route->set, &attributes);
		*ret_unicast = (struct flowspec_unicast){
			.originator = originator_of(source, &attributes),
			.neighbor_asn = asn_of(source),
			.first_asn = bgp_as_path_first(&attributes),
		};
		return true;
	}
	return false;
}

static bool others_inside(
	void *context, const struct prefix *destination, uint32_t neighbor_asn)
{
	struct asking *asking = context;
	const struct flow_area *area = flow_area_find(&asking->speaker->flow, destination);

	if (area == NULL || !area->known) {
		asking->unknown = true;
		return true;
	}
	return area->any && (area->many || area->asn != neighbor_asn);
}

static enum flowspec_feasibility feasibility(const struct speaker *speaker,
	enum bgp_family family, uint32_t destination, const struct rib_route *route,
	bool *ret_unknown)
{
	const struct source *source = source_of(speaker, (rib_source)route->source);
	struct asking asking = { .speaker = (struct speaker *)(uintptr_t)speaker,
		.unicast = family == BGP_IPV4_FLOWSPEC ? BGP_IPV4_UNICAST : BGP_IPV6_UNICAST };
	struct flowspec_lookup lookup = { best_match, others_inside, &asking };
	struct flowspec_source from = { 0 };
	struct bgp_attributes attributes;
	enum flowspec_feasibility found;

	*ret_unknown = false;
	if (source == NULL || source->neighbor == NULL ||
		source->neighbor->settings.flowspec_unvalidated)
		return FLOWSPEC_FEASIBLE;
	attribute_store_read(&speaker->store, route->received, &attributes);
	from.originator = originator_of(source, &attributes);
	from.external = !source->neighbor->ibgp;
	found = flowspec_validate(
		flow_rule(speaker, family, destination), &attributes, &from, &lookup);
	*ret_unknown = asking.unknown;
	return found;
}

const char *flow_reason(const struct speaker *speaker, enum bgp_family family,
	uint32_t destination, const struct rib_route *route)
{
	bool unknown;
	enum flowspec_feasibility found =
		feasibility(speaker, family, destination, route, &unknown);

	return unknown ? "not looked at yet" : flowspec_feasibility_reason(found);
}

void flow_validate(struct speaker *speaker, enum bgp_family family, uint32_t destination)
{
	struct rib *rib = &speaker->ribs[family];
	uint32_t count;
	struct rib_route *routes = rib_routes(rib, destination, &count);
	bool changed = false, touched = false;

	for (uint32_t i = 0; i < count; i++) {
		bool unknown, bad;

		bad = feasibility(speaker, family, destination, &routes[i], &unknown) !=
		      FLOWSPEC_FEASIBLE;
		speaker->flow.wanted |= unknown;
		if (bad == (routes[i].unresolved != 0))
			continue;
		routes[i].unresolved = bad;
		changed = true;
		touched |= i == 0 && rib_has_best(rib, destination);
	}
	if (changed)
		best_update(speaker, family, destination, touched);
}

/* ---- What matters. ---- */

static bool has_length(const struct flow_table *flow, enum family family, unsigned length)
{
	return (flow->lengths[family == FAMILY_IPV6][length / 64] >> (length % 64) & 1) != 0;
}

/* Calls for each area that has the prefix inside of it, without being it. */
static bool inside_each(struct flow_table *flow, const struct prefix *prefix, uint32_t asn,
	void (*found)(struct flow_area *area, uint32_t asn))
{
	bool any = false;

	for (unsigned length = 0; length < prefix->length; length++) {
		struct prefix around = *prefix;
		struct flow_area *area;

		if (!has_length(flow, prefix->address.family, length))
			continue;
		around.length = (uint8_t)length;
		prefix_normalise(&around);
		area = flow_area_find(flow, &around);
		if (area == NULL)
			continue;
		any = true;
		if (found != NULL)
			found(area, asn);
	}
	return any;
}

/* Some area is the prefix, or lies inside of it. */
static bool around_any(const struct flow_table *flow, const struct prefix *prefix)
{
	uint32_t at = flow_area_at(flow, prefix);

	return at < flow->area_count && prefix_contains(prefix, &flow->areas[at].destination);
}

void flow_unicast_changed(struct speaker *speaker, enum bgp_family family, uint32_t destination)
{
	struct flow_table *flow = &speaker->flow;
	struct prefix prefix;

	if (flow->area_count == 0 || flow->wanted)
		return;
	prefix = rib_prefix(&speaker->ribs[family], destination);
	flow->wanted = around_any(flow, &prefix) || inside_each(flow, &prefix, 0, NULL);
}

/* ---- The walk. ---- */

static void area_gather(struct flow_area *area, uint32_t asn)
{
	area->next_many |= area->next_any && area->next_asn != asn;
	area->next_any = true;
	area->next_asn = asn;
}

static void walk_begin(struct speaker *speaker, struct instant now)
{
	struct flow_table *flow = &speaker->flow;

	flow_collect(speaker);
	for (uint32_t i = 0; i < flow->area_count; i++) {
		struct flow_area *area = &flow->areas[i];

		area->next_any = area->next_many = false;
		area->walked = true;
	}
	flow->wanted = false;
	flow->walking = true;
	flow->family = BGP_IPV4_UNICAST;
	flow->at = 0;
	flow->again = instant_add(now, REVIEW_PAUSE);
}

static void walk_end(struct flow_table *flow)
{
	for (uint32_t i = 0; i < flow->area_count; i++) {
		struct flow_area *area = &flow->areas[i];

		if (!area->walked)
			continue;
		area->known = true;
		area->any = area->next_any;
		area->many = area->next_many;
		area->asn = area->next_asn;
	}
	flow->walking = false;
	flow->validating = true;
	flow->family = BGP_UNICAST_COUNT;
	flow->at = 0;
}

static void gather(struct speaker *speaker, enum bgp_family family, uint32_t destination)
{
	const struct rib *rib = &speaker->ribs[family];
	struct prefix prefix;
	uint32_t count;

	if (!rib_used(rib, destination) || !rib_has_best(rib, destination))
		return;
	prefix = rib_prefix(rib, destination);
	(void)inside_each(&speaker->flow, &prefix,
		asn_of(source_of(
			speaker, (rib_source)rib_routes(rib, destination, &count)[0].source)),
		area_gather);
}

/* The next `step` destinations up to `families`; false: the end was reached. */
static bool piece(struct speaker *speaker, unsigned families, uint32_t step,
	void (*look)(struct speaker *speaker, enum bgp_family family, uint32_t destination))
{
	struct flow_table *flow = &speaker->flow;

	for (; flow->family < families; flow->family++, flow->at = 0)
		for (; flow->at < speaker->ribs[flow->family].bound; flow->at++) {
			if (step-- == 0)
				return true;
			look(speaker, (enum bgp_family)flow->family, flow->at);
		}
	return false;
}

static void look_again(struct speaker *speaker, enum bgp_family family, uint32_t destination)
{
	if (rib_used(&speaker->ribs[family], destination))
		flow_validate(speaker, family, destination);
}

struct instant flow_deadline(const struct speaker *speaker)
{
	const struct flow_table *flow = &speaker->flow;

	if (flow->walking || flow->validating)
		return (struct instant){ 1 };
	return flow->wanted ? flow->again : INSTANT_NEVER;
}

void flow_step(struct speaker *speaker, struct instant now)
{
	struct flow_table *flow = &speaker->flow;

	if (flow->walking) {
		if (!piece(speaker, BGP_UNICAST_COUNT, WALK_STEP, gather))
			walk_end(flow);
	} else if (flow->validating) {
		flow->validating = piece(speaker, BGP_FAMILY_COUNT, VALIDATE_STEP, look_again);
	} else if (flow->wanted && instant_reached(flow->again, now)) {
		walk_begin(speaker, now);
	}
}
