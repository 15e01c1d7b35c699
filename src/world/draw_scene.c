/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layout of a map.
 *
 * Invariants:
 *  1. Marks of sites and clients do not cover each other, unless there are more of them than
 *     room around a spot (or more than DRAW_DENSE clients).
 *  2. A site stands where it is unless another site is there; clients give way.
 */
#include "world/draw_scene.h"

#include <math.h>
#include <stdlib.h>

#define SOUTH    -57.0 /* of it, only Antarctica */
#define NORTH    84.0
#define MARGIN   0.14 /* around the places, parts of their extent */
#define ZOOM_MAX 9.0
#define PASSES   80
#define TURN     2.39996 /* the golden angle: marks of one place go different ways */
#define ARC_STEP 2.5     /* degrees */

/* ---- The view ---- */

double draw_view_height(double width)
{
	return width * (draw_project(0, NORTH).y - draw_project(0, SOUTH).y) /
	       (2 * DRAW_HALF_WIDTH);
}

struct draw_point draw_view_point(const struct draw_view *view, struct draw_point projected)
{
	return (struct draw_point){
		view->frame.x + view->frame.width / 2 +
			(projected.x - view->middle.x) * view->scale,
		view->frame.y + view->frame.height / 2 -
			(projected.y - view->middle.y) * view->scale,
	};
}

struct extent {
	struct draw_point least, most;
};

static struct extent extent_of(const struct draw_world *const *worlds, size_t count)
{
	struct extent e = { { HUGE_VAL, HUGE_VAL }, { -HUGE_VAL, -HUGE_VAL } };

	for (size_t w = 0; w < count; w++)
		for (size_t i = 0; worlds[w] != NULL && i < worlds[w]->place_count; i++) {
			const struct draw_place *place = &worlds[w]->places[i];
			struct draw_point p =
				draw_project_wrapped(place->longitude, place->latitude);

			e.least = (struct draw_point){ fmin(e.least.x, p.x),
				fmin(e.least.y, p.y) };
			e.most =
				(struct draw_point){ fmax(e.most.x, p.x), fmax(e.most.y, p.y) };
		}
	return e;
}

static double between(double value, double least, double most)
{
	return least > most ? (least + most) / 2 : fmax(least, fmin(value, most));
}

struct draw_view draw_view_of(
	struct draw_box frame, const struct draw_world *const *worlds, size_t count)
{
	double north = draw_project(0, NORTH).y, south = draw_project(0, SOUTH).y;
	double whole =
		fmin(frame.width / (2 * DRAW_HALF_WIDTH), frame.height / (north - south));
	struct draw_view view = { frame, { 0, (north + south) / 2 }, whole };
	struct extent e = extent_of(worlds, count);
	double width = (e.most.x - e.least.x) * (1 + 2 * MARGIN) + 0.1;
	double height = (e.most.y - e.least.y) * (1 + 2 * MARGIN) + 0.1;
	double zoomed = fmin(frame.width / width, frame.height / height);

	/* A little closer is not worth losing the shape of the world. */
	if (!(zoomed > whole * 1.5))
		return view;
	view.scale = fmin(zoomed, whole * ZOOM_MAX);
	width = frame.width / view.scale / 2;
	height = frame.height / view.scale / 2;
	view.middle.x = between(
		(e.least.x + e.most.x) / 2, width - DRAW_HALF_WIDTH, DRAW_HALF_WIDTH - width);
	view.middle.y = between((e.least.y + e.most.y) / 2, south + height, north - height);
	return view;
}

/* ---- Marks ---- */

static double radius_of(const struct draw_scene *scene, uint32_t place, double heaviest)
{
	const struct draw_place *p = &scene->world->places[place];

	if (p->kind == DRAW_SITE)
		return 12 * scene->size;
	if (p->kind != DRAW_CLIENT)
		return 3.5 * scene->size;
	if (scene->dense)
		return 2.5 * scene->size;
	return scene->size * (6.5 + (heaviest > 0 ? 4.5 * sqrt(p->weight / heaviest) : 0));
}

/* May a mark be moved, and how much of a shove does it take? */
static double give_of(const struct draw_scene *scene, uint32_t a, uint32_t b)
{
	if (scene->world->places[a].kind == DRAW_CLIENT)
		return scene->world->places[b].kind == DRAW_CLIENT ? 0.5 : 1;
	return scene->world->places[b].kind == DRAW_CLIENT ? 0 : 0.5;
}

/* Push two marks apart if they touch. True if they did. */
static bool push(struct draw_scene *scene, uint32_t a, uint32_t b)
{
	double x = scene->at[b].x - scene->at[a].x, y = scene->at[b].y - scene->at[a].y;
	double apart = hypot(x, y);
	double need = scene->radius[a] + scene->radius[b] + 2 * scene->size - apart;

	if (need <= 0.05)
		return false;
	if (apart < 0.01) {
		x = cos(TURN * b);
		y = sin(TURN * b);
		apart = 1;
	}
	x *= need / apart;
	y *= need / apart;
	scene->at[a].x -= x * give_of(scene, a, b);
	scene->at[a].y -= y * give_of(scene, a, b);
	scene->at[b].x += x * give_of(scene, b, a);
	scene->at[b].y += y * give_of(scene, b, a);
	return true;
}

static bool push_all(struct draw_scene *scene, const uint32_t *marks, size_t count)
{
	bool moved = false;

	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; j < count; j++)
			moved |= push(scene, marks[i], marks[j]);
	return moved;
}

static int spread_marks(struct draw_scene *scene)
{
	const struct draw_index *index = scene->index;
	uint32_t *marks = calloc(index->site_count + index->client_count + 1, sizeof(*marks));
	size_t count = 0;

	if (marks == NULL)
		return ERROR_MEMORY;
	for (size_t i = 0; i < index->site_count && i < DRAW_DENSE; i++)
		marks[count++] = index->sites[i];
	for (size_t i = 0; i < index->client_count && !scene->dense; i++)
		marks[count++] = index->clients[i];
	for (int pass = 0; pass < PASSES && push_all(scene, marks, count); pass++)
		continue;
	free(marks);
	return 0;
}

int draw_scene_make(const struct draw_index *index, const struct draw_view *view, double size,
	struct draw_scene *ret_scene)
{
	const struct draw_world *world = index->world;
	size_t places = world->place_count;
	struct draw_scene scene = { .index = index,
		.world = world,
		.view = *view,
		.size = size,
		.dense = index->client_count > DRAW_DENSE };
	double heaviest = 0;
	int result = ERROR_MEMORY;

	scene.at = calloc(places + 1, sizeof(*scene.at));
	scene.true_at = calloc(places + 1, sizeof(*scene.true_at));
	scene.radius = calloc(places + 1, sizeof(*scene.radius));
	if (scene.at == NULL || scene.true_at == NULL || scene.radius == NULL)
		goto out;
	for (size_t c = 0; c < index->client_count; c++)
		heaviest = fmax(heaviest, world->places[index->clients[c]].weight);
	for (uint32_t i = 0; i < places; i++) {
		const struct draw_place *p = &world->places[i];

		scene.true_at[i] =
			draw_view_point(view, draw_project_wrapped(p->longitude, p->latitude));
		scene.at[i] = scene.true_at[i];
		scene.radius[i] = radius_of(&scene, i, heaviest);
	}
	result = spread_marks(&scene);
out:
	if (result == 0)
		*ret_scene = scene;
	else
		draw_scene_clear(&scene);
	return result;
}

void draw_scene_clear(struct draw_scene *scene)
{
	free(scene->at);
	free(scene->true_at);
	free(scene->radius);
	*scene = (struct draw_scene){ 0 };
}

/* ---- Arcs ---- */

static struct draw_degrees degrees_of(const struct draw_scene *scene, uint32_t place)
{
	const struct draw_place *p = &scene->world->places[place];

	return (struct draw_degrees){ p->longitude, p->latitude };
}

/* A point of the arc in the drawing: ends go where the marks were moved to. */
static struct draw_point arc_point(const struct draw_scene *scene, uint32_t from, uint32_t to,
	double part, struct draw_point projected)
{
	struct draw_point p = draw_view_point(&scene->view, projected);
	const struct draw_point *at = scene->at, *was = scene->true_at;

	p.x += (at[from].x - was[from].x) * (1 - part) + (at[to].x - was[to].x) * part;
	p.y += (at[from].y - was[from].y) * (1 - part) + (at[to].y - was[to].y) * part;
	return p;
}

void draw_scene_arc(const struct draw_scene *scene, uint32_t from, uint32_t to,
	draw_line_each *each, void *context)
{
	struct draw_degrees a = degrees_of(scene, from), b = degrees_of(scene, to), last = a;
	double steps = fmax(1, ceil(draw_angle(a, b) / ARC_STEP));

	for (double i = 0; i <= steps; i++) {
		double part = i / steps, latitude;
		struct draw_degrees now = i < steps ? draw_great_circle(a, b, part) : b;

		if (i > 0 && draw_crossing(last, now, DRAW_MIDDLE + 180, &latitude)) {
			double east =
				draw_wrap(last.longitude - DRAW_MIDDLE, -180) > 0 ? 1 : -1;

			each(context,
				arc_point(scene, from, to, part,
					draw_project(DRAW_MIDDLE + 180 * east, latitude)),
				false);
			each(context,
				arc_point(scene, from, to, part,
					draw_project(DRAW_MIDDLE - 180 * east, latitude)),
				true);
		}
		each(context,
			arc_point(scene, from, to, part,
				draw_project_wrapped(now.longitude, now.latitude)),
			i <= 0);
		last = now;
	}
}

struct draw_point draw_scene_middle(const struct draw_scene *scene, uint32_t from, uint32_t to)
{
	struct draw_degrees d =
		draw_great_circle(degrees_of(scene, from), degrees_of(scene, to), 0.5);

	return arc_point(scene, from, to, 0.5, draw_project_wrapped(d.longitude, d.latitude));
}
