/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast undrain SERVICE: back into service. */
#include "cli/act.h"
#include "cli/commands.h"
#include "cli/view.h"

static void sentence(const json_t *answer, const struct style *style, struct text *out)
{
	(void)style;
	text_add(out, "Service ");
	text_add_safe(out, view_string_or(answer, "service", "?"));
	text_add(out, " is no longer drained; its state is ");
	text_add_safe(out, view_string_or(answer, "state", "?"));
	text_add(out, ".\n");
}

static enum exit_code undrain_run(const struct arguments *arguments, struct console *console)
{
	return act_ask(arguments, console, "undrain",
		json_pack("{s:s}", "service", arguments_positional(arguments, 0)), sentence);
}

static const struct positional positionals[] = {
	{ "SERVICE", "the service to bring back", false, COMPLETE_SERVICE, NULL },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};

const struct command command_undrain = {
	.name = "undrain",
	.group = GROUP_ACT,
	.summary = "bring a drained service back",
	.description =
		"The address returns first, then the checks have their say, then the routes "
		"are announced.",
	.positionals = positionals,
	.exit_notes = "It fails with 1 when the service is not drained.",
	.example = "nearcast undrain dns",
	.run = undrain_run,
};
