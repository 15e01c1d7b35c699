/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about flow specifications: RFC 8955. */
#include <string.h>

#include "config/rules.h"
#include "wire/flowspec.h"

enum family config_flow_family(const struct config_flow *flow)
{
	return strchr(flow->match, ':') != NULL ? FAMILY_IPV6 : FAMILY_IPV4;
}

static bool ours(const struct config *config, const struct prefix *destination)
{
	for (size_t i = 0; i < config->service_count; i++) {
		const struct config_service *s = &config->services[i];

		for (size_t j = 0; j < s->announce_count; j++)
			if (prefix_contains(&s->announce[j], destination))
				return true;
	}
	return false;
}

static void its_destination(struct validator *validator, const struct config_flow *flow,
	const struct flowspec *rule)
{
	struct flowspec_component destination;

	if (flow->anywhere)
		return;
	if (!flowspec_find(rule, FLOWSPEC_DESTINATION, &destination) || destination.offset != 0)
		rule_error(validator, &flow->match, flow,
			"without a destination prefix the rule is about everybody's packets");
	else if (!ours(validator->config, &destination.prefix))
		rule_error(validator, &flow->match, flow,
			"the destination is not in what the services announce");
	else
		return;
	rule_hint(validator, "name a destination of ours, or set 'anywhere: true'");
}

static void its_match(struct validator *validator, const struct config_flow *flow)
{
	struct arena arena = { 0 };
	struct error error = { 0 };
	struct flowspec rule;

	if (flowspec_parse(flow->match, config_flow_family(flow), &arena, &rule, &error) != 0)
		rule_error(validator, &flow->match, flow, "%s", error.text);
	else
		its_destination(validator, flow, &rule);
	arena_clear(&arena);
}

static void its_actions(struct validator *validator, const struct config_flow *flow)
{
	for (size_t i = 0; i < flow->then_count; i++) {
		struct flowspec_action action;

		if (flowspec_action_parse(flow->then[i], &action) == 0)
			continue;
		rule_error(validator, &flow->then, flow, "'%s' is no action", flow->then[i]);
		rule_hint(validator,
			"known are discard, rate-bytes N, rate-packets N, redirect "
			"rt:A:N, mark DSCP, sample, continue");
	}
}

static void its_neighbors(struct validator *validator, const struct config_flow *flow)
{
	unsigned wanted = config_flow_family(flow) == FAMILY_IPV4 ? CONFIG_FAMILY_IPV4_FLOWSPEC
								  : CONFIG_FAMILY_IPV6_FLOWSPEC;

	for (size_t i = 0; i < validator->config->neighbor_count; i++)
		if ((validator->config->neighbors[i].families & wanted) != 0)
			return;
	rule_warning(validator, &flow->match, flow,
		"no neighbour has %s among its families: nobody will be told",
		wanted == CONFIG_FAMILY_IPV4_FLOWSPEC ? "ipv4-flowspec" : "ipv6-flowspec");
}

void rules_flows(struct validator *validator)
{
	for (size_t i = 0; i < validator->config->flow_count; i++) {
		const struct config_flow *flow = &validator->config->flows[i];

		if (flow->match == NULL)
			continue;
		its_match(validator, flow);
		its_actions(validator, flow);
		its_neighbors(validator, flow);
	}
}
