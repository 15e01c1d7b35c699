/* SPDX-License-Identifier: Apache-2.0 */
/* A world laid out on a map: which part of the globe is shown, where each mark stands. */
#ifndef NEARCAST_WORLD_DRAW_SCENE_H
#define NEARCAST_WORLD_DRAW_SCENE_H

#include "base/text.h"
#include "world/draw_labels.h"
#include "world/draw_world.h"

/* What the map shows: projected units to units of the drawing. */
struct draw_view {
	struct draw_box frame;
	struct draw_point middle; /* in projected units */
	double scale;
};

/* Height of a frame of that width that shows all inhabited land. */
double draw_view_height(double width);
/* Of worlds (those that are NULL do not count): all of the globe, or the part where all their
 * places are, if it is much smaller. */
struct draw_view draw_view_of(
	struct draw_box frame, const struct draw_world *const *worlds, size_t count);
struct draw_point draw_view_point(const struct draw_view *view, struct draw_point projected);

/* More clients than that are dots without letters and labels. */
#define DRAW_DENSE 400u

struct draw_scene {
	const struct draw_index *index;
	const struct draw_world *world;
	struct draw_view view;
	double size; /* of marks and letters: 1 is for a map 1200 wide */
	struct draw_point
		*at; /* [place_count] where marks stand, moved so that none is covered */
	struct draw_point *true_at; /* where their places are */
	double *radius;             /* [place_count] */
	bool dense;
};

/* ERROR_MEMORY. index has to outlive the scene. */
int draw_scene_make(const struct draw_index *index, const struct draw_view *view, double size,
	struct draw_scene *ret_scene);
void draw_scene_clear(struct draw_scene *scene);

/* Called with the pieces of a line, one after the other; first: begins a piece. */
typedef void draw_line_each(void *context, struct draw_point at, bool first);
/* The great circle between two places, cut where the map is. */
void draw_scene_arc(const struct draw_scene *scene, uint32_t from, uint32_t to,
	draw_line_each *each, void *context);
/* The point in the middle of it. */
struct draw_point draw_scene_middle(const struct draw_scene *scene, uint32_t from, uint32_t to);

/* Sea, land, borders and a grid of degrees as SVG. */
void draw_scene_globe(struct text *out, const struct draw_view *view);

#endif
