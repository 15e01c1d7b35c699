/* SPDX-License-Identifier: Apache-2.0 */
/* What to forward by: the best routes, their next hops resolved. */
#include "route/forward.h"

#include <string.h>

#include "route/speaker_internal.h"

/* Where the neighbour with this link-local next hop is. */
static bool link_local_path(const struct speaker *speaker, const struct rib_route *route,
	const struct hop *hop, struct forward_path *ret_path)
{
	const struct source *source = source_of(speaker, (rib_source)route->source);

	if (source == NULL || source->neighbor == NULL)
		return false;
	ret_path->gateway =
		hop->link_local.family != FAMILY_NONE ? hop->link_local : hop->address;
	ret_path->link =
		kernel_table_link_named(speaker->kernel, source->neighbor->settings.interface);
	return ret_path->link != 0;
}

static bool path_of(const struct speaker *speaker, const struct rib_route *route,
	struct forward_path *ret_path)
{
	const struct hop *hop = attribute_store_hop(&speaker->store, route->set);

	*ret_path = (struct forward_path){ 0 };
	if (hop == NULL)
		return false;
	if (speaker->kernel == NULL) {
		ret_path->gateway = hop->address;
		return true;
	}
	if (hop->way.state == HOP_LINK)
		return link_local_path(speaker, route, hop, ret_path);
	ret_path->gateway = hop->way.direct ? hop->address : hop->way.gateway;
	ret_path->link = hop->way.link;
	return hop->way.state == HOP_RESOLVED;
}

static void path_add(struct forward *forward, const struct forward_path *path)
{
	for (uint32_t i = 0; i < forward->path_count; i++)
		if (forward->paths[i].link == path->link &&
			address_equal(&forward->paths[i].gateway, &path->gateway))
			return;
	forward->paths[forward->path_count++] = *path;
}

/* RFC 4271 section 6.3: multicast, loopback, link-local. */
static bool means_nothing(const struct prefix *prefix)
{
	const struct address *address = &prefix->address;

	return prefix->length >= 4 &&
	       (address_is_multicast(address) || address_is_loopback(address) ||
		       address_is_link_local(address));
}

void forward_of(struct speaker *speaker, enum bgp_family family, uint32_t destination,
	struct forward *ret_forward)
{
	const struct rib *rib = &speaker->ribs[family];
	const struct rib_route *routes[FORWARD_PATHS_MAX];
	struct attribute_summary summary;
	uint32_t count;

	ret_forward->kind = FORWARD_NONE;
	ret_forward->path_count = 0;
	ret_forward->prefix = (struct prefix){ 0 };
	if (destination >= rib->bound || !rib_used(rib, destination))
		return;
	ret_forward->prefix = rib_prefix(rib, destination);
	count = best_paths(speaker, family, destination, routes, FORWARD_PATHS_MAX);
	if (count == 0 || routes[0]->source == RIB_LOCAL || means_nothing(&ret_forward->prefix))
		return;
	attribute_store_summary(&speaker->store, routes[0]->set, &summary);
	if (summary.blackhole)
		ret_forward->kind = FORWARD_BLACKHOLE;
	for (uint32_t i = 0; i < count; i++) {
		struct forward_path path;

		if (routes[i]->source != RIB_LOCAL && path_of(speaker, routes[i], &path))
			path_add(ret_forward, &path);
	}
	if (ret_forward->path_count > 0 && !summary.blackhole)
		ret_forward->kind = FORWARD_PATHS;
}

uint32_t forward_bound(const struct speaker *speaker, enum bgp_family family)
{
	return speaker->ribs[family].bound;
}

void forward_hold(struct speaker *speaker, const struct bitmap *holds)
{
	speaker->forward_holds = holds;
}

void forward_release(struct speaker *speaker, enum bgp_family family, uint32_t destination)
{
	struct rib *rib = &speaker->ribs[family];
	uint32_t count;

	if (destination >= rib->bound || !rib_used(rib, destination))
		return;
	(void)rib_routes(rib, destination, &count);
	if (count == 0 && !groups_hold(speaker, family, destination))
		rib_forget(rib, destination);
}
