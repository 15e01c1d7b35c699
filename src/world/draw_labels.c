/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Labels, greedily: each in its turn takes the cheapest of a few places around its mark.
 *
 * Invariants:
 *  1. A label that is not needed is shown only where it covers no label and hardly any mark.
 *  2. Every label that is shown lies within the frame, if it is narrower than the frame.
 *  3. The same wishes in the same order give the same places.
 */
#include "world/draw_labels.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"

#define CELL         6.0 /* of the grid of lines */
#define GAP          3.0 /* between a mark and its label */
#define MARK_COST    4.0 /* for each unit of area */
#define LABEL_COST   10.0
#define LINE_COST    2.5  /* for each cell */
#define MARK_COVERED 14.0 /* so much area may be covered without a need */
#define STEPS_MAX    4096

struct draw_crowd {
	struct draw_box frame;
	size_t columns, rows;
	uint16_t *lines; /* [rows * columns] how many go through a cell */
	struct draw_box *boxes;
	bool *labels; /* is box i a label? else a mark */
	size_t count, room;
};

double draw_overlap(struct draw_box a, struct draw_box b)
{
	double width = fmin(a.x + a.width, b.x + b.width) - fmax(a.x, b.x);
	double height = fmin(a.y + a.height, b.y + b.height) - fmax(a.y, b.y);

	return width > 0 && height > 0 ? width * height : 0;
}

struct draw_crowd *draw_crowd_new(struct draw_box frame)
{
	struct draw_crowd *crowd = calloc(1, sizeof(*crowd));

	if (crowd == NULL)
		return NULL;
	crowd->frame = frame;
	crowd->columns = (size_t)(frame.width / CELL) + 1;
	crowd->rows = (size_t)(frame.height / CELL) + 1;
	crowd->lines = calloc(crowd->columns * crowd->rows, sizeof(*crowd->lines));
	if (crowd->lines == NULL) {
		draw_crowd_free(crowd);
		return NULL;
	}
	return crowd;
}

void draw_crowd_free(struct draw_crowd *crowd)
{
	if (crowd == NULL)
		return;
	free(crowd->lines);
	free(crowd->boxes);
	free(crowd->labels);
	free(crowd);
}

static int add_box(struct draw_crowd *crowd, struct draw_box box, bool label)
{
	if (crowd->count == crowd->room) {
		size_t room = crowd->room == 0 ? 64 : crowd->room * 2;
		struct draw_box *boxes = reallocarray(crowd->boxes, room, sizeof(*boxes));
		bool *labels;

		if (boxes == NULL)
			return ERROR_MEMORY;
		crowd->boxes = boxes;
		labels = reallocarray(crowd->labels, room, sizeof(*labels));
		if (labels == NULL)
			return ERROR_MEMORY;
		crowd->labels = labels;
		crowd->room = room;
	}
	crowd->boxes[crowd->count] = box;
	crowd->labels[crowd->count++] = label;
	return 0;
}

int draw_crowd_mark(struct draw_crowd *crowd, struct draw_point at, double radius)
{
	return add_box(crowd,
		(struct draw_box){ at.x - radius, at.y - radius, 2 * radius, 2 * radius },
		false);
}

static uint16_t *cell_at(struct draw_crowd *crowd, double x, double y)
{
	double column = (x - crowd->frame.x) / CELL, row = (y - crowd->frame.y) / CELL;

	if (!(column >= 0 && row >= 0 && column < (double)crowd->columns &&
		    row < (double)crowd->rows))
		return NULL;
	return &crowd->lines[(size_t)row * crowd->columns + (size_t)column];
}

void draw_crowd_line(struct draw_crowd *crowd, struct draw_point a, struct draw_point b)
{
	double steps = ceil(hypot(b.x - a.x, b.y - a.y) / CELL);
	uint16_t *last = NULL;

	if (!(steps <= STEPS_MAX))
		return;
	for (double i = 0; i <= steps; i++) {
		double part = steps > 0 ? i / steps : 0;
		uint16_t *cell =
			cell_at(crowd, a.x + (b.x - a.x) * part, a.y + (b.y - a.y) * part);

		if (cell != NULL && cell != last && *cell < UINT16_MAX)
			++*cell;
		last = cell;
	}
}

static double cost_of_lines(struct draw_crowd *crowd, struct draw_box box)
{
	double cost = 0;

	for (double y = box.y + CELL / 2; y < box.y + box.height; y += CELL)
		for (double x = box.x + CELL / 2; x < box.x + box.width; x += CELL) {
			const uint16_t *cell = cell_at(crowd, x, y);

			if (cell != NULL)
				cost += fmin(*cell, 4) * LINE_COST;
		}
	return cost;
}

struct price {
	double cost, labels, marks;
};

static struct price price_of(struct draw_crowd *crowd, struct draw_box box)
{
	struct price price = { .cost = cost_of_lines(crowd, box) };

	for (size_t i = 0; i < crowd->count; i++)
		*(crowd->labels[i] ? &price.labels : &price.marks) +=
			draw_overlap(box, crowd->boxes[i]);
	price.cost += price.labels * LABEL_COST + price.marks * MARK_COST;
	return price;
}

/* Directions in the order of liking: beside, then above and below, then corners. */
static const struct direction {
	double x, y, dislike;
} directions[] = {
	{ 1, 0, 0 },
	{ -1, 0, 2 },
	{ 0, -1, 3 },
	{ 0, 1, 3 },
	{ 0.7, -0.7, 4 },
	{ 0.7, 0.7, 4 },
	{ -0.7, -0.7, 5 },
	{ -0.7, 0.7, 5 },
};

static struct draw_box candidate(
	const struct draw_wish *wish, const struct direction *d, double away)
{
	double reach = wish->radius + GAP + away;
	double x = wish->at.x + d->x * reach, y = wish->at.y + d->y * reach;

	/* The side of the box that looks at the mark touches x, y. */
	x -= d->x > 0.1 ? 0 : d->x < -0.1 ? wish->width : wish->width / 2;
	y -= wish->height / 2 * (1 - d->y * (fabs(d->x) < 0.1 ? 1 : 0.8));
	return (struct draw_box){ x, y, wish->width, wish->height };
}

static bool inside(struct draw_box frame, struct draw_box box)
{
	return box.x >= frame.x && box.y >= frame.y &&
	       box.x + box.width <= frame.x + frame.width &&
	       box.y + box.height <= frame.y + frame.height;
}

static struct draw_box pulled_inside(struct draw_box frame, struct draw_box box)
{
	box.x = fmax(frame.x, fmin(box.x, frame.x + frame.width - box.width));
	box.y = fmax(frame.y, fmin(box.y, frame.y + frame.height - box.height));
	return box;
}

int draw_crowd_place(
	struct draw_crowd *crowd, const struct draw_wish *wish, struct draw_spot *ret_spot)
{
	struct price best = { .cost = HUGE_VAL };
	struct draw_spot spot = { .shown = false };

	for (size_t i = 0; i < 3 * sizeof(directions) / sizeof(directions[0]); i++) {
		const struct direction *d =
			&directions[i % (sizeof(directions) / sizeof(directions[0]))];
		double away = 6.0 * (double)(i / (sizeof(directions) / sizeof(directions[0])));
		struct draw_box box = candidate(wish, d, away);
		struct price price;

		if (!inside(crowd->frame, box)) {
			if (!wish->needed)
				continue;
			box = pulled_inside(crowd->frame, box);
		}
		price = price_of(crowd, box);
		price.cost += d->dislike + away;
		if (price.cost < best.cost) {
			best = price;
			spot.box = box;
		}
	}
	spot.shown = wish->needed ||
		     (best.cost < HUGE_VAL && best.labels <= 0 && best.marks <= MARK_COVERED);
	*ret_spot = spot;
	return spot.shown ? add_box(crowd, spot.box, true) : 0;
}
