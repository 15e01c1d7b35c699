/* SPDX-License-Identifier: Apache-2.0 */
/* Where the attack of `nearcast plan attack` comes from: the plan's group `attack`, options
 * that say otherwise, and files of bots and reflectors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/configuration.h"
#include "cli/output.h"
#include "cli/plan_attack.h"

/* ---- Options ---- */

/* "BR,VN,4134": countries and AS numbers between commas, in the case's arena. */
static int take_list(struct attack *a, const char *list, struct error *error)
{
	size_t room = strlen(list) / 2 + 1;
	const char **countries = arena_take_array(&a->c.arena, room, sizeof(*countries));
	uint32_t *ases = arena_take_array(&a->c.arena, room, sizeof(*ases));
	char *copy = arena_string(&a->c.arena, list), *rest = copy, *word;

	if (countries == NULL || ases == NULL || copy == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for the list");
	a->said.countries = countries;
	a->said.ases = ases;
	a->said.country_count = a->said.as_count = 0;
	while ((word = strtok_r(rest, ",", &rest)) != NULL) {
		size_t letters =
			strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
		char *end;
		unsigned long asn = strtoul(word + (letters == 2 ? 2 : 0), &end, 10);

		if (letters == 2 && word[2] == '\0')
			countries[a->said.country_count++] = word;
		else if (*end == '\0' && asn > 0 && asn < UINT32_MAX &&
			 (letters == 0 || strncasecmp(word, "as", 2) == 0))
			ases[a->said.as_count++] = (uint32_t)asn;
		else
			return error_set(error, ERROR_RANGE,
				"--from: '%.40s' is neither a country of two letters nor an AS "
				"number",
				word);
	}
	return 0;
}

static int take_options(
	const struct arguments *arguments, struct attack *a, struct error *error)
{
	const char *from = arguments_value(arguments, "from"),
		   *kind = arguments_value(arguments, "kind");
	int result = plan_option(
		arguments, "bots", 1, 1000000000000, a->said.bots, &a->said.bots, error);

	if (result == 0)
		result = plan_option(arguments, "rate", 1, 1000000000000, a->said.rate,
			&a->said.rate, error);
	if (kind != NULL)
		a->said.kind =
			strcmp(kind, "reflected") == 0 ? ATTACK_REFLECTED : ATTACK_SPOOFED;
	if (result != 0 || from == NULL)
		return result;
	/* A file has a name with a point or a slash in it. */
	if (strpbrk(from, "./") != NULL) {
		free(a->from);
		a->from = strdup(from);
		return a->from == NULL ? error_set(error, ERROR_MEMORY, "no memory") : 0;
	}
	free(a->from);
	a->from = NULL;
	return take_list(a, from, error);
}

/* ---- Files ---- */

static int read_homes(void *context, const struct plan_source *source, struct error *error)
{
	struct attack *a = context;

	return plan_homes_read(a->c.world, source, &a->homes, error);
}

/* Countries: as the users' file says, else by place; neither: none are known. */
static int know_homes(struct attack *a, struct error *error)
{
	const char *users = a->c.internet.users;
	int result = users == NULL ? ERROR_UNSUPPORTED : plan_file(users, read_homes, a, error);

	if (result == ERROR_UNSUPPORTED) {
		*error = (struct error){ 0 };
		result = plan_homes_guess(a->c.world, &a->homes, error);
	}
	if (result == ERROR_UNSUPPORTED) {
		*error = (struct error){ 0 };
		return 0;
	}
	return result;
}

static const struct plan_homes *homes_of(const struct attack *a)
{
	return a->homes.count > 0 ? &a->homes : NULL;
}

struct file_of_bots {
	struct attack *attack;
	struct plan_bots *bots;
	double rate;
};

static int read_bots(void *context, const struct plan_source *source, struct error *error)
{
	struct file_of_bots *f = context;

	return plan_bots_read(
		f->bots, f->attack->c.world, homes_of(f->attack), source, f->rate, error);
}

/* ---- The botnet ---- */

static int find_ases(struct attack *a, struct plan_bots_where *where, struct error *error)
{
	uint32_t *ases = arena_take_array(&a->c.arena, a->said.as_count + 1, sizeof(*ases));
	char text[96];

	if (ases == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for the list");
	for (size_t i = 0; i < a->said.as_count; i++) {
		ases[i] = plan_graph_find(a->c.world->graph, a->said.ases[i]);
		if (ases[i] != PLAN_NONE)
			continue;
		snprintf(text, sizeof(text), "AS %u (the attack) is not in the topology",
			a->said.ases[i]);
		if (a->said.mark.line == 0)
			return error_set(error, ERROR_RANGE, "--from: %s", text);
		plan_complain(&a->c, &a->said.mark, 4, text, "");
		ases[i] = 0;
	}
	*where = (struct plan_bots_where){ a->said.countries, a->said.country_count, ases,
		a->said.as_count };
	return 0;
}

static int gather(struct attack *a, struct error *error)
{
	struct plan_bots_where where;
	int result = plan_bots_create(a->c.world, &a->bots, error);

	if (result == 0)
		result = know_homes(a, error);
	if (result == 0 && a->from != NULL)
		return plan_file(a->from, read_bots,
			&(struct file_of_bots){ a, &a->bots, (double)a->said.rate }, error);
	if (result == 0)
		result = find_ases(a, &where, error);
	if (result == 0)
		result = plan_bots_spread(&a->bots, a->c.world, homes_of(a), &where,
			(double)a->said.bots, (double)a->said.rate, error);
	return result;
}

static int reflect(struct attack *a, const char *plan, struct error *error)
{
	struct plan_bots reflectors = { 0 };
	char *path;
	int result;

	if (a->said.kind != ATTACK_REFLECTED)
		return 0;
	if (a->said.reflectors == NULL)
		return plan_bots_reflect(
			&a->bots, a->c.world, a->c.world->users, a->said.amplification, error);
	path = plan_path(NULL, NULL, a->said.reflectors, plan);
	result = plan_bots_create(a->c.world, &reflectors, error);
	if (result == 0)
		result = path == NULL
				 ? error_set(error, ERROR_MEMORY, "no memory")
				 : plan_file(path, read_bots,
					   &(struct file_of_bots){ a, &reflectors, 1 }, error);
	if (result == 0)
		result = plan_bots_reflect(
			&a->bots, a->c.world, reflectors.traffic, a->said.amplification, error);
	plan_bots_clear(&reflectors);
	free(path);
	return result;
}

static int prepare(const struct arguments *arguments, const char *plan, struct attack *a,
	struct error *error)
{
	int result;

	a->said = a->c.plan->attack;
	a->from = plan_path(NULL, NULL, a->said.from, plan);
	result = take_options(arguments, a, error);
	if (result == 0)
		result = gather(a, error);
	if (result == 0)
		result = reflect(a, plan, error);
	a->attack = (struct plan_attack){
		.traffic = a->bots.traffic,
		.user_rate = (double)a->said.user_rate,
		.scrub = a->said.scrub / 100.0,
		.scrub_loss = a->said.scrub_loss / 100.0,
		.collapse = a->said.collapse / 100.0,
	};
	if (result == 0)
		result = plan_siege_create(
			a->c.world, &a->c.scenario, &a->attack, &a->siege, error);
	return result;
}

enum exit_code plan_attack_load(
	const struct arguments *arguments, struct attack *attack, struct console *console)
{
	const char *plan = arguments_positional(arguments, 1);
	struct error error = { 0 };
	enum exit_code code =
		plan_case_load(arguments, plan, PLAN_SITES_ONLY, NULL, &attack->c, console);

	if (code != EXIT_CODE_OK)
		return code;
	if (prepare(arguments, plan, attack, &error) != 0)
		return plan_error(console, &error);
	if (attack->c.diagnostics.error_count > 0) {
		configuration_mistakes(console, &attack->c.diagnostics);
		return EXIT_CODE_USAGE;
	}
	return EXIT_CODE_OK;
}

void plan_attack_clear(struct attack *attack)
{
	plan_siege_free(attack->siege);
	plan_bots_clear(&attack->bots);
	plan_homes_clear(&attack->homes);
	free(attack->plays);
	free(attack->routes);
	free(attack->from);
	plan_case_clear(&attack->c);
}
