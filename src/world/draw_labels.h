/* SPDX-License-Identifier: Apache-2.0 */
/* Where labels of a map go so that they can be read. */
#ifndef NEARCAST_WORLD_DRAW_LABELS_H
#define NEARCAST_WORLD_DRAW_LABELS_H

#include <stdbool.h>
#include <stddef.h>

#include "world/draw_globe.h"

struct draw_box {
	double x, y, width, height; /* x, y: the corner of least x and y */
};

/* The area that two share. */
double draw_overlap(struct draw_box a, struct draw_box b);

/* A label that wants to stand beside a mark. */
struct draw_wish {
	struct draw_point at; /* middle of the mark */
	double radius;        /* of the mark */
	double width, height; /* of the label */
	bool needed;          /* shown even where it covers something */
};

struct draw_spot {
	struct draw_box box;
	bool shown;
};

/* What labels keep off: marks (hard), lines (rather). */
struct draw_crowd;
/* frame: labels stay within. NULL: no memory. */
struct draw_crowd *draw_crowd_new(struct draw_box frame);
void draw_crowd_free(struct draw_crowd *crowd);
/* ERROR_MEMORY. */
int draw_crowd_mark(struct draw_crowd *crowd, struct draw_point at, double radius);
/* A line from a to b; parts beyond the frame do not count. */
void draw_crowd_line(struct draw_crowd *crowd, struct draw_point a, struct draw_point b);
/* The best place left, which it takes. ERROR_MEMORY. Wishes that come first choose first. */
int draw_crowd_place(
	struct draw_crowd *crowd, const struct draw_wish *wish, struct draw_spot *ret_spot);

#endif
