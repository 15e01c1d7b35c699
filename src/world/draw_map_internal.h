/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the catchment map share. */
#ifndef NEARCAST_WORLD_DRAW_MAP_INTERNAL_H
#define NEARCAST_WORLD_DRAW_MAP_INTERNAL_H

#include "world/draw_map.h"
#include "world/draw_scene.h"

/* One map of one or two. */
struct draw_panel {
	const struct draw_index *index;
	/* The other world of a change: NULL if there is none. */
	const struct draw_index *other;
	bool is_after;
	const struct draw_map_options *options;
	struct draw_scene scene;
	bool *changed; /* [client_count] of a change */
	struct draw_map_result *result;
};

/* The place of the same name in the other world, or DRAW_NONE. */
uint32_t draw_twin(
	const struct draw_index *index, uint32_t place, const struct draw_index *other);
/* The site (a place of index's world) that mainly answers the client of the same name in other,
 * DRAW_NONE if none. */
uint32_t draw_other_answer(
	const struct draw_index *index, size_t client, const struct draw_index *other);

/* Lines of the network, arcs from clients to sites. */
void draw_panel_lines(struct text *out, const struct draw_panel *panel);
/* Marks of all places. */
void draw_panel_marks(struct text *out, const struct draw_panel *panel);
/* ERROR_MEMORY. */
int draw_panel_labels(struct text *out, const struct draw_panel *panel);

/* The mark of a site, also for legends. radius: half its size. */
void draw_site_mark(struct text *out, struct draw_point at, double radius, size_t site,
	enum draw_state state);

/* Sites with what they answer, after a change too: in a box of that width from x, y; how high
 * it is. A NULL out only measures. ERROR_MEMORY or 0. */
int draw_legend(struct text *out, const struct draw_index *index,
	const struct draw_index *after, struct draw_box at, double *ret_height);

#endif
