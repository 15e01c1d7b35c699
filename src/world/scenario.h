/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scenarios: what happens in a world, and what is expected then; a step a line. Pure: from text
 * to steps, and from what was measured to a verdict.
 *
 *   world NAME                           first: bring it up for this, and take it down after
 *   say TEXT                             printed
 *   pace 1ms                             each client asks so often (from the next step on)
 *   wait 500ms                           time passes
 *   break WHAT [silently]                a link, a node, SITE/service
 *   mend WHAT
 *   drain SITE | undrain SITE
 *   prepend SITE TIMES
 *   flood CLIENT PACKETS/s for 2s        to the service, from the client's network
 *   run NODE COMMAND ...                 must end well
 *   show catchment                       the table
 *   map before | map FILE                remembers who is served by whom; draws that and what
 * is now expect all served within 500ms      nobody's requests are lost any more, so long after
 *   expect nothing lost
 *   expect at most 20 lost               of all clients together
 *   expect outage at most 60ms           of any client: between requests that were answered
 *   expect catchment of CLIENT is SITE [or SITE ...]
 *   expect CLIENT shared by SITE and SITE [and SITE ...]
 *   expect SITE serves nobody
 *   expect flood of CLIENT only at SITE [or SITE ...]
 *
 * What is measured is measured since the last step that changed something. # begins a comment.
 */
#ifndef NEARCAST_WORLD_SCENARIO_H
#define NEARCAST_WORLD_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

#define SCENARIO_STEPS_MAX 1000
#define SCENARIO_SITES_MAX 16
#define SCENARIO_TEXT_MAX  512

enum scenario_kind {
	STEP_WORLD, /* the first step, if it is there */
	STEP_SAY,
	STEP_PACE,
	STEP_WAIT,
	STEP_BREAK,
	STEP_MEND,
	STEP_DRAIN,
	STEP_UNDRAIN,
	STEP_PREPEND,
	STEP_FLOOD,
	STEP_RUN,
	STEP_SHOW,
	STEP_MAP,
	STEP_EXPECT_SERVED,
	STEP_EXPECT_LOST,
	STEP_EXPECT_OUTAGE,
	STEP_EXPECT_CATCHMENT,
	STEP_EXPECT_SHARED,
	STEP_EXPECT_NOBODY,
	STEP_EXPECT_FLOOD,
};

struct scenario_step {
	enum scenario_kind kind;
	uint32_t line;
	const char *text; /* the whole line, trimmed */
	const char *what; /* a name, or the text of say, or the command of run; NULL */
	bool silently;
	uint64_t number; /* times, requests, packets a second */
	uint64_t ns;     /* a duration */
	const char *sites[SCENARIO_SITES_MAX];
	size_t site_count;
};

struct scenario {
	struct arena arena;
	struct scenario_step *steps;
	size_t count;
};

/* Zero-initialise. ERROR_MALFORMED with file, line and hint; ERROR_FULL; ERROR_MEMORY. */
int scenario_read(
	const char *file, const char *text, struct scenario *ret_scenario, struct error *error);
void scenario_clear(struct scenario *scenario);

bool scenario_expects(enum scenario_kind kind);
/* What it changes begins a new measurement. */
bool scenario_changes(enum scenario_kind kind);

#endif
