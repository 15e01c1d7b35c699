/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SVG as text.
 *
 * Invariants:
 *  1. What came from a world is only ever written by svg_text and svg_text_short.
 *  2. Numbers have a point and at most one digit, in every locale, and are never NaN.
 *  3. Colours are literal in rules of classes: renderers without CSS variables (librsvg) show
 *     the same.
 */
#include "world/draw_svg.h"

#include <math.h>
#include <string.h>

#include "base/width.h"

#define WHITE_BELOW 0.3 /* luminance; text on darker ones is white */

/* Okabe and Ito 2008 (the first six), then chosen so that any two of the sixteen differ by at
 * least 17 in CIE L*a*b*, for full sight and for the three kinds of colour blindness (Machado
 * et al. 2009). */
static const uint32_t palette[DRAW_COLOURS] = {
	0x0072b2,
	0xe69f00,
	0x009e73,
	0xcc79a7,
	0xd55e00,
	0x56b4e9,
	0x8800ff,
	0x772211,
	0xaadd88,
	0x553355,
	0x4422aa,
	0xbb55ff,
	0xffbbcc,
	0xee1155,
	0x66ee55,
	0x990088,
};

static const struct paint {
	const char *name, *light, *dark;
} paints[] = {
	{ "paper", "#ffffff", "#11181f" },
	{ "sea", "#eef3f7", "#17212b" },
	{ "land", "#d5dce2", "#303d49" },
	{ "border", "#f1f5f8", "#1d2832" },
	{ "grid", "#e1e8ee", "#202c37" },
	{ "ink", "#16212b", "#e8eef3" },
	{ "quiet", "#55636f", "#9fadb9" },
	{ "line", "#8494a1", "#6d7e8d" },
	{ "bad", "#c01024", "#ff6b6b" },
	{ "mark", "#ffb000", "#ffc233" },
};

static double channel(uint32_t value)
{
	double part = (value & 0xff) / 255.0;

	return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4);
}

static double luminance(uint32_t colour)
{
	return 0.2126 * channel(colour >> 16) + 0.7152 * channel(colour >> 8) +
	       0.0722 * channel(colour);
}

uint32_t draw_palette(unsigned colour, enum draw_theme theme)
{
	uint32_t base = palette[colour % DRAW_COLOURS], mixed = 0;

	if (theme != DRAW_DARK || luminance(base) > 0.11)
		return base;
	for (unsigned shift = 0; shift <= 16; shift += 8)
		mixed |= ((base >> shift & 0xff) * 6 / 10 + 255 * 4 / 10) << shift;
	return mixed;
}

bool draw_palette_is_dark(unsigned colour)
{
	return luminance(palette[colour % DRAW_COLOURS]) <= WHITE_BELOW;
}

void svg_number(struct text *out, double value)
{
	long tenths = isfinite(value) && fabs(value) < 1e9 ? lround(value * 10) : 0;
	long whole = tenths < 0 ? -tenths : tenths;

	text_print(out, "%s%ld", tenths < 0 ? "-" : "", whole / 10);
	if (whole % 10 != 0)
		text_print(out, ".%ld", whole % 10);
}

void svg_attribute(struct text *out, const char *name, double value)
{
	text_print(out, " %s=\"", name);
	svg_number(out, value);
	text_add(out, "\"");
}

static void add_code_point(struct text *out, uint32_t c, const char *bytes, size_t length)
{
	static const struct {
		uint32_t c;
		const char *entity;
	} entities[] = { { '<', "&lt;" }, { '>', "&gt;" }, { '&', "&amp;" }, { '"', "&quot;" },
		{ '\'', "&#39;" } };

	/* XML 1.0 section 2.2, without what turns the reading direction of what follows. */
	if (c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
		(c >= 0x2066 && c <= 0x2069) || c == 0xfffe || c == 0xffff ||
		(c == 0xfffd && length == 1))
		return;
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
		if (c == entities[i].c) {
			text_add(out, entities[i].entity);
			return;
		}
	text_add_bytes(out, bytes, length);
}

void svg_text_short(struct text *out, const char *text, unsigned columns)
{
	bool fits = text_width(text) <= columns;
	unsigned used = 0;
	size_t length;

	for (uint32_t c = utf8_next(text, &length); length > 0; c = utf8_next(text, &length)) {
		used += code_point_width(c);
		if (!fits && used >= columns) {
			text_add(out, "\xe2\x80\xa6");
			return;
		}
		add_code_point(out, c, text, length);
		text += length;
	}
}

void svg_text(struct text *out, const char *text)
{
	svg_text_short(out, text, UINT32_MAX);
}

static void add_rules(struct text *out, enum draw_theme theme)
{
	for (size_t i = 0; i < sizeof(paints) / sizeof(paints[0]); i++) {
		const struct paint *p = &paints[i];
		const char *colour = theme == DRAW_DARK ? p->dark : p->light;

		text_print(
			out, ".%s{fill:%s}.k-%s{stroke:%s}", p->name, colour, p->name, colour);
	}
	for (unsigned i = 0; i < DRAW_COLOURS; i++) {
		uint32_t colour = draw_palette(i, theme);

		text_print(out, ".f%u{fill:#%06x}.k%u{stroke:#%06x}.t%u{fill:%s}", i, colour, i,
			colour, i, luminance(colour) > WHITE_BELOW ? "#10171d" : "#ffffff");
	}
}

void svg_begin(
	struct text *out, double width, double height, const char *title, enum draw_theme theme)
{
	text_add(out, "<svg xmlns=\"http://www.w3.org/2000/svg\"");
	svg_attribute(out, "width", width);
	svg_attribute(out, "height", height);
	text_add(out, " viewBox=\"0 0 ");
	svg_number(out, width);
	text_add(out, " ");
	svg_number(out, height);
	text_add(out, "\" role=\"img\"><title>");
	svg_text(out, title);
	text_add(out,
		"</title>\n<style>text{font-family:Inter,\"Helvetica Neue\",Arial,\"DejaVu "
		"Sans\",sans-serif}.b{font-weight:700}.n{fill:none}.halo{paint-order:stroke;"
		"stroke-width:3.5px;stroke-linejoin:round}"
		".arc{fill:none;stroke-linecap:round;stroke-linejoin:round}");
	add_rules(out, theme == DRAW_EITHER ? DRAW_LIGHT : theme);
	if (theme == DRAW_EITHER) {
		text_add(out, "@media(prefers-color-scheme:dark){");
		add_rules(out, DRAW_DARK);
		text_add(out, "}");
	}
	text_add(out, "</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n");
}

void svg_end(struct text *out)
{
	text_add(out, "</svg>\n");
}

double svg_width(const char *text, double size)
{
	return text_width(text) * size * 0.6;
}

double svg_width_short(const char *text, double size, unsigned columns)
{
	unsigned width = text_width(text);

	return (width < columns ? width : columns) * size * 0.6;
}

void svg_label(struct text *out, double x, double y, double size, const char *class,
	const char *anchor, const char *text)
{
	text_print(out, "<text class=\"%s\"", class);
	svg_attribute(out, "x", x);
	svg_attribute(out, "y", y);
	svg_attribute(out, "font-size", size);
	if (strcmp(anchor, "start") != 0)
		text_print(out, " text-anchor=\"%s\"", anchor);
	text_add(out, ">");
	svg_text(out, text);
	text_add(out, "</text>\n");
}
