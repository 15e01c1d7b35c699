/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The speaker: its neighbours, its timers, its verbs.
 *
 * Invariants:
 *  1. A timer is in the heap exactly while it runs; firing takes it out first.
 *  2. speaker_tick leaves no timer at or before `now`; of other work it does one bounded piece.
 */
#include "route/speaker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "route/speaker_internal.h"

/* wire/bgp_update.h: at most 16 bytes a message byte, and rounding. */
#define SCRATCH_MAX (16u * BGP_EXTENDED_MESSAGE_MAX + 65536u)
/* Its own three, and three of each connection. */
/* Its own, its connections', and the one of a group, of which there are no more than
 * neighbours. */
#define TIMERS_PER_NEIGHBOR (4 + 3 * CONNECTION_DIRECTIONS + 1)

void timer_start(struct speaker *speaker, struct timer *timer, struct instant when)
{
	/* Cannot fail: speaker_neighbor_add has reserved room for every timer. */
	(void)heap_set(&speaker->timers, &timer->node, when);
}

void timer_stop(struct speaker *speaker, struct timer *timer)
{
	heap_remove(&speaker->timers, &timer->node);
}

bool timer_running(const struct timer *timer)
{
	return timer->node.position != 0;
}

struct duration jittered(struct speaker *speaker, struct duration d)
{
	int64_t quarter = d.ns / 4;

	d.ns -= quarter / 1024 * (int64_t)random_below(&speaker->random, 1025);
	return d;
}

uint64_t prefix_hash(const struct speaker *speaker, const struct prefix *prefix)
{
	return hash_bytes(&speaker->seed, prefix, sizeof(*prefix));
}

void neighbor_event(struct neighbor *neighbor, struct speaker_event event)
{
	const struct speaker_sink *sink = &neighbor->speaker->sink;

	event.neighbor = neighbor;
	sink->event(sink->context, &event);
}

void speaker_watch(struct speaker *speaker, speaker_update_function *update, void *context)
{
	speaker->watch = update;
	speaker->watch_context = context;
}

void speaker_watch_best(struct speaker *speaker, speaker_best_function *changed, void *context)
{
	speaker->watch_best = changed;
	speaker->watch_best_context = context;
}

void speaker_decision_set(struct speaker *speaker, const struct decision_settings *decision)
{
	struct decision_settings *s = &speaker->settings.decision;

	if (s->med == decision->med && s->missing_med_worst == decision->missing_med_worst &&
		s->prefer_oldest == decision->prefer_oldest &&
		s->ignore_path_length == decision->ignore_path_length &&
		s->multipath == decision->multipath &&
		s->multipath_ebgp == decision->multipath_ebgp &&
		s->multipath_ibgp == decision->multipath_ibgp)
		return;
	*s = *decision;
	best_review(speaker);
}

static int tables_init(struct speaker *speaker)
{
	static const enum family families[] = {
		[BGP_IPV4_UNICAST] = FAMILY_IPV4,
		[BGP_IPV6_UNICAST] = FAMILY_IPV6,
		/* Of rules there are numbers: route/flow.h. */
		[BGP_IPV4_FLOWSPEC] = FAMILY_IPV4,
		[BGP_IPV6_FLOWSPEC] = FAMILY_IPV4,
	};
	int r = 0;

	attribute_store_init(&speaker->store, &speaker->seed);
	for (int f = 0; r == 0 && f < BGP_FAMILY_COUNT; f++)
		r = rib_init(&speaker->ribs[f], families[f], &speaker->store, &speaker->seed);
	if (r == 0 && source_new(speaker, NULL) == NULL)
		r = ERROR_MEMORY;
	return r;
}

struct speaker *speaker_new(
	const struct speaker_settings *settings, const struct speaker_sink *sink)
{
	struct speaker *speaker = calloc(1, sizeof(*speaker));

	if (speaker == NULL)
		return NULL;
	speaker->settings = *settings;
	if (settings->hostname != NULL)
		snprintf(
			speaker->hostname, sizeof(speaker->hostname), "%s", settings->hostname);
	speaker->settings.hostname = speaker->hostname;
	speaker->sink = *sink;
	speaker->random.state = settings->seed;
	speaker->seed.low = random_u64(&speaker->random);
	speaker->seed.high = random_u64(&speaker->random);
	speaker->scratch.limit = speaker->filter_scratch.limit = SCRATCH_MAX;
	speaker->flow_scratch.limit = SCRATCH_MAX;
	list_init(&speaker->neighbors);
	list_init(&speaker->groups);
	if (tables_init(speaker) == 0)
		return speaker;
	speaker_free(speaker);
	return NULL;
}

/* ---- Neighbours. ---- */

static bool arrays_copy(struct neighbor *neighbor, const struct neighbor_settings *settings)
{
	uint32_t *communities = malloc(settings->community_count * sizeof(*communities) + 1);
	struct bgp_large_community *large =
		malloc(settings->large_community_count * sizeof(*large) + 1);
	uint64_t *extended = malloc(settings->extended_community_count * sizeof(*extended) + 1);

	if (communities == NULL || large == NULL || extended == NULL) {
		free(communities);
		free(large);
		free(extended);
		return false;
	}
	for (size_t i = 0; i < settings->community_count; i++)
		communities[i] = settings->communities[i];
	for (size_t i = 0; i < settings->large_community_count; i++)
		large[i] = settings->large_communities[i];
	for (size_t i = 0; i < settings->extended_community_count; i++)
		extended[i] = settings->extended_communities[i];
	free(neighbor->communities);
	free(neighbor->large_communities);
	free(neighbor->extended_communities);
	neighbor->communities = communities;
	neighbor->large_communities = large;
	neighbor->extended_communities = extended;
	return true;
}

/* Hold the new before the old are released: they may be the same. */
static void policies_take(
	const struct neighbor_settings *old, const struct neighbor_settings *new)
{
	if (new->import_policy != NULL)
		policy_hold(new->import_policy);
	if (new->export_policy != NULL)
		policy_hold(new->export_policy);
	policy_release(old->import_policy);
	policy_release(old->export_policy);
}

static bool settings_take(struct neighbor *neighbor, const struct neighbor_settings *settings)
{
	if (!arrays_copy(neighbor, settings))
		return false;
	policies_take(&neighbor->settings, settings);
	neighbor->settings = *settings;
	neighbor->settings.communities = neighbor->communities;
	neighbor->settings.large_communities = neighbor->large_communities;
	neighbor->settings.extended_communities = neighbor->extended_communities;
	neighbor->ibgp = settings->asn == settings->local_asn;
	return true;
}

static void neighbor_arrays_free(struct neighbor *neighbor)
{
	if (neighbor == NULL)
		return;
	policies_take(&neighbor->settings, &(struct neighbor_settings){ 0 });
	free(neighbor->communities);
	free(neighbor->large_communities);
	free(neighbor->extended_communities);
}

struct neighbor *speaker_neighbor_add(
	struct speaker *speaker, const struct neighbor_settings *settings, struct instant now)
{
	struct neighbor *neighbor;

	if (speaker->neighbor_count >= NEIGHBORS_MAX)
		return NULL;
	neighbor = calloc(1, sizeof(*neighbor));
	if (neighbor == NULL || !settings_take(neighbor, settings) ||
		heap_reserve(&speaker->timers,
			(speaker->neighbor_count + 1) * TIMERS_PER_NEIGHBOR) != 0 ||
		(neighbor->source = source_new(speaker, neighbor)) == NULL) {
		neighbor_arrays_free(neighbor);
		free(neighbor);
		return NULL;
	}
	neighbor->speaker = speaker;
	neighbor->admin_down = settings->shutdown;
	neighbor->state_since = neighbor->added_at = now;
	neighbor->received.role = neighbor->agreed.role = BGP_ROLE_NONE;
	for (int d = 0; d < CONNECTION_DIRECTIONS; d++)
		connection_init(
			&neighbor->connections[d], neighbor, (enum connection_direction)d);
	session_timers_init(neighbor);
	list_append(&speaker->neighbors, &neighbor->link);
	speaker->neighbor_count++;
	session_start(neighbor, now);
	return neighbor;
}

static void neighbor_free(struct neighbor *neighbor)
{
	struct speaker *speaker = neighbor->speaker;

	list_remove(&neighbor->link);
	speaker->neighbor_count--;
	for (int d = 0; d < CONNECTION_DIRECTIONS; d++) {
		struct connection *connection = &neighbor->connections[d];

		timer_stop(speaker, &connection->hold);
		timer_stop(speaker, &connection->keepalive);
		timer_stop(speaker, &connection->send_hold);
		free(connection->input);
	}
	timer_stop(speaker, &neighbor->connect_retry);
	timer_stop(speaker, &neighbor->idle_hold);
	timer_stop(speaker, &neighbor->restart_timer);
	timer_stop(speaker, &neighbor->long_lived_timer);
	group_leave(neighbor);
	source_leave(speaker, neighbor->source);
	local_rib_forget(speaker, neighbor);
	neighbor_arrays_free(neighbor);
	free(neighbor);
}

void speaker_free(struct speaker *speaker)
{
	if (speaker == NULL)
		return;
	list_for_each_safe(node, &speaker->neighbors)
		neighbor_free(container_of(node, struct neighbor, link));
	groups_free(speaker);
	local_rib_free(speaker);
	sources_free(speaker);
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		rib_clear(&speaker->ribs[f]);
	attribute_store_clear(&speaker->store);
	heap_clear(&speaker->timers);
	arena_clear(&speaker->scratch);
	arena_clear(&speaker->flow_scratch);
	flow_free(speaker);
	arena_clear(&speaker->filter_scratch);
	free(speaker);
}

/* A Cease ends whatever is under way; the neighbour stays in Idle. */
static void cease(struct neighbor *neighbor, enum bgp_cease_error subcode, const char *text,
	const char *reason, bool hard, struct instant now)
{
	struct ending ending = { .fault = { .code = BGP_ERROR_CEASE,
					 .subcode = (uint8_t)subcode },
		.text = text,
		.reason = reason,
		.hard = hard };

	if (neighbor->state != SESSION_IDLE)
		session_end(neighbor, &ending, now);
	timer_stop(neighbor->speaker, &neighbor->idle_hold);
}

void speaker_neighbor_remove(
	struct speaker *speaker, struct neighbor *neighbor, struct instant now)
{
	(void)speaker;
	neighbor->removed = true;
	cease(neighbor, BGP_CEASE_PEER_DECONFIGURED, NULL, "no longer configured", true, now);
	neighbor_free(neighbor);
}

/* Who the neighbour is, or we are for it: routes of the one are not those of the other. */
static bool identity_differs(
	const struct neighbor_settings *old, const struct neighbor_settings *new)
{
	return !address_equal(&old->address, &new->address) ||
	       strcmp(old->interface, new->interface) != 0 || old->asn != new->asn ||
	       old->local_asn != new->local_asn || old->role != new->role ||
	       old->route_reflector_client != new->route_reflector_client ||
	       old->cluster_id != new->cluster_id ||
	       old->route_server_client != new->route_server_client;
}

/* What was told to the neighbour in the OPEN. */
static bool offer_differs(
	const struct neighbor_settings *old, const struct neighbor_settings *new)
{
	return old->role_strict != new->role_strict ||
	       memcmp(old->families, new->families, sizeof(old->families)) != 0 ||
	       old->capabilities != new->capabilities ||
	       old->extended_next_hop != new->extended_next_hop ||
	       old->extended_message != new->extended_message ||
	       memcmp(old->add_path, new->add_path, sizeof(old->add_path)) != 0 ||
	       old->hold_time.ns != new->hold_time.ns ||
	       old->keepalive.ns != new->keepalive.ns ||
	       old->graceful_restart != new->graceful_restart ||
	       old->restart_preserve != new->restart_preserve ||
	       old->restart_time_s != new->restart_time_s ||
	       old->long_lived_time.ns != new->long_lived_time.ns;
}

static void import_changed(struct neighbor *neighbor, struct instant now)
{
	for (int f = 0; f < BGP_FAMILY_COUNT; f++)
		if (!neighbor->settings.import)
			source_drop(neighbor->speaker, neighbor->source, (enum bgp_family)f);
		else
			(void)speaker_neighbor_refresh(
				neighbor->speaker, neighbor, (enum bgp_family)f, now);
}

/* Nothing was running: what was wrong may be right now. */
static void settings_retry(struct neighbor *neighbor, struct instant now)
{
	neighbor->failures = 0;
	session_start(neighbor, now);
}

/* Whoever hears its routes asks what the neighbour is to us (export.c, policies). */
static void relation_changed(struct neighbor *neighbor)
{
	filter_review(neighbor);
	list_for_each(node, &neighbor->speaker->groups)
		group_review(container_of(node, struct group, link));
}

/* New settings that need no new session. */
static void settings_apply(struct neighbor *neighbor, struct instant now)
{
	if (group_rejoin(neighbor) != 0) {
		cease(neighbor, BGP_CEASE_OUT_OF_RESOURCES, NULL, "out of memory", false, now);
		session_start(neighbor, now);
		return;
	}
	groups_wake(neighbor->speaker);
	if (neighbor->live == NULL)
		return;
	if (member_pending(neighbor, GROUP_LOOK_WAKE))
		connection_wake(neighbor->live);
	(void)message_limit_check(neighbor->live, now);
}

bool speaker_neighbor_change(struct speaker *speaker, struct neighbor *neighbor,
	const struct neighbor_settings *settings, struct instant now)
{
	bool running = neighbor->state != SESSION_IDLE;
	bool identity = identity_differs(&neighbor->settings, settings);
	bool offer = offer_differs(&neighbor->settings, settings);
	bool import =
		neighbor->settings.import != settings->import ||
		neighbor->settings.first_as_any != settings->first_as_any ||
		neighbor->settings.maximum_path_length != settings->maximum_path_length ||
		neighbor->settings.maximum_communities != settings->maximum_communities ||
		neighbor->settings.maximum_attribute_bytes != settings->maximum_attribute_bytes;
	bool policy = neighbor->settings.import_policy != settings->import_policy;
	bool strict = neighbor->settings.path_strict != settings->path_strict;
	bool limit = neighbor->settings.maximum_prefixes != settings->maximum_prefixes;
	bool was_shutdown = neighbor->settings.shutdown;
	enum policy_relation relation = filter_relation(neighbor);

	if (!settings_take(neighbor, settings))
		return false;
	/* Felt by what it said also when it is away and its routes are kept. */
	if (import)
		import_changed(neighbor, now);
	if (policy)
		filter_review(neighbor);
	if (filter_relation(neighbor) != relation)
		relation_changed(neighbor);
	if (settings->shutdown && !was_shutdown && !neighbor->admin_down) {
		speaker_neighbor_shutdown(speaker, neighbor, "", now);
		return running;
	}
	if (was_shutdown && !settings->shutdown && neighbor->admin_down) {
		speaker_neighbor_enable(speaker, neighbor, now);
		return false;
	}
	if (running && (identity || offer)) {
		cease(neighbor, BGP_CEASE_CONFIG_CHANGE, NULL, "configuration changed",
			identity, now);
		session_start(neighbor, now);
	} else if (running) {
		settings_apply(neighbor, now);
	} else if (identity || offer || limit || strict) {
		settings_retry(neighbor, now);
	}
	if (identity)
		restart_drop(neighbor);
	return running && (identity || offer);
}

void speaker_neighbor_policies(struct speaker *speaker, struct neighbor *neighbor,
	struct policy *import_policy, struct policy *export_policy, uint64_t *rule_counters,
	struct instant now)
{
	struct neighbor_settings *s = &neighbor->settings;
	struct neighbor_settings new = { .import_policy = import_policy,
		.export_policy = export_policy };
	bool in = s->import_policy != import_policy, out = s->export_policy != export_policy;

	(void)speaker;
	policies_take(s, &new);
	s->import_policy = import_policy;
	s->export_policy = export_policy;
	s->rule_counters = rule_counters;
	if (in)
		filter_review(neighbor);
	if (in || out)
		settings_apply(neighbor, now);
}

struct neighbor *speaker_neighbor_by_name(const struct speaker *speaker, const char *name)
{
	list_for_each(node, &speaker->neighbors) {
		struct neighbor *neighbor = container_of(node, struct neighbor, link);

		if (strcmp(neighbor->settings.name, name) == 0)
			return neighbor;
	}
	return NULL;
}

struct neighbor *speaker_neighbor_by_address(
	const struct speaker *speaker, const struct address *address, const char *interface)
{
	list_for_each(node, &speaker->neighbors) {
		struct neighbor *neighbor = container_of(node, struct neighbor, link);

		if (!address_equal(&neighbor->settings.address, address))
			continue;
		if (address_is_link_local(address) &&
			strcmp(neighbor->settings.interface, interface) != 0)
			continue;
		return neighbor;
	}
	return NULL;
}

struct neighbor *speaker_neighbor_next(
	const struct speaker *speaker, const struct neighbor *neighbor)
{
	const struct list *next =
		neighbor == NULL ? speaker->neighbors.next : neighbor->link.next;

	return next == &speaker->neighbors ? NULL : container_of(next, struct neighbor, link);
}

/* ---- Verbs. ---- */

void speaker_neighbor_shutdown(struct speaker *speaker, struct neighbor *neighbor,
	const char *text, struct instant now)
{
	(void)speaker;
	neighbor->admin_down = true;
	cease(neighbor, BGP_CEASE_ADMIN_SHUTDOWN, text, "shut down by the operator", true, now);
	restart_drop(neighbor);
}

void speaker_neighbor_enable(
	struct speaker *speaker, struct neighbor *neighbor, struct instant now)
{
	(void)speaker;
	if (!neighbor->admin_down)
		return;
	neighbor->admin_down = false;
	neighbor->failures = 0;
	session_start(neighbor, now);
}

void speaker_neighbor_reset(struct speaker *speaker, struct neighbor *neighbor,
	const char *text, struct instant now)
{
	(void)speaker;
	cease(neighbor, BGP_CEASE_ADMIN_RESET, text, "reset by the operator", false, now);
	neighbor->failures = 0;
	session_start(neighbor, now);
}

void speaker_neighbor_path(struct speaker *speaker, struct neighbor *neighbor,
	enum neighbor_path path, const char *reason, struct instant now)
{
	char text[REASON_MAX];

	(void)speaker;
	neighbor->path = (uint8_t)path;
	if (path == NEIGHBOR_PATH_UP) {
		session_start(neighbor, now);
		return;
	}
	if (path != NEIGHBOR_PATH_DOWN)
		return;
	snprintf(text, sizeof(text), "BFD: %s", reason);
	if (neighbor->live != NULL)
		cease(neighbor, BGP_CEASE_BFD_DOWN, NULL, text, true, now);
	else if (neighbor->settings.path_strict)
		cease(neighbor, BGP_CEASE_BFD_DOWN, NULL, text, false, now);
	session_start(neighbor, now);
}

int speaker_neighbor_refresh(struct speaker *speaker, struct neighbor *neighbor,
	enum bgp_family family, struct instant now)
{
	(void)speaker;
	(void)now;
	if (neighbor->live == NULL || !neighbor->live->context.family[family])
		return ERROR_STATE;
	if (!neighbor->agreed.route_refresh)
		return ERROR_UNSUPPORTED;
	neighbor->live->refresh_due[family] = true;
	connection_wake(neighbor->live);
	return 0;
}

void speaker_stop(struct speaker *speaker, bool keep, const char *text, struct instant now)
{
	struct ending silent = { .reason = "stopped, routes to be kept" };

	speaker->stopped = true;
	list_for_each(node, &speaker->neighbors) {
		struct neighbor *neighbor = container_of(node, struct neighbor, link);

		if (!keep)
			cease(neighbor, BGP_CEASE_ADMIN_SHUTDOWN, text, "stopped", true, now);
		else if (neighbor->state != SESSION_IDLE)
			session_end(neighbor, &silent, now);
		timer_stop(speaker, &neighbor->idle_hold);
	}
}

void speaker_end_of_rib_hold(struct speaker *speaker)
{
	speaker->end_of_rib_held = true;
}

void speaker_end_of_rib_release(struct speaker *speaker, struct instant now)
{
	speaker->end_of_rib_held = false;
	(void)now;
	list_for_each(node, &speaker->neighbors) {
		struct neighbor *neighbor = container_of(node, struct neighbor, link);

		if (neighbor->live != NULL && member_pending(neighbor, GROUP_LOOK_WAKE))
			connection_wake(neighbor->live);
	}
}

bool speaker_settled(const struct speaker *speaker)
{
	list_for_each(node, &speaker->neighbors) {
		const struct neighbor *neighbor = container_of(node, struct neighbor, link);

		if (neighbor->live != NULL && member_pending(neighbor, GROUP_LOOK_MAX))
			return false;
	}
	return true;
}

/* ---- Time. ---- */

void speaker_tick(struct speaker *speaker, struct instant now)
{
	struct heap_node *first;

	while ((first = heap_first(&speaker->timers)) != NULL &&
		instant_reached(first->when, now)) {
		struct timer *timer = container_of(first, struct timer, node);

		timer_stop(speaker, timer);
		timer->fire(speaker, timer, now);
	}
	if (sources_busy(speaker))
		sources_sweep(speaker);
	if (best_reviewing(speaker))
		best_review_step(speaker);
	if (next_hops_reviewing(speaker))
		next_hops_review_step(speaker);
	flow_step(speaker, now);
	groups_wake(speaker);
}

struct instant speaker_deadline(const struct speaker *speaker)
{
	struct heap_node *first = heap_first(&speaker->timers);

	/* Work is waiting: the host calls again as soon as it has looked at its sockets. What
	 * was marked in passing is told then too, not with a timer. */
	if (sources_busy(speaker) || best_reviewing(speaker) || next_hops_reviewing(speaker) ||
		speaker->groups_marked)
		return (struct instant){ 1 };
	return instant_earlier(
		flow_deadline(speaker), first == NULL ? INSTANT_NEVER : first->when);
}
