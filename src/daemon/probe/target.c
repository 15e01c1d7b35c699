/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a target.
 *
 *            due                  result, timeout
 *     idle -------> running ------------------------> idle (due again, by its machine)
 *                     | locality, start of the type
 *                     +---> result at once
 *
 * 1. A running target has exactly one probe under way and its alarm is the probe's timeout; an
 *    idle one has none and its alarm is the next start.
 * 2. Each started probe gives exactly one result, or none when the target is freed.
 * 3. What kept us from probing (no descriptors, no memory, a stopped process) gives UNKNOWN,
 *    never BAD.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "daemon/probe/check_type.h"
#include "daemon/probe/target.h"
#include "os/clock.h"

#define STALL_SHARE \
	4 /* a probe that lost more than 1/4 of its time to a stall proves nothing */

static void target_start(struct target *target, struct instant now);
static void target_timeout(struct target *target, struct instant now);

static void target_ring(struct alarm *alarm, struct instant now)
{
	struct target *target = container_of(alarm, struct target, alarm);

	if (target->running)
		target_timeout(target, now);
	else
		target_start(target, now);
}

static struct check_settings settings_of(const struct config_check *check)
{
	return (struct check_settings){
		.interval = check->interval,
		.fast_interval = check->fast_interval,
		.timeout = check->timeout,
		.rise = check->rise,
		.fall = check->fall,
		.invert = check->invert,
	};
}

struct target *target_new(struct probe_tools *tools, const struct config_service *service,
	const struct config_check *settings, const struct address *address,
	const struct target_events *events, void *context)
{
	const struct check_type *type = check_type_of(settings->type);
	struct target *target = calloc(1, sizeof(*target) + type->size);

	if (target == NULL)
		return NULL;
	target->tools = tools;
	target->type = type;
	target->settings = settings;
	target->service = service->name;
	target->address = *address;
	target->events = events;
	target->context = context;
	if (alarm_add(&tools->schedule, &target->alarm, target_ring) != 0) {
		free(target);
		return NULL;
	}
	return target;
}

void target_free(struct target *target)
{
	if (target == NULL)
		return;
	if (target->running)
		target->type->cancel(target, target->state);
	if (target->type->clear != NULL)
		target->type->clear(target, target->state);
	alarm_remove(&target->tools->schedule, &target->alarm);
	free(target);
}

void target_begin(struct target *target, struct instant now, struct duration phase)
{
	struct check_settings settings = settings_of(target->settings);

	target->phase = phase;
	check_machine_init(&target->machine, &settings, now, phase);
	alarm_set(&target->tools->schedule, &target->alarm, target->machine.next_due);
}

void target_inherit(struct target *target, const struct target *earlier, struct instant now,
	struct duration phase)
{
	struct check_settings settings = settings_of(target->settings);

	target->phase = phase;
	target->machine = earlier->machine;
	target->outcome = earlier->outcome;
	target->conclusive = earlier->conclusive;
	target->latency = earlier->latency;
	target->ended = earlier->ended;
	memcpy(target->evidence, earlier->evidence, sizeof(target->evidence));
	check_machine_change(&target->machine, &settings, now);
	alarm_set(&target->tools->schedule, &target->alarm,
		earlier->running ? now : target->machine.next_due);
}

void target_hurry(struct target *target, struct instant now)
{
	if (target->running) {
		target->again = true;
		return;
	}
	check_machine_hurry(&target->machine, now);
	alarm_set(&target->tools->schedule, &target->alarm, now);
}

/* Of an idle target, after a result. */
static void target_plan(struct target *target, struct instant now)
{
	struct check_machine *machine = &target->machine;

	check_machine_align(machine, target->phase, now);
	if (target->type->eager && machine->state == CHECK_STATE_DOWN)
		machine->next_due = instant_earlier(machine->next_due,
			instant_add(target->started, machine->settings.fast_interval));
	if (target->again || instant_before(machine->next_due, now))
		machine->next_due = now;
	target->again = false;
	alarm_set(&target->tools->schedule, &target->alarm, machine->next_due);
}

/* The evidence is written already. */
static void target_result(struct target *target, enum check_outcome outcome, bool conclusive)
{
	struct instant now = clock_now();
	struct check_result result = {
		.outcome = outcome,
		.conclusive = conclusive,
		.latency = instant_since(now, target->started),
		.evidence = target->evidence,
	};

	target->running = false;
	target->outcome = outcome;
	target->conclusive = conclusive;
	target->latency = result.latency;
	target->ended = now;
	check_machine_result(&target->machine, &result, target->started, now);
	target_plan(target, now);
	target->events->result(target->context, target);
}

void target_done(struct target *target, enum check_outcome outcome, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(target->evidence, sizeof(target->evidence), format, arguments);
	va_end(arguments);
	target_result(target, outcome, false);
}

void target_gone(struct target *target, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(target->evidence, sizeof(target->evidence), format, arguments);
	va_end(arguments);
	target_result(target, OUTCOME_BAD, true);
}

void target_failed(struct target *target, int system_errno, const char *doing)
{
	switch (system_errno) {
	case ECONNREFUSED:
		target_gone(target, "%s: nothing listens (connection refused)", doing);
		return;
	case ECONNRESET:
	case EPIPE:
	case ECONNABORTED:
	case ETIMEDOUT:
	case EHOSTUNREACH:
	case EHOSTDOWN:
	case ENETUNREACH:
	case EPROTO:
		target_done(target, OUTCOME_BAD, "%s: %s", doing, strerror(system_errno));
		return;
	default:
		target_done(target, OUTCOME_UNKNOWN, "cannot check: %s: %s", doing,
			strerror(system_errno));
		return;
	}
}

void target_restart(struct target *target, struct instant now)
{
	struct schedule *schedule = &target->tools->schedule;

	target->started = now;
	target->stalled_before = schedule->stalled;
	alarm_set(schedule, &target->alarm, instant_add(now, target->machine.settings.timeout));
}

static bool local_known(const struct local_addresses *local, const struct target *target)
{
	if (local->asked.ns != target->started.ns)
		return false;
	for (size_t i = 0; i < local->count; i++)
		if (address_equal(&local->list[i], &target->address))
			return true;
	return false;
}

static void local_note(struct local_addresses *local, const struct target *target)
{
	if (local->asked.ns != target->started.ns)
		*local = (struct local_addresses){ .asked = target->started };
	if (local->count < LOCAL_ROOM)
		local->list[local->count++] = target->address;
}

bool target_is_local(struct target *target)
{
	struct error error = { 0 };
	int status;

	/* Probes that begin in one turn share the kernel's word. */
	if (local_known(&target->tools->local, target))
		return true;
	status = locality_check(&target->tools->locality, &target->address, &error);
	if (status == 0)
		local_note(&target->tools->local, target);
	if (status == 0)
		return true;
	if (status == ERROR_NOT_FOUND)
		target_done(target, OUTCOME_UNKNOWN,
			"%s is not on this host: a check would be answered by another site",
			target_endpoint(target, 0));
	else
		target_done(target, OUTCOME_UNKNOWN, "cannot check: %s", error.text);
	return false;
}

static void target_start(struct target *target, struct instant now)
{
	target->running = true;
	target->again = false;
	target->waiting_for = NULL;
	target->excused = false;
	target_restart(target, now);
	if (target->type->local_only && !target_is_local(target))
		return;
	target->type->start(target, target->state);
}

static void target_timeout(struct target *target, struct instant now)
{
	struct duration stalled = {
		target->tools->schedule.stalled.ns - target->stalled_before.ns,
	};
	struct duration timeout = target->machine.settings.timeout;
	char text[DURATION_TEXT_MAX];

	(void)now;
	target->type->cancel(target, target->state);
	if (stalled.ns > timeout.ns / STALL_SHARE) {
		target_done(target, OUTCOME_UNKNOWN,
			"cannot check: the checker itself did not run for %s",
			duration_human(stalled, text));
		return;
	}
	target_done(target, target->excused ? OUTCOME_UNKNOWN : OUTCOME_BAD,
		"%stimeout after %s waiting for %s", target->excused ? "cannot check: " : "",
		duration_format(timeout, text),
		target->waiting_for == NULL ? "an answer" : target->waiting_for);
}

const char *target_endpoint(const struct target *target, uint16_t port)
{
	static char text[ADDRESS_TEXT_MAX + sizeof("[]:65535")];
	char address[ADDRESS_TEXT_MAX];

	address_format(&target->address, address);
	if (port == 0)
		snprintf(text, sizeof(text), "%s", address);
	else if (target->address.family == FAMILY_IPV6)
		snprintf(text, sizeof(text), "[%s]:%u", address, port);
	else
		snprintf(text, sizeof(text), "%s:%u", address, port);
	return text;
}

const char *target_elapsed(const struct target *target)
{
	static char text[DURATION_TEXT_MAX];

	return duration_human(instant_since(clock_now(), target->started), text);
}
