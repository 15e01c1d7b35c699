/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flow specifications: those of the configuration into the speaker, and all of them out for
 * people.
 *
 * Invariant: process->flows are those rules that the speaker has from us.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/speaker/speaker_process.h"
#include "os/clock.h"
#include "os/log.h"

#define RULE_TEXT_MAX 8192

struct flow {
	struct list link; /* in process->flows */
	char *name;
	struct flowspec rule; /* its bytes are behind the struct */
	bool wanted;
	uint8_t bytes[];
};

static void flow_free(struct flow *flow)
{
	list_remove(&flow->link);
	free(flow->name);
	free(flow);
}

void flows_forget(struct speaker_process *process)
{
	list_for_each_safe(node, &process->flows)
		flow_free(container_of(node, struct flow, link));
}

static struct flow *flow_of(const struct speaker_process *process, const struct flowspec *rule)
{
	list_for_each(node, &process->flows) {
		struct flow *flow = container_of(node, struct flow, link);

		if (flowspec_compare(&flow->rule, rule) == 0)
			return flow;
	}
	return NULL;
}

static struct flow *flow_new(struct speaker_process *process, const struct flowspec *rule)
{
	struct flow *flow = calloc(1, sizeof(*flow) + rule->length);

	if (flow == NULL)
		return NULL;
	memcpy(flow->bytes, rule->bytes, rule->length);
	flow->rule = (struct flowspec){ rule->family, rule->length, flow->bytes };
	list_append(&process->flows, &flow->link);
	return flow;
}

static size_t actions_of(const struct config_flow *c, uint64_t communities[FLOW_ACTIONS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < c->then_count && count < FLOW_ACTIONS_MAX; i++) {
		struct flowspec_action action;

		if (flowspec_action_parse(c->then[i], &action) == 0)
			communities[count++] = flowspec_action_write(&action);
	}
	return count;
}

static int flow_apply(struct speaker_process *process, const struct config_flow *c)
{
	uint64_t communities[FLOW_ACTIONS_MAX];
	size_t count = actions_of(c, communities);
	struct arena arena = { 0 };
	struct flowspec rule;
	struct flow *flow;
	int r = flowspec_parse(c->match, config_flow_family(c), &arena, &rule, NULL);

	if (r != 0)
		goto out;
	flow = flow_of(process, &rule);
	if (flow == NULL)
		flow = flow_new(process, &rule);
	if (flow == NULL) {
		r = ERROR_MEMORY;
		goto out;
	}
	free(flow->name);
	flow->name = strdup(c->name);
	flow->wanted = true;
	r = speaker_flow_set(process->speaker, &rule, communities, count, clock_now());
	if (r != 0)
		flow_free(flow);
out:
	arena_clear(&arena);
	return r;
}

void flows_apply(struct speaker_process *process, const struct config *config)
{
	list_for_each(node, &process->flows)
		container_of(node, struct flow, link)->wanted = false;
	for (size_t i = 0; i < config->flow_count; i++)
		if (flow_apply(process, &config->flows[i]) != 0)
			log_event(LOG_ERROR, "flowspec", "cannot announce '%s'",
				config->flows[i].name);
	list_for_each_safe(node, &process->flows) {
		struct flow *flow = container_of(node, struct flow, link);

		if (flow->wanted)
			continue;
		(void)speaker_flow_remove(process->speaker, &flow->rule, clock_now());
		flow_free(flow);
	}
}

/* ---- Looking. ---- */

struct listing {
	struct speaker_process *process;
	const struct peer *only;
	json_t *list;
};

static json_t *actions_json(const struct bgp_attributes *attributes)
{
	json_t *list = json_array();

	for (size_t i = 0; i < attributes->extended_community_count; i++) {
		struct flowspec_action action;
		char text[FLOWSPEC_ACTION_TEXT_MAX];

		if (flowspec_action_read(attributes->extended_communities[i], &action))
			json_array_append_new(
				list, json_string(flowspec_action_format(&action, text)));
	}
	return list;
}

static json_t *text_or_null(const char *text)
{
	return text == NULL ? json_null() : json_string(text);
}

static bool flow_add(void *context, const struct flow_view *view)
{
	const struct listing *listing = context;
	const struct peer *peer =
		view->neighbor == NULL ? NULL : peer_of(listing->process, view->neighbor);
	const struct flow *ours =
		view->neighbor == NULL ? flow_of(listing->process, view->rule) : NULL;
	static char rule[RULE_TEXT_MAX], path[1024];

	if (listing->only != NULL && listing->only != peer)
		return true;
	(void)flowspec_format(view->rule, rule, sizeof(rule));
	json_array_append_new(listing->list,
		json_pack("{s:o, s:o, s:s, s:s, s:o, s:s, s:b, s:b, s:s, s:b}", "name",
			text_or_null(ours == NULL ? NULL : ours->name), "neighbor",
			text_or_null(peer == NULL ? NULL : peer->name), "family",
			view->rule->family == FAMILY_IPV4 ? "ipv4-flowspec" : "ipv6-flowspec",
			"match", rule, "then", actions_json(view->attributes), "as_path",
			bgp_as_path_format(view->attributes, path, sizeof(path)), "best",
			view->best, "feasible", view->feasible, "reason",
			view->neighbor == NULL ? "ours" : view->reason, "stale", view->stale));
	return true;
}

json_t *flows_json(struct speaker_process *process, const struct peer *only)
{
	struct listing listing = { process, only, json_array() };
	uint64_t position = 0;

	while (position != UINT64_MAX)
		speaker_flow_each(process->speaker, &position, flow_add, &listing);
	return json_pack("{s:o}", "rules", listing.list);
}
