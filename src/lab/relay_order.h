/* SPDX-License-Identifier: Apache-2.0 */
/* Between the supervisor and its relay: one struct a packet, of one and the same program. */
#ifndef NEARCAST_LAB_RELAY_ORDER_H
#define NEARCAST_LAB_RELAY_ORDER_H

#include "lab/relay.h"

#define RELAY_HEADER 12 /* bytes of struct virtio_net_hdr_v1 in front of each frame */

struct relay_order {
	enum {
		RELAY_ADD, /* with two descriptors */
		RELAY_CHANGE,
		RELAY_COUNT,
	} kind;
	unsigned link;
	struct line_settings settings[2];
};

struct relay_answer {
	int result, system_errno;
	struct relay_counters counters[2];
};

/* The process itself; returns its exit status when nobody gives orders any more. */
int relay_process(int control);

#endif
