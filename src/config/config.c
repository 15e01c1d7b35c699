/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration as a value: finding things in it, names, the end of it. */
#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#include "config/schema.h"
#include "config/schema_words.h"

const struct config_service *config_service_find(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->service_count; i++)
		if (strcmp(config->services[i].name, name) == 0)
			return &config->services[i];
	return NULL;
}

const struct config_neighbor *config_neighbor_find(
	const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->neighbor_count; i++)
		if (strcmp(config->neighbors[i].name, name) == 0)
			return &config->neighbors[i];
	return NULL;
}

/* One function for each map: first what was written, then what is built in. */
#define FIND(function, type, items, counter)                                  \
	const type *function(const struct config *config, const char *name)   \
	{                                                                     \
		for (; config != NULL; config = config->builtin)              \
			for (size_t i = 0; i < config->counter; i++)          \
				if (strcmp(config->items[i].name, name) == 0) \
					return &config->items[i];             \
		return NULL;                                                  \
	}

FIND(config_policy_find, struct config_policy, policies, policy_count)
FIND(config_prefix_set_find, struct config_prefix_set, prefix_sets, prefix_set_count)
FIND(config_as_set_find, struct config_as_set, as_sets, as_set_count)
FIND(config_path_set_find, struct config_path_set, path_sets, path_set_count)
FIND(config_community_set_find, struct config_community_set, community_sets,
	community_set_count)

void config_free(struct config *config)
{
	if (config == NULL)
		return;
	arena_clear(&config->arena);
	free(config);
}

const char *config_check_type_name(enum config_check_type type)
{
	return type < CHECK_TYPE_COUNT ? schema_checks[type].key : "unknown";
}

const char *config_relation_name(enum config_relation relation)
{
	const struct schema_word *word = schema_word_of(words_relation, (int64_t)relation);

	return word == NULL ? "none" : word->word;
}
