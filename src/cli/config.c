/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast config schema|default|print */
#include <string.h>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/output.h"
#include "config/document.h"

/* A text as it is, or as one field of a JSON object. */
static enum exit_code print_text(struct console *console, const char *field, struct text *text)
{
	enum exit_code code;

	if (!console->json)
		return output_text(console, text);
	code = output_json(console, json_pack("{s:s}", field, text_string(text)));
	text_clear(text);
	return code;
}

static enum exit_code run_schema(const struct arguments *arguments, struct console *console)
{
	struct text text = { 0 };

	(void)arguments;
	(void)config_json_schema(&text);
	return output_text(console, &text);
}

static enum exit_code run_default(const struct arguments *arguments, struct console *console)
{
	struct text text = { 0 };

	(void)arguments;
	config_default(&text);
	return print_text(console, "yaml", &text);
}

static enum exit_code run_print(const struct arguments *arguments, struct console *console)
{
	struct configuration configuration = { 0 };
	struct text text = { 0 };
	enum exit_code code = configuration_load(arguments, console, NULL, &configuration);

	if (code == EXIT_CODE_OK) {
		config_print(configuration.config, arguments_has(arguments, "defaults"),
			arguments_has(arguments, "secrets"), &text);
		code = print_text(console, "yaml", &text);
	}
	configuration_clear(&configuration);
	return code;
}

static enum exit_code config_run(const struct arguments *arguments, struct console *console)
{
	static const struct {
		const char *what;
		enum exit_code (*run)(
			const struct arguments *arguments, struct console *console);
	} parts[] = {
		{ "schema", run_schema },
		{ "default", run_default },
		{ "print", run_print },
	};
	const char *what = arguments_positional(arguments, 0);

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strcmp(parts[i].what, what) == 0)
			return parts[i].run(arguments, console);
	}
	return EXIT_CODE_USAGE;
}

static const char *const words[] = { "schema", "default", "print", NULL };

static const struct option options[] = {
	OPTION_CONF_DIR,
	{ "defaults", 'd', NULL, "print: also what was not said and has a default",
		COMPLETE_NOTHING, NULL },
	{ "secrets", 0, NULL, "print: passwords that stand in the file are shown",
		COMPLETE_NOTHING, NULL },
	{ NULL, 0, NULL, NULL, COMPLETE_NOTHING, NULL },
};

static const struct positional positionals[] = {
	{ "WHAT", "schema, default or print", false, COMPLETE_WORDS, words },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};

const struct command command_config = {
	.name = "config",
	.group = GROUP_RUN,
	.summary = "the configuration's schema, defaults, or what it says",
	.description =
		"schema prints a JSON Schema for editors; default a file with every key "
		"explained; print the configuration as it was understood, all its files in "
		"one.",
	.options = options,
	.positionals = positionals,
	.example = "nearcast config default\nnearcast config print --defaults",
	.run = config_run,
};
