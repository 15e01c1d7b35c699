/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor of a world: builds it, starts what runs in it, answers questions
 * (lab/control.h) until it is told to end. Pid 1 of its own pid namespace.
 *
 * Questions are {"do": WORD, ...}:
 *
 *   status                           nodes, links, clients, what is broken
 *   enter    node                    descriptors: network, mounts, host name, pids
 *   break    what, how               a link, node, site, or "SITE/service"; how: cut or silent
 *   mend     what
 *   prepend  site, times
 *   pace     interval_us, timeout_ms
 *   mark                             a new measured interval begins
 *   settle                           what was asked is answered or lost
 *   report                           what each client saw since the mark
 *   flood    client, packets_per_s, duration_ms
 *   counters                         what each site was asked, and what the flood sent
 *   down
 */
#ifndef NEARCAST_LAB_SERVE_H
#define NEARCAST_LAB_SERVE_H

#include <sys/types.h>

#include "base/error.h"
#include "world/world.h"

struct lab_up {
	const struct world *world;
	const char *name;
	const char *program; /* path of this program */
	/* Set by lab_up: the network namespace that it was called in, as stat(2) says. */
	dev_t host_device;
	ino_t host_inode;
};

/* A line of progress: a word, how far, of how much; or how it failed. */
struct lab_news {
	char what[32];
	uint32_t done, total;
	bool failed, ready;
	struct error error;
};

/*
 * Start a world: fork its supervisor, which goes on when the caller ends. *ret_news is where
 * struct lab_news come from, one a read, until one is ready or failed. ERROR_EXISTS: there is
 * one of that name; ERROR_PERMISSION: no namespaces for this user.
 */
int lab_up(const struct lab_up *options, int *ret_news, struct error *error);

#endif
