/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about RPKI caches. RFC 8210 section 6. */
#include "base/instant.h"
#include "config/rules.h"

static void its_address(struct validator *validator, const struct config_rpki_cache *c)
{
	char text[ADDRESS_TEXT_MAX];

	if (c->address.family == FAMILY_NONE)
		return;
	if (address_is_any(&c->address) || address_is_multicast(&c->address))
		rule_error(validator, &c->address, c, "%s is not the address of a machine",
			address_format(&c->address, text));
	if (c->local_address.family != FAMILY_NONE &&
		c->local_address.family != c->address.family)
		rule_error(validator, &c->local_address, c,
			"'local-address' and 'address' must both be IPv4 or both IPv6");
}

static void its_twin(struct validator *validator, const struct config_rpki_cache *c)
{
	char where[160];

	for (const struct config_rpki_cache *other = validator->config->rpki.caches; other < c;
		other++) {
		if (c->address.family == FAMILY_NONE || c->port != other->port ||
			!address_equal(&c->address, &other->address))
			continue;
		rule_error(validator, &c->address, c, "this is also the address of '%s'",
			other->name);
		rule_hint(validator, "it was first said at %s",
			rule_where(validator, &other->address, where));
	}
}

/* "MUST be larger than either": there has to be time for a try that fails. */
static void its_timers(struct validator *validator, const struct config_rpki_cache *c)
{
	if (c->expire.ns == 0)
		return;
	if (c->refresh.ns >= c->expire.ns)
		rule_error(validator, &c->expire, c, "'expire' must be longer than 'refresh'");
	else if (c->retry.ns >= c->expire.ns)
		rule_error(validator, &c->expire, c, "'expire' must be longer than 'retry'");
}

void rules_rpki(struct validator *validator)
{
	const struct config_rpki *rpki = &validator->config->rpki;

	for (size_t i = 0; i < rpki->cache_count; i++) {
		its_address(validator, &rpki->caches[i]);
		its_twin(validator, &rpki->caches[i]);
		its_timers(validator, &rpki->caches[i]);
	}
}
