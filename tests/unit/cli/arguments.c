/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: a table of lines and what they mean, over a table of commands of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/commands.h"

static const char *const verbs[] = { "stop", "start", NULL };
static const struct option events_options[] = {
	{ "follow", 'f', NULL, "go on", COMPLETE_NOTHING, NULL },
	{ "since", 's', "N", "from", COMPLETE_NOTHING, NULL },
	{ "kind", 0, "KIND", "kind", COMPLETE_WORDS, verbs },
	{ NULL, 0, NULL, NULL, COMPLETE_NOTHING, NULL },
};
static const struct positional act_positionals[] = {
	{ "VERB", "what to do", false, COMPLETE_WORDS, verbs },
	{ "NAME", "whom", true, COMPLETE_SERVICE, NULL },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};
static const struct command events = { .name = "events", .options = events_options };
static const struct command act = { .name = "act", .positionals = act_positionals };
static const struct positional copy_positionals[] = {
	{ "TO", "where to", false, COMPLETE_FILE, NULL },
	{ "FILE...", "what", false, COMPLETE_FILE, NULL },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};
static const struct command copier = { .name = "copy", .positionals = copy_positionals };
static const struct command secret = { .name = "secret", .group = GROUP_HIDDEN };
static const struct command *const table[] = { &events, &act, &copier, &secret, NULL };

/* A parsed line as one text: "command positional... {option=value}..." or "! error | hint". */
static void describe(const char *line, struct text *out)
{
	static struct arguments arguments;
	const char *argv[16] = { "nearcast" };
	char copy[256];
	char *rest = copy, *word;
	int argc = 1;
	struct error error = { 0 };

	assert_true(strlen(line) < sizeof(copy));
	memcpy(copy, line, strlen(line) + 1);
	while ((word = strsep(&rest, " ")) != NULL) {
		if (word[0] != '\0')
			argv[argc++] = strcmp(word, "''") == 0 ? "" : word;
	}
	if (arguments_parse(table, global_options, argc, argv, &arguments, &error) != 0) {
		text_print(out, "! %s | %s", error.text, error.hint);
		return;
	}
	text_add(out, arguments.command == NULL ? "-" : arguments.command->name);
	for (size_t i = 0; i < arguments.positional_count; i++)
		text_print(out, " %s", arguments.positionals[i]);
	for (size_t i = 0; i < arguments.option_count; i++)
		text_print(out, " {%s%s%s}", arguments.options[i].option->name,
			arguments.options[i].value == NULL ? "" : "=",
			arguments.options[i].value == NULL ? "" : arguments.options[i].value);
}

static const struct {
	const char *line, *expected;
} lines[] = {
	{ "", "-" },
	{ "--json", "- {json}" },
	{ "events", "events" },
	{ "--json events -f", "events {json} {follow}" },
	{ "events --json --follow", "events {json} {follow}" },
	{ "events -fj", "events {follow} {json}" },
	{ "events -fs 12", "events {follow} {since=12}" },
	{ "events -fs12", "events {follow} {since=12}" },
	{ "events --since=", "events {since=}" },
	{ "events --since=a=b", "events {since=a=b}" },
	{ "events --since 5 --since 6", "events {since=5} {since=6}" },
	{ "events --since --follow", "events {since=--follow}" },
	{ "-c file events", "events {config=file}" },
	{ "act stop dns", "act stop dns" },
	{ "act start", "act start" },
	{ "act -- start --json", "act start --json" },
	{ "act start -", "act start -" },
	{ "act start ''", "act start " },
	{ "act --help", "act {help}" },
	{ "copy there a b c", "copy there a b c" },
	{ "copy there a", "copy there a" },
	{ "copy there", "! FILE... is missing: what | 'nearcast copy --help' shows the usage" },
	{ "secret", "secret" },
	{ "evens", "! there is no command 'evens' | did you mean 'events'?" },
	{ "secre", "! there is no command 'secre' | 'nearcast help' lists the commands" },
	{ "x --json", "! there is no command 'x' | 'nearcast help' lists the commands" },
	{ "-f events", "! there is no option '-f' | " },
	{ "events --folow", "! there is no option '--folow' for events | did you mean "
			    "'--follow'?" },
	{ "--jso", "! there is no option '--jso' | did you mean '--json'?" },
	{ "events --unheard=of", "! there is no option '--unheard' for events | 'nearcast "
				 "events --help' lists the options" },
	{ "events --follow=yes", "! --follow takes no value | " },
	{ "events --since", "! --since needs a value | write --since N" },
	{ "events -s", "! --since needs a value | write --since N" },
	{ "events --kind sop", "! 'sop' is no value for --kind: it is one of stop, start | did "
			       "you mean 'stop'?" },
	{ "events now", "! 'now' is one argument too many | 'nearcast events --help' shows the "
			"usage" },
	{ "act", "! VERB is missing: what to do | 'nearcast act --help' shows the usage" },
	{ "act strat", "! 'strat' is no VERB: it is one of stop, start | did you mean "
		       "'start'?" },
	{ "act stop a b", "! 'b' is one argument too many | 'nearcast act --help' shows the "
			  "usage" },
};

static void reads_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct text out = { 0 };

		describe(lines[i].line, &out);
		assert_string_equal(text_string(&out), lines[i].expected);
		text_clear(&out);
	}
}

static void caps_options(void **state)
{
	static struct arguments arguments;
	const char *argv[ARGUMENTS_OPTIONS_MAX + 2];
	struct error error = { 0 };

	(void)state;
	for (size_t i = 0; i < ARGUMENTS_OPTIONS_MAX + 2; i++)
		argv[i] = "--json";
	assert_int_equal(arguments_parse(table, global_options, ARGUMENTS_OPTIONS_MAX + 2, argv,
				 &arguments, &error),
		ERROR_FULL);
	assert_int_equal(arguments.option_count, ARGUMENTS_OPTIONS_MAX);
}

static void last_value_wins(void **state)
{
	static struct arguments arguments;
	const char *argv[] = { "nearcast", "events", "--since", "1", "--since", "2" };
	struct error error = { 0 };

	(void)state;
	assert_int_equal(
		arguments_parse(table, global_options, 6, argv, &arguments, &error), 0);
	assert_string_equal(arguments_value(&arguments, "since"), "2");
	assert_null(arguments_value(&arguments, "kind"));
	assert_false(arguments_has(&arguments, "follow"));
	assert_null(arguments_positional(&arguments, 0));
}

/* The real table keeps what command.c promises. */
static void table_keeps_its_word(void **state)
{
	(void)state;
	for (size_t i = 0; commands[i] != NULL; i++) {
		const struct positional *p = commands[i]->positionals;
		bool optional = false;

		assert_non_null(commands[i]->run);
		assert_ptr_equal(command_find(commands, commands[i]->name), commands[i]);
		assert_true(strlen(commands[i]->summary) < 64);
		for (; p != NULL && p->name != NULL; p++) {
			assert_false(optional && !p->optional);
			optional = p->optional;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_lines),
		cmocka_unit_test(caps_options),
		cmocka_unit_test(last_value_wins),
		cmocka_unit_test(table_keeps_its_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
