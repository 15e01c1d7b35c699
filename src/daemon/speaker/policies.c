/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies in use. Whether a new configuration changes any is told by its printed text: equal
 * texts mean equal policies.
 *
 * Invariants:
 *  1. There is a book whenever there is a policy, and as many counters as it has rules.
 *  2. A configuration that cannot be taken over changes nothing.
 */
#include "daemon/speaker/policies.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "config/printer.h"
#include "config/reader.h"
#include "config/schema.h"
#include "daemon/policy_description.h"

struct neighbor_policies {
	char *name;
	struct policy *directions[2]; /* by enum policy_direction */
};

struct policies {
	struct policy_book *book; /* NULL before the first configuration */
	uint64_t *counters;
	uint64_t *counters_before; /* neighbours count there until they are given the new */
	struct neighbor_policies *neighbors;
	size_t neighbor_count;
	uint64_t fingerprint; /* of what the configuration says */
	uint64_t generation;
};

struct policies *policies_new(void)
{
	return calloc(1, sizeof(struct policies));
}

static void clear(struct policies *policies)
{
	for (size_t i = 0; i < policies->neighbor_count; i++) {
		free(policies->neighbors[i].name);
		policy_release(policies->neighbors[i].directions[POLICY_IMPORT]);
		policy_release(policies->neighbors[i].directions[POLICY_EXPORT]);
	}
	free(policies->neighbors);
	policy_book_release(policies->book);
}

void policies_free(struct policies *policies)
{
	if (policies == NULL)
		return;
	clear(policies);
	free(policies->counters);
	free(policies->counters_before);
	free(policies);
}

/* Of sets, policies, and who uses which. */
static uint64_t fingerprint_of(const struct config *config)
{
	static const struct hash_seed seed = { 0x706f6c69, 0x63696573 };
	struct config only = {
		.prefix_sets = config->prefix_sets,
		.prefix_set_count = config->prefix_set_count,
		.as_sets = config->as_sets,
		.as_set_count = config->as_set_count,
		.path_sets = config->path_sets,
		.path_set_count = config->path_set_count,
		.community_sets = config->community_sets,
		.community_set_count = config->community_set_count,
		.policies = config->policies,
		.policy_count = config->policy_count,
	};
	const struct schema_field *blackhole = schema_find(&schema_neighbor, "blackhole");
	struct text text = { 0 };
	uint64_t fingerprint;

	config_print(&only, true, false, &text);
	for (size_t i = 0; i < config->neighbor_count; i++) {
		const struct config_neighbor *n = &config->neighbors[i];
		const struct config_choice *choices[] = { &n->import, &n->learned };

		text_print(&text, "%s ", n->name);
		printer_field(blackhole, n, false, &text);
		for (int c = 0; c < 2; c++) {
			text_print(&text, " %d", (int)choices[c]->kind);
			for (size_t j = 0; j < choices[c]->count; j++)
				text_print(&text, " %s", choices[c]->policies[j]);
		}
	}
	fingerprint = hash_bytes(&seed, text_string(&text), text.length);
	text_clear(&text);
	return fingerprint;
}

static int add_neighbor(
	struct policies *policies, const struct config_neighbor *neighbor, struct error *error)
{
	struct neighbor_policies *entry = &policies->neighbors[policies->neighbor_count++];

	entry->name = strdup(neighbor->name);
	entry->directions[POLICY_IMPORT] = policy_of_import(policies->book, neighbor, error);
	entry->directions[POLICY_EXPORT] =
		policy_of_choice(policies->book, &neighbor->learned, error);
	if (entry->name == NULL)
		return error_set(error, ERROR_MEMORY, "out of memory");
	return entry->directions[0] == NULL || entry->directions[1] == NULL
		       ? (error == NULL ? ERROR_MEMORY : (int)error->code)
		       : 0;
}

int policies_apply(struct policies *policies, const struct config *config, struct error *error)
{
	struct policies next = { .fingerprint = fingerprint_of(config),
		.generation = policies->generation + 1 };
	int result = 0;

	if (policies->book != NULL && policies->fingerprint == next.fingerprint)
		return 0;
	next.book = policy_book_of_config(config, error);
	if (next.book == NULL)
		return error == NULL ? ERROR_MEMORY : (int)error->code;
	next.counters = calloc(policy_book_rules(next.book) + 1u, sizeof(*next.counters));
	next.neighbors = calloc(config->neighbor_count + 1, sizeof(*next.neighbors));
	if (next.counters == NULL || next.neighbors == NULL)
		result = error_set(error, ERROR_MEMORY, "out of memory");
	for (size_t i = 0; i < config->neighbor_count && result == 0; i++)
		result = add_neighbor(&next, &config->neighbors[i], error);
	if (result != 0) {
		clear(&next);
		free(next.counters);
		return result;
	}
	clear(policies);
	free(policies->counters_before);
	next.counters_before = policies->counters;
	*policies = next;
	return 0;
}

uint64_t policies_generation(const struct policies *policies)
{
	return policies->generation;
}

struct policy *policies_of(
	const struct policies *policies, const char *neighbor, enum policy_direction direction)
{
	for (size_t i = 0; i < policies->neighbor_count; i++)
		if (strcmp(policies->neighbors[i].name, neighbor) == 0)
			return policies->neighbors[i].directions[direction];
	return NULL;
}

uint64_t *policies_counters(struct policies *policies)
{
	return policies->counters;
}

static json_t *choice_json(const struct config_choice *choice)
{
	json_t *names = json_array();

	if (choice->kind != CHOICE_POLICIES)
		json_array_append_new(
			names, json_string(choice->kind == CHOICE_ALL ? "all" : "none"));
	for (size_t i = 0; i < choice->count; i++)
		json_array_append_new(names, json_string(choice->policies[i]));
	return names;
}

static bool choice_names(const struct config_choice *choice, const char *name)
{
	for (size_t i = 0; i < choice->count; i++)
		if (strcmp(choice->policies[i], name) == 0)
			return true;
	return false;
}

static json_t *neighbors_json(const struct config *config, const char *name)
{
	json_t *list = json_array();

	for (size_t i = 0; i < config->neighbor_count; i++) {
		const struct config_neighbor *n = &config->neighbors[i];

		if (name == NULL || choice_names(&n->import, name) ||
			choice_names(&n->learned, name))
			json_array_append_new(
				list, json_pack("{s:s, s:o, s:o}", "name", n->name, "import",
					      choice_json(&n->import), "export",
					      choice_json(&n->learned)));
	}
	return list;
}

static json_t *rule_json(const struct policies *policies, uint32_t rule,
	const struct policy_rule_name *name, const struct config_policy *policy)
{
	struct text text = { 0 };
	json_t *object;

	if (policy != NULL && name->number <= policy->rule_count)
		policy_rule_print(&policy->rules[name->number - 1], &text);
	object = json_pack("{s:i, s:s, s:I, s:s}", "number", (int)name->number, "name",
		name->name, "matches", (json_int_t)policies->counters[rule], "rule",
		text_string(&text));
	text_clear(&text);
	return object;
}

json_t *policies_metrics(const struct policies *policies)
{
	uint32_t count = 0;
	json_t *list = json_array();

	if (policies != NULL && policies->book != NULL)
		count = policy_book_rules(policies->book);
	for (uint32_t rule = 0; rule < count && rule < POLICIES_METRICS_MAX; rule++) {
		struct policy_rule_name its = policy_book_rule(policies->book, rule);

		json_array_append_new(
			list, json_pack("{s:s, s:i, s:s, s:I}", "policy", its.policy, "number",
				      (int)its.number, "name", its.name, "matches",
				      (json_int_t)policies->counters[rule]));
	}
	return list;
}

json_t *policies_json(
	const struct policies *policies, const struct config *config, const char *name)
{
	uint32_t count = policies->book == NULL ? 0 : policy_book_rules(policies->book);
	json_t *list = json_array(), *rules = NULL;

	if (name != NULL && name[0] == '\0')
		name = NULL;
	for (uint32_t rule = 0; rule < count; rule++) {
		struct policy_rule_name its = policy_book_rule(policies->book, rule);

		if (name != NULL && strcmp(name, its.policy) != 0)
			continue;
		if (its.number == 1) {
			rules = json_array();
			json_array_append_new(list,
				json_pack("{s:s, s:o}", "name", its.policy, "rules", rules));
		}
		json_array_append_new(rules, rule_json(policies, rule, &its,
						     config_policy_find(config, its.policy)));
	}
	if (name != NULL && json_array_size(list) == 0) {
		json_decref(list);
		return NULL;
	}
	return json_pack(
		"{s:o, s:o}", "policies", list, "neighbors", neighbors_json(config, name));
}
