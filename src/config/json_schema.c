/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema as a JSON Schema (draft 2020-12). Editors see YAML's own types, so a key that
 * takes text also takes what YAML would call a number: `version: 2`, `communities: [65000:10]`.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "config/config.h"
#include "config/document.h"
#include "config/schema.h"

#define CHECKS_REFERENCE "#/$defs/checks"
#define CHECK_REFERENCE  "#/$defs/check"

/* Kinds that are a pattern and nothing else. */
static const char *const patterns[KIND_COUNT] = {
	[KIND_NAME] = "^[a-z0-9][a-z0-9-]{0,62}$",
	[KIND_INTERFACE] = "^[^/:\\s]{1,15}$",
	[KIND_PATH] = "^/",
	[KIND_DOMAIN] = "^(\\.|([A-Za-z0-9_*-]{1,63}\\.)*[A-Za-z0-9_*-]{1,63}\\.?)$",
	[KIND_ADDRESS] = "^([0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$",
	[KIND_PREFIX] = "^([0-9]{1,3}(\\.[0-9]{1,3}){3}(/[0-9]{1,2})?|"
			"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(/[0-9]{1,3})?)$",
	[KIND_ROUTER_ID] = "^[0-9]{1,3}(\\.[0-9]{1,3}){3}$",
};

#define PATTERN_DURATION  "^(0|[0-9]+(ns|us|ms|s|m|h|d))$"
#define PATTERN_PERCENT   "^(100|[0-9]{1,2})%?$"
#define PATTERN_STATUS    "^[1-5][0-9]{2}(-[1-5][0-9]{2})?$"
#define PATTERN_COMMUNITY "^([a-z-]+|([a-z]+:)?[0-9.]+(:[0-9]+){1,2}|0x[0-9a-f]{16})$"

static json_t *section_schema(const struct schema_section *section);
static json_t *field_schema(const struct schema_field *field);

static json_t *text_pattern(const char *pattern)
{
	return json_pack("{s:s, s:s}", "type", "string", "pattern", pattern);
}

static json_t *text_or_number(const char *pattern)
{
	return json_pack("{s:[s, s], s:s}", "type", "string", "number", "pattern", pattern);
}

static json_t *integer_schema(const struct schema_field *field)
{
	json_t *range = json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum",
		(json_int_t)field->minimum, "maximum", (json_int_t)field->maximum);

	if ((field->flags & FIELD_ZERO) == 0)
		return range;
	return json_pack("{s:[{s:i}, o]}", "anyOf", "const", 0, range);
}

/* A word such as "1.1" is a number to YAML: both are listed. */
static json_t *word_schema(const struct schema_field *field)
{
	json_t *words = json_array();

	for (const struct schema_word *word = field->words; word->word != NULL; word++) {
		char *end = NULL;
		double number = strtod(word->word, &end);

		json_array_append_new(words, json_string(word->word));
		if (*end == '\0')
			json_array_append_new(words, json_real(number));
	}
	return json_pack("{s:o}", "enum", words);
}

/* A group, or the value that stands for it. */
static json_t *group_schema(const struct schema_section *section)
{
	json_t *group = section_schema(section);

	if (section->short_key == NULL)
		return group;
	return json_pack("{s:[o, o]}", "anyOf", group,
		field_schema(schema_find(section, section->short_key)));
}

/* A name (none and all look like one), or a list of them. */
static json_t *choice_schema(const struct schema_field *field)
{
	return json_pack("{s:[{s:s, s:s}, {s:s, s:{s:s, s:s}, s:i, s:I}]}", "anyOf", "type",
		"string", "pattern", patterns[KIND_NAME], "type", "array", "items", "type",
		"string", "pattern", patterns[KIND_NAME], "minItems", 1, "maxItems",
		(json_int_t)field->maximum);
}

static json_t *item_schema(const struct schema_field *field)
{
	switch (field->kind) {
	case KIND_BOOL:
		return json_pack("{s:s}", "type", "boolean");
	case KIND_INTEGER:
		return integer_schema(field);
	case KIND_DECIMAL:
		return json_pack("{s:s, s:I, s:I}", "type", "number", "minimum",
			(json_int_t)field->minimum, "maximum", (json_int_t)field->maximum);
	case KIND_PERCENT:
		return text_or_number(PATTERN_PERCENT);
	case KIND_DURATION:
		return text_or_number(PATTERN_DURATION);
	case KIND_STRING:
	case KIND_SECRET:
		return json_pack("{s:[s, s, s]}", "type", "string", "number", "boolean");
	case KIND_WORD:
	case KIND_SET:
		return word_schema(field);
	case KIND_ASN:
		return json_pack("{s:s, s:i, s:I}", "type", "integer", "minimum", 1, "maximum",
			(json_int_t)UINT32_MAX - 1);
	case KIND_STATUS:
		return text_or_number(PATTERN_STATUS);
	case KIND_COMMUNITIES:
		return text_or_number(PATTERN_COMMUNITY);
	case KIND_HEADERS:
		return json_pack("{s:s, s:{s:[s, s, s]}}", "type", "object",
			"additionalProperties", "type", "string", "number", "boolean");
	case KIND_SECTION:
		return group_schema(field->section);
	case KIND_MAP:
		return json_pack("{s:s, s:{s:s}, s:o, s:I}", "type", "object", "propertyNames",
			"pattern", patterns[KIND_NAME], "additionalProperties",
			field->section->whole ? field_schema(&field->section->fields[0])
					      : section_schema(field->section),
			"maxProperties", (json_int_t)field->maximum);
	case KIND_CHECKS:
		return json_pack("{s:s}", "$ref", CHECKS_REFERENCE);
	case KIND_PREFIX_ITEM:
	case KIND_AS_ITEM:
	case KIND_AS_PATTERN:
	case KIND_COMMUNITY_ITEM:
	case KIND_NUMBERS:
	case KIND_MED:
	case KIND_NEXT_HOP:
		return json_pack("{s:[s, s]}", "type", "string", "number");
	case KIND_CHOICE:
		return choice_schema(field);
	case KIND_RULES:
		return json_pack("{s:s, s:i, s:I, s:{s:[{s:[s, s, s]}, o]}}", "type", "array",
			"minItems", 1, "maxItems", (json_int_t)field->maximum, "items", "anyOf",
			"enum", "accept", "reject", "next", section_schema(field->section));
	case KIND_NAME:
	case KIND_INTERFACE:
	case KIND_PATH:
	case KIND_DOMAIN:
	case KIND_ADDRESS:
	case KIND_PREFIX:
	case KIND_ROUTER_ID:
	case KIND_COUNT:
		break;
	}
	return text_pattern(patterns[field->kind]);
}

static bool is_list(const struct schema_field *field)
{
	return field->kind == KIND_SET || field->kind == KIND_COMMUNITIES ||
	       (field->shape == SHAPE_LIST && field->kind != KIND_HEADERS &&
		       field->kind != KIND_MAP && field->kind != KIND_CHECKS &&
		       field->kind != KIND_RULES);
}

static void add_default(const struct schema_field *field, json_t *schema)
{
	bool constant = field->preset != NULL && (field->flags & FIELD_COMPUTED) == 0 &&
			!is_list(field);

	if (!constant)
		return;
	if (field->kind == KIND_BOOL)
		json_object_set_new(
			schema, "default", json_boolean(strcmp(field->preset, "true") == 0));
	else if (field->kind == KIND_INTEGER)
		json_object_set_new(
			schema, "default", json_integer(strtoll(field->preset, NULL, 10)));
	else
		json_object_set_new(schema, "default", json_string(field->preset));
}

static json_t *field_schema(const struct schema_field *field)
{
	json_t *schema = item_schema(field);

	if (is_list(field))
		schema = json_pack("{s:[O, {s:s, s:o, s:i}]}", "anyOf", schema, "type", "array",
			"items", schema, "minItems", (field->flags & FIELD_EMPTY) == 0);
	json_object_set_new(schema, "description", json_string(field->help));
	add_default(field, schema);
	return schema;
}

static json_t *section_schema(const struct schema_section *section)
{
	struct schema_walk walk = schema_walk(section);
	const struct schema_field *field;
	json_t *properties = json_object(), *required = json_array();

	while ((field = schema_next(&walk)) != NULL) {
		json_object_set_new(properties, field->key, field_schema(field));
		if ((field->flags & FIELD_REQUIRED) != 0)
			json_array_append_new(required, json_string(field->key));
	}
	return json_pack("{s:[s, s], s:s, s:o, s:o, s:b}", "type", "object", "null",
		"description", section->help, "properties", properties, "required", required,
		"additionalProperties", 0);
}

/* { dns: { ... } }, or the bare word `icmp` where nothing is required. */
static json_t *check_schema(void)
{
	json_t *kinds = json_array(), *words = json_array();

	for (int type = 0; type < CHECK_TYPE_COUNT; type++) {
		const struct schema_check *row = &schema_checks[type];
		json_t *body = section_schema(row->section);

		if (json_array_size(json_object_get(body, "required")) == 0)
			json_array_append_new(words, json_string(row->key));
		if (row->section == &schema_group)
			body = json_pack(
				"{s:[o, {s:s}]}", "anyOf", body, "$ref", CHECKS_REFERENCE);
		json_array_append_new(
			kinds, json_pack("{s:s, s:{s:o}, s:[s], s:b}", "type", "object",
				       "properties", row->key, body, "required", row->key,
				       "additionalProperties", 0));
	}
	json_array_append_new(kinds, json_pack("{s:o}", "enum", words));
	return json_pack("{s:o}", "anyOf", kinds);
}

static json_t *checks_schema(void)
{
	return json_pack("{s:[{s:s}, {s:s, s:{s:s}, s:i, s:i}]}", "anyOf", "$ref",
		CHECK_REFERENCE, "type", "array", "items", "$ref", CHECK_REFERENCE, "minItems",
		1, "maxItems", CONFIG_CHECKS_MAX);
}

int config_json_schema(struct text *out)
{
	json_t *root = section_schema(&schema_root);
	char *dump;

	json_object_set_new(
		root, "$schema", json_string("https://json-schema.org/draft/2020-12/schema"));
	json_object_set_new(root, "title", json_string("nearcast configuration"));
	json_object_set_new(root, "type", json_string("object"));
	json_object_set_new(root, "$defs",
		json_pack("{s:o, s:o}", "check", check_schema(), "checks", checks_schema()));
	dump = json_dumps(root, JSON_INDENT(2));
	json_decref(root);
	if (dump == NULL)
		return ERROR_MEMORY;
	text_add(out, dump);
	text_add(out, "\n");
	free(dump);
	return out->failed ? ERROR_MEMORY : 0;
}
