/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast lab break, mend, drain, undrain, prepend, exec: what happens in a world. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cli/lab_action.h"
#include "cli/output.h"

enum exit_code lab_action_break(const struct arguments *arguments, struct console *console)
{
	return lab_tell(arguments, console,
		json_pack("{s:s,s:s,s:s}", "do", "break", "what",
			arguments_positional(arguments, 1), "how",
			arguments_has(arguments, "silent") ? "silent" : "cut"));
}

enum exit_code lab_action_mend(const struct arguments *arguments, struct console *console)
{
	return lab_tell(arguments, console,
		json_pack(
			"{s:s,s:s}", "do", "mend", "what", arguments_positional(arguments, 1)));
}

enum exit_code lab_action_prepend(const struct arguments *arguments, struct console *console)
{
	const char *times = arguments_positional(arguments, 2);
	struct error error = { 0 };
	char *end;
	long count = strtol(times, &end, 10);

	if (*times == '\0' || *end != '\0' || count < 0 || count > 16) {
		error_set(&error, ERROR_RANGE, "'%.20s' is not a number from 0 to 16", times);
		return output_error(console, &error);
	}
	return lab_tell(arguments, console,
		json_pack("{s:s,s:s,s:i}", "do", "prepend", "site",
			arguments_positional(arguments, 1), "times", (int)count));
}

static enum exit_code run_inside(const struct arguments *arguments, struct console *console,
	const char *node, const char *const *argv)
{
	struct error error = { 0 };
	char world[LAB_NAME_MAX];
	int status = 0;
	int result = lab_choose(arguments, world, &error);

	if (result == 0)
		result = lab_run_inside(world, node, argv, LAB_ALOUD, &status, &error);
	if (result != 0)
		return output_error(console, &error);
	return (enum exit_code)(
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static enum exit_code drain(
	const struct arguments *arguments, struct console *console, const char *verb)
{
	const char *const argv[] = { "/proc/self/exe", verb, "service", NULL };

	return run_inside(arguments, console, arguments_positional(arguments, 1), argv);
}

enum exit_code lab_action_drain(const struct arguments *arguments, struct console *console)
{
	return drain(arguments, console, "drain");
}

enum exit_code lab_action_undrain(const struct arguments *arguments, struct console *console)
{
	return drain(arguments, console, "undrain");
}

enum exit_code lab_action_exec(const struct arguments *arguments, struct console *console)
{
	static const char *const shell[] = { "/bin/sh", NULL };
	const char *argv[ARGUMENTS_POSITIONALS_MAX + 1] = { NULL };
	size_t count = 0;

	for (size_t i = 2; i < arguments->positional_count; i++)
		argv[count++] = arguments_positional(arguments, i);
	return run_inside(arguments, console, arguments_positional(arguments, 1),
		count == 0 ? shell : argv);
}
