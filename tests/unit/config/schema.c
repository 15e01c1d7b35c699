/* SPDX-License-Identifier: Apache-2.0 */
/* The schema's invariants, and what is made from it: reference, JSON Schema, default file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "config/document.h"
#include "config/reader.h"
#include "config/schema.h"
#include "config/value.h"

static void every_field_is_whole(void **state)
{
	const struct schema_section *section;
	size_t fields = 0;

	(void)state;
	for (size_t i = 0; (section = schema_section_at(i)) != NULL; i++) {
		assert_non_null(section->path);
		assert_non_null(section->title);
		assert_true(strlen(section->help) > 5);
		for (const struct schema_field *f = section->fields; f->key != NULL; f++) {
			size_t length = strlen(f->help);

			fields++;
			assert_true(length > 5 && f->help[length - 1] == '.');
			assert_true(f->key[strspn(f->key,
					    "abcdefghijklmnopqrstuvwxyz-0123456789")] == '\0');
			if (f->kind == KIND_WORD || f->kind == KIND_SET)
				assert_non_null(f->words);
			if (f->kind == KIND_SECTION || f->kind == KIND_MAP)
				assert_non_null(f->section);
			if (f->kind == KIND_INTEGER || f->kind == KIND_DURATION)
				assert_true(f->minimum < f->maximum);
			if (f->kind == KIND_INTEGER && f->size < 8)
				assert_true((uint64_t)f->maximum >> (8 * f->size) == 0);
			/* a field cannot both be demanded and have a default */
			assert_true((f->flags & FIELD_REQUIRED) == 0 || f->preset == NULL);
		}
	}
	assert_true(fields > 100);
}

static void keys_are_unique(void **state)
{
	const struct schema_section *section;

	(void)state;
	for (size_t i = 0; (section = schema_section_at(i)) != NULL; i++) {
		struct schema_walk walk = schema_walk(section);
		const struct schema_field *field;

		while ((field = schema_next(&walk)) != NULL) {
			struct schema_walk rest = walk;
			const struct schema_field *other;

			assert_ptr_equal(schema_find(section, field->key), field);
			while ((other = schema_next(&rest)) != NULL)
				assert_string_not_equal(field->key, other->key);
		}
	}
}

static void defaults_can_be_read(void **state)
{
	const struct schema_section *section;
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; (section = schema_section_at(i)) != NULL; i++) {
		for (const struct schema_field *f = section->fields; f->key != NULL; f++) {
			_Alignas(max_align_t) char value[64];
			struct error error = { 0 };

			if (f->preset == NULL || (f->flags & FIELD_COMPUTED) != 0 ||
				f->kind == KIND_SET)
				continue;
			if (value_parse(f, f->preset, &arena, value, &error) != 0)
				fail_msg("%s.%s: %s", section->path, f->key, error.text);
		}
	}
	arena_clear(&arena);
}

static void examples_can_be_read(void **state)
{
	const struct schema_section *section;
	size_t examples = 0;

	(void)state;
	for (size_t i = 0; (section = schema_section_at(i)) != NULL; i++) {
		struct config_diagnostics diagnostics = { 0 };
		struct config *config = NULL;
		struct text text = { 0 }, said = { 0 };
		const char *line;
		bool check = strncmp(section->path, "checks.", 7) == 0;
		bool service = strncmp(section->path, "services.NAME.", 14) == 0;
		bool neighbor = strncmp(section->path, "neighbors.NAME.", 15) == 0;
		bool rule = strncmp(section->path, "policies.NAME.", 14) == 0;
		bool deep = strncmp(section->path, "policies.NAME.set.", 18) == 0;

		if (section->example == NULL)
			continue;
		examples++;
		if (section->path[0] != '\0')
			text_add(&text, "site: s\n");
		if (check || service)
			text_add(&text, "services:\n  s:\n    addresses: 192.0.2.1\n");
		if (neighbor)
			text_add(&text,
				"neighbors:\n  n:\n    address: 192.0.2.1\n    asn: 64501\n");
		if (rule)
			text_print(&text, "policies:\n  p:\n  - name: r\n%s",
				deep ? "    set:\n" : "");
		for (line = section->example; *line != '\0'; line += strcspn(line, "\n") + 1) {
			text_add(&text, check || service || neighbor || rule ? "    " : "");
			text_add(&text, deep ? "  " : "");
			text_add_bytes(&text, line, strcspn(line, "\n") + 1);
		}
		struct config_source source = { section->path, text_string(&text),
			text.length };

		if (config_read_unvalidated(&source, 1, &config, &diagnostics) != 0) {
			config_diagnostics_print(&diagnostics, false, &said);
			fail_msg("%s", text_string(&said));
		}
		config_diagnostics_clear(&diagnostics);
		config_free(config);
		text_clear(&text);
		text_clear(&said);
	}
	assert_true(examples > 8);
}

static void default_file_can_be_read(void **state)
{
	struct config_diagnostics diagnostics = { 0 };
	struct config *config = NULL;
	struct text text = { 0 }, open = { 0 };

	(void)state;
	config_default(&text);
	struct config_source source = { "default.yaml", text_string(&text), text.length };
	assert_int_equal(config_read(&source, 1, &config, &diagnostics), 0);
	assert_int_equal(diagnostics.count, 0);
	config_free(config);
	/* and with every '#' of a key taken away, where it has a value */
	for (const char *line = text_string(&text); *line != '\0';
		line += strcspn(line, "\n") + 1) {
		size_t indent = strspn(line, " ");
		size_t length = strcspn(line, "\n");
		const char *key = line + indent + 1;

		if (line[indent] != '#') {
			text_print(&open, "%.*s\n", (int)length, line);
			continue;
		}
		size_t gap = strspn(key, " ");
		size_t word = strspn(key + gap, "abcdefghijklmnopqrstuvwxyz-0123456789");
		const char *value = key + gap + word;

		/* "#key: value" and "#key:" of a group; not "# words", not "#key: # computed"
		 */
		if (gap % 2 != 0 || *value != ':' || strncmp(value, ": #", 3) == 0)
			continue;
		text_print(
			&open, "%*s%.*s\n", (int)indent, "", (int)(length - indent - 1), key);
	}
	source = (struct config_source){ "open.yaml", text_string(&open), open.length };
	(void)config_read(&source, 1, &config, &diagnostics);
	for (size_t i = 0; i < diagnostics.count; i++)
		if (diagnostics.items[i].severity == CONFIG_ERROR)
			assert_true(strstr(diagnostics.items[i].text, "has no value") != NULL ||
				    strstr(diagnostics.items[i].text, "is empty") != NULL);
	config_diagnostics_clear(&diagnostics);
	text_clear(&text);
	text_clear(&open);
}

/* Fails when docs/configuration.md was not made anew after a change of the schema. */
static void reference_is_up_to_date(void **state)
{
	struct text made = { 0 }, found = { 0 };
	char buffer[4096];
	size_t length;
	FILE *file = fopen(REFERENCE_FILE, "r");

	(void)state;
	assert_non_null(file);
	while ((length = fread(buffer, 1, sizeof(buffer), file)) > 0)
		text_add_bytes(&found, buffer, length);
	fclose(file);
	config_reference(&made);
	if (strcmp(text_string(&made), text_string(&found)) != 0)
		fail_msg("make it anew: build/tools/make-reference > docs/configuration.md");
	text_clear(&made);
	text_clear(&found);
}

static void has_fields(const json_t *object, const struct schema_section *section);

/* An entry whose value is that of its first field. */
static void has_whole(const json_t *object, const struct schema_section *section)
{
	const struct schema_field *field = &section->fields[0];

	assert_string_equal(
		json_string_value(json_object_get(object, "description")), field->help);
	if (field->kind == KIND_RULES)
		has_fields(
			json_array_get(
				json_object_get(json_object_get(object, "items"), "anyOf"), 1),
			field->section);
	else
		assert_int_equal(json_array_size(json_object_get(object, "anyOf")), 2);
}

/* Where a section's own properties are in the JSON Schema. */
static void has_fields(const json_t *object, const struct schema_section *section)
{
	struct schema_walk walk = schema_walk(section);
	const struct schema_field *field;

	assert_string_equal(
		json_string_value(json_array_get(json_object_get(object, "type"), 0)) != NULL
			? json_string_value(json_array_get(json_object_get(object, "type"), 0))
			: json_string_value(json_object_get(object, "type")),
		"object");
	assert_true(json_is_false(json_object_get(object, "additionalProperties")));
	while ((field = schema_next(&walk)) != NULL) {
		const json_t *property =
			json_object_get(json_object_get(object, "properties"), field->key);

		assert_true(json_is_object(property));
		assert_string_equal(json_string_value(json_object_get(property, "description")),
			field->help);
		if (field->kind == KIND_SECTION && field->section->short_key != NULL)
			has_fields(json_array_get(json_object_get(property, "anyOf"), 0),
				field->section);
		else if (field->kind == KIND_SECTION)
			has_fields(property, field->section);
		if (field->kind == KIND_MAP && field->section->whole)
			has_whole(json_object_get(property, "additionalProperties"),
				field->section);
		else if (field->kind == KIND_MAP)
			has_fields(json_object_get(property, "additionalProperties"),
				field->section);
	}
}

static void json_schema_has_every_field(void **state)
{
	struct text text = { 0 };
	json_error_t error;
	json_t *root;

	(void)state;
	assert_int_equal(config_json_schema(&text), 0);
	root = json_loads(text_string(&text), 0, &error);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "$schema")),
		"https://json-schema.org/draft/2020-12/schema");
	has_fields(root, &schema_root);
	for (int type = 0; type < CHECK_TYPE_COUNT; type++) {
		const json_t *kinds = json_object_get(
			json_object_get(json_object_get(root, "$defs"), "check"), "anyOf");
		const json_t *body = json_object_get(
			json_object_get(json_array_get(kinds, (size_t)type), "properties"),
			schema_checks[type].key);

		if (schema_checks[type].section == &schema_group)
			body = json_array_get(json_object_get(body, "anyOf"), 0);
		has_fields(body, schema_checks[type].section);
	}
	json_decref(root);
	text_clear(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_is_whole),
		cmocka_unit_test(keys_are_unique),
		cmocka_unit_test(defaults_can_be_read),
		cmocka_unit_test(examples_can_be_read),
		cmocka_unit_test(default_file_can_be_read),
		cmocka_unit_test(reference_is_up_to_date),
		cmocka_unit_test(json_schema_has_every_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
