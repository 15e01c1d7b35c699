/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The brain: from what the checks say to what should be announced. Pure: checks' states, verbs
 * and time come in, intents and events go out through a sink.
 *
 * A service's states:
 *
 *     init -> rising -> up <-> degraded          any state -> maintenance, draining (verbs)
 *               ^        |  \                    any state -> unknown (no checker), and back
 *               |     falling \                  up/rising -> held (flap damping, with an end)
 *               |        v     v
 *               +------ down <-+
 */
#ifndef NEARCAST_SERVICE_BRAIN_H
#define NEARCAST_SERVICE_BRAIN_H

#include <stddef.h>
#include <stdint.h>

#include "service/check.h"

struct brain;

#define BRAIN_SERVICES_MAX 1024
#define BRAIN_CHECKS_MAX   64 /* a service, groups included */
#define BRAIN_REASON_MAX   256

enum service_state {
	SERVICE_INIT,
	SERVICE_RISING,
	SERVICE_UP,
	SERVICE_DEGRADED,
	SERVICE_FALLING,
	SERVICE_DOWN,
	SERVICE_DRAINING,
	SERVICE_MAINTENANCE,
	SERVICE_HELD,
	SERVICE_UNKNOWN,
	SERVICE_STATES,
};

/* Where a drain stands, in this order; a service that returns goes address, check, announce. */
enum drain_step {
	DRAIN_NONE,
	DRAIN_GRACEFUL, /* announced with GRACEFUL_SHUTDOWN (RFC 8326) */
	DRAIN_PREPEND,  /* and longer */
	DRAIN_WAIT,
	DRAIN_WITHDRAWN,
	DRAIN_REMOVED, /* the address is off the interface */
};

enum brain_after {
	BRAIN_AFTER_KEEP,
	BRAIN_AFTER_WITHDRAW,
};

/* A node of a service's check tree. Groups name their children by parent index. */
enum check_kind {
	CHECK_KIND_LEAF,
	CHECK_KIND_ALL, /* the worst of the children */
	CHECK_KIND_ANY, /* the best of the children */
};

struct brain_check_settings {
	char name[64];
	enum check_kind kind;
	int parent;      /* index in the service's list, smaller than its own; -1: top level */
	unsigned weight; /* top level only */
	bool degrades;   /* failure degrades instead of taking down */
};

struct brain_service_settings {
	char name[64];
	const struct brain_check_settings *checks; /* copied */
	size_t check_count;
	unsigned minimum_weight;  /* 0: every top-level check must be good */
	unsigned degraded_weight; /* 0: unused */
	bool maintenance;
	bool degraded_withdraw;
	struct duration hold_down;     /* 0 at the first rise after start */
	struct duration address_delay; /* withdrawal -> address off */
	struct duration unknown_hold;
	enum brain_after unknown_after;
	bool damping;
	unsigned penalty, suppress, reuse;
	struct duration half_life, suppress_maximum;
	bool drain_graceful;
	struct duration drain_graceful_time;
	unsigned drain_prepend;
	struct duration drain_prepend_time, drain_wait;
};

struct brain_settings {
	unsigned panic_threshold_percent; /* 0: off */
	struct duration panic_window, panic_hold;
};

/* What should be true of a service now. The host makes it so. */
struct intent {
	bool address;           /* its addresses are on the interface */
	bool announce;          /* its prefixes are announced */
	bool degraded;          /* with the `degraded` attributes added */
	bool graceful_shutdown; /* with the RFC 8326 community */
	unsigned drain_prepend; /* and this many more prepends */
};

struct service_change {
	size_t service; /* index */
	const char *name;
	enum service_state old_state, new_state;
	enum drain_step drain_step;
	const char *reason;   /* "check dns-2 is down: ..." never NULL; valid during the call */
	const char *evidence; /* what was seen; "" if nothing */
	struct instant at;
};

struct brain_sink {
	void *context;
	/* The intent of a service changed (also called once for each service at the start). */
	void (*intent)(
		void *context, size_t service, const struct intent *intent, const char *reason);
	void (*changed)(void *context, const struct service_change *change);
	/* Which services are drained changed: write it down, so that it survives a restart. */
	void (*persist)(void *context);
	/* Every check failed at once and is doubted: re-check all now. */
	void (*suspect)(void *context, bool suspected, const char *reason);
};

/* The sink is copied. NULL: no memory. */
struct brain *brain_new(const struct brain_settings *settings, const struct brain_sink *sink);
void brain_free(struct brain *brain);
void brain_change(
	struct brain *brain, const struct brain_settings *settings, struct instant now);

/* Add, or with the same name replace settings and keep state, drain and the states of checks of
 * the same name. Gives the index, stable until the service is removed. adopt: what the
 * service's addresses already looked like in the kernel at start is no concern here.
 * ERROR_MEMORY, ERROR_FULL, ERROR_MALFORMED (a broken check tree). */
int brain_service_set(struct brain *brain, const struct brain_service_settings *settings,
	struct instant now, size_t *ret_index);
/* Intent becomes nothing at once; the host sees to the order withdrawal -> delay -> address. */
int brain_service_remove(struct brain *brain, size_t service, struct instant now);

/* A leaf check's state changed or was confirmed. */
void brain_check(struct brain *brain, size_t service, size_t check, enum check_state state,
	bool conclusive, const char *evidence, struct instant now);
/* The prober died or stopped answering: states are kept for unknown_hold. */
void brain_checker_lost(struct brain *brain, const char *reason, struct instant now);
void brain_checker_back(struct brain *brain, struct instant now);

/* Verbs. ERROR_NOT_FOUND; ERROR_STATE if it is so already. */
int brain_drain(struct brain *brain, size_t service, const char *reason, struct instant now);
/* Restore a drain that was in effect before a restart, since `begun`, which may lie before the
 * clock's start: straight to DRAIN_REMOVED. For a
 * service that was just set, before the host acts on its intent; what an earlier run left on
 * the interface is the host's to take off in time. */
int brain_drain_restore(struct brain *brain, size_t service, const char *reason,
	struct instant begun, struct instant now);
int brain_undrain(struct brain *brain, size_t service, struct instant now);

void brain_tick(struct brain *brain, struct instant now);
struct instant brain_deadline(const struct brain *brain);

/* Looking in. */
struct check_view {
	const char *name;
	enum check_kind kind;
	int parent;
	enum check_state state;
	const char *evidence;
	struct instant since, seen; /* of this state; of the last word from the prober */
};

struct service_view {
	const char *name;
	enum service_state state;
	struct instant since;
	const char *reason, *evidence;
	struct intent intent;
	enum drain_step drain_step;
	const char *drain_reason;   /* "" unless drained */
	struct instant drain_begun; /* 0 unless drained */
	bool healthy;             /* what the checks say, whatever the verbs say */
	bool wanted;    /* the operator wants it announced (not drained, not in maintenance) */
	double penalty; /* damping */
	struct instant held_until; /* 0 unless held or in hold-down */
	unsigned flaps;            /* falls since start */
	size_t check_count;
};
size_t brain_service_count(const struct brain *brain); /* indexes below it may be free */
bool brain_service_view(
	const struct brain *brain, size_t service, struct service_view *ret_view);
bool brain_check_view(const struct brain *brain, size_t service, size_t check,
	struct instant now, struct check_view *ret_view);
bool brain_suspected(const struct brain *brain);
size_t brain_service_find(const struct brain *brain, const char *name); /* SIZE_MAX if none */

const char *service_state_name(enum service_state state);
const char *drain_step_name(enum drain_step step);

#endif
