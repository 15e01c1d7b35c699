/* SPDX-License-Identifier: Apache-2.0 */
/* From the globe to the plane: the projection of maps, and great circles. */
#ifndef NEARCAST_WORLD_DRAW_GLOBE_H
#define NEARCAST_WORLD_DRAW_GLOBE_H

#include <stddef.h>

/* The meridian in the middle of maps: so they are cut at 169 degrees west, in the Bering
 * Strait. */
#define DRAW_MIDDLE 11.0
/* Half the width of the projected world, in its own units (radians of a sphere). */
#define DRAW_HALF_WIDTH 2.73539

struct draw_point {
	double x, y;
};

/* Natural Earth (Patterson; Savric, Jenny, Patterson, Petrovic and Hurni 2011): y grows to the
 * north. Longitudes from DRAW_MIDDLE - 180 to DRAW_MIDDLE + 180; those outside land beyond the
 * edge. */
struct draw_point draw_project(double longitude, double latitude);
/* The same after the longitude was turned into that range. */
struct draw_point draw_project_wrapped(double longitude, double latitude);

struct draw_degrees {
	double longitude, latitude;
};

/*
 * A point of the great circle from a to b: part 0 is a, 1 is b. Between antipodes, where there
 * is no single one, the one over the north pole.
 */
struct draw_degrees draw_great_circle(
	struct draw_degrees a, struct draw_degrees b, double part);
/* Degrees of the great circle between them, 0 to 180. */
double draw_angle(struct draw_degrees a, struct draw_degrees b);

/* The longitude in [west, west + 360). */
double draw_wrap(double longitude, double west);

/*
 * Where a short line from a to b (less than 180 degrees of longitude apart) crosses the
 * meridian `cut` (degrees east): 1 and the latitude, or 0. A line that only touches it does not
 * cross.
 */
int draw_crossing(
	struct draw_degrees a, struct draw_degrees b, double cut, double *ret_latitude);

#endif
