/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded flood from one client's namespace, to see what a site takes. Only ever inside the
 * lab: a namespace that could be the machine's own is refused, rate and length have caps, and
 * the flood ends by itself.
 */
#ifndef NEARCAST_LAB_FLOOD_H
#define NEARCAST_LAB_FLOOD_H

#include <sys/types.h>

#include "base/address.h"
#include "base/error.h"
#include "lab/flood_packet.h"

#define FLOOD_RATE_MAX     1000000u /* packets a second */
#define FLOOD_DURATION_MAX 60000u   /* ms */

struct flood_options {
	int netns_fd;          /* the client's; the caller keeps it */
	dev_t host_device;     /* of the network namespace that the supervisor began in, as */
	ino_t host_inode;      /* stat(2) says; 0: not known */
	struct address source; /* the client's own, IPv4 */
	struct prefix spoofed; /* FAMILY_NONE: packets come from source */
	struct address target; /* IPv4 */
	uint16_t port;
	enum flood_kind kind;
	uint16_t payload; /* of FLOOD_UDP, bytes */
	uint32_t packets_per_s;
	uint32_t duration_ms;
	uint64_t seed;
};

struct flood_report {
	uint64_t sent;   /* packets that the kernel took */
	uint64_t failed; /* that it did not */
	uint64_t missed; /* not tried in time: the machine is too slow for the rate */
	bool running;
};

struct flood;

/*
 * Start a process that floods. ERROR_REFUSED: the namespace is not one of a lab: it is the one
 * of process 1, the host's, or our own. ERROR_RANGE: above a cap, or nothing to do;
 * ERROR_UNSUPPORTED: not IPv4; ERROR_SYSTEM.
 */
int flood_start(
	const struct flood_options *options, struct flood **ret_flood, struct error *error);
/* What has been sent so far. Never blocks. */
void flood_look(const struct flood *flood, struct flood_report *ret_report);
/* End it if it runs, free. *ret_report (may be NULL): the last count. flood may be NULL. */
void flood_stop(struct flood *flood, struct flood_report *ret_report);

/* All at once: start, wait for its end (duration_ms and a little), report. ERROR_SYSTEM: it
 * could not send at all. */
int flood_run(const struct flood_options *options, struct flood_report *ret_report,
	struct error *error);

#endif
