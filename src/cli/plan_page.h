/* SPDX-License-Identifier: Apache-2.0 */
/* The parts that the pages of `--report` are made of. A page needs nothing else: markup, style
 * and SVG, no script. Text is escaped, numbers have a point whatever the locale says. */
#ifndef NEARCAST_CLI_PLAN_PAGE_H
#define NEARCAST_CLI_PLAN_PAGE_H

#include "cli/plan_action.h"

/* Title (the plan's description, or `what` without one), `what` beneath it, the Internet. */
void plan_page_head(struct text *out, const struct plan_case *c, const char *what);
/* The end; then the page is written, whole or not at all, and freed. Errors are printed. */
enum exit_code plan_page_write(const char *path, struct text *out, struct console *console);

void plan_page_escaped(struct text *out, const char *text);
/* A colour for the n-th of something; those after the twelfth come again. */
const char *plan_page_colour(size_t n);
/* ` name="1.5"`: a number as an attribute. */
void plan_page_number(struct text *out, const char *name, double value);

/* A bar of a list: its name to the left, its label to the right. */
struct plan_page_bar {
	const char *name;
	double value, more; /* more: stacked behind it, paler */
	double mark;        /* a line across; 0: none */
	const char *colour;
	char label[PLAN_NUMBER_MAX * 2];
};
void plan_page_bars(struct text *out, const char *title, const char *note,
	const struct plan_page_bar *bars, size_t count);

/* A curve of shares over milliseconds. */
#define PLAN_PAGE_STEP_MS 5
#define PLAN_PAGE_STEPS   80
struct plan_page_curve {
	const char *name, *colour;
	double steps[PLAN_PAGE_STEPS + 1]; /* share within so many steps, rising; the last: 1 */
	bool strong;
};
/* Share of users within a time, of those who reach `site` (all if it is none). False: nobody
 * has a time. */
bool plan_page_measure(const struct plan_case *c, const struct plan_route *routes, size_t site,
	struct plan_page_curve *curve);
void plan_page_curves(
	struct text *out, const char *note, const struct plan_page_curve *curves, size_t count);

/* A cloud of points between two axes that begin where the points do. */
struct plan_page_point {
	double x, y;
	bool strong;   /* drawn large, and joined with the others that are */
	char name[96]; /* shown when pointed at */
};
void plan_page_cloud(struct text *out, const char *title, const char *note, const char *x,
	const char *y, const struct plan_page_point *points, size_t count);

/* A table. Cells are escaped; the first column is text, the others numbers. */
void plan_page_table(struct text *out, const char *const *titles, size_t count);
void plan_page_row(struct text *out);
void plan_page_cell(struct text *out, bool bad, const char *text);
void plan_page_table_end(struct text *out);

/* A map of who reaches which site, and the diamonds of sites. ERROR_MEMORY. */
int plan_page_map(struct text *out, const struct plan_case *c, const struct plan_route *routes);

#endif
