/* SPDX-License-Identifier: Apache-2.0 */
/* The catchment map: who is answered by which site, as one SVG. */
#ifndef NEARCAST_WORLD_DRAW_MAP_H
#define NEARCAST_WORLD_DRAW_MAP_H

#include "base/text.h"
#include "world/draw_svg.h"
#include "world/draw_world.h"

struct draw_map_options {
	enum draw_theme theme;
	const char *caption; /* under the title: what was done; NULL: a summary in numbers */
	bool no_links;       /* leave out links between networks */
};

/* How much of what was asked for could be shown. */
struct draw_map_result {
	size_t labels, labels_left_out;
	double labels_overlap; /* area of labels covered by other labels */
};

/*
 * Append the map of one world. A world whose places all lie in one part of the globe gets a map
 * of that part. ret_result may be NULL. ERROR_RANGE or ERROR_FULL (draw_world_check),
 * ERROR_MEMORY; then out may have part of it.
 */
int draw_map(const struct draw_world *world, const struct draw_map_options *options,
	struct text *out, struct draw_map_result *ret_result, struct error *error);

/*
 * Two maps side by side, of the same world before and after something (places are matched by
 * name). Clients that another site answers now, or none, stand out.
 */
int draw_map_change(const struct draw_world *before, const struct draw_world *after,
	const struct draw_map_options *options, struct text *out,
	struct draw_map_result *ret_result, struct error *error);

#endif
