/* SPDX-License-Identifier: Apache-2.0 */
/* The ring of events: order, room, gaps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "daemon/api/events.h"

static int add(struct event_ring *ring, uint64_t sequence)
{
	struct text text = { 0 };
	int code;

	text_print(&text, "{\"n\":%llu}", (unsigned long long)sequence);
	code = event_ring_add(ring, sequence, text.bytes, text.length);
	text_clear(&text);
	return code;
}

static uint64_t sequence_after(const struct event_ring *ring, uint64_t sequence)
{
	const struct event *event = event_ring_after(ring, sequence);

	return event == NULL ? 0 : event->sequence;
}

static void keeps_order_and_gaps(void **state)
{
	static struct event_ring ring;
	struct text out = { 0 };

	(void)state;
	assert_null(event_ring_after(&ring, 0));
	assert_int_equal(event_ring_last(&ring, 5), 0);
	assert_int_equal(add(&ring, 3), 0);
	assert_int_equal(add(&ring, 4), 0);
	assert_int_equal(add(&ring, 9), 0);
	assert_int_equal(add(&ring, 9), ERROR_MALFORMED);
	assert_int_equal(add(&ring, 1), ERROR_MALFORMED);
	assert_int_equal(sequence_after(&ring, 0), 3);
	assert_int_equal(sequence_after(&ring, 3), 4);
	assert_int_equal(sequence_after(&ring, 5), 9);
	assert_int_equal(sequence_after(&ring, 9), 0);
	assert_int_equal(event_ring_last(&ring, 0), 9);
	assert_int_equal(event_ring_last(&ring, 2), 3);
	assert_int_equal(event_ring_last(&ring, 3), 0);
	event_ring_print(&ring, 3, &out);
	assert_string_equal(text_string(&out), "{\"events\":[{\"n\":4},{\"n\":9}]}");
	text_clear(&out);
	event_ring_clear(&ring);
}

static void forgets_the_oldest(void **state)
{
	static struct event_ring ring;

	(void)state;
	for (uint64_t i = 1; i <= EVENTS_KEPT * 2 + 10; i++)
		assert_int_equal(add(&ring, i), 0);
	assert_int_equal(ring.count, EVENTS_KEPT);
	assert_int_equal(sequence_after(&ring, 0), EVENTS_KEPT + 11);
	assert_int_equal(sequence_after(&ring, EVENTS_KEPT + 20), EVENTS_KEPT + 21);
	assert_int_equal(event_ring_last(&ring, 1), EVENTS_KEPT * 2 + 9);
	event_ring_clear(&ring);
}

static void refuses_what_is_no_line(void **state)
{
	static struct event_ring ring;
	static char large[EVENT_LENGTH_MAX + 1];

	(void)state;
	memset(large, 'a', sizeof(large));
	assert_int_equal(event_ring_add(&ring, 1, "{\n}", 3), ERROR_MALFORMED);
	assert_int_equal(event_ring_add(&ring, 1, "{\r}", 3), ERROR_MALFORMED);
	assert_int_equal(event_ring_add(&ring, 1, "", 0), ERROR_MALFORMED);
	assert_int_equal(event_ring_add(&ring, 1, large, sizeof(large)), ERROR_RANGE);
	assert_int_equal(event_ring_add(&ring, 1, large, EVENT_LENGTH_MAX), 0);
	event_ring_clear(&ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_order_and_gaps),
		cmocka_unit_test(forgets_the_oldest),
		cmocka_unit_test(refuses_what_is_no_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
