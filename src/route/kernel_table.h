/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What we know of the kernel's routes and links: enough to say which way an address would be
 * forwarded. The host fills it (os/netlink_route.h) with everybody's routes but our own, so
 * that a next hop never depends on a route that depends on it.
 */
#ifndef NEARCAST_ROUTE_KERNEL_TABLE_H
#define NEARCAST_ROUTE_KERNEL_TABLE_H

#include "route/hop_table.h"

#define KERNEL_PATHS_MAX  64u
#define KERNEL_ROUTES_MAX (1u << 24)
#define KERNEL_LINKS_MAX  65536u
#define KERNEL_LINK_NAME  16 /* bytes, as the kernel has it */

enum kernel_route_kind {
	KERNEL_UNICAST,
	KERNEL_LOCAL,   /* the address is the machine's own */
	KERNEL_DISCARD, /* blackhole, unreachable, prohibit, and what is not forwarded */
};

struct kernel_path {
	uint32_t link;          /* index of the interface; 0: none */
	struct address gateway; /* of either family; FAMILY_NONE: on the link */
};

struct kernel_route {
	struct prefix prefix;
	uint32_t metric;
	uint8_t kind;  /* enum kernel_route_kind */
	bool replaces; /* what was there with this prefix and metric is gone */
	const struct kernel_path *paths;
	size_t path_count; /* those beyond KERNEL_PATHS_MAX are not kept */
};

struct kernel_link {
	uint32_t index;
	bool up; /* administratively, and with a carrier */
	uint32_t downs; /* how often it went down; of what is set it does not count */
	char name[KERNEL_LINK_NAME];
};

struct kernel_table;

struct kernel_table *kernel_table_new(const struct hash_seed *seed);
void kernel_table_free(struct kernel_table *table); /* NULL is fine */

/* All that is set from now on until the end is all there is: the rest goes then. */
void kernel_table_begin(struct kernel_table *table);
void kernel_table_end(struct kernel_table *table);

/* 0, ERROR_MEMORY, ERROR_FULL. A route is one of its prefix, metric and first path. */
int kernel_table_set(struct kernel_table *table, const struct kernel_route *route);
/* ERROR_NOT_FOUND: something was missed, look at everything again. */
int kernel_table_remove(struct kernel_table *table, const struct kernel_route *route);
int kernel_table_link_set(struct kernel_table *table, const struct kernel_link *link);
void kernel_table_link_remove(struct kernel_table *table, uint32_t index);
/* NULL: not known. */
const struct kernel_link *kernel_table_link(const struct kernel_table *table, uint32_t index);
/* Its index, or 0. */
uint32_t kernel_table_link_named(const struct kernel_table *table, const char *name);
size_t kernel_table_routes(const struct kernel_table *table);

/*
 * The way to an address, by its longest match and, of several such routes, the lowest metric;
 * RFC 4271 section 9.1.2.1. A match over a link that is down is no way, even if a shorter one
 * would be: the kernel does not use that either.
 */
void kernel_table_way(const struct kernel_table *table, const struct address *address,
	struct hop_way *ret_way);

#endif
