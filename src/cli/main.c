/* SPDX-License-Identifier: Apache-2.0 */
/* The program: reads the command line, finds the command in the table, calls it. */
#include <string.h>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/output.h"
#include "cli/usage.h"

static enum exit_code help(const struct arguments *arguments, struct console *console)
{
	struct text out = { 0 };

	if (arguments->command == NULL)
		usage_global(commands, global_options, &console->style, &out);
	else
		usage_command(arguments->command, global_options, &console->style, &out);
	return usage_print(console, &out);
}

/* The command line could not be read to its end, but whoever wrote --json reads JSON. */
static bool wants_json(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0 || strcmp(argv[i], "-j") == 0)
			return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	static struct arguments arguments; /* too large for a careful stack */
	struct error error = { 0 };
	struct console console;
	int code;

	code = arguments_parse(
		commands, global_options, argc, (const char *const *)argv, &arguments, &error);
	console_setup(&console, &arguments);
	if (code != 0) {
		console.json = wants_json(argc, argv);
		console_error(&console, &error);
		return EXIT_CODE_USAGE;
	}
	if (arguments_has(&arguments, "help"))
		return (int)help(&arguments, &console);
	if (arguments_has(&arguments, "version"))
		return (int)command_version.run(&arguments, &console);
	if (arguments.command == NULL) {
		struct text out = { 0 };

		console.out = console.err;
		usage_global(commands, global_options, &console.style, &out);
		output_text(&console, &out);
		return EXIT_CODE_USAGE;
	}
	return (int)arguments.command->run(&arguments, &console);
}
