/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Neighbours that shall hear the same form a group with one adj-RIB-out and messages that are
 * made once for all.
 *
 *     destination changed --> marked in the group --(a member has room)--> chunk of messages
 *                                                        |
 *           member in step: reads chunk after chunk  <---+---> member too slow: the chunk is
 *                                                              forgotten, its destinations are
 *                                                              marked for that member alone
 *
 * A member that joins, asks for a refresh or was too slow catches up: the destinations marked
 * for it are sent as the group holds them now, while it goes on reading chunks. So memory is
 * bounded whatever a neighbour does: a bit a destination and GROUP_CHUNKS_MAX bytes a group.
 *
 * With ADD-PATH (RFC 7911) a group holds several routes of a destination, each with the path
 * identifier that its members know it by.
 */
#ifndef NEARCAST_ROUTE_GROUP_H
#define NEARCAST_ROUTE_GROUP_H

#include "base/bitmap.h"
#include "base/list.h"
#include "route/export_verdict.h"
#include "route/policy.h"
#include "route/rib.h"
#include "route/source.h"
#include "route/speaker.h"
#include "route/timer.h"

/* Everything that decides what a neighbour hears, and how it is dressed and encoded. */
struct group_key {
	const struct neighbor *alone; /* a neighbour that shares with nobody */
	struct bgp_context context;   /* how it is encoded */
	struct address next_hop[BGP_FAMILY_COUNT], next_hop_link_local[BGP_FAMILY_COUNT];
	bool next_hop_known[BGP_FAMILY_COUNT];
	uint32_t local_asn;
	uint8_t role;
	bool ibgp;
	bool transit; /* learned routes are passed on */
	bool reflector_client, next_hop_self, route_server_client;
	uint32_t cluster_id; /* 0 for external neighbours */
	bool graceful_shutdown;
	bool has_med, has_local_pref;
	uint32_t med, local_pref;
	unsigned prepend;
	attribute_set communities;    /* the neighbour's additions, interned; a reference */
	struct policy *export_policy; /* a reference; NULL: all */
	enum policy_relation relation;
	uint16_t paths;           /* with ADD-PATH: most routes of a destination; 0: all */
	struct duration interval; /* between advertisements: group_interval.c; 0: none */
	bool long_lived;          /* the neighbour knows what LLGR_STALE means: RFC 9494 */
	uint32_t maximum; /* most routes of others sent, per family; 0: no limit; else alone */
};

#define GROUP_LOOK_WAKE  16u        /* marks looked at closer before a member is woken */
#define GROUP_LOOK_MAX   4096u      /* and for people */
#define GROUP_CHUNKS_MAX (4u << 20) /* bytes of messages that wait for the slower members */

/* A run of bytes of a chunk: whole messages for the same readers. */
struct chunk_part {
	uint32_t length;
	uint32_t prefixes;
	rib_source only;   /* this member alone; RIB_LOCAL: all */
	rib_source except; /* not this member; RIB_LOCAL: all */
};

/* A prefix of our own that a chunk announces or withdraws: the host hears of it. */
struct chunk_own {
	struct prefix prefix;
	bool announced;
};

struct chunk {
	struct list link; /* in group.chunks */
	uint64_t sequence;
	uint8_t *bytes;
	size_t length, room;
	struct chunk_part *parts;
	uint32_t part_count, part_room;
	struct chunk_own *own;
	uint32_t own_count, own_room;
	uint32_t *destinations; /* what it tells, for members that miss it */
	uint32_t destination_count;
	uint8_t family;
};

/* A route that the group holds: a reference, who said it, and its rib_route.out_id (0 without
 * ADD-PATH; on the wire one more, for 0 means none to some). */
struct held_path {
	attribute_set set; /* none: nothing is held */
	rib_source source;
	uint16_t id;
};

struct group_family {
	attribute_set *sets; /* by destination: what the group holds; a reference each */
	rib_source *sources; /* and who said it */
	/* With ADD-PATH instead of these: */
	bool add_path;
	uint32_t *lists;    /* by destination: struct held_path in the slab, ascending by id */
	uint16_t *lengths;  /* of them */
	uint16_t *id_bound; /* identifiers that a member may know are below */
	struct slab slab;
	uint32_t room;
	uint32_t count;             /* routes held */
	uint32_t local;             /* of these, our own */
	struct bitmap changed, new; /* to be looked at: held already, or not yet */
	struct bitmap delayed;      /* until the interval is over: group_interval.c */
	struct bitmap held_back;    /* there was no room for it: group_limit.c */
	uint32_t changed_at, new_at;
};

struct group {
	struct list link; /* in speaker.groups */
	struct speaker *speaker;
	struct group_key key;
	struct list members; /* struct member */
	unsigned member_count;
	struct group_family families[BGP_FAMILY_COUNT];
	struct list chunks; /* oldest first */
	uint64_t next_sequence;
	size_t chunk_bytes;
	struct timer quiet; /* runs while announcements wait */
	bool announced;     /* something, since the last interval ended */
	bool lost;          /* a mark found no memory: all must be looked at again */
};

/* A neighbour's place in its group. */
struct member {
	struct list link;    /* in group.members */
	struct group *group; /* NULL: hears nothing */
	uint64_t sequence;   /* of the next chunk to read */
	uint32_t part;       /* of that chunk */
	size_t offset;       /* in the chunk's bytes */
	size_t part_offset;  /* in the part */
	struct bitmap catch_up[BGP_FAMILY_COUNT];
	uint32_t catch_up_at[BGP_FAMILY_COUNT];
	bool again[BGP_FAMILY_COUNT];  /* it holds already what it catches up with */
	bool missed[BGP_FAMILY_COUNT]; /* it may hold what the group holds no more */
	/* With ADD-PATH: one destination at a time, from this identifier on; its routes are
	 * more than a buffer takes. */
	bool one_by_one[BGP_FAMILY_COUNT];
	uint16_t one_from[BGP_FAMILY_COUNT];
	uint32_t own[BGP_FAMILY_COUNT]; /* routes of the group that it said itself */
	bool end_of_rib_due[BGP_FAMILY_COUNT], end_of_rib_sent[BGP_FAMILY_COUNT];
	bool refresh_due[BGP_FAMILY_COUNT];     /* asked for, not begun */
	bool refresh_end_due[BGP_FAMILY_COUNT]; /* RFC 7313: the end marker */
	uint8_t turn;                           /* family that goes first */
};

/* ---- group.c: who is in which group, and what is marked. ---- */
/* The neighbour is Established: it joins the group of its kind, and hears all of it. 0 or
 * ERROR_MEMORY. */
int group_join(struct neighbor *neighbor);
void group_leave(struct neighbor *neighbor);
/* Settings changed: what the neighbour hears, and how, may differ. 0 or ERROR_MEMORY: what it
 * holds is not known any more, its session must end. */
int group_rejoin(struct neighbor *neighbor);
/* The export policy changed: all is to be chosen again. */
void group_review(struct group *group);
/* A route of ours names the neighbours that may hear it: nobody shares any more. */
void groups_part(struct speaker *speaker);
/* The routes to this destination changed. */
void groups_mark(struct speaker *speaker, enum bgp_family family, uint32_t destination);
/* The same where only groups with ADD-PATH, or of a route server's clients, can hear of it: the
 * best one is what it was. */
void groups_mark_paths(struct speaker *speaker, enum bgp_family family, uint32_t destination);
/* Whether a group still needs the destination's number. */
bool groups_hold(const struct speaker *speaker, enum bgp_family family, uint32_t destination);
/* Forget those of the destinations, each named once, that have no route and that no group
 * needs; many at once, because each is a miss of the cache. */
void groups_settle(struct speaker *speaker, enum bgp_family family,
	const uint32_t *destinations, uint32_t count);
/* All that the group holds is to be sent to the member. */
int member_catch_up(struct neighbor *neighbor, enum bgp_family family, bool again);
/* Whether there is something to send. Looks closer (group_prune) at up to `closer` marks. */
bool member_pending(const struct neighbor *neighbor, uint32_t closer);
uint32_t member_pending_count(const struct neighbor *neighbor, enum bgp_family family);
/* Members that have something to send are told. */
void groups_wake(struct speaker *speaker);
void groups_free(struct speaker *speaker);
/* Chunks that all members have read go. */
void group_chunks_retire(struct group *group);
/* Chunks over the limit go; members that have not read them will catch up. */
void group_chunks_limit(struct group *group);

/* ---- group_held.c: what a group holds. ---- */
/* Room for what the group holds of destinations below bound. 0 or ERROR_MEMORY. */
int group_family_reserve(struct group_family *gf, uint32_t bound);
void group_family_clear(struct group_family *gf, struct attribute_store *store);
/* The group holds this from now on (set none: no longer) under its identifier. 0, or
 * ERROR_MEMORY (only with ADD-PATH): nothing changed. */
int group_hold(struct group *group, enum bgp_family family, uint32_t destination,
	struct held_path path);
static inline bool group_holds(const struct group_family *gf, uint32_t destination)
{
	if (destination >= gf->room)
		return false;
	return gf->add_path ? gf->lengths[destination] > 0
			    : gf->sets[destination] != ATTRIBUTE_SET_NONE;
}
/* How many routes of a destination. */
static inline uint32_t group_held_count(const struct group_family *gf, uint32_t destination)
{
	if (gf->add_path && destination < gf->room)
		return gf->lengths[destination];
	return group_holds(gf, destination) ? 1 : 0;
}
/* The index-th of them, ascending by identifier. */
struct held_path group_held_at(
	const struct group_family *gf, uint32_t destination, uint32_t index);
/* The one with this identifier; its set is none if there is none. */
struct held_path group_held(const struct group_family *gf, uint32_t destination, uint16_t id);

/* ---- group_pack.c: from marks to messages. ---- */
/* Make the next chunk of what is marked. NULL: nothing is, or no memory. */
struct chunk *group_pack(struct group *group, enum bgp_family family);
void chunk_free(struct chunk *chunk);
/* Take back the marks of what the group holds already; not if there are more than limit. */
void group_prune(struct group *group, enum bgp_family family, uint32_t limit);
/* Whole messages of what the member catches up with, as many as fit. */
void member_pack(struct neighbor *neighbor, enum bgp_family family, struct writer *w);

/* ---- export.c ---- */
struct export_choice {
	attribute_set set; /* none: nothing */
	rib_source source;
};
/* What the group should hold of a destination. The set comes with a reference. */
struct export_choice export_choose(
	const struct group *group, enum bgp_family family, uint32_t destination);
/* The same with ADD-PATH: routes ascending by identifier, with a reference each. */
struct export_paths {
	struct held_path *items;
	uint32_t count, room;
};
/* 0, or ERROR_MEMORY and nothing. */
int export_choose_paths(const struct group *group, enum bgp_family family, uint32_t destination,
	struct export_paths *ret_paths);
/* Gives back the references that are left (those whose set was not made none). */
void export_paths_clear(const struct group *group, struct export_paths *paths);
/* The set of one route, with a reference, if the group may be told and its policy accepts. */
attribute_set export_offer(const struct group *group, enum bgp_family family,
	uint32_t destination, const struct rib_route *route);
/* Whether the group may be told of the route at all; the policy is not asked. */
enum export_verdict export_judge(const struct group *group, enum bgp_family family,
	uint32_t destination, const struct rib_route *route);
/* How it is sent; arrays in speaker->scratch or the store. ERROR_RANGE: it cannot be, or who
 * said it is gone. */
int export_dress(const struct group *group, enum bgp_family family, struct export_choice choice,
	struct bgp_attributes *ret_attributes);
/* The key of the group that the Established neighbour belongs to; its `communities` are a
 * reference. 0 or ERROR_MEMORY. */
int export_key(const struct neighbor *neighbor, struct group_key *ret_key);
/* Whether the next hop of what `from`, a neighbour, said becomes our own address. */
bool export_next_hop_self(const struct group_key *key, const struct neighbor *from);
bool export_key_equal(const struct group_key *a, const struct group_key *b);
/* What one sends of a set, the other does. */
bool export_key_dresses_alike(const struct group_key *a, const struct group_key *b);

#endif
