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

static void prefixes_view(const struct neighbor *neighbor, struct neighbor_view *view)
{
	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		view->end_of_rib_in[f] = neighbor->end_of_rib_in[f];
		view->end_of_rib_out[f] = neighbor->adj_out.end_of_rib_sent[f];
		view->prefixes_in[f] = neighbor->adj_in.count[f];
		view->prefixes_stale[f] = neighbor->adj_in.stale[f];
		view->prefixes_out[f] = neighbor->adj_out.sent[f];
		view->prefixes_pending[f] = neighbor->adj_out.pending[f];
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

/* Positions: bucket index in the upper half, nodes of the bucket already shown in the lower. */
typedef bool node_callback(void *context, struct hash_node *node);

static void table_walk(const struct hash_table *table, uint64_t *position,
	node_callback *callback, void *context)
{
	uint64_t bucket = *position >> 32, skip = *position & UINT32_MAX;

	for (; bucket < table->bucket_count; bucket++, skip = 0) {
		uint64_t shown = 0;

		for (struct hash_node *node = table->buckets[bucket]; node != NULL;
			node = node->next) {
			if (shown++ < skip)
				continue;
			if (callback(context, node))
				continue;
			*position = (bucket << 32) | shown;
			return;
		}
	}
	*position = UINT64_MAX;
}

struct walk {
	const struct neighbor *neighbor;
	route_callback *callback;
	void *context;
};

static bool received_show(void *context, struct hash_node *node)
{
	const struct walk *walk = context;
	const struct adj_in_entry *entry = container_of(node, struct adj_in_entry, node);
	struct route_view view = { entry->prefix, &entry->set->attributes, walk->neighbor,
		entry->stale, entry->since };

	return walk->callback(walk->context, &view);
}

static bool advertised_show(void *context, struct hash_node *node)
{
	const struct walk *walk = context;
	const struct adj_out_entry *entry = container_of(node, struct adj_out_entry, node);
	struct route_view view = {
		.prefix = entry->prefix, .neighbor = walk->neighbor, .since = entry->since
	};

	if (entry->sent == NULL)
		return true;
	view.attributes = &entry->sent->attributes;
	return walk->callback(walk->context, &view);
}

static bool local_show(void *context, struct hash_node *node)
{
	const struct walk *walk = context;
	const struct local_entry *entry = container_of(node, struct local_entry, node);
	struct route_view view = { entry->prefix, &entry->set->attributes, NULL, false,
		entry->since };

	return walk->callback(walk->context, &view);
}

void speaker_routes_received(const struct speaker *speaker, const struct neighbor *neighbor,
	uint64_t *position, route_callback *callback, void *context)
{
	struct walk walk = { neighbor, callback, context };

	(void)speaker;
	table_walk(&neighbor->adj_in.table, position, received_show, &walk);
}

void speaker_routes_advertised(const struct speaker *speaker, const struct neighbor *neighbor,
	uint64_t *position, route_callback *callback, void *context)
{
	struct walk walk = { neighbor, callback, context };

	(void)speaker;
	table_walk(&neighbor->adj_out.table, position, advertised_show, &walk);
}

void speaker_routes_local(const struct speaker *speaker, uint64_t *position,
	route_callback *callback, void *context)
{
	struct walk walk = { NULL, callback, context };

	table_walk(&speaker->local, position, local_show, &walk);
}
