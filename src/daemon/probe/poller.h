/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Short-lived descriptors, many a second. libuv's own handles cost five system calls a
 * descriptor and live until their close callback; here one epoll set hangs in the loop as a
 * single descriptor, and watching costs two calls.
 */
#ifndef NEARCAST_DAEMON_PROBE_POLLER_H
#define NEARCAST_DAEMON_PROBE_POLLER_H

#include <stdint.h>
#include <sys/epoll.h>
#include <uv.h>

#include "base/error.h"

#define POLLER_BATCH 64

/* Embed in what waits for a descriptor. Zero-initialised: not watching. */
struct watch {
	int fd; /* while watching */
	uint32_t events;
	/* May change or remove any watch. */
	void (*ready)(struct watch *watch, uint32_t events);
};

struct poller {
	int fd;
	uv_poll_t handle;
	struct epoll_event batch[POLLER_BATCH];
	int batch_at, batch_count; /* what of the batch is still to be told */
	/* Called after each turn's events. */
	void (*turned)(void *context);
	void *context;
	void (*closed)(void *context);
};

/* 0 or ERROR_SYSTEM. */
int poller_open(struct poller *poller, uv_loop_t *loop, void (*turned)(void *context),
	void *context, struct error *error);
/* No watch is told any more; closed(context) when the loop has let go. */
void poller_close(struct poller *poller, void (*closed)(void *context));

/* Tell everything that is ready now, without waiting. */
void poller_drain(struct poller *poller);

/* Begin watching fd for EPOLL* events. 0 or a negative errno. */
int watch_begin(struct poller *poller, struct watch *watch, int fd, uint32_t events);
/* 0 or a negative errno. */
int watch_change(struct poller *poller, struct watch *watch, uint32_t events);
/* Before the descriptor is closed. Harmless if not watching. */
void watch_end(struct poller *poller, struct watch *watch);

#endif
