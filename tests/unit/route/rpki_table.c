/* SPDX-License-Identifier: Apache-2.0 */
/* The RPKI table, case by case: origins, paths, several caches, local exceptions, changes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "route/rpki_table.h"
#include "wire/bgp_open.h"

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, &prefix), 0);
	return prefix;
}

static struct rpki_vrp vrp_of(const char *prefix, uint8_t max_length, uint32_t asn)
{
	return (struct rpki_vrp){ prefix_of(prefix), max_length, asn };
}

/* "+192.0.2.0/24-28 64500": announce, "-...": withdraw; "+aspa 64500 64501 64502". */
static void batch_add(struct rpki_batch *batch, const char *text)
{
	bool announce = text[0] == '+';
	char prefix[64];
	unsigned most, asn;

	if (strncmp(text + 1, "aspa ", 5) == 0) {
		uint32_t providers[16], customer;
		char *at;
		size_t count = 0;

		customer = (uint32_t)strtoul(text + 6, &at, 10);
		while (*at == ' ')
			providers[count++] = (uint32_t)strtoul(at + 1, &at, 10);
		assert_int_equal(rpki_batch_aspa(batch, announce, FAMILY_NONE, customer,
					 providers, count),
			0);
		return;
	}
	assert_int_equal(sscanf(text + 1, "%63[^-]-%u %u", prefix, &most, &asn), 3);
	struct rpki_vrp vrp = vrp_of(prefix, (uint8_t)most, asn);

	assert_int_equal(rpki_batch_vrp(batch, announce, &vrp), 0);
}

/* Records separated by commas. */
static int apply(struct rpki_table *table, unsigned source, enum rpki_apply how,
	const char *records, struct rpki_conflict *conflict)
{
	struct rpki_batch *batch = rpki_batch_new();
	char copy[1024], *save = NULL;
	int r;

	assert_non_null(batch);
	snprintf(copy, sizeof(copy), "%s", records);
	for (char *one = strtok_r(copy, ",", &save); one != NULL;
		one = strtok_r(NULL, ",", &save))
		batch_add(batch, one);
	r = rpki_table_apply(table, source, batch, how, conflict);
	rpki_batch_free(batch);
	return r;
}

static struct rpki_table *table_of(const char *records)
{
	struct rpki_table *table = rpki_table_new();

	assert_non_null(table);
	assert_int_equal(rpki_table_use(table, 1), 0);
	assert_int_equal(apply(table, 0, RPKI_REPLACE, records, NULL), 0);
	return table;
}

/* ---- Origins: RFC 6811 section 2.1, RFC 6483 section 4. ---- */

static const struct origin_case {
	const char *vrps, *prefix;
	uint32_t origin;
	enum rpki_state state;
	enum rpki_reason reason;
	unsigned covering; /* 0 with a match: not looked at */
} origin_cases[] = {
	{ "", "192.0.2.0/24", 1, RPKI_NOT_FOUND, RPKI_NOT_COVERED, 0 },
	{ "+192.0.2.0/24-24 1", "192.0.2.0/24", 1, RPKI_VALID, RPKI_MATCHED, 1 },
	{ "+192.0.2.0/24-24 1", "192.0.2.0/24", 2, RPKI_INVALID, RPKI_WRONG_ORIGIN, 1 },
	{ "+192.0.2.0/24-24 1", "192.0.2.0/24", 0, RPKI_INVALID, RPKI_NO_ORIGIN, 1 },
	{ "+192.0.2.0/24-24 1", "192.0.2.0/25", 1, RPKI_INVALID, RPKI_TOO_SPECIFIC, 1 },
	{ "+192.0.2.0/24-25 1", "192.0.2.128/25", 1, RPKI_VALID, RPKI_MATCHED, 1 },
	{ "+192.0.2.0/24-24 1", "192.0.0.0/16", 1, RPKI_NOT_FOUND, RPKI_NOT_COVERED, 0 },
	{ "+192.0.2.0/24-24 1", "192.0.3.0/24", 1, RPKI_NOT_FOUND, RPKI_NOT_COVERED, 0 },
	{ "+192.0.2.0/24-24 0", "192.0.2.0/24", 0, RPKI_INVALID, RPKI_AS0, 1 },
	{ "+192.0.2.0/24-24 0", "192.0.2.0/24", 7, RPKI_INVALID, RPKI_AS0, 1 },
	/* RFC 6483 section 4: another ROA prevails over that of AS 0. */
	{ "+192.0.2.0/24-32 0,+192.0.2.0/24-24 7", "192.0.2.0/24", 7, RPKI_VALID, RPKI_MATCHED,
		0 },
	{ "+192.0.2.0/24-32 0,+192.0.2.0/24-24 7", "192.0.2.0/24", 8, RPKI_INVALID,
		RPKI_WRONG_ORIGIN, 2 },
	/* The match may be anywhere above. */
	{ "+192.0.0.0/16-24 1,+192.0.2.0/24-24 2,+192.0.2.0/24-25 3,+192.0.2.0/25-25 4",
		"192.0.2.0/24", 1, RPKI_VALID, RPKI_MATCHED, 0 },
	{ "+192.0.0.0/16-24 1,+192.0.2.0/24-24 2,+192.0.2.0/24-25 3,+192.0.2.0/25-25 4",
		"192.0.2.0/24", 5, RPKI_INVALID, RPKI_WRONG_ORIGIN, 3 },
	{ "+192.0.0.0/16-24 1,+192.0.2.0/24-24 2,+192.0.2.0/24-25 3,+192.0.2.0/25-25 4",
		"192.0.2.0/25", 1, RPKI_INVALID, RPKI_TOO_SPECIFIC, 4 },
	{ "+0.0.0.0/0-0 1", "0.0.0.0/0", 1, RPKI_VALID, RPKI_MATCHED, 1 },
	{ "+0.0.0.0/0-32 1", "255.255.255.255/32", 1, RPKI_VALID, RPKI_MATCHED, 1 },
	{ "+255.255.255.255/32-32 1", "255.255.255.255/32", 1, RPKI_VALID, RPKI_MATCHED, 1 },
	{ "+0.0.0.0/0-32 1", "::/0", 1, RPKI_NOT_FOUND, RPKI_NOT_COVERED, 0 },
	{ "+::/0-128 1", "2001:db8::/32", 1, RPKI_VALID, RPKI_MATCHED, 1 },
	{ "+2001:db8::/32-48 1", "2001:db8:1::/48", 1, RPKI_VALID, RPKI_MATCHED, 1 },
	{ "+2001:db8::/32-48 1", "2001:db8:1:2::/64", 1, RPKI_INVALID, RPKI_TOO_SPECIFIC, 1 },
	{ "+2001:db8::/64-128 1,+2001:db8::8000:0:0:0/65-65 2", "2001:db8::8000:0:0:0/65", 2,
		RPKI_VALID, RPKI_MATCHED, 0 },
	{ "+2001:db8::/64-128 1,+2001:db8::8000:0:0:0/65-65 2", "2001:db8::4000:0:0:0/66", 2,
		RPKI_INVALID, RPKI_WRONG_ORIGIN, 1 },
	{ "+2001:db8::1/128-128 9", "2001:db8::1/128", 9, RPKI_VALID, RPKI_MATCHED, 1 },
	{ "+2001:db8::1/128-128 9", "2001:db8::2/128", 9, RPKI_NOT_FOUND, RPKI_NOT_COVERED, 0 },
	{ "+fc00::/7-128 1,+100::/8-64 2", "fc00::1/128", 1, RPKI_VALID, RPKI_MATCHED, 1 },
};

static void test_origins(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(origin_cases) / sizeof(origin_cases[0]); i++) {
		const struct origin_case *c = &origin_cases[i];
		struct rpki_table *table = table_of(c->vrps);
		struct prefix prefix = prefix_of(c->prefix);
		struct rpki_verdict verdict;

		assert_int_equal(
			rpki_table_validate(table, &prefix, c->origin, &verdict), c->state);
		assert_int_equal(
			rpki_table_validate(table, &prefix, c->origin, NULL), c->state);
		assert_int_equal(verdict.state, c->state);
		assert_int_equal(verdict.reason, c->reason);
		if (c->covering != 0)
			assert_int_equal(verdict.covering, c->covering);
		if (verdict.covering > 0)
			assert_true(prefix_contains(&verdict.vrp.prefix, &prefix));
		rpki_table_free(table);
	}
}

static bool vrp_note(void *context, const struct rpki_vrp *vrp)
{
	char *list = context, text[PREFIX_TEXT_MAX];

	snprintf(list + strlen(list), 256 - strlen(list), "%s-%u %u ",
		prefix_format(&vrp->prefix, text), (unsigned)vrp->max_length,
		(unsigned)vrp->asn);
	return true;
}

static void test_covering(void **state)
{
	struct rpki_table *table = table_of(
		"+192.0.0.0/16-24 1,+192.0.2.0/24-24 2,+192.0.2.0/24-25 3,+192.0.2.0/25-25 4");
	struct prefix prefix = prefix_of("192.0.2.0/24");
	char list[256] = "";

	(void)state;
	rpki_table_covering(table, &prefix, vrp_note, list);
	assert_string_equal(list, "192.0.2.0/24-25 3 192.0.2.0/24-24 2 192.0.0.0/16-24 1 ");
	rpki_table_free(table);
}

/* The path as text: "1 2 3", "{4 5}" a set, "(6)" a confederation's sequence. */
static struct bgp_attributes path_of(const char *text, uint8_t bytes[512])
{
	struct writer w = writer_of(bytes, 512);
	uint8_t *count = NULL, type = BGP_SEGMENT_SEQUENCE;
	struct bgp_attributes attributes = { .as_path = bytes };

	while (*text != '\0') {
		char *end;

		if (*text == ' ') {
			text++;
			continue;
		}
		if (strchr("{}()", *text) != NULL) {
			type = *text == '{'   ? BGP_SEGMENT_SET
			       : *text == '(' ? BGP_SEGMENT_CONFED_SEQUENCE
					      : BGP_SEGMENT_SEQUENCE;
			count = NULL;
			text++;
			continue;
		}
		if (count == NULL) {
			writer_u8(&w, type);
			count = writer_reserve(&w, 1);
			*count = 0;
		}
		writer_u32(&w, (uint32_t)strtoul(text, &end, 10));
		(*count)++;
		text = end;
	}
	attributes.as_path_size = (uint16_t)writer_length(&w);
	return attributes;
}

static void test_origin_of_path(void **state)
{
	static const struct {
		const char *path;
		uint32_t origin;
	} cases[] = {
		{ "", 99 },
		{ "1", 1 },
		{ "1 2 3", 3 },
		{ "1 {2}", 0 },
		{ "1 {2} 3", 3 },
		{ "(1)", 99 },
		{ "1 (2)", 99 },
		{ "(1) 2", 2 },
	};
	uint8_t bytes[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bgp_attributes attributes = path_of(cases[i].path, bytes);

		assert_int_equal(rpki_origin(&attributes, 99), cases[i].origin);
	}
}

/* ---- Several caches. ---- */

static enum rpki_state validate(const struct rpki_table *table, const char *text, uint32_t asn)
{
	struct prefix prefix = prefix_of(text);

	return rpki_table_validate(table, &prefix, asn, NULL);
}

static void test_sources(void **state)
{
	struct rpki_table *table = table_of("+192.0.2.0/24-24 1");
	size_t ipv4, ipv6, aspas;

	(void)state;
	assert_int_equal(apply(table, 1, RPKI_REPLACE,
				 "+192.0.2.0/24-24 1,+198.51.100.0/24-24 2,+2001:db8::/32-32 2,"
				 "+aspa 1 2",
				 NULL),
		0);
	assert_int_equal(validate(table, "198.51.100.0/24", 2), RPKI_NOT_FOUND);
	assert_int_equal(rpki_table_use(table, 3), 0);
	assert_int_equal(validate(table, "198.51.100.0/24", 2), RPKI_VALID);
	assert_int_equal(validate(table, "192.0.2.0/24", 1), RPKI_VALID);
	rpki_table_source_counts(table, 1, &ipv4, &ipv6, &aspas);
	assert_int_equal(ipv4, 2);
	assert_int_equal(ipv6, 1);
	assert_int_equal(aspas, 1);
	/* One of two takes it back: the other still says so. */
	assert_int_equal(apply(table, 0, RPKI_DELTA, "-192.0.2.0/24-24 1", NULL), 0);
	assert_int_equal(validate(table, "192.0.2.0/24", 1), RPKI_VALID);
	assert_int_equal(rpki_table_clear(table, 1), 0);
	assert_int_equal(validate(table, "192.0.2.0/24", 1), RPKI_NOT_FOUND);
	/* Nothing in use is not found, never invalid. */
	assert_int_equal(apply(table, 0, RPKI_REPLACE, "+192.0.2.0/24-24 1", NULL), 0);
	assert_int_equal(validate(table, "192.0.2.0/24", 2), RPKI_INVALID);
	assert_int_equal(rpki_table_use(table, 0), 0);
	assert_int_equal(validate(table, "192.0.2.0/24", 2), RPKI_NOT_FOUND);
	rpki_table_free(table);
}

/* RFC 8210 section 12, errors 6 and 7: nothing of the batch is applied. */
static void test_conflicts(void **state)
{
	static const struct {
		const char *records;
		enum rpki_apply how;
		int result;
	} cases[] = {
		{ "+203.0.113.0/24-24 3,+192.0.2.0/24-24 1", RPKI_DELTA, ERROR_EXISTS },
		{ "+203.0.113.0/24-24 3,-192.0.2.0/24-25 1", RPKI_DELTA, ERROR_NOT_FOUND },
		{ "+203.0.113.0/24-24 3,-aspa 7", RPKI_DELTA, ERROR_NOT_FOUND },
		{ "+203.0.113.0/24-24 3,+203.0.113.0/24-24 3", RPKI_REPLACE, ERROR_EXISTS },
		{ "+203.0.113.0/24-24 3,-192.0.2.0/24-24 1", RPKI_REPLACE, ERROR_NOT_FOUND },
		{ "-192.0.2.0/24-24 1,+192.0.2.0/24-24 1", RPKI_DELTA, 0 },
		{ "+203.0.113.0/24-24 3,-203.0.113.0/24-24 3", RPKI_DELTA, 0 },
		{ "+aspa 5 6,+aspa 5 7,-aspa 5", RPKI_DELTA, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rpki_table *table = table_of("+192.0.2.0/24-24 1");
		struct rpki_conflict conflict = { 0 };

		rpki_change_free(rpki_table_change_take(table));
		assert_int_equal(apply(table, 0, cases[i].how, cases[i].records, &conflict),
			cases[i].result);
		assert_int_equal(validate(table, "192.0.2.0/24", 1), RPKI_VALID);
		assert_int_equal(validate(table, "203.0.113.0/24", 3), RPKI_NOT_FOUND);
		assert_false(rpki_table_changed(table));
		if (cases[i].result != 0)
			assert_true(conflict.is_aspa ? conflict.customer == 7
						     : conflict.vrp.asn != 0);
		rpki_table_free(table);
	}
}

/* ---- Local exceptions: RFC 8416. ---- */

static void test_exceptions(void **state)
{
	struct rpki_table *table =
		table_of("+192.0.2.0/24-24 1,+192.0.2.0/25-25 2,+198.51.100.0/24-24 3,"
			 "+2001:db8::/32-32 4,+aspa 1 2,+aspa 2 3");
	const struct rpki_filter filters[] = {
		{ .has_prefix = true, .prefix = prefix_of("192.0.2.0/24") },
		{ .has_asn = true, .asn = 4 },
		{ .has_prefix = true,
			.has_asn = true,
			.prefix = prefix_of("198.51.100.0/24"),
			.asn = 99 },
	};
	const struct rpki_vrp assertions[] = { vrp_of("192.0.2.0/24", 24, 64500),
		vrp_of("192.0.2.0/24", 24, 64500) };
	const uint32_t aspa_filters[] = { 2 }, providers[] = { 9, 8 };
	const struct rpki_aspa_assertion aspa_assertions[] = { { 1, providers, 2 } };
	struct rpki_exceptions exceptions = { filters, assertions, aspa_filters,
		aspa_assertions, 3, 2, 1, 1 };
	struct rpki_counts counts;
	uint8_t bytes[512];
	struct bgp_attributes path = path_of("8 1", bytes);

	(void)state;
	assert_int_equal(rpki_table_except(table, &exceptions), 0);
	assert_int_equal(validate(table, "192.0.2.0/24", 1), RPKI_INVALID);
	assert_int_equal(validate(table, "192.0.2.0/24", 64500), RPKI_VALID);
	assert_int_equal(validate(table, "192.0.2.0/25", 2), RPKI_INVALID);
	assert_int_equal(validate(table, "198.51.100.0/24", 3), RPKI_VALID);
	assert_int_equal(validate(table, "2001:db8::/32", 4), RPKI_NOT_FOUND);
	rpki_table_counts(table, &counts);
	assert_int_equal(counts.vrps_ipv4, 2);
	assert_int_equal(counts.vrps_ipv6, 0);
	assert_int_equal(counts.filtered, 3);
	assert_int_equal(counts.asserted, 1);
	assert_int_equal(counts.customers, 1);
	assert_int_equal(
		rpki_table_verify_path(table, &path, ASPA_UPSTREAM, 8, NULL), ASPA_VALID);
	/* What comes later is filtered as well, and assertions stay. */
	assert_int_equal(
		apply(table, 0, RPKI_DELTA, "+192.0.2.128/25-25 5,-192.0.2.0/24-24 1", NULL),
		0);
	assert_int_equal(validate(table, "192.0.2.128/25", 5), RPKI_INVALID);
	assert_int_equal(rpki_table_except(table, NULL), 0);
	assert_int_equal(validate(table, "192.0.2.128/25", 5), RPKI_VALID);
	assert_int_equal(validate(table, "192.0.2.0/24", 64500), RPKI_NOT_FOUND);
	assert_int_equal(validate(table, "2001:db8::/32", 4), RPKI_VALID);
	rpki_table_free(table);
}

/* ---- Changes. ---- */

static void test_changes(void **state)
{
	struct rpki_table *table = table_of("");
	struct rpki_change *change;
	struct prefix prefix, inside = prefix_of("192.0.2.0/26");
	size_t position = 0;
	uint8_t bytes[512];
	struct bgp_attributes path = path_of("1 {7} 2", bytes);

	(void)state;
	assert_null(rpki_table_change_take(table));
	assert_int_equal(apply(table, 0, RPKI_DELTA,
				 "+192.0.2.0/24-24 1,+192.0.2.0/25-25 1,+198.51.100.0/24-24 1,"
				 "+2001:db8::/32-48 1,+aspa 7 8",
				 NULL),
		0);
	assert_true(rpki_table_changed(table));
	change = rpki_table_change_take(table);
	assert_false(rpki_table_changed(table));
	assert_int_equal(rpki_change_prefixes(change), 3);
	assert_int_equal(rpki_change_customers(change), 1);
	assert_true(rpki_change_covers(change, &inside));
	prefix = prefix_of("192.0.0.0/16");
	assert_false(rpki_change_covers(change, &prefix));
	prefix = prefix_of("2001:db8:1::/48");
	assert_true(rpki_change_covers(change, &prefix));
	assert_true(rpki_change_concerns(change, 7));
	assert_false(rpki_change_concerns(change, 8));
	assert_true(rpki_change_concerns_path(change, &path));
	path = path_of("1 2", bytes);
	assert_false(rpki_change_concerns_path(change, &path));
	assert_true(rpki_change_next(change, &position, &prefix));
	assert_true(prefix_contains(&prefix, &inside));
	assert_true(rpki_change_next(change, &position, &prefix));
	assert_true(rpki_change_next(change, &position, &prefix));
	assert_int_equal(prefix.address.family, FAMILY_IPV6);
	assert_false(rpki_change_next(change, &position, &prefix));
	rpki_change_free(change);
	/* A second cache that says the same changes nothing. */
	assert_int_equal(
		apply(table, 1, RPKI_REPLACE, "+192.0.2.0/24-24 1,+aspa 7 8", NULL), 0);
	assert_int_equal(rpki_table_use(table, 3), 0);
	assert_null(rpki_table_change_take(table));
	/* The end of the first changes what only it had. */
	assert_int_equal(rpki_table_clear(table, 0), 0);
	change = rpki_table_change_take(table);
	assert_true(rpki_change_covers(change, &inside));
	assert_int_equal(rpki_change_customers(change), 0);
	rpki_change_free(change);
	rpki_table_free(table);
}

/* ---- Paths. The neighbour stands first, the origin last. ---- */

#define ASPAS                                                                           \
	"+aspa 1 10,+aspa 2 10 11,+aspa 3 0,+aspa 10 100,+aspa 11 100 101,+aspa 100 0," \
	"+aspa 20 100"
#define UP   ASPA_UPSTREAM
#define DOWN ASPA_DOWNSTREAM

static const struct path_case {
	const char *path;
	enum aspa_direction direction;
	uint32_t neighbor;
	enum aspa_state state;
	enum aspa_reason reason;
	uint32_t customer, provider;
} path_cases[] = {
	{ "", UP, 1, ASPA_INVALID, ASPA_EMPTY_PATH, 0, 0 },
	{ "(5)", UP, 5, ASPA_INVALID, ASPA_EMPTY_PATH, 0, 0 },
	{ "1", UP, 1, ASPA_VALID, ASPA_ATTESTED, 0, 0 },
	{ "5", UP, 5, ASPA_VALID, ASPA_ATTESTED, 0, 0 },
	{ "1", UP, 2, ASPA_INVALID, ASPA_WRONG_NEIGHBOR, 0, 0 },
	{ "1", UP, 0, ASPA_VALID, ASPA_ATTESTED, 0, 0 },
	{ "10 1", UP, 10, ASPA_VALID, ASPA_ATTESTED, 0, 0 },
	{ "10 10 10 1 1", UP, 10, ASPA_VALID, ASPA_ATTESTED, 0, 0 },
	{ "(9) 10 1", UP, 10, ASPA_VALID, ASPA_ATTESTED, 0, 0 },
	{ "100 10 1", UP, 100, ASPA_VALID, ASPA_ATTESTED, 0, 0 },
	{ "100 10 {1}", UP, 100, ASPA_INVALID, ASPA_SET_IN_PATH, 0, 0 },
	{ "100 {5} 10 1", DOWN, 100, ASPA_INVALID, ASPA_SET_IN_PATH, 0, 0 },
	/* 11 is no provider of 1. */
	{ "11 1", UP, 11, ASPA_INVALID, ASPA_NOT_A_PROVIDER, 1, 11 },
	/* 5 says nothing. */
	{ "10 5", UP, 10, ASPA_UNKNOWN, ASPA_NOT_ATTESTED, 5, 10 },
	{ "5 10 1", UP, 5, ASPA_INVALID, ASPA_NOT_A_PROVIDER, 10, 5 },
	{ "6 5", UP, 6, ASPA_UNKNOWN, ASPA_NOT_ATTESTED, 5, 6 },
	/* AS 0: nobody is a provider of 3. */
	{ "10 3", UP, 10, ASPA_INVALID, ASPA_NOT_A_PROVIDER, 3, 10 },
	/* A leak: 2 passes to its provider 11 what it has from its provider 10. */
	{ "11 2 10 1", UP, 11, ASPA_INVALID, ASPA_NOT_A_PROVIDER, 10, 2 },
	{ "11 2 10 1", DOWN, 11, ASPA_INVALID, ASPA_NOT_A_PROVIDER, 10, 2 },
	/* Up and down again: 1 to 10 to 100, and down to 20. */
	{ "20 100 10 1", DOWN, 20, ASPA_VALID, ASPA_ATTESTED, 0, 0 },
	/* Up, across to a peer, down. */
	{ "11 101 100 10 1", DOWN, 11, ASPA_VALID, ASPA_ATTESTED, 0, 0 },
	{ "1", DOWN, 1, ASPA_VALID, ASPA_ATTESTED, 0, 0 },
	{ "3 1", DOWN, 3, ASPA_VALID, ASPA_ATTESTED, 0, 0 },
	{ "7 6 5", DOWN, 7, ASPA_UNKNOWN, ASPA_NOT_ATTESTED, 5, 6 },
	{ "20 6 10 1", DOWN, 20, ASPA_INVALID, ASPA_NOT_A_PROVIDER, 10, 6 },
	{ "10 6 5 1", DOWN, 10, ASPA_INVALID, ASPA_NOT_A_PROVIDER, 1, 5 },
	{ "6 7 100 10 1", DOWN, 6, ASPA_UNKNOWN, ASPA_NOT_ATTESTED, 6, 7 },
};

static void test_paths(void **state)
{
	struct rpki_table *table = table_of(ASPAS);
	uint8_t bytes[512];

	(void)state;
	for (size_t i = 0; i < sizeof(path_cases) / sizeof(path_cases[0]); i++) {
		const struct path_case *c = &path_cases[i];
		struct bgp_attributes path = path_of(c->path, bytes);
		struct aspa_verdict verdict;

		assert_int_equal(rpki_table_verify_path(
					 table, &path, c->direction, c->neighbor, &verdict),
			c->state);
		assert_int_equal(verdict.state, c->state);
		assert_int_equal(verdict.reason, c->reason);
		assert_int_equal(verdict.customer, c->customer);
		assert_int_equal(verdict.provider, c->provider);
	}
	rpki_table_free(table);
}

/* Lists of the two families and of two caches are one: section 5.3. */
static void test_union(void **state)
{
	struct rpki_table *table = table_of("");
	struct rpki_batch *batch = rpki_batch_new();
	const uint32_t four[] = { 5 }, six[] = { 7, 6, 6 };
	uint8_t bytes[512];
	struct bgp_attributes path = path_of("6 1", bytes);

	(void)state;
	assert_int_equal(rpki_batch_aspa(batch, true, FAMILY_IPV4, 1, four, 1), 0);
	assert_int_equal(rpki_batch_aspa(batch, true, FAMILY_IPV6, 1, six, 3), 0);
	assert_int_equal(rpki_table_apply(table, 0, batch, RPKI_DELTA, NULL), 0);
	rpki_batch_free(batch);
	assert_int_equal(apply(table, 1, RPKI_DELTA, "+aspa 1 8", NULL), 0);
	assert_int_equal(
		rpki_table_verify_path(table, &path, ASPA_UPSTREAM, 6, NULL), ASPA_VALID);
	path = path_of("8 1", bytes);
	assert_int_equal(
		rpki_table_verify_path(table, &path, ASPA_UPSTREAM, 8, NULL), ASPA_INVALID);
	assert_int_equal(rpki_table_use(table, 3), 0);
	assert_int_equal(
		rpki_table_verify_path(table, &path, ASPA_UPSTREAM, 8, NULL), ASPA_VALID);
	rpki_table_free(table);
}

/* A withdrawal of the old form names what it takes, and may come behind what replaced it. */
static void test_old_withdrawals(void **state)
{
	struct rpki_table *table = table_of("");
	const uint32_t before[] = { 5 }, after[] = { 6 };
	struct rpki_batch *batch = rpki_batch_new();
	uint8_t bytes[512];
	struct bgp_attributes path = path_of("6 1", bytes);

	(void)state;
	assert_int_equal(rpki_batch_aspa(batch, true, FAMILY_IPV4, 1, before, 1), 0);
	assert_int_equal(rpki_table_apply(table, 0, batch, RPKI_DELTA, NULL), 0);
	rpki_batch_free(batch);
	assert_int_equal(
		rpki_table_verify_path(table, &path, ASPA_UPSTREAM, 6, NULL), ASPA_INVALID);
	batch = rpki_batch_new();
	assert_int_equal(rpki_batch_aspa(batch, true, FAMILY_IPV4, 1, after, 1), 0);
	assert_int_equal(rpki_batch_aspa(batch, false, FAMILY_IPV4, 1, before, 1), 0);
	assert_int_equal(rpki_table_apply(table, 0, batch, RPKI_DELTA, NULL), 0);
	rpki_batch_free(batch);
	assert_int_equal(
		rpki_table_verify_path(table, &path, ASPA_UPSTREAM, 6, NULL), ASPA_VALID);
	batch = rpki_batch_new();
	assert_int_equal(rpki_batch_aspa(batch, false, FAMILY_IPV4, 1, after, 1), 0);
	assert_int_equal(rpki_table_apply(table, 0, batch, RPKI_DELTA, NULL), 0);
	rpki_batch_free(batch);
	assert_int_equal(
		rpki_table_verify_path(table, &path, ASPA_UPSTREAM, 6, NULL), ASPA_UNKNOWN);
	rpki_table_free(table);
}

static void test_direction(void **state)
{
	enum aspa_direction direction;

	(void)state;
	assert_true(aspa_direction_of(BGP_ROLE_CUSTOMER, &direction));
	assert_int_equal(direction, ASPA_DOWNSTREAM);
	for (uint8_t role = BGP_ROLE_PROVIDER; role <= BGP_ROLE_PEER; role++) {
		assert_true(aspa_direction_of(role, &direction));
		assert_int_equal(
			direction, role == BGP_ROLE_CUSTOMER ? ASPA_DOWNSTREAM : ASPA_UPSTREAM);
	}
	assert_false(aspa_direction_of(BGP_ROLE_NONE, &direction));
}

static void test_limits(void **state)
{
	static const uint32_t many[RPKI_PROVIDERS_MAX + 1];
	struct rpki_batch *batch = rpki_batch_new();
	struct rpki_vrp vrp = vrp_of("192.0.2.0/24", 23, 1);

	(void)state;
	assert_int_equal(rpki_batch_vrp(batch, true, &vrp), ERROR_RANGE);
	vrp.max_length = 33;
	assert_int_equal(rpki_batch_vrp(batch, true, &vrp), ERROR_RANGE);
	assert_int_equal(rpki_batch_aspa(batch, true, FAMILY_NONE, 1, many,
				 sizeof(many) / sizeof(many[0])),
		ERROR_FULL);
	assert_int_equal(rpki_batch_count(batch), 0);
	rpki_batch_free(batch);
	for (int i = 0; i < RPKI_STATES; i++)
		assert_non_null(rpki_state_name((enum rpki_state)i));
	for (int i = 0; i < RPKI_REASONS; i++)
		assert_non_null(rpki_reason_text((enum rpki_reason)i));
	for (int i = 0; i < ASPA_STATES; i++)
		assert_non_null(aspa_state_name((enum aspa_state)i));
	for (int i = 0; i < ASPA_REASONS; i++)
		assert_non_null(aspa_reason_text((enum aspa_reason)i));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_covering),
		cmocka_unit_test(test_origin_of_path),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_conflicts),
		cmocka_unit_test(test_exceptions),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_union),
		cmocka_unit_test(test_old_withdrawals),
		cmocka_unit_test(test_direction),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
