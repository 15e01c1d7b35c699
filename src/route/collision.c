/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two connections of one neighbour: which one is kept, and which new one is welcome.
 *
 *     new connection while        then
 *     ------------------------    ----------------------------------------------------------
 *     nothing, or an attempt      welcome; attempts go on side by side
 *     Idle after many failures    not welcome: idle hold is the damping of RFC 4271 8.1.1
 *     one in OpenSent or          welcome; settled when both have shown their identifier
 *       OpenConfirm                 (RFC 4271 section 6.8, RFC 6286 section 2.3)
 *     one Established             not welcome; but a neighbour that keeps our routes over its
 *                                   restart has restarted: the old one is taken as lost and
 *                                   the new one welcome (RFC 4724 section 5)
 *
 * Invariant: both sides of a link come to the same decision, since both compare the same two
 * identifiers; when they see things in different order both connections may go, and the
 * jittered idle hold makes that end.
 */
#include "route/speaker_internal.h"

/* An incoming connection is welcome in Idle up to so many failures in a row. */
#define FAILURES_PATIENT 3
/* A connection that was under way when the session came up is a collision, not a restart. */
#define CROSSING_S 5

static void collision_end(struct connection *connection, struct instant now)
{
	struct ending ending = { .fault = { .code = BGP_ERROR_CEASE,
					 .subcode = BGP_CEASE_COLLISION },
		.reason = "collision of two connections" };

	connection->neighbor->counters[COUNTER_COLLISIONS]++;
	connection_end(connection, &ending, now);
}

static struct connection *other_of(struct connection *connection)
{
	return &connection->neighbor->connections[1 - connection->direction];
}

/* The connection that the side with the higher identifier (then AS number) began is kept. */
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

bool collision_settle(struct connection *connection, struct instant now)
{
	struct connection *other = other_of(connection);
	bool keep_this;

	/* It is not Established: collision_won would have ended this one. */
	if (other->state != SESSION_OPEN_CONFIRM)
		return true;
	keep_this = kept_direction(connection) == connection->direction;
	collision_end(keep_this ? other : connection, now);
	session_refresh_state(connection->neighbor, now);
	return keep_this;
}

void collision_won(struct connection *connection, struct instant now)
{
	struct connection *other = other_of(connection);

	if (other->state != SESSION_IDLE)
		collision_end(other, now);
	session_attempt_end(connection->neighbor);
}

/* RFC 4724 section 5: it asked us to keep routes of some family over its restart. */
static bool may_restart(const struct neighbor *neighbor)
{
	bool preserves = false;

	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		preserves |= neighbor->received.restart_family[f];
	return neighbor->agreed.graceful_restart && preserves;
}

static void restarted_end(struct neighbor *neighbor, struct instant now)
{
	struct ending ending = { .reason = "the neighbour restarted and connected again",
		.keep_routes = true,
		.replaced = true };

	session_end(neighbor, &ending, now);
}

static bool crossing(const struct neighbor *neighbor, struct instant now)
{
	return instant_since(now, neighbor->established_at).ns <
	       duration_seconds(CROSSING_S).ns;
}

bool speaker_accept_begins(
	struct speaker *speaker, struct neighbor *neighbor, struct instant now)
{
	(void)speaker;
	if (!session_wanted(neighbor) || neighbor->held)
		return false;
	if (neighbor->state == SESSION_IDLE && neighbor->failures > FAILURES_PATIENT)
		return false;
	if (neighbor->live != NULL) {
		if (!may_restart(neighbor) || crossing(neighbor, now))
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

size_t speaker_refusal(uint8_t *buffer, size_t room)
{
	struct writer w = writer_of(buffer, room);
	struct bgp_fault fault = { .code = BGP_ERROR_CEASE,
		.subcode = BGP_CEASE_CONNECTION_REJECTED };

	bgp_notification_write(&w, &fault);
	return w.failed ? 0 : writer_length(&w);
}
