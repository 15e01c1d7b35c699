/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structs -> canonical YAML, as the schema's rows say.
 *
 * Without defaults a field is left out if it equals a reference: the constant defaults of its
 * section, or, for a computed field, what config/complete.c makes of the same struct with the
 * computed fields cleared.
 *
 * Invariants:
 *  1. Reading what was printed gives an equal configuration (tests/unit/config/printer.c).
 *  2. Equal values give equal texts: the order is the schema's, and lists keep theirs.
 */
#include "config/printer.h"

#include <stdlib.h>
#include <string.h>

#include "config/complete.h"
#include "config/reader.h"
#include "config/schema_policy.h"
#include "config/section.h"
#include "config/utf8.h"
#include "config/value.h"

#define INDENT 2

struct printer {
	const struct config *config;
	struct arena arena;
	bool with_defaults, with_secrets;
	int touch;
};

/* What a struct is compared with: either may be NULL, and then everything is printed. */
struct reference {
	const void *blank;    /* the constant defaults */
	const void *computed; /* the same struct with its computed fields computed */
};

static void print_section(struct printer *printer, const struct schema_section *section,
	const char *base, struct reference reference, int indent, struct text *out);

static bool looks_typed(const char *value)
{
	static const char *const typed[] = { "true", "false", "yes", "no", "on", "off", "y",
		"n", "null", "~" };

	if (value[strspn(value, "0123456789.+-eE")] == '\0')
		return true;
	for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++)
		if (strcasecmp(value, typed[i]) == 0)
			return true;
	return false;
}

static bool is_plain(enum schema_kind kind, const char *value)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_./:+%@- ";
	size_t length = strlen(value);
	bool text = kind == KIND_STRING || kind == KIND_NAME || kind == KIND_INTERFACE ||
		    kind == KIND_DOMAIN || kind == KIND_WORD || kind == KIND_SECRET ||
		    kind == KIND_HEADERS || kind == KIND_CHOICE;
	bool spaced = kind == KIND_PREFIX_ITEM; /* 198.51.100.0/24 le 28 */

	if (length == 0 || value[length - 1] == ':' || value[strspn(value, more)] != '\0' ||
		(!spaced && strchr(value, ' ') != NULL))
		return false;
	if (strchr(letters, value[0]) == NULL && strchr("0123456789/", value[0]) == NULL)
		return false;
	return !text || !looks_typed(value);
}

static void print_escaped(uint32_t character, struct text *out)
{
	switch (character) {
	case '"':
		text_add(out, "\\\"");
		break;
	case '\\':
		text_add(out, "\\\\");
		break;
	case '\n':
		text_add(out, "\\n");
		break;
	case '\r':
		text_add(out, "\\r");
		break;
	case '\t':
		text_add(out, "\\t");
		break;
	default:
		text_print(out, character < 0x10000 ? "\\u%04x" : "\\U%08x", character);
		break;
	}
}

void printer_quote(enum schema_kind kind, const char *value, struct text *out)
{
	size_t length = strlen(value);

	if (is_plain(kind, value)) {
		text_add(out, value);
		return;
	}
	text_add(out, "\"");
	for (size_t i = 0; i < length;) {
		uint32_t c = 0;
		size_t bytes = utf8_decode((const unsigned char *)value + i, length - i, &c);

		if (bytes == 0) { /* cannot come from a file; still say something printable */
			c = '?';
			bytes = 1;
		}
		if (c < 0x20 || c == '"' || c == '\\' || !utf8_is_printable(c))
			print_escaped(c, out);
		else
			text_add_bytes(out, value + i, bytes);
		i += bytes;
	}
	text_add(out, "\"");
}

static void start_line(int indent, const char *key, struct text *out)
{
	text_print(out, "%*s", indent, "");
	printer_quote(KIND_NAME, key, out);
	text_add(out, ":");
}

static void print_value(struct printer *printer, const struct schema_field *field,
	const void *value, struct text *out)
{
	struct text plain = { 0 };

	value_format(field, value, printer->with_secrets, &plain);
	printer_quote(field->kind, text_string(&plain), out);
	text_clear(&plain);
}

static const char *load_list(
	const struct schema_field *field, const char *base, size_t *ret_count)
{
	const char *items;

	memcpy(&items, base + field->offset, sizeof(items));
	memcpy(ret_count, base + field->extra, sizeof(*ret_count));
	return items;
}

static void print_list(struct printer *printer, const struct schema_field *field,
	const char *base, struct text *out)
{
	size_t count;
	const char *items = load_list(field, base, &count);

	if (count == 0 && (field->flags & FIELD_EMPTY) == 0)
		return;
	text_add(out, "[");
	for (size_t i = 0; i < count; i++) {
		text_add(out, i == 0 ? "" : ", ");
		print_value(printer, field, items + i * field->size, out);
	}
	text_add(out, "]");
}

static void print_set(const struct schema_field *field, const char *base, struct text *out)
{
	uint64_t all = value_load(base + field->offset, field->size);
	const char *before = "[";

	for (const struct schema_word *word = field->words; word->word != NULL; word++) {
		if ((all & (uint64_t)word->value) == 0)
			continue;
		text_print(out, "%s%s", before, word->word);
		before = ", ";
	}
	if (all != 0)
		text_add(out, "]");
}

static void print_headers(const struct schema_field *field, const char *base, struct text *out)
{
	size_t count;
	const struct config_header *headers =
		(const struct config_header *)(const void *)load_list(field, base, &count);

	if (count == 0)
		return;
	for (size_t i = 0; i < count; i++) {
		text_add(out, i == 0 ? "{ " : ", ");
		printer_quote(KIND_HEADERS, headers[i].name, out);
		text_add(out, ": ");
		printer_quote(KIND_HEADERS, headers[i].value, out);
	}
	text_add(out, " }");
}

static void print_community(const struct community *community, bool first, struct text *out)
{
	text_add(out, first ? "[" : ", ");
	community_format(community, out);
}

static void print_communities(
	const struct schema_field *field, const char *base, struct text *out)
{
	struct config_communities all;
	struct community one = { 0 };
	bool first = true;

	memcpy(&all, base + field->offset, sizeof(all));
	one.kind = COMMUNITY_STANDARD;
	for (size_t i = 0; i < all.standard_count; i++, first = false) {
		one.standard = all.standard[i];
		print_community(&one, first, out);
	}
	one.kind = COMMUNITY_LARGE;
	for (size_t i = 0; i < all.large_count; i++, first = false) {
		one.large = all.large[i];
		print_community(&one, first, out);
	}
	one.kind = COMMUNITY_EXTENDED;
	for (size_t i = 0; i < all.extended_count; i++, first = false) {
		one.extended = all.extended[i];
		print_community(&one, first, out);
	}
	if (!first)
		text_add(out, "]");
}

/* Kinds of which a zero says nothing. */
static const bool zero_is_unset[KIND_COUNT] = {
	[KIND_STRING] = true,
	[KIND_NAME] = true,
	[KIND_INTERFACE] = true,
	[KIND_PATH] = true,
	[KIND_DOMAIN] = true,
	[KIND_ADDRESS] = true,
	[KIND_ASN] = true,
	[KIND_ROUTER_ID] = true,
	[KIND_SECRET] = true,
	[KIND_MED] = true,
};

/* True if a field that stands for itself says nothing. */
static bool is_unset(const struct schema_field *field, const char *base)
{
	static const char zeroes[64];

	if (field->shape == SHAPE_OPTIONAL)
		return value_load(base + field->extra, sizeof(bool)) == 0;
	/* Zero is also what a computed field holds when there was nothing to compute it from.
	 */
	if (!zero_is_unset[field->kind] && (field->flags & FIELD_COMPUTED) == 0)
		return false;
	return memcmp(base + field->offset, zeroes, field->size) == 0;
}

static void print_choice(const struct schema_field *field, const char *base, struct text *out)
{
	struct config_choice choice;

	memcpy(&choice, base + field->offset, sizeof(choice));
	if (choice.count < 2) {
		value_format(field, &choice, false, out);
		return;
	}
	for (size_t i = 0; i < choice.count; i++) {
		text_add(out, i == 0 ? "[" : ", ");
		printer_quote(KIND_NAME, choice.policies[i], out);
	}
	text_add(out, "]");
}

/* The value after the key; nothing if there is none. */
static void print_field(struct printer *printer, const struct schema_field *field,
	const char *base, struct text *out)
{
	if (field->kind == KIND_HEADERS)
		print_headers(field, base, out);
	else if (field->kind == KIND_COMMUNITIES)
		print_communities(field, base, out);
	else if (field->kind == KIND_CHOICE)
		print_choice(field, base, out);
	else if (field->kind == KIND_SET)
		print_set(field, base, out);
	else if (field->shape == SHAPE_LIST)
		print_list(printer, field, base, out);
	else if (!is_unset(field, base))
		print_value(printer, field, base + field->offset, out);
}

static bool equals_reference(struct printer *printer, const struct schema_field *field,
	struct reference reference, const struct text *value)
{
	const char *base =
		(field->flags & FIELD_COMPUTED) != 0 ? reference.computed : reference.blank;
	struct text other = { 0 };
	bool equal;

	if (base == NULL || (field->flags & FIELD_REQUIRED) != 0)
		return false;
	print_field(printer, field, base, &other);
	equal = strcmp(text_string(&other), text_string(value)) == 0;
	text_clear(&other);
	return equal;
}

static void *take_copy(struct printer *printer, const void *bytes, size_t size)
{
	return arena_copy(&printer->arena, bytes, size);
}

static void fill_defaults(
	struct printer *printer, const struct schema_section *section, void *base)
{
	struct reading reading = { .arena = &printer->arena };

	section_defaults(&reading, section, base);
}

static void clear_computed(const struct schema_section *section, char *base)
{
	struct schema_walk walk = schema_walk(section);
	const struct schema_field *field;

	while ((field = schema_next(&walk)) != NULL) {
		if ((field->flags & FIELD_COMPUTED) == 0)
			continue;
		memset(base + field->offset, 0,
			field->shape == SHAPE_LIST ? sizeof(void *) : field->size);
		if (field->shape == SHAPE_LIST)
			memset(base + field->extra, 0, sizeof(size_t));
	}
}

/* A deep copy of checks with their computed fields cleared. */
static struct config_check *copy_checks(
	struct printer *printer, const struct config_check *checks, size_t count)
{
	struct config_check *copy = take_copy(printer, checks, count * sizeof(*checks));

	for (size_t i = 0; copy != NULL && i < count; i++) {
		struct config_check *check = &copy[i];

		clear_computed(schema_checks[check->type].section, (char *)check);
		if (check->type == CHECK_ALL || check->type == CHECK_ANY)
			check->group.children = copy_checks(
				printer, check->group.children, check->group.child_count);
	}
	return copy;
}

static struct reference refer_service(
	struct printer *printer, const struct config_service *service)
{
	struct config_service *blank = arena_take(&printer->arena, sizeof(*blank));
	struct config_service *computed = take_copy(printer, service, sizeof(*service));

	if (printer->with_defaults || blank == NULL || computed == NULL)
		return (struct reference){ 0 };
	fill_defaults(printer, &schema_service, blank);
	clear_computed(&schema_service, (char *)computed);
	computed->checks = copy_checks(printer, service->checks, service->check_count);
	if (computed->checks == NULL || complete_service(computed, &printer->arena) != 0)
		return (struct reference){ 0 };
	return (struct reference){ blank, computed };
}

static struct reference refer_neighbor(
	struct printer *printer, const struct config_neighbor *neighbor)
{
	struct config_neighbor *blank = arena_take(&printer->arena, sizeof(*blank));
	struct config_neighbor *computed = take_copy(printer, neighbor, sizeof(*neighbor));

	if (printer->with_defaults || blank == NULL || computed == NULL)
		return (struct reference){ 0 };
	fill_defaults(printer, &schema_neighbor, blank);
	clear_computed(&schema_neighbor, (char *)computed);
	complete_neighbor(printer->config, computed);
	return (struct reference){ blank, computed };
}

static void print_rules(struct printer *printer, const struct schema_field *field,
	const char *base, int indent, struct text *out)
{
	size_t count, margin = (size_t)indent + INDENT;
	const struct config_rule *rules = (const void *)load_list(field, base, &count);
	struct config_rule blank = { .name = NULL };
	struct reference reference = { printer->with_defaults ? NULL : &blank, NULL };

	fill_defaults(printer, field->section, &blank);
	for (size_t i = 0; i < count; i++) {
		struct text body = { 0 };

		print_section(printer, field->section, (const char *)&rules[i], reference,
			(int)margin, &body);
		text_print(out, "%*s- %s", indent, "",
			body.length == 0 ? "{}\n" : text_string(&body) + margin);
		text_clear(&body);
	}
}

#define LINE_ITEMS 8u /* of a set, on one line */

/* An item a line. */
static void print_items(struct printer *printer, const struct schema_field *field,
	const char *base, int indent, struct text *out)
{
	size_t count;
	const char *items = load_list(field, base, &count);

	for (size_t i = 0; i < count; i++) {
		text_print(out, "%*s- ", indent, "");
		print_value(printer, field, items + i * field->size, out);
		text_add(out, "\n");
	}
}

/* An entry whose value is that of its first field. */
static void print_whole(struct printer *printer, const struct schema_section *section,
	const char *name, const char *item, int indent, struct text *out)
{
	const struct schema_field *field = &section->fields[0];
	size_t count;

	(void)load_list(field, item, &count);
	start_line(indent, name, out);
	if (field->kind == KIND_RULES) {
		text_add(out, count == 0 ? " []\n" : "\n");
		print_rules(printer, field, item, indent + INDENT, out);
	} else if (count > LINE_ITEMS) {
		text_add(out, "\n");
		print_items(printer, field, item, indent + INDENT, out);
	} else {
		text_add(out, " ");
		print_list(printer, field, item, out);
		text_add(out, "\n");
	}
}

/* What an item would be if it said nothing. */
static struct reference refer_item(
	struct printer *printer, const struct schema_field *field, const void *item)
{
	void *blank;

	if (field->section == &schema_service)
		return refer_service(printer, item);
	if (field->section == &schema_neighbor)
		return refer_neighbor(printer, item);
	blank = printer->with_defaults ? NULL : arena_take(&printer->arena, field->size);
	if (blank == NULL)
		return (struct reference){ 0 };
	fill_defaults(printer, field->section, blank);
	return (struct reference){ blank, NULL };
}

static void print_map(struct printer *printer, const struct schema_field *field,
	const char *base, int indent, struct text *out)
{
	size_t count;
	const char *items = load_list(field, base, &count);

	for (size_t i = 0; i < count; i++) {
		const char *item = items + i * field->size;
		struct reference reference;
		const char *name;

		memcpy(&name, item, sizeof(name)); /* every struct of a map begins with it */
		if (field->section->whole) {
			print_whole(printer, field->section, name, item, indent, out);
			continue;
		}
		start_line(indent, name, out);
		text_add(out, "\n");
		reference = refer_item(printer, field, item);
		print_section(printer, field->section, item, reference, indent + INDENT, out);
	}
}

static void print_checks(struct printer *printer, const struct schema_field *field,
	const char *base, const char *computed, int indent, struct text *out)
{
	size_t count, ignored;
	const struct config_check *checks = (const void *)load_list(field, base, &count);
	const struct config_check *other =
		computed == NULL ? NULL : (const void *)load_list(field, computed, &ignored);

	for (size_t i = 0; i < count; i++) {
		const struct schema_check *row = &schema_checks[checks[i].type];
		struct config_check *blank = arena_take(&printer->arena, sizeof(*blank));
		struct reference reference = { 0 };
		struct text body = { 0 };

		if (other != NULL && blank != NULL) {
			fill_defaults(printer, row->section, blank);
			reference = (struct reference){ blank, &other[i] };
		}
		print_section(printer, row->section, (const char *)&checks[i], reference,
			indent + 2 * INDENT, &body);
		text_print(out, "%*s- %s:%s\n", indent, "", row->key,
			body.length == 0 ? " {}" : "");
		text_add(out, text_string(&body));
		text_clear(&body);
	}
}

/* A field that takes lines of its own: a group, a map, checks. */
static void print_block(struct printer *printer, const struct schema_field *field,
	const char *base, struct reference reference, int indent, struct text *out)
{
	struct text body = { 0 };
	const char *blank = reference.blank;
	struct reference inner = { blank == NULL ? NULL : blank + field->offset, NULL };

	if (field->kind == KIND_SECTION)
		print_section(printer, field->section, base + field->offset, inner,
			indent + INDENT, &body);
	else if (field->kind == KIND_MAP)
		print_map(printer, field, base, indent + INDENT, &body);
	else
		print_checks(printer, field, base, reference.computed, indent + INDENT, &body);
	if (body.length > 0) {
		start_line(indent, field->key, out);
		text_add(out, "\n");
		text_add(out, text_string(&body));
	}
	text_clear(&body);
}

static void print_line(struct printer *printer, const struct schema_field *field,
	const char *base, struct reference reference, int indent, struct text *out)
{
	struct text value = { 0 };

	print_field(printer, field, base, &value);
	if (value.length > 0 && !equals_reference(printer, field, reference, &value)) {
		start_line(indent, field->key, out);
		text_print(out, " %s\n", text_string(&value));
	}
	text_clear(&value);
}

static void print_section(struct printer *printer, const struct schema_section *section,
	const char *base, struct reference reference, int indent, struct text *out)
{
	struct schema_walk walk = schema_walk(section);
	const struct schema_field *field;

	while ((field = schema_next(&walk)) != NULL) {
		if (field->kind != KIND_SECTION && printer->touch != PRINT_ALL_TOUCHES &&
			(int)field->touches != printer->touch)
			continue;
		if (field->kind == KIND_SECTION || field->kind == KIND_MAP ||
			field->kind == KIND_CHECKS)
			print_block(printer, field, base, reference, indent, out);
		else
			print_line(printer, field, base, reference, indent, out);
	}
}

void printer_section(
	const struct schema_section *section, const void *base, int touch, struct text *out)
{
	struct printer printer = {
		.with_defaults = true, .with_secrets = true, .touch = touch
	};

	print_section(&printer, section, base, (struct reference){ 0 }, 0, out);
	arena_clear(&printer.arena);
}

void printer_field(
	const struct schema_field *field, const void *base, bool with_secrets, struct text *out)
{
	struct printer printer = {
		.with_defaults = true, .with_secrets = with_secrets, .touch = PRINT_ALL_TOUCHES
	};

	if (field->kind == KIND_CHECKS)
		print_checks(&printer, field, base, NULL, 0, out);
	else if (field->kind == KIND_RULES)
		print_rules(&printer, field, base, 0, out);
	else if (field->kind == KIND_MAP)
		print_map(&printer, field, base, 0, out);
	else
		print_field(&printer, field, base, out);
	arena_clear(&printer.arena);
}

void printer_rule(const struct config_rule *rule, struct text *out)
{
	struct printer printer = { .touch = PRINT_ALL_TOUCHES };
	struct config_rule blank = { .name = NULL };

	fill_defaults(&printer, &schema_rule, &blank);
	print_section(&printer, &schema_rule, (const char *)rule,
		(struct reference){ &blank, NULL }, 0, out);
	arena_clear(&printer.arena);
}

void config_print(
	const struct config *config, bool with_defaults, bool with_secrets, struct text *out)
{
	struct printer printer = {
		.config = config,
		.with_defaults = with_defaults,
		.with_secrets = with_secrets,
		.touch = PRINT_ALL_TOUCHES,
	};
	struct config *blank = calloc(1, sizeof(*blank));
	struct reference reference = { 0 };

	if (blank == NULL) {
		out->failed = true;
		return;
	}
	fill_defaults(&printer, &schema_root, blank);
	if (!with_defaults)
		reference.blank = blank;
	print_section(&printer, &schema_root, (const char *)config, reference, 0, out);
	arena_clear(&printer.arena);
	free(blank);
}

bool config_equal(const struct config *a, const struct config *b)
{
	struct text text_a = { 0 }, text_b = { 0 };
	bool equal;

	config_print(a, true, true, &text_a);
	config_print(b, true, true, &text_b);
	equal = !text_a.failed && !text_b.failed &&
		strcmp(text_string(&text_a), text_string(&text_b)) == 0;
	text_clear(&text_a);
	text_clear(&text_b);
	return equal;
}
