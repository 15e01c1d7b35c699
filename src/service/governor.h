/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The withdrawal governor: when very many checks of different services fail at the same moment,
 * it is more likely that the checker is ill than that everything died, so the failure is
 * doubted for a while, as load balancers do with their panic threshold.
 */
#ifndef NEARCAST_SERVICE_GOVERNOR_H
#define NEARCAST_SERVICE_GOVERNOR_H

#include "base/list.h"
#include "service/brain.h"
#include "service/tree.h"

/* What the governor knows of a service. Zero-initialised: has no checks, is not healthy. */
struct governor_member {
	size_t leaves;
	size_t turned; /* leaves of it in governor.turned */
	bool healthy;
	bool counted; /* its leaves are in governor.leaves */
};

struct governor {
	struct brain_settings settings;
	struct list turned; /* leaves that turned bad within the window, oldest first */
	size_t turned_count, turned_services;
	size_t leaves; /* of services that are healthy, or were when the window began */
	bool suspected;
	struct list doubted;        /* leaves */
	struct instant until;       /* of the suspicion */
	struct instant quiet_until; /* no new one before */
	char reason[BRAIN_REASON_MAX];
};

enum governor_end {
	GOVERNOR_GOES_ON,
	GOVERNOR_RECOVERED, /* nothing that was doubted is bad any more */
	GOVERNOR_BELIEVED,  /* the hold is over */
};

void governor_init(struct governor *governor, const struct brain_settings *settings);
/* A service's health or its number of leaves is now this. */
void governor_member_set(
	struct governor *governor, struct governor_member *member, size_t leaves, bool healthy);
/* A leaf of a healthy service turned bad, and nothing conclusive says so. True if a suspicion
 * begins: its reason is in governor->reason. */
bool governor_leaf_turned(
	struct governor *governor, struct check_node *leaf, struct instant now);
/* A leaf is good, gone, or bad beyond doubt. */
void governor_leaf_clear(struct governor *governor, struct check_node *leaf);
/* `to` replaces `from`, which goes away (a reload). */
void governor_leaf_move(
	struct governor *governor, struct check_node *from, struct check_node *to);
/* Ends a suspicion if it is time. */
enum governor_end governor_advance(struct governor *governor, struct instant now);

#endif
