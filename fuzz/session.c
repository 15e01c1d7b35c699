/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A neighbour that behaves for as long as it takes to be Established, then sends anything, in
 * pieces, while routes and time change. Nothing leaks, timers move on, output stays
 * well-formed.
 */
#include <stdlib.h>
#include <string.h>

#include "route/speaker.h"

static const uint8_t handshake[] = {
	/* OPEN: AS 64501, hold 90 s, 10.0.0.2; IPv4, IPv6, refresh, enhanced, GR, 4-octet AS,
	 * extended messages, role peer */
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	0,
	70,
	1,
	4,
	0xfb,
	0xf5,
	0,
	90,
	10,
	0,
	0,
	2,
	41,
	2,
	39,
	1,
	4,
	0,
	1,
	0,
	1,
	1,
	4,
	0,
	2,
	0,
	1,
	2,
	0,
	70,
	0,
	64,
	10,
	0xc0,
	120,
	0,
	1,
	1,
	0x80,
	0,
	2,
	1,
	0x80,
	65,
	4,
	0,
	0,
	0xfb,
	0xf5,
	6,
	0,
	9,
	1,
	4,
	/* KEEPALIVE */
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	255,
	0,
	19,
	4,
};

static void sink_connect(void *context, struct neighbor *neighbor)
{
	(void)context;
	(void)neighbor;
}

static void sink_disconnect(void *context, struct neighbor *neighbor,
	enum connection_direction direction, const uint8_t *last, size_t length)
{
	struct bgp_frame frame;
	struct bgp_fault fault;

	(void)context;
	(void)neighbor;
	(void)direction;
	if (last != NULL && bgp_frame_read(last, length, BGP_MESSAGE_MAX, &frame, &fault) !=
				    BGP_FRAME_WHOLE)
		abort();
}

static void sink_output_ready(
	void *context, struct neighbor *neighbor, enum connection_direction direction)
{
	(void)context;
	(void)neighbor;
	(void)direction;
}

static void sink_event(void *context, const struct speaker_event *event)
{
	(void)context;
	if (event->reason == NULL)
		abort();
}

/* Whole messages only, and each decodes. */
static void output_check(struct speaker *speaker, struct neighbor *neighbor, struct instant now)
{
	static uint8_t buffer[BGP_EXTENDED_MESSAGE_MAX];

	for (;;) {
		size_t length = speaker_output(
			speaker, neighbor, CONNECTION_INCOMING, buffer, sizeof(buffer), now);
		size_t at = 0;

		if (length == 0)
			return;
		while (at < length) {
			struct bgp_frame frame;
			struct bgp_fault fault;

			if (bgp_frame_read(buffer + at, length - at, BGP_EXTENDED_MESSAGE_MAX,
				    &frame, &fault) != BGP_FRAME_WHOLE)
				abort();
			at += frame.length;
		}
		speaker_progress(speaker, neighbor, CONNECTION_INCOMING, true, now);
	}
}

static void operation(
	struct speaker *speaker, struct neighbor *neighbor, uint8_t what, struct instant *now)
{
	struct local_route route = { .med = what };

	(void)prefix_parse(what & 8 ? "2001:db8::/32" : "198.51.100.0/24", &route.prefix);
	switch (what % 7) {
	case 0:
		(void)speaker_route_set(speaker, &route, *now);
		break;
	case 1:
		(void)speaker_route_remove(speaker, &route.prefix, *now);
		break;
	case 2:
		*now = instant_add(*now, duration_seconds(what));
		speaker_tick(speaker, *now);
		break;
	case 3:
		(void)speaker_neighbor_refresh(speaker, neighbor, BGP_IPV4_UNICAST, *now);
		break;
	case 4:
		speaker_closed(speaker, neighbor, CONNECTION_INCOMING, "reset", *now);
		break;
	case 5:
		speaker_neighbor_reset(speaker, neighbor, "reset", *now);
		break;
	default:
		output_check(speaker, neighbor, *now);
		break;
	}
}

static struct connection_info info_of(void)
{
	struct connection_info info = { .directly_connected = true };

	(void)address_parse("10.0.0.1", &info.local);
	(void)address_parse("10.0.0.2", &info.remote);
	(void)address_parse("2001:db8:ff::1", &info.interface_address[BGP_IPV6_UNICAST]);
	return info;
}

/* If the handshake did not work, nothing behind it would be tested. */
static void expect_established(const struct neighbor *neighbor)
{
	struct neighbor_view view;

	speaker_neighbor_view(neighbor, &view);
	if (view.state != SESSION_ESTABLISHED)
		abort();
}

static struct neighbor_settings settings_of(uint8_t choice)
{
	struct neighbor_settings settings = { .name = "n",
		.asn = 64501,
		.local_asn = 64500,
		.role = choice & 1 ? BGP_ROLE_PEER : BGP_ROLE_NONE,
		.families = { true, true },
		.capabilities = true,
		.extended_next_hop = true,
		.extended_message = choice & 2,
		.hold_time = duration_seconds(90),
		.keepalive = duration_seconds(30),
		.connect_retry = duration_seconds(5),
		.graceful_restart = choice & 4,
		.restart_preserve = choice & 8,
		.restart_time_s = 120,
		.passive = true,
		.import = true,
		.maximum_prefixes = choice & 16 ? 3 : 0 };

	(void)address_parse("10.0.0.2", &settings.address);
	return settings;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct speaker_settings speaker_settings = {
		.asn = 64500, .router_id = 0x0a000001, .seed = 1, .hostname = "fuzz"
	};
	struct speaker_sink sink = { NULL, sink_connect, sink_disconnect, sink_output_ready,
		sink_event };
	struct speaker *speaker = speaker_new(&speaker_settings, &sink);
	struct instant now = { 1000000000 };
	struct connection_info info = info_of();
	struct neighbor_settings settings = settings_of(length > 0 ? bytes[0] : 0);
	struct neighbor *neighbor = speaker_neighbor_add(speaker, &settings, now);
	size_t at = 1;

	if (speaker_accepted(speaker, neighbor, &info, now))
		speaker_received(speaker, neighbor, CONNECTION_INCOMING, handshake,
			sizeof(handshake), now);
	expect_established(neighbor);
	/* Pieces: a control byte; below 128 an operation, else that many bytes of input. */
	while (at < length) {
		uint8_t control = bytes[at++];
		size_t piece = control & 127;

		if (control < 128) {
			operation(speaker, neighbor, control, &now);
			continue;
		}
		if (piece > length - at)
			piece = length - at;
		speaker_received(
			speaker, neighbor, CONNECTION_INCOMING, bytes + at, piece, now);
		at += piece;
	}
	output_check(speaker, neighbor, now);
	if (instant_before(speaker_deadline(speaker), (struct instant){ 1 }))
		abort();
	speaker_free(speaker);
	return 0;
}
