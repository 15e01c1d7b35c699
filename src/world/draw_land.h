/* SPDX-License-Identifier: Apache-2.0 */
/* Coasts and borders of the world, from Natural Earth (public domain); see tools/make-land. */
#ifndef NEARCAST_WORLD_DRAW_LAND_H
#define NEARCAST_WORLD_DRAW_LAND_H

#include <stddef.h>
#include <stdint.h>

/* Hundredths of a degree. Longitudes of one line go on past 180 degrees: nothing jumps. Lines
 * are cut at 169 degrees west. */
struct land_point {
	int16_t longitude, latitude;
};

/* Line i is points[starts[i]] to points[starts[i + 1] - 1]; starts has count + 1 elements. A
 * coast is a ring whose last point joins its first; a border is open. */
extern const struct land_point land_points[], border_points[];
extern const uint16_t land_starts[], border_starts[];
extern const size_t land_count, border_count;

#endif
