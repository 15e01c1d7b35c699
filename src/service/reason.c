/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a service is in its state, in one sentence for people, and what was seen. One function a
 * state; no sentence says a number that is wrong a second later.
 */
#include "service/machine.h"

#include <stdio.h>

static const struct check_node *culprit_of(const struct service *service)
{
	return service->verdict.culprit == SIZE_MAX ? NULL
						    : &service->nodes[service->verdict.culprit];
}

/* "check dns-2 is down"; with no check to name, just what is said instead. */
static void say_check(struct service *service, const char *what, const char *otherwise)
{
	const struct check_node *culprit = culprit_of(service);

	if (culprit == NULL) {
		(void)snprintf(service->reason, sizeof(service->reason), "%s", otherwise);
		return;
	}
	(void)snprintf(
		service->reason, sizeof(service->reason), "check %s %s", culprit->name, what);
	(void)snprintf(service->evidence, sizeof(service->evidence), "%s", culprit->evidence);
}

static void say(struct service *service, const char *text)
{
	(void)snprintf(service->reason, sizeof(service->reason), "%s", text);
}

static void say_weight(struct service *service, const char *what)
{
	(void)snprintf(service->reason, sizeof(service->reason), "good checks weigh %u, %s %u",
		service->verdict.weight, what, service->settings.minimum_weight);
}

static void explain_init(struct service *service)
{
	if (service->node_count == 0)
		say(service, "starting");
	else
		say_check(service, "has not been good yet", "starting");
}

static void say_hold_down(struct service *service)
{
	char text[DURATION_TEXT_MAX];

	(void)snprintf(service->reason, sizeof(service->reason),
		"healthy, and has to stay so for %s (hold-down)",
		duration_human(service->settings.hold_down, text));
}

static void explain_rising(struct service *service)
{
	switch (service->verdict.level) {
	case LEVEL_RISING:
		say_check(service, "is rising", "");
		return;
	case LEVEL_FALLING:
		say_check(service, "fails", "");
		return;
	case LEVEL_DEGRADED:
	case LEVEL_UP:
		say_hold_down(service);
		return;
	case LEVEL_DOWN:
	case LEVEL_INIT:
	case LEVEL_NEW:
	case LEVEL_UNKNOWN:
	case LEVELS:
		break;
	}
	say_check(service,
		culprit_of(service) != NULL && culprit_of(service)->trust == TRUST_STALE
			? "has no result yet since the address came back"
			: "has no result yet",
		"");
	service->evidence[0] = '\0';
}

static void explain_up(struct service *service)
{
	if (service->node_count == 0)
		say(service, "it has no checks");
	else if (service->verdict.level != LEVEL_UP)
		say_check(service, "is new and has no result yet", "");
	else if (service->settings.minimum_weight > 0)
		say_weight(service, "enough for");
	else
		say(service, "all checks are good");
	service->evidence[0] = '\0';
}

static void explain_degraded(struct service *service)
{
	const struct check_node *culprit = culprit_of(service);

	if (culprit != NULL && culprit->level == LEVEL_DEGRADED)
		say_check(service, "is degraded", "");
	else if (culprit != NULL && service->settings.minimum_weight == 0)
		say_check(service, "is not good, which only degrades", "");
	else
		say_weight(service, "below");
}

static void explain_falling(struct service *service)
{
	const struct check_node *culprit = culprit_of(service);

	if (culprit == NULL || !culprit->doubted) {
		say_check(service, "fails", "");
		return;
	}
	say_check(service, "", "");
	(void)snprintf(service->reason, sizeof(service->reason), "%s",
		service->brain->governor.reason);
}

/* What decides an `any` that is not good is its best child; what people ask for is the one that
 * went down last. */
static const struct check_node *latest_down(const struct service *service)
{
	const struct check_node *latest = NULL;

	for (size_t i = 0; i < service->node_count; i++) {
		const struct check_node *node = &service->nodes[i];

		if (node->kind == CHECK_KIND_LEAF && node->level == LEVEL_DOWN &&
			(latest == NULL ||
				instant_before(latest->level_since, node->level_since)))
			latest = node;
	}
	return latest;
}

static void explain_down(struct service *service)
{
	const struct check_node *culprit = culprit_of(service);

	if (culprit != NULL && culprit->level != LEVEL_DOWN && latest_down(service) != NULL)
		service->verdict.culprit = (size_t)(latest_down(service) - service->nodes);
	if (service->verdict.level == LEVEL_DOWN || latest_down(service) != NULL)
		say_check(service, "is down", "");
	else
		say_check(service, "is not good yet", "");
	if (service->settings.minimum_weight > 0)
		say_weight(service, "below");
}

static void explain_draining(struct service *service)
{
	(void)snprintf(service->reason, sizeof(service->reason), "drained%s%s",
		service->drain.reason[0] == '\0' ? "" : ": ", service->drain.reason);
}

static void explain_maintenance(struct service *service)
{
	say(service, "in maintenance by the configuration");
}

static void explain_held(struct service *service)
{
	(void)snprintf(service->reason, sizeof(service->reason),
		"healthy, but fell too often (%u since the start): held by flap damping",
		service->flaps);
}

static void explain_unknown(struct service *service)
{
	const struct check_node *culprit = culprit_of(service);

	if (service->brain->checker_lost)
		(void)snprintf(service->reason, sizeof(service->reason),
			"the checker is gone: %s", service->brain->checker_reason);
	else if (culprit != NULL && culprit->trust == TRUST_LOST)
		say_check(service, "has said nothing since the checker came back", "");
	else
		say_check(service, "cannot be run", "");
}

void service_explain(struct service *service, enum service_state state)
{
	static void (*const explain[SERVICE_STATES])(struct service * service) = {
		[SERVICE_INIT] = explain_init,
		[SERVICE_RISING] = explain_rising,
		[SERVICE_UP] = explain_up,
		[SERVICE_DEGRADED] = explain_degraded,
		[SERVICE_FALLING] = explain_falling,
		[SERVICE_DOWN] = explain_down,
		[SERVICE_DRAINING] = explain_draining,
		[SERVICE_MAINTENANCE] = explain_maintenance,
		[SERVICE_HELD] = explain_held,
		[SERVICE_UNKNOWN] = explain_unknown,
	};

	service->evidence[0] = '\0';
	explain[state](service);
}
