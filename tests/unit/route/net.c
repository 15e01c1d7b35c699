/* SPDX-License-Identifier: Apache-2.0 */
/* Speakers joined by byte queues, in virtual time. Deterministic for a seed. */
#include "net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"

static struct node *node_by_address(struct net *net, const struct address *address)
{
	for (int i = 0; i < net->node_count; i++)
		if (address_equal(&net->nodes[i].address, address))
			return &net->nodes[i];
	return NULL;
}

static int other_of(const struct node *node, const struct neighbor *neighbor)
{
	struct neighbor_view view;

	speaker_neighbor_view(neighbor, &view);
	return node_by_address(node->net, &view.settings->address)->index;
}

struct neighbor *net_of(const struct node *node, const struct node *other)
{
	return speaker_neighbor_by_address(node->speaker, &other->address, "");
}

/* The wire of a node's connection with another in a direction; NULL if there is none. */
static struct wire *wire_of(
	struct net *net, int node, int other, enum connection_direction direction, int *ret_end)
{
	int end = direction == CONNECTION_OUTGOING ? 0 : 1;

	for (size_t i = 0; i < sizeof(net->wires) / sizeof(net->wires[0]); i++) {
		struct wire *wire = &net->wires[i];

		if (wire->used && !wire->closed[end] && wire->node[end] == node &&
			wire->node[1 - end] == other) {
			*ret_end = end;
			return wire;
		}
	}
	return NULL;
}

static void wire_push(
	struct net *net, struct wire *wire, int to_end, const void *bytes, size_t length)
{
	if (wire->closed[to_end] || length == 0)
		return;
	if (wire->length[to_end] == 0)
		wire->when[to_end] = instant_add(net->now, duration_us(net->latency_us));
	if (wire->length[to_end] + length > wire->room[to_end]) {
		wire->room[to_end] = (wire->length[to_end] + length) * 2;
		wire->bytes[to_end] = realloc(wire->bytes[to_end], wire->room[to_end]);
		if (wire->bytes[to_end] == NULL)
			abort();
	}
	memcpy(wire->bytes[to_end] + wire->length[to_end], bytes, length);
	wire->length[to_end] += length;
}

static void sink_connect(void *context, struct neighbor *neighbor)
{
	struct node *node = context;
	struct net *net = node->net;

	for (size_t i = 0; i < sizeof(net->connects) / sizeof(net->connects[0]); i++) {
		if (net->connects[i].used)
			continue;
		net->connects[i].used = true;
		net->connects[i].from = node->index;
		net->connects[i].to = other_of(node, neighbor);
		net->connects[i].when = instant_add(
			net->now, duration_us(500 + random_below(&net->random, 1000)));
		return;
	}
	abort();
}

static void sink_disconnect(void *context, struct neighbor *neighbor,
	enum connection_direction direction, const uint8_t *last, size_t length)
{
	struct node *node = context;
	struct net *net = node->net;
	int other = other_of(node, neighbor), end;
	struct wire *wire = wire_of(net, node->index, other, direction, &end);

	net->ready[node->index][other][direction] = false;
	if (wire != NULL) {
		wire_push(net, wire, 1 - end, last, length);
		wire->closed[end] = true;
		return;
	}
	for (size_t i = 0; i < sizeof(net->connects) / sizeof(net->connects[0]); i++)
		if (net->connects[i].used && net->connects[i].from == node->index &&
			net->connects[i].to == other && direction == CONNECTION_OUTGOING)
			net->connects[i].used = false;
}

static void sink_output_ready(
	void *context, struct neighbor *neighbor, enum connection_direction direction)
{
	struct node *node = context;

	node->net->ready[node->index][other_of(node, neighbor)][direction] = true;
}

static void sink_event(void *context, const struct speaker_event *event)
{
	struct node *node = context;
	size_t at = node->event_count % NET_EVENTS;

	node->events[at] = *event;
	snprintf(node->reasons[at], sizeof(node->reasons[at]), "%s", event->reason);
	node->event_count++;
}

void net_begin(struct net *net, uint64_t seed)
{
	*net = (struct net){ .now = { 1000000000 }, .random = { seed } };
}

void net_end(struct net *net)
{
	for (int i = 0; i < net->node_count; i++)
		speaker_free(net->nodes[i].speaker);
	for (size_t i = 0; i < sizeof(net->wires) / sizeof(net->wires[0]); i++) {
		free(net->wires[i].bytes[0]);
		free(net->wires[i].bytes[1]);
	}
}

static struct speaker *node_speaker(struct node *node, bool restarting)
{
	struct speaker_settings settings = { .asn = node->asn,
		.router_id = node->router_id,
		.seed = random_u64(&node->net->random),
		.restarting = restarting,
		.hostname = "node" };
	struct speaker_sink sink = { node, sink_connect, sink_disconnect, sink_output_ready,
		sink_event };

	return speaker_new(&settings, &sink);
}

struct node *net_node(struct net *net, uint32_t asn, uint32_t router_id)
{
	struct node *node = &net->nodes[net->node_count];

	node->net = net;
	node->index = net->node_count++;
	node->asn = asn;
	node->address = address_ipv4(0x0a000001u + (uint32_t)node->index);
	node->accepts_output = SIZE_MAX;
	node->router_id = router_id != 0 ? router_id : 0x0a000001u + (uint32_t)node->index;
	node->speaker = node_speaker(node, false);
	return node;
}

void net_restart(struct node *node, bool restarting)
{
	struct net *net = node->net;

	speaker_free(node->speaker);
	for (size_t i = 0; i < sizeof(net->connects) / sizeof(net->connects[0]); i++)
		if (net->connects[i].from == node->index)
			net->connects[i].used = false;
	for (size_t i = 0; i < sizeof(net->wires) / sizeof(net->wires[0]); i++)
		for (int end = 0; end < 2; end++)
			if (net->wires[i].used && net->wires[i].node[end] == node->index)
				net->wires[i].closed[end] = true;
	memset(net->ready[node->index], 0, sizeof(net->ready[node->index]));
	node->speaker = node_speaker(node, restarting);
}

struct neighbor_settings net_settings(const struct node *node, const struct node *other)
{
	struct neighbor_settings settings = {
		.address = other->address,
		.asn = other->asn,
		.local_asn = node->asn,
		.role = BGP_ROLE_NONE,
		.families = { true, true },
		.capabilities = true,
		.extended_next_hop = true,
		.extended_message = true,
		.hold_time = duration_seconds(90),
		.keepalive = duration_seconds(30),
		.connect_retry = duration_seconds(5),
		.graceful_restart = true,
		.restart_time_s = 120,
		.stale_time = duration_seconds(360),
		.import = true,
	};

	snprintf(settings.name, sizeof(settings.name), "n%d", other->index);
	return settings;
}

struct neighbor *net_neighbor(struct node *node, const struct neighbor_settings *settings)
{
	return speaker_neighbor_add(node->speaker, settings, node->net->now);
}

void net_peer(struct node *a, struct node *b)
{
	struct neighbor_settings sa = net_settings(a, b), sb = net_settings(b, a);

	net_neighbor(a, &sa);
	net_neighbor(b, &sb);
}

enum session_state net_state(const struct node *node, const struct node *other)
{
	struct neighbor_view view;

	speaker_neighbor_view(net_of(node, other), &view);
	return view.state;
}

bool net_up(const struct node *a, const struct node *b)
{
	return net_state(a, b) == SESSION_ESTABLISHED && net_state(b, a) == SESSION_ESTABLISHED;
}

static struct connection_info info_of(const struct node *local, const struct node *remote)
{
	struct connection_info info = { .local = local->address,
		.remote = remote->address,
		.local_port = 179,
		.remote_port = 40000,
		.directly_connected = true };

	address_parse("2001:db8:ffff::1", &info.interface_address[BGP_IPV6_UNICAST]);
	info.interface_address[BGP_IPV6_UNICAST].bytes[15] = (uint8_t)(local->index + 1);
	info.interface_address[BGP_IPV4_UNICAST] = local->address;
	return info;
}

static struct wire *wire_new(struct net *net, int from, int to)
{
	for (size_t i = 0; i < sizeof(net->wires) / sizeof(net->wires[0]); i++) {
		struct wire *wire = &net->wires[i];

		if (wire->used)
			continue;
		wire->used = true;
		wire->closed[0] = wire->closed[1] = false;
		wire->node[0] = from;
		wire->node[1] = to;
		wire->length[0] = wire->length[1] = 0;
		return wire;
	}
	abort();
}

static void connect_happens(struct net *net, struct node *from, struct node *to)
{
	struct neighbor *there = speaker_neighbor_by_address(to->speaker, &from->address, "");
	struct connection_info here_info = info_of(from, to), there_info = info_of(to, from);
	struct wire *wire;
	int end;

	if (to->unreachable || there == NULL ||
		!speaker_accept_begins(to->speaker, there, net->now) ||
		wire_of(net, to->index, from->index, CONNECTION_INCOMING, &end) != NULL) {
		speaker_connect_failed(
			from->speaker, net_of(from, to), "connection refused", net->now);
		return;
	}
	wire = wire_new(net, from->index, to->index);
	if (!speaker_accepted(to->speaker, there, &there_info, net->now))
		wire->closed[1] = true;
	speaker_connected(from->speaker, net_of(from, to), &here_info, net->now);
}

static bool connects_run(struct net *net)
{
	for (size_t i = 0; i < sizeof(net->connects) / sizeof(net->connects[0]); i++) {
		if (!net->connects[i].used || !instant_reached(net->connects[i].when, net->now))
			continue;
		net->connects[i].used = false;
		connect_happens(net, &net->nodes[net->connects[i].from],
			&net->nodes[net->connects[i].to]);
		return true;
	}
	return false;
}

static bool outputs_run(struct net *net)
{
	static uint8_t buffer[BGP_EXTENDED_MESSAGE_MAX];
	bool moved = false;

	for (int n = 0; n < net->node_count; n++)
		for (int o = 0; o < net->node_count; o++)
			for (int d = 0; d < CONNECTION_DIRECTIONS; d++) {
				struct node *node = &net->nodes[n];
				struct neighbor *neighbor;
				struct wire *wire;
				size_t length;
				int end;

				if (!net->ready[n][o][d])
					continue;
				wire = wire_of(net, n, o, (enum connection_direction)d, &end);
				if (wire == NULL) {
					net->ready[n][o][d] = false;
					continue;
				}
				if (wire->length[1 - end] >= net->nodes[o].accepts_output)
					continue;
				neighbor = net_of(node, &net->nodes[o]);
				length = speaker_output(node->speaker, neighbor,
					(enum connection_direction)d, buffer, sizeof(buffer),
					net->now);
				if (length == 0) {
					net->ready[n][o][d] = false;
					continue;
				}
				wire_push(net, wire, 1 - end, buffer, length);
				if (wire->length[1 - end] < net->nodes[o].accepts_output)
					speaker_progress(node->speaker, neighbor,
						(enum connection_direction)d, true, net->now);
				moved = true;
			}
	return moved;
}

static void wire_deliver(struct net *net, struct wire *wire, int end, size_t length)
{
	struct node *node = &net->nodes[wire->node[end]];
	struct node *other = &net->nodes[wire->node[1 - end]];
	uint8_t *piece = malloc(length);

	memcpy(piece, wire->bytes[end], length);
	wire->length[end] -= length;
	memmove(wire->bytes[end], wire->bytes[end] + length, wire->length[end]);
	speaker_received(node->speaker, net_of(node, other),
		end == 0 ? CONNECTION_OUTGOING : CONNECTION_INCOMING, piece, length, net->now);
	free(piece);
}

static bool wires_run(struct net *net)
{
	bool moved = false;

	for (size_t i = 0; i < sizeof(net->wires) / sizeof(net->wires[0]); i++) {
		struct wire *wire = &net->wires[i];

		for (int end = 0; end < 2 && wire->used; end++) {
			struct node *node = &net->nodes[wire->node[end]];
			size_t length = wire->length[end];

			if (wire->closed[end] || node->deaf ||
				(length > 0 && !instant_reached(wire->when[end], net->now)))
				continue;
			if (length > 0) {
				if (net->max_piece > 0 && length > net->max_piece)
					length = 1 + random_below(&net->random, net->max_piece);
				wire_deliver(net, wire, end, length);
				moved = true;
			} else if (wire->closed[1 - end]) {
				wire->closed[end] = true;
				net->ready[node->index][wire->node[1 - end]][end == 0 ? 0 : 1] =
					false;
				speaker_closed(node->speaker,
					net_of(node, &net->nodes[wire->node[1 - end]]),
					end == 0 ? CONNECTION_OUTGOING : CONNECTION_INCOMING,
					"the neighbour closed the connection", net->now);
				moved = true;
			}
		}
		if (wire->used && wire->closed[0] && wire->closed[1])
			wire->used = false;
	}
	return moved;
}

static struct instant next_time(struct net *net)
{
	struct instant next = INSTANT_NEVER;

	for (int i = 0; i < net->node_count; i++)
		next = instant_earlier(next, speaker_deadline(net->nodes[i].speaker));
	for (size_t i = 0; i < sizeof(net->connects) / sizeof(net->connects[0]); i++)
		if (net->connects[i].used)
			next = instant_earlier(next, net->connects[i].when);
	for (size_t i = 0; i < sizeof(net->wires) / sizeof(net->wires[0]); i++)
		for (int end = 0; end < 2; end++)
			if (net->wires[i].used && !net->wires[i].closed[end] &&
				net->wires[i].length[end] > 0 &&
				instant_before(net->now, net->wires[i].when[end]))
				next = instant_earlier(next, net->wires[i].when[end]);
	return next;
}

static void settle(struct net *net)
{
	bool moved = true;

	while (moved) {
		moved = false;
		for (int i = 0; i < net->node_count; i++)
			speaker_tick(net->nodes[i].speaker, net->now);
		moved |= connects_run(net);
		moved |= outputs_run(net);
		moved |= wires_run(net);
	}
}

void net_run(struct net *net, int64_t ms)
{
	struct instant end = instant_add(net->now, duration_ms(ms));

	settle(net);
	while (instant_before(next_time(net), end)) {
		struct instant next = next_time(net);

		if (instant_before(net->now, next))
			net->now = next;
		settle(net);
	}
	net->now = end;
	settle(net);
}

bool net_until_up(const struct node *a, const struct node *b, int64_t ms)
{
	for (int64_t passed = 0; passed <= ms; passed += 10) {
		if (net_up(a, b))
			return true;
		net_run(a->net, 10);
	}
	return false;
}

void net_cut(struct node *a, struct node *b)
{
	struct net *net = a->net;

	for (size_t i = 0; i < sizeof(net->wires) / sizeof(net->wires[0]); i++) {
		struct wire *wire = &net->wires[i];

		if (!wire->used ||
			!((wire->node[0] == a->index && wire->node[1] == b->index) ||
				(wire->node[0] == b->index && wire->node[1] == a->index)))
			continue;
		for (int end = 0; end < 2; end++) {
			struct node *node = &net->nodes[wire->node[end]];

			wire->length[end] = 0;
			if (wire->closed[end])
				continue;
			wire->closed[end] = true;
			speaker_closed(node->speaker,
				net_of(node, &net->nodes[wire->node[1 - end]]),
				end == 0 ? CONNECTION_OUTGOING : CONNECTION_INCOMING,
				"connection reset", net->now);
		}
		wire->used = false;
	}
}

struct prefix net_prefix(unsigned x, bool ipv6)
{
	struct prefix prefix = { 0 };

	prefix_parse(ipv6 ? "2001:db8::/48" : "198.51.0.0/24", &prefix);
	if (ipv6) {
		prefix.address.bytes[4] = (uint8_t)(x >> 8);
		prefix.address.bytes[5] = (uint8_t)x;
	} else {
		prefix.address.bytes[1] = (uint8_t)(51 + (x >> 8));
		prefix.address.bytes[2] = (uint8_t)x;
	}
	return prefix;
}

void net_announce(struct node *node, unsigned x, bool ipv6, uint32_t med)
{
	struct local_route route = { .prefix = net_prefix(x, ipv6), .med = med };

	if (speaker_route_set(node->speaker, &route, node->net->now) != 0)
		abort();
}

void net_withdraw(struct node *node, unsigned x, bool ipv6)
{
	struct prefix prefix = net_prefix(x, ipv6);

	(void)speaker_route_remove(node->speaker, &prefix, node->net->now);
}

struct search {
	struct prefix prefix;
	bool found;
	struct route_view view;
	struct bgp_attributes attributes;
	size_t count;
};

static bool search_route(void *context, const struct route_view *route)
{
	struct search *search = context;

	search->count++;
	if (prefix_equal(&route->prefix, &search->prefix)) {
		search->found = true;
		search->view = *route;
		search->attributes = *route->attributes;
	}
	return true;
}

static struct search search_all(
	const struct node *node, const struct node *other, struct prefix prefix)
{
	struct search search = { .prefix = prefix };
	uint64_t position = 0;

	speaker_routes_received(
		node->speaker, net_of(node, other), &position, search_route, &search);
	return search;
}

bool net_has(const struct node *node, const struct node *other, struct prefix prefix,
	struct bgp_attributes *ret_attributes, bool *ret_stale)
{
	struct search search = search_all(node, other, prefix);

	if (search.found && ret_attributes != NULL)
		*ret_attributes = search.attributes;
	if (search.found && ret_stale != NULL)
		*ret_stale = search.view.stale;
	return search.found;
}

size_t net_count(const struct node *node, const struct node *other)
{
	return search_all(node, other, (struct prefix){ 0 }).count;
}

const struct speaker_event *net_event(
	const struct node *node, enum speaker_event_type type, size_t from)
{
	for (size_t i = node->event_count; i > from && i + NET_EVENTS > node->event_count; i--)
		if (node->events[(i - 1) % NET_EVENTS].type == type)
			return &node->events[(i - 1) % NET_EVENTS];
	return NULL;
}

const char *net_reason(const struct node *node, const struct speaker_event *event)
{
	return node->reasons[event - node->events];
}

void net_inject(struct node *node, struct node *other, const void *bytes, size_t length)
{
	for (int d = 0; d < CONNECTION_DIRECTIONS; d++) {
		int end;
		struct wire *wire = wire_of(node->net, node->index, other->index,
			(enum connection_direction)d, &end);

		if (wire != NULL) {
			wire_push(node->net, wire, end, bytes, length);
			return;
		}
	}
	abort();
}
