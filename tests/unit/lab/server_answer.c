/* SPDX-License-Identifier: Apache-2.0 */
/* What the lab's server answers, read by our own checker's reader. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lab/server_answer.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct row {
	const char *name;
	uint16_t type, class, rcode;
	const char *local;
	const char *answer; /* in presentation form; NULL: none */
	uint16_t authority, additional;
} rows[] = {
	{ "id.server", DNS_TYPE_TXT, DNS_CLASS_CH, 0, "192.0.2.1", "\"fra\"", 0, 1 },
	{ "HOSTNAME.bind", DNS_TYPE_TXT, DNS_CLASS_CH, 0, "192.0.2.1", "\"fra\"", 0, 1 },
	{ "version.bind", DNS_TYPE_TXT, DNS_CLASS_CH, 5, "192.0.2.1", NULL, 0, 1 },
	{ "id.server", DNS_TYPE_TXT, DNS_CLASS_IN, 5, "192.0.2.1", NULL, 0, 1 },
	{ "lab.example", DNS_TYPE_TXT, DNS_CLASS_IN, 0, "192.0.2.1", "\"fra\"", 0, 1 },
	{ "a.b.LAB.example", DNS_TYPE_TXT, DNS_CLASS_IN, 0, "192.0.2.1", "\"fra\"", 0, 1 },
	{ "www.lab.example", DNS_TYPE_A, DNS_CLASS_IN, 0, "192.0.2.1", "192.0.2.1", 0, 2 },
	{ "www.lab.example", DNS_TYPE_AAAA, DNS_CLASS_IN, 0, "2001:db8::1", "2001:db8::1", 0,
		2 },
	/* no data: the SOA */
	{ "www.lab.example", DNS_TYPE_AAAA, DNS_CLASS_IN, 0, "192.0.2.1", NULL, 1, 1 },
	{ "www.lab.example", DNS_TYPE_MX, DNS_CLASS_IN, 0, "192.0.2.1", NULL, 1, 1 },
	/* not ours: what is above, beside, and what only ends alike */
	{ "example", DNS_TYPE_A, DNS_CLASS_IN, 5, "192.0.2.1", NULL, 0, 1 },
	{ "lab.example.com", DNS_TYPE_A, DNS_CLASS_IN, 5, "192.0.2.1", NULL, 0, 1 },
	{ "mylab.example", DNS_TYPE_A, DNS_CLASS_IN, 5, "192.0.2.1", NULL, 0, 1 },
	{ ".", DNS_TYPE_A, DNS_CLASS_IN, 5, "192.0.2.1", NULL, 0, 1 },
};

static void check(const struct row *row)
{
	struct server_identity identity = { .name = "fra" };
	struct dns_query query = { .id = 77,
		.question = { .type = row->type, .class = row->class },
		.udp_payload = DNS_UDP_PAYLOAD,
		.nsid = true };
	struct dns_response response;
	struct dns_answers answers;
	struct dns_record record;
	struct address local;
	uint8_t bytes[512], out[SERVER_ANSWER_MAX];
	char text[64];
	struct writer w = writer_of(bytes, sizeof(bytes));
	bool malformed;
	size_t length;

	assert_int_equal(dns_name_parse("lab.example", &identity.zone), 0);
	assert_int_equal(dns_name_parse(row->name, &query.question.name), 0);
	assert_int_equal(address_parse(row->local, &local), 0);
	dns_query_write(&w, &query);
	length = server_answer(
		&identity, &local, SERVER_UDP, bytes, writer_length(&w), out, &malformed);
	assert_false(malformed);
	if (dns_response_read(out, length, &query, &response, NULL) != 0)
		fail_msg("%s: not an answer", row->name);
	if (response.rcode != row->rcode || response.authority_count != row->authority ||
		response.additional_count != row->additional ||
		response.answer_count != (row->answer != NULL))
		fail_msg("%s %u: rcode %u, %u answers", row->name, row->type, response.rcode,
			response.answer_count);
	assert_int_equal(response.nsid_length, 3);
	assert_memory_equal(response.nsid, "fra", 3);
	answers = dns_answers_of(&response);
	if (!dns_answer_next(&answers, &record))
		return;
	assert_true(dns_name_equal(&record.name, &query.question.name));
	assert_string_equal(
		dns_rdata_format(&response, &record, text, sizeof(text)), row->answer);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check(&rows[i]);
}

/* Answered with an error, or, if it may be an answer itself, not at all. */
static void test_broken(void **state)
{
	static const struct {
		uint8_t bytes[24];
		size_t length;
		unsigned flags; /* of the answer; 0: none */
	} messages[] = {
		{ { 0 }, 0, 0 },
		{ { 0 }, 11, 0 },
		{ { 1, 2, 0x80 }, 12, 0 },
		{ { 1, 2 }, 12, 0x8001 },
		{ { 1, 2, 0, 0, 0, 1 }, 12, 0x8001 },
		{ { 1, 2, 0x28, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1 }, 17, 0xa804 },
	};
	struct server_identity identity = { .name = "fra" };
	struct address local = address_ipv4(0xc0000201);

	(void)state;
	assert_int_equal(dns_name_parse("lab.example", &identity.zone), 0);
	for (size_t i = 0; i < COUNT(messages); i++) {
		uint8_t out[SERVER_ANSWER_MAX];
		bool malformed;
		size_t length = server_answer(&identity, &local, SERVER_TCP, messages[i].bytes,
			messages[i].length, out, &malformed);

		if (messages[i].flags == 0) {
			assert_int_equal(length, 0);
			assert_true(malformed);
			continue;
		}
		assert_true(length >= DNS_HEADER_SIZE);
		assert_int_equal(out[2] << 8 | out[3], messages[i].flags);
		assert_int_equal(malformed, (messages[i].flags & 15) == 1);
	}
}

/* RFC 6891 section 6.1.3: a version that we do not speak. */
static void test_version(void **state)
{
	static const uint8_t opt_version_1[] = { 0, 0, 41, 4, 208, 0, 1, 0, 0, 0, 0 };
	struct server_identity identity = { .name = "fra" };
	struct address local = address_ipv4(0xc0000201);
	struct dns_query query = { .id = 77,
		.question = { .type = DNS_TYPE_TXT, .class = DNS_CLASS_CH },
		.udp_payload = DNS_UDP_PAYLOAD };
	struct dns_response response;
	uint8_t bytes[512], out[SERVER_ANSWER_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));
	bool malformed;
	size_t length;

	(void)state;
	assert_int_equal(dns_name_parse("lab.example", &identity.zone), 0);
	assert_int_equal(dns_name_parse("id.server", &query.question.name), 0);
	dns_query_write(&w, &query);
	length = writer_length(&w);
	memcpy(bytes + length - sizeof(opt_version_1), opt_version_1, sizeof(opt_version_1));
	length = server_answer(&identity, &local, SERVER_UDP, bytes, length, out, &malformed);
	assert_false(malformed);
	assert_int_equal(dns_response_read(out, length, &query, &response, NULL), 0);
	assert_int_equal(response.rcode, DNS_RCODE_BADVERS);
	assert_int_equal(response.answer_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
