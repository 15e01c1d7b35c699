/* SPDX-License-Identifier: Apache-2.0 */
/* One direction of a link. */
#include "world/line.h"

#define MILLION 1000000u

void line_init(struct line *line, const struct line_settings *settings, uint64_t seed)
{
	*line = (struct line){ .settings = *settings, .random = { seed } };
}

void line_change(struct line *line, const struct line_settings *settings)
{
	line->settings = *settings;
}

/* Nanoseconds that so many bytes take at the rate. */
static int64_t sending_ns(const struct line *line, size_t bytes)
{
	return (int64_t)((double)bytes * 8e9 / (double)line->settings.rate_bps);
}

/* Joins the queue; false: it is full. */
static bool join_queue(
	struct line *line, struct instant now, size_t bytes, struct instant *ret_sent)
{
	uint32_t room =
		line->settings.queue_bytes == 0 ? LINE_QUEUE_USUAL : line->settings.queue_bytes;
	struct instant start = now;

	if (line->settings.rate_bps == 0) {
		*ret_sent = now;
		return true;
	}
	if (instant_before(now, line->busy_until))
		start = line->busy_until;
	if (instant_since(start, now).ns > sending_ns(line, room))
		return false;
	line->busy_until = instant_add(start, (struct duration){ sending_ns(line, bytes) });
	*ret_sent = line->busy_until;
	return true;
}

bool line_take(struct line *line, struct instant now, size_t bytes, struct instant *ret_out)
{
	struct instant sent;

	line->counters.frames++;
	line->counters.bytes += bytes;
	if (line->settings.loss_ppm > 0 &&
		random_below(&line->random, MILLION) < line->settings.loss_ppm) {
		line->counters.lost++;
		return false;
	}
	if (!join_queue(line, now, bytes, &sent)) {
		line->counters.dropped++;
		return false;
	}
	*ret_out = instant_add(sent, (struct duration){ (int64_t)line->settings.delay_ns });
	if (instant_before(*ret_out, line->last_out))
		*ret_out = line->last_out;
	line->last_out = *ret_out;
	return true;
}
