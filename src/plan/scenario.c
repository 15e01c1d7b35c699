/* SPDX-License-Identifier: Apache-2.0 */
/* From sites with upstreams to announcements, and back from announcements to upstreams. */
#include "plan/calibration.h"

size_t plan_scenario_announce(const struct plan_scenario *scenario,
	const struct plan_variation *variation, struct plan_announcement *ret_announcements,
	uint8_t *ret_upstreams)
{
	size_t count = 0;

	for (size_t i = 0; i < scenario->upstream_count; i++) {
		struct plan_announcement a = scenario->upstreams[i].announcement;
		uint32_t length = a.length;

		if (variation->lost != NULL && variation->lost[i] != 0)
			continue;
		if (variation->prepends != NULL)
			length += variation->prepends[i];
		if (length > PLAN_LENGTH_MAX)
			continue;
		a.length = (uint8_t)length;
		ret_upstreams[count] = (uint8_t)i;
		ret_announcements[count++] = a;
	}
	return count;
}

int plan_scenario_run(const struct plan_graph *graph, const struct plan_scenario *scenario,
	const struct plan_variation *variation, struct plan_route *routes, struct error *error)
{
	struct plan_announcement announcements[PLAN_ANNOUNCEMENT_MAX];
	uint8_t upstreams[PLAN_ANNOUNCEMENT_MAX];
	struct plan_configuration configuration = { scenario->origin, announcements, 0 };
	struct plan_advice_use use;
	int result;

	if (scenario->upstream_count > PLAN_ANNOUNCEMENT_MAX)
		return error_set(error, ERROR_FULL, "more than %d upstreams in all",
			PLAN_ANNOUNCEMENT_MAX);
	configuration.count =
		plan_scenario_announce(scenario, variation, announcements, upstreams);
	result = plan_propagate(graph, &configuration, routes, error);
	for (uint32_t as = 0; result == 0 && as < graph->as_count; as++)
		if (routes[as].announcement != PLAN_SITE_NONE)
			routes[as].announcement = upstreams[routes[as].announcement];
	if (result == 0 && scenario->advice != NULL)
		plan_advice_apply(
			scenario->advice, graph, scenario, variation, routes, NULL, &use);
	return result;
}
