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
 *  1. At most one connection is Established, and it is neighbor->live; while there is one, the
 *     other is IDLE.
 *  2. In Connect and Active without any connection the connect-retry timer runs.
 *  3. In Idle nothing is connected; unless administratively down or stopped, idle_hold runs.
 *
 * Collisions: RFC 4271 section 6.8 with RFC 6286 section 2.3. Restarted neighbours: RFC 4724
 * section 5. Back-off of peer oscillation: RFC 4271 section 8.1.1 (DampPeerOscillations).
 */
#include <stdio.h>
#include <string.h>

#include "route/speaker_internal.h"

#define IDLE_HOLD_FIRST_MS 500
#define IDLE_HOLD_MAX_S    60
#define FAILURES_PATIENT   3 /* an incoming connection is welcome in Idle up to so many */
#define YOUNG_S            5 /* a second connection so soon is a collision, not a restart */

static bool wants_to_run(const struct neighbor *neighbor)
{
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

static void connect_attempt(struct neighbor *neighbor, struct instant now)
{
	struct speaker *speaker = neighbor->speaker;

	timer_start(speaker, &neighbor->connect_retry,
		instant_add(now, jittered(speaker, neighbor->settings.connect_retry)));
	if (neighbor->settings.passive) {
		session_state_set(neighbor, SESSION_ACTIVE, now);
		return;
	}
	session_state_set(neighbor, SESSION_CONNECT, now);
	speaker->sink.connect(speaker->sink.context, neighbor);
}

void session_start(struct neighbor *neighbor, struct instant now)
{
	if (!wants_to_run(neighbor) || neighbor->state != SESSION_IDLE)
		return;
	timer_stop(neighbor->speaker, &neighbor->idle_hold);
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

	if (any_connection(neighbor) || !wants_to_run(neighbor))
		return;
	if (neighbor->state == SESSION_CONNECT) /* give up the attempt that hangs */
		speaker->sink.disconnect(
			speaker->sink.context, neighbor, CONNECTION_OUTGOING, NULL, 0);
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
}

/* ---- The end of a session or of an attempt. ---- */

static void reason_keep(struct neighbor *neighbor, const struct ending *ending)
{
	const char *reason = ending->reason == NULL ? "" : ending->reason;
	char name[96];

	neighbor->last_code = ending->fault.code;
	neighbor->last_subcode = ending->fault.subcode;
	neighbor->last_sent = !ending->received;
	if (ending->fault.code == BGP_ERROR_NONE) {
		snprintf(neighbor->last_reason, sizeof(neighbor->last_reason), "%s", reason);
		return;
	}
	bgp_notification_name(ending->fault.code, ending->fault.subcode, name, sizeof(name));
	snprintf(neighbor->last_reason, sizeof(neighbor->last_reason), "%s %s%s%s",
		ending->received ? "received" : "sent", name, reason[0] == '\0' ? "" : ": ",
		reason);
}

static void idle_hold_begin(
	struct neighbor *neighbor, const struct ending *ending, struct instant now)
{
	const struct neighbor_settings *s = &neighbor->settings;
	bool limit = ending->fault.code == BGP_ERROR_CEASE && !ending->received &&
		     ending->fault.subcode == BGP_CEASE_MAX_PREFIXES;
	int64_t ms = IDLE_HOLD_FIRST_MS;
	struct duration wait;

	if (!wants_to_run(neighbor) || (limit && s->maximum_prefixes_restart.ns == 0))
		return;
	for (unsigned i = 1; i < neighbor->failures && ms < IDLE_HOLD_MAX_S * 1000; i++)
		ms *= 2;
	wait = duration_ms(ms > IDLE_HOLD_MAX_S * 1000 ? IDLE_HOLD_MAX_S * 1000 : ms);
	wait = limit ? s->maximum_prefixes_restart : jittered(neighbor->speaker, wait);
	timer_start(neighbor->speaker, &neighbor->idle_hold, instant_add(now, wait));
}

static void connections_end(
	struct neighbor *neighbor, const struct ending *ending, struct instant now)
{
	struct speaker *speaker = neighbor->speaker;
	bool connecting = neighbor->state == SESSION_CONNECT;

	for (int d = 0; d < CONNECTION_DIRECTIONS; d++)
		if (neighbor->connections[d].state != SESSION_IDLE)
			connection_end(&neighbor->connections[d], ending, now);
	if (connecting)
		speaker->sink.disconnect(
			speaker->sink.context, neighbor, CONNECTION_OUTGOING, NULL, 0);
}

static void ending_event(
	struct neighbor *neighbor, const struct ending *ending, enum speaker_event_type type)
{
	neighbor_event(neighbor, (struct speaker_event){ .type = type,
					 .code = ending->fault.code,
					 .subcode = ending->fault.subcode,
					 .sent = !ending->received,
					 .reason = neighbor->last_reason });
}

void session_end(struct neighbor *neighbor, const struct ending *ending, struct instant now)
{
	bool established = neighbor->live != NULL;

	timer_stop(neighbor->speaker, &neighbor->connect_retry);
	timer_stop(neighbor->speaker, &neighbor->idle_hold);
	connections_end(neighbor, ending, now);
	neighbor->live = NULL;
	neighbor->established_at = (struct instant){ 0 };
	reason_keep(neighbor, ending);
	if (established) {
		adj_out_clear(neighbor);
		restart_session_down(neighbor, ending, now);
		memset(neighbor->end_of_rib_in, 0, sizeof(neighbor->end_of_rib_in));
		neighbor->failures = 1;
	} else if (neighbor->failures < 16) {
		neighbor->failures++;
	}
	session_state_set(neighbor, SESSION_IDLE, now);
	ending_event(neighbor, ending, established ? SPEAKER_DOWN : SPEAKER_REFUSED);
	idle_hold_begin(neighbor, ending, now);
}

void session_connection_failed(
	struct connection *connection, const struct ending *ending, struct instant now)
{
	struct neighbor *neighbor = connection->neighbor;
	struct connection *other = &neighbor->connections[1 - connection->direction];

	if (connection == neighbor->live || other->state == SESSION_IDLE) {
		if (ending->lost)
			connection_end(connection, ending, now);
		session_end(neighbor, ending, now);
		return;
	}
	connection_end(connection, ending, now);
	session_refresh_state(neighbor, now);
}

/* ---- Collisions. ---- */

/* RFC 4271 section 6.8, RFC 6286 section 2.3: the connection that the one with the higher
 * identifier (then AS number) began is kept. */
static enum connection_direction kept_direction(const struct connection *connection)
{
	const struct neighbor *neighbor = connection->neighbor;
	uint32_t ours = neighbor->speaker->settings.router_id;
	uint32_t theirs = connection->remote_open.router_id;

	if (ours == theirs) {
		ours = neighbor->settings.local_asn;
		theirs = connection->remote_open.asn;
	}
	return ours > theirs ? CONNECTION_OUTGOING : CONNECTION_INCOMING;
}

bool session_collision(struct connection *connection, struct instant now)
{
	struct neighbor *neighbor = connection->neighbor;
	struct connection *other = &neighbor->connections[1 - connection->direction];
	struct ending ending = { .fault = { .code = BGP_ERROR_CEASE,
					 .subcode = BGP_CEASE_COLLISION },
		.reason = "collision of two connections" };
	bool keep_this;

	if (other->state < SESSION_OPEN_CONFIRM)
		return true;
	neighbor->counters[COUNTER_COLLISIONS]++;
	/* An Established connection wins; restarts were told apart when this one was accepted.
	 */
	keep_this = other->state != SESSION_ESTABLISHED &&
		    kept_direction(connection) == connection->direction;
	connection_end(keep_this ? other : connection, &ending, now);
	session_refresh_state(neighbor, now);
	return keep_this;
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
	neighbor->received_valid = true;
}

static void other_end(struct connection *connection, struct instant now)
{
	struct neighbor *neighbor = connection->neighbor;
	const struct speaker_sink *sink = &neighbor->speaker->sink;
	struct connection *other = &neighbor->connections[1 - connection->direction];
	struct ending ending = { .fault = { .code = BGP_ERROR_CEASE,
					 .subcode = BGP_CEASE_COLLISION },
		.reason = "collision of two connections" };

	if (other->state != SESSION_IDLE) {
		neighbor->counters[COUNTER_COLLISIONS]++;
		connection_end(other, &ending, now);
	} else if (other->direction == CONNECTION_OUTGOING) {
		/* An attempt of ours may still be under way. */
		sink->disconnect(sink->context, neighbor, CONNECTION_OUTGOING, NULL, 0);
	}
}

void session_established(struct connection *connection, struct instant now)
{
	struct neighbor *neighbor = connection->neighbor;

	other_end(connection, now);
	timer_stop(neighbor->speaker, &neighbor->connect_retry);
	connection->state = SESSION_ESTABLISHED;
	neighbor->live = connection;
	neighbor->established_at = now;
	neighbor->remote_router_id = connection->remote_open.router_id;
	neighbor->failures = 0;
	neighbor->counters[COUNTER_ESTABLISHED]++;
	memset(neighbor->family_disabled, 0, sizeof(neighbor->family_disabled));
	neighbor->last_reason[0] = '\0';
	agreed_fill(neighbor, connection);
	restart_session_up(neighbor, now);
	session_state_set(neighbor, SESSION_ESTABLISHED, now);
	neighbor_event(
		neighbor, (struct speaker_event){ .type = SPEAKER_ESTABLISHED, .reason = "" });
	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		if (!connection->context.family[f])
			continue;
		neighbor->adj_out.end_of_rib_due[f] = true;
		adj_out_all(neighbor, (enum bgp_family)f, false, now);
	}
	connection_wake(connection);
}

/* ---- What the host reports. ---- */

void speaker_connected(struct speaker *speaker, struct neighbor *neighbor,
	const struct connection_info *info, struct instant now)
{
	struct connection *connection = &neighbor->connections[CONNECTION_OUTGOING];

	if (neighbor->state != SESSION_CONNECT && !any_connection(neighbor)) {
		speaker->sink.disconnect(
			speaker->sink.context, neighbor, CONNECTION_OUTGOING, NULL, 0);
		return;
	}
	timer_stop(speaker, &neighbor->connect_retry);
	if (connection->state == SESSION_IDLE)
		connection_begin(connection, info, now);
}

void speaker_connect_failed(struct speaker *speaker, struct neighbor *neighbor,
	const char *reason, struct instant now)
{
	bool told = strcmp(neighbor->last_reason, reason) == 0;

	neighbor->counters[COUNTER_CONNECT_FAILED]++;
	if (any_connection(neighbor) || neighbor->state != SESSION_CONNECT)
		return;
	snprintf(neighbor->last_reason, sizeof(neighbor->last_reason), "%s", reason);
	neighbor->last_code = neighbor->last_subcode = 0;
	session_state_set(neighbor, SESSION_ACTIVE, now);
	if (!timer_running(&neighbor->connect_retry))
		timer_start(speaker, &neighbor->connect_retry,
			instant_add(now, jittered(speaker, neighbor->settings.connect_retry)));
	/* Once for each new reason: an unreachable neighbour must not fill the log. */
	if (!told)
		neighbor_event(neighbor, (struct speaker_event){ .type = SPEAKER_REFUSED,
						 .reason = neighbor->last_reason });
}

/* RFC 4724 section 5: with graceful restart a new connection means that the neighbour
 * restarted; the old one is taken as lost. */
static void restarted_end(struct neighbor *neighbor, struct instant now)
{
	struct ending ending = { .reason = "the neighbour restarted and connected again",
		.keep_routes = true };

	session_end(neighbor, &ending, now);
	timer_stop(neighbor->speaker, &neighbor->idle_hold);
}

bool speaker_accept_begins(
	struct speaker *speaker, struct neighbor *neighbor, struct instant now)
{
	(void)speaker;
	if (!wants_to_run(neighbor))
		return false;
	if (neighbor->state == SESSION_IDLE && neighbor->failures > FAILURES_PATIENT)
		return false;
	if (neighbor->live != NULL) {
		/* Its own attempt may have been on the way while ours became Established. */
		if (!neighbor->agreed.graceful_restart ||
			instant_before(now, instant_add(neighbor->established_at,
						    duration_seconds(YOUNG_S))))
			return false;
		restarted_end(neighbor, now);
	}
	return neighbor->connections[CONNECTION_INCOMING].state == SESSION_IDLE;
}

bool speaker_accepted(struct speaker *speaker, struct neighbor *neighbor,
	const struct connection_info *info, struct instant now)
{
	if (!speaker_accept_begins(speaker, neighbor, now))
		return false;
	timer_stop(speaker, &neighbor->idle_hold);
	connection_begin(&neighbor->connections[CONNECTION_INCOMING], info, now);
	return true;
}

void speaker_received(struct speaker *speaker, struct neighbor *neighbor,
	enum connection_direction direction, const uint8_t *bytes, size_t length,
	struct instant now)
{
	(void)speaker;
	if (neighbor->connections[direction].state != SESSION_IDLE)
		connection_input(&neighbor->connections[direction], bytes, length, now);
}

void speaker_closed(struct speaker *speaker, struct neighbor *neighbor,
	enum connection_direction direction, const char *reason, struct instant now)
{
	struct connection *connection = &neighbor->connections[direction];
	struct ending ending = { .reason = reason, .keep_routes = true, .lost = true };

	(void)speaker;
	if (connection->state != SESSION_IDLE)
		session_connection_failed(connection, &ending, now);
}

size_t speaker_output(struct speaker *speaker, struct neighbor *neighbor,
	enum connection_direction direction, uint8_t *buffer, size_t room, struct instant now)
{
	(void)speaker;
	if (neighbor->connections[direction].state == SESSION_IDLE)
		return 0;
	return connection_output(&neighbor->connections[direction], buffer, room, now);
}
