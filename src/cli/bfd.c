/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast bfd [NEIGHBOUR]: BFD sessions, their times and what they have seen. */
#include <string.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/view.h"

static enum tone tone_of_bfd(const char *state)
{
	if (strcmp(state, "Up") == 0)
		return TONE_GOOD;
	return strcmp(state, "AdminDown") == 0 ? TONE_QUIET : TONE_BAD;
}

static void add_session(struct table *table, const struct style *style, const json_t *session)
{
	const char *state = view_string_or(session, "state", "unknown");
	bool up = strcmp(state, "Up") == 0;
	char age[DURATION_TEXT_MAX];

	table_row(table);
	table_cell(table, TONE_PLAIN, "%s", view_string_or(session, "neighbor", "?"));
	table_cell(table, TONE_PLAIN, "%s", view_string_or(session, "address", "?"));
	table_cell_symbol(table, style, tone_of_bfd(state), "%s", state);
	table_cell(table, TONE_PLAIN, "%s", view_age(session, "since", age));
	table_cell(table, TONE_PLAIN, "%.1f ms", view_number(session, "transmit_ms"));
	table_cell(table, TONE_PLAIN, "%.1f ms", view_number(session, "detection_ms"));
	table_cell(table, TONE_PLAIN, "%lld", view_integer(session, "packets_in"));
	table_cell(table, TONE_PLAIN, "%lld", view_integer(session, "packets_out"));
	table_cell(table, view_integer(session, "downs") > 0 ? TONE_WARNING : TONE_PLAIN,
		"%lld", view_integer(session, "downs"));
	table_cell(table, TONE_PLAIN, "%s",
		up ? strcmp(view_string(session, "mode"), "strict") == 0 ? "strict" : ""
		   : view_string(session, "diagnostic"));
}

void render_bfd(const json_t *document, const struct style *style, struct text *out)
{
	static const struct column columns[] = {
		{ "Neighbour", COLUMN_FIXED },
		{ "Address", COLUMN_FIXED },
		{ "State", COLUMN_FIXED },
		{ "For", COLUMN_FIXED },
		{ "Sends every", COLUMN_RIGHT },
		{ "Down after", COLUMN_RIGHT },
		{ "In", COLUMN_RIGHT },
		{ "Out", COLUMN_RIGHT },
		{ "Downs", COLUMN_RIGHT },
		{ "Note", COLUMN_WRAPS },
	};
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	json_t *session;
	size_t i;

	json_array_foreach(view_get(document, "sessions"), i, session)
		add_session(table, style, session);
	if (table_row_count(table) == 0)
		text_add(out, "No neighbour has BFD (`bfd: on`).\n");
	table_print(table, style, 0, out);
	table_free(table);
}

static enum exit_code bfd_run(const struct arguments *arguments, struct console *console)
{
	const char *name = arguments_positional(arguments, 0);
	json_t *document, *session;
	struct text out = { 0 };
	enum exit_code code = client_ask(arguments, console, CLIENT_LOOKS, "bfd",
		json_pack("{s:s*}", "name", name), &document);
	bool down = false;
	size_t i;

	if (code != EXIT_CODE_OK)
		return code;
	json_array_foreach(json_object_get(document, "sessions"), i, session) down |=
		strcmp(view_string(session, "state"), "Up") != 0;
	if (console->json) {
		code = output_json(console, document);
	} else {
		render_bfd(document, &console->style, &out);
		json_decref(document);
		code = output_text(console, &out);
	}
	return code == EXIT_CODE_OK && down ? EXIT_CODE_DEGRADED : code;
}

static const struct positional positionals[] = {
	{ "NEIGHBOR", "only this neighbour's", true, COMPLETE_NEIGHBOR, NULL },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};

const struct command command_bfd = {
	.name = "bfd",
	.group = GROUP_LOOK,
	.summary = "BFD sessions: state, times, packets",
	.description =
		"Bidirectional Forwarding Detection (RFC 5880) notices in a few packets when "
		"the path to a neighbour fails; its BGP session ends then at once. Numbers are "
		"of the last two seconds.",
	.positionals = positionals,
	.exit_notes =
		"The exit status is 5 when a session is not Up, 4 when the neighbour has none.",
	.example = "nearcast bfd\nnearcast bfd transit-a --json",
	.run = bfd_run,
};
