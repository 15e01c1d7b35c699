/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records between processes: the first two bytes say who sends to whom, the rest is the
 * record. What is let through can be read as its struct: the sizes fit, strings end inside
 * their arrays, counts fit theirs, prefixes are what prefixes are.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/record.h"

#define RECORD_MAX 65536 /* bytes: of a channel */

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void expect_ends(const char *text, size_t room)
{
	expect(memchr(text, '\0', room) != NULL);
}

static void expect_bool(const void *at)
{
	uint8_t byte;

	memcpy(&byte, at, sizeof(byte));
	expect(byte <= 1);
}

static void check_route(const struct record_route *route)
{
	struct prefix normal = route->prefix;

	expect_ends(route->service, sizeof(route->service));
	prefix_normalise(&normal);
	expect(prefix_equal(&normal, &route->prefix));
	expect(route->prefix.length <= family_bits((enum family)route->prefix.address.family));
	if (route->head.type != RECORD_ROUTE_SET)
		return;
	expect_bool(&route->has_local_pref);
	expect_bool(&route->graceful_shutdown);
	expect(route->community_count <= RECORD_COMMUNITIES_MAX &&
		route->large_community_count <= RECORD_COMMUNITIES_MAX &&
		route->extended_community_count <= RECORD_COMMUNITIES_MAX &&
		route->only_count <= RECORD_ONLY_MAX);
	for (size_t i = 0; i < RECORD_ONLY_MAX; i++)
		expect_ends(route->only[i], sizeof(route->only[i]));
}

static void check_report(const struct record_check_report *report)
{
	expect(report->head.type == RECORD_CHECK_REPORT && report->head.tail == 0);
	expect_bool(&report->conclusive);
	expect_ends(report->evidence, sizeof(report->evidence));
}

static void check_reports(const struct record_plain *record)
{
	const uint8_t *at = (const uint8_t *)(record + 1), *end = at + record->head.tail;

	while (at < end) {
		struct record_check_report report;

		expect((size_t)(end - at) >= sizeof(report));
		memcpy(&report, at, sizeof(report));
		check_report(&report);
		at += sizeof(report);
	}
}

static void check_neighbor_event(const struct record_neighbor_event *event)
{
	expect_ends(event->neighbor, sizeof(event->neighbor));
	expect_ends(event->reason, sizeof(event->reason));
	expect_bool(&event->sent);
}

static void check_secret(const struct record_secret *secret)
{
	expect_ends(secret->neighbor, sizeof(secret->neighbor));
	expect(secret->length <= sizeof(secret->bytes));
}

/* Those with a tail of any bytes: head.tail of them are behind the struct. */
static void check_tail(const struct record_head *head, size_t length, size_t fixed)
{
	expect(length == fixed + head->tail);
}

static void check_fields(const struct record_head *head, size_t length)
{
	const void *record = head;

	switch ((int)head->type) {
	case RECORD_ROUTE_SET:
	case RECORD_ROUTE_REMOVE:
		expect(length == sizeof(struct record_route));
		check_route(record);
		return;
	case RECORD_CHECK_REPORT:
		expect(length == sizeof(struct record_check_report));
		check_report(record);
		return;
	case RECORD_CHECK_REPORTS:
		check_tail(head, length, sizeof(struct record_plain));
		check_reports(record);
		return;
	case RECORD_NEIGHBOR_EVENT:
		expect(length == sizeof(struct record_neighbor_event));
		check_neighbor_event(record);
		return;
	case RECORD_SECRET:
		expect(length == sizeof(struct record_secret));
		check_secret(record);
		return;
	case RECORD_QUERY:
		check_tail(head, length, sizeof(struct record_query));
		expect(((const struct record_query *)record)->query < QUERY_KINDS);
		return;
	case RECORD_REPLY:
		check_tail(head, length, sizeof(struct record_reply));
		return;
	case RECORD_EVENT:
		check_tail(head, length, sizeof(struct record_text));
		return;
	default:
		expect(length >= sizeof(*head) + head->tail);
		return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	enum process sender, receiver;
	struct record_head *record;
	struct error error = { 0 };
	int status;

	if (length < 2 || length - 2 > RECORD_MAX)
		return 0;
	sender = (enum process)(bytes[0] % PROCESS_COUNT);
	receiver = (enum process)(bytes[1] % PROCESS_COUNT);
	length -= 2;
	/* An exact copy, aligned as a channel's buffer is, so that the sanitizer sees a read
	 * behind the end. */
	record = malloc(length == 0 ? 1 : length);
	expect(record != NULL);
	memcpy(record, bytes + 2, length);
	status = record_check(record, length, sender, receiver, &error);
	if (status == 0) {
		expect(sender != receiver);
		check_fields(record, length);
		/* Nobody else may send it to the same receiver in that name and be heard. */
		expect(record_check(record, length, receiver, receiver, NULL) != 0);
	} else {
		expect(status == ERROR_MALFORMED || status == ERROR_PERMISSION);
		expect(error.text[0] != '\0');
	}
	free(record);
	return 0;
}
