/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A BMP station fed by hand, and by chance: a host with tables of routes, a station that keeps
 * a mirror of them from the bytes that it gets. Whatever happens, and however slowly the
 * station reads: when all is read, the mirror is the table.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "route/bmp.h"
#include "wire/bgp_update.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PEERS        4u
#define PREFIXES     64u

static const struct bgp_context context = {
	.four_octet_as = true, .family = { true, true }, .message_max = BGP_MESSAGE_MAX
};
static const bool families[BGP_FAMILY_COUNT] = { true, true };

/* Both sides. A route is its version, sent as the MED; 0: none. */
struct world {
	struct bmp_station *station;
	bool up[PEERS];
	uint32_t version;
	uint32_t table[PEERS][PREFIXES], mirror[PEERS][PREFIXES];
	bool mirror_up[PEERS], mirror_ended[PEERS];
	unsigned ready;   /* calls of output_ready */
	char story[4096]; /* messages, a letter each, with the peer's number */
	size_t length;
	bool tell;
	bool greeted;
	unsigned end_of_rib;
};

/* ---- The host. ---- */

static size_t update_make(uint8_t *bytes, size_t room, uint32_t prefix, uint32_t version)
{
	struct bgp_attributes attributes = { .med = version };
	struct bgp_route_key key = { .prefix.length = 24 };
	struct writer w = writer_of(bytes, room);
	size_t written;
	int code;

	key.prefix.address = address_ipv4(0x0a000000u + (prefix << 8));
	attributes.present = 1u << BGP_ATTRIBUTE_MED;
	attributes.next_hop = address_ipv4(0xc0000201);
	code = version == 0
		       ? bgp_withdraw_write(&w, &context, BGP_IPV4_UNICAST, &key, 1, &written)
		       : bgp_update_write(&w, &context, BGP_IPV4_UNICAST, &attributes, &key, 1,
				 &written);
	assert_int_equal(code, 0);
	return writer_length(&w);
}

static bool on_table(
	void *context_, uint32_t peer, enum bmp_view view, uint64_t *position, struct writer *w)
{
	struct world *world = context_;

	assert_true(view == BMP_VIEW_IN_PRE || view == BMP_VIEW_OUT_POST);
	assert_true(peer < PEERS && world->up[peer]);
	for (; *position < PREFIXES; ++*position) {
		uint32_t prefix = (uint32_t)*position, version = world->table[peer][prefix];

		if (version == 0)
			continue;
		w->at += update_make(w->at, writer_room(w), prefix, version);
		++*position;
		return true;
	}
	return false;
}

static void on_ready(void *context_)
{
	struct world *world = context_;

	world->ready++;
}

static struct bmp_peer header_of(uint32_t peer)
{
	return (struct bmp_peer){ .asn = 64500 + peer,
		.router_id = 1 + peer,
		.address = address_ipv4(0xc0000200u + peer) };
}

static void peer_up(struct world *world, uint32_t peer)
{
	uint8_t open[64];
	struct writer w = writer_of(open, sizeof(open));
	struct bmp_peer header = header_of(peer);
	struct bmp_peer_up up = { .local_port = 179 };

	bgp_keepalive_write(&w);
	up.sent_open = up.received_open = cursor_of(open, writer_length(&w));
	memset(world->table[peer], 0, sizeof(world->table[peer]));
	world->up[peer] = true;
	assert_int_equal(bmp_station_peer_up(world->station, peer, &header, &up, families), 0);
	memset(open, 0, sizeof(open)); /* it was copied */
}

static void peer_down(struct world *world, uint32_t peer)
{
	uint8_t bytes[64];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct bmp_peer_down down = { .reason = BMP_DOWN_REMOTE_NOTIFICATION };

	bgp_keepalive_write(&w);
	down.notification = cursor_of(bytes, writer_length(&w));
	world->up[peer] = false;
	bmp_station_peer_down(world->station, peer, &down, (struct wall_time){ 0 });
	memset(bytes, 0, sizeof(bytes));
}

static void change(struct world *world, uint32_t peer, uint32_t prefix, bool withdraw)
{
	uint8_t bytes[256];
	uint32_t version = withdraw ? 0 : ++world->version;
	size_t length = update_make(bytes, sizeof(bytes), prefix, version);
	uint8_t *exact = malloc(length);

	assert_non_null(exact);
	memcpy(exact, bytes, length);
	world->table[peer][prefix] = version;
	bmp_station_update(world->station, peer, BMP_VIEW_IN_PRE, cursor_of(exact, length),
		(struct wall_time){ 1000000000 });
	free(exact);
}

/* ---- The station. ---- */

static void note(struct world *world, char what, uint32_t peer)
{
	if (world->tell)
		world->length += (size_t)snprintf(world->story + world->length,
			sizeof(world->story) - world->length, "%c%u ", what, peer);
}

static void take_update(struct world *world, uint32_t peer, struct cursor bytes)
{
	struct bgp_frame frame;
	struct bgp_fault fault;
	struct bgp_update update;
	struct arena arena = { 0 };
	struct prefix prefix;
	uint32_t path_id;

	assert_int_equal(
		bgp_frame_read(bytes.at, cursor_left(&bytes), BGP_MESSAGE_MAX, &frame, &fault),
		BGP_FRAME_WHOLE);
	assert_int_equal(bgp_update_read(frame.body, &context, &arena, &update), 0);
	assert_int_equal(update.verdict, BGP_VERDICT_GOOD);
	if (update.end_of_rib)
		world->end_of_rib++;
	note(world, update.end_of_rib ? 'E' : 'M', peer);
	while (bgp_nlri_next(&update.withdrawn[0], &prefix, &path_id))
		world->mirror[peer][prefix.address.bytes[2]] = 0;
	while (bgp_nlri_next(&update.announced[0], &prefix, &path_id))
		world->mirror[peer][prefix.address.bytes[2]] = update.attributes.med;
	arena_clear(&arena);
}

static void take_message(struct world *world, const struct bmp_message *message)
{
	uint32_t peer = message->peer.asn - 64500;

	assert_true(world->greeted || message->type == BMP_INITIATION);
	if (message->type == BMP_INITIATION || message->type == BMP_TERMINATION) {
		note(world, message->type == BMP_INITIATION ? 'I' : 'T', 0);
		world->greeted = true;
		return;
	}
	assert_true(peer < PEERS);
	/* RFC 7854 section 3.3: only peer up comes when the peer is not up. */
	assert_int_equal(world->mirror_up[peer], message->type != BMP_PEER_UP);
	if (message->type == BMP_ROUTE_MONITORING) {
		take_update(world, peer, message->update);
		return;
	}
	note(world,
		message->type == BMP_PEER_UP     ? 'U'
		: message->type == BMP_PEER_DOWN ? (char)('0' + message->down.reason)
						 : 'S',
		peer);
	if (message->type == BMP_STATISTICS)
		return;
	world->mirror_up[peer] = message->type == BMP_PEER_UP;
	memset(world->mirror[peer], 0, sizeof(world->mirror[peer]));
}

/* Read once, at most room bytes. Gives how many came. */
static size_t read_some(struct world *world, size_t room)
{
	uint8_t *bytes = malloc(room);
	size_t length, at = 0;

	assert_non_null(bytes);
	length = bmp_station_output(world->station, bytes, room);
	assert_true(length <= room);
	while (at < length) {
		struct bmp_frame frame;
		struct bmp_message message;

		assert_int_equal(
			bmp_frame_read(bytes + at, length - at, &frame), BMP_FRAME_WHOLE);
		assert_int_equal(bmp_message_read(&frame, &message), 0);
		take_message(world, &message);
		at += frame.length;
	}
	free(bytes);
	return length;
}

static void read_all(struct world *world)
{
	unsigned turns = 0;

	while (bmp_station_has_output(world->station)) {
		(void)read_some(world, BMP_OUTPUT_LEAST);
		assert_true(++turns < 100000);
	}
	assert_int_equal(read_some(world, BMP_OUTPUT_LEAST), 0);
}

static void connect_station(struct world *world, int64_t second)
{
	world->greeted = false;
	memset(world->mirror, 0, sizeof(world->mirror));
	memset(world->mirror_up, 0, sizeof(world->mirror_up));
	bmp_station_connected(world->station, (struct instant){ 1 + second * 1000000000 });
}

static void world_open(struct world *world, uint8_t views)
{
	const struct bmp_station_settings settings = { .sys_name = "fra1",
		.sys_descr = "nearcast",
		.queue_max = BMP_QUEUE_LEAST,
		.views = views };
	const struct bmp_station_sink sink = { world, on_ready, on_table };

	*world = (struct world){ .tell = true };
	world->station = bmp_station_new(&settings, &sink);
	assert_non_null(world->station);
}

static void expect_story(struct world *world, const char *story)
{
	assert_string_equal(world->story, story);
	world->length = 0;
	world->story[0] = '\0';
}

static void expect_mirror(const struct world *world)
{
	for (uint32_t peer = 0; peer < PEERS; peer++) {
		assert_int_equal(world->mirror_up[peer], world->up[peer]);
		if (world->up[peer])
			assert_memory_equal(world->mirror[peer], world->table[peer],
				sizeof(world->table[peer]));
	}
}

/* ---- Stories. ---- */

static void test_life(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, 0);
	peer_up(&w, 1);
	change(&w, 1, 5, false);
	assert_false(bmp_station_has_output(w.station));
	connect_station(&w, 0);
	read_all(&w);
	expect_story(&w, "I0 U1 M1 E1 E1 ");
	expect_mirror(&w);
	change(&w, 1, 6, false);
	change(&w, 1, 5, true);
	read_all(&w);
	expect_story(&w, "M1 M1 ");
	expect_mirror(&w);
	bmp_station_statistics(
		w.station, 1, &(struct bmp_stat){ .value = 1 }, 1, (struct wall_time){ 0 });
	peer_up(&w, 2);
	read_all(&w);
	expect_story(&w, "U2 S1 E2 E2 ");
	peer_down(&w, 1);
	read_all(&w);
	expect_story(&w, "31 ");
	assert_int_equal(bmp_station_count(w.station).peers_told, 1);
	bmp_station_terminate(w.station, BMP_TERMINATED_ADMIN, "bye");
	read_all(&w);
	expect_story(&w, "T0 ");
	change(&w, 2, 1, false);
	read_all(&w);
	expect_story(&w, "");
	bmp_station_free(w.station);
}

/* Down and up before anything was read: what waited of the first session is not sent. */
static void test_flap(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, 0);
	connect_station(&w, 0);
	peer_up(&w, 0);
	read_all(&w);
	expect_story(&w, "I0 U0 E0 E0 ");
	change(&w, 0, 1, false);
	peer_down(&w, 0);
	peer_up(&w, 0);
	change(&w, 0, 2, false);
	read_all(&w);
	expect_story(&w, "30 U0 M0 E0 E0 ");
	expect_mirror(&w);
	/* A peer that came and went unseen is never spoken of. */
	peer_up(&w, 3);
	peer_down(&w, 3);
	read_all(&w);
	expect_story(&w, "");
	/* Up twice without a down: the session is another one. */
	peer_up(&w, 0);
	read_all(&w);
	expect_story(&w, "50 U0 E0 E0 ");
	bmp_station_free(w.station);
}

/* The queue overflows: the peer that filled it begins anew, another one is left alone. */
static void test_overflow(void **state)
{
	struct world w;
	struct bmp_station_counters counters;

	(void)state;
	world_open(&w, 0);
	connect_station(&w, 0);
	peer_up(&w, 0);
	peer_up(&w, 1);
	read_all(&w);
	expect_story(&w, "I0 U0 U1 E0 E0 E1 E1 ");
	w.tell = false;
	for (unsigned i = 0; i < 2000; i++) {
		change(&w, 0, i % 8, i % 3 == 0);
		assert_true(bmp_station_count(w.station).queued <= BMP_QUEUE_LEAST);
	}
	counters = bmp_station_count(w.station);
	assert_true(counters.resyncs >= 1);
	assert_true(counters.dropped > 100);
	w.tell = true;
	read_all(&w);
	assert_non_null(strstr(w.story, "50 U0 "));
	assert_null(strstr(w.story, "U1"));
	expect_mirror(&w);
	bmp_station_free(w.station);
}

/* A session that ends while it waits to begin anew: the reason is the true one. */
static void test_down_after_overflow(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, 0);
	connect_station(&w, 0);
	peer_up(&w, 0);
	read_all(&w);
	w.tell = false;
	for (unsigned i = 0; bmp_station_count(w.station).resyncs == 0; i++)
		change(&w, 0, i % 8, false);
	w.tell = true;
	w.length = 0;
	peer_down(&w, 0);
	read_all(&w);
	expect_story(&w, "30 ");
	bmp_station_free(w.station);
}

static void test_reconnect(void **state)
{
	struct world w;
	const int64_t waits[] = { 30, 60, 120, 240, 480, 720, 720 };
	struct instant now = { 1 };

	(void)state;
	world_open(&w, 0);
	peer_up(&w, 0);
	change(&w, 0, 7, false);
	for (size_t i = 0; i < COUNT(waits); i++) {
		struct instant next = bmp_station_disconnected(w.station, now);

		assert_int_equal(instant_since(next, now).ns / 1000000000, waits[i]);
		now = next;
	}
	connect_station(&w, 2370);
	read_all(&w);
	expect_mirror(&w);
	change(&w, 0, 8, false); /* it waits, and is lost with the connection */
	(void)bmp_station_disconnected(w.station, (struct instant){ 2400ll * 1000000000 });
	assert_int_equal(bmp_station_count(w.station).queued, 0);
	connect_station(&w, 3120);
	w.length = 0;
	read_all(&w);
	expect_story(&w, "I0 U0 M0 M0 E0 E0 ");
	expect_mirror(&w);
	/* It lived longer than the wait: the doubling ends. */
	now = (struct instant){ 9000ll * 1000000000 };
	assert_int_equal(
		instant_since(bmp_station_disconnected(w.station, now), now).ns / 1000000000,
		30);
	bmp_station_free(w.station);
}

/* Flags of each view, and those that nobody asked for are not sent. */
static void test_views(void **state)
{
	static const uint8_t flags[BMP_VIEW_COUNT] = { 0x00, 0x40, 0x10, 0x50 };
	uint8_t update[256], bytes[BMP_OUTPUT_LEAST];
	size_t length = update_make(update, sizeof(update), 1, 1);

	(void)state;
	for (unsigned view = 0; view < BMP_VIEW_COUNT; view++) {
		struct world w;
		struct bmp_frame frame;
		struct bmp_message message;

		world_open(&w, (uint8_t)(1u << view | 1u));
		connect_station(&w, 0);
		w.up[0] = true;
		peer_up(&w, 0);
		/* on_table knows one view only: up to the first table nothing else is asked. */
		if (view == BMP_VIEW_IN_PRE) {
			read_all(&w);
			bmp_station_update(w.station, 0, BMP_VIEW_OUT_POST,
				cursor_of(update, length), (struct wall_time){ 0 });
			assert_false(bmp_station_has_output(w.station));
		} else {
			assert_true(read_some(&w, 512) > 0); /* no room for tables */
			bmp_station_update(w.station, 0, (enum bmp_view)view,
				cursor_of(update, length), (struct wall_time){ 0 });
			assert_true(bmp_station_output(w.station, bytes, 512) > 0);
			assert_int_equal(bmp_frame_read(bytes, 512, &frame), BMP_FRAME_WHOLE);
			assert_int_equal(bmp_message_read(&frame, &message), 0);
			assert_int_equal(message.peer.flags, flags[view]);
		}
		bmp_station_free(w.station);
	}
}

/* Each view has its table, from its beginning, and its End-of-RIB. */
static void test_two_views(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, 1u << BMP_VIEW_IN_PRE | 1u << BMP_VIEW_OUT_POST);
	peer_up(&w, 0);
	change(&w, 0, 1, false);
	change(&w, 0, 2, false);
	connect_station(&w, 0);
	read_all(&w);
	expect_story(&w, "I0 U0 M0 M0 E0 E0 M0 M0 E0 E0 ");
	bmp_station_free(w.station);
}

static void test_refused(void **state)
{
	struct world w;
	static uint8_t open[2 * BGP_MESSAGE_MAX + 1];
	struct bmp_peer header = header_of(0);
	struct bmp_peer_up up = { .sent_open = cursor_of(open, sizeof(open)) };

	(void)state;
	world_open(&w, 0);
	connect_station(&w, 0);
	assert_int_equal(
		bmp_station_peer_up(w.station, 0, &header, &up, families), ERROR_RANGE);
	assert_int_equal(bmp_station_peer_up(w.station, BMP_PEERS_MAX, &header, &up, families),
		ERROR_RANGE);
	peer_down(&w, 0);
	change(&w, 0, 1, false);
	bmp_station_peer_down(w.station, 9999, &(struct bmp_peer_down){ .reason = 4 },
		(struct wall_time){ 0 });
	read_all(&w);
	expect_story(&w, "I0 ");
	bmp_station_free(w.station);
}

/* ---- Chance. ---- */

static void step(struct world *w, struct random *random, bool *connected, int64_t second)
{
	uint32_t peer = random_below(random, PEERS), what = random_below(random, 100);

	if (what < 70) {
		if (w->up[peer])
			for (uint32_t i = random_below(random, 60); i > 0; i--)
				change(w, peer, random_below(random, PREFIXES),
					random_below(random, 3) == 0);
	} else if (what < 76) {
		peer_up(w, peer);
	} else if (what < 80 && w->up[peer]) {
		peer_down(w, peer);
	} else if (what < 97) {
		/* Small rooms too: then whatever fits. */
		(void)read_some(w, random_below(random, 4) == 0 ? 300 : BMP_OUTPUT_LEAST);
	} else if (*connected && what < 98) {
		(void)bmp_station_disconnected(
			w->station, (struct instant){ 1 + second * 1000000000 });
		*connected = false;
	} else if (!*connected) {
		connect_station(w, second);
		*connected = true;
	}
	assert_true(bmp_station_count(w->station).queued <= BMP_QUEUE_LEAST);
}

static void test_chance(void **state)
{
	uint64_t resyncs = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 150; seed++) {
		struct random random = { seed };
		struct world w;
		bool connected = false;

		world_open(&w, 0);
		w.tell = false;
		for (int64_t i = 0; i < 1000; i++)
			step(&w, &random, &connected, i);
		if (!connected)
			connect_station(&w, 1000);
		read_all(&w);
		expect_mirror(&w);
		resyncs += bmp_station_count(w.station).resyncs;
		bmp_station_free(w.station);
	}
	assert_true(resyncs > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_flap),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_down_after_overflow),
		cmocka_unit_test(test_reconnect),
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_two_views),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
