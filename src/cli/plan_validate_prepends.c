/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearcast plan validate FOLDER, where FOLDER has baseline/baseline.csv and prepend/NAME.csv:
 * catchments of a testbed whose sites all stand behind one upstream, before and after prepends
 * at one site, beside NAME.routing, which says what each site announced. A line of a catchment
 * names the site that heard the answer (client_id), the target and its AS.
 *
 * Two predictions of every site's share of the targets:
 *  - plain: the upstream's points of presence are equals but for prepends; each AS is served
 *    from the nearest of those with the fewest;
 *  - calibrated on the baseline alone: who was at a site that prepends leaves it, in equal
 *    parts to those that prepend least, for nothing in the baseline says where to; the others
 *    stay. And, as a baseline of it: nobody moves.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/plan_action.h"
#include "os/file.h"
#include "os/packed_file.h"
#include "plan/lines.h"

#define SITES_MAX   16
#define TARGETS_MAX 4000000u
#define RUNS_MAX    64
#define NAME_LENGTH 48

struct target {
	uint32_t asn; /* 0: not known */
	uint8_t site;
};

enum prediction {
	PREDICTION_PLAIN,
	PREDICTION_CALIBRATED,
	PREDICTION_UNCHANGED,
	PREDICTIONS,
};

/* One announcement and what was measured with it. */
struct run {
	char name[NAME_LENGTH];
	uint8_t prepends[SITES_MAX];
	double shares[SITES_MAX];   /* measured */
	double errors[PREDICTIONS]; /* mean of the sites', in points; negative: not known */
};

struct series {
	struct plan_internet internet;
	struct site {
		char name[NAME_LENGTH];
		bool placed;
		struct plan_place place;
	} sites[SITES_MAX];
	size_t site_count;
	struct target *targets; /* of the baseline, each address once */
	size_t target_count, target_room;
	struct run baseline, runs[RUNS_MAX];
	size_t run_count;
};

/* ---- Reading ---- */

/* "au-syd-anycast01": the city between the dashes. */
static void place_site(struct site *site)
{
	const char *dash = strchr(site->name, '-');
	char word[4] = "";
	const struct plan_city *city;

	if (dash == NULL || strlen(dash) < 5 || dash[4] != '-')
		return;
	memcpy(word, dash + 1, 3);
	city = plan_city_find(strcmp(word, "lnd") == 0 ? "lon" : word);
	site->placed = city != NULL;
	if (city != NULL)
		site->place = city->place;
}

/* -1: no room, or too long. */
static int site_index(struct series *s, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < s->site_count; i++)
		if (strcmp(s->sites[i].name, name) == 0)
			return (int)i;
	if (s->site_count == SITES_MAX || length == 0 || length >= NAME_LENGTH)
		return -1;
	memcpy(s->sites[s->site_count].name, name, length + 1);
	place_site(&s->sites[s->site_count]);
	return (int)s->site_count++;
}

struct reader {
	struct series *s;
	struct run *run;
	size_t client, asn, count; /* columns; lines of targets */
	bool titled;
};

typedef int take_line(struct reader *r, struct plan_lines *lines, struct error *error);

static ptrdiff_t read_packed(void *context, void *buffer, size_t room, struct error *error)
{
	return packed_file_read(context, buffer, room, error);
}

static int read_lines(const char *path, take_line *take, struct reader *r, struct error *error)
{
	struct packed_file *file;
	struct plan_source source = { read_packed, NULL, path };
	struct plan_lines *lines;
	int result = packed_file_open(path, &file, error);

	if (result != 0)
		return result;
	lines = calloc(1, sizeof(*lines));
	if (lines == NULL) {
		packed_file_close(file);
		return error_set(error, ERROR_MEMORY, "no memory to validate");
	}
	source.context = file;
	lines->source = &source;
	while ((result = plan_lines_next(lines, error)) > 0) {
		result = take(r, lines, error);
		if (result != 0)
			break;
	}
	free(lines);
	packed_file_close(file);
	return result;
}

/* "fr-par-anycast01,145.100.118.0/23,64515,169.254.169.254,as-path [ 1149 1149 ]": one prepend
 */
static int take_routing(struct reader *r, struct plan_lines *lines, struct error *error)
{
	char *fields[PLAN_FIELDS_MAX], *path;
	size_t count, numbers = 0;
	int site;

	if (lines->text[0] == '#' || strncmp(lines->text, "site,", 5) == 0)
		return 0;
	count = plan_lines_split(lines, fields);
	site = count < 5 ? -1 : site_index(r->s, fields[0]);
	if (site < 0)
		return plan_lines_error(lines, error, ERROR_MALFORMED,
			"not a site, prefix, AS, neighbour and attributes");
	path = strchr(fields[4], '[');
	while (path != NULL && *path != ']' && *path != '\0') {
		path += strcspn(path, "0123456789]");
		numbers += *path != ']' && *path != '\0';
		path += strspn(path, "0123456789");
	}
	r->run->prepends[site] = (uint8_t)(numbers > 1 && numbers < 100 ? numbers - 1 : 0);
	return 0;
}

static int find_columns(struct reader *r, char *fields[], size_t count,
	struct plan_lines *lines, struct error *error)
{
	r->client = r->asn = count;
	for (size_t i = 0; i < count; i++) {
		r->client = strcmp(fields[i], "client_id") == 0 ? i : r->client;
		r->asn = strcmp(fields[i], "source_address_asn") == 0 ? i : r->asn;
	}
	r->titled = true;
	return r->client < count && r->asn < count
		       ? 0
		       : plan_lines_error(lines, error, ERROR_MALFORMED,
				 "the first line must name client_id and source_address_asn");
}

static int keep_target(struct series *s, uint32_t asn, uint8_t site)
{
	if (s->target_count == s->target_room) {
		size_t room = s->target_room == 0 ? 4096 : s->target_room * 2;
		struct target *grown =
			room > TARGETS_MAX ? NULL : realloc(s->targets, room * sizeof(*grown));

		if (grown == NULL)
			return ERROR_FULL;
		s->targets = grown;
		s->target_room = room;
	}
	s->targets[s->target_count++] = (struct target){ asn, site };
	return 0;
}

static int take_target(struct reader *r, struct plan_lines *lines, struct error *error)
{
	char *fields[PLAN_FIELDS_MAX];
	size_t count = plan_lines_split(lines, fields);
	uint32_t asn = 0;
	int site;

	if (!r->titled)
		return find_columns(r, fields, count, lines, error);
	site = count <= r->client || count <= r->asn ? -1 : site_index(r->s, fields[r->client]);
	if (site < 0)
		return plan_lines_error(
			lines, error, ERROR_MALFORMED, "not a target with a site and an AS");
	plan_parse_asn(fields[r->asn], &asn);
	r->run->shares[site]++;
	r->count++;
	if (r->run == &r->s->baseline && keep_target(r->s, asn, (uint8_t)site) != 0)
		return plan_lines_error(lines, error, ERROR_FULL, "too many targets");
	return 0;
}

/* path: without ".csv.gz". */
static int read_run(struct series *s, const char *path, struct run *run, struct error *error)
{
	const char *slash = strrchr(path, '/');
	struct reader r = { .s = s, .run = run };
	struct text name = { 0 };
	int result;

	snprintf(run->name, sizeof(run->name), "%s", slash == NULL ? path : slash + 1);
	text_print(&name, "%s.routing", path);
	result = read_lines(text_string(&name), take_routing, &r, error);
	text_reset(&name);
	text_print(&name, "%s.csv.gz", path);
	if (result == 0)
		result = read_lines(text_string(&name), take_target, &r, error);
	if (result == 0 && r.count == 0)
		result = error_set(error, ERROR_RANGE, "%s has no targets", text_string(&name));
	for (size_t i = 0; i < s->site_count && r.count > 0; i++)
		run->shares[i] /= (double)r.count;
	text_clear(&name);
	return result;
}

static int read_series(struct series *s, const char *folder, struct error *error)
{
	char path[1024], **paths = NULL;
	size_t count = 0;
	int result;

	snprintf(path, sizeof(path), "%s/baseline/baseline", folder);
	result = read_run(s, path, &s->baseline, error);
	snprintf(path, sizeof(path), "%s/prepend", folder);
	if (result == 0)
		result = directory_list(path, ".csv.gz", &paths, &count, error);
	for (size_t i = 0; i < count && i < RUNS_MAX && result == 0; i++) {
		paths[i][strlen(paths[i]) - strlen(".csv.gz")] = '\0';
		result = read_run(s, paths[i], &s->runs[s->run_count++], error);
	}
	directory_list_free(paths, count);
	if (result == 0 && s->run_count == 0)
		return error_set(error, ERROR_NOT_FOUND, "%s has no catchments", path);
	return result;
}

/* ---- Predicting ---- */

static bool is_least(const struct series *s, const struct run *run, size_t site)
{
	for (size_t i = 0; i < s->site_count; i++)
		if (run->prepends[i] < run->prepends[site])
			return false;
	return true;
}

static int nearest(const struct series *s, const struct run *run, uint32_t asn)
{
	const struct plan_world *world = s->internet.world;
	uint32_t as = plan_graph_find(world->graph, asn);
	struct plan_place place;
	double least = INFINITY;
	int best = -1;

	if (as == PLAN_NONE || !plan_world_place(world, as, &place))
		return -1;
	for (size_t i = 0; i < s->site_count; i++) {
		double km = plan_distance_km(place, s->sites[i].place);

		if (!s->sites[i].placed || !is_least(s, run, i) || km >= least)
			continue;
		least = km;
		best = (int)i;
	}
	return best;
}

static void predict_plain(const struct series *s, const struct run *run, double *shares)
{
	for (size_t i = 0; i < s->target_count; i++) {
		int site = nearest(s, run, s->targets[i].asn);

		if (site >= 0)
			shares[site]++;
	}
}

static void predict_calibrated(const struct series *s, const struct run *run, double *shares)
{
	size_t least = 0;

	for (size_t i = 0; i < s->site_count; i++)
		least += is_least(s, run, i);
	for (size_t i = 0; i < s->site_count; i++) {
		if (is_least(s, run, i)) {
			shares[i] += s->baseline.shares[i];
			continue;
		}
		for (size_t j = 0; j < s->site_count; j++)
			if (is_least(s, run, j))
				shares[j] += s->baseline.shares[i] / (double)least;
	}
}

static void predict_unchanged(const struct series *s, const struct run *run, double *shares)
{
	(void)run;
	memcpy(shares, s->baseline.shares, sizeof(s->baseline.shares));
}

static void judge(const struct series *s, struct run *run)
{
	static void (*const predict[PREDICTIONS])(
		const struct series *, const struct run *, double *) = {
		predict_plain,
		predict_calibrated,
		predict_unchanged,
	};

	for (size_t p = 0; p < PREDICTIONS; p++) {
		double shares[SITES_MAX] = { 0 }, all = 0, off = 0;

		predict[p](s, run, shares);
		for (size_t i = 0; i < s->site_count; i++)
			all += shares[i];
		for (size_t i = 0; i < s->site_count; i++)
			off += fabs(shares[i] / all - run->shares[i]);
		run->errors[p] = all > 0 ? 100 * off / (double)s->site_count : -1;
	}
}

/* ---- Telling ---- */

static void add_row(struct table *table, const char *name, const double *errors)
{
	char text[PLAN_NUMBER_MAX];

	table_row(table);
	table_cell(table, TONE_PLAIN, "%s", name);
	for (size_t p = 0; p < PREDICTIONS; p++) {
		struct text number = { 0 };

		plan_decimal(&number, errors[p], 1);
		snprintf(text, sizeof(text), "%s", text_string(&number));
		table_cell(table, TONE_PLAIN, "%s", errors[p] < 0 ? "-" : text);
		text_clear(&number);
	}
}

static json_t *errors_json(const char *name, const double *errors)
{
	return json_pack("{s:s, s:o, s:f, s:f}", "announcement", name, "plain_error",
		errors[PREDICTION_PLAIN] < 0 ? json_null()
					     : json_real(errors[PREDICTION_PLAIN]),
		"calibrated_error", errors[PREDICTION_CALIBRATED], "unchanged_error",
		errors[PREDICTION_UNCHANGED]);
}

static enum exit_code tell(const struct series *s, const double *mean, struct console *console)
{
	static const struct column columns[] = { { "ANNOUNCEMENT", COLUMN_FIXED },
		{ "PLAIN", COLUMN_RIGHT }, { "CALIBRATED", COLUMN_RIGHT },
		{ "UNCHANGED", COLUMN_RIGHT } };
	struct table *table;
	struct text out = { 0 };
	json_t *rows;

	if (console->json) {
		rows = json_array();
		for (size_t i = 0; i < s->run_count; i++)
			json_array_append_new(
				rows, errors_json(s->runs[i].name, s->runs[i].errors));
		return output_json(console,
			json_pack("{s:I, s:o, s:o}", "targets", (json_int_t)s->target_count,
				"announcements", rows, "mean", errors_json("all", mean)));
	}
	table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < s->run_count; i++)
		add_row(table, s->runs[i].name, s->runs[i].errors);
	add_row(table, "mean", mean);
	table_print(table, &console->style, 0, &out);
	table_free(table);
	text_print(&out,
		"\nMean error of a site's share of %zu targets, in points. PLAIN: each AS at the\n"
		"nearest of the sites that prepend least. CALIBRATED: by the baseline alone; who\n"
		"leaves a site that prepends goes to the others in equal parts, for nothing says\n"
		"where. UNCHANGED: nobody moves.\n",
		s->target_count);
	return output_text(console, &out);
}

static enum exit_code judge_all(struct series *s, struct console *console)
{
	double mean[PREDICTIONS] = { 0 };

	for (size_t i = 0; i < s->run_count; i++) {
		judge(s, &s->runs[i]);
		for (size_t p = 0; p < PREDICTIONS; p++)
			mean[p] += s->runs[i].errors[p] / (double)s->run_count;
	}
	return tell(s, mean, console);
}

enum exit_code plan_validate_prepends(
	const struct arguments *arguments, struct console *console)
{
	struct series *s = calloc(1, sizeof(*s));
	struct error error = { 0 };
	enum exit_code code;

	if (s == NULL)
		return EXIT_CODE_FAILED;
	code = read_series(s, arguments_positional(arguments, 1), &error) != 0
		       ? plan_error(console, &error)
		       : plan_internet_load(arguments, &s->internet, console);
	if (code == EXIT_CODE_OK)
		code = judge_all(s, console);
	plan_internet_clear(&s->internet);
	free(s->targets);
	free(s);
	return code;
}
