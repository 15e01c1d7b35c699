/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a rule can change, a row each.
 *
 * Invariants:
 *  1. The attributes that came in are never written to: the first change copies them, and what
 *     an array becomes is new, in the arena.
 *  2. A list of communities never holds one twice because of us.
 */
#include <string.h>

#include "route/policy_internal.h"

/* The attributes of the walk, to write to. */
static struct bgp_attributes *writable(struct policy_walk *walk)
{
	struct policy_result *result = walk->result;

	if (!result->changed) {
		result->attributes = *walk->attributes;
		walk->attributes = &result->attributes;
		result->changed = true;
	}
	return &result->attributes;
}

static void mark(struct bgp_attributes *attributes, unsigned code, bool present)
{
	attributes->present &= ~(UINT64_C(1) << code);
	attributes->present |= (uint64_t)present << code;
}

static void set_local_pref(struct policy_walk *walk, uint32_t local_pref)
{
	struct bgp_attributes *attributes = writable(walk);

	attributes->local_pref = local_pref;
	mark(attributes, BGP_ATTRIBUTE_LOCAL_PREF, true);
}

static void set_med(struct policy_walk *walk, uint32_t med)
{
	struct bgp_attributes *attributes = writable(walk);

	attributes->med = med;
	mark(attributes, BGP_ATTRIBUTE_MED, true);
}

static uint32_t present_med(const struct policy_walk *walk)
{
	return bgp_attribute_present(walk->attributes, BGP_ATTRIBUTE_MED)
		       ? walk->attributes->med
		       : 0;
}

static int change_local_pref(const struct policy_change *change, struct policy_walk *walk)
{
	set_local_pref(walk, change->number);
	return 0;
}

static int change_med(const struct policy_change *change, struct policy_walk *walk)
{
	set_med(walk, change->number);
	return 0;
}

static int change_med_up(const struct policy_change *change, struct policy_walk *walk)
{
	uint32_t med = present_med(walk), room = UINT32_MAX - med;

	set_med(walk, med + (change->number < room ? change->number : room));
	return 0;
}

static int change_med_down(const struct policy_change *change, struct policy_walk *walk)
{
	uint32_t med = present_med(walk);

	set_med(walk, med - (change->number < med ? change->number : med));
	return 0;
}

static int change_med_igp(const struct policy_change *change, struct policy_walk *walk)
{
	(void)change;
	if (walk->route->igp_metric != POLICY_METRIC_UNKNOWN)
		set_med(walk, walk->route->igp_metric);
	return 0;
}

static int change_med_away(const struct policy_change *change, struct policy_walk *walk)
{
	struct bgp_attributes *attributes = writable(walk);

	(void)change;
	attributes->med = 0;
	mark(attributes, BGP_ATTRIBUTE_MED, false);
	return 0;
}

static int change_weight(const struct policy_change *change, struct policy_walk *walk)
{
	writable(walk)->weight = (uint16_t)change->number;
	return 0;
}

static int change_origin(const struct policy_change *change, struct policy_walk *walk)
{
	struct bgp_attributes *attributes = writable(walk);

	attributes->origin = (uint8_t)change->number;
	mark(attributes, BGP_ATTRIBUTE_ORIGIN, true);
	return 0;
}

static int change_prepend(const struct policy_change *change, struct policy_walk *walk)
{
	if (change->number == 0)
		return 0;
	return bgp_as_path_prepend(
		writable(walk), walk->route->local_asn, change->number, walk->arena);
}

static int change_prepend_as(const struct policy_change *change, struct policy_walk *walk)
{
	int result = 0;

	for (size_t i = change->number_count; i > 0 && result == 0; i--)
		result = bgp_as_path_prepend(
			writable(walk), change->numbers[i - 1], 1, walk->arena);
	return result;
}

static int change_next_hop_self(const struct policy_change *change, struct policy_walk *walk)
{
	(void)change;
	walk->result->next_hop_self = true;
	return 0;
}

static int change_next_hop(const struct policy_change *change, struct policy_walk *walk)
{
	uint8_t family = walk->route->prefix != NULL ? walk->route->prefix->address.family
						     : walk->attributes->next_hop.family;
	struct bgp_attributes *attributes;

	if (change->next_hop.family != family)
		return 0;
	attributes = writable(walk);
	attributes->next_hop = change->next_hop;
	attributes->next_hop_link_local = (struct address){ .family = FAMILY_NONE };
	walk->result->next_hop_self = false;
	return 0;
}

/* ---- Communities: the three kinds are the same work on items of different sizes. ---- */

/* One list of the attributes. */
struct community_row {
	size_t items, size,
		count; /* where the pointer is; bytes of an item; where the count is */
	unsigned code;
	bool (*in_list)(const struct community_list *list, const struct policy_route *route,
		const void *item);
};

static bool standard_in_list(
	const struct community_list *list, const struct policy_route *route, const void *item)
{
	return community_list_has(list, route, *(const uint32_t *)item);
}

static bool large_in_list(
	const struct community_list *list, const struct policy_route *route, const void *item)
{
	return community_list_has_large(list, route, item);
}

static bool extended_in_list(
	const struct community_list *list, const struct policy_route *route, const void *item)
{
	(void)route;
	return community_list_has_extended(list, *(const uint64_t *)item);
}

#define COMMUNITY_ROW(list, counter, type, number, function)                              \
	{                                                                                 \
		offsetof(struct bgp_attributes, list), sizeof(type),                      \
			offsetof(struct bgp_attributes, counter), BGP_ATTRIBUTE_##number, \
			function                                                          \
	}

static const struct community_row community_rows[] = {
	COMMUNITY_ROW(communities, community_count, uint32_t, COMMUNITIES, standard_in_list),
	COMMUNITY_ROW(large_communities, large_community_count, struct bgp_large_community,
		LARGE_COMMUNITIES, large_in_list),
	COMMUNITY_ROW(extended_communities, extended_community_count, uint64_t,
		EXTENDED_COMMUNITIES, extended_in_list),
};

#define COMMUNITY_ROWS (sizeof(community_rows) / sizeof(community_rows[0]))

static const uint8_t *load_items(const struct community_row *row,
	const struct bgp_attributes *attributes, uint16_t *ret_count)
{
	const uint8_t *items;

	memcpy(&items, (const char *)attributes + row->items, sizeof(items));
	memcpy(ret_count, (const char *)attributes + row->count, sizeof(*ret_count));
	return items;
}

static void store_items(const struct community_row *row, struct bgp_attributes *attributes,
	const uint8_t *items, uint16_t count)
{
	memcpy((char *)attributes + row->items, &items, sizeof(items));
	memcpy((char *)attributes + row->count, &count, sizeof(count));
	mark(attributes, row->code, count > 0);
}

static bool matches_any(const struct policy_change *change, const struct policy_walk *walk,
	const struct community_row *row, const uint8_t *item)
{
	for (size_t i = 0; i < change->number_count; i++)
		if (row->in_list(&walk->book->community_lists[change->numbers[i]], walk->route,
			    item))
			return true;
	return false;
}

static int remove_of_kind(const struct policy_change *change, struct policy_walk *walk,
	const struct community_row *row)
{
	uint16_t count, kept = 0;
	const uint8_t *items = load_items(row, walk->attributes, &count);
	uint8_t *left = NULL;

	for (unsigned i = 0; i < count; i++) {
		const uint8_t *item = items + i * row->size;

		if (!matches_any(change, walk, row, item)) {
			if (left != NULL)
				memcpy(left + kept * row->size, item, row->size);
			kept++;
			continue;
		}
		if (left != NULL)
			continue;
		left = arena_take_array(walk->arena, count, row->size);
		if (left == NULL)
			return ERROR_MEMORY;
		memcpy(left, items, kept * row->size);
	}
	if (left != NULL)
		store_items(row, writable(walk), left, kept);
	return 0;
}

static int change_communities_away(const struct policy_change *change, struct policy_walk *walk)
{
	int result = 0;

	for (size_t i = 0; i < COMMUNITY_ROWS && result == 0; i++)
		result = remove_of_kind(change, walk, &community_rows[i]);
	return result;
}

static int change_communities_clear(
	const struct policy_change *change, struct policy_walk *walk)
{
	struct bgp_attributes *attributes = writable(walk);

	(void)change;
	for (size_t i = 0; i < COMMUNITY_ROWS; i++)
		store_items(&community_rows[i], attributes, NULL, 0);
	return 0;
}

static bool is_among(const uint8_t *items, unsigned count, size_t size, const uint8_t *item)
{
	for (unsigned i = 0; i < count; i++)
		if (memcmp(items + i * size, item, size) == 0)
			return true;
	return false;
}

static int add_of_kind(struct policy_walk *walk, const struct community_row *row,
	const void *more, size_t more_count)
{
	uint16_t count;
	const uint8_t *items = load_items(row, walk->attributes, &count);
	uint8_t *all;

	if (more_count == 0)
		return 0;
	if (count + more_count > UINT16_MAX)
		return ERROR_FULL;
	all = arena_take_array(walk->arena, count + more_count, row->size);
	if (all == NULL)
		return ERROR_MEMORY;
	if (count > 0)
		memcpy(all, items, count * row->size);
	for (size_t i = 0; i < more_count; i++) {
		const uint8_t *item = (const uint8_t *)more + i * row->size;

		if (!is_among(all, count, row->size, item))
			memcpy(all + count++ * row->size, item, row->size);
	}
	store_items(row, writable(walk), all, count);
	return 0;
}

static int change_communities_add(const struct policy_change *change, struct policy_walk *walk)
{
	int result = add_of_kind(
		walk, &community_rows[0], change->communities, change->community_count);

	if (result == 0)
		result = add_of_kind(walk, &community_rows[1], change->large_communities,
			change->large_community_count);
	if (result == 0)
		result = add_of_kind(walk, &community_rows[2], change->extended_communities,
			change->extended_community_count);
	return result;
}

static int change_graceful_shutdown(
	const struct policy_change *change, struct policy_walk *walk)
{
	static const uint32_t community = BGP_COMMUNITY_GRACEFUL_SHUTDOWN;

	(void)change;
	set_local_pref(walk, 0); /* RFC 8326 section 4: the lowest */
	return add_of_kind(walk, &community_rows[0], &community, 1);
}

static int change_blackhole(const struct policy_change *change, struct policy_walk *walk)
{
	/* RFC 7999 section 3.2: it should not leave our AS */
	static const uint32_t communities[] = { BGP_COMMUNITY_BLACKHOLE,
		BGP_COMMUNITY_NO_EXPORT };

	(void)change;
	walk->result->blackhole = true;
	return add_of_kind(walk, &community_rows[0], communities, 2);
}

typedef int change_function(const struct policy_change *change, struct policy_walk *walk);

static change_function *const change_functions[POLICY_CHANGE_KINDS] = {
	[POLICY_SET_LOCAL_PREF] = change_local_pref,
	[POLICY_SET_MED] = change_med,
	[POLICY_ADD_MED] = change_med_up,
	[POLICY_SUBTRACT_MED] = change_med_down,
	[POLICY_SET_MED_IGP] = change_med_igp,
	[POLICY_REMOVE_MED] = change_med_away,
	[POLICY_SET_WEIGHT] = change_weight,
	[POLICY_SET_ORIGIN] = change_origin,
	[POLICY_PREPEND] = change_prepend,
	[POLICY_PREPEND_AS] = change_prepend_as,
	[POLICY_NEXT_HOP_SELF] = change_next_hop_self,
	[POLICY_NEXT_HOP_ADDRESS] = change_next_hop,
	[POLICY_REMOVE_COMMUNITIES] = change_communities_away,
	[POLICY_CLEAR_COMMUNITIES] = change_communities_clear,
	[POLICY_ADD_COMMUNITIES] = change_communities_add,
	[POLICY_GRACEFUL_SHUTDOWN] = change_graceful_shutdown,
	[POLICY_BLACKHOLE] = change_blackhole,
};

int policy_change_all(const struct compiled_rule *rule, struct policy_walk *walk)
{
	int result = 0;

	for (uint32_t i = 0; i < rule->change_count && result == 0; i++)
		result = change_functions[rule->changes[i].kind](&rule->changes[i], walk);
	return result;
}
