/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table that a stream of updates leaves behind, to be written as a table dump. Pure but for
 * memory, which grows with the routes of the table.
 */
#ifndef NEARCAST_CLI_MRT_TABLE_H
#define NEARCAST_CLI_MRT_TABLE_H

#include "base/hash.h"
#include "cli/mrt_records.h"
#include "wire/mrt_routes.h"

/* Owns all of it. Set seed; the rest is zero. */
struct mrt_table {
	struct hash_seed seed;
	struct hash_table prefixes; /* struct prefix_routes by prefix */
	struct hash_table lists;    /* attribute lists, each once, counted */
	struct mrt_peer *peers;
	uint16_t peer_count;
	uint32_t peer_room;
	struct wall_time time; /* of the newest record */
	uint64_t routes;
	uint64_t refused; /* routes without attributes that can be kept */
};

/* Take a route of a table dump or an UPDATE, of a unicast family. ERROR_MEMORY; ERROR_FULL:
 * more peers or routes of a prefix than a dump has numbers for. */
int mrt_table_take(struct mrt_table *table, const struct mrt_route *route);
/* A session ended: its routes go. */
void mrt_table_drop(struct mrt_table *table, const struct mrt_peer *peer);
/* The peers, then the prefixes in order. ERROR_MEMORY, ERROR_SYSTEM, ERROR_FULL. */
int mrt_table_write(struct mrt_table *table, struct mrt_records *records);
void mrt_table_clear(struct mrt_table *table);

#endif
