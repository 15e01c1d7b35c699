/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring of the last events.
 *
 * Invariants:
 *  1. Sequences rise from the oldest to the newest; they need not be dense.
 *  2. No text holds a newline, so that each can go out as a line.
 */
#include "daemon/api/events.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static const struct event *event_at(const struct event_ring *ring, size_t index)
{
	return &ring->events[(ring->first + index) % EVENTS_KEPT];
}

int event_ring_add(struct event_ring *ring, uint64_t sequence, const char *text, size_t length)
{
	struct event *place;
	char *copy;

	if (ring->count > 0 && sequence <= event_at(ring, ring->count - 1)->sequence)
		return ERROR_MALFORMED;
	if (length == 0 || memchr(text, '\n', length) != NULL ||
		memchr(text, '\r', length) != NULL)
		return ERROR_MALFORMED;
	if (length > EVENT_LENGTH_MAX)
		return ERROR_RANGE;
	copy = malloc(length);
	if (copy == NULL)
		return ERROR_MEMORY;
	memcpy(copy, text, length);
	place = &ring->events[(ring->first + ring->count) % EVENTS_KEPT];
	if (ring->count == EVENTS_KEPT) {
		free(place->text);
		ring->first = (ring->first + 1) % EVENTS_KEPT;
	} else {
		ring->count++;
	}
	*place = (struct event){ .sequence = sequence, .text = copy, .length = length };
	return 0;
}

void event_ring_clear(struct event_ring *ring)
{
	for (size_t i = 0; i < EVENTS_KEPT; i++)
		free(ring->events[i].text);
	*ring = (struct event_ring){ 0 };
}

/* How many of the kept events are not newer than sequence: binary search, by invariant 1. */
static size_t count_until(const struct event_ring *ring, uint64_t sequence)
{
	size_t low = 0, high = ring->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (event_at(ring, middle)->sequence <= sequence)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct event *event_ring_after(const struct event_ring *ring, uint64_t sequence)
{
	size_t index = count_until(ring, sequence);

	return index == ring->count ? NULL : event_at(ring, index);
}

uint64_t event_ring_last(const struct event_ring *ring, size_t count)
{
	if (count == 0)
		return ring->count == 0 ? 0 : event_at(ring, ring->count - 1)->sequence;
	if (count >= ring->count)
		return 0;
	return event_at(ring, ring->count - count - 1)->sequence;
}

void event_ring_print(const struct event_ring *ring, uint64_t sequence, struct text *out)
{
	size_t start = count_until(ring, sequence);

	text_add(out, "{\"events\":[");
	for (size_t i = start; i < ring->count; i++) {
		if (i > start)
			text_add(out, ",");
		text_add_bytes(out, event_at(ring, i)->text, event_at(ring, i)->length);
	}
	text_add(out, "]}");
}
