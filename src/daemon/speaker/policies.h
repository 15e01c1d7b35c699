/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policies of the configuration inside the speaker process: the compiled book, its
 * counters, and for every neighbour what its routes go through.
 */
#ifndef NEARCAST_DAEMON_SPEAKER_POLICIES_H
#define NEARCAST_DAEMON_SPEAKER_POLICIES_H

#include <jansson.h>

#include "base/error.h"
#include "config/config.h"
#include "route/policy.h"

struct policies;

/* NULL on no memory. */
struct policies *policies_new(void);
void policies_free(struct policies *policies); /* NULL is fine */

/*
 * Take over a configuration. If what it says about policies is what is in use, nothing happens
 * and counters go on; else all policies are new and counters begin at 0: every route has to go
 * through them again (policies_generation tells). 0, or an error: then the old ones stay.
 */
int policies_apply(struct policies *policies, const struct config *config, struct error *error);

/* Rises with every change. */
uint64_t policies_generation(const struct policies *policies);
/* What the routes of a neighbour go through; valid until the next change (policy_hold keeps
 * it). NULL: no such neighbour. */
struct policy *policies_of(
	const struct policies *policies, const char *neighbor, enum policy_direction direction);
/* For policy_run: one a rule of the book in use. */
uint64_t *policies_counters(struct policies *policies);

/* Numbers for metrics: [{"policy", "number", "name", "matches"}], the first
 * POLICIES_METRICS_MAX rules. policies may be NULL. */
#define POLICIES_METRICS_MAX 1000u
json_t *policies_metrics(const struct policies *policies);

/* {"policies": [...], "neighbors": [...]}: rules with how often they matched (docs/api.md).
 * name: only this policy; "" or NULL: all. NULL: there is none of that name. */
json_t *policies_json(
	const struct policies *policies, const struct config *config, const char *name);

#endif
