/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the configuration to targets, and from targets' results to checks' states.
 *
 * 1. check_index counts groups and leaves depth first in the order of writing; groups have no
 *    entry in the list, main's brain combines them.
 * 2. A list is either complete or not made.
 */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "daemon/probe/check_list.h"
#include "daemon/probe/check_type.h"

#define CROWD \
	32 /* as many first probes at once do no harm; more are spread over the interval */

/* Names are the operator's own: nobody aims at a bucket. */
static const struct hash_seed seed = { 0x6e656172u, 0x63617374u };

static void target_reported(void *context, struct target *target);
static void target_stirred(void *context, struct target *target);

static const struct target_events target_events = {
	.result = target_reported,
	.stirred = target_stirred,
};

static uint64_t name_hash(const char *service, const char *check)
{
	return hash_bytes(&seed, service, strlen(service)) ^
	       (hash_bytes(&seed, check, strlen(check)) << 1);
}

static const struct check *check_find(
	const struct check_list *list, const char *service, const char *name)
{
	struct hash_node *node = hash_first(&list->by_name, name_hash(service, name));

	for (; node != NULL; node = hash_next(node)) {
		const struct check *check = container_of(node, struct check, node);

		if (strcmp(check->service->name, service) == 0 &&
			strcmp(check->settings->name, name) == 0)
			return check;
	}
	return NULL;
}

static void check_free(struct check *check)
{
	for (size_t i = 0; i < check->target_count; i++)
		target_free(check->targets[i]);
	free(check);
}

/* The addresses that a check looks at. */
static size_t addresses_of(const struct config_service *service,
	const struct config_check *settings, const struct address **ret_addresses)
{
	if (settings->type == CHECK_ICMP && settings->icmp.target.family != FAMILY_NONE) {
		*ret_addresses = &settings->icmp.target;
		return 1;
	}
	if (settings->address.family != FAMILY_NONE) {
		*ret_addresses = &settings->address;
		return 1;
	}
	*ret_addresses = service->addresses;
	return service->address_count;
}

static struct check *check_new(struct check_list *list, const struct config_service *service,
	const struct config_check *settings)
{
	const struct address *addresses;
	size_t count = addresses_of(service, settings, &addresses);
	struct check *check = calloc(1, sizeof(*check) + count * sizeof(check->targets[0]));

	if (check == NULL)
		return NULL;
	check->list = list;
	check->service = service;
	check->settings = settings;
	for (size_t i = 0; i < count; i++) {
		check->targets[i] = target_new(
			list->tools, service, settings, &addresses[i], &target_events, check);
		if (check->targets[i] == NULL) {
			check_free(check);
			return NULL;
		}
		check->target_count++;
	}
	return check;
}

static int list_append_check(struct check_list *list, struct check *check)
{
	if (list->count == list->room) {
		size_t room = list->room == 0 ? 16 : list->room * 2;
		struct check **grown = reallocarray(list->checks, room, sizeof(*grown));

		if (grown == NULL)
			return ERROR_MEMORY;
		list->checks = grown;
		list->room = room;
	}
	if (hash_insert(&list->by_name, &check->node,
		    name_hash(check->service->name, check->settings->name)) != 0)
		return ERROR_MEMORY;
	list->checks[list->count++] = check;
	return 0;
}

/* Depth first; *index is the next flattened index. */
static int service_expand(struct check_list *list, const struct config_service *service,
	uint32_t service_index, const struct config_check *checks, size_t count,
	uint32_t *index)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t own = (*index)++;
		struct check *check;

		if (checks[i].type == CHECK_ALL || checks[i].type == CHECK_ANY) {
			if (service_expand(list, service, service_index,
				    checks[i].group.children, checks[i].group.child_count,
				    index) != 0)
				return ERROR_MEMORY;
			continue;
		}
		check = check_new(list, service, &checks[i]);
		if (check == NULL)
			return ERROR_MEMORY;
		check->service_index = service_index;
		check->check_index = own;
		if (list_append_check(list, check) != 0) {
			check_free(check);
			return ERROR_MEMORY;
		}
	}
	return 0;
}

static const struct target *target_find(
	const struct check *check, const struct address *address)
{
	for (size_t i = 0; i < check->target_count; i++) {
		if (address_equal(&check->targets[i]->address, address))
			return check->targets[i];
	}
	return NULL;
}

static void check_begin(struct check *check, const struct check_list *earlier_list,
	struct instant now, struct duration phase)
{
	const struct check *earlier =
		earlier_list == NULL
			? NULL
			: check_find(earlier_list, check->service->name, check->settings->name);

	if (earlier != NULL) {
		check->probes = earlier->probes;
		check->failures = earlier->failures;
		check->news = true;
	}
	for (size_t i = 0; i < check->target_count; i++) {
		struct target *target = check->targets[i];
		const struct target *old =
			earlier == NULL ? NULL : target_find(earlier, &target->address);

		if (old == NULL)
			target_begin(target, now, phase);
		else
			target_inherit(target, old, now, phase);
		if (old != NULL && earlier->latest == old)
			check->latest = target;
	}
}

struct check_list *check_list_new(struct probe_tools *tools, const struct config *config,
	const struct check_list *earlier, void (*changed)(void *context, struct check *check),
	void *context, struct instant now)
{
	struct check_list *list = calloc(1, sizeof(*list));

	if (list == NULL)
		return NULL;
	list->tools = tools;
	list->changed = changed;
	list->context = context;
	for (size_t i = 0; i < config->service_count; i++) {
		const struct config_service *service = &config->services[i];
		uint32_t index = 0;

		if (service_expand(list, service, (uint32_t)i, service->checks,
			    service->check_count, &index) != 0) {
			check_list_free(list);
			return NULL;
		}
	}
	for (size_t i = 0; i < list->count; i++) {
		struct duration phase = { list->count <= CROWD
						  ? 0
						  : list->checks[i]->settings->interval.ns /
							    (int64_t)list->count * (int64_t)i };

		check_begin(list->checks[i], earlier, now, phase);
	}
	return list;
}

void check_list_free(struct check_list *list)
{
	if (list == NULL)
		return;
	hash_table_clear(&list->by_name);
	for (size_t i = 0; i < list->count; i++)
		check_free(list->checks[i]);
	free(list->checks);
	free(list);
}

static void check_hurry(struct check *check, struct instant now)
{
	for (size_t i = 0; i < check->target_count; i++)
		target_hurry(check->targets[i], now);
}

void check_list_hurry(struct check_list *list, struct instant now)
{
	for (size_t i = 0; i < list->count; i++)
		check_hurry(list->checks[i], now);
}

void check_list_hurry_sockets(struct check_list *list, uint16_t port, struct instant now)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct config_check *settings = list->checks[i]->settings;

		if (settings->type == CHECK_SOCKET &&
			(port == 0 || settings->socket.port == port))
			check_hurry(list->checks[i], now);
	}
}

void check_list_watch(const struct check_list *list, struct socket_diag_watch *ret_watch)
{
	*ret_watch = (struct socket_diag_watch){ 0 };
	for (size_t i = 0; i < list->count; i++) {
		const struct config_check *settings = list->checks[i]->settings;

		if (settings->type == CHECK_SOCKET)
			socket_diag_watch_add(ret_watch, settings->socket.port,
				settings->socket.protocol == PROTOCOL_TCP ? SOCKET_TCP
									  : SOCKET_UDP);
	}
}

/*
 * From the worst on. What still counts as down (INIT, RISING) is worse than not knowing, which
 * is worse than what counts as up; FALLING stands for the settled state that it may leave, so
 * that a degraded neighbour must not be hidden by it.
 */
static unsigned badness(enum check_state state)
{
	static const unsigned char ranks[] = {
		[CHECK_STATE_DOWN] = 6,
		[CHECK_STATE_INIT] = 5,
		[CHECK_STATE_RISING] = 4,
		[CHECK_STATE_UNKNOWN] = 3,
		[CHECK_STATE_DEGRADED] = 2,
		[CHECK_STATE_FALLING] = 1,
		[CHECK_STATE_UP] = 0,
	};

	return ranks[state];
}

const struct target *check_worst(const struct check *check)
{
	const struct target *worst = check->latest;

	for (size_t i = 0; i < check->target_count; i++) {
		const struct target *target = check->targets[i];

		if (worst == NULL ||
			badness(target->machine.state) > badness(worst->machine.state))
			worst = target;
	}
	return worst;
}

/* A check that was good fails and nothing is certain yet: look at all others now, so that a
 * cause that they share shows before anything is believed (the brain's panic threshold). */
static void others_hurry(struct check *check, struct instant now)
{
	struct check_list *list = check->list;

	if (instant_before(now, list->all_hurried_until))
		return;
	list->all_hurried_until = instant_add(now, duration_seconds(1));
	for (size_t i = 0; i < list->count; i++)
		if (list->checks[i] != check)
			check_hurry(list->checks[i], now);
}

static bool first_doubt(const struct check *check, const struct target *worst)
{
	return worst->machine.state == CHECK_STATE_FALLING && !worst->conclusive &&
	       (check->told_state == CHECK_STATE_UP ||
		       check->told_state == CHECK_STATE_DEGRADED);
}

static void target_reported(void *context, struct target *target)
{
	struct check *check = context;
	const struct target *worst;

	check->probes++;
	check->failures += target->outcome == OUTCOME_BAD;
	check->latest = target;
	check->news = true;
	worst = check_worst(check);
	if (worst->machine.state == check->told_state &&
		worst->conclusive == check->told_conclusive)
		return;
	if (first_doubt(check, worst))
		others_hurry(check, target->ended);
	check->changed = true;
	check->list->changed(check->list->context, check);
}

/* The checks of one service are neighbours in the list. */
static void target_stirred(void *context, struct target *target)
{
	struct check *check = context;
	struct check_list *list = check->list;
	struct instant now = target->started;

	for (size_t i = 0; i < list->count; i++) {
		if (list->checks[i]->service == check->service && list->checks[i] != check)
			check_hurry(list->checks[i], now);
	}
}
