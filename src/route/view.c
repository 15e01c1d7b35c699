/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into the speaker: copies and callbacks, nothing changes here. */
#include "route/speaker_internal.h"

const char *session_state_name(enum session_state state)
{
	static const char *const names[] = {
		[SESSION_IDLE] = "Idle",
		[SESSION_CONNECT] = "Connect",
		[SESSION_ACTIVE] = "Active",
		[SESSION_OPEN_SENT] = "OpenSent",
		[SESSION_OPEN_CONFIRM] = "OpenConfirm",
		[SESSION_ESTABLISHED] = "Established",
	};

	return (unsigned)state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

const char *neighbor_counter_name(enum neighbor_counter counter)
{
	static const char *const names[NEIGHBOR_COUNTERS] = {
		[COUNTER_OPENS_IN] = "opens-in",
		[COUNTER_OPENS_OUT] = "opens-out",
		[COUNTER_UPDATES_IN] = "updates-in",
		[COUNTER_UPDATES_OUT] = "updates-out",
		[COUNTER_NOTIFICATIONS_IN] = "notifications-in",
		[COUNTER_NOTIFICATIONS_OUT] = "notifications-out",
		[COUNTER_KEEPALIVES_IN] = "keepalives-in",
		[COUNTER_KEEPALIVES_OUT] = "keepalives-out",
		[COUNTER_REFRESHES_IN] = "refreshes-in",
		[COUNTER_REFRESHES_OUT] = "refreshes-out",
		[COUNTER_BYTES_IN] = "bytes-in",
		[COUNTER_BYTES_OUT] = "bytes-out",
		[COUNTER_ESTABLISHED] = "established",
		[COUNTER_CONNECT_FAILED] = "connect-failed",
		[COUNTER_ATTRIBUTE_DISCARD] = "attribute-discard",
		[COUNTER_TREAT_AS_WITHDRAW] = "treat-as-withdraw",
		[COUNTER_SESSION_RESET] = "session-reset",
		[COUNTER_UNKNOWN_ATTRIBUTES] = "unknown-attributes",
		[COUNTER_IGNORED_FAMILIES] = "ignored-families",
		[COUNTER_LOOPS] = "loops",
		[COUNTER_FIRST_AS_MISMATCH] = "first-as-mismatch",
		[COUNTER_ROUTE_LEAKS] = "route-leaks",
		[COUNTER_NEXT_HOP_OURS] = "next-hop-ours",
		[COUNTER_POLICY_REJECTED] = "policy-rejected",
		[COUNTER_PATHS_OVER] = "paths-over-maximum",
		[COUNTER_PATH_LONG] = "path-too-long",
		[COUNTER_COMMUNITIES_OVER] = "communities-over-maximum",
		[COUNTER_ATTRIBUTES_OVER] = "attributes-over-maximum",
		[COUNTER_FLOWSPEC_MALFORMED] = "flowspec-malformed",
		[COUNTER_FLOWSPEC_REFUSED] = "flowspec-refused",
		[COUNTER_COLLISIONS] = "collisions",
		[COUNTER_UNEXPECTED_MESSAGES] = "unexpected-messages",
	};

	return (unsigned)counter < NEIGHBOR_COUNTERS ? names[counter] : "unknown";
}

static const struct connection *furthest(const struct neighbor *neighbor)
{
	const struct connection *out = &neighbor->connections[CONNECTION_OUTGOING];
	const struct connection *in = &neighbor->connections[CONNECTION_INCOMING];

	if (neighbor->live != NULL)
		return neighbor->live;
	return in->state > out->state ? in : out;
}

static uint32_t advertised_count(const struct neighbor *neighbor, int family)
{
	const struct member *member = &neighbor->member;
	uint32_t held, missing = member->catch_up[family].count;

	if (member->group == NULL)
		return 0;
	held = member->group->families[family].count - member->own[family];
	if (member->again[family] || member->missed[family] || missing > held)
		missing = 0;
	return held - missing;
}

static void prefixes_view(const struct neighbor *neighbor, struct neighbor_view *view)
{
	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		view->end_of_rib_in[f] = neighbor->end_of_rib_in[f];
		view->long_lived[f] = neighbor->source->long_lived[f];
		view->end_of_rib_out[f] = neighbor->member.end_of_rib_sent[f];
		view->prefixes_in[f] = neighbor->source->count[f];
		view->prefixes_stale[f] = neighbor->source->stale[f];
		view->prefixes_out[f] = advertised_count(neighbor, f);
		view->prefixes_pending[f] = member_pending_count(neighbor, (enum bgp_family)f);
		if (neighbor->member.group != NULL)
			view->prefixes_held_back[f] =
				neighbor->member.group->families[f].held_back.count;
	}
}

void speaker_neighbor_view(const struct neighbor *neighbor, struct neighbor_view *ret_view)
{
	const struct connection *connection = furthest(neighbor);
	struct neighbor_view view = {
		.settings = &neighbor->settings,
		.state = neighbor->state,
		.admin_down = neighbor->admin_down,
		.last_reason = neighbor->last_reason,
		.last_code = neighbor->last_code,
		.last_subcode = neighbor->last_subcode,
		.last_sent = neighbor->last_sent,
		.state_since = neighbor->state_since,
		.established_at = neighbor->established_at,
		.remote_router_id = neighbor->remote_router_id,
		.received = neighbor->received,
		.agreed = neighbor->agreed,
		.restarting = neighbor->restarting,
		.counters = neighbor->counters,
	};
	struct bgp_open offered;

	session_open_make(neighbor, &offered);
	view.offered = offered.capabilities;
	if (connection->state != SESSION_IDLE) {
		view.info = connection->info;
		view.hold_time_s = connection->hold_time_s;
		view.keepalive_s = connection->keepalive_s;
		view.offered = connection->sent_open.capabilities;
	}
	prefixes_view(neighbor, &view);
	*ret_view = view;
}

/* ---- Routes: a position is a family, a destination, and the path identifier to go on with.
 * Identifiers stay what they are, whatever the order of routes becomes. ---- */

#define PATH_BITS        13u
#define DESTINATION_BITS 32u

/* Goes on from identifier *path; false: stop here, and go on with what *path says then. */
typedef bool destination_callback(
	void *context, enum bgp_family family, uint32_t destination, uint32_t *path);

static void destinations_walk(const struct speaker *speaker, uint64_t *position,
	destination_callback *callback, void *context)
{
	uint64_t family = *position >> (DESTINATION_BITS + PATH_BITS);
	uint64_t at = (*position >> PATH_BITS) & UINT32_MAX;
	uint32_t path = *position & ((1u << PATH_BITS) - 1);

	for (; family < BGP_UNICAST_COUNT; family++, at = 0, path = 0)
		for (; at < speaker->ribs[family].bound; at++, path = 0)
			if (rib_used(&speaker->ribs[family], (uint32_t)at) &&
				!callback(context, (enum bgp_family)family, (uint32_t)at,
					&path)) {
				*position = family << (DESTINATION_BITS + PATH_BITS) |
					    at << PATH_BITS | path;
				return;
			}
	*position = UINT64_MAX;
}

struct walk {
	const struct speaker *speaker;
	const struct neighbor *neighbor;
	route_callback *callback;
	void *context;
};

static struct instant since_of(const struct rib_route *route)
{
	return (struct instant){ (int64_t)route->since * 1000000000 };
}

/* The live route of the source with the least identifier that is at least `path`. */
static const struct rib_route *received_next(const struct source *source,
	enum bgp_family family, const struct rib_route *routes, uint32_t count, uint32_t path)
{
	const struct rib_route *next = NULL;

	for (uint32_t i = 0; i < count; i++)
		if (routes[i].source == source->number && routes[i].out_id >= path &&
			source_alive(source, family, &routes[i]) &&
			(next == NULL || routes[i].out_id < next->out_id))
			next = &routes[i];
	return next;
}

static bool received_show(
	void *context, enum bgp_family family, uint32_t destination, uint32_t *path)
{
	const struct walk *walk = context;
	const struct speaker *speaker = walk->speaker;
	const struct source *source = walk->neighbor->source;
	uint32_t count;
	const struct rib_route *routes =
		rib_routes(&speaker->ribs[family], destination, &count);
	const struct rib_route *route;

	while ((route = received_next(source, family, routes, count, *path)) != NULL) {
		struct bgp_attributes attributes;
		struct route_view view = { .attributes = &attributes,
			.neighbor = walk->neighbor,
			.prefix = rib_prefix(&speaker->ribs[family], destination),
			.path_id = route->path_id,
			.stale = source_stale(source, family, route),
			.since = since_of(route) };

		*path = route->out_id + 1u;
		attribute_store_read(&speaker->store, route->received, &attributes);
		if (!walk->callback(walk->context, &view))
			return false;
	}
	return true;
}

/* What it holds, but for what it said itself or will hear only now. */
static bool advertised_show(
	void *context, enum bgp_family family, uint32_t destination, uint32_t *path)
{
	const struct walk *walk = context;
	const struct member *member = &walk->neighbor->member;
	const struct group_family *gf = &member->group->families[family];
	struct bgp_attributes attributes;
	struct route_view view = { .attributes = &attributes, .neighbor = walk->neighbor };
	bool more = true;

	if (bitmap_has(&member->catch_up[family], destination) && !member->again[family])
		return true;
	view.prefix = rib_prefix(&walk->speaker->ribs[family], destination);
	for (uint32_t i = 0; more && i < group_held_count(gf, destination); i++) {
		struct held_path held = group_held_at(gf, destination, i);
		struct export_choice choice = { held.set, held.source };

		if (held.id < *path || held.source == walk->neighbor->source->number)
			continue;
		*path = held.id + 1u;
		view.path_id = gf->add_path ? *path : 0;
		if (export_dress(member->group, family, choice, &attributes) == 0)
			more = walk->callback(walk->context, &view);
		arena_reset(&member->group->speaker->scratch);
	}
	return more;
}

/* What the messages that it has not read yet will change; the first of them tells. */
static bool unread_says(
	const struct member *member, const struct prefix *prefix, bool *ret_held)
{
	list_for_each(node, &member->group->chunks) {
		const struct chunk *chunk = container_of(node, struct chunk, link);

		if (chunk->sequence < member->sequence)
			continue;
		for (uint32_t i = 0; i < chunk->own_count; i++)
			if (prefix_equal(&chunk->own[i].prefix, prefix)) {
				*ret_held = !chunk->own[i].announced;
				return true;
			}
	}
	return false;
}

bool speaker_route_held(const struct speaker *speaker, const struct neighbor *neighbor,
	const struct prefix *prefix)
{
	const struct member *member = &neighbor->member;
	enum bgp_family family =
		prefix->address.family == FAMILY_IPV4 ? BGP_IPV4_UNICAST : BGP_IPV6_UNICAST;
	uint32_t destination = rib_find(&speaker->ribs[family], prefix);
	const struct group_family *gf;
	bool held;

	if (member->group == NULL || destination == RIB_NONE)
		return false;
	gf = &member->group->families[family];
	if (unread_says(member, prefix, &held))
		return held;
	held = group_holds(gf, destination);
	/* It has not heard what the group holds: until then it may hold what it should not. */
	if (bitmap_has(&member->catch_up[family], destination) && !member->again[family])
		return !held && member->missed[family];
	for (uint32_t i = group_held_count(gf, destination); i-- > 0;)
		if (group_held_at(gf, destination, i).source == RIB_LOCAL)
			return true;
	return false;
}

void speaker_routes_received(const struct speaker *speaker, const struct neighbor *neighbor,
	uint64_t *position, route_callback *callback, void *context)
{
	struct walk walk = { speaker, neighbor, callback, context };

	destinations_walk(speaker, position, received_show, &walk);
}

void speaker_routes_advertised(const struct speaker *speaker, const struct neighbor *neighbor,
	uint64_t *position, route_callback *callback, void *context)
{
	struct walk walk = { speaker, neighbor, callback, context };

	if (neighbor->member.group == NULL)
		*position = UINT64_MAX;
	else
		destinations_walk(speaker, position, advertised_show, &walk);
}

void speaker_routes_local(const struct speaker *speaker, uint64_t *position,
	route_callback *callback, void *context)
{
	uint64_t at = 0;
	struct hash_iterator iterator = { 0 };
	struct hash_node *node;

	while ((node = hash_iterate(&speaker->local, &iterator)) != NULL) {
		const struct local_entry *entry = container_of(node, struct local_entry, node);
		struct bgp_attributes attributes;
		struct route_view view = { .prefix = entry->prefix,
			.attributes = &attributes,
			.since = entry->since };

		if (at++ < *position)
			continue;
		attribute_store_read(&speaker->store, entry->shown, &attributes);
		if (callback(context, &view))
			continue;
		*position = at;
		return;
	}
	*position = UINT64_MAX;
}
