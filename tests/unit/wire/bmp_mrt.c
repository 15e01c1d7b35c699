/* SPDX-License-Identifier: Apache-2.0 */
/* From BMP to MRT: sessions and messages, views, path identifiers, what is left out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "wire/bgp_open.h"
#include "wire/bgp_update.h"
#include "wire/bmp_mrt.h"

#define LOGGED_MAX 8192

/* What the sink was told. */
static struct {
	struct mrt_message messages[LOGGED_MAX];
	struct wall_time times[LOGGED_MAX];
	size_t count;
	int answer;
} logged;

static int log_message(void *context, struct wall_time time, const struct mrt_message *message)
{
	(void)context;
	assert_in_range(logged.count, 0, LOGGED_MAX - 1);
	logged.times[logged.count] = time;
	logged.messages[logged.count++] = *message;
	return logged.answer;
}

static const struct bmp_mrt_sink sink = { NULL, log_message };
static const struct wall_time now = { 7000000000 };

static struct address address(const char *text)
{
	struct address found;

	assert_int_equal(address_parse(text, &found), 0);
	return found;
}

static struct bmp_message message_of(uint8_t type, const char *peer)
{
	struct bmp_message message = { .type = type, .peer = { .asn = 65001 } };

	message.peer.address = address(peer);
	message.peer.time.ns = 5000000000;
	return message;
}

/* An OPEN of this AS that offers path identifiers. */
static struct cursor open_bytes(uint8_t *bytes, uint32_t asn, uint8_t four, uint8_t six)
{
	struct bgp_open open = { .asn = asn, .router_id = 1, .hold_time_s = 90 };
	struct writer w = writer_of(bytes, 512);

	open.capabilities.role = BGP_ROLE_NONE;
	open.capabilities.four_octet_as = true;
	open.capabilities.four_octet_asn = asn;
	open.capabilities.add_path[BGP_IPV4_UNICAST] = four;
	open.capabilities.add_path[BGP_IPV6_UNICAST] = six;
	bgp_open_write(&w, &open);
	assert_false(w.failed);
	return cursor_of(bytes, writer_length(&w));
}

static void up(struct bmp_mrt *router, const char *peer, const char *local)
{
	struct bmp_message message = message_of(BMP_PEER_UP, peer);
	uint8_t sent[512], received[512];

	message.up.local = address(local);
	message.up.sent_open = open_bytes(sent, 64500, BGP_ADD_PATH_BOTH, BGP_ADD_PATH_SEND);
	message.up.received_open =
		open_bytes(received, 65001, BGP_ADD_PATH_SEND, BGP_ADD_PATH_SEND);
	assert_int_equal(bmp_mrt_take(router, &message, now, &sink), 0);
}

/* An UPDATE without routes: with mp, its only attribute withdraws nothing of IPv6. */
static struct cursor update_bytes(uint8_t bytes[64], bool mp)
{
	static const uint8_t attribute[] = { 0x80, BGP_ATTRIBUTE_MP_UNREACH, 3, 0, 2, 1 };
	size_t length = BGP_HEADER_SIZE + 4 + (mp ? sizeof(attribute) : 0);

	memset(bytes, 0, 64);
	memset(bytes, 0xff, 16);
	bytes[17] = (uint8_t)length;
	bytes[18] = BGP_UPDATE;
	bytes[22] = mp ? sizeof(attribute) : 0;
	if (mp)
		memcpy(bytes + 23, attribute, sizeof(attribute));
	return cursor_of(bytes, length);
}

static const struct mrt_message *update(
	struct bmp_mrt *router, const char *peer, uint8_t flags, bool mp)
{
	static uint8_t bytes[64];
	struct bmp_message message = message_of(BMP_ROUTE_MONITORING, peer);
	size_t before = logged.count;

	message.peer.flags = flags;
	message.update = update_bytes(bytes, mp);
	assert_int_equal(bmp_mrt_take(router, &message, now, &sink), 0);
	return logged.count == before ? NULL : &logged.messages[before];
}

static void down(struct bmp_mrt *router, const char *peer)
{
	struct bmp_message message = message_of(BMP_PEER_DOWN, peer);

	assert_int_equal(bmp_mrt_take(router, &message, now, &sink), 0);
}

static int reset(void **state)
{
	(void)state;
	memset(&logged, 0, sizeof(logged));
	return 0;
}

static void expect_state(size_t i, uint16_t new_state, const char *peer)
{
	struct address wanted = address(peer);

	assert_in_range(i, 0, logged.count - 1);
	assert_true(logged.messages[i].state_change);
	assert_int_equal(logged.messages[i].new_state, new_state);
	assert_true(address_equal(&logged.messages[i].peer, &wanted));
}

static void test_a_session(void **state)
{
	struct bmp_mrt router = { 0 };
	const struct mrt_message *message;

	(void)state;
	assert_null(update(&router, "192.0.2.1", 0, false));
	assert_int_equal(router.counts[BMP_MRT_STRANGERS], 1);
	up(&router, "192.0.2.1", "192.0.2.2");
	expect_state(0, MRT_STATE_ESTABLISHED, "192.0.2.1");
	assert_int_equal(logged.messages[0].peer_asn, 65001);
	assert_int_equal(logged.messages[0].local_asn, 64500);
	assert_int_equal(logged.times[0].ns, 5000000000);
	message = update(&router, "192.0.2.1", 0, false);
	assert_non_null(message);
	assert_true(message->four_octet_as && message->add_path && !message->state_change);
	message = update(&router, "192.0.2.1", 0, true);
	assert_false(message->add_path); /* nobody said that it receives those of IPv6 */
	down(&router, "192.0.2.1");
	expect_state(3, MRT_STATE_IDLE, "192.0.2.1");
	down(&router, "192.0.2.1");
	assert_null(update(&router, "192.0.2.1", 0, false));
	assert_int_equal(logged.count, 4);
	bmp_mrt_clear(&router);
}

static void test_an_old_speaker(void **state)
{
	struct bmp_mrt router = { 0 };
	const struct mrt_message *message;

	(void)state;
	up(&router, "192.0.2.1", "192.0.2.2");
	router.counts[BMP_MRT_MESSAGES] = 0;
	message = update(&router, "192.0.2.1", BMP_FLAG_AS_2, false);
	assert_false(message->four_octet_as);
	assert_int_equal(message->local_asn, 64500);
	bmp_mrt_clear(&router);
}

static void test_a_session_that_comes_twice_ended_between(void **state)
{
	struct bmp_mrt router = { 0 };

	(void)state;
	up(&router, "192.0.2.1", "192.0.2.2");
	up(&router, "192.0.2.1", "192.0.2.2");
	assert_int_equal(logged.count, 3);
	expect_state(1, MRT_STATE_IDLE, "192.0.2.1");
	expect_state(2, MRT_STATE_ESTABLISHED, "192.0.2.1");
	bmp_mrt_clear(&router);
}

static void test_the_router_goes(void **state)
{
	struct bmp_mrt router = { 0 };

	(void)state;
	up(&router, "192.0.2.1", "192.0.2.2");
	up(&router, "2001:db8::1", "2001:db8::2");
	assert_int_equal(bmp_mrt_end(&router, now, &sink), 0);
	assert_int_equal(logged.count, 4);
	assert_int_equal(logged.times[2].ns, now.ns);
	assert_int_equal(router.count, 0);
	bmp_mrt_clear(&router);
}

static void test_views(void **state)
{
	static const struct {
		enum bmp_mrt_view view;
		uint8_t flags;
		bool kept;
	} rows[] = {
		{ BMP_MRT_RECEIVED, 0, true },
		{ BMP_MRT_RECEIVED, BMP_FLAG_POST_POLICY, false },
		{ BMP_MRT_ACCEPTED, 0, false },
		{ BMP_MRT_ACCEPTED, BMP_FLAG_POST_POLICY, true },
		{ BMP_MRT_RECEIVED, BMP_FLAG_ADJ_RIB_OUT, false },
		{ BMP_MRT_ACCEPTED, BMP_FLAG_ADJ_RIB_OUT | BMP_FLAG_POST_POLICY, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bmp_mrt router = { .view = rows[i].view };
		bool kept;

		up(&router, "192.0.2.1", "192.0.2.2");
		kept = update(&router, "192.0.2.1", rows[i].flags, false) != NULL;
		assert_int_equal(kept, rows[i].kept);
		assert_int_equal(router.counts[BMP_MRT_OTHER_VIEW], !rows[i].kept);
		bmp_mrt_clear(&router);
	}
}

static void test_the_best(void **state)
{
	struct bmp_mrt router = { .view = BMP_MRT_BEST, .router = address("203.0.113.7") };
	struct bmp_message message = message_of(BMP_PEER_UP, "192.0.2.1");
	uint8_t bytes[64];

	(void)state;
	up(&router, "192.0.2.1", "192.0.2.2"); /* a session: not of this view */
	assert_int_equal(logged.count, 0);
	message.peer.type = BMP_PEER_LOC_RIB;
	message.peer.address = (struct address){ 0 };
	assert_int_equal(bmp_mrt_take(&router, &message, now, &sink), 0);
	expect_state(0, MRT_STATE_ESTABLISHED, "203.0.113.7");
	assert_int_equal(logged.messages[0].local.family, FAMILY_IPV4);
	message.type = BMP_ROUTE_MONITORING;
	message.update = update_bytes(bytes, false);
	assert_int_equal(bmp_mrt_take(&router, &message, now, &sink), 0);
	assert_int_equal(logged.count, 2);
	bmp_mrt_clear(&router);
}

static void test_what_no_record_can_carry(void **state)
{
	struct bmp_mrt router = { 0 };
	struct bmp_message message = message_of(BMP_PEER_UP, "192.0.2.1");

	(void)state;
	message.peer.type = BMP_PEER_DISTINGUISHED;
	assert_int_equal(bmp_mrt_take(&router, &message, now, &sink), 0);
	assert_int_equal(router.counts[BMP_MRT_OTHER_TABLE], 1);
	message.peer.type = BMP_PEER_GLOBAL;
	message.peer.address = (struct address){ 0 };
	assert_int_equal(bmp_mrt_take(&router, &message, now, &sink), 0);
	assert_int_equal(router.counts[BMP_MRT_ODD], 1);
	assert_int_equal(logged.count, 0);
	/* OPENs that are none, and a local address of another family. */
	message = message_of(BMP_PEER_UP, "192.0.2.1");
	message.up.local = address("2001:db8::2");
	assert_int_equal(bmp_mrt_take(&router, &message, now, &sink), 0);
	assert_int_equal(logged.messages[0].local.family, FAMILY_IPV4);
	assert_int_equal(logged.messages[0].local_asn, 0);
	bmp_mrt_clear(&router);
}

static void test_too_many(void **state)
{
	struct bmp_mrt router = { 0 };
	struct bmp_message message = message_of(BMP_PEER_UP, "192.0.2.1");

	(void)state;
	for (uint32_t i = 0; i <= BMP_MRT_PEERS_MAX; i++) {
		message.peer.address = address_ipv4(0x0a000000 + i);
		assert_int_equal(bmp_mrt_take(&router, &message, now, &sink), 0);
	}
	assert_int_equal(router.counts[BMP_MRT_TOO_MANY], 1);
	assert_int_equal(router.count, BMP_MRT_PEERS_MAX);
	bmp_mrt_clear(&router);
}

static void test_a_sink_that_fails(void **state)
{
	struct bmp_mrt router = { 0 };
	struct bmp_message message = message_of(BMP_PEER_UP, "192.0.2.1");

	(void)state;
	logged.answer = ERROR_SYSTEM;
	assert_int_equal(bmp_mrt_take(&router, &message, now, &sink), ERROR_SYSTEM);
	assert_int_equal(bmp_mrt_end(&router, now, &sink), ERROR_SYSTEM);
	assert_int_equal(router.count, 0);
	bmp_mrt_clear(&router);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_session, reset),
		cmocka_unit_test_setup(test_an_old_speaker, reset),
		cmocka_unit_test_setup(test_a_session_that_comes_twice_ended_between, reset),
		cmocka_unit_test_setup(test_the_router_goes, reset),
		cmocka_unit_test_setup(test_views, reset),
		cmocka_unit_test_setup(test_the_best, reset),
		cmocka_unit_test_setup(test_what_no_record_can_carry, reset),
		cmocka_unit_test_setup(test_too_many, reset),
		cmocka_unit_test_setup(test_a_sink_that_fails, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
