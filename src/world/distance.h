/* SPDX-License-Identifier: Apache-2.0 */
/* How long light takes between two places. */
#ifndef NEARCAST_WORLD_DISTANCE_H
#define NEARCAST_WORLD_DISTANCE_H

#include <stdint.h>

#include "plan/city.h"

/*
 * One way in nanoseconds: the great circle, in glass (200 km a millisecond), and a quarter more
 * because cables do not follow it. 0 within a city (less than 20 km).
 */
uint64_t world_delay_ns(struct plan_place a, struct plan_place b);

#endif
