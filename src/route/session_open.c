/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OPEN: what we offer, what we accept, what follows from both.
 *
 * RFC 4271 sections 4.2 and 6.2, RFC 4760, RFC 5492, RFC 6286, RFC 6793, RFC 7911 section 4,
 * RFC 8654, RFC 8950, RFC 9234 section 4.2.
 */
#include <stdio.h>

#include "route/speaker_internal.h"

static void families_offer(const struct neighbor *neighbor, struct bgp_capabilities *c)
{
	const struct neighbor_settings *s = &neighbor->settings;

	c->multiprotocol = true;
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		c->family[f] = s->families[f];
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		c->add_path[f] = s->families[f] ? s->add_path[f] : BGP_ADD_PATH_NONE;
	/* Only IPv4 has a next hop of another family to offer: RFC 8950. */
	c->extended_next_hop[BGP_IPV4_UNICAST] =
		s->extended_next_hop && s->families[BGP_IPV4_UNICAST];
}

bool session_capabilities_offered(const struct neighbor *neighbor)
{
	return neighbor->settings.capabilities && !neighbor->capabilities_refused;
}

void session_open_make(const struct neighbor *neighbor, struct bgp_open *ret_open)
{
	const struct neighbor_settings *s = &neighbor->settings;
	const struct speaker *speaker = neighbor->speaker;
	struct bgp_open open = {
		.asn = s->local_asn,
		.hold_time_s = (uint16_t)(s->hold_time.ns / 1000000000),
		.router_id = speaker->settings.router_id,
		.capabilities.role = BGP_ROLE_NONE,
	};
	struct bgp_capabilities *c = &open.capabilities;

	if (session_capabilities_offered(neighbor)) {
		families_offer(neighbor, c);
		c->route_refresh = true;
		c->enhanced_refresh = true;
		c->extended_message = s->extended_message;
		c->four_octet_as = true;
		c->four_octet_asn = s->local_asn;
		c->role = neighbor->ibgp ? BGP_ROLE_NONE : s->role;
		snprintf(c->hostname, sizeof(c->hostname), "%s", speaker->hostname);
		restart_capability(neighbor, c);
	}
	*ret_open = open;
}

/* RFC 9234 section 4.2, table 2. */
static bool roles_pair(uint8_t ours, uint8_t theirs)
{
	static const uint8_t pairs[] = {
		[BGP_ROLE_PROVIDER] = BGP_ROLE_CUSTOMER,
		[BGP_ROLE_ROUTE_SERVER] = BGP_ROLE_ROUTE_SERVER_CLIENT,
		[BGP_ROLE_ROUTE_SERVER_CLIENT] = BGP_ROLE_ROUTE_SERVER,
		[BGP_ROLE_CUSTOMER] = BGP_ROLE_PROVIDER,
		[BGP_ROLE_PEER] = BGP_ROLE_PEER,
	};

	return ours < sizeof(pairs) && pairs[ours] == theirs;
}

static int refuse(struct bgp_fault *ret_fault, enum bgp_open_error subcode)
{
	*ret_fault = (struct bgp_fault){ .code = BGP_ERROR_OPEN, .subcode = (uint8_t)subcode };
	return ERROR_REFUSED;
}

static int role_check(const struct neighbor *neighbor, const struct bgp_capabilities *c,
	struct bgp_fault *ret_fault, char reason[REASON_MAX])
{
	const struct neighbor_settings *s = &neighbor->settings;

	if (neighbor->ibgp || s->role == BGP_ROLE_NONE ||
		!session_capabilities_offered(neighbor))
		return 0;
	if (c->role_conflict) {
		snprintf(reason, REASON_MAX, "it announces several different roles (RFC 9234)");
		return refuse(ret_fault, BGP_OPEN_ROLE_MISMATCH);
	}
	if (c->role == BGP_ROLE_NONE) {
		if (!s->role_strict)
			return 0;
		snprintf(reason, REASON_MAX, "it announces no role, and role-strict is set");
		return refuse(ret_fault, BGP_OPEN_ROLE_MISMATCH);
	}
	if (roles_pair(s->role, c->role))
		return 0;
	snprintf(reason, REASON_MAX, "roles do not fit: it says %s, and we are %s (RFC 9234)",
		bgp_role_name(c->role), bgp_role_name(s->role));
	return refuse(ret_fault, BGP_OPEN_ROLE_MISMATCH);
}

/* RFC 4760 section 8: without any multiprotocol capability it speaks IPv4 unicast. */
static bool family_received(const struct bgp_capabilities *c, enum bgp_family family)
{
	return c->multiprotocol ? c->family[family] : family == BGP_IPV4_UNICAST;
}

static bool family_common(const struct neighbor *neighbor, const struct bgp_capabilities *c,
	enum bgp_family family)
{
	bool ours = session_capabilities_offered(neighbor) ? neighbor->settings.families[family]
							   : family == BGP_IPV4_UNICAST;

	return ours && family_received(c, family);
}

/* RFC 5492 section 3: the data lists the capabilities that are missed, as in an OPEN. */
static void families_list(const struct neighbor *neighbor, struct bgp_fault *fault)
{
	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		uint8_t *at = fault->data + fault->data_length;

		if (!neighbor->settings.families[f])
			continue;
		at[0] = BGP_CAPABILITY_MULTIPROTOCOL;
		at[1] = 4;
		bytes_put_u16(at + 2, bgp_family_afi((enum bgp_family)f));
		at[4] = 0;
		at[5] = bgp_family_safi((enum bgp_family)f);
		fault->data_length += 6;
	}
}

int session_open_check(const struct neighbor *neighbor, const struct bgp_open *open,
	struct bgp_fault *ret_fault, char reason[REASON_MAX])
{
	const struct neighbor_settings *s = &neighbor->settings;
	bool common = false;

	if (open->asn != s->asn) {
		snprintf(reason, REASON_MAX, "it is AS %u, but AS %u is configured", open->asn,
			s->asn);
		return refuse(ret_fault, BGP_OPEN_BAD_PEER_AS);
	}
	/* RFC 6286 section 2.2: internal neighbours must differ. */
	if (neighbor->ibgp && open->router_id == neighbor->speaker->settings.router_id) {
		snprintf(reason, REASON_MAX, "it has the same router id as we");
		return refuse(ret_fault, BGP_OPEN_BAD_IDENTIFIER);
	}
	if (role_check(neighbor, &open->capabilities, ret_fault, reason) != 0)
		return ERROR_REFUSED;
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		common |= family_common(neighbor, &open->capabilities, (enum bgp_family)f);
	if (common)
		return 0;
	snprintf(reason, REASON_MAX, "no address family in common");
	(void)refuse(ret_fault, BGP_OPEN_UNSUPPORTED_CAPABILITY);
	families_list(neighbor, ret_fault);
	return ERROR_REFUSED;
}

/* RFC 7911 section 4: who sends wants to, and who receives too. */
static bool add_path_agreed(uint8_t sender, uint8_t receiver)
{
	return (sender & BGP_ADD_PATH_SEND) != 0 && (receiver & BGP_ADD_PATH_RECEIVE) != 0;
}

static void times_negotiate(struct connection *connection)
{
	const struct neighbor_settings *s = &connection->neighbor->settings;
	uint16_t ours = connection->sent_open.hold_time_s;
	uint16_t theirs = connection->remote_open.hold_time_s;
	int64_t keepalive = s->keepalive.ns / 1000000000;

	/* RFC 4271 section 4.2: the smaller one; zero means neither timer runs. */
	connection->hold_time_s = ours < theirs ? ours : theirs;
	connection->keepalive_s = connection->hold_time_s / 3;
	if (keepalive > 0 && keepalive < connection->keepalive_s)
		connection->keepalive_s = (uint16_t)keepalive;
	if (connection->hold_time_s > 0 && connection->keepalive_s == 0)
		connection->keepalive_s = 1;
}

void session_negotiate(struct connection *connection)
{
	const struct neighbor *neighbor = connection->neighbor;
	const struct bgp_capabilities *ours = &connection->sent_open.capabilities;
	const struct bgp_capabilities *theirs = &connection->remote_open.capabilities;
	struct bgp_context *context = &connection->context;

	*context = (struct bgp_context){
		.four_octet_as = ours->four_octet_as && theirs->four_octet_as,
		.ibgp = neighbor->ibgp,
		/* Of what we send; for what we take see connection.c. */
		.message_max = ours->extended_message && theirs->extended_message
				       ? BGP_EXTENDED_MESSAGE_MAX
				       : BGP_MESSAGE_MAX,
	};
	for (int f = 0; f < BGP_FAMILY_COUNT; f++) {
		context->family[f] = family_common(neighbor, theirs, (enum bgp_family)f);
		context->extended_next_hop[f] = context->family[f] &&
						ours->extended_next_hop[f] &&
						theirs->extended_next_hop[f];
		context->add_path_send[f] =
			context->family[f] &&
			add_path_agreed(ours->add_path[f], theirs->add_path[f]);
		context->add_path_receive[f] =
			context->family[f] &&
			add_path_agreed(theirs->add_path[f], ours->add_path[f]);
	}
	times_negotiate(connection);
}
