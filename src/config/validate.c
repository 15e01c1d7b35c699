/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a configuration must make sense in, beyond its syntax. An error is what cannot work or
 * would hurt others; a warning is what works, and is probably not meant.
 *
 * Invariants:
 *  1. Nothing is told about a value that could not be read: that has been told already.
 *  2. No rule assumes that another one held.
 */
#include "config/validate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/rules.h"
#include "config/rules_policy.h"

static const struct node *place_for(
	const struct validator *validator, const void *target, const void *owner)
{
	const struct node *node = said_node(validator->said, target);

	if (node == NULL && owner != NULL)
		node = said_node(validator->said, owner);
	/* A list or a group begins anywhere; its key is what people look for. */
	if (node != NULL && node->kind != NODE_SCALAR)
		node = node->key == NULL ? node : node->key;
	return node;
}

static void tell(struct validator *validator, enum config_severity severity, const void *target,
	const void *owner, const char *format, va_list list)
	__attribute__((format(printf, 5, 0)));

static void tell(struct validator *validator, enum config_severity severity, const void *target,
	const void *owner, const char *format, va_list list)
{
	const struct node *node = place_for(validator, target, owner);

	validator->diagnostics->last = NULL;
	if (rule_broken(validator, target))
		return;
	diagnose_list(validator->diagnostics, severity, node == NULL ? NULL : &node->place,
		format, list);
}

void rule_error(struct validator *validator, const void *target, const void *owner,
	const char *format, ...)
{
	va_list list;

	va_start(list, format);
	tell(validator, CONFIG_ERROR, target, owner, format, list);
	va_end(list);
}

void rule_warning(struct validator *validator, const void *target, const void *owner,
	const char *format, ...)
{
	va_list list;

	va_start(list, format);
	tell(validator, CONFIG_WARNING, target, owner, format, list);
	va_end(list);
}

void rule_hint(struct validator *validator, const char *format, ...)
{
	char text[512];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	diagnose_hint(validator->diagnostics, "%s", text);
}

bool rule_said(const struct validator *validator, const void *target)
{
	return said_node(validator->said, target) != NULL;
}

bool rule_broken(const struct validator *validator, const void *target)
{
	return said_broken(validator->said, target);
}

const char *rule_where(const struct validator *validator, const void *target, char text[160])
{
	const struct node *node = said_node(validator->said, target);

	text[0] = '\0';
	if (node != NULL)
		snprintf(text, 160, "%s:%u:%u", node->place.source->name, node->place.line,
			node->place.column);
	return text;
}

bool rule_goes_to(const struct config_service *service, const struct config_neighbor *neighbor)
{
	for (size_t i = 0; i < service->neighbor_count; i++)
		if (strcmp(service->neighbors[i], neighbor->name) == 0)
			return true;
	return service->neighbor_count == 0;
}

static void needs_something_to_do(struct validator *validator)
{
	const struct config *config = validator->config;

	if (validator->said->incomplete)
		return;
	if (config->service_count == 0)
		rule_warning(validator, &config->services, NULL,
			"there are no services: nothing is announced");
	else if (config->neighbor_count == 0)
		rule_warning(validator, &config->neighbors, NULL,
			"there are no neighbours: nothing is announced");
}

static void needs_identity(struct validator *validator)
{
	const struct config *config = validator->config;

	if (config->neighbor_count == 0 || validator->said->incomplete)
		return;
	if (config->asn == 0) {
		rule_error(validator, &config->asn, &config->neighbors[0],
			"the configuration needs 'asn' when there are neighbours");
		rule_hint(validator, "add 'asn: NUMBER' at the top level: our own AS number");
	}
	if (config->router_id == 0) {
		rule_error(validator, &config->router_id, &config->neighbors[0],
			"the configuration needs 'router-id' when there are neighbours");
		rule_hint(validator, "add 'router-id: A.B.C.D' at the top level: usually this "
				     "machine's IPv4 address");
	}
}

/* RFC 6996: private use. */
static bool is_private(uint32_t asn)
{
	return (asn >= 64512 && asn <= 65534) || asn >= 4200000000u;
}

static void private_asn(struct validator *validator)
{
	const struct config *config = validator->config;

	for (size_t i = 0; i < config->neighbor_count; i++) {
		const struct config_neighbor *neighbor = &config->neighbors[i];
		bool strangers = neighbor->relation == RELATION_PEER ||
				 neighbor->relation == RELATION_ROUTE_SERVER;

		if (!strangers || !is_private(neighbor->local_asn))
			continue;
		rule_warning(validator, &neighbor->relation, neighbor,
			"AS %u is for private use: a %s will not take routes from it",
			neighbor->local_asn, config_relation_name(neighbor->relation));
		rule_hint(validator, "set 'local-asn' of this neighbour to a public AS number");
	}
}

static void listening(struct validator *validator)
{
	const struct config *config = validator->config;

	for (size_t i = 0; i < config->neighbor_count; i++)
		if (config->neighbors[i].passive && config->listen_port == 0)
			rule_error(validator, &config->neighbors[i].passive,
				&config->neighbors[i],
				"a passive neighbour cannot reach us: 'listen' has port 0");
	if (config->http.enabled && !address_is_loopback(&config->http.address)) {
		rule_warning(validator, &config->http.address, NULL,
			"the API will be open to other machines, without a password");
		rule_hint(validator, "use 127.0.0.1 or ::1, or let a firewall guard it");
	}
}

typedef void rule_function(struct validator *validator);

static rule_function *const rules[] = {
	needs_something_to_do,
	needs_identity,
	private_asn,
	listening,
	rules_neighbors,
	rules_services,
	rules_sets,
	rules_policies,
	rules_rpki,
	rules_flows,
};

void validate_config(const struct config *config, const struct said *said,
	struct config_diagnostics *diagnostics)
{
	struct validator validator = {
		.config = config,
		.said = said,
		.diagnostics = diagnostics,
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		rules[i](&validator);
}
