/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The map on a terminal: land as dots of braille (two by four a character), sites and clients
 * as letters over it. Braille is one column wide everywhere, and so is every letter used.
 */
#include <math.h>
#include <stdlib.h>

#include "world/draw_land.h"
#include "world/draw_scene.h"
#include "world/draw_table.h"

#define COLUMNS_MIN 20u
#define COLUMNS_MAX 500u
#define CROSSINGS   512u /* of one line of dots with coasts, at most */

struct canvas {
	struct draw_view view; /* in dots */
	size_t columns, rows;  /* characters */
	uint8_t *dots;         /* [rows * columns], bits as in U+2800 + x */
	char *over;            /* [rows * columns], what stands over the land, or 0 */
};

/* Unicode: braille patterns count down the left column, then the right, then the last row. */
static const uint8_t dot_bits[4][2] = { { 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 },
	{ 0x40, 0x80 } };

static struct draw_point land_at(const struct canvas *canvas, size_t i)
{
	return draw_view_point(&canvas->view, draw_project(land_points[i].longitude / 100.0,
						      land_points[i].latitude / 100.0));
}

static int by_value(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* Where coasts cross the line of dots y, from left to right. */
static size_t find_crossings(
	const struct draw_point *points, double y, double crossings[CROSSINGS])
{
	size_t count = 0;

	for (size_t ring = 0; ring < land_count; ring++) {
		size_t first = land_starts[ring], end = land_starts[ring + 1];

		for (size_t i = first; i < end && count < CROSSINGS; i++) {
			struct draw_point a = points[i],
					  b = points[i + 1 < end ? i + 1 : first];

			if ((a.y <= y) != (b.y <= y))
				crossings[count++] =
					a.x + (b.x - a.x) * (y - a.y) / (b.y - a.y);
		}
	}
	qsort(crossings, count, sizeof(crossings[0]), by_value);
	return count;
}

/* Between an odd crossing and the next is land. */
static void fill_line(struct canvas *canvas, const struct draw_point *points, size_t line)
{
	double crossings[CROSSINGS];
	size_t count = find_crossings(points, (double)line + 0.5, crossings);

	for (size_t i = 0; i + 1 < count; i += 2) {
		double from = fmax(0, ceil(crossings[i] - 0.5));
		double to = fmin((double)canvas->columns * 2, crossings[i + 1] + 0.5);

		for (size_t x = (size_t)from; (double)x + 1 <= to; x++)
			canvas->dots[line / 4 * canvas->columns + x / 2] |=
				dot_bits[line % 4][x % 2];
	}
}

static int fill_land(struct canvas *canvas)
{
	size_t count = land_starts[land_count];
	struct draw_point *points = calloc(count, sizeof(*points));

	if (points == NULL)
		return ERROR_MEMORY;
	for (size_t i = 0; i < count; i++)
		points[i] = land_at(canvas, i);
	for (size_t line = 0; line < canvas->rows * 4; line++)
		fill_line(canvas, points, line);
	free(points);
	return 0;
}

/* ---- Letters ---- */

static char *over_at(struct canvas *canvas, const struct draw_place *p, long aside)
{
	struct draw_point at =
		draw_view_point(&canvas->view, draw_project_wrapped(p->longitude, p->latitude));
	double column = floor(at.x / 2) + (double)aside, row = floor(at.y / 4);

	if (!(column >= 0 && row >= 0 && column < (double)canvas->columns &&
		    row < (double)canvas->rows))
		return NULL;
	return &canvas->over[(size_t)row * canvas->columns + (size_t)column];
}

/* Beside what is there, if it is not too crowded. */
static void put_client(struct canvas *canvas, const struct draw_place *p, char letter)
{
	static const long asides[] = { 0, 1, -1, 2, -2, 3, -3 };

	for (size_t i = 0; i < sizeof(asides) / sizeof(asides[0]); i++) {
		char *over = over_at(canvas, p, asides[i]);

		if (over != NULL && *over == '\0') {
			*over = letter;
			return;
		}
	}
}

static void put_places(struct canvas *canvas, const struct draw_index *index)
{
	const struct draw_place *places = index->world->places;

	for (size_t s = 0; s < index->site_count; s++)
		for (long aside = -1; aside <= 1; aside++) {
			char *over = over_at(canvas, &places[index->sites[s]], aside);
			char letter = s < 26 ? (char)('A' + s) : '*';

			if (over != NULL && (aside == 0 || *over == '\0'))
				*over = aside < 0 ? '[' : aside > 0 ? ']' : letter;
		}
	for (size_t c = 0; c < index->client_count; c++) {
		const struct draw_answer *a = draw_main_answer(index, c);
		size_t site = a == NULL ? 0 : index->number[a->site];

		put_client(canvas, &places[index->clients[c]],
			a == NULL   ? '!'
			: site < 26 ? (char)('a' + site)
				    : '*');
	}
}

static void print_canvas(const struct canvas *canvas, struct text *out)
{
	for (size_t row = 0; row < canvas->rows; row++) {
		const uint8_t *dots = canvas->dots + row * canvas->columns;
		const char *over = canvas->over + row * canvas->columns;
		size_t end = canvas->columns;

		while (end > 0 && dots[end - 1] == 0 && over[end - 1] == '\0')
			end--;
		for (size_t i = 0; i < end; i++) {
			const char braille[] = { (char)0xe2, (char)(0xa0 | dots[i] >> 6),
				(char)(0x80 | (dots[i] & 0x3f)) };

			if (over[i] != '\0')
				text_add_bytes(out, &over[i], 1);
			else if (dots[i] == 0)
				text_add(out, " ");
			else
				text_add_bytes(out, braille, sizeof(braille));
		}
		text_add(out, "\n");
	}
}

static int print_map(const struct draw_index *index, unsigned columns, struct text *out)
{
	struct draw_box frame = { 0, 0, columns * 2.0, 0 };
	struct canvas canvas = { .columns = columns };
	int result = ERROR_MEMORY;

	canvas.rows = (size_t)ceil(draw_view_height(frame.width) / 4);
	frame.height = (double)canvas.rows * 4;
	canvas.view = draw_view_of(frame, &index->world, 1);
	canvas.dots = calloc(canvas.columns * canvas.rows, 1);
	canvas.over = calloc(canvas.columns * canvas.rows, 1);
	if (canvas.dots != NULL && canvas.over != NULL)
		result = fill_land(&canvas);
	if (result == 0) {
		put_places(&canvas, index);
		print_canvas(&canvas, out);
	}
	free(canvas.dots);
	free(canvas.over);
	return result;
}

int draw_terminal_map(
	const struct draw_world *world, unsigned columns, struct text *out, struct error *error)
{
	struct draw_index index = { 0 };
	int result = draw_world_check(world, error);

	if (result != 0)
		return result;
	if (columns < COLUMNS_MIN || columns > COLUMNS_MAX)
		return error_set(error, ERROR_RANGE, "a map of %u columns", columns);
	result = draw_index_make(world, &index);
	if (result == 0)
		result = print_map(&index, columns, out);
	draw_index_clear(&index);
	return result != 0 || out->failed
		       ? error_set(error, ERROR_MEMORY, "no memory for the map")
		       : 0;
}
