/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine of one service. The essay on why it is like this is in brain.c.
 *
 *     verdict of the tree -> fitness -> event -> table: health -> overlays: state -> intent
 *                                                  ^                 ^
 *                                                  drain <-----------+
 *
 * Invariants:
 *  1. health is INIT, RISING, UP, DEGRADED, FALLING, DOWN or HELD; DRAINING, MAINTENANCE and
 *     UNKNOWN lie over it and never in it.
 *  2. Announced implies that the address is on, that some check was good since the start (or
 *     there are none), and that health is UP, DEGRADED or FALLING.
 *  3. A service that is blocked (withdrawn by a drain, or in maintenance) is not UP, DEGRADED
 * or FALLING underneath, so that it comes back the long way.
 *  4. After service_update its deadline is later than now.
 */
#include "service/machine.h"

#include <string.h>

/* What the checks, the timers and the verbs together say at a moment. */
enum event {
	EVENT_BAD,     /* down, for certain */
	EVENT_SILENT,  /* no result that counts */
	EVENT_RISING,  /* good, but not yet for long enough to be believed */
	EVENT_UNKNOWN, /* nobody can say */
	EVENT_EXPIRED, /* nobody could say for too long */
	EVENT_FALLING, /* bad, but not yet for long enough to be believed */
	EVENT_DEGRADED,
	EVENT_GOOD,
	EVENT_WAIT, /* good or degraded, but hold-down is not over, or a verb is in the way */
	EVENT_SUPPRESSED, /* the same, but it fell too often of late */
	EVENTS,
};

#define INIT     SERVICE_INIT
#define RISING   SERVICE_RISING
#define UP       SERVICE_UP
#define DEGRADED SERVICE_DEGRADED
#define FALLING  SERVICE_FALLING
#define DOWN     SERVICE_DOWN
#define HELD     SERVICE_HELD

/* clang-format off */
static const enum service_state transitions[SERVICE_STATES][EVENTS] = {
	/* in \ event  BAD   SILENT  RISING  UNKNOWN   EXPIRED FALLING  DEGRADED  GOOD WAIT    SUPPRESSED */
	[INIT]     = { DOWN, INIT,   RISING, INIT,     INIT,   RISING,  DEGRADED, UP,  RISING, HELD },
	[RISING]   = { DOWN, RISING, RISING, RISING,   RISING, RISING,  DEGRADED, UP,  RISING, HELD },
	[UP]       = { DOWN, DOWN,   DOWN,   UP,       RISING, FALLING, DEGRADED, UP,  RISING, HELD },
	[DEGRADED] = { DOWN, DOWN,   DOWN,   DEGRADED, RISING, FALLING, DEGRADED, UP,  RISING, HELD },
	[FALLING]  = { DOWN, DOWN,   DOWN,   FALLING,  RISING, FALLING, DEGRADED, UP,  RISING, HELD },
	[DOWN]     = { DOWN, DOWN,   RISING, DOWN,     DOWN,   RISING,  DEGRADED, UP,  RISING, HELD },
	[HELD]     = { DOWN, DOWN,   RISING, HELD,     HELD,   RISING,  DEGRADED, UP,  RISING, HELD },
};
/* clang-format on */

#undef INIT
#undef RISING
#undef UP
#undef DEGRADED
#undef FALLING
#undef DOWN
#undef HELD

bool service_blocked(const struct service *service)
{
	return service->settings.maintenance || drain_withdrawn(&service->drain);
}

static bool is_degraded(const struct service *service)
{
	return service->health == SERVICE_DEGRADED ||
	       (service->health == SERVICE_FALLING && service->fell_from_degraded);
}

bool service_announcing(const struct service *service)
{
	switch (service->health) {
	case SERVICE_UP:
		return true;
	case SERVICE_DEGRADED:
	case SERVICE_FALLING:
		return !(is_degraded(service) && service->settings.degraded_withdraw);
	case SERVICE_INIT:
	case SERVICE_RISING:
	case SERVICE_DOWN:
	case SERVICE_DRAINING:
	case SERVICE_MAINTENANCE:
	case SERVICE_HELD:
	case SERVICE_UNKNOWN:
	case SERVICE_STATES:
		break;
	}
	return false;
}

static void verdict_take(struct service *service, struct instant now)
{
	const struct brain_service_settings *settings = &service->settings;
	struct verdict verdict = tree_evaluate(service->nodes, service->node_count,
		settings->minimum_weight, settings->degraded_weight, now);

	for (size_t i = 0; i < service->node_count && !service->ever_good; i++)
		service->ever_good = leaf_was_good(&service->nodes[i]);
	/* A tree of checks that can only degrade is never down, but it can be unheard of. */
	if (verdict.level >= LEVEL_FALLING && !service->ever_good && service->node_count > 0)
		verdict.level = LEVEL_INIT;
	service->verdict = verdict;
}

static bool verdict_is_fit(const struct service *service)
{
	switch (service->verdict.level) {
	case LEVEL_UP:
		return true;
	case LEVEL_DEGRADED:
		return !service->settings.degraded_withdraw;
	case LEVEL_FALLING:
		return service->fit;
	case LEVEL_NEW:
	case LEVEL_UNKNOWN:
		return service->fit && service_announcing(service);
	case LEVEL_DOWN:
	case LEVEL_INIT:
	case LEVEL_RISING:
	case LEVELS:
		break;
	}
	return false;
}

static bool verdict_is_certain(const struct service *service)
{
	return service->verdict.level != LEVEL_UNKNOWN && service->verdict.level != LEVEL_NEW;
}

/* What falls because a verb took its address away has not flapped. */
static void fitness_take(struct service *service, struct instant now)
{
	bool fit = verdict_is_fit(service);

	if (service->fit && !fit && verdict_is_certain(service) && service->risen &&
		!service_blocked(service)) {
		service->flaps++;
		damping_fall(&service->damping, &service->settings, now);
	}
	if (!service->fit && fit)
		service->fit_since = now;
	service->fit = fit;
	if (verdict_is_certain(service))
		service->healthy = service->verdict.level >= LEVEL_FALLING;
}

static void unknown_take(struct service *service, struct instant now)
{
	const struct brain_service_settings *settings = &service->settings;

	if (service->verdict.level != LEVEL_UNKNOWN) {
		service->unknown_since = (struct instant){ 0 };
		service->unknown_over = false;
		return;
	}
	if (!instant_is_set(service->unknown_since))
		service->unknown_since = now;
	service->unknown_over =
		settings->unknown_after == BRAIN_AFTER_WITHDRAW &&
		instant_reached(
			instant_add(service->unknown_since, settings->unknown_hold), now);
}

/* Hold-down: not before the first announcement, so that a start is not slower than it must be.
 */
static struct instant hold_down_end(const struct service *service)
{
	if (!service->risen || !service->fit)
		return (struct instant){ 0 };
	return instant_add(service->fit_since, service->settings.hold_down);
}

/* Good enough to be announced by what the checks say; what else is in the way? */
static enum event event_when_good(const struct service *service, struct instant now)
{
	static const enum event events[LEVELS] = {
		[LEVEL_FALLING] = EVENT_FALLING,
		[LEVEL_DEGRADED] = EVENT_DEGRADED,
		[LEVEL_UP] = EVENT_GOOD,
	};

	if (service_blocked(service))
		return EVENT_WAIT;
	if (service_announcing(service) || !service->fit)
		return events[service->verdict.level];
	if (service->damping.suppressed)
		return EVENT_SUPPRESSED;
	if (!instant_reached(hold_down_end(service), now))
		return EVENT_WAIT;
	return events[service->verdict.level];
}

static enum event event_now(const struct service *service, struct instant now)
{
	switch (service->verdict.level) {
	case LEVEL_DOWN:
		return EVENT_BAD;
	case LEVEL_INIT:
		return EVENT_SILENT;
	case LEVEL_RISING:
		return EVENT_RISING;
	case LEVEL_UNKNOWN:
		/* What is blocked must not be kept announced underneath (invariant 3). */
		return service->unknown_over || service_blocked(service) ? EVENT_EXPIRED
									 : EVENT_UNKNOWN;
	case LEVEL_NEW:
		return service_blocked(service) ? EVENT_EXPIRED : EVENT_UNKNOWN;
	case LEVEL_FALLING:
	case LEVEL_DEGRADED:
	case LEVEL_UP:
	case LEVELS:
		break;
	}
	return event_when_good(service, now);
}

static void health_step(struct service *service, struct instant now)
{
	enum service_state next = transitions[service->health][event_now(service, now)];

	if (next == service->health)
		return;
	if (next == SERVICE_FALLING)
		service->fell_from_degraded = service->health == SERVICE_DEGRADED;
	/* Withdrawn because nobody knew: hold-down counts from the next good word. */
	if (service->unknown_over)
		service->fit = false;
	service->health = next;
}

/* Drain and health depend on each other: a drain waits for nothing that is not announced, and
 * what is withdrawn by a drain has to come back. A drain only goes forward, so this ends. */
static void settle(struct service *service, struct instant now)
{
	do {
		health_step(service, now);
	} while (drain_advance(
		&service->drain, &service->settings, service_announcing(service), now));
}

static enum service_state state_now(const struct service *service)
{
	if (service->settings.maintenance)
		return SERVICE_MAINTENANCE;
	if (service->drain.step != DRAIN_NONE)
		return SERVICE_DRAINING;
	if (service->verdict.level == LEVEL_UNKNOWN)
		return SERVICE_UNKNOWN;
	return service->health;
}

/* When the address of a service in maintenance may go; 0: it may be off at once. */
static struct instant address_end(const struct service *service)
{
	if (!instant_is_set(service->last_announced))
		return service->last_announced;
	return instant_add(service->last_announced, service->settings.address_delay);
}

static bool address_now(const struct service *service, struct instant now)
{
	if (service->drain.step == DRAIN_REMOVED)
		return false;
	return !service->settings.maintenance || !instant_reached(address_end(service), now);
}

static struct intent intent_now(const struct service *service, struct instant now)
{
	const struct brain_service_settings *settings = &service->settings;
	enum drain_step step = service->drain.step;
	struct intent intent = {
		.address = address_now(service, now),
		.announce = service_announcing(service) && !service_blocked(service),
	};

	if (!intent.announce)
		return intent;
	intent.degraded = is_degraded(service);
	intent.graceful_shutdown = step != DRAIN_NONE && settings->drain_graceful;
	if (step == DRAIN_PREPEND || step == DRAIN_WAIT)
		intent.drain_prepend = settings->drain_prepend;
	return intent;
}

static bool intent_equal(const struct intent *a, const struct intent *b)
{
	return a->address == b->address && a->announce == b->announce &&
	       a->degraded == b->degraded && a->graceful_shutdown == b->graceful_shutdown &&
	       a->drain_prepend == b->drain_prepend;
}

/* The intent first: what is to be withdrawn is withdrawn before anybody writes a log line. */
static void intent_tell(struct service *service, struct instant now)
{
	const struct brain_sink *sink = &service->brain->sink;
	struct intent intent;

	if (service->intent.announce)
		service->last_announced = now;
	intent = intent_now(service, now);
	/* What ran well without checks is not taken down by the news that there are some now.
	 */
	if (intent.announce)
		service->risen = service->ever_good = true;
	if (service->intent_told && intent_equal(&intent, &service->intent))
		return;
	service->intent = intent;
	service->intent_told = true;
	sink->intent(sink->context, service->index, &service->intent, service->reason);
}

static void state_tell(struct service *service, struct instant now)
{
	const struct brain_sink *sink = &service->brain->sink;
	struct service_change change = {
		.service = service->index,
		.name = service->settings.name,
		.old_state = service->state,
		.new_state = state_now(service),
		.drain_step = service->drain.step,
		.reason = service->reason,
		.evidence = service->evidence,
		.at = now,
	};

	if (change.new_state == service->state && service->drain_step == service->drain.step)
		return;
	if (change.new_state != service->state)
		service->since = now;
	service->state = change.new_state;
	service->drain_step = service->drain.step;
	sink->changed(sink->context, &change);
}

struct instant service_held_until(const struct service *service)
{
	struct instant hold_down = hold_down_end(service);

	if (!service->fit || service_announcing(service) || service_blocked(service))
		return (struct instant){ 0 };
	if (service->damping.suppressed && instant_before(hold_down, service->damping.release))
		return service->damping.release;
	return instant_reached(hold_down, service->brain->now) ? (struct instant){ 0 }
							       : hold_down;
}

static struct instant deadline_of(const struct service *service, struct instant now)
{
	const struct brain_service_settings *settings = &service->settings;
	struct instant deadline = drain_deadline(&service->drain, settings), held;

	if (service->damping.suppressed)
		deadline = instant_earlier(deadline, service->damping.release);
	held = service_held_until(service);
	if (instant_is_set(held) && verdict_is_certain(service))
		deadline = instant_earlier(deadline, held);
	if (settings->maintenance && service->intent.address &&
		service->drain.step != DRAIN_REMOVED &&
		!instant_reached(address_end(service), now))
		deadline = instant_earlier(deadline, address_end(service));
	if (instant_is_set(service->unknown_since) && !service->unknown_over &&
		settings->unknown_after == BRAIN_AFTER_WITHDRAW)
		deadline = instant_earlier(
			deadline, instant_add(service->unknown_since, settings->unknown_hold));
	return deadline;
}

void service_begin(struct service *service, struct instant now)
{
	service->since = now;
	service_explain(service, SERVICE_INIT);
	intent_tell(service, now);
	(void)heap_set(&service->brain->timers, &service->timer, now);
}

void service_update(struct service *service, struct instant now)
{
	verdict_take(service, now);
	(void)damping_release(&service->damping, &service->settings, now);
	fitness_take(service, now);
	unknown_take(service, now);
	settle(service, now);
	governor_member_set(&service->brain->governor, &service->member, service->leaf_count,
		service->healthy);
	service_explain(service, state_now(service));
	intent_tell(service, now);
	state_tell(service, now);
	/* Cannot fail: a node that is in the heap already takes no memory. */
	(void)heap_set(&service->brain->timers, &service->timer, deadline_of(service, now));
}

/* The first word after the address came back may be of a probe from before. */
void service_return(struct service *service)
{
	unsigned words = service->intent.address ? 1 : 2;

	for (size_t i = 0; i < service->node_count; i++) {
		struct check_node *node = &service->nodes[i];

		if (node->kind != CHECK_KIND_LEAF || node->trust == TRUST_LOST)
			continue;
		node->trust = TRUST_STALE;
		node->words_left = words;
	}
	/* Hold-down counts from the first good word; without checks there is none to wait for.
	 */
	if (service->node_count > 0)
		service->fit = false;
}
