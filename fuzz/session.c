/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A neighbour that behaves for as long as it takes to be Established, then sends anything, in
 * pieces, over up to two connections, while routes, settings and time change. Nothing leaks,
 * timers move on, output stays well-formed, and in the end a neighbour that behaves gets its
 * session again.
 */
#include <stdlib.h>
#include <string.h>

#include "route/speaker.h"

/* OPEN: AS 64501, hold 90 s, 10.0.0.2; IPv4, IPv6, refresh, enhanced, GR, 4-octet AS, extended
 * messages, role peer; then a KEEPALIVE. */
static const char handshake[] =
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x46\x01"
	"\x04\xfb\xf5\x00\x5a\x0a\x00\x00\x02\x29\x02\x27"
	"\x01\x04\x00\x01\x00\x01\x01\x04\x00\x02\x00\x01\x02\x00\x46\x00"
	"\x40\x0a\xc0\x78\x00\x01\x01\x80\x00\x02\x01\x80"
	"\x41\x04\x00\x00\xfb\xf5\x06\x00\x09\x01\x04"
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x13\x04";

/* What the host knows. */
struct host {
	struct speaker *speaker;
	struct neighbor *neighbor;
	struct instant now;
	uint8_t choice;
	bool connecting, open[CONNECTION_DIRECTIONS], ready[CONNECTION_DIRECTIONS];
};

static void expect(bool holds)
{
	if (!holds)
		abort();
}

/* Whole messages only. */
static void messages_check(const uint8_t *bytes, size_t length)
{
	for (size_t at = 0; at < length;) {
		struct bgp_frame frame;
		struct bgp_fault fault;

		expect(bgp_frame_read(bytes + at, length - at, BGP_EXTENDED_MESSAGE_MAX, &frame,
			       &fault) == BGP_FRAME_WHOLE);
		at += frame.length;
	}
}

static void sink_connect(void *context, struct neighbor *neighbor)
{
	struct host *host = context;

	(void)neighbor;
	expect(!host->connecting && !host->open[CONNECTION_OUTGOING]);
	host->connecting = true;
}

static void sink_disconnect(void *context, struct neighbor *neighbor,
	enum connection_direction direction, const uint8_t *last, size_t length)
{
	struct host *host = context;

	(void)neighbor;
	expect(host->open[direction] || (host->connecting && direction == CONNECTION_OUTGOING));
	host->open[direction] = host->ready[direction] = false;
	if (direction == CONNECTION_OUTGOING)
		host->connecting = false;
	messages_check(last, length);
}

static void sink_output_ready(
	void *context, struct neighbor *neighbor, enum connection_direction direction)
{
	struct host *host = context;

	(void)neighbor;
	host->ready[direction] = true;
}

static void sink_event(void *context, const struct speaker_event *event)
{
	(void)context;
	expect(event->reason != NULL);
}

static void output_take(struct host *host)
{
	static uint8_t buffer[BGP_EXTENDED_MESSAGE_MAX];

	for (int d = 0; d < CONNECTION_DIRECTIONS; d++)
		while (host->ready[d] && host->open[d]) {
			enum connection_direction direction = (enum connection_direction)d;
			size_t length = speaker_output(host->speaker, host->neighbor, direction,
				buffer, sizeof(buffer), host->now);

			host->ready[d] = length > 0;
			messages_check(buffer, length);
			if (length > 0)
				speaker_progress(host->speaker, host->neighbor, direction, true,
					host->now);
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
		.stale_time = duration_seconds(360),
		.passive = choice & 32,
		.import = true,
		.prepend = choice >> 6,
		.maximum_prefixes = choice & 16 ? 3 : 0 };

	(void)address_parse("10.0.0.2", &settings.address);
	return settings;
}

static void receive(struct host *host, enum connection_direction direction, const void *bytes,
	size_t length)
{
	if (host->open[direction])
		speaker_received(
			host->speaker, host->neighbor, direction, bytes, length, host->now);
}

static void connect_out(struct host *host)
{
	struct connection_info info = info_of();

	if (!host->connecting)
		return;
	host->connecting = false;
	host->open[CONNECTION_OUTGOING] = true;
	speaker_connected(host->speaker, host->neighbor, &info, host->now);
}

static void connect_in(struct host *host)
{
	struct connection_info info = info_of();

	if (!speaker_accept_begins(host->speaker, host->neighbor, host->now))
		return;
	host->open[CONNECTION_INCOMING] = true;
	expect(speaker_accepted(host->speaker, host->neighbor, &info, host->now));
}

static void lose(struct host *host, enum connection_direction direction)
{
	if (!host->open[direction])
		return;
	host->open[direction] = host->ready[direction] = false;
	speaker_closed(host->speaker, host->neighbor, direction, "reset", host->now);
}

static void pass(struct host *host, struct duration time)
{
	host->now = instant_add(host->now, time);
	speaker_tick(host->speaker, host->now);
	expect(instant_before(host->now, speaker_deadline(host->speaker)));
}

static void change(struct host *host, uint8_t what)
{
	struct neighbor_settings settings;

	host->choice ^= (uint8_t)(1u << (what & 7));
	settings = settings_of(host->choice);
	(void)speaker_neighbor_change(host->speaker, host->neighbor, &settings, host->now);
}

static void operation(struct host *host, uint8_t what)
{
	struct local_route route = { .med = what };
	enum connection_direction direction =
		(what & 16) != 0 ? CONNECTION_OUTGOING : CONNECTION_INCOMING;

	(void)prefix_parse(what & 32 ? "2001:db8::/32" : "198.51.100.0/24", &route.prefix);
	switch (what & 15) {
	case 0:
		(void)speaker_route_set(host->speaker, &route, host->now);
		break;
	case 1:
		(void)speaker_route_remove(host->speaker, &route.prefix, host->now);
		break;
	case 2:
		pass(host, duration_seconds(what));
		break;
	case 3:
		(void)speaker_neighbor_refresh(
			host->speaker, host->neighbor, BGP_IPV4_UNICAST, host->now);
		break;
	case 4:
		lose(host, direction);
		break;
	case 5:
		speaker_neighbor_reset(host->speaker, host->neighbor, "reset", host->now);
		break;
	case 6:
		speaker_neighbor_shutdown(host->speaker, host->neighbor, "", host->now);
		break;
	case 7:
		speaker_neighbor_enable(host->speaker, host->neighbor, host->now);
		break;
	case 8:
		change(host, what >> 4);
		break;
	case 9:
		connect_out(host);
		break;
	case 10:
		connect_in(host);
		break;
	case 11:
		receive(host, direction, handshake, sizeof(handshake) - 1);
		break;
	case 12:
		if (host->connecting) {
			host->connecting = false;
			speaker_connect_failed(
				host->speaker, host->neighbor, "refused", host->now);
		}
		break;
	default:
		output_take(host);
		break;
	}
}

static enum session_state state_of(const struct host *host)
{
	struct neighbor_view view;

	speaker_neighbor_view(host->neighbor, &view);
	return view.state;
}

/* Whatever happened: a neighbour that behaves gets its session. */
static void recover(struct host *host)
{
	lose(host, CONNECTION_OUTGOING);
	lose(host, CONNECTION_INCOMING);
	/* Ends a hold for the prefix limit too. */
	speaker_neighbor_shutdown(host->speaker, host->neighbor, "", host->now);
	speaker_neighbor_enable(host->speaker, host->neighbor, host->now);
	if (host->connecting) {
		connect_out(host);
		receive(host, CONNECTION_OUTGOING, handshake, sizeof(handshake) - 1);
	} else {
		connect_in(host);
		receive(host, CONNECTION_INCOMING, handshake, sizeof(handshake) - 1);
	}
	expect(state_of(host) == SESSION_ESTABLISHED);
	output_take(host);
	expect(speaker_settled(host->speaker));
}

static void host_begin(struct host *host, uint8_t choice)
{
	struct speaker_settings speaker_settings = {
		.asn = 64500, .router_id = 0x0a000001, .seed = 1, .hostname = "fuzz"
	};
	struct speaker_sink sink = { host, sink_connect, sink_disconnect, sink_output_ready,
		sink_event };
	struct neighbor_settings settings = settings_of(choice);

	*host = (struct host){ .now = { 1000000000 }, .choice = choice };
	host->speaker = speaker_new(&speaker_settings, &sink);
	host->neighbor = speaker_neighbor_add(host->speaker, &settings, host->now);
	connect_in(host);
	receive(host, CONNECTION_INCOMING, handshake, sizeof(handshake) - 1);
	/* If the handshake did not work, nothing behind it would be tested. */
	expect(state_of(host) == SESSION_ESTABLISHED);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct host host;
	size_t at = 1;

	host_begin(&host, length > 0 ? bytes[0] : 0);
	/* Pieces: a control byte; below 64 an operation, else 0 to 95 bytes of input to the
	 * incoming (below 160) or outgoing connection. */
	while (at < length) {
		uint8_t control = bytes[at++];
		bool in = control < 160;
		size_t piece = in ? control - 64u : control - 160u;

		if (control < 64) {
			operation(&host, control);
			continue;
		}
		if (piece > length - at)
			piece = length - at;
		receive(&host, in ? CONNECTION_INCOMING : CONNECTION_OUTGOING, bytes + at,
			piece);
		at += piece;
	}
	recover(&host);
	speaker_free(host.speaker);
	return 0;
}
