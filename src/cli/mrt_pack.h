/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes of a table dump become UPDATEs: those of one peer with equal attributes share
 * messages, as a BGP speaker would send them. Pure but for memory.
 */
#ifndef NEARCAST_CLI_MRT_PACK_H
#define NEARCAST_CLI_MRT_PACK_H

#include "base/hash.h"
#include "base/list.h"
#include "cli/mrt_records.h"
#include "wire/mrt_routes.h"

/* Most routes that wait for others like them. */
#define MRT_PACK_ROUTES_MAX 2000000u

/* Owns the groups. Set seed and records; the rest is zero. */
struct mrt_pack {
	struct hash_seed seed;
	struct mrt_records *records; /* where messages go */
	struct wall_time time;       /* that they get */
	struct hash_table groups;    /* by peer, family and attributes */
	struct list order;           /* groups as they came; list_init it */
	size_t waiting;              /* routes */
	uint64_t routes, messages;   /* written */
	uint64_t refused;            /* routes that cannot be written: no next hop that fits */
};

/* Take one route of a table dump, of a unicast family. 0, ERROR_MEMORY, or of the writing. */
int mrt_pack_add(struct mrt_pack *pack, const struct mrt_route *route);
/* Write what waits. */
int mrt_pack_flush(struct mrt_pack *pack);
void mrt_pack_clear(struct mrt_pack *pack);

#endif
