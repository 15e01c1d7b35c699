/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flow specifications as text, both ways. The grammar is in wire/flowspec.h.
 *
 * Invariants:
 *  1. What flowspec_format prints in full, flowspec_parse reads back to the same bytes.
 *  2. What flowspec_parse gives is in canonical form.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire/flowspec_table.h"

/* Comparisons, by their operator bits. Those of two letters stand before those they begin with.
 */
struct operator_name {
	const char *text;
	uint8_t bits;
};

static const struct operator_name number_operators[] = {
	{ "!=", FLOWSPEC_LESS | FLOWSPEC_GREATER },
	{ "<=", FLOWSPEC_LESS | FLOWSPEC_EQUAL },
	{ ">=", FLOWSPEC_GREATER | FLOWSPEC_EQUAL },
	{ "=", FLOWSPEC_EQUAL },
	{ "<", FLOWSPEC_LESS },
	{ ">", FLOWSPEC_GREATER },
	{ "false", 0 },
	{ "true", FLOWSPEC_LESS | FLOWSPEC_GREATER | FLOWSPEC_EQUAL },
	{ NULL, 0 },
};

static const struct operator_name bit_operators[] = {
	{ "!=", FLOWSPEC_NOT | FLOWSPEC_MATCH },
	{ "!~", FLOWSPEC_NOT },
	{ "=", FLOWSPEC_MATCH },
	{ "~", 0 },
	{ NULL, 0 },
};

static const struct operator_name *operators_of(const struct flowspec_row *row)
{
	return row->form == FLOWSPEC_FORM_BITS ? bit_operators : number_operators;
}

static uint8_t width_least(uint64_t value)
{
	if (value > UINT32_MAX)
		return 8;
	if (value > UINT16_MAX)
		return 4;
	return value > UINT8_MAX ? 2 : 1;
}

/* ---- Printing. ---- */

struct output {
	char *buffer;
	size_t size, length; /* length: of all that was printed, in the buffer or not */
};

__attribute__((format(printf, 2, 3))) static void print(
	struct output *output, const char *format, ...)
{
	size_t at = output->length < output->size ? output->length : output->size;
	va_list list;
	int length;

	va_start(list, format);
	length = vsnprintf(output->size == 0 ? NULL : output->buffer + at, output->size - at,
		format, list);
	va_end(list);
	if (length > 0)
		output->length += (size_t)length;
}

/* Whether names cover all bits of the value. */
static bool bits_named(const struct flowspec_row *row, const struct flowspec_test *test)
{
	uint64_t left = test->value;

	for (const struct flowspec_word *word = row->words; word->name != NULL; word++)
		left &= ~(uint64_t)word->value;
	return left == 0 && test->value != 0 && test->width == 1;
}

static void bits_print(struct output *output, const struct flowspec_row *row, uint64_t value)
{
	const char *separator = "";

	for (const struct flowspec_word *word = row->words; word->name != NULL; word++)
		if (value & word->value) {
			print(output, "%s%s", separator, word->name);
			separator = "+";
		}
}

static const char *word_of(const struct flowspec_row *row, const struct flowspec_test *test)
{
	for (const struct flowspec_word *word = row->words; word != NULL && word->name != NULL;
		word++)
		if (row->form == FLOWSPEC_FORM_NUMBER && test->value == word->value)
			return word->name;
	return NULL;
}

static void number_print(struct output *output, const struct flowspec_test *test)
{
	if (width_least(test->value) < test->width)
		print(output, "0x%0*llx", 2 * test->width, (unsigned long long)test->value);
	else
		print(output, "%llu", (unsigned long long)test->value);
}

static void value_print(
	struct output *output, const struct flowspec_row *row, const struct flowspec_test *test)
{
	if (row->form == FLOWSPEC_FORM_BITS && bits_named(row, test))
		bits_print(output, row, test->value);
	else if (row->form == FLOWSPEC_FORM_BITS)
		print(output, "0x%0*llx", 2 * test->width, (unsigned long long)test->value);
	else if (word_of(row, test) != NULL && test->width == 1)
		print(output, "%s", word_of(row, test));
	else
		number_print(output, test);
}

static void test_print(
	struct output *output, const struct flowspec_row *row, const struct flowspec_test *test)
{
	const struct operator_name *name = operators_of(row);
	bool constant;

	while (name->text != NULL && name->bits != (test->bits & 0x07))
		name++;
	constant = row->form == FLOWSPEC_FORM_NUMBER && ((test->bits & 0x07) % 7) == 0;
	print(output, "%s", name->text == NULL ? "?" : name->text);
	if (constant && test->value == 0 && test->width == 1)
		return;
	print(output, " ");
	if (constant)
		number_print(output, test);
	else
		value_print(output, row, test);
}

static void component_print(
	struct output *output, const struct flowspec_component *component, enum family family)
{
	const struct flowspec_row *row = flowspec_row_of(component->type, family);
	struct cursor tests = component->tests;
	char prefix[PREFIX_TEXT_MAX];
	const char *separator = " ";
	struct flowspec_test test;

	print(output, "%s", row->name);
	if (row->form == FLOWSPEC_FORM_PREFIX) {
		print(output, " %s", prefix_format(&component->prefix, prefix));
		if (component->offset != 0)
			print(output, " offset %u", component->offset);
		return;
	}
	while (flowspec_test_next(&tests, &test)) {
		if (test.bits & FLOWSPEC_AND)
			separator = " & ";
		print(output, "%s", separator);
		test_print(output, row, &test);
		separator = ", ";
	}
}

size_t flowspec_format(const struct flowspec *rule, char *buffer, size_t size)
{
	struct output output = { .buffer = buffer, .size = size };
	struct cursor c = cursor_of(rule->bytes, rule->length);
	struct flowspec_component component;
	const char *separator = "";

	if (rule->length == 0)
		print(&output, "any");
	while (flowspec_next(&c, (enum family)rule->family, &component)) {
		print(&output, "%s", separator);
		component_print(&output, &component, (enum family)rule->family);
		separator = " and ";
	}
	return output.length;
}

/* ---- Reading. ---- */

struct input {
	const char *start, *at;
	enum family family;
	struct error *error;
};

#define WORD_MAX 64

static int mistake(struct input *input, enum error_code code, const char *what)
{
	if (input->error != NULL)
		input->error->offset = (size_t)(input->at - input->start);
	return error_set(input->error, code, "%s at \"%.24s\"", what,
		*input->at == '\0' ? "the end" : input->at);
}

static void blanks_skip(struct input *input)
{
	input->at += strspn(input->at, " \t");
}

/* Takes the text if it comes next; a word only as a whole. */
static bool take(struct input *input, const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t length = strlen(text);

	blanks_skip(input);
	if (strncmp(input->at, text, length) != 0 ||
		(strchr(letters, text[0]) != NULL && input->at[length] != '\0' &&
			strchr(letters, input->at[length]) != NULL))
		return false;
	input->at += length;
	return true;
}

/* The next word into buffer; 0 at the end, for an operator, or if it is too long. */
static size_t word_take(struct input *input, char buffer[WORD_MAX])
{
	size_t length;

	blanks_skip(input);
	length = strcspn(input->at, " \t,&=<>!~");
	if (length >= WORD_MAX)
		return 0;
	memcpy(buffer, input->at, length);
	buffer[length] = '\0';
	input->at += length;
	return length;
}

/* Digits of either kind: the width of hexadecimal ones is that of the value. */
static bool digits_read(const char *word, struct flowspec_test *test)
{
	size_t digits;

	if (strncmp(word, "0x", 2) == 0) {
		digits = strspn(word + 2, "0123456789abcdefABCDEF");
		if (word[2 + digits] != '\0' ||
			(digits != 2 && digits != 4 && digits != 8 && digits != 16))
			return false;
		test->value = strtoull(word + 2, NULL, 16);
		test->width = (uint8_t)(digits / 2);
		return true;
	}
	digits = strspn(word, "0123456789");
	if (digits == 0 || digits > 18 || word[digits] != '\0')
		return false;
	test->value = strtoull(word, NULL, 10);
	test->width = width_least(test->value);
	return true;
}

/* "tcp", or "syn+ack". */
static bool names_read(
	const struct flowspec_row *row, const char *text, struct flowspec_test *test)
{
	test->value = 0;
	test->width = 1;
	while (row->words != NULL) {
		const struct flowspec_word *word = row->words;
		size_t length =
			row->form == FLOWSPEC_FORM_BITS ? strcspn(text, "+") : strlen(text);

		while (word->name != NULL &&
			(strncmp(word->name, text, length) != 0 || word->name[length] != '\0'))
			word++;
		if (word->name == NULL)
			return false;
		test->value |= word->value;
		if (text[length] == '\0')
			return true;
		text += length + 1;
	}
	return false;
}

static int value_read(
	struct input *input, const struct flowspec_row *row, struct flowspec_test *test)
{
	struct input before = *input;
	char word[WORD_MAX];

	if (word_take(input, word) == 0 ||
		(!digits_read(word, test) && !names_read(row, word, test)))
		return mistake(&before, ERROR_MALFORMED, "a value is expected");
	if (test->width > row->width_max)
		return mistake(&before, ERROR_RANGE, "a value is out of range");
	return 0;
}

static int test_read(
	struct input *input, const struct flowspec_row *row, struct flowspec_test *ret_test)
{
	const struct operator_name *name = operators_of(row);
	struct flowspec_test test = { .bits = FLOWSPEC_EQUAL, .width = 1 };

	while (name->text != NULL && !take(input, name->text))
		name++;
	if (name->text != NULL)
		test.bits = name->bits;
	*ret_test = test;
	blanks_skip(input);
	/* "true" and "false" need no value. */
	if (name->text != NULL && (name->text[0] == 't' || name->text[0] == 'f') &&
		(*input->at < '0' || *input->at > '9'))
		return 0;
	return value_read(input, row, ret_test);
}

static int tests_read(struct input *input, const struct flowspec_row *row, struct writer *w)
{
	struct flowspec_test test;
	uint8_t joined = 0;
	uint8_t *at = NULL;

	for (;;) {
		int r = test_read(input, row, &test);

		if (r != 0)
			return r;
		test.bits |= joined;
		at = w->at;
		flowspec_test_write(w, &test);
		if (w->failed)
			return mistake(input, ERROR_FULL, "the rule is too long");
		if (take(input, "&"))
			joined = FLOWSPEC_AND;
		else if (take(input, ","))
			joined = 0;
		else
			break;
	}
	*at |= FLOWSPEC_LAST;
	return 0;
}

static int offset_read(struct input *input, const struct prefix *prefix, uint8_t *ret_offset)
{
	struct input before = *input;
	struct prefix front = *prefix;
	struct flowspec_test number;
	char word[WORD_MAX];

	*ret_offset = 0;
	if (input->family != FAMILY_IPV6 || !take(input, "offset"))
		return 0;
	if (word_take(input, word) == 0 || !digits_read(word, &number))
		return mistake(&before, ERROR_MALFORMED, "an offset is expected");
	if (number.value >= prefix->length)
		return mistake(&before, ERROR_RANGE, "the offset is not below the length");
	front.length = (uint8_t)number.value;
	prefix_normalise(&front);
	if (!address_is_any(&front.address))
		return mistake(&before, ERROR_RANGE, "bits in front of the offset are set");
	*ret_offset = (uint8_t)number.value;
	return 0;
}

static int prefix_read(struct input *input, uint8_t type, struct writer *w)
{
	struct input before = *input;
	struct prefix prefix;
	char word[WORD_MAX];
	uint8_t offset;
	int r;

	if (word_take(input, word) == 0)
		return mistake(&before, ERROR_MALFORMED, "a prefix is expected");
	r = prefix_parse(word, &prefix);
	if (r != 0)
		return mistake(&before, r == ERROR_RANGE ? ERROR_RANGE : ERROR_MALFORMED,
			r == ERROR_RANGE ? "a prefix has host bits" : "a prefix is expected");
	if (prefix.address.family != input->family)
		return mistake(&before, ERROR_RANGE, "a prefix is of the other family");
	r = offset_read(input, &prefix, &offset);
	if (r == 0)
		flowspec_prefix_write(w, type, &prefix, offset);
	return r;
}

/* Where a component stands that was read, by type. */
struct place {
	const uint8_t *bytes;
	size_t size;
};

static int component_read(struct input *input, struct writer *w, struct place *places)
{
	struct input before = *input;
	char word[WORD_MAX];
	const uint8_t *start = w->at;
	uint8_t type = 1;
	int r;

	if (word_take(input, word) == 0)
		return mistake(&before, ERROR_MALFORMED, "a component is expected");
	while (type <= FLOWSPEC_TYPE_MAX && strcmp(flowspec_type_name(type), word) != 0)
		type++;
	if (flowspec_row_of(type, input->family) == NULL)
		return mistake(&before, ERROR_MALFORMED, "there is no such component");
	if (places[type].bytes != NULL)
		return mistake(&before, ERROR_EXISTS, "the component is there already");
	if (flowspec_row_of(type, input->family)->form == FLOWSPEC_FORM_PREFIX) {
		r = prefix_read(input, type, w);
	} else {
		writer_u8(w, type);
		r = tests_read(input, flowspec_row_of(type, input->family), w);
	}
	places[type] = (struct place){ start, (size_t)(w->at - start) };
	return r == 0 && w->failed ? mistake(input, ERROR_FULL, "the rule is too long") : r;
}

static int components_read(struct input *input, struct writer *w, struct place *places)
{
	int r;

	if (take(input, "any")) {
		blanks_skip(input);
		return *input->at == '\0'
			       ? 0
			       : mistake(input, ERROR_MALFORMED, "nothing goes with any");
	}
	do {
		r = component_read(input, w, places);
		blanks_skip(input);
	} while (r == 0 && *input->at != '\0' && take(input, "and"));
	if (r == 0 && *input->at != '\0')
		return mistake(input, ERROR_MALFORMED, "and is expected");
	return r;
}

int flowspec_parse(const char *text, enum family family, struct arena *arena,
	struct flowspec *ret_rule, struct error *error)
{
	struct input input = { .start = text, .at = text, .family = family, .error = error };
	struct place places[FLOWSPEC_TYPE_MAX + 1] = { 0 };
	uint8_t *read = arena_take(arena, FLOWSPEC_SIZE_MAX), *sorted;
	struct writer w, out;
	int r;

	if (read == NULL)
		return error_set(error, ERROR_MEMORY, "no memory");
	w = writer_of(read, FLOWSPEC_SIZE_MAX);
	r = components_read(&input, &w, places);
	if (r != 0)
		return r;
	sorted = arena_take(arena, writer_length(&w));
	if (sorted == NULL)
		return error_set(error, ERROR_MEMORY, "no memory");
	out = writer_of(sorted, writer_length(&w));
	for (unsigned type = 1; type <= FLOWSPEC_TYPE_MAX; type++)
		writer_bytes(&out, places[type].bytes, places[type].size);
	*ret_rule = (struct flowspec){ .family = (uint8_t)family,
		.length = (uint16_t)writer_length(&out),
		.bytes = sorted };
	return 0;
}
