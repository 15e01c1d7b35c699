/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes -> structs, as the schema's rows say: one function a shape, one table from kinds to
 * them.
 *
 * Invariants:
 *  1. After a mistake reading goes on; what could not be read keeps its default and is marked
 *     broken in `said`, so that nobody complains about it a second time.
 *  2. Arrays are allocated once, for the count of nodes: pointers into them stay.
 */
#include "config/section.h"

#include <string.h>

#include "base/error.h"
#include "config/plan.h"
#include "config/world.h"
#include "config/section_policy.h"
#include "config/value.h"

struct config_mark section_mark(const struct reading *reading, const struct place *place)
{
	return (struct config_mark){
		.file = reading->file_names[place->source - reading->sources],
		.line = place->line,
		.column = place->column,
	};
}

static void note(
	struct reading *reading, const void *target, const struct node *node, bool broken)
{
	if (said_add(&reading->said, target, node, broken) != 0)
		reading->out_of_memory = true;
}

static void *take_array(struct reading *reading, size_t count, size_t size)
{
	/* One more than asked, zeroed: the end of an argument list. */
	void *array = arena_take_array(reading->arena, count + 1, size);

	if (array == NULL)
		reading->out_of_memory = true;
	return array;
}

static void set_list(const struct schema_field *field, void *base, void *items, size_t count)
{
	memcpy((char *)base + field->offset, &items, sizeof(items));
	memcpy((char *)base + field->extra, &count, sizeof(count));
}

/* One scalar node into target; tells what is wrong. */
static bool read_value(struct reading *reading, const struct schema_field *field,
	const struct node *node, void *target)
{
	struct error error = { 0 };

	if (node->kind == NODE_BAD)
		return false;
	if (node->kind != NODE_SCALAR) {
		complain(reading, node, "'%s' must be %s, not %s", field->key,
			schema_kind_name(field->kind),
			node->kind == NODE_LIST ? "a list" : "a group of keys");
		return false;
	}
	if (node_is_void(node)) {
		complain(reading, node_key(node), "'%s' has no value", field->key);
		hint(reading, "write a value after it, or leave the key out");
		return false;
	}
	if (value_parse(field, node->text, reading->arena, target, &error) == 0)
		return true;
	complain(reading, node, "%s: %s", field->key, error.text);
	if (error.hint[0] != '\0')
		hint(reading, "%s", error.hint);
	return false;
}

static void read_one(struct reading *reading, const struct schema_field *field,
	const struct node *node, void *base)
{
	void *target = (char *)base + field->offset;
	bool good = read_value(reading, field, node, target);

	if (good && field->shape == SHAPE_OPTIONAL)
		memcpy((char *)base + field->extra, &good, sizeof(good));
	note(reading, target, node, !good);
}

/* `[]`, where that says something. */
static bool list_may_be_empty(const struct schema_field *field, const struct node *node)
{
	return (field->flags & FIELD_EMPTY) != 0 && node->kind == NODE_LIST &&
	       node->child_count == 0;
}

/* The items of a list; a single value is a list of one. NULL if there is none. */
static const struct node *first_item(struct reading *reading, const struct schema_field *field,
	const struct node *node, size_t *ret_count)
{
	*ret_count = node->kind == NODE_LIST ? node->child_count : 1;
	if (node->kind == NODE_BAD || list_may_be_empty(field, node))
		return NULL;
	if (*ret_count == 0 || node_is_void(node)) {
		complain(reading, node_key(node), "'%s' is empty", field->key);
		hint(reading, "write at least one value, or leave the key out");
		return NULL;
	}
	if (field->maximum > 0 && *ret_count > (size_t)field->maximum) {
		complain(reading, node_key(node),
			"'%s' has %zu items; at most %lld are allowed", field->key, *ret_count,
			(long long)field->maximum);
		return NULL;
	}
	return node->kind == NODE_LIST ? node->children : node;
}

/* The next item of a list; a single value has none, though it may have a sister in its map. */
static const struct node *next_item(const struct node *list, const struct node *item)
{
	return list->kind == NODE_LIST ? item->next : NULL;
}

static void read_list(struct reading *reading, const struct schema_field *field,
	const struct node *node, void *base)
{
	size_t count, good = 0;
	const struct node *item = first_item(reading, field, node, &count);
	char *items = item == NULL ? NULL : take_array(reading, count, field->size);
	bool broken = items == NULL && !list_may_be_empty(field, node);

	for (; items != NULL && item != NULL; item = next_item(node, item)) {
		void *target = items + good * field->size;

		if (!read_value(reading, field, item, target)) {
			broken = true;
			continue;
		}
		note(reading, target, item, false);
		good++;
	}
	if (good > 0)
		set_list(field, base, items, good);
	note(reading, (char *)base + field->offset, node, broken);
}

static void read_set(struct reading *reading, const struct schema_field *field,
	const struct node *node, void *base)
{
	void *target = (char *)base + field->offset;
	size_t count;
	const struct node *item = first_item(reading, field, node, &count);
	uint64_t all = 0, one = 0;
	bool broken = item == NULL;

	for (; item != NULL; item = next_item(node, item)) {
		if (!read_value(reading, field, item, &one)) {
			broken = true;
			continue;
		}
		one = value_load(&one, field->size);
		if ((all & one) != 0) {
			complain(reading, item, "'%s' is said twice", item->text);
			broken = true;
		}
		all |= one;
	}
	if (!broken)
		value_store(target, field->size, all);
	note(reading, target, node, broken);
}

static void read_headers(struct reading *reading, const struct schema_field *field,
	const struct node *node, void *base)
{
	struct schema_field text = {
		.key = field->key, .kind = KIND_STRING, .flags = field->flags
	};
	struct config_header *headers;
	size_t good = 0;
	bool broken = false;

	if (node->kind != NODE_MAP) {
		if (node->kind != NODE_BAD) {
			complain(reading, node, "'%s' must be a map of headers", field->key);
			hint(reading, "write { Name: value }");
		}
		note(reading, (char *)base + field->offset, node, true);
		return;
	}
	headers = take_array(reading, node->child_count, sizeof(*headers));
	for (const struct node *item = node->children; headers != NULL && item != NULL;
		item = item->next) {
		const char *name = item->key->text;

		/* RFC 9110 section 5.6.2: a token. */
		if (name[0] == '\0' ||
			strcspn(name, " \t\r\n\"(),/:;<=>?@[\\]{}") != strlen(name)) {
			complain(reading, item->key, "'%s' is not the name of a header", name);
			broken = true;
			continue;
		}
		if (!read_value(reading, &text, item, &headers[good].value)) {
			broken = true;
			continue;
		}
		headers[good++].name = arena_string(reading->arena, name);
	}
	if (good > 0)
		set_list(field, base, headers, good);
	note(reading, (char *)base + field->offset, node, broken);
}

static void read_communities(struct reading *reading, const struct schema_field *field,
	const struct node *node, void *base)
{
	struct config_communities all = { 0 };
	size_t count;
	const struct node *item = first_item(reading, field, node, &count);
	uint32_t *standard = take_array(reading, count, sizeof(*standard));
	struct config_large_community *large = take_array(reading, count, sizeof(*large));
	uint64_t *extended = take_array(reading, count, sizeof(*extended));
	bool broken = item == NULL;

	if (standard == NULL || large == NULL || extended == NULL)
		return;
	for (; item != NULL; item = next_item(node, item)) {
		struct community one;
		struct error error = { 0 };

		if (item->kind != NODE_SCALAR) {
			if (item->kind != NODE_BAD)
				complain(reading, item, "'%s' must be a list of communities",
					field->key);
			broken = true;
			continue;
		}
		if (community_parse(item->text, &one, &error) != 0) {
			complain(reading, item, "%s", error.text);
			hint(reading, "%s", error.hint);
			broken = true;
			continue;
		}
		if (one.kind == COMMUNITY_STANDARD)
			standard[all.standard_count++] = one.standard;
		else if (one.kind == COMMUNITY_LARGE)
			large[all.large_count++] = one.large;
		else
			extended[all.extended_count++] = one.extended;
	}
	all.standard = all.standard_count == 0 ? NULL : standard;
	all.large = all.large_count == 0 ? NULL : large;
	all.extended = all.extended_count == 0 ? NULL : extended;
	memcpy((char *)base + field->offset, &all, sizeof(all));
	note(reading, (char *)base + field->offset, node, broken);
}

static void read_field(struct reading *reading, const struct schema_field *field,
	const struct node *node, void *base);

static void read_section(struct reading *reading, const struct schema_field *field,
	const struct node *node, void *base)
{
	if (node->kind == NODE_MAP) {
		section_read(reading, field->section, node, (char *)base + field->offset);
		return;
	}
	if (node->kind == NODE_BAD || node_is_void(node))
		return;
	if (field->section->short_key != NULL) {
		read_field(reading, schema_find(field->section, field->section->short_key),
			node, (char *)base + field->offset);
		return;
	}
	complain(reading, node, "'%s' must be a group of keys, not %s", field->key,
		node->kind == NODE_LIST ? "a list" : "a value");
	hint(reading, "write %s: { %s: ... }", field->key, field->section->fields[0].key);
}

/* What every struct of a map begins with. */
struct named {
	const char *name;
	struct config_mark mark;
};

_Static_assert(offsetof(struct config_service, name) == offsetof(struct named, name) &&
		       offsetof(struct config_service, mark) == offsetof(struct named, mark),
	"a service begins with its name and mark");
_Static_assert(offsetof(struct config_neighbor, name) == offsetof(struct named, name) &&
		       offsetof(struct config_neighbor, mark) == offsetof(struct named, mark),
	"a neighbour begins with its name and mark");
_Static_assert(offsetof(struct config_rpki_cache, name) == offsetof(struct named, name) &&
		       offsetof(struct config_rpki_cache, mark) == offsetof(struct named, mark),
	"an RPKI cache begins with its name and mark");

#define BEGINS_AS_NAMED(type)                                                        \
	_Static_assert(offsetof(type, name) == offsetof(struct named, name) &&       \
			       offsetof(type, mark) == offsetof(struct named, mark), \
		"it begins with its name and mark")
BEGINS_AS_NAMED(struct config_prefix_set);
BEGINS_AS_NAMED(struct config_as_set);
BEGINS_AS_NAMED(struct config_path_set);
BEGINS_AS_NAMED(struct config_community_set);
BEGINS_AS_NAMED(struct config_policy);
BEGINS_AS_NAMED(struct config_flow);
BEGINS_AS_NAMED(struct config_plan_site);
BEGINS_AS_NAMED(struct config_plan_upstream);
BEGINS_AS_NAMED(struct config_world_tie);
BEGINS_AS_NAMED(struct config_world_network);
BEGINS_AS_NAMED(struct config_world_exchange);
BEGINS_AS_NAMED(struct config_world_site);

static void read_entry(struct reading *reading, const struct schema_field *field,
	const struct node *node, void *target)
{
	struct schema_field name = { .key = field->key, .kind = KIND_NAME };
	struct named named = { .mark = section_mark(reading, &node->key->place) };

	section_defaults(reading, field->section, target);
	if (!read_value(reading, &name, node->key, &named.name))
		named.name = arena_string(reading->arena, node->key->text);
	memcpy(target, &named, sizeof(named));
	note(reading, target, node->key, false);
	reading->check_count = 0;
	if (field->section->whole) {
		read_field(reading, &field->section->fields[0], node, target);
		return;
	}
	if (node->kind == NODE_MAP) {
		section_read(reading, field->section, node, target);
		return;
	}
	if (node->kind == NODE_BAD)
		return;
	complain(reading, node->key, "'%s' must be a group of keys", node->key->text);
	hint(reading, "write %s: { %s: ... }", node->key->text, field->section->fields[1].key);
}

static void read_map(struct reading *reading, const struct schema_field *field,
	const struct node *node, void *base)
{
	size_t count = 0;
	char *items;

	if (node_is_void(node) || node->kind == NODE_BAD)
		return;
	if (node->kind != NODE_MAP) {
		complain(reading, node, "'%s' must be a map of names", field->key);
		if (field->section->whole)
			hint(reading, "write %s: { NAME: [...] }", field->key);
		else
			hint(reading, "write %s: { NAME: { %s: ... } }", field->key,
				field->section->fields[1].key);
		return;
	}
	if (node->child_count > (size_t)field->maximum) {
		complain(reading, node_key(node), "%zu %s; at most %lld are allowed",
			node->child_count, field->key, (long long)field->maximum);
		return;
	}
	items = take_array(reading, node->child_count, field->size);
	for (const struct node *item = node->children; items != NULL && item != NULL;
		item = item->next)
		read_entry(reading, field, item, items + count++ * field->size);
	if (count > 0)
		set_list(field, base, items, count);
}

typedef void read_function(struct reading *reading, const struct schema_field *field,
	const struct node *node, void *base);

static read_function *const readers[KIND_COUNT] = {
	[KIND_SET] = read_set,
	[KIND_HEADERS] = read_headers,
	[KIND_COMMUNITIES] = read_communities,
	[KIND_SECTION] = read_section,
	[KIND_MAP] = read_map,
	[KIND_CHECKS] = checks_read,
	[KIND_RULES] = rules_read,
	[KIND_CHOICE] = choice_read,
};

static void read_field(struct reading *reading, const struct schema_field *field,
	const struct node *node, void *base)
{
	read_function *reader = readers[field->kind];

	if (reader == NULL)
		reader = field->shape == SHAPE_LIST ? read_list : read_one;
	reader(reading, field, node, base);
}

/* What was probably meant is said, if badly: nobody should miss it. */
static void note_meant(struct reading *reading, const struct schema_section *section,
	const char *meant, const struct node *key, const void *base)
{
	const struct schema_field *field = schema_find(section, meant);

	if (field != NULL && field->kind != KIND_SECTION)
		note(reading, (const char *)base + field->offset, key, true);
}

static void unknown_key(struct reading *reading, const struct schema_section *section,
	const struct node *key, const void *base)
{
	const char *meant = schema_synonym(section, key->text);
	const struct schema_section *owner = schema_owner(reading->root, section, key->text);

	if (strcmp(key->text, "<<") == 0) {
		complain(reading, key, "YAML merge keys (<<) are not supported");
		hint(reading, "write the values out at each place");
		return;
	}
	complain(reading, key, "unknown key '%s' in %s", key->text, section->title);
	if (meant == NULL && owner == NULL)
		meant = schema_closest_key(section, key->text);
	if (meant != NULL) {
		hint(reading, "did you mean '%s'?", meant);
		note_meant(reading, section, meant, key, base);
	} else if (owner != NULL && owner->path[0] != '\0') {
		hint(reading, "'%s' belongs under %s", key->text, owner->path);
	} else if (owner != NULL) {
		hint(reading, "'%s' belongs at the top level", key->text);
	}
}

static void missing_keys(struct reading *reading, const struct schema_section *section,
	const struct node *map, const char *base)
{
	struct schema_walk walk = schema_walk(section);
	const struct schema_field *field;

	while (!map->incomplete && (field = schema_next(&walk)) != NULL) {
		if ((field->flags & FIELD_REQUIRED) == 0 ||
			node_find(map, field->key) != NULL ||
			said_broken(&reading->said, base + field->offset))
			continue;
		complain(reading, node_key(map), "%s needs '%s'", section->title, field->key);
		hint(reading, "%s", field->help);
	}
}

void section_read(struct reading *reading, const struct schema_section *section,
	const struct node *map, void *base)
{
	for (const struct node *node = map->children; node != NULL; node = node->next) {
		const struct schema_field *field = schema_find(section, node->key->text);

		if (field == NULL)
			unknown_key(reading, section, node->key, base);
		else
			read_field(reading, field, node, base);
	}
	missing_keys(reading, section, map, base);
}

/* A default, which may be several words for a set or a list of one. */
static void default_field(struct reading *reading, const struct schema_field *field, void *base)
{
	char words[64], *word, *rest = words;
	char *target = (char *)base + field->offset;
	uint64_t all = 0, one = 0;
	void *item;

	if (field->kind == KIND_SET) {
		memcpy(words, field->preset, strlen(field->preset) + 1);
		while ((word = strtok_r(rest, ", ", &rest)) != NULL) {
			if (value_parse(field, word, reading->arena, &one, NULL) == 0)
				all |= value_load(&one, field->size);
		}
		value_store(target, field->size, all);
		return;
	}
	if (field->shape != SHAPE_LIST) {
		(void)value_parse(field, field->preset, reading->arena, target, NULL);
		return;
	}
	item = take_array(reading, 1, field->size);
	if (item != NULL && value_parse(field, field->preset, reading->arena, item, NULL) == 0)
		set_list(field, base, item, 1);
}

void section_defaults(struct reading *reading, const struct schema_section *section, void *base)
{
	struct schema_walk walk = schema_walk(section);
	const struct schema_field *field;

	while ((field = schema_next(&walk)) != NULL) {
		if (field->kind == KIND_SECTION)
			section_defaults(reading, field->section, (char *)base + field->offset);
		else if (field->preset != NULL && (field->flags & FIELD_COMPUTED) == 0)
			default_field(reading, field, base);
	}
}
