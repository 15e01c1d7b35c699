/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only clocks of the program.
 *
 * Invariant: clock_now never gives 0, which means "not set".
 */
#include "os/clock.h"

#include <time.h>

static int64_t clock_read(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

struct instant clock_now(void)
{
	int64_t ns = clock_read(CLOCK_MONOTONIC);

	return (struct instant){ ns > 0 ? ns : 1 };
}

struct wall_time clock_wall(void)
{
	return (struct wall_time){ clock_read(CLOCK_REALTIME) };
}

struct wall_time clock_wall_of(struct instant instant)
{
	return (struct wall_time){ clock_wall().ns - (clock_now().ns - instant.ns) };
}
