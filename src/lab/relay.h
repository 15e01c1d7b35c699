/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The relay: one process that carries the frames of all links with a delay, a loss or a rate
 * from one end to the other, where the kernel has no netem. Each end is a TAP interface in its
 * node; its descriptor belongs to the relay.
 *
 *   node A | to-b (TAP) ==== relay: line A to B, line B to A ==== to-a (TAP) | node B
 *
 * Frames pass with their virtio header, so that checksums which the kernel leaves to the
 * hardware are left to the receiving kernel.
 */
#ifndef NEARCAST_LAB_RELAY_H
#define NEARCAST_LAB_RELAY_H

#include <sys/types.h>

#include "base/error.h"
#include "world/line.h"

#define RELAY_LINKS_MAX 4096
#define RELAY_BYTES_MAX (256u << 20) /* under way in all links together */

struct relay;

struct relay_counters {
	struct line_counters line;
	uint64_t out;     /* frames that went out */
	uint64_t refused; /* the kernel did not take them: the end was down */
	uint64_t late;    /* went out more than a millisecond after they should have */
};

/* A TAP interface, down, in the network namespace that the caller is in now. ERROR_UNSUPPORTED:
 * there is no /dev/net/tun; ERROR_PERMISSION. */
int relay_tap(const char *name, int *ret_fd, struct error *error);

/* Fork the process; it ends with its parent. */
int relay_start(struct relay **ret_relay, struct error *error);
/* NULL is fine. */
void relay_stop(struct relay *relay);
pid_t relay_pid(const struct relay *relay);

/* Carry frames between two ends, each way by its settings: settings[0] is for what comes in at
 * fd[0]. The descriptors stay the caller's too. ERROR_STATE: the process is gone. */
int relay_add(struct relay *relay, unsigned link, const int fd[2],
	const struct line_settings settings[2], struct error *error);
int relay_change(struct relay *relay, unsigned link, const struct line_settings settings[2],
	struct error *error);
int relay_count(struct relay *relay, unsigned link, struct relay_counters ret_counters[2],
	struct error *error);

#endif
