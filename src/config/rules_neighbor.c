/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about neighbours. RFC 4271 (timers), 5082, 6286, 7607, 9234, 9687. */
#include <string.h>

#include "base/instant.h"
#include "config/rules.h"

#define PASSWORD_MAX 80u /* Linux TCP_MD5SIG_MAXKEYLEN */

static bool is_internal(const struct config_neighbor *neighbor)
{
	return neighbor->asn != 0 && neighbor->asn == neighbor->local_asn;
}

static void its_address(struct validator *validator, const struct config_neighbor *n)
{
	const struct address *address = &n->address;
	struct address id = address_ipv4(validator->config->router_id);
	char text[ADDRESS_TEXT_MAX];
	bool six_local = address->family == FAMILY_IPV6 && address_is_link_local(address);

	if (address->family == FAMILY_NONE)
		return;
	address_format(address, text);
	if (address_is_any(address) || address_is_multicast(address))
		rule_error(validator, address, n, "%s is not the address of a machine", text);
	if (validator->config->router_id != 0 && address_equal(address, &id)) {
		rule_error(validator, address, n, "%s is our own router-id", text);
		rule_hint(validator, "a neighbour with our router-id is refused (RFC 6286)");
	}
	if (six_local && n->interface == NULL) {
		rule_error(validator, address, n, "a link-local address needs 'interface'");
		rule_hint(validator, "add 'interface: NAME', as in fe80::1%%NAME");
	}
	if (six_local && n->multihop != 0)
		rule_error(validator, &n->multihop, n,
			"a link-local address is never more than one hop away");
}

static void no_service_address(struct validator *validator, const struct config_neighbor *n)
{
	const struct config *config = validator->config;

	for (size_t i = 0; i < config->service_count; i++) {
		const struct config_service *service = &config->services[i];

		for (size_t j = 0; j < service->address_count; j++) {
			const struct address *address = &service->addresses[j];

			if (address_equal(address, &n->address))
				rule_error(validator, &n->address, n,
					"this is an address of the service '%s'",
					service->name);
			if (n->local_address.family != FAMILY_NONE &&
				address_equal(address, &n->local_address)) {
				rule_error(validator, &n->local_address, n,
					"this is a shared address, of the service '%s'",
					service->name);
				rule_hint(validator, "the session needs an address that only "
						     "this machine has");
			}
		}
	}
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void its_twin(struct validator *validator, const struct config_neighbor *n)
{
	char where[160];

	for (const struct config_neighbor *other = validator->config->neighbors; other < n;
		other++) {
		if (n->address.family == FAMILY_NONE ||
			!address_equal(&n->address, &other->address) ||
			!same_text(n->interface, other->interface) || n->port != other->port ||
			!address_equal(&n->local_address, &other->local_address))
			continue;
		rule_error(validator, &n->address, n, "this is also the address of '%s'",
			other->name);
		rule_hint(validator, "it was first said at %s",
			rule_where(validator, &other->address, where));
	}
}

static void own_address(struct validator *validator, const struct config_neighbor *n)
{
	const struct address *local = &n->local_address;

	if (local->family == FAMILY_NONE || n->address.family == FAMILY_NONE)
		return;
	if (local->family != n->address.family)
		rule_error(validator, local, n,
			"'local-address' and 'address' must both be IPv4 "
			"or both IPv6");
	else if (address_equal(local, &n->address))
		rule_error(
			validator, local, n, "'local-address' is the neighbour's own address");
	else if (address_is_any(local) || address_is_multicast(local))
		rule_error(validator, local, n, "this is not the address of a machine");
}

static void its_relation(struct validator *validator, const struct config_neighbor *n)
{
	bool unknown = n->asn == 0 || n->local_asn == 0;

	if (!unknown && n->relation == RELATION_INTERNAL && !is_internal(n)) {
		rule_error(validator, &n->relation, n,
			"an internal neighbour has our own AS number, %u, not %u", n->local_asn,
			n->asn);
		rule_hint(validator, "relation: provider, customer, peer or route-server");
	}
	if (!unknown && is_internal(n) && n->relation != RELATION_INTERNAL &&
		n->relation != RELATION_NONE) {
		rule_error(validator, &n->relation, n,
			"a neighbour in our own AS %u cannot be a %s", n->asn,
			config_relation_name(n->relation));
		rule_hint(validator, "relation: internal");
	}
	if (n->role_strict &&
		(!n->role || is_internal(n) ||
			(n->relation == RELATION_NONE && !n->route_server_client))) {
		rule_error(validator, &n->role_strict, n,
			"'role-strict' needs a role to insist on");
		rule_hint(
			validator, "set relation to provider, customer, peer or route-server");
	}
}

static void its_ttl(struct validator *validator, const struct config_neighbor *n)
{
	if (n->multihop == 0 || n->ttl_security == 0)
		return;
	rule_error(validator, &n->ttl_security, n,
		"'ttl-security' and 'multihop' cannot both be set");
	rule_hint(validator, "ttl-security alone: it sends with TTL 255 (RFC 5082)");
}

static bool whole_seconds(struct duration duration)
{
	return duration.ns % 1000000000 == 0;
}

static void its_hold_time(struct validator *validator, const struct config_neighbor *n)
{
	if (!whole_seconds(n->hold_time))
		rule_error(validator, &n->hold_time, n, "'hold-time' must be whole seconds");
	if (n->hold_time.ns == 0) {
		rule_warning(validator, &n->hold_time, n,
			"without a hold time a dead neighbour is never noticed");
		return;
	}
	if (n->keepalive.ns >= n->hold_time.ns) {
		rule_error(validator, &n->keepalive, n,
			"'keepalive' must be shorter than "
			"'hold-time'");
		rule_hint(validator, "a third of it is usual, and the default");
	} else if (n->keepalive.ns * 2 > n->hold_time.ns) {
		rule_warning(
			validator, &n->keepalive, n, "one lost keepalive will end the session");
		rule_hint(validator, "a third of 'hold-time' is usual, and the default");
	}
}

static void its_timers(struct validator *validator, const struct config_neighbor *n)
{
	its_hold_time(validator, n);
	if (n->send_hold.ns <= n->hold_time.ns) {
		rule_error(validator, &n->send_hold, n,
			"'send-hold' must be longer than 'hold-time'");
		rule_hint(validator, "RFC 9687 section 6 suggests twice as long");
	}
	if (!whole_seconds(n->restart_time))
		rule_error(
			validator, &n->restart_time, n, "'restart-time' must be whole seconds");
	if (!n->graceful_restart && rule_said(validator, &n->restart_time))
		rule_warning(validator, &n->restart_time, n,
			"'restart-time' means nothing while 'graceful-restart' is false");
	if (!n->graceful_restart && rule_said(validator, &n->stale_time))
		rule_warning(validator, &n->stale_time, n,
			"'stale-time' means nothing while 'graceful-restart' is false");
}

static void its_password(struct validator *validator, const struct config_neighbor *n)
{
	if (n->password.source != SECRET_LITERAL || strlen(n->password.value) <= PASSWORD_MAX)
		return;
	rule_error(validator, &n->password, n, "the password has %zu bytes",
		strlen(n->password.value));
	rule_hint(validator, "the kernel takes %u at most", PASSWORD_MAX);
}

static void its_export(struct validator *validator, const struct config_neighbor *n)
{
	if (n->asn == 0 || n->local_asn == 0)
		return;
	if (n->export.has_local_pref && !is_internal(n))
		rule_warning(validator, &n->export.local_pref, n,
			"'local-pref' is not sent to a neighbour in another AS");
	if (n->export.prepend > 0 && is_internal(n))
		rule_warning(validator, &n->export.prepend, n,
			"nothing is prepended towards a neighbour in our own AS");
	rules_communities(validator, &n->export.communities, n);
}

static bool bad_next_hop(const struct address *address)
{
	return address->family != FAMILY_NONE &&
	       (address_is_any(address) || address_is_multicast(address) ||
		       address_is_loopback(address));
}

static void its_next_hops(struct validator *validator, const struct config_neighbor *n)
{
	const struct address *all[] = { &n->next_hop_ipv4, &n->next_hop_ipv6 };

	for (int i = 0; i < 2; i++)
		if (bad_next_hop(all[i]))
			rule_error(validator, all[i], n, "this cannot be a next hop");
		else if (all[i]->family != FAMILY_NONE && address_equal(all[i], &n->address))
			/* RFC 4271 section 5.1.3 */
			rule_error(validator, all[i], n,
				"the neighbour's own address cannot be the next hop of what it "
				"is told");
}

static void its_families(struct validator *validator, const struct config_neighbor *n)
{
	if (n->address.family == FAMILY_IPV6 && rule_said(validator, &n->families) &&
		(n->families & CONFIG_FAMILY_IPV4) != 0 && !n->extended_next_hop &&
		n->next_hop_ipv4.family == FAMILY_NONE) {
		rule_warning(validator, &n->families, n,
			"IPv4 routes over an IPv6 session need a next hop");
		rule_hint(validator, "set 'next-hop: { ipv4: ... }', or leave "
				     "'extended-next-hop' on");
	}
	if (n->capabilities)
		return;
	if (n->asn > 65535)
		rule_error(validator, &n->capabilities, n,
			"AS %u needs capabilities: it does not fit 16 bits (RFC 6793)", n->asn);
	if (rule_said(validator, &n->families) && (n->families & ~CONFIG_FAMILY_IPV4) != 0)
		rule_error(validator, &n->families, n,
			"families other than IPv4 need capabilities (RFC 4760 section 8)");
}

static void its_import(struct validator *validator, const struct config_neighbor *n)
{
	if (n->import.kind == CHOICE_NONE && rule_said(validator, &n->maximum_prefixes))
		rule_warning(validator, &n->maximum_prefixes, n,
			"'maximum-prefixes' means nothing while nothing is imported");
	if (n->import.kind == CHOICE_NONE && n->blackhole_count > 0)
		rule_warning(validator, &n->blackhole, n,
			"'blackhole' means nothing while nothing is imported");
}

static void only_internal(struct validator *validator, const struct config_neighbor *n)
{
	if (n->asn == 0 || n->local_asn == 0 || is_internal(n))
		return;
	if (n->route_reflector_client) {
		rule_error(validator, &n->route_reflector_client, n,
			"a route reflector's client is in our own AS %u, not in %u",
			n->local_asn, n->asn);
		rule_hint(validator, "for a neighbour in another AS: 'route-server-client'");
	}
	if (n->next_hop_self)
		rule_warning(validator, &n->next_hop_self, n,
			"'next-hop-self' means nothing for a neighbour in another AS: it is "
			"always so%s",
			n->route_server_client ? ", but for a route server's client" : "");
}

static void its_route_server(struct validator *validator, const struct config_neighbor *n)
{
	if (!n->route_server_client || n->asn == 0 || n->local_asn == 0)
		return;
	if (is_internal(n)) {
		rule_error(validator, &n->route_server_client, n,
			"a route server's client is in another AS, not in our own, %u", n->asn);
		rule_hint(validator, "for a neighbour in our own AS: 'route-reflector-client'");
	}
	if (n->relation != RELATION_NONE && n->relation != RELATION_INTERNAL) {
		rule_error(validator, &n->relation, n,
			"'route-server-client' says already what the neighbour is to us");
		rule_hint(validator, "leave out 'relation: %s'",
			config_relation_name(n->relation));
	}
	if (n->learned.kind == CHOICE_NONE) {
		rule_warning(validator, &n->route_server_client, n,
			"a route server passes nothing on to this client");
		rule_hint(validator, "set 'export' to all, or to a policy");
	}
}

typedef void neighbor_rule(struct validator *validator, const struct config_neighbor *neighbor);

static neighbor_rule *const rules[] = {
	its_address,
	no_service_address,
	its_twin,
	own_address,
	its_relation,
	its_ttl,
	its_timers,
	its_password,
	its_export,
	its_next_hops,
	its_families,
	its_import,
	only_internal,
	its_route_server,
};

void rules_neighbors(struct validator *validator)
{
	const struct config *config = validator->config;

	for (size_t i = 0; i < config->neighbor_count; i++)
		for (size_t j = 0; j < sizeof(rules) / sizeof(rules[0]); j++)
			rules[j](validator, &config->neighbors[i]);
}
