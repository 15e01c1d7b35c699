/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the configuration's words to the brain's.
 *
 * Invariant: the flattened list has the order of RECORD_CHECK_REPORT's indexes: depth first,
 * groups included, in order of writing; so a parent always stands before its children.
 */
#include "daemon/main/settings.h"

#include <stdio.h>

#include "base/error.h"

struct flat {
	const struct config_check *checks[BRAIN_CHECKS_MAX];
	int parents[BRAIN_CHECKS_MAX];
	size_t count;
};

static int flatten(
	struct flat *flat, const struct config_check *checks, size_t count, int parent)
{
	for (size_t i = 0; i < count; i++) {
		int own = (int)flat->count;
		int r = 0;

		if (flat->count == BRAIN_CHECKS_MAX)
			return ERROR_FULL;
		flat->checks[flat->count] = &checks[i];
		flat->parents[flat->count++] = parent;
		if (checks[i].type == CHECK_ALL || checks[i].type == CHECK_ANY)
			r = flatten(flat, checks[i].group.children, checks[i].group.child_count,
				own);
		if (r != 0)
			return r;
	}
	return 0;
}

size_t settings_checks(const struct config_service *service,
	const struct config_check *checks[BRAIN_CHECKS_MAX])
{
	struct flat flat = { .count = 0 };

	(void)flatten(&flat, service->checks, service->check_count, -1);
	for (size_t i = 0; i < flat.count; i++)
		checks[i] = flat.checks[i];
	return flat.count;
}

static enum brain_after after_of(enum config_after after)
{
	return after == AFTER_WITHDRAW ? BRAIN_AFTER_WITHDRAW : BRAIN_AFTER_KEEP;
}

static enum check_kind kind_of(enum config_check_type type)
{
	return type == CHECK_ALL   ? CHECK_KIND_ALL
	       : type == CHECK_ANY ? CHECK_KIND_ANY
				   : CHECK_KIND_LEAF;
}

void settings_brain(const struct config *config, struct brain_settings *ret_settings)
{
	*ret_settings = (struct brain_settings){
		.panic_threshold_percent = config->panic_threshold_percent,
		.panic_window = config->panic_window,
		.panic_hold = config->panic_hold,
	};
}

static void settings_fill(
	const struct config_service *service, struct brain_service_settings *ret_settings)
{
	*ret_settings = (struct brain_service_settings){
		.minimum_weight = service->minimum_weight,
		.degraded_weight = service->degraded_weight,
		.maintenance = service->maintenance,
		.degraded_withdraw = service->degraded_withdraw,
		.hold_down = service->hold_down,
		.address_delay = service->address_delay,
		.unknown_hold = service->unknown_hold,
		.unknown_after = after_of(service->unknown_after),
		.damping = service->damping.enabled,
		.penalty = service->damping.penalty,
		.suppress = service->damping.suppress,
		.reuse = service->damping.reuse,
		.half_life = service->damping.half_life,
		.suppress_maximum = service->damping.maximum,
		.drain_graceful = service->drain.graceful_shutdown,
		.drain_graceful_time = service->drain.graceful_time,
		.drain_prepend = service->drain.prepend,
		.drain_prepend_time = service->drain.prepend_time,
		.drain_wait = service->drain.wait,
	};
	snprintf(ret_settings->name, sizeof(ret_settings->name), "%s", service->name);
}

int settings_service(const struct config_service *service,
	struct brain_check_settings checks[BRAIN_CHECKS_MAX],
	struct brain_service_settings *ret_settings)
{
	struct flat flat = { .count = 0 };
	int r = flatten(&flat, service->checks, service->check_count, -1);

	if (r != 0)
		return r;
	for (size_t i = 0; i < flat.count; i++) {
		const struct config_check *check = flat.checks[i];

		checks[i] = (struct brain_check_settings){
			.kind = kind_of(check->type),
			.parent = flat.parents[i],
			.weight = check->weight,
			.degrades = check->degrades,
		};
		snprintf(checks[i].name, sizeof(checks[i].name), "%s", check->name);
	}
	settings_fill(service, ret_settings);
	ret_settings->checks = checks;
	ret_settings->check_count = flat.count;
	return 0;
}
