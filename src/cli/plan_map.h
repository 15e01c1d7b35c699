/* SPDX-License-Identifier: Apache-2.0 */
/* A map of the world for reports. */
#ifndef NEARCAST_CLI_PLAN_MAP_H
#define NEARCAST_CLI_PLAN_MAP_H

#include "plan/city.h"

#define PLAN_MAP_WIDTH  1000
#define PLAN_MAP_HEIGHT 430

/* Data of an SVG path: the land. */
extern const char plan_map_land[];

/* Where a place is, in units of the map; south of 58 degrees it is below its edge. */
void plan_map_place(struct plan_place place, double *ret_x, double *ret_y);

#endif
