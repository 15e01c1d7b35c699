/* SPDX-License-Identifier: Apache-2.0 */
/* Cells of text in aligned columns. */
#ifndef NEARCAST_WORLD_DRAW_GRID_H
#define NEARCAST_WORLD_DRAW_GRID_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

#define GRID_COLUMNS_MAX 16

/* Zero-initialised is one without columns. */
struct draw_grid {
	struct {
		const char *title;
		bool right; /* numbers: aligned to the right */
	} columns[GRID_COLUMNS_MAX];
	size_t column_count;
	char **cells; /* by rows */
	size_t count, room;
	bool failed; /* no memory: sticks */
};

/* Before the first cell. The title is not copied. */
void grid_column(struct draw_grid *grid, const char *title, bool right);
/* The next cell, from left to right and top to bottom; made safe for a terminal. */
void grid_cell(struct draw_grid *grid, const char *text);
/* Titles and rows; columns without a text in any row are left out. */
void grid_print(const struct draw_grid *grid, struct text *out);
void grid_clear(struct draw_grid *grid);

#endif
