/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One direction of a link: when a frame that comes in now goes out, if at all. Pure.
 *
 *   in -> [chance of loss] -> [queue, emptied at the link's rate] -> [delay] -> out
 *
 * Frames stay in order.
 */
#ifndef NEARCAST_WORLD_LINE_H
#define NEARCAST_WORLD_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/random.h"

struct line_settings {
	uint64_t delay_ns;
	uint64_t rate_bps;    /* 0: no limit */
	uint32_t loss_ppm;    /* of the frames, by chance */
	uint32_t queue_bytes; /* waiting to be sent at the rate; 0: LINE_QUEUE_USUAL */
};

#define LINE_QUEUE_USUAL (256u * 1024)

struct line_counters {
	uint64_t frames, bytes; /* that came in */
	uint64_t lost;          /* by chance */
	uint64_t dropped;       /* the queue was full */
};

struct line {
	struct line_settings settings;
	struct line_counters counters;
	struct random random;
	struct instant busy_until; /* when the last frame in the queue has been sent */
	struct instant last_out;   /* of the last frame that was taken */
};

void line_init(struct line *line, const struct line_settings *settings, uint64_t seed);
/* From the next frame on. Frames under way keep their time, and none overtakes another. */
void line_change(struct line *line, const struct line_settings *settings);
/* A frame comes in: when it goes out; false: it is lost. now never falls. */
bool line_take(struct line *line, struct instant now, size_t bytes, struct instant *ret_out);

#endif
