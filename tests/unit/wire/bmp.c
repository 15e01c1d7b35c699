/* SPDX-License-Identifier: Apache-2.0 */
/* BMP: the bytes of each message, reading them back, and what is no message. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "hex.h"
#include "wire/bgp.h"
#include "wire/bmp.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Peer 192.0.2.1, AS 65001, identifier 10.0.0.2, at 1700000000.123456. */
#define PEER_REST                                                                         \
	"0000000000000000 00000000 00000000 00000000 c0000201 0000fde9 0a000002 6553f100" \
	" 0001e240"
#define PEER      "00 00" PEER_REST
#define KEEPALIVE "ffffffffffffffffffffffffffffffff 0013 04" /* stands for any BGP message */

static struct bmp_peer test_peer(void)
{
	struct bmp_peer peer = {
		.asn = 65001, .router_id = 0x0a000002, .time = { 1700000000123456000 }
	};

	address_parse("192.0.2.1", &peer.address);
	return peer;
}

static uint8_t bytes[1024];

static void expect_bytes(const struct writer *w, const char *hex)
{
	uint8_t expected[1024];
	size_t length = hex_read(hex, expected, sizeof(expected));

	assert_false(w->failed);
	assert_int_equal(writer_length(w), length);
	assert_memory_equal(bytes, expected, length);
}

static struct bmp_message read_back(const struct writer *w)
{
	struct bmp_frame frame;
	struct bmp_message message;

	assert_int_equal(bmp_frame_read(bytes, writer_length(w), &frame), BMP_FRAME_WHOLE);
	assert_int_equal(frame.length, writer_length(w));
	assert_int_equal(bmp_message_read(&frame, &message), 0);
	return message;
}

static struct cursor keepalive(void)
{
	static uint8_t message[BGP_HEADER_SIZE];

	return cursor_of(message, hex_read(KEEPALIVE, message, sizeof(message)));
}

static void test_initiation(void **state)
{
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct bmp_message message;
	struct bmp_tlv tlv;

	(void)state;
	bmp_initiation_write(&w, "fra1", "nearcast", "hello");
	expect_bytes(
		&w, "03 00000023 04 0001 0008 'nearcast' 0002 0004 'fra1' 0000 0005 'hello'");
	message = read_back(&w);
	assert_true(bmp_tlv_next(&message.tlvs, &tlv));
	assert_int_equal(tlv.type, BMP_TLV_SYS_DESCR);
	assert_int_equal(cursor_left(&tlv.value), 8);
	assert_true(bmp_tlv_next(&message.tlvs, &tlv));
	assert_true(bmp_tlv_next(&message.tlvs, &tlv));
	assert_false(bmp_tlv_next(&message.tlvs, &tlv));
	w = writer_of(bytes, sizeof(bytes));
	bmp_initiation_write(&w, NULL, NULL, NULL);
	expect_bytes(&w, "03 0000000e 04 0001 0000 0002 0000");
}

static void test_termination(void **state)
{
	struct writer w = writer_of(bytes, sizeof(bytes));

	(void)state;
	bmp_termination_write(&w, BMP_TERMINATED_RESOURCES, "slow");
	expect_bytes(&w, "03 00000014 05 0001 0002 0002 0000 0004 'slow'");
}

static void test_monitoring(void **state)
{
	static const struct {
		uint8_t type, flags;
		const char *address, *head;
	} rows[] = {
		{ BMP_PEER_GLOBAL, 0, "192.0.2.1", "00 00" },
		{ BMP_PEER_GLOBAL, BMP_FLAG_POST_POLICY, "192.0.2.1", "00 40" },
		{ BMP_PEER_GLOBAL, BMP_FLAG_ADJ_RIB_OUT | BMP_FLAG_POST_POLICY, "192.0.2.1",
			"00 50" },
		{ BMP_PEER_GLOBAL, BMP_FLAG_AS_2, "192.0.2.1", "00 20" },
		{ BMP_PEER_GLOBAL, 0, "2001:db8::1", "00 80" },
		/* The flag follows from the address, whatever the caller had in it. */
		{ BMP_PEER_GLOBAL, BMP_FLAG_IPV6, "192.0.2.1", "00 00" },
		{ BMP_PEER_LOC_RIB, 0, NULL, "03 00" },
		{ BMP_PEER_LOC_RIB, BMP_FLAG_FILTERED, NULL, "03 80" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bmp_peer peer = test_peer();
		struct writer w = writer_of(bytes, sizeof(bytes));
		struct bmp_message message;
		uint8_t head[2];

		peer.type = rows[i].type;
		peer.flags = rows[i].flags;
		peer.address = (struct address){ 0 };
		if (rows[i].address != NULL)
			address_parse(rows[i].address, &peer.address);
		bmp_monitoring_write(&w, &peer, keepalive());
		hex_read(rows[i].head, head, 2);
		assert_memory_equal(bytes + BMP_HEADER_SIZE, head, 2);
		assert_int_equal(writer_length(&w), 6 + 42 + 19);
		message = read_back(&w);
		assert_int_equal(message.type, BMP_ROUTE_MONITORING);
		assert_true(address_equal(&message.peer.address, &peer.address));
		assert_int_equal(message.peer.asn, 65001);
		assert_int_equal(message.peer.time.ns, peer.time.ns);
		assert_int_equal(cursor_left(&message.update), 19);
	}
}

static void test_peer_header(void **state)
{
	struct bmp_peer peer = test_peer();
	struct writer w = writer_of(bytes, sizeof(bytes));

	(void)state;
	bmp_monitoring_write(&w, &peer, keepalive());
	expect_bytes(&w, "03 00000043 00" PEER KEEPALIVE);
}

static void test_peer_up(void **state)
{
	struct bmp_peer peer = test_peer();
	struct bmp_peer_up up = { .local_port = 179,
		.remote_port = 49152,
		.sent_open = keepalive(),
		.received_open = keepalive(),
		.table_name = "global" };
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct bmp_message message;
	struct bmp_tlv tlv;

	(void)state;
	address_parse("192.0.2.2", &up.local);
	bmp_peer_up_write(&w, &peer, &up);
	expect_bytes(&w, "03 00000074 03" PEER
			 "00000000 00000000 00000000 c0000202 00b3 c000" KEEPALIVE KEEPALIVE
			 "0003 0006 'global'");
	message = read_back(&w);
	assert_true(address_equal(&message.up.local, &up.local));
	assert_int_equal(message.up.remote_port, 49152);
	assert_int_equal(cursor_left(&message.up.received_open), 19);
	assert_true(bmp_tlv_next(&message.up.tlvs, &tlv));
	assert_int_equal(tlv.type, BMP_TLV_TABLE_NAME);
}

static void test_peer_down(void **state)
{
	static const struct {
		uint8_t reason;
		bool notification;
		const char *rest;
	} rows[] = {
		{ BMP_DOWN_LOCAL_NOTIFICATION, true, "03 00000044 02" PEER "01" KEEPALIVE },
		{ BMP_DOWN_LOCAL_EVENT, false, "03 00000033 02" PEER "02 0012" },
		{ BMP_DOWN_REMOTE_NOTIFICATION, true, "03 00000044 02" PEER "03" KEEPALIVE },
		{ BMP_DOWN_REMOTE, false, "03 00000031 02" PEER "04" },
		{ BMP_DOWN_NOT_MONITORED, false, "03 00000031 02" PEER "05" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bmp_peer peer = test_peer();
		struct bmp_peer_down down = { .reason = rows[i].reason, .event = 18 };
		struct writer w = writer_of(bytes, sizeof(bytes));
		struct bmp_message message;

		if (rows[i].notification)
			down.notification = keepalive();
		bmp_peer_down_write(&w, &peer, &down);
		expect_bytes(&w, rows[i].rest);
		message = read_back(&w);
		assert_int_equal(message.down.reason, rows[i].reason);
		assert_int_equal(
			cursor_left(&message.down.notification), rows[i].notification ? 19 : 0);
		assert_int_equal(message.down.event, rows[i].reason == 2 ? 18 : 0);
	}
}

static void test_statistics(void **state)
{
	const struct bmp_stat stats[] = { { BMP_STAT_REJECTED, 0, 0, 0x100000005 },
		{ BMP_STAT_ADJ_RIB_IN, 0, 0, 0x100000005 },
		{ BMP_STAT_FAMILY_ADJ_RIB_IN, 2, 1, 7 }, { 99, 0, 0, 1 } };
	struct bmp_peer peer = test_peer();
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct bmp_message message;
	struct bmp_stat stat;

	(void)state;
	bmp_statistics_write(&w, &peer, stats, 4);
	expect_bytes(&w,
		"03 00000057 01" PEER "00000003 0000 0004 00000005 0007 0008 0000000100000005"
		"0009 000b 0002 01 0000000000000007");
	message = read_back(&w);
	assert_int_equal(message.statistic_count, 3);
	assert_true(bmp_stat_next(&message.statistics, &stat));
	assert_int_equal(stat.value, 5);
	assert_true(bmp_stat_next(&message.statistics, &stat));
	assert_true(stat.value == 0x100000005);
	assert_true(bmp_stat_next(&message.statistics, &stat));
	assert_int_equal(stat.afi, 2);
	assert_int_equal(stat.value, 7);
	assert_false(bmp_stat_next(&message.statistics, &stat));
}

/* Every cut of a good message asks for more; a cut that its length agrees with is malformed. */
static void test_cut(void **state)
{
	struct bmp_peer peer = test_peer();
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct bmp_frame frame;
	struct bmp_message message;

	(void)state;
	bmp_monitoring_write(&w, &peer, keepalive());
	for (size_t cut = 0; cut < writer_length(&w); cut++) {
		uint8_t *exact = exact_copy(bytes, cut);

		assert_int_equal(bmp_frame_read(exact, cut, &frame), BMP_FRAME_MORE);
		if (cut >= BMP_HEADER_SIZE) {
			bytes_put_u32(exact + 1, (uint32_t)cut);
			assert_int_equal(bmp_frame_read(exact, cut, &frame), BMP_FRAME_WHOLE);
			assert_int_equal(bmp_message_read(&frame, &message), ERROR_MALFORMED);
		}
		free(exact);
	}
}

static void test_no_message(void **state)
{
	static const struct {
		const char *hex;
		enum bmp_frame_status status;
		int code;
	} rows[] = {
		{ "02 00000006 04", BMP_FRAME_FAULT, 0 },
		{ "02", BMP_FRAME_FAULT, 0 },
		{ "03 00000005 04", BMP_FRAME_FAULT, 0 },
		{ "03 00100001 04", BMP_FRAME_FAULT, 0 },
		{ "03 00100000 04", BMP_FRAME_MORE, 0 },
		{ "03 00000006 09", BMP_FRAME_WHOLE, ERROR_UNSUPPORTED },
		{ "03 00000006 03", BMP_FRAME_WHOLE, ERROR_MALFORMED },
		{ "03 00000043 00" PEER "fe ffffffffffffffffffffffffffffff 0013 04",
			BMP_FRAME_WHOLE, ERROR_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bmp_frame frame;
		struct bmp_message message;
		size_t length = hex_read(rows[i].hex, bytes, sizeof(bytes));

		assert_int_equal(bmp_frame_read(bytes, length, &frame), rows[i].status);
		if (rows[i].status == BMP_FRAME_WHOLE)
			assert_int_equal(bmp_message_read(&frame, &message), rows[i].code);
	}
}

static void test_no_room(void **state)
{
	struct bmp_peer peer = test_peer();
	const struct bmp_stat stat = { BMP_STAT_REJECTED, 0, 0, 1 };

	(void)state;
	for (size_t room = 0; room < 60; room++) {
		uint8_t *exact = exact_copy(bytes, room);
		struct writer w = writer_of(exact, room);

		bmp_statistics_write(&w, &peer, &stat, 1);
		assert_true(w.failed);
		w = writer_of(exact, room);
		bmp_monitoring_write(&w, &peer, keepalive());
		assert_true(w.failed);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_initiation),
		cmocka_unit_test(test_termination),
		cmocka_unit_test(test_monitoring),
		cmocka_unit_test(test_peer_header),
		cmocka_unit_test(test_peer_up),
		cmocka_unit_test(test_peer_down),
		cmocka_unit_test(test_statistics),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_no_message),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
