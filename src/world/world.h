/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A world of the lab, made sense of: nodes, links between them, addresses, BGP sessions. What a
 * file says (config/world.h) goes in; what the lab builds out of namespaces comes out.
 *
 *   network, one city        one router of the network's name
 *   network, several cities  a router a city ("big-fra"), a link and an iBGP session each to
 * each exchange                 a switch and a route server in one node site one server with
 * the service, the daemon and its upstreams
 *
 * Addresses (all IPv4, host byte order):
 *   10.0.0.0/8       node number n has 10.(n >> 8).(n & 255).1, and its /24 if people are there
 *   172.16.0.0/13    a /31 a link
 *   172.30.0.0/15    a /24 an exchange
 */
#ifndef NEARCAST_WORLD_WORLD_H
#define NEARCAST_WORLD_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "config/reader.h"
#include "config/world.h"
#include "plan/city.h"

#define WORLD_NAME_MAX      48
#define WORLD_INTERFACE_MAX 16 /* IFNAMSIZ */
#define WORLD_NODES_MAX     10000
#define WORLD_LINKS_MAX     50000
#define WORLD_NONE          UINT32_MAX

enum world_kind {
	WORLD_ROUTER,
	WORLD_EXCHANGE,
	WORLD_SITE,
};

struct world_node {
	char name[WORLD_NAME_MAX];
	enum world_kind kind;
	uint32_t owner; /* index of the network, exchange or site, in the file's order */
	uint32_t asn;
	uint8_t daemon;  /* enum config_world_daemon */
	uint8_t program; /* of a site: enum config_world_program */
	struct plan_place place;
	const char *city;  /* its name, or ""; static or the file's */
	uint32_t loopback; /* 10.x.y.1: the address of its own, and its router id */
	uint32_t prefix;   /* 10.x.y.0 of a /24 that it announces; 0: none */
	double people;     /* millions who ask from here */
};

enum world_relation { /* what node[1] is to node[0] */
	WORLD_IS_PROVIDER,
	WORLD_IS_PEER,
	WORLD_IS_ROUTE_SERVER, /* node[1] is an exchange */
	WORLD_IS_INTERNAL,     /* the same network */
};

struct world_link {
	char name[2 *
		  WORLD_NAME_MAX]; /* "small-big"; two networks' second link: "small-big-2" */
	uint32_t node[2];
	char interface[2][WORLD_INTERFACE_MAX];
	uint32_t address[2]; /* of an exchange: the member's, and the exchange's */
	uint8_t length;      /* of the prefix of both: 31, or 24 */
	enum world_relation relation;
	uint64_t delay_ns; /* one way */
	uint32_t loss_ppm; /* each way */
	uint64_t rate_bps; /* each way; 0: no limit */
	uint8_t prepend;   /* by node[0] */
	bool watched;      /* by BFD */
};

struct world {
	struct arena arena;
	const struct config_world *file;
	struct config_world *made; /* what a generated world is made of; NULL: it was written */
	struct world_node *nodes;
	struct world_link *links;
	uint32_t node_count, link_count, node_room, link_room;
	uint32_t site_count, network_count;
	uint32_t address;   /* that all sites answer on: the first of the file */
	uint32_t announced; /* the prefix that holds it */
	uint8_t announced_length;
	bool bfd;
	uint64_t bfd_interval_ns, hold_ns;
	uint8_t bfd_multiplier;
};

/*
 * Make sense of a file: names become nodes, ties links. Every mistake is told in diagnostics
 * with its place; then ERROR_MALFORMED. ERROR_MEMORY, ERROR_FULL. file lives as long as the
 * world does.
 */
int world_build(const struct config_world *file, const struct config_source *source,
	struct world **ret_world, struct config_diagnostics *diagnostics);
/* NULL is fine. */
void world_free(struct world *world);

/* WORLD_NONE if there is none of that name. */
uint32_t world_node_find(const struct world *world, const char *name);
/* By its name, or "A-B" or "B-A" of its nodes. */
uint32_t world_link_find(const struct world *world, const char *name);
/* The closest name of a node or link for "did you mean", or NULL. */
const char *world_closest(const struct world *world, const char *name);

/*
 * The ways inside a network: for each other router of its network how a node gets there over
 * internal links that are up; metric is the delay in microseconds and 1 a link.
 * up: an entry a link. Calls each once for every destination that can be reached.
 */
struct world_way {
	uint32_t to;   /* node */
	uint32_t link; /* the first one */
	uint32_t metric;
};
typedef void world_way_each(void *context, const struct world_way *way);
/* 0 or ERROR_MEMORY. */
int world_ways(const struct world *world, uint32_t node, const bool *up, world_way_each *each,
	void *context);

/* "10.1.2.3", for configurations and people. */
#define WORLD_ADDRESS_MAX 16
const char *world_address(uint32_t address, char text[WORLD_ADDRESS_MAX]);

#endif
