/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of a drain: see drain.h. GRACEFUL_SHUTDOWN (RFC 8326) comes first, so that others
 * move away while they still have the path; the address goes last, when nobody has it any more.
 *
 * Invariants:
 *  1. A drain only goes forward, and a step that lasts no time is skipped.
 *  2. REMOVED comes address_delay after WITHDRAWN, never sooner; a restored drain is there
 *     already: it announces nothing, and puts no address on.
 */
#include "service/drain.h"

#include <stdio.h>

/* How long a step lasts with these settings; 0: it is skipped. */
static struct duration step_time(
	enum drain_step step, const struct brain_service_settings *settings)
{
	const struct duration none = { 0 };

	switch (step) {
	case DRAIN_GRACEFUL:
		return settings->drain_graceful ? settings->drain_graceful_time : none;
	case DRAIN_PREPEND:
		return settings->drain_prepend > 0 ? settings->drain_prepend_time : none;
	case DRAIN_WAIT:
		return settings->drain_wait;
	case DRAIN_WITHDRAWN:
		return settings->address_delay;
	case DRAIN_NONE:
	case DRAIN_REMOVED:
		break;
	}
	return none;
}

static void step_set(struct drain *drain, enum drain_step step, struct instant now)
{
	drain->step = step;
	drain->since = now;
}

bool drain_withdrawn(const struct drain *drain)
{
	return drain->step >= DRAIN_WITHDRAWN;
}

struct instant drain_deadline(
	const struct drain *drain, const struct brain_service_settings *settings)
{
	if (drain->step == DRAIN_NONE || drain->step == DRAIN_REMOVED)
		return INSTANT_NEVER;
	return instant_add(drain->since, step_time(drain->step, settings));
}

bool drain_advance(struct drain *drain, const struct brain_service_settings *settings,
	bool announced, struct instant now)
{
	enum drain_step before = drain->step;

	if (before != DRAIN_NONE && !drain_withdrawn(drain) && !announced)
		step_set(drain, DRAIN_WITHDRAWN, now);
	while (drain->step != DRAIN_NONE && drain->step != DRAIN_REMOVED &&
		instant_reached(drain_deadline(drain, settings), now))
		step_set(drain, drain->step + 1, now);
	return drain->step != before;
}

void drain_begin(struct drain *drain, const struct brain_service_settings *settings,
	bool announced, const char *reason, struct instant now)
{
	(void)snprintf(drain->reason, sizeof(drain->reason), "%s", reason);
	drain->begun = now;
	step_set(drain, announced ? DRAIN_GRACEFUL : DRAIN_WITHDRAWN, now);
	(void)drain_advance(drain, settings, announced, now);
}

void drain_restore(
	struct drain *drain, const char *reason, struct instant begun, struct instant now)
{
	drain->begun = begun;
	(void)snprintf(drain->reason, sizeof(drain->reason), "%s", reason);
	step_set(drain, DRAIN_REMOVED, now);
}
