/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alarms.
 *
 * 1. An alarm is in the heap from alarm_add to alarm_remove (at INSTANT_NEVER when it is not
 *    set), so that setting one never allocates and never fails.
 * 2. After schedule_arm the kernel's timer is not later than the earliest alarm.
 * 3. A turn that begins late although the one before left nothing over was late because this
 *    process did not run (stopped, or a starved machine): that time is no fault of what is
 * probed.
 */
#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/list.h"
#include "daemon/probe/schedule.h"
#include "os/clock.h"

#define ALARMS_A_TURN 256

static const struct duration stall_least = { 20 * 1000000 };

static void timer_ready(struct watch *watch, uint32_t events)
{
	struct schedule *schedule = container_of(watch, struct schedule, timer);

	(void)events;
	schedule->rang = true;
}

int schedule_open(struct schedule *schedule, struct poller *poller, struct error *error)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	int status;

	*schedule = (struct schedule){ .poller = poller, .armed = INSTANT_NEVER };
	if (fd < 0)
		return error_system(error, errno, "cannot make a timer");
	schedule->timer.ready = timer_ready;
	/* By edge: setting it anew takes back the last edge, so it need not be read. */
	status = watch_begin(poller, &schedule->timer, fd, EPOLLIN | EPOLLET);
	if (status != 0) {
		close(fd);
		return error_system(error, -status, "cannot watch a timer");
	}
	return 0;
}

void schedule_close(struct schedule *schedule)
{
	if (schedule->timer.events != 0) {
		int fd = schedule->timer.fd;

		watch_end(schedule->poller, &schedule->timer);
		close(fd);
	}
	heap_clear(&schedule->heap);
}

int alarm_add(struct schedule *schedule, struct alarm *alarm,
	void (*ring)(struct alarm *, struct instant))
{
	*alarm = (struct alarm){ .ring = ring };
	return heap_set(&schedule->heap, &alarm->node, INSTANT_NEVER);
}

void alarm_remove(struct schedule *schedule, struct alarm *alarm)
{
	heap_remove(&schedule->heap, &alarm->node);
}

void alarm_set(struct schedule *schedule, struct alarm *alarm, struct instant when)
{
	if (alarm->node.position != 0)
		(void)heap_set(&schedule->heap, &alarm->node, when);
}

static struct instant earliest(const struct schedule *schedule)
{
	const struct heap_node *first = heap_first(&schedule->heap);

	return first == NULL ? INSTANT_NEVER : first->when;
}

static void stall_measure(struct schedule *schedule, struct instant now)
{
	struct duration late = instant_since(now, earliest(schedule));

	/* INSTANT_NEVER and the future give a negative length. */
	if (!schedule->behind && late.ns >= stall_least.ns)
		schedule->stalled.ns += late.ns;
}

void schedule_run(struct schedule *schedule, struct instant now)
{
	stall_measure(schedule, now);
	for (int i = 0; i < ALARMS_A_TURN; i++) {
		struct heap_node *first = heap_first(&schedule->heap);
		struct alarm *alarm;

		if (first == NULL || !instant_reached(first->when, now))
			break;
		alarm = container_of(first, struct alarm, node);
		alarm_set(schedule, alarm, INSTANT_NEVER);
		alarm->ring(alarm, now);
	}
	schedule->behind = instant_reached(earliest(schedule), clock_now());
}

void schedule_arm(struct schedule *schedule)
{
	struct instant first = earliest(schedule);
	struct itimerspec setting = { 0 };

	if (first.ns == schedule->armed.ns && !schedule->rang)
		return;
	schedule->rang = false;
	schedule->armed = first;
	if (first.ns != INSTANT_NEVER.ns) {
		/* All zeroes would disarm; what is long due rings at once all the same. */
		setting.it_value.tv_sec = first.ns / 1000000000;
		setting.it_value.tv_nsec = first.ns % 1000000000 | (first.ns < 2 ? 1 : 0);
	}
	(void)timerfd_settime(schedule->timer.fd, TFD_TIMER_ABSTIME, &setting, NULL);
}
