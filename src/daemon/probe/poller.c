/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An epoll set inside the loop's epoll set.
 *
 * 1. After watch_end no event of that watch is told, also none that was read already.
 * 2. A watch is ended before its descriptor is closed: a copy in a child that is between fork
 *    and exec would keep it in the set.
 */
#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "daemon/probe/poller.h"

#define DRAIN_ROUNDS 16 /* a descriptor that is always ready must not hold the loop */

static void poller_ready(uv_poll_t *handle, int status, int events)
{
	struct poller *poller = handle->data;

	(void)status;
	(void)events;
	poller_drain(poller);
	poller->turned(poller->context);
}

int poller_open(struct poller *poller, uv_loop_t *loop, void (*turned)(void *context),
	void *context, struct error *error)
{
	int status;

	*poller = (struct poller){ .turned = turned, .context = context };
	poller->fd = epoll_create1(EPOLL_CLOEXEC);
	if (poller->fd < 0)
		return error_system(error, errno, "cannot make an epoll set");
	status = uv_poll_init(loop, &poller->handle, poller->fd);
	if (status != 0) {
		close(poller->fd);
		return error_system(error, -status, "cannot watch an epoll set");
	}
	poller->handle.data = poller;
	uv_poll_start(&poller->handle, UV_READABLE, poller_ready);
	return 0;
}

static void poller_closed(uv_handle_t *handle)
{
	struct poller *poller = handle->data;

	poller->closed(poller->context);
}

void poller_close(struct poller *poller, void (*closed)(void *context))
{
	poller->batch_at = poller->batch_count = 0;
	poller->closed = closed;
	uv_close((uv_handle_t *)&poller->handle, poller_closed);
	close(poller->fd);
	poller->fd = -1;
}

static void batch_tell(struct poller *poller)
{
	while (poller->batch_at < poller->batch_count) {
		struct epoll_event *event = &poller->batch[poller->batch_at++];
		struct watch *watch = event->data.ptr;

		if (watch != NULL)
			watch->ready(watch, event->events);
	}
}

void poller_drain(struct poller *poller)
{
	for (int round = 0; round < DRAIN_ROUNDS && poller->fd >= 0; round++) {
		int count = epoll_wait(poller->fd, poller->batch, POLLER_BATCH, 0);

		if (count <= 0)
			return;
		poller->batch_at = 0;
		poller->batch_count = count;
		batch_tell(poller);
		if (count < POLLER_BATCH)
			return;
	}
}

int watch_begin(struct poller *poller, struct watch *watch, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	if (epoll_ctl(poller->fd, EPOLL_CTL_ADD, fd, &event) != 0)
		return -errno;
	watch->fd = fd;
	watch->events = events;
	return 0;
}

int watch_change(struct poller *poller, struct watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	if (watch->events == events)
		return 0;
	if (epoll_ctl(poller->fd, EPOLL_CTL_MOD, watch->fd, &event) != 0)
		return -errno;
	watch->events = events;
	return 0;
}

void watch_end(struct poller *poller, struct watch *watch)
{
	if (watch->events == 0)
		return;
	if (poller->fd >= 0)
		(void)epoll_ctl(poller->fd, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->events = 0;
	for (int i = poller->batch_at; i < poller->batch_count; i++) {
		if (poller->batch[i].data.ptr == watch)
			poller->batch[i].data.ptr = NULL;
	}
}
