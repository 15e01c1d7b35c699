/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One input for each class of bug that public BGP implementations had: what crashed, hung or
 * cost a session there has to be of no account here. Each row is a test of its own, with its
 * class and the identifiers under which such a bug was published. The inputs are our own, made
 * from what is public about the bugs.
 *
 * "NOTIFICATION in answer to a NOTIFICATION" is a matter of sessions: tests/unit/route/fsm.c,
 * notification_is_not_answered. Every input is an exact copy on the heap, so that the
 * sanitizers see a byte read too far, and every loop that does not end ends in the test's time
 * limit.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "update.h"
#include "wire/bgp_open.h"
#include "wire/flowspec.h"

#define GOOD     BGP_VERDICT_GOOD
#define DISCARD  BGP_VERDICT_ATTRIBUTE_DISCARD
#define WITHDRAW BGP_VERDICT_TREAT_AS_WITHDRAW
#define DISABLE  BGP_VERDICT_AFI_SAFI_DISABLE
#define RESET    BGP_VERDICT_SESSION_RESET
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- OPEN. ---- */

#define HEAD "04 fde9 005a c0000201" /* version 4, AS 65001, 90 s */

static const struct open_row {
	const char *name, *identifiers, *body;
	int subcode;       /* -1: accepted */
	uint8_t malformed; /* capabilities that were ignored */
} opens[] = {
	{ "capability without a value where one is due", "CVE-2018-5381, CVE-2018-14467",
		HEAD "08 02 06 0100 0100 0104", 0, 0 },
	{ "capabilities of no length, all of them", "CVE-2018-5381",
		HEAD "14 02 12 0100 0500 0900 4000 4100 4500 4700 4900 0200", -1, 5 },
	{ "long-lived graceful restart, half a row", "CVE-2023-31489",
		HEAD "0a 02 08 4706 0001 01 80 0001", -1, 1 },
	{ "graceful restart, half a row", "CVE-2018-14881", HEAD "07 02 05 4003 4078 00", -1,
		1 },
	{ "software version longer than its capability", "CVE-2023-41361",
		HEAD "05 02 03 4b01 ff", -1, 0 },
	{ "software version of no length", "CVE-2025-43971", HEAD "04 02 02 4b00", -1, 0 },
	{ "host name longer than its capability", "CVE-2023-41361 (its class)",
		HEAD "06 02 04 4902 ff 41", -1, 1 },
	{ "a capability longer than its parameter", "CVE-2022-36440", HEAD "04 02 02 41 04", 0,
		0 },
	{ "four-octet AS of no length before another capability",
		"GHSA-gjrg-jjr3-56cm, CVE-2012-0255", HEAD "0a 02 08 4100 0104 0001 00 01", -1,
		1 },
	{ "ORF capability with a broken inside", "CVE-2012-1820",
		HEAD "09 02 07 0305 0001 00 01 ff", -1, 0 },
	{ "a parameter past the end", "CVE-2022-43681", HEAD "02 02 ff", 0, 0 },
	{ "the message ends with a parameter's type", "CVE-2022-43681", HEAD "01 02", 0, 0 },
	{ "extended length, the message ends in it", "CVE-2022-40302, CVE-2022-43681",
		HEAD "ff ff 00", 0, 0 },
	{ "extended length past the message", "CVE-2022-40302", HEAD "ff ff ffff 02", 0, 0 },
	{ "extended form, a parameter's length is cut", "CVE-2022-43681",
		HEAD "ff ff 0002 02 00", 0, 0 },
	{ "type 255 where no extended form can be", "CVE-2022-40318", HEAD "04 02 00 ff 00", 4,
		0 },
	{ "nothing behind the identifier", "CVE-2022-43681", HEAD, 0, 0 },
};

static void open_test(void **state)
{
	const struct open_row *row = *state;
	uint8_t bytes[256];
	size_t length = hex_read(row->body, bytes, sizeof(bytes));
	uint8_t *exact = exact_copy(bytes, length);
	struct bgp_open open;
	struct bgp_fault fault = { 0 };
	int r = bgp_open_read(cursor_of(exact, length), &open, &fault);

	free(exact);
	assert_int_equal(r, row->subcode < 0 ? 0 : ERROR_MALFORMED);
	if (r != 0) {
		assert_int_equal(fault.code, BGP_ERROR_OPEN);
		assert_int_equal(fault.subcode, row->subcode);
		return;
	}
	assert_int_equal(open.capabilities.malformed, row->malformed);
	assert_int_equal(open.asn, 65001); /* and nothing of a neighbouring capability */
}

/* ---- UPDATE. ---- */

static const struct update_row {
	const char *name, *identifiers;
	enum session session;
	const char *withdrawn, *attributes, *nlri;
	enum bgp_verdict verdict;
} updates[] = {
	{ "prefixes and no attributes", "CVE-2023-41358", EXTERNAL, "", "", NET, WITHDRAW },
	{ "only an unknown attribute", "CVE-2023-46753", EXTERNAL, "", "c0fe01 00", NET,
		WITHDRAW },
	{ "MP_REACH_NLRI without its mandatory company", "CVE-2023-46753", EXTERNAL, "", REACH,
		"", WITHDRAW },
	{ "MP_REACH_NLRI cut in its head", "CVE-2023-46752, CVE-2007-1995", EXTERNAL, "",
		"800e03 0002 01" ORIGIN PATH, "", RESET },
	{ "MP_REACH_NLRI, next hop past its end", "CVE-2023-46752", EXTERNAL, "",
		"800e05 0002 01 ff 00" ORIGIN PATH, "", DISABLE },
	{ "MP_REACH_NLRI, a prefix past its end", "CVE-2023-46752, CVE-2007-1995", ONLY_IPV6,
		"", "800e18 0002 01 10" HOP_6 "00 80 2001" ORIGIN PATH, "", RESET },
	{ "MP_UNREACH_NLRI and prefixes without attributes", "CVE-2023-47234", EXTERNAL, "",
		UNREACH, NET, WITHDRAW },
	{ "End-of-RIB with a malformed attribute", "CVE-2023-47235", EXTERNAL, "",
		"800f03 0002 01 400101 09", "", RESET },
	{ "End-of-RIB and prefixes without attributes", "CVE-2023-47235", EXTERNAL, "",
		"800f03 0002 01", NET, WITHDRAW },
	{ "MP_REACH_NLRI twice", "RFC 7606 section 3 g", EXTERNAL, "", REACH REACH ORIGIN PATH,
		"", RESET },
	{ "MP_UNREACH_NLRI twice", "RFC 7606 section 3 g", EXTERNAL, "", UNREACH UNREACH, "",
		RESET },
	{ "an attribute past the list", "CVE-2018-5378, CVE-2023-38283", EXTERNAL, "",
		BASE "c008ff fde90001", NET, WITHDRAW },
	{ "an attribute of 65535 bytes past the list", "CVE-2018-5378", EXTERNAL, "",
		BASE "d008ffff fde90001", NET, WITHDRAW },
	{ "one byte too many in the list", "CVE-2023-38283", EXTERNAL, "", BASE "00", NET,
		WITHDRAW },
	{ "an unknown attribute twice, then others", "CVE-2018-5379", EXTERNAL, "",
		BASE "c0fe01 00 c0fd01 00 c0fe01 00 c0fd01 00", NET, DISCARD },
	{ "attribute 255, any content", "CVE-2019-5892", EXTERNAL, "", BASE "c0ff04 00000000",
		NET, GOOD },
	{ "attribute 255 of no length", "CVE-2019-5892", EXTERNAL, "", BASE "c0ff00", NET,
		GOOD },
	{ "an unknown attribute with odd content", "CVE-2023-4481, CVE-2023-40457", EXTERNAL,
		"", BASE "e01c03 ffffff", NET, GOOD },
	{ "AS_PATHLIMIT is an unknown one", "CVE-2010-1675", EXTERNAL, "",
		BASE "c01505 ff00000000", NET, GOOD },
	{ "TUNNEL_ENCAPSULATION, a TLV past the attribute", "CVE-2024-44070, CVE-2023-38802",
		EXTERNAL, "", BASE "c01704 0008 ffff", NET, WITHDRAW },
	{ "TUNNEL_ENCAPSULATION, a sub-TLV past its TLV", "CVE-2023-38802", EXTERNAL, "",
		BASE "c01708 0008 0004 01ff 0000", NET, WITHDRAW },
	{ "TUNNEL_ENCAPSULATION, sub-TLVs of no length",
		"CVE-2018-5381 (its class: no progress)", EXTERNAL, "",
		BASE "c01708 0008 0004 0000 0000", NET, GOOD },
	{ "AIGP shorter than a TLV's head", "CVE-2023-41359", EXTERNAL, "", BASE "801a02 0100",
		NET, DISCARD },
	{ "AIGP, a TLV of length zero", "CVE-2023-41359 (its class: no progress)", EXTERNAL, "",
		BASE "801a06 010000 010000", NET, DISCARD },
	{ "AIGP, a TLV of length one: the head counted underflows",
		"osrg/gobgp f842cdf383 (its class: underflow)", EXTERNAL, "",
		BASE "801a04 01 0001 00", NET, DISCARD },
	{ "BGP_LS, a TLV past the attribute", "osrg/gobgp f842cdf383", EXTERNAL, "",
		BASE "801d04 0400 ffff", NET, DISCARD },
	{ "PREFIX_SID shorter than a TLV's head", "CVE-2023-31490", EXTERNAL, "",
		BASE "c02801 01", NET, DISCARD },
	{ "PREFIX_SID, a label index of no length", "CVE-2024-31948", EXTERNAL, "",
		BASE "c02803 01 0000", NET, DISCARD },
	{ "PREFIX_SID, a service TLV past the attribute", "CVE-2023-31490, CVE-2024-31948",
		EXTERNAL, "", BASE "c02804 05 0040 00", NET, DISCARD },
	{ "ONLY_TO_CUSTOMER of three bytes", "RFC 9234 section 5", EXTERNAL, "",
		BASE "c02303 00fde9", NET, WITHDRAW },
	{ "ONLY_TO_CUSTOMER of no length", "RFC 9234 section 5", EXTERNAL, "", BASE "c02300",
		NET, WITHDRAW },
	{ "AS4_PATH of one byte before AS_PATH", "CVE-2026-41643, osrg/gobgp#3308", OLD, "",
		"401101 02 400204 ffffdead", "", RESET },
	{ "the same with prefixes", "CVE-2026-41643", OLD, "",
		"401101 02 400204 0201dead" ORIGIN HOP, NET, WITHDRAW },
	{ "AS4_PATH of one byte, right flags", "CVE-2026-41643", OLD, "",
		ORIGIN "c01101 02" PATH_2 HOP, NET, DISCARD },
	{ "AS4_PATH that is longer than AS_PATH", "RFC 6793 section 4.2.3", OLD, "",
		BASE_2 "c0110a 0202 00011170 00011171", NET, GOOD },
	{ "AS4_PATH of confederation segments alone", "RFC 6793 section 6", OLD, "",
		BASE_2 "c01106 0301 00011170", NET, GOOD },
	{ "AS_PATH of no length from outside", "GHSA-frrj-87jh-2772", EXTERNAL, "",
		ORIGIN "400200" HOP, NET, GOOD },
	{ "AS_PATH with a segment of an unknown type", "CVE-2010-2949", EXTERNAL, "",
		ORIGIN "400206 0901 0000fde9" HOP, NET, WITHDRAW },
	{ "AS_PATH with a segment of no numbers", "CVE-2010-2949 (its class)", EXTERNAL, "",
		ORIGIN "400202 0200" HOP, NET, WITHDRAW },
	{ "ORIGIN without its flag", "osrg/gobgp#3392", EXTERNAL, "", "000101 00" PATH HOP, NET,
		WITHDRAW },
	{ "NEXT_HOP of no length", "GHSA-4p9m-8gc4-rw2h", EXTERNAL, "", ORIGIN PATH "400300",
		NET, WITHDRAW },
	{ "NEXT_HOP of one byte", "GHSA-4p9m-8gc4-rw2h", EXTERNAL, "", ORIGIN PATH "400301 c0",
		NET, WITHDRAW },
	{ "EXTENDED COMMUNITIES of seven bytes", "CVE-2010-1674", EXTERNAL, "",
		BASE "c01007 0002fde9000000", NET, WITHDRAW },
	{ "COMMUNITIES of one byte", "CVE-2007-4826", EXTERNAL, "", BASE "c00801 ff", NET,
		WITHDRAW },
	{ "labels without a bottom, a family that was not agreed", "CVE-2023-38407", EXTERNAL,
		"", "800e13 0001 04 04 c0000201 00 48 000000 000000 000000" BASE, NET, GOOD },
	{ "VPN prefixes with a label past the end", "CVE-2016-2342", EXTERNAL, "",
		"800e0a 0001 80 04 c0000201 00 ff" BASE, NET, GOOD },
	{ "flow specifications and no attributes", "CVE-2023-41909", EXTERNAL, "",
		"800e06 0001 85 00 00 00", "", GOOD },
	{ "attribute sets in attribute sets", "a class without an identifier: recursion",
		EXTERNAL, "", BASE "c08010 0000fde9 c08009 0000fde9 c08002 0000", NET, GOOD },
	{ "a prefix of 255 bits", "CVE-2007-1995 (its class)", EXTERNAL, "", BASE, "ff c633",
		RESET },
	{ "a withdrawn prefix past its field", "CVE-2007-1995 (its class)", EXTERNAL, "20 c633",
		"", "", RESET },
};

static void update_test(void **state)
{
	const struct update_row *row = *state;
	struct bgp_context context = context_of(row->session);
	struct arena arena = { 0 };
	struct bgp_update update;
	uint8_t bytes[512];
	size_t length =
		update_make(row->withdrawn, row->attributes, row->nlri, bytes, sizeof(bytes));
	uint8_t *exact = exact_copy(bytes, length);
	char text[256];

	assert_int_equal(
		bgp_update_read(cursor_of(exact, length), &context, &arena, &update), 0);
	if (update.verdict != row->verdict)
		fail_msg("%s", bgp_verdict_name(update.verdict));
	assert_false(update.end_of_rib);
	if (update.verdict < WITHDRAW)
		bgp_as_path_format(&update.attributes, text, sizeof(text));
	free(exact);
	arena_clear(&arena);
}

/* The two lengths of an UPDATE against its size: unsigned underflow. */
static void section_lengths(void **state)
{
	static const char *const bodies[] = { "", "00", "0000", "000000", "ffff", "ffff0000",
		"0000ffff", "0001 0000", "0000 0001", "0002 00 0000", "fffc 0000",
		"0000 fffc" };
	struct bgp_context context = context_of(EXTERNAL);
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++) {
		uint8_t bytes[16];
		size_t length = hex_read(bodies[i], bytes, sizeof(bytes));
		uint8_t *exact = exact_copy(bytes, length);
		struct bgp_update update;

		assert_int_equal(
			bgp_update_read(cursor_of(exact, length), &context, &arena, &update),
			0);
		assert_int_equal(update.verdict, RESET);
		free(exact);
	}
	arena_clear(&arena);
}

/*
 * CVE-2009-1572, CVE-2017-16227, CVE-2023-44186: long paths. As long as an extended message can
 * hold, read, capped, and written again: into a message of 4096 bytes and for a session with
 * two-octet numbers, where it either fits whole or is refused.
 */
static void long_paths(void **state)
{
	static const unsigned counts[] = { 1, 254, 255, 256, 511, 1000, 2000, 8000, 16000 };
	static uint8_t bytes[BGP_EXTENDED_MESSAGE_MAX], out[BGP_EXTENDED_MESSAGE_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(counts); i++) {
		struct bgp_context context = context_of(EXTERNAL);
		struct writer w = writer_of(bytes, sizeof(bytes));
		unsigned left = counts[i], segments = (left + 254) / 255;
		struct arena arena = { 0 };
		struct bgp_update update;
		struct bgp_route_key key = { 0 };
		size_t written, size;
		uint8_t *exact;

		writer_u32(&w, 0);
		w.at += hex_read(ORIGIN HOP "5002", w.at, 64);
		writer_u16(&w, (uint16_t)(2 * segments + 4 * left));
		while (left > 0) {
			unsigned part = left < 255 ? left : 255;

			writer_u8(&w, BGP_SEGMENT_SEQUENCE);
			writer_u8(&w, (uint8_t)part);
			for (unsigned n = 0; n < part; n++)
				writer_u32(&w, 4200000000u + n);
			left -= part;
		}
		bytes_put_u16(bytes + 2, (uint16_t)(w.at - bytes - 4));
		w.at += hex_read(NET, w.at, 8);
		size = writer_length(&w);
		exact = exact_copy(bytes, size);
		assert_int_equal(
			bgp_update_read(cursor_of(exact, size), &context, &arena, &update), 0);
		assert_int_equal(update.verdict, GOOD);
		assert_int_equal(bgp_as_path_length(&update.attributes), counts[i]);
		assert_true(bgp_nlri_next(&update.announced[0], &key.prefix, &key.path_id));
		for (unsigned kind = 0; kind < 4; kind++) {
			struct bgp_frame frame;
			struct bgp_fault fault;
			struct bgp_update again;
			int r;

			context = context_of(kind & 1 ? OLD : EXTERNAL);
			context.message_max =
				kind & 2 ? BGP_EXTENDED_MESSAGE_MAX : BGP_MESSAGE_MAX;
			w = writer_of(out, sizeof(out));
			r = bgp_update_write(&w, &context, BGP_IPV4_UNICAST, &update.attributes,
				&key, 1, &written);
			if (r != 0) {
				assert_int_equal(r, ERROR_FULL);
				assert_int_equal(writer_length(&w), 0);
				assert_true(counts[i] > 500);
				continue;
			}
			assert_int_equal(bgp_frame_read(out, writer_length(&w),
						 context.message_max, &frame, &fault),
				BGP_FRAME_WHOLE);
			assert_int_equal(
				bgp_update_read(frame.body, &context, &arena, &again), 0);
			assert_int_equal(again.verdict, GOOD);
			assert_int_equal(
				again.attributes.as_path_size, update.attributes.as_path_size);
		}
		context = context_of(EXTERNAL);
		context.as_path_max = 200;
		assert_int_equal(
			bgp_update_read(cursor_of(exact, size), &context, &arena, &update), 0);
		assert_int_equal(update.verdict, counts[i] > 200 ? WITHDRAW : GOOD);
		free(exact);
		arena_clear(&arena);
	}
}

/* ---- NOTIFICATION, ROUTE-REFRESH, flow specifications. ---- */

/* CVE-2019-16159: the length of a shutdown communication against the message and the buffer. */
static void shutdown_text(void **state)
{
	(void)state;
	for (unsigned claimed = 0; claimed < 256; claimed++)
		for (unsigned there = 0; there < 300; there += 7) {
			struct bgp_notification notification;
			uint8_t bytes[512] = { BGP_ERROR_CEASE, BGP_CEASE_ADMIN_SHUTDOWN };
			uint8_t *exact;

			bytes[2] = (uint8_t)claimed;
			memset(bytes + 3, 'x', there);
			exact = exact_copy(bytes, 3 + there);
			assert_int_equal(bgp_notification_read(
						 cursor_of(exact, 3 + there), &notification),
				0);
			assert_true(strlen(notification.text) <= BGP_SHUTDOWN_TEXT_MAX);
			assert_true(strlen(notification.text) <= there);
			free(exact);
		}
}

/* CVE-2023-41360, CVE-2010-2948: a ROUTE-REFRESH with an ORF that nobody agreed on, cut
 * anywhere. */
static void refresh_with_orf(void **state)
{
	uint8_t bytes[64];
	size_t length = hex_read("0001 00 01 01 40 0008 00 00000001 18 18 c63364", bytes, 64);

	(void)state;
	for (size_t cut = 0; cut <= length; cut++) {
		uint8_t *exact = exact_copy(bytes, cut);
		struct bgp_refresh refresh;
		struct bgp_fault fault = { 0 };
		int r = bgp_refresh_read(cursor_of(exact, cut), &refresh, &fault);

		assert_int_equal(r, cut == 4 ? 0 : ERROR_MALFORMED);
		free(exact);
	}
}

/* CVE-2023-38406, CVE-2025-43972: lengths of flow specifications, zero and from 240 on, with
 * fewer bytes than they say. */
static void flowspec_lengths(void **state)
{
	static const uint16_t lengths[] = { 0, 1, 19, 20, 239, 240, 255, 256, 2048, 4094,
		4095 };

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++)
		for (unsigned there = 0; there < 24; there++)
			for (unsigned wide = lengths[i] >= 240; wide < 2; wide++) {
				struct arena arena = { 0 };
				struct flowspec rule;
				const char *reason;
				uint8_t bytes[32] = { 0 }, *exact;
				struct cursor c;
				enum flowspec_status status;

				if (wide)
					bytes_put_u16(bytes, (uint16_t)(0xf000 | lengths[i]));
				else
					bytes[0] = (uint8_t)lengths[i];
				memset(bytes + 1 + wide, 0x01, there);
				exact = exact_copy(bytes, 1 + wide + there);
				c = cursor_of(exact, 1 + wide + there);
				status = flowspec_read(&c, FAMILY_IPV4, &arena, &rule, &reason);
				assert_true(c.at > exact);
				assert_int_equal(status == FLOWSPEC_BROKEN, lengths[i] > there);
				free(exact);
				arena_clear(&arena);
			}
}

#define TESTS_MAX (COUNT(opens) + COUNT(updates) + 5)

int main(void)
{
	static struct CMUnitTest tests[TESTS_MAX];
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(section_lengths),
		cmocka_unit_test(long_paths),
		cmocka_unit_test(shutdown_text),
		cmocka_unit_test(refresh_with_orf),
		cmocka_unit_test(flowspec_lengths),
	};
	size_t count = 0;

	for (size_t i = 0; i < COUNT(opens); i++)
		tests[count++] = (struct CMUnitTest){ .name = opens[i].name,
			.test_func = open_test,
			.initial_state = (void *)(uintptr_t)&opens[i] };
	for (size_t i = 0; i < COUNT(updates); i++)
		tests[count++] = (struct CMUnitTest){ .name = updates[i].name,
			.test_func = update_test,
			.initial_state = (void *)(uintptr_t)&updates[i] };
	for (size_t i = 0; i < COUNT(others); i++)
		tests[count++] = others[i];
	assert_int_equal(count, TESTS_MAX);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
