/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single values, by kind: one row of the table at the end reads a kind, the next column writes
 * it.
 *
 * Invariants:
 *  1. value_parse of what value_format wrote gives the same value.
 *  2. A value that was refused leaves its target untouched.
 */
#include "config/value_kinds.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/instant.h"

#define DOMAIN_MAX    253u /* RFC 1035 section 2.3.4, in presentation form */
#define INTERFACE_MAX 15u  /* Linux IFNAMSIZ - 1 */
#define TEXT_MAX      4096u

uint64_t value_load(const void *at, size_t size)
{
	uint8_t one;
	uint16_t two;
	uint32_t four;
	uint64_t eight;

	switch (size) {
	case 1:
		return memcpy(&one, at, 1), one;
	case 2:
		return memcpy(&two, at, 2), two;
	case 4:
		return memcpy(&four, at, 4), four;
	default:
		return memcpy(&eight, at, 8), eight;
	}
}

void value_store(void *at, size_t size, uint64_t value)
{
	uint8_t one = (uint8_t)value;
	uint16_t two = (uint16_t)value;
	uint32_t four = (uint32_t)value;

	switch (size) {
	case 1:
		memcpy(at, &one, 1);
		break;
	case 2:
		memcpy(at, &two, 2);
		break;
	case 4:
		memcpy(at, &four, 4);
		break;
	default:
		memcpy(at, &value, 8);
		break;
	}
}

bool value_digits(const char *text, size_t length, uint64_t maximum, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (length == 0 || length > 20 || (length > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		if (__builtin_mul_overflow(value, 10u, &value) ||
			__builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
			return false;
	}
	if (value > maximum)
		return false;
	*ret_value = value;
	return true;
}

static bool all_digits(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

int value_refuse(const struct schema_field *field, const char *text, struct error *error)
{
	return error_set(error, ERROR_MALFORMED, "'%.200s' is not %s", text,
		schema_kind_name(field->kind));
}

static int parse_bool(const struct schema_field *field, const char *text, struct arena *arena,
	void *target, struct error *error)
{
	static const char *const meant[][2] = { { "yes", "true" }, { "on", "true" },
		{ "1", "true" }, { "y", "true" }, { "no", "false" }, { "off", "false" },
		{ "0", "false" }, { "n", "false" }, { "true", "true" }, { "false", "false" } };
	bool value = strcmp(text, "true") == 0;

	(void)arena;
	if (value || strcmp(text, "false") == 0) {
		memcpy(target, &value, sizeof(value));
		return 0;
	}
	for (size_t i = 0; i < sizeof(meant) / sizeof(meant[0]); i++)
		if (strcasecmp(text, meant[i][0]) == 0)
			error_hint(error, "write %s", meant[i][1]);
	return value_refuse(field, text, error);
}

static void format_bool(const struct schema_field *field, const void *value, bool with_secrets,
	struct text *out)
{
	(void)field;
	(void)with_secrets;
	text_add(out, value_load(value, sizeof(bool)) != 0 ? "true" : "false");
}

/* "0 or 2 to 255 hops" */
static void hint_range(const struct schema_field *field, struct error *error)
{
	char from[DURATION_TEXT_MAX], to[DURATION_TEXT_MAX];
	const char *zero = (field->flags & FIELD_ZERO) != 0 ? "0, or " : "";

	if (field->kind == KIND_DURATION)
		error_hint(error, "%sfrom %s to %s", zero,
			duration_format((struct duration){ field->minimum }, from),
			duration_format((struct duration){ field->maximum }, to));
	else
		error_hint(error, "%s%" PRId64 " to %" PRId64 "%s%s", zero, field->minimum,
			field->maximum, field->unit == NULL ? "" : " ",
			field->unit == NULL ? "" : field->unit);
}

static bool in_range(const struct schema_field *field, int64_t value)
{
	return (value == 0 && (field->flags & FIELD_ZERO) != 0) ||
	       (value >= field->minimum && value <= field->maximum);
}

static int parse_integer(const struct schema_field *field, const char *text,
	struct arena *arena, void *target, struct error *error)
{
	uint64_t value;

	(void)arena;
	if (!value_digits(text, strlen(text), INT64_MAX, &value)) {
		if (all_digits(text) && text[0] == '0' && text[1] != '\0')
			error_hint(error, "leave out the leading zeroes");
		else
			hint_range(field, error);
		return value_refuse(field, text, error);
	}
	if (!in_range(field, (int64_t)value)) {
		hint_range(field, error);
		return error_set(error, ERROR_RANGE, "%s is out of range", text);
	}
	value_store(target, field->size, value);
	return 0;
}

static void format_integer(const struct schema_field *field, const void *value,
	bool with_secrets, struct text *out)
{
	(void)with_secrets;
	text_print(out, "%" PRIu64, value_load(value, field->size));
}

static int parse_percent(const struct schema_field *field, const char *text,
	struct arena *arena, void *target, struct error *error)
{
	size_t length = strlen(text);
	uint64_t value;

	(void)arena;
	if (length > 0 && text[length - 1] == '%')
		length--;
	if (!value_digits(text, length, 100, &value)) {
		error_hint(error, "0%% to 100%%");
		return value_refuse(field, text, error);
	}
	value_store(target, field->size, value);
	return 0;
}

static void format_percent(const struct schema_field *field, const void *value,
	bool with_secrets, struct text *out)
{
	(void)with_secrets;
	text_print(out, "%" PRIu64 "%%", value_load(value, field->size));
}

/* [-]digits[.digits], whatever the locale says of decimal points. */
static bool read_decimal(const char *text, double *ret_value)
{
	const char *at = text + (text[0] == '-');
	double value = 0, unit = 1;
	size_t whole = strspn(at, "0123456789"), part;

	if (whole == 0 || whole > 9)
		return false;
	for (size_t i = 0; i < whole; i++)
		value = value * 10 + (at[i] - '0');
	at += whole;
	if (*at == '.') {
		part = strspn(++at, "0123456789");
		if (part == 0 || at[part] != '\0')
			return false;
		/* At most 15 digits in all: exact, so that the quotient is the nearest. */
		for (; *at != '\0' && unit < 1e6; at++) {
			unit *= 10;
			value = value * 10 + (*at - '0');
		}
		at += strlen(at);
	}
	value /= unit;
	*ret_value = text[0] == '-' ? -value : value;
	return *at == '\0';
}

static int parse_decimal(const struct schema_field *field, const char *text,
	struct arena *arena, void *target, struct error *error)
{
	double value;

	(void)arena;
	if (!read_decimal(text, &value)) {
		hint_range(field, error);
		return value_refuse(field, text, error);
	}
	if (value < (double)field->minimum || value > (double)field->maximum) {
		hint_range(field, error);
		return error_set(error, ERROR_RANGE, "%s is out of range", text);
	}
	memcpy(target, &value, sizeof(value));
	return 0;
}

static void format_decimal(const struct schema_field *field, const void *value,
	bool with_secrets, struct text *out)
{
	double number, size;
	uint64_t millionths;
	char part[8];
	size_t length = 6;

	(void)field;
	(void)with_secrets;
	memcpy(&number, value, sizeof(number));
	size = number < 0 ? -number : number;
	millionths = (uint64_t)(size * 1e6 + 0.5);
	text_print(out, "%s%" PRIu64, number < 0 && millionths > 0 ? "-" : "",
		millionths / 1000000);
	snprintf(part, sizeof(part), "%06u", (unsigned)(millionths % 1000000));
	while (length > 0 && part[length - 1] == '0')
		length--;
	if (length > 0)
		text_print(out, ".%.*s", (int)length, part);
}

/* What a number without a unit, or with a fraction, was probably meant to be. */
static void hint_duration(const char *text, struct error *error)
{
	unsigned long whole = 0;
	unsigned tenths = 0;
	char end = '\0';

	if (all_digits(text))
		error_hint(error, "say the unit: %.20ss or %.20sms", text, text);
	else if (sscanf(text, "%lu.%1us%c", &whole, &tenths, &end) == 2 && whole < 1000000 &&
		 strchr(text, 's') != NULL)
		error_hint(error, "write %lums", whole * 1000 + tenths * 100ul);
	else
		error_hint(error, "a whole number and a unit: 500us, 200ms, 5s, 10m, 2h, 1d");
}

static int parse_duration(const struct schema_field *field, const char *text,
	struct arena *arena, void *target, struct error *error)
{
	struct duration value;
	int result = duration_parse(text, &value);

	(void)arena;
	if (result == ERROR_MALFORMED) {
		hint_duration(text, error);
		return value_refuse(field, text, error);
	}
	if (result != 0 || !in_range(field, value.ns)) {
		hint_range(field, error);
		return error_set(error, ERROR_RANGE, "%.40s is out of range", text);
	}
	memcpy(target, &value, sizeof(value));
	return 0;
}

static void format_duration(const struct schema_field *field, const void *value,
	bool with_secrets, struct text *out)
{
	char text[DURATION_TEXT_MAX];
	struct duration duration;

	(void)field;
	(void)with_secrets;
	memcpy(&duration, value, sizeof(duration));
	text_add(out, duration_format(duration, text));
}

static int keep_text(const char *text, struct arena *arena, void *target, struct error *error)
{
	const char *copy = arena_string(arena, text);

	if (copy == NULL)
		return error_set(error, ERROR_MEMORY, "out of memory");
	memcpy(target, &copy, sizeof(copy));
	return 0;
}

/* What would break a line of HTTP, of a log or of a terminal. */
static bool holds_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

static int parse_string(const struct schema_field *field, const char *text, struct arena *arena,
	void *target, struct error *error)
{
	if (text[0] == '\0' && (field->flags & FIELD_EMPTY) == 0) {
		error_hint(error, "leave the key out if you do not need it");
		return error_set(error, ERROR_MALFORMED, "this text is empty");
	}
	if (strlen(text) > TEXT_MAX) {
		error_hint(error, "at most %u bytes", TEXT_MAX);
		return error_set(error, ERROR_RANGE, "this text is too long");
	}
	if ((field->flags & FIELD_BYTES) == 0 && holds_control(text)) {
		error_hint(error, "take out line breaks, tabs and escapes such as \\n");
		return error_set(error, ERROR_MALFORMED, "this text holds a control character");
	}
	return keep_text(text, arena, target, error);
}

static void format_string(const struct schema_field *field, const void *value,
	bool with_secrets, struct text *out)
{
	const char *text;

	(void)field;
	(void)with_secrets;
	memcpy(&text, value, sizeof(text));
	text_add(out, text == NULL ? "" : text);
}

static bool is_name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static int parse_name(const struct schema_field *field, const char *text, struct arena *arena,
	void *target, struct error *error)
{
	size_t length = strlen(text);
	char meant[CONFIG_NAME_MAX + 1] = "";
	bool good = length > 0 && length <= CONFIG_NAME_MAX && text[0] != '-';

	for (size_t i = 0; i < length && i < CONFIG_NAME_MAX; i++) {
		char lower = (char)tolower((unsigned char)text[i]);

		good = good && is_name_character(text[i]);
		meant[i] = is_name_character(lower) ? lower : '-';
	}
	if (good)
		return keep_text(text, arena, target, error);
	if (length > CONFIG_NAME_MAX)
		error_hint(error, "at most %d characters", CONFIG_NAME_MAX);
	else if (length > 0 && meant[0] != '-')
		error_hint(error, "lower-case letters, digits and hyphens: %s", meant);
	else
		error_hint(error, "lower-case letters, digits and hyphens");
	return value_refuse(field, text, error);
}

static int parse_interface(const struct schema_field *field, const char *text,
	struct arena *arena, void *target, struct error *error)
{
	size_t length = strlen(text);

	/* What the kernel's dev_valid_name refuses. */
	if (length == 0 || length > INTERFACE_MAX || strpbrk(text, "/: \t\n\r") != NULL ||
		strcmp(text, ".") == 0 || strcmp(text, "..") == 0) {
		error_hint(
			error, "at most %u characters, as `ip link` shows it", INTERFACE_MAX);
		return value_refuse(field, text, error);
	}
	return keep_text(text, arena, target, error);
}

static int parse_path(const struct schema_field *field, const char *text, struct arena *arena,
	void *target, struct error *error)
{
	if (text[0] != '/' || strlen(text) >= TEXT_MAX) {
		error_hint(error, "begin it with '/'");
		return value_refuse(field, text, error);
	}
	return keep_text(text, arena, target, error);
}

static int parse_domain(const struct schema_field *field, const char *text, struct arena *arena,
	void *target, struct error *error)
{
	size_t length = strlen(text);
	size_t label = 0;
	bool good = length > 0 && length <= DOMAIN_MAX + 1;

	if (strcmp(text, ".") == 0)
		return keep_text(text, arena, target, error);
	for (size_t i = 0; good && i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		good = c == '.' ? label > 0 : isalnum(c) || strchr("-_*", c) != NULL;
		label = c == '.' ? 0 : label + 1;
		good = good && label <= 63;
	}
	if (!good) {
		error_hint(error, "labels of letters, digits, '-' and '_' with dots between");
		return value_refuse(field, text, error);
	}
	return keep_text(text, arena, target, error);
}

static int parse_word(const struct schema_field *field, const char *text, struct arena *arena,
	void *target, struct error *error)
{
	const struct schema_word *word = schema_word_find(field->words, text);
	const char *closest;
	struct text all = { 0 };

	(void)arena;
	if (word != NULL) {
		value_store(target, field->size, (uint64_t)word->value);
		return 0;
	}
	closest = schema_closest_word(field->words, text);
	for (word = field->words; word->word != NULL; word++)
		text_print(&all, "%s%s", word == field->words ? "" : ", ", word->word);
	if (closest != NULL)
		error_hint(error, "did you mean '%s'?", closest);
	else
		error_hint(error, "one of: %s", text_string(&all));
	text_clear(&all);
	return error_set(error, ERROR_MALFORMED, "'%.200s' is not known", text);
}

static void format_word(const struct schema_field *field, const void *value, bool with_secrets,
	struct text *out)
{
	const struct schema_word *word =
		schema_word_of(field->words, (int64_t)value_load(value, field->size));

	(void)with_secrets;
	text_add(out, word == NULL ? "" : word->word);
}

static int parse_status(const struct schema_field *field, const char *text, struct arena *arena,
	void *target, struct error *error)
{
	const char *dash = strchr(text, '-');
	struct config_status_range range;
	uint64_t first, last;

	(void)arena;
	error_hint(error, "100 to 599: 200, or 200-299");
	if (dash == NULL) {
		if (!value_digits(text, strlen(text), 599, &first))
			return value_refuse(field, text, error);
		last = first;
	} else if (!value_digits(text, (size_t)(dash - text), 599, &first) ||
		   !value_digits(dash + 1, strlen(dash + 1), 599, &last)) {
		return value_refuse(field, text, error);
	}
	if (first < 100 || last < first)
		return value_refuse(field, text, error);
	range = (struct config_status_range){ (uint16_t)first, (uint16_t)last };
	memcpy(target, &range, sizeof(range));
	error_hint(error, "%s", "");
	return 0;
}

static void format_status(const struct schema_field *field, const void *value,
	bool with_secrets, struct text *out)
{
	struct config_status_range range;

	(void)field;
	(void)with_secrets;
	memcpy(&range, value, sizeof(range));
	text_print(out, "%u", range.first);
	if (range.last != range.first)
		text_print(out, "-%u", range.last);
}

static const struct value_kind {
	value_parser *parse;
	value_formatter *format;
} kinds[KIND_COUNT] = {
	[KIND_BOOL] = { parse_bool, format_bool },
	[KIND_INTEGER] = { parse_integer, format_integer },
	[KIND_PERCENT] = { parse_percent, format_percent },
	[KIND_DECIMAL] = { parse_decimal, format_decimal },
	[KIND_DURATION] = { parse_duration, format_duration },
	[KIND_STRING] = { parse_string, format_string },
	[KIND_NAME] = { parse_name, format_string },
	[KIND_INTERFACE] = { parse_interface, format_string },
	[KIND_PATH] = { parse_path, format_string },
	[KIND_DOMAIN] = { parse_domain, format_string },
	[KIND_WORD] = { parse_word, format_word },
	[KIND_SET] = { parse_word, format_word }, /* one of its words */
	[KIND_ADDRESS] = { value_parse_address, value_format_address },
	[KIND_PREFIX] = { value_parse_prefix, value_format_prefix },
	[KIND_ASN] = { value_parse_asn, format_integer },
	[KIND_ROUTER_ID] = { value_parse_router_id, value_format_router_id },
	[KIND_SECRET] = { value_parse_secret, value_format_secret },
	[KIND_STATUS] = { parse_status, format_status },
	[KIND_PREFIX_ITEM] = { value_parse_prefix_item, value_format_prefix_item },
	[KIND_AS_ITEM] = { value_parse_as_item, value_format_as_item },
	[KIND_AS_PATTERN] = { value_parse_as_pattern, format_string },
	[KIND_COMMUNITY_ITEM] = { value_parse_community_item, value_format_community_item },
	[KIND_NUMBERS] = { value_parse_numbers, value_format_numbers },
	[KIND_MED] = { value_parse_med, value_format_med },
	[KIND_NEXT_HOP] = { value_parse_next_hop, value_format_next_hop },
	[KIND_CHOICE] = { value_parse_choice, value_format_choice },
};

int value_parse(const struct schema_field *field, const char *text, struct arena *arena,
	void *target, struct error *error)
{
	if (kinds[field->kind].parse == NULL)
		return error_set(
			error, ERROR_UNSUPPORTED, "'%s' is no single value", field->key);
	return kinds[field->kind].parse(field, text, arena, target, error);
}

void value_format(const struct schema_field *field, const void *value, bool with_secrets,
	struct text *out)
{
	if (kinds[field->kind].format != NULL)
		kinds[field->kind].format(field, value, with_secrets, out);
}
