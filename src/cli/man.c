/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast internal-man [config]: the manual pages nearcast(1) and nearcast.yaml(5). */
#include "cli/man.h"

#include <ctype.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"

void man_add_escaped(struct text *out, const char *text)
{
	if (text[0] == '.' || text[0] == '\'')
		text_add(out, "\\&");
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			text_add(out, "\\e");
		else if (*text == '-')
			text_add(out, "\\-");
		else
			text_add_bytes(out, text, 1);
	}
}

static void add_paragraphs(struct text *out, const char *paragraphs)
{
	while (*paragraphs != '\0') {
		const char *end = strstr(paragraphs, "\n\n");
		size_t length = end == NULL ? strlen(paragraphs) : (size_t)(end - paragraphs);
		struct text one = { 0 };

		text_add_bytes(&one, paragraphs, length);
		text_add(out, ".PP\n");
		man_add_escaped(out, text_string(&one));
		text_add(out, "\n");
		text_clear(&one);
		paragraphs += length + (end == NULL ? 0 : 2);
	}
}

static void add_options(struct text *out, const struct option *options)
{
	for (; options != NULL && options->name != NULL; options++) {
		text_add(out, ".TP\n");
		if (options->letter != 0)
			text_print(out, "\\fB\\-%c\\fR, ", options->letter);
		text_add(out, "\\fB\\-\\-");
		man_add_escaped(out, options->name);
		text_add(out, "\\fR");
		if (options->value != NULL)
			text_print(out, " \\fI%s\\fR", options->value);
		text_add(out, "\n");
		man_add_escaped(out, options->help);
		text_add(out, "\n");
	}
}

static void add_positionals(struct text *out, const struct positional *positionals)
{
	for (; positionals != NULL && positionals->name != NULL; positionals++) {
		text_print(out, ".TP\n\\fI%s\\fR\n", positionals->name);
		man_add_escaped(out, positionals->help);
		text_add(out, "\n");
	}
}

static void add_command(struct text *out, const struct command *command)
{
	struct text synopsis = { 0 };

	command_synopsis(command, &synopsis);
	text_add(out, ".SS ");
	man_add_escaped(out, command->name);
	text_add(out, "\n.B nearcast ");
	man_add_escaped(out, text_string(&synopsis));
	text_add(out, "\n.PP\n");
	text_print(out, "%c", toupper((unsigned char)command->summary[0]));
	man_add_escaped(out, command->summary + 1);
	text_add(out, ".\n");
	if (command->description != NULL)
		add_paragraphs(out, command->description);
	add_positionals(out, command->positionals);
	add_options(out, command->options);
	if (command->exit_notes != NULL)
		add_paragraphs(out, command->exit_notes);
	if (command->example != NULL) {
		text_add(out, ".PP\nExample:\n.PP\n.nf\n.RS\n");
		man_add_escaped(out, command->example);
		text_add(out, "\n.RE\n.fi\n");
	}
	text_clear(&synopsis);
}

static void add_exits(struct text *out)
{
	for (const struct exit_meaning *m = exit_meanings; m->meaning != NULL; m++)
		text_print(out, ".TP\n.B %d\n%s\n", m->code, m->meaning);
}

static const char head[] =
	".SH NAME\nnearcast \\- answer one IP address from the nearest healthy place\n"
	".SH SYNOPSIS\n.B nearcast\n.I COMMAND\n.RI [ OPTIONS ]\n"
	".SH DESCRIPTION\n"
	"nearcast puts a service's shared addresses on a server, checks the service, and\n"
	"announces the addresses over BGP for exactly as long as the service is healthy.\n";

static const char tail[] =
	".SH ENVIRONMENT\n"
	".TP\n.B NEARCAST_RUNTIME_DIR\nwhere the daemon's sockets are\n"
	".TP\n.B NO_COLOR\nno colours, whatever it is set to\n"
	".TP\n.B COLUMNS\nwidth of tables\n"
	".SH FILES\n"
	".TP\n.I " CONFIG_FILE_DEFAULT "\nthe configuration, see\n.BR nearcast.yaml (5)\n"
	".TP\n.I " RUNTIME_DIRECTORY_DEFAULT "/control.sock\nthe control socket\n"
	".TP\n.I " RUNTIME_DIRECTORY_DEFAULT "/control-read.sock\n"
	"the same for looking only\n"
	".SH SEE ALSO\n.BR nearcast.yaml (5)\n";

static void man_commands(struct text *out)
{
	text_add(out, ".TH NEARCAST 1 \"\" \"nearcast " NEARCAST_VERSION "\"\n");
	text_add(out, head);
	text_add(out, ".SH OPTIONS\nThese go with every command.\n");
	add_options(out, global_options);
	text_add(out, ".SH COMMANDS\n");
	for (size_t i = 0; commands[i] != NULL; i++) {
		if (commands[i]->group != GROUP_HIDDEN)
			add_command(out, commands[i]);
	}
	text_add(out, ".SH EXIT STATUS\n");
	add_exits(out);
	text_add(out, tail);
}

static enum exit_code internal_man_run(
	const struct arguments *arguments, struct console *console)
{
	struct text out = { 0 };

	if (arguments_positional(arguments, 0) == NULL)
		man_commands(&out);
	else
		man_config(&out);
	return output_text(console, &out);
}

static const char *const pages[] = { "config", NULL };

static const struct positional positionals[] = {
	{ "PAGE", "config: the configuration's", true, COMPLETE_WORDS, pages },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};

const struct command command_internal_man = {
	.name = "internal-man",
	.group = GROUP_HIDDEN,
	.summary = "print a manual page",
	.positionals = positionals,
	.run = internal_man_run,
};
