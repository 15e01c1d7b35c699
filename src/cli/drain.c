/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast drain SERVICE: out of service, gently. */
#include "cli/act.h"
#include "cli/commands.h"
#include "cli/view.h"

static void sentence(const json_t *answer, const struct style *style, struct text *out)
{
	char left[DURATION_TEXT_MAX];

	(void)style;
	text_add(out, "Service ");
	text_add_safe(out, view_string_or(answer, "service", "?"));
	text_print(out, " is %s, step ", view_string_or(answer, "state", "draining"));
	text_add_safe(out, view_string_or(answer, "step", "-"));
	if (view_has(answer, "seconds_to_withdrawal"))
		text_print(out, "; it is withdrawn in %s",
			view_seconds(view_number(answer, "seconds_to_withdrawal"), left));
	text_add(out, ". It stays drained, over a restart too, until 'nearcast undrain'.\n");
}

static enum exit_code drain_run(const struct arguments *arguments, struct console *console)
{
	return act_ask(arguments, console, "drain",
		json_pack("{s:s, s:s*}", "service", arguments_positional(arguments, 0),
			"reason", arguments_value(arguments, "reason")),
		sentence);
}

static const struct option options[] = {
	{ "reason", 'r', "TEXT", "why, for who looks later", COMPLETE_NOTHING, NULL },
	{ NULL, 0, NULL, NULL, COMPLETE_NOTHING, NULL },
};

static const struct positional positionals[] = {
	{ "SERVICE", "the service to take out", false, COMPLETE_SERVICE, NULL },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};

const struct command command_drain = {
	.name = "drain",
	.group = GROUP_ACT,
	.summary = "take a service out of service, gently",
	.description =
		"First the routes are tagged with GRACEFUL_SHUTDOWN (RFC 8326), so that "
		"neighbours move to other sites while this one still answers; then prepended, "
		"if so configured; then withdrawn; then the address is removed. It returns at "
		"once: 'nearcast events -f' shows the steps.",
	.options = options,
	.positionals = positionals,
	.exit_notes = "It fails with 1 when the service is drained already.",
	.example = "nearcast drain dns --reason 'kernel update'",
	.run = drain_run,
};
