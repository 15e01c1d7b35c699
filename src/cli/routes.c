/* SPDX-License-Identifier: Apache-2.0 */
/* nearcast routes [PREFIX]: what is announced, what was heard, what is our own. */
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/view.h"

static void number_cell(struct table *table, const json_t *route, const char *key)
{
	if (view_has(route, key))
		table_cell(table, TONE_PLAIN, "%lld", view_integer(route, key));
	else
		table_cell(table, TONE_PLAIN, "-");
}

/* What is behind the communities. */
static void add_notes(const json_t *route, struct text *notes)
{
	const json_t *clusters = view_get(route, "cluster_list");

	if (view_has(route, "originator_id"))
		text_print(notes, " (from %s", view_string(route, "originator_id"));
	if (view_has(route, "originator_id") && json_array_size(clusters) > 0) {
		text_print(notes, " through ");
		view_join(clusters, " ", notes);
	}
	if (view_has(route, "originator_id"))
		text_print(notes, ")");
	if (view_flag(route, "stale"))
		text_print(notes, " (stale)");
}

static void add_row(struct table *table, const json_t *route)
{
	struct text communities = { 0 }, notes = { 0 };
	char age[DURATION_TEXT_MAX];

	view_join(view_get(route, "communities"), " ", &communities);
	add_notes(route, &notes);
	table_row(table);
	table_cell(table, TONE_PLAIN, "%s", view_string_or(route, "prefix", "?"));
	table_cell(table, TONE_PLAIN, "%s", view_string_or(route, "neighbor", "-"));
	table_cell(table, TONE_PLAIN, "%s", view_string_or(route, "next_hop", "-"));
	table_cell(table, TONE_PLAIN, "%s", view_string_or(route, "as_path", "-"));
	number_cell(table, route, "med");
	number_cell(table, route, "local_pref");
	table_cell(table, TONE_PLAIN, "%s", view_age(route, "since", age));
	table_cell(table, view_flag(route, "stale") ? TONE_WARNING : TONE_PLAIN, "%s%s",
		communities.length == 0 ? "-" : text_string(&communities),
		notes.length == 0 ? "" : text_string(&notes));
	text_clear(&communities);
	text_clear(&notes);
}

void render_routes(const json_t *document, const struct style *style, struct text *out)
{
	static const struct column columns[] = {
		{ "Prefix", COLUMN_FIXED },
		{ "Neighbour", COLUMN_FIXED },
		{ "Next hop", COLUMN_FIXED },
		{ "AS path", COLUMN_WRAPS },
		{ "MED", COLUMN_RIGHT },
		{ "Pref", COLUMN_RIGHT },
		{ "For", COLUMN_FIXED },
		{ "Communities", COLUMN_WRAPS },
	};
	struct table *table = table_new(columns, 8);
	size_t i;
	json_t *route;

	json_array_foreach(view_get(document, "routes"), i, route) add_row(table, route);
	if (table_row_count(table) == 0)
		text_print(out, "No routes are %s.\n",
			strcmp(view_string(document, "kind"), "local") == 0
				? "ours"
				: view_string_or(document, "kind", "there"));
	table_print(table, style, 0, out);
	if (view_flag(document, "more"))
		text_print(out, "There are more: only the first %zu are shown (--limit).\n",
			table_row_count(table));
	table_free(table);
}

/* ---- The command ---- */

/* A PREFIX as the daemon wants it: an address is the route to it. */
static int check_prefix(const char *text, struct error *error)
{
	struct prefix prefix;
	int code = prefix_parse(text, &prefix);

	if (code == ERROR_RANGE)
		error_hint(error, "bits behind the length must be zero");
	if (code != 0)
		return error_set(error, ERROR_MALFORMED, "'%s' is no prefix", text);
	return 0;
}

static json_t *route_params(const struct arguments *arguments, struct error *error)
{
	const char *prefix = arguments_positional(arguments, 0);
	const char *kind = arguments_value(arguments, "kind");
	const char *limit = arguments_value(arguments, "limit");
	bool longer = arguments_has(arguments, "longer");
	json_t *params;

	/* Whoever names a prefix and nothing else wants to know all of it. */
	if (kind == NULL && prefix != NULL && !longer &&
		arguments_value(arguments, "neighbor") == NULL)
		kind = "explained";
	if (longer && prefix == NULL) {
		error_set(error, ERROR_MALFORMED, "--longer needs a PREFIX");
		return NULL;
	}

	if (prefix != NULL && check_prefix(prefix, error) != 0)
		return NULL;
	if (limit != NULL && (limit[0] == '\0' || strlen(limit) > 9 ||
				     strspn(limit, "0123456789") != strlen(limit))) {
		error_set(error, ERROR_MALFORMED, "--limit needs a number, not '%s'", limit);
		return NULL;
	}
	params = json_pack("{s:s*, s:s*, s:s*}", "kind", kind, "neighbor",
		arguments_value(arguments, "neighbor"), "prefix", prefix);
	if (longer)
		json_object_set_new(params, "longer", json_true());
	if (limit != NULL)
		json_object_set_new(params, "limit", json_integer(strtol(limit, NULL, 10)));
	return params;
}

static enum exit_code routes_run(const struct arguments *arguments, struct console *console)
{
	struct error error = { 0 };
	json_t *params = route_params(arguments, &error), *document;
	struct text out = { 0 };
	enum exit_code code;
	bool found;

	if (error.code != ERROR_NONE)
		return output_error(console, &error);
	code = client_ask(arguments, console, CLIENT_LOOKS, "routes", params, &document);
	if (code != EXIT_CODE_OK)
		return code;
	found = json_array_size(json_object_get(document, "routes")) > 0;
	if (console->json) {
		code = output_json(console, document);
	} else {
		if (strcmp(view_string(document, "kind"), "explained") == 0)
			render_explanation(document, &console->style, &out);
		else
			render_routes(document, &console->style, &out);
		json_decref(document);
		code = output_text(console, &out);
	}
	if (code == EXIT_CODE_OK && !found && arguments_positional(arguments, 0) != NULL)
		return EXIT_CODE_NOT_FOUND;
	return code;
}

static const char *const kinds[] = { "advertised", "received", "local", "explained", NULL };

static const struct option options[] = {
	{ "kind", 'k', "KIND",
		"advertised, received or local (default: advertised; explained with a PREFIX)",
		COMPLETE_WORDS, kinds },
	{ "neighbor", 'n', "NEIGHBOR", "only to or from this neighbour", COMPLETE_NEIGHBOR,
		NULL },
	{ "longer", 0, NULL, "routes inside of PREFIX instead of those around it",
		COMPLETE_NOTHING, NULL },
	{ "limit", 'l', "N", "at most so many routes (default 1000)", COMPLETE_NOTHING, NULL },
	{ NULL, 0, NULL, NULL, COMPLETE_NOTHING, NULL },
};

static const struct positional positionals[] = {
	{ "PREFIX",
		"explain the routes of the longest match of this prefix or address; with "
		"--kind: only routes that contain it",
		true, COMPLETE_NOTHING, NULL },
	{ NULL, NULL, true, COMPLETE_NOTHING, NULL },
};

const struct command command_routes = {
	.name = "routes",
	.group = GROUP_LOOK,
	.summary = "routes that are advertised, received or our own; and why",
	.description =
		"With a PREFIX alone: every path to its longest match, in order of preference, with "
		"the step of the decision process that put it there, what it carries, which rule of "
		"the import policy let it through or stopped it; and which neighbours hear of it, or "
		"why they don't.\n\n"
		"Advertised routes are shown as they were sent to each neighbour; local ones "
		"before any neighbour's additions.",
	.options = options,
	.positionals = positionals,
	.exit_notes = "The exit status is 4 when no route contains the PREFIX.",
	.example = "nearcast routes\nnearcast routes 192.0.2.7\n"
		   "nearcast routes --kind received --neighbor transit-a --longer 192.0.2.0/24",
	.run = routes_run,
};
