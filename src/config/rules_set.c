/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about sets, and about names of sets and policies. */
#include <string.h>

#include "base/number_pattern.h"
#include "base/text.h"
#include "config/names.h"
#include "config/rules_policy.h"
#include "config/value.h"

#define MEANT_DISTANCE 3u

/* The names of one kind in one configuration. */
struct names {
	const void *items;
	size_t count, size;
};

static struct names names_of(const struct config *config, enum name_kind kind)
{
	const struct names all[] = {
		[NAME_PREFIX_SET] = { config->prefix_sets, config->prefix_set_count,
			sizeof(*config->prefix_sets) },
		[NAME_AS_SET] = { config->as_sets, config->as_set_count,
			sizeof(*config->as_sets) },
		[NAME_PATH_SET] = { config->path_sets, config->path_set_count,
			sizeof(*config->path_sets) },
		[NAME_COMMUNITY_SET] = { config->community_sets, config->community_set_count,
			sizeof(*config->community_sets) },
		[NAME_POLICY] = { config->policies, config->policy_count,
			sizeof(*config->policies) },
	};

	return all[kind];
}

static const char *name_at(const struct names *names, size_t position)
{
	const char *name;

	memcpy(&name, (const char *)names->items + position * names->size, sizeof(name));
	return name;
}

bool name_known(const struct config *config, enum name_kind kind, const char *name)
{
	for (; config != NULL; config = config->builtin) {
		struct names names = names_of(config, kind);

		for (size_t i = 0; i < names.count; i++)
			if (strcmp(name_at(&names, i), name) == 0)
				return true;
	}
	return false;
}

static const char *closest(const struct config *config, enum name_kind kind, const char *name)
{
	unsigned best = strlen(name) < 6 ? 2 : MEANT_DISTANCE;
	const char *found = NULL;

	for (; config != NULL; config = config->builtin) {
		struct names names = names_of(config, kind);

		for (size_t i = 0; i < names.count; i++) {
			unsigned distance = text_distance(name, name_at(&names, i), best);

			if (distance < best) {
				best = distance;
				found = name_at(&names, i);
			}
		}
	}
	return found;
}

void name_unknown(struct validator *validator, enum name_kind kind, const char *name,
	const void *target, const void *owner)
{
	static const struct {
		const char *what, *key;
	} kinds[] = {
		[NAME_PREFIX_SET] = { "prefix set", "prefix-sets" },
		[NAME_AS_SET] = { "AS set", "as-sets" },
		[NAME_PATH_SET] = { "set of AS paths", "as-path-sets" },
		[NAME_COMMUNITY_SET] = { "set of communities", "community-sets" },
		[NAME_POLICY] = { "policy", "policies" },
	};
	const char *meant = closest(validator->config, kind, name);

	if (validator->said->incomplete)
		return;
	rule_error(validator, target, owner, "there is no %s '%s'", kinds[kind].what, name);
	if (meant != NULL)
		rule_hint(validator, "did you mean '%s'?", meant);
	else
		rule_hint(validator, "it would stand under '%s'", kinds[kind].key);
}

/* Names that mean something else where they are used. */
static void reserved(struct validator *validator)
{
	static const struct {
		enum name_kind kind;
		const char *name;
	} taken[] = {
		{ NAME_PREFIX_SET, "neighbor" },
		{ NAME_AS_SET, "neighbor" },
		{ NAME_AS_SET, "any" },
		{ NAME_PATH_SET, "any" },
		{ NAME_POLICY, "none" },
		{ NAME_POLICY, "all" },
		{ NAME_POLICY, "accept" },
		{ NAME_POLICY, "reject" },
		{ NAME_POLICY, "next" },
	};

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		struct names names = names_of(validator->config, taken[i].kind);

		for (size_t j = 0; j < names.count; j++)
			if (strcmp(name_at(&names, j), taken[i].name) == 0)
				rule_error(validator,
					(const char *)names.items + j * names.size, NULL,
					"'%s' means something else; choose another name",
					taken[i].name);
	}
}

static void set_names(struct validator *validator)
{
	for (int kind = NAME_PREFIX_SET; kind < NAME_POLICY; kind++) {
		struct names names = names_of(validator->config, (enum name_kind)kind);

		for (size_t i = 0; i < names.count; i++) {
			const char *name = name_at(&names, i);
			const void *set = (const char *)names.items + i * names.size;
			struct community ignored;

			if (name[0] >= '0' && name[0] <= '9')
				rule_error(validator, set, NULL,
					"the name of a set begins with a letter");
			else if (kind == NAME_COMMUNITY_SET &&
				 community_parse(name, &ignored, NULL) == 0)
				rule_error(validator, set, NULL,
					"'%s' is a community; choose another name", name);
		}
	}
}

/* ---- Patterns: their names, and whether they are too complex. ---- */

struct finder {
	const struct config *config;
	const char *missing;
	struct arena arena;
	char name[NUMBER_NAME_MAX + 1];
};

static const struct number_range *find_as_set(
	void *context, const char *name, size_t *ret_count)
{
	struct finder *finder = context;
	const struct config_as_set *set = config_as_set_find(finder->config, name);
	struct number_range *ranges;

	if (set == NULL) {
		memcpy(finder->name, name, strlen(name) + 1);
		finder->missing = finder->name;
		return NULL;
	}
	ranges = arena_take_array(&finder->arena, set->count, sizeof(*ranges));
	for (size_t i = 0; ranges != NULL && i < set->count; i++)
		ranges[i] = (struct number_range){ set->items[i].first, set->items[i].last };
	*ret_count = set->count;
	return ranges;
}

void rules_pattern(struct validator *validator, const char *const *target, const void *owner)
{
	struct finder finder = { .config = validator->config };
	struct number_names names = { .find = find_as_set, .context = &finder };
	struct number_pattern *pattern = NULL;
	struct error error = { 0 };
	int result = number_pattern_new(target, 1, &names, &pattern, &error);

	if (result == ERROR_NOT_FOUND && finder.missing != NULL) {
		name_unknown(validator, NAME_AS_SET, finder.missing, target, owner);
	} else if (result == ERROR_FULL) {
		rule_error(validator, target, owner, "this pattern is too complex");
		rule_hint(validator, "repeat less often, or write several patterns");
	}
	number_pattern_free(pattern);
	arena_clear(&finder.arena);
}

static void path_sets(struct validator *validator)
{
	const struct config *config = validator->config;

	for (size_t i = 0; i < config->path_set_count; i++)
		for (size_t j = 0; j < config->path_sets[i].count; j++)
			rules_pattern(validator, &config->path_sets[i].patterns[j],
				&config->path_sets[i]);
}

void rules_sets(struct validator *validator)
{
	reserved(validator);
	set_names(validator);
	path_sets(validator);
}
