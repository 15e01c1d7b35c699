/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast nexthops: the next hops of routes, and the way of the kernel to each. */
#include <string.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/view.h"

static const char *state_text(const json_t *hop)
{
	static const struct {
		const char *state, *text;
	} rows[] = {
		{ "resolved", "reachable" },
		{ "link-local", "at its neighbour" },
		{ "no-route", "no route" },
		{ "unreachable", "discarded" },
		{ "link-down", "link is down" },
		{ "ours", "our own address" },
		{ "unusable", "no router's address" },
	};
	const char *state = view_string_or(hop, "state", "?");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].state, state) == 0)
			return rows[i].text;
	return state;
}

static void add_hop(struct table *table, const json_t *hop, const struct style *style)
{
	bool resolved = strcmp(view_string_or(hop, "state", ""), "resolved") == 0;

	table_row(table);
	table_cell(table, TONE_PLAIN, "%s", view_string_or(hop, "address", "-"));
	table_cell_symbol(table, style, view_flag(hop, "usable") ? TONE_GOOD : TONE_BAD, "%s",
		state_text(hop));
	table_cell(table, TONE_PLAIN, "%s", view_string_or(hop, "route", "-"));
	table_cell(table, TONE_PLAIN, "%s",
		view_flag(hop, "direct") ? "on the link" : view_string_or(hop, "gateway", "-"));
	table_cell(table, TONE_PLAIN, "%s", view_string_or(hop, "interface", "-"));
	if (resolved)
		table_cell(table, TONE_PLAIN, "%lld", view_integer(hop, "metric"));
	else
		table_cell(table, TONE_PLAIN, "-");
	table_cell(table, TONE_PLAIN, "%lld", view_integer(hop, "attribute_sets"));
}

void render_nexthops(const json_t *document, const struct style *style, struct text *out)
{
	static const struct column columns[] = {
		{ "Next hop", COLUMN_FIXED },
		{ "State", COLUMN_FIXED },
		{ "By route", COLUMN_FIXED },
		{ "Via", COLUMN_FIXED },
		{ "Interface", COLUMN_FIXED },
		{ "Metric", COLUMN_RIGHT },
		{ "Sets", COLUMN_RIGHT },
	};
	struct table *table = table_new(columns, 7);
	size_t i;
	json_t *hop;

	json_array_foreach(view_get(document, "next_hops"), i, hop) add_hop(table, hop, style);
	if (!view_flag(document, "tracked"))
		text_add(out, "Next hops are not tracked: every one is taken for reachable "
			      "('kernel: { next-hop-tracking: on }').\n");
	else if (table_row_count(table) == 0)
		text_add(out, "No route has a next hop.\n");
	table_print(table, style, 0, out);
	table_free(table);
}

static enum exit_code nexthops_run(const struct arguments *arguments, struct console *console)
{
	struct text out = { 0 };
	json_t *document;
	enum exit_code code = client_ask(
		arguments, console, CLIENT_LOOKS, "nexthops", json_object(), &document);

	if (code != EXIT_CODE_OK)
		return code;
	if (console->json)
		return output_json(console, document);
	render_nexthops(document, &console->style, &out);
	json_decref(document);
	return output_text(console, &out);
}

const struct command command_nexthops = {
	.name = "nexthops",
	.group = GROUP_LOOK,
	.summary = "next hops of routes, and the way to each",
	.description =
		"What the kernel's table says of each next hop that a route has, if next "
		"hops are tracked ('kernel: { next-hop-tracking: }'): a route without a "
		"way to its next hop is not used. Sets: how many attribute sets have it.",
	.example = "nearcast nexthops\nnearcast nexthops --json\n",
	.run = nexthops_run,
};
