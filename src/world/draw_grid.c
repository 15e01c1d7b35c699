/* SPDX-License-Identifier: Apache-2.0 */
/* Text in columns: as wide as their widest cell in columns of the terminal, not in bytes. */
#include "world/draw_grid.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/width.h"

#define GAP 2u

void grid_column(struct draw_grid *grid, const char *title, bool right)
{
	assert(grid->column_count < GRID_COLUMNS_MAX);
	grid->columns[grid->column_count].title = title;
	grid->columns[grid->column_count++].right = right;
}

void grid_cell(struct draw_grid *grid, const char *text)
{
	struct text safe = { 0 };

	if (grid->count == grid->room) {
		size_t room = grid->room == 0 ? 64 : grid->room * 2;
		char **cells = reallocarray(grid->cells, room, sizeof(*cells));

		grid->failed |= cells == NULL;
		if (grid->failed)
			return;
		grid->cells = cells;
		grid->room = room;
	}
	text_add_safe(&safe, text);
	text_add(&safe, "");
	if (safe.failed || safe.bytes == NULL) {
		grid->failed = true;
		text_clear(&safe);
		return;
	}
	grid->cells[grid->count++] = safe.bytes;
}

/* 0 for a column that has no text. */
static unsigned width_of(const struct draw_grid *grid, size_t column)
{
	unsigned widest = 0, title = text_width(grid->columns[column].title);

	for (size_t i = column; i < grid->count; i += grid->column_count) {
		unsigned width = text_width(grid->cells[i]);

		widest = width > widest ? width : widest;
	}
	return widest == 0 ? 0 : widest > title ? widest : title;
}

static void add_spaces(struct text *out, size_t count)
{
	for (size_t i = 0; i < count; i++)
		text_add(out, " ");
}

/* Spaces that would end a line are kept back until something follows. */
static void print_cell(const struct draw_grid *grid, size_t column, unsigned width,
	const char *text, size_t *pending, struct text *out)
{
	size_t fill = width - text_width(text);

	if (width == 0)
		return;
	if (text[0] == '\0') {
		*pending += width + GAP;
		return;
	}
	add_spaces(out, *pending + (grid->columns[column].right ? fill : 0));
	text_add(out, text);
	*pending = GAP + (grid->columns[column].right ? 0 : fill);
}

void grid_print(const struct draw_grid *grid, struct text *out)
{
	unsigned widths[GRID_COLUMNS_MAX] = { 0 };
	size_t columns = grid->column_count, pending = 0;

	if (grid->failed) {
		out->failed = true;
		return;
	}
	for (size_t c = 0; c < columns; c++) {
		widths[c] = width_of(grid, c);
		print_cell(grid, c, widths[c], widths[c] == 0 ? "" : grid->columns[c].title,
			&pending, out);
	}
	text_add(out, "\n");
	for (size_t row = 0; row + columns <= grid->count; row += columns) {
		pending = 0;
		for (size_t c = 0; c < columns; c++)
			print_cell(grid, c, widths[c], grid->cells[row + c], &pending, out);
		text_add(out, "\n");
	}
}

void grid_clear(struct draw_grid *grid)
{
	for (size_t i = 0; i < grid->count; i++)
		free(grid->cells[i]);
	free(grid->cells);
	*grid = (struct draw_grid){ 0 };
}
