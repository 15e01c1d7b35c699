/* SPDX-License-Identifier: Apache-2.0 */
/* Every message, and everything that is no message, in every state: RFC 4271 sections 6.1, 6.3,
 * 6.5 and 8.2.2, RFC 6608; and every call of the host in every state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "hand.h"

static void to_state(struct hand *hand, enum session_state wanted)
{
	struct bgp_open open = hand_open();

	if (wanted >= SESSION_OPEN_SENT)
		hand_connect(hand, OUT);
	if (wanted >= SESSION_OPEN_CONFIRM)
		hand_send_open(hand, OUT, &open);
	if (wanted == SESSION_ESTABLISHED)
		hand_send_keepalive(hand, OUT);
	assert_int_equal(hand_state(hand), wanted);
	hand_drain(hand, OUT);
}

enum said {
	SAID_OPEN,
	SAID_UPDATE,
	SAID_NOTIFICATION,
	SAID_KEEPALIVE,
	SAID_REFRESH,
	SAID_TYPE_0,
	SAID_TYPE_6,
	SAID_TYPE_255,
	SAID_BAD_MARKER,
	SAID_SHORT_LENGTH,
	SAID_LONG_LENGTH,
	SAID_LONG_KEEPALIVE,
	SAID_SHORT_OPEN,
	SAID_SHORT_UPDATE,
	SAID_SHORT_NOTIFICATION,
	SAID_SHORT_REFRESH,
	SAID_COUNT,
};

/* A header with this type and length, and zeroes behind. */
static void header(struct hand *hand, uint8_t type, uint16_t length)
{
	uint8_t bytes[64] = { 0 };

	memset(bytes, 0xff, 16);
	bytes_put_u16(bytes + 16, length);
	bytes[18] = type;
	/* A header's worth at least, whatever it says of itself. */
	if (length < BGP_HEADER_SIZE)
		length = BGP_HEADER_SIZE;
	hand_send(hand, OUT, bytes, length < sizeof(bytes) ? length : sizeof(bytes));
}

static void say(struct hand *hand, enum said what)
{
	struct bgp_open open = hand_open();
	uint8_t bad[19] = { 0 };

	switch (what) {
	case SAID_OPEN:
		hand_send_open(hand, OUT, &open);
		break;
	case SAID_UPDATE:
		hand_end_of_rib(hand, OUT, BGP_IPV4_UNICAST);
		break;
	case SAID_NOTIFICATION:
		hand_send_notification(hand, OUT, BGP_ERROR_CEASE, BGP_CEASE_ADMIN_RESET);
		break;
	case SAID_KEEPALIVE:
		hand_send_keepalive(hand, OUT);
		break;
	case SAID_REFRESH:
		hand_send_refresh(hand, OUT, BGP_IPV4_UNICAST, BGP_REFRESH_REQUEST);
		break;
	case SAID_TYPE_0:
		header(hand, 0, 19);
		break;
	case SAID_TYPE_6:
		header(hand, 6, 19);
		break;
	case SAID_TYPE_255:
		header(hand, 255, 30);
		break;
	case SAID_BAD_MARKER:
		bytes_put_u16(bad + 16, 19);
		bad[18] = BGP_KEEPALIVE;
		hand_send(hand, OUT, bad, sizeof(bad));
		break;
	case SAID_SHORT_LENGTH:
		header(hand, BGP_KEEPALIVE, 18);
		break;
	case SAID_LONG_LENGTH:
		header(hand, BGP_OPEN, BGP_MESSAGE_MAX + 1);
		break;
	case SAID_LONG_KEEPALIVE:
		header(hand, BGP_KEEPALIVE, 20);
		break;
	case SAID_SHORT_OPEN:
		header(hand, BGP_OPEN, 28);
		break;
	case SAID_SHORT_UPDATE:
		header(hand, BGP_UPDATE, 22);
		break;
	case SAID_SHORT_NOTIFICATION:
		header(hand, BGP_NOTIFICATION, 20);
		break;
	case SAID_SHORT_REFRESH:
		header(hand, BGP_ROUTE_REFRESH, 22);
		break;
	case SAID_COUNT:
		break;
	}
}

/* What follows: the next state, or a NOTIFICATION and Idle. */
struct outcome {
	enum session_state next;
	uint8_t code, subcode;
};

#define TO(state)           \
	{                   \
		state, 0, 0 \
	}
#define ENDS(code, subcode)                 \
	{                                   \
		SESSION_IDLE, code, subcode \
	}
#define SILENT                     \
	{                          \
		SESSION_IDLE, 0, 0 \
	}

static const struct outcome outcomes[SAID_COUNT][3] = {
	[SAID_OPEN] = { TO(SESSION_OPEN_CONFIRM), ENDS(5, 2), ENDS(5, 3) },
	[SAID_UPDATE] = { ENDS(5, 1), ENDS(5, 2), TO(SESSION_ESTABLISHED) },
	[SAID_NOTIFICATION] = { SILENT, SILENT, SILENT },
	[SAID_KEEPALIVE] = { ENDS(5, 1), TO(SESSION_ESTABLISHED), TO(SESSION_ESTABLISHED) },
	[SAID_REFRESH] = { ENDS(5, 1), ENDS(5, 2), TO(SESSION_ESTABLISHED) },
	[SAID_TYPE_0] = { ENDS(1, 3), ENDS(1, 3), ENDS(1, 3) },
	[SAID_TYPE_6] = { ENDS(1, 3), ENDS(1, 3), ENDS(1, 3) },
	[SAID_TYPE_255] = { ENDS(1, 3), ENDS(1, 3), ENDS(1, 3) },
	[SAID_BAD_MARKER] = { ENDS(1, 1), ENDS(1, 1), ENDS(1, 1) },
	[SAID_SHORT_LENGTH] = { ENDS(1, 2), ENDS(1, 2), ENDS(1, 2) },
	[SAID_LONG_LENGTH] = { ENDS(1, 2), ENDS(1, 2), ENDS(1, 2) },
	[SAID_LONG_KEEPALIVE] = { ENDS(1, 2), ENDS(1, 2), ENDS(1, 2) },
	[SAID_SHORT_OPEN] = { ENDS(1, 2), ENDS(1, 2), ENDS(1, 2) },
	[SAID_SHORT_UPDATE] = { ENDS(1, 2), ENDS(1, 2), ENDS(1, 2) },
	[SAID_SHORT_NOTIFICATION] = { ENDS(1, 2), ENDS(1, 2), ENDS(1, 2) },
	[SAID_SHORT_REFRESH] = { ENDS(5, 1), ENDS(5, 2), ENDS(7, 1) },
};

static void every_message_in_every_state(void **state)
{
	(void)state;
	for (int what = 0; what < SAID_COUNT; what++) {
		for (int s = 0; s < 3; s++) {
			const struct outcome *expected = &outcomes[what][s];
			struct hand *hand = hand_new(NULL);

			to_state(hand, (enum session_state)(SESSION_OPEN_SENT + s));
			say(hand, (enum said)what);
			if (hand_state(hand) != expected->next)
				fail_msg("message %d in %s leads to %s", what,
					session_state_name(
						(enum session_state)(SESSION_OPEN_SENT + s)),
					session_state_name(hand_state(hand)));
			if (expected->next == SESSION_IDLE) {
				hand_expect_end(hand, OUT, expected->code, expected->subcode);
				hand_advance(hand, duration_seconds(1));
				hand_establish(hand, OUT, NULL);
			}
			hand_free(hand);
		}
	}
}

/* Without our capability, ROUTE-REFRESH is a type that we do not know. */
static void refresh_that_was_not_offered(void **state)
{
	struct neighbor_settings settings = hand_settings();
	struct bgp_notification n;
	struct hand *hand;

	(void)state;
	settings.capabilities = false;
	hand = hand_new(&settings);
	to_state(hand, SESSION_ESTABLISHED);
	hand_send_refresh(hand, OUT, BGP_IPV4_UNICAST, BGP_REFRESH_REQUEST);
	n = hand_expect_end(hand, OUT, BGP_ERROR_HEADER, BGP_HEADER_BAD_TYPE);
	assert_int_equal(n.data[0], BGP_ROUTE_REFRESH);
	hand_free(hand);
}

/* RFC 7313 section 5: the NOTIFICATION carries the whole message, also one that came in pieces.
 */
static void refresh_of_a_wrong_length(void **state)
{
	struct hand *hand = hand_new(NULL);
	struct bgp_notification n;
	uint8_t bytes[1019];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = i < 16 ? 0xff : (uint8_t)i;
	bytes_put_u16(bytes + 16, sizeof(bytes));
	bytes[18] = BGP_ROUTE_REFRESH;
	to_state(hand, SESSION_ESTABLISHED);
	hand_send(hand, OUT, bytes, 500);
	hand_send(hand, OUT, bytes + 500, sizeof(bytes) - 500);
	n = hand_expect_end(hand, OUT, BGP_ERROR_ROUTE_REFRESH, BGP_REFRESH_INVALID_LENGTH);
	assert_int_equal(n.data_length, sizeof(bytes));
	assert_memory_equal(n.data, bytes, sizeof(bytes));
	hand_free(hand);
}

/* RFC 7606 section 2: what cannot even be taken apart ends the session. */
static void unreadable_update_ends_the_session(void **state)
{
	static const uint8_t update[] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
		255, 255, 255, 255, 255, 0, 23, 2, 0, 9, 0, 0 };
	struct hand *hand = hand_new(NULL);

	(void)state;
	to_state(hand, SESSION_ESTABLISHED);
	hand_send(hand, OUT, update, sizeof(update));
	hand_expect_end(hand, OUT, BGP_ERROR_UPDATE, BGP_UPDATE_MALFORMED_ATTRIBUTES);
	assert_non_null(hand_event(hand, SPEAKER_MALFORMED));
	assert_int_equal(hand_counter(hand, COUNTER_SESSION_RESET), 1);
	hand_free(hand);
}

/* RFC 7606 section 2, RFC 4760 section 7: a withdrawn IPv6 prefix of 129 bits ends that family
 * and nothing else; nothing more of it is listened to until the next session. */
static void a_lost_family_leaves_the_other(void **state)
{
	static const uint8_t update[47] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
		255, 255, 255, 255, 255, 255, 0, 47, 2, 0, 0, 0, 24, 0x80, 15, 21, 0, 2, 1,
		129 };
	struct hand *hand = hand_new(NULL);

	(void)state;
	hand_establish(hand, OUT, NULL);
	hand_announce(hand, OUT, "198.51.100.0/24", NULL);
	hand_announce(hand, OUT, "2001:db8:1::/48", NULL);
	hand_send(hand, OUT, update, sizeof(update));
	assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
	assert_true(hand_holds(hand, "198.51.100.0/24", NULL));
	assert_false(hand_holds(hand, "2001:db8:1::/48", NULL));
	hand_announce(hand, OUT, "2001:db8:2::/48", NULL);
	hand_announce(hand, OUT, "203.0.113.0/24", NULL);
	assert_false(hand_holds(hand, "2001:db8:2::/48", NULL));
	assert_true(hand_holds(hand, "203.0.113.0/24", NULL));
	assert_non_null(hand_event(hand, SPEAKER_MALFORMED));
	assert_int_equal(hand_event_count(hand, SPEAKER_MALFORMED_UPDATE), 1);

	hand_lose(hand, OUT);
	hand_advance(hand, duration_seconds(30));
	hand_establish(hand, OUT, NULL);
	hand_announce(hand, OUT, "2001:db8:2::/48", NULL);
	assert_true(hand_holds(hand, "2001:db8:2::/48", NULL));
	hand_free(hand);
}

/* A whole conversation, cut everywhere: what comes out does not depend on the pieces. */
static void any_split_is_the_same(void **state)
{
	uint8_t stream[1024];
	struct writer w = writer_of(stream, sizeof(stream));
	struct bgp_open open = hand_open();
	struct bgp_context context = {
		.four_octet_as = true, .family = { true, true }, .message_max = BGP_MESSAGE_MAX
	};

	(void)state;
	bgp_open_write(&w, &open);
	bgp_keepalive_write(&w);
	for (uint8_t i = 0; i < 4; i++) {
		struct bgp_attributes attributes = hand_attributes(BGP_IPV4_UNICAST);
		struct bgp_route_key key = { .prefix = hand_prefix("198.51.0.0/24") };
		size_t written;

		key.prefix.address.bytes[2] = i;
		bgp_update_write(
			&w, &context, BGP_IPV4_UNICAST, &attributes, &key, 1, &written);
	}
	bgp_end_of_rib_write(&w, BGP_IPV4_UNICAST);
	assert_false(w.failed);
	for (size_t piece = 1; piece <= writer_length(&w); piece++) {
		struct hand *hand = hand_new(NULL);

		hand_connect(hand, OUT);
		for (size_t at = 0; at < writer_length(&w); at += piece) {
			size_t left = writer_length(&w) - at;

			hand_send(hand, OUT, stream + at, left < piece ? left : piece);
		}
		assert_int_equal(hand_state(hand), SESSION_ESTABLISHED);
		assert_int_equal(hand_view(hand).prefixes_in[BGP_IPV4_UNICAST], 4);
		assert_true(hand_view(hand).end_of_rib_in[BGP_IPV4_UNICAST]);
		assert_int_equal(hand_counter(hand, COUNTER_BYTES_IN), writer_length(&w));
		hand_free(hand);
	}
}

/* ---- What the host may do, whatever the state is. ---- */

enum act {
	ACT_ACCEPT,
	ACT_CONNECT,
	ACT_CONNECT_FAILED,
	ACT_LOSE_OUT,
	ACT_LOSE_IN,
	ACT_TICK,
	ACT_SHUTDOWN,
	ACT_ENABLE,
	ACT_RESET,
	ACT_REFRESH,
	ACT_ROUTE,
	ACT_ROUTE_REMOVE,
	ACT_CHANGE,
	ACT_GARBAGE_OUT,
	ACT_GARBAGE_IN,
	ACT_OPEN_OUT,
	ACT_OPEN_IN,
	ACT_KEEPALIVE_OUT,
	ACT_KEEPALIVE_IN,
	ACT_PROGRESS,
	ACT_COUNT,
};

static void change(struct hand *hand)
{
	struct neighbor_settings settings = hand_settings();

	settings.prepend = (unsigned)(hand->event_count % 3);
	settings.hold_time = duration_seconds(30 + (int64_t)(hand->event_count % 2));
	speaker_neighbor_change(hand->speaker, hand->neighbor, &settings, hand->now);
}

static void act(struct hand *hand, enum act what)
{
	struct bgp_open open = hand_open();
	struct prefix prefix = hand_prefix("198.51.100.0/24");
	static const uint8_t zeroes[40];

	switch (what) {
	case ACT_ACCEPT:
		(void)hand_accept(hand);
		break;
	case ACT_CONNECT:
		if (hand->connecting)
			hand_connect(hand, OUT);
		break;
	case ACT_CONNECT_FAILED:
		if (hand->connecting)
			speaker_connect_failed(
				hand->speaker, hand->neighbor, "refused", hand->now);
		hand->connecting = false;
		break;
	case ACT_LOSE_OUT:
	case ACT_LOSE_IN:
		if (hand->open[what == ACT_LOSE_IN])
			hand_lose(hand, what == ACT_LOSE_IN ? IN : OUT);
		break;
	case ACT_TICK:
		if (speaker_deadline(hand->speaker).ns != INT64_MAX)
			hand_advance(hand,
				instant_since(speaker_deadline(hand->speaker), hand->now));
		break;
	case ACT_SHUTDOWN:
		speaker_neighbor_shutdown(hand->speaker, hand->neighbor, "text", hand->now);
		break;
	case ACT_ENABLE:
		speaker_neighbor_enable(hand->speaker, hand->neighbor, hand->now);
		break;
	case ACT_RESET:
		speaker_neighbor_reset(hand->speaker, hand->neighbor, "text", hand->now);
		break;
	case ACT_REFRESH:
		assert_int_equal(speaker_neighbor_refresh(hand->speaker, hand->neighbor,
					 BGP_IPV6_UNICAST, hand->now),
			hand_state(hand) == SESSION_ESTABLISHED ? 0 : ERROR_STATE);
		break;
	case ACT_ROUTE:
		hand_route(hand, "198.51.100.0/24");
		break;
	case ACT_ROUTE_REMOVE:
		(void)speaker_route_remove(hand->speaker, &prefix, hand->now);
		break;
	case ACT_CHANGE:
		change(hand);
		break;
	case ACT_GARBAGE_OUT:
	case ACT_GARBAGE_IN:
		if (hand->open[what == ACT_GARBAGE_IN])
			hand_send(hand, what == ACT_GARBAGE_IN ? IN : OUT, zeroes, 40);
		break;
	case ACT_OPEN_OUT:
	case ACT_OPEN_IN:
		if (hand->open[what == ACT_OPEN_IN])
			hand_send_open(hand, what == ACT_OPEN_IN ? IN : OUT, &open);
		break;
	case ACT_KEEPALIVE_OUT:
	case ACT_KEEPALIVE_IN:
		if (hand->open[what == ACT_KEEPALIVE_IN])
			hand_send_keepalive(hand, what == ACT_KEEPALIVE_IN ? IN : OUT);
		break;
	case ACT_PROGRESS:
		speaker_progress(hand->speaker, hand->neighbor, OUT, true, hand->now);
		speaker_progress(hand->speaker, hand->neighbor, IN, false, hand->now);
		break;
	case ACT_COUNT:
		break;
	}
}

/* The invariants of session.c, from outside. */
static void check(const struct hand *hand)
{
	struct neighbor_view view = hand_view(hand);
	bool open = hand->open[OUT] || hand->open[IN];

	assert_true(instant_before(hand->now, speaker_deadline(hand->speaker)));
	switch (view.state) {
	case SESSION_IDLE:
		assert_false(open || hand->connecting);
		if (!view.admin_down)
			assert_true(speaker_deadline(hand->speaker).ns != INT64_MAX);
		break;
	case SESSION_CONNECT:
	case SESSION_ACTIVE:
		assert_false(open);
		assert_true(speaker_deadline(hand->speaker).ns != INT64_MAX);
		break;
	case SESSION_OPEN_SENT:
	case SESSION_OPEN_CONFIRM:
	case SESSION_ESTABLISHED:
		assert_true(open);
		break;
	}
	if (view.admin_down)
		assert_int_equal(view.state, SESSION_IDLE);
	assert_int_equal(
		view.state == SESSION_ESTABLISHED, instant_is_set(view.established_at));
	if (view.state == SESSION_ESTABLISHED)
		assert_false((hand->open[OUT] && hand->open[IN]) || hand->connecting);
}

/* Whatever happened: a neighbour that behaves gets its session. */
static void recovers(struct hand *hand)
{
	if (hand_view(hand).admin_down)
		speaker_neighbor_enable(hand->speaker, hand->neighbor, hand->now);
	if (hand->open[OUT])
		hand_lose(hand, OUT);
	if (hand->open[IN])
		hand_lose(hand, IN);
	for (int i = 0; i < 200 && !hand->connecting; i++)
		hand_advance(hand, duration_seconds(1));
	hand_establish(hand, OUT, NULL);
}

static void every_act_in_every_state(void **state)
{
	(void)state;
	for (int s = SESSION_IDLE; s <= SESSION_ESTABLISHED; s++) {
		for (int first = 0; first < ACT_COUNT; first++)
			for (int second = 0; second < ACT_COUNT; second++) {
				struct hand *hand = hand_new(NULL);

				if (s == SESSION_IDLE)
					speaker_neighbor_shutdown(
						hand->speaker, hand->neighbor, "", hand->now);
				else if (s == SESSION_ACTIVE)
					act(hand, ACT_CONNECT_FAILED);
				else if (s >= SESSION_OPEN_SENT)
					to_state(hand, (enum session_state)s);
				check(hand);
				act(hand, (enum act)first);
				check(hand);
				act(hand, (enum act)second);
				check(hand);
				recovers(hand);
				hand_free(hand);
			}
	}
}

static void long_random_lives(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 2000; seed++) {
		struct random random = { seed };
		struct hand *hand = hand_new(NULL);

		for (int i = 0; i < 60; i++) {
			act(hand, (enum act)random_below(&random, ACT_COUNT));
			check(hand);
		}
		recovers(hand);
		hand_free(hand);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_in_every_state),
		cmocka_unit_test(refresh_that_was_not_offered),
		cmocka_unit_test(refresh_of_a_wrong_length),
		cmocka_unit_test(unreadable_update_ends_the_session),
		cmocka_unit_test(a_lost_family_leaves_the_other),
		cmocka_unit_test(any_split_is_the_same),
		cmocka_unit_test(every_act_in_every_state),
		cmocka_unit_test(long_random_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
