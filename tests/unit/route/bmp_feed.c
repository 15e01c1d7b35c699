/* SPDX-License-Identifier: Apache-2.0 */
/* What BMP stations hear of a speaker whose neighbour is played by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "hand.h"
#include "route/bmp_feed.h"

/* A speaker, its feed, and what a station was told last. */
struct scene {
	struct hand *hand;
	struct bmp_feed feed;
	size_t events; /* handed on */
	unsigned ready;
	uint8_t bytes[BMP_OUTPUT_LEAST];
	size_t length, at;
	struct bmp_message message;
};

static void on_ready(void *context)
{
	struct scene *scene = context;

	scene->ready++;
}

/* Hand on the events that came. */
static void pump(struct scene *scene)
{
	for (; scene->events < scene->hand->event_count; scene->events++)
		bmp_feed_event(&scene->feed, &scene->hand->events[scene->events].event);
}

static struct scene *scene_new(void)
{
	struct scene *scene = test_calloc(1, sizeof(*scene));

	scene->hand = hand_new(NULL);
	scene->feed.speaker = scene->hand->speaker;
	scene->feed.now = (struct wall_time){ 1700000000123456000 };
	speaker_watch(scene->hand->speaker, bmp_feed_update, &scene->feed);
	return scene;
}

static void scene_free(struct scene *scene)
{
	bmp_feed_clear(&scene->feed);
	hand_free(scene->hand);
	test_free(scene);
}

static struct bmp_station *station_new(struct scene *scene)
{
	const struct bmp_station_settings settings = { .sys_name = "fra1",
		.sys_descr = "nearcast" };
	struct bmp_station *station = bmp_feed_add(&scene->feed, &settings, scene, on_ready);

	assert_non_null(station);
	bmp_station_connected(station, scene->hand->now);
	return station;
}

/* The next message of the station; false: none. */
static bool next(struct scene *scene, struct bmp_station *station)
{
	struct bmp_frame frame;

	if (scene->at == scene->length) {
		scene->length = bmp_station_output(station, scene->bytes, sizeof(scene->bytes));
		scene->at = 0;
	}
	if (scene->length == 0)
		return false;
	assert_int_equal(
		bmp_frame_read(scene->bytes + scene->at, scene->length - scene->at, &frame),
		BMP_FRAME_WHOLE);
	assert_int_equal(bmp_message_read(&frame, &scene->message), 0);
	scene->at += frame.length;
	return true;
}

static void expect(struct scene *scene, struct bmp_station *station, enum bmp_message_type type)
{
	assert_true(next(scene, station));
	assert_int_equal(scene->message.type, type);
	if (type == BMP_INITIATION)
		return;
	assert_int_equal(scene->message.peer.asn, 64501);
	assert_int_equal(scene->message.peer.type, BMP_PEER_GLOBAL);
	assert_true(address_equal(
		&scene->message.peer.address, &hand_view(scene->hand).settings->address));
}

/* The UPDATE in hand announces (or withdraws) this prefix. */
static void expect_prefix(struct scene *scene, const char *prefix, bool withdrawn)
{
	static const struct bgp_context context = { .four_octet_as = true,
		.family = { true, true },
		.message_max = BGP_EXTENDED_MESSAGE_MAX };
	struct bgp_frame frame;
	struct bgp_fault fault;
	struct bgp_update update;
	struct arena arena = { 0 };
	char text[PREFIX_TEXT_MAX];
	struct bgp_nlri *lists;
	unsigned which;

	assert_int_equal(
		bgp_frame_read(scene->message.update.at, cursor_left(&scene->message.update),
			BGP_MESSAGE_MAX, &frame, &fault),
		BGP_FRAME_WHOLE);
	assert_int_equal(bgp_update_read(frame.body, &context, &arena, &update), 0);
	lists = withdrawn ? update.withdrawn : update.announced;
	which = cursor_left(&lists[0].bytes) > 0 ? 0 : 1;
	assert_string_equal(hand_first(lists[which], text), prefix);
	arena_clear(&arena);
}

static void expect_end_of_rib(struct scene *scene, struct bmp_station *station)
{
	for (int f = 0; f < BGP_UNICAST_COUNT; f++) {
		expect(scene, station, BMP_ROUTE_MONITORING);
		assert_true(cursor_left(&scene->message.update) <= 30);
	}
}

/* ---- Stories. ---- */

static void test_session(void **state)
{
	struct scene *s = scene_new();
	struct bmp_station *station = station_new(s);
	struct bgp_frame frame;
	struct bgp_fault fault;
	struct bgp_open open;

	(void)state;
	expect(s, station, BMP_INITIATION);
	hand_establish(s->hand, OUT, NULL);
	pump(s);
	assert_true(s->ready > 0);
	expect(s, station, BMP_PEER_UP);
	assert_int_equal(s->message.peer.time.ns, s->feed.now.ns);
	assert_int_equal(bgp_frame_read(s->message.up.received_open.at,
				 cursor_left(&s->message.up.received_open), BGP_MESSAGE_MAX,
				 &frame, &fault),
		BGP_FRAME_WHOLE);
	assert_int_equal(bgp_open_read(frame.body, &open, &fault), 0);
	assert_int_equal(open.asn, 64501);
	assert_int_equal(
		bgp_frame_read(s->message.up.sent_open.at,
			cursor_left(&s->message.up.sent_open), BGP_MESSAGE_MAX, &frame, &fault),
		BGP_FRAME_WHOLE);
	assert_int_equal(bgp_open_read(frame.body, &open, &fault), 0);
	assert_int_equal(open.asn, 64500);
	expect_end_of_rib(s, station);
	hand_announce(s->hand, OUT, "198.51.100.0/24", NULL);
	expect(s, station, BMP_ROUTE_MONITORING);
	expect_prefix(s, "198.51.100.0/24", false);
	hand_withdraw(s->hand, OUT, "198.51.100.0/24");
	expect(s, station, BMP_ROUTE_MONITORING);
	expect_prefix(s, "198.51.100.0/24", true);
	assert_false(next(s, station));
	scene_free(s);
}

/* Who comes later gets the table: both families, each route once, then End-of-RIB. */
static void test_table(void **state)
{
	struct scene *s = scene_new();
	struct bmp_station *station;

	(void)state;
	hand_establish(s->hand, OUT, NULL);
	hand_announce(s->hand, OUT, "198.51.100.0/24", NULL);
	hand_announce(s->hand, OUT, "203.0.113.0/24", NULL);
	hand_announce(s->hand, OUT, "2001:db8:1::/48", NULL);
	hand_withdraw(s->hand, OUT, "203.0.113.0/24");
	pump(s);
	station = station_new(s);
	expect(s, station, BMP_INITIATION);
	expect(s, station, BMP_PEER_UP);
	expect(s, station, BMP_ROUTE_MONITORING);
	expect_prefix(s, "198.51.100.0/24", false);
	expect(s, station, BMP_ROUTE_MONITORING);
	expect_prefix(s, "2001:db8:1::/48", false);
	expect_end_of_rib(s, station);
	assert_false(next(s, station));
	bmp_feed_remove(&s->feed, station);
	hand_announce(s->hand, OUT, "203.0.113.0/24", NULL);
	scene_free(s);
}

static void test_ends(void **state)
{
	struct scene *s = scene_new();
	struct bmp_station *station = station_new(s);

	(void)state;
	hand_establish(s->hand, OUT, NULL);
	pump(s);
	while (next(s, station))
		;
	hand_send_notification(s->hand, OUT, BGP_ERROR_CEASE, BGP_CEASE_ADMIN_RESET);
	pump(s);
	expect(s, station, BMP_PEER_DOWN);
	assert_int_equal(s->message.down.reason, BMP_DOWN_REMOTE_NOTIFICATION);
	assert_int_equal(
		s->message.down.notification.at[BGP_HEADER_SIZE + 1], BGP_CEASE_ADMIN_RESET);
	assert_false(next(s, station));
	scene_free(s);

	s = scene_new();
	station = station_new(s);
	hand_establish(s->hand, OUT, NULL);
	pump(s);
	while (next(s, station))
		;
	speaker_neighbor_shutdown(s->hand->speaker, s->hand->neighbor, "bye", s->hand->now);
	pump(s);
	expect(s, station, BMP_PEER_DOWN);
	assert_int_equal(s->message.down.reason, BMP_DOWN_LOCAL_NOTIFICATION);
	scene_free(s);

	s = scene_new();
	station = station_new(s);
	hand_establish(s->hand, OUT, NULL);
	pump(s);
	while (next(s, station))
		;
	hand_lose(s->hand, OUT);
	pump(s);
	expect(s, station, BMP_PEER_DOWN);
	assert_int_equal(s->message.down.reason, BMP_DOWN_LOCAL_EVENT);
	assert_int_equal(s->message.down.event, 18);
	scene_free(s);
}

static void test_statistics(void **state)
{
	struct scene *s = scene_new();
	struct bmp_station *station = station_new(s);
	struct bmp_stat stat;
	bool found = false;

	(void)state;
	bmp_feed_statistics(&s->feed);
	hand_establish(s->hand, OUT, NULL);
	pump(s);
	while (next(s, station))
		;
	hand_announce(s->hand, OUT, "2001:db8:1::/48", NULL);
	expect(s, station, BMP_ROUTE_MONITORING);
	bmp_feed_statistics(&s->feed);
	expect(s, station, BMP_STATISTICS);
	while (bmp_stat_next(&s->message.statistics, &stat))
		if (stat.type == BMP_STAT_FAMILY_ADJ_RIB_IN && stat.afi == BGP_AFI_IPV6 &&
			stat.safi == BGP_SAFI_UNICAST) {
			assert_int_equal(stat.value, 1);
			found = true;
		}
	assert_true(found);
	scene_free(s);
}

static void test_many_stations(void **state)
{
	struct scene *s = scene_new();
	const struct bmp_station_settings settings = { 0 };

	(void)state;
	for (unsigned i = 0; i < BMP_STATIONS_MAX; i++)
		assert_non_null(bmp_feed_add(&s->feed, &settings, NULL, NULL));
	assert_null(bmp_feed_add(&s->feed, &settings, NULL, NULL));
	hand_establish(s->hand, OUT, NULL);
	pump(s);
	hand_announce(s->hand, OUT, "2001:db8:1::/48", NULL);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_statistics),
		cmocka_unit_test(test_many_stations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
