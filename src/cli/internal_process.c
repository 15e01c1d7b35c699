/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast internal-process NAME: a child of the daemon, started by main from this same file.
 */
#include <string.h>

#include "cli/commands.h"
#include "cli/console.h"
#include "daemon/process.h"

static enum exit_code internal_process_run(
	const struct arguments *arguments, struct console *console)
{
	const char *name = arguments_positional(arguments, 0);

	(void)console;
	for (int i = 0; i < PROCESS_COUNT; i++) {
		if (i != PROCESS_MAIN && strcmp(process_name((enum process)i), name) == 0)
			return (enum exit_code)process_run((enum process)i);
	}
	return EXIT_CODE_USAGE;
}

static const char *const names[] = { "speaker", "probe", "api", "bfd", NULL };

static const struct positional positionals[] = {
	{ "NAME", "the process", false, COMPLETE_WORDS, names },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};

const struct command command_internal_process = {
	.name = "internal-process",
	.group = GROUP_HIDDEN,
	.summary = "a child of the daemon",
	.positionals = positionals,
	.run = internal_process_run,
};
