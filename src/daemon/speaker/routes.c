/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What main wants announced, and how far it has got.
 *
 * Invariants:
 *  1. The pure speaker originates exactly the entries that have a record, or nothing while the
 *     lease has ended.
 *  2. An entry without a record lives until no neighbour holds its prefix any more and main was
 *     told so: main takes an address off the interface only then.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/speaker/speaker_process.h"
#include "os/clock.h"
#include "os/log.h"

static struct route_entry *entry_find(
	const struct speaker_process *process, const struct prefix *prefix)
{
	uint64_t hash = hash_bytes(&process->hash_seed, prefix, sizeof(*prefix));

	for (struct hash_node *node = hash_first(&process->routes, hash); node != NULL;
		node = hash_next(node)) {
		struct route_entry *entry = container_of(node, struct route_entry, node);

		if (prefix_equal(&entry->prefix, prefix))
			return entry;
	}
	return NULL;
}

static struct route_entry *entry_new(
	struct speaker_process *process, const struct prefix *prefix)
{
	struct route_entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL)
		return NULL;
	entry->prefix = *prefix;
	entry->status.head.type = RECORD_ROUTE_STATUS;
	entry->status.prefix = *prefix;
	if (hash_insert(&process->routes, &entry->node,
		    hash_bytes(&process->hash_seed, prefix, sizeof(*prefix))) == 0)
		return entry;
	free(entry);
	return NULL;
}

static void entry_free(struct speaker_process *process, struct route_entry *entry)
{
	hash_remove(&process->routes, &entry->node);
	free(entry->record);
	free(entry);
}

/* Names that are no neighbour (any more) are left out; if none is left, nobody hears it. */
static size_t only_neighbors(struct speaker_process *process, const struct record_route *record,
	const struct neighbor *only[RECORD_ONLY_MAX])
{
	size_t count = 0;

	for (uint32_t i = 0; i < record->only_count; i++) {
		struct peer *peer = peer_by_name(process, record->only[i]);

		if (peer != NULL)
			only[count++] = peer->neighbor;
	}
	return count;
}

static void entry_announce(struct speaker_process *process, const struct route_entry *entry)
{
	const struct record_route *record = entry->record;
	struct bgp_large_community large[RECORD_COMMUNITIES_MAX];
	const struct neighbor *only[RECORD_ONLY_MAX];
	struct local_route route = {
		.prefix = record->prefix,
		.prepend = record->prepend,
		.has_local_pref = record->has_local_pref,
		.med = record->med,
		.local_pref = record->local_pref,
		.communities = record->communities,
		.large_communities = large,
		.extended_communities = record->extended_communities,
		.community_count = record->community_count,
		.large_community_count = record->large_community_count,
		.extended_community_count = record->extended_community_count,
		.graceful_shutdown = record->graceful_shutdown,
	};

	for (uint32_t i = 0; i < record->large_community_count; i++)
		large[i] = (struct bgp_large_community){ record->large_communities[i][0],
			record->large_communities[i][1], record->large_communities[i][2] };
	if (record->only_count > 0) {
		route.only = only;
		route.only_count = only_neighbors(process, record, only);
	}
	if (speaker_route_set(process->speaker, &route, clock_now()) != 0)
		log_event(LOG_ERROR, "route-set", "cannot announce a prefix: out of memory");
}

static bool counts_sane(const struct record_route *record)
{
	return record->community_count <= RECORD_COMMUNITIES_MAX &&
	       record->large_community_count <= RECORD_COMMUNITIES_MAX &&
	       record->extended_community_count <= RECORD_COMMUNITIES_MAX &&
	       record->only_count <= RECORD_ONLY_MAX;
}

void routes_set(struct speaker_process *process, const struct record_route *record)
{
	struct route_entry *entry = entry_find(process, &record->prefix);

	if (process->speaker == NULL || !counts_sane(record))
		return;
	if (entry == NULL)
		entry = entry_new(process, &record->prefix);
	if (entry != NULL && entry->record == NULL)
		entry->record = malloc(sizeof(*entry->record));
	if (entry == NULL || entry->record == NULL) {
		log_event(LOG_ERROR, "route-set", "cannot announce a prefix: out of memory");
		return;
	}
	*entry->record = *record;
	if (!process->lease_ended)
		entry_announce(process, entry);
	routes_changed(process);
}

void routes_remove(struct speaker_process *process, const struct record_route *record)
{
	struct route_entry *entry = entry_find(process, &record->prefix);

	if (entry == NULL) {
		/* Nothing of it is announced: say so, main may be waiting. */
		entry = entry_new(process, &record->prefix);
	} else if (entry->record != NULL &&
		   strcmp(entry->record->service, record->service) != 0) {
		return; /* another service has taken the prefix over */
	}
	if (entry == NULL)
		return;
	free(entry->record);
	entry->record = NULL;
	if (process->speaker != NULL)
		(void)speaker_route_remove(process->speaker, &record->prefix, clock_now());
	entry->reported.wanted = UINT32_MAX;
	routes_changed(process);
}

void routes_suspend(struct speaker_process *process)
{
	struct hash_iterator iterator = { 0 };
	struct hash_node *node;

	while ((node = hash_iterate(&process->routes, &iterator)) != NULL) {
		struct route_entry *entry = container_of(node, struct route_entry, node);

		if (entry->record != NULL)
			(void)speaker_route_remove(
				process->speaker, &entry->prefix, clock_now());
	}
	routes_changed(process);
}

void routes_resume(struct speaker_process *process)
{
	struct hash_iterator iterator = { 0 };
	struct hash_node *node;

	while ((node = hash_iterate(&process->routes, &iterator)) != NULL) {
		struct route_entry *entry = container_of(node, struct route_entry, node);

		if (entry->record != NULL && !process->lease_ended)
			entry_announce(process, entry);
	}
	routes_changed(process);
}

static void on_status(uv_timer_t *timer)
{
	routes_report(timer->data);
}

void routes_changed(struct speaker_process *process)
{
	if (!uv_is_active((uv_handle_t *)&process->status_timer))
		uv_timer_start(&process->status_timer, on_status, 1, 0);
}

static bool hears(struct speaker_process *process, const struct route_entry *entry,
	const struct neighbor_view *view, const struct peer *peer)
{
	int family = entry->prefix.address.family == FAMILY_IPV4 ? BGP_IPV4_UNICAST
								 : BGP_IPV6_UNICAST;

	if (entry->record == NULL || process->lease_ended ||
		view->state != SESSION_ESTABLISHED || !view->agreed.family[family])
		return false;
	if (entry->record->only_count == 0)
		return true;
	for (uint32_t i = 0; i < entry->record->only_count; i++)
		if (strcmp(entry->record->only[i], peer->name) == 0)
			return true;
	return false;
}

static void count_all(struct speaker_process *process)
{
	struct hash_iterator iterator = { 0 };
	struct hash_node *node;

	while ((node = hash_iterate(&process->routes, &iterator)) != NULL) {
		struct route_entry *entry = container_of(node, struct route_entry, node);

		entry->status.wanted = entry->status.announced = entry->status.withdrawing = 0;
	}
	list_for_each(link, &process->peers) {
		struct peer *peer = container_of(link, struct peer, link);
		struct neighbor_view view;

		speaker_neighbor_view(peer->neighbor, &view);
		if (view.state != SESSION_ESTABLISHED)
			continue;
		iterator = (struct hash_iterator){ 0 };
		while ((node = hash_iterate(&process->routes, &iterator)) != NULL) {
			struct route_entry *entry =
				container_of(node, struct route_entry, node);

			bool wanted = hears(process, entry, &view, peer);

			entry->status.wanted += wanted;
			if (!speaker_route_held(
				    process->speaker, peer->neighbor, &entry->prefix))
				continue;
			if (wanted)
				entry->status.announced++;
			else
				entry->status.withdrawing++;
		}
	}
}

void routes_report(struct speaker_process *process)
{
	struct hash_iterator iterator = { 0 };
	struct hash_node *node;

	if (process->main_channel == NULL || process->speaker == NULL)
		return;
	count_all(process);
	while ((node = hash_iterate(&process->routes, &iterator)) != NULL) {
		struct route_entry *entry = container_of(node, struct route_entry, node);

		if (memcmp(&entry->status, &entry->reported, sizeof(entry->status)) != 0) {
			if (channel_send(process->main_channel, &entry->status,
				    sizeof(entry->status), -1) != 0) {
				routes_changed(process);
				return;
			}
			entry->reported = entry->status;
		}
		if (entry->record == NULL && entry->status.withdrawing == 0)
			entry_free(process, entry);
	}
}

void routes_free(struct speaker_process *process)
{
	struct hash_iterator iterator = { 0 };
	struct hash_node *node;

	while ((node = hash_iterate(&process->routes, &iterator)) != NULL)
		entry_free(process, container_of(node, struct route_entry, node));
	hash_table_clear(&process->routes);
}
