/* SPDX-License-Identifier: Apache-2.0 */
/* See hand.h. */
#include "hand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- The sink. ---- */

static void on_connect(void *context, struct neighbor *neighbor)
{
	struct hand *hand = context;

	(void)neighbor;
	hand->connecting = true;
	hand->connects++;
}

static void on_disconnect(void *context, struct neighbor *neighbor,
	enum connection_direction direction, const uint8_t *last, size_t length)
{
	struct hand *hand = context;

	(void)neighbor;
	assert_true(length <= HAND_LAST_MAX);
	assert_true((last == NULL) == (length == 0));
	if (direction == CONNECTION_OUTGOING)
		hand->connecting = false;
	hand->open[direction] = hand->ready[direction] = false;
	hand->disconnects[direction]++;
	hand->last_length[direction] = length;
	if (length > 0)
		memcpy(hand->last[direction], last, length);
}

static void on_output_ready(
	void *context, struct neighbor *neighbor, enum connection_direction direction)
{
	struct hand *hand = context;

	(void)neighbor;
	hand->ready[direction] = true;
}

static void on_event(void *context, const struct speaker_event *event)
{
	struct hand *hand = context;
	struct hand_event *kept = &hand->events[hand->event_count % HAND_EVENTS_MAX];

	assert_non_null(event->reason);
	kept->event = *event;
	snprintf(kept->reason, sizeof(kept->reason), "%s", event->reason);
	hand->event_count++;
}

/* ---- Settings. ---- */

struct prefix hand_prefix(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, &prefix), 0);
	return prefix;
}

struct address hand_address(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(text, &address), 0);
	return address;
}

struct neighbor_settings hand_settings(void)
{
	return (struct neighbor_settings){
		.name = "upstream",
		.address = hand_address("192.0.2.1"),
		.asn = 64501,
		.local_asn = 64500,
		.role = BGP_ROLE_NONE,
		.families = { true, true },
		.capabilities = true,
		.extended_message = true,
		.hold_time = duration_seconds(90),
		.keepalive = duration_seconds(30),
		.connect_retry = duration_seconds(5),
		.graceful_restart = true,
		.restart_preserve = true,
		.restart_time_s = 120,
		.stale_time = duration_seconds(360),
		.import = true,
	};
}

struct speaker_settings hand_speaker_settings(void)
{
	return (struct speaker_settings){
		.asn = 64500, .router_id = 0x0a000001, .seed = 42, .hostname = "fra1"
	};
}

struct hand *hand_new_with(
	const struct speaker_settings *speaker, const struct neighbor_settings *settings)
{
	struct hand *hand = calloc(1, sizeof(*hand));
	struct speaker_sink sink = { hand, on_connect, on_disconnect, on_output_ready,
		on_event };

	assert_non_null(hand);
	hand->now.ns = 1000000000;
	hand->context = (struct bgp_context){ .four_octet_as = true,
		.ibgp = settings->asn == settings->local_asn,
		.family = { true, true },
		.message_max = BGP_MESSAGE_MAX };
	hand->speaker = speaker_new(speaker, &sink);
	assert_non_null(hand->speaker);
	hand->neighbor = speaker_neighbor_add(hand->speaker, settings, hand->now);
	assert_non_null(hand->neighbor);
	return hand;
}

struct hand *hand_new(const struct neighbor_settings *settings)
{
	struct speaker_settings speaker = hand_speaker_settings();
	struct neighbor_settings usual = hand_settings();

	return hand_new_with(&speaker, settings == NULL ? &usual : settings);
}

void hand_free(struct hand *hand)
{
	speaker_free(hand->speaker);
	for (int d = 0; d < CONNECTION_DIRECTIONS; d++)
		free(hand->out[d]);
	arena_clear(&hand->arena);
	free(hand);
}

/* ---- Time and connections. ---- */

static void pull(struct hand *hand, enum connection_direction direction)
{
	static uint8_t buffer[BGP_EXTENDED_MESSAGE_MAX];
	size_t length;

	while (!hand->blocked && hand->open[direction] && hand->ready[direction]) {
		length = speaker_output(hand->speaker, hand->neighbor, direction, buffer,
			sizeof(buffer), hand->now);
		if (length == 0) {
			hand->ready[direction] = false;
			return;
		}
		hand->out[direction] =
			realloc(hand->out[direction], hand->out_length[direction] + length);
		assert_non_null(hand->out[direction]);
		memcpy(hand->out[direction] + hand->out_length[direction], buffer, length);
		hand->out_length[direction] += length;
		speaker_progress(hand->speaker, hand->neighbor, direction, true, hand->now);
	}
}

static void pull_both(struct hand *hand)
{
	pull(hand, OUT);
	pull(hand, IN);
}

void hand_advance(struct hand *hand, struct duration d)
{
	struct instant end = instant_add(hand->now, d);

	for (;;) {
		struct instant next = speaker_deadline(hand->speaker);

		if (next.ns == 1) /* work is waiting */
			next = hand->now;
		if (instant_before(end, next))
			break;
		assert_false(instant_before(next, hand->now));
		hand->now = next;
		speaker_tick(hand->speaker, hand->now);
		/* Nothing due stays due: else a host would spin. */
		assert_true(instant_before(hand->now, speaker_deadline(hand->speaker)));
		pull_both(hand);
	}
	hand->now = end;
}

static struct connection_info info_of(const struct hand *hand)
{
	struct neighbor_view view = hand_view(hand);
	const struct address *neighbor = &view.settings->address;
	struct connection_info info = {
		.local = hand_address("192.0.2.2"),
		.remote = *neighbor,
		.local_link_local = hand_address("fe80::2"),
		.local_port = 40000,
		.remote_port = 179,
		.directly_connected = true,
	};

	if (neighbor->family == FAMILY_IPV6)
		info.local = hand_address(
			address_is_link_local(neighbor) ? "fe80::2" : "2001:db8::2");
	if (!hand->bare) {
		info.interface_address[BGP_IPV4_UNICAST] = hand_address("192.0.2.2");
		info.interface_address[BGP_IPV6_UNICAST] = hand_address("2001:db8::2");
	}
	return info;
}

bool hand_accept(struct hand *hand)
{
	struct connection_info info = info_of(hand);

	if (!speaker_accept_begins(hand->speaker, hand->neighbor, hand->now))
		return false;
	hand->open[IN] = true;
	hand->out_length[IN] = hand->out_at[IN] = 0;
	if (!speaker_accepted(hand->speaker, hand->neighbor, &info, hand->now)) {
		hand->open[IN] = false;
		return false;
	}
	pull_both(hand);
	return true;
}

void hand_connect(struct hand *hand, enum connection_direction direction)
{
	struct connection_info info = info_of(hand);

	if (direction == IN) {
		assert_true(hand_accept(hand));
		return;
	}
	assert_true(hand->connecting);
	hand->connecting = false;
	hand->open[OUT] = true;
	hand->out_length[OUT] = hand->out_at[OUT] = 0;
	speaker_connected(hand->speaker, hand->neighbor, &info, hand->now);
	pull_both(hand);
}

void hand_lose(struct hand *hand, enum connection_direction direction)
{
	assert_true(hand->open[direction]);
	hand->open[direction] = hand->ready[direction] = false;
	hand->last_length[direction] = 0;
	speaker_closed(hand->speaker, hand->neighbor, direction, "connection reset", hand->now);
	pull_both(hand);
}

/* ---- Saying. ---- */

void hand_send(struct hand *hand, enum connection_direction direction, const void *bytes,
	size_t length)
{
	/* An exact copy, so that the sanitizer sees a read behind the end. */
	uint8_t *copy = malloc(length == 0 ? 1 : length);

	assert_non_null(copy);
	memcpy(copy, bytes, length);
	speaker_received(hand->speaker, hand->neighbor, direction, copy, length, hand->now);
	free(copy);
	pull_both(hand);
}

static void send_written(
	struct hand *hand, enum connection_direction direction, const struct writer *w)
{
	assert_false(w->failed);
	hand_send(hand, direction, w->start, writer_length(w));
}

struct bgp_open hand_open(void)
{
	return (struct bgp_open){
		.asn = 64501,
		.hold_time_s = 90,
		.router_id = 0x0a000002,
		.capabilities = {
			.family = { true, true },
			.multiprotocol = true,
			.route_refresh = true,
			.enhanced_refresh = true,
			.extended_message = true,
			.four_octet_as = true,
			.four_octet_asn = 64501,
			.role = BGP_ROLE_NONE,
			.graceful_restart = true,
			.restart_notification = true,
			.restart_time_s = 60,
			.restart_family = { true, true },
			.restart_forwarding = { true, true },
		},
	};
}

void hand_send_open(
	struct hand *hand, enum connection_direction direction, const struct bgp_open *open)
{
	uint8_t buffer[BGP_MESSAGE_MAX];
	struct writer w = writer_of(buffer, sizeof(buffer));

	bgp_open_write(&w, open);
	send_written(hand, direction, &w);
}

void hand_send_keepalive(struct hand *hand, enum connection_direction direction)
{
	uint8_t buffer[64];
	struct writer w = writer_of(buffer, sizeof(buffer));

	bgp_keepalive_write(&w);
	send_written(hand, direction, &w);
}

void hand_send_notification(
	struct hand *hand, enum connection_direction direction, uint8_t code, uint8_t subcode)
{
	uint8_t buffer[64];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct bgp_fault fault = { .code = code, .subcode = subcode };

	bgp_notification_write(&w, &fault);
	send_written(hand, direction, &w);
}

void hand_send_refresh(struct hand *hand, enum connection_direction direction,
	enum bgp_family family, enum bgp_refresh_subtype subtype)
{
	uint8_t buffer[64];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct bgp_refresh refresh = { bgp_family_afi(family), bgp_family_safi(family),
		(uint8_t)subtype };

	bgp_refresh_write(&w, &refresh);
	send_written(hand, direction, &w);
}

struct bgp_attributes hand_attributes(enum bgp_family family)
{
	/* One AS_SEQUENCE with AS 64501. */
	static const uint8_t path[] = { 2, 1, 0, 0, 0xfb, 0xf5 };

	return (struct bgp_attributes){
		.present = 1ull << BGP_ATTRIBUTE_ORIGIN | 1ull << BGP_ATTRIBUTE_AS_PATH |
			   (family == BGP_IPV4_UNICAST ? 1ull << BGP_ATTRIBUTE_NEXT_HOP : 0),
		.as_path = path,
		.as_path_size = sizeof(path),
		.next_hop =
			hand_address(family == BGP_IPV4_UNICAST ? "192.0.2.1" : "2001:db8::1"),
	};
}

static enum bgp_family family_of(const struct prefix *prefix)
{
	return prefix->address.family == FAMILY_IPV4 ? BGP_IPV4_UNICAST : BGP_IPV6_UNICAST;
}

void hand_announce(struct hand *hand, enum connection_direction direction, const char *prefix,
	const struct bgp_attributes *attributes)
{
	uint8_t buffer[BGP_MESSAGE_MAX];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct bgp_route_key key = { .prefix = hand_prefix(prefix) };
	enum bgp_family family = family_of(&key.prefix);
	struct bgp_attributes usual = hand_attributes(family);
	size_t written;

	assert_int_equal(bgp_update_write(&w, &hand->context, family,
				 attributes == NULL ? &usual : attributes, &key, 1, &written),
		0);
	send_written(hand, direction, &w);
}

void hand_withdraw(struct hand *hand, enum connection_direction direction, const char *prefix)
{
	uint8_t buffer[BGP_MESSAGE_MAX];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct bgp_route_key key = { .prefix = hand_prefix(prefix) };
	size_t written;

	assert_int_equal(bgp_withdraw_write(
				 &w, &hand->context, family_of(&key.prefix), &key, 1, &written),
		0);
	send_written(hand, direction, &w);
}

void hand_end_of_rib(
	struct hand *hand, enum connection_direction direction, enum bgp_family family)
{
	uint8_t buffer[64];
	struct writer w = writer_of(buffer, sizeof(buffer));

	bgp_end_of_rib_write(&w, family);
	send_written(hand, direction, &w);
}

void hand_establish(
	struct hand *hand, enum connection_direction direction, const struct bgp_open *open)
{
	struct bgp_open usual = hand_open();

	hand_connect(hand, direction);
	hand_expect(hand, direction, BGP_OPEN);
	hand_send_open(hand, direction, open == NULL ? &usual : open);
	hand_expect(hand, direction, BGP_KEEPALIVE);
	assert_int_equal(hand_state(hand), SESSION_OPEN_CONFIRM);
	hand_send_keepalive(hand, direction);
	assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
	hand_drain(hand, direction);
}

/* ---- Listening. ---- */

static bool frame_at(
	const uint8_t *bytes, size_t length, size_t *at, struct bgp_frame *ret_frame)
{
	struct bgp_fault fault;
	enum bgp_frame_status status;

	if (*at == length)
		return false;
	status = bgp_frame_read(
		bytes + *at, length - *at, BGP_EXTENDED_MESSAGE_MAX, ret_frame, &fault);
	/* The speaker gives whole messages only. */
	assert_int_equal(status, BGP_FRAME_WHOLE);
	*at += ret_frame->length;
	return true;
}

bool hand_next(
	struct hand *hand, enum connection_direction direction, struct bgp_frame *ret_frame)
{
	pull_both(hand);
	return frame_at(hand->out[direction], hand->out_length[direction],
		&hand->out_at[direction], ret_frame);
}

struct bgp_frame hand_expect(
	struct hand *hand, enum connection_direction direction, enum bgp_message_type type)
{
	struct bgp_frame frame;

	if (!hand_next(hand, direction, &frame))
		fail_msg("the speaker said nothing, expected message type %d", type);
	assert_int_equal(frame.type, type);
	return frame;
}

struct bgp_update hand_expect_update(struct hand *hand, enum connection_direction direction)
{
	struct bgp_frame frame = hand_expect(hand, direction, BGP_UPDATE);
	struct bgp_update update;

	arena_reset(&hand->arena);
	assert_int_equal(bgp_update_read(frame.body, &hand->context, &hand->arena, &update), 0);
	/* Sent attributes are never malformed. */
	assert_int_equal(update.verdict, BGP_VERDICT_GOOD);
	return update;
}

const char *hand_first(struct bgp_nlri nlri, char text[PREFIX_TEXT_MAX])
{
	struct prefix prefix;
	uint32_t path_id;

	text[0] = '\0';
	return bgp_nlri_next(&nlri, &prefix, &path_id) ? prefix_format(&prefix, text) : text;
}

size_t hand_count(struct bgp_nlri nlri)
{
	struct prefix prefix;
	uint32_t path_id;
	size_t count = 0;

	while (bgp_nlri_next(&nlri, &prefix, &path_id))
		count++;
	return count;
}

void hand_drain(struct hand *hand, enum connection_direction direction)
{
	struct bgp_frame frame;

	while (hand_next(hand, direction, &frame))
		;
}

struct bgp_notification hand_expect_end(
	struct hand *hand, enum connection_direction direction, uint8_t code, uint8_t subcode)
{
	struct bgp_notification n = { 0 };
	struct bgp_frame frame;
	size_t at = 0;

	assert_false(hand->open[direction]);
	assert_true(hand->disconnects[direction] > 0);
	if (code == 0) {
		assert_int_equal(hand->last_length[direction], 0);
		return n;
	}
	do
		assert_true(frame_at(
			hand->last[direction], hand->last_length[direction], &at, &frame));
	while (frame.type != BGP_NOTIFICATION);
	assert_int_equal(at, hand->last_length[direction]);
	assert_int_equal(bgp_notification_read(frame.body, &n), 0);
	assert_int_equal(n.code, code);
	assert_int_equal(n.subcode, subcode);
	return n;
}

/* ---- Looking. ---- */

struct neighbor_view hand_view(const struct hand *hand)
{
	struct neighbor_view view;

	speaker_neighbor_view(hand->neighbor, &view);
	return view;
}

enum session_state hand_state(const struct hand *hand)
{
	return hand_view(hand).state;
}

const char *hand_path(const struct bgp_attributes *attributes, char text[64])
{
	return bgp_as_path_format(attributes, text, 64);
}

uint64_t hand_counter(const struct hand *hand, enum neighbor_counter counter)
{
	return hand_view(hand).counters[counter];
}

const struct hand_event *hand_event(const struct hand *hand, enum speaker_event_type type)
{
	size_t oldest =
		hand->event_count > HAND_EVENTS_MAX ? hand->event_count - HAND_EVENTS_MAX : 0;

	for (size_t i = hand->event_count; i > oldest; i--)
		if (hand->events[(i - 1) % HAND_EVENTS_MAX].event.type == type)
			return &hand->events[(i - 1) % HAND_EVENTS_MAX];
	return NULL;
}

unsigned hand_event_count(const struct hand *hand, enum speaker_event_type type)
{
	unsigned count = 0;

	assert_true(hand->event_count <= HAND_EVENTS_MAX);
	for (size_t i = 0; i < hand->event_count; i++)
		count += hand->events[i].event.type == type;
	return count;
}

void hand_route(struct hand *hand, const char *prefix)
{
	struct local_route route = { .prefix = hand_prefix(prefix) };

	assert_int_equal(speaker_route_set(hand->speaker, &route, hand->now), 0);
}

struct search {
	struct prefix prefix;
	struct route_view *ret_view;
	bool found;
	struct hand *hand;
};

static bool search_route(void *context, const struct route_view *route)
{
	struct search *search = context;

	if (!prefix_equal(&route->prefix, &search->prefix))
		return true;
	search->found = true;
	if (search->ret_view != NULL) {
		*search->ret_view = *route;
		/* Arrays stay where they are: in the speaker's store. */
		search->hand->shown = *route->attributes;
		search->ret_view->attributes = &search->hand->shown;
	}
	return false;
}

bool hand_holds(struct hand *hand, const char *prefix, struct route_view *ret_view)
{
	struct search search = { hand_prefix(prefix), ret_view, false, hand };
	uint64_t position = 0;

	speaker_routes_received(
		hand->speaker, hand->neighbor, &position, search_route, &search);
	return search.found;
}
