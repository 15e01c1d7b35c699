/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state machine of a neighbour: RFC 4271 section 8, over up to two TCP connections.
 *
 *              start                     TCP stands          OPEN            KEEPALIVE
 *     Idle ----------> Connect (active) -----------> OpenSent ---> OpenConfirm ---> Established
 *      ^    passive \     ^  | failed                   |               |                |
 *      |             v    |  v                          |               |                |
 *      |            Active -------- accepted -----------+               |                |
 *      |                                                                |                |
 *      +--- idle hold (backs off) <--- any error, NOTIFICATION, lost ---+----------------+
 *
 * The neighbour's state is that of its furthest connection; Connect and Active tell whether an
 * attempt of ours is under way.
 *
 * Invariants:
 *  1. At most one connection is Established, and it is neighbor->live.
 *  2. In Connect and Active without any connection the connect-retry timer runs.
 *  3. In Idle nothing is connected and no attempt is under way; idle_hold runs unless the
 *     neighbour is administratively down or held (its prefix limit), or the speaker stopped.
 *  4. neighbor->connecting is set from sink->connect until the host's answer, or until it was
 *     called off by sink->disconnect.
 *
 * Back-off of peer oscillation (RFC 4271 section 8.1.1, DampPeerOscillations): failures in a
 * row double the time in Idle, from half a second to a minute. A session that ended by itself
 * before it was steady counts as a failure, so that a neighbour that dislikes our routes is not
 * asked twice a second for ever.
 */
#include <stdio.h>
#include <string.h>

#include "route/speaker_internal.h"

#define IDLE_HOLD_FIRST_MS   500
#define IDLE_HOLD_MAX_S      60
#define STEADY_S             30 /* a session that lived so long was no failure */
#define FAILURES_MAX         16
#define CONNECT_RETRY_MIN_MS 100

bool session_wanted(const struct neighbor *neighbor)
{
	if (neighbor->settings.path_strict && neighbor->path != NEIGHBOR_PATH_UP)
		return false;
	return !neighbor->admin_down && !neighbor->removed && !neighbor->speaker->stopped;
}

void session_state_set(struct neighbor *neighbor, enum session_state state, struct instant now)
{
	enum session_state old = neighbor->state;

	if (old == state)
		return;
	neighbor->state = state;
	neighbor->state_since = now;
	neighbor_event(neighbor, (struct speaker_event){ .type = SPEAKER_STATE,
					 .old_state = (uint8_t)old,
					 .new_state = (uint8_t)state,
					 .reason = neighbor->last_reason });
}

void session_refresh_state(struct neighbor *neighbor, struct instant now)
{
	enum session_state state = SESSION_IDLE;

	for (int d = 0; d < CONNECTION_DIRECTIONS; d++)
		if (neighbor->connections[d].state > state)
			state = neighbor->connections[d].state;
	if (state != SESSION_IDLE)
		session_state_set(neighbor, state, now);
}

static void connect_retry_start(struct neighbor *neighbor, struct instant now)
{
	struct speaker *speaker = neighbor->speaker;
	struct duration wait = neighbor->settings.connect_retry;

	/* A timer that is due at once would never let the tick end. */
	if (wait.ns < duration_ms(CONNECT_RETRY_MIN_MS).ns)
		wait = duration_ms(CONNECT_RETRY_MIN_MS);
	timer_start(
		speaker, &neighbor->connect_retry, instant_add(now, jittered(speaker, wait)));
}

static void connect_attempt(struct neighbor *neighbor, struct instant now)
{
	struct speaker *speaker = neighbor->speaker;

	connect_retry_start(neighbor, now);
	if (neighbor->settings.passive) {
		session_state_set(neighbor, SESSION_ACTIVE, now);
		return;
	}
	session_state_set(neighbor, SESSION_CONNECT, now);
	neighbor->connecting = true;
	speaker->sink.connect(speaker->sink.context, neighbor);
}

void session_attempt_end(struct neighbor *neighbor)
{
	const struct speaker_sink *sink = &neighbor->speaker->sink;

	if (!neighbor->connecting)
		return;
	neighbor->connecting = false;
	sink->disconnect(sink->context, neighbor, CONNECTION_OUTGOING, NULL, 0);
}

void session_start(struct neighbor *neighbor, struct instant now)
{
	if (!session_wanted(neighbor) || neighbor->state != SESSION_IDLE)
		return;
	timer_stop(neighbor->speaker, &neighbor->idle_hold);
	neighbor->held = false;
	connect_attempt(neighbor, now);
}

static bool any_connection(const struct neighbor *neighbor)
{
	for (int d = 0; d < CONNECTION_DIRECTIONS; d++)
		if (neighbor->connections[d].state != SESSION_IDLE)
			return true;
	return false;
}

static void connect_retry_fire(struct speaker *speaker, struct timer *timer, struct instant now)
{
	struct neighbor *neighbor = container_of(timer, struct neighbor, connect_retry);

	(void)speaker;
	if (any_connection(neighbor) || !session_wanted(neighbor))
		return;
	session_attempt_end(neighbor); /* it hangs */
	connect_attempt(neighbor, now);
}

static void idle_hold_fire(struct speaker *speaker, struct timer *timer, struct instant now)
{
	(void)speaker;
	session_start(container_of(timer, struct neighbor, idle_hold), now);
}

void session_timers_init(struct neighbor *neighbor)
{
	neighbor->connect_retry.fire = connect_retry_fire;
	neighbor->idle_hold.fire = idle_hold_fire;
	neighbor->restart_timer.fire = restart_timer_fire;
	neighbor->long_lived_timer.fire = restart_long_lived_fire;
}

/* ---- The end of a session or of an attempt. ---- */

/* "sent OPEN Message Error, Role Mismatch: ...", or what the host said. */
static void reason_write(const struct ending *ending, char text[REASON_MAX])
{
	const char *reason = ending->reason == NULL ? "" : ending->reason;
	char name[96];

	if (ending->fault.code == BGP_ERROR_NONE) {
		snprintf(text, REASON_MAX, "%s", reason);
		return;
	}
	bgp_notification_name(ending->fault.code, ending->fault.subcode, name, sizeof(name));
	snprintf(text, REASON_MAX, "%s %s%s%s", ending->received ? "received" : "sent", name,
		reason[0] == '\0' ? "" : ": ", reason);
}

/* A connection that is lost before the session is up often follows from what a NOTIFICATION
 * said the time before, and says less: the neighbour that refuses us hangs up. */
static bool reason_tells_more(const struct neighbor *neighbor, const struct ending *ending)
{
	return ending->lost && ending->fault.code == BGP_ERROR_NONE && neighbor->live == NULL &&
	       neighbor->last_code != BGP_ERROR_NONE && neighbor->last_reason[0] != '\0';
}

static void reason_keep(
	struct neighbor *neighbor, const struct ending *ending, const char text[REASON_MAX])
{
	if (reason_tells_more(neighbor, ending))
		return;
	neighbor->last_code = ending->fault.code;
	neighbor->last_subcode = ending->fault.subcode;
	neighbor->last_sent = !ending->received;
	snprintf(neighbor->last_reason, sizeof(neighbor->last_reason), "%s", text);
}

/* Our Cease/1 keeps the neighbour down for maximum_prefixes_restart, or for good. */
static bool limit_reached(const struct ending *ending)
{
	return ending->fault.code == BGP_ERROR_CEASE && !ending->received &&
	       ending->fault.subcode == BGP_CEASE_MAX_PREFIXES;
}

static void idle_hold_begin(
	struct neighbor *neighbor, const struct ending *ending, struct instant now)
{
	struct duration restart = neighbor->settings.maximum_prefixes_restart;
	int64_t ms = IDLE_HOLD_FIRST_MS;

	neighbor->held = limit_reached(ending);
	if (!session_wanted(neighbor) || (neighbor->held && restart.ns == 0))
		return;
	if (neighbor->held) {
		timer_start(neighbor->speaker, &neighbor->idle_hold, instant_add(now, restart));
		return;
	}
	for (unsigned i = 1; i < neighbor->failures && ms < IDLE_HOLD_MAX_S * 1000; i++)
		ms *= 2;
	if (ms > IDLE_HOLD_MAX_S * 1000)
		ms = IDLE_HOLD_MAX_S * 1000;
	timer_start(neighbor->speaker, &neighbor->idle_hold,
		instant_add(now, jittered(neighbor->speaker, duration_ms(ms))));
}

/* Whether somebody ended the session on purpose: no sign of a fault. */
static bool deliberate(const struct ending *ending)
{
	return ending->fault.code == BGP_ERROR_CEASE || ending->replaced;
}

static void failures_count(
	struct neighbor *neighbor, const struct ending *ending, struct instant now)
{
	struct duration lived = instant_since(now, neighbor->established_at);
	bool steady = neighbor->live != NULL &&
		      (deliberate(ending) || lived.ns >= duration_seconds(STEADY_S).ns);

	if (steady)
		neighbor->failures = 1;
	else if (neighbor->failures < FAILURES_MAX)
		neighbor->failures++;
}

static void connections_end(
	struct neighbor *neighbor, const struct ending *ending, struct instant now)
{
	for (int d = 0; d < CONNECTION_DIRECTIONS; d++)
		if (neighbor->connections[d].state != SESSION_IDLE)
			connection_end(&neighbor->connections[d], ending, now);
	session_attempt_end(neighbor);
}

static void ending_event(struct neighbor *neighbor, const struct ending *ending,
	enum speaker_event_type type, const char *reason)
{
	neighbor_event(neighbor, (struct speaker_event){ .type = type,
					 .code = ending->fault.code,
					 .subcode = ending->fault.subcode,
					 .sent = !ending->received,
					 .reason = reason });
}

void session_end(struct neighbor *neighbor, const struct ending *ending, struct instant now)
{
	bool established = neighbor->live != NULL;
	char reason[REASON_MAX];

	reason_write(ending, reason);
	reason_keep(neighbor, ending, reason);
	timer_stop(neighbor->speaker, &neighbor->connect_retry);
	timer_stop(neighbor->speaker, &neighbor->idle_hold);
	connections_end(neighbor, ending, now);
	failures_count(neighbor, ending, now);
	neighbor->live = NULL;
	neighbor->established_at = (struct instant){ 0 };
	if (established) {
		group_leave(neighbor);
		restart_session_down(neighbor, ending, now);
		memset(neighbor->end_of_rib_in, 0, sizeof(neighbor->end_of_rib_in));
	}
	session_state_set(neighbor, SESSION_IDLE, now);
	ending_event(neighbor, ending, established ? SPEAKER_DOWN : SPEAKER_REFUSED, reason);
	idle_hold_begin(neighbor, ending, now);
}

void session_connection_failed(
	struct connection *connection, const struct ending *ending, struct instant now)
{
	struct neighbor *neighbor = connection->neighbor;
	struct connection *other = &neighbor->connections[1 - connection->direction];

	if (connection == neighbor->live || other->state == SESSION_IDLE) {
		struct ending rest = *ending;

		/* This one first: what the fault borrows goes with its input. */
		connection_end(connection, ending, now);
		if (rest.fault.borrowed != NULL)
			rest.fault.data_length = 0;
		rest.fault.borrowed = NULL;
		session_end(neighbor, &rest, now);
		return;
	}
	connection_end(connection, ending, now);
	session_refresh_state(neighbor, now);
}

/* ---- Established. ---- */

static void agreed_fill(struct neighbor *neighbor, const struct connection *connection)
{
	const struct bgp_capabilities *ours = &connection->sent_open.capabilities;
	const struct bgp_capabilities *theirs = &connection->remote_open.capabilities;
	struct bgp_capabilities agreed = { .role = BGP_ROLE_NONE };

	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		agreed.family[f] = connection->context.family[f];
		agreed.extended_next_hop[f] = connection->context.extended_next_hop[f];
		agreed.add_path[f] =
			(uint8_t)((connection->context.add_path_receive[f]
						  ? BGP_ADD_PATH_RECEIVE
						  : 0) |
				  (connection->context.add_path_send[f] ? BGP_ADD_PATH_SEND
									: 0));
		agreed.restart_family[f] = ours->restart_family[f] && theirs->graceful_restart;
	}
	agreed.route_refresh = ours->route_refresh && theirs->route_refresh;
	agreed.enhanced_refresh = ours->enhanced_refresh && theirs->enhanced_refresh;
	agreed.extended_message = ours->extended_message && theirs->extended_message;
	agreed.four_octet_as = connection->context.four_octet_as;
	agreed.graceful_restart = ours->graceful_restart && theirs->graceful_restart;
	agreed.restart_notification =
		ours->restart_notification && theirs->restart_notification;
	neighbor->agreed = agreed;
	neighbor->received = *theirs;
}

static void out_of_memory(struct connection *connection, struct instant now)
{
	struct ending ending = { .fault = { .code = BGP_ERROR_CEASE,
					 .subcode = BGP_CEASE_OUT_OF_RESOURCES },
		.reason = "out of memory" };

	session_connection_failed(connection, &ending, now);
}

/* Another router answers at this address: what its forerunner said is not its word, and was
 * reflected under another identifier (reflect.c). Without memory the old routes are dropped. */
static void router_id_take(struct neighbor *neighbor, uint32_t router_id)
{
	struct source *source;

	if (neighbor->remote_router_id != 0 && neighbor->remote_router_id != router_id) {
		source = source_new(neighbor->speaker, neighbor);
		restart_drop(neighbor);
		if (source != NULL) {
			source_leave(neighbor->speaker, neighbor->source);
			neighbor->source = source;
		}
	}
	neighbor->remote_router_id = router_id;
}

void session_established(struct connection *connection, struct instant now)
{
	struct neighbor *neighbor = connection->neighbor;

	collision_won(connection, now);
	timer_stop(neighbor->speaker, &neighbor->connect_retry);
	connection->state = SESSION_ESTABLISHED;
	neighbor->live = connection;
	neighbor->established_at = now;
	router_id_take(neighbor, connection->remote_open.router_id);
	neighbor->counters[COUNTER_ESTABLISHED]++;
	memset(neighbor->family_disabled, 0, sizeof(neighbor->family_disabled));
	neighbor->last_reason[0] = '\0';
	agreed_fill(neighbor, connection);
	restart_session_up(neighbor, now);
	session_state_set(neighbor, SESSION_ESTABLISHED, now);
	neighbor_event(
		neighbor, (struct speaker_event){ .type = SPEAKER_ESTABLISHED, .reason = "" });
	if (group_join(neighbor) != 0) {
		out_of_memory(connection, now);
		return;
	}
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		neighbor->member.end_of_rib_due[f] = connection->context.family[f];
	connection_wake(connection);
}

/* ---- What the host reports. ---- */

void speaker_connected(struct speaker *speaker, struct neighbor *neighbor,
	const struct connection_info *info, struct instant now)
{
	if (!neighbor->connecting) /* called off, and the host's answer was on its way */
		return;
	neighbor->connecting = false;
	timer_stop(speaker, &neighbor->connect_retry);
	connection_begin(&neighbor->connections[CONNECTION_OUTGOING], info, now);
}

void speaker_connect_failed(struct speaker *speaker, struct neighbor *neighbor,
	const char *reason, struct instant now)
{
	bool told = strcmp(neighbor->last_reason, reason) == 0;

	(void)speaker;
	if (!neighbor->connecting)
		return;
	neighbor->connecting = false;
	neighbor->counters[COUNTER_CONNECT_FAILED]++;
	if (any_connection(neighbor))
		return;
	snprintf(neighbor->last_reason, sizeof(neighbor->last_reason), "%s", reason);
	neighbor->last_code = neighbor->last_subcode = 0;
	session_state_set(neighbor, SESSION_ACTIVE, now);
	if (!timer_running(&neighbor->connect_retry))
		connect_retry_start(neighbor, now);
	/* Once for each new reason: an unreachable neighbour must not fill the log. */
	if (!told)
		neighbor_event(neighbor, (struct speaker_event){ .type = SPEAKER_REFUSED,
						 .reason = neighbor->last_reason });
}

void speaker_received(struct speaker *speaker, struct neighbor *neighbor,
	enum connection_direction direction, const uint8_t *bytes, size_t length,
	struct instant now)
{
	if (neighbor->connections[direction].state != SESSION_IDLE)
		connection_input(&neighbor->connections[direction], bytes, length, now);
	groups_wake(speaker);
}

void speaker_closed(struct speaker *speaker, struct neighbor *neighbor,
	enum connection_direction direction, const char *reason, struct instant now)
{
	struct connection *connection = &neighbor->connections[direction];
	struct ending ending = { .reason = reason, .keep_routes = true, .lost = true };

	if (connection->state != SESSION_IDLE)
		session_connection_failed(connection, &ending, now);
	groups_wake(speaker);
}

size_t speaker_output(struct speaker *speaker, struct neighbor *neighbor,
	enum connection_direction direction, uint8_t *buffer, size_t room, struct instant now)
{
	(void)speaker;
	if (neighbor->connections[direction].state == SESSION_IDLE)
		return 0;
	return connection_output(&neighbor->connections[direction], buffer, room, now);
}
