/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `nearcast plan attack`: a plan, a botnet, and what came of them. */
#ifndef NEARCAST_CLI_PLAN_ATTACK_H
#define NEARCAST_CLI_PLAN_ATTACK_H

#include "cli/plan_action.h"
#include "plan/bots.h"
#include "plan/playbook.h"

struct attack {
	struct plan_case c;
	struct config_plan_attack said; /* with what options say instead */
	char *from;                     /* path; NULL: lists */
	struct plan_homes homes;
	struct plan_bots bots;
	struct plan_attack attack;
	struct plan_siege *siege;
	struct plan_play *plays;   /* [PLAN_STRATEGIES + 1]; the last is the playbook */
	struct plan_route *routes; /* at the end of the playbook */
};

/* Zero-initialise; reads the plan and the botnet. Errors are printed. */
enum exit_code plan_attack_load(
	const struct arguments *arguments, struct attack *attack, struct console *console);
void plan_attack_clear(struct attack *attack);

extern const char *const plan_strategy_names[PLAN_STRATEGIES + 1];
/* "ams asks 3356 not to tell 174": a move, for people. */
void plan_move_text(
	const struct attack *attack, const struct plan_move *move, struct text *out);
/* "12.5 Gbit/s", "3.2 Mpps". */
const char *plan_rate(const struct attack *attack, double rate, char text[PLAN_NUMBER_MAX]);

enum exit_code plan_attack_page(
	const char *path, const struct attack *attack, struct console *console);

#endif
