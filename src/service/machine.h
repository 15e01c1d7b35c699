/* SPDX-License-Identifier: Apache-2.0 */
/* One service inside the brain: what it holds, and the machine that moves it. Private to the
 * room. The essay is in brain.c. */
#ifndef NEARCAST_SERVICE_MACHINE_H
#define NEARCAST_SERVICE_MACHINE_H

#include "base/heap.h"
#include "service/brain.h"
#include "service/damping.h"
#include "service/drain.h"
#include "service/governor.h"
#include "service/tree.h"

struct service {
	struct brain *brain;
	size_t index;
	struct heap_node timer;                 /* always in brain.timers */
	struct brain_service_settings settings; /* .checks is NULL: see nodes */
	struct check_node *nodes;
	size_t node_count, leaf_count;
	struct governor_member member;

	struct verdict verdict;    /* of the check tree, as last evaluated */
	enum service_state health; /* INIT, RISING, UP, DEGRADED, FALLING, DOWN or HELD */
	bool fell_from_degraded;   /* FALLING: from there, not from UP */
	bool healthy;              /* the last thing that the checks said for certain */
	bool fit;                  /* healthy, and good enough to be announced */
	struct instant fit_since;  /* hold-down counts from here */
	bool ever_good;            /* a check was good since the start, or there was none */
	bool risen;                /* it was announced since the start */
	struct instant unknown_since;
	bool unknown_over; /* unknown for longer than unknown_hold, and that means withdraw */
	struct damping damping;
	struct drain drain;
	struct instant last_announced;
	unsigned flaps;

	/* What the host was told last. */
	enum service_state state;
	struct instant since;
	enum drain_step drain_step;
	struct intent intent;
	bool intent_told;
	char reason[BRAIN_REASON_MAX], evidence[BRAIN_REASON_MAX];
};

struct brain {
	struct brain_sink sink;
	struct governor governor;
	struct heap timers; /* struct service.timer */
	bool checker_lost;
	char checker_reason[BRAIN_REASON_MAX];
	struct instant now; /* the latest that anybody told */
	size_t service_count;
	struct service *services[BRAIN_SERVICES_MAX]; /* NULL: free */
};

/* A new service: tell the first intent, and leave all else to the next tick, so that a drain
 * from before a restart can be restored before anything is announced. service->timer must be in
 * the heap. */
void service_begin(struct service *service, struct instant now);
/* Work out everything anew and tell the host what changed. Sets the timer. */
void service_update(struct service *service, struct instant now);

/* Its routes are announced as far as its checks and verbs go. */
bool service_announcing(const struct service *service);
/* A verb or the configuration keeps its routes back. */
bool service_blocked(const struct service *service);
/* It is no longer blocked: from here on it goes address, check, announce. */
void service_return(struct service *service);
/* When it may be announced, if it stays healthy; 0 if it does not wait for a time. */
struct instant service_held_until(const struct service *service);
/* Say in words why it is in this state: fills service->reason and evidence. */
void service_explain(struct service *service, enum service_state state);

#endif
