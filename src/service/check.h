/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One check as a pure state machine: when the next probe is due, and what a row of results means
 * (rise, fall, fast interval). Used by the probe process; its state goes to the brain.
 */
#ifndef NEARCAST_SERVICE_CHECK_H
#define NEARCAST_SERVICE_CHECK_H

#include <stdbool.h>

#include "base/instant.h"

enum check_outcome { /* of one probe */
	OUTCOME_GOOD,
	OUTCOME_DEGRADED, /* works, but not well (exec exit code 1) */
	OUTCOME_BAD,
	OUTCOME_UNKNOWN,  /* the probe itself failed: no memory, no fork, killed, stalled */
};

enum check_state {
	CHECK_STATE_INIT,     /* no result yet */
	CHECK_STATE_RISING,   /* good results, fewer than rise */
	CHECK_STATE_UP,
	CHECK_STATE_DEGRADED,
	CHECK_STATE_FALLING,  /* bad results, fewer than fall; still counts as up */
	CHECK_STATE_DOWN,
	CHECK_STATE_UNKNOWN,  /* probes fail to run */
};

struct check_settings {
	struct duration interval, fast_interval, timeout;
	unsigned rise, fall; /* at least 1 */
	bool invert;
};

/* What one probe saw. evidence is for people: "NXDOMAIN from 198.51.100.53:53 in 0.4 ms". */
struct check_result {
	enum check_outcome outcome;
	/* The kernel itself says so (no socket listens, connection refused): no retry can help, so
	 * `fall` does not apply and the panic threshold does not doubt it. */
	bool conclusive;
	struct duration latency;
	const char *evidence; /* copied by who keeps it */
};

struct check_machine {
	struct check_settings settings;
	enum check_state state;
	enum check_state settled; /* UP, DEGRADED, DOWN or INIT: what RISING and FALLING came from */
	unsigned good_in_row, bad_in_row;
	struct instant next_due; /* start of the next probe */
	struct instant since;    /* of state */
};

/* The first probe is due at once (phase: spread by 0..interval when there are many). */
void check_machine_init(struct check_machine *machine, const struct check_settings *settings,
	struct instant now, struct duration phase);
/* A probe that started at `started` ended. Returns true if the state changed. */
bool check_machine_result(struct check_machine *machine, const struct check_result *result,
	struct instant started, struct instant now);
/* Something happened (a socket was destroyed): the next probe is due now. */
void check_machine_hurry(struct check_machine *machine, struct instant now);
/* New settings after a reload, state kept. */
void check_machine_change(struct check_machine *machine, const struct check_settings *settings,
	struct instant now);

/*
 * Put the next probe on the beat: of the instants that lie `phase` (0..interval) behind a
 * multiple of the interval, the last one that is not later than it is due now. So checks of one
 * interval are probed together, and no more often than the interval says in the long run; a
 * single wait is shorter, never longer. After a result; nothing changes while the check is
 * between two states, or when that instant is over already.
 */
void check_machine_align(
	struct check_machine *machine, struct duration phase, struct instant now);

const char *check_state_name(enum check_state state);       /* "rising" */
const char *check_outcome_name(enum check_outcome outcome); /* "good" */

#endif
