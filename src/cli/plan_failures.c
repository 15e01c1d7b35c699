/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearcast plan failures PLAN: what happens when a site or an upstream is lost, alone or (with
 * --pairs) two at once; and what follows when sites with more users than they can serve go down
 * as well, until nobody does (the cascade).
 */
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/plan_action.h"

/* A site, or an upstream. */
struct part {
	size_t site;
	size_t upstream; /* SIZE_MAX: the whole site */
};

struct failures {
	struct plan_case c;
	struct plan_route *before, *after;
	struct plan_catchment start, now;
	struct part parts[PLAN_SITE_MAX + PLAN_ANNOUNCEMENT_MAX];
	size_t part_count;
	struct table *table;
	json_t *list;
	struct text csv;
};

static void list_parts(struct failures *f)
{
	const struct plan_scenario *s = &f->c.scenario;

	for (size_t i = 0; i < s->site_count; i++)
		f->parts[f->part_count++] = (struct part){ i, SIZE_MAX };
	for (size_t i = 0; i < s->upstream_count; i++)
		f->parts[f->part_count++] =
			(struct part){ s->upstreams[i].announcement.site, i };
}

static void name_part(const struct failures *f, const struct part *part, struct text *out)
{
	text_add(out, f->c.scenario.sites[part->site].name);
	if (part->upstream != SIZE_MAX)
		text_print(out, "/%s", f->c.scenario.upstreams[part->upstream].name);
}

static void lose(const struct failures *f, const struct part *part, uint8_t *lost)
{
	for (size_t i = 0; i < f->c.scenario.upstream_count; i++)
		if (part->upstream == i ||
			(part->upstream == SIZE_MAX &&
				f->c.scenario.upstreams[i].announcement.site == part->site))
			lost[i] = 1;
}

/* What came of one failure. */
struct outcome {
	double moved;
	struct plan_tally all;
	double unreached;
	size_t overloaded;   /* sites, at once */
	struct text names;   /* of those */
	size_t down, rounds; /* by the cascade: sites more, in so many rounds */
	double unserved;     /* at its end */
};

static size_t lose_overloaded(struct failures *f, uint8_t *lost, struct text *names)
{
	size_t count = 0;

	for (size_t s = 0; s < f->c.scenario.site_count; s++) {
		if (!plan_overloaded(&f->c, &f->now, s))
			continue;
		if (names != NULL)
			text_print(names, "%s%s", count == 0 ? "" : " ",
				f->c.scenario.sites[s].name);
		lose(f, &(struct part){ s, SIZE_MAX }, lost);
		count++;
	}
	return count;
}

static enum exit_code fail(
	struct failures *f, uint8_t *lost, struct outcome *o, struct console *console)
{
	const struct plan_variation variation = { .lost = lost };
	enum exit_code code = plan_run(&f->c, &variation, f->after, &f->now, console);
	size_t more;

	o->moved = plan_users_moved(
		f->c.world, f->c.scenario.site_count, f->before, f->after, NULL);
	o->all = f->now.all;
	o->unreached = f->now.unreached.users;
	o->overloaded = more = lose_overloaded(f, lost, &o->names);
	/* Every round loses a site: it ends. */
	while (code == EXIT_CODE_OK && more > 0) {
		o->down += more;
		o->rounds++;
		code = plan_run(&f->c, &variation, f->after, &f->now, console);
		more = lose_overloaded(f, lost, NULL);
	}
	o->unserved = f->now.unreached.users;
	return code;
}

static void add_table(struct failures *f, const char *name, const struct outcome *o)
{
	double total = f->c.world->users_total;
	char text[4][PLAN_NUMBER_MAX];

	table_row(f->table);
	table_cell(f->table, TONE_PLAIN, "%s", name);
	table_cell(f->table, TONE_PLAIN, "%s", plan_share(o->moved, total, text[0]));
	table_cell(f->table, o->unreached > 0 ? TONE_BAD : TONE_PLAIN, "%s",
		plan_share(o->unreached, total, text[1]));
	table_cell(f->table, TONE_PLAIN, "%s", plan_ms(o->all.median_ms, text[2]));
	table_cell(f->table, TONE_PLAIN, "%s", plan_ms(o->all.p95_ms, text[3]));
	table_cell(f->table, o->overloaded > 0 ? TONE_BAD : TONE_PLAIN, "%s",
		o->overloaded == 0 ? "-" : text_string(&o->names));
	if (o->down == 0)
		table_cell(f->table, TONE_PLAIN, "-");
	else
		table_cell(f->table, TONE_BAD, "%zu down, %s unserved", o->down,
			plan_share(o->unserved, total, text[0]));
}

static void add_json(struct failures *f, const char *name, const struct outcome *o)
{
	json_t *row = plan_tally_json(&o->all, f->c.world->users_total);

	json_object_set_new(row, "lost", json_string(name));
	json_object_set_new(row, "users_moved", json_real(o->moved));
	json_object_set_new(row, "users_unreached", json_real(o->unreached));
	json_object_set_new(row, "overloaded", json_string(text_string(&o->names)));
	json_object_set_new(row, "cascade",
		json_pack("{s:i, s:i, s:f}", "sites_down", (int)o->down, "rounds",
			(int)o->rounds, "users_unserved", o->unserved));
	json_array_append_new(f->list, row);
}

static void add_csv(struct failures *f, const char *name, const struct outcome *o)
{
	const double numbers[] = { o->moved, o->unreached, o->all.median_ms, o->all.p95_ms,
		(double)o->overloaded, (double)o->down, o->unserved };

	text_add(&f->csv, name);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		text_add(&f->csv, ",");
		plan_decimal(&f->csv, numbers[i], 1);
	}
	text_add(&f->csv, "\n");
}

static enum exit_code try_one(struct failures *f, const struct part *one,
	const struct part *two, struct console *console)
{
	uint8_t lost[PLAN_ANNOUNCEMENT_MAX] = { 0 };
	struct outcome o = { 0 };
	struct text name = { 0 };
	enum exit_code code;

	lose(f, one, lost);
	name_part(f, one, &name);
	if (two != NULL) {
		lose(f, two, lost);
		text_add(&name, " + ");
		name_part(f, two, &name);
	}
	code = fail(f, lost, &o, console);
	if (code == EXIT_CODE_OK) {
		add_table(f, text_string(&name), &o);
		add_json(f, text_string(&name), &o);
		add_csv(f, text_string(&name), &o);
	}
	text_clear(&name);
	text_clear(&o.names);
	return code;
}

/* An upstream of a site that is lost anyway adds nothing. */
static bool within(const struct part *one, const struct part *two)
{
	return one->site == two->site &&
	       (one->upstream == SIZE_MAX || two->upstream == SIZE_MAX);
}

/* Every part, then (with pairs) every two. */
static enum exit_code try_parts(struct failures *f, bool pairs, struct console *console)
{
	size_t count = f->part_count, total = count + (pairs ? count * (count - 1) / 2 : 0),
	       done = 0;
	struct plan_progress progress;
	enum exit_code code = EXIT_CODE_OK;

	plan_progress_begin(&progress, console);
	for (size_t i = 0; i < count && code == EXIT_CODE_OK; i++) {
		code = try_one(f, &f->parts[i], NULL, console);
		plan_progress(&progress, ++done, total);
	}
	for (size_t i = 0; i < count && pairs; i++)
		for (size_t j = i + 1; j < count && code == EXIT_CODE_OK; j++) {
			if (!within(&f->parts[i], &f->parts[j]))
				code = try_one(f, &f->parts[i], &f->parts[j], console);
			plan_progress(&progress, ++done, total);
		}
	return code;
}

static enum exit_code try_all(
	const struct arguments *arguments, struct failures *f, struct console *console)
{
	enum exit_code code =
		plan_run(&f->c, &(struct plan_variation){ 0 }, f->before, &f->start, console);

	list_parts(f);
	return code == EXIT_CODE_OK ? try_parts(f, arguments_has(arguments, "pairs"), console)
				    : code;
}

static enum exit_code answer(
	const struct arguments *arguments, struct failures *f, struct console *console)
{
	struct text out = { 0 };

	if (arguments_has(arguments, "csv"))
		return output_text(console, &f->csv);
	if (console->json)
		return output_json(console,
			json_pack("{s:o, s:o, s:O}", "internet", plan_internet_json(&f->c),
				"before", plan_catchment_json(&f->c, &f->start), "failures",
				f->list));
	plan_internet_text(&f->c, &out);
	table_print(f->table, &console->style, 0, &out);
	return output_text(console, &out);
}

static const struct column columns[] = { { "LOST", COLUMN_FIXED }, { "MOVED", COLUMN_RIGHT },
	{ "UNREACHED", COLUMN_RIGHT }, { "MEDIAN", COLUMN_RIGHT }, { "95 %", COLUMN_RIGHT },
	{ "OVERLOADED", COLUMN_WRAPS }, { "CASCADE", COLUMN_WRAPS } };

enum exit_code plan_failures(const struct arguments *arguments, struct console *console)
{
	struct failures *f = calloc(1, sizeof(*f));
	enum exit_code code;

	if (f == NULL)
		return EXIT_CODE_FAILED;
	f->table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	f->list = json_array();
	text_add(&f->csv, "lost,users_moved,users_unreached,median_ms,p95_ms,overloaded_sites,"
			  "cascade_sites_down,cascade_users_unserved\n");
	code = plan_case_load(arguments, arguments_positional(arguments, 1), PLAN_SITES_ONLY,
		NULL, &f->c, console);
	if (code == EXIT_CODE_OK) {
		f->before = plan_routes(&f->c, console);
		f->after = plan_routes(&f->c, console);
		code = f->before == NULL || f->after == NULL ? EXIT_CODE_FAILED
							     : try_all(arguments, f, console);
	}
	if (code == EXIT_CODE_OK)
		code = answer(arguments, f, console);
	free(f->before);
	free(f->after);
	table_free(f->table);
	json_decref(f->list);
	text_clear(&f->csv);
	plan_case_clear(&f->c);
	free(f);
	return code;
}
