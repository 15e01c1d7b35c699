/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths from the configuration, and what main hears of them.
 *
 * Invariants:
 *  1. Every path has a session in the machine, and each of those has a path.
 *  2. A reload keeps every session whose ends are the same.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/bfd/bfd_process.h"
#include "os/clock.h"
#include "os/log.h"

static void record_send(const struct bfd_path *path, const struct bfd_session_view *view,
	enum bfd_state old, bool changed)
{
	struct record_bfd_state record = { .head = { .type = RECORD_BFD_STATE },
		.changed = changed,
		.multihop = view->settings->multihop,
		.state = view->state,
		.remote_state = view->remote_state,
		.old_state = old,
		.diagnostic = view->diagnostic,
		.remote_diagnostic = view->remote_diagnostic,
		.mine = view->mine,
		.yours = view->yours,
		.transmit_us = (uint64_t)view->transmit.ns / 1000,
		.detection_us = (uint64_t)view->detection.ns / 1000,
		.packets_in = view->counters[BFD_COUNT_IN],
		.packets_out = view->counters[BFD_COUNT_OUT],
		.ups = view->counters[BFD_COUNT_UP],
		.downs = view->counters[BFD_COUNT_DOWN],
		.since = view->since };

	for (int i = BFD_COUNT_TTL; i < BFD_COUNTERS; i++)
		record.discarded += view->counters[i];
	snprintf(record.neighbor, sizeof(record.neighbor), "%s", path->name);
	if (path->process->main_channel != NULL)
		(void)channel_send(path->process->main_channel, &record, sizeof(record), -1);
}

void bfd_sessions_changed(void *context, struct bfd_session *session, enum bfd_state old)
{
	struct bfd_session_view view;

	(void)context;
	bfd_session_view(session, &view);
	record_send(bfd_session_host(session), &view, old, true);
}

void bfd_sessions_report(struct bfd_process *process)
{
	struct bfd_session_view view;

	list_for_each(node, &process->paths) {
		const struct bfd_path *path = container_of(node, struct bfd_path, link);

		bfd_session_view(path->session, &view);
		record_send(path, &view, view.state, false);
	}
}

/* ---- Sending. ---- */

static bool path_open(struct bfd_path *path)
{
	if (path->fd >= 0)
		return true;
	path->fd = bfd_socket_open(&path->settings);
	if (path->fd >= 0) {
		path->complained = false;
		return true;
	}
	if (!path->complained)
		log_fields(
			LOG_WARNING, "bfd", strerror(-path->fd), "neighbor", path->name, NULL);
	path->complained = true;
	path->fd = -1;
	return false;
}

void bfd_sessions_send(
	void *context, struct bfd_session *session, const uint8_t *packet, size_t length)
{
	struct bfd_path *path = bfd_session_host(session);

	(void)context;
	if (!path_open(path))
		return;
	if (send(path->fd, packet, length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ||
		errno == ECONNREFUSED || errno == EAGAIN)
		return;
	/* The way, or our address, may have changed: another socket the next time. */
	close(path->fd);
	path->fd = -1;
}

/* ---- The configuration. ---- */

static struct bfd_settings settings_of(const struct config_neighbor *n)
{
	uint32_t us = (uint32_t)(n->bfd.interval.ns / 1000);
	struct bfd_settings settings = { .local = n->local_address,
		.remote = n->address,
		.interface = n->interface == NULL ? 0 : if_nametoindex(n->interface),
		.multihop = n->multihop > 0,
		.desired_tx_us = us,
		.required_rx_us = us,
		.multiplier = (uint8_t)n->bfd.multiplier,
		.passive = n->bfd.passive,
		.demand = n->bfd.demand,
		.shutdown = n->shutdown };

	settings.minimum_ttl = settings.multihop ? (uint8_t)(256 - n->multihop) : 255;
	return settings;
}

static bool same_ends(const struct bfd_settings *a, const struct bfd_settings *b)
{
	return address_equal(&a->local, &b->local) && address_equal(&a->remote, &b->remote) &&
	       a->interface == b->interface && a->multihop == b->multihop;
}

static struct bfd_path *path_of(const struct bfd_process *process, const char *name)
{
	list_for_each(node, &process->paths) {
		struct bfd_path *path = container_of(node, struct bfd_path, link);

		if (strcmp(path->name, name) == 0)
			return path;
	}
	return NULL;
}

/* Main hears that it is AdminDown: no failure. */
static void path_remove(struct bfd_path *path)
{
	struct bfd_process *process = path->process;
	struct bfd_session_view view;
	enum bfd_state old;

	bfd_session_view(path->session, &view);
	old = view.state;
	view.state = BFD_ADMIN_DOWN;
	view.diagnostic = BFD_DIAG_ADMIN_DOWN;
	view.remote_state = BFD_ADMIN_DOWN;
	record_send(path, &view, old, true);
	bfd_session_remove(process->machine, path->session, clock_now());
	if (path->fd >= 0)
		close(path->fd);
	list_remove(&path->link);
	free(path);
}

static void path_add(struct bfd_process *process, const struct config_neighbor *neighbor,
	const struct bfd_settings *settings)
{
	struct bfd_path *path = calloc(1, sizeof(*path));

	if (path == NULL)
		return;
	path->process = process;
	path->settings = *settings;
	path->fd = -1;
	path->wanted = true;
	snprintf(path->name, sizeof(path->name), "%s", neighbor->name);
	path->session = bfd_session_add(process->machine, settings, path, clock_now());
	if (path->session == NULL) {
		log_fields(LOG_ERROR, "bfd",
			"no room for another session, or one like it is there", "neighbor",
			neighbor->name, NULL);
		free(path);
		return;
	}
	list_append(&process->paths, &path->link);
}

static void path_take(struct bfd_process *process, const struct config_neighbor *neighbor)
{
	struct bfd_settings settings = settings_of(neighbor);
	struct bfd_path *path = path_of(process, neighbor->name);

	if (path != NULL && !same_ends(&path->settings, &settings)) {
		path_remove(path);
		path = NULL;
	}
	if (path == NULL) {
		path_add(process, neighbor, &settings);
		return;
	}
	path->wanted = true;
	path->settings = settings;
	bfd_session_change(process->machine, path->session, &settings, clock_now());
}

void bfd_sessions_apply(struct bfd_process *process, const struct config *config)
{
	bool receivers[BFD_RECEIVERS] = { false };

	list_for_each(node, &process->paths)
		container_of(node, struct bfd_path, link)->wanted = false;
	for (size_t i = 0; i < config->neighbor_count; i++)
		if (config->neighbors[i].bfd.mode != BFD_OFF)
			path_take(process, &config->neighbors[i]);
	list_for_each_safe(node, &process->paths) {
		struct bfd_path *path = container_of(node, struct bfd_path, link);

		if (path->wanted)
			receivers[bfd_socket_receiver(&path->settings)] = true;
		else
			path_remove(path);
	}
	bfd_sockets_receive(process, receivers);
}

void bfd_sessions_end(struct bfd_process *process)
{
	list_for_each_safe(node, &process->paths)
		path_remove(container_of(node, struct bfd_path, link));
}
