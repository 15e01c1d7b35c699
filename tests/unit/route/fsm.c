/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state machine of one neighbour (RFC 4271 section 8), its timers, its ends and its
 * administrative verbs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hand.h"

/* ---- Coming up. ---- */

static void establishes_outgoing(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct neighbor_view view;

	(void)state;
	assert_int_equal(hand_state(hand), SESSION_CONNECT);
	assert_true(hand->connecting);
	hand_connect(hand, OUT);
	assert_int_equal(hand_state(hand), SESSION_OPEN_SENT);
	hand_free(hand);

	hand = hand_new(NULL);
	hand_establish(hand, OUT, NULL);
	view = hand_view(hand);
	assert_int_equal(view.hold_time_s, 90);
	assert_int_equal(view.keepalive_s, 30);
	assert_int_equal(view.remote_router_id, 0x0a000002);
	assert_true(view.agreed.family[BGP_IPV4_UNICAST]);
	assert_true(view.agreed.family[BGP_IPV6_UNICAST]);
	assert_true(view.agreed.extended_message);
	assert_true(view.end_of_rib_out[BGP_IPV4_UNICAST]);
	assert_true(view.end_of_rib_out[BGP_IPV6_UNICAST]);
	assert_int_equal(hand_event_count(hand, SPEAKER_ESTABLISHED), 1);
	assert_true(speaker_settled(hand->speaker));
	hand_free(hand);
}

static void establishes_incoming(void **state)
{
	struct neighbor_settings settings = hand_settings();
	struct hand *hand;

	(void)state;
	settings.passive = true;
	hand = hand_new(&settings);
	assert_int_equal(hand_state(hand), SESSION_ACTIVE);
	hand_advance(hand, duration_seconds(60));
	assert_int_equal(hand->connects, 0);
	hand_establish(hand, IN, NULL);
	hand_free(hand);
}

/* Connect-retry with the jitter of RFC 4271 section 10. */
static void connect_retries(void **state)
{
	struct hand *hand = hand_new(NULL);

	(void)state;
	for (unsigned i = 1; i <= 20; i++) {
		struct instant began = hand->now;
		struct duration waited;

		assert_int_equal(hand->connects, i);
		if (i % 2 == 0) {
			hand->connecting = false;
			speaker_connect_failed(
				hand->speaker, hand->neighbor, "connection refused", hand->now);
			assert_int_equal(hand_state(hand), SESSION_ACTIVE);
		}
		while (hand->connects == i)
			hand_advance(hand, duration_ms(10));
		waited = instant_since(hand->now, began);
		assert_in_range(duration_to_ms(waited), 3750, 5010);
		assert_int_equal(hand_state(hand), SESSION_CONNECT);
	}
	/* The hung attempts were called off; the same reason was told once. */
	assert_int_equal(hand->disconnects[OUT], 10);
	assert_int_equal(hand_event_count(hand, SPEAKER_REFUSED), 1);
	assert_string_equal(hand_view(hand).last_reason, "connection refused");
	hand_free(hand);
}

static void connect_retry_of_zero_does_not_spin(void **state)
{
	struct neighbor_settings settings = hand_settings();
	struct hand *hand;

	(void)state;
	settings.connect_retry = duration_seconds(0);
	hand = hand_new(&settings);
	hand_advance(hand, duration_seconds(10));
	assert_in_range(hand->connects, 50, 200);
	hand_free(hand);
}

/* ---- Collisions: RFC 4271 section 6.8, RFC 6286 section 2.3. For orders see collision.c. ----
 */

static void the_higher_identifier_decides(void **state)
{
	static const struct {
		uint32_t theirs, their_asn;
		enum connection_direction kept;
	} rows[] = {
		{ 0x0a000002, 64501,
			IN }, /* we are 10.0.0.1: it is higher, its connection stays */
		{ 0x0a000000, 64501, OUT },
		{ 0xfe000000, 64501, IN },
		{ 0x0a000001, 64501, IN }, /* equal: the AS number */
		{ 0x0a000001, 64499, OUT },
		{ 0x0a000001, 4200000000, IN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int first = 0; first < 2; first++) {
			struct neighbor_settings settings = hand_settings();
			struct bgp_open open = hand_open();
			enum connection_direction other = rows[i].kept == OUT ? IN : OUT;
			struct hand *hand;

			settings.asn = rows[i].their_asn;
			open.asn = open.capabilities.four_octet_asn = rows[i].their_asn;
			open.router_id = rows[i].theirs;
			hand = hand_new(&settings);
			hand_connect(hand, OUT);
			hand_connect(hand, IN);
			hand_send_open(hand, first == 0 ? OUT : IN, &open);
			assert_int_equal(hand_state(hand), SESSION_OPEN_CONFIRM);
			assert_true(hand->open[OUT] && hand->open[IN]);
			hand_send_open(hand, first == 0 ? IN : OUT, &open);
			hand_expect_end(hand, other, BGP_ERROR_CEASE, BGP_CEASE_COLLISION);
			assert_true(hand->open[rows[i].kept]);
			assert_int_equal(hand_state(hand), SESSION_OPEN_CONFIRM);
			hand_send_keepalive(hand, rows[i].kept);
			assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
			assert_int_equal(hand_counter(hand, COUNTER_COLLISIONS), 1);
			hand_free(hand);
		}
}

/* What is Established stays, whatever the identifiers say. */
static void the_established_one_wins(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct bgp_open open = hand_open();

	(void)state;
	hand_connect(hand, OUT);
	hand_connect(hand, IN);
	hand_send_open(hand, OUT, &open);
	hand_send_keepalive(hand, OUT);
	assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
	hand_expect_end(hand, IN, BGP_ERROR_CEASE, BGP_CEASE_COLLISION);
	hand_free(hand);
}

/* One of two fails: the other goes on. */
static void the_other_connection_goes_on(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct bgp_open open = hand_open();

	(void)state;
	hand_connect(hand, OUT);
	hand_connect(hand, IN);
	hand_send_open(hand, IN, &open);
	hand_lose(hand, IN);
	assert_int_equal(hand_state(hand), SESSION_OPEN_SENT);
	assert_true(hand->open[OUT]);
	hand_send_open(hand, OUT, &open);
	hand_send_keepalive(hand, OUT);
	assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
	hand_free(hand);
}

/* ---- Timers of a session. ---- */

static void hold_timer_expires(void **state)
{
	struct hand *hand = hand_new(NULL);

	(void)state;
	hand_establish(hand, OUT, NULL);
	hand_advance(hand, duration_ms(89900));
	assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
	hand_send_keepalive(hand, OUT);
	hand_advance(hand, duration_ms(89900));
	assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
	hand_announce(hand, OUT, "198.51.100.0/24", NULL);
	hand_advance(hand, duration_ms(89900));
	assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
	/* RFC 4271: only KEEPALIVE and UPDATE restart the timer. */
	hand_send_refresh(hand, OUT, BGP_IPV4_UNICAST, BGP_REFRESH_REQUEST);
	hand_advance(hand, duration_ms(101));
	hand_expect_end(hand, OUT, BGP_ERROR_HOLD_TIMER, 0);
	assert_int_equal(hand_event(hand, SPEAKER_DOWN)->event.code, BGP_ERROR_HOLD_TIMER);
	assert_true(hand_event(hand, SPEAKER_DOWN)->event.sent);
	hand_free(hand);
}

/* Until the OPEN comes a long hold time runs (RFC 4271 section 8.2.2 suggests four minutes). */
static void open_must_come(void **state)
{
	struct hand *hand = hand_new(NULL);

	(void)state;
	hand_connect(hand, OUT);
	hand_advance(hand, duration_seconds(239));
	assert_int_equal(hand_state(hand), SESSION_OPEN_SENT);
	hand_advance(hand, duration_seconds(2));
	hand_expect_end(hand, OUT, BGP_ERROR_HOLD_TIMER, 0);
	hand_free(hand);
}

static void keepalive_must_come(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct bgp_open open = hand_open();

	(void)state;
	hand_connect(hand, OUT);
	hand_send_open(hand, OUT, &open);
	assert_int_equal(hand_state(hand), SESSION_OPEN_CONFIRM);
	hand_advance(hand, duration_seconds(91));
	hand_expect_end(hand, OUT, BGP_ERROR_HOLD_TIMER, 0);
	hand_free(hand);
}

/* The keepalive that completes the session counts as one. */
static void hold_time_begins_anew_when_established(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct bgp_open open = hand_open();

	(void)state;
	hand_connect(hand, OUT);
	hand_send_open(hand, OUT, &open);
	hand_advance(hand, duration_seconds(80));
	hand_send_keepalive(hand, OUT);
	hand_advance(hand, duration_seconds(80));
	assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
	hand_free(hand);
}

/* Nothing of a connection is left in the next. */
static void a_new_connection_is_new(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct bgp_frame frame;
	static const uint8_t half[10] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 };

	(void)state;
	hand_establish(hand, OUT, NULL);
	hand->blocked = true;
	(void)speaker_neighbor_refresh(
		hand->speaker, hand->neighbor, BGP_IPV4_UNICAST, hand->now);
	hand_send(hand, OUT, half, sizeof(half));
	hand_lose(hand, OUT);
	hand->blocked = false;
	hand_advance(hand, duration_seconds(1));
	hand_connect(hand, OUT);
	assert_int_equal(hand_view(hand).hold_time_s, 0);
	hand_lose(hand, OUT);
	hand_advance(hand, duration_seconds(2));
	hand_connect(hand, OUT);
	hand_send_open(hand, OUT, &(struct bgp_open[]){ hand_open() }[0]);
	hand_send_keepalive(hand, OUT);
	assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
	while (hand_next(hand, OUT, &frame))
		assert_int_not_equal(frame.type, BGP_ROUTE_REFRESH);
	hand_free(hand);
}

static void keepalives_are_sent(void **state)
{
	struct hand *hand = hand_new(NULL);
	unsigned count = 0;
	struct bgp_frame frame;

	(void)state;
	hand_establish(hand, OUT, NULL);
	for (int i = 0; i < 60; i++) {
		hand_advance(hand, duration_seconds(10));
		hand_send_keepalive(hand, OUT);
	}
	while (hand_next(hand, OUT, &frame)) {
		assert_int_equal(frame.type, BGP_KEEPALIVE);
		count++;
	}
	/* 600 s, every 22.5 to 30 s. */
	assert_in_range(count, 20, 27);
	hand_free(hand);
}

static void hold_time_is_the_smaller_one(void **state)
{
	static const struct {
		int64_t ours, keepalive;
		uint16_t theirs, hold, every;
	} rows[] = {
		{ 90, 30, 90, 90, 30 },
		{ 90, 30, 30, 30, 10 },
		{ 30, 10, 180, 30, 10 },
		{ 180, 10, 180, 180, 10 },
		{ 90, 30, 3, 3, 1 },
		{ 90, 30, 0, 0, 0 },
		{ 0, 30, 90, 0, 0 },
		{ 9, 0, 9, 9, 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct neighbor_settings settings = hand_settings();
		struct bgp_open open = hand_open();
		struct hand *hand;

		settings.hold_time = duration_seconds(rows[i].ours);
		settings.keepalive = duration_seconds(rows[i].keepalive);
		open.hold_time_s = rows[i].theirs;
		hand = hand_new(&settings);
		hand_establish(hand, OUT, &open);
		assert_int_equal(hand_view(hand).hold_time_s, rows[i].hold);
		assert_int_equal(hand_view(hand).keepalive_s, rows[i].every);
		hand_free(hand);
	}
}

static void hold_time_zero_lasts(void **state)
{
	struct neighbor_settings settings = hand_settings();
	struct hand *hand;
	struct bgp_frame frame;

	(void)state;
	settings.hold_time = duration_seconds(0);
	hand = hand_new(&settings);
	hand_establish(hand, OUT, NULL);
	hand->blocked = true;
	hand_route(hand, "198.51.100.0/24");
	hand_advance(hand, duration_seconds(86400));
	assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
	hand->blocked = false;
	hand_expect(hand, OUT, BGP_UPDATE);
	assert_false(hand_next(hand, OUT, &frame)); /* not one keepalive */
	hand_free(hand);
}

/* RFC 9687: the neighbour talks, but does not read. */
static void send_hold_timer_expires(void **state)
{
	static const struct {
		int64_t configured, expires;
	} rows[] = { { 0, 480 }, { 100, 100 }, { 90, 91 }, { 20, 91 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct neighbor_settings settings = hand_settings();
		uint8_t buffer[BGP_EXTENDED_MESSAGE_MAX];
		struct hand *hand;

		settings.send_hold = duration_seconds(rows[i].configured);
		hand = hand_new(&settings);
		hand_establish(hand, OUT, NULL);
		hand_route(hand, "198.51.100.0/24");
		hand->blocked = true;
		hand_route(hand, "203.0.113.0/24");
		assert_true(speaker_output(hand->speaker, hand->neighbor, OUT, buffer,
				    sizeof(buffer), hand->now) > 0);
		for (int64_t s = 1; s < rows[i].expires; s++) {
			hand_advance(hand, duration_seconds(1));
			hand_send_keepalive(hand, OUT);
			assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
		}
		hand_advance(hand, duration_seconds(1));
		hand_expect_end(hand, OUT, BGP_ERROR_SEND_HOLD_TIMER, 0);
		hand_free(hand);
	}
}

static void progress_keeps_send_hold_off(void **state)
{
	struct neighbor_settings settings = hand_settings();
	uint8_t buffer[BGP_EXTENDED_MESSAGE_MAX];
	struct hand *hand;

	(void)state;
	settings.send_hold = duration_seconds(100);
	hand = hand_new(&settings);
	hand_establish(hand, OUT, NULL);
	hand->blocked = true;
	hand_route(hand, "203.0.113.0/24");
	assert_true(speaker_output(hand->speaker, hand->neighbor, OUT, buffer, sizeof(buffer),
			    hand->now) > 0);
	for (int i = 0; i < 10; i++) {
		hand_advance(hand, duration_seconds(60));
		hand_send_keepalive(hand, OUT);
		speaker_progress(hand->speaker, hand->neighbor, OUT, false, hand->now);
	}
	speaker_progress(hand->speaker, hand->neighbor, OUT, true, hand->now);
	for (int i = 0; i < 4; i++) {
		hand_advance(hand, duration_seconds(60));
		hand_send_keepalive(hand, OUT);
	}
	assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
	hand_free(hand);
}

/* ---- Going down. ---- */

/* RFC 4271 section 6.4: no NOTIFICATION answers a NOTIFICATION, whatever is in it. */
static void notification_is_not_answered(void **state)
{
	(void)state;
	for (int code = 0; code <= 255; code += code < 10 ? 1 : 49) {
		for (int stage = 0; stage < 3; stage++) {
			struct hand *hand = hand_new(NULL);
			struct bgp_open open = hand_open();

			if (stage < 2)
				hand_connect(hand, OUT);
			if (stage == 1)
				hand_send_open(hand, OUT, &open);
			if (stage == 2)
				hand_establish(hand, OUT, NULL);
			hand_send_notification(hand, OUT, (uint8_t)code, 2);
			assert_int_equal(hand_state(hand), SESSION_IDLE);
			hand_expect_end(hand, OUT, 0, 0);
			assert_false(hand_view(hand).last_sent);
			assert_int_equal(hand_view(hand).last_code, code);
			assert_int_equal(hand_view(hand).counters[COUNTER_NOTIFICATIONS_IN], 1);
			assert_int_equal(
				hand_view(hand).counters[COUNTER_NOTIFICATIONS_OUT], 0);
			hand_free(hand);
		}
	}
}

/* How long until the speaker tries again. */
static int64_t idle_ms(struct hand *hand)
{
	struct instant began = hand->now;
	unsigned connects = hand->connects;

	assert_int_equal(hand_state(hand), SESSION_IDLE);
	while (hand->connects == connects) {
		hand_advance(hand, duration_ms(10));
		assert_true(instant_since(hand->now, began).ns < duration_seconds(120).ns);
	}
	return duration_to_ms(instant_since(hand->now, began));
}

/* Failures in a row wait longer each time, up to a minute, and are tried for ever. */
static void backs_off(void **state)
{
	static const int64_t most[] = { 500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000,
		60000 };
	struct hand *hand = hand_new(NULL);
	struct bgp_open open = hand_open();

	(void)state;
	open.asn = open.capabilities.four_octet_asn = 64999;
	for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
		hand_connect(hand, OUT);
		hand_send_open(hand, OUT, &open);
		hand_expect_end(hand, OUT, BGP_ERROR_OPEN, BGP_OPEN_BAD_PEER_AS);
		/* Damped means that connecting to us does not go around it. */
		assert_int_equal(
			speaker_accept_begins(hand->speaker, hand->neighbor, hand->now), i < 3);
		assert_in_range(idle_ms(hand), most[i] * 3 / 4, most[i] + 10);
	}
	/* A session that stands for a while forgives all. */
	hand_establish(hand, OUT, NULL);
	hand_advance(hand, duration_seconds(31));
	hand_lose(hand, OUT);
	assert_in_range(idle_ms(hand), 375, 510);
	hand_free(hand);
}

/* Timers of what ended do not shorten the wait: an attempt was under way when it failed. */
static void the_wait_is_not_cut_short(void **state)
{
	struct neighbor_settings settings = hand_settings();
	struct bgp_open open = hand_open();
	struct hand *hand;
	unsigned connects;

	(void)state;
	settings.connect_retry = duration_seconds(1);
	hand = hand_new(&settings);
	open.asn = open.capabilities.four_octet_asn = 64999;
	for (int i = 0; i < 6; i++) {
		hand_connect(hand, OUT);
		hand_send_open(hand, OUT, &open);
		idle_ms(hand);
	}
	assert_true(hand->connecting);
	assert_true(hand_accept(hand)); /* in Connect it may come in */
	hand_send_open(hand, IN, &open);
	assert_int_equal(hand_state(hand), SESSION_IDLE);
	assert_false(hand->connecting);
	connects = hand->connects;
	hand_advance(hand, duration_seconds(20)); /* 32 s are due, with jitter 24 */
	assert_int_equal(hand->connects, connects);
	hand_free(hand);
}

/* A neighbour that comes up and falls at once, again and again, is not asked twice a second. */
static void oscillation_is_damped(void **state)
{
	struct hand *hand = hand_new(NULL);
	int64_t waited = 0;

	(void)state;
	for (int i = 0; i < 8; i++) {
		hand_establish(hand, OUT, NULL);
		hand_send_notification(
			hand, OUT, BGP_ERROR_UPDATE, BGP_UPDATE_MALFORMED_ATTRIBUTES);
		waited = idle_ms(hand);
	}
	assert_in_range(waited, 45000, 60010);
	/* What somebody did on purpose is no fault. */
	hand_establish(hand, OUT, NULL);
	hand_send_notification(hand, OUT, BGP_ERROR_CEASE, BGP_CEASE_ADMIN_RESET);
	assert_in_range(idle_ms(hand), 375, 510);
	hand_free(hand);
}

static void lost_connection_comes_back(void **state)
{
	struct hand *hand = hand_new(NULL);

	(void)state;
	hand_establish(hand, OUT, NULL);
	hand_lose(hand, OUT);
	assert_int_equal(hand_state(hand), SESSION_IDLE);
	assert_string_equal(hand_event(hand, SPEAKER_DOWN)->reason, "connection reset");
	/* It may come from the other side before we try. */
	hand_establish(hand, IN, NULL);
	hand_free(hand);
}

/* ---- Verbs. ---- */

static void shutdown_says_why(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct bgp_notification n;

	(void)state;
	hand_establish(hand, OUT, NULL);
	hand_announce(hand, OUT, "198.51.100.0/24", NULL);
	speaker_neighbor_shutdown(hand->speaker, hand->neighbor,
		"maintenance, back at 14:00 — ☎ 4711", hand->now);
	n = hand_expect_end(hand, OUT, BGP_ERROR_CEASE, BGP_CEASE_ADMIN_SHUTDOWN);
	assert_string_equal(n.text, "maintenance, back at 14:00 — ☎ 4711");
	/* Both sides said N: only a Hard Reset makes it forget our routes (RFC 8538). */
	assert_true(n.hard_reset);
	assert_int_equal(hand_state(hand), SESSION_IDLE);
	assert_true(hand_view(hand).admin_down);
	assert_int_equal(hand_view(hand).prefixes_in[BGP_IPV4_UNICAST], 0);
	hand_advance(hand, duration_seconds(3600));
	assert_int_equal(hand->connects, 1);
	assert_false(hand_accept(hand));

	speaker_neighbor_enable(hand->speaker, hand->neighbor, hand->now);
	assert_int_equal(hand_state(hand), SESSION_CONNECT);
	hand_establish(hand, OUT, NULL);
	hand_free(hand);
}

static void shutdown_without_restart_is_plain(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct bgp_open open = hand_open();
	struct bgp_notification n;

	(void)state;
	open.capabilities.restart_notification = false;
	hand_establish(hand, OUT, &open);
	speaker_neighbor_shutdown(hand->speaker, hand->neighbor, "bye", hand->now);
	n = hand_expect_end(hand, OUT, BGP_ERROR_CEASE, BGP_CEASE_ADMIN_SHUTDOWN);
	assert_false(n.hard_reset);
	assert_string_equal(n.text, "bye");
	hand_free(hand);
}

static void received_shutdown_text_is_shown(void **state)
{
	struct hand *hand = hand_new(NULL);
	uint8_t buffer[512];
	struct writer w = writer_of(buffer, sizeof(buffer));

	(void)state;
	hand_establish(hand, OUT, NULL);
	bgp_cease_write(&w, BGP_CEASE_ADMIN_SHUTDOWN, "changing fibre", false);
	hand_send(hand, OUT, buffer, writer_length(&w));
	assert_non_null(strstr(hand_event(hand, SPEAKER_DOWN)->reason, "changing fibre"));
	assert_non_null(strstr(hand_view(hand).last_reason, "changing fibre"));
	hand_free(hand);
}

static void reset_starts_at_once(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct bgp_notification n;

	(void)state;
	hand_establish(hand, OUT, NULL);
	speaker_neighbor_reset(hand->speaker, hand->neighbor, "new password", hand->now);
	n = hand_expect_end(hand, OUT, BGP_ERROR_CEASE, BGP_CEASE_ADMIN_RESET);
	assert_string_equal(n.text, "new password");
	assert_int_equal(hand_state(hand), SESSION_CONNECT);
	hand_free(hand);
}

static void removal_is_told(void **state)
{
	struct hand *hand = hand_new(NULL);

	(void)state;
	hand_establish(hand, OUT, NULL);
	speaker_neighbor_remove(hand->speaker, hand->neighbor, hand->now);
	hand_expect_end(hand, OUT, BGP_ERROR_CEASE, BGP_CEASE_PEER_DECONFIGURED);
	assert_null(speaker_neighbor_next(hand->speaker, NULL));
	assert_int_equal(speaker_deadline(hand->speaker).ns, INT64_MAX);
	hand_free(hand);
}

/* An attempt under way is called off, so that the host never reports to a freed neighbour. */
static void removal_calls_the_attempt_off(void **state)
{
	struct hand *hand = hand_new(NULL);

	(void)state;
	assert_true(hand->connecting);
	hand_connect(hand, IN); /* the state is OpenSent now, the attempt goes on */
	speaker_neighbor_remove(hand->speaker, hand->neighbor, hand->now);
	assert_false(hand->connecting);
	assert_int_equal(hand->disconnects[OUT], 1);
	assert_int_equal(hand->disconnects[IN], 1);
	hand_free(hand);
}

static void stop_withdraws_or_keeps(void **state)
{
	(void)state;
	for (int keep = 0; keep < 2; keep++) {
		struct hand *hand = hand_new(NULL);

		hand_establish(hand, OUT, NULL);
		speaker_stop(hand->speaker, keep, "host goes down", hand->now);
		if (keep)
			hand_expect_end(hand, OUT, 0, 0);
		else
			assert_true(hand_expect_end(
				hand, OUT, BGP_ERROR_CEASE, BGP_CEASE_ADMIN_SHUTDOWN)
					    .hard_reset);
		hand_advance(hand, duration_seconds(600));
		assert_int_equal(hand->connects, 1);
		assert_false(hand_accept(hand));
		hand_free(hand);
	}
}

/* Only what was told in the OPEN needs a new session. */
static void change_keeps_sessions(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct neighbor_settings settings = hand_settings();

	(void)state;
	hand_route(hand, "198.51.100.0/24");
	hand_establish(hand, OUT, NULL);
	assert_false(
		speaker_neighbor_change(hand->speaker, hand->neighbor, &settings, hand->now));
	assert_true(speaker_settled(hand->speaker));
	settings.connect_retry = duration_seconds(1);
	settings.maximum_prefixes = 10;
	settings.prepend = 2;
	assert_false(
		speaker_neighbor_change(hand->speaker, hand->neighbor, &settings, hand->now));
	hand_expect(hand, OUT, BGP_UPDATE);
	assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);

	settings.hold_time = duration_seconds(30);
	assert_true(
		speaker_neighbor_change(hand->speaker, hand->neighbor, &settings, hand->now));
	hand_expect_end(hand, OUT, BGP_ERROR_CEASE, BGP_CEASE_CONFIG_CHANGE);
	assert_int_equal(hand_state(hand), SESSION_CONNECT);
	hand_free(hand);
}

/* A reload must not undo what the operator did by hand. */
static void change_respects_the_operator(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct neighbor_settings settings = hand_settings();

	(void)state;
	speaker_neighbor_shutdown(hand->speaker, hand->neighbor, "", hand->now);
	settings.prepend = 3;
	speaker_neighbor_change(hand->speaker, hand->neighbor, &settings, hand->now);
	assert_true(hand_view(hand).admin_down);
	speaker_neighbor_enable(hand->speaker, hand->neighbor, hand->now);

	settings.shutdown = true;
	assert_true(
		speaker_neighbor_change(hand->speaker, hand->neighbor, &settings, hand->now));
	assert_true(hand_view(hand).admin_down);
	settings.shutdown = false;
	speaker_neighbor_change(hand->speaker, hand->neighbor, &settings, hand->now);
	assert_false(hand_view(hand).admin_down);
	assert_int_equal(hand_state(hand), SESSION_CONNECT);
	hand_free(hand);
}

/* A right configuration is tried at once, however long the wrong one had to wait. */
static void change_ends_the_wait(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct neighbor_settings settings = hand_settings();
	struct bgp_open open = hand_open();

	(void)state;
	open.asn = open.capabilities.four_octet_asn = 64999;
	for (int i = 0; i < 6; i++) {
		hand_connect(hand, OUT);
		hand_send_open(hand, OUT, &open);
		if (i < 5)
			idle_ms(hand);
	}
	assert_int_equal(hand_state(hand), SESSION_IDLE);
	settings.asn = 64999;
	speaker_neighbor_change(hand->speaker, hand->neighbor, &settings, hand->now);
	hand_establish(hand, OUT, &open);
	hand_free(hand);
}

static void refusal_is_a_cease(void **state)
{
	uint8_t buffer[64];
	struct bgp_frame frame;
	struct bgp_fault fault;
	struct bgp_notification n;
	size_t length = speaker_refusal(buffer, sizeof(buffer));

	(void)state;
	assert_int_equal(bgp_frame_read(buffer, length, BGP_MESSAGE_MAX, &frame, &fault),
		BGP_FRAME_WHOLE);
	assert_int_equal(bgp_notification_read(frame.body, &n), 0);
	assert_int_equal(n.code, BGP_ERROR_CEASE);
	assert_int_equal(n.subcode, BGP_CEASE_CONNECTION_REJECTED);
	assert_int_equal(speaker_refusal(buffer, 10), 0);
}

static void neighbors_are_found(void **state)
{
	struct speaker_settings speaker_settings = hand_speaker_settings();
	struct neighbor_settings settings = hand_settings();
	struct hand *hand = hand_new_with(&speaker_settings, &settings);
	struct address link_local = hand_address("fe80::1"),
		       address = hand_address("192.0.2.1");
	struct neighbor *second, *third;

	(void)state;
	snprintf(settings.name, sizeof(settings.name), "%s", "left");
	settings.address = link_local;
	snprintf(settings.interface, sizeof(settings.interface), "%s", "eth0");
	second = speaker_neighbor_add(hand->speaker, &settings, hand->now);
	snprintf(settings.name, sizeof(settings.name), "%s", "right");
	snprintf(settings.interface, sizeof(settings.interface), "%s", "eth1");
	third = speaker_neighbor_add(hand->speaker, &settings, hand->now);
	assert_ptr_equal(speaker_neighbor_by_name(hand->speaker, "right"), third);
	assert_null(speaker_neighbor_by_name(hand->speaker, "nobody"));
	assert_ptr_equal(
		speaker_neighbor_by_address(hand->speaker, &address, "eth9"), hand->neighbor);
	assert_ptr_equal(
		speaker_neighbor_by_address(hand->speaker, &link_local, "eth0"), second);
	assert_ptr_equal(
		speaker_neighbor_by_address(hand->speaker, &link_local, "eth1"), third);
	assert_null(speaker_neighbor_by_address(hand->speaker, &link_local, "eth2"));
	assert_ptr_equal(speaker_neighbor_next(hand->speaker, NULL), hand->neighbor);
	assert_ptr_equal(speaker_neighbor_next(hand->speaker, hand->neighbor), second);
	assert_null(speaker_neighbor_next(hand->speaker, third));
	hand_free(hand);
}

static void neighbors_are_capped(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct neighbor_settings settings = hand_settings();
	unsigned count = 1;

	(void)state;
	settings.passive = true;
	while (speaker_neighbor_add(hand->speaker, &settings, hand->now) != NULL)
		count++;
	assert_int_equal(count, 1024);
	hand_free(hand);
}

static void names_are_there(void **state)
{
	(void)state;
	for (int i = 0; i < NEIGHBOR_COUNTERS; i++) {
		assert_non_null(neighbor_counter_name((enum neighbor_counter)i));
		assert_string_not_equal(
			neighbor_counter_name((enum neighbor_counter)i), "unknown");
	}
	assert_string_equal(session_state_name(SESSION_OPEN_CONFIRM), "OpenConfirm");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(establishes_outgoing),
		cmocka_unit_test(establishes_incoming),
		cmocka_unit_test(connect_retries),
		cmocka_unit_test(connect_retry_of_zero_does_not_spin),
		cmocka_unit_test(the_higher_identifier_decides),
		cmocka_unit_test(the_established_one_wins),
		cmocka_unit_test(the_other_connection_goes_on),
		cmocka_unit_test(hold_timer_expires),
		cmocka_unit_test(open_must_come),
		cmocka_unit_test(keepalive_must_come),
		cmocka_unit_test(hold_time_begins_anew_when_established),
		cmocka_unit_test(a_new_connection_is_new),
		cmocka_unit_test(keepalives_are_sent),
		cmocka_unit_test(hold_time_is_the_smaller_one),
		cmocka_unit_test(hold_time_zero_lasts),
		cmocka_unit_test(send_hold_timer_expires),
		cmocka_unit_test(progress_keeps_send_hold_off),
		cmocka_unit_test(notification_is_not_answered),
		cmocka_unit_test(backs_off),
		cmocka_unit_test(the_wait_is_not_cut_short),
		cmocka_unit_test(oscillation_is_damped),
		cmocka_unit_test(lost_connection_comes_back),
		cmocka_unit_test(shutdown_says_why),
		cmocka_unit_test(shutdown_without_restart_is_plain),
		cmocka_unit_test(received_shutdown_text_is_shown),
		cmocka_unit_test(reset_starts_at_once),
		cmocka_unit_test(removal_is_told),
		cmocka_unit_test(removal_calls_the_attempt_off),
		cmocka_unit_test(stop_withdraws_or_keeps),
		cmocka_unit_test(change_keeps_sessions),
		cmocka_unit_test(change_respects_the_operator),
		cmocka_unit_test(change_ends_the_wait),
		cmocka_unit_test(refusal_is_a_cease),
		cmocka_unit_test(neighbors_are_found),
		cmocka_unit_test(neighbors_are_capped),
		cmocka_unit_test(names_are_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
