/* SPDX-License-Identifier: Apache-2.0 */
/* The only clocks of the program. */
#ifndef NEARCAST_OS_CLOCK_H
#define NEARCAST_OS_CLOCK_H

#include "base/instant.h"

/* CLOCK_MONOTONIC; never 0. */
struct instant clock_now(void);
/* CLOCK_REALTIME. */
struct wall_time clock_wall(void);
/* The wall time of a monotonic instant, by the present offset of the two. */
struct wall_time clock_wall_of(struct instant instant);

#endif
