/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time as value types, so that a second is never added to a millisecond and an instant never to
 * an instant. Pure code gets `now` as an argument; only src/os reads a clock.
 */
#ifndef NEARCAST_BASE_INSTANT_H
#define NEARCAST_BASE_INSTANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A length of time, nanoseconds; may be negative. */
struct duration {
	int64_t ns;
};

/* A point on the monotonic clock, nanoseconds since an arbitrary start. 0 means "not set";
 * INSTANT_NEVER is later than any other. */
struct instant {
	int64_t ns;
};

/* A point on the wall clock, nanoseconds since 1970-01-01 UTC: for people and files only. */
struct wall_time {
	int64_t ns;
};

#define INSTANT_NEVER ((struct instant){ INT64_MAX })

static inline struct duration duration_us(int64_t us)
{
	return (struct duration){ us * 1000 };
}

static inline struct duration duration_ms(int64_t ms)
{
	return (struct duration){ ms * 1000000 };
}

static inline struct duration duration_seconds(int64_t seconds)
{
	return (struct duration){ seconds * 1000000000 };
}

static inline int64_t duration_to_ms(struct duration d)
{
	return d.ns / 1000000;
}

static inline double duration_to_seconds(struct duration d)
{
	return (double)d.ns / 1e9;
}

/* Saturates at INSTANT_NEVER. */
static inline struct instant instant_add(struct instant i, struct duration d)
{
	int64_t sum;

	if (i.ns == INT64_MAX || __builtin_add_overflow(i.ns, d.ns, &sum))
		return INSTANT_NEVER;
	return (struct instant){ sum };
}

static inline struct duration instant_since(struct instant later, struct instant earlier)
{
	return (struct duration){ later.ns - earlier.ns };
}

static inline bool instant_before(struct instant a, struct instant b)
{
	return a.ns < b.ns;
}

/* True if `now` has reached i. */
static inline bool instant_reached(struct instant i, struct instant now)
{
	return i.ns <= now.ns;
}

static inline struct instant instant_earlier(struct instant a, struct instant b)
{
	return a.ns < b.ns ? a : b;
}

static inline bool instant_is_set(struct instant i)
{
	return i.ns != 0;
}

#define DURATION_TEXT_MAX 32
#define WALL_TEXT_MAX     64

/* "200ms", "1s", "5m", "2h", "1d", "500us"; a bare number is an error (say which unit you mean),
 * except "0". One number and one unit. ERROR_MALFORMED, ERROR_RANGE. */
int duration_parse(const char *text, struct duration *ret_duration);
/* The shortest exact form that duration_parse reads back: "1500ms", "2s". */
const char *duration_format(struct duration d, char text[DURATION_TEXT_MAX]);
/* For people: "3.2 ms", "4 min 10 s", "2 d 3 h". */
const char *duration_human(struct duration d, char text[DURATION_TEXT_MAX]);
/* RFC 3339 in UTC with milliseconds: "2026-11-23T04:05:06.789Z". Pure calendar arithmetic. */
const char *wall_format(struct wall_time t, char text[WALL_TEXT_MAX]);

#endif
