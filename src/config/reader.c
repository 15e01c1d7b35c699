/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources -> one tree -> a struct config: parse all, merge, fill from the schema, complete,
 * check.
 *
 * Invariants:
 *  1. Every step runs whatever the earlier ones said, so that all mistakes are told at once.
 *  2. With an error nothing is returned; without one the configuration is whole.
 */
#include "config/reader.h"

#include <stdlib.h>
#include <string.h>

#include "config/builtin.h"
#include "config/complete.h"
#include "config/section.h"
#include "config/validate.h"

#define SOURCE_BYTES_MAX (4u << 20)

enum reader_rules {
	READER_WITH_RULES,
	READER_WITHOUT_RULES,
};

/* The names of the sources, kept as long as the configuration. */
static const char *const *keep_names(
	struct arena *arena, const struct config_source *sources, size_t count)
{
	const char **names = arena_take_array(arena, count + 1, sizeof(*names));

	for (size_t i = 0; names != NULL && i < count; i++) {
		names[i] = arena_string(arena, sources[i].name);
		if (names[i] == NULL)
			return NULL;
	}
	return names;
}

static void twice(struct reading *reading, const struct node *again, const struct node *first)
{
	complain(reading, again->key, "'%s' is said twice", again->key->text);
	hint(reading, "it was first said at %s:%u:%u", first->key->place.source->name,
		first->key->place.line, first->key->place.column);
}

/* The names of another file's services or neighbours join those of the first. */
static void merge_map(struct reading *reading, struct node *into, struct node *from)
{
	struct node *next;

	for (struct node *child = from->children; child != NULL; child = next) {
		const struct node *first = node_find(into, child->key->text);

		next = child->next;
		child->next = NULL;
		if (first != NULL)
			twice(reading, child, first);
		else
			node_append(into, child);
	}
}

static void merge_root(struct reading *reading, struct node *into, struct node *from)
{
	struct node *next;

	into->incomplete = into->incomplete || from->incomplete;
	for (struct node *child = from->children; child != NULL; child = next) {
		const struct schema_field *field = schema_find(&schema_root, child->key->text);
		struct node *first = node_find(into, child->key->text);

		next = child->next;
		child->next = NULL;
		if (first == NULL)
			node_append(into, child);
		else if (field != NULL && field->kind == KIND_MAP && first->kind == NODE_MAP &&
			 child->kind == NODE_MAP)
			merge_map(reading, first, child);
		else
			twice(reading, child, first);
	}
}

static struct node *read_trees(struct reading *reading, size_t source_count)
{
	struct place nowhere = { .source = source_count > 0 ? &reading->sources[0] : NULL,
		.line = 1,
		.column = 1,
		.width = 1 };
	struct node *root = tree_new_node(&reading->tree, NODE_MAP, &nowhere);

	for (size_t i = 0; root != NULL && i < source_count; i++) {
		const struct config_source *source = &reading->sources[i];
		struct place start = { .source = source, .line = 1, .column = 1, .width = 1 };
		struct node *tree;

		if (source->length > SOURCE_BYTES_MAX) {
			diagnose(reading->tree.diagnostics, CONFIG_ERROR, &start,
				"this file is too large");
			hint(reading, "at most %u MiB", SOURCE_BYTES_MAX >> 20);
			root->incomplete = true;
			continue;
		}
		tree = tree_read(&reading->tree, source);
		if (tree == NULL)
			return NULL;
		merge_root(reading, root, tree);
	}
	return root;
}

/* What is built in, into the same arena: its own text is free of mistakes (a test says so). */
static int read_builtin(struct config *config)
{
	struct config_source source = {
		.name = "built in", .text = builtin_policies, .length = strlen(builtin_policies)
	};
	struct config_diagnostics diagnostics = { 0 };
	struct arena scratch = { 0 };
	struct reading reading = {
		.sources = &source,
		.root = &schema_root,
		.arena = &config->arena,
		.tree = { .arena = &scratch, .diagnostics = &diagnostics },
		.said = { .arena = &scratch },
	};
	struct config *builtin = arena_take(&config->arena, sizeof(*builtin));
	struct node *root = tree_read(&reading.tree, &source);

	reading.file_names = keep_names(&config->arena, &source, 1);
	if (builtin == NULL || root == NULL || reading.file_names == NULL)
		reading.out_of_memory = true;
	if (!reading.out_of_memory) {
		root->incomplete = true; /* it is not a whole configuration */
		section_read(&reading, &schema_root, root, builtin);
	}
	config->builtin = builtin;
	arena_clear(&scratch);
	config_diagnostics_clear(&diagnostics);
	return reading.out_of_memory ? ERROR_MEMORY : 0;
}

static int read_config(struct reading *reading, size_t source_count, struct config *config,
	enum reader_rules rules)
{
	struct node *root;

	reading->arena = &config->arena;
	reading->file_names = keep_names(&config->arena, reading->sources, source_count);
	if (reading->file_names == NULL)
		return ERROR_MEMORY;
	root = read_trees(reading, source_count);
	if (root == NULL)
		return ERROR_MEMORY;
	reading->said.incomplete = root->incomplete;
	section_defaults(reading, &schema_root, config);
	section_read(reading, &schema_root, root, config);
	if (reading->out_of_memory || complete_config(config, &config->arena) != 0 ||
		read_builtin(config) != 0)
		return ERROR_MEMORY;
	if (rules == READER_WITH_RULES)
		validate_config(config, &reading->said, reading->tree.diagnostics);
	return 0;
}

static int read_all(const struct config_source *sources, size_t source_count,
	enum reader_rules rules, struct config **ret_config,
	struct config_diagnostics *diagnostics)
{
	struct arena scratch = { 0 };
	struct config *config = calloc(1, sizeof(*config));
	struct reading reading = {
		.sources = sources,
		.root = &schema_root,
		.tree = { .arena = &scratch, .diagnostics = diagnostics },
		.said = { .arena = &scratch },
	};
	int result = config == NULL ? ERROR_MEMORY
				    : read_config(&reading, source_count, config, rules);

	if (result != 0)
		diagnose(diagnostics, CONFIG_ERROR, NULL, "out of memory");
	else if (diagnostics->error_count > 0)
		result = ERROR_MALFORMED;
	diagnostics_sort(diagnostics, sources, source_count);
	arena_clear(&scratch);
	if (result != 0) {
		config_free(config);
		return result;
	}
	*ret_config = config;
	return 0;
}

int config_read(const struct config_source *sources, size_t source_count,
	struct config **ret_config, struct config_diagnostics *diagnostics)
{
	return read_all(sources, source_count, READER_WITH_RULES, ret_config, diagnostics);
}

int config_read_unvalidated(const struct config_source *sources, size_t source_count,
	struct config **ret_config, struct config_diagnostics *diagnostics)
{
	return read_all(sources, source_count, READER_WITHOUT_RULES, ret_config, diagnostics);
}
