/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of AS numbers and of communities: sorted where their members lie side by side. */
#include <stdlib.h>

#include "route/policy_internal.h"

static int compare_ranges(const void *a, const void *b)
{
	const struct policy_as_range *left = a, *right = b;

	return (left->first > right->first) - (left->first < right->first);
}

/* Sort and join. Returns how many are left. */
static size_t join_ranges(struct policy_as_range *ranges, size_t count)
{
	size_t kept = 0;

	if (count == 0)
		return 0;
	qsort(ranges, count, sizeof(*ranges), compare_ranges);
	for (size_t i = 1; i < count; i++) {
		struct policy_as_range *last = &ranges[kept];

		if (last->last == UINT32_MAX || ranges[i].first <= last->last + 1) {
			if (ranges[i].last > last->last)
				last->last = ranges[i].last;
		} else {
			ranges[++kept] = ranges[i];
		}
	}
	return kept + 1;
}

static bool ranges_have(const struct policy_as_range *ranges, size_t count, uint32_t number)
{
	const struct policy_as_range *at = ranges;

	if (count == 0)
		return false;
	while (count > 1) {
		size_t half = count / 2;

		at = at[half].first <= number ? at + half : at;
		count -= half;
	}
	return at->first <= number && number <= at->last;
}

int as_list_make(
	const struct policy_as_set *description, struct arena *arena, struct as_list *ret_list)
{
	struct policy_as_range *ranges =
		arena_take_array(arena, description->count, sizeof(*ranges));

	if (ranges == NULL)
		return ERROR_MEMORY;
	for (size_t i = 0; i < description->count; i++)
		ranges[i] = description->ranges[i];
	ret_list->ranges = ranges;
	ret_list->count = join_ranges(ranges, description->count);
	return 0;
}

bool as_list_has(const struct as_list *list, uint32_t asn)
{
	return ranges_have(list->ranges, list->count, asn);
}

/* All values of the second part, or one value of the first: numbers side by side. */
static bool is_side_by_side(const struct policy_community_range *range)
{
	return range->kind == POLICY_COMMUNITY_STANDARD && range->neighbor == 0 &&
	       range->self == 0 &&
	       (range->first[0] == range->last[0] ||
		       (range->first[1] == 0 && range->last[1] == 0xffff));
}

static int compare_kinds(const void *a, const void *b)
{
	const struct policy_community_range *left = a, *right = b;

	return (left->kind > right->kind) - (left->kind < right->kind);
}

int community_list_make(const struct policy_community_set *description, struct arena *arena,
	struct community_list *ret_list)
{
	struct community_list list = { .standard_count = 0 };
	struct policy_as_range *standard =
		arena_take_array(arena, description->count, sizeof(*standard));
	struct policy_community_range *others =
		arena_take_array(arena, description->count, sizeof(*others));

	if (standard == NULL || others == NULL)
		return ERROR_MEMORY;
	for (size_t i = 0; i < description->count; i++) {
		const struct policy_community_range *range = &description->ranges[i];

		if (is_side_by_side(range))
			standard[list.standard_count++] = (struct policy_as_range){
				range->first[0] << 16 | range->first[1],
				range->last[0] << 16 | range->last[1],
			};
		else
			others[list.other_count++] = *range;
	}
	if (list.other_count > 0)
		qsort(others, list.other_count, sizeof(*others), compare_kinds);
	list.standard = standard;
	list.standard_count = join_ranges(standard, list.standard_count);
	list.others = others;
	while (list.large_first < list.other_count &&
		others[list.large_first].kind == POLICY_COMMUNITY_STANDARD)
		list.large_first++;
	list.extended_first = list.large_first;
	while (list.extended_first < list.other_count &&
		others[list.extended_first].kind == POLICY_COMMUNITY_LARGE)
		list.extended_first++;
	*ret_list = list;
	return 0;
}

static bool within(const struct policy_community_range *range, const uint32_t *parts, int count)
{
	for (int i = 0; i < count; i++)
		if (parts[i] < range->first[i] || parts[i] > range->last[i])
			return false;
	return true;
}

/* The same, where parts may be AS numbers of the session. */
static bool within_session(const struct policy_community_range *range,
	const struct policy_route *route, const uint32_t *parts, int count)
{
	for (int i = 0; i < count; i++) {
		bool neighbor = ((range->neighbor >> i) & 1) != 0;
		bool self = ((range->self >> i) & 1) != 0;

		if (neighbor && parts[i] != route->neighbor_asn)
			return false;
		if (self && parts[i] != route->local_asn)
			return false;
		if (!neighbor && !self &&
			(parts[i] < range->first[i] || parts[i] > range->last[i]))
			return false;
	}
	return true;
}

bool community_list_has(
	const struct community_list *list, const struct policy_route *route, uint32_t community)
{
	const uint32_t parts[] = { community >> 16, community & 0xffff };

	if (ranges_have(list->standard, list->standard_count, community))
		return true;
	for (size_t i = 0; i < list->large_first; i++)
		if (within_session(&list->others[i], route, parts, 2))
			return true;
	return false;
}

bool community_list_has_large(const struct community_list *list,
	const struct policy_route *route, const struct bgp_large_community *community)
{
	const uint32_t parts[] = { community->global, community->local_1, community->local_2 };

	for (size_t i = list->large_first; i < list->extended_first; i++)
		if (within_session(&list->others[i], route, parts, 3))
			return true;
	return false;
}

/* RFC 4360 section 3: type, subtype, and 48 bits cut as the type says; RFC 5668 section 2. */
static bool has_extended(const struct policy_community_range *range, uint64_t community)
{
	unsigned type = (unsigned)(community >> 56);
	bool wide = type != POLICY_EXTENDED_AS2;
	const uint32_t halves[] = { (uint32_t)(community >> 32), (uint32_t)community };
	const uint32_t parts[] = {
		(uint32_t)(community >> (wide ? 16 : 32)) & (wide ? 0xffffffff : 0xffff),
		(uint32_t)community & (wide ? 0xffff : 0xffffffff),
	};

	if (range->kind == POLICY_COMMUNITY_EXTENDED_RAW)
		return within(range, halves, 2);
	return type <= POLICY_EXTENDED_AS4 && ((range->encodings >> type) & 1) != 0 &&
	       ((community >> 48) & 0xff) == range->subtype && within(range, parts, 2);
}

bool community_list_has_extended(const struct community_list *list, uint64_t community)
{
	for (size_t i = list->extended_first; i < list->other_count; i++)
		if (has_extended(&list->others[i], community))
			return true;
	return false;
}
