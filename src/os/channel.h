/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pair of processes joined by a SOCK_SEQPACKET socket pair that carries records: one packet
 * is one record, with at most one file descriptor beside it. What a record means is not known
 * here.
 */
#ifndef NEARCAST_OS_CHANNEL_H
#define NEARCAST_OS_CHANNEL_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/error.h"

struct channel;

#define CHANNEL_RECORD_MAX 65536      /* bytes */
#define CHANNEL_QUEUE_MAX  (4u << 20) /* bytes waiting in user space before sends are refused \
				       */

struct channel_events {
	void *context;
	/* bytes are aligned for any type and valid during the call. fd is -1 or the callee's.
	 */
	void (*record)(void *context, const void *bytes, size_t length, int fd);
	/* The other end is gone. The channel is dead; close it. */
	void (*lost)(void *context);
	/* The queue fell below half after a refused send. May be NULL. */
	void (*drained)(void *context);
};

/* Two ends, both close-on-exec and non-blocking. 0 or ERROR_SYSTEM. */
int channel_pair(int ret_fds[2], struct error *error);
/* Takes over fd. NULL: no memory or uv refuses. */
struct channel *channel_open(uv_loop_t *loop, int fd, const struct channel_events *events);
/* Closes the fd at once; frees when the loop lets go. NULL is fine. */
void channel_close(struct channel *channel);
/* Copies. 0, ERROR_FULL (queue cap), ERROR_RANGE (too long), ERROR_STATE (other end gone).
 * fd: -1, or one that is duplicated into the packet; the caller keeps its own. */
int channel_send(struct channel *channel, const void *bytes, size_t length, int fd);
size_t channel_queued(const struct channel *channel); /* bytes */

#endif
