/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules about policies: names that are not there, circles, rules that are never reached, and
 * neighbours whose policies accept nothing.
 *
 * Invariant: what follows calls is only asked once it is known that they go in no circle.
 */
#include "config/rules_policy.h"

#include <string.h>

#include "config/names.h"
#include "config/printer.h"
#include "config/schema_policy.h"

#define STEPS_MAX    65536u /* as POLICY_STEPS_MAX of the evaluator */
#define COMPARED_MAX 512u   /* rules of a policy that are compared with each other */

static void prefix_items(struct validator *validator, const struct config_prefix_item *items,
	size_t count, const void *owner)
{
	for (size_t i = 0; i < count; i++)
		if (items[i].set != NULL &&
			!name_known(validator->config, NAME_PREFIX_SET, items[i].set))
			name_unknown(
				validator, NAME_PREFIX_SET, items[i].set, &items[i], owner);
}

static void as_items(struct validator *validator, const struct config_as_item *items,
	size_t count, const struct config_rule *rule)
{
	for (size_t i = 0; i < count; i++)
		if (items[i].set != NULL &&
			!name_known(validator->config, NAME_AS_SET, items[i].set))
			name_unknown(validator, NAME_AS_SET, items[i].set, &items[i], rule);
}

static void community_items(struct validator *validator,
	const struct config_community_item *items, size_t count, const struct config_rule *rule)
{
	for (size_t i = 0; i < count; i++)
		if (items[i].set != NULL &&
			!name_known(validator->config, NAME_COMMUNITY_SET, items[i].set))
			name_unknown(
				validator, NAME_COMMUNITY_SET, items[i].set, &items[i], rule);
}

/* A name alone is a set of paths if there is one, else a pattern of one AS set. */
static void path_items(struct validator *validator, const char *const *items, size_t count,
	const struct config_rule *rule)
{
	for (size_t i = 0; i < count; i++)
		if (!name_known(validator->config, NAME_PATH_SET, items[i]))
			rules_pattern(validator, &items[i], rule);
}

static void its_terms(struct validator *validator, const struct config_terms *terms,
	const struct config_rule *rule)
{
	prefix_items(validator, terms->prefix, terms->prefix_count, rule);
	prefix_items(validator, terms->next_hop, terms->next_hop_count, rule);
	path_items(validator, terms->as_path, terms->as_path_count, rule);
	as_items(validator, terms->first_as, terms->first_as_count, rule);
	as_items(validator, terms->origin_as, terms->origin_as_count, rule);
	as_items(validator, terms->neighbor_as, terms->neighbor_as_count, rule);
	community_items(validator, terms->community, terms->community_count, rule);
}

static bool edits_something(const struct config_rule *rule)
{
	struct config_rule blank = { .name = NULL };
	const struct schema_field *set = schema_find(&schema_rule, "set");
	struct text mine = { 0 }, nothing = { 0 };
	bool differs;

	printer_section(set->section, &rule->set, PRINT_ALL_TOUCHES, &mine);
	printer_section(set->section, &blank.set, PRINT_ALL_TOUCHES, &nothing);
	differs = strcmp(text_string(&mine), text_string(&nothing)) != 0;
	text_clear(&mine);
	text_clear(&nothing);
	return differs;
}

static void its_rule(struct validator *validator, const struct config_rule *rule)
{
	its_terms(validator, &rule->match.terms, rule);
	its_terms(validator, &rule->match.not, rule);
	community_items(validator, rule->set.remove, rule->set.remove_count, rule);
	rules_communities(validator, &rule->set.add, rule);
	rules_communities(validator, &rule->set.set, rule);
	if (rule->call != NULL && !name_known(validator->config, NAME_POLICY, rule->call))
		name_unknown(validator, NAME_POLICY, rule->call, &rule->call, rule);
	if (rule->call != NULL && rule_said(validator, &rule->then)) {
		rule_error(validator, &rule->then, rule,
			"'call' and 'then' cannot both be in one rule");
		rule_hint(validator, "what is called may decide; if it does not, the next rule "
				     "follows: write 'then' there");
	}
	if (rule->then == CONFIG_THEN_REJECT && edits_something(rule))
		rule_warning(validator, &rule->then, rule,
			"what 'set' changes is lost: the route is rejected");
}

/* ---- Calls. ---- */

/* What was found out about a policy of the configuration, by its index. */
struct reach {
	enum { NOT_LOOKED, LOOKING, LOOKED } state;
	uint32_t length; /* rules with all that is called, at most STEPS_MAX + 1 */
	bool decides;    /* about every route */
	bool accepts;    /* some routes, perhaps */
};

struct survey {
	struct validator *validator;
	struct reach *reaches;
	bool circle;
};

static struct reach look(struct survey *survey, const struct config_policy *policy);

static bool matches_all(const struct config_rule *rule)
{
	static const struct config_match nothing;

	return memcmp(&rule->match, &nothing, sizeof(nothing)) == 0;
}

static struct reach look_at_call(struct survey *survey, const struct config_rule *rule)
{
	const struct config_policy *called =
		config_policy_find(survey->validator->config, rule->call);

	return called == NULL ? (struct reach){ .state = LOOKED, .accepts = true }
			      : look(survey, called);
}

static struct reach look_at_rules(struct survey *survey, const struct config_policy *policy)
{
	struct reach reach = { .state = LOOKED };

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct config_rule *rule = &policy->rules[i];
		struct reach called = { .state = LOOKED };

		if (rule->call != NULL)
			called = look_at_call(survey, rule);
		reach.length += 1 + called.length;
		if (reach.length > STEPS_MAX)
			reach.length = STEPS_MAX + 1;
		reach.accepts =
			reach.accepts || called.accepts || rule->then == CONFIG_THEN_ACCEPT;
		if (!matches_all(rule))
			continue;
		if (rule->then == CONFIG_THEN_NEXT && !called.decides)
			continue;
		if (!reach.decides && i + 1 < policy->rule_count &&
			survey->validator->diagnostics != NULL)
			rule_warning(survey->validator, &policy->rules[i + 1],
				&policy->rules[i + 1],
				"this rule is never reached: the one before it decides about "
				"every route");
		reach.decides = true;
	}
	return reach;
}

static struct reach look(struct survey *survey, const struct config_policy *policy)
{
	const struct config *config = survey->validator->config;
	size_t index = (size_t)(policy - config->policies);
	bool ours = policy >= config->policies && index < config->policy_count;
	struct config_diagnostics *diagnostics = survey->validator->diagnostics;
	struct reach reach;

	if (!ours) { /* built in: nothing to tell about it, and it calls nothing of ours */
		survey->validator->diagnostics = NULL;
		reach = look_at_rules(survey, policy);
		survey->validator->diagnostics = diagnostics;
		return reach;
	}
	if (survey->reaches[index].state == LOOKED)
		return survey->reaches[index];
	if (survey->reaches[index].state == LOOKING) {
		if (!survey->circle)
			rule_error(survey->validator, policy, NULL,
				"policy '%s' calls itself, if over others", policy->name);
		survey->circle = true;
		return (struct reach){ .state = LOOKED, .accepts = true };
	}
	survey->reaches[index].state = LOOKING;
	reach = look_at_rules(survey, policy);
	survey->reaches[index] = reach;
	if (reach.length > STEPS_MAX)
		rule_error(survey->validator, policy, NULL,
			"this policy has more than %u rules with all that it calls", STEPS_MAX);
	return reach;
}

/* ---- Rules that ask the same as an earlier one that decided. ---- */

static void repeated(struct validator *validator, const struct config_policy *policy)
{
	const struct schema_field *match = schema_find(&schema_rule, "match");
	struct arena arena = { 0 };
	const char **texts = arena_take_array(&arena, policy->rule_count, sizeof(*texts));

	for (size_t i = 0; texts != NULL && i < policy->rule_count && i < COMPARED_MAX; i++) {
		const struct config_rule *rule = &policy->rules[i];
		struct text text = { 0 };
		char where[160];

		if (matches_all(rule))
			continue;
		printer_section(match->section, &rule->match, PRINT_ALL_TOUCHES, &text);
		texts[i] = arena_string(&arena, text_string(&text));
		text_clear(&text);
		for (size_t j = 0; texts[i] != NULL && j < i; j++) {
			if (texts[j] == NULL || policy->rules[j].then == CONFIG_THEN_NEXT ||
				strcmp(texts[i], texts[j]) != 0)
				continue;
			rule_warning(validator, rule, rule,
				"this rule never matches: an earlier one decides about the same "
				"routes");
			rule_hint(validator, "that one is at %s",
				rule_where(validator, &policy->rules[j], where));
			break;
		}
	}
	arena_clear(&arena);
}

/* ---- What neighbours use. ---- */

static void its_choice(struct survey *survey, const struct config_choice *choice,
	const struct config_neighbor *n)
{
	struct validator *validator = survey->validator;
	bool accepts = choice->kind != CHOICE_POLICIES;

	for (size_t i = 0; i < choice->count; i++) {
		const struct config_policy *policy =
			config_policy_find(validator->config, choice->policies[i]);

		if (policy == NULL)
			name_unknown(validator, NAME_POLICY, choice->policies[i],
				&choice->policies[i], n);
		accepts = accepts || policy == NULL || survey->circle ||
			  look(survey, policy).accepts;
	}
	if (accepts)
		return;
	rule_warning(validator, choice, n, "nothing is accepted: no rule says so");
	rule_hint(validator,
		"what no rule decides is rejected (RFC 8212); end the last policy with "
		"'- accept', or name one that accepts");
}

void rules_policies(struct validator *validator)
{
	const struct config *config = validator->config;
	struct arena arena = { 0 };
	struct survey survey = { .validator = validator };

	survey.reaches = arena_take_array(&arena, config->policy_count, sizeof(struct reach));
	for (size_t i = 0; survey.reaches != NULL && i < config->policy_count; i++) {
		const struct config_policy *policy = &config->policies[i];

		for (size_t j = 0; j < policy->rule_count; j++)
			its_rule(validator, &policy->rules[j]);
		(void)look(&survey, policy);
		repeated(validator, policy);
	}
	for (size_t i = 0; survey.reaches != NULL && i < config->neighbor_count; i++) {
		prefix_items(validator, config->neighbors[i].blackhole,
			config->neighbors[i].blackhole_count, &config->neighbors[i]);
		its_choice(&survey, &config->neighbors[i].import, &config->neighbors[i]);
		its_choice(&survey, &config->neighbors[i].learned, &config->neighbors[i]);
	}
	arena_clear(&arena);
}
