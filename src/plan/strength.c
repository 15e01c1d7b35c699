/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strengths of sites.
 *
 * Everybody's: strength = deviation - per_hop * length. Least sum of cross entropies, one a
 * pair of sites, plus PULL / 2 times the squares of the deviations, and HOP_PULL / 2 times that
 * of what per_hop differs from HOP_USUAL. An AS's own: least sum of
 * cross entropies of its choices, each times sharper, plus squares of what it differs from
 * everybody's, over twice the spread. Both are convex; Newton steps by coordinate.
 *
 * Invariants:
 *  1. A share never counts as less than SHARE_LEAST, so that no strength is infinite.
 *  2. The number of steps is fixed: the same numbers everywhere.
 */
#include "plan/strength.h"

#include <math.h>
#include <string.h>

#define SITES       PLAN_PREFERENCE_SITES_MAX
#define PULL        0.5
#define HOP_PULL    0.02
#define HOP_USUAL   0.3 /* what the PEERING pairs say, where nothing else is known */
#define SHARE_LEAST 0.01
#define ROUNDS      300

#define SPREAD    0.5
#define SHARPNESS 2.0
#define AS_ROUNDS 30
#define AS_DAMP   0.9

static double logistic(double x)
{
	return 1 / (1 + exp(-x));
}

/* Which of everybody chose a of a and b. */
struct share {
	uint8_t a, b;
	double of_a;
};

struct fit {
	struct share shares[SITES * (SITES - 1) / 2];
	size_t share_count;
	double lengths[SITES]; /* less their mean */
	double deviations[SITES];
	struct plan_strengths *s;
};

static int count_choices(const struct plan_preferences *p, size_t site_count, uint16_t without,
	uint32_t (*counts)[SITES], struct error *error)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct plan_observation *o = &p->items[i];

		if (o->winner >= site_count || o->loser >= site_count)
			return error_set(error, ERROR_RANGE, "an observation of no site");
		if (o->source != without)
			counts[o->winner][o->loser]++;
	}
	return 0;
}

static void take_shares(struct fit *f, uint32_t (*counts)[SITES])
{
	for (uint8_t a = 0; a < f->s->site_count; a++)
		for (uint8_t b = (uint8_t)(a + 1); b < f->s->site_count; b++) {
			double all = (double)counts[a][b] + counts[b][a];
			double of_a = all > 0 ? counts[a][b] / all : 0;

			if (all > 0)
				f->shares[f->share_count++] = (struct share){ a, b,
					fmin(fmax(of_a, SHARE_LEAST), 1 - SHARE_LEAST) };
		}
}

static void take_lengths(struct fit *f, const double *lengths)
{
	double mean = 0;

	for (size_t i = 0; i < f->s->site_count && lengths != NULL; i++)
		mean += lengths[i] / (double)f->s->site_count;
	for (size_t i = 0; i < f->s->site_count && lengths != NULL; i++)
		f->lengths[i] = lengths[i] - mean;
}

static void set_strength(struct fit *f, size_t site)
{
	f->s->of[site] = f->deviations[site] - f->s->per_hop * f->lengths[site];
}

static void step_site(struct fit *f, uint8_t site)
{
	double slope = -PULL * f->deviations[site], bend = PULL;

	for (size_t i = 0; i < f->share_count; i++) {
		const struct share *h = &f->shares[i];
		double q = logistic(f->s->of[h->a] - f->s->of[h->b]);

		if (h->a != site && h->b != site)
			continue;
		slope += h->a == site ? h->of_a - q : q - h->of_a;
		bend += q * (1 - q);
	}
	f->deviations[site] += slope / bend;
	set_strength(f, site);
}

static void step_hop(struct fit *f)
{
	double slope = HOP_PULL * (HOP_USUAL - f->s->per_hop), bend = HOP_PULL;

	for (size_t i = 0; i < f->share_count; i++) {
		const struct share *h = &f->shares[i];
		double q = logistic(f->s->of[h->a] - f->s->of[h->b]);
		double shorter = f->lengths[h->b] - f->lengths[h->a];

		slope += (h->of_a - q) * shorter;
		bend += q * (1 - q) * shorter * shorter;
	}
	f->s->per_hop = fmax(0, f->s->per_hop + slope / bend);
	for (size_t i = 0; i < f->s->site_count; i++)
		set_strength(f, i);
}

int plan_strengths_fit(const struct plan_preferences *preferences, size_t site_count,
	const double *lengths, uint16_t without, struct plan_strengths *ret_strengths,
	struct error *error)
{
	uint32_t counts[SITES][SITES] = { 0 };
	struct fit f = { .s = ret_strengths };
	int result;

	if (site_count > SITES)
		return error_set(error, ERROR_RANGE, "at most %d sites", SITES);
	result = count_choices(preferences, site_count, without, counts, error);
	if (result != 0)
		return result;
	*ret_strengths =
		(struct plan_strengths){ .site_count = site_count, .per_hop = HOP_USUAL };
	take_shares(&f, counts);
	take_lengths(&f, lengths);
	for (size_t i = 0; i < site_count; i++)
		set_strength(&f, i);
	for (int round = 0; round < ROUNDS; round++) {
		for (uint8_t i = 0; i < site_count; i++)
			step_site(&f, i);
		step_hop(&f);
	}
	return 0;
}

/* ---- One AS ---- */

static void add_choice(
	const struct plan_observation *o, const double *of, double *slope, double *bend)
{
	double q = logistic(SHARPNESS * (of[o->winner] - of[o->loser]));
	double force = SHARPNESS * (1 - q), turn = 2 * SHARPNESS * SHARPNESS * q * (1 - q);

	slope[o->winner] += force;
	slope[o->loser] -= force;
	bend[o->winner] += turn;
	bend[o->loser] += turn;
}

size_t plan_strengths_for(const struct plan_strengths *strengths,
	const struct plan_preferences *preferences, uint32_t asn, uint16_t without,
	double *ret_of)
{
	size_t count, used = 0;
	const struct plan_observation *items = plan_preferences_of(preferences, asn, &count);

	memcpy(ret_of, strengths->of, strengths->site_count * sizeof(*ret_of));
	for (size_t i = 0; i < count; i++)
		used += items[i].source != without;
	for (int round = 0; round < AS_ROUNDS && used > 0; round++) {
		double slope[SITES], bend[SITES];

		for (size_t s = 0; s < strengths->site_count; s++) {
			slope[s] = (strengths->of[s] - ret_of[s]) / SPREAD;
			bend[s] = 1 / SPREAD;
		}
		for (size_t i = 0; i < count; i++)
			if (items[i].source != without)
				add_choice(&items[i], ret_of, slope, bend);
		for (size_t s = 0; s < strengths->site_count; s++)
			ret_of[s] += AS_DAMP * slope[s] / bend[s];
	}
	return used;
}
