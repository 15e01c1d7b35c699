/* SPDX-License-Identifier: Apache-2.0 */
/* What `nearcast plan ACTION` does, a function an action; and what they print alike. */
#ifndef NEARCAST_CLI_PLAN_ACTION_H
#define NEARCAST_CLI_PLAN_ACTION_H

#include <jansson.h>

#include "base/instant.h"
#include "cli/plan_input.h"
#include "cli/table.h"

/* arguments: positional 0 is the action, plans follow. */
typedef enum exit_code plan_action(const struct arguments *arguments, struct console *console);

plan_action plan_attack, plan_calibrate, plan_catchment, plan_compare, plan_failures, plan_prepend, plan_best, plan_make,
	plan_validate;

/* "43 %, 12 s left": on a terminal, after a second, until all is done. */
struct plan_progress {
	FILE *err; /* NULL: nobody looks */
	struct instant start;
	double shown_s;
};
void plan_progress_begin(struct plan_progress *progress, const struct console *console);
/* done: at least 1, at most total. */
void plan_progress(struct plan_progress *progress, size_t done, size_t total);

#define PLAN_NUMBER_MAX 32

/* plan validate with --places: the other kind of measurements. */
plan_action plan_validate_times;
/* plan validate of a folder with prepend/: shares of targets before and after prepends. */
plan_action plan_validate_prepends;

/* "1250", "12.5 M": users for people. */
const char *plan_users(double users, char text[PLAN_NUMBER_MAX]);
/* "12.5 %"; "-" of nothing. */
const char *plan_share(double part, double whole, char text[PLAN_NUMBER_MAX]);
/* "35 ms"; "-" if negative: not known. */
const char *plan_ms(double ms, char text[PLAN_NUMBER_MAX]);
/* A number in CSV and in HTML, with a point whatever the locale says. */
void plan_decimal(struct text *out, double value, int digits);
/* A text as a field of CSV (RFC 4180). */
void plan_csv_text(struct text *out, const char *text);

/* {"ases", "users", "share", "median_ms", "p95_ms", "path_length"}; times null if not known. */
json_t *plan_tally_json(const struct plan_tally *tally, double users_total);
/* {"ases", "links", "users", "source"...}: the Internet. */
json_t *plan_internet_json(const struct plan_case *c);
/* One line on the Internet, and remarks on what is not known. */
void plan_internet_text(const struct plan_case *c, struct text *out);

/* Propagate with a variation and count: routes has room for all ASes. Errors are printed. */
enum exit_code plan_run(const struct plan_case *c, const struct plan_variation *variation,
	struct plan_route *routes, struct plan_catchment *ret_catchment,
	struct console *console);
/* Room for the routes of every AS; NULL was told. Free it. */
struct plan_route *plan_routes(const struct plan_case *c, struct console *console);

/* Whether a site has more users than it can serve. */
bool plan_overloaded(const struct plan_case *c, const struct plan_catchment *t, size_t site);

/* The table of `plan catchment`. */
void plan_catchment_text(const struct plan_case *c, const struct plan_catchment *t,
	const struct style *style, struct text *out);
json_t *plan_catchment_json(const struct plan_case *c, const struct plan_catchment *t);

#endif
