/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line as data.
 *
 * Invariants:
 *  1. Every option and positional that is stored belongs to the command or is global.
 *  2. A value with a list of words is one of them.
 */
#include "cli/arguments.h"

#include <stdio.h>
#include <string.h>

struct parser {
	const struct command *const *table;
	const struct option *globals;
	const char *const *argv;
	int argc, at; /* at: the argument being read */
	bool options_ended;
	struct arguments *arguments;
	struct error *error;
};

static int words_check(
	const char *const *words, const char *value, const char *what, struct error *error)
{
	struct text list = { 0 };
	const char *near = word_suggest(words, value);

	for (size_t i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], value) == 0) {
			text_clear(&list);
			return 0;
		}
		text_print(&list, "%s%s", i == 0 ? "" : ", ", words[i]);
	}
	error_set(error, ERROR_MALFORMED, "'%s' is no %s: it is one of %s", value, what,
		text_string(&list));
	if (near != NULL)
		error_hint(error, "did you mean '%s'?", near);
	text_clear(&list);
	return ERROR_MALFORMED;
}

static const struct option *option_by_name(
	const struct option *options, const char *name, size_t length)
{
	for (; options != NULL && options->name != NULL; options++) {
		if (strlen(options->name) == length && memcmp(options->name, name, length) == 0)
			return options;
	}
	return NULL;
}

static const struct option *option_by_letter(const struct option *options, char letter)
{
	for (; options != NULL && options->name != NULL; options++) {
		if (options->letter == letter)
			return options;
	}
	return NULL;
}

static const struct option *own_options(const struct parser *parser)
{
	const struct command *command = parser->arguments->command;

	return command == NULL ? NULL : command->options;
}

static void option_nearest(
	const struct option *options, const char *name, const char **best, unsigned *least)
{
	for (; options != NULL && options->name != NULL; options++) {
		unsigned distance = text_distance(name, options->name, 2);

		if (distance < *least) {
			*least = distance;
			*best = options->name;
		}
	}
}

static int unknown_option(const struct parser *parser, const char *name)
{
	const struct command *command = parser->arguments->command;
	const char *best = NULL;
	unsigned least = 3;

	option_nearest(own_options(parser), name, &best, &least);
	option_nearest(parser->globals, name, &best, &least);
	if (best != NULL)
		error_hint(parser->error, "did you mean '--%s'?", best);
	else
		error_hint(parser->error, "'nearcast %s%s--help' lists the options",
			command == NULL ? "" : command->name, command == NULL ? "" : " ");
	return error_set(parser->error, ERROR_MALFORMED, "there is no option '--%s'%s%s", name,
		command == NULL ? "" : " for ", command == NULL ? "" : command->name);
}

static int store_option(struct parser *parser, const struct option *option, const char *value)
{
	struct arguments *arguments = parser->arguments;

	if (arguments->option_count == ARGUMENTS_OPTIONS_MAX)
		return error_set(parser->error, ERROR_FULL, "more than %d options",
			ARGUMENTS_OPTIONS_MAX);
	if (value != NULL && option->words != NULL) {
		char what[64];
		int code;

		snprintf(what, sizeof(what), "value for --%s", option->name);
		code = words_check(option->words, value, what, parser->error);
		if (code != 0)
			return code;
	}
	arguments->options[arguments->option_count++] =
		(struct argument){ .option = option, .value = value };
	return 0;
}

/* An option that takes a value and has none attached: the next argument is it. */
static int store_with_next(struct parser *parser, const struct option *option)
{
	if (parser->at + 1 >= parser->argc) {
		error_hint(parser->error, "write --%s %s", option->name, option->value);
		return error_set(
			parser->error, ERROR_MALFORMED, "--%s needs a value", option->name);
	}
	return store_option(parser, option, parser->argv[++parser->at]);
}

static int parse_long(struct parser *parser, const char *text)
{
	const char *equals = strchr(text, '=');
	size_t length = equals == NULL ? strlen(text) : (size_t)(equals - text);
	const struct option *option = option_by_name(own_options(parser), text, length);

	if (option == NULL)
		option = option_by_name(parser->globals, text, length);
	if (option == NULL) {
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)(length < 63 ? length : 63), text);
		return unknown_option(parser, name);
	}
	if (option->value == NULL && equals != NULL)
		return error_set(
			parser->error, ERROR_MALFORMED, "--%s takes no value", option->name);
	if (equals != NULL)
		return store_option(parser, option, equals + 1);
	if (option->value != NULL)
		return store_with_next(parser, option);
	return store_option(parser, option, NULL);
}

static int parse_letters(struct parser *parser, const char *letters)
{
	for (const char *at = letters; *at != '\0'; at++) {
		const struct option *option = option_by_letter(own_options(parser), *at);
		int code;

		if (option == NULL)
			option = option_by_letter(parser->globals, *at);
		if (option == NULL)
			return error_set(parser->error, ERROR_MALFORMED,
				"there is no option '-%c'", *at);
		if (option->value != NULL && at[1] != '\0')
			return store_option(parser, option, at + 1);
		code = option->value == NULL ? store_option(parser, option, NULL)
					     : store_with_next(parser, option);
		if (code != 0)
			return code;
	}
	return 0;
}

static int parse_command(struct parser *parser, const char *name)
{
	const char *near;

	parser->arguments->command = command_find(parser->table, name);
	if (parser->arguments->command != NULL)
		return 0;
	near = command_suggest(parser->table, name);
	if (near != NULL)
		error_hint(parser->error, "did you mean '%s'?", near);
	else
		error_hint(parser->error, "'nearcast help' lists the commands");
	return error_set(parser->error, ERROR_MALFORMED, "there is no command '%s'", name);
}

static int parse_positional(struct parser *parser, const char *value)
{
	struct arguments *arguments = parser->arguments;
	const struct positional *p =
		command_positional(arguments->command, arguments->positional_count);

	if (p == NULL || arguments->positional_count == ARGUMENTS_POSITIONALS_MAX) {
		error_hint(parser->error, "'nearcast %s --help' shows the usage",
			arguments->command->name);
		return error_set(
			parser->error, ERROR_MALFORMED, "'%s' is one argument too many", value);
	}
	if (p->words != NULL) {
		int code = words_check(p->words, value, p->name, parser->error);

		if (code != 0)
			return code;
	}
	arguments->positionals[arguments->positional_count++] = value;
	return 0;
}

static int parse_one(struct parser *parser, const char *text)
{
	if (!parser->options_ended && strcmp(text, "--") == 0) {
		parser->options_ended = true;
		return 0;
	}
	if (!parser->options_ended && text[0] == '-' && text[1] == '-')
		return parse_long(parser, text + 2);
	if (!parser->options_ended && text[0] == '-' && text[1] != '\0')
		return parse_letters(parser, text + 1);
	if (parser->arguments->command == NULL)
		return parse_command(parser, text);
	return parse_positional(parser, text);
}

/* Whether p is a repeated one that was given already. */
static bool is_more(const struct arguments *arguments, const struct positional *p)
{
	size_t given = arguments->positional_count;

	return given > 0 && command_positional(arguments->command, given - 1) == p;
}

/* Invariant 2 of command.c: what is not optional comes first. */
static int check_missing(const struct parser *parser)
{
	const struct arguments *arguments = parser->arguments;
	const struct positional *p;

	if (arguments->command == NULL || arguments_has(arguments, "help"))
		return 0;
	p = command_positional(arguments->command, arguments->positional_count);
	if (p == NULL || p->optional || is_more(arguments, p))
		return 0;
	error_hint(parser->error, "'nearcast %s --help' shows the usage",
		arguments->command->name);
	return error_set(parser->error, ERROR_MALFORMED, "%s is missing: %s", p->name, p->help);
}

int arguments_parse(const struct command *const *table, const struct option *globals, int argc,
	const char *const *argv, struct arguments *ret_arguments, struct error *error)
{
	struct parser parser = {
		.table = table,
		.globals = globals,
		.argv = argv,
		.argc = argc,
		.arguments = ret_arguments,
		.error = error,
	};

	*ret_arguments = (struct arguments){ 0 };
	for (parser.at = 1; parser.at < argc; parser.at++) {
		int code = parse_one(&parser, argv[parser.at]);

		if (code != 0)
			return code;
	}
	return check_missing(&parser);
}

const char *arguments_value(const struct arguments *arguments, const char *option)
{
	for (size_t i = arguments->option_count; i > 0; i--) {
		if (strcmp(arguments->options[i - 1].option->name, option) == 0)
			return arguments->options[i - 1].value;
	}
	return NULL;
}

bool arguments_has(const struct arguments *arguments, const char *option)
{
	for (size_t i = 0; i < arguments->option_count; i++) {
		if (strcmp(arguments->options[i].option->name, option) == 0)
			return true;
	}
	return false;
}

const char *arguments_positional(const struct arguments *arguments, size_t index)
{
	return index < arguments->positional_count ? arguments->positionals[index] : NULL;
}
