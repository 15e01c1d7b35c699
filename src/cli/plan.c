/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast plan ACTION PLAN...: the Internet, simulated, before anything is announced. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/plan_action.h"

static const char *const actions[] = { "attack", "calibrate", "catchment", "compare",
	"failures", "prepend", "optimise", "generate", "validate", NULL };

static const struct {
	plan_action *run;
	size_t fewest, most; /* plans */
} functions[] = {
	{ plan_attack, 1, 1 },
	{ plan_calibrate, 1, 1 },
	{ plan_catchment, 1, 1 },
	{ plan_compare, 1, 2 },
	{ plan_failures, 1, 1 },
	{ plan_prepend, 1, 1 },
	{ plan_best, 1, 1 },
	{ plan_make, 0, 0 },
	{ plan_validate, 1, 1 },
};

static enum exit_code wrong_count(
	const char *action, size_t fewest, size_t most, struct console *console)
{
	struct error error = { 0 };

	error_set(&error, ERROR_RANGE, "%s takes %s", action,
		most == 0        ? "no plan"
		: fewest == most ? "one plan"
				 : "one plan or two");
	return output_error(console, &error);
}

static enum exit_code plan_command_run(
	const struct arguments *arguments, struct console *console)
{
	const char *action = arguments_positional(arguments, 0);
	size_t plans = arguments->positional_count - 1;

	for (size_t i = 0; actions[i] != NULL; i++) {
		if (strcmp(actions[i], action) != 0)
			continue;
		if (plans < functions[i].fewest || plans > functions[i].most)
			return wrong_count(
				action, functions[i].fewest, functions[i].most, console);
		return functions[i].run(arguments, console);
	}
	return EXIT_CODE_USAGE;
}

static const char *const goals[] = { "median", "p95", "mean", "balance", NULL };
static const char *const kinds[] = { "spoofed", "reflected", NULL };
static const char *const whats[] = { "topology", "users", "geography", NULL };

static const struct option options[] = {
	{ "csv", 0, NULL, "print comma-separated values; catchment: a line an AS",
		COMPLETE_NOTHING, NULL },
	{ "topology", 't', "FILE", "AS relationships, instead of what the plan says",
		COMPLETE_FILE, NULL },
	{ "users", 'u', "FILE", "users per AS, instead of what the plan says", COMPLETE_FILE,
		NULL },
	{ "geography", 'g', "FILE", "cities per AS, instead of what the plan says",
		COMPLETE_FILE, NULL },
	{ "exchanges", 'x', "FILE", "members of exchanges, instead of what the plan says",
		COMPLETE_FILE, NULL },
	{ "seed", 0, "N", "without a topology: which Internet to make up (default 1)",
		COMPLETE_NOTHING, NULL },
	{ "ases", 0, "N", "without a topology: of how many ASes (default 5000)",
		COMPLETE_NOTHING, NULL },
	{ "pairs", 0, NULL, "failures: two at once too", COMPLETE_NOTHING, NULL },
	{ "largest", 0, "N", "failures: so many of the largest exchanges (default 20)",
		COMPLETE_NOTHING, NULL },
	{ "report", 0, "FILE",
		"attack, catchment, failures: write a page with a map, curves and bars",
		COMPLETE_FILE, NULL },
	{ "from", 0, "LIST",
		"attack: countries and ASes that bots are in, between commas, or a file of them",
		COMPLETE_FILE, NULL },
	{ "bots", 0, "N", "attack: how many bots, instead of what the plan says",
		COMPLETE_NOTHING, NULL },
	{ "rate", 0, "N", "attack: bits or packets a second of each", COMPLETE_NOTHING, NULL },
	{ "kind", 0, "KIND", "attack: spoofed or reflected", COMPLETE_WORDS, kinds },
	{ "steps", 0, "N", "attack: moves of a playbook at most (default 8)", COMPLETE_NOTHING,
		NULL },
	{ "width", 0, "N", "attack: sequences kept while searching (default 4)",
		COMPLETE_NOTHING, NULL },
	{ "no-shed", 0, NULL, "attack: a playbook without scrubbing", COMPLETE_NOTHING, NULL },
	{ "choose", 0, "K", "optimise: so many of the candidates (default 1)", COMPLETE_NOTHING,
		NULL },
	{ "by", 0, "GOAL", "optimise: median (the default), p95, mean or balance",
		COMPLETE_WORDS, goals },
	{ "top", 0, "N",
		"optimise: so many of the best choices (default 10); failures: of the worst "
		"pairs (default 20)",
		COMPLETE_NOTHING, NULL },
	{ "calibration", 0, "FILE",
		"catchment, compare, failures, prepend, attack: what measurements say goes before "
		"the model (written by calibrate)",
		COMPLETE_FILE, NULL },
	{ "places", 0, "FILE",
		"validate: the argument is a file of probes' round-trip times; this says where "
		"sites are",
		COMPLETE_FILE, NULL },
	{ "what", 0, "KIND", "generate: topology (the default), users or geography",
		COMPLETE_WORDS, whats },
	{ "output", 'O', "FILE",
		"generate, calibrate: write here instead of to the standard output",
		COMPLETE_FILE, NULL },
	{ NULL, 0, NULL, NULL, COMPLETE_NOTHING, NULL },
};

static const struct positional positionals[] = {
	{ "ACTION",
		"attack, calibrate, catchment, compare, failures, prepend, optimise, generate or "
		"validate",
		false, COMPLETE_WORDS, actions },
	{ "PLAN...",
		"plans (docs/plan-file.md); compare takes one or two, generate none, "
		"validate a folder of measurements",
		true, COMPLETE_FILE, NULL },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};

const struct command command_plan = {
	.name = "plan",
	.group = GROUP_OTHER,
	.summary = "who would reach which site, and what if",
	.description =
		"Simulates how announcements spread over the Internet of ASes (valley-free routing), "
		"from a plan: sites with cities, upstreams, prepends and communities. The Internet "
		"comes from a file of AS relationships, or is made up from a seed, so that every "
		"command works without any file.\n\n"
		"catchment counts who reaches which site, how fast, and its load. compare tells what "
		"changes from one plan to another; with one plan, it sets anycast against unicast "
		"from each site. failures loses every site, every upstream and every exchange, and follows the "
		"cascade when overloaded sites go down too. attack lets a botnet loose, and tells how many users "
		"are still served if sites absorb it, scrub, withdraw, prepend or ask upstreams to tell "
		"fewer, and which moves keep most. prepend tries one to three prepends more "
		"at each upstream. optimise tries every choice of so many candidates. generate prints the made-up Internet. validate sets predictions "
		"against catchments measured on the PEERING testbed, or (with --places) round-trip times "
		"against those of probes.\n\n"
		"No daemon is asked. Plain valley-free routing predicts single networks weakly: "
		"measure before you rely on it.",
	.options = options,
	.positionals = positionals,
	.example =
		"nearcast plan catchment sites.yaml\n"
		"nearcast plan compare --topology 20250901.as-rel2.txt.bz2 now.yaml then.yaml\n"
		"nearcast plan failures --pairs --csv sites.yaml\n"
		"nearcast plan generate --ases 20000 --output made-up.txt",
	.run = plan_command_run,
};
