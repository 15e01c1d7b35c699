/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guesses from measurements, and how good they are.
 *
 * A guess is, in this order:
 *  1. learned: the AS was seen to prefer one site to every other, in one step or over third
 *     sites, and the announcement of none of them is shorter than it was;
 *  2. the site that is strongest for this AS (plan/strength.h), by its lead over the second.
 *
 * Invariants:
 *  1. A held-out guess of an observation sees no observation of the same experiment, neither
 *     in the AS's preferences nor in the strengths of everybody.
 *  2. A guess depends on what was observed only, not on the order in which it was added.
 */
#include "plan/calibration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Leads at which a next bin begins. */
static const double leads[] = { 0.25, 0.5, 1, 1.5, 2, 3, 4 };

void plan_calibration_clear(struct plan_calibration *calibration)
{
	plan_preferences_clear(&calibration->preferences);
	*calibration = (struct plan_calibration){ 0 };
}

static uint8_t bin_of_lead(double lead)
{
	uint8_t bin = 0;

	while (bin < sizeof(leads) / sizeof(leads[0]) && lead >= leads[bin])
		bin++;
	return bin;
}

static bool is_learned(const struct plan_preferences *preferences, uint32_t asn,
	const struct plan_option *options, size_t count, size_t best, uint16_t without)
{
	for (size_t i = 0; i < count; i++)
		if (i != best && (options[i].hops < options[best].hops ||
					 plan_prefers(preferences, asn, options[best].site,
						 options[i].site, without) <= 0))
			return false;
	return true;
}

struct plan_guess plan_calibration_guess(const struct plan_strengths *strengths,
	const struct plan_preferences *preferences, uint32_t asn, const double *own,
	const struct plan_option *options, size_t count, uint16_t without)
{
	struct plan_guess guess = { 0 };
	double first = -INFINITY, second = -INFINITY;

	for (size_t i = 0; i < count; i++) {
		double strength = own[options[i].site] - strengths->per_hop * options[i].hops;

		if (count > 1 && is_learned(preferences, asn, options, count, i, without))
			return (struct plan_guess){ i, PLAN_BIN_LEARNED };
		if (strength > first) {
			second = first;
			first = strength;
			guess.option = i;
		} else if (strength > second) {
			second = strength;
		}
	}
	guess.bin = bin_of_lead(first - second);
	return guess;
}

/* What a bin says before anything was held out, and how many decisions that counts for: few
 * experiments fill a bin, and all of one may be right or wrong together. */
#define PRIOR_DECISIONS 20000.0
static const double priors[PLAN_BINS] = { 0.547, 0.637, 0.755, 0.867, 0.932, 0.977, 0.995,
	0.999, 0.95 };

double plan_calibration_confidence(const struct plan_bin *bins, uint8_t bin)
{
	return ((double)bins[bin].right + PRIOR_DECISIONS * priors[bin]) /
	       ((double)bins[bin].decisions + PRIOR_DECISIONS);
}

/* ---- Held out ---- */

static struct plan_held_out guess_one(const struct plan_strengths *strengths,
	const struct plan_preferences *preferences, const struct plan_observation *o)
{
	/* By number, so that a tie does not fall to the one that is right. */
	const struct plan_option options[] = {
		{ o->winner < o->loser ? o->winner : o->loser, 0 },
		{ o->winner < o->loser ? o->loser : o->winner, 0 },
	};
	double own[PLAN_PREFERENCE_SITES_MAX];
	struct plan_guess guess;

	plan_strengths_for(strengths, preferences, o->asn, o->source, own);
	guess = plan_calibration_guess(
		strengths, preferences, o->asn, own, options, 2, o->source);
	return (struct plan_held_out){
		guess.bin,
		options[guess.option].site == o->winner,
	};
}

static int hold_out(struct plan_calibration *c, uint16_t source,
	struct plan_held_out *ret_held_out, struct error *error)
{
	struct plan_strengths strengths;
	int result = plan_strengths_fit(&c->preferences, c->site_count,
		c->lengths_known ? c->lengths : NULL, source, &strengths, error);

	for (size_t i = 0; i < c->preferences.count && result == 0; i++) {
		const struct plan_observation *o = &c->preferences.items[i];
		struct plan_held_out held;

		if (o->source != source)
			continue;
		held = guess_one(&strengths, &c->preferences, o);
		c->bins[held.bin].decisions++;
		c->bins[held.bin].right += held.right;
		if (ret_held_out != NULL)
			ret_held_out[i] = held;
	}
	return result;
}

int plan_calibration_fit(struct plan_calibration *c, uint16_t sources,
	struct plan_held_out *ret_held_out, struct error *error)
{
	int result = plan_strengths_fit(&c->preferences, c->site_count,
		c->lengths_known ? c->lengths : NULL, UINT16_MAX, &c->strengths, error);

	memset(c->bins, 0, sizeof(c->bins));
	for (size_t i = 0; i < c->preferences.count && result == 0; i++)
		if (c->preferences.items[i].source >= sources)
			result = error_set(error, ERROR_RANGE, "an experiment too many");
	for (uint16_t source = 0; source < sources && result == 0; source++)
		result = hold_out(c, source, ret_held_out, error);
	return result;
}

/* ---- For the ASes of a graph ---- */

struct plan_advice {
	const struct plan_calibration *calibration;
	bool *measured; /* [as_count] */
	double *own;    /* [as_count * site_count] */
};

int plan_advice_create(const struct plan_calibration *calibration,
	const struct plan_graph *graph, struct plan_advice **ret_advice, struct error *error)
{
	struct plan_advice *advice = calloc(1, sizeof(*advice));
	size_t sites = calibration->site_count;

	if (advice != NULL) {
		advice->calibration = calibration;
		advice->measured = calloc(graph->as_count, sizeof(*advice->measured));
		advice->own = malloc(graph->as_count * sites * sizeof(*advice->own));
	}
	if (advice == NULL || advice->measured == NULL || advice->own == NULL) {
		plan_advice_free(advice);
		return error_set(error, ERROR_MEMORY, "no memory for what is measured");
	}
	for (uint32_t as = 0; as < graph->as_count; as++)
		advice->measured[as] =
			plan_strengths_for(&calibration->strengths, &calibration->preferences,
				graph->asn[as], UINT16_MAX, advice->own + as * sites) > 0;
	*ret_advice = advice;
	return 0;
}

void plan_advice_free(struct plan_advice *advice)
{
	if (advice == NULL)
		return;
	free(advice->measured);
	free(advice->own);
	free(advice);
}

/* The measured sites that announce, each once. */
struct choice {
	struct plan_option options[PLAN_PREFERENCE_SITES_MAX];
	uint8_t announcements[PLAN_PREFERENCE_SITES_MAX]; /* the shortest of each */
	size_t count;
};

static void offer(struct choice *choice, uint8_t site, double hops, size_t announcement)
{
	size_t i = 0;

	while (i < choice->count && choice->options[i].site != site)
		i++;
	if (i < choice->count && choice->options[i].hops <= hops)
		return;
	if (i == choice->count)
		choice->count++;
	choice->options[i] = (struct plan_option){ site, hops };
	choice->announcements[i] = (uint8_t)announcement;
}

static void gather(const struct plan_scenario *scenario, const struct plan_variation *variation,
	struct choice *ret_choice)
{
	const uint8_t *sites = scenario->measured_sites;

	ret_choice->count = 0;
	for (size_t i = 0; i < scenario->upstream_count; i++) {
		const struct plan_announcement *a = &scenario->upstreams[i].announcement;
		double hops = a->length - 1.0;

		if (sites[a->site] == PLAN_UNMEASURED ||
			(variation->lost != NULL && variation->lost[i] != 0))
			continue;
		if (variation->prepends != NULL)
			hops += variation->prepends[i];
		offer(ret_choice, sites[a->site], hops, i);
	}
}

static void move(
	const struct plan_scenario *scenario, size_t announcement, struct plan_route *route)
{
	uint8_t site = scenario->upstreams[announcement].announcement.site;

	if (route->site == site)
		return;
	route->site = site;
	route->announcement = (uint8_t)announcement;
}

void plan_advice_apply(const struct plan_advice *advice, const struct plan_graph *graph,
	const struct plan_scenario *scenario, const struct plan_variation *variation,
	struct plan_route *routes, uint8_t *ret_bins, struct plan_advice_use *ret_use)
{
	const struct plan_calibration *c = advice->calibration;
	const uint8_t *sites = scenario->measured_sites;
	struct choice choice;

	*ret_use = (struct plan_advice_use){ 0 };
	gather(scenario, variation, &choice);
	for (uint32_t as = 0; as < graph->as_count; as++) {
		struct plan_guess guess;

		if (ret_bins != NULL)
			ret_bins[as] = PLAN_UNMEASURED;
		if (as == scenario->origin || routes[as].site == PLAN_SITE_NONE)
			continue;
		ret_use->ases++;
		if (!advice->measured[as] || choice.count < 2 ||
			sites[routes[as].site] == PLAN_UNMEASURED)
			continue;
		guess = plan_calibration_guess(&c->strengths, &c->preferences, graph->asn[as],
			advice->own + as * c->site_count, choice.options, choice.count,
			UINT16_MAX);
		ret_use->by[guess.bin]++;
		ret_use->expected_right += plan_calibration_confidence(c->bins, guess.bin);
		if (ret_bins != NULL)
			ret_bins[as] = guess.bin;
		move(scenario, choice.announcements[guess.option], &routes[as]);
	}
}
