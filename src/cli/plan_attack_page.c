/* SPDX-License-Identifier: Apache-2.0 */
/* The page of `nearcast plan attack --report`: users served under each strategy, the playbook,
 * the sites' load before and after, and the map of who reaches which site at its end. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/plan_attack.h"
#include "cli/plan_page.h"

static void add_strategies(struct text *out, const struct attack *a)
{
	struct plan_page_bar bars[PLAN_STRATEGIES + 1];
	char share[PLAN_NUMBER_MAX];

	for (size_t i = 0; i <= PLAN_STRATEGIES; i++) {
		bars[i] = (struct plan_page_bar){
			.name = plan_strategy_names[i],
			.value = a->plays[i].stand.served,
			.mark = a->c.world->users_total,
			.colour = i == PLAN_STRATEGIES ? plan_page_colour(2)
						       : plan_page_colour(0),
		};
		snprintf(bars[i].label, sizeof(bars[i].label), "%s",
			plan_share(a->plays[i].stand.served, a->c.world->users_total, share));
	}
	plan_page_bars(out, "Users still served", "The line marks all users.", bars,
		PLAN_STRATEGIES + 1);
}

static void add_load(struct text *out, const struct attack *a, size_t play, const char *title)
{
	size_t sites = a->c.scenario.site_count;
	struct plan_page_bar *bars = calloc(sites, sizeof(*bars));
	char rate[PLAN_NUMBER_MAX];

	for (size_t s = 0; bars != NULL && s < sites; s++) {
		const struct plan_stand_site *site = &a->plays[play].stand.sites[s];

		bars[s] = (struct plan_page_bar){
			.name = a->c.scenario.sites[s].name,
			.value = site->load,
			.more = site->users * a->attack.user_rate + site->attack - site->load,
			.mark = a->c.scenario.sites[s].bandwidth,
			.colour = plan_page_colour(s),
		};
		snprintf(bars[s].label, sizeof(bars[s].label), "%s",
			site->collapsed ? "collapsed"
			: site->down    ? "withdrawn"
					: plan_rate(a, site->load, rate));
	}
	if (bars != NULL)
		plan_page_bars(out, title,
			"A line marks the bandwidth of a site; pale is what it scrubs.", bars,
			sites);
	else
		out->failed = true;
	free(bars);
}

static void add_playbook(struct text *out, const struct attack *a)
{
	static const char *const titles[] = { "The playbook: move", "Users served then",
		"Share" };
	const struct plan_play *play = &a->plays[PLAN_STRATEGIES];
	char text[PLAN_NUMBER_MAX];

	plan_page_table(out, titles, 3);
	for (size_t i = 0; i <= play->move_count; i++) {
		double served =
			i == 0 ? a->plays[PLAN_ABSORB].stand.served : play->moves[i - 1].served;
		struct text move = { 0 };

		if (i == 0) {
			text_add(&move, "(nothing yet)");
		} else {
			text_print(&move, "%zu. ", i);
			plan_move_text(a, &play->moves[i - 1], &move);
		}
		plan_page_row(out);
		plan_page_cell(out, false, text_string(&move));
		plan_page_cell(out, false, plan_users(served, text));
		plan_page_cell(out, false, plan_share(served, a->c.world->users_total, text));
		text_clear(&move);
	}
	plan_page_table_end(out);
}

enum exit_code plan_attack_page(
	const char *path, const struct attack *attack, struct console *console)
{
	struct text out = { 0 };
	char bots[PLAN_NUMBER_MAX], rate[PLAN_NUMBER_MAX];

	plan_page_head(&out, &attack->c, "An attack");
	text_print(&out, "<p>%s bots send %s%s.</p>\n", plan_users(attack->bots.count, bots),
		plan_rate(attack, attack->bots.total, rate),
		attack->said.kind == ATTACK_REFLECTED ? ", reflected" : "");
	text_add(&out, "<div class=\"two\">\n");
	add_strategies(&out, attack);
	add_playbook(&out, attack);
	text_add(&out, "</div>\n<div class=\"two below\">\n");
	add_load(&out, attack, PLAN_ABSORB, "Load when nothing is done");
	add_load(&out, attack, PLAN_STRATEGIES, "Load after the playbook");
	text_add(&out, "</div>\n");
	if (attack->c.world->places_known &&
		plan_page_map(&out, &attack->c, attack->routes) != 0)
		out.failed = true;
	return plan_page_write(path, &out, console);
}
