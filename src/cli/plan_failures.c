/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearcast plan failures PLAN: what happens when a site, an upstream or an exchange is lost,
 * alone or (with --pairs) two at once; and what follows when sites with more users than they
 * can serve go down as well, until nobody does (the cascade).
 *
 * Invariant: rows stand in one order, whoever worked them out.
 */
#include "cli/plan_failures.h"

#include <stdlib.h>
#include <string.h>

#include "cli/configuration.h"
#include "cli/output.h"
#include "os/workers.h"

#define ROWS_MAX 4000000u

void plan_loss_text(const struct failures *f, const struct plan_loss *loss, struct text *out)
{
	const struct plan_scenario *s = &f->c.scenario;

	if (loss->count == 0)
		text_add(out, "nothing");
	for (size_t i = 0; i < loss->count; i++) {
		uint32_t index = loss->parts[i].index;

		text_add(out, i == 0 ? "" : " + ");
		switch (loss->parts[i].kind) {
		case PLAN_PART_SITE:
			text_add(out, s->sites[index].name);
			break;
		case PLAN_PART_UPSTREAM:
			text_print(out, "%s/%s",
				s->sites[s->upstreams[index].announcement.site].name,
				s->upstreams[index].name);
			break;
		case PLAN_PART_EXCHANGE:
			text_print(out, "exchange %s", f->c.world->exchanges->list[index].name);
			break;
		}
	}
}

/* ---- What can be lost ---- */

/* Mistakes are told with their place. */
static int find_upstream_exchanges(struct failures *f, struct error *error)
{
	const struct config_plan *plan = f->c.plan;
	size_t at = 0;

	f->upstream_exchanges =
		calloc(f->c.scenario.upstream_count + 1, sizeof(*f->upstream_exchanges));
	if (f->upstream_exchanges == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for exchanges");
	for (size_t i = 0; i < plan->site_count; i++)
		for (size_t j = 0; j < plan->sites[i].upstream_count; j++, at++) {
			const struct config_plan_upstream *u = &plan->sites[i].upstreams[j];
			char text[128];

			f->upstream_exchanges[at] = PLAN_NONE;
			if (u->exchange != NULL && f->c.world->exchanges != NULL)
				f->upstream_exchanges[at] =
					plan_exchange_find(f->c.world->exchanges, u->exchange);
			if (u->exchange == NULL || f->upstream_exchanges[at] != PLAN_NONE)
				continue;
			snprintf(text, sizeof(text), "the exchange '%.60s' is not known",
				u->exchange);
			plan_complain(&f->c, &u->mark, (uint32_t)strlen(u->name), text,
				f->c.world->exchanges == NULL
					? "name a file of exchanges and their members: exchanges"
					: "it must be one that the file of exchanges names");
		}
	return 0;
}

struct size {
	uint32_t members, exchange;
};

static int by_members(const void *a, const void *b)
{
	const struct size *x = a, *y = b;

	if (x->members != y->members)
		return x->members > y->members ? -1 : 1;
	return (x->exchange > y->exchange) - (x->exchange < y->exchange);
}

static bool carries_upstream(const struct failures *f, uint32_t exchange)
{
	for (size_t i = 0; i < f->c.scenario.upstream_count; i++)
		if (f->upstream_exchanges[i] == exchange)
			return true;
	return false;
}

/* The largest, and all that a session of ours runs over. */
static int list_exchanges(struct failures *f, size_t largest, struct error *error)
{
	const struct plan_exchanges *x = f->c.world->exchanges;
	struct size *sizes = calloc(x->count + 1, sizeof(*sizes));

	if (sizes == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for exchanges");
	for (uint32_t i = 0; i < x->count; i++)
		sizes[i] = (struct size){ x->list[i].members, i };
	qsort(sizes, x->count, sizeof(*sizes), by_members);
	for (size_t i = 0; i < x->count; i++)
		if (i < largest || carries_upstream(f, sizes[i].exchange)) {
			f->parts[f->part_count++] =
				(struct plan_part){ PLAN_PART_EXCHANGE, sizes[i].exchange };
			f->exchange_count++;
		}
	free(sizes);
	return plan_outage_create(f->c.world->graph, x, &f->outage, error);
}

static int list_parts(struct failures *f, size_t largest, struct error *error)
{
	const struct plan_scenario *s = &f->c.scenario;
	const struct plan_exchanges *x = f->c.world->exchanges;

	f->parts = calloc(s->site_count + s->upstream_count + (x == NULL ? 0 : x->count) + 1,
		sizeof(*f->parts));
	if (f->parts == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for failures");
	for (uint32_t i = 0; i < s->site_count; i++)
		f->parts[f->part_count++] = (struct plan_part){ PLAN_PART_SITE, i };
	for (uint32_t i = 0; i < s->upstream_count; i++)
		f->parts[f->part_count++] = (struct plan_part){ PLAN_PART_UPSTREAM, i };
	return x == NULL || largest == 0 ? 0 : list_exchanges(f, largest, error);
}

static int list_rows(struct failures *f, bool pairs, struct error *error)
{
	size_t n = f->part_count, most = n + (pairs ? n * (n - 1) / 2 : 0);

	if (most > ROWS_MAX)
		return error_set(error, ERROR_FULL,
			"more than %u failures: ask for fewer "
			"exchanges with --largest",
			ROWS_MAX);
	f->rows = workers_memory(most * sizeof(*f->rows));
	f->order = calloc(most + 1, sizeof(*f->order));
	if (f->rows == NULL || f->order == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for %zu failures", most);
	f->row_room = most;
	for (size_t i = 0; i < n; i++)
		f->rows[f->single_count++].loss = (struct plan_loss){ { f->parts[i] }, 1 };
	most = f->single_count;
	for (size_t i = 0; pairs && i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			if (!plan_part_within(&f->c.scenario, &f->parts[i], &f->parts[j]))
				f->rows[most++].loss =
					(struct plan_loss){ { f->parts[i], f->parts[j] }, 2 };
	f->row_count = most;
	return 0;
}

/* ---- Trying them ---- */

struct job {
	struct failures *f;
	struct plan_progress progress;
	size_t *done; /* [WORKERS_MAX], shared: rows of each worker */
};

static int try_part(void *context, size_t worker, size_t workers, struct error *error)
{
	struct job *job = context;
	struct failures *f = job->f;
	struct plan_failures *work = calloc(1, sizeof(*work));
	int result = work == NULL ? error_set(error, ERROR_MEMORY, "no memory") : 0;

	if (work != NULL)
		*work = (struct plan_failures){ .world = f->c.world,
			.scenario = &f->c.scenario,
			.latency = f->c.latency,
			.upstream_exchanges = f->upstream_exchanges,
			.outage = f->outage,
			.before = f->before,
			.routes = f->after };
	for (size_t i = worker; i < f->row_count && result == 0; i += workers) {
		result = plan_failure_run(work, &f->rows[i].loss, &f->rows[i].failure, error);
		job->done[worker]++;
	}
	free(work);
	return result;
}

static int show(void *context)
{
	struct job *job = context;
	size_t done = 0;

	for (size_t i = 0; i < WORKERS_MAX; i++)
		done += job->done[i];
	if (done > 0)
		plan_progress(&job->progress, done, job->f->row_count);
	return 0;
}

static int try_rows(struct failures *f, struct console *console, struct error *error)
{
	struct job job = { .f = f };
	int result;

	job.done = workers_memory(WORKERS_MAX * sizeof(*job.done));
	if (job.done == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for workers");
	plan_progress_begin(&job.progress, console);
	result = workers_run(workers_count(), try_part, &job, show, &job, error);
	workers_memory_free(job.done, WORKERS_MAX * sizeof(*job.done));
	return result;
}

/* Worse: more users without a site in the end, then more moved, then the earlier. */
static int compare(const struct failure_row *a, const struct failure_row *b)
{
	if (a->failure.unserved != b->failure.unserved)
		return a->failure.unserved > b->failure.unserved ? -1 : 1;
	if (a->failure.moved != b->failure.moved)
		return a->failure.moved > b->failure.moved ? -1 : 1;
	return (a > b) - (a < b);
}

static int by_harm(const void *a, const void *b)
{
	return compare(
		*(const struct failure_row *const *)a, *(const struct failure_row *const *)b);
}

static int put_in_order(struct failures *f, struct error *error)
{
	const struct failure_row **pointers = calloc(f->row_count + 1, sizeof(*pointers));

	if (pointers == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for an order");
	for (size_t i = 0; i < f->row_count; i++)
		pointers[i] = &f->rows[i];
	if (f->row_count > f->single_count)
		qsort(pointers + f->single_count, f->row_count - f->single_count,
			sizeof(*pointers), by_harm);
	for (size_t i = 0; i < f->row_count; i++)
		f->order[i] = (uint32_t)(pointers[i] - f->rows);
	free(pointers);
	return 0;
}

/* ---- Telling ---- */

static void name_overloaded(
	const struct failures *f, const struct plan_failure *failure, struct text *out)
{
	bool first = true;

	for (size_t s = 0; s < f->c.scenario.site_count; s++)
		if (failure->overloaded[s] != 0) {
			text_print(out, "%s%s", first ? "" : " ", f->c.scenario.sites[s].name);
			first = false;
		}
}

static void add_row(
	struct table *table, const struct failures *f, const struct failure_row *row)
{
	const struct plan_failure *o = &row->failure;
	double total = f->c.world->users_total;
	struct text name = { 0 }, overloaded = { 0 };
	char text[PLAN_NUMBER_MAX];

	plan_loss_text(f, &row->loss, &name);
	name_overloaded(f, o, &overloaded);
	table_row(table);
	table_cell(table, TONE_PLAIN, "%s", text_string(&name));
	table_cell(table, TONE_PLAIN, "%s", plan_share(o->moved, total, text));
	table_cell(table, o->unreached > 0 ? TONE_BAD : TONE_PLAIN, "%s",
		plan_share(o->unreached, total, text));
	table_cell(table, TONE_PLAIN, "%s", plan_ms(o->all.median_ms, text));
	table_cell(table, TONE_PLAIN, "%s", plan_ms(o->all.p95_ms, text));
	table_cell(table, o->overloaded_count > 0 ? TONE_BAD : TONE_PLAIN, "%s",
		o->overloaded_count == 0 ? "-" : text_string(&overloaded));
	if (o->down == 0)
		table_cell(table, TONE_PLAIN, "-");
	else
		table_cell(table, TONE_BAD, "%u down, %s unserved", o->down,
			plan_share(o->unserved, total, text));
	text_clear(&name);
	text_clear(&overloaded);
}

static enum exit_code tell(const struct failures *f, struct console *console)
{
	static const struct column columns[] = { { "LOST", COLUMN_FIXED },
		{ "MOVED", COLUMN_RIGHT }, { "UNREACHED", COLUMN_RIGHT },
		{ "MEDIAN", COLUMN_RIGHT }, { "95 %", COLUMN_RIGHT },
		{ "OVERLOADED", COLUMN_WRAPS }, { "CASCADE", COLUMN_WRAPS } };
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	size_t pairs = f->row_count - f->single_count,
	       shown = pairs < f->shown ? pairs : f->shown;
	struct text out = { 0 };

	plan_internet_text(&f->c, &out);
	for (size_t i = 0; i < f->single_count + shown; i++)
		add_row(table, f, &f->rows[f->order[i]]);
	table_print(table, &console->style, 0, &out);
	if (pairs > shown)
		text_print(&out, "and %zu pairs that harm less (--top shows more)\n",
			pairs - shown);
	if (f->c.world->exchanges == NULL)
		text_add(&out, "Exchanges are not known: name a file of them (--exchanges).\n");
	else if (f->exchange_count < f->c.world->exchanges->count)
		text_print(&out, "Of %zu exchanges the %zu largest (--largest tries more).\n",
			f->c.world->exchanges->count, f->exchange_count);
	table_free(table);
	return output_text(console, &out);
}

static enum exit_code tell_csv(const struct failures *f, struct console *console)
{
	struct text out = { 0 };

	text_add(&out, "lost,users_moved,users_unreached,median_ms,p95_ms,overloaded_sites,"
		       "cascade_sites_down,cascade_users_unserved\n");
	for (size_t i = 0; i < f->row_count; i++) {
		const struct failure_row *row = &f->rows[f->order[i]];
		const double numbers[] = { row->failure.moved, row->failure.unreached,
			row->failure.all.median_ms, row->failure.all.p95_ms,
			row->failure.overloaded_count, row->failure.down,
			row->failure.unserved };
		struct text name = { 0 };

		plan_loss_text(f, &row->loss, &name);
		plan_csv_text(&out, text_string(&name));
		for (size_t n = 0; n < sizeof(numbers) / sizeof(numbers[0]); n++) {
			text_add(&out, ",");
			plan_decimal(&out, numbers[n], 1);
		}
		text_add(&out, "\n");
		text_clear(&name);
	}
	return output_text(console, &out);
}

static enum exit_code tell_json(const struct failures *f, struct console *console)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->row_count; i++) {
		const struct failure_row *r = &f->rows[f->order[i]];
		json_t *row = plan_tally_json(&r->failure.all, f->c.world->users_total);
		struct text name = { 0 }, overloaded = { 0 };

		plan_loss_text(f, &r->loss, &name);
		name_overloaded(f, &r->failure, &overloaded);
		json_object_set_new(row, "lost", json_string(text_string(&name)));
		json_object_set_new(row, "users_moved", json_real(r->failure.moved));
		json_object_set_new(row, "users_unreached", json_real(r->failure.unreached));
		json_object_set_new(row, "overloaded", json_string(text_string(&overloaded)));
		json_object_set_new(row, "cascade",
			json_pack("{s:i, s:i, s:f}", "sites_down", (int)r->failure.down,
				"rounds", (int)r->failure.rounds, "users_unserved",
				r->failure.unserved));
		json_array_append_new(list, row);
		text_clear(&name);
		text_clear(&overloaded);
	}
	return output_json(console,
		json_pack("{s:o, s:o, s:o}", "internet", plan_internet_json(&f->c), "before",
			plan_catchment_json(&f->c, &f->start), "failures", list));
}

/* ---- All of it ---- */

static enum exit_code prepare(
	const struct arguments *arguments, struct failures *f, struct console *console)
{
	struct error error = { 0 };
	uint64_t largest = 20, top = 20;
	int result =
		plan_option(arguments, "largest", 0, PLAN_EXCHANGE_MAX, 20, &largest, &error);

	if (result == 0)
		result = plan_option(arguments, "top", 1, ROWS_MAX, 20, &top, &error);
	f->shown = top;
	if (result == 0)
		result = find_upstream_exchanges(f, &error);
	if (result == 0)
		result = list_parts(f, largest, &error);
	if (result == 0)
		result = list_rows(f, arguments_has(arguments, "pairs"), &error);
	if (result != 0)
		return plan_error(console, &error);
	if (f->c.diagnostics.error_count > 0) {
		configuration_mistakes(console, &f->c.diagnostics);
		return EXIT_CODE_USAGE;
	}
	return EXIT_CODE_OK;
}

static enum exit_code try_all(struct failures *f, struct console *console)
{
	struct error error = { 0 };
	enum exit_code code;

	f->before = plan_routes(&f->c, console);
	f->after = plan_routes(&f->c, console);
	if (f->before == NULL || f->after == NULL)
		return EXIT_CODE_FAILED;
	code = plan_run(&f->c, &(struct plan_variation){ 0 }, f->before, &f->start, console);
	if (code == EXIT_CODE_OK &&
		(try_rows(f, console, &error) != 0 || put_in_order(f, &error) != 0))
		code = plan_error(console, &error);
	return code;
}

static void clear(struct failures *f)
{
	workers_memory_free(f->rows, f->row_room * sizeof(*f->rows));
	plan_outage_free(f->outage);
	free(f->upstream_exchanges);
	free(f->parts);
	free(f->order);
	free(f->before);
	free(f->after);
	plan_case_clear(&f->c);
	free(f);
}

enum exit_code plan_failures(const struct arguments *arguments, struct console *console)
{
	struct failures *f = calloc(1, sizeof(*f));
	const char *report = arguments_value(arguments, "report");
	enum exit_code code;

	if (f == NULL)
		return EXIT_CODE_FAILED;
	code = plan_case_load(arguments, arguments_positional(arguments, 1), PLAN_SITES_ONLY,
		NULL, &f->c, console);
	if (code == EXIT_CODE_OK)
		code = prepare(arguments, f, console);
	if (code == EXIT_CODE_OK)
		code = try_all(f, console);
	if (code == EXIT_CODE_OK && report != NULL)
		code = plan_failures_page(report, f, console);
	if (code == EXIT_CODE_OK)
		code = arguments_has(arguments, "csv") ? tell_csv(f, console)
		       : console->json                 ? tell_json(f, console)
						       : tell(f, console);
	clear(f);
	return code;
}
