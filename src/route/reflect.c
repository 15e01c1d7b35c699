/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Route reflection.
 *
 *     said by \ told to   client        other internal   external
 *     client              reflected     reflected        told
 *     other internal      reflected     no               told
 *     external            told          told             told
 *
 * Invariants:
 *  1. A reflected route has an ORIGINATOR_ID, and our CLUSTER_ID first in its CLUSTER_LIST.
 *  2. What is reflected keeps path, next hop, MED and preference, but for what the operator's
 *     policy says. (export.c leaves them alone.)
 *  3. A source is one router: when another one answers at a neighbour's address, the neighbour
 *     gets a new source (session.c). So how a route is dressed depends on its source's number.
 *
 * RFC 4456 sections 6 (who hears what), 7 (CLUSTER_ID), 8 (loops), 10 (what is kept).
 */
#include "route/reflect.h"

#include <string.h>

#include "route/speaker_internal.h"

bool reflect_is(const struct group_key *key, const struct neighbor *from)
{
	return key->ibgp && from != NULL && from->ibgp;
}

bool reflect_wanted(const struct group_key *key, const struct neighbor *from)
{
	return !reflect_is(key, from) || key->reflector_client ||
	       from->settings.route_reflector_client;
}

uint32_t reflect_cluster_id(const struct neighbor *neighbor)
{
	uint32_t configured = neighbor->settings.cluster_id;

	return configured != 0 ? configured : neighbor->speaker->settings.router_id;
}

bool reflect_looped(const struct neighbor *neighbor, const struct bgp_attributes *a)
{
	uint32_t cluster_id = reflect_cluster_id(neighbor);

	if (bgp_attribute_present(a, BGP_ATTRIBUTE_ORIGINATOR_ID) &&
		a->originator_id == neighbor->speaker->settings.router_id)
		return true;
	for (unsigned i = 0; i < a->cluster_count; i++)
		if (a->cluster_list[i] == cluster_id)
			return true;
	return false;
}

static int cluster_prepend(struct arena *arena, uint32_t cluster_id, struct bgp_attributes *a)
{
	uint32_t *list;

	if (a->cluster_count == UINT16_MAX)
		return ERROR_RANGE;
	list = arena_take_array(arena, (size_t)a->cluster_count + 1, sizeof(*list));
	if (list == NULL)
		return ERROR_MEMORY;
	list[0] = cluster_id;
	if (a->cluster_count > 0)
		memcpy(list + 1, a->cluster_list, a->cluster_count * sizeof(*list));
	a->cluster_list = list;
	a->cluster_count++;
	a->present |= 1ull << BGP_ATTRIBUTE_CLUSTER_LIST;
	return 0;
}

static void strip(struct bgp_attributes *a)
{
	a->present &=
		~(1ull << BGP_ATTRIBUTE_ORIGINATOR_ID | 1ull << BGP_ATTRIBUTE_CLUSTER_LIST);
	a->cluster_count = 0;
}

int reflect_dress(
	const struct group *group, const struct neighbor *from, struct bgp_attributes *a)
{
	if (!reflect_is(&group->key, from)) {
		strip(a);
		return 0;
	}
	if (!bgp_attribute_present(a, BGP_ATTRIBUTE_ORIGINATOR_ID)) {
		a->originator_id = from->remote_router_id;
		a->present |= 1ull << BGP_ATTRIBUTE_ORIGINATOR_ID;
	}
	return cluster_prepend(&group->speaker->scratch, group->key.cluster_id, a);
}
