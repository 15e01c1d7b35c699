/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network of speakers in virtual time: the fixture of the route room's tests. TCP connections
 * are pairs of byte queues; connecting takes a millisecond, bytes arrive in random pieces.
 */
#ifndef NEARCAST_TESTS_ROUTE_NET_H
#define NEARCAST_TESTS_ROUTE_NET_H

#include "base/random.h"
#include "route/speaker.h"

#define NET_NODES  8
#define NET_EVENTS 4096

struct net;

/* One TCP connection: from who connected (end 0) to who accepted (end 1). */
struct wire {
	bool used, closed[2];
	int node[2];       /* index of the nodes at both ends */
	uint8_t *bytes[2]; /* on the way to end 0, end 1 */
	size_t length[2], room[2];
	struct instant when[2]; /* the bytes arrive */
};

struct node {
	struct net *net;
	int index;
	struct speaker *speaker;
	uint32_t asn, router_id;
	struct address address;
	bool deaf;             /* reads nothing: the other end's output piles up */
	bool unreachable;      /* connections to it fail */
	size_t accepts_output; /* most bytes on the way before its peer's socket is full */
	struct speaker_event events[NET_EVENTS];
	char reasons[NET_EVENTS][128];
	size_t event_count;
};

struct net {
	struct instant now;
	struct random random;
	struct node nodes[NET_NODES];
	int node_count;
	struct wire wires[128];
	struct {
		bool used;
		int from, to;
		struct instant when;
	} connects[64];
	bool ready[NET_NODES][NET_NODES][CONNECTION_DIRECTIONS];
	unsigned max_piece; /* bytes delivered at once: 1..max_piece; 0: all */
	int64_t latency_us; /* of bytes on their way */
};

void net_begin(struct net *net, uint64_t seed);
void net_end(struct net *net);
/* Node i gets address 10.0.0.(i+1), router id the same unless given. */
struct node *net_node(struct net *net, uint32_t asn, uint32_t router_id);
struct neighbor_settings net_settings(const struct node *node, const struct node *other);
struct neighbor *net_neighbor(struct node *node, const struct neighbor_settings *settings);
/* A session between both, at their defaults. */
void net_peer(struct node *a, struct node *b);
struct neighbor *net_of(const struct node *node, const struct node *other);
enum session_state net_state(const struct node *node, const struct node *other);
bool net_up(const struct node *a, const struct node *b);
/* Let virtual time pass; everything that is due happens in order. */
void net_run(struct net *net, int64_t ms);
/* Until the condition holds, at most ms. */
bool net_until_up(const struct node *a, const struct node *b, int64_t ms);
/* Both ends of all connections between them see a reset. */
void net_cut(struct node *a, struct node *b);
/* The process dies and another takes its place, without neighbours and routes: the other ends
 * of its connections see them close. */
void net_restart(struct node *node, bool restarting);
/* Announce 198.51.x.0/24 (or 2001:db8:x::/48) with this MED. */
void net_announce(struct node *node, unsigned x, bool ipv6, uint32_t med);
void net_withdraw(struct node *node, unsigned x, bool ipv6);
struct prefix net_prefix(unsigned x, bool ipv6);
/* What node holds from other; false if nothing. */
bool net_has(const struct node *node, const struct node *other, struct prefix prefix,
	struct bgp_attributes *ret_attributes, bool *ret_stale);
size_t net_count(const struct node *node, const struct node *other);
/* The newest event of the type at or after `from`; NULL if none. */
const struct speaker_event *net_event(
	const struct node *node, enum speaker_event_type type, size_t from);
const char *net_reason(const struct node *node, const struct speaker_event *event);
/* Put bytes on the way to node, as if `other` had sent them on their live connection. */
void net_inject(struct node *node, struct node *other, const void *bytes, size_t length);

#endif
