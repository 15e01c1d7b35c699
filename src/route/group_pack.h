/* SPDX-License-Identifier: Apache-2.0 */
/* What group_pack.c and group_paths.c share: destinations on their way into messages. */
#ifndef NEARCAST_ROUTE_GROUP_PACK_H
#define NEARCAST_ROUTE_GROUP_PACK_H

#include "route/group.h"

#define PACK_ITEMS_MAX 4096u /* looked at for one chunk */
#define PACK_KEYS_MAX  1024u /* prefixes tried for one message */

/* A route to be told, or to be withdrawn. */
struct pack_item {
	uint32_t destination;
	attribute_set set;    /* none: to be withdrawn */
	attribute_set chosen; /* a reference: a policy may have made it for us alone */
	rib_source source;    /* who said it, or said what is withdrawn */
	uint16_t id : 15;     /* held_path.id */
	uint16_t done : 1;
};

struct pack {
	struct group *group;
	enum bgp_family family;
	struct pack_item *items; /* owned */
	uint32_t count;
	struct chunk *chunk;       /* for all members */
	struct neighbor *neighbor; /* or for one, into w */
	struct writer *w;
	struct bgp_route_key keys[PACK_KEYS_MAX];
};

bool pack_is_member(const struct group *group, rib_source number);
/* Nobody needs the destination's number any more, maybe. */
void pack_settle(struct speaker *speaker, enum bgp_family family, uint32_t destination);

/* ---- group_interval.c: neighbour settings' interval. ---- */
/* While the group is quiet: announcements go out of the pack. */
void group_interval_apply(struct pack *pack);
/* Items were told: the interval may begin. */
void group_interval_note(const struct pack *pack);
/* What waits is marked, at once. */
void group_interval_end(struct group *group);
void group_interval_fire(struct speaker *speaker, struct timer *timer, struct instant now);

/* ---- group_limit.c: neighbour settings' maximum_prefixes_out. ---- */
/* More is told than the limit, which was lowered: all items go through group_limit_apply. */
bool group_limit_exceeded(const struct group *group, enum bgp_family family);
/* Items for which there is no room go out of the pack, or become withdrawals. */
void group_limit_apply(struct pack *pack);
/* There may be room for what was held back: that is marked again. */
void group_limit_release(struct group *group, enum bgp_family family);

/* ---- group_paths.c: with ADD-PATH. Items are destinations before, routes after. ---- */
/* What is to be told of each destination. What finds no room is marked again. */
void pack_paths_choose(struct pack *pack);
/* What the group holds of each, and what the member may know that it holds no more. What finds
 * no room is marked again for the member. */
void pack_paths_look_up(struct pack *pack);
/* True if the group holds what it should. */
bool pack_paths_held(const struct group *group, enum bgp_family family, uint32_t destination);

#endif
