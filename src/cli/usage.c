/* SPDX-License-Identifier: Apache-2.0 */
/* --help, for the whole program and for one command. */
#include "cli/usage.h"

#include <string.h>

#include "cli/output.h"
#include "cli/table.h"

#define WIDTH_DEFAULT 80u
#define ONE_LINER     "nearcast makes one IP address be answered from the nearest healthy place."

static unsigned width_of(const struct style *style)
{
	return style->columns == 0 ? WIDTH_DEFAULT : style->columns;
}

static void add_title(const struct style *style, const char *title, struct text *out)
{
	text_print(out, "\n%s%s:%s\n", tone_start(style, TONE_TITLE), title,
		tone_end(style, TONE_TITLE));
}

static struct table *pairs_new(void)
{
	static const struct column columns[] = { { "", COLUMN_FIXED }, { "", COLUMN_WRAPS } };

	return table_new(columns, 2);
}

static void pairs_end(struct table *pairs, const struct style *style, struct text *out)
{
	struct style narrow = *style;

	narrow.columns = width_of(style);
	table_print_body(pairs, &narrow, 2, out);
	table_free(pairs);
}

static void add_options(const struct option *options, const char *title,
	const struct style *style, struct text *out)
{
	struct table *pairs;

	if (options == NULL || options->name == NULL)
		return;
	add_title(style, title, out);
	pairs = pairs_new();
	for (; options->name != NULL; options++) {
		struct text label = { 0 };

		option_label(options, &label);
		table_row(pairs);
		table_cell(pairs, TONE_PLAIN, "%s", text_string(&label));
		table_cell(pairs, TONE_PLAIN, "%s", options->help);
		text_clear(&label);
	}
	pairs_end(pairs, style, out);
}

static void add_positionals(
	const struct positional *positionals, const struct style *style, struct text *out)
{
	struct table *pairs;

	if (positionals == NULL || positionals->name == NULL)
		return;
	add_title(style, "Arguments", out);
	pairs = pairs_new();
	for (; positionals->name != NULL; positionals++) {
		table_row(pairs);
		table_cell(pairs, TONE_PLAIN, "%s", positionals->name);
		table_cell(pairs, TONE_PLAIN, "%s", positionals->help);
	}
	pairs_end(pairs, style, out);
}

static void add_exits(const char *notes, const struct style *style, struct text *out)
{
	struct table *pairs = pairs_new();

	add_title(style, "Exit status", out);
	for (const struct exit_meaning *m = exit_meanings; m->meaning != NULL; m++) {
		table_row(pairs);
		table_cell(pairs, TONE_PLAIN, "%d", m->code);
		table_cell(pairs, TONE_PLAIN, "%s", m->meaning);
	}
	pairs_end(pairs, style, out);
	if (notes != NULL)
		text_wrap(out, notes, 2, width_of(style));
}

static void add_lines(const char *lines, struct text *out)
{
	while (*lines != '\0') {
		size_t length = strcspn(lines, "\n");

		text_add(out, "  ");
		text_add_bytes(out, lines, length);
		text_add(out, "\n");
		lines += length;
		if (*lines == '\n')
			lines++;
	}
}

static void add_group(const struct command *const *table, enum command_group group,
	const struct style *style, struct text *out)
{
	struct table *pairs = NULL;

	for (size_t i = 0; table[i] != NULL; i++) {
		if (table[i]->group != group)
			continue;
		if (pairs == NULL) {
			add_title(style, command_group_title(group), out);
			pairs = pairs_new();
		}
		table_row(pairs);
		table_cell(pairs, TONE_PLAIN, "%s", table[i]->name);
		table_cell(pairs, TONE_PLAIN, "%s", table[i]->summary);
	}
	if (pairs != NULL)
		pairs_end(pairs, style, out);
}

void usage_global(const struct command *const *table, const struct option *globals,
	const struct style *style, struct text *out)
{
	text_add(out, ONE_LINER "\n\nUsage: nearcast COMMAND [OPTIONS]\n");
	for (int group = 0; group < GROUP_HIDDEN; group++)
		add_group(table, (enum command_group)group, style, out);
	add_options(globals, "Options of every command", style, out);
	text_add(out, "\n'nearcast COMMAND --help' explains a command.\n");
}

void usage_command(const struct command *command, const struct option *globals,
	const struct style *style, struct text *out)
{
	text_print(out, "nearcast %s: %s\n\nUsage: nearcast ", command->name, command->summary);
	command_synopsis(command, out);
	text_add(out, "\n");
	if (command->description != NULL) {
		text_add(out, "\n");
		text_wrap(out, command->description, 0, width_of(style));
	}
	add_positionals(command->positionals, style, out);
	add_options(command->options, "Options", style, out);
	add_options(globals, "Options of every command", style, out);
	add_exits(command->exit_notes, style, out);
	if (command->example != NULL) {
		add_title(style, "Example", out);
		add_lines(command->example, out);
	}
}

enum exit_code usage_print(struct console *console, struct text *text)
{
	enum exit_code code;

	if (!console->json)
		return output_text(console, text);
	code = output_json(console, json_pack("{s:s}", "usage", text_string(text)));
	text_clear(text);
	return code;
}
