/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One speaker among many neighbours that are played by hand: what they say goes in message by
 * message, what they hear is decoded and kept, a route for each prefix number. The neighbours
 * connect to the speaker, which never connects to them, and no timers run but its own.
 */
#ifndef NEARCAST_TESTS_ROUTE_CROWD_H
#define NEARCAST_TESTS_ROUTE_CROWD_H

#include "route/speaker.h"

#define CROWD_MAX 8u
#define CROWD_ASN 64500u

struct crowd;

struct crowd_heard {
	uint8_t *bytes; /* the attributes, written again; NULL: no route */
	size_t length;
	uint32_t path_length, path_origin;
};

struct crowd_member {
	struct crowd *crowd;
	uint32_t index, router_id;
	struct neighbor *neighbor;
	bool open, ready;
	bool deaf; /* reads nothing */
	struct bgp_context context;
	struct crowd_heard *heard[BGP_UNICAST_COUNT]; /* by prefix number */
};

struct crowd {
	struct speaker *speaker;
	struct instant now;
	uint32_t prefixes; /* numbers are below, in each family */
	uint32_t member_count;
	struct crowd_member members[CROWD_MAX];
	struct arena arena;
	const char *complaint; /* something that must never be; NULL: nothing */
};

void crowd_begin(struct crowd *crowd, uint32_t prefixes, uint64_t seed);
void crowd_end(struct crowd *crowd);
/* Its address and name, both families, what is not said is off. */
struct neighbor_settings crowd_settings(uint32_t index, uint32_t asn);
uint32_t crowd_add(
	struct crowd *crowd, const struct neighbor_settings *settings, uint32_t router_id);
/* It is configured away, and another takes its place, number and address. */
void crowd_replace(struct crowd *crowd, uint32_t member,
	const struct neighbor_settings *settings, uint32_t router_id);
/* Time and patience until the speaker takes the connection; the session is Established.
 * False: it does not want to. */
bool crowd_connect(
	struct crowd *crowd, uint32_t member, bool restarts, const bool forwarding[2]);
/* TCP is gone. hard: after a Hard Reset (RFC 8538), which lets no route be kept. */
void crowd_lose(struct crowd *crowd, uint32_t member, bool hard);
/* Prefix numbers first, first + step, ... below end; attributes NULL: withdrawn. */
void crowd_say(struct crowd *crowd, uint32_t member, enum bgp_family family, uint32_t first,
	uint32_t end, uint32_t step, const struct bgp_attributes *attributes);
void crowd_end_of_rib(struct crowd *crowd, uint32_t member, enum bgp_family family);
/* REQUEST: what was heard is forgotten first. */
void crowd_refresh(struct crowd *crowd, uint32_t member, enum bgp_family family,
	enum bgp_refresh_subtype subtype);
/* Those who are not deaf read. */
void crowd_listen(struct crowd *crowd);
/* The speaker does at most this many pieces of what it put off. */
void crowd_tick(struct crowd *crowd, unsigned pieces);
void crowd_wait(struct crowd *crowd, struct duration d);
/* Nobody is deaf, and the speaker has nothing left to do. */
void crowd_settle(struct crowd *crowd);
struct prefix crowd_prefix(enum bgp_family family, uint32_t number);
struct address crowd_address(enum family family, uint32_t member);

#endif
