/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what was measured in a world is what a scenario expects. Pure. */
#ifndef NEARCAST_CLI_LAB_VERDICT_H
#define NEARCAST_CLI_LAB_VERDICT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/text.h"
#include "world/scenario.h"

/* report: of all clients, with the sites' counters before and after. said: what was measured,
 * in words. */
bool lab_verdict(const struct scenario_step *step, const json_t *report, struct text *said);

#endif
