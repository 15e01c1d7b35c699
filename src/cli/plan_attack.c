/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast plan attack PLAN: users still served when a botnet comes, by what is done about it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/plan_attack.h"

#define PLAYBOOK PLAN_STRATEGIES

const char *const plan_strategy_names[PLAN_STRATEGIES + 1] = { "absorb", "shed", "withdraw",
	"prepend", "no-export", "playbook" };

const char *plan_rate(const struct attack *attack, double rate, char text[PLAN_NUMBER_MAX])
{
	static const struct {
		double unit;
		const char *letter;
	} units[] = { { 1e12, "T" }, { 1e9, "G" }, { 1e6, "M" }, { 1e3, "k" }, { 1, "" } };
	size_t i = 0;

	while (units[i].unit > 1 && rate < units[i].unit)
		i++;
	snprintf(text, PLAN_NUMBER_MAX, "%.1f %s%s", rate / units[i].unit, units[i].letter,
		attack->said.unit == ATTACK_PACKETS ? "pps" : "bit/s");
	return text;
}

void plan_move_text(const struct attack *attack, const struct plan_move *move, struct text *out)
{
	const struct plan_scenario *scenario = &attack->c.scenario;
	const char *site = scenario->sites[move->site].name;

	switch (move->kind) {
	case PLAN_MOVE_SHED:
		text_print(out, "%s scrubs", site);
		break;
	case PLAN_MOVE_WITHDRAW:
		text_print(out, "%s withdraws", site);
		break;
	case PLAN_MOVE_PREPEND:
		text_print(out, "%s prepends once more at %s", site,
			scenario->upstreams[move->upstream].name);
		break;
	case PLAN_MOVE_PREPEND_ALL:
		text_print(out, "%s prepends once more at all upstreams", site);
		break;
	case PLAN_MOVE_NO_TELL:
		text_print(out, "%s asks %s not to tell %u", site,
			scenario->upstreams[move->upstream].name,
			attack->c.world->graph->asn[move->neighbor]);
		break;
	}
}

/* ---- Trying ---- */

static void show_progress(void *context, size_t done, size_t total)
{
	plan_progress(context, done, total);
}

static int keep_routes(struct attack *a, struct error *error)
{
	size_t size = a->c.world->graph->as_count * sizeof(*a->routes);

	a->routes = malloc(size);
	if (a->routes == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for the routes");
	memcpy(a->routes, plan_siege_routes(a->siege), size);
	return 0;
}

static int try_all(const struct arguments *arguments, struct attack *a, struct console *console,
	struct error *error)
{
	struct plan_progress progress;
	struct plan_playbook_search search = { .siege = a->siege,
		.scenario = &a->c.scenario,
		.may_shed = a->attack.scrub > 0 && !arguments_has(arguments, "no-shed"),
		.progress = show_progress,
		.context = &progress };
	uint64_t steps = 8, width = 4;
	int result = plan_option(arguments, "steps", 1, PLAN_STEPS_MAX, 8, &steps, error);

	if (result == 0)
		result = plan_option(arguments, "width", 1, 64, 4, &width, error);
	search.steps = steps;
	search.width = width;
	a->plays = calloc(PLAN_STRATEGIES + 1, sizeof(*a->plays));
	if (result == 0 && a->plays == NULL)
		result = error_set(error, ERROR_MEMORY, "no memory for the strategies");
	for (size_t i = 0; i < PLAN_STRATEGIES && result == 0; i++)
		result = plan_strategy_run(
			a->siege, &a->c.scenario, (enum plan_strategy)i, &a->plays[i], error);
	plan_progress_begin(&progress, console);
	if (result == 0)
		result = plan_playbook_find(&search, &a->plays[PLAYBOOK], error);
	if (result == 0)
		plan_progress(&progress, 1, 1);
	return result == 0 ? keep_routes(a, error) : result;
}

/* ---- Telling ---- */

struct sums {
	size_t overloaded, down;
};

static struct sums sum_up(const struct plan_stand *stand)
{
	struct sums sums = { 0 };

	for (size_t i = 0; i < stand->site_count; i++) {
		sums.down += stand->sites[i].down;
		sums.overloaded += !stand->sites[i].down && stand->sites[i].pressure > 1;
	}
	return sums;
}

static const char *percent(double pressure, char text[PLAN_NUMBER_MAX])
{
	if (pressure <= 0)
		return "-";
	snprintf(text, PLAN_NUMBER_MAX, "%.0f %%", pressure * 100);
	return text;
}

static void add_strategies(const struct attack *a, const struct style *style, struct text *out)
{
	static const struct column columns[] = { { "STRATEGY", COLUMN_FIXED },
		{ "SERVED", COLUMN_RIGHT }, { "USERS", COLUMN_RIGHT },
		{ "UNREACHED", COLUMN_RIGHT }, { "OVERLOADED", COLUMN_RIGHT },
		{ "DOWN", COLUMN_RIGHT }, { "MOVES", COLUMN_RIGHT } };
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	double total = a->c.world->users_total;
	char text[PLAN_NUMBER_MAX];

	for (size_t i = 0; i <= PLAYBOOK; i++) {
		const struct plan_stand *stand = &a->plays[i].stand;
		struct sums sums = sum_up(stand);

		table_row(table);
		table_cell(table, i == PLAYBOOK ? TONE_GOOD : TONE_PLAIN, "%s",
			plan_strategy_names[i]);
		table_cell(table, TONE_PLAIN, "%s", plan_share(stand->served, total, text));
		table_cell(table, TONE_PLAIN, "%s", plan_users(stand->served, text));
		table_cell(table, TONE_PLAIN, "%s", plan_share(stand->unreached, total, text));
		table_cell(table, sums.overloaded > 0 ? TONE_BAD : TONE_PLAIN, "%zu",
			sums.overloaded);
		table_cell(table, TONE_PLAIN, "%zu", sums.down);
		table_cell(table, TONE_PLAIN, "%zu", a->plays[i].move_count);
	}
	table_print(table, style, 0, out);
	table_free(table);
}

static void add_playbook(const struct attack *a, struct text *out)
{
	const struct plan_play *play = &a->plays[PLAYBOOK];
	char text[PLAN_NUMBER_MAX];

	text_add(out, "\nThe playbook");
	if (play->move_count == 0)
		text_add(out, ": do nothing, no move that was tried keeps more users.\n");
	else
		text_add(out, ", in this order, with users served then:\n");
	for (size_t i = 0; i < play->move_count; i++) {
		text_print(out, "%3zu. ", i + 1);
		plan_move_text(a, &play->moves[i], out);
		text_print(out, " (%s)\n",
			plan_share(play->moves[i].served, a->c.world->users_total, text));
	}
	text_add(out, "\n");
}

static const char *state_of(const struct plan_stand_site *site)
{
	return site->collapsed ? "collapsed" : site->down ? "withdrawn" : "up";
}

static void add_sites(const struct attack *a, const struct style *style, struct text *out)
{
	static const struct column columns[] = { { "SITE", COLUMN_FIXED },
		{ "NOW", COLUMN_FIXED }, { "LOAD", COLUMN_RIGHT }, { "ATTACK", COLUMN_RIGHT },
		{ "AFTER", COLUMN_FIXED }, { "LOAD", COLUMN_RIGHT }, { "ATTACK", COLUMN_RIGHT },
		{ "USERS", COLUMN_RIGHT }, { "SERVED", COLUMN_RIGHT } };
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	char text[PLAN_NUMBER_MAX];

	for (size_t s = 0; s < a->c.scenario.site_count; s++) {
		const struct plan_stand_site *now = &a->plays[PLAN_ABSORB].stand.sites[s],
					     *then = &a->plays[PLAYBOOK].stand.sites[s];

		table_row(table);
		table_cell(table, TONE_PLAIN, "%s", a->c.scenario.sites[s].name);
		table_cell(table, now->down ? TONE_BAD : TONE_PLAIN, "%s", state_of(now));
		table_cell(table, now->pressure > 1 ? TONE_BAD : TONE_PLAIN, "%s",
			percent(now->pressure, text));
		table_cell(table, TONE_PLAIN, "%s", plan_rate(a, now->attack, text));
		table_cell(table, TONE_PLAIN, "%s", state_of(then));
		table_cell(table, !then->down && then->pressure > 1 ? TONE_BAD : TONE_PLAIN,
			"%s", then->down ? "-" : percent(then->pressure, text));
		table_cell(table, TONE_PLAIN, "%s", plan_rate(a, then->attack, text));
		table_cell(table, TONE_PLAIN, "%s", plan_users(then->users, text));
		table_cell(
			table, TONE_PLAIN, "%s", plan_share(then->served, then->users, text));
	}
	table_print(table, style, 0, out);
	table_free(table);
}

static enum exit_code tell(const struct attack *a, struct console *console)
{
	char bots[PLAN_NUMBER_MAX], rate[PLAN_NUMBER_MAX];
	struct text out = { 0 };

	plan_internet_text(&a->c, &out);
	text_print(&out, "Attack: %s bots, %s%s\n", plan_users(a->bots.count, bots),
		plan_rate(a, a->bots.total, rate),
		a->said.kind == ATTACK_REFLECTED ? ", reflected" : "");
	if (a->bots.outside > 0)
		text_print(&out, "%s more are in ASes or countries that are not known.\n",
			plan_users(a->bots.outside, bots));
	if (a->homes.guessed && a->said.country_count > 0)
		text_add(&out, "Countries are those of the nearest large city.\n");
	text_add(&out, "\n");
	add_strategies(a, &console->style, &out);
	add_playbook(a, &out);
	add_sites(a, &console->style, &out);
	return output_text(console, &out);
}

static enum exit_code tell_csv(const struct attack *a, struct console *console)
{
	struct text out = { 0 };

	text_add(&out, "strategy,site,state,users,served,attack,load,pressure,moves\n");
	for (size_t i = 0; i <= PLAYBOOK; i++)
		for (size_t s = 0; s < a->c.scenario.site_count; s++) {
			const struct plan_stand_site *site = &a->plays[i].stand.sites[s];
			const double numbers[] = { site->users, site->served, site->attack,
				site->load };

			text_print(&out, "%s,", plan_strategy_names[i]);
			plan_csv_text(&out, a->c.scenario.sites[s].name);
			text_print(&out, ",%s", state_of(site));
			for (size_t n = 0; n < sizeof(numbers) / sizeof(numbers[0]); n++) {
				text_add(&out, ",");
				plan_decimal(&out, numbers[n], 0);
			}
			text_add(&out, ",");
			plan_decimal(&out, site->pressure, 4);
			text_print(&out, ",%zu\n", a->plays[i].move_count);
		}
	return output_text(console, &out);
}

static json_t *moves_json(const struct attack *a, const struct plan_play *play)
{
	json_t *moves = json_array();

	for (size_t i = 0; i < play->move_count; i++) {
		struct text text = { 0 };

		plan_move_text(a, &play->moves[i], &text);
		json_array_append_new(moves, json_pack("{s:s, s:f}", "move", text_string(&text),
						     "users_served", play->moves[i].served));
		text_clear(&text);
	}
	return moves;
}

static json_t *play_json(const struct attack *a, size_t index)
{
	const struct plan_play *play = &a->plays[index];
	json_t *sites = json_array();

	for (size_t s = 0; s < play->stand.site_count; s++) {
		const struct plan_stand_site *site = &play->stand.sites[s];

		json_array_append_new(sites,
			json_pack("{s:s, s:s, s:b, s:f, s:f, s:f, s:f, s:f}", "name",
				a->c.scenario.sites[s].name, "state", state_of(site), "scrubs",
				(int)play->defence.scrubs[s], "users", site->users, "served",
				site->served, "attack", site->attack, "load", site->load,
				"pressure", site->pressure));
	}
	return json_pack("{s:s, s:f, s:f, s:i, s:i, s:o, s:o}", "strategy",
		plan_strategy_names[index], "users_served", play->stand.served,
		"users_unreached", play->stand.unreached, "sites_collapsed",
		(int)play->stand.collapsed, "cascade_rounds", (int)play->stand.rounds, "moves",
		moves_json(a, play), "sites", sites);
}

static enum exit_code tell_json(const struct attack *a, struct console *console)
{
	json_t *list = json_array();

	for (size_t i = 0; i <= PLAYBOOK; i++)
		json_array_append_new(list, play_json(a, i));
	return output_json(
		console, json_pack("{s:o, s:{s:f, s:f, s:s, s:s, s:f}, s:o}", "internet",
				 plan_internet_json(&a->c), "attack", "bots", a->bots.count,
				 "traffic", a->bots.total, "unit",
				 a->said.unit == ATTACK_PACKETS ? "packets" : "bits", "kind",
				 a->said.kind == ATTACK_REFLECTED ? "reflected" : "spoofed",
				 "bots_elsewhere", a->bots.outside, "strategies", list));
}

enum exit_code plan_attack(const struct arguments *arguments, struct console *console)
{
	struct attack *a = calloc(1, sizeof(*a));
	const char *report = arguments_value(arguments, "report");
	struct error error = { 0 };
	enum exit_code code;

	if (a == NULL)
		return EXIT_CODE_FAILED;
	code = plan_attack_load(arguments, a, console);
	if (code == EXIT_CODE_OK && try_all(arguments, a, console, &error) != 0)
		code = plan_error(console, &error);
	if (code == EXIT_CODE_OK && report != NULL)
		code = plan_attack_page(report, a, console);
	if (code == EXIT_CODE_OK)
		code = arguments_has(arguments, "csv") ? tell_csv(a, console)
		       : console->json                 ? tell_json(a, console)
						       : tell(a, console);
	plan_attack_clear(a);
	free(a);
	return code;
}
