/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands of `nearcast plan` work on: a plan and the Internet it is about, read. */
#ifndef NEARCAST_CLI_PLAN_INPUT_H
#define NEARCAST_CLI_PLAN_INPUT_H

#include "cli/console.h"
#include "config/plan.h"
#include "daemon/main/config_files.h"
#include "plan/catchment.h"

/* The Internet: from files, or made up. */
struct plan_internet {
	struct plan_world *world;
	char *topology, *users, *geography, *exchanges; /* paths; NULL: none */
	uint64_t seed;
	uint32_t ases;
};

/* One plan on an Internet. Zero-initialise; plan_case_clear frees. */
struct plan_case {
	struct config_files files;
	struct config_plan *plan;
	struct config_diagnostics diagnostics;
	struct plan_internet internet;
	const struct plan_world *world; /* its own, or another case's, which lives longer */
	struct plan_scenario scenario;  /* sites as written, then candidates if asked for */
	struct plan_site *sites;
	struct plan_upstream *upstreams;
	struct arena arena;                 /* lists of ASes */
	struct plan_latency *latency;       /* NULL: no places are known */
	struct plan_calibrated *calibrated; /* --calibration; NULL: the model alone */
	bool timed;                         /* some site and some users have a place */
};

enum plan_candidates {
	PLAN_SITES_ONLY,
	PLAN_WITH_CANDIDATES,
};

/* Reads the plan and, unless `other` has it already, its Internet; --topology, --users,
 * --geography, --seed and --ases go before what the plan says. Mistakes are printed. */
enum exit_code plan_case_load(const struct arguments *arguments, const char *path,
	enum plan_candidates candidates, const struct plan_case *other,
	struct plan_case *ret_case, struct console *console);
void plan_case_clear(struct plan_case *c);

/* The Internet that only options describe. */
enum exit_code plan_internet_load(const struct arguments *arguments,
	struct plan_internet *ret_internet, struct console *console);
void plan_internet_clear(struct plan_internet *internet);

/* Open a file, packed or not, and let a reader have it. Errors of the file or the reader. */
typedef int plan_file_reader(
	void *context, const struct plan_source *source, struct error *error);
int plan_file(const char *path, plan_file_reader *read, void *context, struct error *error);
/* An option's path (arguments may be NULL: none) as it is; what the plan says relative to the
 * plan. NULL if neither says one, or no memory. The caller frees it. */
char *plan_path(const struct arguments *arguments, const char *option, const char *said,
	const char *plan);
/* Tell a mistake at a place of the plan; hint may be "". configuration_mistakes prints them. */
void plan_complain(struct plan_case *c, const struct config_mark *mark, uint32_t width,
	const char *text, const char *hint);

/* Print an error with its file, line and column in front. */
enum exit_code plan_error(struct console *console, const struct error *error);

/* An option that is a whole number; preset if it is not given. ERROR_RANGE. */
int plan_option(const struct arguments *arguments, const char *name, uint64_t minimum,
	uint64_t maximum, uint64_t preset, uint64_t *ret_value, struct error *error);

#endif
