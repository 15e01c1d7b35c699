/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of policies: prefixes with lengths, AS numbers, patterns, communities with wildcards.
 * The name of a set is told from a literal by how it looks: names have no '.', ':', '/', '*',
 * and do not begin with a digit.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/number_pattern.h"
#include "config/value_kinds.h"

#define WORDS_MAX 5 /* of a prefix with lengths */

static bool is_set_name(const char *text)
{
	return text[0] >= 'a' && text[0] <= 'z' && strlen(text) <= CONFIG_NAME_MAX &&
	       text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

/* The name of a set, where there may be one. */
static int take_name(const struct schema_field *field, const char *text, struct arena *arena,
	const char **ret_name, struct error *error)
{
	if ((field->flags & FIELD_LITERAL) != 0 || !is_set_name(text))
		return value_refuse(field, text, error);
	*ret_name = arena_string(arena, text);
	return *ret_name == NULL ? error_set(error, ERROR_MEMORY, "out of memory") : 0;
}

static bool is_neighbor(const struct schema_field *field, const char *text)
{
	return (field->flags & FIELD_NEIGHBOR) != 0 && strcmp(text, "neighbor") == 0;
}

/* ---- Prefixes with lengths: "P", "P le 28", "P ge 26", "P ge 26 le 28", "P or-longer". ----
 */

static size_t split_words(char *text, char *words[WORDS_MAX + 1])
{
	size_t count = 0;
	char *rest = text, *word;

	while (count <= WORDS_MAX && (word = strtok_r(rest, " \t", &rest)) != NULL)
		words[count++] = word;
	return count;
}

static bool parse_length(const char *text, uint8_t *ret_length)
{
	uint64_t value;

	text += text[0] == '/';
	if (!value_digits(text, strlen(text), 128, &value))
		return false;
	*ret_length = (uint8_t)value;
	return true;
}

static int parse_lengths(
	char *const *words, size_t count, struct config_prefix_item *item, struct error *error)
{
	uint8_t bits = family_bits((enum family)item->prefix.address.family);
	bool upper = false;

	item->minimum = item->maximum = item->prefix.length;
	if (count == 1 && strcmp(words[0], "or-longer") == 0) {
		item->maximum = bits;
		return 0;
	}
	for (size_t i = 0; i < count; i += 2) {
		bool le = strcmp(words[i], "le") == 0;

		if ((!le && strcmp(words[i], "ge") != 0) || i + 1 == count ||
			!parse_length(words[i + 1], le ? &item->maximum : &item->minimum)) {
			error_hint(error, "a prefix, and then: le 28, ge 26, ge 26 le 28, "
					  "or or-longer");
			return error_set(error, ERROR_MALFORMED,
				"'%.40s' is no length of prefixes", words[i]);
		}
		upper = upper || le;
	}
	if (!upper && count > 0)
		item->maximum = bits;
	if (item->minimum >= item->prefix.length && item->minimum <= item->maximum &&
		item->maximum <= bits)
		return 0;
	error_hint(error, "lengths go from %u to %u here", item->prefix.length, bits);
	return error_set(error, ERROR_RANGE, "no prefix has such a length");
}

int value_parse_prefix_item(const struct schema_field *field, const char *text,
	struct arena *arena, void *target, struct error *error)
{
	struct config_prefix_item item = { .set = NULL };
	char copy[160], *words[WORDS_MAX + 1];
	size_t count;
	int result;

	if (is_neighbor(field, text)) {
		memcpy(target, &item, sizeof(item));
		return 0;
	}
	if (strpbrk(text, "./:") == NULL) {
		result = take_name(field, text, arena, &item.set, error);
		if (result == 0)
			memcpy(target, &item, sizeof(item));
		return result;
	}
	if (strlen(text) >= sizeof(copy))
		return value_refuse(field, text, error);
	memcpy(copy, text, strlen(text) + 1);
	count = split_words(copy, words);
	if (count == 0 || count > WORDS_MAX)
		return value_refuse(field, text, error);
	result = value_parse_prefix(field, words[0], arena, &item.prefix, error);
	if (result == 0)
		result = parse_lengths(words + 1, count - 1, &item, error);
	if (result == 0)
		memcpy(target, &item, sizeof(item));
	return result;
}

void value_format_prefix_item(const struct schema_field *field, const void *value,
	bool with_secrets, struct text *out)
{
	struct config_prefix_item item;
	char text[PREFIX_TEXT_MAX];
	uint8_t bits;

	(void)field;
	(void)with_secrets;
	memcpy(&item, value, sizeof(item));
	bits = family_bits((enum family)item.prefix.address.family);
	if (item.set != NULL || bits == 0) {
		text_add(out, item.set != NULL ? item.set : "neighbor");
		return;
	}
	text_add(out, prefix_format(&item.prefix, text));
	if (item.minimum > item.prefix.length)
		text_print(out, " ge %u", item.minimum);
	if (item.maximum < bits
			? item.maximum > item.prefix.length || item.minimum > item.prefix.length
			: item.minimum == item.prefix.length && bits > item.minimum)
		text_print(out, " le %u", item.maximum);
}

/* ---- Numbers and ranges. ---- */

/* "10" or "10-20", at most maximum. */
static bool parse_range(const char *text, size_t length, uint64_t maximum, uint32_t *ret_first,
	uint32_t *ret_last)
{
	const char *dash = memchr(text, '-', length);
	size_t first_length = dash == NULL ? length : (size_t)(dash - text);
	uint64_t first, last;

	if (!value_digits(text, first_length, maximum, &first))
		return false;
	last = first;
	if (dash != NULL && !value_digits(dash + 1, length - first_length - 1, maximum, &last))
		return false;
	*ret_first = (uint32_t)first;
	*ret_last = (uint32_t)last;
	return last >= first;
}

static void print_range(uint32_t first, uint32_t last, struct text *out)
{
	text_print(out, "%" PRIu32, first);
	if (last != first)
		text_print(out, "-%" PRIu32, last);
}

int value_parse_as_item(const struct schema_field *field, const char *text, struct arena *arena,
	void *target, struct error *error)
{
	struct config_as_item item = { .neighbor = is_neighbor(field, text) };
	int result = 0;

	if (!item.neighbor &&
		!parse_range(text, strlen(text), UINT32_MAX, &item.first, &item.last)) {
		if (strncasecmp(text, "AS", 2) == 0 && strlen(text) > 2 &&
			text[2 + strspn(text + 2, "0123456789")] == '\0')
			error_hint(error, "write %.20s", text + 2);
		else
			error_hint(error, "64500, or 64500-64510");
		result = take_name(field, text, arena, &item.set, error);
	}
	if (result == 0)
		memcpy(target, &item, sizeof(item));
	return result;
}

void value_format_as_item(const struct schema_field *field, const void *value,
	bool with_secrets, struct text *out)
{
	struct config_as_item item;

	(void)field;
	(void)with_secrets;
	memcpy(&item, value, sizeof(item));
	if (item.set != NULL || item.neighbor)
		text_add(out, item.set != NULL ? item.set : "neighbor");
	else
		print_range(item.first, item.last, out);
}

int value_parse_numbers(const struct schema_field *field, const char *text, struct arena *arena,
	void *target, struct error *error)
{
	struct config_range range;

	(void)arena;
	if (!parse_range(
		    text, strlen(text), (uint64_t)field->maximum, &range.first, &range.last) ||
		range.first < field->minimum) {
		error_hint(error, "%" PRId64 " to %" PRId64 ": a number, or a range as in 8-24",
			field->minimum, field->maximum);
		return value_refuse(field, text, error);
	}
	memcpy(target, &range, sizeof(range));
	return 0;
}

void value_format_numbers(const struct schema_field *field, const void *value,
	bool with_secrets, struct text *out)
{
	struct config_range range;

	(void)field;
	(void)with_secrets;
	memcpy(&range, value, sizeof(range));
	print_range(range.first, range.last, out);
}

/* ---- Patterns for AS paths: kept as text, compiled where they are used. ---- */

/* Whether a set of that name is there is looked at later. */
static const struct number_range *any_name(void *context, const char *name, size_t *ret_count)
{
	static const struct number_range one = { 1, 1 };

	(void)context;
	(void)name;
	*ret_count = 1;
	return &one;
}

int value_parse_as_pattern(const struct schema_field *field, const char *text,
	struct arena *arena, void *target, struct error *error)
{
	const struct number_names names = { .find = any_name };
	struct number_pattern *pattern = NULL;
	struct error why = { 0 };
	const char *copy;
	int result = number_pattern_new(&text, 1, &names, &pattern, &why);

	(void)field;
	number_pattern_free(pattern);
	if (result != 0) {
		error_hint(error, "%s",
			why.hint[0] != '\0' ? why.hint
					    : "for example ^ 64501+ [64510-64519 "
					      "customers]* $, or a set's name");
		return error_set(error, (enum error_code)result, "%s, at character %zu",
			why.text, why.offset + 1);
	}
	copy = arena_string(arena, text);
	if (copy == NULL)
		return error_set(error, ERROR_MEMORY, "out of memory");
	memcpy(target, &copy, sizeof(copy));
	return 0;
}

/* ---- MED and next hops. ---- */

int value_parse_med(const struct schema_field *field, const char *text, struct arena *arena,
	void *target, struct error *error)
{
	struct config_med med = { .kind = CONFIG_MED_SET };
	uint64_t number = 0;

	(void)arena;
	if (strcmp(text, "igp") == 0)
		med.kind = CONFIG_MED_IGP;
	else if (strcmp(text, "remove") == 0)
		med.kind = CONFIG_MED_REMOVE;
	else if (text[0] == '+')
		med.kind = CONFIG_MED_ADD;
	else if (text[0] == '-')
		med.kind = CONFIG_MED_SUBTRACT;
	if (med.kind <= CONFIG_MED_SUBTRACT) {
		text += med.kind != CONFIG_MED_SET;
		if (!value_digits(text, strlen(text), UINT32_MAX, &number)) {
			error_hint(error, "a number, +10, -10, igp, or remove");
			return value_refuse(field, text, error);
		}
	}
	med.number = (uint32_t)number;
	memcpy(target, &med, sizeof(med));
	return 0;
}

void value_format_med(const struct schema_field *field, const void *value, bool with_secrets,
	struct text *out)
{
	static const char *const before[] = { "", "", "+", "-", "igp", "remove" };
	struct config_med med;

	(void)field;
	(void)with_secrets;
	memcpy(&med, value, sizeof(med));
	text_add(out, before[med.kind]);
	if (med.kind <= CONFIG_MED_SUBTRACT)
		text_print(out, "%" PRIu32, med.number);
}

int value_parse_next_hop(const struct schema_field *field, const char *text,
	struct arena *arena, void *target, struct error *error)
{
	struct config_next_hop hop = { .self = strcmp(text, "self") == 0 };
	int result = 0;

	if (!hop.self) {
		error_hint(error, "self, or an address");
		result = value_parse_address(field, text, arena, &hop.address, error);
	}
	if (result == 0)
		memcpy(target, &hop, sizeof(hop));
	return result;
}

void value_format_next_hop(const struct schema_field *field, const void *value,
	bool with_secrets, struct text *out)
{
	struct config_next_hop hop;

	memcpy(&hop, value, sizeof(hop));
	if (hop.self)
		text_add(out, "self");
	else
		value_format_address(field, &hop.address, with_secrets, out);
}

/* ---- None, all, or one policy; lists are read in config/section_policy.c. ---- */

int value_parse_choice(const struct schema_field *field, const char *text, struct arena *arena,
	void *target, struct error *error)
{
	const struct schema_word *word = schema_word_find(field->words, text);
	const struct schema_field name = { .key = field->key, .kind = KIND_NAME };
	struct config_choice choice = { .kind = CHOICE_POLICIES, .count = 1 };
	const char **names;
	int result;

	if (word != NULL) {
		choice = (struct config_choice){ .kind = (enum config_choice_kind)word->value };
		memcpy(target, &choice, sizeof(choice));
		return 0;
	}
	names = arena_take(arena, sizeof(*names));
	if (names == NULL)
		return error_set(error, ERROR_MEMORY, "out of memory");
	result = value_parse(&name, text, arena, names, error);
	if (result != 0)
		return result;
	choice.policies = names;
	memcpy(target, &choice, sizeof(choice));
	return 0;
}

void value_format_choice(const struct schema_field *field, const void *value, bool with_secrets,
	struct text *out)
{
	struct config_choice choice;

	(void)with_secrets;
	memcpy(&choice, value, sizeof(choice));
	if (choice.kind != CHOICE_POLICIES) {
		text_add(out, schema_word_of(field->words, (int64_t)choice.kind)->word);
		return;
	}
	for (size_t i = 0; i < choice.count; i++)
		text_print(out, "%s%s", i == 0 ? "" : ", ", choice.policies[i]);
}
