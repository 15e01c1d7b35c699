/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast flowspec [NEIGHBOR]: flow specifications, from whom, and whether they are believed.
 */
#include <string.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/view.h"

static void add_rule(struct table *table, const json_t *rule, const struct style *style)
{
	char then[512] = "";
	size_t at = 0, i;
	json_t *action;

	json_array_foreach(view_get(rule, "then"), i, action)
	{
		int more = snprintf(then + at, sizeof(then) - at, "%s%s", i == 0 ? "" : ", ",
			json_string_value(action));

		if (more > 0 && (size_t)more < sizeof(then) - at)
			at += (size_t)more;
	}
	table_row(table);
	if (view_has(rule, "neighbor"))
		table_cell(table, TONE_PLAIN, "%s", view_string(rule, "neighbor"));
	else
		table_cell(table, TONE_PLAIN, "ours: %s", view_string_or(rule, "name", "?"));
	table_cell_symbol(table, style, view_flag(rule, "feasible") ? TONE_GOOD : TONE_BAD,
		"%s",
		!view_flag(rule, "feasible") ? "no"
		: view_flag(rule, "best")    ? "yes"
					     : "yes, not the best");
	table_cell(table, TONE_PLAIN, "%s", view_string_or(rule, "match", "?"));
	table_cell(table, TONE_PLAIN, "%s", at == 0 ? "nothing" : then);
	table_cell(table, TONE_PLAIN, "%s%s",
		view_flag(rule, "feasible") ? "" : view_string_or(rule, "reason", ""),
		view_flag(rule, "stale") ? " stale" : "");
}

void render_flowspec(const json_t *document, const struct style *style, struct text *out)
{
	static const struct column columns[] = {
		{ "From", COLUMN_FIXED },
		{ "In force", COLUMN_FIXED },
		{ "Packets", COLUMN_WRAPS },
		{ "Then", COLUMN_FIXED },
		{ "Why not", COLUMN_WRAPS },
	};
	struct table *table = table_new(columns, 5);
	size_t i;
	json_t *rule;

	json_array_foreach(view_get(document, "rules"), i, rule) add_rule(table, rule, style);
	if (table_row_count(table) == 0)
		text_add(out, "There are no flow specifications.\n");
	table_print(table, style, 0, out);
	table_free(table);
}

static enum exit_code flowspec_run(const struct arguments *arguments, struct console *console)
{
	const char *name = arguments_positional(arguments, 0);
	json_t *params = name == NULL ? json_object() : json_pack("{s:s}", "name", name);
	struct text out = { 0 };
	json_t *document;
	enum exit_code code =
		client_ask(arguments, console, CLIENT_LOOKS, "flowspec", params, &document);

	if (code != EXIT_CODE_OK)
		return code;
	if (console->json)
		return output_json(console, document);
	render_flowspec(document, &console->style, &out);
	json_decref(document);
	return output_text(console, &out);
}

static const struct positional positionals[] = {
	{ "NEIGHBOR", "only those of this neighbour", true, COMPLETE_NEIGHBOR, NULL },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};

const struct command command_flowspec = {
	.name = "flowspec",
	.group = GROUP_LOOK,
	.summary = "flow specifications: received and ours",
	.description =
		"Rules for packets (RFC 8955): from whom, and whether they are believed. A rule of "
		"a neighbour is, if the neighbour is also the one who has the unicast route for "
		"its destination. Our own are in the configuration, under 'flowspec'.",
	.positionals = positionals,
	.example = "nearcast flowspec\nnearcast flowspec scrubber --json\n",
	.run = flowspec_run,
};
