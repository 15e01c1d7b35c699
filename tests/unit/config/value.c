/* SPDX-License-Identifier: Apache-2.0 */
/* Values of every kind: what is read, how it is printed again, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "config/value.h"

static const struct schema_word words[] = { { "one", 1, NULL }, { "two", 2, NULL }, { 0 } };

static const struct row {
	enum schema_kind kind;
	const char *text;
	const char *printed; /* NULL: refused */
	unsigned flags;
	int64_t minimum, maximum;
} rows[] = {
	{ KIND_BOOL, "true", "true", 0, 0, 0 },
	{ KIND_BOOL, "false", "false", 0, 0, 0 },
	{ KIND_BOOL, "True", NULL, 0, 0, 0 },
	{ KIND_BOOL, "yes", NULL, 0, 0, 0 },
	{ KIND_BOOL, "NO", NULL, 0, 0, 0 },
	{ KIND_INTEGER, "0", "0", 0, 0, 10 },
	{ KIND_INTEGER, "10", "10", 0, 0, 10 },
	{ KIND_INTEGER, "11", NULL, 0, 0, 10 },
	{ KIND_INTEGER, "1", NULL, 0, 2, 10 },
	{ KIND_INTEGER, "0", "0", FIELD_ZERO, 2, 10 },
	{ KIND_INTEGER, "1", NULL, FIELD_ZERO, 2, 10 },
	{ KIND_INTEGER, "4294967295", "4294967295", 0, 0, UINT32_MAX },
	{ KIND_INTEGER, "4294967296", NULL, 0, 0, UINT32_MAX },
	{ KIND_INTEGER, "99999999999999999999999", NULL, 0, 0, UINT32_MAX },
	{ KIND_INTEGER, "-1", NULL, 0, 0, 10 },
	{ KIND_INTEGER, "+1", NULL, 0, 0, 10 },
	{ KIND_INTEGER, "1e1", NULL, 0, 0, 10 },
	{ KIND_INTEGER, "0x1", NULL, 0, 0, 10 },
	{ KIND_INTEGER, "01", NULL, 0, 0, 10 },
	{ KIND_INTEGER, "1 ", NULL, 0, 0, 10 },
	{ KIND_INTEGER, "", NULL, 0, 0, 10 },
	{ KIND_PERCENT, "50%", "50%", 0, 0, 0 },
	{ KIND_PERCENT, "50", "50%", 0, 0, 0 },
	{ KIND_PERCENT, "101%", NULL, 0, 0, 0 },
	{ KIND_PERCENT, "%", NULL, 0, 0, 0 },
	{ KIND_DURATION, "1500ms", "1500ms", 0, 0, SCHEMA_SECONDS(5) },
	{ KIND_DURATION, "2000ms", "2s", 0, 0, SCHEMA_SECONDS(5) },
	{ KIND_DURATION, "0", "0s", 0, 0, SCHEMA_SECONDS(5) },
	{ KIND_DURATION, "6s", NULL, 0, 0, SCHEMA_SECONDS(5) },
	{ KIND_DURATION, "5", NULL, 0, 0, SCHEMA_SECONDS(5) },
	{ KIND_DURATION, "1 s", NULL, 0, 0, SCHEMA_SECONDS(5) },
	{ KIND_DURATION, "0", "0s", FIELD_ZERO, SCHEMA_SECONDS(3), SCHEMA_SECONDS(5) },
	{ KIND_DURATION, "2s", NULL, FIELD_ZERO, SCHEMA_SECONDS(3), SCHEMA_SECONDS(5) },
	{ KIND_STRING, "NO", "NO", 0, 0, 0 },
	{ KIND_STRING, "65000:10", "65000:10", 0, 0, 0 },
	{ KIND_STRING, "", NULL, 0, 0, 0 },
	{ KIND_STRING, "", "", FIELD_EMPTY, 0, 0 },
	{ KIND_STRING, "a\nb", NULL, 0, 0, 0 },
	{ KIND_STRING, "a\nb", "a\nb", FIELD_BYTES, 0, 0 },
	{ KIND_NAME, "a-1", "a-1", 0, 0, 0 },
	{ KIND_NAME, "1", "1", 0, 0, 0 },
	{ KIND_NAME, "-a", NULL, 0, 0, 0 },
	{ KIND_NAME, "A", NULL, 0, 0, 0 },
	{ KIND_NAME, "a_b", NULL, 0, 0, 0 },
	{ KIND_NAME, "", NULL, 0, 0, 0 },
	{ KIND_NAME, "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123",
		"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123", 0, 0, 0 },
	{ KIND_NAME, "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1234", NULL,
		0, 0, 0 },
	{ KIND_INTERFACE, "eth0.100", "eth0.100", 0, 0, 0 },
	{ KIND_INTERFACE, "a/b", NULL, 0, 0, 0 },
	{ KIND_INTERFACE, "..", NULL, 0, 0, 0 },
	{ KIND_INTERFACE, "a234567890123456", NULL, 0, 0, 0 },
	{ KIND_PATH, "/etc/x", "/etc/x", 0, 0, 0 },
	{ KIND_PATH, "etc/x", NULL, 0, 0, 0 },
	{ KIND_DOMAIN, "example.com", "example.com", 0, 0, 0 },
	{ KIND_DOMAIN, ".", ".", 0, 0, 0 },
	{ KIND_DOMAIN, "_dmarc.example.com.", "_dmarc.example.com.", 0, 0, 0 },
	{ KIND_DOMAIN, "a..b", NULL, 0, 0, 0 },
	{ KIND_DOMAIN, ".a", NULL, 0, 0, 0 },
	{ KIND_DOMAIN, "a b", NULL, 0, 0, 0 },
	{ KIND_DOMAIN, "a2345678901234567890123456789012345678901234567890123456789012345.x",
		NULL, 0, 0, 0 },
	{ KIND_WORD, "two", "two", 0, 0, 0 },
	{ KIND_WORD, "three", NULL, 0, 0, 0 },
	{ KIND_ADDRESS, "192.0.2.1", "192.0.2.1", 0, 0, 0 },
	{ KIND_ADDRESS, "2001:DB8::0:1", "2001:db8::1", 0, 0, 0 },
	{ KIND_ADDRESS, "192.0.2.1/32", NULL, 0, 0, 0 },
	{ KIND_ADDRESS, "192.0.2", NULL, 0, 0, 0 },
	{ KIND_ADDRESS, "fe80::1%lo", NULL, 0, 0, 0 },
	{ KIND_PREFIX, "192.0.2.0/24", "192.0.2.0/24", 0, 0, 0 },
	{ KIND_PREFIX, "192.0.2.1", "192.0.2.1/32", 0, 0, 0 },
	{ KIND_PREFIX, "192.0.2.1/24", NULL, 0, 0, 0 },
	{ KIND_PREFIX, "192.0.2.0/33", NULL, 0, 0, 0 },
	{ KIND_PREFIX, "::/0", "::/0", 0, 0, 0 },
	{ KIND_ASN, "64500", "64500", 0, 0, 0 },
	{ KIND_ASN, "4294967294", "4294967294", 0, 0, 0 },
	{ KIND_ASN, "4294967295", NULL, 0, 0, 0 },
	{ KIND_ASN, "0", NULL, 0, 0, 0 },
	{ KIND_ASN, "23456", NULL, 0, 0, 0 },
	{ KIND_ASN, "65535", NULL, 0, 0, 0 },
	{ KIND_ASN, "1.10", NULL, 0, 0, 0 },
	{ KIND_ASN, "AS64500", NULL, 0, 0, 0 },
	{ KIND_ROUTER_ID, "192.0.2.11", "192.0.2.11", 0, 0, 0 },
	{ KIND_ROUTER_ID, "0.0.0.0", NULL, 0, 0, 0 },
	{ KIND_ROUTER_ID, "::1", NULL, 0, 0, 0 },
	{ KIND_ROUTER_ID, "11", NULL, 0, 0, 0 },
	{ KIND_SECRET, "env:KEY", "env:KEY", 0, 0, 0 },
	{ KIND_SECRET, "file:/etc/key", "file:/etc/key", 0, 0, 0 },
	{ KIND_SECRET, "file:key", NULL, 0, 0, 0 },
	{ KIND_SECRET, "env:", NULL, 0, 0, 0 },
	{ KIND_SECRET, "env:A=B", NULL, 0, 0, 0 },
	{ KIND_SECRET, "plain", "plain", 0, 0, 0 },
	{ KIND_SECRET, "literal:plain", "plain", 0, 0, 0 },
	{ KIND_SECRET, "literal:env:KEY", "literal:env:KEY", 0, 0, 0 },
	{ KIND_SECRET, "literal:(hidden)", "literal:(hidden)", 0, 0, 0 },
	{ KIND_SECRET, "(hidden)", NULL, 0, 0, 0 },
	{ KIND_SECRET, "", NULL, 0, 0, 0 },
	{ KIND_STATUS, "200", "200", 0, 0, 0 },
	{ KIND_STATUS, "200-299", "200-299", 0, 0, 0 },
	{ KIND_STATUS, "299-200", NULL, 0, 0, 0 },
	{ KIND_STATUS, "99", NULL, 0, 0, 0 },
	{ KIND_STATUS, "600", NULL, 0, 0, 0 },
	{ KIND_STATUS, "2xx", NULL, 0, 0, 0 },
};

static const size_t sizes[KIND_COUNT] = {
	[KIND_BOOL] = sizeof(bool),
	[KIND_INTEGER] = 4,
	[KIND_DECIMAL] = 8,
	[KIND_PERCENT] = 4,
	[KIND_WORD] = 2,
	[KIND_ASN] = 4,
	[KIND_ROUTER_ID] = 4,
};

static void values(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct schema_field field = { .key = "key",
			.kind = row->kind,
			.flags = row->flags,
			.minimum = row->minimum,
			.maximum = row->maximum,
			.size = sizes[row->kind],
			.words = words };
		_Alignas(max_align_t) unsigned char value[64], before[64];
		struct error error = { 0 };
		struct text text = { 0 };
		int result;

		memset(value, 0x5a, sizeof(value));
		memcpy(before, value, sizeof(value));
		result = value_parse(&field, row->text, &arena, value, &error);
		if ((result == 0) != (row->printed != NULL))
			fail_msg("row %zu: '%s': %s", i, row->text, error.text);
		if (result != 0) {
			assert_memory_equal(value, before, sizeof(value));
			assert_true(error.text[0] != '\0');
			continue;
		}
		value_format(&field, value, true, &text);
		assert_string_equal(text_string(&text), row->printed);
		assert_string_equal(error.hint, "");
		text_clear(&text);
	}
	arena_clear(&arena);
}

static const struct community_row {
	const char *text, *printed; /* NULL: refused */
	enum community_kind kind;
	uint64_t value; /* standard or extended */
} communities[] = {
	{ "65000:10", "65000:10", COMMUNITY_STANDARD, 0xfde8000a },
	{ "0:0", "0:0", COMMUNITY_STANDARD, 0 },
	{ "65535:65281", "no-export", COMMUNITY_STANDARD, 0xffffff01 },
	{ "65535:0", "graceful-shutdown", COMMUNITY_STANDARD, 0xffff0000 },
	{ "blackhole", "blackhole", COMMUNITY_STANDARD, 0xffff029a },
	{ "65536:1", NULL, COMMUNITY_STANDARD, 0 },
	{ "1:65536", NULL, COMMUNITY_STANDARD, 0 },
	{ "1:2:3", "1:2:3", COMMUNITY_LARGE, 0 },
	{ "4294967295:0:4294967295", "4294967295:0:4294967295", COMMUNITY_LARGE, 0 },
	{ "4294967296:0:0", NULL, COMMUNITY_LARGE, 0 },
	{ "rt:64500:10", "rt:64500:10", COMMUNITY_EXTENDED, 0x0002fbf40000000a },
	{ "rt:192.0.2.1:7", "rt:192.0.2.1:7", COMMUNITY_EXTENDED, 0x0102c00002010007 },
	{ "soo:4200000000:9", "soo:4200000000:9", COMMUNITY_EXTENDED, 0x0203fa56ea000009 },
	{ "rt:64500:4294967296", NULL, COMMUNITY_EXTENDED, 0 },
	{ "rt:4200000000:65536", NULL, COMMUNITY_EXTENDED, 0 },
	{ "xx:64500:1", NULL, COMMUNITY_EXTENDED, 0 },
	{ "0x4300000000000001", "0x4300000000000001", COMMUNITY_EXTENDED, 0x4300000000000001 },
	{ "0x0002fbf40000000a", "rt:64500:10", COMMUNITY_EXTENDED, 0x0002fbf40000000a },
	/* a 4-octet type that holds a small AS number is not rt:64500:10 */
	{ "0x02020000fbf4000a", "0x02020000fbf4000a", COMMUNITY_EXTENDED, 0x02020000fbf4000a },
	{ "0x43", NULL, COMMUNITY_EXTENDED, 0 },
	{ "no-exprt", NULL, COMMUNITY_STANDARD, 0 },
	{ "1", NULL, COMMUNITY_STANDARD, 0 },
	{ "1:2:3:4", NULL, COMMUNITY_STANDARD, 0 },
	{ ":", NULL, COMMUNITY_STANDARD, 0 },
	{ "", NULL, COMMUNITY_STANDARD, 0 },
};

static void three_kinds_of_communities(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(communities) / sizeof(communities[0]); i++) {
		const struct community_row *row = &communities[i];
		struct community community = { 0 };
		struct error error = { 0 };
		struct text text = { 0 };

		if ((community_parse(row->text, &community, &error) == 0) !=
			(row->printed != NULL))
			fail_msg("row %zu: '%s'", i, row->text);
		if (row->printed == NULL)
			continue;
		assert_int_equal(community.kind, row->kind);
		if (row->kind == COMMUNITY_STANDARD)
			assert_int_equal(community.standard, row->value);
		if (row->kind == COMMUNITY_EXTENDED)
			assert_true(community.extended == row->value);
		community_format(&community, &text);
		assert_string_equal(text_string(&text), row->printed);
		text_clear(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(three_kinds_of_communities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
