/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of the paths to a prefix is best, and why: RFC 4271 section 9.1.2 (phase 2), RFC 4456
 * section 9, RFC 9494 section 4.4, with the usual steps before and between. A pure function of
 * the candidates; it allocates nothing.
 */
#ifndef NEARCAST_ROUTE_DECISION_H
#define NEARCAST_ROUTE_DECISION_H

#include "route/attribute_store.h"

#define DECISION_NONE            UINT32_MAX /* no candidate can be used */
#define DECISION_CANDIDATES_MAX  65535u
#define DECISION_METRIC_NO_ROUTE UINT32_MAX /* the next hop is not reachable */

/* In the order in which they are taken. */
enum decision_step {
	DECISION_SAME,        /* nothing is different */
	DECISION_REACHABLE,   /* next hop reachable: RFC 4271 section 9.1.2 */
	DECISION_STALE,       /* not stale for long: RFC 9494 section 4.4 */
	DECISION_WEIGHT,      /* higher */
	DECISION_LOCAL,       /* originated here */
	DECISION_LOCAL_PREF,  /* higher */
	DECISION_PATH_LENGTH, /* shorter: RFC 4271 section 9.1.2.2 a */
	DECISION_ORIGIN,      /* lower: b */
	DECISION_MED,         /* lower: c */
	DECISION_EXTERNAL,    /* eBGP over iBGP: d */
	DECISION_METRIC,      /* nearer next hop: e */
	/* What is equal up to here may share the traffic (multipath). */
	DECISION_AGE,       /* older, external paths only, if configured */
	DECISION_ROUTER_ID, /* lower ORIGINATOR_ID or identifier: f, RFC 4456 section 9 */
	DECISION_CLUSTERS,  /* shorter CLUSTER_LIST: RFC 4456 section 9 */
	DECISION_ADDRESS,   /* lower address of the neighbour: g */
	DECISION_PATH_ID,   /* lower path identifier of the neighbour's (RFC 7911) */
	DECISION_STEP_COUNT,
};

enum decision_origin { /* where a path comes from */
	DECISION_FROM_HERE,
	DECISION_FROM_EBGP,
	DECISION_FROM_IBGP,
};

struct decision_candidate {
	struct attribute_summary attributes;
	const struct address *address; /* of the neighbour; NULL: none (sorts first) */
	uint32_t weight;
	uint32_t metric;    /* to the next hop; DECISION_METRIC_NO_ROUTE: cannot be used */
	uint32_t since;     /* seconds on any one clock */
	uint32_t router_id; /* of the neighbour, host order; ORIGINATOR_ID goes before it */
	uint32_t path_id;
	uint8_t origin; /* enum decision_origin */
	bool stale;     /* marked by LLGR_STALE, or kept by us in long-lived graceful restart */
};

enum decision_med {
	/* Paths of one neighbouring AS are compared with each other, all of them, whatever the
	 * order in which they came (RFC 4271 section 9.1.2.2 c). A path that starts with a set
	 * has no neighbouring AS and is not compared; empty paths are of our own AS. */
	DECISION_MED_SAME_AS,
	DECISION_MED_ALWAYS, /* whatever the neighbouring AS */
	/* Candidate by candidate in the order given, as routers without "deterministic MED" do:
	 * which is best depends on that order. */
	DECISION_MED_IN_ORDER,
};

enum decision_multipath {
	DECISION_MULTIPATH_SAME_AS, /* paths through the neighbouring AS of the best one */
	DECISION_MULTIPATH_ANY_AS,  /* as long as they are equally long */
};

/* Zero-initialised are the defaults: no multipath. */
struct decision_settings {
	uint8_t med;            /* enum decision_med */
	bool missing_med_worst; /* a missing MED is the highest instead of 0 */
	bool prefer_oldest;     /* of external paths, before the router id (as RFC 5004) */
	bool ignore_path_length;
	uint8_t multipath;       /* enum decision_multipath */
	uint16_t multipath_ebgp; /* most paths; 0 and 1: only the best */
	uint16_t multipath_ibgp;
};

/*
 * Below zero if a is better than b, above if b is; 0 if nothing differs. *ret_step (may be
 * NULL) is what decided. A total order with DECISION_MED_ALWAYS; otherwise MED is compared if
 * it can be, and three paths may beat each other in a circle: decision_best knows how to choose
 * then.
 */
int decision_compare(const struct decision_candidate *a, const struct decision_candidate *b,
	const struct decision_settings *settings, enum decision_step *ret_step);

/*
 * The index of the best of n candidates, or DECISION_NONE if there is none that can be used.
 * order has room for n numbers. Its first *ret_count are the indexes of those that share the
 * traffic, the best one first, then by what the last steps say; 1 without multipath, 0 with
 * DECISION_NONE. The rest of order is undefined. The choice does not depend on the order of
 * candidates unless settings->med says so (or candidates are the same in everything).
 * n <= DECISION_CANDIDATES_MAX. O(n), and O(m log^2 m) for the m that MED or multipath has to
 * sort.
 */
uint32_t decision_best(const struct decision_candidate *candidates, uint32_t n,
	const struct decision_settings *settings, uint16_t *order, uint32_t *ret_count);

/* Why a candidate is not the best one. */
struct decision_reason {
	enum decision_step step;
	uint32_t winner; /* index of the candidate that it lost against: the best one, or, in
			  * the step MED, another path of its AS */
};

/* best: what decision_best returned; other: another index. O(n). */
struct decision_reason decision_explain(const struct decision_candidate *candidates, uint32_t n,
	uint32_t best, uint32_t other, const struct decision_settings *settings);

/* What the step looks at: the number compared (the lower is better but for weight and local
 * preference; a missing MED as configured), 0 or 1 where it asks a question; 0 for an address.
 */
uint32_t decision_value(enum decision_step step, const struct decision_candidate *candidate,
	const struct decision_settings *settings);

/* "as-path-length": for JSON. Never NULL. */
const char *decision_step_name(enum decision_step step);
/* The same for people: "2", "IGP", "192.0.2.1", "external". */
#define DECISION_VALUE_MAX 48
const char *decision_value_format(enum decision_step step,
	const struct decision_candidate *candidate, const struct decision_settings *settings,
	char text[DECISION_VALUE_MAX]);
/* "shorter AS path: 2 against 3", said of the winner. Always NUL-terminated. */
#define DECISION_TEXT_MAX 160
const char *decision_format(enum decision_step step, const struct decision_candidate *winner,
	const struct decision_candidate *loser, const struct decision_settings *settings,
	char text[DECISION_TEXT_MAX]);

#endif
