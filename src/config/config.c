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
