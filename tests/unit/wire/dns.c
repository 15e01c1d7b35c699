/* SPDX-License-Identifier: Apache-2.0 */
/* DNS: names, the query, responses good, foreign and hostile, RDATA as text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/random.h"
#include "hex.h"
#include "wire/dns.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_name_text(void **state)
{
	static const struct {
		const char *text;
		int result;
		const char *wire, *back;
	} rows[] = {
		{ ".", 0, "00", "." },
		{ "example.com", 0, "07'example'03'com'00", "example.com." },
		{ "example.com.", 0, "07'example'03'com'00", "example.com." },
		{ "WWW.example", 0, "03'WWW'07'example'00", "WWW.example." },
		{ "a\\.b.c", 0, "03'a.b'01'c'00", "a\\.b.c." },
		{ "\\065.x", 0, "01'A'01'x'00", "A.x." },
		{ "\\000\\255", 0, "02 00ff 00", "\\000\\255." },
		{ "a b", 0, "03'a b'00", "a\\032b." },
		{ "_dns._udp", 0, "04'_dns'04'_udp'00", "_dns._udp." },
		{ "", ERROR_MALFORMED, "", "" },
		{ "..", ERROR_MALFORMED, "", "" },
		{ ".com", ERROR_MALFORMED, "", "" },
		{ "a..b", ERROR_MALFORMED, "", "" },
		{ "a\\", ERROR_MALFORMED, "", "" },
		{ "a\\25", ERROR_MALFORMED, "", "" },
		{ "a\\256", ERROR_MALFORMED, "", "" },
		{ "a\\2x5", ERROR_MALFORMED, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct dns_name name;
		char text[DNS_NAME_TEXT_MAX];
		uint8_t wire[300];
		size_t length = hex_read(rows[i].wire, wire, sizeof(wire));

		if (dns_name_parse(rows[i].text, &name) != rows[i].result)
			fail_msg("%s", rows[i].text);
		if (rows[i].result != 0)
			continue;
		assert_int_equal(name.length, length);
		assert_memory_equal(name.bytes, wire, length);
		assert_string_equal(dns_name_format(&name, text), rows[i].back);
	}
}

static void test_name_limits(void **state)
{
	char text[DNS_NAME_TEXT_MAX], back[DNS_NAME_TEXT_MAX];
	struct dns_name name, again;

	(void)state;
	memset(text, 'a', 64);
	text[63] = '\0';
	assert_int_equal(dns_name_parse(text, &name), 0);
	text[63] = 'a';
	text[64] = '\0';
	assert_int_equal(dns_name_parse(text, &name), ERROR_RANGE);
	/* 127 labels of one byte and the root are exactly 255 bytes. */
	for (size_t i = 0; i < 127; i++)
		memcpy(text + 2 * i, "a.", 3);
	assert_int_equal(dns_name_parse(text, &name), 0);
	assert_int_equal(name.length, DNS_NAME_MAX);
	assert_string_equal(dns_name_format(&name, back), text);
	memcpy(text + 254, "a", 2);
	assert_int_equal(dns_name_parse(text, &name), ERROR_RANGE);
	/* The longest text: every byte escaped. */
	name = (struct dns_name){ .length = 255 };
	for (size_t i = 0, left = 254; left > 0;) {
		size_t label = left > 64 ? 63 : left - 1;

		name.bytes[i] = (uint8_t)label;
		memset(name.bytes + i + 1, 0xff, label);
		i += label + 1;
		left -= label + 1;
	}
	dns_name_format(&name, back);
	assert_true(strlen(back) < DNS_NAME_TEXT_MAX);
	assert_int_equal(dns_name_parse(back, &again), 0);
	assert_true(dns_name_equal(&name, &again));
}

static void test_name_equal(void **state)
{
	struct dns_name a, b;

	(void)state;
	assert_int_equal(dns_name_parse("Example.COM", &a), 0);
	assert_int_equal(dns_name_parse("eXAMPLE.com.", &b), 0);
	assert_true(dns_name_equal(&a, &b));
	assert_int_equal(dns_name_parse("example.con", &b), 0);
	assert_false(dns_name_equal(&a, &b));
	/* '@' and '`', '[' and '{' are 32 apart too, but no letters. */
	assert_int_equal(dns_name_parse("@[", &a), 0);
	assert_int_equal(dns_name_parse("`{", &b), 0);
	assert_false(dns_name_equal(&a, &b));
	assert_int_equal(dns_name_parse("ab", &a), 0);
	assert_int_equal(dns_name_parse("a.b", &b), 0);
	assert_false(dns_name_equal(&a, &b));
}

/* Compressed names: `at` is where the name starts in the message. */
static void test_name_read(void **state)
{
	static const struct {
		const char *what, *message;
		size_t at;
		int result;
		const char *text;
		size_t behind; /* where the cursor stands afterwards */
	} rows[] = {
		{ "plain", "03'com'00", 0, 0, "com.", 5 },
		{ "root", "00", 0, 0, ".", 1 },
		{ "pointer", "03'com'00 c000", 5, 0, "com.", 7 },
		{ "label and pointer", "03'com'00 01'a'c000 ff", 5, 0, "a.com.", 9 },
		{ "two pointers", "03'com'00 01'a'c000 01'b'c005", 9, 0, "b.a.com.", 13 },
		{ "to itself", "c000", 0, ERROR_MALFORMED, "", 0 },
		{ "to itself behind a label", "01'a'c000", 0, ERROR_MALFORMED, "", 0 },
		{ "forward", "c002 00", 0, ERROR_MALFORMED, "", 0 },
		{ "two that point at each other", "c002 c000", 2, ERROR_MALFORMED, "", 0 },
		{ "two, from the first", "c002 c000", 0, ERROR_MALFORMED, "", 0 },
		{ "into its own labels", "01'a'01'b'c002", 0, ERROR_MALFORMED, "", 0 },
		{ "back into what it continues", "01'a'c004 01'b'c000", 4, ERROR_MALFORMED, "",
			0 },
		{ "behind the message", "c0ff", 0, ERROR_MALFORMED, "", 0 },
		{ "half a pointer", "c0", 0, ERROR_TRUNCATED, "", 0 },
		{ "no root", "01'a'", 0, ERROR_TRUNCATED, "", 0 },
		{ "label past the end", "05'abc'", 0, ERROR_TRUNCATED, "", 0 },
		{ "nothing", "", 0, ERROR_TRUNCATED, "", 0 },
		{ "label type 01", "41'a'00", 0, ERROR_MALFORMED, "", 0 },
		{ "label type 10", "81'a'00", 0, ERROR_MALFORMED, "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t bytes[64];
		size_t length = hex_read(rows[i].message, bytes, sizeof(bytes));
		uint8_t *exact = exact_copy(bytes, length);
		struct cursor message = cursor_of(exact, length), c = message;
		struct dns_name name;
		char text[DNS_NAME_TEXT_MAX];
		int r;

		cursor_skip(&c, rows[i].at);
		r = dns_name_read(&message, &c, &name);
		if (r != rows[i].result)
			fail_msg("%s: %d", rows[i].what, r);
		assert_int_equal(c.failed, r != 0);
		if (r == 0) {
			assert_string_equal(dns_name_format(&name, text), rows[i].text);
			assert_int_equal(c.at - message.at, rows[i].behind);
		}
		free(exact);
	}
}

/* A chain of pointers, each to the one before: the cap ends it; and names that grow past 255.
 */
static void test_name_bombs(void **state)
{
	uint8_t bytes[4096] = { 0 };
	struct dns_name name;
	struct cursor message, c;
	size_t at = 1;

	(void)state;
	for (unsigned i = 0; i < 1000; i++, at += 2)
		bytes_put_u16(bytes + at, (uint16_t)(0xc000 | (i == 0 ? 0 : at - 2)));
	message = c = cursor_of(bytes, at);
	cursor_skip(&c, 1 + 2 * (DNS_POINTERS_MAX - 1));
	assert_int_equal(dns_name_read(&message, &c, &name), 0);
	c = message;
	cursor_skip(&c, 1 + 2 * DNS_POINTERS_MAX);
	assert_int_equal(dns_name_read(&message, &c, &name), ERROR_MALFORMED);
	/* Each name is a label of 63 and a pointer to the one before: the fifth is too long. */
	memset(bytes, 'x', sizeof(bytes));
	bytes[0] = 0;
	at = 1;
	for (unsigned i = 0; i < 5; i++, at += 66) {
		bytes[at] = 63;
		bytes_put_u16(bytes + at + 64, (uint16_t)(0xc000 | (i == 0 ? 0 : at - 66)));
		message = c = cursor_of(bytes, at + 66);
		cursor_skip(&c, at);
		assert_int_equal(
			dns_name_read(&message, &c, &name), i < 3 ? 0 : ERROR_MALFORMED);
	}
}

static struct dns_query query_make(const char *name, uint16_t type, uint16_t class)
{
	struct dns_query query = { .id = 0xbeef, .question = { .type = type, .class = class } };

	assert_int_equal(dns_name_parse(name, &query.question.name), 0);
	return query;
}

static void test_query(void **state)
{
	static const struct {
		const char *name;
		uint16_t type, class;
		bool recursion_desired, nsid;
		uint16_t udp_payload;
		const char *wire;
	} rows[] = {
		{ "example.com", DNS_TYPE_SOA, DNS_CLASS_IN, false, false, 0,
			"beef 0000 0001 0000 0000 0000 07'example'03'com'00 0006 0001" },
		{ "example.com", DNS_TYPE_A, DNS_CLASS_IN, true, false, 1232,
			"beef 0100 0001 0000 0000 0001 07'example'03'com'00 0001 0001"
			"00 0029 04d0 00000000 0000" },
		{ "id.server", DNS_TYPE_TXT, DNS_CLASS_CH, false, true, 1232,
			"beef 0000 0001 0000 0000 0001 02'id'06'server'00 0010 0003"
			"00 0029 04d0 00000000 0004 0003 0000" },
		{ ".", DNS_TYPE_NS, DNS_CLASS_IN, false, true, 0,
			"beef 0000 0001 0000 0000 0000 00 0002 0001" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct dns_query query = query_make(rows[i].name, rows[i].type, rows[i].class);
		uint8_t bytes[300], expected[300];
		struct writer w = writer_of(bytes, sizeof(bytes));
		size_t length = hex_read(rows[i].wire, expected, sizeof(expected));

		query.recursion_desired = rows[i].recursion_desired;
		query.nsid = rows[i].nsid;
		query.udp_payload = rows[i].udp_payload;
		dns_query_write(&w, &query);
		assert_false(w.failed);
		assert_int_equal(writer_length(&w), length);
		assert_memory_equal(bytes, expected, length);
		w = writer_of(bytes, length - 1);
		dns_query_write(&w, &query);
		assert_true(w.failed);
	}
}

#define QUESTION "07'example'03'com'00 0001 0001"
#define OPT_NSID "00 0029 04d0 00000000 0008 0003 0004 'fra1'"

/* Responses to id beef, example.com A IN. */
static const struct response_row {
	const char *what, *message;
	int result;
	uint16_t rcode, answers;
	const char *nsid;
} responses[] = {
	{ "one answer",
		"beef 8400 0001 0001 0000 0000" QUESTION
		"c00c 0001 0001 0000003c 0004 c0000201",
		0, 0, 1, NULL },
	{ "with NSID",
		"beef 8400 0001 0001 0000 0001" QUESTION
		"c00c 0001 0001 0000003c 0004 c0000201" OPT_NSID,
		0, 0, 1, "fra1" },
	{ "other case in the question",
		"beef 8000 0001 0000 0000 0000 07'eXAMple'03'COM'00 0001 0001", 0, 0, 0, NULL },
	{ "NXDOMAIN with SOA",
		"beef 8403 0001 0000 0001 0000" QUESTION
		"c014 0006 0001 00000001 0016 00 00 00000001 00000002 00000003 00000004 00000005",
		0, 3, 0, NULL },
	{ "extended rcode",
		"beef 8000 0001 0000 0000 0001" QUESTION "00 0029 04d0 01000000 0000", 0, 16, 0,
		NULL },
	{ "refused without question", "beef 8005 0000 0000 0000 0000", 0, 5, 0, NULL },
	{ "empty NSID",
		"beef 8000 0001 0000 0000 0001" QUESTION "00 0029 04d0 00000000 0004 0003 0000",
		0, 0, 0, "" },
	{ "another option first",
		"beef 8000 0001 0000 0000 0001" QUESTION
		"00 0029 04d0 00000000 000f 000a 0003 'abc' 0003 0004 'ams2'",
		0, 0, 0, "ams2" },
	{ "truncated in the middle of a record",
		"beef 8600 0001 0002 0000 0001" QUESTION
		"c00c 0001 0001 0000003c 0004 c0000201 c00c 0001",
		0, 0, 1, NULL },
	{ "bytes behind the last record", "beef 8000 0001 0000 0000 0000" QUESTION "ffff", 0, 0,
		0, NULL },
	{ "no question, no error", "beef 8000 0000 0000 0000 0000", ERROR_NOT_FOUND, 0, 0,
		NULL },
	{ "two questions", "beef 8000 0002 0000 0000 0000" QUESTION QUESTION, ERROR_NOT_FOUND,
		0, 0, NULL },
	{ "another id", "beee 8000 0001 0000 0000 0000" QUESTION, ERROR_NOT_FOUND, 0, 0, NULL },
	{ "a query", "beef 0000 0001 0000 0000 0000" QUESTION, ERROR_NOT_FOUND, 0, 0, NULL },
	{ "another opcode", "beef a000 0001 0000 0000 0000" QUESTION, ERROR_NOT_FOUND, 0, 0,
		NULL },
	{ "another name", "beef 8000 0001 0000 0000 0000 07'examplf'03'com'00 0001 0001",
		ERROR_NOT_FOUND, 0, 0, NULL },
	{ "another type", "beef 8000 0001 0000 0000 0000 07'example'03'com'00 001c 0001",
		ERROR_NOT_FOUND, 0, 0, NULL },
	{ "another class", "beef 8000 0001 0000 0000 0000 07'example'03'com'00 0001 0003",
		ERROR_NOT_FOUND, 0, 0, NULL },
	{ "shorter than the header", "beef 8000 0001 0000 0000 00", ERROR_TRUNCATED, 0, 0,
		NULL },
	{ "no question where one is said", "beef 8000 0001 0000 0000 0000", ERROR_TRUNCATED, 0,
		0, NULL },
	{ "fewer records than said", "beef 8000 0001 0001 0000 0000" QUESTION, ERROR_TRUNCATED,
		0, 0, NULL },
	{ "RDATA past the end",
		"beef 8000 0001 0001 0000 0000" QUESTION
		"c00c 0001 0001 0000003c 0005 c0000201",
		ERROR_TRUNCATED, 0, 0, NULL },
	{ "owner name in a loop",
		"beef 8000 0001 0001 0000 0000" QUESTION
		"c01d 0001 0001 0000003c 0004 c0000201",
		ERROR_MALFORMED, 0, 0, NULL },
	{ "two OPT", "beef 8000 0001 0000 0000 0002" QUESTION OPT_NSID OPT_NSID,
		ERROR_MALFORMED, 0, 0, NULL },
	{ "OPT that is not of the root",
		"beef 8000 0001 0000 0000 0001" QUESTION "c00c 0029 04d0 00000000 0000",
		ERROR_MALFORMED, 0, 0, NULL },
	{ "an option past its record",
		"beef 8000 0001 0000 0000 0001" QUESTION "00 0029 04d0 00000000 0004 0003 0001",
		ERROR_MALFORMED, 0, 0, NULL },
};

static void response_check(const struct response_row *row, const uint8_t *bytes, size_t length)
{
	struct dns_query query = query_make("example.com", DNS_TYPE_A, DNS_CLASS_IN);
	struct error error = { 0 };
	struct dns_response response = { 0 };
	struct dns_answers answers;
	struct dns_record record;
	uint16_t count = 0;
	int r = dns_response_read(bytes, length, &query, &response, &error);

	if (r != row->result)
		fail_msg("%s: %d %s", row->what, r, error.text);
	assert_int_equal(error.code, r);
	if (r != 0)
		return;
	if (response.rcode != row->rcode || response.answer_count != row->answers)
		fail_msg("%s: rcode %u, %u answers", row->what, response.rcode,
			response.answer_count);
	for (answers = dns_answers_of(&response); dns_answer_next(&answers, &record); count++)
		assert_int_equal(record.ttl_s, 60);
	assert_int_equal(count, row->answers);
	assert_int_equal(response.nsid == NULL, row->nsid == NULL);
	if (row->nsid != NULL) {
		assert_int_equal(response.nsid_length, strlen(row->nsid));
		assert_memory_equal(response.nsid, row->nsid, response.nsid_length);
	}
}

static void test_responses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(responses); i++) {
		uint8_t bytes[512];
		size_t length = hex_read(responses[i].message, bytes, sizeof(bytes));
		uint8_t *exact = exact_copy(bytes, length);

		response_check(&responses[i], exact, length);
		free(exact);
	}
}

/* Each cut of each good response is refused, or if it says so itself, read as far as it goes.
 */
static void test_cuts(void **state)
{
	struct dns_query query = query_make("example.com", DNS_TYPE_A, DNS_CLASS_IN);

	(void)state;
	for (size_t i = 0; i < COUNT(responses); i++) {
		uint8_t bytes[512];
		size_t length = hex_read(responses[i].message, bytes, sizeof(bytes));
		struct dns_response response;

		if (responses[i].result != 0 || strstr(responses[i].what, "behind") != NULL)
			continue;
		for (size_t cut = 0; cut < length; cut++) {
			uint8_t *exact = exact_copy(bytes, cut);
			int r = dns_response_read(exact, cut, &query, &response, NULL);

			if ((bytes[2] & 2) != 0 && cut >= DNS_HEADER_SIZE + 17)
				assert_int_equal(r, 0);
			else
				assert_int_not_equal(r, 0);
			free(exact);
		}
	}
}

static void test_rdata(void **state)
{
	static const struct {
		uint16_t type;
		const char *rdata, *text;
	} rows[] = {
		{ DNS_TYPE_A, "c6336435", "198.51.100.53" },
		{ DNS_TYPE_A, "c63364", "\\# 3 C63364" },
		{ DNS_TYPE_A, "c633643500", "\\# 5 C633643500" },
		{ DNS_TYPE_AAAA, "20010db8 00530000 00000000 00000053", "2001:db8:53::53" },
		{ DNS_TYPE_TXT, "05'hello'", "\"hello\"" },
		{ DNS_TYPE_TXT, "05'hello'00 02'w'22", "\"hello\" \"\" \"w\\\"\"" },
		{ DNS_TYPE_TXT, "03'a'0aff", "\"a\\010\\255\"" },
		{ DNS_TYPE_TXT, "06'hello'", "\\# 6 0668656C6C6F" },
		{ DNS_TYPE_TXT, "", "\\# 0" },
		{ DNS_TYPE_NS, "02'ns'c00c", "ns.example.com." },
		{ DNS_TYPE_CNAME, "c00c", "example.com." },
		{ DNS_TYPE_CNAME, "c00c00", "\\# 3 C00C00" },
		{ DNS_TYPE_PTR, "01'a'00", "a." },
		{ DNS_TYPE_PTR, "c0ff", "\\# 2 C0FF" },
		{ DNS_TYPE_MX, "000a 04'mail'c00c", "10 mail.example.com." },
		{ DNS_TYPE_SOA,
			"02'ns'c00c 04'root'c00c 78a3f5b1 00000e10 00000384 001baf80 00000e10",
			"ns.example.com. root.example.com. 2024011185 3600 900 1814400 3600" },
		{ DNS_TYPE_SRV, "0001 0002 0035 02'ns'00", "1 2 53 ns." },
		{ DNS_TYPE_NAPTR, "0001 0002 01'u'03'sip'00 00", "1 2 \"u\" \"sip\" \"\" ." },
		{ DNS_TYPE_DS, "0001 08 02 abcd", "1 8 2 ABCD" },
		{ DNS_TYPE_TLSA, "03 01 01 00ff", "3 1 1 00FF" },
		{ DNS_TYPE_CAA, "00 05'issue''ca.example'", "0 issue \"ca.example\"" },
		{ 62347, "0a000001", "\\# 4 0A000001" },
		{ 62347, "", "\\# 0" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t bytes[512];
		size_t head = hex_read(
			"beef 8400 0001 0001 0000 0000" QUESTION, bytes, sizeof(bytes));
		size_t length = hex_read(rows[i].rdata, bytes + head, sizeof(bytes) - head);
		struct dns_response response = { .message = cursor_of(bytes, head + length) };
		struct dns_record record = { .type = rows[i].type,
			.rdata = cursor_of(bytes + head, length) };
		char text[256], small[256];

		assert_string_equal(
			dns_rdata_format(&response, &record, text, sizeof(text)), rows[i].text);
		/* Cut at every size, never past it. */
		for (size_t size = 1; size <= strlen(rows[i].text); size++) {
			memset(small, 'X', sizeof(small));
			dns_rdata_format(&response, &record, small, size);
			assert_int_equal(strlen(small), size - 1);
			assert_int_equal(small[size], 'X');
		}
	}
}

static void test_names_of_codes(void **state)
{
	char text[DNS_CODE_TEXT_MAX], bytes[32];

	(void)state;
	assert_string_equal(dns_rcode_name(3, text), "NXDOMAIN");
	assert_string_equal(dns_rcode_name(16, text), "BADVERS");
	assert_string_equal(dns_rcode_name(11, text), "RCODE11");
	assert_string_equal(dns_rcode_name(4095, text), "RCODE4095");
	assert_string_equal(dns_type_name(28, text), "AAAA");
	assert_string_equal(dns_type_name(65535, text), "TYPE65535");
	assert_string_equal(
		dns_bytes_format((const uint8_t *)"fra1\\\x01\"", 7, bytes, sizeof(bytes)),
		"fra1\\\\\\001\"");
	assert_string_equal(dns_bytes_format(NULL, 0, bytes, sizeof(bytes)), "");
}

/* Good responses with a few bytes changed: no crash, and what is accepted can be printed. */
static void test_mutations(void **state)
{
	struct dns_query query = query_make("example.com", DNS_TYPE_A, DNS_CLASS_IN);
	struct random random = { 53 };

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		const struct response_row *row = &responses[random_below(&random, 9)];
		uint8_t bytes[512];
		size_t length = hex_read(row->message, bytes, sizeof(bytes));
		struct dns_response response;
		struct dns_answers answers;
		struct dns_record record;
		uint16_t count = 0;
		char text[64];
		uint8_t *exact;

		for (unsigned i = 0; i < 3; i++)
			bytes[2 + random_below(&random, (uint32_t)length - 2)] =
				(uint8_t)random_u64(&random);
		exact = exact_copy(bytes, length);
		if (dns_response_read(exact, length, &query, &response, NULL) == 0) {
			for (answers = dns_answers_of(&response);
				dns_answer_next(&answers, &record); count++)
				dns_rdata_format(&response, &record, text, sizeof(text));
			assert_int_equal(count, response.answer_count);
		}
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name_text),
		cmocka_unit_test(test_name_limits),
		cmocka_unit_test(test_name_equal),
		cmocka_unit_test(test_name_read),
		cmocka_unit_test(test_name_bombs),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_responses),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_rdata),
		cmocka_unit_test(test_names_of_codes),
		cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
