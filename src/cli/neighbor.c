/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast neighbor VERB NEIGHBOR: what an operator does to one session. */
#include <string.h>

#include "cli/act.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/view.h"

static const char *const verbs[] = { "shutdown", "enable", "reset", "refresh", NULL };

static void sentence(const json_t *answer, const struct style *style, struct text *out)
{
	static const char *const done[][2] = {
		{ "shutdown", "is shut down; 'nearcast neighbor enable' brings it back" },
		{ "enable", "may connect again" },
		{ "reset", "is reset and connects anew" },
		{ "refresh", "was asked to send its routes again" },
	};
	const char *verb = view_string(answer, "verb");

	(void)style;
	text_add(out, "Neighbour ");
	text_add_safe(out, view_string_or(answer, "neighbor", "?"));
	for (size_t i = 0; i < sizeof(done) / sizeof(done[0]); i++) {
		if (strcmp(done[i][0], verb) == 0)
			text_print(out, " %s", done[i][1]);
	}
	text_add(out, ".\n");
}

static enum exit_code neighbor_run(const struct arguments *arguments, struct console *console)
{
	const char *verb = arguments_positional(arguments, 0);
	const char *text = arguments_value(arguments, "text");
	struct error error = { 0 };

	if (text != NULL && strcmp(verb, "shutdown") != 0 && strcmp(verb, "reset") != 0) {
		error_set(&error, ERROR_MALFORMED, "--text goes with shutdown and reset only");
		return output_error(console, &error);
	}
	return act_ask(arguments, console, "neighbor",
		json_pack("{s:s, s:s, s:s*}", "verb", verb, "neighbor",
			arguments_positional(arguments, 1), "text", text),
		sentence);
}

static const struct option options[] = {
	{ "text", 't', "TEXT", "told to the neighbour with shutdown and reset (RFC 9003)",
		COMPLETE_NOTHING, NULL },
	{ NULL, 0, NULL, NULL, COMPLETE_NOTHING, NULL },
};

static const struct positional positionals[] = {
	{ "VERB", "shutdown, enable, reset or refresh", false, COMPLETE_WORDS, verbs },
	{ "NEIGHBOR", "the neighbour", false, COMPLETE_NEIGHBOR, NULL },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};

const struct command command_neighbor = {
	.name = "neighbor",
	.group = GROUP_ACT,
	.summary = "shut down, enable, reset or refresh a session",
	.description =
		"shutdown ends the session and keeps it down until enable or a restart of the "
		"daemon; reset ends it and connects again; refresh asks the neighbour for its "
		"routes again (RFC 2918).",
	.options = options,
	.positionals = positionals,
	.example = "nearcast neighbor shutdown transit-a --text 'maintenance until 10:00'",
	.run = neighbor_run,
};
