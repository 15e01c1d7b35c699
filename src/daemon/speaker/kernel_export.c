/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The best routes into the kernel. What changed is a bit a destination; what is to be done is
 * looked up when main can take it, so the queue is never longer than the table and tells only
 * the newest.
 *
 *     best route changes -> dirty -> a record of changes -> main -> kernel
 *                             ^       (WINDOW of them on the way)    |
 *                             +------- refused: again, later --------+
 *
 * Invariants:
 *  1. `installed` has a destination from the record that adds it until the one that removes
 *     it; so long it keeps its number (forward_hold).
 *  2. The first record says `begin`. One says `complete`, when the neighbours have said all
 *     they had (end-of-RIB) or COMPLETE_MS have passed: main removes then what an earlier run
 *     left and nobody asked for again (RFC 4724 section 4.1: forwarding goes on meanwhile).
 *  3. If something was left over, nothing is changed until the neighbours have said all, or
 *     for HOLD_MS: else the route of whoever speaks first would take the place of a better one.
 *  4. No record is sent while WINDOW are on the way.
 */
#include "daemon/speaker/kernel_export.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/kernel_record.h"
#include "daemon/speaker/speaker_process.h"
#include "os/clock.h"
#include "os/log.h"
#include "route/forward.h"

#define WINDOW      4u
#define TAIL_ROOM   32768u /* bytes of changes in a record */
#define TICK_MS     500
#define RETRY_TICKS 4 /* from a refusal to the next try */
#define COMPLETE_MS 60000
#define HOLD_MS     15000

struct sent_change {
	struct prefix prefix;
	uint32_t destination;
	uint8_t family, change;
};

struct sent_record {
	uint64_t sequence;
	uint32_t count;
	struct sent_change changes[KERNEL_BATCH_MAX];
};

struct kernel_export {
	struct speaker_process *process;
	struct bitmap dirty[BGP_UNICAST_COUNT], installed[BGP_UNICAST_COUNT],
		refused[BGP_UNICAST_COUNT];
	struct sent_record sent[WINDOW]; /* by sequence modulo WINDOW */
	uint64_t first, next, answered;  /* sequence numbers; answered <= next */
	struct instant begun;
	uint32_t table, metric;
	bool blackhole;
	bool begin_sent, complete_sent, frozen, rescan, looking, holding;
	unsigned ticks;
	uint64_t refusals;
	uv_timer_t timer;
	struct forward forward; /* scratch */
	struct netlink_route route;
	_Alignas(8) uint8_t record[sizeof(struct record_kernel_routes) + TAIL_ROOM];
};

static void on_changed(void *context, enum bgp_family family, uint32_t destination)
{
	struct kernel_export *export = context;

	if (bitmap_set(&export->dirty[family], destination) != 0)
		export->rescan = true;
}

static void all_dirty(struct kernel_export *export)
{
	export->rescan = false;
	for (int f = 0; f < BGP_UNICAST_COUNT; f++)
		for (uint32_t d = forward_bound(export->process->speaker, (enum bgp_family)f);
			d-- > 0;)
			on_changed(export, (enum bgp_family)f, d);
}

/* ---- A record. ---- */

static bool discards(const struct kernel_export *export)
{
	return export->blackhole && export->forward.kind == FORWARD_BLACKHOLE;
}

/* Nothing is to be there. */
static bool absent(const struct kernel_export *export)
{
	return export->forward.kind == FORWARD_NONE ||
	       (!discards(export) && export->forward.path_count == 0);
}

static void route_fill(struct kernel_export *export)
{
	const struct forward *forward = &export->forward;
	struct netlink_route *route = &export->route;

	route->prefix = forward->prefix;
	route->kind = discards(export) ? ROUTE_BLACKHOLE : ROUTE_UNICAST;
	route->path_count = discards(export) ? 0 : forward->path_count;
	for (uint32_t i = 0; i < route->path_count; i++)
		route->paths[i] = (struct netlink_path){ .link = forward->paths[i].link,
			.weight = 1,
			.gateway = forward->paths[i].gateway };
}

/* One destination that changed. False: nothing is to be done about it. */
static bool change_make(struct kernel_export *export, enum bgp_family family, uint32_t d,
	enum netlink_change *ret_change)
{
	bool has = bitmap_has(&export->installed[family], d);

	forward_of(export->process->speaker, family, d, &export->forward);
	if (absent(export)) {
		if (!has)
			return false;
		*ret_change = ROUTE_REMOVE;
	} else {
		if (!has && bitmap_set(&export->installed[family], d) != 0)
			return false;
		*ret_change = has ? ROUTE_REPLACE : ROUTE_ADD;
	}
	route_fill(export);
	return true;
}

static void change_take(struct kernel_export *export, struct writer *writer,
	struct sent_record *sent, enum bgp_family family, uint32_t d)
{
	enum netlink_change change;

	bitmap_unset(&export->dirty[family], d);
	if (!change_make(export, family, d, &change))
		return;
	kernel_change_write(writer, change, &export->route);
	sent->changes[sent->count++] = (struct sent_change){ .prefix = export->forward.prefix,
		.destination = d,
		.family = (uint8_t)family,
		.change = (uint8_t)change };
	if (change != ROUTE_REMOVE)
		return;
	bitmap_unset(&export->installed[family], d);
	forward_release(export->process->speaker, family, d);
}

static bool any_dirty(const struct kernel_export *export)
{
	for (int f = 0; f < BGP_UNICAST_COUNT; f++)
		if (export->dirty[f].count > 0)
			return true;
	return false;
}

static bool has_said_all(const struct neighbor_view *view)
{
	if (view->admin_down || !view->settings->import)
		return true;
	if (view->state != SESSION_ESTABLISHED)
		return false;
	for (int f = 0; f < BGP_UNICAST_COUNT; f++)
		if (view->agreed.family[f] && !view->end_of_rib_in[f])
			return false;
	return true;
}

/* Or the patience with them is over. */
static bool all_have_said_all(const struct kernel_export *export, int64_t patience_ms)
{
	const struct speaker *speaker = export->process->speaker;
	struct neighbor *neighbor = NULL;

	if (duration_to_ms(instant_since(clock_now(), export->begun)) >= patience_ms)
		return true;
	if (!next_hops_ready(export->process))
		return false;
	while ((neighbor = speaker_neighbor_next(speaker, neighbor)) != NULL) {
		struct neighbor_view view;

		speaker_neighbor_view(neighbor, &view);
		if (!has_said_all(&view))
			return false;
	}
	return true;
}

static bool is_complete(const struct kernel_export *export)
{
	return export->looking && !export->holding && !export->complete_sent &&
	       !any_dirty(export) && all_have_said_all(export, COMPLETE_MS);
}

/* False: nothing to say. */
static bool record_send(struct kernel_export *export)
{
	struct record_kernel_routes *record = (void *)export->record;
	struct writer writer = writer_of(record + 1, TAIL_ROOM);
	struct sent_record *sent = &export->sent[export->next % WINDOW];

	sent->count = 0;
	for (int f = 0; f < BGP_UNICAST_COUNT && !export->holding; f++) {
		uint32_t d = 0;

		while (sent->count < KERNEL_BATCH_MAX &&
			writer_room(&writer) >= KERNEL_CHANGE_MAX &&
			(d = bitmap_next(&export->dirty[f], d)) != BITMAP_NONE)
			change_take(export, &writer, sent, (enum bgp_family)f, d);
	}
	*record = (struct record_kernel_routes){
		.head = { .type = RECORD_KERNEL_ROUTES,
			.tail = (uint32_t)writer_length(&writer) },
		.sequence = export->next,
		.count = sent->count,
		.begin = !export->begin_sent,
		.complete = is_complete(export),
	};
	if (sent->count == 0 && !record->begin && !record->complete)
		return false;
	sent->sequence = export->next++;
	export->begin_sent = true;
	export->complete_sent |= record->complete;
	(void)channel_send(
		export->process->main_channel, record, sizeof(*record) + record->head.tail, -1);
	return true;
}

void kernel_export_flush(struct speaker_process *process)
{
	struct kernel_export *export = process->kernel_export;

	if (export == NULL || export->frozen || process->main_channel == NULL)
		return;
	if (export->rescan)
		all_dirty(export);
	while (export->next - export->answered < WINDOW &&
		((any_dirty(export) && !export->holding) || !export->begin_sent ||
			(export->looking && !export->complete_sent)))
		if (!record_send(export))
			break;
}

/* ---- Answers. ---- */

static void refused_note(struct kernel_export *export, const struct sent_change *change)
{
	enum bgp_family family = (enum bgp_family)change->family;
	struct forward *forward = &export->forward;

	export->refusals++;
	if (change->change == ROUTE_REMOVE)
		return;
	/* Removed since, and its number is another's now? */
	forward_of(export->process->speaker, family, change->destination, forward);
	if (!prefix_equal(&forward->prefix, &change->prefix))
		return;
	if (change->change == ROUTE_ADD) {
		bitmap_unset(&export->installed[family], change->destination);
		forward_release(export->process->speaker, family, change->destination);
	}
	(void)bitmap_set(&export->refused[family], change->destination);
}

void kernel_export_done(
	struct speaker_process *process, const struct record_kernel_done *record)
{
	struct kernel_export *export = process->kernel_export;
	const uint8_t *tail = (const uint8_t *)(record + 1);
	const struct sent_record *sent;

	if (export == NULL || record->sequence != export->answered ||
		export->answered == export->next)
		return;
	sent = &export->sent[record->sequence % WINDOW];
	/* The answer to the begin. */
	if (export->answered++ == export->first)
		export->holding = record->left_over > 0;
	for (size_t i = 0; i + 2 <= record->head.tail; i += 2) {
		uint16_t index;

		memcpy(&index, tail + i, sizeof(index));
		if (index < sent->count)
			refused_note(export, &sent->changes[index]);
	}
	kernel_export_flush(process);
}

static void on_tick(uv_timer_t *timer)
{
	struct kernel_export *export = timer->data;

	export->ticks++;
	for (int f = 0; f < BGP_UNICAST_COUNT && export->ticks % RETRY_TICKS == 0; f++) {
		uint32_t d = 0;

		while ((d = bitmap_next(&export->refused[f], d)) != BITMAP_NONE) {
			bitmap_unset(&export->refused[f], d);
			on_changed(export, (enum bgp_family)f, d);
		}
	}
	/* Only now and then, not as soon as neighbours are configured or said their last word:
	 * what follows from that is to be done first. */
	export->looking = true;
	if (export->answered != export->first && all_have_said_all(export, HOLD_MS))
		export->holding = false;
	kernel_export_flush(export->process);
	export->looking = false;
}

/* ---- Life. ---- */

static void timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void bitmaps_clear(struct kernel_export *export)
{
	for (int f = 0; f < BGP_UNICAST_COUNT; f++) {
		bitmap_clear(&export->dirty[f]);
		bitmap_clear(&export->installed[f]);
		bitmap_clear(&export->refused[f]);
	}
}

static struct kernel_export *export_new(
	struct speaker_process *process, const struct config *config)
{
	struct kernel_export *export = calloc(1, sizeof(*export));

	if (export == NULL)
		return NULL;
	export->process = process;
	export->begun = clock_now();
	export->table = config->kernel.table;
	export->metric = config->kernel.metric;
	export->blackhole = config->kernel.blackhole;
	export->rescan = export->holding = true;
	/* Answers to what an earlier one of us sent are not for this one. */
	export->first = export->next = export->answered = (uint64_t)clock_now().ns;
	uv_timer_init(process->loop, &export->timer);
	export->timer.data = export;
	uv_timer_start(&export->timer, on_tick, TICK_MS, TICK_MS);
	uv_unref((uv_handle_t *)&export->timer);
	return export;
}

/* Main removes what we had there. */
static void none_wanted(struct speaker_process *process)
{
	struct record_kernel_routes record = {
		.head = { .type = RECORD_KERNEL_ROUTES }, .begin = true, .complete = true
	};

	if (process->main_channel != NULL)
		(void)channel_send(process->main_channel, &record, sizeof(record), -1);
}

int kernel_export_apply(struct speaker_process *process, const struct config *config)
{
	struct kernel_export *export = process->kernel_export;
	bool wanted = config->kernel.export != KERNEL_EXPORT_NONE;

	if (export != NULL && wanted && export->table == config->kernel.table &&
		export->metric == config->kernel.metric) {
		export->rescan |= export->blackhole != config->kernel.blackhole;
		export->blackhole = config->kernel.blackhole;
		return 0;
	}
	if (export != NULL && !wanted)
		none_wanted(process);
	kernel_export_end(process);
	if (!wanted)
		return 0;
	export = process->kernel_export = export_new(process, config);
	if (export == NULL)
		return ERROR_MEMORY;
	forward_hold(process->speaker, export->installed);
	speaker_watch_best(process->speaker, on_changed, export);
	return 0;
}

void kernel_export_freeze(struct speaker_process *process)
{
	if (process->kernel_export != NULL)
		process->kernel_export->frozen = true;
}

void kernel_export_end(struct speaker_process *process)
{
	struct kernel_export *export = process->kernel_export;

	if (export == NULL)
		return;
	process->kernel_export = NULL;
	speaker_watch_best(process->speaker, NULL, NULL);
	forward_hold(process->speaker, NULL);
	bitmaps_clear(export);
	uv_close((uv_handle_t *)&export->timer, timer_closed);
}

json_t *kernel_export_json(const struct speaker_process *process)
{
	const struct kernel_export *export = process->kernel_export;
	json_int_t installed = 0, waiting = 0, refused = 0;

	if (export == NULL)
		return json_null();
	for (int f = 0; f < BGP_UNICAST_COUNT; f++) {
		installed += export->installed[f].count;
		waiting += export->dirty[f].count;
		refused += export->refused[f].count;
	}
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:b}", "table", (json_int_t) export->table,
		"metric", (json_int_t) export->metric, "installed", installed, "waiting",
		waiting, "refused", refused, "complete", export->complete_sent);
}
