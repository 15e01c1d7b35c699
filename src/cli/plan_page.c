/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of pages.
 *
 * Invariants:
 *  1. A page loads nothing and runs nothing: markup, style and SVG only.
 *  2. Text that came from a file is escaped; numbers have a point whatever the locale says.
 */
#include "cli/plan_page.h"

#include <stdio.h>
#include <string.h>

#include "cli/output.h"
#include "os/file.h"

/* Okabe and Ito 2008, then others of like lightness; sites beyond share them. */
static const char *const colours[] = { "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00",
	"#56b4e9", "#8c6bb1", "#7a9a01", "#b2182b", "#3690c0", "#a6761d", "#666666" };

const char *plan_page_colour(size_t n)
{
	return colours[n % (sizeof(colours) / sizeof(colours[0]))];
}

static const char style[] =
	":root{--ink:#1b2733;--quiet:#5d6b78;--paper:#fff;--sheet:#f4f6f8;--line:#d9dfe5;"
	"--land:#dde3e8;--sea:#f7f9fb;--bad:#b2182b}"
	"@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--quiet:#98a6b3;--paper:#11181f;"
	"--sheet:#182129;--line:#2b3742;--land:#2a3641;--sea:#141c23;--bad:#ff7b72}}"
	"*{box-sizing:border-box}body{margin:0 auto;max-width:1120px;padding:28px 24px 48px;"
	"background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}"
	"h1{font-size:26px;margin:0}h2{font-size:17px;margin:0 0 10px}p{margin:4px 0}"
	".quiet{color:var(--quiet)}.note{border-left:3px solid #e69f00;padding:6px 12px;"
	"margin:16px 0;background:var(--sheet)}.sheet{background:var(--sheet);border-radius:10px;"
	"padding:16px 18px;margin:18px 0}.two{display:grid;gap:18px;"
	"grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr))}.two .sheet{margin:0}.below{margin-top:18px}"
	"svg{display:block;width:100%;height:auto}svg text{fill:var(--ink);font:13px system-ui,"
	"sans-serif}svg .quiet{fill:var(--quiet)}.legend{display:flex;flex-wrap:wrap;gap:6px 18px;"
	"margin-top:10px}.dot{display:inline-block;width:11px;height:11px;border-radius:50%;"
	"margin-right:6px}table{border-collapse:collapse;width:100%}th,td{padding:6px 10px;"
	"text-align:right;border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums}"
	"th:first-child,td:first-child{text-align:left}th{color:var(--quiet);font-weight:600}"
	".point{fill:var(--quiet);opacity:.35}"
	".strong{fill:#d55e00;opacity:1}"
	".over{color:var(--bad);font-weight:600}.site{paint-order:stroke;stroke:var(--sea);"
	"stroke-width:4px;stroke-linejoin:round;font-weight:600}";

void plan_page_escaped(struct text *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '<')
			text_add(out, "&lt;");
		else if (*text == '&')
			text_add(out, "&amp;");
		else if (*text == '"')
			text_add(out, "&quot;");
		else
			text_print(out, "%c", *text);
	}
}

void plan_page_number(struct text *out, const char *name, double value)
{
	text_print(out, " %s=\"", name);
	plan_decimal(out, value, 1);
	text_add(out, "\"");
}

void plan_page_head(struct text *out, const struct plan_case *c, const char *what)
{
	const char *description = c->plan->description == NULL ? what : c->plan->description;
	char users[PLAN_NUMBER_MAX];

	text_add(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		      "<meta name=\"viewport\" content=\"width=device-width\"><title>");
	plan_page_escaped(out, description);
	text_print(out, "</title><style>%s</style></head><body>\n<h1>", style);
	plan_page_escaped(out, description);
	text_add(out, "</h1>\n");
	if (description != what)
		text_print(out, "<p>%s</p>\n", what);
	text_print(out,
		"<p class=\"quiet\">%zu sites, %zu upstreams; an Internet of %u "
		"ASes and %u links, ",
		c->scenario.site_count, c->scenario.upstream_count, c->world->graph->as_count,
		c->world->graph->link_count);
	if (c->world->users_known)
		text_print(out, "%s users, ", plan_users(c->world->users_total, users));
	if (c->internet.topology != NULL)
		plan_page_escaped(out, c->internet.topology);
	else
		text_print(out, "made up from seed %llu", (unsigned long long)c->internet.seed);
	text_add(out, "</p>\n<p class=\"note\">Plain valley-free routing, not calibrated by "
		      "measurements: real networks often choose otherwise. Medians over many "
		      "networks are worth more than any one of them.</p>\n");
}

enum exit_code plan_page_write(const char *path, struct text *out, struct console *console)
{
	struct error error = { 0 };
	int result;

	text_print(out,
		"<p class=\"quiet\">Made by nearcast %s. Outline of the land: Natural "
		"Earth.</p>\n</body></html>\n",
		NEARCAST_VERSION);
	result = out->failed
			 ? error_set(&error, ERROR_MEMORY, "no memory for the report")
			 : file_write_atomic(path, text_string(out), out->length, 0644, &error);
	text_clear(out);
	return result == 0 ? EXIT_CODE_OK : output_error(console, &error);
}

/* ---- Bars ---- */

#define BAR_LEFT_MIN 90
#define BAR_LEFT_MAX 270
#define BAR_RIGHT    430
#define BAR_STEP     34
#define LETTER       7.7 /* width of one, about */

struct bar_scale {
	double left, unit; /* where bars begin; width of one */
};

static double widest_bar(const struct plan_page_bar *bars, size_t count)
{
	double widest = 0;

	for (size_t i = 0; i < count; i++) {
		if (bars[i].value + bars[i].more > widest)
			widest = bars[i].value + bars[i].more;
		if (bars[i].mark > widest)
			widest = bars[i].mark;
	}
	return widest > 0 ? widest : 1;
}

static struct bar_scale scale_of(const struct plan_page_bar *bars, size_t count)
{
	double left = BAR_LEFT_MIN;

	for (size_t i = 0; i < count; i++)
		if (10 + LETTER * (double)strlen(bars[i].name) > left)
			left = 10 + LETTER * (double)strlen(bars[i].name);
	if (left > BAR_LEFT_MAX)
		left = BAR_LEFT_MAX;
	return (struct bar_scale){ left, (BAR_RIGHT - left) / widest_bar(bars, count) };
}

static void add_rect(struct text *out, double x, double y, double width, const char *colour,
	const char *opacity)
{
	text_add(out, "<rect");
	plan_page_number(out, "x", x);
	plan_page_number(out, "y", y);
	plan_page_number(out, "width", width);
	text_print(
		out, " height=\"20\" rx=\"3\" fill=\"%s\" opacity=\"%s\"/>", colour, opacity);
}

static void add_bar(struct text *out, const struct plan_page_bar *bar, size_t row,
	const struct bar_scale *scale)
{
	double y = 8 + (double)row * BAR_STEP, end = scale->left + bar->value * scale->unit;

	text_add(out, "<text x=\"0\"");
	plan_page_number(out, "y", y + 14);
	text_add(out, ">");
	plan_page_escaped(out, bar->name);
	text_add(out, "</text>");
	add_rect(out, scale->left, y, end - scale->left, bar->colour, "1");
	if (bar->more > 0)
		add_rect(out, end, y, bar->more * scale->unit, bar->colour, ".35");
	if (bar->mark > 0) {
		double at = scale->left + bar->mark * scale->unit;

		text_add(out, "<line stroke=\"var(--ink)\" stroke-width=\"2\"");
		plan_page_number(out, "x1", at);
		plan_page_number(out, "x2", at);
		plan_page_number(out, "y1", y - 3);
		plan_page_number(out, "y2", y + 23);
		text_add(out, "/>");
	}
	text_add(out, "<text class=\"quiet\" x=\"540\" text-anchor=\"end\"");
	plan_page_number(out, "y", y + 14);
	text_add(out, ">");
	plan_page_escaped(out, bar->label);
	text_add(out, "</text>\n");
}

void plan_page_bars(struct text *out, const char *title, const char *note,
	const struct plan_page_bar *bars, size_t count)
{
	const struct bar_scale scale = scale_of(bars, count);

	text_print(out,
		"<div class=\"sheet\"><h2>%s</h2>\n<svg viewBox=\"0 0 540 %zu\" role=\"img\" "
		"aria-label=\"%s\">\n",
		title, count * BAR_STEP + 12, title);
	for (size_t i = 0; i < count; i++)
		add_bar(out, &bars[i], i, &scale);
	text_print(out, "</svg><p class=\"quiet\">%s</p></div>\n", note);
}

/* ---- Curves ---- */

#define CURVE_LEFT   40
#define CURVE_WIDTH  480
#define CURVE_HEIGHT 220

bool plan_page_measure(const struct plan_case *c, const struct plan_route *routes, size_t site,
	struct plan_page_curve *curve)
{
	double sum = 0;

	memset(curve->steps, 0, sizeof(curve->steps));
	for (uint32_t as = 0; c->latency != NULL && as < c->world->graph->as_count; as++) {
		double ms;
		size_t step;

		if (routes[as].site == PLAN_SITE_NONE ||
			(site < c->scenario.site_count && routes[as].site != site))
			continue;
		ms = plan_latency_ms(c->latency, c->world, as, routes[as].site);
		step = ms < 0 ? 0 : (size_t)(ms / PLAN_PAGE_STEP_MS) + 1;
		if (ms >= 0)
			curve->steps[step < PLAN_PAGE_STEPS ? step : PLAN_PAGE_STEPS] +=
				c->world->users[as];
	}
	for (size_t i = 0; i <= PLAN_PAGE_STEPS; i++)
		curve->steps[i] = sum += curve->steps[i];
	for (size_t i = 0; i <= PLAN_PAGE_STEPS && sum > 0; i++)
		curve->steps[i] /= sum;
	return sum > 0;
}

static void add_curve(struct text *out, const struct plan_page_curve *curve)
{
	if (curve->steps[PLAN_PAGE_STEPS] <= 0)
		return;
	text_print(out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"%d\" points=\"",
		curve->colour, curve->strong ? 3 : 2);
	/* The last step holds what is longer than the axis. */
	for (size_t i = 0; i < PLAN_PAGE_STEPS; i++) {
		plan_decimal(out, CURVE_LEFT + (double)i * CURVE_WIDTH / PLAN_PAGE_STEPS, 1);
		text_add(out, ",");
		plan_decimal(out, 10 + CURVE_HEIGHT * (1 - curve->steps[i]), 1);
		text_add(out, " ");
	}
	text_add(out, "\"/>\n");
}

static void add_axes(struct text *out)
{
	for (int percent = 0; percent <= 100; percent += 25) {
		int y = 10 + CURVE_HEIGHT * (100 - percent) / 100;

		text_print(out,
			"<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\" stroke=\"var(--line)\"/>"
			"<text class=\"quiet\" x=\"34\" y=\"%d\" text-anchor=\"end\">%d</text>\n",
			CURVE_LEFT, CURVE_LEFT + CURVE_WIDTH, y, y, y + 4, percent);
	}
	for (int ms = 0; ms <= PLAN_PAGE_STEPS * PLAN_PAGE_STEP_MS; ms += 100)
		text_print(out,
			"<text class=\"quiet\" x=\"%d\" y=\"%d\" "
			"text-anchor=\"middle\">%d</text>\n",
			CURVE_LEFT + ms * CURVE_WIDTH / (PLAN_PAGE_STEPS * PLAN_PAGE_STEP_MS),
			10 + CURVE_HEIGHT + 18, ms);
}

static void add_names(struct text *out, const struct plan_page_curve *curves, size_t count)
{
	text_add(out, "<div class=\"legend\">");
	for (size_t i = 0; i < count; i++) {
		text_print(out, "<span><span class=\"dot\" style=\"background:%s\"></span>",
			curves[i].colour);
		plan_page_escaped(out, curves[i].name);
		text_add(out, "</span>");
	}
	text_add(out, "</div>");
}

void plan_page_curves(
	struct text *out, const char *note, const struct plan_page_curve *curves, size_t count)
{
	text_print(out,
		"<div class=\"sheet\"><h2>Round-trip time: users served within</h2>\n"
		"<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Curves of round-trip "
		"times\">\n",
		CURVE_WIDTH + 60, CURVE_HEIGHT + 40);
	add_axes(out);
	for (size_t i = 0; i < count; i++)
		add_curve(out, &curves[i]);
	text_add(out, "</svg>");
	add_names(out, curves, count);
	text_print(out,
		"<p class=\"quiet\">Per cent of users against milliseconds%s "
		"Estimated from distances.</p></div>\n",
		note);
}

/* ---- Tables ---- */

void plan_page_table(struct text *out, const char *const *titles, size_t count)
{
	text_add(out, "<div class=\"sheet\"><table><tr>");
	for (size_t i = 0; i < count; i++)
		text_print(out, "<th>%s</th>", titles[i]);
}

void plan_page_row(struct text *out)
{
	text_add(out, "</tr>\n<tr>");
}

void plan_page_cell(struct text *out, bool bad, const char *text)
{
	text_print(out, "<td%s>", bad ? " class=\"over\"" : "");
	plan_page_escaped(out, text);
	text_add(out, "</td>");
}

void plan_page_table_end(struct text *out)
{
	text_add(out, "</tr></table></div>\n");
}
