/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules as destinations: what neighbours say of them, what we do, and who may have them.
 *
 * Invariants:
 *  1. A rule is kept while its destination is in the table of its family, and until the next
 * walk at most beyond that.
 *  2. There is an area for each destination prefix that a kept rule has, and for no other.
 *
 * RFC 8955 sections 4 and 6, RFC 8956, RFC 9117.
 */
#include "route/flow.h"

#include <stdlib.h>
#include <string.h>

#include "route/flow_internal.h"
#include "route/speaker_internal.h"

static uint64_t bytes_hash(const struct speaker *speaker, const struct flowspec *rule)
{
	return hash_bytes(&speaker->seed, rule->bytes, rule->length) + rule->family;
}

struct prefix flow_key(uint32_t number)
{
	struct address address = address_ipv4(number);

	return prefix_host(&address);
}

static uint32_t number_of(const struct prefix *key)
{
	struct cursor c = cursor_of(key->address.bytes, 4);

	return cursor_u32(&c);
}

enum bgp_family flow_family(const struct flowspec *rule)
{
	return rule->family == FAMILY_IPV4 ? BGP_IPV4_FLOWSPEC : BGP_IPV6_FLOWSPEC;
}

bool flow_destination(const struct flowspec *rule, struct prefix *ret_prefix)
{
	struct flowspec_component destination;

	if (!flowspec_find(rule, FLOWSPEC_DESTINATION, &destination) || destination.offset != 0)
		return false;
	*ret_prefix = destination.prefix;
	return true;
}

const struct flowspec *flow_rule(
	const struct speaker *speaker, enum bgp_family family, uint32_t destination)
{
	struct prefix key = rib_prefix(&speaker->ribs[family], destination);

	return &speaker->flow.rules[number_of(&key)]->rule;
}

/* ---- Areas, in order. ---- */

uint32_t flow_area_at(const struct flow_table *flow, const struct prefix *prefix)
{
	uint32_t low = 0, high = flow->area_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (prefix_compare(&flow->areas[middle].destination, prefix) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct flow_area *flow_area_find(struct flow_table *flow, const struct prefix *prefix)
{
	uint32_t at = flow_area_at(flow, prefix);

	if (at == flow->area_count || !prefix_equal(&flow->areas[at].destination, prefix))
		return NULL;
	return &flow->areas[at];
}

static void lengths_count(struct flow_table *flow)
{
	memset(flow->lengths, 0, sizeof(flow->lengths));
	for (uint32_t i = 0; i < flow->area_count; i++) {
		const struct prefix *p = &flow->areas[i].destination;

		flow->lengths[p->address.family == FAMILY_IPV6][p->length / 64] |=
			1ull << (p->length % 64);
	}
}

static bool area_enter(struct flow_table *flow, const struct prefix *prefix)
{
	uint32_t at = flow_area_at(flow, prefix);
	struct flow_area *areas = flow->areas;

	if (at < flow->area_count && prefix_equal(&areas[at].destination, prefix)) {
		areas[at].rules++;
		return true;
	}
	if (flow->area_count == flow->area_room) {
		uint32_t room = flow->area_room == 0 ? 16 : flow->area_room * 2;

		areas = realloc(areas, room * sizeof(*areas));
		if (areas == NULL)
			return false;
		flow->areas = areas;
		flow->area_room = room;
	}
	memmove(areas + at + 1, areas + at, (flow->area_count - at) * sizeof(*areas));
	/* Nothing lies inside of a host. */
	areas[at] = (struct flow_area){ .destination = *prefix,
		.rules = 1,
		.known = prefix->length == family_bits(prefix->address.family) };
	flow->area_count++;
	lengths_count(flow);
	return true;
}

static void area_leave(struct flow_table *flow, const struct prefix *prefix)
{
	struct flow_area *area = flow_area_find(flow, prefix);

	if (area == NULL || --area->rules > 0)
		return;
	flow->area_count--;
	memmove(area, area + 1,
		(size_t)(flow->areas + flow->area_count - area) * sizeof(*area));
	lengths_count(flow);
}

/* ---- Rules. ---- */

static struct flow_rule *rule_find(
	const struct speaker *speaker, const struct flowspec *rule, uint64_t hash)
{
	struct hash_node *node = hash_first(&speaker->flow.by_bytes, hash);

	for (; node != NULL; node = hash_next(node)) {
		struct flow_rule *found = container_of(node, struct flow_rule, node);

		if (found->rule.family == rule->family && found->rule.length == rule->length &&
			memcmp(found->bytes, rule->bytes, rule->length) == 0)
			return found;
	}
	return NULL;
}

static uint32_t number_take(struct flow_table *flow)
{
	uint32_t number = 0, room;
	struct flow_rule **rules;

	while (number < flow->rule_room && flow->rules[number] != NULL)
		number++;
	if (number < flow->rule_room)
		return number;
	room = flow->rule_room == 0 ? 64 : flow->rule_room * 2;
	rules = realloc(flow->rules, room * sizeof(struct flow_rule *));
	if (rules == NULL)
		return FLOW_NONE;
	for (uint32_t i = flow->rule_room; i < room; i++)
		rules[i] = NULL;
	flow->rules = rules;
	flow->rule_room = room;
	return number;
}

static void rule_free(struct flow_table *flow, struct flow_rule *rule)
{
	struct prefix destination;

	if (flow_destination(&rule->rule, &destination))
		area_leave(flow, &destination);
	hash_remove(&flow->by_bytes, &rule->node);
	flow->rules[rule->number] = NULL;
	flow->rule_count--;
	free(rule);
}

/* FLOW_NONE: no memory, or too many. */
static uint32_t rule_get(struct speaker *speaker, const struct flowspec *rule)
{
	struct flow_table *flow = &speaker->flow;
	uint64_t hash = bytes_hash(speaker, rule);
	struct flow_rule *made = rule_find(speaker, rule, hash);
	struct prefix destination;

	if (made != NULL)
		return made->number;
	if (flow->rule_count >= FLOW_RULES_MAX)
		flow_collect(speaker);
	if (flow->rule_count >= FLOW_RULES_MAX)
		return FLOW_NONE;
	made = calloc(1, sizeof(*made) + rule->length);
	if (made == NULL)
		return FLOW_NONE;
	memcpy(made->bytes, rule->bytes, rule->length);
	made->rule = (struct flowspec){ rule->family, rule->length, made->bytes };
	made->number = number_take(flow);
	if (made->number == FLOW_NONE || hash_insert(&flow->by_bytes, &made->node, hash) != 0) {
		free(made);
		return FLOW_NONE;
	}
	flow->rules[made->number] = made;
	flow->rule_count++;
	if (flow_destination(rule, &destination) && !area_enter(flow, &destination)) {
		hash_remove(&flow->by_bytes, &made->node);
		flow->rules[made->number] = NULL;
		flow->rule_count--;
		free(made);
		return FLOW_NONE;
	}
	return made->number;
}

void flow_collect(struct speaker *speaker)
{
	struct flow_table *flow = &speaker->flow;

	for (uint32_t i = 0; i < flow->rule_room; i++) {
		struct flow_rule *rule = flow->rules[i];
		struct prefix key = flow_key(i);

		if (rule != NULL &&
			rib_find(&speaker->ribs[flow_family(&rule->rule)], &key) == RIB_NONE)
			rule_free(flow, rule);
	}
}

void flow_free(struct speaker *speaker)
{
	struct flow_table *flow = &speaker->flow;

	for (uint32_t i = 0; i < flow->rule_room; i++)
		free(flow->rules[i]);
	free(flow->rules);
	free(flow->areas);
	hash_table_clear(&flow->by_bytes);
	*flow = (struct flow_table){ 0 };
}

/* The destination of a rule; RIB_NONE: not there. */
static uint32_t destination_find(const struct speaker *speaker, const struct flowspec *rule)
{
	const struct flow_rule *found = rule_find(speaker, rule, bytes_hash(speaker, rule));
	struct prefix key;

	if (found == NULL)
		return RIB_NONE;
	key = flow_key(found->number);
	return rib_find(&speaker->ribs[flow_family(rule)], &key);
}

/* ---- From neighbours. ---- */

/* The next rule that is good; those that are not are counted. */
static bool rule_next(
	struct neighbor *neighbor, struct bgp_nlri *nlri, struct flowspec *ret_rule)
{
	enum family family = bgp_family_addresses((enum bgp_family)nlri->family);
	const char *reason;

	while (cursor_left(&nlri->bytes) > 0)
		switch (flowspec_read(&nlri->bytes, family, &neighbor->speaker->flow_scratch,
			ret_rule, &reason)) {
		case FLOWSPEC_GOOD:
			return true;
		case FLOWSPEC_MALFORMED:
			neighbor->counters[COUNTER_FLOWSPEC_MALFORMED]++;
			break;
		case FLOWSPEC_BROKEN:
		case FLOWSPEC_NO_MEMORY:
			return false;
		}
	return false;
}

void flow_withdraw(struct neighbor *neighbor, struct bgp_nlri nlri)
{
	struct speaker *speaker = neighbor->speaker;
	struct flowspec rule;

	while (rule_next(neighbor, &nlri, &rule)) {
		uint32_t destination = destination_find(speaker, &rule);

		if (destination != RIB_NONE)
			source_route_remove(speaker, neighbor->source,
				(enum bgp_family)nlri.family, destination, 0);
		arena_reset(&speaker->flow_scratch);
	}
	arena_reset(&speaker->flow_scratch);
}

static bool too_many(
	const struct neighbor *neighbor, enum bgp_family family, const struct flowspec *rule)
{
	return neighbor->source->count[family] >= FLOW_NEIGHBOR_MAX &&
	       destination_find(neighbor->speaker, rule) == RIB_NONE;
}

static void rule_announce(struct neighbor *neighbor, enum bgp_family family,
	const struct flowspec *rule, attribute_set set, struct instant now)
{
	struct speaker *speaker = neighbor->speaker;
	uint32_t number =
		too_many(neighbor, family, rule) ? FLOW_NONE : rule_get(speaker, rule);
	uint32_t destination;
	struct prefix key;

	if (number == FLOW_NONE) {
		neighbor->counters[COUNTER_FLOWSPEC_REFUSED]++;
		return;
	}
	key = flow_key(number);
	destination = rib_get(&speaker->ribs[family], &key);
	if (destination == RIB_NONE)
		return;
	if (source_route_set(
		    speaker, neighbor->source, family, destination, 0, set, set, now) == 0)
		flow_validate(speaker, family, destination);
}

void flow_announce(struct neighbor *neighbor, struct bgp_nlri nlri,
	const struct bgp_attributes *attributes, struct instant now)
{
	struct speaker *speaker = neighbor->speaker;
	attribute_set set = attribute_store_intern(&speaker->store, attributes);
	struct flowspec rule;

	if (set == ATTRIBUTE_SET_NONE) {
		flow_withdraw(neighbor, nlri);
		return;
	}
	while (rule_next(neighbor, &nlri, &rule)) {
		if (neighbor->settings.import)
			rule_announce(neighbor, (enum bgp_family)nlri.family, &rule, set, now);
		else
			neighbor->counters[COUNTER_POLICY_REJECTED]++;
		arena_reset(&speaker->flow_scratch);
	}
	arena_reset(&speaker->flow_scratch);
	attribute_store_release(&speaker->store, set);
}

/* ---- Our own. ---- */

int speaker_flow_set(struct speaker *speaker, const struct flowspec *rule,
	const uint64_t *actions, size_t count, struct instant now)
{
	struct bgp_attributes a = { .origin = BGP_ORIGIN_IGP,
		.extended_communities = actions,
		.extended_community_count = (uint16_t)count,
		.present = 1ull << BGP_ATTRIBUTE_ORIGIN | 1ull << BGP_ATTRIBUTE_AS_PATH };
	enum bgp_family family = flow_family(rule);
	attribute_set set;
	uint32_t number, destination = RIB_NONE;
	int r = ERROR_FULL;

	if (count > FLOW_ACTIONS_MAX)
		return ERROR_RANGE;
	if (count > 0)
		a.present |= 1ull << BGP_ATTRIBUTE_EXTENDED_COMMUNITIES;
	set = attribute_store_intern(&speaker->store, &a);
	if (set == ATTRIBUTE_SET_NONE)
		return ERROR_MEMORY;
	number = rule_get(speaker, rule);
	if (number != FLOW_NONE) {
		struct prefix key = flow_key(number);

		destination = rib_get(&speaker->ribs[family], &key);
	}
	if (destination != RIB_NONE)
		r = source_route_set(speaker, speaker->sources[RIB_LOCAL], family, destination,
			0, set, set, now);
	attribute_store_release(&speaker->store, set);
	groups_wake(speaker);
	return r;
}

int speaker_flow_remove(
	struct speaker *speaker, const struct flowspec *rule, struct instant now)
{
	enum bgp_family family = flow_family(rule);
	uint32_t destination = destination_find(speaker, rule);

	(void)now;
	if (destination == RIB_NONE ||
		rib_route_find(&speaker->ribs[family], destination, RIB_LOCAL, 0) == RIB_NONE)
		return ERROR_NOT_FOUND;
	source_route_remove(speaker, speaker->sources[RIB_LOCAL], family, destination, 0);
	groups_wake(speaker);
	return 0;
}

/* ---- Looking in. ---- */

static bool route_show(const struct speaker *speaker, enum bgp_family family,
	uint32_t destination, uint32_t index, speaker_flow_callback *callback, void *context)
{
	const struct rib *rib = &speaker->ribs[family];
	uint32_t count;
	const struct rib_route *route = &rib_routes(rib, destination, &count)[index];
	const struct source *source = source_of(speaker, (rib_source)route->source);
	struct bgp_attributes attributes;
	struct flow_view view = { .rule = flow_rule(speaker, family, destination),
		.attributes = &attributes,
		.best = index == 0 && rib_has_best(rib, destination) };

	if (source == NULL || !source_alive(source, family, route))
		return true;
	attribute_store_read(&speaker->store, route->received, &attributes);
	view.neighbor = source->neighbor;
	view.stale = source_stale(source, family, route);
	view.feasible = !route->unresolved;
	view.reason = flow_reason(speaker, family, destination, route);
	return callback(context, &view);
}

void speaker_flow_each(const struct speaker *speaker, uint64_t *position,
	speaker_flow_callback *callback, void *context)
{
	uint64_t family = *position >> 32, at = *position & UINT32_MAX;

	if (family < BGP_UNICAST_COUNT)
		family = BGP_UNICAST_COUNT;
	for (; family < BGP_FAMILY_COUNT; family++, at = 0)
		for (; at < speaker->ribs[family].bound; at++) {
			uint32_t count = 0;
			bool more = true;

			if (rib_used(&speaker->ribs[family], (uint32_t)at))
				(void)rib_routes(&speaker->ribs[family], (uint32_t)at, &count);
			for (uint32_t i = 0; i < count; i++)
				more &= route_show(speaker, (enum bgp_family)family,
					(uint32_t)at, i, callback, context);
			if (more)
				continue;
			*position = family << 32 | (at + 1);
			return;
		}
	*position = UINT64_MAX;
}
