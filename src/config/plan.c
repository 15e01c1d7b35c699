/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a plan: the daemon's machinery with another root, and the rules that make sense of
 * it.
 *
 * Invariants:
 *  1. Every mistake is told in one go; with an error nothing is returned.
 *  2. Without one, every upstream has an AS number and names of sites are unique.
 */
#include "config/plan.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "config/section.h"
#include "config/value.h"

/* Tell an error where a site or an upstream was named. */
#define complain_at(reading, thing, ...) \
	complain(reading, said_node(&(reading)->said, thing), __VA_ARGS__)

static void check_upstream(struct reading *reading, struct config_plan_upstream *u)
{
	uint64_t number;

	if (u->asn != 0 || said_broken(&reading->said, &u->asn))
		return;
	if (value_digits(u->name, strlen(u->name), UINT32_MAX - 1, &number) && number > 0) {
		u->asn = (uint32_t)number;
		return;
	}
	complain_at(reading, u, "upstream '%s' has no AS number", u->name);
	hint(reading, "write %s: { asn: ... }, or let its name be the number", u->name);
}

static void check_place(struct reading *reading, const struct config_plan_site *site)
{
	if (site->has_latitude != site->has_longitude) {
		complain_at(reading, site, "site '%s' has a %s and no %s", site->name,
			site->has_latitude ? "latitude" : "longitude",
			site->has_latitude ? "longitude" : "latitude");
	} else if (site->city != NULL && site->has_latitude) {
		complain_at(
			reading, site, "site '%s' has both a city and coordinates", site->name);
		hint(reading, "leave one of them out");
	}
}

static void check_sites(
	struct reading *reading, const struct config_plan_site *sites, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct config_plan_site *site = &sites[i];

		check_place(reading, site);
		if (site->upstream_count == 0 &&
			!said_broken(&reading->said, &site->upstreams)) {
			complain_at(reading, site, "site '%s' has no upstreams", site->name);
			hint(reading, "write upstreams: { ASN: {} }");
		}
		for (size_t j = 0; j < site->upstream_count; j++)
			/* The array is the reader's own, const for everybody else. */
			check_upstream(reading,
				(struct config_plan_upstream *)(uintptr_t)&site->upstreams[j]);
	}
}

static bool is_country(const char *text)
{
	return strlen(text) == 2 && isalpha((unsigned char)text[0]) &&
	       isalpha((unsigned char)text[1]);
}

static void check_attack(struct reading *reading, struct config_plan_attack *attack)
{
	const struct node *ases = said_node(&reading->said, &attack->ases);

	if (ases != NULL)
		attack->mark = section_mark(reading, &ases->place);
	for (size_t i = 0; i < attack->country_count; i++)
		if (!is_country(attack->countries[i]))
			complain_at(reading, &attack->countries,
				"'%.20s' is no country: write two letters, such as BR",
				attack->countries[i]);
	if (attack->from != NULL && attack->country_count + attack->as_count > 0)
		complain_at(reading, &attack->from,
			"an attack has either a file of bots or lists of them");
}

static void check_plan(struct reading *reading, struct config_plan *plan)
{
	check_attack(reading, &plan->attack);
	check_sites(reading, plan->sites, plan->site_count);
	check_sites(reading, plan->candidates, plan->candidate_count);
	for (size_t i = 0; i < plan->candidate_count; i++)
		for (size_t j = 0; j < plan->site_count; j++)
			if (strcmp(plan->candidates[i].name, plan->sites[j].name) == 0)
				complain_at(reading, &plan->candidates[i],
					"'%s' is both a site and a candidate",
					plan->candidates[i].name);
}

static int read_plan(struct reading *reading, struct config_plan *plan)
{
	const char **names = arena_take_array(&plan->arena, 2, sizeof(*names));
	struct node *root = tree_read(&reading->tree, reading->sources);

	reading->arena = &plan->arena;
	reading->file_names = names;
	if (names != NULL)
		names[0] = arena_string(&plan->arena, reading->sources->name);
	if (root == NULL || names == NULL || names[0] == NULL)
		return ERROR_MEMORY;
	reading->said.incomplete = root->incomplete;
	section_defaults(reading, &schema_plan, plan);
	section_read(reading, &schema_plan, root, plan);
	if (reading->out_of_memory)
		return ERROR_MEMORY;
	if (plan->site_count + plan->candidate_count == 0 && !root->incomplete &&
		reading->tree.diagnostics->error_count == 0) {
		complain(reading, root, "the plan has no sites");
		hint(reading, "write sites: { NAME: { city: ..., upstreams: { ASN: {} } } }");
	}
	check_plan(reading, plan);
	return 0;
}

int config_plan_read(const struct config_source *source, struct config_plan **ret_plan,
	struct config_diagnostics *diagnostics)
{
	struct arena scratch = { 0 };
	struct config_plan *plan = calloc(1, sizeof(*plan));
	struct reading reading = {
		.sources = source,
		.root = &schema_plan,
		.tree = { .arena = &scratch, .diagnostics = diagnostics },
		.said = { .arena = &scratch },
	};
	int result = plan == NULL ? ERROR_MEMORY : read_plan(&reading, plan);

	if (result != 0)
		diagnose(diagnostics, CONFIG_ERROR, NULL, "out of memory");
	else if (diagnostics->error_count > 0)
		result = ERROR_MALFORMED;
	diagnostics_sort(diagnostics, source, 1);
	arena_clear(&scratch);
	if (result != 0) {
		config_plan_free(plan);
		return result;
	}
	*ret_plan = plan;
	return 0;
}

void config_plan_free(struct config_plan *plan)
{
	if (plan == NULL)
		return;
	arena_clear(&plan->arena);
	free(plan);
}
