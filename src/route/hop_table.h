/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The next hops of all attribute sets, each once, counted and with a small number: a set holds
 * the number (route/attribute_object.h). So what the kernel knows of a next hop is kept once,
 * however many routes have it.
 */
#ifndef NEARCAST_ROUTE_HOP_TABLE_H
#define NEARCAST_ROUTE_HOP_TABLE_H

#include "base/address.h"
#include "base/hash.h"

#define HOP_NONE UINT32_MAX

enum hop_state {
	HOP_UNKNOWN,     /* nobody has looked yet */
	HOP_RESOLVED,    /* packets for it have a way */
	HOP_LINK,        /* link-local: it is where its neighbour is */
	HOP_NO_ROUTE,    /* no route of the kernel contains it */
	HOP_UNREACHABLE, /* the route that contains it discards: blackhole, prohibit */
	HOP_LINK_DOWN,   /* the way goes over a link that is down */
	HOP_OURS,        /* it is our own address */
	HOP_UNUSABLE,    /* no address of a router: unspecified, loopback, multicast */
	HOP_STATES,
};

/* What the kernel's table says of a next hop. */
struct hop_way {
	uint8_t state;          /* enum hop_state */
	bool direct;            /* on a link of ours: no gateway */
	uint32_t metric;        /* of the kernel's route; 0 if direct */
	uint32_t link;          /* index of the interface; 0: none */
	uint32_t link_downs; /* of it: what was forwarded there may have been forgotten */
	struct address gateway; /* FAMILY_NONE: none */
	struct prefix by;       /* the kernel's route */
};

struct hop {
	struct hash_node node;
	struct address address, link_local; /* link_local: FAMILY_NONE if there is none */
	uint32_t number, references;
	bool changed; /* routes with it are to be looked at again */
	struct hop_way way;
};

struct hop_table {
	struct hop **hops; /* by number; NULL: free */
	uint32_t room, bound, free_count;
	uint32_t free_from; /* no number below it is free */
	uint32_t last;      /* the one found last; HOP_NONE: none */
	size_t count;
	struct hash_table table;
	struct hash_seed seed;
};

void hop_table_init(struct hop_table *hops, const struct hash_seed *seed);
void hop_table_clear(struct hop_table *hops);
/* Its number, made if it is new, with one more reference. HOP_NONE: no memory. */
uint32_t hop_table_take(struct hop_table *hops, const struct address *address,
	const struct address *link_local);
/* One reference less. HOP_NONE is fine. */
void hop_table_give(struct hop_table *hops, uint32_t number);
/* NULL: not there. */
struct hop *hop_table_find(struct hop_table *hops, const struct address *address,
	const struct address *link_local);
/* number: in use. */
static inline struct hop *hop_table_at(const struct hop_table *hops, uint32_t number)
{
	return hops->hops[number];
}

const char *hop_state_name(enum hop_state state); /* "no-route" */

#endif
