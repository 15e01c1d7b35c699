/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Neighbours from the configuration.
 *
 * Invariants:
 *  1. Every peer has a neighbour in the pure speaker, and each of those has a peer.
 *  2. A reload keeps the session of every neighbour whose negotiated settings did not change.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/policy_description.h"
#include "daemon/speaker/policies.h"
#include "daemon/speaker/speaker_process.h"
#include "os/clock.h"
#include "os/log.h"
#include "wire/bfd.h"

/* Our role towards a neighbour of that relation: RFC 9234 section 4.1. */
static const uint8_t roles[] = {
	[RELATION_NONE] = BGP_ROLE_NONE,
	[RELATION_PROVIDER] = BGP_ROLE_CUSTOMER,
	[RELATION_CUSTOMER] = BGP_ROLE_PROVIDER,
	[RELATION_PEER] = BGP_ROLE_PEER,
	[RELATION_ROUTE_SERVER] = BGP_ROLE_ROUTE_SERVER_CLIENT,
	[RELATION_INTERNAL] = BGP_ROLE_NONE,
};

static uint8_t role_of(const struct config_neighbor *c)
{
	if (!c->role)
		return BGP_ROLE_NONE;
	return c->route_server_client ? BGP_ROLE_ROUTE_SERVER : roles[c->relation];
}

static const uint8_t relations[] = {
	[RELATION_NONE] = POLICY_RELATION_NONE,
	[RELATION_PROVIDER] = POLICY_RELATION_PROVIDER,
	[RELATION_CUSTOMER] = POLICY_RELATION_CUSTOMER,
	[RELATION_PEER] = POLICY_RELATION_PEER,
	[RELATION_ROUTE_SERVER] = POLICY_RELATION_ROUTE_SERVER,
	[RELATION_INTERNAL] = POLICY_RELATION_INTERNAL,
};

static void settings_export(
	const struct config_attributes *export, struct neighbor_settings *settings)
{
	_Static_assert(
		sizeof(struct config_large_community) == sizeof(struct bgp_large_community),
		"the same three numbers");
	settings->prepend = export->prepend;
	settings->has_med = export->has_med;
	settings->med = export->med;
	settings->has_local_pref = export->has_local_pref;
	settings->local_pref = export->local_pref;
	settings->communities = export->communities.standard;
	settings->community_count = export->communities.standard_count;
	settings->large_communities = (const void *)export->communities.large;
	settings->large_community_count = export->communities.large_count;
	settings->extended_communities = export->communities.extended;
	settings->extended_community_count = export->communities.extended_count;
}

/* Neighbours are asked to keep our routes over a restart only where the operator wants
 * announcements to outlive us: otherwise they would keep them for a site that has died. */
static bool preserves(const struct config *config)
{
	if (config->lease_after == AFTER_KEEP)
		return true;
	for (size_t i = 0; i < config->service_count; i++)
		if (config->services[i].on_exit == ON_EXIT_KEEP)
			return true;
	return false;
}

/* What is taken or passed on whole goes through no policy at all. */
static struct policy *policy_for(const struct speaker_process *process,
	const struct config_neighbor *neighbor, enum policy_direction direction)
{
	bool needed = direction == POLICY_IMPORT ? policy_needed_for_import(neighbor)
						 : neighbor->learned.kind == CHOICE_POLICIES;

	if (!needed || process->policies == NULL)
		return NULL;
	return policies_of(process->policies, neighbor->name, direction);
}

static uint64_t *rule_counters(const struct speaker_process *process)
{
	return process->policies == NULL ? NULL : policies_counters(process->policies);
}

static uint8_t add_path_of(const struct config_neighbor *c, uint8_t family)
{
	static const uint8_t modes[] = {
		[ADD_PATH_NONE] = BGP_ADD_PATH_NONE,
		[ADD_PATH_RECEIVE] = BGP_ADD_PATH_RECEIVE,
		[ADD_PATH_SEND] = BGP_ADD_PATH_SEND,
		[ADD_PATH_BOTH] = BGP_ADD_PATH_BOTH,
	};

	return (c->add_path.families & family) != 0 ? modes[c->add_path.mode]
						    : (uint8_t)BGP_ADD_PATH_NONE;
}

static struct neighbor_settings settings_of(const struct speaker_process *process,
	const struct config *config, const struct config_neighbor *c)
{
	struct neighbor_settings settings = {
		.address = c->address,
		.asn = c->asn,
		.local_asn = c->local_asn,
		.passive = c->passive,
		.shutdown = c->shutdown,
		.role = role_of(c),
		.role_strict = c->role_strict,
		.families = { (c->families & CONFIG_FAMILY_IPV4) != 0,
			(c->families & CONFIG_FAMILY_IPV6) != 0,
			(c->families & CONFIG_FAMILY_IPV4_FLOWSPEC) != 0,
			(c->families & CONFIG_FAMILY_IPV6_FLOWSPEC) != 0 },
		.flowspec_unvalidated = !c->flowspec_validation,
		.capabilities = c->capabilities,
		.extended_next_hop = c->extended_next_hop,
		.extended_message = c->extended_message,
		.hold_time = c->hold_time,
		.keepalive = c->keepalive,
		.connect_retry = c->connect_retry,
		.send_hold = c->send_hold,
		.path_strict = c->bfd.mode == BFD_STRICT,
		.graceful_restart = c->graceful_restart,
		.restart_preserve = c->graceful_restart && preserves(config),
		.restart_time_s = (uint16_t)(c->restart_time.ns / 1000000000),
		.stale_time = c->stale_time,
		.long_lived_time = c->long_lived_stale_time,
		.maximum_long_lived_time = c->maximum_long_lived_stale_time,
		.graceful_shutdown = c->graceful_shutdown,
		.import = c->import.kind != CHOICE_NONE,
		.transit = c->learned.kind != CHOICE_NONE,
		.import_policy = policy_for(process, c, POLICY_IMPORT),
		.export_policy = policy_for(process, c, POLICY_EXPORT),
		.rule_counters = rule_counters(process),
		.relation = relations[c->relation],
		.maximum_prefixes = c->maximum_prefixes,
		.maximum_prefixes_restart = c->maximum_prefixes_restart,
		.interval = c->advertisement_interval,
		.maximum_prefixes_out = c->maximum_prefixes_out,
		.maximum_path_length = (uint16_t)c->maximum_path_length,
		.maximum_communities = (uint16_t)c->maximum_communities,
		.maximum_attribute_bytes = (uint16_t)c->maximum_attribute_bytes,
		.add_path = { add_path_of(c, CONFIG_FAMILY_IPV4),
			add_path_of(c, CONFIG_FAMILY_IPV6) },
		.add_path_best = (uint16_t)c->add_path.best,
		.add_path_maximum = (uint16_t)c->add_path.maximum,
		.next_hop = { c->next_hop_ipv4, c->next_hop_ipv6 },
		.next_hop_self = c->next_hop_self,
		.route_reflector_client = c->route_reflector_client,
		.cluster_id = c->asn == c->local_asn ? config->cluster_id : 0,
		.route_server_client = c->route_server_client,
		/* RFC 7947 section 2.2.2.2 */
		.first_as_any = !c->enforce_first_as || c->relation == RELATION_ROUTE_SERVER,
	};

	snprintf(settings.name, sizeof(settings.name), "%s", c->name);
	snprintf(settings.interface, sizeof(settings.interface), "%s",
		c->interface == NULL ? "" : c->interface);
	settings_export(&c->export, &settings);
	return settings;
}

/* TTL rules: GTSM (RFC 5082) sends 255 and accepts what crossed at most so many hops; a direct
 * eBGP neighbour gets TTL 1; iBGP the kernel's default. */
static void peer_ttl(struct peer *peer, const struct config_neighbor *c)
{
	peer->ttl = 0;
	peer->minimum_ttl = 0;
	if (c->ttl_security != 0) {
		peer->ttl = 255;
		peer->minimum_ttl = (uint8_t)(256 - c->ttl_security);
	} else if (c->multihop != 0) {
		peer->ttl = c->multihop;
	} else if (c->asn != c->local_asn) {
		peer->ttl = 1;
	}
}

static void peer_fill(struct peer *peer, const struct config_neighbor *c)
{
	snprintf(peer->name, sizeof(peer->name), "%s", c->name);
	snprintf(peer->interface, sizeof(peer->interface), "%s",
		c->interface == NULL ? "" : c->interface);
	snprintf(peer->description, sizeof(peer->description), "%s",
		c->description == NULL ? "" : c->description);
	peer->address = c->address;
	peer->local_address = c->local_address;
	peer->port = c->port;
	peer_ttl(peer, c);
}

struct peer *peer_of(struct speaker_process *process, const struct neighbor *neighbor)
{
	list_for_each(node, &process->peers) {
		struct peer *peer = container_of(node, struct peer, link);

		if (peer->neighbor == neighbor)
			return peer;
	}
	return NULL;
}

struct peer *peer_by_name(struct speaker_process *process, const char *name)
{
	list_for_each(node, &process->peers) {
		struct peer *peer = container_of(node, struct peer, link);

		if (strcmp(peer->name, name) == 0)
			return peer;
	}
	return NULL;
}

static void peer_free(struct peer *peer)
{
	list_remove(&peer->link);
	explicit_bzero(peer->password, sizeof(peer->password));
	free(peer);
}

static void peer_remove(struct speaker_process *process, struct peer *peer)
{
	if (peer->password_length > 0) {
		peer->password_length = 0;
		listener_password(process, peer);
	}
	speaker_neighbor_remove(process->speaker, peer->neighbor, clock_now());
	peer_free(peer);
}

/* The address itself, or how it is reached, is not the same any more: a new peer altogether. */
static bool peer_moved(const struct peer *peer, const struct config_neighbor *c)
{
	struct peer wanted = { .ttl = 0 };

	peer_ttl(&wanted, c);
	return !address_equal(&peer->address, &c->address) || peer->port != c->port ||
	       !address_equal(&peer->local_address, &c->local_address) ||
	       strcmp(peer->interface, c->interface == NULL ? "" : c->interface) != 0 ||
	       peer->ttl != wanted.ttl || peer->minimum_ttl != wanted.minimum_ttl;
}

static int peer_add(struct speaker_process *process, const struct config *config,
	const struct config_neighbor *c)
{
	struct neighbor_settings settings = settings_of(process, config, c);
	struct peer *peer = calloc(1, sizeof(*peer));

	if (peer == NULL)
		return ERROR_MEMORY;
	peer->process = process;
	peer_fill(peer, c);
	list_append(&process->peers, &peer->link);
	/* Started by peers_secret, once the password is known: until then it is shut down. */
	settings.shutdown = true;
	peer->neighbor = speaker_neighbor_add(process->speaker, &settings, clock_now());
	if (peer->neighbor != NULL)
		return 0;
	peer_free(peer);
	return ERROR_FULL;
}

static void peers_drop_missing(struct speaker_process *process, const struct config *config)
{
	list_for_each_safe(node, &process->peers) {
		struct peer *peer = container_of(node, struct peer, link);
		const struct config_neighbor *c = config_neighbor_find(config, peer->name);

		if (c == NULL || peer_moved(peer, c))
			peer_remove(process, peer);
	}
}

/* At once and for all that stay, whatever comes of the rest: the old counters go soon. */
static void peers_policies(struct speaker_process *process, const struct config *config)
{
	list_for_each(node, &process->peers) {
		struct peer *peer = container_of(node, struct peer, link);
		const struct config_neighbor *c = config_neighbor_find(config, peer->name);

		speaker_neighbor_policies(process->speaker, peer->neighbor,
			policy_for(process, c, POLICY_IMPORT),
			policy_for(process, c, POLICY_EXPORT), rule_counters(process),
			clock_now());
	}
}

int peers_apply(struct speaker_process *process, const struct config *config)
{
	int r = 0;

	peers_drop_missing(process, config);
	peers_policies(process, config);
	for (size_t i = 0; i < config->neighbor_count && r == 0; i++) {
		const struct config_neighbor *c = &config->neighbors[i];

		/* A neighbour that stays is changed when its secret arrives, which main sends
		 * for every neighbour after every configuration. */
		if (peer_by_name(process, c->name) == NULL)
			r = peer_add(process, config, c);
	}
	return r;
}

void peers_secret(struct speaker_process *process, const struct record_secret *record)
{
	struct peer *peer = peer_by_name(process, record->neighbor);
	const struct config_neighbor *c;
	struct neighbor_settings settings;
	struct neighbor_view view;
	bool changed;

	if (peer == NULL || process->config == NULL || record->length > TCP_PASSWORD_MAX)
		return;
	c = config_neighbor_find(process->config, record->neighbor);
	if (c == NULL)
		return;
	changed = peer->password_length != record->length ||
		  memcmp(peer->password, record->bytes, record->length) != 0;
	if (changed) {
		memcpy(peer->password, record->bytes, record->length);
		peer->password_length = record->length;
		listener_password(process, peer);
	}
	peer_fill(peer, c);
	settings = settings_of(process, process->config, c);
	speaker_neighbor_view(peer->neighbor, &view);
	if (!speaker_neighbor_change(
		    process->speaker, peer->neighbor, &settings, clock_now()) &&
		changed && view.state != SESSION_IDLE)
		speaker_neighbor_reset(
			process->speaker, peer->neighbor, "password changed", clock_now());
}

void peers_verb(struct speaker_process *process, const struct record_verb *record)
{
	struct peer *peer = peer_by_name(process, record->neighbor);
	struct instant now = clock_now();

	if (peer == NULL)
		return;
	switch ((enum verb)record->verb) {
	case VERB_NEIGHBOR_SHUTDOWN:
		speaker_neighbor_shutdown(process->speaker, peer->neighbor, record->text, now);
		break;
	case VERB_NEIGHBOR_ENABLE:
		speaker_neighbor_enable(process->speaker, peer->neighbor, now);
		break;
	case VERB_NEIGHBOR_RESET:
		speaker_neighbor_reset(process->speaker, peer->neighbor, record->text, now);
		break;
	case VERB_NEIGHBOR_REFRESH:
		for (int f = 0; f < BGP_FAMILY_COUNT; f++)
			(void)speaker_neighbor_refresh(
				process->speaker, peer->neighbor, (enum bgp_family)f, now);
		break;
	}
}

/* Only from Up is it a failure; and the other end's operator may have ended it: RFC 5882
 * section 3.2. */
static enum neighbor_path path_of(const struct record_bfd_state *record)
{
	if (record->state == BFD_UP)
		return NEIGHBOR_PATH_UP;
	if (record->changed && record->old_state == BFD_UP &&
		record->state != BFD_ADMIN_DOWN && record->remote_state != BFD_ADMIN_DOWN)
		return NEIGHBOR_PATH_DOWN;
	return NEIGHBOR_PATH_UNKNOWN;
}

void peers_bfd(struct speaker_process *process, const struct record_bfd_state *record)
{
	struct peer *peer = peer_by_name(process, record->neighbor);

	if (peer != NULL)
		speaker_neighbor_path(process->speaker, peer->neighbor, path_of(record),
			bfd_diagnostic_text((uint8_t)record->diagnostic), clock_now());
}

void peers_free(struct speaker_process *process)
{
	list_for_each_safe(node, &process->peers)
		peer_free(container_of(node, struct peer, link));
}
