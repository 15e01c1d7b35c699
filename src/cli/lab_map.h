/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures of a world: from what it says of itself, and of its clients, to maps and exports. */
#ifndef NEARCAST_CLI_LAB_MAP_H
#define NEARCAST_CLI_LAB_MAP_H

#include <jansson.h>

#include "base/arena.h"
#include "base/error.h"
#include "world/draw_world.h"

/* catchment: {"world": what `status` answers, "clients": what `report` does}. Strings stay
 * those of catchment, arrays are the arena's. ERROR_MEMORY; ERROR_MALFORMED: it is none. */
int lab_draw_world(const json_t *catchment, struct arena *arena, struct draw_world *ret_world,
	struct error *error);

/* Write the map of a catchment, or (before not NULL) of a change. A path that ends in .png is
 * drawn by rsvg-convert (ERROR_UNSUPPORTED: it is not installed), all others are SVG. Nothing
 * half-written stays. caption may be NULL. */
int lab_map_write(const char *path, const json_t *before, const json_t *after,
	const char *caption, struct error *error);

/* Ask a world for both, after everybody has asked for a while. */
int lab_catchment_take(const char *world, unsigned interval_us, unsigned for_ms,
	json_t **ret_catchment, struct error *error);

#endif
