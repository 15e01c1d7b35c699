/* SPDX-License-Identifier: Apache-2.0 */
/* NOTIFICATION, shutdown communication, hard reset, names; ROUTE-REFRESH. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "hex.h"
#include "wire/bgp.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_read(void **state)
{
	static const struct {
		const char *what, *body;
		int result;
		uint8_t code, subcode;
		bool hard_reset, text_invalid;
		uint16_t data_length;
		const char *text;
	} rows[] = {
		{ "hold timer", "0400", 0, 4, 0, false, false, 0, "" },
		{ "with data", "0301 c00100", 0, 3, 1, false, false, 3, "" },
		{ "unknown code", "ff ee", 0, 255, 238, false, false, 0, "" },
		{ "nothing", "", ERROR_TRUNCATED, 0, 0, false, false, 0, "" },
		{ "one byte", "06", ERROR_TRUNCATED, 0, 0, false, false, 0, "" },
		{ "shutdown, no text", "0602", 0, 6, 2, false, false, 0, "" },
		{ "shutdown, empty text", "0602 00", 0, 6, 2, false, false, 1, "" },
		{ "shutdown with text", "0602 05'hello'", 0, 6, 2, false, false, 6, "hello" },
		{ "reset with text", "0604 05'hello'", 0, 6, 4, false, false, 6, "hello" },
		{ "bytes behind the text", "0602 05'hello'ffff", 0, 6, 2, false, false, 8,
			"hello" },
		{ "another cease has no text", "0603 05'hello'", 0, 6, 3, false, false, 6, "" },
		{ "text longer than the message", "0602 06'hello'", 0, 6, 2, false, true, 6,
			"" },
		{ "two-byte character", "0602 03'a'c3bc", 0, 6, 2, false, false, 4,
			"a\xc3\xbc" },
		{ "four-byte character", "0602 04 f09f8c90", 0, 6, 2, false, false, 5,
			"\xf0\x9f\x8c\x90" },
		{ "control characters", "0602 05'a'0a1b7f'b'", 0, 6, 2, false, false, 6,
			"a   b" },
		{ "NUL", "0602 03'a'00'b'", 0, 6, 2, false, false, 4, "a b" },
		{ "C1 control character", "0602 04'a'c29b'b'", 0, 6, 2, false, false, 5,
			"a  b" },
		{ "a lone continuation byte", "0602 02'a'80", 0, 6, 2, false, true, 3, "" },
		{ "cut character", "0602 02'a'c3", 0, 6, 2, false, true, 3, "" },
		{ "overlong", "0602 02 c080", 0, 6, 2, false, true, 3, "" },
		{ "overlong of three", "0602 03 e08080", 0, 6, 2, false, true, 4, "" },
		{ "surrogate", "0602 03 eda080", 0, 6, 2, false, true, 4, "" },
		{ "above U+10FFFF", "0602 04 f4908080", 0, 6, 2, false, true, 5, "" },
		{ "0xff", "0602 01 ff", 0, 6, 2, false, true, 2, "" },
		{ "hard reset of nothing", "0609", 0, 6, 9, true, false, 0, "" },
		{ "hard reset of one byte", "0609 06", 0, 6, 9, true, false, 1, "" },
		{ "hard reset, shutdown", "0609 0602 02'hi'", 0, 6, 2, true, false, 3, "hi" },
		{ "hard reset, hold timer", "0609 0400", 0, 4, 0, true, false, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t bytes[300];
		size_t length = hex_read(rows[i].body, bytes, sizeof(bytes));
		uint8_t *exact = exact_copy(bytes, length);
		struct bgp_notification n;
		int r = bgp_notification_read(cursor_of(exact, length), &n);

		assert_int_equal(r, rows[i].result);
		if (r == 0 && (n.code != rows[i].code || n.subcode != rows[i].subcode ||
				      n.hard_reset != rows[i].hard_reset ||
				      n.text_invalid != rows[i].text_invalid ||
				      n.data_length != rows[i].data_length ||
				      strcmp(n.text, rows[i].text) != 0))
			fail_msg("%s: %u/%u \"%s\"", rows[i].what, n.code, n.subcode, n.text);
		free(exact);
	}
}

static void test_longest_text(void **state)
{
	uint8_t bytes[3 + 255] = { 6, 2, 255 };
	struct bgp_notification n;

	(void)state;
	memset(bytes + 3, 'x', 255);
	assert_int_equal(bgp_notification_read(cursor_of(bytes, sizeof(bytes)), &n), 0);
	assert_int_equal(strlen(n.text), 255);
	assert_false(n.text_invalid);
}

/* What was written reads as what was meant. */
static void cease_check(
	uint8_t subcode, const char *text, bool hard_reset, const char *expected)
{
	uint8_t bytes[512];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct bgp_notification n;
	struct bgp_frame frame;
	struct bgp_fault fault;

	bgp_cease_write(&w, subcode, text, hard_reset);
	assert_int_equal(
		bgp_frame_read(bytes, writer_length(&w), BGP_MESSAGE_MAX, &frame, &fault),
		BGP_FRAME_WHOLE);
	assert_int_equal(frame.length, writer_length(&w));
	assert_int_equal(bgp_notification_read(frame.body, &n), 0);
	assert_int_equal(n.code, BGP_ERROR_CEASE);
	assert_int_equal(n.subcode, subcode);
	assert_int_equal(n.hard_reset, hard_reset);
	assert_string_equal(n.text, expected);
	/* Without a text there is not even its length. */
	assert_int_equal(n.data_length, expected[0] == '\0' ? 0 : strlen(expected) + 1);
}

static void test_cease(void **state)
{
	char text[400];

	(void)state;
	cease_check(BGP_CEASE_ADMIN_SHUTDOWN, "bye", false, "bye");
	cease_check(BGP_CEASE_ADMIN_RESET, "bye", true, "bye");
	cease_check(BGP_CEASE_ADMIN_SHUTDOWN, "", false, "");
	cease_check(BGP_CEASE_ADMIN_SHUTDOWN, NULL, true, "");
	cease_check(BGP_CEASE_COLLISION, "no text here", false, "");
	cease_check(BGP_CEASE_MAX_PREFIXES, NULL, true, "");
	/* Cut at 255, but not inside of a character. */
	memset(text, 'x', sizeof(text));
	text[399] = '\0';
	memcpy(text + 254, "\xc3\xbc", 2);
	{
		char expected[255];

		memset(expected, 'x', 254);
		expected[254] = '\0';
		cease_check(BGP_CEASE_ADMIN_SHUTDOWN, text, false, expected);
	}
	memcpy(text + 254, "yz", 2);
	{
		char expected[256];

		memset(expected, 'x', 254);
		memcpy(expected + 254, "y", 2);
		cease_check(BGP_CEASE_ADMIN_SHUTDOWN, text, false, expected);
	}
	cease_check(BGP_CEASE_ADMIN_SHUTDOWN,
		"ab\xff"
		"cd",
		false, "ab");
}

static void test_write(void **state)
{
	struct bgp_fault fault = {
		.code = 2, .subcode = 1, .data_length = 2, .data = { 0, 4 }
	};
	uint8_t bytes[64], expected[64];
	struct writer w = writer_of(bytes, sizeof(bytes));
	size_t length = hex_read("ffffffffffffffffffffffffffffffff 0017 03 0201 0004", expected,
		sizeof(expected));

	(void)state;
	bgp_notification_write(&w, &fault);
	assert_int_equal(writer_length(&w), length);
	assert_memory_equal(bytes, expected, length);
	w = writer_of(bytes, length - 1);
	bgp_notification_write(&w, &fault);
	assert_true(w.failed);
}

static void test_names(void **state)
{
	static const struct {
		uint8_t code, subcode;
		const char *name;
	} rows[] = {
		{ 6, 2, "Cease/Administrative Shutdown" },
		{ 6, 9, "Cease/Hard Reset" },
		{ 6, 10, "Cease/BFD Down" },
		{ 6, 99, "Cease/99" },
		{ 6, 0, "Cease" },
		{ 4, 0, "Hold Timer Expired" },
		{ 8, 0, "Send Hold Timer Expired" },
		{ 2, 11, "OPEN Message Error/Role Mismatch" },
		{ 7, 1, "ROUTE-REFRESH Message Error/Invalid Message Length" },
		{ 3, 1, "UPDATE Message Error/Malformed Attribute List" },
		{ 5, 3, "Finite State Machine Error/Unexpected Message in Established" },
		{ 9, 1, "error 9/1" },
		{ 255, 255, "error 255/255" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[80], small[8];

		assert_string_equal(bgp_notification_name(
					    rows[i].code, rows[i].subcode, text, sizeof(text)),
			rows[i].name);
		bgp_notification_name(rows[i].code, rows[i].subcode, small, sizeof(small));
		assert_int_equal(strncmp(small, rows[i].name, 7), 0);
		assert_true(strlen(small) < sizeof(small));
	}
}

static void test_refresh(void **state)
{
	static const struct {
		const char *body;
		int result;
		uint16_t afi;
		uint8_t subtype, safi;
	} rows[] = {
		{ "0001 00 01", 0, 1, 0, 1 },
		{ "0002 01 01", 0, 2, 1, 1 },
		{ "0002 02 01", 0, 2, 2, 1 },
		{ "4004 ff 47", 0, 0x4004, 255, 0x47 },
		{ "0002 01", ERROR_MALFORMED, 0, 0, 0 },
		{ "0002 01 01 00", ERROR_MALFORMED, 0, 0, 0 },
		{ "", ERROR_MALFORMED, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t bytes[16], again[64];
		size_t length = hex_read(rows[i].body, bytes, sizeof(bytes));
		uint8_t *exact = exact_copy(bytes, length);
		struct writer w = writer_of(again, sizeof(again));
		struct bgp_refresh refresh;
		struct bgp_fault fault = { 0 };
		int r = bgp_refresh_read(cursor_of(exact, length), &refresh, &fault);

		assert_int_equal(r, rows[i].result);
		if (r == 0) {
			assert_int_equal(refresh.afi, rows[i].afi);
			assert_int_equal(refresh.subtype, rows[i].subtype);
			assert_int_equal(refresh.safi, rows[i].safi);
			bgp_refresh_write(&w, &refresh);
			assert_int_equal(writer_length(&w), BGP_HEADER_SIZE + 4);
			assert_memory_equal(again + BGP_HEADER_SIZE, bytes, 4);
		} else {
			assert_int_equal(fault.code, BGP_ERROR_ROUTE_REFRESH);
			assert_int_equal(fault.subcode, BGP_REFRESH_INVALID_LENGTH);
		}
		free(exact);
	}
}

/* Data of any length, its own or borrowed; what does not fit into a message is cut. */
static void test_data(void **state)
{
	static uint8_t bytes[5000], written[BGP_MESSAGE_MAX + 100];
	static const size_t lengths[] = { 0, 1, 64, 65, 1019, 4075, 4076, 5000 };

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < 2 * sizeof(lengths) / sizeof(lengths[0]); i++) {
		bool hard = i % 2 == 1;
		struct bgp_fault fault = { .code = BGP_ERROR_ROUTE_REFRESH,
			.subcode = BGP_REFRESH_INVALID_LENGTH,
			.data_length = (uint16_t)lengths[i / 2],
			.borrowed = bytes };
		size_t room = 4075 - (hard ? 2 : 0);
		size_t kept = lengths[i / 2] < room ? lengths[i / 2] : room;
		struct writer w = writer_of(written, sizeof(written));
		struct bgp_notification n;

		if (lengths[i / 2] <= sizeof(fault.data)) {
			fault.borrowed = NULL;
			memcpy(fault.data, bytes, lengths[i / 2]);
		}
		if (hard)
			bgp_hard_reset_write(&w, &fault);
		else
			bgp_notification_write(&w, &fault);
		assert_false(w.failed);
		assert_in_range(writer_length(&w), 21, BGP_MESSAGE_MAX);
		assert_int_equal((written[16] << 8) | written[17], writer_length(&w));
		assert_int_equal(
			bgp_notification_read(cursor_of(written + BGP_HEADER_SIZE,
						      writer_length(&w) - BGP_HEADER_SIZE),
				&n),
			0);
		assert_int_equal(n.hard_reset, hard);
		assert_int_equal(n.code, BGP_ERROR_ROUTE_REFRESH);
		assert_int_equal(n.subcode, BGP_REFRESH_INVALID_LENGTH);
		assert_int_equal(n.data_length, kept);
		assert_memory_equal(n.data, bytes, kept);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_longest_text),
		cmocka_unit_test(test_cease),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_refresh),
		cmocka_unit_test(test_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
