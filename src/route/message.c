/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each received message means, state by state: a table of message type x state.
 *
 * Invariant: a NOTIFICATION is never answered with a NOTIFICATION (RFC 4271 section 6.4).
 *
 * RFC 4271 sections 6.2 to 6.8 and 8.2.2, RFC 2918, RFC 4486, RFC 6608, RFC 7313, RFC 7606.
 */
#include <stdio.h>

#include "route/speaker_internal.h"

typedef bool receive_function(
	struct connection *connection, const struct bgp_frame *frame, struct instant now);

static bool fail(struct connection *connection, const struct bgp_fault *fault,
	const char *reason, struct instant now)
{
	struct ending ending = { .fault = *fault, .reason = reason };

	session_connection_failed(connection, &ending, now);
	return false;
}

/* RFC 6608: the subcode names the state. */
static bool unexpected(
	struct connection *connection, const struct bgp_frame *frame, struct instant now)
{
	static const uint8_t subcodes[] = {
		[SESSION_OPEN_SENT] = BGP_FSM_IN_OPEN_SENT,
		[SESSION_OPEN_CONFIRM] = BGP_FSM_IN_OPEN_CONFIRM,
		[SESSION_ESTABLISHED] = BGP_FSM_IN_ESTABLISHED,
	};
	struct bgp_fault fault = { .code = BGP_ERROR_FSM,
		.subcode = subcodes[connection->state],
		.data_length = 1,
		.data = { frame->type } };

	connection->neighbor->counters[COUNTER_UNEXPECTED_MESSAGES]++;
	return fail(connection, &fault, "it sent a message that does not belong here", now);
}

static bool open_receive(
	struct connection *connection, const struct bgp_frame *frame, struct instant now)
{
	struct neighbor *neighbor = connection->neighbor;
	struct bgp_fault fault = { 0 };
	char reason[REASON_MAX] = "its OPEN is malformed";

	neighbor->counters[COUNTER_OPENS_IN]++;
	if (bgp_open_read(frame->body, &connection->remote_open, &fault) != 0 ||
		session_open_check(neighbor, &connection->remote_open, &fault, reason) != 0)
		return fail(connection, &fault, reason, now);
	session_negotiate(connection);
	if (!collision_settle(connection, now))
		return false;
	connection->state = SESSION_OPEN_CONFIRM;
	connection->keepalive_due = true;
	connection_wake(connection);
	connection_hold_restart(connection, now);
	connection_keepalive_restart(connection, now);
	session_refresh_state(neighbor, now);
	return true;
}

static bool confirm_receive(
	struct connection *connection, const struct bgp_frame *frame, struct instant now)
{
	(void)frame;
	connection->neighbor->counters[COUNTER_KEEPALIVES_IN]++;
	connection_hold_restart(connection, now);
	session_established(connection, now);
	return true;
}

static bool keepalive_receive(
	struct connection *connection, const struct bgp_frame *frame, struct instant now)
{
	(void)frame;
	connection->neighbor->counters[COUNTER_KEEPALIVES_IN]++;
	connection_hold_restart(connection, now);
	return true;
}

/* RFC 5492 section 3: a speaker from before capabilities gets an OPEN without them, if IPv4
 * alone is of use; and the time after that one with them again. */
static void capabilities_refused(
	struct connection *connection, const struct bgp_notification *n)
{
	struct neighbor *neighbor = connection->neighbor;

	neighbor->capabilities_refused = n->code == BGP_ERROR_OPEN &&
					 n->subcode == BGP_OPEN_UNSUPPORTED_PARAMETER &&
					 connection->state == SESSION_OPEN_SENT &&
					 session_capabilities_offered(neighbor) &&
					 neighbor->settings.families[BGP_IPV4_UNICAST];
}

static bool notification_receive(
	struct connection *connection, const struct bgp_frame *frame, struct instant now)
{
	struct bgp_notification n = { 0 };
	struct ending ending = { .received = true };
	char reason[REASON_MAX] = "";

	connection->neighbor->counters[COUNTER_NOTIFICATIONS_IN]++;
	(void)bgp_notification_read(frame->body, &n);
	ending.fault.code = n.code;
	ending.fault.subcode = n.subcode;
	ending.hard = n.hard_reset;
	if (n.text[0] != '\0')
		snprintf(reason, sizeof(reason), "\"%s\"", n.text);
	else if (n.text_invalid)
		snprintf(reason, sizeof(reason), "(with a text that is not UTF-8)");
	ending.reason = reason;
	capabilities_refused(connection, &n);
	session_connection_failed(connection, &ending, now);
	return false;
}

static void limit_fault(
	const struct neighbor *neighbor, int family, struct bgp_fault *ret_fault)
{
	*ret_fault = (struct bgp_fault){
		.code = BGP_ERROR_CEASE, .subcode = BGP_CEASE_MAX_PREFIXES, .data_length = 7
	};
	bytes_put_u16(ret_fault->data, bgp_family_afi((enum bgp_family)family));
	ret_fault->data[2] = bgp_family_safi((enum bgp_family)family);
	bytes_put_u32(ret_fault->data + 3, neighbor->settings.maximum_prefixes);
}

/* What is stale was announced in another life, or will be announced again. */
static uint32_t fresh_count(const struct source *source, int family)
{
	return source->count[family] - source->stale[family];
}

/* RFC 4486 section 4: the data tells family and limit. */
bool message_limit_check(struct connection *connection, struct instant now)
{
	struct neighbor *neighbor = connection->neighbor;
	/* Hard: it will not be back soon, so neither side should keep the other's routes. */
	struct ending ending = { .reason = "it announces more prefixes than maximum-prefixes",
		.hard = true };

	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		if (neighbor->settings.maximum_prefixes == 0 ||
			fresh_count(neighbor->source, f) <= neighbor->settings.maximum_prefixes)
			continue;
		neighbor_event(neighbor, (struct speaker_event){ .type = SPEAKER_PREFIX_LIMIT,
						 .family = (uint8_t)f,
						 .reason = ending.reason });
		limit_fault(neighbor, f, &ending.fault);
		session_connection_failed(connection, &ending, now);
		return false;
	}
	return true;
}

static void family_disable(struct neighbor *neighbor, enum bgp_family family)
{
	neighbor->family_disabled[family] = true;
	source_drop(neighbor->speaker, neighbor->source, family);
}

/* What RFC 4760 section 7 asks: nothing more of that family is listened to. */
static void disabled_skip(const struct neighbor *neighbor, struct bgp_nlri *nlri)
{
	if (neighbor->family_disabled[nlri->family])
		nlri->bytes = cursor_of(NULL, 0);
}

static void end_of_rib_receive(struct neighbor *neighbor, enum bgp_family family)
{
	neighbor->end_of_rib_in[family] = true;
	restart_stale_end(neighbor, family);
	neighbor_event(neighbor,
		(struct speaker_event){
			.type = SPEAKER_END_OF_RIB, .family = (uint8_t)family, .reason = "" });
}

/* Only prefixes of families that are listened to, and none of an UPDATE that cannot be trusted
 * (counters and events are made all the same). */
static void prefixes_narrow(struct neighbor *neighbor, struct bgp_update *update)
{
	if (update->verdict == BGP_VERDICT_AFI_SAFI_DISABLE)
		family_disable(neighbor, (enum bgp_family)update->disabled_family);
	for (unsigned which = 0; which < 2; which++) {
		disabled_skip(neighbor, &update->withdrawn[which]);
		disabled_skip(neighbor, &update->announced[which]);
		if (update->verdict == BGP_VERDICT_SESSION_RESET)
			update->announced[which].bytes = update->withdrawn[which].bytes =
				cursor_of(NULL, 0);
	}
}

/* RFC 7606 section 6: who looks for the cause needs the prefixes and all bytes. */
static void malformed_tell(struct neighbor *neighbor, const struct bgp_update *update,
	const struct bgp_frame *frame)
{
	if (update->malformation_count > 0)
		neighbor_event(
			neighbor, (struct speaker_event){ .type = SPEAKER_MALFORMED_UPDATE,
					  .update = update,
					  .frame = frame,
					  .reason = update->malformations[0].reason });
}

static bool update_receive(
	struct connection *connection, const struct bgp_frame *frame, struct instant now)
{
	struct neighbor *neighbor = connection->neighbor;
	struct arena *scratch = &neighbor->speaker->scratch;
	struct bgp_fault memory = { .code = BGP_ERROR_CEASE,
		.subcode = BGP_CEASE_OUT_OF_RESOURCES };
	struct bgp_update update;
	const char *reason;
	int r;

	neighbor->counters[COUNTER_UPDATES_IN]++;
	connection_hold_restart(connection, now);
	if (neighbor->speaker->watch != NULL)
		neighbor->speaker->watch(neighbor->speaker->watch_context, neighbor, frame);
	r = bgp_update_read(frame->body, &connection->context, scratch, &update);
	if (r == 0) {
		malformed_tell(neighbor, &update, frame);
		prefixes_narrow(neighbor, &update);
		import_update(neighbor, &update, now);
	}
	arena_reset(scratch);
	if (r != 0)
		return fail(connection, &memory, "out of memory", now);
	reason = update.malformation_count > 0 ? update.malformations[0].reason : "";
	if (update.verdict == BGP_VERDICT_SESSION_RESET)
		return fail(connection, &update.fault, reason, now);
	if (update.end_of_rib)
		end_of_rib_receive(neighbor, (enum bgp_family)update.end_of_rib_family);
	return message_limit_check(connection, now);
}

/* Without our capability it is a message of a type that we do not know. */
static bool refresh_unknown(struct connection *connection, struct instant now)
{
	struct bgp_fault fault = { .code = BGP_ERROR_HEADER,
		.subcode = BGP_HEADER_BAD_TYPE,
		.data_length = 1,
		.data = { BGP_ROUTE_REFRESH } };

	return fail(connection, &fault, "it sent a ROUTE-REFRESH, which was not offered", now);
}

static void refresh_requested(struct neighbor *neighbor, enum bgp_family family)
{
	neighbor->member.refresh_due[family] = true;
	connection_wake(neighbor->live);
	neighbor_event(neighbor,
		(struct speaker_event){
			.type = SPEAKER_REFRESH, .family = (uint8_t)family, .reason = "" });
}

static void refresh_handle(
	struct neighbor *neighbor, enum bgp_family family, uint8_t subtype, struct instant now)
{
	if (subtype == BGP_REFRESH_REQUEST)
		refresh_requested(neighbor, family);
	else if (subtype == BGP_REFRESH_BEGIN && neighbor->agreed.enhanced_refresh)
		restart_refresh_begin(neighbor, family, now);
	else if (subtype == BGP_REFRESH_END && neighbor->agreed.enhanced_refresh)
		restart_refresh_end(neighbor, family);
}

static bool refresh_receive(
	struct connection *connection, const struct bgp_frame *frame, struct instant now)
{
	struct neighbor *neighbor = connection->neighbor;
	struct bgp_refresh refresh;
	struct bgp_fault fault;
	int family;

	if (!connection->sent_open.capabilities.route_refresh)
		return refresh_unknown(connection, now);
	neighbor->counters[COUNTER_REFRESHES_IN]++;
	if (bgp_refresh_read(frame->body, &refresh, &fault) != 0) {
		/* RFC 7313 section 5: the data is the whole message. */
		fault.borrowed = frame->header;
		fault.data_length = frame->length;
		return fail(connection, &fault, "its ROUTE-REFRESH has a wrong length", now);
	}
	family = bgp_family_of(refresh.afi, refresh.safi);
	/* RFC 2918 section 4, RFC 7313 section 5: other families and subtypes are ignored. */
	if (family < 0 || !connection->context.family[family])
		neighbor->counters[COUNTER_IGNORED_FAMILIES]++;
	else
		refresh_handle(neighbor, (enum bgp_family)family, refresh.subtype, now);
	return true;
}

static receive_function *const table[BGP_ROUTE_REFRESH + 1][SESSION_ESTABLISHED + 1] = {
	[BGP_OPEN] = { [SESSION_OPEN_SENT] = open_receive,
		[SESSION_OPEN_CONFIRM] = unexpected,
		[SESSION_ESTABLISHED] = unexpected },
	[BGP_UPDATE] = { [SESSION_OPEN_SENT] = unexpected,
		[SESSION_OPEN_CONFIRM] = unexpected,
		[SESSION_ESTABLISHED] = update_receive },
	[BGP_NOTIFICATION] = { [SESSION_OPEN_SENT] = notification_receive,
		[SESSION_OPEN_CONFIRM] = notification_receive,
		[SESSION_ESTABLISHED] = notification_receive },
	[BGP_KEEPALIVE] = { [SESSION_OPEN_SENT] = unexpected,
		[SESSION_OPEN_CONFIRM] = confirm_receive,
		[SESSION_ESTABLISHED] = keepalive_receive },
	[BGP_ROUTE_REFRESH] = { [SESSION_OPEN_SENT] = unexpected,
		[SESSION_OPEN_CONFIRM] = unexpected,
		[SESSION_ESTABLISHED] = refresh_receive },
};

bool message_receive(
	struct connection *connection, const struct bgp_frame *frame, struct instant now)
{
	receive_function *receive = table[frame->type][connection->state];

	return receive != NULL && receive(connection, frame, now) &&
	       connection->state != SESSION_IDLE;
}
