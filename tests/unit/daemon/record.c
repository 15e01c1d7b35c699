/* SPDX-License-Identifier: Apache-2.0 */
/* Which records pass from whom to whom, and that no broken one gets by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "daemon/record.h"

#define S PROCESS_SPEAKER
#define P PROCESS_PROBE
#define A PROCESS_API
#define M PROCESS_MAIN

static void fill(char *text, size_t size)
{
	memset(text, 'x', size);
}

static struct record_route route(void)
{
	struct record_route r = { .head = { .type = RECORD_ROUTE_SET }, .service = "dns" };

	prefix_parse("198.51.100.0/24", &r.prefix);
	return r;
}

static void who_may_send_what(void **state)
{
	static const struct {
		enum record_type type;
		size_t size;
		enum process from, to;
		int expected;
	} rows[] = {
		{ RECORD_ROUTES_SYNCED, sizeof(struct record_plain), M, S, 0 },
		{ RECORD_ROUTES_SYNCED, sizeof(struct record_plain), P, M, ERROR_PERMISSION },
		{ RECORD_HEARTBEAT, sizeof(struct record_plain), P, M, 0 },
		{ RECORD_HEARTBEAT, sizeof(struct record_plain), M, P, ERROR_PERMISSION },
		{ RECORD_CHECK_REPORT, sizeof(struct record_check_report), P, M, 0 },
		{ RECORD_CHECK_REPORT, sizeof(struct record_check_report), S, M,
			ERROR_PERMISSION },
		{ RECORD_CHECK_REPORT, sizeof(struct record_check_report), A, M,
			ERROR_PERMISSION },
		{ RECORD_CHECK_REPORTS, sizeof(struct record_plain), P, M, 0 },
		{ RECORD_CHECK_REPORTS, sizeof(struct record_plain), A, M, ERROR_PERMISSION },
		{ RECORD_QUERY, sizeof(struct record_query), A, M, 0 },
		{ RECORD_QUERY, sizeof(struct record_query), A, S, 0 },
		{ RECORD_QUERY, sizeof(struct record_query), S, M, ERROR_PERMISSION },
		{ RECORD_STOP, sizeof(struct record_stop), A, S, ERROR_PERMISSION },
		{ RECORD_SECRET, sizeof(struct record_secret), M, S, 0 },
		{ RECORD_SECRET, sizeof(struct record_secret), M, P, ERROR_PERMISSION },
		{ RECORD_NONE, sizeof(struct record_plain), M, S, ERROR_MALFORMED },
		{ RECORD_TYPES, sizeof(struct record_plain), M, S, ERROR_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		_Alignas(8) uint8_t bytes[4096] = { 0 };
		struct record_head head = { .type = rows[i].type };

		memcpy(bytes, &head, sizeof(head));
		assert_int_equal(
			record_check(bytes, rows[i].size, rows[i].from, rows[i].to, NULL),
			rows[i].expected);
	}
}

static void sizes_must_fit(void **state)
{
	struct {
		struct record_query query;
		char text[4];
	} bytes = { .query = { .head = { .type = RECORD_QUERY, .tail = 4 } }, .text = "dns" };
	struct record_plain plain = { .head = { .type = RECORD_READY, .tail = 4 } };
	size_t fixed = sizeof(bytes.query);

	(void)state;
	assert_int_equal(record_check(&bytes, fixed + 4, A, M, NULL), 0);
	for (size_t length = 0; length < sizeof(bytes); length++)
		if (length != fixed + 4)
			assert_int_equal(
				record_check(&bytes, length, A, M, NULL), ERROR_MALFORMED);
	/* A type without a tail may not have one, even if the length is right. */
	_Alignas(8) uint8_t longer[sizeof(plain) + 4] = { 0 };

	memcpy(longer, &plain, sizeof(plain));
	assert_int_equal(record_check(longer, sizeof(longer), S, M, NULL), ERROR_MALFORMED);
	plain.head.tail = UINT32_MAX;
	assert_int_equal(record_check(&plain, sizeof(plain), S, M, NULL), ERROR_MALFORMED);
}

#define REFUSED(change)                                                                     \
	do {                                                                                \
		struct record_route r = route();                                            \
                                                                                            \
		assert_int_equal(record_check(&r, sizeof(r), M, S, NULL), 0);               \
		change;                                                                     \
		assert_int_equal(record_check(&r, sizeof(r), M, S, NULL), ERROR_MALFORMED); \
	} while (0)

static void route_fields(void **state)
{
	uint8_t two = 2;

	(void)state;
	REFUSED(fill(r.service, sizeof(r.service)));
	REFUSED(fill(r.only[RECORD_ONLY_MAX - 1], RECORD_NAME_MAX));
	REFUSED(r.prefix.length = 33);
	REFUSED(r.prefix.length = 16); /* host bits */
	REFUSED(r.prefix.address.family = FAMILY_NONE);
	REFUSED(r.prefix.address.family = 9);
	REFUSED(r.community_count = RECORD_COMMUNITIES_MAX + 1);
	REFUSED(r.large_community_count = RECORD_COMMUNITIES_MAX + 1);
	REFUSED(r.extended_community_count = UINT32_MAX);
	REFUSED(r.only_count = RECORD_ONLY_MAX + 1);
	REFUSED(memcpy(&r.graceful_shutdown, &two, 1));
	REFUSED(memcpy(&r.has_local_pref, &two, 1));
}

static void other_fields(void **state)
{
	struct record_secret secret = { .head = { .type = RECORD_SECRET }, .length = 80 };
	struct record_verb verb = { .head = { .type = RECORD_VERB },
		.verb = VERB_NEIGHBOR_REFRESH };
	struct record_listener listener = { .head = { .type = RECORD_LISTENER },
		.kind = LISTENER_KINDS - 1 };
	struct record_check_report report = { .head = { .type = RECORD_CHECK_REPORT } };

	(void)state;
	assert_int_equal(record_check(&secret, sizeof(secret), M, S, NULL), 0);
	secret.length = 81;
	assert_int_equal(record_check(&secret, sizeof(secret), M, S, NULL), ERROR_MALFORMED);
	assert_int_equal(record_check(&verb, sizeof(verb), M, S, NULL), 0);
	verb.verb++;
	assert_int_equal(record_check(&verb, sizeof(verb), M, S, NULL), ERROR_MALFORMED);
	assert_int_equal(record_check(&listener, sizeof(listener), M, A, NULL), 0);
	listener.kind++;
	assert_int_equal(
		record_check(&listener, sizeof(listener), M, A, NULL), ERROR_MALFORMED);
	assert_int_equal(record_check(&report, sizeof(report), P, M, NULL), 0);
	fill(report.evidence, sizeof(report.evidence));
	assert_int_equal(record_check(&report, sizeof(report), P, M, NULL), ERROR_MALFORMED);
}

/* Many reports in one record: each must be whole, of its type, and in order itself. */
static void reports_in_a_record(void **state)
{
	struct {
		struct record_plain plain;
		struct record_check_report reports[3];
	} many = { .plain.head = { RECORD_CHECK_REPORTS, sizeof(many.reports) } };
	size_t one = sizeof(many.reports[0]);

	(void)state;
	for (size_t i = 0; i < 3; i++)
		many.reports[i].head.type = RECORD_CHECK_REPORT;
	assert_int_equal(record_check(&many, sizeof(many), P, M, NULL), 0);
	many.plain.head.tail = (uint32_t)(2 * one);
	assert_int_equal(record_check(&many, sizeof(many) - one, P, M, NULL), 0);
	many.plain.head.tail--;
	assert_int_equal(
		record_check(&many, sizeof(many) - one - 1, P, M, NULL), ERROR_MALFORMED);
	many.plain.head.tail = sizeof(many.reports);
	many.reports[2].head.tail = 1;
	assert_int_equal(record_check(&many, sizeof(many), P, M, NULL), ERROR_MALFORMED);
	many.reports[2].head = (struct record_head){ .type = RECORD_HEARTBEAT };
	assert_int_equal(record_check(&many, sizeof(many), P, M, NULL), ERROR_MALFORMED);
	many.reports[2].head.type = RECORD_CHECK_REPORT;
	fill(many.reports[2].evidence, RECORD_EVIDENCE_MAX);
	assert_int_equal(record_check(&many, sizeof(many), P, M, NULL), ERROR_MALFORMED);
}

static void names(void **state)
{
	(void)state;
	for (unsigned type = RECORD_NONE + 1; type < RECORD_TYPES; type++)
		assert_string_not_equal(record_name((enum record_type)type), "none");
	assert_string_equal(record_name(RECORD_TYPES), "none");
	assert_string_equal(record_name(RECORD_ROUTE_SET), "route-set");
	assert_string_equal(process_name(PROCESS_PROBE), "probe");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_may_send_what),
		cmocka_unit_test(sizes_must_fit),
		cmocka_unit_test(route_fields),
		cmocka_unit_test(other_fields),
		cmocka_unit_test(reports_in_a_record),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
