/* SPDX-License-Identifier: Apache-2.0 */
/* What all SVG drawings share: numbers, escaping, colours of sites, light and dark. */
#ifndef NEARCAST_WORLD_DRAW_SVG_H
#define NEARCAST_WORLD_DRAW_SVG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum draw_theme {
	DRAW_LIGHT,
	DRAW_DARK,
	DRAW_EITHER, /* as the reader's screen is: prefers-color-scheme; light where not known
		      */
};

/* A number with at most one digit after the point, whatever the locale; no number: 0. */
void svg_number(struct text *out, double value);
/* " name=\"12.5\"" */
void svg_attribute(struct text *out, const char *name, double value);
/* Text for content and attributes: markup escaped, control characters and broken UTF-8 left
 * out. */
void svg_text(struct text *out, const char *text);
/* The same of its first `columns` columns, with an ellipsis if there are more. */
void svg_text_short(struct text *out, const char *text, unsigned columns);

/*
 * The beginning up to and with the style: width and height of the view box, title and
 * description for readers that do not see. Ends inside <svg>.
 *
 * Classes: paper, sea, land, border, grid, ink, quiet, line, bad (fill); k-... the same as
 * stroke of no fill; t (text), b (bold), halo (a rim in the colour of the sea); fN and kN fill
 * and stroke of site colour N; tN the text on it.
 */
void svg_begin(struct text *out, double width, double height, const char *title,
	enum draw_theme theme);
void svg_end(struct text *out);

/* Sites beyond share colours, not letters. */
#define DRAW_COLOURS 16u
static inline unsigned draw_colour(size_t site)
{
	return (unsigned)(site % DRAW_COLOURS);
}
/* 0xrrggbb */
uint32_t draw_palette(unsigned colour, enum draw_theme theme);
/* Is text on it better white? Of DRAW_LIGHT. */
bool draw_palette_is_dark(unsigned colour);

/* Roughly how wide a text is drawn, in units of the drawing. */
double svg_width(const char *text, double size);
/* Of at most so many columns. */
double svg_width_short(const char *text, double size, unsigned columns);

/* One text: class is one or more of those above; anchor "start", "middle" or "end". */
void svg_label(struct text *out, double x, double y, double size, const char *class,
	const char *anchor, const char *text);

#endif
