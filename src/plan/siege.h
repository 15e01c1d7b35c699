/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sites under attack: an attack spreads over the sites as users do, by the route that each AS
 * chose; a site with more traffic than bandwidth loses the same part of everything.
 *
 * Served at a site: its users times the smallest of 1, bandwidth / load and capacity / users;
 * a site that scrubs takes the scrubbed part of the attack out of the load, before its
 * bandwidth, and loses a part of its users to the filter.
 */
#ifndef NEARCAST_PLAN_SIEGE_H
#define NEARCAST_PLAN_SIEGE_H

#include "plan/scenario.h"
#include "plan/world.h"

struct plan_attack {
	const double *traffic;    /* [as_count] of the unit, a second */
	double user_rate;         /* what a user takes */
	double scrub, scrub_loss; /* 0 to 1: of the attack; of users, where a site scrubs */
	double collapse; /* a site with more load than this times its bandwidth goes down; 0:
			    never */
};

#define PLAN_BLOCKS_MAX       64
#define PLAN_DEFENCE_PREPENDS 3 /* that a defence may add at an upstream */

/* An upstream is asked not to tell one of its neighbours. */
struct plan_block {
	uint32_t upstream; /* index into the scenario's */
	uint32_t neighbor; /* index of the AS */
};

/* What we do about it: zero-initialised, nothing. */
struct plan_defence {
	uint8_t prepends[PLAN_ANNOUNCEMENT_MAX]; /* more, at each upstream */
	uint8_t withdrawn[PLAN_SITE_MAX], scrubs[PLAN_SITE_MAX];
	uint32_t block_count;
	struct plan_block blocks[PLAN_BLOCKS_MAX];
};

struct plan_stand_site {
	double users, attack; /* that come to it at the end */
	double load;          /* with what it scrubs taken out */
	double served;        /* users */
	double pressure; /* load / bandwidth, or users / capacity if that is more; of a site
			    that collapsed: when it did. 0 without a limit */
	bool down;       /* withdrawn, or collapsed */
	bool collapsed;
};

/* How a defence stands. */
struct plan_stand {
	size_t site_count;
	struct plan_stand_site sites[PLAN_SITE_MAX];
	double served, unreached; /* users; unreached have no route to any site */
	size_t collapsed, rounds; /* sites; rounds of the cascade until nothing changed */
};

struct plan_siege;

/* All three are only read, for as long as it lives. ERROR_MEMORY. */
int plan_siege_create(const struct plan_world *world, const struct plan_scenario *scenario,
	const struct plan_attack *attack, struct plan_siege **ret_siege, struct error *error);
/* NULL is fine. */
void plan_siege_free(struct plan_siege *siege);

/* How a defence does, with the cascade of collapses at its fixed point. Errors of
 * plan_propagate. */
int plan_siege_run(struct plan_siege *siege, const struct plan_defence *defence,
	struct plan_stand *ret_stand, struct error *error);
/* The routes before the first collapse of the last run. [as_count] */
const struct plan_route *plan_siege_routes(const struct plan_siege *siege);

/*
 * Of the last run, before its first collapse: the neighbours of an upstream through which most
 * of the attack came to it, the largest first; up to most. How many.
 */
size_t plan_siege_inlets(struct plan_siege *siege, uint32_t upstream, size_t most,
	struct plan_block *ret_blocks);
/* What comes out of an AS towards the sites, its own and what it carries; after
 * plan_siege_inlets. */
double plan_siege_flow(const struct plan_siege *siege, uint32_t as);

#endif
