/* SPDX-License-Identifier: Apache-2.0 */
/* DNS as a server sees it: queries good and broken, replies that fit and that do not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "hex.h"
#include "wire/dns_serve.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define QUESTION "02'id'06'server'00 0010 0003"
#define OPT      "00 0029 04d0 00000000 "

static void test_queries(void **state)
{
	static const struct {
		const char *wire;
		int result;
		bool has_question, edns, nsid;
		uint16_t udp_payload;
	} rows[] = {
		{ "beef 0000 0001 0000 0000 0000" QUESTION, 0, true, false, false, 512 },
		{ "beef 0100 0001 0000 0000 0001" QUESTION OPT "0000", 0, true, true, false,
			1232 },
		{ "beef 0000 0001 0000 0000 0001" QUESTION OPT "0004 0003 0000", 0, true, true,
			true, 1232 },
		/* an option that we do not know, then NSID */
		{ "beef 0000 0001 0000 0000 0001" QUESTION OPT "000a 000a 0002 abcd 0003 0000",
			0, true, true, true, 1232 },
		/* RFC 6891 section 6.2.3: less than 512 means 512 */
		{ "beef 0000 0001 0000 0000 0001" QUESTION "00 0029 0010 00000000 0000", 0,
			true, true, false, 512 },
		/* bytes behind the message are nobody's */
		{ "beef 0000 0001 0000 0000 0000" QUESTION "00", 0, true, false, false, 512 },
		/* not to be answered */
		{ "", ERROR_NOT_FOUND, false, false, false, 512 },
		{ "beef 0000 0001 0000 0000 00", ERROR_NOT_FOUND, false, false, false, 512 },
		{ "beef 8000 0001 0000 0000 0000" QUESTION, ERROR_NOT_FOUND, false, false,
			false, 512 },
		/* to be answered with FORMERR */
		{ "beef 0000 0000 0000 0000 0000", ERROR_MALFORMED, false, false, false, 512 },
		{ "beef 0000 0002 0000 0000 0000" QUESTION QUESTION, ERROR_MALFORMED, false,
			false, false, 512 },
		{ "beef 0000 0001 0000 0000 0000 02'id'06'server'00 0010", ERROR_TRUNCATED,
			false, false, false, 512 },
		{ "beef 0000 0001 0000 0000 0001" QUESTION, ERROR_TRUNCATED, true, false, false,
			512 },
		{ "beef 0000 0001 ffff ffff ffff" QUESTION, ERROR_TRUNCATED, true, false, false,
			512 },
		{ "beef 0000 0001 0000 0000 0002" QUESTION OPT "0000" OPT "0000",
			ERROR_MALFORMED, true, true, false, 1232 },
		{ "beef 0000 0001 0000 0000 0001" QUESTION "01'x'00 0029 04d0 00000000 0000",
			ERROR_MALFORMED, true, false, false, 512 },
		{ "beef 0000 0001 0000 0000 0001" QUESTION OPT "0003 0003 00", ERROR_MALFORMED,
			true, true, false, 1232 },
		{ "beef 0000 0001 0000 0000 0001" QUESTION OPT "0004 0003 0001",
			ERROR_MALFORMED, true, true, false, 1232 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t bytes[300];
		size_t length = hex_read(rows[i].wire, bytes, sizeof(bytes));
		struct dns_request request;
		struct error error = { 0 };
		int r = dns_request_read(bytes, length, &request, &error);

		if (r != rows[i].result || request.has_question != rows[i].has_question ||
			request.edns != rows[i].edns || request.nsid != rows[i].nsid ||
			request.udp_payload != rows[i].udp_payload)
			fail_msg("row %zu: %d", i, r);
		assert_int_equal(error.code, r);
		if (r == 0) {
			assert_int_equal(request.id, 0xbeef);
			assert_int_equal(request.question.type, DNS_TYPE_TXT);
			assert_int_equal(request.question.class, DNS_CLASS_CH);
		}
	}
}

static struct dns_request ask(const char *wire)
{
	uint8_t bytes[300];
	struct dns_request request;
	size_t length = hex_read(wire, bytes, sizeof(bytes));

	(void)dns_request_read(bytes, length, &request, NULL);
	return request;
}

static void expect(const uint8_t *bytes, size_t length, const char *wire)
{
	uint8_t expected[600];
	size_t expected_length = hex_read(wire, expected, sizeof(expected));

	assert_int_equal(length, expected_length);
	assert_memory_equal(bytes, expected, length);
}

static void test_replies(void **state)
{
	struct dns_request request =
		ask("beef 0100 0001 0000 0000 0001" QUESTION OPT "0004 0003 0000");
	struct dns_reply reply;
	uint8_t out[512];

	(void)state;
	dns_reply_begin(&reply, out, sizeof(out), &request, DNS_RCODE_NOERROR, true);
	dns_reply_record(&reply, DNS_SECTION_ANSWER, NULL, DNS_TYPE_TXT, 5, "\003fra", 4);
	expect(out, dns_reply_end(&reply, "fra", 3),
		"beef 8500 0001 0001 0000 0001" QUESTION "c00c 0010 0003 00000005 0004 03'fra'"
		"00 0029 04d0 00000000 0007 0003 0003'fra'");

	/* the upper bits of the code go into EDNS: RFC 6891 section 6.1.3 */
	dns_reply_begin(&reply, out, sizeof(out), &request, DNS_RCODE_BADVERS, false);
	expect(out, dns_reply_end(&reply, NULL, 0),
		"beef 8100 0001 0000 0000 0001" QUESTION "00 0029 04d0 01000000 0000");

	/* no EDNS in the query, none in the reply */
	request = ask("beef 2800 0001 0000 0000 0000" QUESTION);
	dns_reply_begin(&reply, out, sizeof(out), &request, DNS_RCODE_NOTIMP, false);
	expect(out, dns_reply_end(&reply, "fra", 3), "beef a804 0001 0000 0000 0000" QUESTION);

	/* no question that could be repeated */
	request = ask("beef 0000 0000 0000 0000 0000");
	dns_reply_begin(&reply, out, sizeof(out), &request, DNS_RCODE_FORMERR, false);
	expect(out, dns_reply_end(&reply, NULL, 0), "beef 8001 0000 0000 0000 0000");
}

static void test_what_does_not_fit(void **state)
{
	static const uint8_t much[200];
	struct dns_request request =
		ask("beef 0000 0001 0000 0000 0001" QUESTION OPT "0004 0003 0000");
	struct dns_reply reply;
	uint8_t out[512];

	(void)state;
	dns_reply_begin(&reply, out, sizeof(out), &request, DNS_RCODE_NOERROR, true);
	for (unsigned i = 0; i < 3; i++)
		dns_reply_record(
			&reply, DNS_SECTION_ANSWER, NULL, DNS_TYPE_TXT, 5, much, sizeof(much));
	expect(out, dns_reply_end(&reply, "fra", 3),
		"beef 8600 0001 0000 0000 0001" QUESTION "00 0029 04d0 00000000 0000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queries),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
