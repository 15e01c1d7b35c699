/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast help [COMMAND] */
#include "base/error.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/usage.h"

static enum exit_code help_run(const struct arguments *arguments, struct console *console)
{
	const char *name = arguments_positional(arguments, 0);
	const struct command *command = name == NULL ? NULL : command_find(commands, name);
	struct text out = { 0 };

	if (name != NULL && command == NULL) {
		const char *near = command_suggest(commands, name);
		struct error error = { 0 };

		error_set(&error, ERROR_MALFORMED, "there is no command '%s'", name);
		if (near != NULL)
			error_hint(&error, "did you mean '%s'?", near);
		return output_error(console, &error);
	}
	if (command == NULL)
		usage_global(commands, global_options, &console->style, &out);
	else
		usage_command(command, global_options, &console->style, &out);
	return usage_print(console, &out);
}

static const struct positional positionals[] = {
	{ "COMMAND", "the command to explain", true, COMPLETE_COMMAND, NULL },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};

const struct command command_help = {
	.name = "help",
	.group = GROUP_OTHER,
	.summary = "explain nearcast or one of its commands",
	.positionals = positionals,
	.run = help_run,
};
