/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many speakers joined by links in virtual time, driven by a heap of events: hundreds of nodes
 * cost what happens at them, not what they are. Bytes of a connection arrive in order; those of
 * different connections overtake each other as their delays say. Small networks in which every
 * byte counts are in net.h.
 */
#ifndef NEARCAST_TESTS_ROUTE_SIMULATION_H
#define NEARCAST_TESTS_ROUTE_SIMULATION_H

#include "base/random.h"
#include "route/speaker.h"

struct simulation;

struct simulation_node {
	struct simulation *simulation;
	uint32_t index, asn, router_id;
	struct address address;
	struct speaker *speaker;
	struct instant tick_at; /* of the event that is on its way */
	uint32_t *links;        /* indexes of its links */
	uint32_t link_count;
};

enum simulation_link_state {
	SIMULATION_LINK_UP,
	SIMULATION_LINK_DOWN,   /* connections are reset, and cannot be made */
	SIMULATION_LINK_SILENT, /* bytes vanish and nobody is told */
};

/* One side has one connection that it made, and one that it accepted. */
struct simulation_connection {
	bool used;
	bool lost;              /* nothing arrives any more */
	bool closed[2];         /* by end */
	uint32_t generation;    /* of events that still concern it */
	uint32_t flight[2];     /* bytes on the way to this end */
	bool ready[2];          /* this end has output */
	struct instant last[2]; /* the latest arrival at this end */
};

struct simulation_link {
	uint32_t nodes[2];
	struct neighbor *neighbors[2];
	struct neighbor_settings settings[2]; /* for a node that starts again */
	enum simulation_link_state state;
	uint32_t delay_us, jitter_us;
	struct simulation_connection connections[2]; /* by the end that made it */
	bool attempts[2];                            /* of an end to make one */
	uint32_t attempt_generations[2];
};

struct simulation {
	struct instant now;
	struct random random;
	struct simulation_node *nodes;
	uint32_t node_count, node_room;
	struct simulation_link *links;
	uint32_t link_count, link_room;
	struct simulation_event *heap;
	size_t event_count, event_room;
	uint64_t sequence, events_run;
	struct policy *import_policy; /* of all neighbours; not owned */
};

void simulation_begin(
	struct simulation *simulation, uint64_t seed, uint32_t nodes, uint32_t links);
void simulation_end(struct simulation *simulation);
/* Address 10.x.y.1 from its index. Returns the index. */
uint32_t simulation_node(struct simulation *simulation, uint32_t asn, uint32_t router_id);
/* Settings with the addresses, AS numbers and name filled in; nothing else. */
struct neighbor_settings simulation_settings(
	const struct simulation *simulation, uint32_t node, uint32_t other, uint32_t link);
/* A link with a session over it. Returns its index. */
uint32_t simulation_link(struct simulation *simulation, uint32_t a, uint32_t b,
	const struct neighbor_settings *of_a, const struct neighbor_settings *of_b,
	uint32_t delay_us, uint32_t jitter_us);
void simulation_link_set(
	struct simulation *simulation, uint32_t link, enum simulation_link_state state);
/* Its process dies and starts again, with its neighbours and without routes. */
void simulation_restart(struct simulation *simulation, uint32_t node);
/* After anything was done to a node's speaker from outside. */
void simulation_touch(struct simulation *simulation, uint32_t node);
/* Everything up to this instant happens. */
void simulation_run(struct simulation *simulation, struct instant until);
bool simulation_established(const struct simulation *simulation, uint32_t link);

#endif
