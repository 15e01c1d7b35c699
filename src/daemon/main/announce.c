/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a service's configuration and the brain's intent to the record of one route.
 *
 * Invariants:
 *  1. The record is a function of its arguments: unused bytes are zero, so that two records can
 * be compared as bytes.
 *  2. No community appears twice.
 *
 * RFC 8326 (the speaker adds the community), RFC 4271 section 5.1.4 (MED), 5.1.5 (LOCAL_PREF).
 */
#include "daemon/main/announce.h"

#include <stdio.h>
#include <string.h>

static int standard_add(struct record_route *route, uint32_t community)
{
	for (uint32_t i = 0; i < route->community_count; i++)
		if (route->communities[i] == community)
			return 0;
	if (route->community_count == RECORD_COMMUNITIES_MAX)
		return ERROR_FULL;
	route->communities[route->community_count++] = community;
	return 0;
}

static int large_add(struct record_route *route, const struct config_large_community *large)
{
	const uint32_t parts[3] = { large->global, large->local_1, large->local_2 };

	for (uint32_t i = 0; i < route->large_community_count; i++)
		if (memcmp(route->large_communities[i], parts, sizeof(parts)) == 0)
			return 0;
	if (route->large_community_count == RECORD_COMMUNITIES_MAX)
		return ERROR_FULL;
	memcpy(route->large_communities[route->large_community_count++], parts, sizeof(parts));
	return 0;
}

static int extended_add(struct record_route *route, uint64_t community)
{
	for (uint32_t i = 0; i < route->extended_community_count; i++)
		if (route->extended_communities[i] == community)
			return 0;
	if (route->extended_community_count == RECORD_COMMUNITIES_MAX)
		return ERROR_FULL;
	route->extended_communities[route->extended_community_count++] = community;
	return 0;
}

static int attributes_add(struct record_route *route, const struct config_attributes *a)
{
	const struct config_communities *c = &a->communities;
	int r = 0;

	route->prepend += a->prepend;
	if (a->has_med)
		route->med = a->med;
	if (a->has_local_pref) {
		route->has_local_pref = true;
		route->local_pref = a->local_pref;
	}
	for (size_t i = 0; i < c->standard_count; i++)
		r |= standard_add(route, c->standard[i]);
	for (size_t i = 0; i < c->large_count; i++)
		r |= large_add(route, &c->large[i]);
	for (size_t i = 0; i < c->extended_count; i++)
		r |= extended_add(route, c->extended[i]);
	return r == 0 ? 0 : ERROR_FULL;
}

static int neighbors_add(struct record_route *route, const struct config_service *service)
{
	for (size_t i = 0; i < service->neighbor_count; i++) {
		if (route->only_count == RECORD_ONLY_MAX)
			return ERROR_FULL;
		snprintf(route->only[route->only_count++], RECORD_NAME_MAX, "%s",
			service->neighbors[i]);
	}
	return 0;
}

int announce_route(const struct config_service *service, const struct prefix *prefix,
	const struct intent *intent, struct record_route *ret_route)
{
	int r = 0;

	memset(ret_route, 0, sizeof(*ret_route));
	ret_route->head.type = RECORD_ROUTE_SET;
	snprintf(ret_route->service, sizeof(ret_route->service), "%s", service->name);
	ret_route->prefix = *prefix;
	ret_route->graceful_shutdown = intent->graceful_shutdown;
	r |= attributes_add(ret_route, &service->up);
	if (intent->degraded)
		r |= attributes_add(ret_route, &service->degraded);
	ret_route->prepend += intent->drain_prepend;
	if (ret_route->prepend > CONFIG_PREPEND_MAX)
		ret_route->prepend = CONFIG_PREPEND_MAX;
	r |= neighbors_add(ret_route, service);
	return r == 0 ? 0 : ERROR_FULL;
}
