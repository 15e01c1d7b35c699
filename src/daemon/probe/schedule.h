/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All deadlines of the process: a heap, and one timer of the kernel that is exact to some tens
 * of microseconds (libuv's are whole milliseconds, which is long for a crashed service).
 */
#ifndef NEARCAST_DAEMON_PROBE_SCHEDULE_H
#define NEARCAST_DAEMON_PROBE_SCHEDULE_H

#include <stdbool.h>

#include "base/heap.h"
#include "daemon/probe/poller.h"

/* Embed in what has deadlines. */
struct alarm {
	struct heap_node node;
	/* The alarm is set to INSTANT_NEVER by then. May set, add and remove any alarm. */
	void (*ring)(struct alarm *alarm, struct instant now);
};

struct schedule {
	struct heap heap;
	struct watch timer;
	struct poller *poller;
	struct instant armed; /* what the kernel's timer is set to */
	struct duration
		stalled; /* sum of all times this process was late by no doing of its own */
	bool behind;     /* alarms were left over when the last turn ended */
	bool rang;       /* the kernel's timer went off */
};

/* 0 or ERROR_SYSTEM. */
int schedule_open(struct schedule *schedule, struct poller *poller, struct error *error);
void schedule_close(struct schedule *schedule);

/* Take an alarm in, not set. 0 or ERROR_MEMORY. */
int alarm_add(struct schedule *schedule, struct alarm *alarm,
	void (*ring)(struct alarm *, struct instant));
/* Harmless if it is not in. */
void alarm_remove(struct schedule *schedule, struct alarm *alarm);
/* Cannot fail: the place was taken by alarm_add. INSTANT_NEVER: not set. */
void alarm_set(struct schedule *schedule, struct alarm *alarm, struct instant when);

/* Ring what is due, a bounded number. Descriptors should have been served before. */
void schedule_run(struct schedule *schedule, struct instant now);
/* Set the kernel's timer to the earliest alarm. Before the loop waits. */
void schedule_arm(struct schedule *schedule);

#endif
