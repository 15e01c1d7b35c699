/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events in a heap, by time and by the order in which they were made. Deterministic for a seed.
 *
 * Invariants:
 *  1. An event of a connection counts only while its generation is the connection's.
 *  2. Arrivals at one end of a connection are in the order of sending.
 *  3. A node's tick is on the heap at tick_at, unless that is INSTANT_NEVER.
 */
#include "simulation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLIGHT_MAX 20000u /* bytes on the way before a socket is full */

enum event_type {
	EVENT_TICK,
	EVENT_CONNECT, /* the attempt of `end` is answered */
	EVENT_BYTES,   /* at `end` */
	EVENT_CLOSE,   /* the other side closed: at `end` */
};

struct simulation_event {
	struct instant when;
	uint64_t sequence;
	enum event_type type;
	uint32_t subject; /* node, or link */
	uint8_t maker, end;
	uint32_t generation;
	uint8_t *bytes; /* owned */
	uint32_t length;
};

/* ---- The heap. ---- */

static void *checked(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

static bool before(const struct simulation_event *a, const struct simulation_event *b)
{
	return a->when.ns != b->when.ns ? a->when.ns < b->when.ns : a->sequence < b->sequence;
}

static void event_push(struct simulation *s, struct simulation_event event)
{
	size_t at = s->event_count++;

	if (s->event_count > s->event_room) {
		s->event_room = s->event_room == 0 ? 256 : s->event_room * 2;
		s->heap = checked(realloc(s->heap, s->event_room * sizeof(*s->heap)));
	}
	event.sequence = s->sequence++;
	for (; at > 0 && before(&event, &s->heap[(at - 1) / 2]); at = (at - 1) / 2)
		s->heap[at] = s->heap[(at - 1) / 2];
	s->heap[at] = event;
}

static struct simulation_event event_pop(struct simulation *s)
{
	struct simulation_event first = s->heap[0], last = s->heap[--s->event_count];
	size_t at = 0, child;

	while ((child = at * 2 + 1) < s->event_count) {
		if (child + 1 < s->event_count && before(&s->heap[child + 1], &s->heap[child]))
			child++;
		if (!before(&s->heap[child], &last))
			break;
		s->heap[at] = s->heap[child];
		at = child;
	}
	s->heap[at] = last;
	return first;
}

/* ---- Nodes and links. ---- */

static uint32_t link_of(const struct neighbor *neighbor)
{
	struct neighbor_view view;

	speaker_neighbor_view(neighbor, &view);
	return (uint32_t)strtoul(view.settings->name + 1, NULL, 10);
}

static unsigned end_of(const struct simulation_link *link, const struct simulation_node *node)
{
	return link->nodes[0] == node->index ? 0 : 1;
}

static enum connection_direction direction_of(unsigned maker, unsigned end)
{
	return maker == end ? CONNECTION_OUTGOING : CONNECTION_INCOMING;
}

static struct simulation_node *node_at(
	struct simulation *s, const struct simulation_link *link, unsigned end)
{
	return &s->nodes[link->nodes[end]];
}

static void tick_plan(struct simulation *s, uint32_t index)
{
	struct simulation_node *node = &s->nodes[index];
	struct instant deadline = speaker_deadline(node->speaker);

	if (instant_before(deadline, s->now))
		deadline = s->now;
	if (deadline.ns == node->tick_at.ns)
		return;
	node->tick_at = deadline;
	if (deadline.ns != INSTANT_NEVER.ns)
		event_push(s, (struct simulation_event){
				      .when = deadline, .type = EVENT_TICK, .subject = index });
}

static struct instant arrival(
	struct simulation *s, struct simulation_link *link, struct instant *last)
{
	uint32_t jitter = link->jitter_us == 0 ? 0 : random_below(&s->random, link->jitter_us);
	struct instant when = instant_add(s->now, duration_us(link->delay_us + jitter));

	if (instant_before(when, *last))
		when = *last;
	*last = when;
	return when;
}

static void send_event(struct simulation *s, uint32_t index, unsigned maker, unsigned to,
	enum event_type type, const uint8_t *bytes, size_t length)
{
	struct simulation_link *link = &s->links[index];
	struct simulation_connection *connection = &link->connections[maker];
	struct simulation_event event = { .type = type,
		.subject = index,
		.maker = (uint8_t)maker,
		.end = (uint8_t)to,
		.generation = connection->generation,
		.length = (uint32_t)length };

	if (connection->lost || connection->closed[to])
		return;
	event.when = arrival(s, link, &connection->last[to]);
	if (length > 0) {
		event.bytes = checked(malloc(length));
		memcpy(event.bytes, bytes, length);
		connection->flight[to] += event.length;
	}
	event_push(s, event);
}

/* ---- What the speakers ask for. ---- */

static void sink_connect(void *context, struct neighbor *neighbor)
{
	struct simulation_node *node = context;
	struct simulation *s = node->simulation;
	uint32_t index = link_of(neighbor);
	struct simulation_link *link = &s->links[index];
	unsigned end = end_of(link, node);
	struct instant there = { 0 }, when = arrival(s, link, &there);

	link->attempts[end] = true;
	event_push(s, (struct simulation_event){
			      .when = instant_add(when, duration_us(link->delay_us)),
			      .type = EVENT_CONNECT,
			      .subject = index,
			      .maker = (uint8_t)end,
			      .end = (uint8_t)end,
			      .generation = ++link->attempt_generations[end] });
}

static void sink_disconnect(void *context, struct neighbor *neighbor,
	enum connection_direction direction, const uint8_t *last, size_t length)
{
	struct simulation_node *node = context;
	struct simulation *s = node->simulation;
	uint32_t index = link_of(neighbor);
	struct simulation_link *link = &s->links[index];
	unsigned end = end_of(link, node),
		 maker = direction == CONNECTION_OUTGOING ? end : 1 - end;
	struct simulation_connection *connection = &link->connections[maker];

	if (direction == CONNECTION_OUTGOING && link->attempts[end]) {
		link->attempts[end] = false; /* given up */
		return;
	}
	if (!connection->used || connection->closed[end])
		return;
	if (length > 0)
		send_event(s, index, maker, 1 - end, EVENT_BYTES, last, length);
	send_event(s, index, maker, 1 - end, EVENT_CLOSE, NULL, 0);
	connection->closed[end] = true;
	connection->used = !connection->closed[1 - end];
}

static void sink_output_ready(
	void *context, struct neighbor *neighbor, enum connection_direction direction)
{
	struct simulation_node *node = context;
	struct simulation_link *link = &node->simulation->links[link_of(neighbor)];
	unsigned end = end_of(link, node),
		 maker = direction == CONNECTION_OUTGOING ? end : 1 - end;

	if (link->connections[maker].used && !link->connections[maker].closed[end])
		link->connections[maker].ready[end] = true;
}

static void sink_event(void *context, const struct speaker_event *event)
{
	(void)context;
	(void)event;
}

/* ---- Building. ---- */

void simulation_begin(struct simulation *s, uint64_t seed, uint32_t nodes, uint32_t links)
{
	*s = (struct simulation){ .now = { 1000000000 }, .random = { seed } };
	s->node_room = nodes;
	s->link_room = links;
	s->nodes = checked(calloc(nodes + 1, sizeof(*s->nodes)));
	s->links = checked(calloc(links + 1, sizeof(*s->links)));
}

void simulation_end(struct simulation *s)
{
	for (uint32_t i = 0; i < s->node_count; i++) {
		speaker_free(s->nodes[i].speaker);
		free(s->nodes[i].links);
	}
	for (size_t i = 0; i < s->event_count; i++)
		free(s->heap[i].bytes);
	free(s->heap);
	free(s->nodes);
	free(s->links);
}

static struct speaker *speaker_of(struct simulation_node *node)
{
	struct speaker_settings settings = { .asn = node->asn,
		.router_id = node->router_id,
		.seed = random_u64(&node->simulation->random) };
	struct speaker_sink sink = { node, sink_connect, sink_disconnect, sink_output_ready,
		sink_event };

	return checked(speaker_new(&settings, &sink));
}

uint32_t simulation_node(struct simulation *s, uint32_t asn, uint32_t router_id)
{
	struct simulation_node *node = &s->nodes[s->node_count];

	if (s->node_count == s->node_room)
		abort();
	*node = (struct simulation_node){ .simulation = s,
		.index = s->node_count,
		.asn = asn,
		.router_id = router_id,
		.address = address_ipv4(0x0a000001u + (s->node_count << 8)),
		.tick_at = INSTANT_NEVER };
	node->speaker = speaker_of(node);
	return s->node_count++;
}

struct neighbor_settings simulation_settings(
	const struct simulation *s, uint32_t node, uint32_t other, uint32_t link)
{
	struct neighbor_settings settings = {
		.address = s->nodes[other].address,
		.asn = s->nodes[other].asn,
		.local_asn = s->nodes[node].asn,
		.role = BGP_ROLE_NONE,
		.families = { true, true },
		.capabilities = true,
	};

	snprintf(settings.name, sizeof(settings.name), "l%u", link);
	return settings;
}

static void neighbor_make(struct simulation *s, struct simulation_link *link, unsigned end)
{
	const struct simulation_node *node = node_at(s, link, end);

	link->neighbors[end] =
		checked(speaker_neighbor_add(node->speaker, &link->settings[end], s->now));
}

uint32_t simulation_link(struct simulation *s, uint32_t a, uint32_t b,
	const struct neighbor_settings *of_a, const struct neighbor_settings *of_b,
	uint32_t delay_us, uint32_t jitter_us)
{
	struct simulation_link *link = &s->links[s->link_count];

	if (s->link_count == s->link_room)
		abort();
	*link = (struct simulation_link){ .nodes = { a, b },
		.settings = { *of_a, *of_b },
		.delay_us = delay_us,
		.jitter_us = jitter_us };
	for (unsigned end = 0; end < 2; end++) {
		struct simulation_node *node = node_at(s, link, end);

		node->links = checked(
			realloc(node->links, (node->link_count + 1) * sizeof(*node->links)));
		node->links[node->link_count++] = s->link_count;
	}
	s->link_count++;
	for (unsigned end = 0; end < 2; end++)
		neighbor_make(s, link, end);
	tick_plan(s, a);
	tick_plan(s, b);
	return s->link_count - 1;
}

/* ---- What happens. ---- */

static void pump(struct simulation *s, uint32_t index, unsigned maker, unsigned end)
{
	static uint8_t buffer[BGP_EXTENDED_MESSAGE_MAX];
	struct simulation_link *link = &s->links[index];
	struct simulation_connection *connection = &link->connections[maker];
	struct simulation_node *node = node_at(s, link, end);
	enum connection_direction direction = direction_of(maker, end);

	while (connection->ready[end] && connection->used && !connection->closed[end] &&
		connection->flight[1 - end] < FLIGHT_MAX) {
		size_t length = speaker_output(node->speaker, link->neighbors[end], direction,
			buffer, sizeof(buffer), s->now);

		if (length == 0) {
			connection->ready[end] = false;
			return;
		}
		send_event(s, index, maker, 1 - end, EVENT_BYTES, buffer, length);
		if (!connection->lost)
			speaker_progress(
				node->speaker, link->neighbors[end], direction, true, s->now);
	}
}

/* The speaker was called: what it wants to send goes out, and its next timer is noted. */
void simulation_touch(struct simulation *s, uint32_t index)
{
	const struct simulation_node *node = &s->nodes[index];

	for (uint32_t i = 0; i < node->link_count; i++)
		for (unsigned maker = 0; maker < 2; maker++)
			pump(s, node->links[i], maker, end_of(&s->links[node->links[i]], node));
	tick_plan(s, index);
}

static struct connection_info info_of(
	const struct simulation_node *local, const struct simulation_node *remote)
{
	struct connection_info info = { .local = local->address,
		.remote = remote->address,
		.local_port = 179,
		.remote_port = 40000,
		.directly_connected = true };

	address_parse("2001:db8:ffff::1", &info.interface_address[BGP_IPV6_UNICAST]);
	info.interface_address[BGP_IPV6_UNICAST].bytes[13] = (uint8_t)(local->index >> 8);
	info.interface_address[BGP_IPV6_UNICAST].bytes[14] = (uint8_t)local->index;
	info.interface_address[BGP_IPV4_UNICAST] = local->address;
	return info;
}

static void end_closed(
	struct simulation *s, uint32_t index, unsigned maker, unsigned end, const char *reason)
{
	struct simulation_link *link = &s->links[index];
	struct simulation_connection *connection = &link->connections[maker];

	if (!connection->used || connection->closed[end])
		return;
	connection->closed[end] = true;
	connection->ready[end] = false;
	connection->used = !connection->closed[1 - end];
	speaker_closed(node_at(s, link, end)->speaker, link->neighbors[end],
		direction_of(maker, end), reason, s->now);
}

/* The slot of the new connection: what is left there of an old one is reset. */
static void connect_happens(struct simulation *s, uint32_t index, unsigned from)
{
	struct simulation_link *link = &s->links[index];
	struct simulation_connection *connection = &link->connections[from];
	const struct simulation_node *here = node_at(s, link, from),
				     *there = node_at(s, link, 1 - from);
	struct connection_info info = info_of(here, there), back = info_of(there, here);

	end_closed(s, index, from, 1 - from, "reset");
	if (link->state != SIMULATION_LINK_UP ||
		!speaker_accept_begins(there->speaker, link->neighbors[1 - from], s->now)) {
		speaker_connect_failed(
			here->speaker, link->neighbors[from], "no answer", s->now);
		return;
	}
	*connection = (struct simulation_connection){ .used = true,
		.generation = connection->generation + 1 };
	if (!speaker_accepted(there->speaker, link->neighbors[1 - from], &back, s->now)) {
		send_event(s, index, from, from, EVENT_CLOSE, NULL, 0);
		connection->closed[1 - from] = true;
	}
	speaker_connected(here->speaker, link->neighbors[from], &info, s->now);
}

static void bytes_arrive(struct simulation *s, const struct simulation_event *event)
{
	struct simulation_link *link = &s->links[event->subject];
	struct simulation_connection *connection = &link->connections[event->maker];

	if (!connection->used || connection->generation != event->generation ||
		connection->closed[event->end] || connection->lost)
		return;
	if (event->type == EVENT_CLOSE) {
		end_closed(s, event->subject, event->maker, event->end, "closed");
		return;
	}
	connection->flight[event->end] -= event->length;
	speaker_received(node_at(s, link, event->end)->speaker, link->neighbors[event->end],
		direction_of(event->maker, event->end), event->bytes, event->length, s->now);
}

static void link_event(struct simulation *s, const struct simulation_event *event)
{
	struct simulation_link *link = &s->links[event->subject];

	if (event->type != EVENT_CONNECT) {
		bytes_arrive(s, event);
	} else if (link->attempts[event->maker] &&
		   link->attempt_generations[event->maker] == event->generation) {
		link->attempts[event->maker] = false;
		connect_happens(s, event->subject, event->maker);
	}
	simulation_touch(s, link->nodes[0]);
	simulation_touch(s, link->nodes[1]);
}

static void event_happens(struct simulation *s, const struct simulation_event *event)
{
	struct simulation_node *node;

	s->now = event->when;
	s->events_run++;
	if (event->type != EVENT_TICK) {
		link_event(s, event);
		return;
	}
	node = &s->nodes[event->subject];
	if (node->tick_at.ns != event->when.ns)
		return; /* there is another one */
	node->tick_at = INSTANT_NEVER;
	speaker_tick(node->speaker, s->now);
	simulation_touch(s, event->subject);
}

void simulation_run(struct simulation *s, struct instant until)
{
	while (s->event_count > 0 && !instant_before(until, s->heap[0].when)) {
		struct simulation_event event = event_pop(s);

		event_happens(s, &event);
		free(event.bytes);
	}
	s->now = until;
}

static void connections_reset(struct simulation *s, uint32_t index)
{
	struct simulation_link *link = &s->links[index];

	for (unsigned maker = 0; maker < 2; maker++) {
		struct simulation_connection *connection = &link->connections[maker];

		if (!connection->used)
			continue;
		connection->generation++;
		for (unsigned end = 0; end < 2; end++)
			end_closed(s, index, maker, end, "reset");
	}
}

void simulation_link_set(struct simulation *s, uint32_t index, enum simulation_link_state state)
{
	struct simulation_link *link = &s->links[index];

	link->state = state;
	if (state == SIMULATION_LINK_DOWN)
		connections_reset(s, index);
	for (unsigned maker = 0; state == SIMULATION_LINK_SILENT && maker < 2; maker++)
		link->connections[maker].lost = true;
	simulation_touch(s, link->nodes[0]);
	simulation_touch(s, link->nodes[1]);
}

void simulation_restart(struct simulation *s, uint32_t index)
{
	struct simulation_node *node = &s->nodes[index];
	struct speaker *old = node->speaker;

	/* Its own ends are gone without a word. */
	for (uint32_t i = 0; i < node->link_count; i++) {
		uint32_t l = node->links[i];
		unsigned end = end_of(&s->links[l], node);

		s->links[l].attempts[end] = false;
		for (unsigned maker = 0; maker < 2; maker++) {
			struct simulation_connection *c = &s->links[l].connections[maker];

			if (!c->used || c->closed[end])
				continue;
			send_event(s, l, maker, 1 - end, EVENT_CLOSE, NULL, 0);
			c->closed[end] = true;
			c->ready[end] = false;
			c->used = !c->closed[1 - end];
		}
	}
	speaker_free(old);
	node->speaker = speaker_of(node);
	for (uint32_t i = 0; i < node->link_count; i++)
		neighbor_make(
			s, &s->links[node->links[i]], end_of(&s->links[node->links[i]], node));
	simulation_touch(s, index);
}

bool simulation_established(const struct simulation *s, uint32_t index)
{
	for (unsigned end = 0; end < 2; end++) {
		struct neighbor_view view;

		speaker_neighbor_view(s->links[index].neighbors[end], &view);
		if (view.state != SESSION_ESTABLISHED)
			return false;
	}
	return true;
}
