/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearcast plan compare A [B]: what changes from one plan to another; with one plan, anycast
 * from all its sites against unicast from each.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/plan_action.h"

#define MOVES_MAX 12 /* shown to people */

struct side {
	struct plan_case c;
	struct plan_route *routes;
	struct plan_catchment t;
};

struct comparison {
	struct side a, b;
	const char *names[PLAN_SITE_NONE]; /* sites of a, then those of b alone */
	size_t name_count;
	double *moves; /* [(name_count + 1)^2]: from site to site; the last is no site */
	double moved;
};

static enum exit_code load_side(const struct arguments *arguments, size_t positional,
	const struct plan_case *other, struct side *side, struct console *console)
{
	enum exit_code code =
		plan_case_load(arguments, arguments_positional(arguments, positional),
			PLAN_SITES_ONLY, other, &side->c, console);

	if (code != EXIT_CODE_OK)
		return code;
	side->routes = plan_routes(&side->c, console);
	return side->routes == NULL ? EXIT_CODE_FAILED
				    : plan_run(&side->c, &(struct plan_variation){ 0 },
					      side->routes, &side->t, console);
}

/* ---- Two plans ---- */

static size_t name_index(struct comparison *x, const char *name)
{
	size_t i = 0;

	while (i < x->name_count && strcmp(x->names[i], name) != 0)
		i++;
	if (i == x->name_count)
		x->names[x->name_count++] = name;
	return i;
}

/* Sites of a keep their numbers, so that only b's routes are renumbered: by name. */
static enum exit_code count_moves(struct comparison *x, struct console *console)
{
	uint8_t number[PLAN_SITE_NONE];
	struct error error = { 0 };

	if (x->a.c.scenario.site_count + x->b.c.scenario.site_count >= PLAN_SITE_NONE) {
		error_set(&error, ERROR_RANGE, "the plans have more than %d sites together",
			PLAN_SITE_NONE - 1);
		return output_error(console, &error);
	}
	for (size_t s = 0; s < x->a.c.scenario.site_count; s++)
		(void)name_index(x, x->a.c.scenario.sites[s].name);
	for (size_t s = 0; s < x->b.c.scenario.site_count; s++)
		number[s] = (uint8_t)name_index(x, x->b.c.scenario.sites[s].name);
	for (uint32_t as = 0; as < x->b.c.world->graph->as_count; as++)
		if (x->b.routes[as].site != PLAN_SITE_NONE)
			x->b.routes[as].site = number[x->b.routes[as].site];
	x->moves = calloc((x->name_count + 1) * (x->name_count + 1), sizeof(*x->moves));
	if (x->moves == NULL) {
		error_set(&error, ERROR_MEMORY, "no memory to compare");
		return output_error(console, &error);
	}
	x->moved = plan_users_moved(
		x->a.c.world, x->name_count, x->a.routes, x->b.routes, x->moves);
	return EXIT_CODE_OK;
}

static const char *name_of(const struct comparison *x, size_t site)
{
	return site < x->name_count ? x->names[site] : "no site";
}

struct move {
	size_t from, to;
	double users;
};

static int by_users(const void *a, const void *b)
{
	double left = ((const struct move *)a)->users, right = ((const struct move *)b)->users;

	return (left < right) - (left > right);
}

/* Moves between different sites, the largest first. */
static struct move *list_moves(const struct comparison *x, size_t *ret_count)
{
	size_t n = x->name_count + 1, count = 0;
	struct move *moves = calloc(n * n, sizeof(*moves));

	for (size_t i = 0; moves != NULL && i < n * n; i++)
		if (i / n != i % n && x->moves[i] > 0)
			moves[count++] = (struct move){ i / n, i % n, x->moves[i] };
	if (moves != NULL)
		qsort(moves, count, sizeof(*moves), by_users);
	*ret_count = count;
	return moves;
}

static enum exit_code tell_json(const struct comparison *x, const struct move *moves,
	size_t count, struct console *console)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list,
			json_pack("{s:s?, s:s?, s:f}", "from",
				moves[i].from < x->name_count ? x->names[moves[i].from] : NULL,
				"to",
				moves[i].to < x->name_count ? x->names[moves[i].to] : NULL,
				"users", moves[i].users));
	return output_json(console,
		json_pack("{s:o, s:o, s:o, s:f, s:o}", "internet", plan_internet_json(&x->a.c),
			"a", plan_catchment_json(&x->a.c, &x->a.t), "b",
			plan_catchment_json(&x->b.c, &x->b.t), "users_moved", x->moved, "moves",
			list));
}

static enum exit_code tell_csv(const struct comparison *x, const struct move *moves,
	size_t count, struct console *console)
{
	struct text out = { 0 };

	text_add(&out, "from,to,users\n");
	for (size_t i = 0; i < count; i++) {
		text_print(&out, "%s,%s,", name_of(x, moves[i].from), name_of(x, moves[i].to));
		plan_decimal(&out, moves[i].users, 0);
		text_add(&out, "\n");
	}
	return output_text(console, &out);
}

static void add_moves(const struct comparison *x, const struct move *moves, size_t count,
	const struct style *style, struct text *out)
{
	static const struct column columns[] = { { "FROM", COLUMN_FIXED },
		{ "TO", COLUMN_FIXED }, { "USERS", COLUMN_RIGHT }, { "SHARE", COLUMN_RIGHT } };
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	double total = x->a.c.world->users_total;
	char users[PLAN_NUMBER_MAX], share[PLAN_NUMBER_MAX];

	text_print(out, "\nMoved: %s users, %s of all\n\n", plan_users(x->moved, users),
		plan_share(x->moved, total, share));
	for (size_t i = 0; i < count && i < MOVES_MAX; i++) {
		table_row(table);
		table_cell(table, TONE_PLAIN, "%s", name_of(x, moves[i].from));
		table_cell(table, TONE_PLAIN, "%s", name_of(x, moves[i].to));
		table_cell(table, TONE_PLAIN, "%s", plan_users(moves[i].users, users));
		table_cell(table, TONE_PLAIN, "%s", plan_share(moves[i].users, total, share));
	}
	table_print(table, style, 0, out);
	table_free(table);
	if (count > MOVES_MAX)
		text_print(out, "and %zu more\n", count - MOVES_MAX);
}

static enum exit_code tell(
	const struct arguments *arguments, const struct comparison *x, struct console *console)
{
	size_t count;
	struct move *moves = list_moves(x, &count);
	struct text out = { 0 };
	enum exit_code code;

	if (arguments_has(arguments, "csv")) {
		code = tell_csv(x, moves, count, console);
	} else if (console->json) {
		code = tell_json(x, moves, count, console);
	} else {
		plan_internet_text(&x->a.c, &out);
		text_print(&out, "%s\n", x->a.c.files.sources[0].name);
		plan_catchment_text(&x->a.c, &x->a.t, &console->style, &out);
		text_print(&out, "\n%s\n", x->b.c.files.sources[0].name);
		plan_catchment_text(&x->b.c, &x->b.t, &console->style, &out);
		add_moves(x, moves, count, &console->style, &out);
		code = output_text(console, &out);
	}
	free(moves);
	return code;
}

/* ---- Anycast against unicast ---- */

/* Everything but one site is lost. */
static enum exit_code run_alone(
	struct comparison *x, size_t site, struct plan_catchment *t, struct console *console)
{
	uint8_t lost[PLAN_ANNOUNCEMENT_MAX];

	for (size_t i = 0; i < x->a.c.scenario.upstream_count; i++)
		lost[i] = x->a.c.scenario.upstreams[i].announcement.site != site;
	return plan_run(
		&x->a.c, &(struct plan_variation){ .lost = lost }, x->a.routes, t, console);
}

struct way {
	const char *name;
	struct plan_tally all;
};

static void add_way(struct table *table, const struct way *way, double total)
{
	char median[PLAN_NUMBER_MAX], high[PLAN_NUMBER_MAX], share[PLAN_NUMBER_MAX],
		length[PLAN_NUMBER_MAX];

	snprintf(length, sizeof(length), "%.2f", way->all.length);
	table_row(table);
	table_cell(table, TONE_PLAIN, "%s", way->name);
	table_cell(table, TONE_PLAIN, "%s", plan_ms(way->all.median_ms, median));
	table_cell(table, TONE_PLAIN, "%s", plan_ms(way->all.p95_ms, high));
	table_cell(table, TONE_PLAIN, "%s", length);
	table_cell(table, TONE_PLAIN, "%s", plan_share(way->all.users, total, share));
}

static enum exit_code tell_ways(const struct arguments *arguments, const struct plan_case *c,
	const struct way *ways, size_t count, struct console *console)
{
	static const struct column columns[] = { { "FROM", COLUMN_FIXED },
		{ "MEDIAN", COLUMN_RIGHT }, { "95 %", COLUMN_RIGHT }, { "PATH", COLUMN_RIGHT },
		{ "USERS SERVED", COLUMN_RIGHT } };
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	struct text out = { 0 }, csv = { 0 };
	json_t *list = json_array();
	enum exit_code code;

	text_add(&csv, "from,median_ms,p95_ms,path_length,users\n");
	for (size_t i = 0; i < count; i++) {
		json_t *row = plan_tally_json(&ways[i].all, c->world->users_total);

		json_object_set_new(row, "from", json_string(ways[i].name));
		json_array_append_new(list, row);
		add_way(table, &ways[i], c->world->users_total);
		text_print(&csv, "%s,", ways[i].name);
		plan_decimal(&csv, ways[i].all.median_ms, 1);
		text_add(&csv, ",");
		plan_decimal(&csv, ways[i].all.p95_ms, 1);
		text_add(&csv, ",");
		plan_decimal(&csv, ways[i].all.length, 2);
		text_add(&csv, ",");
		plan_decimal(&csv, ways[i].all.users, 0);
		text_add(&csv, "\n");
	}
	if (arguments_has(arguments, "csv")) {
		code = output_text(console, &csv);
	} else if (console->json) {
		code = output_json(console, json_pack("{s:o, s:O}", "internet",
						    plan_internet_json(c), "ways", list));
	} else {
		plan_internet_text(c, &out);
		table_print(table, &console->style, 0, &out);
		code = output_text(console, &out);
	}
	text_clear(&csv);
	json_decref(list);
	table_free(table);
	return code;
}

static enum exit_code against_unicast(
	const struct arguments *arguments, struct comparison *x, struct console *console)
{
	size_t sites = x->a.c.scenario.site_count;
	struct way *ways = calloc(sites + 1, sizeof(*ways));
	struct plan_catchment *t = calloc(1, sizeof(*t));
	enum exit_code code = ways == NULL || t == NULL ? EXIT_CODE_FAILED : EXIT_CODE_OK;

	if (code == EXIT_CODE_OK)
		ways[0] = (struct way){ "all sites (anycast)", x->a.t.all };
	for (size_t s = 0; s < sites && code == EXIT_CODE_OK; s++) {
		code = run_alone(x, s, t, console);
		ways[s + 1] = (struct way){ x->a.c.scenario.sites[s].name, t->all };
	}
	if (code == EXIT_CODE_OK)
		code = tell_ways(arguments, &x->a.c, ways, sites + 1, console);
	free(ways);
	free(t);
	return code;
}

enum exit_code plan_compare(const struct arguments *arguments, struct console *console)
{
	struct comparison *x = calloc(1, sizeof(*x));
	enum exit_code code;

	if (x == NULL)
		return EXIT_CODE_FAILED;
	code = load_side(arguments, 1, NULL, &x->a, console);
	if (code == EXIT_CODE_OK && arguments_positional(arguments, 2) == NULL) {
		code = against_unicast(arguments, x, console);
	} else if (code == EXIT_CODE_OK) {
		code = load_side(arguments, 2, &x->a.c, &x->b, console);
		if (code == EXIT_CODE_OK)
			code = count_moves(x, console);
		if (code == EXIT_CODE_OK)
			code = tell(arguments, x, console);
	}
	free(x->moves);
	free(x->a.routes);
	free(x->b.routes);
	plan_case_clear(&x->b.c);
	plan_case_clear(&x->a.c);
	free(x);
	return code;
}
