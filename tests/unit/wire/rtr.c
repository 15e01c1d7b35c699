/* SPDX-License-Identifier: Apache-2.0 */
/* The RPKI to Router protocol: every PDU in bytes, and what is wrong with bad ones. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "hex.h"
#include "wire/rtr.h"

/* Good PDUs in their only form: what is read is written back byte by byte. */
static const struct good {
	const char *hex;
	uint8_t version, type;
} goods[] = {
	{ "00 00 0007 0000000c 00000005", 0, RTR_SERIAL_NOTIFY },
	{ "01 01 0007 0000000c 00000005", 1, RTR_SERIAL_QUERY },
	{ "02 02 0000 00000008", 2, RTR_RESET_QUERY },
	{ "01 03 0007 00000008", 1, RTR_CACHE_RESPONSE },
	{ "01 04 0000 00000014 01 18 1c 00 c0000200 0000fbf4", 1, RTR_IPV4_PREFIX },
	{ "01 04 0000 00000014 00 00 20 00 00000000 00000000", 1, RTR_IPV4_PREFIX },
	{ "01 06 0000 00000020 01 20 30 00 20010db8000000000000000000000000 0000fbf5", 1,
		RTR_IPV6_PREFIX },
	{ "00 07 0007 0000000c 00000005", 0, RTR_END_OF_DATA },
	{ "01 07 0007 00000018 00000005 00000e10 00000258 00001c20", 1, RTR_END_OF_DATA },
	{ "02 08 0000 00000008", 2, RTR_CACHE_RESET },
	{ "01 09 0100 00000023 000102030405060708090a0b0c0d0e0f10111213 0000fbf5 'key'", 1,
		RTR_ROUTER_KEY },
	{ "01 0a 0002 00000010 00000000 00000000", 1, RTR_ERROR_REPORT },
	{ "00 0a 0004 0000001a 00000008 0202000000000008 00000002 'no'", 0, RTR_ERROR_REPORT },
	{ "02 0b 0100 00000014 0000fbf4 0000fbf5 0000fbf6", 2, RTR_ASPA },
	{ "02 0b 0100 00000010 0000fbf4 00000000", 2, RTR_ASPA },
	{ "02 0b 0000 0000000c 0000fbf4", 2, RTR_ASPA },
	/* As StayRTR 0.5.1 sends it: revision 10 of the draft. */
	{ "02 0b 0000 00000018 01 00 0002 0000fbf4 0000fbf5 0000fbf6", 2, RTR_ASPA },
	{ "02 0b 0000 00000014 01 01 0001 0000fbf4 0000fbf5", 2, RTR_ASPA },
	{ "02 0b 0000 00000010 00 01 0000 0000fbf4", 2, RTR_ASPA },
};

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(goods) / sizeof(goods[0]); i++) {
		uint8_t bytes[128], again[128];
		size_t length = hex_read(goods[i].hex, bytes, sizeof(bytes)), size;
		struct writer w = writer_of(again, sizeof(again));
		struct rtr_fault fault;
		struct rtr_pdu pdu;

		for (size_t piece = 0; piece < length; piece++) {
			assert_int_equal(rtr_read(bytes, piece, &pdu, &size, &fault), RTR_MORE);
			assert_int_equal(size, piece < RTR_HEADER_SIZE ? 0 : length);
		}
		/* What follows is not looked at. */
		bytes[length] = 0xff;
		assert_int_equal(rtr_read(bytes, length + 1, &pdu, &size, &fault), RTR_WHOLE);
		assert_int_equal(size, length);
		assert_int_equal(pdu.version, goods[i].version);
		assert_int_equal(pdu.type, goods[i].type);
		rtr_write(&w, &pdu);
		assert_false(w.failed);
		assert_int_equal(writer_length(&w), length);
		assert_memory_equal(bytes, again, length);
	}
}

static struct rtr_pdu read_one(const char *hex, uint8_t bytes[128])
{
	size_t length = hex_read(hex, bytes, 128), size;
	struct rtr_fault fault;
	struct rtr_pdu pdu;

	assert_int_equal(rtr_read(bytes, length, &pdu, &size, &fault), RTR_WHOLE);
	return pdu;
}

static void test_values(void **state)
{
	char text[PREFIX_TEXT_MAX];
	uint8_t bytes[128];
	struct rtr_pdu pdu;

	(void)state;
	/* Host bits are cleared, other flags and the zero byte ignored. */
	pdu = read_one("01 04 ffff 00000014 ff 18 1c ff c00002ff 0000fbf4", bytes);
	assert_true(pdu.prefix.announce);
	assert_string_equal(prefix_format(&pdu.prefix.prefix, text), "192.0.2.0/24");
	assert_int_equal(pdu.prefix.max_length, 28);
	assert_int_equal(pdu.prefix.asn, 64500);
	pdu = read_one("01 07 0007 00000018 00000005 00000e10 00000258 00001c20", bytes);
	assert_int_equal(pdu.session_id, 7);
	assert_int_equal(pdu.end.serial, 5);
	assert_int_equal(pdu.end.refresh_s, 3600);
	assert_int_equal(pdu.end.retry_s, 600);
	assert_int_equal(pdu.end.expire_s, 7200);
	pdu = read_one("02 0b 0100 00000014 0000fbf4 0000fbf5 0000fbf6", bytes);
	assert_true(pdu.aspa.announce);
	assert_int_equal(pdu.aspa.family, FAMILY_NONE);
	assert_int_equal(pdu.aspa.customer, 64500);
	assert_int_equal(pdu.aspa.count, 2);
	assert_int_equal(rtr_aspa_provider(&pdu.aspa, 1), 64502);
	pdu = read_one("02 0b 0000 00000014 01 01 0001 0000fbf4 0000fbf5", bytes);
	assert_true(pdu.aspa.announce);
	assert_int_equal(pdu.aspa.family, FAMILY_IPV6);
	assert_int_equal(pdu.aspa.customer, 64500);
	assert_int_equal(rtr_aspa_provider(&pdu.aspa, 0), 64501);
	pdu = read_one("01 0a 0002 00000013 00000000 00000003 'why'", bytes);
	assert_int_equal(pdu.error.code, RTR_ERROR_NO_DATA);
	assert_int_equal(pdu.error.text_length, 3);
	assert_memory_equal(pdu.error.text, "why", 3);
}

/* at: how many bytes prove it. */
static const struct wrong {
	const char *hex;
	uint16_t code;
	size_t at;
} wrongs[] = {
	{ "03", RTR_ERROR_UNSUPPORTED_VERSION, 1 },
	{ "01 05", RTR_ERROR_UNSUPPORTED_TYPE, 2 },
	{ "01 0c", RTR_ERROR_UNSUPPORTED_TYPE, 2 },
	{ "00 09", RTR_ERROR_UNSUPPORTED_TYPE, 2 },
	{ "01 0b", RTR_ERROR_UNSUPPORTED_TYPE, 2 },
	{ "01 04 0000 00000013", RTR_ERROR_CORRUPT_DATA, 8 },
	{ "01 04 0000 00000000", RTR_ERROR_CORRUPT_DATA, 8 },
	{ "01 08 0000 00000009", RTR_ERROR_CORRUPT_DATA, 8 },
	{ "01 0a 0000 ffffffff", RTR_ERROR_CORRUPT_DATA, 8 },
	{ "02 0b 0100 0000000b", RTR_ERROR_CORRUPT_DATA, 8 },
	{ "01 07 0007 0000000c 00000005", RTR_ERROR_CORRUPT_DATA, 12 },
	{ "00 07 0007 00000018 00000005 00000e10 00000258 00001c20", RTR_ERROR_CORRUPT_DATA,
		24 },
	{ "01 04 0000 00000014 01 21 21 00 c0000200 0000fbf4", RTR_ERROR_CORRUPT_DATA, 20 },
	{ "01 04 0000 00000014 01 18 21 00 c0000200 0000fbf4", RTR_ERROR_CORRUPT_DATA, 20 },
	{ "01 04 0000 00000014 01 18 17 00 c0000200 0000fbf4", RTR_ERROR_CORRUPT_DATA, 20 },
	{ "01 0a 0002 00000010 00000001 00000000", RTR_ERROR_CORRUPT_DATA, 16 },
	{ "01 0a 0002 00000010 00000000 00000001", RTR_ERROR_CORRUPT_DATA, 16 },
	{ "01 0a 0002 00000011 00000000 00000000 00", RTR_ERROR_CORRUPT_DATA, 17 },
	{ "01 0a 0002 00000010 ffffffff 00000000", RTR_ERROR_CORRUPT_DATA, 16 },
	{ "02 0b 0100 0000000c 0000fbf4", RTR_ERROR_ASPA_PROVIDERS, 12 },
	{ "02 0b 0100 00000014 0000fbf4 00000000 00000001", RTR_ERROR_ASPA_PROVIDERS, 20 },
	{ "02 0b 0100 00000014 0000fbf4 00000002 00000001", RTR_ERROR_ASPA_PROVIDERS, 20 },
	{ "02 0b 0100 00000014 0000fbf4 00000002 00000002", RTR_ERROR_ASPA_PROVIDERS, 20 },
	{ "02 0b 0100 00000012 0000fbf4 00000002 0000", RTR_ERROR_CORRUPT_DATA, 18 },
	{ "02 0b 0000 00000014 01 00 0002 0000fbf4 0000fbf5", RTR_ERROR_CORRUPT_DATA, 20 },
	{ "02 0b 0000 00000010 01 00 0000 0000fbf4", RTR_ERROR_ASPA_PROVIDERS, 16 },
};

static void test_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		uint8_t bytes[64];
		size_t length = hex_read(wrongs[i].hex, bytes, sizeof(bytes)), size;
		struct rtr_fault fault = { .code = 999 };
		struct rtr_pdu pdu;

		assert_int_equal(length, wrongs[i].at);
		for (size_t piece = 0; piece < length; piece++)
			assert_int_equal(rtr_read(bytes, piece, &pdu, &size, &fault), RTR_MORE);
		assert_int_equal(rtr_read(bytes, length, &pdu, &size, &fault), RTR_FAULT);
		assert_int_equal(fault.code, wrongs[i].code);
		assert_non_null(fault.reason);
		assert_non_null(fault.reference);
	}
}

/* An error report about a PDU: RFC 8210 section 5.11. */
static void test_error_report(void **state)
{
	static const struct rtr_fault fault = { RTR_ERROR_CORRUPT_DATA, "why", "RFC" };
	uint8_t bytes[512], long_one[100] = { 0 };
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct rtr_fault none;
	struct rtr_pdu pdu;
	size_t size;

	(void)state;
	rtr_write_error(&w, 1, &fault, (const uint8_t *)"abc", 3);
	assert_int_equal(rtr_read(bytes, writer_length(&w), &pdu, &size, &none), RTR_WHOLE);
	assert_int_equal(pdu.version, 1);
	assert_int_equal(pdu.error.code, RTR_ERROR_CORRUPT_DATA);
	assert_int_equal(pdu.error.pdu_length, 3);
	assert_memory_equal(pdu.error.pdu, "abc", 3);
	assert_int_equal(pdu.error.text_length, 3);
	w = writer_of(bytes, sizeof(bytes));
	rtr_write_error(&w, 1, &fault, long_one, sizeof(long_one));
	assert_int_equal(rtr_read(bytes, writer_length(&w), &pdu, &size, &none), RTR_WHOLE);
	assert_int_equal(pdu.error.pdu_length, RTR_ERROR_COPY_MAX);
}

/* A writer without room, or a type that there is not, writes nothing. */
static void test_write_fails(void **state)
{
	struct rtr_pdu pdu = { .version = 1, .type = RTR_END_OF_DATA };
	uint8_t bytes[64];

	(void)state;
	for (size_t room = 0; room < 24; room++) {
		struct writer w = writer_of(bytes, room);

		rtr_write(&w, &pdu);
		assert_true(w.failed);
		assert_int_equal(writer_length(&w), 0);
	}
	for (unsigned type = 5; type < 256; type = type == 5 ? RTR_TYPES : type + 1) {
		struct writer w = writer_of(bytes, sizeof(bytes));

		pdu.type = (uint8_t)type;
		rtr_write(&w, &pdu);
		assert_true(w.failed);
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(rtr_type_name(RTR_ASPA), "ASPA");
	assert_string_equal(rtr_type_name(5), "unknown");
	assert_string_equal(rtr_type_name(200), "unknown");
	for (uint16_t code = 0; code < RTR_ERRORS; code++)
		assert_non_null(rtr_error_name(code));
	assert_string_equal(rtr_error_name(RTR_ERRORS), "unknown error");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_error_report),
		cmocka_unit_test(test_write_fails),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
