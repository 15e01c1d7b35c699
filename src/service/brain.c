/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The brain of a site: which services should be announced now, and why.
 *
 * Who announces an anycast address promises to answer. A promise kept too long loses queries at
 * one site; a promise broken everywhere at once takes the service off the Internet. So the two
 * mistakes are not alike, and this brain treats them differently:
 *
 *   What is certain is believed at once. When the kernel says that nobody listens, or refuses a
 *   connection, the service is down and withdrawn in the same call; rise, fall, thresholds and
 *   doubts are for what is not certain.
 *
 *   What is not known changes nothing. A checker that died, a probe that could not run, a check
 *   that a reload added: they are neither good nor bad. The last intent stands, for
 * unknown_hold at least, and longer unless the operator said withdraw.
 *
 *   What is unlikely is doubted first. If every check of several services fails in the same
 *   instant and no kernel says so, the checker is the likelier patient (governor.c).
 *
 *   Going is quick and coming back is slow. The first announcement after a start waits only for
 *   the checks to rise. Every later one also waits for hold_down, from the moment when the
 *   checks became good and stayed so, and one that fell too often waits for its penalty to
 *   decay (damping.c), though never for ever.
 *
 *   The address is there before the announcement and stays after it. It is put on the interface
 *   at the start, because the checks run against it. It leaves only in a drain or maintenance,
 *   address_delay after the withdrawal. Return goes the other way: address, then new words from
 *   the checks (what they said while the address was away counts for nothing), then announce.
 *
 *   Nothing is announced that was never seen to be good, unless it has no checks at all.
 *
 *   The operator's word stands above the checks': a drain or maintenance is never undone by a
 *   good result, and a failure during a drain only makes it end sooner.
 *
 * The layers, from the inside out:
 *
 *     tree.c      what the checks say together: one level on a ladder
 *     damping.c   may it come back yet?
 *     machine.c   health: a table of state and event
 *
 *             good          bad                     fall bad, or one conclusive
 *     init -> rising -> up <-> falling ------------------> down
 *       |       ^ ^     ^ |                                 |
 *       |       | |     | v                                 |
 *       |       | |  degraded                               |
 *       |       | +---- held <------ good, fell too often --+
 *       |       +-- good, or good but in hold-down ---------+
 *       +-- bad --> down
 *
 *     drain.c     over it: draining (a ladder of steps), maintenance, unknown
 *     machine.c   the intent, and what changed of it
 *     brain.c     this file: who is asked and told
 *     reason.c    why, in words;  view.c  looking in
 *
 * Invariants of the whole (the property test checks them at every step):
 *  1. An intent to announce includes the address.
 *  2. Nothing that is down, held, in maintenance or withdrawn by a drain is announced.
 *  3. The address stays for address_delay after the last announcement, at least.
 *  4. Every change has a reason.
 *  5. After a tick the next deadline is later than now; every hold ends.
 *  6. The same calls give the same answers: no clock, no chance, nothing global.
 */
#include "service/brain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "service/machine.h"

struct brain *brain_new(const struct brain_settings *settings, const struct brain_sink *sink)
{
	struct brain *brain = calloc(1, sizeof(*brain));

	if (brain == NULL)
		return NULL;
	brain->sink = *sink;
	governor_init(&brain->governor, settings);
	return brain;
}

static void service_free(struct service *service)
{
	if (service == NULL)
		return;
	heap_remove(&service->brain->timers, &service->timer);
	free(service->nodes);
	free(service);
}

void brain_free(struct brain *brain)
{
	if (brain == NULL)
		return;
	for (size_t i = 0; i < brain->service_count; i++)
		service_free(brain->services[i]);
	heap_clear(&brain->timers);
	free(brain);
}

static struct service *service_at(struct brain *brain, size_t service)
{
	return service < brain->service_count ? brain->services[service] : NULL;
}

static void update_all(struct brain *brain, struct instant now)
{
	for (size_t i = 0; i < brain->service_count; i++) {
		if (brain->services[i] != NULL)
			service_update(brain->services[i], now);
	}
}

void brain_change(
	struct brain *brain, const struct brain_settings *settings, struct instant now)
{
	brain->now = now;
	brain->governor.settings = *settings;
}

static struct service *service_new(struct brain *brain)
{
	struct service *service = calloc(1, sizeof(*service));

	if (service == NULL)
		return NULL;
	service->brain = brain;
	service->state = service->health = SERVICE_INIT;
	if (heap_set(&brain->timers, &service->timer, INSTANT_NEVER) != 0) {
		free(service);
		return NULL;
	}
	return service;
}

static struct check_node *node_find(
	struct service *service, const char *name, enum check_kind kind)
{
	for (size_t i = 0; i < service->node_count; i++) {
		if (service->nodes[i].kind == kind && strcmp(service->nodes[i].name, name) == 0)
			return &service->nodes[i];
	}
	return NULL;
}

/* All of it but what the settings say. */
static void node_carry(
	struct governor *governor, struct check_node *from, struct check_node *to)
{
	struct check_node settings = *to;

	*to = *from;
	list_init(&to->turned);
	to->parent = settings.parent;
	to->weight = settings.weight;
	to->degrades = settings.degrades;
	to->culprit = SIZE_MAX;
	governor_leaf_move(governor, from, to);
}

/* A check that is added to a running service changes nothing before its first result, and that
 * one has to be said twice if it is bad: a mistake in it is not to withdraw a site at once. */
static void node_begin(struct service *service, struct check_node *node)
{
	if (node->kind != CHECK_KIND_LEAF)
		return;
	if (service_announcing(service)) {
		node->trust = TRUST_NEW;
		node->confirm = true;
	}
	if (service->brain->checker_lost)
		node->trust = TRUST_LOST;
}

/* NULL: no memory, and nothing changed. */
static struct check_node *nodes_new(struct service *service,
	const struct brain_check_settings *checks, size_t count, struct instant now)
{
	struct governor *governor = &service->brain->governor;
	struct check_node *nodes = calloc(count > 0 ? count : 1, sizeof(*nodes));

	if (nodes == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		struct check_node *from = node_find(service, checks[i].name, checks[i].kind);

		tree_node_init(&nodes[i], &checks[i], now);
		nodes[i].member = &service->member;
		if (from != NULL)
			node_carry(governor, from, &nodes[i]);
		else
			node_begin(service, &nodes[i]);
	}
	return nodes;
}

static int service_change(struct service *service,
	const struct brain_service_settings *settings, struct instant now)
{
	bool was_blocked = service->settings.maintenance;
	struct check_node *nodes =
		nodes_new(service, settings->checks, settings->check_count, now);

	if (nodes == NULL)
		return ERROR_MEMORY;
	for (size_t i = 0; i < service->node_count; i++)
		governor_leaf_clear(&service->brain->governor, &service->nodes[i]);
	free(service->nodes);
	service->nodes = nodes;
	service->node_count = settings->check_count;
	service->leaf_count = 0;
	for (size_t i = 0; i < service->node_count; i++)
		service->leaf_count += nodes[i].kind == CHECK_KIND_LEAF;
	service->settings = *settings;
	service->settings.checks = NULL;
	if (was_blocked && !service_blocked(service))
		service_return(service);
	return 0;
}

/* The lowest free index, or SIZE_MAX. */
static size_t index_free(const struct brain *brain)
{
	for (size_t i = 0; i < brain->service_count; i++) {
		if (brain->services[i] == NULL)
			return i;
	}
	return brain->service_count < BRAIN_SERVICES_MAX ? brain->service_count : SIZE_MAX;
}

static int service_add(struct brain *brain, const struct brain_service_settings *settings,
	struct instant now, size_t *ret_index)
{
	size_t index = index_free(brain);
	struct service *service;
	int error;

	if (index == SIZE_MAX)
		return ERROR_FULL;
	service = service_new(brain);
	if (service == NULL)
		return ERROR_MEMORY;
	service->index = index;
	error = service_change(service, settings, now);
	if (error != 0) {
		service_free(service);
		return error;
	}
	brain->services[index] = service;
	if (index == brain->service_count)
		brain->service_count++;
	*ret_index = index;
	service_begin(service, now);
	return 0;
}

int brain_service_set(struct brain *brain, const struct brain_service_settings *settings,
	struct instant now, size_t *ret_index)
{
	size_t index = brain_service_find(brain, settings->name);
	int error = tree_check(settings->checks, settings->check_count);

	brain->now = now;
	if (error != 0)
		return error;
	if (index == SIZE_MAX)
		return service_add(brain, settings, now, ret_index);
	error = service_change(brain->services[index], settings, now);
	if (error != 0)
		return error;
	*ret_index = index;
	service_update(brain->services[index], now);
	return 0;
}

int brain_service_remove(struct brain *brain, size_t index, struct instant now)
{
	struct service *service = service_at(brain, index);
	const struct intent nothing = { 0 };
	bool drained;

	brain->now = now;
	if (service == NULL)
		return ERROR_NOT_FOUND;
	drained = service->drain.step != DRAIN_NONE;
	for (size_t i = 0; i < service->node_count; i++)
		governor_leaf_clear(&brain->governor, &service->nodes[i]);
	governor_member_set(&brain->governor, &service->member, 0, false);
	brain->services[index] = NULL;
	brain->sink.intent(
		brain->sink.context, index, &nothing, "removed from the configuration");
	service_free(service);
	if (drained)
		brain->sink.persist(brain->sink.context);
	return 0;
}

static void suspicion_advance(struct brain *brain, struct instant now)
{
	enum governor_end end = governor_advance(&brain->governor, now);

	if (end == GOVERNOR_GOES_ON)
		return;
	update_all(brain, now);
	brain->sink.suspect(brain->sink.context, false,
		end == GOVERNOR_RECOVERED
			? "what failed at once is good again: it was the checker"
			: "what failed at once is still bad after a while: it is believed");
}

/* The governor hears of every word: good and conclusive ones clear a doubt. */
static void governor_hear(
	struct brain *brain, struct check_node *leaf, bool was_good, struct instant now)
{
	bool good = leaf->state == CHECK_STATE_UP || leaf->state == CHECK_STATE_DEGRADED;

	if (good || (leaf_is_bad(leaf) && leaf->conclusive))
		governor_leaf_clear(&brain->governor, leaf);
	else if (was_good && leaf_is_bad(leaf) && leaf->member->healthy &&
		 governor_leaf_turned(&brain->governor, leaf, now))
		brain->sink.suspect(brain->sink.context, true, brain->governor.reason);
	if (!leaf->doubted)
		leaf_believe(leaf);
}

void brain_check(struct brain *brain, size_t index, size_t check, enum check_state state,
	bool conclusive, const char *evidence, struct instant now)
{
	struct service *service = service_at(brain, index);
	struct check_node *leaf;
	bool was_good;

	brain->now = now;
	if (service == NULL || check >= service->node_count ||
		service->nodes[check].kind != CHECK_KIND_LEAF)
		return;
	leaf = &service->nodes[check];
	was_good = leaf_was_good(leaf) && !leaf_is_bad(leaf);
	leaf_word(leaf, state, conclusive, evidence, now);
	governor_hear(brain, leaf, was_good, now);
	service_update(service, now);
	suspicion_advance(brain, now);
}

static void leaves_lose(struct service *service)
{
	for (size_t i = 0; i < service->node_count; i++) {
		service->nodes[i].trust = TRUST_LOST;
		service->nodes[i].words_left = 0;
	}
}

void brain_checker_lost(struct brain *brain, const char *reason, struct instant now)
{
	brain->now = now;
	if (brain->checker_lost)
		return;
	brain->checker_lost = true;
	(void)snprintf(brain->checker_reason, sizeof(brain->checker_reason), "%s", reason);
	for (size_t i = 0; i < brain->service_count; i++) {
		if (brain->services[i] != NULL)
			leaves_lose(brain->services[i]);
	}
	update_all(brain, now);
}

/* Each leaf stays unknown until its first word, and the tree waits for those that matter. */
void brain_checker_back(struct brain *brain, struct instant now)
{
	brain->now = now;
	if (!brain->checker_lost)
		return;
	brain->checker_lost = false;
	for (size_t i = 0; i < brain->service_count; i++) {
		struct service *service = brain->services[i];

		for (size_t j = 0; service != NULL && j < service->node_count; j++) {
			service->nodes[j].words_left = 1;
			service->nodes[j].confirm = service_announcing(service);
		}
	}
	update_all(brain, now);
}

int brain_drain(struct brain *brain, size_t index, const char *reason, struct instant now)
{
	struct service *service = service_at(brain, index);

	brain->now = now;
	if (service == NULL)
		return ERROR_NOT_FOUND;
	if (service->drain.step != DRAIN_NONE)
		return ERROR_STATE;
	drain_begin(&service->drain, &service->settings, service->intent.announce, reason, now);
	service_update(service, now);
	brain->sink.persist(brain->sink.context);
	return 0;
}

int brain_drain_restore(struct brain *brain, size_t index, const char *reason,
	struct instant begun, struct instant now)
{
	struct service *service = service_at(brain, index);

	brain->now = now;
	if (service == NULL)
		return ERROR_NOT_FOUND;
	if (service->drain.step != DRAIN_NONE)
		return ERROR_STATE;
	drain_restore(&service->drain, reason, begun, now);
	service_update(service, now);
	return 0;
}

int brain_undrain(struct brain *brain, size_t index, struct instant now)
{
	struct service *service = service_at(brain, index);
	bool was_withdrawn;

	brain->now = now;
	if (service == NULL)
		return ERROR_NOT_FOUND;
	if (service->drain.step == DRAIN_NONE)
		return ERROR_STATE;
	was_withdrawn = drain_withdrawn(&service->drain);
	service->drain = (struct drain){ .step = DRAIN_NONE };
	if (was_withdrawn && !service_blocked(service))
		service_return(service);
	service_update(service, now);
	brain->sink.persist(brain->sink.context);
	return 0;
}

/* Each update moves the service's timer past now, so every service is met once; the count only
 * makes sure that a mistake here cannot hang the process. */
void brain_tick(struct brain *brain, struct instant now)
{
	size_t left = brain->service_count + 1;

	brain->now = now;
	suspicion_advance(brain, now);
	while (left-- > 0) {
		struct heap_node *first = heap_first(&brain->timers);

		if (first == NULL || !instant_reached(first->when, now))
			break;
		service_update(container_of(first, struct service, timer), now);
	}
}

struct instant brain_deadline(const struct brain *brain)
{
	struct heap_node *first = heap_first(&brain->timers);
	struct instant deadline = first == NULL ? INSTANT_NEVER : first->when;

	if (brain->governor.suspected)
		deadline = instant_earlier(deadline, brain->governor.until);
	return deadline;
}
