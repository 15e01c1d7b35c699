/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about services: addresses, announcements, weights, timing. RFC 6890 (special
 * addresses). */
#include <string.h>

#include "base/text.h"
#include "config/rules.h"

/* What no announcement may touch: it is never routed between networks (RFC 6890, RFC 5771). */
static const struct special {
	const char *prefix, *what;
} never[] = {
	{ "0.0.0.0/8", "'this network'" },
	{ "127.0.0.0/8", "loopback" },
	{ "169.254.0.0/16", "link-local" },
	{ "224.0.0.0/4", "multicast" },
	{ "240.0.0.0/4", "reserved" },
	{ "::/128", "the unspecified address" },
	{ "::1/128", "loopback" },
	{ "::ffff:0:0/96", "IPv4-mapped" },
	{ "fe80::/10", "link-local" },
	{ "ff00::/8", "multicast" },
};

/* Fine at home, not across the Internet. */
static const struct special at_home[] = {
	{ "10.0.0.0/8", "private (RFC 1918)" },
	{ "172.16.0.0/12", "private (RFC 1918)" },
	{ "192.168.0.0/16", "private (RFC 1918)" },
	{ "100.64.0.0/10", "shared (RFC 6598)" },
	{ "fc00::/7", "unique local (RFC 4193)" },
};

static const char *overlaps(
	const struct special *table, size_t count, const struct prefix *prefix)
{
	for (size_t i = 0; i < count; i++) {
		struct prefix special = { 0 };

		if (prefix_parse(table[i].prefix, &special) == 0 &&
			(prefix_contains(&special, prefix) ||
				prefix_contains(prefix, &special)))
			return table[i].what;
	}
	return NULL;
}

#define OVERLAPS(table, prefix) overlaps(table, sizeof(table) / sizeof((table)[0]), prefix)

static void its_addresses(struct validator *validator, const struct config_service *s)
{
	char text[ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < s->address_count; i++) {
		const struct address *address = &s->addresses[i];
		struct prefix host = prefix_host(address);
		const char *what = OVERLAPS(never, &host);

		if (what != NULL)
			rule_error(validator, address, s,
				"%s cannot be announced: it is %s address space",
				address_format(address, text), what);
	}
}

static void same_address(struct validator *validator, const struct config_service *service,
	const struct address *address)
{
	char text[ADDRESS_TEXT_MAX], where[160];

	for (const struct config_service *other = validator->config->services; other <= service;
		other++) {
		for (size_t i = 0; i < other->address_count; i++) {
			const struct address *first = &other->addresses[i];

			if (first == address)
				return;
			if (!address_equal(first, address))
				continue;
			rule_error(validator, address, service,
				"%s is an address of '%s' already",
				address_format(address, text), other->name);
			rule_hint(validator, "it was first said at %s",
				rule_where(validator, first, where));
			return;
		}
	}
}

static void addresses_once(struct validator *validator, const struct config_service *s)
{
	for (size_t i = 0; i < s->address_count; i++)
		same_address(validator, s, &s->addresses[i]);
}

static bool covers_any(const struct prefix *prefix, const struct config_service *s)
{
	for (size_t i = 0; i < s->address_count; i++)
		if (prefix_contains_address(prefix, &s->addresses[i]))
			return true;
	return false;
}

static bool is_covered(const struct address *address, const struct config_service *s)
{
	for (size_t i = 0; i < s->announce_count; i++)
		if (prefix_contains_address(&s->announce[i], address))
			return true;
	return false;
}

static void its_coverage(struct validator *validator, const struct config_service *s)
{
	char text[PREFIX_TEXT_MAX];

	/* Half-read lists would make this complain about what is there. */
	if (rule_broken(validator, &s->addresses) || rule_broken(validator, &s->announce))
		return;
	for (size_t i = 0; i < s->announce_count; i++) {
		if (covers_any(&s->announce[i], s))
			continue;
		rule_error(validator, &s->announce[i], s,
			"none of the service's addresses is inside %s",
			prefix_format(&s->announce[i], text));
		rule_hint(validator, "it would attract traffic that nobody answers");
	}
	for (size_t i = 0; i < s->address_count; i++) {
		if (is_covered(&s->addresses[i], s))
			continue;
		rule_error(validator, &s->addresses[i], s,
			"no announced prefix holds the address %s",
			address_format(&s->addresses[i], text));
		rule_hint(validator, "add a prefix that holds it to 'announce'");
	}
}

static bool meets_strangers(const struct validator *validator, const struct config_service *s)
{
	for (size_t i = 0; i < validator->config->neighbor_count; i++) {
		const struct config_neighbor *neighbor = &validator->config->neighbors[i];

		if (rule_goes_to(s, neighbor) &&
			(neighbor->relation == RELATION_PROVIDER ||
				neighbor->relation == RELATION_PEER ||
				neighbor->relation == RELATION_ROUTE_SERVER))
			return true;
	}
	return false;
}

/* A computed announcement is told about at the address that it came from. */
static const void *said_prefix(
	const struct validator *validator, const struct config_service *s, size_t i)
{
	if (rule_said(validator, &s->announce) || i >= s->address_count)
		return &s->announce[i];
	return &s->addresses[i];
}

static void its_prefixes(struct validator *validator, const struct config_service *s)
{
	bool strangers = meets_strangers(validator, s);
	char text[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < s->announce_count; i++) {
		const struct prefix *prefix = &s->announce[i];
		const void *place = said_prefix(validator, s, i);
		const char *what = OVERLAPS(never, prefix);
		const char *home = OVERLAPS(at_home, prefix);
		unsigned longest = prefix->address.family == FAMILY_IPV4 ? 24 : 48;

		prefix_format(prefix, text);
		if (prefix->length == 0) {
			rule_error(validator, place, s, "%s is the whole Internet", text);
		} else if (what != NULL) {
			/* its_addresses tells it where the address is all there is */
			if (rule_said(validator, &s->announce))
				rule_error(validator, place, s,
					"%s cannot be announced: it touches %s address space",
					text, what);
		} else if (strangers && home != NULL) {
			rule_warning(validator, place, s,
				"%s is %s: the Internet will not take it", text, home);
		} else if (strangers && prefix->length > longest) {
			rule_warning(validator, place, s,
				"%s is longer than /%u: most networks will not take it", text,
				longest);
			rule_hint(validator, "announce a /%u that holds the address", longest);
		}
	}
}

static void same_prefix(struct validator *validator, const struct config_service *s, size_t i,
	const struct config_service *other, size_t j)
{
	const struct prefix *mine = &s->announce[i], *first = &other->announce[j];
	const void *place = said_prefix(validator, s, i);
	char text[PREFIX_TEXT_MAX], where[160];

	prefix_format(mine, text);
	if (prefix_equal(mine, first)) {
		rule_error(validator, place, s, "%s is announced by '%s' already", text,
			other->name);
		rule_hint(validator,
			"it was first said at %s; put both services' addresses and "
			"checks into one service, or announce longer prefixes",
			rule_where(validator, said_prefix(validator, other, j), where));
	} else if (s != other &&
		   (prefix_contains(mine, first) || prefix_contains(first, mine))) {
		rule_warning(validator, place, s, "%s overlaps with what '%s' announces", text,
			other->name);
		rule_hint(validator,
			"while one is withdrawn, the other still attracts its "
			"traffic: see %s",
			rule_where(validator, said_prefix(validator, other, j), where));
	}
}

static void prefixes_once(struct validator *validator, const struct config_service *s)
{
	/* The same address in two services is told by addresses_once. */
	if (!rule_said(validator, &s->announce))
		return;
	for (size_t i = 0; i < s->announce_count; i++)
		for (const struct config_service *other = validator->config->services;
			other <= s; other++)
			for (size_t j = 0; j < (other == s ? i : other->announce_count); j++)
				same_prefix(validator, s, i, other, j);
}

static const char *closest_neighbor(const struct config *config, const char *name)
{
	const char *best = NULL;
	unsigned distance = 4;

	for (size_t i = 0; i < config->neighbor_count; i++) {
		unsigned d = text_distance(name, config->neighbors[i].name, distance);

		if (d < distance) {
			distance = d;
			best = config->neighbors[i].name;
		}
	}
	return best;
}

static void its_neighbors(struct validator *validator, const struct config_service *s)
{
	for (size_t i = 0; i < s->neighbor_count; i++) {
		const char *closest = closest_neighbor(validator->config, s->neighbors[i]);

		for (size_t j = 0; j < i; j++)
			if (strcmp(s->neighbors[i], s->neighbors[j]) == 0)
				rule_error(validator, &s->neighbors[i], s, "'%s' is said twice",
					s->neighbors[i]);
		if (config_neighbor_find(validator->config, s->neighbors[i]) != NULL)
			continue;
		rule_error(validator, &s->neighbors[i], s, "there is no neighbour '%s'",
			s->neighbors[i]);
		if (closest != NULL)
			rule_hint(validator, "did you mean '%s'?", closest);
	}
}

/* Without any neighbour, or with names that are none, there are other things to tell. */
static bool takes_family(
	const struct validator *validator, const struct config_service *s, unsigned family)
{
	bool any = false;

	for (size_t i = 0; i < validator->config->neighbor_count; i++) {
		const struct config_neighbor *neighbor = &validator->config->neighbors[i];

		if (!rule_goes_to(s, neighbor))
			continue;
		if ((neighbor->families & family) != 0)
			return true;
		any = true;
	}
	return !any;
}

static void its_families(struct validator *validator, const struct config_service *s)
{
	for (size_t i = 0; i < s->announce_count; i++) {
		bool four = s->announce[i].address.family == FAMILY_IPV4;

		if (takes_family(validator, s, four ? CONFIG_FAMILY_IPV4 : CONFIG_FAMILY_IPV6))
			continue;
		rule_warning(validator, said_prefix(validator, s, i), s,
			"no neighbour of this service takes %s routes", four ? "IPv4" : "IPv6");
		return;
	}
}

static void its_checks(struct validator *validator, const struct config_service *s)
{
	if (s->check_count == 0 && !rule_said(validator, &s->checks) && !s->maintenance) {
		rule_warning(validator, &s->checks, s,
			"'%s' has no checks: it is announced even when it is dead", s->name);
		rule_hint(validator, "add a check, as in 'checks: [socket: { port: 53 }]'");
	}
	rules_checks(validator, s);
}

static void its_weights(struct validator *validator, const struct config_service *s)
{
	uint64_t sum = 0;
	bool all_degrade = s->check_count > 0;

	for (size_t i = 0; i < s->check_count; i++) {
		sum += s->checks[i].weight;
		all_degrade = all_degrade && s->checks[i].degrades;
		if (s->minimum_weight == 0 && rule_said(validator, &s->checks[i].weight))
			rule_warning(validator, &s->checks[i].weight, s,
				"'weight' means nothing without 'minimum-weight'");
	}
	if (!rule_broken(validator, &s->checks) && s->minimum_weight > sum) {
		rule_error(validator, &s->minimum_weight, s,
			"'minimum-weight' cannot be reached: all checks together weigh %llu",
			(unsigned long long)sum);
	}
	if (s->degraded_weight > 0 && s->degraded_weight >= s->minimum_weight) {
		rule_error(validator, &s->degraded_weight, s,
			"'degraded-weight' must be less than 'minimum-weight'");
	}
	if (all_degrade && s->minimum_weight == 0 && !rule_broken(validator, &s->checks))
		rule_warning(validator, &s->checks, s,
			"every check says 'on-failure: degrade': the service is never down");
}

static void its_attributes(struct validator *validator, const struct config_service *s)
{
	const struct config_attributes *all[] = { &s->up, &s->degraded };
	bool internal = validator->config->neighbor_count == 0;

	for (size_t i = 0; i < validator->config->neighbor_count; i++) {
		const struct config_neighbor *neighbor = &validator->config->neighbors[i];

		internal =
			internal || neighbor->asn == 0 || neighbor->asn == neighbor->local_asn;
	}
	for (int i = 0; i < 2; i++) {
		if (all[i]->has_local_pref && !internal)
			rule_warning(validator, &all[i]->local_pref, s,
				"'local-pref' goes to internal neighbours only, and there are none");
		rules_communities(validator, &all[i]->communities, s);
	}
	if (s->degraded_withdraw && (s->degraded.prepend > 0 || s->degraded.has_med))
		rule_warning(validator, &s->degraded_withdraw, s,
			"the other values of 'degraded' mean nothing with 'withdraw: true'");
}

static void its_timing(struct validator *validator, const struct config_service *s)
{
	if (s->damping.enabled && s->damping.reuse >= s->damping.suppress) {
		rule_error(validator,
			rule_said(validator, &s->damping.reuse) ? &s->damping.reuse
								: &s->damping.suppress,
			s, "'reuse' must be less than 'suppress'");
	}
	if (s->drain.prepend == 0 && rule_said(validator, &s->drain.prepend_time))
		rule_warning(validator, &s->drain.prepend_time, s,
			"'prepend-time' means nothing without 'prepend'");
	if (!s->drain.graceful_shutdown && rule_said(validator, &s->drain.graceful_time))
		rule_warning(validator, &s->drain.graceful_time, s,
			"'graceful-time' means nothing while 'graceful-shutdown' is false");
}

static void its_exit(struct validator *validator, const struct config_service *s)
{
	for (size_t i = 0; s->on_exit == ON_EXIT_KEEP && i < validator->config->neighbor_count;
		i++) {
		const struct config_neighbor *neighbor = &validator->config->neighbors[i];

		if (!rule_goes_to(s, neighbor) || neighbor->graceful_restart)
			continue;
		rule_warning(validator, &s->on_exit, s,
			"'%s' will not keep the routes: it has no graceful restart",
			neighbor->name);
		return;
	}
}

typedef void service_rule(struct validator *validator, const struct config_service *service);

static service_rule *const rules[] = {
	its_addresses,
	addresses_once,
	its_coverage,
	its_prefixes,
	prefixes_once,
	its_neighbors,
	its_families,
	its_checks,
	its_weights,
	its_attributes,
	its_timing,
	its_exit,
};

void rules_services(struct validator *validator)
{
	const struct config *config = validator->config;

	for (size_t i = 0; i < config->service_count; i++)
		for (size_t j = 0; j < sizeof(rules) / sizeof(rules[0]); j++)
			rules[j](validator, &config->services[i]);
}

void rules_communities(
	struct validator *validator, const struct config_communities *c, const void *owner)
{
	bool twice = false;

	for (size_t i = 0; i < c->standard_count; i++)
		for (size_t j = 0; j < i; j++)
			twice = twice || c->standard[i] == c->standard[j];
	for (size_t i = 0; i < c->large_count; i++)
		for (size_t j = 0; j < i; j++)
			twice = twice ||
				memcmp(&c->large[i], &c->large[j], sizeof(c->large[i])) == 0;
	for (size_t i = 0; i < c->extended_count; i++)
		for (size_t j = 0; j < i; j++)
			twice = twice || c->extended[i] == c->extended[j];
	if (twice)
		rule_warning(validator, c, owner, "a community is said twice");
}
