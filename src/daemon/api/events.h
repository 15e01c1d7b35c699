/* SPDX-License-Identifier: Apache-2.0 */
/* The last events, for those who ask later and those who follow. Pure. */
#ifndef NEARCAST_DAEMON_API_EVENTS_H
#define NEARCAST_DAEMON_API_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define EVENTS_KEPT      1000u
#define EVENT_LENGTH_MAX 16384u

struct event {
	uint64_t sequence; /* as main counts them, rising */
	char *text;        /* one JSON object on one line; owned by the ring */
	size_t length;
};

/* Zero-initialised is empty. */
struct event_ring {
	struct event events[EVENTS_KEPT];
	size_t first, count;
};

/* Copies; the oldest makes room. ERROR_MALFORMED: the sequence does not rise, or the text holds
 * a newline; ERROR_RANGE: too long; ERROR_MEMORY. Then nothing changed. */
int event_ring_add(struct event_ring *ring, uint64_t sequence, const char *text, size_t length);
void event_ring_clear(struct event_ring *ring);

/* The oldest event that is kept and newer than sequence; NULL: none. Valid until the next add.
 */
const struct event *event_ring_after(const struct event_ring *ring, uint64_t sequence);
/* A sequence behind which there are the last `count` events, or all if they are fewer. */
uint64_t event_ring_last(const struct event_ring *ring, size_t count);
/* {"events":[...]} of what is newer than sequence. */
void event_ring_print(const struct event_ring *ring, uint64_t sequence, struct text *out);

#endif
