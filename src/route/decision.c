/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decision process.
 *
 * Two candidates are compared by the first step in which they differ. That is an order for all
 * steps but MED, which only paths of one neighbouring AS compare. So a set of candidates is
 * thinned out in phases; `order` holds the indexes of those that are left:
 *
 *     all --reachable--> --stale .. origin--> --MED, by AS--> --external, metric--> --last
 * steps-->
 *                                                                    |
 *                                                                    +--> multipath
 *
 * Invariants:
 *  1. After each phase those that are left are equal in all steps so far (MED: each has the
 *     lowest of its AS), and every one that left lost against one that was there.
 *  2. What is left does not depend on the order of the candidates; only DECISION_MED_IN_ORDER
 *     does, by its nature, and does not go through the phases.
 *
 * RFC 4271 section 9.1.2.2, RFC 4456 section 9, RFC 9494 section 4.4.
 */
#include "route/decision.h"

/* ---- What the steps look at. ---- */

static uint32_t med_of(const struct decision_candidate *c, const struct decision_settings *s)
{
	if (c->attributes.has_med)
		return c->attributes.med;
	return s->missing_med_worst ? UINT32_MAX : 0;
}

/* RFC 4456 section 9. */
static uint32_t router_id_of(const struct decision_candidate *c)
{
	return c->attributes.has_originator ? c->attributes.originator_id : c->router_id;
}

static bool reachable(const struct decision_candidate *c)
{
	return c->metric != DECISION_METRIC_NO_ROUTE;
}

static uint32_t path_length_of(
	const struct decision_candidate *c, const struct decision_settings *s)
{
	return s->ignore_path_length ? 0 : c->attributes.path_length;
}

uint32_t decision_value(enum decision_step step, const struct decision_candidate *candidate,
	const struct decision_settings *settings)
{
	const struct decision_candidate *c = candidate;

	switch (step) {
	case DECISION_REACHABLE:
		return !reachable(c);
	case DECISION_STALE:
		return c->stale;
	case DECISION_WEIGHT:
		return c->weight;
	case DECISION_LOCAL:
		return c->origin != DECISION_FROM_HERE;
	case DECISION_LOCAL_PREF:
		return c->attributes.local_pref;
	case DECISION_PATH_LENGTH:
		return path_length_of(c, settings);
	case DECISION_ORIGIN:
		return c->attributes.origin;
	case DECISION_MED:
		return med_of(c, settings);
	case DECISION_EXTERNAL:
		return c->origin == DECISION_FROM_IBGP;
	case DECISION_METRIC:
		return c->metric;
	case DECISION_AGE:
		return c->since;
	case DECISION_ROUTER_ID:
		return router_id_of(c);
	case DECISION_CLUSTERS:
		return c->attributes.cluster_count;
	case DECISION_PATH_ID:
		return c->path_id;
	case DECISION_SAME:
	case DECISION_ADDRESS:
	case DECISION_STEP_COUNT:
	default:
		return 0;
	}
}

static bool higher_wins(enum decision_step step)
{
	return step == DECISION_WEIGHT || step == DECISION_LOCAL_PREF;
}

/* ---- The first step in which two differ. ---- */

typedef enum decision_step differs(const struct decision_candidate *a,
	const struct decision_candidate *b, const struct decision_settings *s);

static inline enum decision_step differs_before_med(const struct decision_candidate *a,
	const struct decision_candidate *b, const struct decision_settings *s)
{
	if (a->stale != b->stale)
		return DECISION_STALE;
	if (a->weight != b->weight)
		return DECISION_WEIGHT;
	if ((a->origin == DECISION_FROM_HERE) != (b->origin == DECISION_FROM_HERE))
		return DECISION_LOCAL;
	if (a->attributes.local_pref != b->attributes.local_pref)
		return DECISION_LOCAL_PREF;
	if (path_length_of(a, s) != path_length_of(b, s))
		return DECISION_PATH_LENGTH;
	if (a->attributes.origin != b->attributes.origin)
		return DECISION_ORIGIN;
	return DECISION_SAME;
}

static inline enum decision_step differs_in_med(const struct decision_candidate *a,
	const struct decision_candidate *b, const struct decision_settings *s)
{
	return med_of(a, s) == med_of(b, s) ? DECISION_SAME : DECISION_MED;
}

static inline enum decision_step differs_before_sharing(const struct decision_candidate *a,
	const struct decision_candidate *b, const struct decision_settings *s)
{
	(void)s;
	if ((a->origin == DECISION_FROM_IBGP) != (b->origin == DECISION_FROM_IBGP))
		return DECISION_EXTERNAL;
	return a->metric == b->metric ? DECISION_SAME : DECISION_METRIC;
}

static int address_order(const struct decision_candidate *a, const struct decision_candidate *b)
{
	if (a->address == NULL || b->address == NULL)
		return (a->address != NULL) - (b->address != NULL);
	return address_compare(a->address, b->address);
}

static inline enum decision_step differs_at_last(const struct decision_candidate *a,
	const struct decision_candidate *b, const struct decision_settings *s)
{
	if (s->prefer_oldest && a->origin == DECISION_FROM_EBGP &&
		b->origin == DECISION_FROM_EBGP && a->since != b->since)
		return DECISION_AGE;
	if (router_id_of(a) != router_id_of(b))
		return DECISION_ROUTER_ID;
	if (a->attributes.cluster_count != b->attributes.cluster_count)
		return DECISION_CLUSTERS;
	if (address_order(a, b) != 0)
		return DECISION_ADDRESS;
	return a->path_id == b->path_id ? DECISION_SAME : DECISION_PATH_ID;
}

/* Below zero if a is better, given that they differ first in this step. */
static int order_in(enum decision_step step, const struct decision_candidate *a,
	const struct decision_candidate *b, const struct decision_settings *s)
{
	uint32_t of_a, of_b;

	if (step == DECISION_ADDRESS)
		return address_order(a, b);
	of_a = decision_value(step, a, s);
	of_b = decision_value(step, b, s);
	if (of_a == of_b)
		return 0;
	return (of_a > of_b) == higher_wins(step) ? -1 : 1;
}

/* A path that starts with a set has no neighbouring AS. */
static bool starts_with_set(const struct decision_candidate *c)
{
	return c->attributes.neighbor_as == 0 && c->attributes.path_length > 0;
}

static bool med_comparable(const struct decision_candidate *a,
	const struct decision_candidate *b, const struct decision_settings *s)
{
	if (s->med == DECISION_MED_ALWAYS)
		return true;
	return a->attributes.neighbor_as == b->attributes.neighbor_as && !starts_with_set(a) &&
	       !starts_with_set(b);
}

static enum decision_step differs_first(const struct decision_candidate *a,
	const struct decision_candidate *b, const struct decision_settings *s)
{
	enum decision_step step;

	if (reachable(a) != reachable(b))
		return DECISION_REACHABLE;
	step = differs_before_med(a, b, s);
	if (step == DECISION_SAME && med_comparable(a, b, s))
		step = differs_in_med(a, b, s);
	if (step == DECISION_SAME)
		step = differs_before_sharing(a, b, s);
	return step == DECISION_SAME ? differs_at_last(a, b, s) : step;
}

int decision_compare(const struct decision_candidate *a, const struct decision_candidate *b,
	const struct decision_settings *settings, enum decision_step *ret_step)
{
	enum decision_step step = differs_first(a, b, settings);

	if (ret_step != NULL)
		*ret_step = step;
	return step == DECISION_SAME ? 0 : order_in(step, a, b, settings);
}

/* ---- Of many. ---- */

struct choice {
	const struct decision_candidate *candidates;
	const struct decision_settings *settings;
	uint16_t *order;
	uint32_t count; /* of those that are left, the first in order */
};

static const struct decision_candidate *left_at(const struct choice *choice, uint32_t i)
{
	return &choice->candidates[choice->order[i]];
}

/* Leave those that are equal and best in the steps that function looks at. */
static inline void keep_best(struct choice *choice, differs *function)
{
	uint32_t kept = 1;

	for (uint32_t i = 1; i < choice->count; i++) {
		const struct decision_candidate *a = left_at(choice, i),
						*b = left_at(choice, 0);
		enum decision_step step = function(a, b, choice->settings);

		if (step == DECISION_SAME) {
			choice->order[kept++] = choice->order[i];
		} else if (order_in(step, a, b, choice->settings) < 0) {
			choice->order[0] = choice->order[i];
			kept = 1;
		}
	}
	choice->count = kept;
}

typedef int compare(const struct decision_candidate *a, const struct decision_candidate *b,
	const struct decision_settings *s);

static int compare_as_and_med(const struct decision_candidate *a,
	const struct decision_candidate *b, const struct decision_settings *s)
{
	uint64_t of_a = (uint64_t)a->attributes.neighbor_as << 32 | med_of(a, s);
	uint64_t of_b = (uint64_t)b->attributes.neighbor_as << 32 | med_of(b, s);

	if (starts_with_set(a) != starts_with_set(b))
		return starts_with_set(a) ? 1 : -1;
	return (of_a > of_b) - (of_a < of_b);
}

static int compare_at_last(const struct decision_candidate *a,
	const struct decision_candidate *b, const struct decision_settings *s)
{
	enum decision_step step = differs_at_last(a, b, s);

	return step == DECISION_SAME ? 0 : order_in(step, a, b, s);
}

/* Let the element at `at` sink to its place in the heap of count elements from first on. */
static void sink(const struct choice *choice, uint32_t first, uint32_t at, uint32_t count,
	compare *function)
{
	uint16_t *heap = choice->order + first, sinking = heap[at];

	for (uint32_t child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count &&
			function(&choice->candidates[heap[child]],
				&choice->candidates[heap[child + 1]], choice->settings) < 0)
			child++;
		if (function(&choice->candidates[sinking], &choice->candidates[heap[child]],
			    choice->settings) >= 0)
			break;
		heap[at] = heap[child];
	}
	heap[at] = sinking;
}

/* Sort what is left, from order[first] on: heapsort needs no memory. */
static void sort(const struct choice *choice, uint32_t first, compare *function)
{
	uint32_t count = choice->count - first;
	uint16_t *heap = choice->order + first;

	for (uint32_t i = count / 2; i > 0; i--)
		sink(choice, first, i - 1, count, function);
	for (uint32_t i = count; i > 1; i--) {
		uint16_t last = heap[i - 1];

		heap[i - 1] = heap[0];
		heap[0] = last;
		sink(choice, first, 0, i - 1, function);
	}
}

static bool all_meds_same(const struct choice *choice)
{
	for (uint32_t i = 1; i < choice->count; i++)
		if (differs_in_med(left_at(choice, i), left_at(choice, 0), choice->settings) !=
			DECISION_SAME)
			return false;
	return true;
}

/* RFC 4271 section 9.1.2.2 c: the lowest of each neighbouring AS stay. */
static void keep_lowest_meds(struct choice *choice)
{
	const struct decision_candidate *lowest;
	uint32_t kept = 1;

	if (all_meds_same(choice))
		return;
	if (choice->settings->med == DECISION_MED_ALWAYS) {
		keep_best(choice, differs_in_med);
		return;
	}
	sort(choice, 0, compare_as_and_med);
	lowest = left_at(choice, 0);
	for (uint32_t i = 1; i < choice->count; i++) {
		const struct decision_candidate *c = left_at(choice, i);

		if (med_comparable(c, lowest, choice->settings)) {
			if (differs_in_med(c, lowest, choice->settings) != DECISION_SAME)
				continue;
		} else {
			lowest = c;
		}
		choice->order[kept++] = choice->order[i];
	}
	choice->count = kept;
}

static uint32_t share_limit(
	const struct decision_candidate *best, const struct decision_settings *s)
{
	uint32_t limit = 1;

	if (best->origin == DECISION_FROM_EBGP)
		limit = s->multipath_ebgp;
	else if (best->origin == DECISION_FROM_IBGP)
		limit = s->multipath_ibgp;
	return limit == 0 ? 1 : limit;
}

static bool may_share(const struct decision_candidate *best, const struct decision_candidate *c,
	const struct decision_settings *s)
{
	return s->multipath == DECISION_MULTIPATH_ANY_AS ||
	       best->attributes.neighbor_as == c->attributes.neighbor_as;
}

/* order[0] is the best; leave what shares the traffic with it. All are equal before. */
static void keep_sharing(struct choice *choice)
{
	const struct decision_candidate *best = left_at(choice, 0);
	uint32_t limit = share_limit(best, choice->settings), kept = 1;

	for (uint32_t i = 1; i < choice->count && kept < limit; i++)
		if (may_share(best, left_at(choice, i), choice->settings))
			choice->order[kept++] = choice->order[i];
	choice->count = kept;
}

static void choose_by_phases(struct choice *choice)
{
	keep_best(choice, differs_before_med);
	if (choice->count > 1)
		keep_lowest_meds(choice);
	keep_best(choice, differs_before_sharing);
	if (choice->count == 1)
		return;
	if (share_limit(left_at(choice, 0), choice->settings) == 1) {
		keep_best(choice, differs_at_last);
		choice->count = 1;
		return;
	}
	sort(choice, 0, compare_at_last);
	keep_sharing(choice);
}

static void choose_in_order(struct choice *choice)
{
	const struct decision_candidate *best;
	uint32_t kept = 1, at = 0;

	for (uint32_t i = 1; i < choice->count; i++)
		if (decision_compare(left_at(choice, i), left_at(choice, at), choice->settings,
			    NULL) < 0)
			at = i;
	best = left_at(choice, at);
	for (; at > 0; at--)
		choice->order[at] = choice->order[at - 1];
	choice->order[0] = (uint16_t)(best - choice->candidates);
	for (uint32_t i = 1; i < choice->count; i++) {
		enum decision_step step =
			differs_first(left_at(choice, i), best, choice->settings);

		if (step == DECISION_SAME || step > DECISION_METRIC)
			choice->order[kept++] = choice->order[i];
	}
	choice->count = kept;
	sort(choice, 1, compare_at_last);
	keep_sharing(choice);
}

uint32_t decision_best(const struct decision_candidate *candidates, uint32_t n,
	const struct decision_settings *settings, uint16_t *order, uint32_t *ret_count)
{
	struct choice choice = { candidates, settings, order, 0 };

	for (uint32_t i = 0; i < n; i++)
		if (reachable(&candidates[i]))
			order[choice.count++] = (uint16_t)i;
	if (choice.count > 1) {
		if (settings->med == DECISION_MED_IN_ORDER)
			choose_in_order(&choice);
		else
			choose_by_phases(&choice);
	}
	*ret_count = choice.count;
	return choice.count == 0 ? DECISION_NONE : order[0];
}

/* ---- Why. ---- */

/* Play choose_in_order again: the candidate that `other` lost against. */
static uint32_t loser_to(const struct decision_candidate *candidates, uint32_t n,
	uint32_t other, const struct decision_settings *s)
{
	uint32_t best = DECISION_NONE;

	for (uint32_t i = 0; i < n; i++) {
		bool better;

		if (!reachable(&candidates[i]))
			continue;
		better = best == DECISION_NONE ||
			 decision_compare(&candidates[i], &candidates[best], s, NULL) < 0;
		if (i == other && !better)
			return best;
		if (best == other && better)
			return i;
		if (better)
			best = i;
	}
	return best;
}

/* The path with the lowest MED of those that `other` is compared with, the best one first. */
static uint32_t med_rival(const struct decision_candidate *candidates, uint32_t n,
	uint32_t best, uint32_t other, const struct decision_settings *s)
{
	uint32_t rival = other;

	for (uint32_t i = 0; i < n; i++) {
		const struct decision_candidate *c = &candidates[i];

		if (reachable(c) && med_comparable(c, &candidates[other], s) &&
			differs_before_med(c, &candidates[other], s) == DECISION_SAME &&
			(med_of(c, s) < med_of(&candidates[rival], s) ||
				(i == best && med_of(c, s) == med_of(&candidates[rival], s))))
			rival = i;
	}
	return rival;
}

struct decision_reason decision_explain(const struct decision_candidate *candidates, uint32_t n,
	uint32_t best, uint32_t other, const struct decision_settings *settings)
{
	struct decision_reason reason = { DECISION_SAME, best };
	const struct decision_candidate *a = &candidates[best], *b = &candidates[other];

	if (!reachable(b)) {
		reason.step = DECISION_REACHABLE;
		return reason;
	}
	if (settings->med == DECISION_MED_IN_ORDER) {
		reason.winner = loser_to(candidates, n, other, settings);
		reason.step = differs_first(&candidates[reason.winner], b, settings);
		return reason;
	}
	reason.step = differs_before_med(a, b, settings);
	if (reason.step == DECISION_SAME) {
		uint32_t rival = med_rival(candidates, n, best, other, settings);

		if (differs_in_med(&candidates[rival], b, settings) != DECISION_SAME)
			return (struct decision_reason){ DECISION_MED, rival };
		reason.step = differs_before_sharing(a, b, settings);
	}
	if (reason.step == DECISION_SAME)
		reason.step = differs_at_last(a, b, settings);
	return reason;
}
