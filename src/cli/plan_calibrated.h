/* SPDX-License-Identifier: Apache-2.0 */
/* --calibration FILE: what measurements say, for the sites of a plan that have the same names.
 */
#ifndef NEARCAST_CLI_PLAN_CALIBRATED_H
#define NEARCAST_CLI_PLAN_CALIBRATED_H

#include <jansson.h>

#include "cli/plan_input.h"
#include "plan/calibration.h"

struct plan_calibrated {
	struct plan_calibration calibration;
	struct plan_advice *advice;
	uint8_t sites[PLAN_SITE_MAX]; /* which measured site each of the plan is */
	size_t named;                 /* sites of the plan that were measured */
};

/* Does nothing without the option. The case's scenario knows it from then on. ERROR_RANGE:
 * fewer than two sites were measured, so that it says nothing; errors of reading. */
int plan_calibrated_load(
	const struct arguments *arguments, struct plan_case *c, struct error *error);
/* NULL is fine. */
void plan_calibrated_free(struct plan_calibrated *calibrated);

/* How far it can be trusted, before an answer. */
void plan_calibrated_text(const struct plan_calibrated *calibrated, struct text *out);
/* null for NULL. */
json_t *plan_calibrated_json(const struct plan_calibrated *calibrated);
/* How it is known: "learned", "estimated", "model". */
const char *plan_calibrated_how(uint8_t bin);

/* Held-out decisions of all bins, and of them right ones. */
struct plan_bin plan_calibrated_all(const struct plan_bin *bins);

#endif
