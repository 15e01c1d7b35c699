/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same propagation for 64 configurations at once, one in each byte lane of a vector. It
 * gives what plan_propagate gives: announcement and length of every AS.
 */
#ifndef NEARCAST_PLAN_LANES_H
#define NEARCAST_PLAN_LANES_H

#include <stdint.h>

#include "plan/graph.h"
#include "plan/propagate.h"

#define PLAN_LANES                 64
#define PLAN_LANE_ANNOUNCEMENT_MAX 16 /* of one configuration */

/* What the processor has; the caller finds out. Results do not depend on it. */
enum plan_width {
	PLAN_WIDTH_GENERIC,
	PLAN_WIDTH_AVX2,
	PLAN_WIDTH_AVX512, /* F, BW and VL */
};

struct plan_lanes;

/* graph is borrowed, unchanged, for as long as the lanes live. ERROR_MEMORY. */
int plan_lanes_create(
	const struct plan_graph *graph, struct plan_lanes **ret_lanes, struct error *error);
/* NULL is fine. */
void plan_lanes_free(struct plan_lanes *lanes);

/*
 * Propagate count (1 to PLAN_LANES) configurations. ERROR_UNSUPPORTED: poisoned ASes, actions
 * or too many announcements; ERROR_FULL: a path is longer than a lane can hold (126 for two
 * announcements, 14 for sixteen). Then plan_propagate does it. ERROR_RANGE as there.
 */
int plan_lanes_run(struct plan_lanes *lanes, const struct plan_configuration *configurations,
	size_t count, enum plan_width width, struct error *error);

/* What `as` chose in one lane of the last run that succeeded: PLAN_SITE_NONE if nothing. */
uint8_t plan_lanes_announcement(const struct plan_lanes *lanes, uint32_t as, uint32_t lane);
/* Length of its path; 0 if it has no route. */
uint8_t plan_lanes_length(const struct plan_lanes *lanes, uint32_t as, uint32_t lane);

/* Bytes that the last run read and wrote of keys and rows, and bytes of memory held. */
uint64_t plan_lanes_touched(const struct plan_lanes *lanes);
uint64_t plan_lanes_memory(const struct plan_lanes *lanes);

#endif
