/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preferences of ASes from observations.
 *
 * Invariants:
 *  1. After plan_preferences_sort the observations of an AS stand together.
 *  2. A set of sites is a word of 64 bits; a walk adds at least one site a round, or ends.
 */
#include "plan/preference.h"

#include <stdlib.h>

int plan_preferences_add(struct plan_preferences *p, const struct plan_observation *observation,
	struct error *error)
{
	if (observation->winner >= PLAN_PREFERENCE_SITES_MAX ||
		observation->loser >= PLAN_PREFERENCE_SITES_MAX ||
		observation->winner == observation->loser)
		return error_set(error, ERROR_RANGE, "no such pair of sites");
	if (p->count == PLAN_OBSERVATIONS_MAX)
		return error_set(
			error, ERROR_FULL, "more than %u observations", PLAN_OBSERVATIONS_MAX);
	if (p->count == p->room) {
		size_t room = p->room == 0 ? 4096 : p->room * 2;
		struct plan_observation *items = realloc(p->items, room * sizeof(*items));

		if (items == NULL)
			return error_set(error, ERROR_MEMORY, "no memory for observations");
		p->items = items;
		p->room = room;
	}
	p->items[p->count++] = *observation;
	return 0;
}

static int by_asn(const void *a, const void *b)
{
	const struct plan_observation *left = a, *right = b;

	if (left->asn != right->asn)
		return left->asn < right->asn ? -1 : 1;
	if (left->source != right->source)
		return left->source < right->source ? -1 : 1;
	return left->winner != right->winner ? left->winner - right->winner
					     : left->loser - right->loser;
}

void plan_preferences_sort(struct plan_preferences *p)
{
	if (p->count > 1)
		qsort(p->items, p->count, sizeof(*p->items), by_asn);
}

void plan_preferences_clear(struct plan_preferences *p)
{
	free(p->items);
	*p = (struct plan_preferences){ 0 };
}

/* Where the observations of an AS begin, or where they would. */
static size_t first_of(const struct plan_preferences *p, uint32_t asn)
{
	size_t from = 0, to = p->count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (p->items[middle].asn < asn)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

const struct plan_observation *plan_preferences_of(
	const struct plan_preferences *p, uint32_t asn, size_t *ret_count)
{
	size_t first = first_of(p, asn), end = first;

	while (end < p->count && p->items[end].asn == asn)
		end++;
	*ret_count = end - first;
	return p->items == NULL ? NULL : p->items + first;
}

/* Whether a is preferred to b, in one step or over others. */
static int reaches(
	const struct plan_preferences *p, size_t first, uint8_t a, uint8_t b, uint16_t without)
{
	uint64_t below = UINT64_C(1) << a, before;

	do {
		before = below;
		for (size_t i = first; i < p->count && p->items[i].asn == p->items[first].asn;
			i++)
			if (p->items[i].source != without &&
				(below >> p->items[i].winner & 1) != 0)
				below |= UINT64_C(1) << p->items[i].loser;
	} while (below != before);
	return (int)(below >> b & 1);
}

int plan_prefers(
	const struct plan_preferences *p, uint32_t asn, uint8_t a, uint8_t b, uint16_t without)
{
	size_t first = first_of(p, asn);

	if (first == p->count || p->items[first].asn != asn || a == b ||
		a >= PLAN_PREFERENCE_SITES_MAX || b >= PLAN_PREFERENCE_SITES_MAX)
		return 0;
	return reaches(p, first, a, b, without) - reaches(p, first, b, a, without);
}
