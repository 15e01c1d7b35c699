/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Next hops in the kernel's table: from os/netlink_route.h into route/kernel_table.h, and the
 * speaker is told.
 *
 * Invariants:
 *  1. The speaker has the table while tracking is on; until it was read nothing has a way.
 *  2. If the kernel cannot be asked, next hops are not tracked: unknown is not unreachable.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/speaker/next_hops.h"
#include "daemon/speaker/route_json.h"
#include "daemon/speaker/speaker_process.h"
#include "os/log.h"
#include "os/netlink_route.h"
#include "route/kernel_table.h"

#define ROUTE_TABLE_LOCAL 255u
#define SHOWN_MAX         10000u

struct next_hops {
	struct speaker_process *process;
	struct kernel_table *table;
	struct netlink_reader *reader;
	bool known, changed;
};

static void on_begin(void *context)
{
	struct next_hops *hops = context;

	kernel_table_begin(hops->table);
}

static void on_end(void *context)
{
	struct next_hops *hops = context;

	kernel_table_end(hops->table);
	if (!hops->known)
		log_event(LOG_INFO, "kernel", "next hops are looked up among %zu routes",
			kernel_table_routes(hops->table));
	hops->known = hops->changed = true;
}

static uint8_t kind_of(const struct netlink_route *route)
{
	switch ((enum netlink_route_kind)route->kind) {
	case ROUTE_UNICAST:
		return KERNEL_UNICAST;
	case ROUTE_LOCAL:
		return KERNEL_LOCAL;
	case ROUTE_BLACKHOLE:
	case ROUTE_OTHER:
		break;
	}
	return KERNEL_DISCARD;
}

static void on_route(void *context, const struct netlink_route *from, bool gone)
{
	struct next_hops *hops = context;
	struct kernel_path paths[ROUTE_PATHS_MAX];
	struct kernel_route route = { .prefix = from->prefix,
		.metric = from->metric,
		.kind = kind_of(from),
		.replaces = from->replaces,
		.paths = paths,
		.path_count = from->path_count };

	if (from->table != ROUTE_TABLE_MAIN && from->table != ROUTE_TABLE_LOCAL)
		return;
	for (uint32_t i = 0; i < from->path_count; i++)
		paths[i] = (struct kernel_path){ from->paths[i].link, from->paths[i].gateway };
	hops->changed = true;
	if (gone ? kernel_table_remove(hops->table, &route) != 0
		 : kernel_table_set(hops->table, &route) != 0)
		netlink_reader_resync(hops->reader);
}

static void on_link(void *context, const struct netlink_link *from, bool gone)
{
	struct next_hops *hops = context;
	struct kernel_link link = { .index = from->index, .up = from->up };

	memcpy(link.name, from->name, sizeof(link.name));
	hops->changed = true;
	if (gone)
		kernel_table_link_remove(hops->table, link.index);
	else if (kernel_table_link_set(hops->table, &link) != 0)
		log_event(LOG_ERROR, "kernel", "no room for one more interface");
}

static void on_settled(void *context)
{
	struct next_hops *hops = context;
	struct speaker *speaker = hops->process->speaker;

	if (!hops->known || !hops->changed || speaker == NULL)
		return;
	hops->changed = false;
	speaker_kernel_set(speaker, hops->table);
	speaker_kernel_changed(speaker);
	speaker_process_settle(hops->process);
}

static void on_failed(void *context, const struct error *error)
{
	struct next_hops *hops = context;

	log_event(LOG_WARNING, "kernel", "%s", error->text);
	if (hops->process->speaker != NULL && !hops->known)
		speaker_kernel_set(hops->process->speaker, NULL);
}

static struct next_hops *next_hops_new(struct speaker_process *process)
{
	struct next_hops *hops = calloc(1, sizeof(*hops));
	struct netlink_reader_events events = { hops, on_begin, on_end, on_route, on_link,
		on_settled, on_failed };
	struct error error = { 0 };

	if (hops == NULL)
		return NULL;
	hops->process = process;
	hops->table = kernel_table_new(&process->hash_seed);
	if (hops->table != NULL)
		hops->reader = netlink_reader_open(process->loop, &events, &error);
	if (hops->reader != NULL)
		return hops;
	log_event(LOG_ERROR, "kernel", "next hops are not tracked: %s", error.text);
	kernel_table_free(hops->table);
	free(hops);
	return NULL;
}

static bool wanted(const struct config *config)
{
	if (config->kernel.tracking == TRACKING_AUTO)
		return config->kernel.export != KERNEL_EXPORT_NONE;
	return config->kernel.tracking == TRACKING_ON;
}

void next_hops_apply(struct speaker_process *process, const struct config *config)
{
	if (!wanted(config)) {
		next_hops_end(process);
		return;
	}
	if (process->next_hops == NULL)
		process->next_hops = next_hops_new(process);
	/* Until it was read no next hop has a way: nothing is chosen that cannot be forwarded.
	 */
	if (process->next_hops != NULL)
		speaker_kernel_set(process->speaker, process->next_hops->table);
}

void next_hops_end(struct speaker_process *process)
{
	struct next_hops *hops = process->next_hops;

	if (hops == NULL)
		return;
	process->next_hops = NULL;
	if (process->speaker != NULL)
		speaker_kernel_set(process->speaker, NULL);
	netlink_reader_close(hops->reader);
	kernel_table_free(hops->table);
	free(hops);
}

bool next_hops_ready(const struct speaker_process *process)
{
	return process->next_hops == NULL || process->next_hops->known;
}

/* ---- Looking in. ---- */

struct listing {
	const struct next_hops *hops;
	json_t *list;
};

static bool show(void *context, const struct hop *hop)
{
	struct listing *listing = context;
	const struct kernel_link *link = kernel_table_link(listing->hops->table, hop->way.link);
	bool usable = hop->way.state == HOP_RESOLVED || hop->way.state == HOP_LINK;
	char by[PREFIX_TEXT_MAX];
	json_t *object = json_object();

	json_object_set_new(object, "address", address_json(&hop->address));
	json_object_set_new(object, "link_local", address_json(&hop->link_local));
	json_object_set_new(
		object, "state", json_string(hop_state_name((enum hop_state)hop->way.state)));
	json_object_set_new(object, "usable", json_boolean(usable));
	json_object_set_new(object, "direct", json_boolean(hop->way.direct));
	json_object_set_new(object, "metric", json_integer(hop->way.metric));
	json_object_set_new(object, "gateway", address_json(&hop->way.gateway));
	json_object_set_new(
		object, "interface", link == NULL ? json_null() : json_string(link->name));
	json_object_set_new(object, "route",
		hop->way.by.address.family == FAMILY_NONE
			? json_null()
			: json_string(prefix_format(&hop->way.by, by)));
	json_object_set_new(object, "attribute_sets", json_integer(hop->references));
	json_array_append_new(listing->list, object);
	return json_array_size(listing->list) < SHOWN_MAX;
}

json_t *next_hops_json(const struct speaker_process *process)
{
	struct listing listing = { process->next_hops, json_array() };

	if (listing.hops != NULL)
		speaker_next_hops(process->speaker, show, &listing);
	return json_pack("{s:b, s:b, s:I, s:o, s:o}", "tracked", listing.hops != NULL, "known",
		listing.hops != NULL && listing.hops->known, "kernel_routes",
		listing.hops == NULL ? 0 : (json_int_t)kernel_table_routes(listing.hops->table),
		"next_hops", listing.list, "installed", kernel_export_json(process));
}
