/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One check: from a row of results to a state.
 *
 *              good            rise good in a row
 *     init --------> rising ----------------------> up <----> degraded
 *       |              ^ |                          | ^
 *       | bad          | | bad                  bad | | good
 *       v              | v                          v |
 *      down <----------+ down <------------------ falling
 *                            fall bad in a row, or one conclusive
 *
 *     a probe that could not run: unknown, from any state; the next real result goes on from
 * the settled state as if nothing had been.
 *
 * Invariants:
 *  1. settled is INIT, UP, DEGRADED or DOWN; state is settled, or a way out of it (RISING,
 *     FALLING), or UNKNOWN.
 *  2. good_in_row and bad_in_row are not both above zero.
 *  3. The next probe is due an interval after the start of the last one, never before its end;
 *     while falling, a fast interval after its end. check_machine_align may bring it forward.
 */
#include "service/check.h"

static bool state_set(struct check_machine *machine, enum check_state state, struct instant now)
{
	if (machine->state == state)
		return false;
	machine->state = state;
	machine->since = now;
	return true;
}

static bool settle(struct check_machine *machine, enum check_state state, struct instant now)
{
	machine->settled = state;
	return state_set(machine, state, now);
}

/* Between two settled states, or without an answer at all, ask more often. */
static struct duration interval_of(const struct check_machine *machine)
{
	switch (machine->state) {
	case CHECK_STATE_INIT:
	case CHECK_STATE_RISING:
	case CHECK_STATE_FALLING:
	case CHECK_STATE_UNKNOWN:
		return machine->settings.fast_interval;
	case CHECK_STATE_UP:
	case CHECK_STATE_DEGRADED:
	case CHECK_STATE_DOWN:
		break;
	}
	return machine->settings.interval;
}

static enum check_outcome effective(
	const struct check_machine *machine, enum check_outcome outcome)
{
	if (!machine->settings.invert)
		return outcome;
	if (outcome == OUTCOME_GOOD)
		return OUTCOME_BAD;
	return outcome == OUTCOME_BAD ? OUTCOME_GOOD : outcome;
}

/* A service that answers, if badly, is on its way up like one that answers well. */
static bool result_good(
	struct check_machine *machine, enum check_state target, struct instant now)
{
	bool was_up =
		machine->settled == CHECK_STATE_UP || machine->settled == CHECK_STATE_DEGRADED;

	machine->bad_in_row = 0;
	if (machine->good_in_row < machine->settings.rise)
		machine->good_in_row++;
	if (was_up || machine->good_in_row >= machine->settings.rise)
		return settle(machine, target, now);
	return state_set(machine, CHECK_STATE_RISING, now);
}

static bool result_bad(struct check_machine *machine, bool conclusive, struct instant now)
{
	bool was_up =
		machine->settled == CHECK_STATE_UP || machine->settled == CHECK_STATE_DEGRADED;

	machine->good_in_row = 0;
	if (machine->bad_in_row < machine->settings.fall)
		machine->bad_in_row++;
	/* What never came up has nothing to fall from. */
	if (!was_up || conclusive || machine->bad_in_row >= machine->settings.fall)
		return settle(machine, CHECK_STATE_DOWN, now);
	return state_set(machine, CHECK_STATE_FALLING, now);
}

void check_machine_init(struct check_machine *machine, const struct check_settings *settings,
	struct instant now, struct duration phase)
{
	*machine = (struct check_machine){
		.settings = *settings,
		.state = CHECK_STATE_INIT,
		.settled = CHECK_STATE_INIT,
		.next_due = instant_add(now, phase),
		.since = now,
	};
}

bool check_machine_result(struct check_machine *machine, const struct check_result *result,
	struct instant started, struct instant now)
{
	bool changed = false;

	switch (effective(machine, result->outcome)) {
	case OUTCOME_GOOD:
		changed = result_good(machine, CHECK_STATE_UP, now);
		break;
	case OUTCOME_DEGRADED:
		changed = result_good(machine, CHECK_STATE_DEGRADED, now);
		break;
	case OUTCOME_BAD:
		/* An inverted check is bad because it succeeded: nothing conclusive in that. */
		changed = result_bad(
			machine, result->conclusive && !machine->settings.invert, now);
		break;
	case OUTCOME_UNKNOWN:
		changed = state_set(machine, CHECK_STATE_UNKNOWN, now);
		break;
	}
	/* A second look right behind a timeout says nothing new: while falling, the interval
	 * runs from the end. That also leaves time to see whether other checks fail at the same
	 * moment. */
	machine->next_due = instant_add(
		machine->state == CHECK_STATE_FALLING ? now : started, interval_of(machine));
	if (instant_before(machine->next_due, now))
		machine->next_due = now;
	return changed;
}

void check_machine_hurry(struct check_machine *machine, struct instant now)
{
	machine->next_due = instant_earlier(machine->next_due, now);
}

void check_machine_change(struct check_machine *machine, const struct check_settings *settings,
	struct instant now)
{
	machine->settings = *settings;
	/* A row that is long enough under the new numbers counts with the next result. */
	machine->next_due =
		instant_earlier(machine->next_due, instant_add(now, interval_of(machine)));
}

void check_machine_align(
	struct check_machine *machine, struct duration phase, struct instant now)
{
	int64_t interval = machine->settings.interval.ns;
	struct instant beat;

	if (machine->state != machine->settled || machine->state == CHECK_STATE_INIT ||
		interval <= 0 || machine->next_due.ns < phase.ns)
		return;
	beat.ns = machine->next_due.ns - (machine->next_due.ns - phase.ns) % interval;
	if (instant_before(now, beat))
		machine->next_due = beat;
}

const char *check_state_name(enum check_state state)
{
	static const char *const names[] = {
		[CHECK_STATE_INIT] = "init",
		[CHECK_STATE_RISING] = "rising",
		[CHECK_STATE_UP] = "up",
		[CHECK_STATE_DEGRADED] = "degraded",
		[CHECK_STATE_FALLING] = "falling",
		[CHECK_STATE_DOWN] = "down",
		[CHECK_STATE_UNKNOWN] = "unknown",
	};

	return (unsigned)state < sizeof(names) / sizeof(names[0]) ? names[state] : "invalid";
}

const char *check_outcome_name(enum check_outcome outcome)
{
	static const char *const names[] = {
		[OUTCOME_GOOD] = "good",
		[OUTCOME_DEGRADED] = "degraded",
		[OUTCOME_BAD] = "bad",
		[OUTCOME_UNKNOWN] = "unknown",
	};

	return (unsigned)outcome < sizeof(names) / sizeof(names[0]) ? names[outcome]
								    : "invalid";
}
