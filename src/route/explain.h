/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why the routes of a prefix are what they are: what the import policy made of each, which one
 * is the best and by which step of the decision process, and which neighbours hear of it.
 *
 * Nothing is kept for it: the same functions that choose, filter and send are asked again, when
 * somebody wants to know.
 */
#ifndef NEARCAST_ROUTE_EXPLAIN_H
#define NEARCAST_ROUTE_EXPLAIN_H

#include "route/decision.h"
#include "route/export_verdict.h"
#include "route/speaker.h"

/* Whose policy let it through or stopped it. */
struct explained_policy {
	bool there; /* false: no policy is configured, everything passes */
	bool ended; /* no rule decided: the end of the last policy was reached */
	bool accepts;
	bool changed;                 /* attributes are not what came in */
	bool blackhole;               /* RFC 7999: what goes there is to be discarded */
	struct policy_rule_name rule; /* unless ended; valid as long as the policy */
};

enum explained_status {
	EXPLAINED_BEST,
	EXPLAINED_SHARES,      /* the traffic of the best one: multipath */
	EXPLAINED_USABLE,      /* but another one is better */
	EXPLAINED_REJECTED,    /* by the import policy */
	EXPLAINED_UNREACHABLE, /* there is no way to its next hop */
	EXPLAINED_GONE,        /* its neighbour is; it will be removed */
};

struct explained_path {
	struct route_view view; /* attributes as received; of ours: neighbor NULL */
	struct bgp_attributes received, accepted; /* accepted: after policy; unless rejected */
	bool differs; /* accepted from received: by the policy, or it is stale for long */
	struct explained_policy policy;
	enum explained_status status;
	/* Why it is not the best one; of the best: against the next. DECISION_SAME and no text
	 * if there is nothing to compare. */
	enum decision_step step;
	char why[DECISION_TEXT_MAX]; /* said of the winner */
	uint32_t winner;             /* index of the path that it lost against */
};

/* What an Established neighbour hears. */
struct explained_listener {
	const struct neighbor *neighbor;
	enum export_verdict verdict;    /* on the best route, or all of them with ADD-PATH */
	uint32_t routes;                /* that it has of us now, of this prefix */
	bool pending;                   /* a change is on its way to it */
	struct explained_policy policy; /* of the best route, if it came so far */
};

struct explanation {
	struct prefix prefix;
	struct explained_path *paths; /* owned; the best first, then in order of preference */
	uint32_t path_count;
	struct explained_listener *listeners; /* owned; in order of adding */
	uint32_t listener_count;
};

/*
 * Explain the most specific prefix with routes that contains `wanted` (or is it). What is
 * pointed to is valid until the speaker is called again. ERROR_NOT_FOUND, ERROR_MEMORY.
 */
int speaker_explain(struct speaker *speaker, const struct prefix *wanted,
	struct explanation *ret_explanation);
void explanation_clear(struct explanation *explanation);

const char *explained_status_name(enum explained_status status); /* "best" */

#endif
