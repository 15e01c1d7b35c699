/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast internal-docs: docs/commands.md, from the table. */
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"

static void add_positionals(struct text *out, const struct positional *positionals)
{
	if (positionals == NULL || positionals->name == NULL)
		return;
	text_add(out, "\n| argument | |\n|---|---|\n");
	for (; positionals->name != NULL; positionals++)
		text_print(out, "| `%s` | %s |\n", positionals->name, positionals->help);
}

static void add_options(struct text *out, const struct option *options)
{
	if (options == NULL || options->name == NULL)
		return;
	text_add(out, "\n| option | |\n|---|---|\n");
	for (; options->name != NULL; options++) {
		struct text label = { 0 };

		option_label(options, &label);
		text_print(out, "| `%s` | %s |\n",
			text_string(&label) + strspn(text_string(&label), " "), options->help);
		text_clear(&label);
	}
}

static void add_command(struct text *out, const struct command *command)
{
	struct text synopsis = { 0 };

	command_synopsis(command, &synopsis);
	text_print(out, "\n### %s\n\n`nearcast %s`: %s.\n", command->name,
		text_string(&synopsis), command->summary);
	if (command->description != NULL)
		text_print(out, "\n%s\n", command->description);
	add_positionals(out, command->positionals);
	add_options(out, command->options);
	if (command->exit_notes != NULL)
		text_print(out, "\n%s\n", command->exit_notes);
	if (command->example != NULL)
		text_print(out, "\n```sh\n%s\n```\n", command->example);
	text_clear(&synopsis);
}

static void add_group(struct text *out, enum command_group group)
{
	text_print(out, "\n## %s\n", command_group_title(group));
	for (size_t i = 0; commands[i] != NULL; i++) {
		if (commands[i]->group == group)
			add_command(out, commands[i]);
	}
}

static enum exit_code internal_docs_run(
	const struct arguments *arguments, struct console *console)
{
	struct text out = { 0 };

	(void)arguments;
	text_add(&out, "# Commands\n\nMade from the program's table of commands by "
		       "`nearcast internal-docs`; do not edit.\n\n"
		       "Every command takes these:\n");
	add_options(&out, global_options);
	text_add(&out, "\n| exit status | |\n|---|---|\n");
	for (const struct exit_meaning *m = exit_meanings; m->meaning != NULL; m++)
		text_print(&out, "| %d | %s |\n", m->code, m->meaning);
	for (int group = 0; group < GROUP_HIDDEN; group++)
		add_group(&out, (enum command_group)group);
	return output_text(console, &out);
}

const struct command command_internal_docs = {
	.name = "internal-docs",
	.group = GROUP_HIDDEN,
	.summary = "print docs/commands.md",
	.run = internal_docs_run,
};
