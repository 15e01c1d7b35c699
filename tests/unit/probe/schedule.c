/* SPDX-License-Identifier: Apache-2.0 */
/* Alarms and watches, on a real epoll set and timer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/list.h"
#include "daemon/probe/schedule.h"
#include "os/clock.h"

struct fixture {
	uv_loop_t loop;
	uv_prepare_t prepare;
	struct poller poller;
	struct schedule schedule;
	bool closed;
	unsigned rung;
	struct alarm *order[8];
};

struct bell {
	struct alarm alarm;
	struct fixture *fixture;
	struct instant rang;
	struct alarm *removes; /* when it rings */
	bool repeats;
};

static void turned(void *context)
{
	struct fixture *fixture = context;

	schedule_run(&fixture->schedule, clock_now());
}

static void prepare(uv_prepare_t *handle)
{
	struct fixture *fixture = handle->data;

	schedule_arm(&fixture->schedule);
}

static void closed(void *context)
{
	struct fixture *fixture = context;

	fixture->closed = true;
}

static int setup(void **state)
{
	static struct fixture fixture;

	memset(&fixture, 0, sizeof(fixture));
	uv_loop_init(&fixture.loop);
	assert_int_equal(
		poller_open(&fixture.poller, &fixture.loop, turned, &fixture, NULL), 0);
	assert_int_equal(schedule_open(&fixture.schedule, &fixture.poller, NULL), 0);
	uv_prepare_init(&fixture.loop, &fixture.prepare);
	fixture.prepare.data = &fixture;
	uv_prepare_start(&fixture.prepare, prepare);
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	schedule_close(&fixture->schedule);
	uv_close((uv_handle_t *)&fixture->prepare, NULL);
	poller_close(&fixture->poller, closed);
	uv_run(&fixture->loop, UV_RUN_DEFAULT);
	assert_true(fixture->closed);
	assert_int_equal(uv_loop_close(&fixture->loop), 0);
	return 0;
}

static void ring(struct alarm *alarm, struct instant now)
{
	struct bell *bell = container_of(alarm, struct bell, alarm);
	struct fixture *fixture = bell->fixture;

	bell->rang = now;
	if (fixture->rung < 8)
		fixture->order[fixture->rung] = alarm;
	fixture->rung++;
	if (bell->removes != NULL)
		alarm_remove(&fixture->schedule, bell->removes);
	if (bell->repeats)
		alarm_set(&fixture->schedule, alarm, now);
}

static void run_until_rung(struct fixture *fixture, unsigned count)
{
	while (fixture->rung < count)
		uv_run(&fixture->loop, UV_RUN_ONCE);
}

static void alarms_ring_in_order_and_in_time(void **state)
{
	struct fixture *fixture = *state;
	struct bell bells[3] = { { .fixture = fixture }, { .fixture = fixture },
		{ .fixture = fixture } };
	struct instant now = clock_now();
	const int64_t after_us[] = { 3500, 700, 1800 };

	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(alarm_add(&fixture->schedule, &bells[i].alarm, ring), 0);
		alarm_set(&fixture->schedule, &bells[i].alarm,
			instant_add(now, duration_us(after_us[i])));
	}
	run_until_rung(fixture, 3);
	assert_ptr_equal(fixture->order[0], &bells[1].alarm);
	assert_ptr_equal(fixture->order[1], &bells[2].alarm);
	assert_ptr_equal(fixture->order[2], &bells[0].alarm);
	for (size_t i = 0; i < 3; i++)
		assert_true(instant_since(bells[i].rang, now).ns >= after_us[i] * 1000);
}

static void ringing_may_remove_another(void **state)
{
	struct fixture *fixture = *state;
	struct bell first = { .fixture = fixture }, second = { .fixture = fixture },
		    last = { .fixture = fixture };
	struct instant now = clock_now();

	assert_int_equal(alarm_add(&fixture->schedule, &first.alarm, ring), 0);
	assert_int_equal(alarm_add(&fixture->schedule, &second.alarm, ring), 0);
	assert_int_equal(alarm_add(&fixture->schedule, &last.alarm, ring), 0);
	first.removes = &second.alarm;
	alarm_set(&fixture->schedule, &first.alarm, now);
	alarm_set(&fixture->schedule, &second.alarm, instant_add(now, duration_us(1)));
	alarm_set(&fixture->schedule, &last.alarm, instant_add(now, duration_ms(2)));
	run_until_rung(fixture, 2);
	assert_ptr_equal(fixture->order[1], &last.alarm);
	/* Setting what is not in does nothing. */
	alarm_set(&fixture->schedule, &second.alarm, now);
	assert_int_equal(second.alarm.node.position, 0);
}

/* An alarm that is due again at once does not keep the loop from descriptors. */
static void one_turn_is_bounded(void **state)
{
	struct fixture *fixture = *state;
	struct bell bell = { .fixture = fixture, .repeats = true };

	assert_int_equal(alarm_add(&fixture->schedule, &bell.alarm, ring), 0);
	alarm_set(&fixture->schedule, &bell.alarm, clock_now());
	uv_run(&fixture->loop, UV_RUN_ONCE);
	assert_in_range(fixture->rung, 1, 1000);
	uv_run(&fixture->loop, UV_RUN_ONCE);
	assert_in_range(fixture->rung, 2, 2000);
	/* That it is always late is its own doing. */
	assert_true(fixture->schedule.stalled.ns < 20000000);
}

static void being_stopped_is_noticed(void **state)
{
	struct fixture *fixture = *state;
	struct bell bell = { .fixture = fixture };

	assert_int_equal(alarm_add(&fixture->schedule, &bell.alarm, ring), 0);
	alarm_set(&fixture->schedule, &bell.alarm, instant_add(clock_now(), duration_ms(1)));
	usleep(60000);
	run_until_rung(fixture, 1);
	assert_in_range(fixture->schedule.stalled.ns, 50000000, 10000000000);
}

struct reader {
	struct watch watch;
	struct fixture *fixture;
	struct reader *other;
	unsigned told;
};

static void reader_ready(struct watch *watch, uint32_t events)
{
	struct reader *reader = container_of(watch, struct reader, watch);

	assert_true(events & EPOLLIN);
	reader->told++;
	watch_end(&reader->fixture->poller, &reader->other->watch);
	watch_end(&reader->fixture->poller, watch);
}

/* Two are ready in one batch and the first ends the second: it is not told. */
static void ended_watches_are_silent(void **state)
{
	struct fixture *fixture = *state;
	struct reader a = { .watch.ready = reader_ready, .fixture = fixture };
	struct reader b = { .watch.ready = reader_ready, .fixture = fixture };
	int fds[2][2];

	a.other = &b;
	b.other = &a;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds[i]), 0);
		assert_int_equal(write(fds[i][1], "x", 1), 1);
		assert_int_equal(watch_begin(&fixture->poller, i == 0 ? &a.watch : &b.watch,
					 fds[i][0], EPOLLIN),
			0);
	}
	uv_run(&fixture->loop, UV_RUN_ONCE);
	assert_int_equal(a.told + b.told, 1);
	for (int i = 0; i < 2; i++) {
		close(fds[i][0]);
		close(fds[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			alarms_ring_in_order_and_in_time, setup, teardown),
		cmocka_unit_test_setup_teardown(ringing_may_remove_another, setup, teardown),
		cmocka_unit_test_setup_teardown(one_turn_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(being_stopped_is_noticed, setup, teardown),
		cmocka_unit_test_setup_teardown(ended_watches_are_silent, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
