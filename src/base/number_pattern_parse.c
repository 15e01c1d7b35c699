/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a number pattern -> a tree.
 *
 * Invariants:
 *  1. Every atom matches exactly one number or is a group with an atom in it, so that repeating
 *     is bounded by what it makes.
 *  2. Groups nest at most DEPTH_MAX deep: the recursion is bounded.
 *  3. The ranges of a set are ascending and do not touch.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number_pattern_tree.h"

#define DEPTH_MAX  32
#define RANGES_MAX 1000000u

struct parser {
	const char *text, *at;
	const struct number_names *names;
	struct arena *arena;
	struct error *error;
	unsigned depth;
	int result;
};

static bool fail(struct parser *parser, enum error_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Always false. The first failure counts. */
static bool fail(struct parser *parser, enum error_code code, const char *format, ...)
{
	char text[160];
	va_list list;

	if (parser->result != 0)
		return false;
	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	parser->result = error_set(parser->error, code, "%s", text);
	if (parser->error != NULL)
		parser->error->offset = (size_t)(parser->at - parser->text);
	return false;
}

static void skip_spaces(struct parser *parser)
{
	parser->at += strspn(parser->at, " \t\r\n");
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static struct number_node *new_node(struct parser *parser, enum number_node_kind kind)
{
	struct number_node *node = arena_take(parser->arena, sizeof(*node));

	if (node == NULL)
		(void)fail(parser, ERROR_MEMORY, "out of memory");
	else
		node->kind = kind;
	return node;
}

static void append(struct number_node *parent, struct number_node *child)
{
	if (parent->last == NULL)
		parent->children = child;
	else
		parent->last->next = child;
	parent->last = child;
}

/* Ranges while they are collected. */
struct collection {
	struct number_range *ranges;
	size_t count, room;
};

static bool collect(struct parser *parser, struct collection *all, struct number_range range)
{
	struct number_range *larger;

	if (all->count >= RANGES_MAX)
		return fail(parser, ERROR_FULL, "too many numbers in one pattern");
	if (all->count == all->room) {
		size_t room = all->room == 0 ? 4 : 2 * all->room;

		larger = arena_take_array(parser->arena, room, sizeof(*larger));
		if (larger == NULL)
			return fail(parser, ERROR_MEMORY, "out of memory");
		if (all->count > 0)
			memcpy(larger, all->ranges, all->count * sizeof(*larger));
		all->ranges = larger;
		all->room = room;
	}
	all->ranges[all->count++] = range;
	return true;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct number_range *left = a, *right = b;

	return (left->first > right->first) - (left->first < right->first);
}

static void join_ranges(struct collection *all)
{
	size_t kept = 0;

	if (all->count == 0)
		return;
	qsort(all->ranges, all->count, sizeof(*all->ranges), compare_ranges);
	for (size_t i = 1; i < all->count; i++) {
		struct number_range *last = &all->ranges[kept];

		if (last->last == UINT32_MAX || all->ranges[i].first <= last->last + 1) {
			if (all->ranges[i].last > last->last)
				last->last = all->ranges[i].last;
		} else {
			all->ranges[++kept] = all->ranges[i];
		}
	}
	all->count = kept + 1;
}

/* What is between joined ranges. */
static bool turn_around(struct parser *parser, struct collection *all)
{
	struct collection others = { 0 };
	uint64_t from = 0;

	for (size_t i = 0; i < all->count; i++) {
		if (all->ranges[i].first > from &&
			!collect(parser, &others,
				(struct number_range){
					(uint32_t)from, all->ranges[i].first - 1 }))
			return false;
		from = (uint64_t)all->ranges[i].last + 1;
	}
	if (from <= UINT32_MAX &&
		!collect(parser, &others, (struct number_range){ (uint32_t)from, UINT32_MAX }))
		return false;
	*all = others;
	return true;
}

static bool read_number(struct parser *parser, uint64_t most, uint32_t *ret_number)
{
	const char *start = parser->at;
	uint64_t number = 0;

	while (is_digit(*parser->at) && number <= UINT32_MAX)
		number = number * 10 + (uint64_t)(*parser->at++ - '0');
	if (parser->at == start)
		return fail(parser, ERROR_MALFORMED, "a number is missing");
	if (number > most || is_digit(*parser->at)) {
		parser->at = start;
		return fail(parser, ERROR_MALFORMED, "a number above %llu",
			(unsigned long long)most);
	}
	*ret_number = (uint32_t)number;
	return true;
}

/* 64500 or 64500-64510 */
static bool read_range(struct parser *parser, struct collection *all)
{
	const char *start = parser->at;
	struct number_range range;

	if (!read_number(parser, UINT32_MAX, &range.first))
		return false;
	range.last = range.first;
	if (*parser->at == '-') {
		parser->at++;
		if (!read_number(parser, UINT32_MAX, &range.last))
			return false;
	}
	if (is_letter(*parser->at) || *parser->at == '-') {
		parser->at = start;
		return fail(parser, ERROR_MALFORMED, "a name cannot begin with a digit");
	}
	if (range.last < range.first) {
		parser->at = start;
		return fail(parser, ERROR_MALFORMED, "%u-%u is an empty range", range.first,
			range.last);
	}
	return collect(parser, all, range);
}

static bool read_name(struct parser *parser, struct collection *all)
{
	const char *start = parser->at;
	const struct number_range *ranges = NULL;
	char name[NUMBER_NAME_MAX + 1];
	size_t length = 0, count = 0;

	while (is_letter(start[length]) || is_digit(start[length]) || start[length] == '-')
		length++;
	if (length > NUMBER_NAME_MAX)
		return fail(parser, ERROR_MALFORMED, "a name is longer than %d letters",
			NUMBER_NAME_MAX);
	memcpy(name, start, length);
	name[length] = '\0';
	if (strcmp(name, "any") == 0) {
		parser->at += length;
		return collect(parser, all, (struct number_range){ 0, UINT32_MAX });
	}
	if (parser->names != NULL && parser->names->find != NULL)
		ranges = parser->names->find(parser->names->context, name, &count);
	if (ranges == NULL)
		return fail(parser, ERROR_NOT_FOUND, "there is no AS set '%s'", name);
	parser->at += length;
	for (size_t i = 0; i < count; i++)
		if (!collect(parser, all, ranges[i]))
			return false;
	return true;
}

static struct number_node *set_node(struct parser *parser, struct collection *all)
{
	struct number_node *node = new_node(parser, NUMBER_NODE_SET);

	join_ranges(all);
	if (node != NULL) {
		node->ranges = all->ranges;
		node->range_count = all->count;
	}
	return node;
}

/* Behind the '['. */
static struct number_node *read_bracket(struct parser *parser)
{
	struct collection all = { 0 };
	bool inverted = *parser->at == '^', some = false;

	parser->at += inverted;
	for (skip_spaces(parser); *parser->at != ']'; skip_spaces(parser)) {
		bool good;

		if (*parser->at == '\0') {
			(void)fail(parser, ERROR_MALFORMED, "a '[' is not closed");
			return NULL;
		}
		good = is_digit(*parser->at) ? read_range(parser, &all)
		       : is_letter(*parser->at)
			       ? read_name(parser, &all)
			       : fail(parser, ERROR_MALFORMED, "'%c' between '[' and ']'",
					 *parser->at);
		if (!good)
			return NULL;
		some = true;
	}
	if (!some) {
		(void)fail(parser, ERROR_MALFORMED, "nothing between '[' and ']'");
		return NULL;
	}
	parser->at++;
	join_ranges(&all);
	if (inverted && !turn_around(parser, &all))
		return NULL;
	return set_node(parser, &all);
}

static struct number_node *read_choice(struct parser *parser);

/* Behind the '('. */
static struct number_node *read_group(struct parser *parser)
{
	struct number_node *node;

	if (parser->depth == DEPTH_MAX) {
		(void)fail(parser, ERROR_MALFORMED, "more than %d groups in each other",
			DEPTH_MAX);
		return NULL;
	}
	parser->depth++;
	node = read_choice(parser);
	parser->depth--;
	if (node == NULL)
		return NULL;
	if (*parser->at != ')') {
		(void)fail(parser, ERROR_MALFORMED, "a '(' is not closed");
		return NULL;
	}
	parser->at++;
	return node;
}

static struct number_node *read_strange(struct parser *parser)
{
	char c = *parser->at;

	if (c == '^')
		(void)fail(parser, ERROR_MALFORMED,
			"'^' can only stand at the beginning of a pattern");
	else if (c == '*' || c == '+' || c == '?' || c == '{')
		(void)fail(parser, ERROR_MALFORMED, "'%c' has nothing to repeat", c);
	else if (c >= 33 && c <= 126)
		(void)fail(
			parser, ERROR_MALFORMED, "'%c' means nothing in an AS path pattern", c);
	else
		(void)fail(parser, ERROR_MALFORMED, "a strange character");
	if (c == '_')
		error_hint(parser->error,
			"write spaces between AS numbers; a match may begin and "
			"end anywhere without '_'");
	if (c == ',')
		error_hint(parser->error, "write spaces between AS numbers");
	return NULL;
}

static struct number_node *read_atom(struct parser *parser)
{
	struct collection all = { 0 };
	char c = *parser->at;

	if (c == '(' || c == '[') {
		parser->at++;
		return c == '(' ? read_group(parser) : read_bracket(parser);
	}
	if (c == '.') {
		parser->at++;
		return collect(parser, &all, (struct number_range){ 0, UINT32_MAX })
			       ? set_node(parser, &all)
			       : NULL;
	}
	if (is_digit(c))
		return read_range(parser, &all) ? set_node(parser, &all) : NULL;
	if (is_letter(c))
		return read_name(parser, &all) ? set_node(parser, &all) : NULL;
	return read_strange(parser);
}

/* {n}, {n,}, {n,m}: behind the '{'. */
static bool read_counts(struct parser *parser, uint32_t *ret_minimum, uint32_t *ret_maximum)
{
	const char *start = parser->at;

	if (!read_number(parser, NUMBER_REPEAT_MAX, ret_minimum))
		return false;
	*ret_maximum = *ret_minimum;
	if (*parser->at == ',') {
		parser->at++;
		*ret_maximum = NUMBER_REPEAT_FOREVER;
		if (*parser->at != '}' && !read_number(parser, NUMBER_REPEAT_MAX, ret_maximum))
			return false;
	}
	if (*parser->at != '}')
		return fail(parser, ERROR_MALFORMED, "a '{' is not closed");
	parser->at++;
	if (*ret_maximum >= *ret_minimum && *ret_maximum > 0)
		return true;
	parser->at = start;
	return fail(parser, ERROR_MALFORMED, "a repetition that is never possible");
}

static struct number_node *read_item(struct parser *parser)
{
	struct number_node *atom = read_atom(parser), *repeat;
	uint32_t minimum, maximum;
	char c;

	if (atom == NULL)
		return NULL;
	skip_spaces(parser);
	c = *parser->at;
	if (c != '*' && c != '+' && c != '?' && c != '{')
		return atom;
	parser->at++;
	minimum = c == '+';
	maximum = c == '?' ? 1 : NUMBER_REPEAT_FOREVER;
	if (c == '{' && !read_counts(parser, &minimum, &maximum))
		return NULL;
	repeat = new_node(parser, NUMBER_NODE_REPEAT);
	if (repeat == NULL)
		return NULL;
	repeat->minimum = minimum;
	repeat->maximum = maximum;
	append(repeat, atom);
	return repeat;
}

static struct number_node *read_row(struct parser *parser)
{
	struct number_node *row = new_node(parser, NUMBER_NODE_ROW), *item;
	bool top = parser->depth == 0;

	if (row == NULL)
		return NULL;
	skip_spaces(parser);
	if (top && *parser->at == '^') {
		row->from_start = true;
		parser->at++;
	}
	for (skip_spaces(parser); *parser->at != '\0' && *parser->at != '|' &&
				  *parser->at != ')' && *parser->at != '$';
		skip_spaces(parser)) {
		item = read_item(parser);
		if (item == NULL)
			return NULL;
		append(row, item);
	}
	if (*parser->at == '$') {
		if (!top) {
			(void)fail(parser, ERROR_MALFORMED,
				"'$' can only stand at the end of a pattern");
			return NULL;
		}
		row->to_end = true;
		parser->at++;
		skip_spaces(parser);
	}
	if (row->children == NULL && !(row->from_start && row->to_end)) {
		(void)fail(parser, ERROR_MALFORMED, "an empty pattern");
		error_hint(
			parser->error, "write 'any', or '^$' for a path without an AS number");
		return NULL;
	}
	return row;
}

static struct number_node *read_choice(struct parser *parser)
{
	struct number_node *choice = new_node(parser, NUMBER_NODE_CHOICE), *row;

	if (choice == NULL)
		return NULL;
	for (;;) {
		row = read_row(parser);
		if (row == NULL)
			return NULL;
		append(choice, row);
		if (*parser->at != '|')
			return choice;
		parser->at++;
	}
}

int number_pattern_parse(const char *text, const struct number_names *names,
	struct arena *arena, struct number_node **ret_tree, struct error *error)
{
	struct parser parser = {
		.text = text,
		.at = text,
		.names = names,
		.arena = arena,
		.error = error,
	};
	struct number_node *tree = read_choice(&parser);

	if (tree == NULL)
		return parser.result;
	if (*parser.at == ')')
		(void)fail(&parser, ERROR_MALFORMED, "a ')' without a '('");
	else if (*parser.at != '\0')
		(void)fail(&parser, ERROR_MALFORMED, "'%c' behind the end of a pattern",
			*parser.at >= 33 && *parser.at <= 126 ? *parser.at : '?');
	*ret_tree = tree;
	return parser.result;
}
