/* SPDX-License-Identifier: Apache-2.0 */
/* Timers of a speaker: in its heap while they run. */
#ifndef NEARCAST_ROUTE_TIMER_H
#define NEARCAST_ROUTE_TIMER_H

#include "base/heap.h"

struct speaker;

/* Zero-initialise and set fire. */
struct timer {
	struct heap_node node;
	void (*fire)(struct speaker *speaker, struct timer *timer, struct instant now);
};

/* Start, or move to another time. Cannot fail: room was reserved with each neighbour. */
void timer_start(struct speaker *speaker, struct timer *timer, struct instant when);
void timer_stop(struct speaker *speaker, struct timer *timer);
bool timer_running(const struct timer *timer);

#endif
