/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into the brain: views, and the names of states. Changes nothing. */
#include <string.h>

#include "service/machine.h"

size_t brain_service_count(const struct brain *brain)
{
	return brain->service_count;
}

static const struct service *service_at(const struct brain *brain, size_t service)
{
	return service < brain->service_count ? brain->services[service] : NULL;
}

bool brain_service_view(const struct brain *brain, size_t index, struct service_view *ret_view)
{
	const struct service *service = service_at(brain, index);

	if (service == NULL)
		return false;
	*ret_view = (struct service_view){
		.name = service->settings.name,
		.state = service->state,
		.since = service->since,
		.reason = service->reason,
		.evidence = service->evidence,
		.intent = service->intent,
		.drain_step = service->drain.step,
		.drain_reason = service->drain.step == DRAIN_NONE ? "" : service->drain.reason,
		.drain_begun = service->drain.step == DRAIN_NONE ? (struct instant){ 0 }
								 : service->drain.begun,
		.healthy = service->healthy,
		.wanted = !service->settings.maintenance && service->drain.step == DRAIN_NONE,
		.penalty = damping_penalty(&service->damping, &service->settings, brain->now),
		.held_until = service_held_until(service),
		.flaps = service->flaps,
		.check_count = service->node_count,
	};
	return true;
}

/* A leaf shows the prober's own word, unless that word counts for nothing at present. */
static enum check_state state_shown(const struct check_node *node)
{
	if (node->kind != CHECK_KIND_LEAF)
		return level_state(node->level);
	return node->trust == TRUST_LOST ? CHECK_STATE_UNKNOWN : node->state;
}

bool brain_check_view(const struct brain *brain, size_t index, size_t check, struct instant now,
	struct check_view *ret_view)
{
	const struct service *service = service_at(brain, index);
	const struct check_node *node, *culprit;

	(void)now;
	if (service == NULL || check >= service->node_count)
		return false;
	node = culprit = &service->nodes[check];
	while (culprit->kind != CHECK_KIND_LEAF && culprit->culprit != SIZE_MAX)
		culprit = &service->nodes[culprit->culprit];
	*ret_view = (struct check_view){
		.name = node->name,
		.kind = node->kind,
		.parent = node->parent,
		.state = state_shown(node),
		.evidence = culprit->evidence,
		.since = node->kind == CHECK_KIND_LEAF ? node->since : node->level_since,
		.seen = culprit->seen,
	};
	return true;
}

bool brain_suspected(const struct brain *brain)
{
	return brain->governor.suspected;
}

size_t brain_service_find(const struct brain *brain, const char *name)
{
	for (size_t i = 0; i < brain->service_count; i++) {
		if (brain->services[i] != NULL &&
			strcmp(brain->services[i]->settings.name, name) == 0)
			return i;
	}
	return SIZE_MAX;
}

const char *service_state_name(enum service_state state)
{
	static const char *const names[SERVICE_STATES] = {
		[SERVICE_INIT] = "init",
		[SERVICE_RISING] = "rising",
		[SERVICE_UP] = "up",
		[SERVICE_DEGRADED] = "degraded",
		[SERVICE_FALLING] = "falling",
		[SERVICE_DOWN] = "down",
		[SERVICE_DRAINING] = "draining",
		[SERVICE_MAINTENANCE] = "maintenance",
		[SERVICE_HELD] = "held",
		[SERVICE_UNKNOWN] = "unknown",
	};

	return (unsigned)state < SERVICE_STATES ? names[state] : "invalid";
}

const char *drain_step_name(enum drain_step step)
{
	static const char *const names[] = {
		[DRAIN_NONE] = "none",
		[DRAIN_GRACEFUL] = "graceful",
		[DRAIN_PREPEND] = "prepend",
		[DRAIN_WAIT] = "wait",
		[DRAIN_WITHDRAWN] = "withdrawn",
		[DRAIN_REMOVED] = "removed",
	};

	return (unsigned)step < sizeof(names) / sizeof(names[0]) ? names[step] : "invalid";
}
