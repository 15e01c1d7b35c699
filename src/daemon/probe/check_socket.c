/* SPDX-License-Identifier: Apache-2.0 */
/*
 * socket: does anything listen on this address and port? Asked from the kernel, so that it
 * costs microseconds and wakes nobody. A probe is due at its interval, and at once when the
 * kernel says that a socket of this port was destroyed.
 *
 *              absent, was up          absent after `grace`
 *     look ------------------> wait --------------------------> gone (conclusive)
 *       | listens                | listens
 *       v                        v
 *      good                     good: the socket was handed over (a reload)
 *
 * 1. A look that finds nothing is believed only after `grace`, unless nothing was there before.
 */
#include "base/list.h"
#include "daemon/probe/check_type.h"

struct socket_state {
	struct alarm grace;
	struct target *target; /* NULL until the first probe */
};

static enum socket_protocol protocol_of(const struct target *target)
{
	return target->settings->socket.protocol == PROTOCOL_TCP ? SOCKET_TCP : SOCKET_UDP;
}

static const char *protocol_name(const struct target *target)
{
	return protocol_of(target) == SOCKET_TCP ? "TCP" : "UDP";
}

/* Ends the probe unless nothing listens: then false. */
static bool socket_look(struct target *target)
{
	uint16_t port = target->settings->socket.port;
	struct error error = { 0 };
	int status = socket_diag_listening(
		&target->tools->diag, &target->address, port, protocol_of(target), &error);

	if (status == 0) {
		if (target->machine.state == CHECK_STATE_DOWN)
			target->events->stirred(target->context, target);
		target_done(target, OUTCOME_GOOD, "a %s socket listens on %s",
			protocol_name(target), target_endpoint(target, port));
	} else if (status == ERROR_SYSTEM) {
		target_done(target, OUTCOME_UNKNOWN, "cannot check: %s", error.text);
	}
	return status != ERROR_NOT_FOUND;
}

static void socket_absent(struct target *target)
{
	target_gone(target, "no %s socket listens on %s", protocol_name(target),
		target_endpoint(target, target->settings->socket.port));
}

static void grace_ended(struct alarm *alarm, struct instant now)
{
	struct socket_state *state = container_of(alarm, struct socket_state, grace);
	struct target *target = state->target;
	const struct target_events *events = target->events;

	(void)now;
	if (socket_look(target))
		return;
	/* Before the result, so that the others are already on their way when it is told. */
	events->stirred(target->context, target);
	socket_absent(target);
}

static void socket_start(struct target *target, void *state_pointer)
{
	struct socket_state *state = state_pointer;
	struct schedule *schedule = &target->tools->schedule;
	struct instant grace_end;

	if (socket_look(target))
		return;
	if (target->machine.settled == CHECK_STATE_DOWN ||
		target->machine.settled == CHECK_STATE_INIT) {
		socket_absent(target);
		return;
	}
	if (state->target == NULL) {
		if (alarm_add(schedule, &state->grace, grace_ended) != 0) {
			target_done(target, OUTCOME_UNKNOWN, "cannot check: no memory");
			return;
		}
		state->target = target;
	}
	grace_end = instant_add(target->started, target->settings->socket.grace);
	alarm_set(schedule, &state->grace, grace_end);
	/* A long grace is no timeout. */
	alarm_set(schedule, &target->alarm,
		instant_add(grace_end, target->machine.settings.timeout));
}

static void socket_cancel(struct target *target, void *state_pointer)
{
	struct socket_state *state = state_pointer;

	alarm_set(&target->tools->schedule, &state->grace, INSTANT_NEVER);
}

static void socket_clear(struct target *target, void *state_pointer)
{
	struct socket_state *state = state_pointer;

	alarm_remove(&target->tools->schedule, &state->grace);
}

const struct check_type check_socket_type = {
	.name = "socket",
	.size = sizeof(struct socket_state),
	.eager = true,
	.start = socket_start,
	.cancel = socket_cancel,
	.clear = socket_clear,
};
