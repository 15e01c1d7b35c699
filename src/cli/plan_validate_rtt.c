/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearcast plan validate FILE --places FILE: round-trip times of probes to anycast sites,
 * against the model's. A line of FILE is, with tabs between: probe, latitude, longitude, site,
 * time in ms; of the places: code, size, name, "latitude longitude", and what else there is.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/output.h"
#include "cli/plan_action.h"
#include "os/packed_file.h"
#include "plan/leg.h"
#include "plan/lines.h"

#define PLACES_MAX 100000
#define PROBES_MAX 10000000
#define CODE_MAX   8

struct coded_place {
	char code[CODE_MAX];
	struct plan_place place;
	bool used; /* some probe reaches it */
};

struct probe {
	struct plan_place place;
	size_t site; /* index into places */
	double ms;
};

struct measured_times {
	struct coded_place *places;
	size_t place_count, place_room;
	struct probe *probes;
	size_t probe_count, probe_room;
	size_t unknown; /* probes whose site has no place */
};

/* Room for one more item of size; NULL: no memory, or more than most. */
static void *one_more(void **items, size_t *count, size_t *room, size_t size, size_t most)
{
	if (*count == *room) {
		size_t wider = *room == 0 ? 1024 : *room * 2;
		void *grown = *count >= most ? NULL : realloc(*items, wider * size);

		if (grown == NULL)
			return NULL;
		*items = grown;
		*room = wider;
	}
	return (char *)*items + (*count)++ * size;
}

#define FIELDS 5

/* Fields between tabs, in place. */
static size_t split_tabs(char *text, char *fields[FIELDS])
{
	size_t count = 0;

	while (text != NULL && count < FIELDS) {
		fields[count++] = text;
		text = strchr(text, '\t');
		if (text != NULL)
			*text++ = '\0';
	}
	return count;
}

static bool parse_place(
	const char *latitude, const char *longitude, struct plan_place *ret_place)
{
	double north, east;

	if (!plan_parse_number(latitude, &north) || !plan_parse_number(longitude, &east) ||
		fabs(north) > 90 || fabs(east) > 180)
		return false;
	*ret_place = (struct plan_place){ (float)north, (float)east };
	return true;
}

static int take_place(struct measured_times *m, struct plan_lines *lines, struct error *error)
{
	char *fields[FIELDS], *space;
	struct coded_place place = { 0 }, *into;

	if (split_tabs(lines->text, fields) < 4 || fields[0][0] == '\0' ||
		strlen(fields[0]) >= CODE_MAX)
		return plan_lines_error(
			lines, error, ERROR_MALFORMED, "not a code, size, name and place");
	space = strchr(fields[3], ' ');
	if (space != NULL)
		*space++ = '\0';
	if (space == NULL || !parse_place(fields[3], space, &place.place))
		return plan_lines_error(
			lines, error, ERROR_MALFORMED, "no such place on the globe");
	memcpy(place.code, fields[0], strlen(fields[0]) + 1);
	into = one_more((void **)&m->places, &m->place_count, &m->place_room, sizeof(*into),
		PLACES_MAX);
	if (into == NULL)
		return plan_lines_error(lines, error, ERROR_FULL, "too many places");
	*into = place;
	return 0;
}

static struct coded_place *find_place(const struct measured_times *m, const char *code)
{
	for (size_t i = 0; i < m->place_count; i++)
		if (strcasecmp(m->places[i].code, code) == 0)
			return &m->places[i];
	return NULL;
}

static int take_probe(struct measured_times *m, struct plan_lines *lines, struct error *error)
{
	char *fields[FIELDS];
	struct probe probe = { 0 }, *into;
	struct coded_place *site;

	if (split_tabs(lines->text, fields) < FIELDS ||
		!parse_place(fields[1], fields[2], &probe.place) ||
		!plan_parse_number(fields[4], &probe.ms) || probe.ms < 0)
		return plan_lines_error(lines, error, ERROR_MALFORMED,
			"not a probe, latitude, longitude, site and time");
	site = find_place(m, fields[3]);
	if (site == NULL) {
		m->unknown++;
		return 0;
	}
	site->used = true;
	probe.site = (size_t)(site - m->places);
	into = one_more((void **)&m->probes, &m->probe_count, &m->probe_room, sizeof(*into),
		PROBES_MAX);
	if (into == NULL)
		return plan_lines_error(lines, error, ERROR_FULL, "too many probes");
	*into = probe;
	return 0;
}

static ptrdiff_t read_packed(void *context, void *buffer, size_t room, struct error *error)
{
	return packed_file_read(context, buffer, room, error);
}

static int read_lines(const char *path, struct measured_times *m,
	int (*take)(struct measured_times *, struct plan_lines *, struct error *),
	struct error *error)
{
	struct packed_file *file;
	struct plan_source source = { read_packed, NULL, path };
	struct plan_lines *lines = calloc(1, sizeof(*lines));
	int result = lines == NULL ? error_set(error, ERROR_MEMORY, "no memory")
				   : packed_file_open(path, &file, error);

	if (result == 0) {
		source.context = file;
		lines->source = &source;
		while ((result = plan_lines_next(lines, error)) > 0) {
			if (lines->text[0] == '#' || lines->text[0] == '\0')
				continue;
			result = take(m, lines, error);
			if (result != 0)
				break;
		}
		packed_file_close(file);
	}
	free(lines);
	return result;
}

/* ---- Comparing ---- */

static double model_ms(struct plan_place a, struct plan_place b)
{
	return plan_rtt_default.base_ms + plan_rtt_default.ms_per_km * plan_distance_km(a, b);
}

static size_t nearest_of(const struct measured_times *m, struct plan_place place)
{
	size_t best = 0;
	double least = INFINITY;

	for (size_t i = 0; i < m->place_count; i++) {
		double km = m->places[i].used ? plan_distance_km(place, m->places[i].place)
					      : INFINITY;

		if (km < least) {
			least = km;
			best = i;
		}
	}
	return best;
}

static int by_size(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

/* Errors of times, and how often a site is named rightly. */
struct verdict {
	double *reached;    /* by distance, to the site that was reached */
	double *nearest;    /* to the nearest */
	double *calibrated; /* by the other probes, to the site that was reached */
	size_t nearest_right, calibrated_right, bigger_right;
};

static enum exit_code tell(
	const struct measured_times *m, struct verdict *x, struct console *console)
{
	size_t n = m->probe_count;
	struct text out = { 0 };

	qsort(x->reached, n, sizeof(*x->reached), by_size);
	qsort(x->nearest, n, sizeof(*x->nearest), by_size);
	qsort(x->calibrated, n, sizeof(*x->calibrated), by_size);
	if (console->json)
		return output_json(console,
			json_pack("{s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}",
				"probes", (json_int_t)n, "probes_without_place",
				(json_int_t)m->unknown, "median_error_ms", x->reached[n / 2],
				"p90_error_ms", x->reached[n * 9 / 10],
				"calibrated_median_error_ms", x->calibrated[n / 2],
				"calibrated_p90_error_ms", x->calibrated[n * 9 / 10],
				"nearest_site", (double)x->nearest_right / (double)n,
				"bigger_site", (double)x->bigger_right / (double)n,
				"calibrated_site", (double)x->calibrated_right / (double)n,
				"median_error_to_nearest_ms", x->nearest[n / 2]));
	text_print(&out,
		"%zu probes (%zu more to sites without a place)\n"
		"Round-trip time to the site that was reached\n"
		"  by distance: median error %.1f ms, 90 %% within %.1f ms\n"
		"  calibrated by probes elsewhere: median error %.1f ms, 90 %% within %.1f ms\n"
		"Site that was reached\n"
		"  always the one that most reach: %.1f %% right\n"
		"  the nearest: %.1f %%; naming it, the time's median error is %.1f ms\n"
		"  calibrated by probes elsewhere: %.1f %%\n"
		"Elsewhere: none within the same degree of latitude and longitude is used.\n",
		n, m->unknown, x->reached[n / 2], x->reached[n * 9 / 10], x->calibrated[n / 2],
		x->calibrated[n * 9 / 10], (double)x->bigger_right * 100 / (double)n,
		(double)x->nearest_right * 100 / (double)n, x->nearest[n / 2],
		(double)x->calibrated_right * 100 / (double)n);
	return output_text(console, &out);
}

static size_t count_bigger(const struct measured_times *m, size_t *reached)
{
	size_t most = 0;

	for (size_t i = 0; i < m->probe_count; i++)
		if (++reached[m->probes[i].site] > most)
			most = reached[m->probes[i].site];
	return most;
}

static void judge(
	const struct measured_times *m, const struct plan_legs *legs, struct verdict *x)
{
	for (size_t i = 0; i < m->probe_count; i++) {
		const struct probe *p = &m->probes[i];
		struct plan_place site = m->places[p->site].place;
		size_t near = nearest_of(m, p->place);

		x->nearest_right += near == p->site;
		x->calibrated_right +=
			plan_legs_site(legs, p->place, PLAN_LEGS_ELSEWHERE) == p->site;
		x->reached[i] = fabs(model_ms(p->place, site) - p->ms);
		x->nearest[i] = fabs(model_ms(p->place, m->places[near].place) - p->ms);
		x->calibrated[i] =
			fabs(plan_legs_ms(legs, p->place, site, PLAN_LEGS_ELSEWHERE) - p->ms);
	}
}

static int make_legs(
	const struct measured_times *m, struct plan_legs **ret_legs, struct error *error)
{
	struct plan_leg *list = calloc(m->probe_count + 1, sizeof(*list));
	int result;

	if (list == NULL)
		return error_set(error, ERROR_MEMORY, "no memory to validate");
	for (size_t i = 0; i < m->probe_count; i++)
		list[i] = (struct plan_leg){
			.from = m->probes[i].place,
			.to = m->places[m->probes[i].site].place,
			.ms = m->probes[i].ms,
			.site = m->probes[i].site,
		};
	result = plan_legs_create(list, m->probe_count, &plan_rtt_default, ret_legs, error);
	free(list);
	return result;
}

static enum exit_code compare(const struct measured_times *m, struct console *console)
{
	struct verdict x = {
		.reached = calloc(m->probe_count + 1, sizeof(double)),
		.nearest = calloc(m->probe_count + 1, sizeof(double)),
		.calibrated = calloc(m->probe_count + 1, sizeof(double)),
	};
	size_t *reached = calloc(m->place_count + 1, sizeof(*reached));
	struct plan_legs *legs = NULL;
	struct error error = { 0 };
	enum exit_code code = EXIT_CODE_OK;

	if (x.reached == NULL || x.nearest == NULL || x.calibrated == NULL || reached == NULL) {
		error_set(&error, ERROR_MEMORY, "no memory to validate");
		code = plan_error(console, &error);
	} else if (m->probe_count == 0) {
		error_set(&error, ERROR_RANGE, "no probe reaches a site with a place");
		code = plan_error(console, &error);
	} else if (make_legs(m, &legs, &error) != 0) {
		code = plan_error(console, &error);
	}
	if (code == EXIT_CODE_OK) {
		x.bigger_right = count_bigger(m, reached);
		judge(m, legs, &x);
		code = tell(m, &x, console);
	}
	plan_legs_free(legs);
	free(x.reached);
	free(x.nearest);
	free(x.calibrated);
	free(reached);
	return code;
}

enum exit_code plan_validate_times(const struct arguments *arguments, struct console *console)
{
	struct measured_times m = { 0 };
	struct error error = { 0 };
	enum exit_code code;

	if (read_lines(arguments_value(arguments, "places"), &m, take_place, &error) != 0 ||
		read_lines(arguments_positional(arguments, 1), &m, take_probe, &error) != 0)
		code = plan_error(console, &error);
	else
		code = compare(&m, console);
	free(m.places);
	free(m.probes);
	return code;
}
