/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our routes in the kernel: the speaker says what it wants, main does it.
 *
 *     begin: what an earlier run (or speaker) left is listed: left over
 *       -> changes; one that is left over already as it should be costs nothing, and one that
 *          differs is replaced in one step
 *       -> complete: what nobody asked for again is removed, piece by piece
 *
 * Invariants:
 *  1. Only routes of our own protocol are ever replaced or removed: what is there is known by
 *     the list, and what we add is refused where somebody else has it.
 *  2. Nothing is kept of a route but while it is left over; the speaker knows what it
 * installed.
 *  3. Every record is answered, once, after the kernel has done with it: so the speaker never
 *     has more than its window of them on the way.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "daemon/kernel_record.h"
#include "daemon/main/main_process.h"
#include "os/log.h"
#include "os/netlink_writer.h"

#define REMOVE_STEP 512u /* left over routes removed in one piece */

struct leftover {
	struct hash_node node;
	struct prefix prefix;
	uint32_t table, metric;
	uint8_t kind;
	uint32_t path_count;
	struct netlink_path paths[];
};

struct kernel_routes {
	struct main_process *main;
	struct netlink_writer *writer;
	struct hash_table leftovers;
	uv_timer_t timer;
	uint32_t table, metric; /* in force */
	bool completing;
	/* Of the record at hand: those refused, and which record index each change has. */
	uint16_t failed[KERNEL_BATCH_MAX], index_of[KERNEL_BATCH_MAX];
	uint32_t failed_count, put_count;
	uint64_t refused, added, replaced, removed, kept;
	int logged_errno;
};

/* ---- What is left over. ---- */

static const struct hash_seed leftover_seed = { 0x6e656172, 0x63617374 };

static uint64_t hash_of(const struct prefix *prefix)
{
	return hash_bytes(&leftover_seed, prefix, sizeof(*prefix));
}

static struct leftover *leftover_find(
	const struct kernel_routes *kernel, const struct netlink_route *route)
{
	for (struct hash_node *n = hash_first(&kernel->leftovers, hash_of(&route->prefix));
		n != NULL; n = hash_next(n)) {
		struct leftover *leftover = container_of(n, struct leftover, node);

		if (leftover->metric == route->metric && leftover->table == route->table &&
			prefix_equal(&leftover->prefix, &route->prefix))
			return leftover;
	}
	return NULL;
}

static void leftover_drop(struct kernel_routes *kernel, struct leftover *leftover)
{
	hash_remove(&kernel->leftovers, &leftover->node);
	free(leftover);
}

static void leftovers_forget(struct kernel_routes *kernel)
{
	struct hash_iterator iterator = { 0 };
	struct hash_node *node;

	while ((node = hash_iterate(&kernel->leftovers, &iterator)) != NULL)
		leftover_drop(kernel, container_of(node, struct leftover, node));
}

static void leftover_note(void *context, const struct netlink_route *route)
{
	struct kernel_routes *kernel = context;
	size_t paths = route->path_count * sizeof(route->paths[0]);
	struct leftover *leftover = calloc(1, sizeof(*leftover) + paths);

	if (leftover == NULL || hash_insert(&kernel->leftovers, &leftover->node,
					hash_of(&route->prefix)) != 0) {
		free(leftover);
		return;
	}
	leftover->prefix = route->prefix;
	leftover->table = route->table;
	leftover->metric = route->metric;
	leftover->kind = route->kind;
	leftover->path_count = route->path_count;
	memcpy(leftover->paths, route->paths, paths);
}

static bool leftover_same(const struct leftover *leftover, const struct netlink_route *route)
{
	struct netlink_route other = { .kind = leftover->kind,
		.path_count = leftover->path_count };

	memcpy(other.paths, leftover->paths, leftover->path_count * sizeof(other.paths[0]));
	return netlink_route_same(&other, route);
}

static void leftovers_list(struct kernel_routes *kernel, uint32_t table)
{
	struct error error = { 0 };

	kernel->completing = false;
	if (netlink_writer_list(kernel->writer, table, leftover_note, kernel, &error) != 0)
		log_event(LOG_ERROR, "kernel", "%s", error.text);
	if (kernel->leftovers.count > 0)
		log_event(LOG_INFO, "kernel", "%zu routes of ours are in the kernel already",
			kernel->leftovers.count);
}

/* ---- Changes. ---- */

static void on_refused(void *context, uint32_t index, int system_errno)
{
	struct kernel_routes *kernel = context;

	kernel->refused++;
	if (index < kernel->put_count && kernel->failed_count < KERNEL_BATCH_MAX)
		kernel->failed[kernel->failed_count++] = kernel->index_of[index];
	if (kernel->logged_errno == system_errno)
		return;
	kernel->logged_errno = system_errno;
	log_event(LOG_WARNING, "kernel", "the kernel refuses a route of ours: %s",
		system_errno == EEXIST ? "somebody else has one with the same prefix and metric"
				       : strerror(system_errno));
}

static void change_put(
	struct kernel_routes *kernel, enum netlink_change change, struct netlink_route *route)
{
	struct error error = { 0 };

	route->table = kernel->table;
	route->metric = kernel->metric;
	if (netlink_writer_put(kernel->writer, change, route, &error) != 0)
		log_event(LOG_ERROR, "kernel", "%s", error.text);
}

/* What the speaker wants, given what is left over. */
static void change_do(struct kernel_routes *kernel, enum netlink_change change,
	struct netlink_route *route, uint16_t index)
{
	struct leftover *leftover;

	route->table = kernel->table;
	route->metric = kernel->metric;
	leftover = leftover_find(kernel, route);
	if (leftover != NULL && change != ROUTE_REMOVE) {
		bool same = leftover_same(leftover, route);

		leftover_drop(kernel, leftover);
		if (same) {
			kernel->kept++;
			return;
		}
		change = ROUTE_REPLACE;
	}
	kernel->added += change == ROUTE_ADD;
	kernel->replaced += change == ROUTE_REPLACE;
	kernel->removed += change == ROUTE_REMOVE;
	kernel->index_of[kernel->put_count++] = index;
	change_put(kernel, change, route);
}

static void done_send(struct kernel_routes *kernel, uint64_t sequence)
{
	struct {
		struct record_kernel_done record;
		uint16_t failed[KERNEL_BATCH_MAX];
	} done = { .record = { .head = { .type = RECORD_KERNEL_DONE },
			   .sequence = sequence,
			   .left_over = kernel->leftovers.count } };
	uint32_t tail = kernel->failed_count * (uint32_t)sizeof(done.failed[0]);

	done.record.head.tail = tail;
	memcpy((uint8_t *)&done + sizeof(done.record), kernel->failed, tail);
	(void)feed_send(kernel->main, PROCESS_SPEAKER, &done, sizeof(done.record) + tail, -1);
}

static void on_timer(uv_timer_t *timer);

static void record_do(struct kernel_routes *kernel, const struct record_kernel_routes *record)
{
	struct cursor cursor = cursor_of(record + 1, record->head.tail);
	struct error error = { 0 };
	enum netlink_change change;
	struct netlink_route route;

	kernel->failed_count = kernel->put_count = 0;
	netlink_writer_tell(kernel->writer, on_refused, kernel);
	for (uint16_t i = 0; i < record->count && cursor_left(&cursor) > 0; i++) {
		if (kernel_change_read(&cursor, &change, &route) != 0) {
			log_event(LOG_ERROR, "kernel", "the speaker wants no route at all");
			break;
		}
		change_do(kernel, change, &route, i);
	}
	if (netlink_writer_flush(kernel->writer, &error) != 0)
		log_event(LOG_ERROR, "kernel", "%s", error.text);
	done_send(kernel, record->sequence);
}

static bool writer_ready(struct main_process *main)
{
	struct kernel_routes *kernel = main->kernel_routes;
	struct error error = { 0 };

	if (kernel == NULL) {
		kernel = calloc(1, sizeof(*kernel));
		if (kernel == NULL)
			return false;
		kernel->main = main;
		uv_timer_init(&main->loop, &kernel->timer);
		kernel->timer.data = kernel;
		main->kernel_routes = kernel;
	}
	if (kernel->writer == NULL)
		kernel->writer = netlink_writer_open(&error);
	if (kernel->writer == NULL)
		log_event(LOG_ERROR, "kernel", "%s", error.text);
	return kernel->writer != NULL;
}

void kernel_routes_begin(struct main_process *main)
{
	const struct config_kernel *config = &main->config->kernel;

	if (config->export != KERNEL_EXPORT_NONE && netlink_routes_any(config->table))
		main->forwarding_kept = true;
}

void kernel_routes_record(struct main_process *main, const struct record_kernel_routes *record)
{
	const struct config_kernel *config = &main->config->kernel;
	struct kernel_routes *kernel;

	if (!writer_ready(main))
		return;
	kernel = main->kernel_routes;
	if (record->begin) {
		leftovers_forget(kernel);
		if (kernel->table != 0 && kernel->table != config->table)
			leftovers_list(kernel, kernel->table);
		kernel->table = config->table;
		kernel->metric = config->metric;
		kernel->logged_errno = 0;
		leftovers_list(kernel, kernel->table);
	}
	/* It was on its way when the configuration changed. */
	if (kernel->table == 0 || (config->export == KERNEL_EXPORT_NONE && !record->complete)) {
		kernel->failed_count = 0;
		done_send(kernel, record->sequence);
		return;
	}
	record_do(kernel, record);
	if (record->complete) {
		kernel->completing = true;
		uv_timer_start(&kernel->timer, on_timer, 0, 0);
	}
}

/* ---- The end of what is left over. ---- */

static void leftovers_remove(struct kernel_routes *kernel, uint32_t most)
{
	struct hash_iterator iterator = { 0 };
	struct error error = { 0 };
	struct hash_node *node;
	uint32_t done = 0;

	kernel->put_count = 0;
	netlink_writer_tell(kernel->writer, on_refused, kernel);
	while (done < most && (node = hash_iterate(&kernel->leftovers, &iterator)) != NULL) {
		struct leftover *leftover = container_of(node, struct leftover, node);
		struct netlink_route route = { .prefix = leftover->prefix,
			.table = leftover->table,
			.metric = leftover->metric };

		if (netlink_writer_put(kernel->writer, ROUTE_REMOVE, &route, &error) != 0)
			log_event(LOG_ERROR, "kernel", "%s", error.text);
		leftover_drop(kernel, leftover);
		kernel->removed++;
		done++;
	}
	if (netlink_writer_flush(kernel->writer, &error) != 0)
		log_event(LOG_ERROR, "kernel", "%s", error.text);
}

static void on_timer(uv_timer_t *timer)
{
	struct kernel_routes *kernel = timer->data;

	if (!kernel->completing)
		return;
	leftovers_remove(kernel, REMOVE_STEP);
	if (kernel->leftovers.count > 0)
		uv_timer_start(&kernel->timer, on_timer, 0, 0);
	else
		log_event(LOG_INFO, "kernel",
			"our routes are in order: %llu as they were, %llu replaced, %llu added, "
			"%llu removed",
			(unsigned long long)kernel->kept, (unsigned long long)kernel->replaced,
			(unsigned long long)kernel->added, (unsigned long long)kernel->removed);
}

json_t *kernel_routes_view(const struct main_process *main)
{
	const struct kernel_routes *kernel = main->kernel_routes;

	if (kernel == NULL)
		return json_null();
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "table",
		(json_int_t)kernel->table, "metric", (json_int_t)kernel->metric, "added",
		(json_int_t)kernel->added, "replaced", (json_int_t)kernel->replaced, "removed",
		(json_int_t)kernel->removed, "kept", (json_int_t)kernel->kept, "refused",
		(json_int_t)kernel->refused, "left_over", (json_int_t)kernel->leftovers.count);
}

static void timer_closed(uv_handle_t *handle)
{
	struct kernel_routes *kernel = handle->data;

	netlink_writer_close(kernel->writer);
	free(kernel);
}

void kernel_routes_end(struct main_process *main)
{
	struct kernel_routes *kernel = main->kernel_routes;
	const struct config *config = main->config;

	if (config != NULL && config->kernel.export != KERNEL_EXPORT_NONE &&
		config->kernel.on_stop == KERNEL_STOP_REMOVE && !main->stop_keep &&
		kernel != NULL && kernel->writer != NULL && kernel->table != 0) {
		leftovers_forget(kernel);
		leftovers_list(kernel, kernel->table);
		leftovers_remove(kernel, UINT32_MAX);
	}
	if (kernel == NULL)
		return;
	main->kernel_routes = NULL;
	leftovers_forget(kernel);
	hash_table_clear(&kernel->leftovers);
	uv_close((uv_handle_t *)&kernel->timer, timer_closed);
}
