/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What measured catchments teach: which site an AS would choose, how that is known, and how
 * often such a guess was right when the experiment that decides it was left out.
 */
#ifndef NEARCAST_PLAN_CALIBRATION_H
#define NEARCAST_PLAN_CALIBRATION_H

#include "base/text.h"
#include "plan/graph.h"
#include "plan/scenario.h"
#include "plan/strength.h"

#define PLAN_SITE_NAME_MAX 64
/* Steps of lead in strength, and the last one: what follows from an AS's own choices. */
#define PLAN_BINS        9
#define PLAN_BIN_LEARNED (PLAN_BINS - 1)

/* Held-out guesses of one kind. */
struct plan_bin {
	uint64_t decisions, right;
};

/* Zero-initialise; plan_calibration_clear frees. */
struct plan_calibration {
	char names[PLAN_PREFERENCE_SITES_MAX][PLAN_SITE_NAME_MAX];
	size_t site_count;
	double lengths[PLAN_PREFERENCE_SITES_MAX]; /* of paths to each site alone */
	bool lengths_known;                        /* else they are not used */
	struct plan_strengths strengths;
	struct plan_bin bins[PLAN_BINS];
	struct plan_preferences preferences; /* sorted; source: the experiment, from 0 */
};
void plan_calibration_clear(struct plan_calibration *calibration);

/* One of the sites that an AS may choose. */
struct plan_option {
	uint8_t site;
	double hops; /* that its announcement is longer than when it was measured */
};

struct plan_guess {
	size_t option; /* index of the option */
	uint8_t bin;   /* how it is known */
};

/* Which of options (at least one) an AS would choose. own: its strengths, from
 * plan_strengths_for with the same `without`. */
struct plan_guess plan_calibration_guess(const struct plan_strengths *strengths,
	const struct plan_preferences *preferences, uint32_t asn, const double *own,
	const struct plan_option *options, size_t count, uint16_t without);

/* How often such a guess is right: of those counted, and of PRIOR_DECISIONS more of which
 * logistic(1.5 lead) are right. 0 to 1. */
double plan_calibration_confidence(const struct plan_bin *bins, uint8_t bin);

/* One observation, guessed from all experiments but its own. */
struct plan_held_out {
	uint8_t bin;
	bool right;
};

/*
 * Fit the strengths to all, and count the bins by leaving out every experiment once.
 * ret_held_out: [preferences.count] or NULL. ERROR_RANGE: an observation of no site, or a
 * source from sources on.
 */
int plan_calibration_fit(struct plan_calibration *calibration, uint16_t sources,
	struct plan_held_out *ret_held_out, struct error *error);

/*
 * As text:
 *
 *   nearcast-calibration 1
 *   site NAME STRENGTH [LENGTH]          in order: the first is site 0
 *   per-hop STRENGTH
 *   held-out BIN DECISIONS RIGHT         bins from 0
 *   as ASN WINNER>LOSER@EXPERIMENT ...   sites by number
 */
void plan_calibration_write(const struct plan_calibration *calibration, struct text *out);
/* ERROR_MALFORMED with file and line: anything else, or another version. ERROR_MEMORY. */
int plan_calibration_read(const struct plan_source *source,
	struct plan_calibration *ret_calibration, struct error *error);

/* ---- For the ASes of a graph ---- */

/* Strengths of the ASes that were measured, once for many catchments. */
struct plan_advice;

/* The calibration must outlive it. ERROR_MEMORY. */
int plan_advice_create(const struct plan_calibration *calibration,
	const struct plan_graph *graph, struct plan_advice **ret_advice, struct error *error);
/* NULL is fine. */
void plan_advice_free(struct plan_advice *advice);

#define PLAN_UNMEASURED UINT8_MAX

struct plan_advice_use {
	size_t ases;           /* that reach a site */
	size_t by[PLAN_BINS];  /* of them, guessed from measurements, by how that is known */
	double expected_right; /* of those guessed, by what was right when held out */
};

/*
 * Where measurements say which site an AS chooses, that goes before the model: site and
 * announcement change, class and length stay the model's. scenario->measured_sites says which
 * site of the calibration each is, or PLAN_UNMEASURED; ASes whose site by the model is one of
 * those keep it, as do ASes that were not measured or reach none. ret_bins: [as_count] or
 * NULL; PLAN_UNMEASURED where the model stands. Twice does as once.
 */
void plan_advice_apply(const struct plan_advice *advice, const struct plan_graph *graph,
	const struct plan_scenario *scenario, const struct plan_variation *variation,
	struct plan_route *routes, uint8_t *ret_bins, struct plan_advice_use *ret_use);

#endif
